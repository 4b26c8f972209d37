//! The template that operations teams use: sections, expected outputs, ways back.

use crate::{
    Action, Risk, SectionKind, Step,
    lint::{
        block::Block,
        command::Command,
        report::Report,
        rule::{
            Check::{Block as AtBlock, Document, Itself},
            ERROR, NOTE, Rule, WARNING,
        },
        subject::Subject,
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "document",
        severity: ERROR,
        title: "the document cannot be understood in full",
        explanation: "The parser says what it could not make sense of: front matter, attributes of a fence, a heading out of place.",
        help: "",
        correct: "",
        check: Itself,
    },
    Rule {
        name: "missing-section",
        severity: WARNING,
        title: "a section of the template is missing",
        explanation: "When to use it, what is needed, how long it takes, how to see that it worked and how to undo it: each is a \
                      question that somebody asks aloud at 3 a.m.",
        help: "add the section; where there is nothing to undo, say so",
        correct: "",
        check: Document(missing_section),
    },
    Rule {
        name: "empty-section",
        severity: WARNING,
        title: "a section with nothing in it",
        explanation: "The heading promises what nobody has written.",
        help: "fill it, or take the heading out",
        correct: "",
        check: Document(empty_section),
    },
    Rule {
        name: "no-expected-output",
        severity: WARNING,
        title: "nothing says what success looks like",
        explanation: "The exit status alone counts. A person under stress does not know whether what they see is good.",
        help: "add **Expected Output:** with a fence or `code` to compare with, or with words for a person to look for, or expect=\"…\" on the fence",
        correct: "",
        check: Document(no_expected_output),
    },
    Rule {
        name: "no-failure-advice",
        severity: WARNING,
        title: "nothing says what to do when it fails",
        explanation: "The step fails, and the runbook is silent at the one moment when it is needed.",
        help: "add **If it fails:** with a list",
        correct: "",
        check: Document(no_failure_advice),
    },
    Rule {
        name: "change-without-verification",
        severity: WARNING,
        title: "a change, and nothing after it that looks",
        explanation: "The procedure ends with the change. Whether it worked is found out by the customers.",
        help: "end with a check that reads: a query, a health request, a rollout status; or fill the Verification section",
        correct: "",
        check: Document(change_without_verification),
    },
    Rule {
        name: "destructive-without-rollback",
        severity: WARNING,
        title: "a destructive step with no way back",
        explanation: "Before it is run, somebody asks what happens if it was the wrong thing. The runbook has no answer.",
        help: "add **Rollback:** to the step, or a Rollback section that says how to go back, or that one cannot",
        correct: "",
        check: AtBlock(destructive_without_rollback),
    },
    Rule {
        name: "lowered-risk",
        severity: NOTE,
        title: "the runbook calls an action less dangerous than its commands are",
        explanation: "With `risk=` and `because=` on the fence, it is asked about less. Under `--read-only` and on a protected environment \
                      the commands count, whatever the fence says.",
        help: "make sure that the reason holds for every value that its variables may have",
        correct: "",
        check: AtBlock(lowered_risk),
    },
    Rule {
        name: "failover-without-failback",
        severity: WARNING,
        title: "a failover, and no word on the way back",
        explanation: "A day later everything runs on the standby site, without a standby, and nobody has written how to return.",
        help: "add a section on failing back: rebuild the old primary as a standby, switch over, verify",
        correct: "",
        check: Document(failover_without_failback),
    },
    Rule {
        name: "unknown-rule",
        severity: ERROR,
        title: "a suppression names no rule",
        explanation: "`<!-- warroom-lint: allow RULE reason -->` with a misspelt name allows nothing.",
        help: "take the name from warroom runbook lint --rules",
        correct: "",
        check: Itself,
    },
    Rule {
        name: "allow-without-reason",
        severity: ERROR,
        title: "a suppression gives no reason",
        explanation: "The next reader must know why the hazard is accepted here.",
        help: "write the reason after the rule's name",
        correct: "",
        check: Itself,
    },
    Rule {
        name: "unused-allow",
        severity: WARNING,
        title: "a suppression that suppresses nothing",
        explanation: "What it allowed is gone. Left in, it hides the next mistake of that kind.",
        help: "take it out",
        correct: "",
        check: Itself,
    },
];

