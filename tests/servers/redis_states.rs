//! The states of Redis alone, behind Sentinel and in a Cluster, each produced by real servers.

use std::time::Duration;

use warroom::health::Status;

use crate::{
    lab::{self, Hanging, Redis, RedisCluster, RedisOptions, RedisSentinel},
    states::States,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn at(url: &str, further: &str) -> String {
    format!("kind = \"redis\"\nurl = \"{url}\"\n{further}")
}

#[test]
fn one_server() {
    lab::require!(lab::REDIS);
    let mut states = States::default();
    let mut server = RedisOptions::default().password("s3cret").start();
    let replica = server.replica();
    let as_replica = "expect = \"replica\"";
    states.row("master", &at(&server.url(), ""), Status::Ok, "master, ");
    states.row("replica", &at(&replica.url(), as_replica), Status::Ok, ", link up");
    states.row("replica as a master", &at(&replica.url(), ""), Status::Down, "is a read-only replica of ");
    states.row("master as a replica", &at(&server.url(), as_replica), Status::Down, "is a master, not a replica");
    states.row("no password", &at(&server.url_without_password(), ""), Status::Unknown, "wants a password (NOAUTH)");
    replica.lose_master();
    states.row("link down", &at(&replica.url(), as_replica), Status::Down, "link to master 127.0.0.1:");
    server.stop();
    states.row("stopped", &at(&server.url(), ""), Status::Down, "connection refused by ");
    let mut loading = Redis::start();
    loading.restart_loading();
    states.row("loading", &at(&loading.url(), ""), Status::Down, "loading the dataset into memory");
    let hanging = Hanging::start();
    let silent = at(&format!("redis://{}", hanging.address()), "").replace("10s", "1s");
    states.row("silent", &silent, Status::Unknown, "accepted the connection but does not answer");
    states.finish();
}

#[test]
fn one_server_that_refuses_writes() {
    lab::require!(lab::REDIS);
    let mut states = States::default();
    let full = RedisOptions::default().maxmemory("4mb").start();
    full.fill_memory();
    let says = "writes are refused: out of memory (noeviction)";
    states.row("out of memory", &at(&full.url(), ""), Status::Down, says);

    let server = RedisOptions::default().setting("dbfilename", "cannot.rdb").setting("save", "3600 1").start();
    in_the_way(&server, "cannot.rdb");
    server.cli(&["SET", "a", "1"]);
    server.cli(&["BGSAVE"]);
    lab::wait_until("the save has failed", PATIENCE, || server.info("rdb_last_bgsave_status") == "err");
    let says = "writes are refused: the last save to disk failed (MISCONF)";
    states.row("failed save", &at(&server.url(), ""), Status::Down, says);
    server.cli(&["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"]);
    states.row("failed save, writes go on", &at(&server.url(), ""), Status::Warn, "the last save to disk failed");

    let server = RedisOptions::default().setting("appendonly", "yes").start();
    // The rewrite ends by giving its file this name: a folder in its place is an error, for root too.
    in_the_way(&server, "appendonlydir/appendonly.aof.2.base.rdb");
    server.cli(&["BGREWRITEAOF"]);
    lab::wait_until("the rewrite has failed", PATIENCE, || server.info("aof_last_bgrewrite_status") == "err");
    assert_eq!(server.cli(&["SET", "a", "1"]), "OK");
    let says = "the last rewrite of the append-only file failed";
    states.row("failed rewrite", &at(&server.url(), ""), Status::Warn, says);

    let server = RedisOptions::default().setting("min-replicas-to-write", 1).start();
    assert!(server.cli(&["SET", "a", "1"]).contains("NOREPLICAS"));
    let says = "writes are refused: 0 of 1 required replicas are in time (NOREPLICAS)";
    states.row("no replica", &at(&server.url(), ""), Status::Down, says);
    server.cli(&["ACL", "SETUSER", "watcher", "on", ">pw", "+ping", "+info", "+client"]);
    let watcher = format!("redis://watcher:pw@{}", server.address());
    let says = "writes are refused: no replica is in time (NOREPLICAS)";
    states.row("no replica, limit hidden", &at(&watcher, ""), Status::Down, says);
    let _replica = server.replica();
    lab::wait_until("the replica is in time", PATIENCE, || server.info("min_slaves_good_slaves") == "1");
    states.row("enough replicas", &at(&server.url(), ""), Status::Ok, "master, ");
    let says = "replicas in time: 1, but how many a write needs is hidden (NOPERM)";
    states.row("some replicas, limit hidden", &at(&watcher, ""), Status::Unknown, says);
    server.cli(&["CONFIG", "SET", "min-replicas-to-write", "2"]);
    let says = "writes are refused: 1 of 2 required replicas are in time (NOREPLICAS)";
    states.row("too few replicas", &at(&server.url(), ""), Status::Down, says);

    let server = RedisOptions::default().setting("maxclients", 1).start();
    let holder = redis::Client::open(server.url()).unwrap();
    let held = holder.get_connection().unwrap();
    let says = "refuses connections: max number of clients reached";
    states.row("max clients", &at(&server.url(), ""), Status::Down, says);
    drop(held);
    states.finish();
}

/// A folder in the place of a file that the server is going to write.
fn in_the_way(server: &Redis, file: &str) {
    let folder = server.cli(&["CONFIG", "GET", "dir"]);
    std::fs::create_dir_all(format!("{}/{file}/in-the-way", folder.lines().last().unwrap())).unwrap();
}

fn url(group: &RedisSentinel, password: &str, turned: bool) -> String {
    let mut addresses = group.addresses();
    if turned {
        addresses.reverse();
    }
    format!("redis+sentinel://{password}{}/{}", addresses.join(","), RedisSentinel::SERVICE)
}

#[test]
fn behind_sentinels_that_do_not_all_see_the_master() {
    lab::require!(lab::REDIS);
    let mut states = States::default();
    // A Sentinel without the password gets NOAUTH for its PING, and holds the master for down.
    let sees = "sentinel auth-pass lab s3cret";
    let three = |second: &str| {
        let group = RedisSentinel::watching(RedisOptions::default().password("s3cret"), 2, &[sees, second, ""]);
        let blind = (0..3).filter(|sentinel| *sentinel == 2 || (*sentinel == 1 && second.is_empty()));
        for sentinel in blind {
            lab::wait_until("it holds the master for down", PATIENCE, || {
                group.ask(sentinel, &["SENTINEL", "MASTER", RedisSentinel::SERVICE]).contains("s_down")
            });
        }
        group
    };
    let group = three(sees);
    for turned in [false, true] {
        let says = format!("1 of 3 Sentinels holds master {} for down", group.master.address());
        states.row("one voice", &at(&url(&group, ":s3cret@", turned), ""), Status::Warn, &says);
    }
    let group = three("");
    for turned in [false, true] {
        let says = format!("2 of 3 Sentinels hold master {} for down", group.master.address());
        states.row("quorum", &at(&url(&group, ":s3cret@", turned), ""), Status::Down, &says);
    }
    states.finish();
}

#[test]
fn behind_a_sentinel_while_the_master_goes_and_returns() {
    lab::require!(lab::REDIS);
    let mut states = States::default();
    // Sentinel cannot make this one a replica when it is back.
    let stubborn =
        RedisOptions::default().setting("rename-command", "SLAVEOF ").setting("rename-command", "REPLICAOF ");
    let mut group = RedisSentinel::watching(stubborn, 1, &[""]);
    let service = at(&url(&group, "", false), "");
    let as_replica = format!("{service}expect = \"replica\"");
    states.row("master by Sentinel", &service, Status::Ok, &format!("at {}", group.master.address()));
    lab::wait_until("Sentinel has met the replica", PATIENCE, || {
        group.cli(&["SENTINEL", "REPLICAS", "lab"]).contains("master-link-status\nok")
    });
    states.row("replica by Sentinel", &as_replica, Status::Ok, &format!("at {}", group.replica.address()));
    group.replica.lose_master();
    lab::wait_until("Sentinel knows of the lost link", PATIENCE, || {
        group.cli(&["SENTINEL", "REPLICAS", "lab"]).contains("master-link-status\nerr")
    });
    states.row("replica without its link", &as_replica, Status::Down, "no healthy replica of lab, says Sentinel");
    lab::wait_until("Sentinel has put it right", PATIENCE, || {
        group.cli(&["SENTINEL", "REPLICAS", "lab"]).contains("master-link-status\nok")
    });
    group.master.kill();
    states.row("master gone", &service, Status::Down, &format!("connection refused by {}", group.master.address()));
    let heir = group.replica.port().to_string();
    lab::wait_until("the replica is the master", PATIENCE, || {
        group.cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "lab"]).contains(&heir)
    });
    group.master.run();
    lab::wait_until("Sentinel sees the old master", PATIENCE, || {
        let known = group.cli(&["SENTINEL", "REPLICAS", "lab"]);
        known.contains("role-reported\nmaster") && !known.contains("s_down") && !known.contains("disconnected")
    });
    lab::wait_until("Sentinel sees the new master", PATIENCE, || {
        group.cli(&["SENTINEL", "MASTER", "lab"]).contains("flags\nmaster\n")
    });
    assert_eq!(group.master.cli(&["SET", "lost", "1"]), "OK");
    let (new, old) = (group.replica.address(), group.master.address());
    let says = format!("split brain: {new} and {old} both accept writes");
    states.row("a master that came back", &service, Status::Down, &says);
    let says = format!("{old} is a master again: it takes writes that will be lost");
    states.row("a master among the replicas", &as_replica, Status::Warn, &says);
    states.finish();
}

