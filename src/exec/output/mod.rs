//! What an action prints, on its way from a pipe to the screen and the evidence.
//!
//! bytes → [`neutralise`] (text and colour, nothing else) → [`mask`] (no secret) → [`text`] (bytes again) → [`keep`] (a file of bounded size)

pub mod keep;
pub mod neutralise;
pub mod pipeline;
pub mod reader;

pub use warroom_host::mask::{self, style, text};

#[cfg(test)]
mod masking;
