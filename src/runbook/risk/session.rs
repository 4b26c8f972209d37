//! What a command leaves behind for those that follow: variables and files that later programs obey.

use super::{Risk, findings::Findings};
use crate::{
    program,
    shell::{Assignment, Invocation, Script, Word},
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

/// Sub-commands with which programs write settings of their own.
const SETTERS: [&str; 9] =
    ["config", "configure", "context", "contexts", "alias", "aliases", "repo", "plugin", "extension"];

/// Why reads must ask after this script, which does more than read: it names a file that programs obey, or tells one of them to write
/// its own. What it only read there counts as well: nobody can tell from the words. `home` is the user's folder.
pub fn written_settings(script: &Script, home: &str) -> Vec<String> {
    let mut found = Vec::new();
    for invocation in &script.commands {
        let targets = invocation.redirects.iter().filter_map(|redirect| redirect.target.as_ref());
        for word in invocation.words.iter().chain(targets) {
            let name = at_home(&word.shown(), home);
            if let Some(why) = program::own_file(&name) {
                found.push(format!("an earlier step may have written {name}, which {why}"));
            }
        }
        let setter = invocation.words.iter().skip(1).map(Word::shown).find(|word| SETTERS.contains(&word.as_str()));
        if let (Some(program), Some(setter)) = (invocation.program(), setter) {
            found.push(format!("an earlier step ran `{program} {setter}`, which changes the settings of {program}"));
        }
    }
    found.dedup();
    found
}

/// A path in the user's home as the data writes it: `~/.psqlrc`.
fn at_home(path: &str, home: &str) -> String {
    let homes = ["$HOME", "/root", home].into_iter().filter(|home| !home.is_empty());
    let inside = homes.filter_map(|home| path.strip_prefix(home)?.strip_prefix('/')).next();
    let other = || path.strip_prefix("/home/").and_then(|rest| rest.split_once('/')).map(|(_, rest)| rest);
    inside.or_else(other).map_or_else(|| path.to_owned(), |rest| format!("~/{rest}"))
}

/// Why reads must ask in a session in which these variables differ from those that it began with.
pub fn taints<'n>(changed: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    let why = |name: &'n str| obeyed(name).map(|why| format!("an earlier step set {name}, which {why}"));
    changed.into_iter().filter_map(why).collect()
}
