//! kubectl: where it acts, and commands that do not do what they are taken for.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Document},
        ERROR, Rule, WARNING,
    },
    subject::Subject,
};

const KUBECTL: &[&str] = &["kubectl"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "kubectl-no-namespace",
        severity: WARNING,
        title: "kubectl acts in whatever namespace the context happens to have",
        explanation: "Without -n the command acts in the namespace of the current context, mostly `default`. At 3 a.m. that \
                      is either an error that costs minutes or the wrong workload.",
        help: "name the namespace: kubectl -n NAMESPACE …",
        correct: "kubectl -n \"${NAMESPACE:?}\" get pods",
        check: AtCommand(KUBECTL, no_namespace),
    },
    Rule {
        name: "kubectl-unknown-command",
        severity: ERROR,
        title: "kubectl has no such command",
        explanation: "kubectl looks for a plugin of that name and fails with `unknown command`. A network policy, for \
                      example, is an object that is applied, not a command.",
        help: "use a command of kubectl, or name the plugin in the front matter: requires: [kubectl-NAME]",
        correct: "kubectl -n \"${NAMESPACE:?}\" apply -f deny-all.yaml   # a NetworkPolicy with podSelector and policyTypes",
        check: AtCommand(KUBECTL, unknown_command),
    },
    Rule {
        name: "kubectl-use-context",
        severity: ERROR,
        title: "changing the current context moves every terminal",
        explanation: "`use-context` writes the shared kubeconfig: the next command in any terminal of this account acts on \
                      the other cluster, also the one that a colleague types.",
        help: "leave the kubeconfig alone and name the context per command: kubectl --context NAME …",
        correct: "kubectl --context dr-eu -n \"${NAMESPACE:?}\" get pods",
        check: AtCommand(&["kubectl", "kubectx", "kubens"], use_context),
    },
    Rule {
        name: "kubectl-logs-selector-tail",
        severity: WARNING,
        title: "logs by selector stop at ten lines a pod",
        explanation: "With -l, kubectl logs prints the last 10 lines of each pod unless --tail says otherwise, and only one \
                      container of it. As evidence that is nearly nothing, and nothing says so.",
        help: "add --tail=-1 (or a number) --all-containers --prefix --timestamps, and --previous for what crashed",
        correct: "kubectl -n \"${NAMESPACE:?}\" logs -l app=api --tail=-1 --all-containers --prefix --timestamps --since=24h",
        check: AtCommand(KUBECTL, logs_selector_tail),
    },
    Rule {
        name: "kubectl-logs-one-pod",
        severity: WARNING,
        title: "logs of a deployment are the logs of one of its pods",
        explanation: "`kubectl logs deployment/NAME` picks one pod. The error is in another one; with --previous it is an \
                      arbitrary pod, which may never have crashed.",
        help: "read by selector: kubectl logs -l app=NAME --prefix --tail=N --since=…, or name the pod and container",
        correct: "kubectl -n \"${NAMESPACE:?}\" logs -l app=api --prefix --tail=200 --since=15m",
        check: AtCommand(KUBECTL, logs_one_pod),
    },
    Rule {
        name: "kubectl-patch-drops-hosts",
        severity: ERROR,
        title: "the patch replaces the ingress' whole TLS list",
        explanation: "`spec.tls` is an atomic list: a patch with one entry drops all other entries, and without `hosts` the \
                      certificate belongs to no host.",
        help: "give every TLS entry with its hosts, or replace the content of the secret that the ingress names already",
        correct: "kubectl -n \"${NAMESPACE:?}\" create secret tls portal-tls --cert=\"${CERT:?}\" --key=\"${KEY:?}\" \\\n  \
                  --dry-run=client -o yaml | kubectl -n \"${NAMESPACE:?}\" apply -f -",
        check: AtCommand(KUBECTL, patch_drops_hosts),
    },
    Rule {
        name: "kubectl-create-twice",
        severity: WARNING,
        title: "create fails when the step is run a second time",
        explanation: "`kubectl create secret|configmap|namespace` fails with AlreadyExists on the retry, which is when the \
                      runbook is needed most.",
        help: "print it with --dry-run=client -o yaml and pipe that into kubectl apply -f -",
        correct: "kubectl -n \"${NAMESPACE:?}\" create configmap api --from-env-file=api.env --dry-run=client -o yaml \\\n  | \
                  kubectl -n \"${NAMESPACE:?}\" apply -f -",
        check: AtCommand(KUBECTL, create_twice),
    },
    Rule {
        name: "kubectl-secret-in-env",
        severity: ERROR,
        title: "a credential becomes a plain environment variable of the workload",
        explanation: "`kubectl set env NAME=value` writes the value into the Deployment: everybody who may read Deployments \
                      reads it, it is in the revision history, and it differs from what the Secret says.",
        help: "update the Secret, and let the workload refer to it: kubectl set env deployment/NAME --from=secret/NAME",
        correct: "kubectl -n \"${NAMESPACE:?}\" set env deployment/api --from=secret/api-database",
        check: AtCommand(KUBECTL, secret_in_env),
    },
    Rule {
        name: "kubectl-zone-from-node-selector",
        severity: WARNING,
        title: "a pod's nodeSelector is not its zone",
        explanation: "`.spec.nodeSelector` is what the pod asked for, mostly nothing. The zone is a label of the node.",
        help: "read the node's label topology.kubernetes.io/zone",
        correct: "kubectl get nodes -L topology.kubernetes.io/zone",
        check: AtCommand(KUBECTL, zone_from_node_selector),
    },
    Rule {
        name: "kubectl-services-prove-nothing",
        severity: WARNING,
        title: "that a Service exists does not show that it serves",
        explanation: "`kubectl get services` lists objects; it looks the same while every pod behind them is down.",
        help: "look at what is behind it: kubectl get endpointslices, readiness of the pods, a request to its health URL",
        correct: "kubectl -n \"${NAMESPACE:?}\" get endpointslices -l kubernetes.io/service-name=api",
        check: AtCommand(KUBECTL, services_prove_nothing),
    },
    Rule {
        name: "kubectl-delete-shared-manifest",
        severity: WARNING,
        title: "deleting the maintenance manifest may delete live routing",
        explanation: "`apply -f` over an existing Ingress or Service of the same name changes it; `delete -f` of the same \
                      file then removes it, and with it the way to the application.",
        help: "apply the normal manifest again instead of deleting the other one, and look first with kubectl diff -f",
        correct: "kubectl -n \"${NAMESPACE:?}\" apply -f k8s/ingress.yaml",
        check: Document(delete_shared_manifest),
    },
];

