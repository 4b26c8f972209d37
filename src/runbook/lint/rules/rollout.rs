//! Scaling, rollouts and drains of workloads: what has no end, no way back, or happens twice.

use std::collections::BTreeSet;

use crate::{
    SectionKind,
    lint::{
        block::Block,
        command::Command,
        report::Report,
        rule::{
            Check::{Block as AtBlock, Command as AtCommand, Document},
            ERROR, Rule, WARNING,
        },
        subject::Subject,
    },
};

const KUBECTL: &[&str] = &["kubectl"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "drain-without-timeout",
        severity: WARNING,
        title: "a drain waits without limit",
        explanation: "`kubectl drain` has no deadline of its own: pods on a dead node stay Terminating, and a disruption \
                      budget can hold the drain for ever.",
        help: "give it a deadline: kubectl drain NODE --timeout=5m …",
        correct: "kubectl drain \"${NODE:?}\" --ignore-daemonsets --timeout=5m",
        check: AtCommand(KUBECTL, drain_without_timeout),
    },
    Rule {
        name: "delete-pods-at-once",
        severity: WARNING,
        title: "every pod of the application is deleted at the same moment",
        explanation: "Deleting pods by selector takes all replicas away together: a full outage for as long as they start.",
        help: "restart them one after the other: kubectl rollout restart, or name the pods of the failed node",
        correct: "kubectl -n \"${NAMESPACE:?}\" rollout restart deployment/api\nkubectl -n \"${NAMESPACE:?}\" rollout status \
                  deployment/api --timeout=5m",
        check: AtCommand(KUBECTL, delete_pods_at_once),
    },
    Rule {
        name: "rollout-undo-twice",
        severity: ERROR,
        title: "two undos in one block undo each other",
        explanation: "`rollout undo` goes to the revision before the present one. A second one right after it starts from \
                      what the first has made: with no revision given it leads back to the bad version.",
        help: "keep one undo, to a revision chosen from kubectl rollout history",
        correct: "kubectl -n \"${NAMESPACE:?}\" rollout undo deployment/api --to-revision=\"${REVISION:?}\"",
        check: AtBlock(rollout_undo_twice),
    },
    Rule {
        name: "fixed-revision",
        severity: WARNING,
        title: "the revision to go back to is written into the runbook",
        explanation: "Revision numbers grow with every release: the number that was good when this was written is an old \
                      release now, the first install, or pruned from the history.",
        help: "list the history, choose the last good revision, and hand it over as a variable",
        correct: "helm -n \"${NAMESPACE:?}\" history portal --max 10\nhelm -n \"${NAMESPACE:?}\" rollback portal \
                  \"${REVISION:?}\" --wait --timeout 5m",
        check: AtCommand(&["kubectl", "helm"], fixed_revision),
    },
    Rule {
        name: "rollout-status-without-timeout",
        severity: WARNING,
        title: "rollout status waits without limit",
        explanation: "`kubectl rollout status` returns when the rollout is done, and a rollout that cannot get done never is.",
        help: "give it a deadline: --timeout=5m",
        correct: "kubectl -n \"${NAMESPACE:?}\" rollout status deployment/api --timeout=5m",
        check: AtCommand(KUBECTL, status_without_timeout),
    },
    Rule {
        name: "restart-without-status",
        severity: WARNING,
        title: "nothing waits for the rollout, or looks whether it worked",
        explanation: "`rollout restart`, `rollout undo` and `set image` return at once; whether the new pods ever become \
                      ready is seen only by `rollout status`.",
        help: "follow it with kubectl rollout status KIND/NAME --timeout=5m",
        correct: "kubectl -n \"${NAMESPACE:?}\" rollout restart deployment/workers\nkubectl -n \"${NAMESPACE:?}\" rollout \
                  status deployment/workers --timeout=5m",
        check: Document(restart_without_status),
    },
    Rule {
        name: "several-rollouts",
        severity: WARNING,
        title: "each of these commands restarts every pod of the workload",
        explanation: "`set env`, `set image`, `set resources` and `rollout restart` each start a rollout. Two in a row \
                      restart everything twice, and throw away the logs of the pods in between.",
        help: "make one change: one kubectl set env with all variables, or one kubectl apply of the manifest",
        correct: "kubectl -n \"${NAMESPACE:?}\" set env deployment/api LOG_LEVEL=debug AUDIT_ALL_REQUESTS=true",
        check: AtBlock(several_rollouts),
    },
    Rule {
        name: "scale-without-gate",
        severity: WARNING,
        title: "traffic comes back in stages, with nothing that looks in between",
        explanation: "Two scale commands in one block run within a second of each other. `Monitor` in a comment is done by \
                      nobody.",
        help: "put the stages in steps of their own, with rollout status and a check of the error rate between them",
        correct: "kubectl -n \"${NAMESPACE:?}\" scale deployment/api --replicas=1\nkubectl -n \"${NAMESPACE:?}\" rollout \
                  status deployment/api --timeout=5m",
        check: AtBlock(scale_without_gate),
    },
    Rule {
        name: "replicas-not-recorded",
        severity: WARNING,
        title: "the present number of replicas is lost by scaling to zero",
        explanation: "Afterwards nobody knows what to scale back to. An autoscaler stops acting at zero, and GitOps may put \
                      its own number back in the middle of the procedure.",
        help: "record the number first, pause autoscaling and GitOps, and scale back to what was recorded",
        correct: "REPLICAS=$(kubectl -n \"${NAMESPACE:?}\" get deployment api -o jsonpath='{.spec.replicas}')\nkubectl -n \
                  \"${NAMESPACE:?}\" scale deployment/api --replicas=0",
        check: AtCommand(&["kubectl", "aws", "docker", "docker-compose"], replicas_not_recorded),
    },
    Rule {
        name: "replicas-hard-coded",
        severity: WARNING,
        title: "what was scaled to zero comes back with a number from the document",
        explanation: "The number was right when this was written. Scaling back to it during an incident is an outage of its \
                      own when the load has grown since.",
        help: "scale back to the number recorded before scaling to zero",
        correct: "kubectl -n \"${NAMESPACE:?}\" scale deployment/api --replicas=\"${REPLICAS:?}\"",
        check: AtCommand(KUBECTL, replicas_hard_coded),
    },
];

