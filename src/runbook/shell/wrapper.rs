//! Takes wrappers off: programs that run another program, and strings that are shell themselves.

use super::{
    args::{self, find_value, has_flag, known_start},
    script::{Assignment, Invocation, PartKind, Redirect, Script, Unseen, Word, Wrapper},
    text::Text,
    walk::{Context, Walker},
    words::as_code,
};

/// How many wrappers one command may stand behind.
const MOST_WRAPPERS: usize = 16;

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
enum Peeled {
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

impl Walker<'_> {
    /// Writes a command down, its wrappers taken off, and reads the code that it hands to a shell.
    pub(super) fn emit(&mut self, mut invocation: Invocation, context: &Context) {
        if !invocation.redirects.iter().any(Redirect::gives_input) && !invocation.placement.piped {
            invocation.redirects.extend(context.input.iter().cloned());
        }
        for _ in 0..MOST_WRAPPERS {
            self.resolve_program(&mut invocation);
            match peel(&invocation.words) {
                Peeled::Plain => return self.script.commands.push(invocation),
                Peeled::Command { at, also } => {
                    if also {
                        self.script.commands.push(invocation.clone());
                    }
                    take_off(&mut invocation, at);
                }
                Peeled::Code { text, at, also } => {
                    if also {
                        self.script.commands.push(invocation.clone());
                    }
                    return self.nested(&text, at, invocation, context);
                }
                Peeled::Inner(ranges) => {
                    for range in ranges {
                        let words = invocation.words.get(range.clone()).unwrap_or_default().to_vec();
                        let mut inner = Invocation { words, redirects: Vec::new(), ..invocation.clone() };
                        let wrapper = invocation.words.get(..range.start).unwrap_or_default().to_vec();
                        inner.through.push(named(wrapper));
                        inner.placement.piped = false;
                        self.emit(inner, context);
                    }
                    return self.script.commands.push(invocation);
                }
                Peeled::ShellInput { at } => return self.shell_input(at, invocation, context),
                Peeled::Unseen { what } => {
                    self.unseen(what, invocation.span.clone());
                    return self.script.commands.push(invocation);
                }
            }
        }
        self.problem(format!("a command stands behind more than {MOST_WRAPPERS} wrappers"), invocation.span);
    }

    /// Reads a string that is shell, as a layer of its own.
    fn nested(&mut self, text: &Text, at: usize, invocation: Invocation, context: &Context) {
        if text.value.trim_start().starts_with('$') && is_one_expansion(&text.value) {
            let name = invocation.program().unwrap_or("the command").to_owned();
            self.unseen(format!("{name} runs text that is not known before it runs"), invocation.span.clone());
        }
        let inner = self.inside(at, invocation, context);
        self.code(text, &inner);
    }

    /// The surroundings of code that a command runs: its wrappers, variables and input reach inside.
    fn inside(&self, at: usize, mut invocation: Invocation, context: &Context) -> Context {
        take_off(&mut invocation, at);
        Context {
            placement: invocation.placement,
            through: invocation.through,
            assignments: invocation.assignments,
            input: invocation.redirects.into_iter().filter(Redirect::gives_input).collect(),
            depth: context.depth + 1,
        }
    }

    /// `bash <<EOF`, `ssh host <<EOF`, `… | sh`.
    fn shell_input(&mut self, at: usize, invocation: Invocation, context: &Context) {
        let input: Vec<Redirect> = invocation.redirects.iter().filter(|one| one.gives_input()).cloned().collect();
        let span = invocation.span.clone();
        let name = invocation.program().unwrap_or("a shell").to_owned();
        if let Some(last) = input.last() {
            let word = last.document.as_ref().map(|document| &document.body);
            let is_file = last.document.is_none() && last.operator != super::RedirectOperator::HereString;
            match word.or(last.target.as_ref()).filter(|_| !is_file) {
                Some(word) => {
                    let text = as_code([word]);
                    // The lines are the shell's program: they are no input for what it runs.
                    let mut inner = self.inside(at, invocation, context);
                    inner.input.clear();
                    self.code(&text, &inner);
                }
                None => self.unseen(format!("{name} runs a file that is not known here"), span),
            }
        } else if invocation.placement.piped {
            match self.piped_text(&invocation) {
                Some(text) => {
                    let mut inner = self.inside(at, invocation, context);
                    inner.placement.piped = false;
                    self.code(&text, &inner);
                }
                None => self.unseen(format!("{name} runs whatever is piped into it"), span),
            }
        } else {
            self.script.commands.push(invocation);
        }
    }

    /// The text that `echo`, `printf` or `cat <<EOF` pipes into a command.
    fn piped_text(&self, invocation: &Invocation) -> Option<Text> {
        piped_text(&self.script.commands, invocation)
    }

    /// `PSQL="psql -h db"; $PSQL -c …`: the words of a variable that was set once, to text that is known, before.
    fn resolve_program(&self, invocation: &mut Invocation) {
        let Some(first) = invocation.words.first() else { return };
        let Some(value) = known_value(&self.script, first) else { return };
        let span = first.span.clone();
        let words: Vec<Word> = value
            .split_whitespace()
            .map(|text| Word {
                raw: first.raw.clone(),
                literal: Some(text.to_owned()),
                parts: vec![super::WordPart { kind: PartKind::Literal(text.to_owned()), span: span.clone() }],
                span: span.clone(),
            })
            .collect();
        if !words.is_empty() {
            invocation.words.splice(0..1, words);
        }
    }
}

