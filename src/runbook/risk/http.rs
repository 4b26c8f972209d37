//! The risk of an HTTP request: its method, and who hears of it.

use super::{
    Risk,
    command::Rated,
    findings::Findings,
    knowledge::{knowledge, named},
};
use crate::shell::Word;

const BODY: &[&str] = &[
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-ascii",
    "--data-urlencode",
    "--json",
    "--form",
    "--form-string",
    "--post-data",
    "--post-file",
    "--body-data",
    "--body-file",
    "--expand-data",
];

/// Headers that servers take for the method.
const METHOD_HEADERS: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];

pub(super) fn call(rated: &Rated<'_>, findings: &mut Findings) {
    let name = rated.name;
    let span = rated.span.clone();
    let by_option = rated.call.given(&["--url"]).filter_map(|given| rated.words.get(given.value?.0));
    let urls: Vec<&Word> = rated.operand_words().chain(by_option).collect();
    let shown: Vec<String> = urls.iter().map(|url| without_password(&url.shown())).collect();
    let host = shown.iter().find_map(|url| named(&knowledge().outside, host_and_path(url)));
    let mail = shown.iter().any(|url| url.starts_with("smtp")) || rated.call.has(&["--mail-rcpt"]);
    if mail {
        findings.add(Risk::Change, format!("{name} sends mail"), span.clone());
        findings.outside();
    }
    let mut asks = true;
    for method in methods(rated) {
        match method.as_deref() {
            Some(method @ ("GET" | "HEAD" | "OPTIONS" | "TRACE")) => {
                if !mail {
                    findings.add(Risk::Read, format!("{name} asks with {method}"), span.clone());
                }
            }
            Some("DELETE") => {
                asks = false;
                findings.add(
                    Risk::Destructive,
                    format!("{name} asks a server to remove something (DELETE)"),
                    span.clone(),
                );
                for url in &shown {
                    findings.target(Risk::Destructive, host_and_path(url));
                }
            }
            Some(method) => {
                asks = false;
                findings.add(Risk::Change, format!("{name} sends something to a server ({method})"), span.clone());
                for url in &shown {
                    findings.target(Risk::Change, host_and_path(url));
                }
            }
            None => {
                asks = false;
                let text = format!("{name} sends a request whose method is known only when it runs");
                findings.add(Risk::Destructive, text, span.clone());
            }
        }
    }
    if let Some(row) = host.filter(|_| !asks) {
        findings.add(row.risk, format!("{name} {}", row.why), span);
        findings.outside();
    }
}

/// Every method that the options ask for, in capitals; nothing for one that is an expansion. Several requests may follow each other
/// (`--next`), and which of two options wins is curl's affair: the worst of them counts.
fn methods(rated: &Rated<'_>) -> Vec<Option<String>> {
    let call = rated.call;
    let mut found: Vec<Option<String>> = Vec::new();
    for given in call.given(&["--request", "--method"]) {
        found.push(given.value.and_then(|value| rated.value(value)).map(str::to_ascii_uppercase));
    }
    for given in call.given(&["--header"]) {
        let Some(header) = given.value.map(|value| rated.value_shown(value)) else { continue };
        if let Some((name, value)) = header.split_once(':')
            && METHOD_HEADERS.contains(&name.trim().to_ascii_lowercase().as_str())
        {
            let value = value.trim();
            found.push((!value.contains('$')).then(|| value.to_ascii_uppercase()));
        }
    }
    let several = call.has(&["--next"]);
    if call.has(&["--upload-file"]) {
        found.push(Some("PUT".to_owned()));
    }
    if call.has(BODY) && (several || !call.has(&["--get"])) && found.is_empty() {
        found.push(Some("POST".to_owned()));
    }
    if found.is_empty() {
        let head = call.has(&["--head", "--spider"]);
        found.push(Some(if head { "HEAD" } else { "GET" }.to_owned()));
    }
    found
}

fn host_and_path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['?', '#']).next().unwrap_or(rest)
}

fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(end);
            format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or(host))
        }
        None => url.to_owned(),
    }
}
