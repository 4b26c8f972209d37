//! redis-cli: what is wiped, which server is meant, and answers that are misread.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{Check::Command as AtCommand, ERROR, Rule, WARNING},
};

const REDIS: &[&str] = &["redis-cli"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "redis-flush",
        severity: ERROR,
        title: "FLUSHDB wipes everything, not only sessions",
        explanation: "Queues, caches, rate limits, feature flags and the attacker's session records go with the sessions, and \
                      nothing brings them back. Signed tokens (JWT) stay valid; if Redis holds the list of revoked tokens, \
                      flushing it makes those valid again.",
        help: "delete by prefix with --scan and UNLINK, after exporting what is evidence, and rotate the signing key",
        correct: "redis-cli -h redis.internal -n 0 --scan --pattern 'session:*' | xargs -r -n 500 redis-cli -h redis.internal -n 0 \
                  UNLINK",
        check: AtCommand(REDIS, flush),
    },
    Rule {
        name: "redis-implicit-target",
        severity: WARNING,
        title: "redis-cli talks to localhost",
        explanation: "Without -h or -u it connects to 127.0.0.1:6379 of the machine that it is typed on.",
        help: "name the server: -h HOST -p PORT (--tls) -n DB, with the password in REDISCLI_AUTH, or -u \"${REDIS_URL:?}\"",
        correct: "redis-cli -u \"${REDIS_URL:?}\" PING",
        check: AtCommand(REDIS, implicit_target),
    },
    Rule {
        name: "redis-ping-noauth",
        severity: WARNING,
        title: "a server that asks for a password counts as down",
        explanation: "With requirepass an unauthenticated PING is answered with NOAUTH: it answers, so it is up, and a search \
                      for PONG says the opposite.",
        help: "authenticate (REDISCLI_AUTH, -u), or take NOAUTH for up",
        correct: "redis-cli -u \"${REDIS_URL:?}\" PING | grep -q PONG",
        check: AtCommand(REDIS, ping_noauth),
    },
    Rule {
        name: "redis-dbsize-proves-nothing",
        severity: WARNING,
        title: "DBSIZE is never 0 on a live server",
        explanation: "Traffic refills it within a second: the check fails where the step has worked.",
        help: "count what was meant, by prefix, after traffic was stopped: --scan --pattern 'session:*' | wc -l",
        correct: "redis-cli -u \"${REDIS_URL:?}\" --scan --pattern 'session:*' | wc -l",
        check: AtCommand(REDIS, dbsize),
    },
    Rule {
        name: "redis-keys",
        severity: WARNING,
        title: "KEYS stops the server while it looks",
        explanation: "KEYS walks through every key in one go; nothing else is served meanwhile, for seconds on a large server.",
        help: "walk in small steps: redis-cli --scan --pattern PATTERN",
        correct: "redis-cli -u \"${REDIS_URL:?}\" --scan --pattern 'session:*' | head -n 20",
        check: AtCommand(REDIS, keys),
    },
];

fn says(command: &Command<'_>, word: &str) -> bool {
    command.operands().first().is_some_and(|(_, first)| first.eq_ignore_ascii_case(word))
}

fn flush(command: &Command<'_>, report: &mut Report<'_>) {
    for word in ["FLUSHDB", "FLUSHALL"] {
        if says(command, word) {
            let what =
                if word == "FLUSHDB" { "every key of the selected database" } else { "every key of every database" };
            report.command(command, format!("{word} deletes {what}, and cannot be undone"));
        }
    }
}

fn implicit_target(command: &Command<'_>, report: &mut Report<'_>) {
    let there = command.is_inside(&["kubectl", "docker", "docker-compose", "ssh", "podman"]);
    if !there && !command.flag(&["-h", "-u", "-s", "--uri", "--version", "--help"]) {
        report.command(command, "this talks to localhost:6379 of whatever machine it is run on");
    }
}

fn ping_noauth(command: &Command<'_>, report: &mut Report<'_>) {
    let searched = command.next_in_pipe(report.subject).is_some_and(|next| {
        next.program() == "grep" && next.words.iter().any(|word| word.eq_ignore_ascii_case("PONG"))
    });
    let authenticated =
        command.flag(&["-a", "--pass", "-u", "--uri", "--askpass"]) || report.subject.sets("REDISCLI_AUTH");
    if says(command, "PING") && searched && !authenticated {
        report.command(command, "NOAUTH, which a protected server answers, is reported as not responding");
    }
}

fn dbsize(command: &Command<'_>, report: &mut Report<'_>) {
    let flushed =
        |other: &Command<'_>| other.program() == "redis-cli" && (says(other, "FLUSHDB") || says(other, "FLUSHALL"));
    if says(command, "DBSIZE") && command.before(report.subject).any(flushed) {
        report.command(command, "live traffic refills the database before this looks");
    }
}

fn keys(command: &Command<'_>, report: &mut Report<'_>) {
    if says(command, "KEYS") {
        report.command(command, "KEYS blocks the server until it has walked through every key");
    }
}
