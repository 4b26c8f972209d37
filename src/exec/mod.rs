//! Runs one action: under a supervisor process of its own, watched, masked, and kept on disk.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`gate`] | decides whether an action may start; the only maker of a [`Permit`] |
//! | [`order`] | what one action needs to run |
//! | [`job`] | a started action as the console sees it: state, output, cancel; also after the console was restarted |
//! | [`output`] | what an action prints, on its way to the screen and the evidence |
//! | [`folder`] | the files of a job |

pub mod folder;
pub mod gate;
pub mod job;
pub mod live;
pub mod order;
pub mod output;
pub mod session;
pub mod supervisor;

pub use folder::JobFolder;
pub use gate::Permit;
pub use job::{ActionEnd, ExecError, Job, JobState, LeftRunning, Supervisor};
pub use order::{Given, Order, OrderKind, Secret, TerminalKind};