/// What belongs to no namespace, or brings its own.
const NO_NAMESPACE_VERBS: &[&str] = &[
    "apply",
    "replace",
    "diff",
    "config",
    "cluster-info",
    "version",
    "api-resources",
    "api-versions",
    "drain",
    "cordon",
    "uncordon",
    "taint",
    "certificate",
    "completion",
    "plugin",
    "explain",
    "options",
    "kustomize",
    "proxy",
    "alpha",
    "",
];
const CLUSTER_KINDS: &[&str] = &[
    "node",
    "nodes",
    "no",
    "namespace",
    "namespaces",
    "ns",
    "persistentvolume",
    "persistentvolumes",
    "pv",
    "clusterrole",
    "clusterroles",
    "clusterrolebinding",
    "clusterrolebindings",
    "storageclass",
    "storageclasses",
    "sc",
    "customresourcedefinition",
    "customresourcedefinitions",
    "crd",
    "crds",
    "ingressclass",
    "ingressclasses",
    "priorityclass",
    "priorityclasses",
    "componentstatuses",
    "cs",
    "apiservices",
    "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
    "csr",
    "volumeattachments",
    "runtimeclasses",
    "csinodes",
    "csidrivers",
];

fn no_namespace(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let verb = operands.first().map_or("", |(_, verb)| *verb);
    let kind = operands.get(if verb == "rollout" || verb == "set" { 2 } else { 1 }).map_or("", |(_, kind)| *kind);
    let kind = kind.split('/').next().unwrap_or_default();
    let of_cluster = kind.split(',').all(|kind| CLUSTER_KINDS.contains(&kind));
    let from_file = command.flag(&["-f", "--filename", "-k"]) && verb != "logs";
    if NO_NAMESPACE_VERBS.contains(&verb) || !VERBS.contains(&verb) || from_file || of_cluster {
        return;
    }
    if verb == "create" && command.flag(&["--dry-run"]) && command.next_in_pipe(report.subject).is_some() {
        return;
    }
    if verb == "auth" || (verb == "get" && kind.is_empty() && command.flag(&["--raw"])) {
        return;
    }
    if !command.flag(&["-n", "--namespace", "-A", "--all-namespaces", "--raw"]) {
        report.command(command, format!("kubectl {verb} names no namespace"));
    }
}

/// As of kubectl 1.34.
const VERBS: &[&str] = &[
    "alpha",
    "annotate",
    "api-resources",
    "api-versions",
    "apply",
    "attach",
    "auth",
    "autoscale",
    "certificate",
    "cluster-info",
    "completion",
    "config",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "describe",
    "diff",
    "drain",
    "edit",
    "events",
    "exec",
    "explain",
    "expose",
    "get",
    "help",
    "kuberc",
    "kustomize",
    "label",
    "logs",
    "options",
    "patch",
    "plugin",
    "port-forward",
    "proxy",
    "replace",
    "rollout",
    "run",
    "scale",
    "set",
    "taint",
    "top",
    "uncordon",
    "version",
    "wait",
];

fn unknown_command(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let Some((index, verb)) = operands.first() else { return };
    if VERBS.contains(verb) || verb.contains('$') {
        return;
    }
    let plugin = format!("kubectl-{verb}");
    if !report.subject.requires(&plugin) && !report.subject.requires(&plugin.replace("kubectl-", "kubectl ")) {
        report.word(command, *index, format!("kubectl has no command {verb}"));
    }
}

