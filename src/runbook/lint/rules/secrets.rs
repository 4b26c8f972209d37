//! Credentials in the document, in argument lists, on the screen, and in files anybody may read.

use std::sync::LazyLock;

use regex::Regex;

use crate::lint::{
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Document, Sql},
        ERROR, Rule, WARNING,
    },
    sql_text::SqlText,
    subject::Subject,
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "secret-in-text",
        severity: ERROR,
        title: "a credential stands in the document",
        explanation: "A runbook is read, printed, copied into chats and kept in version control. What is written into it is \
                      known to all who ever read it, and stays in the history after it was removed.",
        help: "declare a variable with secret: true in the front matter, or read it from where secrets are kept",
        correct: "export PGPASSFILE=\"${PGPASSFILE:?}\"",
        check: Document(secret_in_text),
    },
    Rule {
        name: "secret-in-arguments",
        severity: WARNING,
        title: "a credential in the argument list",
        explanation: "Arguments of a running command are seen by everybody on the machine (`ps`), and end up in audit logs.",
        help: "hand it over by file, standard input or environment: curl -H @FILE, redis-cli with REDISCLI_AUTH, --from-env-file",
        correct: "curl -fsS --max-time 10 -H @\"${STATUSPAGE_HEADERS:?}\" https://api.statuspage.io/v1/pages",
        check: AtCommand(&[], secret_in_arguments),
    },
    Rule {
        name: "secret-printed",
        severity: ERROR,
        title: "a credential is printed to the screen",
        explanation: "What a step prints is kept as evidence and shown to everybody in the incident.",
        help: "look at the metadata instead (aws secretsmanager describe-secret), or capture the value: NAME=$(…)",
        correct: "aws secretsmanager describe-secret --secret-id portal/production/jwt",
        check: AtCommand(&["aws", "kubectl", "vault", "echo", "printf", "gcloud", "az"], secret_printed),
    },
    Rule {
        name: "password-in-sql",
        severity: WARNING,
        title: "a password inside an SQL statement",
        explanation: "`ALTER ROLE … PASSWORD '…'` is written to the server's log when statements are logged, and to the \
                      argument list when psql is called with -c.",
        help: "use \\password, which sends the verifier, and rotate with two roles so that nothing breaks in between",
        correct: "",
        check: Sql(password_in_sql),
    },
    Rule {
        name: "base64-password",
        severity: WARNING,
        title: "base64 makes passwords that break connection strings",
        explanation: "Base64 contains `/`, `+` and `=`. In a connection URL a `/` ends the host part, and the rest is read as a \
                      port or a path.",
        help: "make it of characters that need no escaping: openssl rand -hex 32",
        correct: "NEW_PASSWORD=$(openssl rand -hex 32)",
        check: AtCommand(&["openssl"], base64_password),
    },
    Rule {
        name: "evidence-in-tmp",
        severity: WARNING,
        title: "personal data or evidence in a folder that everybody reads",
        explanation: "/tmp is shared by all accounts of the machine, often cleaned on restart, sometimes memory. Files are \
                      readable by everybody unless the umask says otherwise.",
        help: "print it and let the console keep it ({evidence} on the fence), or write to a folder of mode 0700 (umask 077)",
        correct: "umask 077\nkubectl -n \"${NAMESPACE:?}\" logs -l app=api --tail=-1 --prefix > \"${EVIDENCE:?}/api.log\"",
        check: AtCommand(
            &["psql", "pg_dump", "pg_dumpall", "kubectl", "docker", "docker-compose", "mysqldump", "aws"],
            evidence_in_tmp,
        ),
    },
];

/// Whether a variable of this name usually holds a credential.
pub(in crate::lint) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let parts: Vec<&str> = name.split('_').collect();
    let whole = ["PASSWORD", "PASSWD", "PGPASSWORD", "SECRET", "TOKEN", "APIKEY", "PASSPHRASE", "CREDENTIALS"];
    let points_to = ["FILE", "PATH", "NAME", "ID", "ARN", "DIR", "LENGTH", "TTL", "EXPIRY", "COUNT", "PASSFILE"];
    // A TLS secret is known by its name; its key has one of its own.
    if parts.last().is_some_and(|last| points_to.contains(last)) || name.ends_with("TLS_SECRET") {
        return false;
    }
    parts.iter().any(|part| whole.contains(part))
        || name.ends_with("API_KEY")
        || name.ends_with("PRIVATE_KEY")
        || name.ends_with("ACCESS_KEY")
        || name.ends_with("ENCRYPTION_KEY")
}