const TEMPLATE: [(SectionKind, &str); 6] = [
    (SectionKind::Overview, "Overview"),
    (SectionKind::Prerequisites, "Prerequisites"),
    (SectionKind::EstimatedTime, "Estimated Time"),
    (SectionKind::Steps, "Steps"),
    (SectionKind::Verification, "Verification"),
    (SectionKind::Rollback, "Rollback"),
];

fn missing_section(subject: &Subject<'_>, report: &mut Report<'_>) {
    let runbook = subject.runbook;
    let has = |kind| runbook.sections.iter().any(|section| section.kind == kind && !section.title.is_empty());
    let missing: Vec<&str> = TEMPLATE.iter().filter(|(kind, _)| !has(*kind)).map(|(_, name)| *name).collect();
    let given = |name: &&str| *name != "Estimated Time" || runbook.front.estimated.is_none();
    let missing: Vec<&str> = missing.into_iter().filter(given).collect();
    let title = subject.title_line();
    match &missing[..] {
        [] => {}
        [only] => report.document(title, format!("there is no section {only}")),
        [rest @ .., last] => report.document(title, format!("there are no sections {} and {last}", rest.join(", "))),
    }
}

fn empty_section(subject: &Subject<'_>, report: &mut Report<'_>) {
    let runbook = subject.runbook;
    for section in &runbook.sections {
        let wanted = TEMPLATE.iter().any(|(kind, _)| *kind == section.kind);
        let body = runbook.source.get(section.body.clone()).unwrap_or_default();
        if wanted && section.steps.is_empty() && body.trim().is_empty() && !section.title.is_empty() {
            report.document(subject.outline.line(section.line), format!("the section {} is empty", section.title));
        }
    }
}

/// Per-step advice is asked for where the template is followed; elsewhere it is said once, at the title.
fn no_expected_output(subject: &Subject<'_>, report: &mut Report<'_>) {
    let told = |step: &Step| step.actions.iter().any(|action| says_what_to_expect(step, action));
    each_step(subject, report, told, "none of the steps says what its output should be", |title| {
        format!("nothing says what the output of {title} should be")
    });
}

/// Of the action's output: something to compare it with, or to look for.
fn says_what_to_expect(step: &Step, action: &Action) -> bool {
    !action.expected.is_empty() || step.checks.iter().any(|check| check.about.as_ref() == Some(&action.id))
}

fn no_failure_advice(subject: &Subject<'_>, report: &mut Report<'_>) {
    let told = |step: &Step| step.if_it_fails.is_some();
    each_step(subject, report, told, "none of the steps says what to do when it fails", |title| {
        format!("nothing says what to do when {title} fails")
    });
}

fn each_step(
    subject: &Subject<'_>,
    report: &mut Report<'_>,
    told: fn(&Step) -> bool,
    none: &str,
    message: fn(&str) -> String,
) {
    let runbook = subject.runbook;
    let templated = runbook.sections.iter().any(|section| section.kind == SectionKind::Steps);
    if !templated {
        let mut steps = runbook.steps().filter(|step| !step.actions.is_empty()).peekable();
        if steps.peek().is_some() && !steps.any(told) {
            report.document(subject.title_line(), none);
        }
        return;
    }
    for step in runbook.steps_of(SectionKind::Steps).filter(|step| !step.actions.is_empty() && !told(step)) {
        report.document(subject.outline.line(step.line), message(&step.title));
    }
}

