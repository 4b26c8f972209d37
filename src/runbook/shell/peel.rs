//! Which words of a command are a wrapper, and where the command starts that it runs.

use super::{
    args::{self, find_value, has_flag, known_start},
    script::{Assignment, PartKind, Word},
    text::Text,
    words::as_code,
};

/// A program whose last arguments are a command.
struct Spec {
    names: &'static [&'static str],
    /// Flags that are followed by a value.
    values: &'static [&'static str],
    /// Positional arguments before the command.
    skip: usize,
    /// `A=b` words may stand before the command.
    assigns: bool,
    /// The command is handed to a shell as one string.
    shell: bool,
}

const fn spec(names: &'static [&'static str], values: &'static [&'static str], skip: usize) -> Spec {
    Spec { names, values, skip, assigns: false, shell: false }
}

const SPECS: &[Spec] = &[
    Spec {
        names: &["sudo", "doas"],
        values: &[
            "-u",
            "-g",
            "-h",
            "-p",
            "-C",
            "-r",
            "-t",
            "-T",
            "-U",
            "-D",
            "-R",
            "--user",
            "--group",
            "--host",
            "--prompt",
            "--chdir",
            "--chroot",
            "--role",
            "--type",
            "--command-timeout",
            "--close-from",
            "--other-user",
        ],
        skip: 0,
        assigns: true,
        shell: false,
    },
    Spec { names: &["env"], values: &["-u", "-C", "--unset", "--chdir"], skip: 0, assigns: true, shell: false },
    spec(&["nohup", "setsid", "builtin", "chronic", "unbuffer", "busybox", "catchsegv"], &[], 0),
    spec(&["nice"], &["-n", "--adjustment"], 0),
    spec(&["ionice"], &["-c", "-n", "--class", "--classdata"], 0),
    spec(&["time"], &["-f", "-o", "--format", "--output"], 0),
    spec(&["timeout"], &["-s", "-k", "--signal", "--kill-after"], 1),
    spec(&["stdbuf"], &["-i", "-o", "-e", "--input", "--output", "--error"], 0),
    spec(&["command"], &[], 0),
    spec(&["exec"], &["-a"], 0),
    spec(&["taskset"], &[], 1),
    spec(&["chroot"], &[], 1),
    spec(&["gosu", "su-exec", "setpriv", "chpst", "retry"], &["-u", "-t", "-s"], 0),
    spec(&["strace", "ltrace"], &["-e", "-o", "-p", "-s", "-u"], 0),
    spec(&["nsenter"], &["-t", "--target", "-S", "-G"], 0),
    spec(&["systemd-run"], &["-u", "--unit", "-p", "--property", "-E", "--setenv", "-M", "--machine", "--uid"], 0),
    spec(
        &["xargs"],
        &[
            "-n",
            "-I",
            "-P",
            "-L",
            "-d",
            "-E",
            "-s",
            "-a",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
            "--replace",
        ],
        0,
    ),
    spec(&["parallel"], &["-j", "--jobs", "-a", "--arg-file", "--colsep", "--delay", "--timeout", "--retries"], 0),
    Spec { names: &["watch"], values: &["-n", "--interval"], skip: 0, assigns: false, shell: true },
    Spec {
        names: &["ssh", "autossh"],
        values: &[
            "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o", "-p", "-Q", "-R", "-S",
            "-W", "-w", "-B", "-M",
        ],
        skip: 1,
        assigns: false,
        shell: true,
    },
];

