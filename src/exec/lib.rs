//! Runs one action: under a supervisor process of its own, watched, masked, and kept on disk.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`gate`] | decides whether an action may start; the only maker of a [`Permit`] |
//! | [`place`] | finds out where an action will act, before it is confirmed |
//! | [`order`] | what one action needs to run |
//! | [`job`] | a started action as the console sees it: state, output, cancel; also after the console was restarted |
//! | [`folder`], [`live`] | the files of a job |
//! | [`supervisor`] | the process that runs an action |
//! | [`session`] | what the actions of one run share: folder and variables |
//! | [`output`] | what an action prints, on its way to the screen and the evidence |
//! | [`terminal`] | the person's terminal, handed over to an interactive action |
//! | [`expect`] | compares what came with what was expected; captures values |

pub mod expect;
pub mod folder;
pub mod gate;
pub mod job;
pub mod live;
pub mod order;
pub mod output;
pub mod place;
pub mod session;
pub mod supervisor;
pub mod terminal;

pub use expect::Printed;
pub use folder::JobFolder;
pub use gate::Permit;
pub use job::{ActionEnd, ExecError, Job, JobState, LeftRunning, Supervisor};
pub use order::{Given, Order, OrderKind, Secret, TerminalKind};
pub use output::reader::{OutputReader, Window};
pub use terminal::TerminalLink;
