//! One DotMac for one test: a pack of its own, and as much of the platform as the test asks for.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    DotMacCluster, PortalDatabase, Run, database::server_with, portal::CustomerPortal, stand_ins, vendors::Vendors,
};
use crate::lab::{self, Cluster, Folder, Postgres, PostgresOptions, Prometheus, Redis, TerminalOptions};

/// What runs, and the pack that knows where.
pub struct DotMac {
    pub folder: Folder,
    cluster: Option<DotMacCluster>,
    database: Option<Postgres>,
    standby: Option<Postgres>,
    redis: Option<Redis>,
    portal: Option<CustomerPortal>,
    prometheus: Option<Prometheus>,
    vendors: Option<Vendors>,
    /// What the environment pins, beside where things are.
    pinned: Vec<(String, String)>,
    /// Of the program: where secrets and addresses are looked up.
    variables: Vec<(String, String)>,
    /// Written into every runbook: how patient its polls are.
    impatient: bool,
    /// Written into every runbook: how long `kubectl rollout status` waits.
    rollouts_within: Option<&'static str>,
}

/// A part of the platform that a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The portal's objects on the cluster.
    Cluster,
    /// A server with the database `portal`: 40 customers, each with an invoice and a ticket.
    Database,
    /// That server archives its WAL, into the test's folder `archive`.
    Archive,
    /// A standby of it that streams.
    Standby,
    Redis,
    /// The portal with its customers, and Prometheus, which counts their requests.
    Portal,
    /// Everybody outside whom the pack looks at, all well.
    Vendors,
}

impl DotMac {
    /// `None`, with the reason printed, when what the parts need is not on this machine and not required.
    pub fn start(parts: &[Part]) -> Option<DotMac> {
        let mut needs = vec![lab::TOOLS];
        needs.extend(parts.iter().filter_map(|part| match part {
            Part::Cluster => Some(lab::WHOLE_CLUSTER),
            Part::Database | Part::Archive | Part::Standby => Some(lab::POSTGRES),
            Part::Redis => Some(lab::REDIS),
            Part::Portal => Some(lab::PROMETHEUS),
            Part::Vendors => None,
        }));
        if let Some(reason) = lab::missing(&needs) {
            eprintln!("skipped: {reason}");
            return None;
        }
        let folder = Folder::new();
        fs::create_dir(folder.path().join("bin")).unwrap();
        stand_ins::install(folder.path());
        let wants = |part| parts.contains(&part);
        let mut options = PostgresOptions::default();
        if wants(Part::Archive) {
            let archive = folder.path().join("archive");
            fs::create_dir(&archive).unwrap();
            // The server runs as somebody else.
            fs::set_permissions(&archive, fs::Permissions::from_mode(0o777)).unwrap();
            let command = format!("cp %p {}/%f", archive.display());
            options = options.setting("archive_mode", "on").setting("archive_command", command);
        }
        let mut dotmac = std::thread::scope(|scope| {
            let cluster = wants(Part::Cluster).then(|| scope.spawn(DotMacCluster::start));
            let database = wants(Part::Database).then(|| {
                scope.spawn(|| {
                    let server = server_with(options);
                    let standby = wants(Part::Standby).then(|| server.replica());
                    (server, standby)
                })
            });
            let redis = wants(Part::Redis).then(|| scope.spawn(Redis::start));
            let portal = wants(Part::Portal).then(|| {
                scope.spawn(|| {
                    let portal = CustomerPortal::start();
                    let prometheus = portal.prometheus();
                    (portal, prometheus)
                })
            });
            let (portal, prometheus) = portal.map(|thread| thread.join().unwrap()).unzip();
            let (database, standby) = database.map(|thread| thread.join().unwrap()).unzip();
            DotMac {
                folder,
                cluster: cluster.map(|thread| thread.join().unwrap()),
                database,
                standby: standby.flatten(),
                redis: redis.map(|thread| thread.join().unwrap()),
                portal,
                prometheus,
                vendors: wants(Part::Vendors).then(Vendors::start),
                pinned: Vec::new(),
                variables: Vec::new(),
                impatient: false,
                rollouts_within: None,
            }
        });
        let mut known: Vec<(&str, String)> = Vec::new();
        known.extend(dotmac.cluster.iter().map(|it| ("KUBECONFIG", it.cluster.kubeconfig.display().to_string())));
        known.extend(dotmac.standby.iter().map(|it| ("REPLICA_URL", it.url())));
        known.extend(dotmac.redis.iter().map(|it| ("REDIS_URL", it.url())));
        known.extend(dotmac.prometheus.iter().map(|it| ("PROMETHEUS_URL", it.url())));
        known.extend(dotmac.vendors.iter().map(|it| ("SSL_CERT_FILE", it.ca_file())));
        known.extend(dotmac.portal.iter().map(|it| ("METRICS_URL", it.http.url("/metrics"))));
        if dotmac.database.is_some() {
            known.push(("DATABASE_URL", dotmac.database("portal").url()));
        }
        dotmac.variables = known.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Some(dotmac)
    }

