//! What the `redis` probe says of servers alone, behind Sentinel and in a Cluster.

use std::time::Duration;

use proptest::prelude::*;
use warroom::{
    health::{Status, Unit},
    platform::{ProbeTarget, RedisRole, SecretText},
};

use crate::{
    lab::{self, Hanging, Redis, RedisCluster, RedisOptions, RedisSentinel, Scripted},
    looking::{Looking, assert_said, judged, number},
};

fn target(url: &str, expect: RedisRole) -> ProbeTarget {
    ProbeTarget::Redis { url: SecretText::Literal(url.to_owned()), expect }
}

fn master(url: &str) -> Looking {
    Looking::at(target(url, RedisRole::Master))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_master_shows_latency_memory_keys_and_replicas() {
    lab::require!(lab::REDIS);
    let server = RedisOptions::default().password("s3cret").maxmemory("100mb").start();
    let _replica = server.replica();
    server.cli(&["SET", "a", "1"]);
    server.cli(&["GET", "a"]);
    server.cli(&["GET", "b"]);
    let probe = master(&server.url());
    let seen = probe
        .until("the replica is online", |seen| seen.details["replication"]["replicas"][0]["state"] == "online")
        .await;
    assert_said(&seen, Status::Ok, "master, ");
    assert!(seen.summary.contains(" of 105 MB"), "{}", seen.summary);
    assert_eq!(seen.unit, Some(Unit::Milliseconds));
    assert!(number(&seen, "/ping_ms") < 5000.0);
    assert_eq!(number(&seen, "/keys"), 1.0);
    assert_eq!(number(&seen, "/hit_percent"), 50.0);
    // Valkey says in `redis_version` with which Redis it is compatible.
    let own = ["valkey_version", "redis_version"].map(|field| server.info(field));
    let (name, version) = if own[0].is_empty() { ("Redis", &own[1]) } else { ("Valkey", &own[0]) };
    assert_eq!((&seen.details["server"], &seen.details["version"]), (&name.into(), &version.as_str().into()));
    assert_eq!(seen.details["memory"]["policy"], "noeviction");
    assert_eq!(seen.details["databases"][0]["keys"], 1);
    assert_eq!(seen.details["replication"]["replicas"][0]["state"], "online");
    let again = probe.look().await;
    assert_eq!(number(&again, "/evictions_since_last_look"), 0.0);
    // One connection, by name, that has written nothing.
    assert_eq!(server.cli(&["CLIENT", "LIST"]).matches("name=warroom").count(), 1);
    assert_eq!(server.cli(&["DBSIZE"]), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_memory_limit_is_ok_by_the_usual_thresholds() {
    lab::require!(lab::REDIS);
    let server = Redis::start();
    let reading = judged(target(&server.url(), RedisRole::Master)).await;
    assert_eq!(reading.status, Status::Ok, "{}", reading.summary);
    assert!(reading.details["memory"].get("used_percent").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_do_not_fit_are_unknown_and_not_shown() {
    lab::require!(lab::REDIS);
    let server = RedisOptions::default().password("s3cret").start();
    assert_said(
        &master(&server.url_without_password()).look().await,
        Status::Unknown,
        "answers, but wants a password (NOAUTH)",
    );
    let wrong = master(&format!("redis://:guess-it@{}", server.address())).look().await;
    assert_said(&wrong, Status::Unknown, "refuses our password (WRONGPASS)");
    assert!(!wrong.summary.contains("guess-it"));
    let open = Redis::start();
    let needless = master(&format!("redis://:guess-it@{}", open.address())).look().await;
    assert_said(&needless, Status::Unknown, "has no password, and the URL gives one");
    open.cli(&["ACL", "SETUSER", "limited", "on", ">pw", "+ping", "+client"]);
    let limited = master(&format!("redis://limited:pw@{}", open.address())).look().await;
    assert_said(&limited, Status::Unknown, "answers PING, but its role is not visible (INFO: NOPERM)");
    open.cli(&["ACL", "SETUSER", "nothing", "on", ">pw"]);
    let nothing = master(&format!("redis://nothing:pw@{}", open.address())).look().await;
    assert_said(&nothing, Status::Unknown, "our user may not do this (NOPERM)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_refuses_and_comes_back_by_itself() {
    lab::require!(lab::REDIS);
    let mut server = Redis::start();
    let probe = master(&server.url());
    assert_said(&probe.look().await, Status::Ok, "master");
    server.stop();
    assert_said(&probe.look().await, Status::Down, &format!("connection refused by {}", server.address()));
    server.run();
    assert_said(&probe.look().await, Status::Ok, "master");
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_is_down_with_the_time_to_go() {
    lab::require!(lab::REDIS);
    let mut server = Redis::start();
    server.restart_loading();
    let seen = master(&server.url()).look().await;
    assert_said(&seen, Status::Down, "loading the dataset into memory");
    assert_eq!(seen.details["persistence"]["loading"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_no_master_and_a_lost_link_is_told() {
    lab::require!(lab::REDIS);
    let server = Redis::start();
    let replica = server.replica();
    let seen = master(&replica.url()).look().await;
    assert_said(&seen, Status::Down, &format!("is a read-only replica of {}", server.address()));
    let as_replica = Looking::at(target(&replica.url(), RedisRole::Replica));
    assert_said(&as_replica.look().await, Status::Ok, &format!("replica of {}, link up", server.address()));
    assert_said(
        &Looking::at(target(&server.url(), RedisRole::Replica)).look().await,
        Status::Down,
        "is a master, not a replica",
    );
    replica.lose_master();
    let seen = as_replica.look().await;
    assert_said(&seen, Status::Down, "link to master 127.0.0.1:");
    assert!(seen.summary.contains(" is down"), "{}", seen.summary);
    assert_said(&Looking::at(target(&replica.url(), RedisRole::Any)).look().await, Status::Warn, "is down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_refuses_writes() {
    lab::require!(lab::REDIS);
    let server = RedisOptions::default().maxmemory("4mb").start();
    let probe = master(&server.url());
    assert_said(&probe.look().await, Status::Ok, "master");
    server.fill_memory();
    let seen = probe.look().await;
    assert_said(&seen, Status::Down, "writes are refused: out of memory (noeviction)");
    assert!(number(&seen, "/memory/used_percent") >= 100.0);
    assert!(number(&seen, "/refused_for_memory_since_last_look") > 0.0);
    server.cli(&["FLUSHALL"]);
    probe.until("there is room again", |seen| seen.verdict == Status::Ok).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_save_refuses_writes() {
    lab::require!(lab::REDIS);
    let server = RedisOptions::default().setting("dbfilename", "cannot.rdb").setting("save", "3600 1").start();
    // A folder in the place of the file: the save fails, for root too.
    let folder = server.cli(&["CONFIG", "GET", "dir"]);
    let folder = folder.lines().last().unwrap();
    std::fs::create_dir_all(format!("{folder}/cannot.rdb/in-the-way")).unwrap();
    server.cli(&["SET", "a", "1"]);
    server.cli(&["BGSAVE"]);
    let probe = master(&server.url());
    let seen = probe.until("the save has failed", |seen| seen.verdict != Status::Ok).await;
    assert_said(&seen, Status::Down, "writes are refused: the last save to disk failed (MISCONF)");
    assert_eq!(seen.details["persistence"]["last_save_ok"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_is_told_although_the_server_hangs_up_at_once() {
    lab::require!(lab::REDIS);
    let server = RedisOptions::default().setting("maxclients", 1).start();
    let holder = redis::Client::open(server.url()).unwrap();
    let _held = holder.get_connection().unwrap();
    for _ in 0..5 {
        assert_said(
            &master(&server.url()).look().await,
            Status::Down,
            "refuses connections: max number of clients reached",
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_other_protocols_are_told_apart() {
    let hanging = Hanging::start();
    let url = format!("redis://:secret@{}", hanging.address());
    let seen = Looking::within(target(&url, RedisRole::Master), Duration::from_millis(300)).look().await;
    assert_said(&seen, Status::Unknown, &format!("{} accepted the connection but does not answer", hanging.address()));
    let web = Scripted::start("HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_said(&master(&format!("redis://{}", web.address())).look().await, Status::Down, "not in the Redis protocol");
    let denied = Scripted::start("-DENIED Redis is running in protected mode because protected mode is enabled\r\n");
    assert_said(&master(&format!("redis://{}", denied.address())).look().await, Status::Unknown, "protected mode");
    assert_said(&master("redis://nosuchhost.invalid").look().await, Status::Unknown, "does not resolve here");
    assert_said(
        &master("unix:///nonexistent/redis.sock").look().await,
        Status::Down,
        "no server listens on /nonexistent/redis.sock",
    );
    assert_said(
        &master("rediss://localhost:notaport").look().await,
        Status::Unknown,
        "the Redis URL from the pack cannot be read",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_to_a_server_without_it_is_unknown() {
    lab::require!(lab::REDIS);
    let server = Redis::start();
    let secure = target(&format!("rediss://{}", server.address()), RedisRole::Master);
    let seen = Looking::within(secure, Duration::from_millis(500)).look().await;
    assert_said(&seen, Status::Unknown, "accepted the connection but does not begin TLS");
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinel_leads_to_the_master_also_after_a_failover() {
    lab::require!(lab::REDIS);
    let mut group = RedisSentinel::start();
    let url = format!("redis+sentinel://{}/{}", group.address(), RedisSentinel::SERVICE);
    let probe = master(&url);
    let seen = probe.look().await;
    assert_said(&seen, Status::Ok, &format!("at {}", group.master.address()));
    assert_eq!(seen.details["sentinel"]["address"], group.master.address());
    assert_eq!(seen.details["sentinel"]["quorum_ok"], true);
    let replica = Looking::at(target(&url, RedisRole::Replica));
    let replica = replica.until("Sentinel has met the replica", |seen| seen.verdict == Status::Ok).await;
    assert_said(&replica, Status::Ok, &format!("at {}", group.replica.address()));
    group.master.kill();
    let seen = probe.look().await;
    assert_said(&seen, Status::Down, &format!("connection refused by {}", group.master.address()));
    let words = format!("at {}", group.replica.address());
    probe.until("the replica is the master", |seen| seen.verdict == Status::Ok && seen.summary.contains(&words)).await;
    let wrong = master(&format!("redis+sentinel://{}/nobody", group.address())).look().await;
    assert_said(&wrong, Status::Unknown, "knows no master called nobody");
    let not = master(&format!("redis+sentinel://{}/lab", group.replica.address())).look().await;
    assert_said(&not, Status::Unknown, "is not a Sentinel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_looked_at_node_by_node() {
    lab::require!(lab::REDIS);
    let mut cluster = RedisCluster::start();
    let addresses = cluster.addresses();
    let probe = master(&format!("redis+cluster://{},{}", addresses[0], addresses[1]));
    let seen = probe.look().await;
    assert_said(&seen, Status::Ok, "cluster ok, 3 masters, 0 replicas");
    assert_eq!(number(&seen, "/cluster/slots_ok"), 16384.0);
    assert_eq!(seen.details["nodes"].as_array().unwrap().len(), 3);
    cluster.nodes[0].kill();
    cluster.await_failure(1);
    let seen = probe.until("the failure is known", |seen| seen.summary.contains("failed")).await;
    assert_said(&seen, Status::Down, "cluster state fail: 10923 of 16384 slots served");
    assert!(seen.summary.contains(&format!("{} failed", addresses[0])), "{}", seen.summary);
    cluster.nodes[0].run();
    probe.until("it is whole again", |seen| seen.verdict == Status::Ok).await;
    // A node that hangs is named, and hides nothing of the others.
    cluster.nodes[0].freeze();
    let url = format!("redis+cluster://{},{}", addresses[0], addresses[1]);
    let seen = Looking::within(target(&url, RedisRole::Master), Duration::from_secs(2)).look().await;
    assert!(seen.summary.contains(&addresses[0]), "{}", seen.summary);
    assert!(seen.details["nodes"][2]["ping_ms"].is_number() || seen.details["nodes"][1]["ping_ms"].is_number());
    cluster.nodes[0].thaw();
    let alone = Redis::start();
    let seen = master(&format!("redis+cluster://{}", alone.address())).look().await;
    assert_said(&seen, Status::Unknown, "is not part of a cluster");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_a_socket_answers_is_never_ok(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 1..400),
            "[+\\-:$*_#,(!=%~>|][ -~]{0,20}\r\n".prop_map(String::into_bytes),
            // The right answers to CLIENT SETNAME and PING, then anything.
            proptest::collection::vec(any::<u8>(), 0..200).prop_map(|tail| [b"+OK\r\n+PONG\r\n".to_vec(), tail].concat()),
        ],
        scheme in prop_oneof![Just("redis"), Just("redis+sentinel"), Just("redis+cluster")],
    ) {
        let server = Scripted::start(bytes);
        let url = format!("{scheme}://{}/{}", server.address(), if scheme == "redis+sentinel" { "lab" } else { "" });
        let seen = lab::background(async move {
            Looking::within(target(&url, RedisRole::Master), Duration::from_secs(1)).look().await
        });
        prop_assert!(matches!(seen.verdict, Status::Down | Status::Unknown), "{}", seen.summary);
    }
}