fn drain_without_timeout(command: &Command<'_>, report: &mut Report<'_>) {
    if command.verb() == "drain" && !command.flag(&["--timeout"]) && !command.bounded(report.subject) {
        report.command(command, "this drain waits without limit when a pod cannot be evicted");
    }
}

fn delete_pods_at_once(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let words: Vec<&str> = operands.iter().take(2).map(|(_, word)| *word).collect();
    let pods = matches!(words[..], ["delete", "pod" | "pods" | "po"]);
    if pods && command.flag(&["-l", "--selector", "--all"]) && !command.flag(&["--field-selector"]) {
        report.command(command, "this deletes all the pods that it selects at the same moment");
    }
}

/// `deployment/api` of `rollout restart deployment/api` or `rollout restart deployment api`.
pub(super) fn workload(command: &Command<'_>) -> Option<String> {
    let operands = command.operands();
    let after = if matches!(command.verb(), "rollout" | "set") { 2 } else { 1 };
    let (_, first) = operands.get(after)?;
    let name = match first.split_once('/') {
        Some((_, name)) => name,
        None => operands.get(after + 1).map_or(*first, |(_, name)| *name),
    };
    Some(name.to_owned())
}

fn rollout_undo_twice(block: &Block<'_>, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for command in block.commands(report.subject).filter(|c| c.is("kubectl", "rollout") && c.second() == "undo") {
        let name = workload(command).unwrap_or_default();
        if !seen.insert(name.clone()) {
            report
                .command(command, format!("{name} was already rolled back above: this starts from the result of that"));
        }
    }
}

fn fixed_revision(command: &Command<'_>, report: &mut Report<'_>) {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if command.is("kubectl", "rollout") && command.second() == "undo" {
        if let Some((index, revision)) = command.value_at(&["--to-revision"]).filter(|(_, value)| is_number(value))
            && revision != "0"
        {
            report.word(command, index, format!("revision {revision} was chosen when this was written, not today"));
        }
    } else if command.is("helm", "rollback")
        && let Some((index, revision)) = command.operands().get(2).filter(|(_, value)| is_number(value))
    {
        let what = if *revision == "1" {
            "revision 1 is the first install".to_owned()
        } else {
            format!("revision {revision} was chosen when this was written")
        };
        report.word(command, *index, format!("{what}, not the last good release"));
    }
}

fn status_without_timeout(command: &Command<'_>, report: &mut Report<'_>) {
    let status = command.verb() == "rollout" && command.second() == "status";
    if status
        && !command.flag(&["--timeout"])
        && command.value(&["-w", "--watch"]) != Some("false")
        && !command.bounded(report.subject)
    {
        report.command(command, "this waits without limit for a rollout that may never get done");
    }
}

