//! PostgreSQL servers and what is said to them in SQL: promotion, recovery settings, and names that changed with versions.

use crate::{
    Language,
    lint::{
        command::Command,
        report::Report,
        rule::{
            Check::{Command as AtCommand, Document, Sql},
            ERROR, Rule, WARNING,
        },
        sql_text::SqlText,
        subject::Subject,
        version::Tool,
        words::Line,
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "recovery-conf",
        severity: ERROR,
        title: "recovery.conf stops the server from starting",
        explanation: "Since PostgreSQL 12: FATAL: using recovery command file \"recovery.conf\" is not supported.",
        help: "write the settings into postgresql.auto.conf and create an empty recovery.signal",
        correct: "touch \"${PGDATA:?}/recovery.signal\"",
        check: AtCommand(&[], recovery_conf),
    },
    Rule {
        name: "recovery-target-zone",
        severity: WARNING,
        title: "the point in time has no zone",
        explanation: "A time with no zone is read in the server's own. An hour or two off is the difference between before and \
                      after the fault.",
        help: "write the zone: recovery_target_time = '2026-03-01 12:00:00+00'",
        correct: "",
        check: Document(recovery_target_zone),
    },
    Rule {
        name: "recovery-target-action",
        severity: WARNING,
        title: "the server stays read-only at the target",
        explanation: "recovery_target_action is `pause` by default: the server stops at the target and waits, read-only, which \
                      looks like a failed restore.",
        help: "set recovery_target_action = 'promote', or call pg_wal_replay_resume() in a step of its own",
        correct: "",
        check: Document(recovery_target_action),
    },
    Rule {
        name: "pg-ctl-as-root",
        severity: ERROR,
        title: "pg_ctl refuses to run as root",
        explanation: "`pg_ctl: cannot be run as root`. In a container `exec` is root unless told otherwise; on a host the \
                      console's user is not postgres.",
        help: "sudo -u postgres pg_ctl …, docker compose exec -u postgres …, or SELECT pg_promote()",
        correct: "sudo -u postgres pg_ctl -D \"${PGDATA:?}\" stop -m fast",
        check: AtCommand(&["pg_ctl", "initdb", "pg_rewind", "pg_resetwal"], pg_ctl_as_root),
    },
    Rule {
        name: "pg-receivewal-replays-nothing",
        severity: ERROR,
        title: "pg_receivewal receives WAL, it does not replay it",
        explanation: "It has no option --until (it has --endpos, a position), and it copies WAL from a running server. WAL can \
                      only be replayed onto a physical base backup, never onto a restored dump.",
        help: "restore a base backup, set restore_command and recovery_target_time, create recovery.signal, start the server",
        correct: "",
        check: AtCommand(&["pg_receivewal", "pg_receivexlog"], receivewal),
    },
    Rule {
        name: "pg-log-directory",
        severity: WARNING,
        title: "the server's log is not in pg_log",
        explanation: "Since PostgreSQL 10 log_directory is `log` by default, and file names carry a time.",
        help: "ask the server: SELECT pg_current_logfile(); for recovery poll pg_is_in_recovery()",
        correct: "psql -X -U postgres -d postgres -At -c 'SELECT pg_current_logfile()'",
        check: AtCommand(&[], log_directory),
    },
    Rule {
        name: "pg-stat-statements-columns",
        severity: ERROR,
        title: "this column of pg_stat_statements has another name",
        explanation: "PostgreSQL 13 renamed mean_time, total_time, min_time, max_time and stddev_time to mean_exec_time, \
                      total_exec_time and so on. The old names are `column does not exist` there, the new ones before it.",
        help: "use mean_exec_time and total_exec_time (or say requires: [psql < 13])",
        correct: "psql \"${DATABASE_URL:?}\" -X -c 'SELECT query, mean_exec_time, calls FROM pg_stat_statements ORDER BY \
                  mean_exec_time DESC LIMIT 10'",
        check: Sql(stat_statements_columns),
    },
    Rule {
        name: "pg-renamed-function",
        severity: ERROR,
        title: "this function has another name in today's PostgreSQL",
        explanation: "PostgreSQL 10 renamed `xlog` to `wal` and `location` to `lsn` in every function; PostgreSQL 15 renamed \
                      pg_start_backup and pg_stop_backup to pg_backup_start and pg_backup_stop.",
        help: "use the new name",
        correct: "psql \"${DATABASE_URL:?}\" -X -At -c 'SELECT pg_last_wal_replay_lsn()'",
        check: Sql(renamed_function),
    },
    Rule {
        name: "pg-stat-tables-name",
        severity: ERROR,
        title: "pg_stat_user_tables has no column tablename",
        explanation: "The statistics views call it relname: `column \"tablename\" does not exist`. (pg_tables has tablename.)",
        help: "use relname",
        correct: "psql \"${DATABASE_URL:?}\" -X -c 'SELECT schemaname, relname, n_dead_tup FROM pg_stat_user_tables'",
        check: Sql(stat_tables_name),
    },
    Rule {
        name: "shell-variable-in-sql",
        severity: ERROR,
        title: "SQL knows no shell variables",
        explanation: "In an SQL block nothing replaces $NAME: `syntax error at or near \"$\"`.",
        help: "run it in a bash block with psql -v name=\"$NAME\" and :'name' in the statement",
        correct: "psql \"${DATABASE_URL:?}\" -X -v ON_ERROR_STOP=1 -v since=\"${BREACH_START:?}\" <<'SQL'\nSELECT count(*) FROM \
                  audit_log WHERE created_at > :'since';\nSQL",
        check: Sql(shell_variable_in_sql),
    },
    Rule {
        name: "vacuum-full-on-damage",
        severity: WARNING,
        title: "VACUUM FULL rewrites the table under an exclusive lock",
        explanation: "It blocks every reader and writer, needs free space of the table's size, and on damaged pages it drops rows \
                      that could have been recovered.",
        help: "copy or snapshot first, find the damage with pg_amcheck, and work on the copy",
        correct: "pg_amcheck -d portal --heapallindexed",
        check: Sql(vacuum_full),
    },
    Rule {
        name: "reindex-blocks-writes",
        severity: WARNING,
        title: "REINDEX blocks writes while it runs",
        explanation: "Without CONCURRENTLY every insert, update and delete on the table waits until the index is rebuilt.",
        help: "REINDEX … CONCURRENTLY",
        correct: "psql \"${DATABASE_URL:?}\" -X -v ON_ERROR_STOP=1 -c 'REINDEX TABLE CONCURRENTLY users'",
        check: Sql(reindex),
    },
    Rule {
        name: "change-without-where",
        severity: ERROR,
        title: "every row of the table is changed",
        explanation: "UPDATE or DELETE with no WHERE takes the whole table, and psql -c commits it at once.",
        help: "say which rows, inside BEGIN, with a count before and RETURNING",
        correct: "",
        check: Sql(change_without_where),
    },
    Rule {
        name: "bulk-change-unseen",
        severity: WARNING,
        title: "nobody sees which rows this changes",
        explanation: "Rows chosen by a subquery and committed at once: the query that was a little too wide also locks out the \
                      responders, and nothing says whom it hit.",
        help: "count first, run it inside BEGIN with RETURNING id, exempt break-glass accounts, then COMMIT",
        correct: "",
        check: Sql(bulk_change),
    },
    Rule {
        name: "lag-by-replay-time",
        severity: WARNING,
        title: "now() - pg_last_xact_replay_timestamp() is not the lag",
        explanation: "It grows on an idle primary with a standby that has everything, keeps growing after promotion, and is NULL \
                      after a restart.",
        help: "compare positions (pg_wal_lsn_diff of pg_last_wal_receive_lsn() and pg_last_wal_replay_lsn()), before promoting",
        correct: "psql \"${REPLICA_URL:?}\" -X -At -c 'SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), \
                  pg_last_wal_replay_lsn())'",
        check: Sql(lag_by_replay_time),
    },
    Rule {
        name: "newest-row-is-not-freshness",
        severity: WARNING,
        title: "the newest row depends on traffic",
        explanation: "MAX(created_at) says when somebody last wrote. At night that is an hour ago on a perfect copy, and in the \
                      day it looks fresh on one that has lost minutes.",
        help: "write a heartbeat row, or record the last replayed commit before promoting",
        correct: "",
        check: Sql(newest_row),
    },
    Rule {
        name: "not-a-corruption-check",
        severity: WARNING,
        title: "this finds no corruption",
        explanation: "Sizes, row counts and NULLs look the same with torn pages and broken indexes.",
        help: "pg_amcheck (with --heapallindexed), data checksums, VALIDATE CONSTRAINT on a copy",
        correct: "pg_amcheck -d portal --heapallindexed",
        check: Sql(not_a_corruption_check),
    },
    Rule {
        name: "convalidated-is-not-a-check",
        severity: WARNING,
        title: "listing NOT VALID constraints verifies none",
        explanation: "convalidated = false finds constraints that were never validated. Rows that break a validated one are not \
                      looked for.",
        help: "ALTER TABLE … VALIDATE CONSTRAINT on a restored copy",
        correct: "",
        check: Sql(convalidated),
    },
];

