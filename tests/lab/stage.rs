//! The whole lab at once: a small shop on real servers, a pack that describes it, and faults to play.

use std::{
    fs,
    net::Ipv4Addr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::json;
use tokio::task::AbortHandle;

use super::{
    Answer, Certificates, Folder, HeldConnections, Http, NameServer, POSTGRES, PROMETHEUS, Postgres, PostgresOptions,
    Prometheus, Proxy, REDIS, Redis, Workloads, background::start as start_in_background, missing, need,
    process::START, shop_cluster::ShopCluster, wait_until,
};

/// What can be broken: letter, what it does, what undoes it.
pub const FAULTS: [(char, &str, &str); 11] = [
    ('d', "stop the database primary", "start it"),
    ('r', "stop the database replica", "start it"),
    ('p', "pause replay on the replica, with the primary writing", "resume it"),
    ('c', "take all connections of the primary", "give them back"),
    ('m', "stop the Redis master", "start it"),
    ('e', "answer every request with 500", "answer 200"),
    ('h', "let the payment provider hang after accepting", "let it answer"),
    ('k', "let an image crash in Kubernetes", "repair it"),
    ('a', "stop the Kubernetes API server", "start it"),
    ('b', "cut the newest backup short", "make a good one"),
    ('s', "let the vendor report an outage", "let it recover"),
];

/// Everything that runs.
pub struct Stage {
    broken: Vec<char>,
    primary: Postgres,
    replica: Postgres,
    held: Option<HeldConnections>,
    redis: Redis,
    redis_replica: Redis,
    shop: Http,
    shop_tls: Http,
    vendor: Http,
    to_vendor: Proxy,
    names: NameServer,
    prometheus: Prometheus,
    kubernetes: Option<ShopCluster>,
    certificates: Certificates,
    customers: AbortHandle,
    folder: Folder,
}

impl Stage {
    /// Starts everything and writes the pack. Kubernetes is a whole cluster where `WARROOM_KUBE_LAB` names a `kube-lab` script, else a
    /// plain API server; it is left out, with a word on standard error, when it is not installed.
    ///
    /// # Panics
    /// When PostgreSQL, Redis or Prometheus are missing.
    pub fn start() -> Stage {
        if let Some(reason) = missing(&[POSTGRES, REDIS, PROMETHEUS]) {
            panic!("the lab cannot start: {reason}");
        }
        let kubernetes = ShopCluster::start();
        let primary = PostgresOptions::default().max_connections(30).start();
        let replica = primary.replica();
        let redis = super::RedisOptions::default().maxmemory("64mb").start();
        let redis_replica = redis.replica();
        let certificates = Certificates::new();
        let shop = Http::start();
        let shop_tls = Http::start_tls(certificates.valid(60));
        shop_tls.on("/", Answer::text("shop\n"));
        let vendor = Http::start();
        let to_vendor = Proxy::to(vendor.port());
        let names = NameServer::start(&[("shop.example", Ipv4Addr::LOCALHOST)]);
        let prometheus = Prometheus::scraping(&[shop.address()]);
        let customers = customers(shop.url("/order"), shop.address());
        let stage = Stage {
            broken: vec![],
            primary,
            replica,
            held: None,
            redis,
            redis_replica,
            shop,
            shop_tls,
            vendor,
            to_vendor,
            names,
            prometheus,
            kubernetes,
            certificates,
            customers,
            folder: Folder::new(),
        };
        stage.answer_well(true);
        stage.vendor_is_well(true);
        for day in [2, 1] {
            stage.back_up(day);
        }
        stage.write_pack();
        // The customers' requests are counted by the shop itself, as an instrumented service does.
        stage.shop.count_requests("/order");
        wait_until("Prometheus has seen orders twice", START, || {
            stage.prometheus.value("rate(http_requests_total[10s])").is_some()
        });
        stage
    }

    /// The folder of the pack.
    pub fn pack(&self) -> PathBuf {
        self.folder.path().join("lab")
    }

    /// What is broken now.
    pub fn broken(&self) -> &[char] {
        &self.broken
    }

    /// Plays a fault of [`FAULTS`], or undoes it when it is already there. Gives back what was done, or why not.
    pub fn play(&mut self, letter: char) -> Result<&'static str, String> {
        let (_, fault, undo) = FAULTS
            .iter()
            .find(|(known, _, _)| *known == letter)
            .ok_or_else(|| format!("no fault is named {letter}"))?;
        let breaks = !self.broken.contains(&letter);
        if breaks && matches!(letter, 'p' | 'c') && self.broken.iter().any(|other| matches!(other, 'd' | 'r')) {
            return Err("start the database servers first".to_owned());
        }
        match letter {
            'd' if breaks => {
                self.held = None;
                self.broken.retain(|other| *other != 'c');
                self.primary.stop();
            }
            'd' => self.primary.run(),
            'r' if breaks => {
                self.broken.retain(|other| *other != 'p');
                self.replica.stop();
            }
            'r' => self.replica.run(),
            'p' if breaks => {
                self.replica.pause_replay();
                self.primary.write_wal(8 << 20);
            }
            'p' => self.replica.resume_replay(),
            'c' if breaks => self.held = Some(self.primary.fill_connections(0)),
            'c' => self.held = None,
            'm' if breaks => self.redis.stop(),
            'm' => self.redis.run(),
            'e' => self.answer_well(!breaks),
            'h' if breaks => self.to_vendor.freeze(),
            'h' => self.to_vendor.mend(),
            's' => self.vendor_is_well(!breaks),
            'b' if breaks => {
                let newest = fs::File::options().write(true).open(self.newest_backup()).unwrap();
                let before = newest.metadata().unwrap();
                newest.set_len(before.len() / 2).unwrap();
                // As a copy that was broken off leaves it: a file of this very moment counts as still being written.
                newest.set_modified(before.modified().unwrap()).unwrap();
            }
            'b' => self.back_up(1),
            'k' | 'a' => {
                let cluster = self.kubernetes.as_mut().ok_or("the lab runs without Kubernetes")?;
                match letter {
                    'a' if breaks => cluster.stop(),
                    'a' => cluster.run(),
                    _ if self.broken.contains(&'a') => return Err("start the API server first".to_owned()),
                    _ if breaks => cluster.crash(),
                    _ => cluster.recover(),
                }
            }
            _ => unreachable!("every fault of the table is played above"),
        }
        if breaks {
            self.broken.push(letter);
            Ok(fault)
        } else {
            self.broken.retain(|other| *other != letter);
            Ok(undo)
        }
    }

    /// Undoes every fault.
    pub fn mend(&mut self) {
        // The API server first: other repairs go through it.
        let mut letters = self.broken.clone();
        letters.sort_by_key(|letter| *letter != 'a');
        for letter in letters {
            if self.broken.contains(&letter) {
                self.play(letter).expect("what was broken can be mended");
            }
        }
    }

    pub fn primary(&self) -> &Postgres {
        &self.primary
    }

    pub fn redis(&self) -> &Redis {
        &self.redis
    }

    pub fn shop(&self) -> &Http {
        &self.shop
    }

    fn answer_well(&self, well: bool) {
        let (status, word) = if well { (200, "ok") } else { (500, "error") };
        let health = json!({"status": word, "database": word, "cache": "ok"}).to_string();
        self.shop.on("/health", Answer::new(status, health).header("content-type", "application/json"));
        self.shop.on("/order", Answer::new(status, word));
    }

    fn vendor_is_well(&self, well: bool) {
        let (indicator, description) =
            if well { ("none", "All Systems Operational") } else { ("major", "Partial System Outage") };
        let incidents = if well {
            json!([])
        } else {
            json!([{"name": "Elevated error rates for card payments", "status": "investigating", "impact": "major",
                "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "shortlink": "",
                "incident_updates": [], "components": []}])
        };
        let summary = json!({
            "page": {"name": "Payments", "url": "https://status.example", "updated_at": "2026-01-01T00:00:00Z"},
            "status": {"indicator": indicator, "description": description},
            "components": [], "incidents": incidents, "scheduled_maintenances": [],
        });
        for path in ["/api/v2/summary.json", "/api/v2/status.json"] {
            self.vendor.on(path, Answer::json(&summary));
        }
        self.vendor.on("/v1/ping", Answer::json(&json!({"ok": true})));
    }

    fn newest_backup(&self) -> PathBuf {
        self.folder.path().join("backups/shop-1.dump")
    }

    /// Dumps the database as if `days_ago` (the number is part of the name, the time is now minus so many hours).
    fn back_up(&self, days_ago: u64) {
        let folder = self.folder.path().join("backups");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("shop-{days_ago}.dump"));
        let dump = Command::new(need::find("pg_dump").unwrap())
            .args(["-Fc", "-d", &self.primary.url(), "-f"])
            .arg(&file)
            .status()
            .unwrap();
        assert!(dump.success(), "pg_dump failed");
        let sum = Command::new("sha256sum").arg(file.file_name().unwrap()).current_dir(&folder).output().unwrap();
        fs::write(folder.join(format!("shop-{days_ago}.dump.sha256")), sum.stdout).unwrap();
        let age = Duration::from_secs((days_ago * 2 - 1) * 3600);
        let at = std::time::SystemTime::from(warroom::host::clock::now() - age);
        fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
    }

    fn write_pack(&self) {
        let folder = self.pack();
        fs::create_dir_all(&folder).unwrap();
        let disk = self.folder.path().join("check_disk");
        fs::write(&disk, "#!/bin/sh\necho 'DISK OK - free space: / 41 GB (63%) | /=24GB;58;62;0;65'\n").unwrap();
        fs::set_permissions(&disk, fs::Permissions::from_mode(0o755)).unwrap();
        let kubernetes = match &self.kubernetes {
            Some(cluster) => format!(
                "\n[[probes]]\nid = \"pods\"\npanel = \"pods\"\ncomponent = \"web\"\nkind = \"kubernetes\"\nkubeconfig = \"{}\"\n\
                 namespaces = [\"{}\"]\nevery = \"2s\"\ntimeout = \"2s\"\n",
                cluster.kubeconfig().display(),
                Workloads::NAMESPACE,
            ),
            None => String::new(),
        };
        // A pack holds no passwords.
        let secret = |name: &str, text: &str| {
            let file = self.folder.path().join(format!("{name}.url"));
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            format!("file:{}", file.display())
        };
        let text = PACK
            .replace("{primary}", &secret("primary", &self.primary.password_url()))
            .replace("{replica}", &secret("replica", &self.replica.password_url()))
            .replace("{redis}", &self.redis.url())
            .replace("{redis_replica}", &self.redis_replica.url())
            .replace("{shop}", &self.shop.url(""))
            .replace("{shop_address}", &self.shop.address())
            .replace("{shop_tls}", &format!("localhost:{}", self.shop_tls.port()))
            .replace("{ca_file}", &self.certificates.ca_file().display().to_string())
            .replace("{vendor}", &format!("http://{}", self.to_vendor.address()))
            .replace("{names}", self.names.address())
            .replace("{prometheus}", &self.prometheus.url())
            .replace("{backups}", &self.folder.path().join("backups").display().to_string())
            .replace("{disk}", &disk.display().to_string())
            .replace("{kubernetes}", &kubernetes);
        fs::write(folder.join("platform.toml"), text).unwrap();
        fs::write(folder.join("orders-fail.md"), RUNBOOK.replace("{shop}", &self.shop.url(""))).unwrap();
    }

    /// Where the lab keeps its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.customers.abort();
    }
}

