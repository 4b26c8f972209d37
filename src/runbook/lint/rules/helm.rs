//! Helm: releases that are not waited for, made from defaults, or found by arithmetic.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Document},
        ERROR, Rule, WARNING,
    },
    subject::Subject,
    version::Tool,
};

const HELM: &[&str] = &["helm"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "helm-no-namespace",
        severity: WARNING,
        title: "helm acts in whatever namespace the context happens to have",
        explanation: "A release belongs to a namespace. Without -n helm says `release: not found`, or makes a second release \
                      of the same name in another namespace.",
        help: "name the namespace: helm -n NAMESPACE …",
        correct: "helm -n \"${NAMESPACE:?}\" history portal",
        check: AtCommand(HELM, no_namespace),
    },
    Rule {
        name: "helm-no-wait",
        severity: WARNING,
        title: "helm returns before anything runs",
        explanation: "Without --wait helm is done when the objects are written. A health check right after it asks the old \
                      pods, and says that all is well.",
        help: "add --wait --timeout 5m (for upgrades --atomic, which also goes back when it fails)",
        correct: "helm -n \"${NAMESPACE:?}\" rollback portal \"${REVISION:?}\" --wait --timeout 5m --cleanup-on-fail",
        check: AtCommand(HELM, no_wait),
    },
    Rule {
        name: "helm-upgrade-defaults",
        severity: WARNING,
        title: "the release is made from the chart's default values",
        explanation: "`helm upgrade --install` with no values uses the defaults of the chart: on a rebuilt cluster that is \
                      the wrong database, one replica, no limits.",
        help: "give the saved values: -f values-production.yaml (or --reuse-values where the release still exists)",
        correct: "helm -n \"${NAMESPACE:?}\" upgrade --install portal ./portal -f values-production.yaml --atomic --timeout 10m",
        check: AtCommand(HELM, upgrade_defaults),
    },
    Rule {
        name: "helm-previous-by-arithmetic",
        severity: ERROR,
        title: "the release to go back to is computed by subtracting one",
        explanation: "The number before the present one is not the last good release: after an earlier rollback it is the \
                      bad one, `helm list` shows nothing at all of a failed release (so the result is -1), and 0 means \
                      something else.",
        help: "read helm history -o json, take the last revision that was good, and refuse an empty answer",
        correct: "helm -n \"${NAMESPACE:?}\" history portal -o json | jq -er 'map(select(.status==\"superseded\")) | last | \
                  .revision'",
        check: Document(previous_by_arithmetic),
    },
    Rule {
        name: "helm-2-syntax",
        severity: ERROR,
        title: "this was Helm 2",
        explanation: "Helm 3 has no `init`, no `--purge`, no `--tiller-namespace`, and `helm install --name NAME` is `helm \
                      install NAME` there.",
        help: "write it for Helm 3: uninstall NAME; install NAME CHART (or say requires: [helm < 3])",
        correct: "helm -n \"${NAMESPACE:?}\" uninstall portal --wait",
        check: AtCommand(HELM, helm_2_syntax),
    },
];

fn no_namespace(command: &Command<'_>, report: &mut Report<'_>) {
    const VERBS: [&str; 12] = [
        "rollback",
        "upgrade",
        "install",
        "uninstall",
        "delete",
        "history",
        "status",
        "list",
        "ls",
        "get",
        "test",
        "hist",
    ];
    let verb = command.verb();
    if VERBS.contains(&verb) && !command.flag(&["-n", "--namespace", "-A", "--all-namespaces"]) {
        report.command(command, format!("helm {verb} names no namespace"));
    }
}

fn no_wait(command: &Command<'_>, report: &mut Report<'_>) {
    let verb = command.verb();
    let waits = command.flag(&["--wait", "--atomic", "--rollback-on-failure", "--dry-run"]);
    if matches!(verb, "rollback" | "upgrade" | "install") && !waits {
        report.command(command, format!("helm {verb} returns before the new pods run"));
    }
}

fn upgrade_defaults(command: &Command<'_>, report: &mut Report<'_>) {
    let values = ["-f", "--values", "--set", "--set-string", "--set-file", "--set-json", "--reuse-values"];
    let given = command.flag(&values) || command.flag(&["--reset-then-reuse-values"]);
    if command.verb() == "upgrade" && !given {
        report.command(command, "this release gets the chart's default values");
    }
}

fn previous_by_arithmetic(subject: &Subject<'_>, report: &mut Report<'_>) {
    for command in subject.commands_of("helm").filter(|command| command.verb() == "rollback") {
        let operands = command.operands();
        let Some((index, revision)) = operands.get(2) else {
            report.command(command, "without a revision helm goes to the one before, which need not be a good one");
            continue;
        };
        if revision.starts_with("$((") {
            report.word(command, *index, "the revision is computed by subtraction");
            continue;
        }
        let Some(name) = variable(revision) else { continue };
        let Some(assigned) =
            subject.assignments().filter(|a| a.name == name && a.at < subject.at_command(command)).last()
        else {
            continue;
        };
        if assigned.value.starts_with("$((") && assigned.value.contains('-') {
            let block = &subject.blocks[assigned.block];
            report.code(
                block,
                assigned.span.clone(),
                format!("{name} is computed by subtraction and then taken for a good release"),
            );
        }
    }
}

/// The name in `$NAME` or `${NAME…}`.
fn variable(word: &str) -> Option<&str> {
    let name = word.strip_prefix('$')?.trim_start_matches('{');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
    (end > 0).then(|| &name[..end])
}

fn helm_2_syntax(command: &Command<'_>, report: &mut Report<'_>) {
    if report.subject.versions.before(Tool::Helm, 3) {
        return;
    }
    let old = match command.verb() {
        "init" | "reset" | "serve" | "home" => true,
        "delete" | "del" => command.flag(&["--purge"]),
        "install" => command.flag(&["--name"]),
        _ => false,
    };
    if old || command.flag(&["--tiller-namespace"]) {
        report.command(command, "Helm 3 does not know this form");
    }
}
