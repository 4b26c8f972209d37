//! Runs of runbooks: commands in, news out. Headless; both front ends use it and nothing else to run a step.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`command`] | what a front end can want, and what it hears back |
//! | [`shelf`] | where runbooks come from |
//! | [`folder`] | a run's folder |
//! | [`history`] | an incident's journal, as its runs see it |
//! | `runs` | the runs that there are, and where their events are |
//! | [`variables`] | what a value must look like |
//! | `driver` | the loop that carries commands out |
//! | `surroundings` | what is known around an action before it is prepared |
//! | `prepare` | an action before it starts: its gate, where it acts, what has to be asked |
//! | `faults` | what the linter finds wrong with a step |
//! | `mode` | live, drill or dry run |
//! | `at_hand` | the databases that an action says where they are |
//! | `overloads` | functions of a server under names that are known to read |
//! | `loss` | what a destructive action takes away, and how much |
//! | `target` | the name that has to be typed |
//! | `ending` | an action after it ended: expectations and captures |

mod at_hand;
pub mod command;
mod driver;
mod ending;
mod faults;
pub mod folder;
pub mod history;
mod loss;
mod mode;
mod overloads;
mod prepare;
mod rating;
mod runs;
pub mod shelf;
mod surroundings;
mod target;
pub mod variables;

use std::{path::PathBuf, sync::Arc};

use tokio::sync::mpsc;

pub(crate) use self::surroundings::{database, filled_in};
pub use self::{
    command::{Answer, Command, EarlierRun, Known, Library, News, Preview, Question, Value},
    folder::RunFolder,
    history::{Claimant, History, RunHistory, Second, SecondWanted},
    shelf::{PackShelf, Shelf},
    variables::{Values, is_empty},
};
use super::Room;
use warroom_exec::Supervisor;
use warroom_runbook::Risk;

/// What all runs of a front end have in common.
#[derive(Clone)]
pub struct RunnerOptions {
    /// Where runs are kept: `data_dir/runs`.
    pub data_dir: PathBuf,
    /// The incident that runs belong to; they are kept there then.
    pub history: Option<Arc<dyn RunHistory>>,
    /// `--read-only`.
    pub read_only: bool,
    /// Up to which risk actions start without a question (`--confirm`).
    pub unasked: Option<Risk>,
    /// Why steps run in which the linter finds errors (`--accept-errors`).
    pub accept_errors: Option<String>,
    /// Who acts: `alice@bastion-1`.
    pub by: String,
    /// What starts actions.
    pub supervisor: Supervisor,
}

/// A front end's handle on the driver. When the last one is dropped the driver ends; what runs goes on.
#[derive(Debug, Clone)]
pub struct Runner(mpsc::UnboundedSender<Command>);

impl Runner {
    /// Starts a driver. Must be called inside a tokio runtime with several threads.
    pub fn start(room: Room, shelf: Arc<dyn Shelf>, options: RunnerOptions) -> (Runner, mpsc::UnboundedReceiver<News>) {
        let (commands, received) = mpsc::unbounded_channel();
        let (news, heard) = mpsc::unbounded_channel();
        tokio::spawn(driver::Driver::new(room, shelf, options, news).run(received));
        (Runner(commands), heard)
    }

    /// Wants something. What comes of it is news.
    pub fn send(&self, command: Command) {
        // The driver ends only with the program.
        let _ = self.0.send(command);
    }
}
