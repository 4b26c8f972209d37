//! psql, pg_dump and pg_restore: which database is meant, what is restored over what, and checks that check nothing.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Document},
        ERROR, Rule, WARNING,
    },
    subject::Subject,
};

const PSQL: &[&str] = &["psql"];
const PG_RESTORE: &[&str] = &["pg_restore"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "psql-no-on-error-stop",
        severity: ERROR,
        title: "psql goes on after errors and exits 0",
        explanation: "Without ON_ERROR_STOP, psql runs every statement of the file whatever fails, and its exit status is 0. A \
                      dump restored over a live database then leaves duplicate rows and a step marked done.",
        help: "add -v ON_ERROR_STOP=1 (exit status 3 on the first error), and restore into a new database",
        correct: "createdb portal_restored\npsql -X -v ON_ERROR_STOP=1 -d portal_restored -f \"${DUMP:?}\"",
        check: AtCommand(PSQL, no_on_error_stop),
    },
    Rule {
        name: "psql-implicit-target",
        severity: WARNING,
        title: "psql connects to whatever the defaults give",
        explanation: "Without -h, -U and -d psql takes the account's name for role and database, and a local socket: \
                      `role \"root\" does not exist`, or `relation does not exist` in the wrong database.",
        help: "name role and database: -U postgres -d portal, or an address: psql \"${DATABASE_URL:?}\"",
        correct: "kubectl -n \"${NAMESPACE:?}\" exec postgres-0 -- psql -X -U postgres -d portal -c 'SELECT pg_is_in_recovery()'",
        check: AtCommand(PSQL, implicit_target),
    },
    Rule {
        name: "localhost-in-cluster-runbook",
        severity: WARNING,
        title: "localhost is not where the cluster's database is",
        explanation: "The runbook works on Kubernetes, and this connects to a server on the machine that it is typed on: nothing, \
                      or somebody's test database.",
        help: "name the host of the database, or open a port-forward in the step before",
        correct: "psql -X -h \"${PGHOST:?}\" -U portal -d portal -c 'SELECT 1'",
        check: Document(localhost_in_cluster),
    },
    Rule {
        name: "dump-to-screen",
        severity: ERROR,
        title: "the whole database is dumped to the screen",
        explanation: "A dump with no file prints every row, and pg_dumpall every password hash, into the step's output, and \
                      loads a server that is already in trouble. It says nothing about the server's state.",
        help: "to look: pg_isready, pg_is_in_recovery(), pg_stat_database; to copy: pg_dump -Fc -f FILE",
        correct: "pg_dump -Fc -d \"${DATABASE_URL:?}\" -f \"${SAFETY_COPY:?}\"",
        check: AtCommand(&["pg_dump", "pg_dumpall"], dump_to_screen),
    },
    Rule {
        name: "isready-is-not-healthy",
        severity: WARNING,
        title: "pg_isready says only that connections are accepted",
        explanation: "A standby, a server that cannot write, or one an hour behind answers in the same way.",
        help: "ask the server too: SELECT pg_is_in_recovery(), a query, the replication lag",
        correct: "psql \"${DATABASE_URL:?}\" -X -At -c 'SELECT pg_is_in_recovery()'",
        check: AtCommand(&["pg_isready"], isready_is_not_healthy),
    },
    Rule {
        name: "tables-are-not-data",
        severity: WARNING,
        title: "a list of tables does not show that the data is there",
        explanation: "\\dt prints the same list when every table is empty.",
        help: "compare row counts, sums and the newest row with what they were",
        correct: "psql \"${DATABASE_URL:?}\" -X -At -c 'SELECT count(*), max(id) FROM companies'",
        check: AtCommand(PSQL, tables_are_not_data),
    },
    Rule {
        name: "pg-restore-data-directory",
        severity: ERROR,
        title: "pg_restore has no option -D",
        explanation: "pg_restore loads a logical dump into a running server. A base backup is a copy of files: it is unpacked \
                      into the data directory.",
        help: "unpack the base backup: tar -xf base.tar -C \"$PGDATA\", then owner and mode",
        correct: "sudo -u postgres tar -xf \"${BASE_BACKUP:?}\" -C \"${PGDATA:?}\"",
        check: AtCommand(PG_RESTORE, data_directory),
    },
    Rule {
        name: "pg-restore-no-target",
        severity: ERROR,
        title: "pg_restore is told no target",
        explanation: "Since PostgreSQL 12: `one of -d/--dbname and -f/--file must be specified`.",
        help: "add -d DATABASE to load it, or -f FILE (-f - for standard output) to write SQL",
        correct: "pg_restore -d portal_restored --exit-on-error \"${DUMP:?}\"",
        check: AtCommand(PG_RESTORE, no_target),
    },
    Rule {
        name: "pg-restore-plain-sql",
        severity: ERROR,
        title: "pg_restore cannot read a plain SQL dump",
        explanation: "It reads the custom, directory and tar formats. A .sql file is a script for psql, a .sql.gz one after \
                      gunzip. If the content is in custom format, the name says otherwise at the worst moment.",
        help: "load .sql with psql -v ON_ERROR_STOP=1 -f, and name custom-format dumps .dump",
        correct: "gunzip -c \"${DUMP:?}\" | psql -X -v ON_ERROR_STOP=1 -d portal_restored",
        check: AtCommand(PG_RESTORE, plain_sql),
    },
    Rule {
        name: "pg-restore-table-only",
        severity: WARNING,
        title: "-t leaves out indexes, constraints and sequences",
        explanation: "pg_restore -t restores the table and its rows and nothing that belongs to it: no primary key, no index, \
                      no default from a sequence.",
        help: "restore everything into a scratch database and copy the rows that are needed from there",
        correct: "createdb portal_scratch\npg_restore -d portal_scratch --exit-on-error \"${DUMP:?}\"",
        check: AtCommand(PG_RESTORE, table_only),
    },
    Rule {
        name: "toc-is-not-a-check",
        severity: WARNING,
        title: "pg_restore --list reads only the table of contents",
        explanation: "It exits 0 on a dump cut off in the middle and on one with flipped bits.",
        help: "read all of it: pg_restore -f /dev/null FILE, check the digest (sha256sum -c), and restore it somewhere",
        correct: "sha256sum -c \"${DUMP:?}.sha256\"\npg_restore -f /dev/null \"${DUMP:?}\"",
        check: AtCommand(PG_RESTORE, toc_is_not_a_check),
    },
    Rule {
        name: "latest-backup",
        severity: WARNING,
        title: "the latest backup may be the broken one",
        explanation: "The newest file may be from after the fault, still being written, or never verified. `latest` decides that \
                      by name.",
        help: "list backups with age, size and digest, choose the newest verified one from before the fault, and hand it over \
               as a variable",
        correct: "pg_restore -d portal_restored --exit-on-error \"${BACKUP:?}\"",
        check: AtCommand(&[], latest_backup),
    },
    Rule {
        name: "unpinned-database-client",
        severity: WARNING,
        title: "any version of the client is installed",
        explanation: "pg_restore refuses a dump made by a newer pg_dump, and the distribution's client may be years older than \
                      the server.",
        help: "install the client of the server's major version: postgresql-client-16",
        correct: "sudo apt-get install -y postgresql-client-16",
        check: AtCommand(&["apt", "apt-get", "apk", "yum", "dnf"], unpinned_client),
    },
];

