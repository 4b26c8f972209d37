//! Alerts against the severity that they propose: the time to respond, and the time to recover what they are about.

use crate::platform::{AlertRule, Component, Pack, SeverityLevel, load::Reading, period::in_words};

pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    for level in &pack.severities {
        slower_components(level, pack, reading);
    }
    for alert in &pack.alerts {
        response(alert, pack, reading);
    }
}

/// An incident is not over before the components that its alert is about are back. Each component is told once for a
/// severity, with the first alert in the pack.
fn slower_components(level: &SeverityLevel, pack: &Pack, reading: &Reading<'_, '_>) {
    let Some(target) = level.recover_within else { return };
    let mut told: Vec<&str> = Vec::new();
    for alert in pack.alerts.iter().filter(|alert| alert.severity == level.level) {
        for component in subjects(alert, pack) {
            let Some(rto) = component.rto.filter(|rto| *rto > target) else { continue };
            if told.contains(&component.id.as_str()) {
                continue;
            }
            told.push(&component.id);
            let message = format!(
                "a `{}` must be over within {}, but `{}`, which its alert `{}` is about, may take {} (its RTO)",
                level.level,
                in_words(target),
                component.id,
                alert.id,
                in_words(rto)
            );
            reading.findings.warning(reading.remembered("severities", &level.level, "recover_within"), message, None);
        }
    }
}

/// The components that a condition reads, by themselves or through their probes, in the order of the pack.
fn subjects<'p>(alert: &AlertRule, pack: &'p Pack) -> Vec<&'p Component> {
    let mut ids = alert.when.members_of("components").named;
    let probes = alert.when.members_of("probes").named;
    ids.extend(probes.iter().filter_map(|id| pack.probe(id)?.component.clone()));
    pack.components.iter().filter(|component| ids.contains(&component.id)).collect()
}

/// A response time of the alert's own, where the severity has another one.
fn response(alert: &AlertRule, pack: &Pack, reading: &Reading<'_, '_>) {
    let level = pack.severities.iter().find(|level| level.level == alert.severity);
    let (Some(own), Some(general)) = (alert.respond_within, level.and_then(|level| level.respond_within)) else {
        return;
    };
    if own != general {
        let message = format!(
            "`{}` asks for a response within {}, but its severity `{}` for one within {}",
            alert.id,
            in_words(own),
            alert.severity,
            in_words(general)
        );
        reading.findings.warning(reading.remembered("alerts", &alert.id, "respond_within"), message, None);
    }
}
