//! PostgreSQL: a primary, streaming replicas of it, and every way to make them suffer.

use std::{
    fs::{self, File},
    io::Write,
    net::TcpStream,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustix::process::Signal;
use tokio::task::AbortHandle;

use super::{
    Disk, Folder, Port, Process, background, background::start as start_in_background, need, process::Place, wait_until,
};

/// Name of the role that must give a password, and the password.
pub const PASSWORD_ROLE: (&str, &str) = ("app", "app-secret");

/// Part of the cached template's folder name: count up when [`TEMPLATE_SQL`] or [`TEMPLATE_SETTINGS`] change.
const TEMPLATE_VERSION: u32 = 1;

const TEMPLATE_SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
synchronous_commit = off
shared_buffers = 16MB
max_connections = 20
wal_level = replica
wal_keep_size = 256MB
wal_receiver_status_interval = 1s
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
wal_retrieve_retry_interval = 200ms
shared_preload_libraries = 'pg_stat_statements'
timezone = UTC
log_timezone = UTC
jit = off
";

const TEMPLATE_HBA: &str = "
host all         postgres 127.0.0.1/32 trust
host replication all      127.0.0.1/32 trust
host all         all      127.0.0.1/32 scram-sha-256
";

/// One statement a line: that is how single-user mode reads.
const TEMPLATE_SQL: &str = "\
CREATE ROLE app LOGIN PASSWORD 'app-secret' IN ROLE pg_monitor;
CREATE EXTENSION pg_stat_statements;
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 1000) n;
GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO app;
";

/// How a server differs from the lab's usual one.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    settings: Vec<(String, String)>,
}