/// The text that the command before it in the pipeline writes, when that is known.
pub(super) fn piped_text(commands: &[Invocation], invocation: &Invocation) -> Option<Text> {
    let Placement { pipeline, index, .. } = Placement::of(invocation);
    let before = index.checked_sub(1)?;
    let mut writers = commands.iter().rev().take(256).filter(|one| {
        one.placement.pipeline == pipeline && one.placement.index == before && !one.placement.substitution
    });
    let writer = writers.next()?;
    if writers.next().is_some()
        || !writer.through.is_empty()
        || writer.redirects.iter().any(|one| one.operator.writes())
    {
        return None;
    }
    match writer.program()? {
        "echo" => {
            let escapes = has_flag(&writer.words, &["-e"]);
            let words =
                writer.words.iter().skip(1).filter(|word| !matches!(known_start(word), "-n" | "-e" | "-ne" | "-en"));
            let text = as_code(words);
            Some(if escapes { with_line_breaks(text) } else { text })
        }
        "printf" if !has_flag(&writer.words, &["-v"]) => {
            let words: Vec<&Word> = writer.words.iter().skip(1).collect();
            match words.as_slice() {
                // The format is only a frame when it is nothing but `%s`.
                [format, rest @ ..] if matches!(known_start(format), "%s" | "%s\\n") => {
                    Some(as_code(rest.iter().copied()))
                }
                [format] => Some(with_line_breaks(as_code([*format]))),
                _ => None,
            }
        }
        "cat" if writer.words.len() == 1 || (writer.words.len() == 2 && has_flag(&writer.words, &["-"])) => {
            let input = writer.redirects.iter().rev().find(|one| one.gives_input())?;
            Some(as_code([&input.document.as_ref()?.body]))
        }
        _ => None,
    }
}

/// The escapes of printf that part words and lines, each as long as before, so that every byte keeps its place.
fn with_line_breaks(mut text: Text) -> Text {
    text.value = text.value.replace("\\n", " \n").replace("\\t", "  ");
    text
}

struct Placement {
    pipeline: usize,
    index: usize,
}

impl Placement {
    fn of(invocation: &Invocation) -> Self {
        Self { pipeline: invocation.placement.pipeline, index: invocation.placement.index }
    }
}

/// The value of a word that is nothing but `$NAME`, set once so far and not in a loop or branch.
fn known_value<'s>(script: &'s Script, word: &Word) -> Option<&'s str> {
    let name = only_variable(word)?;
    let mut values = script.assignments.iter().filter(|one| one.name == name);
    let one = values.next()?;
    if values.next().is_some() || one.append || one.function.is_some() {
        return None;
    }
    one.value()?.literal.as_deref().filter(|value| !value.trim().is_empty())
}

fn only_variable(word: &Word) -> Option<&str> {
    let [part] = word.parts.as_slice() else { return None };
    let part = match &part.kind {
        PartKind::Double(inner) => match inner.as_slice() {
            [inner] => inner,
            _ => return None,
        },
        _ => part,
    };
    match &part.kind {
        PartKind::Variable { name, operator: None, .. } => Some(name),
        _ => None,
    }
}

/// A name that was taken for its value and is set a second time further on may have been another program after all.
pub(super) fn distrust_changed_names(script: &mut Script) {
    let mut unseen = Vec::new();
    for command in &script.commands {
        let first = command.through.first().and_then(|wrapper| wrapper.words.first()).or(command.words.first());
        let Some(first) = first else { continue };
        let Some(name) = first.raw.trim_matches('"').strip_prefix('$').filter(|_| first.literal.is_some()) else {
            continue;
        };
        let name = name.trim_start_matches('{').trim_end_matches('}');
        if script.assignments.iter().filter(|one| one.name == name).count() > 1 {
            let what = format!("${name} is run as a program and is set more than once");
            unseen.push(Unseen { what, span: command.span.clone() });
        }
    }
    script.unseen.append(&mut unseen);
}

fn is_one_expansion(code: &str) -> bool {
    let code = code.trim();
    let name = code.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| code.strip_prefix('$'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_@*".contains(char)))
}

fn named(words: Vec<Word>) -> Wrapper {
    let name = words.first().and_then(args::program_of).unwrap_or_default().to_owned();
    Wrapper { name, words }
}

/// Makes a wrapper of the words before `at`.
fn take_off(invocation: &mut Invocation, at: usize) {
    let rest = invocation.words.split_off(at.min(invocation.words.len()));
    let wrapper = named(std::mem::replace(&mut invocation.words, rest));
    if SPECS.iter().any(|spec| spec.assigns && spec.names.contains(&wrapper.name.as_str())) {
        invocation.assignments.extend(wrapper.words.iter().skip(1).filter_map(as_assignment));
    }
    invocation.through.push(wrapper);
}

/// `A=b` as an argument.
fn as_assignment(word: &Word) -> Option<Assignment> {
    let start = known_start(word);
    let (name, value) = start.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if !is_name || name.starts_with(|char: char| char.is_ascii_digit()) {
        return None;
    }
    let value = Word {
        raw: word.raw.get(name.len() + 1..).unwrap_or_default().to_owned(),
        literal: word.literal.is_some().then(|| value.to_owned()),
        parts: word.parts.clone(),
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

fn peel(words: &[Word]) -> Peeled {
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
