//! What bash makes of a block: text that is no command, variables that are not there, failures that are hidden.

use std::{collections::BTreeSet, ops::Range, sync::LazyLock};

use regex::Regex;

use crate::{
    Language, Risk,
    lint::{
        block::Block,
        command::Command,
        report::Report,
        rule::{
            Check::{Block as AtBlock, Command as AtCommand, Document},
            ERROR, Rule, WARNING,
        },
        scripts::optional_variables,
        subject::{ENVIRONMENT, Subject},
    },
    shell::SyntaxProblem,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "shell-syntax",
        severity: ERROR,
        title: "bash cannot read this block",
        explanation: "The block stops at once with a syntax error, at the moment when it is needed.",
        help: "correct it; bash -n FILE says where it stumbles",
        correct: "",
        check: AtBlock(syntax),
    },
    Rule {
        name: "shell-not-understood",
        severity: WARNING,
        title: "this block is not understood",
        explanation: "The linter reads less shell than bash does, or the block is beyond its limits. Its commands count as destructive, \
                      and no other rule sees all of them.",
        help: "check it with bash -n FILE, or write it in a simpler form",
        correct: "",
        check: AtBlock(not_understood),
    },
    Rule {
        name: "sql-in-shell",
        severity: ERROR,
        title: "SQL stands where bash runs",
        explanation: "The lines after `psql` are not typed into it: bash takes them for programs (`VACUUM: command not found`).",
        help: "make it an sql block, or hand it over: psql -c '…', or a here-document",
        correct: "psql \"${DATABASE_URL:?}\" -X -v ON_ERROR_STOP=1 <<'SQL'\nANALYZE users;\nSQL",
        check: AtBlock(sql_in_shell),
    },
    Rule {
        name: "prose-in-shell",
        severity: ERROR,
        title: "prose stands in a command block",
        explanation: "Run as it stands, the first word of each line is taken for a program.",
        help: "write it as text or as - [ ] items, outside the fence",
        correct: "",
        check: AtBlock(prose),
    },
    Rule {
        name: "crontab-in-shell",
        severity: ERROR,
        title: "a crontab line is not a command",
        explanation: "Bash takes its first field for a program: `0: command not found`; a `*` becomes the files of the folder.",
        help: "show it in a fence with no language (or crontab), and run what it runs",
        correct: "",
        check: AtCommand(&[], crontab),
    },
    Rule {
        name: "comment-only-block",
        severity: WARNING,
        title: "a block with no command in it",
        explanation: "It runs, does nothing, and counts as done. What its comments say is done by nobody.",
        help: "write the commands, or make it a manual step with - [ ] items",
        correct: "",
        check: AtBlock(comment_only),
    },
    Rule {
        name: "unset-variable",
        severity: ERROR,
        title: "nothing in the runbook sets this variable",
        explanation: "An unset variable is an empty word: psql then connects to the local default database, rm -r gets a shorter \
                      path, and both succeed.",
        help: "declare it in the front matter (vars:), set it in an earlier step, or stop when it is empty: \"${NAME:?}\"",
        correct: "psql \"${DATABASE_URL:?}\" -X -c 'SELECT 1'",
        check: AtBlock(unset_variable),
    },
    Rule {
        name: "unused-variable",
        severity: WARNING,
        title: "this variable is set and never used",
        explanation: "Either a step is missing (the new key is made and stored nowhere), or a name is misspelt.",
        help: "use it, or take it out",
        correct: "",
        check: Document(unused_variable),
    },
    Rule {
        name: "unquoted-variable",
        severity: WARNING,
        title: "an unquoted variable in a command that changes something",
        explanation: "Unquoted, a value with a space becomes two words, a `*` becomes files, and an empty one is no word at all, so \
                      that the next option is taken for the value.",
        help: "quote it: \"$NAME\", or \"${NAME:?}\" to stop when it is empty",
        correct: "helm -n \"${NAMESPACE:?}\" rollback portal \"${REVISION:?}\" --wait --timeout 5m",
        check: AtCommand(&[], unquoted),
    },
    Rule {
        name: "unquoted-connection",
        severity: WARNING,
        title: "an unquoted address that may vanish",
        explanation: "With the variable empty, psql and redis-cli get no address and connect to the local default, silently.",
        help: "write \"${NAME:?}\", which stops when it is empty",
        correct: "psql \"${DATABASE_URL:?}\" -X -c 'SELECT 1'",
        check: AtCommand(CLIENTS, unquoted_connection),
    },
    Rule {
        name: "remove-with-variable",
        severity: ERROR,
        title: "an empty variable makes rm delete the wrong folder",
        explanation: "`rm -rf \"$DIR/\"*` with DIR empty is `rm -rf /*`.",
        help: "stop when it is empty: rm -rf \"${DIR:?}/\"*",
        correct: "rm -rf \"${WORK:?}/unpacked\"",
        check: AtCommand(&["rm"], remove_with_variable),
    },
    Rule {
        name: "remove-live-data",
        severity: ERROR,
        title: "the data directory is deleted",
        explanation: "It holds WAL that was never archived, the newest transactions, and it is the only copy if the restore fails.",
        help: "move it aside and copy pg_wal first; delete when the restored server has been verified",
        correct: "sudo -u postgres mv \"${PGDATA:?}\" \"${PGDATA:?}.before-restore\"",
        check: AtCommand(&["rm", "find", "shred"], remove_live_data),
    },
    Rule {
        name: "failure-hidden",
        severity: WARNING,
        title: "a failed check counts as success",
        explanation: "`check || echo failed` exits 0: the words scroll by, and the step is done.",
        help: "let it fail, or fail after the message: || { echo '…' >&2; exit 1; }",
        correct: "pg_isready -h db.internal || { echo 'the database does not answer' >&2; exit 1; }",
        check: AtCommand(&["echo", "printf"], failure_hidden),
    },
    Rule {
        name: "script-without-errexit",
        severity: WARNING,
        title: "the script goes on after a failure",
        explanation: "Saved to a file and run, it prints `completed successfully` whatever has failed before.",
        help: "start it with set -euo pipefail",
        correct: "#!/usr/bin/env bash\nset -euo pipefail",
        check: AtBlock(without_errexit),
    },
    Rule {
        name: "verdict-by-echo",
        severity: WARNING,
        title: "an echo says that it worked",
        explanation: "The line is printed because it stands there, not because anything was found to be well.",
        help: "let the exit status and an expected output decide, or print what was measured",
        correct: "",
        check: AtCommand(&["echo", "printf"], verdict_by_echo),
    },
    Rule {
        name: "notice-by-echo",
        severity: WARNING,
        title: "an echo tells nobody",
        explanation: "The comment says that somebody is told, or the status page updated. The words appear on this terminal only.",
        help: "call the status page's API, or make it a manual step",
        correct: "",
        check: AtCommand(&["echo", "printf"], notice_by_echo),
    },
    Rule {
        name: "hand-kept-log",
        severity: WARNING,
        title: "a log kept by hand in the current folder",
        explanation: "It is on one machine, in whatever folder the shell was in, mixed with the last incident's, and anybody may \
                      change it.",
        help: "leave it out: the console's timeline records who did what and when",
        correct: "",
        check: AtCommand(&["echo", "printf"], hand_kept_log),
    },
    Rule {
        name: "local-time",
        severity: WARNING,
        title: "a time in the machine's own zone",
        explanation: "Records from several machines cannot be put in order, and twice a year an hour happens twice.",
        help: "date -u +%FT%TZ",
        correct: "STAMP=$(date -u +%Y%m%dT%H%M%SZ)",
        check: AtCommand(&["date"], local_time),
    },
    Rule {
        name: "grep-bare-numbers",
        severity: WARNING,
        title: "bare numbers match anything",
        explanation: "`grep -E '401|403'` also finds durations, ids, ports and times.",
        help: "match the field: '\"status\":(401|403)', or query the log store",
        correct: "kubectl -n \"${NAMESPACE:?}\" logs -l app=api --tail=-1 --since=1h | jq -c 'select(.status==401)'",
        check: AtCommand(&["grep", "egrep"], bare_numbers),
    },
    Rule {
        name: "alternatives-in-one-block",
        severity: ERROR,
        title: "alternatives in one block are all run",
        explanation: "`# OR` is a comment. A block is run from top to bottom: both ways are taken, one after the other.",
        help: "make them options: headings `### Option A: …` and `### Option B: …`, each with its own block",
        correct: "",
        check: AtBlock(alternatives),
    },
];