fn restart_without_status(subject: &Subject<'_>, report: &mut Report<'_>) {
    for command in subject.commands_of("kubectl") {
        let starts = match (command.verb(), command.second()) {
            ("rollout", verb @ ("restart" | "undo")) => verb,
            ("set", "image") => "set image",
            _ => continue,
        };
        let name = workload(command).unwrap_or_default();
        let looked_at = command.after(subject).any(|other| {
            let waits = other.is("kubectl", "rollout") && other.second() == "status" || other.is("kubectl", "wait");
            waits
                && (other.flag(&["-l", "--selector"])
                    || workload(other).is_some_and(|other| other == name)
                    || name.is_empty())
        });
        if !looked_at {
            let what = if name.is_empty() { "it".to_owned() } else { name };
            report.command(command, format!("nothing waits for {what} to become ready after this {starts}"));
        }
    }
}

fn several_rollouts(block: &Block<'_>, report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for command in block.commands(report.subject).filter(|command| command.program() == "kubectl") {
        let rolls = matches!(
            (command.verb(), command.second()),
            ("set", "env" | "image" | "resources" | "serviceaccount") | ("rollout", "restart")
        );
        if !rolls {
            continue;
        }
        let name = workload(command).unwrap_or_default();
        if !seen.insert(name.clone()) {
            report.command(command, format!("this restarts every pod of {name} once more"));
        }
    }
}

fn scale_without_gate(block: &Block<'_>, report: &mut Report<'_>) {
    let mut last: Option<(String, bool)> = None;
    for command in block.commands(report.subject) {
        if !command.is("kubectl", "scale") {
            if let Some((_, looked)) = &mut last {
                *looked |= !matches!(command.program(), "echo" | "printf" | "sleep");
            }
            continue;
        }
        let name = workload(command).unwrap_or_default();
        if command.value(&["--replicas"]).is_some_and(|count| count != "0") {
            if last.as_ref().is_some_and(|(other, looked)| *other == name && !looked) {
                report.command(
                    command,
                    format!("{name} is scaled on with nothing that looks whether the first stage works"),
                );
            }
            last = Some((name, false));
        }
    }
}

/// Names what is scaled to zero, when this command does that.
pub(super) fn scaled_to_zero(command: &Command<'_>) -> Option<String> {
    match command.program() {
        "kubectl" if command.verb() == "scale" && command.value(&["--replicas"]) == Some("0") => {
            Some(workload(command).unwrap_or_else(|| "it".to_owned()))
        }
        "aws" if command.second() == "update-service" && command.value(&["--desired-count"]) == Some("0") => {
            Some(command.value(&["--service"]).unwrap_or("the service").to_owned())
        }
        "docker" | "docker-compose" => command
            .words
            .iter()
            .filter_map(|word| word.strip_suffix("=0"))
            .find(|_| command.words.iter().any(|word| word == "scale" || word == "--scale"))
            .map(str::to_owned),
        _ => None,
    }
}

/// Scales to a number that stands in a variable: one that was recorded, or asked for.
fn scales_to_variable(command: &Command<'_>) -> bool {
    command.is("kubectl", "scale") && command.value(&["--replicas"]).is_some_and(|count| count.contains('$'))
}

fn replicas_not_recorded(command: &Command<'_>, report: &mut Report<'_>) {
    let Some(name) = scaled_to_zero(command) else { return };
    let subject = report.subject;
    let block = command.block(subject);
    let goes_back = block.is_undo || block.section == SectionKind::Rollback;
    let recorded = command.known_before(subject).any(|other| match other.program() {
        // What goes back from a number that was given goes back to what stood before it.
        "kubectl" if goes_back && scales_to_variable(other) && workload(other) == workload(command) => true,
        "kubectl" => other.verb() == "get" && other.words.iter().any(|word| word.contains("replicas")),
        "aws" => other.second() == "describe-services",
        "docker" | "docker-compose" => other.words.iter().any(|word| word == "ps"),
        _ => false,
    });
    if !recorded {
        report.command(command, format!("nothing records how many replicas {name} has before it is scaled to zero"));
    }
}

fn replicas_hard_coded(command: &Command<'_>, report: &mut Report<'_>) {
    let Some((index, count)) = command.value_at(&["--replicas"]) else { return };
    let fixed = count != "0" && count.bytes().all(|byte| byte.is_ascii_digit());
    if command.verb() != "scale" || !fixed {
        return;
    }
    let name = workload(command);
    // A first stage, while the recorded number still comes.
    let is_stage = command.after(report.subject).any(|other| scales_to_variable(other) && workload(other) == name);
    let mut earlier = command.before(report.subject);
    if !is_stage
        && earlier
            .any(|other| other.is("kubectl", "scale") && scaled_to_zero(other).is_some() && workload(other) == name)
    {
        report.word(command, index, format!("{count} is a number from the document, not what ran before"));
    }
}
