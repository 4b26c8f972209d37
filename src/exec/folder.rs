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
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Where one attempt of one action keeps its files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JobFolder(PathBuf);

impl JobFolder {
    /// A folder that exists, or that [`Self::create`] will make.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        JobFolder(path.into())
    }

    /// Makes the folder (mode 0700) and those above it. It may exist already.
    pub fn create(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)
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
