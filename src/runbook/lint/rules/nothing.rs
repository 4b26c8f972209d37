//! Commands that do nothing, or something else, and end with 0.

use crate::lint::{
    block::Block,
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Sql},
        Rule, WARNING,
    },
    sql_text::SqlText,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "kubectl-selector-of-nothing",
        severity: WARNING,
        title: "a selector that matches nothing succeeds",
        explanation: "`kubectl delete pods -l app=ap` prints `No resources found` and ends with 0: a mistyped label looks like work done.",
        help: "list what it matches first: kubectl get … -o name | grep . ends with 1 when nothing matches",
        correct: "kubectl -n shop get pods -l app=api -o name | grep . && kubectl -n shop delete pods -l app=api",
        check: AtCommand(&["kubectl"], selector),
    },
    Rule {
        name: "s3-prefix-of-nothing",
        severity: WARNING,
        title: "copying from a prefix that does not exist succeeds",
        explanation: "`aws s3 cp --recursive` and `aws s3 sync` from a mistyped prefix copy no object and end with 0. The restore that \
                      follows reads an empty folder.",
        help: "list the prefix first: aws s3 ls ends with 1 when nothing matches",
        correct: "aws s3 ls s3://backups/portal/ && aws s3 sync s3://backups/portal/ /srv/restore",
        check: AtCommand(&["aws"], prefix),
    },
    Rule {
        name: "dig-finds-nothing",
        severity: WARNING,
        title: "dig ends with 0 for a name without an address",
        explanation: "`dig +short` prints nothing for a name that does not exist, and ends with 0: the server has answered.",
        help: "let grep decide: dig +short NAME | grep . ends with 1 when nothing is printed",
        correct: "dig +short portal.dotmac.net | grep .",
        check: AtCommand(&["dig"], dig),
    },
    Rule {
        name: "terraform-replace-of-nothing",
        severity: WARNING,
        title: "replacing a mistyped address changes nothing and succeeds",
        explanation: "Terraform takes -replace for an address that is in no state without a word: `No changes`, and 0.",
        help: "check the address first: terraform state show ends with 1 for an unknown one",
        correct: "terraform state show aws_instance.api",
        check: AtCommand(&["terraform", "tofu"], replace),
    },
    Rule {
        name: "amcheck-passes-over",
        severity: WARNING,
        title: "databases without amcheck are passed over",
        explanation: "`pg_amcheck --all` says `skipping database` for each one without the extension and ends with 0 as long as one has \
                      it.",
        help: "add --install-missing, or name the databases",
        correct: "pg_amcheck --all --install-missing --heapallindexed",
        check: AtCommand(&["pg_amcheck"], amcheck),
    },
    Rule {
        name: "psql-shows-what-is-rolled-back",
        severity: WARNING,
        title: "results are printed of statements that are then rolled back",
        explanation: "The statements of one -c are one transaction. `INSERT 0 1` and the returned rows are printed, a later statement \
                      fails, and nothing of it is there.",
        help: "give each statement a -c of its own, or read the exit status and nothing else",
        correct: "psql \"${DATABASE_URL:?}\" -X -v ON_ERROR_STOP=1 -c 'ANALYZE users' -c 'ANALYZE orders'",
        check: AtCommand(&["psql"], one_transaction),
    },
    Rule {
        name: "redis-falls-back-to-0",
        severity: WARNING,
        title: "a Redis database that does not exist is database 0",
        explanation: "`redis-cli -n 99` says `SELECT 99 failed` on standard error, goes on in database 0, and ends with 0. A server has 16 \
                      databases unless it is set otherwise, a cluster one.",
        help: "ask where it is first: redis-cli -n DB CLIENT INFO names the database (db=)",
        correct: "redis-cli -u \"${REDIS_URL:?}\" -n \"${DB:?}\" CLIENT INFO | grep -q \" db=${DB:?} \"",
        check: AtCommand(&["redis-cli", "valkey-cli", "keydb-cli"], database),
    },
    Rule {
        name: "restic-source-missing",
        severity: WARNING,
        title: "a backup without one of its sources may succeed",
        explanation: "restic warns about a source that does not exist, backs the others up, and older versions end with 0.",
        help: "stop when a source is missing: test -e for each of them first",
        correct: "test -e /srv/uploads && test -e /etc/portal && restic backup /srv/uploads /etc/portal",
        check: AtCommand(&["restic"], restic),
    },
    Rule {
        name: "dump-thrown-away",
        severity: WARNING,
        title: "a dump to /dev/null is no test of a backup",
        explanation: "It reads the tables, and says nothing of whether the dump can be restored: rows that break a foreign key or a \
                      damaged index are found by the restore only.",
        help: "restore the dump into a scratch database",
        correct: "pg_restore --exit-on-error --dbname portal_scratch portal.dump",
        check: AtCommand(&["pg_dump"], dump),
    },
    Rule {
        name: "read-only-is-not-harmless",
        severity: WARNING,
        title: "a read-only transaction stops only what writes tables",
        explanation: "Sessions are terminated, WAL is switched, settings are reloaded, slots and restore points are made in a READ ONLY \
                      transaction too (PostgreSQL 15).",
        help: "mark the block `write`, so that it is asked about as what it is",
        correct: "",
        check: Sql(read_only),
    },
];

