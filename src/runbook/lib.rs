//! Pure: what a runbook says, what its commands can do, and where a run of it stands.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`document`] | the data of a runbook, as it stands after parsing |
//! | [`estimate`] | how long it says that it takes |
//! | [`lint`] | what goes wrong with runbooks, as named rules |
//! | [`objectives`] | what it promises, held against what its pack promises |
//! | [`mod@parse`] | from Markdown to that data |
//! | [`prior`] | what to look at before a command changes it |
//! | [`program`] | what programs do: one grammar a program, one reader of command lines |
//! | [`prose`] | Markdown as styled lines |
//! | [`requirement`] | what it requires of a program: `psql >= 15` |
//! | [`risk`] | how dangerous an action is, and why we think so |
//! | [`run`] | the events of a run, and its state: their fold |
//! | [`shell`] | shell code taken apart: every command, wherever it stands |
//! | [`sql`] | SQL taken apart: its statements and what each can do |

pub mod document;
pub mod estimate;
pub mod lint;
pub mod objectives;
pub mod parse;
pub mod prior;
pub mod program;
pub mod prose;
pub mod requirement;
pub mod risk;
pub mod run;
pub mod shell;
pub mod sql;

pub use document::{
    Action, ActionId, Asks, Attributes, Capture, Check, Expectation, Filled, FrontMatter, Language, OptionKey, Poll,
    Runbook, Scripts, Section, SectionKind, Step, StepId, StepKind, Variable, VariableKind,
};
pub use parse::parse;
pub use requirement::{Requirement, Version};
pub use risk::{Assessment, Lowered, Reason, Risk};
