//! Whether text that nobody labelled is commands: it reads as shell, and every program in it is known.

use super::placeholders;
use crate::{
    program::{self, Unknown},
    shell::{self, Word},
};

/// Longer text is a file or a log.
const MOST_LINES: usize = 300;

/// Programs whose names are words of plain English, or what other programs print: a line that begins with one needs more to be a
/// command.
const WORDS: &str = " as at batch bind builtin cal case clear comm command compress cut date diff dig disown expand expect factor file \
                     find fold fuse get git group groups head help host id install join kill last less let link local locate look make \
                     man mark more mount move nice open paste patch perf ping pr print prune read record report reset resize return \
                     script select service set shift size sleep sort source split start stat state stop strings suspend sync tail test \
                     time times top touch trap tree type unexpand up users wait wall watch what whatis where which who write yes ";
/// What programs print as their only word.
const PRINTED: [&str; 5] = ["true", "false", "yes", "test", "exit"];

/// True for commands of known programs and nothing else.
pub(super) fn are(text: &str) -> bool {
    let trimmed = text.trim();
    if trimmed.is_empty() || PRINTED.contains(&trimmed) || trimmed.lines().count() > MOST_LINES {
        return false;
    }
    let script = shell::analyse(&placeholders::filled(text).0);
    if script.problem.is_some() || script.commands.is_empty() {
        return false;
    }
    script.commands.iter().filter(|command| !command.words.is_empty()).all(|command| {
        let Some(name) = command.program() else { return false };
        if script.functions.iter().any(|function| function == name) {
            return true;
        }
        // What `xargs` and `ssh` run has been taken off: those are known, or it would not have been.
        let Some(known) = program::find(name) else { return false };
        let call = program::read(known, &command.words);
        let doubtful = WORDS.contains(&format!(" {name} "))
            || call.unknown.iter().any(|unknown| matches!(unknown, Unknown::Command { .. }));
        let rest = command.words.get(1..).unwrap_or_default();
        !doubtful || rest.is_empty() || rest.iter().any(is_no_word_of_a_sentence)
    }) && script.commands.iter().any(|command| !command.words.is_empty())
}

/// An option, a path, a value, an expansion: what no sentence has.
fn is_no_word_of_a_sentence(word: &Word) -> bool {
    let text = word.raw.trim_end_matches([',', '.', ':', ';', '!', '?', ')']);
    text.contains(['/', '=', '$', '"', '*', '~', '@', '_', '|', '`', '{'])
        || text.starts_with('-')
        || text
            .get(1..)
            .is_some_and(|rest| rest.contains(['.', '-', ':']) || rest.contains(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::are;

    #[test]
    fn commands_of_known_programs_are_commands() {
        for text in [
            "kubectl get pods",
            "kubectl -n <namespace> delete pod <pod-name>",
            "export NS=prod\nkubectl -n \"$NS\" get pods | grep -v Running",
            "sudo systemctl restart postgresql",
            "for p in a b; do\n  kubectl delete pod \"$p\"\ndone",
            "df -h",
            "uptime",
            "cat <<EOF | kubectl apply -f -\na: b\nEOF",
            "cd /srv && ls",
            "top -b -n1",
            "./script.sh && psql -c 'SELECT 1'",
        ] {
            let known = !text.starts_with("./");
            assert_eq!(are(text), known, "{text}");
        }
    }

    #[test]
    fn output_files_and_prose_are_none() {
        for text in [
            "",
            "NAME   READY   STATUS\nweb-0  1/1     Running",
            "true",
            "apiVersion: v1\nkind: Pod",
            "{\"a\": 1}",
            "DATABASE_URL=postgres://db\nREDIS_URL=redis://r",
            "time=\"2024-01-01\" level=info msg=\"started\"",
            "find the pod and delete it",
            "test the service",
            "kill the process, then wait",
            "Error from server (NotFound): pods \"x\" not found",
            "SELECT * FROM users;",
            "deployment.apps/api restarted",
            "docker is not running",
            "[Unit]\nDescription=x",
            "host is down",
            "#!/usr/bin/env python3\nimport os",
            "# only a comment",
        ] {
            assert!(!are(text), "{text}");
        }
    }
}