const CLIENTS: &[&str] = &[
    "psql",
    "pg_dump",
    "pg_restore",
    "pg_dumpall",
    "redis-cli",
    "mysql",
    "mysqldump",
    "mongosh",
    "mongodump",
    "createdb",
    "dropdb",
];

fn syntax(block: &Block<'_>, report: &mut Report<'_>) {
    if let Some((span, problem)) = unread(block).filter(|(_, problem)| problem.certain) {
        report.code(block, span, format!("bash cannot read this: {}", problem.message));
    }
}

fn not_understood(block: &Block<'_>, report: &mut Report<'_>) {
    if let Some((span, problem)) = unread(block).filter(|(_, problem)| !problem.certain) {
        report.code(block, span, format!("this is not understood here: {}", problem.message));
    }
}

/// What could not be read, and where.
fn unread<'p>(block: &Block<'p>) -> Option<(Range<usize>, &'p SyntaxProblem)> {
    let problem = block.problem?;
    if block.reads_as_sql(problem.span.start) || numbered_line(block).is_some() {
        return None;
    }
    // What ends too early is best seen from its beginning.
    let early = problem.span.start >= block.action.code.trim_end().len();
    Some((if early { block.first_line() } else { problem.span.clone() }, problem))
}

const STATEMENTS: [&str; 13] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "VACUUM", "REINDEX", "ANALYZE", "ALTER", "DROP", "TRUNCATE", "BEGIN",
    "COMMIT", "ROLLBACK",
];

