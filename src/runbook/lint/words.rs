//! What the words of a command say: as text without quotes, and as options with values.

use std::borrow::Cow;

/// Options of a program that take the next word as their value, so that it is not taken for an operand.
pub(super) fn valued(program: &str) -> &'static [&'static str] {
    match program {
        "kubectl" => KUBECTL,
        "helm" => HELM,
        "psql" => PSQL,
        "pg_dump" | "pg_dumpall" => PG_DUMP,
        "pg_restore" => PG_RESTORE,
        "createdb" | "dropdb" | "pg_isready" | "pg_basebackup" | "vacuumdb" | "reindexdb" | "pg_amcheck" => PG_OTHER,
        "redis-cli" => REDIS,
        "docker" | "docker-compose" | "podman" => DOCKER,
        "curl" => CURL,
        "aws" => AWS,
        "terraform" | "tofu" => TERRAFORM,
        "git" => &["-C", "-c", "-m", "-F", "--message", "--author", "--since", "--until", "-n"],
        "pg_ctl" => &["-D", "--pgdata", "-m", "--mode", "-t", "--timeout", "-l", "--log", "-o", "-U"],
        "ssh" => &["-i", "-p", "-l", "-o", "-L", "-R", "-D", "-F", "-J"],
        "tail" | "head" => &["-n", "-c", "--lines", "--bytes", "--pid"],
        "tar" => &["-f", "-C", "--file", "--directory"],
        "date" => &["-d", "--date", "-r", "-v", "-I"],
        "grep" => &["-e", "-f", "-m", "-A", "-B", "-C"],
        "systemctl" | "journalctl" => &["-u", "--unit", "-n", "--since", "--until", "-H"],
        _ => &[],
    }
}

const KUBECTL: &[&str] = &[
    "-n",
    "--namespace",
    "--context",
    "--kubeconfig",
    "--cluster",
    "--user",
    "-s",
    "--server",
    "--token",
    "-l",
    "--selector",
    "-o",
    "--output",
    "-c",
    "--container",
    "-f",
    "--filename",
    "-k",
    "--tail",
    "--since",
    "--since-time",
    "--timeout",
    "--replicas",
    "-p",
    "--patch",
    "--type",
    "--field-selector",
    "--sort-by",
    "--for",
    "--limits",
    "--requests",
    "--to-revision",
    "--image",
    "--as",
    "--grace-period",
    "--port",
    "--request-timeout",
    "--patch-file",
    "--request-timeout",
    "--cert",
    "--key",
    "--from-literal",
    "--from-file",
    "--from-env-file",
    "--from",
    "--current-replicas",
    "--max-log-requests",
    "--revision",
    "--subresource",
    "--overrides",
    "--restart",
];
const HELM: &[&str] = &[
    "-n",
    "--namespace",
    "--kube-context",
    "--kubeconfig",
    "-f",
    "--values",
    "--set",
    "--set-string",
    "--set-file",
    "--version",
    "--timeout",
    "-o",
    "--output",
    "--history-max",
    "--max",
    "--repo",
    "--description",
    "--revision",
];
const PSQL: &[&str] = &[
    "-h",
    "--host",
    "-p",
    "--port",
    "-U",
    "--username",
    "-d",
    "--dbname",
    "-f",
    "--file",
    "-c",
    "--command",
    "-v",
    "--set",
    "--variable",
    "-o",
    "--output",
    "-P",
    "--pset",
    "-F",
    "-R",
    "-L",
    "-T",
];
const PG_DUMP: &[&str] = &[
    "-h",
    "--host",
    "-p",
    "--port",
    "-U",
    "--username",
    "-d",
    "--dbname",
    "-f",
    "--file",
    "-t",
    "--table",
    "-n",
    "--schema",
    "-N",
    "-T",
    "-j",
    "--jobs",
    "-F",
    "--format",
    "-E",
    "-Z",
    "-S",
    "--exclude-table",
    "--exclude-schema",
    "--section",
    "--role",
    "-l",
    "--database",
];
const PG_RESTORE: &[&str] = &[
    "-h",
    "--host",
    "-p",
    "--port",
    "-U",
    "--username",
    "-d",
    "--dbname",
    "-f",
    "--file",
    "-t",
    "--table",
    "-n",
    "--schema",
    "-N",
    "-T",
    "-j",
    "--jobs",
    "-F",
    "--format",
    "-L",
    "--use-list",
    "-I",
    "-P",
    "-S",
    "--section",
    "--role",
    "-D",
];
const PG_OTHER: &[&str] = &[
    "-h",
    "--host",
    "-p",
    "--port",
    "-U",
    "--username",
    "-d",
    "--dbname",
    "-D",
    "--pgdata",
    "-j",
    "--jobs",
    "-O",
    "--owner",
    "-T",
    "--template",
    "-E",
    "-l",
    "--locale",
    "-t",
    "--table",
    "--timeout",
    "-X",
    "-F",
];
const REDIS: &[&str] = &[
    "-h",
    "-p",
    "-s",
    "-a",
    "--user",
    "--pass",
    "-u",
    "-r",
    "-i",
    "-n",
    "-d",
    "-D",
    "--cacert",
    "--cert",
    "--key",
    "--pattern",
    "--sni",
    "--cacertdir",
    "--count",
    "--rdb",
    "--memkeys-samples",
    "-t",
];
const DOCKER: &[&str] = &[
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--profile",
    "--env-file",
    "--project-directory",
    "-H",
    "--host",
    "--context",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "-e",
    "--env",
    "-v",
    "--volume",
    "--name",
    "--network",
    "--tail",
    "--since",
    "-n",
    "-t",
    "--timeout",
    "--scale",
    "--mount",
    "--format",
    "--filter",
    "--entrypoint",
    "--index",
    "--tag",
];
const CURL: &[&str] = &[
    "-A",
    "-b",
    "-c",
    "-C",
    "-d",
    "-D",
    "-e",
    "-E",
    "-F",
    "-H",
    "-h",
    "-K",
    "-m",
    "-o",
    "-P",
    "-r",
    "-t",
    "-T",
    "-u",
    "-U",
    "-w",
    "-x",
    "-X",
    "-y",
    "-Y",
    "-z",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-urlencode",
    "--json",
    "--header",
    "--max-time",
    "--connect-timeout",
    "--output",
    "--user",
    "--request",
    "--write-out",
    "--resolve",
    "--connect-to",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--cacert",
    "--cert",
    "--key",
    "--proxy",
    "--config",
    "--oauth2-bearer",
    "--url",
    "--form",
    "--max-redirs",
    "--netrc-file",
    "--user-agent",
];
const AWS: &[&str] = &["--region", "--profile", "--output", "--query", "--endpoint-url"];
const TERRAFORM: &[&str] =
    &["-var", "-var-file", "-target", "-replace", "-out", "-state", "-parallelism", "-lock-timeout", "-backend-config"];

