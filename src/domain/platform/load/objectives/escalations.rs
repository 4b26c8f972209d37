//! Escalations against recovery targets: who is told when it is too late cannot help to keep the target.

use crate::platform::{Escalation, Pack, load::Reading, period::in_words};

pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    for (index, step) in pack.escalations.iter().enumerate() {
        let missed: Vec<String> = missed_targets(step, pack);
        if missed.is_empty() {
            continue;
        }
        let message = format!(
            "`{}` is told only after {}, when the incident must be over already ({})",
            step.to,
            in_words(step.after),
            missed.join(", ")
        );
        reading.findings.warning(reading.remembered_nth("escalations", index, "after"), message, None);
    }
}

/// The severities of a step whose time is up when it is due: `P0 within 1h`.
fn missed_targets(step: &Escalation, pack: &Pack) -> Vec<String> {
    // Without a list a step is for every severity.
    let levels =
        pack.severities.iter().filter(|level| step.severities.is_empty() || step.severities.contains(&level.level));
    levels
        .filter_map(|level| {
            let target = level.recover_within.filter(|target| !step.after.is_zero() && step.after >= *target)?;
            Some(format!("`{}` within {}", level.level, in_words(target)))
        })
        .collect()
}
