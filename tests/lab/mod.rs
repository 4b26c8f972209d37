//! The lab: real servers for tests, on free loopback ports, gone when the test ends however it ends.
//!
//! Include it in an integration crate with `#[path = "../lab/mod.rs"] mod lab;`. Everything here blocks and may be
//! called from plain tests and from async ones alike: what needs a runtime uses the lab's own ([`background`]).
//!
//! ```ignore
//! #[tokio::test(flavor = "multi_thread")]
//! async fn a_stopped_replica_is_seen() {
//!     lab::require!(lab::POSTGRES);
//!     let primary = Postgres::start();
//!     let mut replica = primary.replica();
//!     replica.stop();
//!     lab::wait_until("the primary notices", SECONDS_10, || primary.sql("select count(*) from pg_stat_replication") == "0");
//! }
//! ```
#![allow(dead_code, unreachable_pub, reason = "every integration crate uses its own part of the lab")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "in a test a server that does not start is a failure of that test"
)]

mod background;
mod certificates;
pub mod desk;
mod disk;
mod hostile;
mod http;
mod kubelet;
mod kubernetes;
mod name_server;
pub mod need;
mod pgbouncer;
mod portal;
mod postgres;
mod process;
mod prometheus;
mod proxy;
mod redis;
mod redis_groups;
mod shop_cluster;
mod sockets;
mod stage;
mod terminal;
pub mod users;
mod wait;
mod whole_cluster;
mod workloads;

#[allow(unused_imports, reason = "every integration crate uses its own part of the lab")]
pub(crate) use need::require;
#[allow(unused_imports, reason = "every integration crate uses its own part of the lab")]
pub use {
    background::{background, start as start_in_background},
    certificates::{Certificates, ServerCertificate},
    desk::Desk,
    disk::Disk,
    hostile::{Hostile, Script},
    http::{Answer, Http, Page},
    kubelet::Kubelet,
    kubernetes::{Cluster, Kubernetes, Namespace, running, waiting},
    name_server::NameServer,
    need::{KUBERNETES, Need, PACKERS, PGBOUNCER, POSTGRES, PROMETHEUS, REDIS, RESTIC, TOOLS, WHOLE_CLUSTER, missing},
    pgbouncer::PgBouncer,
    portal::Portal,
    postgres::{HeldConnections, PASSWORD_ROLE, Postgres, PostgresOptions},
    process::{Folder, Port, Process},
    prometheus::Prometheus,
    proxy::Proxy,
    redis::{Redis, RedisOptions},
    redis_groups::{RedisCluster, RedisSentinel},
    sockets::{Hanging, Scripted, closed_port},
    stage::{FAULTS, Stage},
    terminal::{Terminal, TerminalOptions, binary, key},
    wait::{wait_until, wait_until_async},
    whole_cluster::WholeCluster,
    workloads::Workloads,
};
