//! The risk of an HTTP request: its method, who hears of it, and the file that it is written to.

use super::{
    Risk,
    assess::Findings,
    files,
    table::{named, table},
};
use crate::runbook::shell::{
    Invocation, Script, Word,
    options::{Grammar, Options, read},
};

const CURL: Grammar = Grammar {
    short: "XdFTouHAbcDeEhKmPQrtUwxyYzC",
    long: &[
        "--request",
        "--data",
        "--data-raw",
        "--data-binary",
        "--data-ascii",
        "--data-urlencode",
        "--json",
        "--form",
        "--form-string",
        "--upload-file",
        "--output",
        "--output-dir",
        "--user",
        "--header",
        "--user-agent",
        "--cookie",
        "--cookie-jar",
        "--dump-header",
        "--referer",
        "--cert",
        "--key",
        "--cacert",
        "--capath",
        "--config",
        "--max-time",
        "--connect-timeout",
        "--retry",
        "--retry-delay",
        "--retry-max-time",
        "--proxy",
        "--proxy-user",
        "--write-out",
        "--url",
        "--resolve",
        "--connect-to",
        "--interface",
        "--limit-rate",
        "--range",
        "--unix-socket",
        "--mail-from",
        "--mail-rcpt",
        "--oauth2-bearer",
        "--noproxy",
        "--ciphers",
        "--tls-max",
        "--aws-sigv4",
        "--stderr",
        "--trace",
        "--trace-ascii",
        "--quote",
        "--url-query",
        "--max-redirs",
        "--keepalive-time",
        "--speed-limit",
        "--speed-time",
        "--time-cond",
        "--continue-at",
    ],
};
const WGET: Grammar = Grammar {
    short: "OoaPtTwUQeiBARDIXl",
    long: &[
        "--method",
        "--body-data",
        "--body-file",
        "--post-data",
        "--post-file",
        "--output-document",
        "--output-file",
        "--header",
        "--timeout",
        "--tries",
        "--user",
        "--password",
        "--user-agent",
        "--directory-prefix",
        "--ca-certificate",
        "--wait",
    ],
};
const BODY: &[&str] = &[
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-ascii",
    "--data-urlencode",
    "--json",
    "-F",
    "--form",
    "--form-string",
    "--post-data",
    "--post-file",
    "--body-data",
    "--body-file",
];

pub(super) fn call(script: &Script, invocation: &Invocation, name: &str, findings: &mut Findings) {
    let wget = name == "wget";
    let options = read(&invocation.words, if wget { WGET } else { CURL });
    let span = invocation.span.clone();
    let urls: Vec<&Word> = options.positional.iter().chain(options.values(&["--url"])).collect();
    let shown: Vec<String> = urls.iter().map(|url| without_password(&url.shown())).collect();
    let method = method(&options);
    let host = shown.iter().find_map(|url| named(&table().outside, host_and_path(url)));
    let mail = shown.iter().any(|url| url.starts_with("smtp")) || options.has(&["--mail-rcpt"]);
    if mail {
        findings.add(Risk::Change, format!("{name} sends mail"), span.clone());
        findings.outside();
    }
    // Several requests may follow each other; the flags of the worst count for all of them.
    match method.as_deref() {
        Some("GET" | "HEAD" | "OPTIONS" | "TRACE") if !mail => {
            findings.add(Risk::Read, format!("{name} asks with {}", method.as_deref().unwrap_or("GET")), span.clone());
        }
        Some("DELETE") => {
            findings.add(Risk::Destructive, format!("{name} asks a server to remove something (DELETE)"), span.clone());
            for url in &shown {
                findings.target(Risk::Destructive, host_and_path(url));
            }
        }
        Some("GET") => {}
        Some(method) => {
            findings.add(Risk::Change, format!("{name} sends something to a server ({method})"), span.clone());
            for url in &shown {
                findings.target(Risk::Change, host_and_path(url));
            }
        }
        None => findings.add(
            Risk::Destructive,
            format!("{name} sends a request whose method is known only when it runs"),
            span.clone(),
        ),
    }
    let asks = matches!(method.as_deref(), Some("GET" | "HEAD" | "OPTIONS" | "TRACE"));
    if let Some(row) = host.filter(|_| !asks) {
        findings.add(row.risk, format!("{name} {}", row.reason), span.clone());
        findings.outside();
    }
    if options.has(&["-K", "--config"]) {
        findings.add(Risk::Destructive, format!("{name} does what a file says that is not known here"), span.clone());
    }
    writes(script, &options, wget, name, span, findings);
}

fn writes(
    script: &Script,
    options: &Options,
    wget: bool,
    name: &str,
    span: std::ops::Range<usize>,
    findings: &mut Findings,
) {
    let files: &[&str] = if wget {
        &["-O", "--output-document"]
    } else {
        &["-o", "--output", "-D", "--dump-header", "-c", "--cookie-jar"]
    };
    let mut to_file = false;
    for file in options.values(files) {
        to_file = true;
        if !files::is_sink(&file.shown()) && !files::is_fresh(script, file) {
            findings.add(Risk::Change, format!("{name} writes to the file {}", file.shown()), span.clone());
        }
    }
    let own_name = if wget {
        !to_file && !options.has(&["--spider"])
    } else {
        options.has(&["-O", "--remote-name", "--remote-name-all"])
    };
    if own_name {
        findings.add(Risk::Change, format!("{name} writes to a file in this directory"), span);
    }
}

/// The method in capitals; nothing when it is an expansion.
fn method(options: &Options) -> Option<String> {
    if let Some(word) = options.value(&["-X", "--request", "--method"]) {
        return word.literal.as_ref().map(|method| method.to_ascii_uppercase());
    }
    let method = if options.has(&["-G", "--get"]) {
        "GET"
    } else if options.has(&["-I", "--head", "--spider"]) {
        "HEAD"
    } else if options.has(&["-T", "--upload-file"]) {
        "PUT"
    } else if options.has(BODY) {
        "POST"
    } else {
        "GET"
    };
    Some(method.to_owned())
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
