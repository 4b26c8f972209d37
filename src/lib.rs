//! `warroom`: live health panels next to an executable runbook, in one terminal program.
//!
//! The house, from the top down. An arrow may only point down: the members of the workspace cannot be built otherwise, and
//! `tests/architecture.rs` holds the layers inside of a member to the table.
//!
//! | layer | what it is | may use |
//! | --- | --- | --- |
//! | [`tui`], [`cli`] | the two front ends; no domain logic in either | everything below |
//! | [`room`] | one opened platform: pack, settings, probes and health wired together, headless | everything below |
//! | [`report`] | what leaves an incident for people and other programs: exports, rendered from its journal | `incident`, `host`, `health`, `runbook`, `text`, `platform` |
//! | [`exec`] | runs one action under a supervisor process, and keeps what it did | `host`, `runbook`, `text`, `platform` |
//! | [`probe`] | adapters that look at real targets, the scheduler that paces them | `host`, `health`, `text`, `platform` |
//! | [`incident`] | what happened, written down | `host`, `health`, `runbook`, `text`, `platform` |
//! | [`settings`] | layered settings of the program, with provenance | `host`, `platform` |
//! | [`host`] | this machine: clock, environment, files, secrets, signals | `text`, `platform` |
//! | [`runbook`] | pure: what a runbook says, what its commands can do, where a run of it stands | `text`, `platform` |
//! | [`health`] | pure: readings, thresholds, panels, transitions, alerts, RPO exposure | `text`, `platform` |
//! | [`text`] | pure: how other people's text is made fit to be read | nothing |
//! | [`platform`] | pure: the platform pack, its validation, expressions, scenarios | nothing |
//!
//! The pure layers know no I/O, no clock and no async: time comes in as a value.

pub use warroom_cli as cli;
pub use warroom_domain::{health, platform, text};
pub use warroom_exec as exec;
pub use warroom_host as host;
pub use warroom_incident as incident;
pub use warroom_probe as probe;
pub use warroom_report as report;
pub use warroom_room::{self as room, settings};
pub use warroom_runbook as runbook;
pub use warroom_tui as tui;