const SERVERS: &[&str] = &["kubectl", "docker", "docker-compose", "podman", "ssh"];

fn no_on_error_stop(command: &Command<'_>, report: &mut Report<'_>) {
    let script = command.flag(&["-f", "--file"]);
    let piped = command.previous_in_pipe(report.subject).is_some_and(|source| {
        let dumps =
            ["gunzip", "zcat", "cat", "pg_restore", "pg_dump", "gzip", "xzcat", "zstdcat", "bzcat", "aws", "pv", "sed"];
        dumps.contains(&source.program())
    });
    let fed = command.reads_file_or_document() && !command.flag(&["-c", "--command"]);
    if !script && !fed && !piped {
        return;
    }
    let stops = command
        .values(&["-v", "--set", "--variable"])
        .any(|(_, value)| value.starts_with("ON_ERROR_STOP") && !value.ends_with("=0"))
        || command.documents().any(|text| text.contains("ON_ERROR_STOP"));
    if !stops {
        report.command(command, "errors in this script are passed over, and psql exits 0");
    }
}

fn implicit_target(command: &Command<'_>, report: &mut Report<'_>) {
    let named =
        command.flag(&["-d", "--dbname", "-U", "--username", "-h", "--host", "-l", "--list", "-V", "--version"]);
    let set = ["PGDATABASE", "PGSERVICE", "PGHOST", "PGUSER"].iter().any(|name| report.subject.sets(name));
    if !named && !set && command.operands().is_empty() {
        report.command(command, "this psql names neither role nor database");
    }
}

fn is_localhost(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}

fn localhost_in_cluster(subject: &Subject<'_>, report: &mut Report<'_>) {
    let on_cluster = subject.commands_of("kubectl").next().is_some();
    let tunnelled = subject
        .commands
        .iter()
        .any(|other| other.is("kubectl", "port-forward") || other.program() == "ssh" && other.flag(&["-L"]));
    if !on_cluster || tunnelled {
        return;
    }
    for program in ["psql", "pg_restore", "pg_dump", "createdb", "dropdb"] {
        for command in subject.commands_of(program).filter(|command| !command.is_inside(SERVERS)) {
            if let Some((index, host)) = command.value_at(&["-h", "--host"]).filter(|(_, host)| is_localhost(host)) {
                let message = format!("{host} is the machine that this is typed on, not the cluster's database");
                report.word(command, index, message);
            }
        }
    }
    let host = |name: &str| matches!(name, "DB_HOST" | "PGHOST" | "DATABASE_HOST" | "POSTGRES_HOST" | "REDIS_HOST");
    for assigned in subject.assignments().filter(|assigned| host(&assigned.name) && is_localhost(&assigned.value)) {
        let message =
            format!("{} is the machine that this is typed on, not where the cluster's data is", assigned.value);
        report.code(&subject.blocks[assigned.block], assigned.span.clone(), message);
    }
}