const KUBECTL_VALUES: &[&str] = &[
    "-n",
    "--namespace",
    "--context",
    "--cluster",
    "--kubeconfig",
    "-c",
    "--container",
    "-s",
    "--server",
    "--user",
    "--token",
    "--as",
    "--as-group",
    "-f",
    "--filename",
    "--pod-running-timeout",
    "--request-timeout",
    "-l",
    "--selector",
    "--image",
    "--overrides",
    "--env",
    "--target",
    "--restart",
    "--labels",
    "--profile",
    "-v",
];
const DOCKER_VALUES: &[&str] = &[
    "-e",
    "--env",
    "-u",
    "--user",
    "-w",
    "--workdir",
    "--env-file",
    "--detach-keys",
    "-H",
    "--host",
    "--context",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--profile",
    "--project-directory",
    "--index",
    "-v",
    "--volume",
    "--volumes-from",
    "--name",
    "--network",
    "--net",
    "--entrypoint",
    "--mount",
    "-h",
    "--hostname",
    "--publish",
    "-l",
    "--label",
    "-m",
    "--memory",
    "--cpus",
    "--platform",
    "--link",
    "--add-host",
    "--dns",
    "--pid",
    "--ipc",
    "--cap-add",
    "--cap-drop",
    "--restart",
    "--log-driver",
    "--log-opt",
    "--ulimit",
    "--tmpfs",
    "--security-opt",
    "--shm-size",
    "--gpus",
    "--device",
    "--log-level",
];

