//! How long a runbook says that it, or a step of it, takes.
//!
//! | what | where it is said |
//! | --- | --- |
//! | the runbook | `estimated` in the front matter, else the first length of time of the section *Estimated Time* |
//! | a step | a bold label at the start of a line (`**Estimated Time:** 10 minutes`), else the end of its title (`(~10 min)`) |
//!
//! Of a range (`10-30 minutes`) the upper end counts: later than that is later than anybody expected. A range in a title says nothing
//! here: such titles name a window of the incident (`15-30 min`), not how long the step takes.

use std::{sync::LazyLock, time::Duration};

use regex::Regex;

use super::{Runbook, SectionKind, Step};

/// A number, or a range of two, and a unit.
const AMOUNT: &str = r"(\d{1,6}(?:\.\d{1,3})?)(?:\s*(?:-|–|—|to)\s*(\d{1,6}(?:\.\d{1,3})?))?\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)";

/// How long the whole runbook takes.
pub fn of_runbook(runbook: &Runbook) -> Option<Duration> {
    let section = || {
        let section = runbook.sections.iter().find(|section| section.kind == SectionKind::EstimatedTime)?;
        amount(runbook.source.get(section.body.clone())?, true)
    };
    runbook.front.estimated.or_else(section)
}

/// How long one of its steps takes.
pub fn of_step(runbook: &Runbook, step: &Step) -> Option<Duration> {
    static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let words = r"(?:estimated|expected)\s+(?:time|duration)|estimate|duration";
        Regex::new(&format!(r"(?im)^[ \t]*(?:[-*][ \t]+)?\*\*(?:{words})(?::\*\*|\*\*:)(.*)$")).ok()
    });
    static TITLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\(([^()]*)\)\s*$").ok());
    let labelled = || {
        let body = runbook.source.get(step.body.clone())?;
        amount(LABEL.as_ref()?.captures(body)?.get(1)?.as_str(), true)
    };
    let titled = || amount(TITLE.as_ref()?.captures(&step.title)?.get(1)?.as_str(), false);
    labelled().or_else(titled)
}

/// The length of time that a text begins with: `20 minutes`, `about 1 h 30 min`, `30-60 minutes, then wait`.
fn amount(text: &str, ranges: bool) -> Option<Duration> {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let about = r"(?:about|around|approximately|approx\.?|circa|ca\.|up\s+to|~|≈|<)?";
        Regex::new(&format!(r"(?i)^\s*{about}\s*{AMOUNT}(?:\s*{AMOUNT})?(?:[^[:alnum:]]|$)")).ok()
    });
    let found = SHAPE.as_ref()?.captures(text)?;
    let part = |first: usize| -> Option<f64> {
        let low = found.get(first)?.as_str();
        let high = found.get(first + 1);
        if high.is_some() && !ranges {
            return None;
        }
        let number: f64 = high.map_or(low, |high| high.as_str()).parse().ok()?;
        Some(number * seconds(found.get(first + 2)?.as_str()))
    };
    Duration::try_from_secs_f64(part(1)? + part(4).unwrap_or(0.0)).ok()
}

fn seconds(unit: &str) -> f64 {
    match unit.to_ascii_lowercase().as_bytes() {
        [b's', ..] => 1.0,
        [b'm', ..] => 60.0,
        [b'h', ..] => 3600.0,
        _ => 86_400.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn minutes(text: &str) -> Option<u64> {
        amount(text, true).map(|found| found.as_secs() / 60)
    }

    #[test]
    fn lengths_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("20 minutes", Some(20)),
            ("15 minutes; failing back takes a day", Some(15)),
            ("60 minutes, of which 40 are the restore", Some(60)),
            ("30-60 minutes (DB RTO 2 h)", Some(60)),
            ("2–4 hours", Some(240)),
            ("about 1 h 30 min", Some(90)),
            ("1h30m", Some(90)),
            ("~5min", Some(5)),
            ("[X] minutes/hours", None),
            ("it depends", None),
            ("3 monkeys", None),
            ("", None),
        ] {
            assert_eq!(minutes(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_runbook_says_it_in_its_front_matter_or_in_its_section() {
        let section = "# A\n\n## Estimated Time\n\n20 minutes\n\n## Steps\n\n### 1. Look\n";
        let of = |text: &str| of_runbook(&parse("a.md", text)).map(|found| found.as_secs());
        assert_eq!(of(section), Some(1200));
        assert_eq!(of(&format!("---\nestimated: 45m\n---\n{section}")), Some(2700));
        assert_eq!(of("# A\n\n## Steps\n\n### 1. Look\n"), None);
    }

    #[test]
    fn a_step_says_it_under_a_label_or_in_its_title() {
        let text = "# A\n\n## Steps\n\n### 1. Look\n\n**Estimated Time:** 2-3 minutes\n\n### 2. Restore (~40 min)\n\n\
            ### 3. Contain (0-15 min)\n\n### 4. Write\n\nIt has a duration: 5 minutes.\n";
        let runbook = parse("a.md", text);
        let said: Vec<_> = runbook.steps().map(|step| of_step(&runbook, step).map(|found| found.as_secs())).collect();
        assert_eq!(said, [Some(180), Some(2400), None, None]);
    }
}