    /// Lets the environment pin a variable of the runbooks.
    pub fn with_var(mut self, name: &str, value: &str) -> DotMac {
        self.pinned.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a variable of the program's environment.
    pub fn with_environment(mut self, name: &str, value: &str) -> DotMac {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Polls give up after two tries a fifth of a second apart: what is broken for good is not waited for.
    pub fn impatient(mut self) -> DotMac {
        self.impatient = true;
        self
    }

    /// `kubectl rollout status` gives up after this time (`10s`), for pods that will never be there.
    pub fn rollouts_within(mut self, time: &'static str) -> DotMac {
        self.rollouts_within = Some(time);
        self
    }

    /// A program of this name on the path of everything that runs.
    pub fn tool(&self, name: &str, script: &str) {
        let file = self.folder.path().join("bin").join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn cluster(&self) -> &DotMacCluster {
        self.cluster.as_ref().expect("the test has asked for the cluster")
    }

    pub fn server(&self) -> &Postgres {
        self.database.as_ref().expect("the test has asked for the database")
    }

    pub fn server_mut(&mut self) -> &mut Postgres {
        self.database.as_mut().expect("the test has asked for the database")
    }

    /// A database of the server, `portal` or what a runbook has made.
    pub fn database(&self, name: &str) -> PortalDatabase {
        PortalDatabase::of(self.server(), name)
    }

    /// The databases of the server whose names begin with `portal`, in order.
    pub fn databases(&self) -> Vec<String> {
        let names = "SELECT datname FROM pg_database WHERE datname LIKE 'portal%' ORDER BY 1";
        self.server().sql(names).lines().map(str::to_owned).collect()
    }

    /// `postgresql://postgres@127.0.0.1:PORT`, as runbooks ask for a server.
    pub fn db_server(&self) -> String {
        format!("postgresql://postgres@{}", self.server().address())
    }

    /// The standby, whose databases are the server's.
    pub fn standby(&self) -> &Postgres {
        self.standby.as_ref().expect("the test has asked for the standby")
    }

    pub fn redis(&self) -> &Redis {
        self.redis.as_ref().expect("the test has asked for Redis")
    }

    pub fn portal(&self) -> &CustomerPortal {
        self.portal.as_ref().expect("the test has asked for the portal")
    }

    pub fn prometheus(&self) -> &Prometheus {
        self.prometheus.as_ref().expect("the test has asked for the portal")
    }

    /// Customers get errors from now on, while health checks pass; waits until Prometheus has seen them.
    pub fn customers_get_errors(&self) {
        self.portal().fail_for_customers();
        let rate = |status: &str| format!("sum(rate(http_requests_total{{app=\"customer-portal\"{status}}}[2m]))");
        let share = format!("{} / {} > 0.02", rate(",status=~\"5..\""), rate(""));
        let seen = || self.prometheus().value(&share).is_some();
        lab::wait_until("Prometheus has seen the errors", std::time::Duration::from_secs(30), seen);
    }

    /// A path in the test's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// [`Self::path`] as the value of a variable.
    pub fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The names of the files in a folder of the test's folder, in order.
    pub fn files(&self, name: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(name)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A run of one of the pack's runbooks, to be told variables and answers and then started.
    pub fn run(&self, runbook: &str) -> Run<'_> {
        Run::new(self, runbook)
    }

    /// The program in a terminal, on this platform.
    pub fn program(&self, arguments: &[&str]) -> TerminalOptions {
        let place = self.place();
        let place: Vec<&str> = place.iter().map(String::as_str).collect();
        let mut options = TerminalOptions::warroom(&place).arguments(arguments);
        for (name, value) in self.environment() {
            options = options.env(&name, value);
        }
        options
    }

    /// What a command of the program prints. It has to succeed.
    #[track_caller]
    pub fn said(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(lab::binary());
        command.args(self.place()).args(arguments).envs(self.environment()).env("HOME", self.folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The program's arguments: this pack, its environment for the lab, this data directory.
    fn place(&self) -> Vec<String> {
        let (pack, data) = (self.write_pack().display().to_string(), self.at("data"));
        ["--pack", &pack, "--environment", "lab", "--data-dir", &data].map(str::to_owned).to_vec()
    }

    /// Of the program: where things are, and our own tools before the machine's.
    fn environment(&self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        let path = ("PATH".to_owned(), format!("{}:{path}", self.at("bin")));
        self.variables.iter().cloned().chain([path]).collect()
    }

    /// The embedded pack, copied as anybody copies it to make it their own, with an environment for the lab.
    fn write_pack(&self) -> PathBuf {
        let pack = self.path("dotmac");
        if pack.exists() {
            return pack;
        }
        let copied = Command::new(lab::binary())
            .args(["pack", "init", "--from", "dotmac"])
            .arg(&pack)
            .env("HOME", self.folder.path())
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let file = pack.join("platform.toml");
        let text = fs::read_to_string(&file).unwrap() + &self.lab();
        fs::write(&file, text).unwrap();
        if self.impatient {
            rewrite(&pack, r"\bretry=\d+", "retry=2");
            rewrite(&pack, r"\bevery=\w+", "every=200ms");
        }
        if let Some(time) = self.rollouts_within {
            rewrite(&pack, r"(rollout status .*) --timeout=\w+", &format!("$1 --timeout={time}"));
        }
        pack
    }

    /// The lab's environment, as a pack has it.
    fn lab(&self) -> String {
        let mut pinned = self.pinned.clone();
        let mut overrides: Vec<(&str, String)> = Vec::new();
        let mut text = "\n[environments.lab]\n".to_owned();
        if let Some(cluster) = &self.cluster {
            text += &format!("kube_context = \"{}\"\n", Cluster::CONTEXT);
            let known = [
                ("NAMESPACE", cluster.namespace()),
                ("DEPLOYMENT", DotMacCluster::DEPLOYMENT),
                ("DATABASE_POD", "postgres-primary-0"),
            ];
            pinned.extend(known.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let namespaces = format!("namespaces = [\"{}\"]", cluster.namespace());
            overrides.extend(["pods", "instances"].map(|probe| (probe, namespaces.clone())));
        }
        if let Some(portal) = &self.portal {
            let paths = [("portal", "/api/health"), ("api", "/health"), ("front_page", "/")];
            overrides.extend(paths.map(|(probe, path)| (probe, format!("url = \"{}\"", portal.http.url(path)))));
        }
        overrides.push(("backups", format!("path = \"{}\"", self.at("backups/*.dump"))));
        text += "[environments.lab.vars]\n";
        text.extend(pinned.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")));
        text.extend(overrides.iter().map(|(probe, line)| format!("[environments.lab.probes.{probe}]\n{line}\n")));
        text.extend(self.vendors.iter().map(|vendors| vendors.overrides("lab")));
        text
    }
}

/// Replaces a pattern in every runbook of a pack.
fn rewrite(pack: &Path, pattern: &str, by: &str) {
    let pattern = regex::Regex::new(pattern).unwrap();
    for entry in fs::read_dir(pack).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, pattern.replace_all(&text, by).as_bytes()).unwrap();
        }
    }
}

/// A time in UTC, as runbooks ask for one.
pub fn minutes_ago(minutes: i64) -> String {
    (warroom::host::clock::now() - jiff::Span::new().minutes(minutes)).strftime("%FT%TZ").to_string()
}