fn recovery_conf(command: &Command<'_>, report: &mut Report<'_>) {
    if report.subject.versions.before(Tool::Postgres, 12) || command.is_wrapper {
        return;
    }
    let creates =
        matches!(command.program(), "cat" | "tee" | "cp" | "mv" | "touch" | "echo" | "printf" | "vi" | "nano" | "sed");
    let named = |text: &str| text.ends_with("recovery.conf");
    if creates && (command.words.iter().any(|word| named(word)) || command.output_files().any(named)) {
        report.command(command, "a server of PostgreSQL 12 or later does not start with a recovery.conf");
    }
}

/// Lines of here-documents and blocks that set `name`, with their place in the block's code.
fn settings<'s>(
    subject: &'s Subject<'s>,
    name: &'static str,
) -> impl Iterator<Item = (usize, std::ops::Range<usize>, &'s str)> + 's {
    subject.blocks.iter().enumerate().flat_map(move |(index, block)| {
        let mut start = 0;
        block.action.code.split_inclusive('\n').filter_map(move |line| {
            let at = start;
            start += line.len();
            let trimmed = line.trim_start();
            // A setting, a statement, or an option of postgres: anything that gives the name a value.
            let value = trimmed.split_once(name)?.1.trim_start();
            let value = value.strip_prefix('=').or_else(|| value.strip_prefix("TO "))?;
            (!trimmed.starts_with('#'))
                .then(|| (index, at + line.len() - trimmed.len()..at + line.trim_end().len(), value.trim()))
        })
    })
}

fn recovery_target_zone(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (block, span, value) in settings(subject, "recovery_target_time") {
        let text = value.trim_matches(|c: char| "'\";,".contains(c));
        if text.contains('$') || !text.contains(':') {
            continue;
        }
        let clock = text.rsplit([' ', 'T']).next().unwrap_or_default();
        let zoned = clock.contains(['+', '-', 'Z']) || clock.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !zoned {
            report.code(&subject.blocks[block], span, "this time is read in whatever zone the server has");
        }
    }
}

fn recovery_target_action(subject: &Subject<'_>, report: &mut Report<'_>) {
    let resumes = subject.sql.iter().any(|sql| sql.has("pg_wal_replay_resume") || sql.has("pg_promote"));
    if resumes || settings(subject, "recovery_target_action").next().is_some() {
        return;
    }
    if let Some((block, span, _)) = settings(subject, "recovery_target_time").next() {
        report.code(&subject.blocks[block], span, "the server stops at this time and stays read-only");
    }
}

fn pg_ctl_as_root(command: &Command<'_>, report: &mut Report<'_>) {
    let as_postgres = command.through.iter().any(|words| {
        let program = words.first().map_or("", AsRef::as_ref);
        match program {
            "sudo" | "docker" | "docker-compose" | "podman" | "runuser" => {
                Line::read(program, words).has(words, &["-u", "--user"])
            }
            "su" | "gosu" | "su-exec" | "setpriv" | "doas" | "kubectl" | "ssh" => true,
            _ => false,
        }
    });
    if !as_postgres && !command.flag(&["--version", "-V", "--help"]) {
        report.command(command, format!("{} refuses to run as root", command.program()));
    }
}

fn receivewal(command: &Command<'_>, report: &mut Report<'_>) {
    let replays = command.words.iter().any(|word| word.starts_with("--until") || word.contains("/pg_wal"));
    if replays {
        report.command(command, format!("{} copies WAL from a running server and replays none", command.program()));
    }
}

fn log_directory(command: &Command<'_>, report: &mut Report<'_>) {
    if report.subject.versions.before(Tool::Postgres, 10) || command.is_wrapper {
        return;
    }
    if let Some(index) = command.words.iter().position(|word| word.contains("/pg_log/")) {
        report.word(command, index, "the default folder is log, and the file's name holds a time");
    }
}

fn stat_statements_columns(sql: &SqlText<'_>, report: &mut Report<'_>) {
    if !sql.has("pg_stat_statements") {
        return;
    }
    let old_server = report.subject.versions.before(Tool::Postgres, 13);
    const OLD: [&str; 5] = ["mean_time", "total_time", "min_time", "max_time", "stddev_time"];
    const NEW: [&str; 5] = ["mean_exec_time", "total_exec_time", "min_exec_time", "max_exec_time", "stddev_exec_time"];
    let wrong = if old_server { NEW } else { OLD };
    // The same column twice in a query is one mistake.
    if let Some(word) = sql.words().find(|word| wrong.iter().any(|name| word.is(name))) {
        let when = if old_server { "before PostgreSQL 13" } else { "since PostgreSQL 13" };
        report.code(
            sql.block(report.subject),
            sql.in_code(word.span.clone()),
            format!("there is no column {} {when}", word.text),
        );
    }
}

fn renamed_function(sql: &SqlText<'_>, report: &mut Report<'_>) {
    let versions = &report.subject.versions;
    for word in sql.words() {
        let name = word.text.to_ascii_lowercase();
        let xlog = name.starts_with("pg_") && name.contains("xlog") && !versions.before(Tool::Postgres, 10);
        let backup =
            matches!(name.as_str(), "pg_start_backup" | "pg_stop_backup") && !versions.before(Tool::Postgres, 15);
        if xlog || backup {
            let since = if xlog { 10 } else { 15 };
            report.code(
                sql.block(report.subject),
                sql.in_code(word.span.clone()),
                format!("{name} was renamed in PostgreSQL {since}"),
            );
        }
    }
}

fn stat_tables_name(sql: &SqlText<'_>, report: &mut Report<'_>) {
    for statement in sql.statements() {
        let statistics = statement.words().any(|word| {
            let name = word.text.to_ascii_lowercase();
            (name.starts_with("pg_stat_") || name.starts_with("pg_statio_")) && name.ends_with("_tables")
        });
        if let Some(word) =
            statement.words().find(|word| word.is("tablename")).filter(|_| statistics && !statement.has("pg_tables"))
        {
            report.code(
                sql.block(report.subject),
                sql.in_code(word.span.clone()),
                "this view calls the column relname",
            );
        }
    }
}

fn shell_variable_in_sql(sql: &SqlText<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if sql.block(subject).action.language != Language::Sql {
        return;
    }
    for word in sql.placeholders() {
        let name = word.text.trim_start_matches('$');
        if word.text.starts_with('$') && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            report.code(
                sql.block(subject),
                sql.in_code(word.span.clone()),
                format!("nothing replaces {} in an SQL block", word.text),
            );
        }
    }
}

