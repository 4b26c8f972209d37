//! The fields of each probe kind.

use indexmap::IndexMap;
use promql_parser::parser::Expr;
use toml::de::DeValue;

use super::{
    fields::Port,
    names::{Names, Noun},
    section::{Section, Text},
};
use crate::platform::{
    BackupSource, BackupVerify, CommandFormat, CommandLine, HttpTarget, PostgresRole, ProbeTarget, RedisRole,
    SecretText, TlsFiles, WebFields, nearest::suggestion, promql,
};

const HTTP: &[&str] = &["http", "https"];
const POSTGRES: &[&str] = &["postgresql", "postgres"];
const REDIS: &[&str] = &[
    "redis",
    "rediss",
    "valkey",
    "valkeys",
    "redis+unix",
    "valkey+unix",
    "unix",
    "redis+sentinel",
    "rediss+sentinel",
    "redis-sentinel",
    "rediss-sentinel",
    "redis+cluster",
    "rediss+cluster",
    "redis-cluster",
    "rediss-cluster",
];

/// Reads what the kind needs. `None` when something that it cannot do without is missing or wrong; that is reported.
pub(super) fn read(kind: &str, section: &Section<'_, '_>, names: &Names<'_, '_>) -> Option<ProbeTarget> {
    match kind {
        "kubernetes" => Some(kubernetes(section)),
        "postgres" => Some(ProbeTarget::Postgres {
            url: postgres_url(section, &section.required_text("url", "\"env:DATABASE_URL\"")?),
            expect: section
                .choice(
                    "expect",
                    &[
                        ("primary", PostgresRole::Primary),
                        ("standby", PostgresRole::Standby),
                        ("any", PostgresRole::Any),
                    ],
                )
                .unwrap_or_default(),
        }),
        "replication" => replication(section),
        "redis" => {
            let expect = section.choice(
                "expect",
                &[("master", RedisRole::Master), ("replica", RedisRole::Replica), ("any", RedisRole::Any)],
            );
            let url = section.required_url("url", REDIS, "\"env:REDIS_URL\"")?;
            Some(ProbeTarget::Redis { url, expect: expect.unwrap_or_default() })
        }
        "http" => http(section),
        "prometheus" => {
            let server = section.required_url("server", HTTP, "\"env:PROMETHEUS_URL\"");
            let query = section.required_text("query", "\"up\"");
            if let Some(query) = &query {
                check_query(section, "query", query);
            }
            let unit = section.owned("unit");
            let web = web(section);
            Some(ProbeTarget::Prometheus { server: server?, query: query?.value.to_owned(), unit, web })
        }
        "metrics" => metrics(section),
        "statuspage" => Some(ProbeTarget::Statuspage {
            web: web(section),
            url: section.required_url("url", HTTP, "\"https://status.example.com/api/v2/status.json\"")?,
        }),
        "tcp" => Some(ProbeTarget::Tcp { address: address(section)? }),
        "tls" => {
            let (server_name, tls) = (section.owned("server_name"), tls_files(section));
            Some(ProbeTarget::Tls { address: address(section)?, server_name, tls })
        }
        "dns" => dns(section),
        "backup" => backup(section),
        "command" => command(section),
        "simulated" => {
            let scenario = section.required_text("scenario", "\"outage\"")?;
            names.refer(&[Noun::Scenario], &scenario);
            Some(ProbeTarget::Simulated { scenario: scenario.value.to_owned() })
        }
        _ => None,
    }
}

fn kubernetes(section: &Section<'_, '_>) -> ProbeTarget {
    let mut namespaces = section.texts("namespaces");
    if let Some(one) = section.text("namespace") {
        namespaces.push(one);
    }
    for namespace in &namespaces {
        // Kubernetes: an RFC 1123 label.
        let label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = !namespace.value.is_empty() && namespace.value.len() <= 63 && namespace.value.chars().all(label);
        if namespace.value != "*" && !fits && super::unfilled::placeholder(namespace.value).is_none() {
            let message = format!("`{}` cannot be a namespace", namespace.value);
            section.findings.error(namespace.at.clone(), message, Some("write \"*\" for all namespaces".to_owned()));
        }
    }
    let mut namespaces: Vec<String> = namespaces.iter().map(|n| n.value.to_owned()).collect();
    if namespaces.is_empty() {
        namespaces.push("default".to_owned());
    }
    ProbeTarget::Kubernetes {
        context: section.owned("context"),
        kubeconfig: section.secret_at("kubeconfig"),
        namespaces,
        selector: section.owned("selector"),
    }
}

/// A URL, or libpq's `key=value` form. `postgresql://` alone stands for libpq's `PG*` variables.
fn postgres_url(section: &Section<'_, '_>, text: &Text<'_>) -> SecretText {
    let pairs = !text.value.contains("://") && text.value.contains('=');
    if pairs { section.secret(text) } else { section.url(text, POSTGRES) }
}

