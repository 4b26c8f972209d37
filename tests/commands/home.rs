//! A home directory of its own for each test, and the program run in it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// An empty home. Nothing of the real user or machine reaches the program that runs in it, except `/etc/warroom`.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Home { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a file below the home.
    pub(crate) fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Writes a pack where packs of the user are.
    pub(crate) fn pack(&self, name: &str, rest: &str) -> PathBuf {
        let manifest = format!("[platform]\nname = \"{name}\"\n{rest}");
        let file = self.write(&format!(".config/warroom/packs/{name}/platform.toml"), &manifest);
        file.parent().map(Path::to_owned).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warroom"));
        command.args(arguments).env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env("PATH", "/usr/bin:/bin");
        command.envs(self.variables.iter().cloned());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap();
        Run {
            code: output.status.code().expect("ended by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// The one sentence on standard error, without the program's name.
    #[track_caller]
    pub(crate) fn sentence(&self) -> &str {
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        self.err.trim_end().strip_prefix("warroom: ").unwrap_or_else(|| panic!("{self:?}"))
    }
}