fn vacuum_full(sql: &SqlText<'_>, report: &mut Report<'_>) {
    for statement in sql.statements().filter(|statement| statement.starts_with(&["VACUUM"]) && statement.has("FULL")) {
        report.code(
            sql.block(report.subject),
            sql.in_code(statement.span()),
            "this rewrites the table under an exclusive lock, and may drop damaged rows",
        );
    }
}

fn reindex(sql: &SqlText<'_>, report: &mut Report<'_>) {
    for statement in
        sql.statements().filter(|statement| statement.starts_with(&["REINDEX"]) && !statement.has("CONCURRENTLY"))
    {
        report.code(
            sql.block(report.subject),
            sql.in_code(statement.span()),
            "writes to the table wait until this is done",
        );
    }
}

fn change_without_where(sql: &SqlText<'_>, report: &mut Report<'_>) {
    for statement in sql.statements() {
        let changes = statement.first().is_some_and(|word| word.is("UPDATE") || word.is("DELETE"));
        if changes && !statement.has("WHERE") {
            report.code(
                sql.block(report.subject),
                sql.in_code(statement.span()),
                "this changes every row of the table",
            );
        }
    }
}

fn bulk_change(sql: &SqlText<'_>, report: &mut Report<'_>) {
    let transaction = sql
        .statements()
        .any(|statement| statement.starts_with(&["BEGIN"]) || statement.starts_with(&["START", "TRANSACTION"]));
    if transaction {
        return;
    }
    for statement in sql.statements() {
        let changes = statement.first().is_some_and(|word| word.is("UPDATE") || word.is("DELETE"));
        let chosen = statement.words().skip_while(|word| !word.is("WHERE")).any(|word| word.is("SELECT"));
        if changes && chosen && !statement.has("RETURNING") {
            report.code(
                sql.block(report.subject),
                sql.in_code(statement.span()),
                "the rows that this changes are chosen by a query and shown to nobody",
            );
        }
    }
}

