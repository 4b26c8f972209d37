//! Incidents through the program: declared, driven, read, checked; and runs that belong to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bundle;
mod exports;
mod hidden;
#[path = "../lab/mod.rs"]
mod lab;
mod masking;
mod objectives;
mod pieces;
mod proposals;
mod recording;
mod runs;
mod users;
mod verbs;
mod verify;
