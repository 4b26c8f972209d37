//! Objectives that cannot all be kept: what a plan promises in one place and rules out in another.

use std::time::Duration;

use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions};
use jiff::{SignedDuration, Timestamp};

use super::Reading;
use crate::platform::{Component, Pack};

/// Warns about contradictions. Except for rings of dependencies they are not errors: the plan says what it says, and a
/// console is needed all the same.
pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    for component in &pack.components {
        slower_dependency(component, pack, reading);
    }
    rings(pack, reading);
    severities(pack, reading);
    backups(pack, reading);
}

/// Components that depend on each other have no start order. A ring is told once, at its first member in the pack.
fn rings(pack: &Pack, reading: &Reading<'_, '_>) {
    let mut told: Vec<&str> = Vec::new();
    for component in &pack.components {
        let Some(path) = way_back(component, pack) else { continue };
        if !path.iter().any(|id| told.contains(id)) {
            let at = reading.remembered("components", &component.id, "depends_on");
            let message = format!("the components depend on each other: {} → {}", component.id, path.join(" → "));
            reading.findings.error(at, message, Some("take one of these out of `depends_on`".to_owned()));
        }
        told.extend(path);
    }
}

/// The dependencies that lead from a component back to itself. Every component is visited once, with a list instead of
/// recursion, so that the search ends whatever the graph looks like.
fn way_back<'p>(start: &'p Component, pack: &'p Pack) -> Option<Vec<&'p str>> {
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<(&Component, Vec<&str>)> = vec![(start, Vec::new())];
    while let Some((from, path)) = open.pop() {
        for next in &from.depends_on {
            let path: Vec<&str> = path.iter().copied().chain([next.as_str()]).collect();
            if *next == start.id {
                return Some(path);
            }
            if !seen.contains(&next.as_str()) {
                seen.push(next);
                open.extend(pack.component(next).map(|component| (component, path)));
            }
        }
    }
    None
}

/// What must be up first cannot be up later.
fn slower_dependency(component: &Component, pack: &Pack, reading: &Reading<'_, '_>) {
    let Some(rto) = component.rto else { return };
    for other in component.depends_on.iter().filter_map(|id| pack.component(id)) {
        if let Some(slower) = other.rto.filter(|other| *other > rto) {
            let message = format!(
                "`{}` must be back within {} but depends on `{}`, which may take {}",
                component.id,
                words(rto),
                other.id,
                words(slower)
            );
            reading.findings.warning(reading.remembered("components", &component.id, "rto"), message, None);
        }
    }
}

/// Severities stand from worst to mildest; a worse one may not allow more time. And nobody recovers before responding.
fn severities(pack: &Pack, reading: &Reading<'_, '_>) {
    for level in &pack.severities {
        if let (Some(respond), Some(recover)) = (level.respond_within, level.recover_within)
            && recover < respond
        {
            let message = format!(
                "`{}` must be recovered within {}, before anybody has to respond ({})",
                level.level,
                words(recover),
                words(respond)
            );
            let at = reading.remembered("severities", &level.level, "recover_within");
            reading.findings.warning(at, message, None);
        }
    }
    for pair in pack.severities.windows(2) {
        let [worse, milder] = pair else { continue };
        let limits = [
            ("respond_within", worse.respond_within, milder.respond_within),
            ("recover_within", worse.recover_within, milder.recover_within),
        ];
        for (key, of_worse, of_milder) in limits {
            if let (Some(long), Some(short)) = (of_worse, of_milder)
                && long > short
            {
                let message = format!(
                    "`{}` allows {} where the milder `{}` allows only {}",
                    worse.level,
                    words(long),
                    milder.level,
                    words(short)
                );
                let at = reading.remembered("severities", &worse.level, key);
                let help = "list severities from worst to mildest".to_owned();
                reading.findings.warning(at, message, Some(help));
            }
        }
    }
}

/// A backup that is made less often than the RPO cannot keep it by itself.
fn backups(pack: &Pack, reading: &Reading<'_, '_>) {
    for policy in &pack.backups {
        let rpo = policy.component.as_deref().and_then(|id| pack.component(id)).and_then(|c| c.rpo);
        let gap = policy.schedule.as_deref().and_then(|text| schedule(text).ok()).and_then(|cron| longest_gap(&cron));
        if let (Some(rpo), Some(gap)) = (rpo, gap)
            && gap > rpo
        {
            let message = format!(
                "up to {} lie between two backups, more than the RPO of `{}` ({})",
                words(gap),
                policy.component.as_deref().unwrap_or_default(),
                words(rpo)
            );
            let help = "back up more often, or rely on replication or WAL archiving for the RPO".to_owned();
            reading.findings.warning(reading.remembered("backups", &policy.id, "schedule"), message, Some(help));
        }
    }
}

/// A five-field cron schedule, read in UTC: gaps are what matters here, and a change of clocks is not one.
pub(super) fn schedule(text: &str) -> Result<Crontab, String> {
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    // The crate's messages quote the input with a marker under it, on several lines; the last line is the cause.
    cronexpr::parse_crontab_with(text, options)
        .map_err(|error| error.to_string().lines().last().unwrap_or_default().trim_start_matches([' ', '^']).to_owned())
}

/// The longest time between two runs, over the next runs after a fixed day (a Wednesday, so that weekends are seen).
fn longest_gap(cron: &Crontab) -> Option<Duration> {
    const RUNS: usize = 200;
    let mut last = cron.find_next(Timestamp::constant(1_735_689_600, 0)).ok()?.timestamp();
    let mut longest = SignedDuration::ZERO;
    for _ in 0..RUNS {
        let Ok(next) = cron.find_next(last) else { break };
        longest = longest.max(next.timestamp().duration_since(last));
        last = next.timestamp();
    }
    Duration::try_from(longest).ok().filter(|gap| !gap.is_zero())
}

/// `1h 30m`, `4h`, `24h`.
fn words(duration: Duration) -> String {
    SignedDuration::try_from(duration).map_or_else(|_| "for ever".to_owned(), |d| format!("{d:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_of_a_weekday_schedule_is_the_weekend() {
        let gap = |text: &str| longest_gap(&schedule(text).unwrap()).unwrap().as_secs() / 3600;
        assert_eq!(gap("0 3 * * *"), 24);
        assert_eq!(gap("0 3 * * 1-5"), 72);
        assert_eq!(gap("0 */6 * * *"), 6);
        assert!(schedule("every day").is_err());
    }
}