fn use_context(command: &Command<'_>, report: &mut Report<'_>) {
    let changes = match command.program() {
        // Without an operand these two only list.
        "kubectx" | "kubens" => !command.operands().is_empty(),
        _ => {
            let operands = command.operands();
            let words: Vec<&str> = operands.iter().take(2).map(|(_, word)| *word).collect();
            words == ["config", "use-context"] || words == ["config", "set-context"] && command.flag(&["--current"])
        }
    };
    if changes {
        report.command(command, "this changes the kubeconfig that every terminal of this account uses");
    }
}

fn logs_selector_tail(command: &Command<'_>, report: &mut Report<'_>) {
    if command.verb() == "logs" && command.flag(&["-l", "--selector"]) && !command.flag(&["--tail", "-f", "--follow"]) {
        report.command(command, "with a selector, kubectl logs prints only the last 10 lines of each pod");
    }
}

fn logs_one_pod(command: &Command<'_>, report: &mut Report<'_>) {
    const OWNERS: [&str; 10] = [
        "deployment/",
        "deployments/",
        "deploy/",
        "statefulset/",
        "sts/",
        "daemonset/",
        "ds/",
        "replicaset/",
        "rs/",
        "job/",
    ];
    if command.verb() != "logs" || command.flag(&["--all-pods"]) {
        return;
    }
    let operands = command.operands();
    let Some((index, name)) = operands.get(1).filter(|(_, name)| OWNERS.iter().any(|owner| name.starts_with(owner)))
    else {
        return;
    };
    let message = if command.flag(&["--previous", "-p"]) {
        format!("the logs of {name} before its restart are those of an arbitrary pod")
    } else {
        format!("the logs of {name} are those of one of its pods")
    };
    report.word(command, *index, message);
}

fn patch_drops_hosts(command: &Command<'_>, report: &mut Report<'_>) {
    if command.verb() != "patch" || command.value(&["--type"]) == Some("json") {
        return;
    }
    let Some((index, patch)) = command.value_at(&["-p", "--patch"]) else { return };
    let Ok(patch) = serde_json::from_str::<serde_json::Value>(patch) else { return };
    let Some(entries) = patch.pointer("/spec/tls").and_then(serde_json::Value::as_array) else { return };
    if entries.iter().any(|entry| entry.get("hosts").is_none()) {
        report.word(command, index, "this patch replaces the whole list of TLS entries with one that names no hosts");
    }
}

fn create_twice(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let words: Vec<&str> = operands.iter().take(2).map(|(_, word)| *word).collect();
    if let ["create", kind @ ("secret" | "configmap" | "cm" | "namespace" | "ns")] = words[..]
        && !command.flag(&["--dry-run"])
    {
        report.command(command, format!("creating the {kind} fails when this step is run again"));
    }
}

fn secret_in_env(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    if !matches!(operands.first_chunk(), Some([(_, "set"), (_, "env")])) || command.flag(&["--from"]) {
        return;
    }
    for (index, word) in &operands[2..] {
        let Some((name, value)) = word.split_once('=') else { continue };
        if holds_credential(name) || value.split_once("://").is_some_and(|(_, rest)| rest.contains('@')) {
            report.word(
                command,
                *index,
                format!("{name} holds a credential and is written into the Deployment as plain text"),
            );
        }
    }
}

/// Whether an environment variable of this name usually holds a credential, alone or inside an address.
fn holds_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let connects = ["DATABASE_URL", "REDIS_URL", "AMQP_URL", "MONGO_URL", "MONGODB_URI", "BROKER_URL", "_DSN"];
    connects.iter().any(|end| name.ends_with(end)) || super::secrets::is_secret_name(&name)
}

fn zone_from_node_selector(command: &Command<'_>, report: &mut Report<'_>) {
    for (index, word) in command.words.iter().enumerate() {
        let columns = word.split([',', '=']).filter_map(|column| column.split_once(':'));
        for (title, path) in columns {
            let zone = ["AZ", "ZONE"].iter().any(|name| title.eq_ignore_ascii_case(name));
            if zone && path.contains("nodeSelector") {
                report.word(command, index, "this column shows what the pod asked for, not the zone it is in");
            }
        }
    }
}

fn services_prove_nothing(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let words: Vec<&str> = operands.iter().take(2).map(|(_, word)| *word).collect();
    let lists = matches!(words[..], ["get", "services" | "service" | "svc"]);
    let output = command.flag(&["-o", "--output"]);
    if lists && !output && command.intent(report.subject, &["verify", "verification", "health"]) {
        report.command(command, "a list of Services looks the same while every pod behind them is down");
    }
}

fn delete_shared_manifest(subject: &Subject<'_>, report: &mut Report<'_>) {
    for delete in subject.commands_of("kubectl").filter(|command| command.verb() == "delete") {
        let Some((index, file)) = delete.value_at(&["-f", "--filename"]) else { continue };
        let routes = ["maint", "ingress", "service", "route", "gateway"].iter().any(|part| file.contains(part));
        let applied = delete
            .before(subject)
            .any(|other| other.is("kubectl", "apply") && other.value(&["-f", "--filename"]) == Some(file));
        if routes && applied {
            report.word(
                delete,
                index,
                format!("{file} was applied before: what it shares with live routing is deleted too"),
            );
        }
    }
}
