//! The order of steps: copies and evidence first, data before applications, DNS last, fencing before promotion.

use std::ops::Range;

use crate::lint::{
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Document},
        ERROR, Rule, WARNING,
    },
    subject::Subject,
};

use super::{
    aws::operation,
    postgres::restores,
    rollout::{scaled_to_zero, workload},
    template::promotes,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "evidence-after-destruction",
        severity: ERROR,
        title: "evidence is collected after the step that destroys it",
        explanation: "A restart takes the logs and memory of every pod with it, a flush every session record. What is collected \
                      afterwards is the record of a fresh process.",
        help: "collect evidence first, or together with isolation, and only then restart, flush or scale down",
        correct: "",
        check: Document(evidence_after_destruction),
    },
    Rule {
        name: "evidence-without-digest",
        severity: WARNING,
        title: "evidence leaves with no digest",
        explanation: "Later nobody can show that the file is what was collected that night.",
        help: "sha256sum it before it is moved, keep the digest elsewhere, and use a bucket with Object Lock",
        correct: "sha256sum \"${ARCHIVE:?}\" | tee \"${ARCHIVE:?}.sha256\"",
        check: AtCommand(&["aws", "scp", "rsync", "gsutil"], evidence_without_digest),
    },
    Rule {
        name: "dns-not-last",
        severity: ERROR,
        title: "traffic is moved before the other side is ready",
        explanation: "DNS points to the standby site while its database is read-only, its caches do not exist and its pods are \
                      not scaled. Customers arrive first.",
        help: "change DNS last, after the checks of the new site have passed",
        correct: "",
        check: AtCommand(&["aws"], dns_not_last),
    },
    Rule {
        name: "check-asks-the-old-site",
        severity: WARNING,
        title: "this check asks the site that is being replaced",
        explanation: "The name still points to the old address: a green answer comes from there.",
        help: "connect to the new address under the public name: curl --connect-to ::NEW_HOST: or --resolve",
        correct: "curl -fsS --max-time 10 --connect-to \"::${NEW_HOST:?}:\" https://portal.internal/health",
        check: AtCommand(&["curl"], check_asks_the_old_site),
    },
    Rule {
        name: "application-before-data",
        severity: WARNING,
        title: "the application starts before its database or cache is there",
        explanation: "It comes up, cannot connect, and crash-loops, or worse, writes to the old primary.",
        help: "database first, then caches, then the application, each one checked before the next",
        correct: "",
        check: AtCommand(&["kubectl"], application_before_data),
    },
    Rule {
        name: "restore-without-safety-copy",
        severity: ERROR,
        title: "a restore over the only copy",
        explanation: "The present state, damaged as it is, holds the newest rows, and is the only way back when the backup turns \
                      out to be older or broken.",
        help: "restore into a new database and swap, or copy the present state first and check the copy",
        correct: "pg_dump -Fc -d \"${DATABASE_URL:?}\" -f \"${SAFETY_COPY:?}\"\npg_restore -f /dev/null \"${SAFETY_COPY:?}\"",
        check: AtCommand(&[], restore_without_copy),
    },
    Rule {
        name: "backup-unverified",
        severity: WARNING,
        title: "the backup is restored without having been checked",
        explanation: "A truncated or damaged file is noticed after the old data is gone.",
        help: "check its digest first (sha256sum -c), and read all of it (pg_restore -f /dev/null)",
        correct: "sha256sum -c \"${BACKUP:?}.sha256\"",
        check: AtCommand(&[], backup_unverified),
    },
    Rule {
        name: "promotion-without-fencing",
        severity: ERROR,
        title: "the old primary can still accept writes",
        explanation: "If it is only unreachable from here, it goes on taking writes while the new one does the same. What both \
                      took cannot be merged.",
        help: "stop or isolate the old primary first, and see that it refuses writes",
        correct: "ssh \"${OLD_PRIMARY:?}\" sudo systemctl stop postgresql",
        check: Document(promotion_without_fencing),
    },
    Rule {
        name: "promotion-without-lag-check",
        severity: ERROR,
        title: "nobody looks how much would be lost",
        explanation: "Promotion cannot be undone. What the standby has not received by then is gone.",
        help: "compare pg_last_wal_receive_lsn() and pg_last_wal_replay_lsn() with the primary's position first, or gate the step: \
               {gate=\"replication.lag_seconds < 5\"}",
        correct: "psql \"${REPLICA_URL:?}\" -X -At -c 'SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), \
                  pg_last_wal_replay_lsn())'",
        check: Document(promotion_without_lag_check),
    },
    Rule {
        name: "swap-with-writers",
        severity: ERROR,
        title: "databases are swapped while somebody writes",
        explanation: "Everything written between the restore point and the swap goes into the database that is put aside.",
        help: "stop every writer, or make the database read-only and end its sessions, before the swap",
        correct: "kubectl -n \"${NAMESPACE:?}\" scale deployment/api deployment/workers --replicas=0",
        check: AtCommand(&["aws", "psql"], swap_with_writers),
    },
    Rule {
        name: "consumer-left-behind",
        severity: ERROR,
        title: "one consumer gets the new address, the others do not",
        explanation: "The workers that nobody named start again with the old database: two databases take writes.",
        help: "change the secret that all of them read, restart all of them, and name them in one step",
        correct: "",
        check: Document(consumer_left_behind),
    },
];

