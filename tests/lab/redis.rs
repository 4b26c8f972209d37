//! Redis: a master, replicas of it, passwords, memory limits, and every way to make them suffer.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;

use super::{
    Folder, Port, Process, need,
    process::{Place, START},
    wait_until,
};

/// How a server differs from the lab's usual one.
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    settings: Vec<(String, String)>,
    password: Option<String>,
}

impl RedisOptions {
    /// A server setting, as `redis.conf` would hold it.
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Clients must give this password.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self.setting("requirepass", password).setting("masterauth", password)
    }

    /// The limit on memory (`8mb`), with writes refused beyond it.
    pub fn maxmemory(self, limit: &str) -> Self {
        self.setting("maxmemory", limit).setting("maxmemory-policy", "noeviction")
    }

    pub fn start(self) -> Redis {
        let mut server = Redis {
            process: Place::default(),
            port: Port::free(),
            password: self.password,
            settings: self.settings,
            folder: Folder::new(),
        };
        server.run();
        server
    }
}

/// One Redis server.
#[derive(Debug)]
pub struct Redis {
    process: Place,
    port: Port,
    password: Option<String>,
    settings: Vec<(String, String)>,
    folder: Folder,
}

impl Redis {
    /// A master without a password.
    pub fn start() -> Redis {
        RedisOptions::default().start()
    }

    /// Starts a replica of this server, and waits until its link is up.
    pub fn replica(&self) -> Redis {
        self.replica_with(RedisOptions::default())
    }

    /// [`Self::replica`] with settings of its own.
    pub fn replica_with(&self, options: RedisOptions) -> Redis {
        let mut options = options.setting("replicaof", format!("127.0.0.1 {}", self.port()));
        if let Some(password) = &self.password {
            options = options.password(password);
        }
        let replica = options.start();
        wait_until("the replica's link is up", START, || replica.info("master_link_status") == "up");
        replica
    }

    /// Starts it again after [`Self::stop`] or [`Self::kill`], on the same port, and waits until it answers.
    pub fn run(&mut self) {
        let mut process = self.spawn(&[]);
        process.ready(|| self.cli(&["PING"]).contains("PONG"));
        self.process.take_up(process);
    }

    fn spawn(&self, further: &[&str]) -> Process {
        self.process.assert_free();
        let mut command = Command::new(need::find("redis-server").unwrap());
        command.current_dir(self.folder.path());
        command.args(["--port", &self.port().to_string(), "--bind", "127.0.0.1", "--save", "", "--dir", "."]);
        command.args(["--enable-debug-command", "local", "--repl-diskless-sync-delay", "0", "--repl-timeout", "5"]);
        command.args(["--repl-ping-replica-period", "1"]);
        for (name, value) in &self.settings {
            command.arg(format!("--{name}")).args(value.split(' '));
        }
        command.args(further);
        Process::spawn("redis", command, self.folder.path())
    }

    /// Restarts it with data that takes a few minutes to load: it answers `LOADING` from here on.
    pub fn restart_loading(&mut self) {
        self.cli(&["DEBUG", "POPULATE", "20000", "loading", "200"]);
        assert_eq!(self.cli(&["SAVE"]), "OK");
        self.stop();
        let mut process = self.spawn(&["--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024"]);
        process.ready(|| self.cli(&["PING"]).contains("LOADING"));
        self.process.take_up(process);
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// `redis://…`, with the password when there is one.
    pub fn url(&self) -> String {
        match &self.password {
            Some(password) => format!("redis://:{password}@{}", self.address()),
            None => self.url_without_password(),
        }
    }

    pub fn url_without_password(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Runs a command with `redis-cli` and gives back what it prints, errors included.
    pub fn cli(&self, arguments: &[&str]) -> String {
        // Against a frozen server redis-cli would wait for ever.
        let mut command = Command::new("timeout");
        command.arg("5").arg(need::find("redis-cli").unwrap()).args(["-p", &self.port().to_string()]);
        if let Some(password) = &self.password {
            command.args(["--no-auth-warning", "-a", password]);
        }
        let answer = command.args(arguments).stdin(Stdio::null()).output().unwrap();
        let text = if answer.stdout.is_empty() { answer.stderr } else { answer.stdout };
        String::from_utf8_lossy(&text).trim_end().to_owned()
    }

    /// One field of `INFO`, empty when it is not there.
    pub fn info(&self, field: &str) -> String {
        let text = self.cli(&["INFO", "everything"]);
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value.unwrap_or_default().trim().to_owned()
    }

    /// Writes until the memory limit refuses more.
    pub fn fill_memory(&self) {
        for round in 0..10_000 {
            let answer = self.cli(&["DEBUG", "POPULATE", "2000", &format!("fill{round}"), "1000"]);
            if answer.contains("OOM") || self.cli(&["SET", "probe", "x"]).contains("OOM") {
                return;
            }
        }
        panic!("Redis has no memory limit");
    }

    /// Stops it as an operator does.
    pub fn stop(&mut self) {
        self.process.stop(Signal::TERM);
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.process.stop(Signal::KILL);
    }

    /// Freezes it: connections are accepted by the kernel and never answered. [`Self::thaw`] undoes it.
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// On a replica: cuts the link to its master, which then stays down because the new master does not exist.
    pub fn lose_master(&self) {
        let nobody = super::closed_port();
        assert_eq!(self.cli(&["REPLICAOF", "127.0.0.1", &nobody.number().to_string()]), "OK");
        wait_until("the link is down", Duration::from_secs(10), || self.info("master_link_status") == "down");
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
