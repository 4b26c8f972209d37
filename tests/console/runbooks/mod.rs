//! Runbooks in the console, as a person at the keyboard goes through them.

mod failing;
mod interactive;
mod looking;
mod options;
mod output;
mod picker;
mod protected;
mod read_only;
mod restore;
mod saved;
mod secrets;
mod steps;
mod variables;
mod waiting;

use crate::{
    hands::{agree, choose, go_to, is_marked, pick, run, selection, soon, wanted_name, words},
    lab::{Desk, Terminal},
};

/// The console on a desk, with its only runbook open.
fn open(desk: &Desk, title: &str, more: &[&str]) -> Terminal {
    let terminal = desk.options(more).size(120, 40).start();
    pick(&terminal, title);
    terminal
}