/// The runbook says what the output must be.
fn is_compared(command: &Command<'_>, report: &Report<'_>) -> bool {
    let block: &Block<'_> = command.block(report.subject);
    !block.action.expected.is_empty()
}

/// Somebody reads its output: `grep`, `test`, a variable that is looked at.
fn is_read(command: &Command<'_>, report: &Report<'_>) -> bool {
    command.next_in_pipe(report.subject).is_some() || command.invocation.placement.substitution
}

fn selector(command: &Command<'_>, report: &mut Report<'_>) {
    let changes = matches!(
        command.verb(),
        "delete" | "scale" | "rollout" | "annotate" | "label" | "set" | "patch" | "cordon" | "drain" | "evict"
    );
    let Some((at, value)) = command.value_at(&["-l", "--selector"]).filter(|_| changes) else { return };
    let listed = |other: &Command<'_>| other.is("kubectl", "get") && other.value(&["-l", "--selector"]) == Some(value);
    if !command.before(report.subject).any(listed) && !is_compared(command, report) {
        report.word(command, at, format!("kubectl {} succeeds when nothing matches this", command.verb()));
    }
}

fn prefix(command: &Command<'_>, report: &mut Report<'_>) {
    let is_copy = command.verb() == "s3"
        && (command.second() == "sync" || command.second() == "cp" && command.flag(&["--recursive"]));
    let operands = command.operands();
    let Some((at, source)) = operands.get(2).filter(|(_, source)| is_copy && source.starts_with("s3://")) else {
        return;
    };
    let bucket = |address: &str| address.trim_start_matches("s3://").split('/').next().map(str::to_owned);
    let looked = |other: &Command<'_>| {
        let place = other.operands().get(2).and_then(|(_, place)| bucket(place));
        other.is("aws", "s3") && other.second() == "ls" && place == bucket(source)
    };
    if !command.before(report.subject).any(looked) && !is_compared(command, report) {
        report.word(command, *at, "a prefix without objects copies nothing and prints nothing");
    }
}

fn dig(command: &Command<'_>, report: &mut Report<'_>) {
    let short = command.words.iter().any(|word| word == "+short");
    if short && !is_read(command, report) && !is_compared(command, report) {
        report.command(command, "this ends with 0 and prints nothing for a name without an address");
    }
}

