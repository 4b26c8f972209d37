//! Objectives that cannot all be kept: what a plan promises in one place and rules out in another.
//!
//! Except for rings of dependencies these are warnings, not errors: the plan says what it says, and a console is needed all
//! the same. What a runbook promises is held against the pack in `runbook::objectives`.

mod backups;
mod components;
mod criteria;
mod escalations;
mod recovery;
mod severities;

use super::Reading;
use crate::platform::Pack;

pub(super) use backups::schedule;

/// Warns about contradictions.
pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    components::check(pack, reading);
    severities::check(pack, reading);
    criteria::check(pack, reading);
    recovery::check(pack, reading);
    escalations::check(pack, reading);
    backups::check(pack, reading);
}
