//! Commands that wait for somebody: terminals, editors, questions, followers, and waits with the wrong end.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{Check::Command as AtCommand, ERROR, Rule, WARNING},
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "needs-terminal",
        severity: ERROR,
        title: "a terminal is asked for where there is none",
        explanation: "Steps run without a terminal. `-t` then fails (`the input device is not a TTY`) or writes carriage \
                      returns into what is redirected; `docker compose exec` asks for one unless told not to.",
        help: "leave out -t (kubectl exec -i, docker exec -i, docker compose exec -T), or mark the fence {tty} or {interactive}",
        correct: "kubectl -n \"${NAMESPACE:?}\" exec postgres-0 -- pg_isready",
        check: AtCommand(&["kubectl", "docker", "docker-compose", "podman", "ssh"], needs_terminal),
    },
    Rule {
        name: "interactive-program",
        severity: ERROR,
        title: "the program waits for somebody to type",
        explanation: "An editor, a pager or a shell prompt never returns from a step: standard input is closed, and the lines \
                      below that were meant to be typed into it are run by bash instead.",
        help: "give it its commands (psql -c, -f or a here-document; redis-cli COMMAND; git commit -m), or mark the fence {interactive}",
        correct: "psql \"${DATABASE_URL:?}\" -X -v ON_ERROR_STOP=1 -c 'SELECT 1'",
        check: AtCommand(
            &[
                "psql",
                "mysql",
                "mongosh",
                "mongo",
                "redis-cli",
                "sqlite3",
                "vi",
                "vim",
                "nvim",
                "nano",
                "emacs",
                "less",
                "more",
                "top",
                "htop",
                "man",
                "kubectl",
                "git",
                "crontab",
                "visudo",
                "passwd",
                "python",
                "python3",
                "ssh",
                "bash",
                "sh",
            ],
            interactive_program,
        ),
    },
    Rule {
        name: "asks-for-confirmation",
        severity: ERROR,
        title: "the program asks a question that nobody answers",
        explanation: "Standard input of a step is closed: a package manager that asks `Do you want to continue?` gives up.",
        help: "answer on the command line (apt-get install -y), and update the package lists first",
        correct: "sudo apt-get update\nsudo apt-get install -y postgresql-client-16",
        check: AtCommand(&["apt", "apt-get", "yum", "dnf", "zypper", "pacman"], asks_for_confirmation),
    },
    Rule {
        name: "never-returns",
        severity: ERROR,
        title: "a follower never returns",
        explanation: "`logs -f`, `tail -f`, `watch` and their like run until somebody presses Ctrl-C. The step never ends, \
                      and nothing after it happens.",
        help: "look once (without -f), poll with a fence {retry=… every=…}, or bound it: timeout 60 …, {timeout=60s}",
        correct: "kubectl -n \"${NAMESPACE:?}\" logs -l app=api --prefix --tail=200 --since=10m",
        check: AtCommand(FOLLOWERS, never_returns),
    },
    Rule {
        name: "fixed-sleep",
        severity: WARNING,
        title: "sleeping is not waiting",
        explanation: "A fixed pause is too short on the bad day and wasted on the good one, and nothing looks whether what \
                      was waited for has come.",
        help: "poll for readiness with a deadline: {retry=30 every=2s} on a check, or a loop around it",
        correct: "until pg_isready -h db.internal -t 2; do sleep 2; done",
        check: AtCommand(&["sleep"], fixed_sleep),
    },
    Rule {
        name: "waiter-gives-up",
        severity: WARNING,
        title: "the waiter has a limit of its own, shorter than the work",
        explanation: "`aws rds wait` stops after 30 minutes, `ecs wait services-stable` after 10, `cloudformation wait` after \
                      60, with exit status 255, while the restore goes on.",
        help: "wait again until your own deadline: {retry=5 every=10s} on the fence, or a loop around it",
        correct: "until aws rds wait db-instance-available --db-instance-identifier \"${INSTANCE:?}\"; do sleep 10; done",
        check: AtCommand(&["aws"], waiter_gives_up),
    },
];

