//! Running one action: real supervisors, real shells, real processes that are killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../lab/mod.rs"]
mod lab;

mod life;
mod runs;
mod secrets;
mod session;
mod sql;
mod terminal;
mod volume;