fn replication(section: &Section<'_, '_>) -> Option<ProbeTarget> {
    let primary = section.text("primary").map(|text| postgres_url(section, &text));
    let replicas: Vec<SecretText> = section.texts("replicas").iter().map(|text| postgres_url(section, text)).collect();
    if primary.is_none() && replicas.is_empty() && !section.has("primary") && !section.has("replicas") {
        section.missing("primary", "\"env:DATABASE_URL\"");
        return None;
    }
    Some(ProbeTarget::Replication { primary, replicas })
}

fn http(section: &Section<'_, '_>) -> Option<ProbeTarget> {
    let method = section.text("method");
    if let Some(method) = &method
        && !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&method.value)
    {
        let help = suggestion(&method.value.to_uppercase(), &["GET", "HEAD", "POST", "PUT", "OPTIONS"]);
        section.findings.error(method.at.clone(), format!("`{}` is not an HTTP method", method.value), help);
    }
    let status = section.text("status");
    if let Some(status) = &status
        && !accepts_codes(status.value)
    {
        let message = format!("`{}` is not a list of status codes", status.value);
        section.findings.error(status.at.clone(), message, Some("write \"2xx\", \"any\", or \"200,204\"".to_owned()));
    }
    let resolve = section.text("resolve");
    if let Some(resolve) = &resolve {
        section.address(resolve, Port::Optional);
    }
    let mut headers = IndexMap::new();
    for (name, value) in section.text_members("headers") {
        let secret = section.secret(&value);
        let credential = ["authorization", "x-api-key", "x-auth-token", "cookie", "private-token"];
        if matches!(secret, SecretText::Literal(_)) && credential.contains(&name.value.to_ascii_lowercase().as_str()) {
            let help = "take it from the environment (env:NAME), a file (file:PATH) or a command (cmd:COMMAND)";
            section.findings.warning(value.at.clone(), "a credential stands in the pack", Some(help.to_owned()));
        }
        headers.insert(name.value.to_owned(), secret);
    }
    let target = HttpTarget {
        method: method.map_or_else(|| "GET".to_owned(), |m| m.value.to_owned()),
        headers,
        body: section.secret_at("body"),
        status: status.map_or_else(|| "2xx".to_owned(), |s| s.value.to_owned()),
        json: section.expression("json"),
        contains: section.owned("contains"),
        matches: section.pattern("matches"),
        resolve: resolve.map(|r| r.value.to_owned()),
        redirects: section.whole("redirects", 0..=20).map_or(0, |n| usize::try_from(n).unwrap_or(0)),
        web: web(section),
        url: section.required_url("url", HTTP, "\"https://example.com/health\"")?,
    };
    Some(ProbeTarget::Http(Box::new(target)))
}

/// `any`, or a comma-separated list of codes (`200`), classes (`2xx`) and ranges (`200-299`).
fn accepts_codes(text: &str) -> bool {
    let code = |c: &str| c.len() == 3 && c.parse::<u16>().is_ok_and(|n| (100..=599).contains(&n));
    let class = |c: &str| c.strip_suffix("xx").is_some_and(|d| matches!(d, "1" | "2" | "3" | "4" | "5"));
    let range = |c: &str| c.split_once('-').is_some_and(|(a, b)| code(a) && code(b) && a <= b);
    text == "any" || text.split(',').map(str::trim).all(|part| code(part) || class(part) || range(part))
}