fn needs_terminal(command: &Command<'_>, report: &mut Report<'_>) {
    let block = command.block(report.subject);
    if block.action.attributes.tty || block.action.attributes.interactive {
        return;
    }
    let compose = command.compose();
    let verb = compose.as_ref().map_or_else(|| command.verb(), |call| call.verb);
    let own = command.own_words();
    let asks = match command.program() {
        "ssh" => own.iter().any(|word| word == "-t" || word == "-tt"),
        "kubectl" => matches!(verb, "exec" | "run" | "debug" | "attach") && command.flag(&["-t", "--tty"]),
        _ if compose.is_some() => verb == "exec" && !command.flag(&["-T", "--no-TTY", "--no-tty"]),
        _ => matches!(verb, "exec" | "run" | "attach") && command.flag(&["-t", "--tty"]),
    };
    if asks {
        let message = match compose {
            Some(_) => "compose exec asks for a terminal unless it is given -T",
            None => "this asks for a terminal, and a step has none",
        };
        report.command(command, message);
    }
}

fn interactive_program(command: &Command<'_>, report: &mut Report<'_>) {
    let block = command.block(report.subject);
    if block.action.attributes.interactive || command.is_wrapper || command.flag(&["--version", "--help"]) {
        return;
    }
    let fed = command.reads_input();
    let operands = command.operands();
    let waits = match command.program() {
        "psql" => {
            !fed && !command.flag(&["-c", "--command", "-f", "--file", "-l", "--list"])
                && !command.is_named_only(&["-V", "-?"])
        }
        "mysql" => !fed && !command.flag(&["-e", "--execute"]),
        "mongosh" | "mongo" => !fed && !command.flag(&["--eval", "-f", "--file"]) && !command.ends_in(".js"),
        "sqlite3" => !fed && operands.len() < 2,
        "redis-cli" => {
            let modes = [
                "--scan",
                "--bigkeys",
                "--memkeys",
                "--latency",
                "--rdb",
                "--cluster",
                "--pipe",
                "--eval",
                "--stat",
                "--hotkeys",
            ];
            !fed && operands.is_empty() && !command.flag(&modes)
        }
        "vi" | "vim" | "nvim" | "nano" | "emacs" | "htop" | "visudo" | "man" => true,
        "less" | "more" => true,
        "top" => !command.flag(&["-b", "-n"]),
        "passwd" => !fed && !command.flag(&["--stdin", "-l", "-u", "-S"]),
        "crontab" => command.flag(&["-e"]),
        "kubectl" => command.verb() == "edit",
        "git" => git_opens_editor(command),
        "python" | "python3" | "bash" | "sh" => !fed && command.words.len() == 1,
        "ssh" => !fed && operands.len() == 1 && !command.flag(&["-N", "-f", "-L", "-R", "-D", "-O", "-W"]),
        _ => false,
    };
    if waits {
        report.command(command, format!("{} waits here for somebody to type", command.program()));
    }
}

fn git_opens_editor(command: &Command<'_>) -> bool {
    match command.verb() {
        "commit" => {
            let given = ["-m", "--message", "-F", "--file", "-C", "--no-edit", "--reuse-message", "--fixup"];
            !command.flag(&given) && !command.words.iter().any(|word| word.starts_with("-am"))
        }
        "rebase" => command.flag(&["-i", "--interactive"]),
        "add" | "checkout" | "restore" => command.words.iter().any(|word| word == "-p" || word == "--patch"),
        "tag" => command.flag(&["-a", "-s"]) && !command.flag(&["-m", "-F"]),
        _ => false,
    }
}

