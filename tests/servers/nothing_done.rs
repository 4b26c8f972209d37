//! What the linter says of commands that do nothing and succeed, against the programs themselves: the form that it warns of ends with 0,
//! and the one that it names does not.

use std::{
    net::Ipv4Addr,
    process::{Command, Output},
};

use serde_json::json;

use super::lab::{self, Answer, Http, NameServer, Postgres, Redis};

/// Runs shell with these programs first on the path; `None`, with the reason printed, where one is not installed.
fn shell(programs: &[&str], code: &str, environment: &[(&str, &str)]) -> Option<Output> {
    let newest =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path()).max();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = newest.map_or(path.clone(), |newest| format!("{}/bin:{path}", newest.display()));
    for program in programs {
        let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        if !found {
            eprintln!("skipped: {program} is not installed");
            return None;
        }
    }
    let environment = environment.iter().copied();
    Some(
        Command::new("bash").args(["-o", "pipefail", "-c", code]).env("PATH", path).envs(environment).output().unwrap(),
    )
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An API server that has no pods: kubectl is the real one, and asks it as any other.
#[test]
fn kubectl_succeeds_with_a_selector_that_matches_nothing() {
    let api = Http::start();
    let list = |kind: &str, extra: serde_json::Value| {
        let mut body = json!({"kind": kind, "apiVersion": "v1"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        Answer::json(&body)
    };
    api.on("/api", list("APIVersions", json!({"versions": ["v1"], "serverAddressByClientCIDRs": []})));
    api.on("/apis", list("APIGroupList", json!({"groups": []})));
    let pods = json!({"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "shortNames": ["po"],
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]});
    api.on("/api/v1", list("APIResourceList", json!({"groupVersion": "v1", "resources": [pods]})));
    api.on("/api/v1/namespaces/shop/pods", list("PodList", json!({"metadata": {"resourceVersion": "1"}, "items": []})));
    let home = tempfile::tempdir().unwrap();
    let environment = [("KUBECONFIG", "/dev/null"), ("HOME", home.path().to_str().unwrap())];
    let kubectl = format!("kubectl -s {} -n shop", api.url(""));
    let Some(bad) = shell(&["kubectl"], &format!("{kubectl} delete pods -l app=ap"), &environment) else { return };
    assert_eq!((code(&bad), printed(&bad).trim()), (0, "No resources found"), "{bad:?}");
    let good = format!("{kubectl} get pods -l app=ap -o name | grep . && {kubectl} delete pods -l app=ap");
    assert_eq!(code(&shell(&["kubectl"], &good, &environment).unwrap()), 1);
}

#[test]
fn aws_copies_nothing_from_a_prefix_without_objects_and_succeeds() {
    let store = Http::start();
    let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
                 <Prefix>dialy/</Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
    store.on("/b", Answer::text(empty).header("content-type", "application/xml"));
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("restore").display().to_string();
    let environment = [
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    let aws = format!("aws --endpoint-url {}", store.url(""));
    let aws = aws.trim_end_matches('/').to_owned();
    for command in ["sync", "cp --recursive"] {
        let bad = format!("{aws} s3 {command} s3://b/dialy/ {target}");
        let Some(bad) = shell(&["aws"], &bad, &environment) else { return };
        assert_eq!((code(&bad), printed(&bad).trim()), (0, ""), "{bad:?}");
    }
    let good = shell(&["aws"], &format!("{aws} s3 ls s3://b/dialy/"), &environment).unwrap();
    assert_eq!(code(&good), 1, "{good:?}");
}

#[test]
fn dig_succeeds_for_a_name_that_does_not_exist() {
    let names = NameServer::start(&[("portal.test", Ipv4Addr::LOCALHOST)]);
    let (host, port) = names.address().rsplit_once(':').unwrap();
    let dig = format!("dig @{host} -p {port} +short +tries=1");
    let Some(bad) = shell(&["dig"], &format!("{dig} portla.test"), &[]) else { return };
    assert_eq!((code(&bad), printed(&bad).as_str()), (0, ""), "{bad:?}");
    assert_eq!(code(&shell(&["dig"], &format!("{dig} portla.test | grep ."), &[]).unwrap()), 1);
    assert_eq!(code(&shell(&["dig"], &format!("{dig} portal.test | grep ."), &[]).unwrap()), 0);
}

/// Terraform 1.11.4: an address that is in no state is no error, whatever the documentation of -replace lets one expect.
#[test]
fn terraform_replaces_nothing_at_a_mistyped_address_and_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), "resource \"terraform_data\" \"a\" {}\n").unwrap();
    let home = folder.path().to_str().unwrap();
    let environment = [("HOME", home), ("CHECKPOINT_DISABLE", "1"), ("TF_CLI_CONFIG_FILE", "/dev/null")];
    let terraform = format!("cd {home} && terraform");
    let made = format!("{terraform} init -no-color && terraform apply -auto-approve -no-color");
    let Some(made) = shell(&["terraform"], &made, &environment) else { return };
    assert_eq!(code(&made), 0, "{made:?}");
    let run = |arguments: &str| shell(&["terraform"], &format!("{terraform} {arguments}"), &environment).unwrap();
    let bad = run("apply -auto-approve -no-color -replace=terraform_data.b");
    assert!(code(&bad) == 0 && printed(&bad).contains("0 added, 0 changed, 0 destroyed"), "{bad:?}");
    assert_eq!((code(&run("state show terraform_data.b")), code(&run("state show terraform_data.a"))), (1, 0));
}

