//! Shell, taken apart: every command of a piece of code, wherever it stands and whatever wraps it. Nothing is run.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`script`] | the data: commands, words, redirects |
//! | [`args`] | a command's program, flags and positional arguments |
//! | [`words`] | one word taken apart, and words put together as code |
//! | [`text`] | nested text, traced to the code that the user sees |
//! | `layer` | where the words of one text stand |
//! | `walk` | from the parsed shell to commands |
//! | `wrapper` | wrappers taken off, and the code read that they hand to a shell |
//! | `peel` | which words are a wrapper |
//! | `arithmetic` | which variables `((…))` sets |
//! | `guard` | limits that keep hostile text from costing time or stack |

pub mod args;
mod arithmetic;
mod guard;
mod layer;
mod peel;
pub mod script;
pub mod text;
mod walk;
pub mod words;
mod wrapper;

pub(crate) use arithmetic::assigned as assigned_by;
pub use script::{
    Assignment, Connector, HereDocument, Invocation, PartKind, Placement, Redirect, RedirectOperator, Script,
    SyntaxProblem, Unseen, Word, WordPart, Wrapper,
};
pub use text::Text;

/// Takes shell code apart. Never fails: what could not be read is the script's `problem`, and what was found is there all the same.
pub fn analyse(code: &str) -> Script {
    let mut walker = walk::Walker::new(code);
    walker.code(&Text::verbatim(code, 0), &walk::Context::default());
    wrapper::distrust_changed_names(&mut walker.script);
    walker.script
}

#[cfg(test)]
mod tests;