fn replace(command: &Command<'_>, report: &mut Report<'_>) {
    let Some(address) = command.value(&["-replace", "--replace"]) else { return };
    let looked = |other: &Command<'_>| {
        other.verb() == "state" && other.operands().iter().any(|(_, operand)| *operand == address)
    };
    if !command.before(report.subject).any(looked) {
        report.command(command, format!("an unknown address replaces nothing and prints no warning: {address}"));
    }
}

fn amcheck(command: &Command<'_>, report: &mut Report<'_>) {
    if command.flag(&["-a", "--all"]) && !command.flag(&["--install-missing"]) {
        report.command(command, "databases without the extension are skipped");
    }
}

fn one_transaction(command: &Command<'_>, report: &mut Report<'_>) {
    const CHANGES: [&str; 7] = ["INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "DROP", "ALTER"];
    for (at, text) in command.values(&["-c", "--command"]) {
        let statements = crate::sql::analyse(text).statements;
        let ends_itself = statements.iter().any(|statement| matches!(statement.verb.as_str(), "COMMIT" | "ROLLBACK"));
        let changes = |verb: &str| CHANGES.iter().any(|change| verb.eq_ignore_ascii_case(change));
        let position = statements.iter().position(|statement| changes(&statement.verb));
        if position.is_some_and(|position| position + 1 < statements.len()) && !ends_itself {
            report.word(command, at, "what an earlier statement prints is taken back when a later one fails");
        }
    }
}

fn database(command: &Command<'_>, report: &mut Report<'_>) {
    let Some((at, number)) = command.value_at(&["-n"]) else { return };
    let asked = |other: &Command<'_>| other.words.iter().any(|word| word.eq_ignore_ascii_case("CLIENT"));
    let is_beyond = number.parse::<u32>().is_ok_and(|number| number > 15);
    let is_open = number.contains('$');
    if (is_beyond || is_open) && !command.before(report.subject).any(asked) && !asked(command) {
        report.word(command, at, "where the server has no such database, this acts on database 0");
    }
}

fn restic(command: &Command<'_>, report: &mut Report<'_>) {
    let sources = command.operands().len().saturating_sub(1);
    let tested = |other: &Command<'_>| matches!(other.program(), "test" | "[" | "ls" | "stat");
    if command.verb() == "backup" && sources > 1 && !command.before(report.subject).any(tested) {
        report.command(command, "a missing source may be no error");
    }
}

fn dump(command: &Command<'_>, report: &mut Report<'_>) {
    let redirected = command.invocation.redirects.iter().any(|redirect| {
        redirect.operator.writes()
            && redirect.descriptor.is_none_or(|descriptor| descriptor == 1)
            && redirect.target.as_ref().is_some_and(|target| target.text() == "/dev/null")
    });
    if redirected || command.value(&["-f", "--file"]) == Some("/dev/null") {
        report.command(command, "the dump is thrown away, and nobody knows whether it can be restored");
    }
}

/// What a READ ONLY transaction lets through, as PostgreSQL 15 does it.
const LET_THROUGH: [&str; 12] = [
    "pg_terminate_backend",
    "pg_cancel_backend",
    "pg_switch_wal",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_create_restore_point",
    "pg_create_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_drop_replication_slot",
    "pg_promote",
    "pg_stat_reset",
    "lo_create",
];

fn read_only(text: &SqlText<'_>, report: &mut Report<'_>) {
    let mut declared = false;
    for statement in text.statements() {
        let begins = statement.starts_with(&["BEGIN"])
            || statement.starts_with(&["START"])
            || statement.starts_with(&["SET", "TRANSACTION"])
            || statement.starts_with(&["SET", "default_transaction_read_only"]);
        declared |= begins && (statement.has("ONLY") || statement.has("default_transaction_read_only"));
        let called = LET_THROUGH.iter().find_map(|name| statement.calls(name).map(|_| *name)).filter(|_| declared);
        if let Some(name) = called {
            let message = format!("{name} acts in a read-only transaction too");
            return report.code(text.block(report.subject), text.whole(), message);
        }
    }
}