#[test]
fn pg_amcheck_passes_over_databases_without_the_extension() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE EXTENSION amcheck");
    server.sql("CREATE DATABASE orders");
    let amcheck = format!("pg_amcheck -h 127.0.0.1 -p {} -U postgres --all", server.port());
    let Some(bad) = shell(&["pg_amcheck"], &amcheck, &[]) else { return };
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(code(&bad) == 0 && said.contains("skipping database \"orders\": amcheck is not installed"), "{bad:?}");
    let good = shell(&["pg_amcheck"], &format!("{amcheck} --install-missing"), &[]).unwrap();
    assert!(
        code(&good) == 0 && !String::from_utf8_lossy(&good.stderr).contains("skipping database \"orders\""),
        "{good:?}"
    );
}

#[test]
fn psql_prints_the_results_of_statements_that_are_then_rolled_back() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE TABLE notes (id int)");
    let psql = format!("psql -h 127.0.0.1 -p {} -U postgres -X -At -v ON_ERROR_STOP=1", server.port());
    let bad =
        shell(&["psql"], &format!("{psql} -c 'INSERT INTO notes VALUES (1) RETURNING id; SELECT 1/0'"), &[]).unwrap();
    assert!(printed(&bad).contains("INSERT 0 1"), "{bad:?}");
    assert_eq!((code(&bad), server.sql("SELECT count(*) FROM notes").trim()), (1, "0"));
    let good = shell(&["psql"], &format!("{psql} -c 'INSERT INTO notes VALUES (1)' -c 'SELECT 1/0'"), &[]).unwrap();
    assert_eq!((code(&good), server.sql("SELECT count(*) FROM notes").trim()), (1, "1"));
}

/// Redis 7.0: the URL form (`redis://host/99`) and `-e` do no better.
#[test]
fn redis_cli_acts_on_database_0_where_there_is_no_other() {
    lab::require!(lab::REDIS);
    let server = Redis::start();
    server.cli(&["SET", "key", "value"]);
    let cli = format!("redis-cli -p {}", server.port());
    let bad = shell(&["redis-cli"], &format!("{cli} -n 99 DEL key"), &[]).unwrap();
    assert_eq!((code(&bad), printed(&bad).trim(), server.cli(&["EXISTS", "key"]).trim()), (0, "1", "0"));
    let asked = |number: u32| {
        let command = format!("{cli} -n {number} CLIENT INFO 2>&1 | grep -q ' db={number} '");
        code(&shell(&["redis-cli"], &command, &[]).unwrap())
    };
    assert_eq!((asked(99), asked(3)), (1, 0));
}

/// restic 0.14 ends with 0; 0.17 made it exit status 3. Which one is installed decides.
#[test]
fn restic_backs_up_without_a_source_that_is_missing() {
    lab::require!(lab::RESTIC);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    std::fs::create_dir(folder.path().join("there")).unwrap();
    let environment = [("HOME", home), ("RESTIC_PASSWORD", "x"), ("RESTIC_REPOSITORY", &format!("{home}/repository"))];
    let backup = format!("restic init -q && restic backup -q {home}/there {home}/missing");
    let ended = code(&shell(&["restic"], &backup, &environment).unwrap());
    assert!([0, 3].contains(&ended), "{ended}");
    let backed_up = shell(&["restic"], "restic snapshots --json", &environment).unwrap();
    assert!(printed(&backed_up).contains("there"), "a snapshot is made in spite of it: {backed_up:?}");
}

#[test]
fn a_dump_to_dev_null_succeeds_although_it_cannot_be_restored() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE TABLE orders (customer bigint REFERENCES customers)");
    // As a replication or a repair leaves it: a row whose customer does not exist.
    server.sql("SET session_replication_role = replica; INSERT INTO orders VALUES (-1)");
    let of = format!("-h 127.0.0.1 -p {} -U postgres", server.port());
    let database = server.sql("SELECT current_database()").trim().to_owned();
    let bad = shell(&["pg_dump"], &format!("pg_dump {of} -d {database} -Fc > /dev/null"), &[]).unwrap();
    assert_eq!(code(&bad), 0, "{bad:?}");
    server.sql("CREATE DATABASE scratch");
    let good = format!("pg_dump {of} -d {database} -Fc | pg_restore {of} --exit-on-error -d scratch");
    assert_eq!(code(&shell(&["pg_restore"], &good, &[]).unwrap()), 1);
}

/// PostgreSQL 15, and against what is often said: `nextval` of an ordinary sequence is refused, that of a temporary one is not; and
/// a terminated session, a new WAL segment and a slot are no writes.
#[test]
fn a_read_only_transaction_stops_only_what_writes_tables() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE SEQUENCE numbers");
    let within = |sql: &str| server.try_sql(&format!("BEGIN READ ONLY; {sql}; COMMIT"));
    assert!(
        within("SELECT nextval('numbers')")
            .unwrap_err()
            .contains("cannot execute nextval() in a read-only transaction")
    );
    let held = server.fill_connections(3);
    let ended = within(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    );
    assert!(held.count() > 0 && ended.is_ok(), "{ended:?}");
    for call in [
        "pg_switch_wal()",
        "pg_create_restore_point('x')",
        "pg_reload_conf()",
        "pg_create_physical_replication_slot('x')",
    ] {
        assert!(within(&format!("SELECT {call}")).is_ok(), "{call}");
    }
    assert_eq!(server.sql("SELECT count(*) FROM pg_replication_slots").trim(), "1");
}
