//! A pack in a temporary folder, and the program started on it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{Terminal, TerminalOptions, binary, process::Folder};
use serde_json::Value;

/// A pack with one runbook, and a data directory.
pub struct Desk {
    pub folder: Folder,
}

impl Desk {
    /// `environment` is the body of the pack's only environment.
    pub fn new(environment: &str, runbook: &str) -> Self {
        let folder = Folder::new();
        let pack = format!("[platform]\nname = \"desk\"\ntitle = \"Desk\"\n\n[environments.lab]\n{environment}\n");
        std::fs::create_dir(folder.path().join("desk")).unwrap();
        std::fs::write(folder.path().join("desk/platform.toml"), pack).unwrap();
        std::fs::write(folder.path().join("desk/task.md"), runbook).unwrap();
        Desk { folder }
    }

    /// Adds to the pack.
    pub fn with_pack(self, text: &str) -> Self {
        let file = self.folder.path().join("desk/platform.toml");
        let pack = std::fs::read_to_string(&file).unwrap() + text;
        std::fs::write(file, pack).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program's arguments: this pack, this data directory, and `more`.
    pub(super) fn arguments(&self, more: &[&str]) -> Vec<String> {
        let at = |name: &str| self.path(name).display().to_string();
        let mut all = vec!["--pack".to_owned(), at("desk"), "--data-dir".to_owned(), at("data")];
        all.extend(more.iter().map(|argument| (*argument).to_owned()));
        all
    }

    /// Runs the program to its end, without a terminal.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What [`Self::run`] runs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(self.arguments(arguments)).env("HOME", self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Starts the program in a terminal of its own.
    pub fn terminal(&self, arguments: &[&str]) -> Terminal {
        self.options(arguments).size(100, 40).start()
    }

    /// [`Self::terminal`], with another terminal.
    pub fn options(&self, arguments: &[&str]) -> TerminalOptions {
        let arguments = self.arguments(arguments);
        TerminalOptions::warroom(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The events of the only run there is.
    pub fn events(&self) -> Vec<Value> {
        let run = self.run_folder();
        let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The folder of the only run there is.
    pub fn run_folder(&self) -> PathBuf {
        let mut runs: Vec<_> = std::fs::read_dir(self.path("data/runs")).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(runs.len(), 1, "{runs:?}");
        runs.remove(0)
    }

    pub fn run_id(&self) -> String {
        self.run_folder().file_name().unwrap().to_string_lossy().into_owned()
    }
}

/// What every event is called, in order.
pub fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// True when the text is in any file below the folder, or in a name there.
pub fn is_in_a_file(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()).any(|entry| {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let inside = match () {
            () if kind.is_dir() => is_in_a_file(&path, text),
            // Pipes and sockets keep nothing.
            // A file that is written beside its final name is gone by now, and is looked at under that.
            () if kind.is_file() => std::fs::read(&path).is_ok_and(|bytes| holds(&bytes, text)),
            () => false,
        };
        inside || entry.file_name().to_string_lossy().contains(text)
    })
}

/// True when the text is among the bytes.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