fn change_without_verification(subject: &Subject<'_>, report: &mut Report<'_>) {
    let runbook = subject.runbook;
    let verification = runbook.sections.iter().any(|section| {
        let body = runbook.source.get(section.body.clone()).unwrap_or_default();
        section.kind == SectionKind::Verification && (!section.steps.is_empty() || body.contains("- ["))
    });
    if verification {
        return;
    }
    for procedure in subject.procedures() {
        let last_change = procedure.iter().rposition(|block| block.action.assessment.risk > Risk::Read);
        let Some(position) = last_change else { continue };
        let block = procedure[position];
        let looks_later = procedure[position + 1..]
            .iter()
            .any(|later| later.section != SectionKind::Rollback && later.has_commands(subject));
        let last = block.commands(subject).filter(|command| !command.is_wrapper).last();
        let told = || runbook.action(&block.action.id).is_some_and(|(step, action)| says_what_to_expect(step, action));
        let looks_itself = last.is_some_and(|command| looks(command, block)) || told();
        let undo = matches!(block.section, SectionKind::Rollback | SectionKind::Verification);
        if !looks_later && !looks_itself && !undo && block.has_commands(subject) {
            let span = last.map_or_else(|| block.first_line(), |command| command.span.clone());
            report.code(block, span, "the procedure ends here, and nothing looks whether it worked");
        }
    }
}

/// Whether a command of a changing block only looks.
fn looks(command: &Command<'_>, block: &Block<'_>) -> bool {
    let reasons = &block.action.assessment.reasons;
    let mut here =
        reasons.iter().filter(|reason| reason.span.start < command.span.end && command.span.start < reason.span.end);
    let polls = command.program() == "kubectl" && matches!(command.verb(), "rollout" | "wait" | "get");
    polls || matches!(command.program(), "curl" | "psql" | "pg_isready") && here.all(|reason| reason.risk == Risk::Read)
}

fn lowered_risk(block: &Block<'_>, report: &mut Report<'_>) {
    if let Some(lowered) = block.action.assessment.lowered() {
        report.code(block, block.first_line(), lowered.to_string());
    }
}

fn destructive_without_rollback(block: &Block<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if block.action.assessment.risk != Risk::Destructive || block.is_undo || block.problem.is_some() {
        return;
    }
    let section = subject.runbook.sections.iter().any(|section| {
        let body = subject.runbook.source.get(section.body.clone()).unwrap_or_default();
        section.kind == SectionKind::Rollback && (!section.steps.is_empty() || !body.trim().is_empty())
    });
    if section || block.step_has_undo || matches!(block.section, SectionKind::Rollback) {
        return;
    }
    let reason = block.action.assessment.reasons.iter().find(|reason| reason.risk == Risk::Destructive);
    let span = reason.map_or_else(|| block.first_line(), |reason| reason.span.clone());
    report.code(block, span, "this is destructive, and the runbook says nowhere how to go back");
}

/// Whether the command makes a standby the primary, or moves traffic to another site.
pub(super) fn promotes(command: &Command<'_>) -> bool {
    match command.program() {
        "pg_ctl" => command.words.iter().any(|word| word == "promote"),
        "aws" => matches!(
            command.second(),
            "promote-read-replica" | "failover-db-cluster" | "switchover-blue-green-deployment"
        ),
        "psql" => command.words.iter().any(|word| word.contains("pg_promote(")),
        "repmgr" => command.words.iter().any(|word| word == "promote"),
        "redis-cli" => {
            let operands = command.operands();
            matches!(operands.first_chunk(), Some([(_, no), (_, one)]) if one.eq_ignore_ascii_case("one") && no.to_ascii_lowercase().ends_with("of"))
        }
        _ => false,
    }
}

fn failover_without_failback(subject: &Subject<'_>, report: &mut Report<'_>) {
    let text = subject.runbook.source.to_ascii_lowercase();
    if ["fail-back", "failback", "fail back", "failing back", "switch back"].iter().any(|word| text.contains(word)) {
        return;
    }
    let by_command = subject.commands.iter().find(|command| promotes(command));
    if let Some(command) = by_command {
        report.command(command, "the standby takes over here, and nothing says how to return");
    } else if let Some((block, span)) = subject.sql_calls("pg_promote") {
        report.code(&subject.blocks[block], span, "the standby takes over here, and nothing says how to return");
    }
}