/// Whether one of `names` is among the words: `--name`, `--name=value`, `-n`, `-nvalue`, or inside a cluster (`-it`).
pub(super) fn has_flag(program: &str, words: &[Cow<'_, str>], names: &[&str]) -> bool {
    words.iter().any(|word| names.iter().any(|name| is_flag(program, word, name)))
}

fn is_flag(program: &str, word: &str, name: &str) -> bool {
    if word == name {
        return true;
    }
    let Some(rest) = word.strip_prefix(name).filter(|_| name.len() > 2) else {
        return name.len() == 2 && cluster(program, word).any(|letter| name.ends_with(letter));
    };
    rest.starts_with('=')
}

/// The letters of `-itX`, up to the first that takes a value, that one included.
fn cluster<'a>(program: &str, word: &'a str) -> impl Iterator<Item = char> + 'a {
    // AWS, Terraform and Java-like tools have no clusters: `-out=x` is one option.
    let letters = match word.strip_prefix('-') {
        Some(rest) if !rest.starts_with('-') && !matches!(program, "aws" | "terraform" | "tofu" | "find" | "java") => {
            rest
        }
        _ => "",
    };
    let takes_value = valued(program);
    let mut over = false;
    letters.chars().take_while(move |letter| {
        let go_on = !over && letter.is_ascii_alphanumeric();
        over = takes_value.iter().any(|name| name.len() == 2 && name.ends_with(*letter));
        go_on
    })
}