/// What the first words turn out to be.
pub(super) enum Peeled {
    /// A program of its own.
    Plain,
    /// The command starts at this word. `also` means that the wrapper does something itself.
    Command { at: usize, also: bool },
    /// These words are shell, put together.
    Code { text: Text, at: usize, also: bool },
    /// Several commands, each a range of words, besides the program itself (`find -exec`).
    Inner(Vec<std::ops::Range<usize>>),
    /// A shell that reads its commands from standard input.
    ShellInput { at: usize },
    /// Code that nobody can see.
    Unseen { what: &'static str },
}

/// `A=b` as an argument.
fn as_assignment(word: &Word) -> Option<Assignment> {
    let start = known_start(word);
    let (name, value) = start.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if !is_name || name.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let mut parts = word.parts.clone();
    if let Some(first) = parts.first_mut()
        && let PartKind::Literal(text) = &mut first.kind
        && text.starts_with(&format!("{name}="))
    {
        text.drain(..=name.len());
        first.span.start += name.len() + 1;
    }
    let value = Word {
        raw: word.raw.get(name.len() + 1..).unwrap_or_default().to_owned(),
        literal: word.literal.is_some().then(|| value.to_owned()),
        parts,
        span: word.span.clone(),
    };
    Some(Assignment {
        name: name.to_owned(),
        values: vec![value],
        append: false,
        array: false,
        exported: true,
        function: None,
        span: word.span.clone(),
    })
}

/// Index of the first word after the flags and `skip` positional arguments, from word `from` on.
fn command_at(words: &[Word], from: usize, values: &[&str], mut skip: usize, assigns: bool) -> Option<usize> {
    let mut at = from;
    let mut flags = true;
    while let Some(word) = words.get(at) {
        let start = known_start(word);
        if flags && start == "--" {
            flags = false;
        } else if flags && start.len() > 1 && start.starts_with('-') {
            if word.literal.is_some() && values.contains(&start) {
                at += 1;
            }
        } else if assigns && as_assignment(word).is_some() {
            // It stays with the wrapper.
        } else if skip > 0 {
            skip -= 1;
        } else {
            return Some(at);
        }
        at += 1;
    }
    None
}

pub(super) fn peel(words: &[Word]) -> Peeled {
    let Some(program) = words.first().and_then(args::program_of) else { return Peeled::Plain };
    match program {
        "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" => return shell(words),
        "su" | "runuser" => return switch_user(words),
        "eval" if words.len() > 1 => {
            return Peeled::Code { text: as_code(words.iter().skip(1)), at: words.len(), also: false };
        }
        "trap" => return trap(words),
        "flock" | "script" if find_value(words, &["-c", "--command"]).is_some() => {
            return by_flag(words, &["-c", "--command"]);
        }
        "flock" => return plain_command(command_at(words, 1, &["-w", "-E", "--timeout"], 1, false)),
        "find" => return find(words),
        "kubectl" | "oc" | "k3s" | "microk8s" => return kubectl(words),
        "docker" | "podman" | "nerdctl" | "crictl" | "docker-compose" | "podman-compose" => return docker(words),
        "aws" | "gcloud" if has_flag(words, &["--command"]) => return by_flag_also(words, &["--command"]),
        // Only asks where a program is.
        "command" if has_flag(words, &["-v", "-V"]) => return Peeled::Plain,
        // `sudo -e file` opens an editor and `sudo -l command` only asks whether it might run.
        "sudo" if sudo_runs_nothing(words) => return Peeled::Plain,
        "env" if find_value(words, &["-S", "--split-string"]).is_some() => {
            return by_flag(words, &["-S", "--split-string"]);
        }
        _ => {}
    }
    let Some(spec) = SPECS.iter().find(|spec| spec.names.contains(&program)) else { return Peeled::Plain };
    let at = command_at(words, 1, spec.values, spec.skip, spec.assigns);
    match at {
        Some(at) if spec.shell && !(program == "watch" && has_flag(words, &["-x", "--exec"])) => {
            Peeled::Code { text: as_code(words.iter().skip(at)), at, also: false }
        }
        Some(at) => Peeled::Command { at, also: false },
        // `ssh host` runs what it reads; `sudo -s` and `sudo -i` start a shell.
        None if program == "ssh" => Peeled::ShellInput { at: words.len() },
        None if matches!(program, "sudo" | "doas") && has_flag(words, &["-s", "-i"]) => {
            Peeled::ShellInput { at: words.len() }
        }
        None if program == "xargs" || program == "parallel" => {
            if program == "parallel" {
                Peeled::Unseen { what: "parallel runs the lines that it reads" }
            } else {
                Peeled::Plain
            }
        }
        None => Peeled::Plain,
    }
}

fn sudo_runs_nothing(words: &[Word]) -> bool {
    let values = SPECS.first().map_or(&[] as &[&str], |spec| spec.values);
    let end = command_at(words, 1, values, 0, true).unwrap_or(words.len());
    has_flag(words.get(..end).unwrap_or_default(), &["-e", "--edit", "-l", "--list"])
}

fn plain_command(at: Option<usize>) -> Peeled {
    at.map_or(Peeled::Plain, |at| Peeled::Command { at, also: false })
}

/// A flag whose value is shell.
fn by_flag(words: &[Word], names: &[&str]) -> Peeled {
    match find_value(words, names) {
        Some((word, 0)) => Peeled::Code { text: as_code([word]), at: words.len(), also: false },
        Some((word, from)) => {
            let text = as_code([word]);
            Peeled::Code {
                text: text.slice(from.min(text.value.len())..text.value.len()),
                at: words.len(),
                also: false,
            }
        }
        None => Peeled::Plain,
    }
}

fn by_flag_also(words: &[Word], names: &[&str]) -> Peeled {
    match by_flag(words, names) {
        Peeled::Code { text, at, .. } => Peeled::Code { text, at, also: true },
        other => other,
    }
}

/// `sh -c '…'`, `bash script`, `bash -s`, `bash`.
fn shell(words: &[Word]) -> Peeled {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let start = known_start(word);
        if start == "--" {
            at += 1;
            break;
        }
        let Some(letters) = start.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) else { break };
        if word.literal.is_none() {
            return Peeled::Unseen { what: "a shell is started with flags that are not known before it runs" };
        }
        if start.starts_with("--") {
            if matches!(start, "--version" | "--help") {
                return Peeled::Plain;
            }
            at += if matches!(start, "--rcfile" | "--init-file") { 2 } else { 1 };
            continue;
        }
        if start.starts_with('-') && letters.contains('c') {
            // More flags may follow before the string.
            let mut string = at + 1;
            while words
                .get(string)
                .is_some_and(|word| known_start(word).starts_with(['-', '+']) && known_start(word).len() > 1)
            {
                string += 1;
            }
            return match words.get(string) {
                Some(code) => Peeled::Code { text: as_code([code]), at: words.len(), also: false },
                None => Peeled::Plain,
            };
        }
        if letters.contains('s') {
            return Peeled::ShellInput { at: words.len() };
        }
        if start == "-n" {
            return Peeled::Plain;
        }
        at += if letters.ends_with(['o', 'O']) { 2 } else { 1 };
    }
    match words.get(at) {
        Some(word) if word.literal.as_deref() == Some("-") => Peeled::ShellInput { at: words.len() },
        // The file is known by its name alone, like any other program.
        Some(word) if word.parts.iter().any(|part| part.kind == PartKind::ProcessSubstitution) => {
            Peeled::Unseen { what: "a shell runs the output of a command" }
        }
        Some(_) => Peeled::Command { at, also: false },
        None => Peeled::ShellInput { at: words.len() },
    }
}

