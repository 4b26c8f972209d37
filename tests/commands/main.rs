//! The program as a shell sees it: arguments in, exit code and text out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod check;
mod completions;
mod exec;
mod exit_codes;
mod home;
mod limits;
mod packs;
mod settings;
mod without_pack;