fn lag_by_replay_time(sql: &SqlText<'_>, report: &mut Report<'_>) {
    if sql.has_part("_lsn") {
        return;
    }
    for statement in sql.statements() {
        if let Some(word) = statement
            .calls("pg_last_xact_replay_timestamp")
            .filter(|_| statement.calls("now").is_some() || statement.has("clock_timestamp"))
        {
            report.code(
                sql.block(report.subject),
                sql.in_code(word.span.clone()),
                "this grows while nothing is written, and after promotion",
            );
        }
    }
}

fn newest_row(sql: &SqlText<'_>, report: &mut Report<'_>) {
    let fresh = ["fresh", "rpo", "data loss", "up to date"];
    let subject = report.subject;
    let meant = sql
        .command
        .is_some_and(|command| subject.commands[command].intent(subject, &["freshness", "fresh", "rpo", "loss"]));
    for statement in sql.statements() {
        let newest = statement.calls("MAX").filter(|_| statement.has("created_at") || statement.has("updated_at"));
        if let Some(word) = newest.filter(|_| meant || statement.comment_says(&fresh)) {
            report.code(
                sql.block(subject),
                sql.in_code(word.span.clone()),
                "the newest row tells when somebody last wrote, not how much is missing",
            );
        }
    }
}

fn not_a_corruption_check(sql: &SqlText<'_>, report: &mut Report<'_>) {
    let looks = ["amcheck", "bt_index", "checksum", "verify_heapam"];
    if looks.iter().any(|part| sql.has_part(part)) {
        return;
    }
    let subject = report.subject;
    let words = ["corruption", "corrupted", "corrupt"];
    let meant = sql.command.filter(|command| subject.commands[*command].intent(subject, &words));
    if meant.is_some() {
        report.code(sql.block(subject), sql.whole(), "a damaged table gives the same answer");
        return;
    }
    if let Some(statement) = sql.statements().find(|statement| statement.intent(&words)) {
        report.code(sql.block(subject), sql.in_code(statement.span()), "a damaged table gives the same answer");
    }
}

fn convalidated(sql: &SqlText<'_>, report: &mut Report<'_>) {
    if let Some(word) = sql.words().find(|word| word.is("convalidated")) {
        report.code(
            sql.block(report.subject),
            sql.in_code(word.span.clone()),
            "this lists constraints nobody has validated, and validates none",
        );
    }
}
