//! What the actions of one run share: working directory, umask and variables, kept on disk between them.
//!
//! A declared secret is never written: its place in a value is stored as a reference, and filled again when the value is
//! loaded. What an action itself fetched and nobody declared (`TOKEN=$(vault read …)`) is kept as it is, in a file of mode
//! 0600: declare it as a secret variable of the runbook where that is too much. Functions, readonly variables and bash's own variables are not carried on.

mod records;
mod store;
mod variables;

pub use store::{After, Session, Start};

/// Read by bash before the code of an action.
pub const PRELUDE: &str = include_str!("session.sh");
