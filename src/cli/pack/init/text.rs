//! The text of a new pack: every part that works here and now, and comments for what to write next.

use warroom_host::discovery::{Discovery, KubeContext};

/// What was found, in one line.
pub(super) fn summary(found: &Discovery) -> String {
    let mut parts = Vec::new();
    match (found.contexts.len(), found.chosen_context()) {
        (0, _) => {}
        (1, Some(only)) => parts.push(format!("kube context {}", only.name)),
        (count, Some(chosen)) => parts.push(format!("{count} kube contexts ({} is used)", chosen.name)),
        (count, None) => parts.push(format!("{count} kube contexts, none of them current (choose one in the pack)")),
    }
    parts.extend(found.variables.iter().map(|name| (*name).to_owned()));
    if parts.is_empty() {
        "nothing to look at yet (the pack shows how to add probes)".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The text as an id: other characters become `-`.
pub(super) fn as_id(text: &str) -> String {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let id: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    id.trim_matches('-').to_owned()
}

/// The whole `platform.toml`.
pub(super) fn manifest(name: &str, found: &Discovery) -> String {
    let mut text = format!(
        r#"# The platform pack of {name}: what is operated, and what is looked at.
# `warroom pack check` says what is wrong with this file. Secrets are not written here: a value may be
# "env:NAME", "file:PATH" or "cmd:COMMAND", and is looked up when it is used.

[platform]
name = {quoted}
title = {quoted}
# document = {{ version = "1.0", owner = "Operations", reviewed = 2026-01-15, review_every = "quarterly" }}
"#,
        quoted = quoted(name),
    );
    text += "\n# Where things act. With more than one, --environment chooses.\n";
    text += &environments(found);
    text += COMPONENTS;
    let database = database_url(found);
    for (present, id, title) in [
        (found.chosen_context().is_some(), "services", "Services on Kubernetes"),
        (database.is_some(), "database", "Database"),
        (found.has("REDIS_URL"), "cache", "Cache"),
    ] {
        if present {
            text += &format!("\n[[components]]\nid = \"{id}\"\ntitle = \"{title}\"\n# rto = \"4h\"\n# rpo = \"24h\"\n");
        }
    }
    text += "\n# What is looked at. `warroom probe list` shows all defaults that are filled in.\n";
    let mut watched = Vec::new();
    if let Some(context) = found.chosen_context() {
        text += &kubernetes(context);
        watched.push(("pods", "The cluster cannot be reached", "P1"));
    }
    if let Some(url) = database {
        text += &POSTGRES.replace("= URL", &format!("= {}", quoted(url)));
        watched.push(("database", "The database is down", "P0"));
    }
    if found.has("REDIS_URL") {
        text += REDIS;
        watched.push(("redis", "The cache is down", "P1"));
    }
    if found.has("PROMETHEUS_URL") {
        text += PROMETHEUS;
    }
    text += HTTP_EXAMPLE;
    text += SEVERITIES;
    text += "\n# Conditions that propose an incident when they have held for a time.\n";
    for (probe, title, severity) in watched {
        text += &format!(
            "\n[[alerts]]\nid = \"{probe}-down\"\ntitle = \"{title}\"\nwhen = 'probes.{probe}.status == \"down\"'\nfor = \"1m\"\nseverity = \"{severity}\"\n"
        );
    }
    text
}

fn database_url(found: &Discovery) -> Option<&'static str> {
    if found.has("DATABASE_URL") {
        Some("env:DATABASE_URL")
    } else if found.has_libpq() {
        Some("postgresql://")
    } else {
        None
    }
}

fn environments(found: &Discovery) -> String {
    let mut text = String::new();
    let chosen = found.chosen_context();
    let table = |context: &KubeContext| {
        let protected = context.name.to_lowercase().contains("prod");
        format!(
            "[environments.{}]\nkube_context = {}\n# true: destructive steps ask for a second responder\nprotected = {protected}\n",
            key(&as_id(&context.name)),
            quoted(&context.name)
        )
    };
    if let Some(context) = chosen {
        text += &format!("\n{}", table(context));
    } else {
        text += "\n# [environments.production]\n# protected = true\n# kube_context = \"…\"\n";
    }
    for context in found.contexts.iter().filter(|context| chosen.is_none_or(|c| c.name != context.name)) {
        let commented: String = table(context).lines().map(|line| format!("# {line}\n")).collect();
        text += &format!("\n{commented}");
    }
    text
}

fn kubernetes(context: &KubeContext) -> String {
    let namespace = context.namespace.as_deref().unwrap_or("*");
    format!(
        r#"
[[probes]]
id = "pods"
kind = "kubernetes"
panel = "pods"
component = "services"
# ["*"] looks at all namespaces
namespaces = [{}]
"#,
        quoted(namespace)
    )
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A TOML key, bare where it can be.
fn key(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(bare) { text.to_owned() } else { quoted(text) }
}

const COMPONENTS: &str = "
# The parts of the platform, with how soon they must be back (rto) and how much data may be lost (rpo).
";

const POSTGRES: &str = r#"
[[probes]]
id = "database"
kind = "postgres"
panel = "database"
component = "database"
url = URL
# or "standby", "any"
expect = "primary"

# [[probes]]
# id = "replication"
# kind = "replication"
# component = "database"
# primary = URL
# replicas = ["env:REPLICA_URL"]
"#;

const REDIS: &str = r#"
[[probes]]
id = "redis"
kind = "redis"
panel = "redis"
component = "cache"
url = "env:REDIS_URL"
"#;

const PROMETHEUS: &str = r#"
[[probes]]
id = "targets"
title = "Scrape targets down"
kind = "prometheus"
panel = "metrics"
server = "env:PROMETHEUS_URL"
query = "count(up == 0) or vector(0)"
unit = "targets"
warn = "value > 0"

# [[probes]]
# id = "errors"
# title = "5xx answers"
# kind = "prometheus"
# panel = "error-rate"
# server = "env:PROMETHEUS_URL"
# query = '100 * sum(rate(http_requests_total{status=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))'
# unit = "%"
# warn = "value > 1"
# down = "value > 5"
"#;

const HTTP_EXAMPLE: &str = r#"
# [[probes]]
# id = "website"
# kind = "http"
# url = "https://www.example.com/health"
# contains = "ok"
"#;

const SEVERITIES: &str = r#"
# How bad it can be, from worst to mildest.

[[severities]]
level = "P0"
title = "Critical"
criteria = ["Nobody can use the platform", "Data is being lost or stolen"]
respond_within = "15m"
recover_within = "1h"

[[severities]]
level = "P1"
title = "High"
criteria = ["Many users are affected, or a main function is"]
respond_within = "30m"
recover_within = "4h"

[[severities]]
level = "P2"
title = "Medium"
criteria = ["Few users are affected, and there is a way around"]
respond_within = "2h"
recover_within = "24h"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_domain::{platform, platform::PackFiles};

    fn context(name: &str, namespace: Option<&str>) -> KubeContext {
        KubeContext { name: name.to_owned(), namespace: namespace.map(str::to_owned) }
    }

    #[test]
    fn whatever_is_found_the_pack_is_clean() {
        let contexts =
            [vec![], vec![context("arn:aws:eks:eu-west-1:1:cluster/prod", None), context("kind-\"a\"", Some("shop"))]];
        for contexts in contexts {
            for variables in [vec![], vec!["DATABASE_URL", "REDIS_URL", "PROMETHEUS_URL"], vec!["PGHOST", "PGUSER"]] {
                let found = Discovery {
                    current_context: contexts.first().map(|c| c.name.clone()),
                    contexts: contexts.clone(),
                    variables,
                    kubeconfig_problem: None,
                };
                let text = manifest("shop", &found);
                let loaded = platform::parse("platform.toml", &text, &PackFiles::default());
                assert_eq!(loaded.diagnostics, [], "{text}");
                let pack = loaded.pack.unwrap();
                assert_eq!(pack.environments.len(), usize::from(!contexts.is_empty()), "{text}");
                assert_eq!(pack.probe("database").is_some(), database_url(&found).is_some());
                // Whoever takes a `#` away gets TOML.
                let examples = text.lines().filter_map(|line| line.strip_prefix("# "));
                let is_toml = |line: &&str| line.starts_with("[[") || line.contains(" = ") && !line.contains(". ");
                for example in examples.filter(is_toml) {
                    assert!(example.parse::<toml_edit::DocumentMut>().is_ok(), "{example}");
                }
            }
        }
    }
}
