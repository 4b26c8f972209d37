//! Where runbooks come from: a pack's folder, and files by their path.

use crate::runbooks::{self, OpenError};
use warroom_host::packs::{PackFolder, Place};
use warroom_runbook::Runbook;

/// The runbooks that can be opened.
pub trait Shelf: Send + Sync {
    /// All of them, in the order of their files.
    fn all(&self) -> Vec<Runbook>;

    /// One by its id, or by the path of a file.
    fn open(&self, id: &str) -> Result<Runbook, OpenError>;

    /// The folder in which a new runbook has to be put; `None` when it is part of the program.
    fn folder(&self) -> Option<String>;
}

/// The runbooks of a pack.
#[derive(Debug, Clone)]
pub struct PackShelf(pub PackFolder);

impl Shelf for PackShelf {
    fn all(&self) -> Vec<Runbook> {
        runbooks::all(&self.0).into_iter().filter_map(Result::ok).collect()
    }

    fn open(&self, id: &str) -> Result<Runbook, OpenError> {
        runbooks::open(&self.0, id)
    }

    fn folder(&self) -> Option<String> {
        match &self.0.place {
            Place::Disk(folder) | Place::Machine(folder) => Some(folder.display().to_string()),
            Place::Embedded => None,
        }
    }
}