fn dump_to_screen(command: &Command<'_>, report: &mut Report<'_>) {
    let kept = command.flag(&["-f", "--file", "-V", "--version", "--help"])
        || command.redirects_output()
        || command.in_substitution()
        || command.next_in_pipe(report.subject).is_some();
    if !kept {
        report.command(command, format!("{} without a file prints the whole database", command.program()));
    }
}

fn isready_is_not_healthy(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let polls = command.block(subject).action.attributes.poll.is_some();
    if command.in_loop() || polls || subject.sql.iter().any(|sql| sql.has("pg_is_in_recovery")) {
        return;
    }
    report.command(command, "a standby or a server that cannot write answers in the same way");
}

fn tables_are_not_data(command: &Command<'_>, report: &mut Report<'_>) {
    if let Some((index, _)) =
        command.values(&["-c", "--command"]).find(|(_, sql)| matches!(sql.trim(), "\\dt" | "\\d" | "\\dt+" | "\\l"))
    {
        report.word(command, index, "this list is the same when the tables are empty");
    }
}

fn data_directory(command: &Command<'_>, report: &mut Report<'_>) {
    if let Some((index, _)) = command.value_at(&["-D", "--pgdata"]) {
        report.word(command, index.saturating_sub(1), "pg_restore has no option -D, and restores no data directory");
    }
}

fn no_target(command: &Command<'_>, report: &mut Report<'_>) {
    use crate::lint::version::Tool;
    let told = command.flag(&["-d", "--dbname", "-f", "--file", "-l", "--list", "-V", "--version", "--help", "-D"]);
    if !told && !report.subject.versions.before(Tool::Postgres, 12) {
        report.command(command, "pg_restore needs -d or -f");
    }
}

fn is_plain(name: &str) -> bool {
    name.ends_with(".sql") || name.ends_with(".sql.gz")
}

fn plain_sql(command: &Command<'_>, report: &mut Report<'_>) {
    let operands = command.operands();
    if let Some((index, name)) = operands.iter().find(|(_, name)| is_plain(name)) {
        report.word(command, *index, format!("{name} is a plain SQL dump by its name, which pg_restore cannot read"));
        return;
    }
    let subject = report.subject;
    let source = command.previous_in_pipe(subject).filter(|source| source.words.iter().any(|word| is_plain(word)));
    if source.is_some() {
        report.command(command, "what is piped in is a plain SQL dump by its name, which pg_restore cannot read");
    }
}

fn table_only(command: &Command<'_>, report: &mut Report<'_>) {
    if command.flag(&["-t", "--table"]) && !command.flag(&["-a", "--data-only", "-l", "--list"]) {
        report.command(command, "this restores rows without their indexes, keys and sequences");
    }
}

fn toc_is_not_a_check(command: &Command<'_>, report: &mut Report<'_>) {
    if !command.flag(&["-l", "--list"]) {
        return;
    }
    let thrown_away = command.output_files().any(|path| path == "/dev/null");
    let subject = report.subject;
    let glanced = command.next_in_pipe(subject).is_some_and(|next| matches!(next.program(), "head" | "wc" | "tail"));
    if thrown_away || glanced {
        report.command(command, "this reads the table of contents and no data: it succeeds on a truncated dump");
    }
}

/// Whether the command restores: loads a dump, or is a script that says so.
pub(super) fn restores(command: &Command<'_>) -> bool {
    match command.program() {
        "pg_restore" => command.flag(&["-d", "--dbname", "-D"]),
        "psql" => {
            let loads = |path: &str| ["dump", "backup", "restore", ".sql.gz"].iter().any(|part| path.contains(part));
            command.values(&["-f", "--file"]).any(|(_, path)| loads(path)) || command.input_files().any(loads)
        }
        "aws" => command.second().starts_with("restore-"),
        program => program.starts_with("restore") && program.ends_with(".sh"),
    }
}

fn latest_backup(command: &Command<'_>, report: &mut Report<'_>) {
    let fetches = matches!(command.program(), "scp" | "rsync" | "cp" | "gunzip" | "tar" | "aws" | "pg_restore");
    if !restores(command) && !fetches {
        return;
    }
    for (index, word) in command.words.iter().enumerate().skip(1) {
        let word = word.to_ascii_lowercase();
        let file = ["latest-backup", "latest_backup", "backup-latest", "latest.dump", "latest.sql", "latest-snapshot"];
        let named = file.iter().any(|name| word.contains(name)) || word.contains("/latest/") && word.contains("backup");
        if named || (restores(command) && word == "--latest") {
            report.word(
                command,
                index,
                "which backup this is, and whether it is from before the fault, is decided by its name",
            );
            return;
        }
    }
}

fn unpinned_client(command: &Command<'_>, report: &mut Report<'_>) {
    if let Some((index, _)) = command
        .operands()
        .iter()
        .find(|(_, word)| matches!(*word, "postgresql-client" | "mysql-client" | "redis-tools-latest"))
    {
        report.word(command, *index, "the distribution's client may be older than the server and refuse its dumps");
    }
}