fn metrics(section: &Section<'_, '_>) -> Option<ProbeTarget> {
    let selector = |key| {
        let text = section.required_text(key, r#"'http_requests_total{status=~"5.."}'"#)?;
        match promql::parse(text.value) {
            Ok(Expr::VectorSelector(_)) => Some(text.value.to_owned()),
            Ok(_) => {
                let help = r#"write a name with labels: 'http_requests_total{status=~"5.."}'"#;
                let message = format!("`{key}` must be a series selector, not a calculation");
                section.findings.error(text.at, message, Some(help.to_owned()));
                None
            }
            Err(cause) => {
                let message = format!("`{key}` is not a series selector: {cause}");
                section.findings.error(text.at, message, None);
                None
            }
        }
    };
    let (errors, total) = (selector("errors"), selector("total"));
    let window = section.positive_duration("window").unwrap_or(std::time::Duration::from_secs(300));
    let web = web(section);
    let url = section.required_url("url", HTTP, "\"http://localhost:9090/metrics\"");
    Some(ProbeTarget::Metrics { url: url?, errors: errors?, total: total?, window, web })
}

/// Bodies are held in memory, one for each probe.
const LARGEST_BODY: usize = 256 * 1024 * 1024;

fn web(section: &Section<'_, '_>) -> WebFields {
    WebFields { tls: tls_files(section), body_limit: section.size("body_limit", 1..=LARGEST_BODY) }
}

fn tls_files(section: &Section<'_, '_>) -> TlsFiles {
    let files = TlsFiles {
        ca_file: section.owned("ca_file"),
        client_certificate: section.owned("client_certificate"),
        client_key: section.owned("client_key"),
    };
    if files.client_key.is_some() && files.client_certificate.is_none() && !section.has("client_certificate") {
        section.missing("client_certificate", "\"client.crt\"");
    }
    files
}

fn check_query(section: &Section<'_, '_>, key: &str, query: &Text<'_>) {
    if let Err(cause) = promql::parse(query.value) {
        let message = format!("`{key}` is not a PromQL expression: {cause}");
        section.findings.error(query.at.clone(), message, None);
    }
}

fn address(section: &Section<'_, '_>) -> Option<String> {
    let text = section.required_text("address", "\"host:443\"")?;
    section.address(&text, Port::Required);
    Some(text.value.to_owned())
}

fn dns(section: &Section<'_, '_>) -> Option<ProbeTarget> {
    // The types that hickory-resolver can be asked for and that health checks use.
    const RECORDS: [&str; 11] = ["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SRV", "SOA", "CAA", "PTR", "NAPTR"];
    let record = section.text("record");
    if let Some(record) = &record
        && !RECORDS.contains(&record.value)
    {
        let message = format!("`{}` is not a record type", record.value);
        section.findings.error(record.at.clone(), message, suggestion(&record.value.to_uppercase(), &RECORDS));
    }
    let server = section.text("server");
    if let Some(server) = &server {
        section.address(server, Port::Optional);
    }
    let expect = section.owned_list("expect");
    Some(ProbeTarget::Dns {
        name: section.required_text("name", "\"example.com\"")?.value.to_owned(),
        record: record.map_or_else(|| "A".to_owned(), |r| r.value.to_owned()),
        expect,
        server: server.map(|s| s.value.to_owned()),
    })
}

fn backup(section: &Section<'_, '_>) -> Option<ProbeTarget> {
    let verify = section
        .choice(
            "verify",
            &[
                ("checksum", BackupVerify::Checksum),
                ("pg_restore", BackupVerify::PgRestore),
                ("none", BackupVerify::None),
            ],
        )
        .unwrap_or_default();
    let max_age = section.positive_duration("max_age");
    let keep = section.whole("keep", 1..=100_000).and_then(|n| usize::try_from(n).ok());
    let source = match (section.text("path"), section.text("command")) {
        (Some(path), None) => {
            if let Err(error) = glob::Pattern::new(path.value) {
                let at = section.findings.inside(&path.at, error.pos..error.pos + 1);
                section.findings.error(at, format!("`path` is not a file pattern: {}", error.msg), None);
            }
            BackupSource::Path(path.value.to_owned())
        }
        (None, Some(command)) => BackupSource::Command(command.value.to_owned()),
        (Some(_), Some(command)) => {
            section.findings.error(command.at, "`path` and `command` exclude each other", None);
            return None;
        }
        (None, None) => {
            if !section.has("path") && !section.has("command") {
                section.missing("path", "\"/backups/*.dump\", or command = \"aws s3 ls …\"");
            }
            return None;
        }
    };
    Some(ProbeTarget::Backup { source, verify, max_age, keep })
}

fn command(section: &Section<'_, '_>) -> Option<ProbeTarget> {
    let format = section
        .choice(
            "format",
            &[
                ("nagios", CommandFormat::Nagios),
                ("json", CommandFormat::Json),
                ("json-lines", CommandFormat::JsonLines),
            ],
        )
        .unwrap_or_default();
    let run = match (section.has("argv"), section.has("run")) {
        (true, true) => {
            section.findings.error(section.at("run"), "`argv` and `run` exclude each other", None);
            return None;
        }
        (true, false) => {
            if let Some(DeValue::Array(items)) = section.get("argv").map(toml::Spanned::get_ref)
                && items.is_empty()
            {
                section.findings.error(
                    section.at("argv"),
                    "`argv` is empty",
                    Some("write [\"PROGRAM\", …]".to_owned()),
                );
                return None;
            }
            CommandLine::Argv(section.owned_list("argv"))
        }
        (false, true) => CommandLine::Shell(section.required_text("run", "\"command\"")?.value.to_owned()),
        (false, false) => {
            section.missing("argv", "[\"check_disk\", \"-w\", \"20%\"], or run = \"a shell line\"");
            return None;
        }
    };
    Some(ProbeTarget::Command { run, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lists_are_codes_classes_and_ranges() {
        for good in ["2xx", "any", "200,204", "200, 3xx", "200-299"] {
            assert!(accepts_codes(good), "{good}");
        }
        for wrong in ["", "2x", "700", "200;204", "ok", "299-200", "6xx"] {
            assert!(!accepts_codes(wrong), "{wrong}");
        }
    }
}