/// What a command takes away that somebody may want to look at later.
fn destroys_evidence(command: &Command<'_>) -> bool {
    match command.program() {
        "kubectl" => match (command.verb(), command.second()) {
            ("rollout", "restart" | "undo") | ("set", "env" | "image" | "resources") => true,
            ("delete", kind) => {
                matches!(kind.split('/').next().unwrap_or_default(), "pod" | "pods" | "po" | "deployment" | "deploy")
            }
            ("scale", _) => scaled_to_zero(command).is_some(),
            _ => false,
        },
        "redis-cli" => {
            command.operands().first().is_some_and(|(_, word)| word.to_ascii_uppercase().starts_with("FLUSH"))
        }
        "aws" => match operation(command) {
            ("ecs", "update-service") => {
                command.value(&["--desired-count"]) == Some("0") || command.flag(&["--force-new-deployment"])
            }
            ("ecs", "stop-task") | ("ec2", "terminate-instances") => true,
            _ => false,
        },
        "docker" | "docker-compose" => {
            command.compose().is_some_and(|call| matches!(call.verb, "down" | "restart" | "rm"))
                || command.compose().is_none() && matches!(command.verb(), "rm" | "restart")
        }
        _ => false,
    }
}

const COLLECTS: [&str; 4] = ["evidence", "audit trail", "forensic", "preserve"];

/// Whether a command keeps the logs of what runs, for later.
fn keeps_logs(command: &Command<'_>, subject: &Subject<'_>) -> bool {
    let logs = matches!(command.program(), "kubectl" | "docker" | "docker-compose")
        && command.words.iter().any(|word| word == "logs");
    let named =
        command.output_files().any(|path| ["incident", "evidence", "forensic"].iter().any(|part| path.contains(part)));
    let block = command.block(subject);
    logs && (named || command.redirects_output() && block.named(subject, &COLLECTS) || block.action.attributes.evidence)
}

