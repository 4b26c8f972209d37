//! `<!-- warroom-lint: allow RULE reason -->`: hazards that somebody has decided to live with, and why.
//!
//! At the top, before the first second-level heading, it holds for the whole document; elsewhere for the step it stands in when
//! it comes right after the step's heading, else for the next fence.

use std::ops::Range;

use super::{report::Finding, rules, subject::Subject};
use warroom_domain::platform::DiagnosticSeverity;

const MARK: &str = "warroom-lint:";

/// One suppression comment.
struct Allow {
    rule: String,
    /// The comment itself.
    span: Range<usize>,
    /// The bytes of the document that it holds for.
    holds: Range<usize>,
}

/// Takes out what is allowed, and adds findings about the comments themselves.
pub(super) fn apply(subject: &Subject<'_>, found: Vec<Finding>) -> Vec<Finding> {
    let mut extra = Vec::new();
    let allows = read(subject, &mut extra);
    let mut used = vec![false; allows.len()];
    let mut kept: Vec<Finding> = found
        .into_iter()
        .filter(|finding| {
            let mut allowed = false;
            for (allow, used) in allows.iter().zip(&mut used) {
                let here = allow.holds.contains(&finding.position.span.start)
                    || allow.holds.start == 0 && allow.holds.end == subject.runbook.source.len();
                if allow.rule == finding.rule && here {
                    *used = true;
                    allowed = true;
                }
            }
            !allowed
        })
        .collect();
    for (allow, _) in allows.iter().zip(&used).filter(|(_, used)| !**used) {
        extra.push(finding(
            subject,
            "unused-allow",
            allow.span.clone(),
            format!("nothing here breaks the rule {}", allow.rule),
        ));
    }
    kept.extend(extra);
    kept
}

fn read(subject: &Subject<'_>, extra: &mut Vec<Finding>) -> Vec<Allow> {
    let mut allows = Vec::new();
    for (start, line) in subject.outline.prose() {
        let Some(open) = line.find("<!--") else { continue };
        let Some(inner) = line[open + 4..].split("-->").next().map(str::trim) else { continue };
        let Some(order) = inner.strip_prefix(MARK).map(str::trim) else { continue };
        let span = start + open..start + line.len();
        let mut words = order.splitn(3, char::is_whitespace);
        let (verb, rule, reason) =
            (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default().trim());
        if verb != Some("allow") || rule.is_empty() || rules::rule(rule).is_none() {
            let nearest = nearest_rule(rule);
            let message = match verb {
                Some("allow") => format!("there is no rule {rule}{nearest}"),
                _ => "this is not: allow RULE reason".to_owned(),
            };
            extra.push(finding(subject, "unknown-rule", span, message));
        } else if reason.is_empty() {
            extra.push(finding(
                subject,
                "allow-without-reason",
                span,
                format!("nothing says why {rule} is accepted here"),
            ));
        } else {
            let holds = extent(subject, start, start + line.len());
            allows.push(Allow { rule: rule.to_owned(), span, holds });
        }
    }
    allows
}

fn nearest_rule(name: &str) -> String {
    let nearest = rules::rules().map(|rule| (strsim::damerau_levenshtein(rule.name, name), rule.name)).min();
    match nearest {
        Some((distance, nearest)) if distance <= 4 => format!(", did you mean {nearest}?"),
        _ => String::new(),
    }
}

/// What a comment in the line `start..end` holds for.
fn extent(subject: &Subject<'_>, start: usize, end: usize) -> Range<usize> {
    let text: &str = &subject.runbook.source;
    let whole = 0..text.len();
    let outline = &subject.outline;
    if outline.headings.iter().all(|heading| heading.level == 1 || heading.span.start > start) {
        return whole;
    }
    // Right after a heading: everything under it. Other such comments may stand between.
    let heading = outline.path(start).last().copied();
    if let Some(heading) = heading {
        let between = text.get(heading.span.end..start).unwrap_or_default();
        if between.lines().all(|line| line.trim().is_empty() || line.contains(MARK)) {
            return outline.extent(heading);
        }
    }
    let next = outline.fences.iter().find(|fence| fence.whole.start >= end);
    next.map_or(end..end, |fence| fence.whole.clone())
}

fn finding(subject: &Subject<'_>, name: &'static str, span: Range<usize>, message: String) -> Finding {
    let rule = rules::rule(name);
    Finding {
        rule: name,
        severity: rule.map_or(DiagnosticSeverity::Error, |rule| rule.severity),
        file: subject.runbook.file.clone(),
        position: subject.outline.position(span),
        message,
        help: rule.map(|rule| rule.help.to_owned()),
        fix: None,
    }
}