/// Whether the variable holds a credential: it is declared secret, or its name says so and its use does not say otherwise.
fn is_credential(subject: &Subject<'_>, name: &str) -> bool {
    subject.is_secret(name) || is_secret_name(name) && !names_an_object(subject, name)
}

/// Whether commands use the variable as the name of a Kubernetes Secret, and as nothing else.
fn names_an_object(subject: &Subject<'_>, name: &str) -> bool {
    // Whether it is empty says nothing about what it is.
    let says = |command: &&Command<'_>| !command.is_wrapper && !matches!(command.program(), "test" | "[" | ":");
    let mut uses = subject.commands.iter().filter(says).flat_map(|command| {
        let used = (1..command.words.len()).filter(|index| command.variables_of(*index).any(|other| other == name));
        used.map(move |index| names_object(command, index))
    });
    uses.next().is_some_and(|first| first && uses.all(|is_name| is_name))
}

/// Whether this word of the command is the name of a Secret: `get secret NAME`, `create secret tls NAME`, `secret/NAME`.
fn names_object(command: &Command<'_>, index: usize) -> bool {
    if command.program() != "kubectl" {
        return false;
    }
    let word: &str = &command.words[index];
    if word.strip_prefix("--from=").unwrap_or(word).starts_with("secret/") {
        return true;
    }
    let operands = command.operands();
    let place = operands.iter().position(|(at, _)| *at == index);
    let kind = |place: usize| operands.get(place).is_some_and(|(_, kind)| matches!(*kind, "secret" | "secrets"));
    match (command.verb(), place) {
        ("create", Some(place)) => place == 3 && kind(1),
        (_, Some(place)) => place >= 2 && kind(1),
        (_, None) => false,
    }
}

/// `://user:password@`; group 1 is the password.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"://[^/\s:@$]*:([^@\s/$]+)@").ok());
/// `"password": "value"` in JSON; group 1 is the value.
static FIELD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)"(?:password|passwd|secret|api_?key|token)"\s*:\s*"([^"$]+)""#).ok());

fn secret_in_text(subject: &Subject<'_>, report: &mut Report<'_>) {
    for assigned in subject.assignments() {
        let literal = !assigned.value.is_empty() && !assigned.value.contains(['$', '`']);
        let connects = pattern(&ADDRESS, &assigned.value);
        if (literal && is_secret_name(&assigned.name) && !names_an_object(subject, &assigned.name)) || connects {
            let block = &subject.blocks[assigned.block];
            report.code(block, assigned.span.clone(), format!("{} is given its value in the document", assigned.name));
        }
    }
    for command in subject.commands.iter().filter(|command| !command.is_wrapper) {
        for (index, word) in command.words.iter().enumerate().skip(1) {
            if pattern(&ADDRESS, word) {
                report.word(command, index, "this address holds a password");
            } else if pattern(&FIELD, word) {
                report.word(command, index, "this body holds a credential");
            } else if bearer(word).is_some_and(|token| !token.contains(['$', '<']) && token.len() >= 16) {
                report.word(command, index, "this header holds a token");
            }
        }
        if let Some((index, _)) =
            secret_option(command).filter(|(_, value)| !value.contains(['$', '`']) && !value.is_empty())
        {
            report.word(command, index, format!("{} is given its password in the document", command.program()));
        }
    }
}

fn pattern(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    text.len() > 4 && text.contains([':', '"']) && regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// The token of an `Authorization` header.
fn bearer(word: &str) -> Option<&str> {
    let (name, value) = word.split_once(':')?;
    name.eq_ignore_ascii_case("authorization").then(|| value.split_whitespace().last().unwrap_or_default())
}

/// The value of an option that takes a password.
fn secret_option<'c>(command: &'c Command<'_>) -> Option<(usize, &'c str)> {
    match command.program() {
        "redis-cli" => command.value_at(&["-a", "--pass"]),
        "mysql" | "mysqldump" => command.value_at(&["-p", "--password"]).filter(|(_, value)| !value.starts_with('-')),
        "sshpass" => command.value_at(&["-p"]),
        _ => None,
    }
}

/// Clients that take an address, which may be declared secret as a whole.
const ADDRESSED: [&str; 11] = [
    "psql",
    "pg_dump",
    "pg_dumpall",
    "pg_restore",
    "createdb",
    "dropdb",
    "redis-cli",
    "mongosh",
    "mongodump",
    "pg_basebackup",
    "pg_amcheck",
];