fn evidence_after_destruction(subject: &Subject<'_>, report: &mut Report<'_>) {
    for collect in subject.commands.iter().filter(|command| keeps_logs(command, subject)) {
        let mut earlier = collect.before(subject);
        if let Some(destroyer) = earlier.find(|other| destroys_evidence(other)) {
            // Collected before as well: then nothing is lost.
            let already = destroyer.before(subject).any(|other| keeps_logs(other, subject));
            let line = subject.line_of(destroyer);
            if !already {
                report.command(collect, format!("the step in line {line} has destroyed what this collects"));
            }
        }
    }
    // Evidence that is only a manual item.
    for (start, line) in subject.outline.prose() {
        let text = line.trim_start_matches(|c: char| c.is_ascii_digit() || " \t.-*)".contains(c));
        let lower = text.to_ascii_lowercase();
        if !(lower.starts_with("preserve evidence") || lower.starts_with("collect evidence")) || line.starts_with('#') {
            continue;
        }
        let area = subject.procedure_around(start);
        let mut earlier = subject.commands_in(area.start..start);
        // With commands below it, those are what is looked at.
        let collected = subject.commands_in(area.clone()).any(|command| keeps_logs(command, subject));
        if let Some(destroyer) = earlier.find(|command| destroys_evidence(command)).filter(|_| !collected) {
            let at = start + line.len() - text.len();
            let number = subject.line_of(destroyer);
            report.document(at..start + line.len(), format!("the step in line {number} has destroyed it by then"));
        }
    }
}

fn evidence_without_digest(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let moves = match command.program() {
        "aws" => operation(command).0 == "s3" && matches!(operation(command).1, "cp" | "mv" | "sync"),
        _ => true,
    };
    let evidence = command.words.iter().any(|word| word.contains("evidence") || word.contains("forensic"));
    let digests = ["sha256sum", "shasum", "sha512sum", "b3sum"];
    if moves && evidence && !command.before(subject).any(|other| digests.contains(&other.program())) {
        report.command(command, "no digest of this was taken before it leaves");
    }
}

fn moves_dns(command: &Command<'_>) -> bool {
    operation(command) == ("route53", "change-resource-record-sets")
}

/// Whether the command makes the data side of a site ready.
fn prepares_data(command: &Command<'_>) -> bool {
    promotes(command)
        || command.program() == "aws"
            && matches!(
                command.second(),
                "create-cache-cluster"
                    | "create-replication-group"
                    | "restore-db-instance-from-db-snapshot"
                    | "restore-db-instance-to-point-in-time"
                    | "create-stack"
            )
}

fn starts_application(command: &Command<'_>) -> bool {
    command.is("kubectl", "scale") && command.value(&["--replicas"]).is_some_and(|count| count != "0")
}

fn dns_not_last(command: &Command<'_>, report: &mut Report<'_>) {
    if !moves_dns(command) {
        return;
    }
    let later = command.after(report.subject).find(|other| prepares_data(other) || starts_application(other));
    if let Some(later) = later {
        let line = report.subject.line_of(later);
        report.command(command, format!("traffic moves here, and line {line} is still to make the other side ready"));
    }
}

fn check_asks_the_old_site(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let public = command.words.iter().any(|word| word.starts_with("https://"));
    if !public || command.flag(&["--resolve", "--connect-to"]) {
        return;
    }
    let moved_before = command.before(subject).any(moves_dns);
    let built = command.before(subject).any(prepares_data);
    if built && !moved_before && command.after(subject).any(moves_dns) {
        report.command(command, "DNS still points to the old site when this asks");
    }
}

fn application_before_data(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if !starts_application(command)
        || command.before(subject).any(|other| starts_application(other) && other.block == command.block)
    {
        return;
    }
    let later = command.after(subject).find(|other| prepares_data(other));
    if let Some(later) = later {
        let line = subject.line_of(later);
        report.command(command, format!("this starts before line {line} has made its data ready"));
    }
}

