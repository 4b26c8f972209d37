//! The folder of one job: which files it has, and what they are for.
//!
//! | file | what it is |
//! | --- | --- |
//! | `lock` | held by the supervisor while it lives; its content is the supervisor's process id |
//! | `output` | what the action printed, both streams, masked and reduced to text with colour: the evidence |
//! | `stdout` | the beginning of standard output alone, masked and without colour: for captures and expectations |
//! | `live` | while it runs: counts, and what is not in `output` yet |
//! | `result.json` | how it ended; written in one piece, last of all |

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use warroom_host::shared;

/// Where one attempt of one action keeps its files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobFolder(PathBuf);

impl JobFolder {
    /// A folder that exists, or that [`Self::create`] will make.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        JobFolder(path.into())
    }

    /// Makes the folder and those above it. It may exist already. Others read it when it lies in a group's folder (see
    /// [`shared`]), so that they see what was done; nobody else adds to it.
    pub fn create(&self) -> io::Result<()> {
        shared::make_read_only_folder(&self.0)
    }

    /// Whether this user's console started the job: then what it left is in this user's session.
    pub fn is_own(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|found| found.uid() == rustix::process::geteuid().as_raw())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    pub fn output(&self) -> PathBuf {
        self.0.join("output")
    }

    pub fn stdout(&self) -> PathBuf {
        self.0.join("stdout")
    }

    pub fn live(&self) -> PathBuf {
        self.0.join("live")
    }

    pub fn result(&self) -> PathBuf {
        self.0.join("result.json")
    }
}
