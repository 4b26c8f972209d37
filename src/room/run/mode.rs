//! What kind of run it is. Decided here and nowhere else, from the pack, the incident and what is wanted; the gate decides what
//! may start in it.

use super::RunHistory;
use crate::Room;
use warroom_runbook::run::Mode;

/// The mode of a run on this platform, for an incident or none.
pub(super) fn of_run(room: &Room, incident: Option<&dyn RunHistory>, dry_run: bool) -> Mode {
    if dry_run {
        Mode::DryRun
    } else if room.pack.is_simulated() || incident.is_some_and(RunHistory::is_drill) {
        Mode::Drill
    } else {
        Mode::Live
    }
}