/// Whether the command takes a copy of the present state, or makes a place apart to restore into.
fn copies(command: &Command<'_>, subject: &Subject<'_>) -> bool {
    match command.program() {
        // A dump to the screen is no copy.
        "pg_dump" | "pg_dumpall" | "mysqldump" => {
            command.flag(&["-f", "--file"]) || command.redirects_output() || command.next_in_pipe(subject).is_some()
        }
        "pg_basebackup" | "createdb" | "mongodump" => true,
        "aws" => matches!(command.second(), "create-db-snapshot" | "create-snapshot" | "create-db-cluster-snapshot"),
        "cp" | "mv" | "rsync" | "tar" | "zfs" | "lvcreate" | "btrfs" => true,
        "docker" | "podman" => command.verb() == "run" && command.words.iter().any(|word| word.contains(":/")),
        "psql" => command.words.iter().any(|word| word.to_ascii_uppercase().contains("CREATE DATABASE")),
        "redis-cli" => command.flag(&["--rdb"]) || command.verb().eq_ignore_ascii_case("BGSAVE"),
        "kubectl" => {
            command.verb() == "create"
                && command.words.iter().any(|word| word.to_ascii_lowercase().contains("snapshot"))
        }
        program => program.starts_with("backup") && program.ends_with(".sh"),
    }
}

/// A restore over something: RDS restores always make a new instance.
fn restores_over(command: &Command<'_>) -> bool {
    restores(command) && command.program() != "aws"
}

fn restore_without_copy(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if !restores_over(command)
        || command.before(subject).any(|other| copies(other, subject))
        || copied_by_hand(subject, command)
    {
        return;
    }
    let earlier = command.before(subject).filter(|other| restores_over(other)).count();
    if earlier == 0 {
        report.command(command, "nothing above keeps the present state, or makes a new database to restore into");
    }
}

/// `CREATE DATABASE` in an SQL block counts too.
fn copied_by_hand(subject: &Subject<'_>, command: &Command<'_>) -> bool {
    let at = subject.at_command(command);
    let mut earlier = subject.sql.iter().filter(|sql| subject.blocks[sql.block].start() < at);
    earlier.any(|sql| sql.statements().any(|statement| statement.starts_with(&["CREATE", "DATABASE"])))
}

fn backup_unverified(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if !restores_over(command) {
        return;
    }
    let checked = command.before(subject).any(|other| match other.program() {
        "sha256sum" | "shasum" | "sha512sum" | "md5sum" => other.flag(&["-c", "--check"]),
        "pg_verifybackup" => true,
        "gpg" => other.flag(&["--verify"]),
        "gunzip" | "gzip" | "zstd" | "xz" => other.flag(&["-t", "--test"]),
        "pg_restore" => other.values(&["-f", "--file"]).any(|(_, path)| path == "/dev/null"),
        program => program.contains("verify"),
    });
    let earlier = command.before(subject).filter(|other| restores_over(other)).count();
    if !checked && earlier == 0 {
        report.command(command, "nothing above has checked the backup that this restores");
    }
}

/// Every promotion, in shell or SQL, with its place.
fn promotions(subject: &Subject<'_>) -> Vec<(usize, Range<usize>)> {
    let mut found: Vec<(usize, Range<usize>)> = subject
        .commands
        .iter()
        .filter(|command| promotes(command))
        .map(|command| (command.block, command.span.clone()))
        .collect();
    found.extend(subject.sql_blocks_calling("pg_promote"));
    found
}

fn promotion_without_fencing(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (block, span) in promotions(subject) {
        let at = subject.blocks[block].in_document(span.clone()).start;
        let area = subject.procedure_around(at);
        let stopped = subject.commands_in(area.start..at).any(|other| match other.program() {
            "systemctl" | "service" => {
                other.words.iter().any(|word| matches!(word.as_ref(), "stop" | "disable" | "mask"))
            }
            "pg_ctl" => other.words.iter().any(|word| word == "stop"),
            "aws" => matches!(
                other.second(),
                "stop-db-instance" | "revoke-security-group-ingress" | "modify-instance-attribute" | "stop-instances"
            ),
            "kubectl" => scaled_to_zero(other).is_some(),
            "docker" | "docker-compose" => other.words.iter().any(|word| word == "stop"),
            "redis-cli" => true,
            _ => false,
        });
        let said = subject.says(
            area.start..at,
            &["fence", "fencing", "old primary is stopped", "stop the old primary", "isolate the old primary"],
        );
        let read_only = subject
            .sql
            .iter()
            .any(|sql| subject.blocks[sql.block].start() < at && sql.has("default_transaction_read_only"));
        let redis = subject.blocks[block].action.code.contains("redis-cli");
        if !stopped && !said && !read_only && !redis {
            report.code(&subject.blocks[block], span, "the old primary is not stopped before this");
        }
    }
}

