//! What a runbook promises, held against what its pack promises.

use std::time::Duration;

use super::{Runbook, estimate};
use warroom_domain::platform::{Diagnostic, Pack, Position, period::in_words};

/// Warns about times of the front matter that the pack rules out: a recovery that takes longer than its severity or its
/// components allow, more lost data than they do, and work that is expected to outlast the runbook's own RTO.
pub fn check(runbook: &Runbook, pack: &Pack) -> Vec<Diagnostic> {
    let front = &runbook.front;
    let severity = front.severity.as_ref().and_then(|level| pack.severities.iter().find(|known| known.level == *level));
    let target = severity.and_then(|level| Some(Limit::new(format!("a `{}`", level.level), level.recover_within?)));
    let components = || front.components.iter().filter_map(|id| pack.component(id));
    let rtos = components().filter_map(|component| Some(Limit::new(format!("`{}`", component.id), component.rto?)));
    let rpos = components().filter_map(|component| Some(Limit::new(format!("`{}`", component.id), component.rpo?)));
    let recovery: Vec<Limit> = target.into_iter().chain(rtos).collect();
    let loss: Vec<Limit> = rpos.collect();

    let mut found = Vec::new();
    let mut say = |key: &str, what: &str, length: Option<Duration>, limits: &[Limit]| {
        let exceeded = length.and_then(|length| exceeded(what, length, limits));
        let said = exceeded.is_some();
        found.extend(exceeded.map(|message| Diagnostic::warning(&runbook.file, place(&runbook.source, key), message)));
        said
    };
    let too_slow = say("rto", "the RTO", front.rto, &recovery);
    say("rpo", "the RPO", front.rpo, &loss);
    // What is too slow by its own RTO need not be told once more.
    let mut expected = if too_slow { Vec::new() } else { recovery };
    expected.extend(front.rto.map(|rto| Limit::new("the runbook's own RTO".to_owned(), rto)));
    say("estimated", "the estimated time", estimate::of_runbook(runbook), &expected);
    found
}

/// The most that something allows.
struct Limit {
    /// Who allows it, as the middle of a sentence.
    by: String,
    most: Duration,
}

impl Limit {
    fn new(by: String, most: Duration) -> Self {
        Limit { by, most }
    }
}

/// ``the RTO of 12h is longer than a `P0` (1h) and `database` (4h) allow``, when it is.
fn exceeded(what: &str, length: Duration, limits: &[Limit]) -> Option<String> {
    let told: Vec<String> = limits
        .iter()
        .filter(|limit| limit.most < length)
        .map(|limit| format!("{} ({})", limit.by, in_words(limit.most)))
        .collect();
    let (last, others) = told.split_last()?;
    let (by, allow) = if others.is_empty() {
        (last.clone(), "allows")
    } else {
        (format!("{} and {last}", others.join(", ")), "allow")
    };
    Some(format!("{what} of {} is longer than {by} {allow}", in_words(length)))
}

/// Where a key of the front matter has its value. Keys of its first level begin their line.
fn place(source: &str, key: &str) -> Option<Position> {
    let mut start = 0;
    for (index, line) in source.split_inclusive('\n').enumerate() {
        if index > 0 && line.trim_end() == "---" {
            return None;
        }
        if let Some(rest) = line.strip_prefix(key).and_then(|rest| rest.trim_start().strip_prefix(':')) {
            let value = rest.trim();
            let at = start + line.len() - rest.trim_start().len();
            return Some(Position::of(source, at..at + value.len()));
        }
        start += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate as runbook;
    use warroom_domain::{platform, platform::PackFiles};

    fn told(front: &str) -> Vec<String> {
        let pack = "[platform]\nname = \"shop\"\n[[severities]]\nlevel = \"P0\"\nrecover_within = \"1h\"\n\
                    [[components]]\nid = \"db\"\nrto = \"4h\"\nrpo = \"24h\"\n[[components]]\nid = \"web\"\n";
        let pack = platform::parse("platform.toml", pack, &PackFiles::default()).pack.unwrap();
        let runbook = runbook::parse("a.md", &format!("---\nid: a\n{front}---\n# A\n\n## Steps\n"));
        check(&runbook, &pack).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn times_that_the_pack_rules_out_are_told_where_they_stand() {
        for (front, expected) in [
            (
                "severity: P0\ncomponents: [db, web]\nrto: 6h\nestimated: 5h\n",
                &["a.md:5:6: the RTO of 6h is longer than a `P0` (1h) and `db` (4h) allow"][..],
            ),
            (
                "severity: P0\nestimated:   90m\n",
                &["a.md:4:14: the estimated time of 1h 30m is longer than a `P0` (1h) allows"],
            ),
            (
                "components: [db]\nrto: 1h\nestimated: 2h\n",
                &["a.md:5:12: the estimated time of 2h is longer than the runbook's own RTO (1h) allows"],
            ),
            ("components: [db]\nrpo: 2d\n", &["a.md:4:6: the RPO of 2d is longer than `db` (24h) allows"]),
            ("severity: P0\ncomponents: [db]\nrto: 1h\nrpo: 24h\nestimated: 1h\n", &[]),
            ("severity: P9\ncomponents: [nothing, web]\nrto: 9d\nrpo: 9d\nestimated: 8d\n", &[]),
        ] {
            assert_eq!(told(front), expected, "{front}");
        }
    }
}
