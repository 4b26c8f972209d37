//! Several Unix users in one test, who share a data directory as `data_group` says. Only root can act as others.
//!
//! They need no accounts: a user is a number, named by `USER`, and so is the group.
//!
//! ```ignore
//! let Some(users) = Users::new() else { return };
//! let desk = Desk::new("", "…");
//! users.share(&desk);
//! users.alice.run(&desk, &["incident", "declare", "…"]);
//! let console = users.bob.console(&desk, &[]).size(100, 40).start();
//! ```

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use super::{Desk, Folder, TerminalOptions, binary, need};

const GROUP: u32 = 54_321;

/// A Unix user with a home and a group of their own.
pub struct User {
    pub name: &'static str,
    pub uid: u32,
    /// In the group that shares the data directory.
    is_member: bool,
    home: Folder,
}

/// Two members of a group, and somebody else.
pub struct Users {
    pub alice: User,
    pub bob: User,
    pub mallory: User,
}

impl Users {
    /// `None`, with the reason printed, where nobody can act as others.
    ///
    /// # Panics
    /// Under `WARROOM_REQUIRE_SERVERS=1` instead of that.
    pub fn new() -> Option<Users> {
        if !rustix::process::geteuid().is_root() {
            need::skip("only root can act as other users");
            return None;
        }
        let user = |name, uid, is_member| {
            let home = Folder::new();
            chown(home.path(), Some(uid), Some(uid)).unwrap();
            User { name, uid, is_member, home }
        };
        Some(Users {
            alice: user("alice", 20_001, true),
            bob: user("bob", 20_002, true),
            mallory: user("mallory", 20_003, false),
        })
    }

    /// Makes the desk's data directory the group's, as an administrator does.
    pub fn share(&self, desk: &Desk) {
        let data = desk.path("data");
        fs::create_dir(&data).unwrap();
        chown(&data, None, Some(GROUP)).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o3770)).unwrap();
    }
}

impl User {
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The same user, who says to be somebody else.
    pub fn posing_as(&self, name: &'static str) -> User {
        User { name, uid: self.uid, is_member: self.is_member, home: Folder::new() }
    }

    /// What makes a program this user's: the arguments of setpriv(1) before the program.
    fn privileges(&self) -> Vec<String> {
        let uid = self.uid.to_string();
        let mut words = ["--reuid", &uid, "--regid", &uid].map(str::to_owned).to_vec();
        words.extend(match self.is_member {
            true => ["--groups".to_owned(), GROUP.to_string()].to_vec(),
            false => ["--clear-groups".to_owned()].to_vec(),
        });
        words.push("--".to_owned());
        words
    }

    fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("HOME", self.home().display().to_string()),
            ("USER", self.name.to_owned()),
            ("WARROOM__DATA_GROUP", GROUP.to_string()),
        ]
    }

    /// A program as this user.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(self.privileges()).arg(program).stdin(Stdio::null()).current_dir(self.home());
        command.env_remove("SUDO_USER").envs(self.variables());
        command
    }

    /// A line of shell as this user.
    pub fn shell(&self, line: &str) -> Output {
        self.command(Path::new("sh")).args(["-c", line]).output().unwrap()
    }

    /// The program on the desk as this user, to its end, without a terminal.
    pub fn run(&self, desk: &Desk, arguments: &[&str]) -> Output {
        self.command(&program()).args(desk.arguments(arguments)).output().unwrap()
    }

    /// The program on the desk as this user, for a terminal of its own.
    pub fn console(&self, desk: &Desk, arguments: &[&str]) -> TerminalOptions {
        let mut words = self.privileges();
        words.push(program().display().to_string());
        words.extend(desk.arguments(arguments));
        let options = TerminalOptions::new("setpriv").arguments(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let options = options.directory(self.home());
        self.variables().into_iter().fold(options, |options, (name, value)| options.env(name, value))
    }
}

/// The program where everybody may run it: the way to Cargo's folder may be closed to others.
fn program() -> PathBuf {
    static OPEN: LazyLock<(Folder, PathBuf)> = LazyLock::new(|| {
        let (folder, own) = (Folder::new(), binary());
        let open = folder.path().join("warroom");
        fs::hard_link(&own, &open).or_else(|_| fs::copy(&own, &open).map(drop)).unwrap();
        (folder, open)
    });
    OPEN.1.clone()
}