fn secret_in_arguments(command: &Command<'_>, report: &mut Report<'_>) {
    // Builtins have no argument list that others could read.
    const BUILTINS: [&str; 14] = [
        "echo", "printf", "test", "[", "read", "export", "unset", "declare", "local", "readonly", "set", ":", "eval",
        "return",
    ];
    if BUILTINS.contains(&command.program()) || command.is_wrapper {
        return;
    }
    for (index, word) in command.words.iter().enumerate().skip(1) {
        let Some(name) = command.variables_of(index).find(|name| is_credential(report.subject, name)) else {
            continue;
        };
        // A file's name is no credential. The address of a database has no better place in its client's command line.
        if word.starts_with('@') || ADDRESSED.contains(&command.program()) && !is_secret_name(name) {
            continue;
        }
        report.word(
            command,
            index,
            format!("the value of {name} stands in the argument list of {}", command.program()),
        );
    }
}

fn secret_printed(command: &Command<'_>, report: &mut Report<'_>) {
    let block = command.block(report.subject);
    let kept = command.in_substitution() || command.redirects_output() || block.action.attributes.capture.is_some();
    if kept || command.next_in_pipe(report.subject).is_some() {
        return;
    }
    let operands = command.operands();
    let first: Vec<&str> = operands.iter().take(3).map(|(_, word)| *word).collect();
    let message = match (command.program(), &first[..]) {
        ("aws", ["secretsmanager", "get-secret-value", ..]) => "this prints the secret's value",
        ("aws", ["ssm", "get-parameter" | "get-parameters", ..]) if command.flag(&["--with-decryption"]) => {
            "this prints the decrypted parameter"
        }
        ("kubectl", ["get", "secret" | "secrets", ..]) if prints_values(command) => "this prints the secret's content",
        ("kubectl", ["get", kind, ..]) if kind.starts_with("secret/") && prints_values(command) => {
            "this prints the secret's content"
        }
        ("vault", ["kv", "get", ..] | ["read", ..]) => "this prints the secret's value",
        ("gcloud", ["secrets", "versions", "access"]) => "this prints the secret's value",
        ("echo" | "printf", _) => {
            let mut names = (1..command.words.len()).flat_map(|index| command.variables_of(index));
            let Some(name) = names.find(|name| is_credential(report.subject, name)) else { return };
            report.command(command, format!("this prints the value of {name}"));
            return;
        }
        _ => return,
    };
    report.command(command, message);
}

fn prints_values(command: &Command<'_>) -> bool {
    let output = command.value(&["-o", "--output"]).unwrap_or_default();
    output == "yaml"
        || output == "json"
        || (output.starts_with("jsonpath") || output.starts_with("go-template")) && output.contains(".data")
}

fn password_in_sql(sql: &SqlText<'_>, report: &mut Report<'_>) {
    for statement in sql.statements() {
        let changes_role = statement.starts_with(&["ALTER", "USER"])
            || statement.starts_with(&["ALTER", "ROLE"])
            || statement.starts_with(&["CREATE", "USER"])
            || statement.starts_with(&["CREATE", "ROLE"]);
        if let Some(word) = statement.words().find(|word| word.is("PASSWORD")).filter(|_| changes_role)
            && !statement.words().any(|word| word.is("NULL"))
        {
            report.code(
                sql.block(report.subject),
                sql.in_code(word.span.clone()),
                "the password of a role stands in this statement",
            );
        }
    }
}

fn base64_password(command: &Command<'_>, report: &mut Report<'_>) {
    if command.verb() != "rand" || !command.flag(&["-base64"]) {
        return;
    }
    let subject = report.subject;
    let assigned = subject
        .assignments()
        .find(|assigned| assigned.block == command.block && contains(&assigned.span, &command.span));
    if assigned.is_some_and(|assigned| assigned.name.to_ascii_uppercase().contains("PASS")) {
        report.command(command, "a base64 password breaks the connection URL that it is put into");
    }
}

fn contains(outer: &std::ops::Range<usize>, inner: &std::ops::Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn evidence_in_tmp(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    if command.is_wrapper {
        return;
    }
    let in_tmp = |path: &str| path.starts_with("/tmp/") || path.starts_with("/var/tmp/");
    let redirected = command.output_files().find(|path| in_tmp(path)).map(str::to_owned);
    let copied = command
        .values(&["-c", "--command"])
        .find_map(|(_, sql)| sql.split('\'').find(|piece| in_tmp(piece)).map(str::to_owned))
        .filter(|_| command.program() == "psql");
    let Some(path) = redirected.or(copied) else { return };
    let private = subject.commands_of("umask").any(|umask| {
        subject.at_command(umask) < subject.at_command(command)
            && umask.words.get(1).is_some_and(|mask| mask.ends_with("77"))
    });
    if !private {
        report.command(command, format!("{path} is readable by everybody on this machine"));
    }
}
