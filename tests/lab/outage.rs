//! A shop that reads from a replica of its database, the outage when the replica falls behind, and the runbook for it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::task::AbortHandle;

use super::{
    Answer, Desk, HeldConnections, Http, Postgres, PostgresOptions, background::start as start_in_background, need,
    wait_until,
};

/// By the template: what is wrong is looked at, replay is given way, the reads are moved and moved back when that fails, replay
/// goes on, and in the end customers are asked.
const RUNBOOK: &str = r#"---
id: replica-lag
components: [database, shop]
severity: P1
requires: [psql, curl]
triggers: [replica-lag]
---
# The replica falls behind

## Overview
The shop reads from the replica. What is too old is not shown: customers get an error 500.

## Prerequisites
- psql to both database servers

## Estimated Time
10 minutes

## Steps

### 1. Look at the replica
**Estimated Time:** 1 minute

```bash
psql -X -At -d "${REPLICA:?}" -c "SELECT 'replay is ' || pg_get_wal_replay_pause_state()"
psql -X -d "${PRIMARY:?}" -c "SELECT application_name, state, pg_wal_lsn_diff(sent_lsn, replay_lsn) AS behind FROM pg_stat_replication"
```

**Expected Output:**

```
replay is paused
...
```

**If it fails:**
- The server that does not answer comes first: runbook "database down"

### 2. End long queries on the replica
**Estimated Time:** 1 minute

```bash {risk=change}
psql -X -At -d "${REPLICA:?}" -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND now() - query_start > interval '1 min'"
echo "none is left"
```

**Expected Output:** `none is left`

**If it fails:**
- Go on: replay waits for them no longer than it is allowed to

### 3. Send the reads to the primary
**Estimated Time:** 2 minutes

```bash {timeout=1m}
echo primary > "${SHOP_READS:?}"
curl -fsS --retry 2 --retry-delay 1 "${SHOP:?}/order?reads=primary"
```

**Expected Output:** `ok`

**If it fails:**
- Roll the step back: the primary has no room for the shop's reads, and needs what it has for its writes

**Rollback:**

```bash
echo replica > "${SHOP_READS:?}"
```

### 4. Let the replica replay
**Estimated Time:** 1 minute

What was replayed cannot be taken back: ask why replay was paused.

```bash {risk=destructive}
psql -X -At -v ON_ERROR_STOP=1 -d "${REPLICA:?}" -c "SELECT pg_wal_replay_resume()" >/dev/null
psql -X -At -d "${REPLICA:?}" -c "SELECT pg_get_wal_replay_pause_state()"
```

**Expected Output:** `not paused`

**If it fails:**
- Rebuild the replica

## Verification

### 5. The replica has caught up
```bash {retry=60 every=1s}
psql -X -At -d "${REPLICA:?}" -c "SELECT CASE WHEN clock_timestamp() - at < interval '2 s' THEN 'caught up' ELSE 'behind' END FROM heartbeat"
```

**Expected Output:** `caught up`

### 6. Customers can order
```bash {timeout=10s retry=60 every=1s}
curl -fsS "${SHOP:?}/order"
```

**Expected Output:** `ok`

## Rollback

Nothing above has to be taken back together: step 3 has its own way back.
"#;

/// What the console looks at, and what the platform wants of people.
const PACK: &str = r#"
[[components]]
id = "database"
title = "Orders database"
tier = 1
rto = "1h"
rpo = "4h"

[[components]]
id = "shop"
title = "Web shop"
tier = 1
rto = "30m"
depends_on = ["database"]

[[probes]]
id = "replication"
panel = "replication"
component = "database"
kind = "replication"
primary = "{primary}"
replicas = ["{replica}"]
every = "1s"
timeout = "900ms"
warn = "lag_seconds > 2"
down = "lag_seconds > 4"

[[probes]]
id = "errors"
panel = "error-rate"
component = "shop"
kind = "metrics"
url = "{shop}/metrics"
errors = 'http_requests_total{code=~"5.."}'
total = "http_requests_total"
window = "4s"
every = "1s"
timeout = "900ms"

[[probes]]
id = "dump"
panel = "backups"
component = "database"
kind = "backup"
path = "{dumps}"
every = "5s"
timeout = "4s"

[[severities]]
level = "P0"
title = "Critical"
criteria = ["The shop takes no orders at all"]
respond_within = "15m"
recover_within = "1h"

[[severities]]
level = "P1"
title = "High"
criteria = ["Customers see errors when they order", "Data that is shown is too old"]
respond_within = "30m"
recover_within = "4h"

[[alerts]]
id = "replica-lag"
title = "The replica lags and orders fail"
when = 'probes.replication.status == "down" && probes.errors.value > 5'
for = "2s"
severity = "P1"
runbook = "replica-lag"

[[contacts]]
id = "alice"
name = "Alice"

[[contacts]]
id = "cto"
name = "Carol"

[[roles]]
id = "ic"
title = "Incident Commander"
primary = "alice"

[[escalations]]
after = "30m"
to = "cto"
severities = ["P0", "P1"]

[[audiences]]
id = "customers"
title = "Customers"
severities = ["P0", "P1"]
first_within = "15m"
update_every = "30m"
channel = "status page"
"#;

