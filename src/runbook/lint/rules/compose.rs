//! Docker and Compose: the old program, volumes, containers that are stopped, and logs that never held what is looked for.

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

const COMPOSE: &[&str] = &["docker", "docker-compose"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "compose-v1",
        severity: WARNING,
        title: "docker-compose is the old program",
        explanation: "Compose 1 has had no updates since July 2023. A host set up today has the plugin, `docker compose`, and \
                      no program docker-compose.",
        help: "write docker compose (or say requires: [docker-compose] where the old one is still installed)",
        correct: "docker compose ps",
        check: AtCommand(&["docker-compose"], v1),
    },
    Rule {
        name: "compose-down-service",
        severity: ERROR,
        title: "down takes the containers away, or is refused",
        explanation: "Compose 1 prints its usage for `down SERVICE` and stops nothing; Compose 2 removes the containers, and \
                      their logs with them.",
        help: "stop the service: docker compose stop SERVICE",
        correct: "docker compose stop backend",
        check: AtCommand(COMPOSE, down_service),
    },
    Rule {
        name: "compose-scale",
        severity: WARNING,
        title: "docker-compose scale was taken away",
        explanation: "It was deprecated in Compose 1 and was missing from Compose 2 until 2.23. Scaling one service to zero \
                      also leaves every other writer running.",
        help: "stop every writer by name: docker compose stop api worker …",
        correct: "docker compose stop api worker scheduler",
        check: AtCommand(COMPOSE, scale),
    },
    Rule {
        name: "docker-volume-removed",
        severity: ERROR,
        title: "removing the volume removes the only copy",
        explanation: "There is no undo. It is also refused while a container, even a stopped one, still refers to the volume, and \
                      then the next step restores on top of the old data.",
        help: "copy the volume first and keep it, then remove the container and the volume",
        correct: "docker run --rm -v portal-postgres:/from:ro -v \"${COPY:?}\":/to alpine cp -a /from/. /to/",
        check: AtCommand(&["docker", "podman"], volume_removed),
    },
    Rule {
        name: "used-while-stopped",
        severity: ERROR,
        title: "the service was stopped above and is used here",
        explanation: "`exec` fails on a stopped container, and a logical dump is restored by a running server.",
        help: "start the service, wait until it accepts connections, then restore",
        correct: "docker compose up -d postgres\nuntil docker compose exec -T postgres pg_isready; do sleep 2; done",
        check: Document(used_while_stopped),
    },
    Rule {
        name: "statements-are-not-logged",
        severity: WARNING,
        title: "PostgreSQL does not log statements",
        explanation: "`log_statement` is `none` by default: a search for DELETE or DROP in the server's log finds nothing, \
                      which looks like innocence.",
        help: "set log_statement = mod or use pgaudit beforehand; now, compare data with a backup",
        correct: "",
        check: AtCommand(&["grep", "egrep", "rg"], statements_not_logged),
    },
];

fn v1(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if subject.requires("docker-compose") || subject.versions.before(Tool::Compose, 2) {
        return;
    }
    let plugin = subject.commands.iter().any(|other| other.words.iter().any(|word| word == "docker-compose-plugin"));
    let message = if plugin {
        "this runbook installs the plugin, which gives docker compose and no docker-compose"
    } else {
        "docker-compose is Compose 1, which new hosts do not have"
    };
    report.word(command, 0, message);
}

fn down_service(command: &Command<'_>, report: &mut Report<'_>) {
    let Some(call) = command.compose().filter(|call| call.verb == "down") else { return };
    if let Some((_, service)) = call.operands.first() {
        report.command(command, format!("down {service} is refused, or removes its containers"));
    }
}

fn scale(command: &Command<'_>, report: &mut Report<'_>) {
    if command.compose().is_some_and(|call| call.verb == "scale") {
        report.command(command, "compose scale is not there in every version, and stops only what it names");
    }
}

fn volume_removed(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let [(_, "volume"), (_, "rm" | "remove"), volumes @ ..] = &operands[..] else { return };
    for (index, volume) in volumes {
        let prefix = format!("{volume}:");
        let copied = command.before(report.subject).any(|other| {
            other.is("docker", "run")
                && other
                    .words
                    .iter()
                    .any(|word| word.starts_with(&prefix) || word.contains(&format!("source={volume}")))
        });
        if !copied {
            report.word(command, *index, format!("{volume} is removed for good, and nothing above copies it"));
        }
    }
}

fn used_while_stopped(subject: &Subject<'_>, report: &mut Report<'_>) {
    for stop in subject.commands.iter() {
        let Some(call) = stop.compose().filter(|call| call.verb == "stop") else { continue };
        for (_, service) in &call.operands {
            for other in stop.after(subject) {
                if let Some(later) = other.compose() {
                    let named = |operands: &[(usize, &str)]| operands.iter().any(|(_, name)| name == service);
                    if matches!(later.verb, "up" | "start" | "restart")
                        && (later.operands.is_empty() || named(&later.operands))
                    {
                        break;
                    }
                    if later.verb == "exec" && later.operands.first().is_some_and(|(_, name)| name == service) {
                        report
                            .command(other, format!("{service} was stopped above: exec fails on a stopped container"));
                        break;
                    }
                }
                let script =
                    other.program().starts_with("restore") && other.words.iter().any(|word| word == "database");
                let database = matches!(*service, "postgres" | "postgresql" | "db" | "database" | "mysql");
                if database && (script || matches!(other.program(), "psql" | "pg_restore")) && !other.is_wrapper {
                    report
                        .command(other, format!("{service} was stopped above: a dump is restored by a running server"));
                    break;
                }
            }
        }
    }
}

fn statements_not_logged(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let from_logs =
        command.previous_in_pipe(subject).is_some_and(|source| source.words.iter().any(|word| word == "logs"));
    let postgres = command
        .previous_in_pipe(subject)
        .is_some_and(|source| source.words.iter().any(|word| word.contains("postgres") || word.contains("pg-")));
    let searched = command.operands().first().map(|(_, pattern)| pattern.to_ascii_lowercase()).unwrap_or_default();
    if from_logs && postgres && ["delete", "drop", "truncate"].iter().any(|word| searched.contains(word)) {
        report.command(command, "statements are not in this log unless log_statement was set before");
    }
}
