//! Programs asked for their version: each with the arguments that only print it, and with what stands before it in the answer.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::timeout;

use warroom_host::process::Program;
use warroom_runbook::Version;

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How much of an answer is read.
const KEPT: usize = 4096;

/// Name (with its plugin), arguments, and the text before the version. Nothing here talks to a server.
const ASKED: &[(&str, &str, &str)] = &[
    ("ansible", "--version", "ansible [core "),
    ("aws", "--version", "aws-cli/"),
    ("bash", "--version", "version "),
    ("createdb", "--version", "(PostgreSQL) "),
    ("curl", "--version", "curl "),
    ("dig", "-v", "DiG "),
    ("docker", "--version", "version "),
    ("docker compose", "compose version", "version "),
    ("docker-compose", "--version", "version "),
    ("dropdb", "--version", "(PostgreSQL) "),
    ("etcdctl", "version", "etcdctl version: "),
    ("gh", "--version", "gh version "),
    ("git", "--version", "git version "),
    ("helm", "version --client --short", "v"),
    ("jq", "--version", "jq-"),
    ("kubectl", "version --client --output=json", "\"gitVersion\": \"v"),
    ("openssl", "version", "OpenSSL "),
    ("pg_basebackup", "--version", "(PostgreSQL) "),
    ("pg_ctl", "--version", "(PostgreSQL) "),
    ("pg_dump", "--version", "(PostgreSQL) "),
    ("pg_dumpall", "--version", "(PostgreSQL) "),
    ("pg_isready", "--version", "(PostgreSQL) "),
    ("pg_restore", "--version", "(PostgreSQL) "),
    ("podman", "--version", "podman version "),
    ("psql", "--version", "(PostgreSQL) "),
    ("python3", "--version", "Python "),
    ("redis-cli", "--version", "redis-cli "),
    ("rsync", "--version", "version "),
    ("sha256sum", "--version", "coreutils) "),
    ("ssh", "-V", "OpenSSH_"),
    ("terraform", "version", "Terraform v"),
    ("tofu", "version", "OpenTofu v"),
    ("valkey-cli", "--version", "valkey-cli "),
    ("vault", "version", "Vault v"),
    ("velero", "version --client-only", "Version: v"),
];

/// The version of a program that is there. The error is why it is not known, without the program's name.
pub(super) async fn ask(name: &str) -> Result<Version, String> {
    let Some((_, arguments, before)) = ASKED.iter().find(|(known, ..)| *known == name) else {
        return Err("warroom does not know how to ask for its version".to_owned());
    };
    let program = name.split(' ').next().unwrap_or(name);
    // terraform asks its maker for newer versions otherwise.
    let quiet = BTreeMap::from([("CHECKPOINT_DISABLE".to_owned(), "1".to_owned())]);
    let asking = Program::new(program, arguments.split(' ')).variables(&quiet).run(KEPT);
    let finished = match timeout(LIMIT, asking).await {
        Ok(finished) => finished?,
        Err(_) => return Err(format!("`{program} {arguments}` did not end within {} s", LIMIT.as_secs())),
    };
    let said = finished.stdout.text() + &finished.stderr.text();
    let found = said.match_indices(before).find_map(|(at, _)| {
        let rest = said.get(at + before.len()..)?;
        Version::at_start_of(rest.strip_prefix('v').unwrap_or(rest))
    });
    match found {
        Some(version) if finished.status.success() => Ok(version),
        Some(_) | None if !finished.status.success() => {
            Err(format!("`{program} {arguments}` ended with {}", finished.ending()))
        }
        _ => Err(format!("`{program} {arguments}` printed no version")),
    }
}