/// How old a customer may see the shop's data.
const FRESH: f64 = 3.0;

/// A desk with the runbook, and the servers that it is about.
pub struct Outage {
    pub desk: Desk,
    pub replica: Postgres,
    pub shop: Arc<Http>,
    primary: Postgres,
    tasks: Vec<AbortHandle>,
    _reports: HeldConnections,
}

impl Outage {
    /// A primary whose connections are all in use, a replica that has caught up, and a shop whose customers can order.
    pub fn start() -> Outage {
        let options = PostgresOptions::default().max_connections(24).setting("superuser_reserved_connections", 8);
        let primary = options.start();
        primary.sql(
            "CREATE TABLE heartbeat (at timestamptz NOT NULL); INSERT INTO heartbeat VALUES (clock_timestamp()); \
             GRANT SELECT ON heartbeat TO app",
        );
        let replica = primary.replica();
        let reports = primary.fill_connections(0);
        let shop = Arc::new(Http::start());
        shop.count_requests("/order");
        let desk = Desk::new("", RUNBOOK);
        let switch = desk.path("reads-from");
        fs::write(&switch, "replica\n").unwrap();
        let desk = desk.with_pack(&pack(&primary, &replica, &shop, &switch));
        let tasks = vec![
            start_in_background(beat(primary.url())),
            start_in_background(read(shop.clone(), switch.clone(), primary.password_url(), replica.url())),
            start_in_background(order(shop.url("/order"))),
        ];
        let outage = Outage { desk, replica, shop, primary, tasks, _reports: reports };
        outage.back_up();
        wait_until("customers can order", Duration::from_secs(20), || outage.can_order());
        outage
    }

    /// Somebody pauses replay on the replica, and forgets it.
    pub fn begin(&self) {
        self.replica.pause_replay();
    }

    /// True when the shop answers as it should.
    pub fn can_order(&self) -> bool {
        let curl = Command::new("curl").args(["-fsS", &self.shop.url("/order")]).output().unwrap();
        curl.status.success()
    }

    /// Which server the shop reads from.
    pub fn reads_from(&self) -> String {
        fs::read_to_string(self.desk.path("reads-from")).unwrap().trim().to_owned()
    }

    /// A dump of an hour ago: what the database could be restored to.
    fn back_up(&self) {
        let file = self.desk.path("orders.dump");
        let dump = Command::new(need::find("pg_dump").unwrap())
            .args(["-Fc", "-d", &self.primary.url(), "-f"])
            .arg(&file)
            .status()
            .unwrap();
        assert!(dump.success(), "pg_dump failed");
        let sum = Command::new("sha256sum").arg("orders.dump").current_dir(self.desk.folder.path()).output().unwrap();
        fs::write(self.desk.path("orders.dump.sha256"), sum.stdout).unwrap();
        let at = SystemTime::from(warroom::host::clock::now()) - Duration::from_secs(3600);
        fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
    }
}

impl Drop for Outage {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// The pack's text: what the runbook's commands reach, and what the console looks at.
fn pack(primary: &Postgres, replica: &Postgres, shop: &Http, switch: &Path) -> String {
    let variables = format!(
        "vars = {{ PRIMARY = \"{}\", REPLICA = \"{}\", SHOP = \"{}\", SHOP_READS = \"{}\" }}\n",
        primary.url(),
        replica.url(),
        shop.url(""),
        switch.display(),
    );
    let dumps = switch.with_file_name("*.dump");
    let rest = PACK
        .replace("{primary}", &primary.url())
        .replace("{replica}", &replica.url())
        .replace("{shop}", &shop.url(""))
        .replace("{dumps}", &dumps.display().to_string());
    variables + &rest
}

/// Connects, and keeps the connection going.
async fn connect(url: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    start_in_background(async move {
        let _ = connection.await;
    });
    Ok(client)
}

/// Writes the time into the primary, as the shop's orders would.
async fn beat(primary: String) {
    let Ok(client) = connect(&primary).await else { return };
    while client.execute("UPDATE heartbeat SET at = clock_timestamp()", &[]).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The shop: it answers well as long as it reads what is fresh, from the server that the switch names.
async fn read(shop: Arc<Http>, switch: PathBuf, primary: String, replica: String) {
    loop {
        let primary_is_wanted = fs::read_to_string(&switch).is_ok_and(|said| said.trim() == "primary");
        let url = if primary_is_wanted { &primary } else { &replica };
        let (status, body) = match age(url).await {
            Ok(age) if age < FRESH => (200, "ok\n".to_owned()),
            Ok(age) => (500, format!("what there is to read is {age:.0} s old\n")),
            Err(why) => (500, format!("{why}\n")),
        };
        shop.on("/order", Answer::new(status, body));
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// How old the newest heartbeat of a server is, in seconds.
async fn age(url: &str) -> Result<f64, tokio_postgres::Error> {
    let client = connect(url).await?;
    let query = "SELECT extract(epoch FROM clock_timestamp() - at)::float8 FROM heartbeat";
    client.query_one(query, &[]).await?.try_get(0)
}

/// Ten orders a second.
async fn order(url: String) {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build() else { return };
    loop {
        let _ = client.get(&url).send().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
