//! Runbooks that are run from their first step to their last, by the program, on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../lab/mod.rs"]
mod lab;

mod asking;
mod coming_back;
mod databases;
mod gate;
mod headless;
mod looking;
mod place;
mod restore;
mod stopping;
mod ticking;
mod unasked;
mod undoing;
mod values;
mod waiting;

use lab::desk;
