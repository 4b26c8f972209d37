//! curl: answers that are taken for success, requests without an end, and probes that prove something else.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{Check::Command as AtCommand, ERROR, Rule, WARNING},
};

const CURL: &[&str] = &["curl"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "curl-no-fail",
        severity: WARNING,
        title: "curl succeeds on HTTP 500",
        explanation: "Without -f the exit status says only that something answered: a 401, a 404 and a 500 all count as success.",
        help: "add -fsS (or --fail-with-body), or print the code with -w '%{http_code}' and look at it",
        correct: "curl -fsS --max-time 10 https://portal.internal/health",
        check: AtCommand(CURL, no_fail),
    },
    Rule {
        name: "curl-no-timeout",
        severity: WARNING,
        title: "curl waits without limit",
        explanation: "curl has no total timeout by default. A server that accepts and never answers, which is what overload \
                      looks like, holds the step for minutes.",
        help: "add --max-time 10 (and --connect-timeout 3), or {timeout=…} on the fence",
        correct: "curl -fsS --connect-timeout 3 --max-time 10 https://portal.internal/health",
        check: AtCommand(CURL, no_timeout),
    },
    Rule {
        name: "curl-json-as-form",
        severity: ERROR,
        title: "a JSON body is sent as a form",
        explanation: "-d sends `Content-Type: application/x-www-form-urlencoded`. An API that expects JSON answers 400 or 415, \
                      or takes the body for one strange form field.",
        help: "use --json, or add -H 'Content-Type: application/json'",
        correct: "curl -fsS --max-time 10 --json @incident.json -H @\"${STATUSPAGE_HEADERS:?}\" \"${INCIDENTS_URL:?}\"",
        check: AtCommand(CURL, json_as_form),
    },
    Rule {
        name: "curl-pipe-shell",
        severity: ERROR,
        title: "whatever the web serves today is run as a program",
        explanation: "A script piped into a shell is not pinned, not checked, and half of it runs when the connection breaks.",
        help: "install a pinned package, or download, check a digest, and then run it",
        correct: "sudo apt-get install -y docker-ce=5:27.5.1-1~debian.12~bookworm",
        check: AtCommand(&["curl", "wget"], pipe_shell),
    },
    Rule {
        name: "curl-write-out-newline",
        severity: WARNING,
        title: "the figure is printed with no line break",
        explanation: "-w prints exactly its format: the value runs into the next line of output, and one sample says nothing \
                      about the 95th percentile.",
        help: "end the format with \\n, and take several samples",
        correct: "for _ in 1 2 3 4 5; do curl -fsS --max-time 10 -o /dev/null -w '%{time_total}\\n' https://portal.internal/; done",
        check: AtCommand(CURL, write_out_newline),
    },
    Rule {
        name: "vendor-api-without-key",
        severity: ERROR,
        title: "a vendor's API answers 401 to a call without a key",
        explanation: "With -f that counts as unreachable: the check is red for ever while the vendor is well.",
        help: "any HTTP answer proves reachability (-s -o /dev/null -w '%{http_code}\\n'), or read the vendor's status page",
        correct: "curl -s --max-time 10 -o /dev/null -w '%{http_code}\\n' https://api.stripe.com/v1/balance",
        check: AtCommand(CURL, vendor_without_key),
    },
    Rule {
        name: "resolve-is-not-elsewhere",
        severity: WARNING,
        title: "--resolve does not look from another place",
        explanation: "It pins the address that this machine connects to. The request still starts here.",
        help: "ask probes in other regions; --resolve is right for going around DNS",
        correct: "",
        check: AtCommand(CURL, resolve_is_not_elsewhere),
    },
    Rule {
        name: "unquoted-url",
        severity: WARNING,
        title: "the shell reads the URL's ? and & as its own",
        explanation: "`?` is a pattern: with a matching file in the folder the request goes elsewhere. `&` ends the command and \
                      puts it into the background.",
        help: "quote the URL",
        correct: "curl -fsS --max-time 10 'http://localhost:8000/api/v1/companies?limit=1'",
        check: AtCommand(&["curl", "wget"], unquoted_url),
    },
];