fn promotion_without_lag_check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (block, span) in promotions(subject) {
        let at = subject.blocks[block].in_document(span.clone()).start;
        let area = subject.procedure_around(at);
        let asked = subject.sql.iter().any(|sql| {
            let start = subject.blocks[sql.block].start();
            area.contains(&start)
                && start <= at
                && (sql.has_part("_lsn") || sql.has("pg_stat_replication") || sql.has("pg_stat_wal_receiver"))
        });
        let metric = subject.commands_in(area.start..at).any(|other| {
            other
                .words
                .iter()
                .any(|word| word.contains("ReplicaLag") || word.contains("master_repl_offset") || word == "replication")
        });
        let gated = subject.blocks[block].gated;
        if !asked && !metric && !gated {
            report.code(&subject.blocks[block], span, "nothing above looks how far the standby is behind");
        }
    }
}

fn swap_with_writers(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let renames = command.is("aws", "rds") && command.flag(&["--new-db-instance-identifier"])
        || command.words.iter().any(|word| {
            let upper = word.to_ascii_uppercase();
            command.program() == "psql" && upper.contains("ALTER DATABASE") && upper.contains("RENAME TO")
        });
    if !renames {
        return;
    }
    // The second rename of a swap is told by the first.
    let renamed_before =
        command.before(subject).any(|other| other.is("aws", "rds") && other.flag(&["--new-db-instance-identifier"]));
    let stopped = command.before(subject).any(|other| {
        scaled_to_zero(other).is_some()
            || other.compose().is_some_and(|call| call.verb == "stop")
            || other.is("systemctl", "stop")
            || other.words.iter().any(|word| {
                word.contains("default_transaction_read_only")
                    || word.contains("pg_terminate_backend")
                    || word.contains("ALLOW_CONNECTIONS")
            })
    });
    if !stopped && !renamed_before {
        report.command(command, "no writer was stopped before this: what it writes now is lost with the swap");
    }
}

fn consumer_left_behind(subject: &Subject<'_>, report: &mut Report<'_>) {
    for command in subject.commands_of("kubectl").filter(|command| command.verb() == "set" && command.second() == "env")
    {
        let Some(name) = workload(command) else { continue };
        let variable = command.words.iter().find_map(|word| {
            let (variable, _) = word.split_once('=')?;
            ["DATABASE_URL", "REDIS_URL", "DB_HOST", "DATABASE_HOST"].contains(&variable).then(|| variable.to_owned())
        });
        let Some(variable) = variable else { continue };
        let repointed = |other: &str| {
            subject.commands_of("kubectl").any(|set| {
                set.verb() == "set"
                    && set.second() == "env"
                    && workload(set).as_deref() == Some(other)
                    && set.words.iter().any(|word| word.starts_with(&variable))
            })
        };
        let around = command.before(subject).chain(command.after(subject));
        let forgotten = around
            .filter(|other| {
                other.is("kubectl", "scale") || other.is("kubectl", "rollout") && other.second() == "restart"
            })
            .filter_map(workload)
            .find(|other| *other != name && !["frontend", "web", "ui"].contains(&other.as_str()) && !repointed(other));
        if let Some(other) = forgotten {
            report.command(command, format!("{name} gets the new {variable}, and {other} starts with the old one"));
        }
    }
}