fn sql_in_shell(block: &Block<'_>, report: &mut Report<'_>) {
    if block.action.language != Language::Bash {
        return;
    }
    // One finding for a run of statements is enough: the first line tells it all.
    let first = block.lines().find(|(_, line)| {
        let word = line.trim_start().split([' ', ';', '\t']).next().unwrap_or_default();
        STATEMENTS.contains(&word)
    });
    let Some((start, line)) = first.filter(|(start, _)| !block.inside_a_command_argument(report.subject, *start))
    else {
        return;
    };
    let word = line.trim().split([' ', ';']).next().unwrap_or_default();
    let at = start + line.len() - line.trim_start().len();
    report.code(block, at..start + line.trim_end().len(), format!("bash looks for a program named {word}"));
}

fn prose(block: &Block<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if let Some(span) = numbered_line(block).filter(|_| block.problem.is_some()) {
        report.code(block, span, "bash takes the number of this item for a program");
        return;
    }
    // The first line tells it all.
    let first = block.commands(subject).find(|command| !command.is_wrapper && reads_as_prose(command));
    if let Some(command) = first {
        report.command(command, format!("bash looks for a program named {}", command.words[0]));
    }
}

/// `1. Check the dashboards`, as the first line that is no comment.
fn numbered_line(block: &Block<'_>) -> Option<Range<usize>> {
    let (start, line) =
        block.lines().find(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    let text = line.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let listed = digits > 0 && text[digits..].starts_with(['.', ')']) && text[digits + 1..].starts_with(' ');
    listed.then(|| start + line.len() - text.len()..start + line.len())
}

fn reads_as_prose(command: &Command<'_>) -> bool {
    let Some(first) = command.words.first() else { return false };
    let digits = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = first.strip_suffix(['.', ')']).is_some_and(digits);
    let bullet = matches!(first.as_ref(), "-" | "•" | "*");
    let mut letters = first.chars();
    let capital = letters.next().is_some_and(|letter| letter.is_ascii_uppercase());
    let name = first.len() > 2 && letters.all(|letter| letter.is_ascii_lowercase());
    let plain = |word: &str| {
        !word.starts_with('-')
            && word.chars().all(|letter| letter.is_alphabetic() || matches!(letter, ',' | '.' | '\'' | '-'))
    };
    let sentence = capital && name && command.words.len() >= 3 && command.words[1..].iter().all(|word| plain(word));
    numbered || bullet || sentence
}

fn crontab(command: &Command<'_>, report: &mut Report<'_>) {
    let field = |index: &usize| {
        let raw = command.raw(*index);
        !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit() || b"*/,-".contains(&byte))
    };
    if command.words.len() > 5 && (0..5).all(|index| field(&index)) {
        report.command(command, "this is a line of a crontab, and bash takes its first field for a program");
    }
}

fn comment_only(block: &Block<'_>, report: &mut Report<'_>) {
    let comment = |line: &str| match block.action.language {
        Language::Bash => line.starts_with('#'),
        Language::Sql => line.starts_with("--"),
    };
    let lines = || block.lines().map(|(_, line)| line.trim()).filter(|line| !line.is_empty());
    if lines().all(comment) {
        let message = if lines().next().is_some() { "this block holds only comments" } else { "this block is empty" };
        let span = block.first_line();
        report.code(block, span, message);
    }
}

