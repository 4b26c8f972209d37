//! Tests against real servers: one module a subject, all on the same lab.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking and says on standard error why it was skipped"
)]

#[path = "../lab/mod.rs"]
mod lab;

mod backup;
mod command;
mod data_tls;
mod dns;
mod hostile;
mod http;
mod kubernetes;
mod lab_itself;
mod look;
mod looking;
mod metrics;
mod nothing_done;
mod place;
mod postgres;
mod postgres_states;
mod prometheus;
mod redis;
mod redis_states;
mod replication;
mod replication_states;
mod states;
mod statuspage;
mod tcp;
mod tls;
mod workloads;