impl PostgresOptions {
    /// A server setting, as `postgresql.conf` would hold it (without quotes).
    pub fn setting(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Room for `count` connections, 3 of which PostgreSQL keeps for superusers.
    pub fn max_connections(self, count: u32) -> Self {
        self.setting("max_connections", count)
    }

    pub fn start(self) -> Postgres {
        Postgres::launch(self.settings, Kind::Primary)
    }

    /// [`Self::start`] on a disk of its own, which can be filled. `None`, with the reason printed, where nobody may mount.
    pub fn start_on_disk(self, kibibytes: u32) -> Option<(Postgres, Disk)> {
        let folder = Folder::new();
        let disk = Disk::mount(&folder.path().join("disk"), kibibytes)?;
        give_to_postgres(&folder.path().join("disk"));
        let data = folder.path().join("disk").join("data");
        Some((Postgres::launch_in(folder, data, &template(), self.settings, Kind::Primary), disk))
    }

    /// A second server from a base backup, which recovers as its settings say (`restore_command`, `recovery_target_time`, …).
    pub fn recover(self, base: &Path) -> Postgres {
        Postgres::launch_from(base, self.settings, Kind::Recovering)
    }

    /// A standby of the lab's primaries that has no source of WAL but what its settings say (`restore_command`).
    pub fn standby(self) -> Postgres {
        Postgres::launch(self.settings, Kind::Replica)
    }

    /// A server of another system: no copy of the lab's others.
    pub fn start_foreign(self) -> Postgres {
        let (work, data) = initialised();
        let server = Postgres::launch_from(&data, self.settings, Kind::Primary);
        drop(work);
        server
    }

    /// A server that stays in "the database system is starting up": its recovery waits for an archive that never answers.
    pub fn start_without_finishing(self) -> Postgres {
        Postgres::launch(self.settings, Kind::StartingUp)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Primary,
    Replica,
    StartingUp,
    Recovering,
}

/// One PostgreSQL server.
#[derive(Debug)]
pub struct Postgres {
    process: Place,
    port: Port,
    data: PathBuf,
    settings: Vec<(String, String)>,
    kind: Kind,
    replicas: AtomicU32,
    folder: Folder,
}

impl Postgres {
    /// A writable primary with room for 20 connections.
    pub fn start() -> Postgres {
        PostgresOptions::default().start()
    }

    /// Starts a streaming replica of this server, with its own slot (`replica_1`, `replica_2`, …), and waits until it streams.
    pub fn replica(&self) -> Postgres {
        self.replica_with(PostgresOptions::default())
    }

    /// [`Self::replica`] with settings of its own. `hot_standby = off` makes one that takes no connections.
    pub fn replica_with(&self, options: PostgresOptions) -> Postgres {
        let number = self.replicas.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("replica_{number}");
        self.sql(&format!("SELECT pg_create_physical_replication_slot('{name}', true)"));
        let primary = format!("host=127.0.0.1 port={} user=postgres application_name={name}", self.port());
        let mut settings: Vec<_> =
            self.settings.iter().filter(|(name, _)| name == "max_connections").cloned().collect();
        settings.push(("primary_conninfo".into(), primary));
        settings.push(("primary_slot_name".into(), name.clone()));
        settings.extend(options.settings);
        let replica = Postgres::launch(settings, Kind::Replica);
        wait_until("the replica streams", super::process::START, || {
            self.sql(&format!(
                "SELECT count(*) FROM pg_stat_replication WHERE application_name = '{name}' AND state = 'streaming'"
            )) == "1"
        });
        replica
    }

    fn launch(settings: Vec<(String, String)>, kind: Kind) -> Postgres {
        Postgres::launch_from(&template(), settings, kind)
    }

    fn launch_from(source: &Path, settings: Vec<(String, String)>, kind: Kind) -> Postgres {
        let folder = Folder::new();
        let data = folder.path().join("data");
        Postgres::launch_in(folder, data, source, settings, kind)
    }

    fn launch_in(
        folder: Folder,
        data: PathBuf,
        source: &Path,
        settings: Vec<(String, String)>,
        kind: Kind,
    ) -> Postgres {
        let copied = Command::new("cp").arg("-a").arg("--reflink=auto").arg(source).arg(&data).status().unwrap();
        assert!(copied.success(), "the PostgreSQL data folder {} could not be copied", source.display());
        match kind {
            Kind::Primary => {}
            Kind::Replica => signal_file(&data, "standby.signal"),
            Kind::StartingUp | Kind::Recovering => signal_file(&data, "recovery.signal"),
        }
        let mut server = Postgres {
            process: Place::default(),
            port: Port::free(),
            data,
            settings,
            kind,
            replicas: AtomicU32::new(0),
            folder,
        };
        server.run();
        server
    }

    /// Starts it again after [`Self::stop`] or [`Self::kill`], on the same port, and waits until it answers.
    pub fn run(&mut self) {
        self.process.assert_free();
        let mut command = as_postgres(need::find("postgres").unwrap());
        command.arg("-D").arg(&self.data).arg("-p").arg(self.port().to_string());
        for (name, value) in &self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        if self.kind == Kind::StartingUp {
            command.args(["-c", "restore_command=sleep 600"]);
        }
        command.current_dir(self.folder.path());
        let mut process = Process::spawn("postgres", command, self.folder.path());
        let silent = self.kind == Kind::StartingUp
            || self.settings.iter().any(|(name, value)| name == "hot_standby" && value == "off");
        process.ready(|| if silent { self.accepts() } else { self.try_sql("SELECT 1").is_ok() });
        self.process.take_up(process);
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// As the superuser, without a password.
    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port())
    }

    /// As [`PASSWORD_ROLE`]: an ordinary role that may read the statistics (`pg_monitor`).
    pub fn password_url(&self) -> String {
        let (role, password) = PASSWORD_ROLE;
        format!("postgresql://{role}:{password}@127.0.0.1:{}/postgres", self.port())
    }

    /// [`PASSWORD_ROLE`] with a password that is not its own.
    pub fn wrong_password_url(&self) -> String {
        format!("postgresql://{}:not-the-password@127.0.0.1:{}/postgres", PASSWORD_ROLE.0, self.port())
    }

    /// Runs SQL as the superuser and gives back what `psql -At` prints. Panics when it fails.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        self.try_sql(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// [`Self::sql`] with psql's message when it fails.
    pub fn try_sql(&self, sql: &str) -> Result<String, String> {
        let answer = Command::new(need::find("psql").unwrap())
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &self.url(), "-c", sql])
            .env("PGCONNECT_TIMEOUT", "3")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        if answer.status.success() {
            Ok(String::from_utf8_lossy(&answer.stdout).trim_end().to_owned())
        } else {
            Err(String::from_utf8_lossy(&answer.stderr).trim_end().to_owned())
        }
    }

    /// Stops it as an operator does (fast shutdown).
    pub fn stop(&mut self) {
        self.process.stop(Signal::INT);
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        self.process.stop(Signal::KILL);
    }

    /// Freezes the postmaster: connections are accepted by the kernel and never answered. [`Self::thaw`] undoes it.
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// On a replica: stops replaying what it receives, and waits until it has stopped.
    pub fn pause_replay(&self) {
        self.sql("SELECT pg_wal_replay_pause()");
        wait_until("replay is paused", Duration::from_secs(10), || {
            self.sql("SELECT pg_get_wal_replay_pause_state()") == "paused"
        });
    }

    pub fn resume_replay(&self) {
        self.sql("SELECT pg_wal_replay_resume()");
    }

    /// Makes a replica a primary, and waits until it is writable.
    pub fn promote(&mut self) {
        assert_eq!(self.sql("SELECT pg_promote(true, 60)"), "t", "the replica was not promoted");
        self.kind = Kind::Primary;
    }

    /// Writes about `bytes` of WAL.
    pub fn write_wal(&self, bytes: u64) {
        // A logical message is the cheapest way to a given amount of WAL; one is limited to about 1 GB.
        let messages = bytes.div_ceil(1 << 20).max(1);
        let size = bytes / messages;
        self.sql(&format!(
            "SELECT count(pg_logical_emit_message(false, 'lab', repeat('x', {size}))) FROM generate_series(1, {messages})"
        ));
    }

    /// Takes every connection that ordinary roles can have, except for `spare` of them, until the value is dropped. Without a
    /// spare one, also those that others give back meanwhile are taken.
    pub fn fill_connections(&self, spare: usize) -> HeldConnections {
        let url = self.password_url();
        let mut held = background({
            let url = url.clone();
            async move { take_all(&url).await }
        });
        assert!(held.len() >= spare, "there was room for {} connections only", held.len());
        held.truncate(held.len() - spare);
        let count = held.len().to_string();
        if spare > 0 {
            wait_until("the spare connections are free", Duration::from_secs(10), || {
                self.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'") == count
            });
        }
        let taking = (spare == 0).then(|| {
            start_in_background(async move {
                let mut taken = Vec::new();
                loop {
                    taken.extend(take_all(&url).await);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        });
        HeldConnections { held, taking }
    }

    /// Takes a base backup, without the WAL that it needs: that has to be in an archive. Gives back its folder.
    pub fn base_backup(&self) -> PathBuf {
        let base = self.folder.path().join("base");
        fs::create_dir(&base).unwrap();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o700)).unwrap();
        give_to_postgres(&base);
        let mut backup = as_postgres(need::find("pg_basebackup").unwrap());
        backup.args(["-d", &self.url(), "-X", "none", "-c", "fast", "-D"]).arg(&base).current_dir(self.folder.path());
        run(&mut backup, "");
        base
    }

    /// A folder of the server's own, for an archive of WAL.
    pub fn archive() -> Folder {
        let folder = Folder::new();
        give_to_postgres(folder.path());
        folder
    }

    /// Starts one of PostgreSQL's programs that stays (`pg_receivewal`), as the superuser of this server; its log is in `folder`.
    pub fn client(&self, program: &str, arguments: &[&str], folder: &Folder) -> Process {
        let mut command = as_postgres(need::find(program).unwrap());
        command.args(["-d", &self.url()]).args(arguments).current_dir(folder.path());
        Process::spawn(program, command, folder.path())
    }

    /// Of a stopped server: makes it believe that this is the next transaction, as after so many.
    pub fn skip_to_transaction(&self, next: u32) {
        let mut reset = as_postgres(need::find("pg_resetwal").unwrap());
        reset.args(["-f", "-x", &next.to_string(), "-D"]).arg(&self.data).current_dir(self.folder.path());
        run(&mut reset, "");
        // The page that says how the transaction ended: 2 bits each, files of 32 pages of 8 kB.
        let page = self.data.join(format!("pg_xact/{:04X}", next / (8192 * 4 * 32)));
        if !page.exists() {
            fs::write(&page, vec![0; 8192 * 32]).unwrap();
            give_to_postgres(&page);
        }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn accepts(&self) -> bool {
        TcpStream::connect(("127.0.0.1", self.port())).is_ok()
    }
}

/// Connects until that is refused.
async fn take_all(url: &str) -> Vec<tokio_postgres::Client> {
    let mut taken = Vec::new();
    while let Ok((client, connection)) = tokio_postgres::connect(url, tokio_postgres::NoTls).await {
        start_in_background(async move {
            let _ = connection.await;
        });
        taken.push(client);
    }
    taken
}

/// Open connections to a server, closed when dropped.
pub struct HeldConnections {
    held: Vec<tokio_postgres::Client>,
    /// Takes what becomes free.
    taking: Option<AbortHandle>,
}

impl HeldConnections {
    /// Those that were free at once.
    pub fn count(&self) -> usize {
        self.held.len()
    }
}

impl Drop for HeldConnections {
    fn drop(&mut self) {
        if let Some(taking) = &self.taking {
            taking.abort();
        }
    }
}

/// A data folder as `initdb` makes it, plus the lab's roles and tables: made once a machine, then copied.
///
/// A replica starts from a copy too: it is a cold backup of the very state its primary started from.
fn template() -> PathBuf {
    let initdb = need::find("initdb").expect("the test has asked for POSTGRES with lab::require!");
    let user = rustix::process::geteuid().as_raw();
    let folder = std::env::temp_dir().join(format!("warroom-lab-postgres-{user}"));
    fs::create_dir_all(&folder).unwrap();
    // The version of PostgreSQL is in the program's path (/usr/lib/postgresql/15/bin).
    let version: String = initdb.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    let template = folder.join(format!("{version}-v{TEMPLATE_VERSION}"));
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    if template.is_dir() {
        return template;
    }
    let (work, data) = initialised();
    let mut single = as_postgres(need::find("postgres").unwrap());
    single.args(["--single", "-j", "-D"]).arg(&data).arg("postgres").current_dir(work.path());
    // `-j`: a statement ends at a semicolon before an empty line.
    run(&mut single, &TEMPLATE_SQL.replace(";\n", ";\n\n"));
    let moved = Command::new("mv").arg(&data).arg(&template).status().unwrap();
    assert!(moved.success(), "the template could not be moved to {}", template.display());
    template
}

/// A new system with the lab's settings, and the folder that it lives as long as.
fn initialised() -> (Folder, PathBuf) {
    let work = Folder::new();
    give_to_postgres(work.path());
    let data = work.path().join("data");
    let mut initialise = as_postgres(need::find("initdb").unwrap());
    initialise.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D"]).arg(&data);
    run(initialise.current_dir(work.path()), "");
    append(&data.join("postgresql.conf"), TEMPLATE_SETTINGS);
    fs::write(data.join("pg_hba.conf"), TEMPLATE_HBA).unwrap();
    (work, data)
}

/// PostgreSQL refuses to run as root; Debian's package brings the account for it.
pub(super) fn as_postgres(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = postgres_account() {
        command.uid(user).gid(group);
    }
    // What the user has set for psql must not reach the lab.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C");
    command
}

/// Makes a file or folder the server's own.
pub(super) fn give_to_postgres(path: &Path) {
    if let Some((user, group)) = postgres_account() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
    }
}

/// User and group id, when this process is root.
fn postgres_account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let fields =
        accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == "postgres");
    let fields = fields.expect("the machine has an account named postgres");
    Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
}

fn run(command: &mut Command, input: &str) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("ERROR:"), "{command:?} failed:\n{said}");
}

fn append(path: &Path, text: &str) {
    File::options().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn signal_file(data: &Path, name: &str) {
    let path = data.join(name);
    fs::write(&path, "").unwrap();
    give_to_postgres(&path);
}
