//! What a person sees of a run on a plain terminal: questions, output, results.

use warroom_domain::text::{line, rows};
use warroom_exec::output::mask::Secrets;
use warroom_room::run::{Preview, Question};
use warroom_runbook::run::{ActionOutcome, Ending, ExpectationResult};

/// Everything that has to be known before the answer.
pub(super) fn question(question: &Question) -> String {
    let mut lines = vec![
        String::new(),
        format!("── {} ── {}{}", line(&question.title), question.risk, external(question.external)),
    ];
    lines.extend(rows(&question.command).map(|row| format!("  $ {row}")));
    let facts = || question.place.iter().chain(&question.effects);
    let width = facts().map(|fact| fact.name.chars().count()).max().unwrap_or(0);
    for fact in facts() {
        lines.push(format!("  {:width$}  {}", line(&fact.name), line(&fact.value)));
    }
    if question.protected {
        lines.push("  this environment is protected".to_owned());
    }
    lines.extend(question.lowered.iter().map(|sentence| format!("  {}", line(sentence))));
    lines.extend(question.reasons.iter().map(|reason| format!("  why {}: {}", question.risk, line(reason))));
    lines.extend(question.notes.iter().map(|note| format!("  note: {}", line(note))));
    lines.extend(question.problem.iter().map(|problem| format!("  {}", line(problem))));
    lines.join("\n")
}

/// What a dry run shows of an action.
pub(super) fn preview(preview: &Preview) -> String {
    format!("{}\n  gate: {}", question(&preview.question), line(&preview.gate))
}

/// A command that starts without a question. What looks like a credential in it is not shown.
pub(super) fn command(command: &str) -> String {
    let masked = Secrets::new([]).mask(command);
    rows(&masked).map(|row| format!("  $ {row}")).collect::<Vec<_>>().join("\n")
}

fn external(external: bool) -> &'static str {
    if external { ", seen by people outside" } else { "" }
}

/// How an action ended, in one or a few lines.
pub(super) fn outcome(outcome: &ActionOutcome) -> String {
    let seconds = outcome.duration_ms as f64 / 1000.0;
    let mut lines = vec![match &outcome.ending {
        Ending::Exited { code: 0 } if outcome.succeeded() => format!("   done in {seconds:.1} s"),
        Ending::Exited { code: 0 } => format!("   FAILED after {seconds:.1} s: the output is not what was expected"),
        Ending::Exited { code } => format!("   FAILED after {seconds:.1} s: exit code {code}"),
        Ending::Killed { signal } => format!("   FAILED after {seconds:.1} s: killed by signal {signal}"),
        Ending::TimedOut => format!("   FAILED: it took longer than it may, and was ended after {seconds:.1} s"),
        Ending::Cancelled => format!("   cancelled after {seconds:.1} s"),
        Ending::NotStarted { why } => format!("   not started: {}", line(why)),
        Ending::Unknown { why } => format!("   OUTCOME UNKNOWN: {}", line(why)),
    }];
    for result in &outcome.expected {
        if let ExpectationResult::Missed { why } = result {
            lines.push(format!("   {}", line(why)));
        }
    }
    lines.join("\n")
}