/// Five orders a second, so that error rates mean something.
fn customers(order: String, address: String) -> AbortHandle {
    start_in_background(async move {
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
        let client = client.unwrap_or_else(|error| panic!("customers of {address} cannot shop: {error}"));
        loop {
            let _ = client.get(&order).send().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
}

/// Probes of every kind but `simulated`, at intervals at which a fault shows within seconds.
const PACK: &str = r#"# Written by the lab: a small shop on servers that run on this machine.
[platform]
name = "lab"
title = "Lab shop"

[environments.lab]
title = "servers on this machine"
kube_context = "lab"

[[components]]
id = "web"
title = "Web shop"
tier = 1
rto = "15m"
depends_on = ["database", "cache", "payments"]

[[components]]
id = "database"
title = "Orders database"
tier = 1
rto = "1h"
rpo = "4h"

[[components]]
id = "cache"
title = "Session cache"
tier = 2
rto = "30m"

[[components]]
id = "payments"
title = "Payment provider"
tier = 2
{kubernetes}
[[probes]]
id = "primary"
panel = "database"
component = "database"
kind = "postgres"
url = "{primary}"
every = "2s"
timeout = "1500ms"

[[probes]]
id = "replica"
panel = "database"
component = "database"
kind = "postgres"
url = "{replica}"
expect = "standby"
every = "2s"
timeout = "1500ms"

[[probes]]
id = "replication"
panel = "replication"
component = "database"
kind = "replication"
primary = "{primary}"
replicas = ["{replica}"]
every = "2s"
timeout = "1500ms"
warn = "lag_seconds > 10"

[[probes]]
id = "redis"
panel = "redis"
component = "cache"
kind = "redis"
url = "{redis}"
every = "2s"
timeout = "1s"

[[probes]]
id = "redis-replica"
panel = "redis"
component = "cache"
kind = "redis"
url = "{redis_replica}"
expect = "replica"
every = "2s"
timeout = "1s"

[[probes]]
id = "shop"
panel = "services"
component = "web"
kind = "http"
url = "{shop}/health"
json = 'body.status == "ok"'
every = "2s"
timeout = "1500ms"

[[probes]]
id = "errors"
panel = "error-rate"
component = "web"
kind = "metrics"
url = "{shop}/metrics"
errors = 'http_requests_total{code=~"5.."}'
total = "http_requests_total"
window = "10s"
every = "5s"
timeout = "4s"

[[probes]]
id = "requests"
panel = "error-rate"
component = "web"
kind = "prometheus"
server = "{prometheus}"
query = "sum(rate(http_requests_total[10s]))"
unit = "/s"
every = "2s"
timeout = "1s"
warn = "value < 1"

[[probes]]
id = "payments"
panel = "dependencies"
component = "payments"
kind = "http"
url = "{vendor}/v1/ping"
every = "2s"
timeout = "1s"

[[probes]]
id = "payments-status"
panel = "dependencies"
component = "payments"
kind = "statuspage"
url = "{vendor}/api/v2/summary.json"
every = "3s"
timeout = "1s"

[[probes]]
id = "shop-port"
panel = "network"
component = "web"
kind = "tcp"
address = "{shop_address}"
every = "2s"
timeout = "1s"

[[probes]]
id = "certificate"
panel = "network"
component = "web"
kind = "tls"
address = "{shop_tls}"
ca_file = "{ca_file}"
every = "10s"
timeout = "2s"

[[probes]]
id = "name"
panel = "network"
component = "web"
kind = "dns"
name = "shop.example"
record = "A"
expect = ["127.0.0.1"]
server = "{names}"
every = "5s"
timeout = "1s"

[[probes]]
id = "dump"
panel = "backups"
component = "database"
kind = "backup"
path = "{backups}/*.dump"
verify = "pg_restore"
every = "5s"
timeout = "4s"

[[probes]]
id = "disk"
panel = "machine"
component = "web"
kind = "command"
argv = ["{disk}"]
format = "nagios"
every = "5s"
timeout = "2s"

[[severities]]
level = "P0"
title = "Critical"
criteria = ["The shop takes no orders"]
respond_within = "15m"
recover_within = "1h"

[[severities]]
level = "P1"
title = "High"
criteria = ["Part of the customers cannot order"]
respond_within = "30m"
recover_within = "4h"

[[alerts]]
id = "database-down"
title = "The orders database is down"
when = 'probes.primary.status == "down"'
for = "4s"
severity = "P0"

[[alerts]]
id = "error-rate"
title = "More than 5 % of the requests fail"
when = "probes.errors.value > 5"
for = "4s"
severity = "P1"
runbook = "orders-fail"

[[roles]]
id = "commander"
title = "Incident Commander"

[[audiences]]
id = "customers"
title = "Customers"
severities = ["P0", "P1"]
first_within = "15m"
update_every = "30m"

[[escalations]]
after = "30m"
to = "commander"
severities = ["P0", "P1"]
"#;

/// What helps when orders fail.
const RUNBOOK: &str = r#"---
id: orders-fail
triggers: [error-rate]
components: [web]
---
# Orders fail

## Overview
More than 5 % of the requests fail: find out where, and reload the service that answers them.

## Prerequisites
- [ ] You are on the bastion of the shop.

## Estimated Time
10 minutes

## Steps

### 1. See what the shop answers
```bash {expect-contains=" in "}
curl -sS -o /dev/null -w '%{http_code} in %{time_total} s\n' "{shop}/order"
```

**If it fails:**
- The shop cannot be reached at all: look at the load balancer.

### 2. See whether the replica keeps up
```sql db=primary
SELECT application_name, state, replay_lag FROM pg_stat_replication
```

**If it fails:**
- The database is the cause: go on with its own runbook.

### 3. Reload the order service
```bash
curl -fsS -X POST "{shop}/order"
```

**If it fails:**
- The service cannot be reloaded: take the last release back.

## Verification

### 1. Orders are taken again
```bash {expect-contains="200"}
curl -sS -o /dev/null -w '%{http_code}\n' "{shop}/order"
```

## Rollback
Reloading changes nothing that could be rolled back.
"#;