fn unset_variable(block: &Block<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let mut told = BTreeSet::new();
    let optional = optional_variables(block.uses());
    if let Some(name) = block.action.attributes.database_variable().filter(|name| !subject.is_set(name, block, 0)) {
        report.code(
            block,
            block.first_line(),
            format!("nothing in this runbook sets {name}, which names the database"),
        );
    }
    for variable in block.uses() {
        let guarded = variable.guarded || optional.contains(variable.name.as_str());
        if guarded || subject.is_set(&variable.name, block, variable.span.start) || !told.insert(variable.name.clone())
        {
            continue;
        }
        report.code(block, variable.span.clone(), format!("nothing in this runbook sets {}", variable.name));
    }
}

fn unused_variable(subject: &Subject<'_>, report: &mut Report<'_>) {
    let mut told = BTreeSet::new();
    for assigned in subject.assignments() {
        let outside = assigned.exported || assigned.prefix || ENVIRONMENT.contains(&assigned.name.as_str());
        if outside || subject.is_used(&assigned.name) || !told.insert(assigned.name.clone()) {
            continue;
        }
        report.code(
            &subject.blocks[assigned.block],
            assigned.span.clone(),
            format!("{} is set here and used nowhere", assigned.name),
        );
    }
    for (name, variable) in &subject.runbook.front.vars {
        if !subject.is_used(name) {
            report
                .document(subject.outline.line(variable.line.max(1)), format!("{name} is asked for and used nowhere"));
        }
    }
}

fn changes(command: &Command<'_>, subject: &Subject<'_>) -> bool {
    let block = command.block(subject);
    let reasons = &block.action.assessment.reasons;
    let mut here = reasons
        .iter()
        .filter(|reason| reason.span.start < command.span.end && command.span.start < reason.span.end)
        .peekable();
    match here.peek() {
        Some(_) => here.any(|reason| reason.risk > Risk::Read),
        None => false,
    }
}

fn unquoted(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if command.is_wrapper
        || CLIENTS.contains(&command.program())
        || matches!(command.program(), "echo" | "printf" | "[" | "test")
        || !changes(command, subject)
    {
        return;
    }
    for index in 1..command.words.len() {
        if let Some(name) = command.unquoted_of(index).find(|name| !subject.is_one_word(name)) {
            report.word(command, index, format!("{name} is not quoted, in a command that changes something"));
            return;
        }
    }
}

fn unquoted_connection(command: &Command<'_>, report: &mut Report<'_>) {
    for index in 1..command.words.len() {
        // The whole word: what is put together with other text does not vanish.
        let vanishes = command.words[index].starts_with('$');
        if let Some(name) = command.unquoted_of(index).next().filter(|_| vanishes) {
            report.word(command, index, format!("with {name} empty, {} connects to its default", command.program()));
            return;
        }
    }
}

fn remove_with_variable(command: &Command<'_>, report: &mut Report<'_>) {
    if !command.flag(&["-r", "-R", "--recursive", "-f"]) {
        return;
    }
    for (index, _) in command.operands() {
        let subject = report.subject;
        let open = command.unguarded_of(index).find(|name| !subject.is_required(name)).map(str::to_owned);
        let word = &command.words[index];
        if let Some(name) = open.filter(|_| word.starts_with('$') && word.contains('/')) {
            report.word(command, index, format!("with {name} empty this is a path from the root of the file system"));
        }
    }
}

fn remove_live_data(command: &Command<'_>, report: &mut Report<'_>) {
    const DATA: [&str; 9] = [
        "/var/lib/postgresql",
        "/var/lib/pgsql",
        "/var/lib/mysql",
        "/var/lib/redis",
        "/var/lib/mongodb",
        "/var/lib/kafka",
        "/var/lib/docker/volumes",
        "/var/lib/etcd",
        "/pg_wal",
    ];
    let deletes = command.program() != "find" || command.flag(&["-delete"]);
    for (index, word) in command.operands() {
        let variable = command.variables_of(index).any(|name| name == "PGDATA");
        let kept = word.contains(".before") || word.contains(".old") || word.contains(".bak") || word.contains("-old");
        if deletes && !kept && (variable || DATA.iter().any(|folder| word.contains(folder))) {
            report.word(command, index, "this is the only copy of the newest data");
        }
    }
}

