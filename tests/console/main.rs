//! The console in a real terminal: what a person at the keyboard sees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../lab/mod.rs"]
mod lab;

mod ending;
mod hands;
mod hidden;
mod job_control;
mod journal;
mod looks;
mod modes;
mod palette;
mod peers;
mod platform;
mod runbooks;
mod starting;
mod timeline;
mod working;
