//! What a command leaves behind for those that follow: variables and files that later programs obey.

use super::{Risk, assess::Findings};
use crate::runbook::{
    program,
    shell::{Assignment, Invocation, Script},
};

/// Of the variables that programs obey, those that only let them in, name them or make them wait.
const HARMLESS: [&str; 20] = [
    "PGPASSWORD",
    "PGCONNECT_TIMEOUT",
    "PGAPPNAME",
    "PGTZ",
    "PGDATESTYLE",
    "REDISCLI_AUTH",
    "VALKEYCLI_AUTH",
    "MYSQL_PWD",
    "AWS_MAX_ATTEMPTS",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITLAB_TOKEN",
    "GRAFANA_TOKEN",
    "VAULT_TOKEN",
    "CONSUL_HTTP_TOKEN",
    "NOMAD_TOKEN",
    "ARGOCD_AUTH_TOKEN",
    "DD_API_KEY",
    "DD_APP_KEY",
    "TWILIO_AUTH_TOKEN",
];
/// Before one command these say no more than its options do, and the place shows where they lead.
const AS_OPTIONS: [&str; 9] = [
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGSSLMODE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

/// Why a variable of that name changes what programs do: the rest of a sentence that starts with the name.
pub fn obeyed(name: &str) -> Option<&'static str> {
    if HARMLESS.contains(&name) { None } else { program::environment(name) }
}

/// Assignments of the script: a later program, in this step or another one, reads them.
pub(super) fn assignments(script: &Script, findings: &mut Findings) {
    for one in &script.assignments {
        set(one, findings);
    }
}

/// `NAME=value` before a command, or given to `env` and `sudo`: only this command reads them.
pub(super) fn prefixes(invocation: &Invocation, findings: &mut Findings) {
    for one in &invocation.assignments {
        // `while IFS= read -r line` is how lines are read.
        let reads = one.name == "IFS" && invocation.program() == Some("read");
        if !reads && !AS_OPTIONS.contains(&one.name.as_str()) {
            set(one, findings);
        }
    }
}

fn set(one: &Assignment, findings: &mut Findings) {
    // `KUBECONFIG="$KUBECONFIG"`, as `sudo` needs it, changes nothing.
    let hands_on = one.value().is_some_and(|word| {
        matches!(word.variables().as_slice(), [(only, _, None)] if *only == one.name)
            && word.shown() == format!("${}", one.name)
    });
    if !hands_on && let Some(why) = obeyed(&one.name) {
        findings.add(Risk::Change, format!("{} {why}", one.name), one.span.clone());
    }
}

/// Why reads must ask in a session in which these variables differ from those that it began with.
pub fn taints<'n>(changed: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let why = |name: &'n str| obeyed(name).map(|why| format!("an earlier step set {name}, which {why}"));
    changed.into_iter().filter_map(why).collect()
}