fn asks_for_confirmation(command: &Command<'_>, report: &mut Report<'_>) {
    let verb = command.verb();
    let asks =
        matches!(verb, "install" | "upgrade" | "remove" | "full-upgrade" | "dist-upgrade" | "autoremove" | "purge");
    let answered = command.flag(&["-y", "--yes", "--assume-yes", "--noconfirm", "-n", "--non-interactive"]);
    if asks && !answered && !command.reads_input() {
        report.command(command, format!("{} {verb} asks before it does anything", command.program()));
    }
}

const FOLLOWERS: &[&str] = &[
    "kubectl",
    "docker",
    "docker-compose",
    "podman",
    "tail",
    "journalctl",
    "watch",
    "aws",
    "ping",
    "tcpdump",
    "redis-cli",
    "vmstat",
    "iostat",
    "mpstat",
    "dmesg",
    "stern",
    "stat",
    "helm",
    "oc",
];

fn never_returns(command: &Command<'_>, report: &mut Report<'_>) {
    let block = command.block(report.subject);
    if block.action.attributes.interactive || command.bounded(report.subject) || command.background() {
        return;
    }
    // `… | head` ends the follower as soon as it has read enough.
    if command.next_in_pipe(report.subject).is_some_and(|next| next.program() == "head") {
        return;
    }
    let compose = command.compose();
    let verb = compose.as_ref().map_or_else(|| command.verb(), |call| call.verb);
    let own = command.own_words();
    let follows = match command.program() {
        "watch" | "stern" => true,
        "kubectl" | "oc" => match verb {
            "logs" => command.flag(&["-f", "--follow"]),
            "get" | "events" => command.flag(&["-w", "--watch", "--watch-only"]),
            "port-forward" | "proxy" | "attach" => true,
            _ => false,
        },
        "docker" | "docker-compose" | "podman" => match verb {
            "logs" => command.flag(&["-f", "--follow"]),
            "stats" => compose.is_none() && !command.flag(&["--no-stream"]),
            "events" | "attach" => true,
            _ => false,
        },
        "tail" => {
            own.iter().any(|word| matches!(word.as_ref(), "-f" | "-F" | "--follow")) || command.flag(&["-f", "-F"])
        }
        "journalctl" => command.flag(&["-f", "--follow"]),
        "aws" => {
            command.operands().iter().take(2).map(|(_, word)| *word).eq(["logs", "tail"]) && command.flag(&["--follow"])
        }
        "ping" => !command.flag(&["-c", "-w"]),
        "tcpdump" => !command.flag(&["-c", "-r", "-D"]),
        "redis-cli" => {
            let first = command.verb().to_ascii_uppercase();
            matches!(first.as_str(), "MONITOR" | "SUBSCRIBE" | "PSUBSCRIBE")
                || command.flag(&["--stat", "--latency-history"])
        }
        "vmstat" | "iostat" | "mpstat" => {
            // An interval with no count runs for ever.
            let numbers = own.iter().skip(1).filter(|word| word.bytes().all(|byte| byte.is_ascii_digit())).count();
            numbers == 1
        }
        "dmesg" => command.flag(&["-w", "-W", "--follow"]),
        _ => false,
    };
    if follows {
        report.command(command, format!("{} follows here and never returns", command.program()));
    }
}

fn fixed_sleep(command: &Command<'_>, report: &mut Report<'_>) {
    let polls = command.block(report.subject).action.attributes.poll.is_some();
    if !command.in_loop() && !polls && !command.background() && !command.in_function() {
        report.command(command, "this waits a fixed time and then goes on whatever has happened");
    }
}

fn waiter_gives_up(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    let [(_, service), (_, "wait"), (_, what), ..] = operands[..] else { return };
    let minutes = match (service, what) {
        ("rds" | "docdb" | "neptune", _) => 30,
        ("cloudformation", _) => 60,
        ("ecs", "services-stable") => 10,
        ("elasticache", _) => 10,
        _ => return,
    };
    let polls = command.block(report.subject).action.attributes.poll.is_some();
    if !command.in_loop() && !polls {
        report.command(command, format!("this waiter gives up after {minutes} minutes while the work goes on"));
    }
}