fn no_fail(command: &Command<'_>, report: &mut Report<'_>) {
    let looks =
        command.flag(&["-f", "--fail", "--fail-with-body", "-w", "--write-out", "-I", "--head", "-i", "--include"]);
    if !looks && !command.flag(&["-V", "--version", "-K", "--config"]) {
        report.command(command, "curl exits 0 here whatever HTTP status comes back");
    }
}

fn no_timeout(command: &Command<'_>, report: &mut Report<'_>) {
    let limited = command.flag(&[
        "-m",
        "--max-time",
        "--connect-timeout",
        "-y",
        "--speed-time",
        "-V",
        "--version",
        "-K",
        "--config",
    ]);
    if !limited && !command.bounded(report.subject) {
        report.command(command, "this request has no time limit");
    }
}

fn json_as_form(command: &Command<'_>, report: &mut Report<'_>) {
    let typed = command
        .values(&["-H", "--header"])
        .any(|(_, header)| header.to_ascii_lowercase().starts_with("content-type") || header.starts_with('@'));
    let body = command.value_at(&["-d", "--data", "--data-raw", "--data-binary"]);
    if let Some((index, body)) = body.filter(|_| !typed)
        && (body.trim_start().starts_with('{') || body.starts_with('@') && body.ends_with(".json"))
    {
        report.word(command, index, "this JSON is sent as application/x-www-form-urlencoded");
    }
}

fn pipe_shell(command: &Command<'_>, report: &mut Report<'_>) {
    let block = command.block(report.subject);
    let into_shell = block.unseen.iter().any(|unseen| {
        let between = block.action.code.get(command.whole.end..unseen.start).map(str::trim);
        between.is_some_and(|between| between.starts_with('|') && !between.contains('\n'))
    });
    if into_shell {
        report.command(command, "what this downloads is run unseen");
    }
}

fn write_out_newline(command: &Command<'_>, report: &mut Report<'_>) {
    let Some((index, format)) = command.value_at(&["-w", "--write-out"]) else { return };
    let open = !format.ends_with("\\n") && !format.ends_with('\n') && !format.contains('$') && !format.starts_with('@');
    if open && !command.in_substitution() && command.next_in_pipe(report.subject).is_none() {
        report.word(command, index, "the next output starts on the same line as this figure");
    }
}

fn vendor_without_key(command: &Command<'_>, report: &mut Report<'_>) {
    const HOSTS: [&str; 7] = [
        "api.stripe.com",
        "api.sendgrid.com",
        "api.twilio.com",
        "api.pagerduty.com",
        "api.datadoghq.com",
        "api.statuspage.io",
        "api.mailgun.net",
    ];
    let keyed = command.flag(&[
        "-H",
        "--header",
        "-u",
        "--user",
        "-n",
        "--netrc",
        "--netrc-file",
        "--oauth2-bearer",
        "-K",
        "--config",
        "-E",
        "--cert",
    ]);
    if keyed || !command.flag(&["-f", "--fail", "--fail-with-body"]) {
        return;
    }
    for (index, word) in command.operands() {
        let host = word.split("://").nth(1).unwrap_or(word).split(['/', ':', '?']).next().unwrap_or_default();
        if HOSTS.contains(&host) {
            report.word(command, index, format!("{host} answers 401 without a key, and -f takes that for a failure"));
        }
    }
}

fn resolve_is_not_elsewhere(command: &Command<'_>, report: &mut Report<'_>) {
    let pinned = command.flag(&["--resolve", "--connect-to"]);
    if pinned && command.intent(report.subject, &["locations", "regions", "outside", "elsewhere"]) {
        report.command(command, "this request starts on the same machine as the others");
    }
}

fn unquoted_url(command: &Command<'_>, report: &mut Report<'_>) {
    for (index, word) in command.words.iter().enumerate().skip(1) {
        let url = word.starts_with("http://") || word.starts_with("https://");
        if url && command.has_glob(index) {
            report.word(command, index, "the shell takes the ? or * of this URL for a file pattern");
        } else if url && command.background() && word.contains('?') {
            report.word(command, index, "the & after this URL puts the request into the background");
        }
    }
}
