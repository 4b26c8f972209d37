//! The full-screen front end: `update(&mut model, message, now) -> effects` changes the state, `view::draw(&model, frame)`
//! draws it and changes nothing.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`action`], [`chord`], [`keymap`] | every action once, keys as people write them, and which key means what where |
//! | [`model`] | the state |
//! | [`message`], [`update`], [`effect`] | what happens, what it changes, what it wants done outside |
//! | [`view`] | one file a pane or overlay |
//! | [`theme`], [`color`], [`glyphs`], [`text`] | looks, safe and cut to fit |
//! | [`output`] | what a running step prints, a screenful at a time |
//! | [`mod@run`], [`terminal`] | the loop, and the terminal taken and given back |

pub mod action;
pub mod chord;
pub mod color;
pub mod document;
pub mod effect;
#[cfg(test)]
mod fixture;
pub mod fuzzy;
pub mod glyphs;
pub mod keymap;
pub mod message;
pub mod model;
pub mod options;
pub mod outcome;
pub mod output;
pub mod run;
pub mod table;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod update;
pub mod view;

pub use options::{Options, OptionsError};
pub use run::{Ending, RunError, Runs, run};
pub use terminal::NotATerminal;