fn failure_hidden(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if !command.after_or() || command.redirects_output() && !command.redirects_to_stderr() {
        return;
    }
    let block = command.block(subject);
    // `|| { echo …; exit 1; }` fails in the end.
    let fails = block
        .commands(subject)
        .any(|other| other.index > command.index && matches!(other.program(), "exit" | "return" | "false" | "kill"));
    if !fails {
        report.command(command, "the command before this has failed, and the step counts it as success");
    }
}

fn without_errexit(block: &Block<'_>, report: &mut Report<'_>) {
    let code = &block.fence_code;
    let shebang = block.action.code.trim_start().starts_with("#!")
        && block.action.code.lines().next().is_some_and(|line| line.contains("sh"));
    let stops =
        code.contains("set -e") || code.contains("-o errexit") || code.contains("set -E") || code.contains("set -u");
    if shebang && !stops {
        report.code(block, block.first_line(), "this script goes on after every failure");
    }
}

static VERDICT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(PASS|PASSED|SUCCESS)\b|(?i:\bcompleted? successfully\b|\bcheck completed\b|\bis healthy\b)").ok()
});

fn verdict_by_echo(command: &Command<'_>, report: &mut Report<'_>) {
    let decided = command.in_condition() || command.after_and() || command.after_or() || command.in_function();
    let text = command.words[1..].join(" ");
    // A measured value in the words is a report, not a verdict; a time stamp is not a measurement.
    let measured = command.words[1..].iter().any(|word| word.contains('$') && !word.contains("$(date"));
    if !decided && !measured && VERDICT.as_ref().is_some_and(|regex| regex.is_match(&text)) {
        report.command(command, "this is printed whatever the commands before it have found");
    }
}

fn notice_by_echo(command: &Command<'_>, report: &mut Report<'_>) {
    let to_somebody = command.redirects_output() || command.next_in_pipe(report.subject).is_some();
    let words = ["status page", "notify", "announce", "inform", "send email", "send mail"];
    if !to_somebody && command.comment_says(report.subject, &words) {
        report.command(command, "these words appear on this terminal and nowhere else");
    }
}

fn hand_kept_log(command: &Command<'_>, report: &mut Report<'_>) {
    let kept = command.appends_to().is_some_and(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        !path.starts_with('/') && !path.contains('$') && (name.ends_with(".log") || name.ends_with(".txt"))
    });
    if kept {
        report.command(command, "this log is kept in whatever folder the shell is in");
    }
}

fn local_time(command: &Command<'_>, report: &mut Report<'_>) {
    let utc = command.flag(&["-u", "--utc", "--universal"]) || command.sets_variable("TZ");
    let epoch = command.words.iter().any(|word| word.starts_with('+') && word.contains("%s"));
    if !utc && !epoch && !command.flag(&["--version", "-s", "--set"]) {
        report.command(command, "this time is in the machine's own zone");
    }
}

fn bare_numbers(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let from_logs = command
        .previous_in_pipe(subject)
        .is_some_and(|source| source.words.iter().any(|word| word == "logs" || word.ends_with(".log")));
    let Some((index, pattern)) = command.operands().first().copied() else { return };
    let codes = pattern.split('|').all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit()));
    if from_logs && codes && !command.flag(&["-w", "--word-regexp"]) {
        report.word(command, index, "these digits are found in durations, ids and times as well");
    }
}

static ALTERNATIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^#\s*(?:OR\b|Or\b|or\b|Alternatively\b|Alternative:|ALTERNATIVELY\b|Option [A-Z0-9]\b)").ok()
});
static CONDITION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^#\s*If\s+(?:\w+\s+)*\w+$").ok());

fn alternatives(block: &Block<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let matches =
        |regex: &LazyLock<Option<Regex>>, text: &str| regex.as_ref().is_some_and(|regex| regex.is_match(text));
    let mut conditions: Vec<Range<usize>> = Vec::new();
    for (span, text) in block.comments(subject) {
        let command_before = block.commands(subject).any(|command| command.span.end <= span.start);
        let command_after = block.commands(subject).any(|command| command.span.start >= span.end);
        if matches(&ALTERNATIVE, text) && command_before && command_after {
            report.code(block, span, "what follows is an alternative to what stands above, and both are run");
        } else if matches(&CONDITION, text) && command_after && block.action.assessment.risk > Risk::Read {
            conditions.push(span);
        }
    }
    if conditions.len() > 1 {
        for span in conditions.drain(1..) {
            report.code(block, span, "this part is for another case than the one above, and both are run");
        }
    }
}