/// `su - postgres -c '…'`, `runuser -u postgres -- command`.
fn switch_user(words: &[Word]) -> Peeled {
    if find_value(words, &["-c", "--command", "--session-command"]).is_some() {
        return by_flag(words, &["-c", "--command", "--session-command"]);
    }
    if has_flag(words, &["-u", "--user"]) {
        return plain_command(command_at(words, 1, &["-u", "--user", "-g", "-G", "-s", "-w"], 0, false));
    }
    Peeled::ShellInput { at: words.len() }
}

fn trap(words: &[Word]) -> Peeled {
    match words.get(1) {
        Some(code) if words.len() > 2 && !known_start(code).starts_with('-') => match code.literal.as_deref() {
            Some("") => Peeled::Plain,
            _ => Peeled::Code { text: as_code([code]), at: words.len(), also: false },
        },
        _ => Peeled::Plain,
    }
}

fn find(words: &[Word]) -> Peeled {
    let mut ranges = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        if !matches!(known_start(word), "-exec" | "-execdir" | "-ok" | "-okdir") {
            continue;
        }
        let start = at;
        while words.get(at).is_some_and(|word| !matches!(known_start(word), ";" | "+")) {
            at += 1;
        }
        if at > start {
            ranges.push(start..at);
        }
    }
    if ranges.is_empty() { Peeled::Plain } else { Peeled::Inner(ranges) }
}

/// Index of the first of the verbs, flags and their values stepped over.
fn verb_at(words: &[Word], from: usize, values: &[&str]) -> Option<usize> {
    command_at(words, from, values, 0, false)
}

fn kubectl(words: &[Word]) -> Peeled {
    let Some(mut verb) = verb_at(words, 1, KUBECTL_VALUES) else { return Peeled::Plain };
    if words.get(verb).is_some_and(|word| known_start(word) == "kubectl") {
        // `k3s kubectl …`, `microk8s kubectl …`
        return Peeled::Command { at: verb, also: false };
    }
    let name = words.get(verb).map(known_start).unwrap_or_default();
    if !matches!(name, "exec" | "rsh" | "run" | "debug") {
        return Peeled::Plain;
    }
    let also = matches!(name, "run" | "debug");
    verb += 1;
    let rest = words.get(verb..).unwrap_or_default();
    if let Some(dashes) = rest.iter().position(|word| word.literal.as_deref() == Some("--")) {
        let at = verb + dashes + 1;
        return if at < words.len() { Peeled::Command { at, also } } else { Peeled::Plain };
    }
    if also {
        return Peeled::Plain;
    }
    // Without `--` the command follows the pod; newer versions refuse that, older ones run it.
    plain_command(command_at(words, verb, KUBECTL_VALUES, 1, false))
}

fn docker(words: &[Word]) -> Peeled {
    let Some(mut verb) = verb_at(words, 1, DOCKER_VALUES) else { return Peeled::Plain };
    let name = |at: usize| words.get(at).map(known_start).unwrap_or_default();
    if matches!(name(verb), "compose" | "container") {
        match verb_at(words, verb + 1, DOCKER_VALUES) {
            Some(next) => verb = next,
            None => return Peeled::Plain,
        }
    }
    match name(verb) {
        "exec" => plain_command(command_at(words, verb + 1, DOCKER_VALUES, 1, false)),
        "run" => match command_at(words, verb + 1, DOCKER_VALUES, 1, false) {
            Some(at) => Peeled::Command { at, also: true },
            None => Peeled::Plain,
        },
        _ => Peeled::Plain,
    }
}

/// The variables that a wrapper sets for what it runs: `env A=b`, `sudo A=b`.
pub(super) fn assigned(name: &str, words: &[Word]) -> Vec<Assignment> {
    if !SPECS.iter().any(|spec| spec.assigns && spec.names.contains(&name)) {
        return Vec::new();
    }
    words.iter().skip(1).filter_map(as_assignment).collect()
}
