//! Several people on one machine: Unix users of their own, who need no account.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{TerminalOptions, binary, need};

/// The group whose members share a data directory.
const GROUP: u32 = 54_100;

/// Somebody with a Unix user of their own.
pub struct Person {
    name: &'static str,
    uid: u32,
    member: bool,
    home: PathBuf,
    program: PathBuf,
}

impl Person {
    /// Alice, Bob, and Mallory who is not of their group; all are at home in `folder`. `None`, with the reason printed, where
    /// nobody may act as another user.
    pub fn three(folder: &Path) -> Option<[Person; 3]> {
        if !rustix::process::geteuid().is_root() {
            need::skip("only root can act as other users");
            return None;
        }
        // Where everybody may run it: the way to the tester's own may be closed to them.
        let program = folder.join("warroom");
        fs::hard_link(binary(), &program).or_else(|_| fs::copy(binary(), &program).map(drop)).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let person = |name: &'static str, uid, member| {
            let home = folder.join(name);
            fs::create_dir(&home).unwrap();
            chown(&home, Some(uid), Some(GROUP)).unwrap();
            Person { name, uid, member, home, program: program.clone() }
        };
        Some([person("alice", 54_101, true), person("bob", 54_102, true), person("mallory", 54_103, false)])
    }

    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// The group of Alice and Bob.
    pub fn group() -> u32 {
        GROUP
    }

    /// What becomes this person before it becomes the program.
    fn becoming(&self) -> Vec<String> {
        let groups = if self.member { format!("--groups={GROUP}") } else { "--clear-groups".to_owned() };
        [format!("--reuid={}", self.uid), format!("--regid={}", self.uid), groups, "--".to_owned()].into()
    }

    /// The program in a terminal, run by this person.
    pub fn terminal(&self, arguments: &[&str]) -> TerminalOptions {
        let mut all = self.becoming();
        all.push(self.program.display().to_string());
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        TerminalOptions::new("setpriv")
            .arguments(&all)
            .env("USER", self.name)
            .env("HOME", &self.home)
            .directory(&self.home)
    }

    /// The program to its end, without a terminal.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let program = self.program.display().to_string();
        self.act(&[&[program.as_str()], arguments].concat(), &[])
    }

    /// [`Self::run`] with variables in the environment.
    pub fn run_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        let program = self.program.display().to_string();
        self.act(&[&[program.as_str()], arguments].concat(), environment)
    }

    /// A line of shell.
    pub fn shell(&self, line: &str) -> Output {
        self.act(&["sh", "-c", line], &[])
    }

    fn act(&self, words: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new("setpriv");
        command.args(self.becoming()).args(words).env("USER", self.name).env("HOME", &self.home);
        command
            .envs(environment.iter().copied())
            .env_remove("SUDO_USER")
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}