#[test]
fn a_cluster_whose_slots_are_not_all_served() {
    lab::require!(lab::REDIS);
    let mut states = States::default();
    let mut cluster = RedisCluster::start_with("no");
    let service = at(&format!("redis+cluster://{}", cluster.addresses().join(",")), "");
    states.row("cluster", &service, Status::Ok, "cluster ok, 3 masters, 0 replicas");
    let all_know = |cluster: &RedisCluster, words: &str| {
        lab::wait_until(words, PATIENCE, || {
            cluster.nodes[..2].iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains(words))
        });
    };
    // Redis 8.2 and Valkey 8.0 learn the owner again from one that has not let go yet.
    lab::wait_until("no node owns them", PATIENCE, || {
        let infos = cluster.nodes.iter().rev().map(|node| {
            node.cli(&["CLUSTER", "DELSLOTSRANGE", "10923", "16383"]);
            node.cli(&["CLUSTER", "INFO"])
        });
        infos.filter(|info| info.contains("cluster_slots_assigned:10923")).count() == 3
    });
    assert!(cluster.nodes[0].cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
    let says = "5461 of 16384 slots are not served: no node owns 5461";
    states.row("slots without an owner", &service, Status::Down, says);
    cluster.nodes[2].cli(&["CLUSTER", "ADDSLOTSRANGE", "10923", "16383"]);
    all_know(&cluster, "cluster_slots_assigned:16384");
    cluster.nodes[2].kill();
    all_know(&cluster, "cluster_slots_fail:5461");
    let says = format!("5461 of 16384 slots are not served: {} failed", cluster.nodes[2].address());
    states.row("a master that failed", &service, Status::Down, &says);
    states.finish();
}
