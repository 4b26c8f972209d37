//! Backup schedules against the RPO of what they keep.

use std::{cmp::Ordering, time::Duration};

use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions};
use jiff::{SignedDuration, Timestamp};

use crate::platform::{Pack, load::Reading, period::in_words};

/// A backup that is made less often than the RPO cannot keep it by itself. Neither can one that is made just as often: it
/// holds what was there when it began, and counts when it has ended.
pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    for policy in &pack.backups {
        let rpo = policy.component.as_deref().and_then(|id| pack.component(id)).and_then(|c| c.rpo);
        let gap = policy.schedule.as_deref().and_then(|text| schedule(text).ok()).and_then(|cron| longest_gap(&cron));
        let (Some(rpo), Some(gap)) = (rpo, gap) else { continue };
        let component = policy.component.as_deref().unwrap_or_default();
        let message = match gap.cmp(&rpo) {
            Ordering::Less => continue,
            // What is written after a backup has begun is in none until the next one has ended.
            Ordering::Equal => format!(
                "up to {} lie between two backups, the whole RPO of `{component}`: no time is left for making one",
                in_words(gap)
            ),
            Ordering::Greater => format!(
                "up to {} lie between two backups, more than the RPO of `{component}` ({})",
                in_words(gap),
                in_words(rpo)
            ),
        };
        let help = "back up more often, or rely on replication or WAL archiving for the RPO".to_owned();
        reading.findings.warning(reading.remembered("backups", &policy.id, "schedule"), message, Some(help));
    }
}

/// A five-field cron schedule, read in UTC: gaps are what matters here, and a change of clocks is not one.
pub(in crate::platform::load) fn schedule(text: &str) -> Result<Crontab, String> {
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::UTC;
    // The crate's messages quote the input with a marker under it, on several lines; the last line is the cause.
    cronexpr::parse_crontab_with(text, options)
        .map_err(|error| error.to_string().lines().last().unwrap_or_default().trim_start_matches([' ', '^']).to_owned())
}

/// The longest time between two runs, over eight days from a fixed one, so that nights and weekends are seen, and at least over the next
/// 200 runs, so that months are.
fn longest_gap(cron: &Crontab) -> Option<Duration> {
    const RUNS: usize = 200;
    const DAYS: SignedDuration = SignedDuration::from_hours(8 * 24);
    let first = cron.find_next(Timestamp::constant(1_735_689_600, 0)).ok()?.timestamp();
    let (mut last, mut longest) = (first, SignedDuration::ZERO);
    for run in 0.. {
        if run >= RUNS && last.duration_since(first) > DAYS {
            break;
        }
        let Ok(next) = cron.find_next(last) else { break };
        longest = longest.max(next.timestamp().duration_since(last));
        last = next.timestamp();
    }
    Duration::try_from(longest).ok().filter(|gap| !gap.is_zero())
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
        // More than 200 runs a day: the night is still seen, and the weekend.
        assert_eq!(gap("*/5 6-23 * * *"), 6);
        assert_eq!(gap("*/5 0-20 * * 1-5"), 51);
        assert_eq!(gap("* * 1 * *"), 30 * 24);
        assert!(schedule("every day").is_err());
    }
}