/// The values of the options `names`, in order: `--name=v`, `--name v`, `-n v`, `-nv`.
pub(super) fn values<'w>(words: &'w [Cow<'_, str>], names: &'w [&str]) -> impl Iterator<Item = (usize, &'w str)> + 'w {
    words.iter().enumerate().filter_map(move |(index, word)| value_here(words, index, word, names))
}

/// The first of those, with the number of the word that holds it.
pub(super) fn value<'w>(words: &'w [Cow<'_, str>], names: &[&str]) -> Option<(usize, &'w str)> {
    words.iter().enumerate().find_map(|(index, word)| value_here(words, index, word, names))
}

fn value_here<'w>(words: &'w [Cow<'_, str>], index: usize, word: &'w str, names: &[&str]) -> Option<(usize, &'w str)> {
    names.iter().find_map(|name| {
        if word == *name {
            return words.get(index + 1).map(|value| (index + 1, value.as_ref()));
        }
        let rest = word.strip_prefix(name)?;
        if let Some(value) = rest.strip_prefix('=') {
            return Some((index, value));
        }
        // `-nprod`, but not `-name`: single letters only.
        (name.len() == 2 && !word.starts_with("--") && !rest.is_empty()).then_some((index, rest))
    })
}

/// Words that are neither options nor values of options, from word 1 on, with their numbers. All after `--` count.
pub(super) fn operands<'w>(program: &str, words: &'w [Cow<'_, str>]) -> Vec<(usize, &'w str)> {
    let takes_value = valued(program);
    let mut found = Vec::new();
    let mut index = 1;
    while let Some(word) = words.get(index) {
        if word == "--" {
            found.extend(words.iter().enumerate().skip(index + 1).map(|(i, w)| (i, w.as_ref())));
            break;
        }
        // `kubectl logs -f NAME` follows; everywhere else in kubectl `-f` takes a file.
        let follows = program == "kubectl" && word == "-f" && found.first().is_some_and(|(_, verb)| *verb == "logs");
        let asks_aws = program == "aws" && word.starts_with("--") && !word.contains('=') && !is_aws_switch(word);
        if (takes_value.contains(&word.as_ref()) && !follows) || asks_aws {
            index += 2;
        } else {
            if !word.starts_with('-') || word.len() == 1 {
                found.push((index, word.as_ref()));
            }
            index += 1;
        }
    }
    found
}

/// Options of the AWS command line that stand alone.
pub(super) const AWS_SWITCHES: &[&str] = &[
    "--apply-immediately",
    "--auto-minor-version-upgrade",
    "--copy-tags-to-snapshot",
    "--delete-automated-backups",
    "--deletion-protection",
    "--disable-rollback",
    "--dry-run",
    "--enable",
    "--enable-iam-database-authentication",
    "--evaluate-target-health",
    "--follow",
    "--force",
    "--force-failover",
    "--force-new-deployment",
    "--health-check-enabled",
    "--include-all-instances",
    "--multi-az",
    "--publicly-accessible",
    "--recursive",
    "--skip-final-snapshot",
    "--storage-encrypted",
    "--use-latest-restorable-time",
    "--with-decryption",
    "--no-paginate",
    "--no-cli-pager",
    "--no-sign-request",
    "--debug",
    "--quiet",
];

fn is_aws_switch(word: &str) -> bool {
    word.starts_with("--no-") || AWS_SWITCHES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Cow<'_, str>> {
        line.split(' ').map(Cow::Borrowed).collect()
    }

    #[test]
    fn flags_are_found_alone_with_a_value_and_in_a_cluster() {
        assert!(has_flag("curl", &words("curl -fsS http://h"), &["-f", "--fail"]));
        assert!(has_flag("kubectl", &words("kubectl exec -it pod"), &["-t"]));
        assert!(has_flag("kubectl", &words("kubectl get pods -nprod"), &["-n"]));
        assert!(!has_flag("psql", &words("psql -Upostgres"), &["-p"]), "a value is not a cluster");
        assert!(!has_flag("terraform", &words("terraform plan -out=x"), &["-o"]));
        assert!(has_flag("terraform", &words("terraform plan -out=x"), &["-out"]));
    }

    #[test]
    fn values_are_found_in_all_four_spellings() {
        for line in ["x --namespace=a", "x --namespace a", "x -n a", "x -na"] {
            let words = words(line);
            let found: Vec<_> = values(&words, &["-n", "--namespace"]).map(|(_, v)| v).collect();
            assert_eq!(found, ["a"], "{line}");
        }
    }

    #[test]
    fn operands_leave_options_and_their_values_out() {
        let line = words("kubectl -n prod logs -f deployment/api --tail 5 -- -x");
        let found: Vec<_> = operands("kubectl", &line).into_iter().map(|(_, w)| w).collect();
        assert_eq!(found, ["logs", "deployment/api", "-x"]);
        let line = words("aws rds delete-db-instance --db-instance-identifier a --skip-final-snapshot");
        let found: Vec<_> = operands("aws", &line).into_iter().map(|(_, w)| w).collect();
        assert_eq!(found, ["rds", "delete-db-instance"]);
    }
}
