//! What stands between this machine and a command: `ssh`, `kubectl exec`, `docker exec`; and who it runs as.

use super::{
    options::Options,
    words::{Argument, Surroundings},
};
use warroom_runbook::{
    program,
    shell::{Invocation, Script, Word, Wrapper, args},
};

/// Words of programs that reach into a cluster.
pub(super) const KUBE_PROGRAMS: [&str; 7] = ["kubectl", "oc", "helm", "k9s", "kubectx", "kubens", "stern"];
pub(super) const DOCKER_PROGRAMS: [&str; 4] = ["docker", "docker-compose", "podman", "nerdctl"];
pub(super) const SSH_PROGRAMS: [&str; 2] = ["ssh", "autossh"];

/// What was given to `kubectl` or a program like it.
pub(super) fn kube_options(words: &[Word], surroundings: &Surroundings) -> Options {
    let program = words.first().and_then(args::program_of).unwrap_or("kubectl");
    Options::read(program, &surroundings.arguments(words))
}

/// Where a command runs, when that is not this machine: `in the pod db-0`, `on the host bastion`. Several are joined, the
/// nearest to the command first.
pub(super) fn elsewhere(command: &Invocation, surroundings: &Surroundings) -> Option<String> {
    let places: Vec<String> =
        command.through.iter().rev().filter_map(|wrapper| reached(wrapper, surroundings)).collect();
    (!places.is_empty()).then(|| places.join(" "))
}

fn reached(wrapper: &Wrapper, surroundings: &Surroundings) -> Option<String> {
    let name = wrapper.name.as_str();
    let options = Options::read(name, &surroundings.arguments(&wrapper.words));
    let shown = |argument: Option<&Argument>| argument.map_or_else(|| "?".to_owned(), |one| one.text.clone());
    if SSH_PROGRAMS.contains(&name) {
        return Some(format!("on the host {}", shown(options.positional(0))));
    }
    if matches!(name, "kubectl" | "oc" | "k3s" | "microk8s") {
        let options = kube_options(&wrapper.words, surroundings);
        // `k3s kubectl exec …` has one word more.
        let verb = options.positional.iter().position(|one| matches!(one.text.as_str(), "exec" | "run" | "debug"))?;
        return Some(format!("in the pod {}", shown(options.positional(verb + 1))));
    }
    if DOCKER_PROGRAMS.contains(&name) {
        let verb = options.positional.iter().position(|one| matches!(one.text.as_str(), "exec" | "run"))?;
        return Some(format!("in the container {}", shown(options.positional(verb + 1))));
    }
    None
}

/// The user that `sudo -u`, `su` and their like run a command as; `None` when it is us.
pub(super) fn runs_as(command: &Invocation, surroundings: &Surroundings) -> Option<String> {
    let wrapper = command.through.iter().rev().find(|one| switches_user(&one.name))?;
    let user = args::value_text(&wrapper.words, &["-u", "--user"]);
    let first = || {
        let options = Options::read(&wrapper.name, &surroundings.arguments(&wrapper.words));
        options.positional.into_iter().find(|one| one.text != "-" && !one.text.contains('=')).map(|one| one.text)
    };
    let takes_name = matches!(wrapper.name.as_str(), "su" | "runuser" | "gosu" | "su-exec");
    Some(user.or_else(|| takes_name.then(first).flatten()).unwrap_or_else(|| "root".to_owned()))
}

/// `sudo`, `su -` and `env -i` do not hand our variables on, unless they are told to.
pub(super) fn loses_environment(command: &Invocation) -> bool {
    command.through.iter().any(|wrapper| forgets(wrapper, None))
}

/// As [`loses_environment`], for one variable: the first wrapper that does not hand it on, or that may set another one.
pub(super) fn loses<'c>(command: &'c Invocation, variable: &str) -> Option<&'c str> {
    command.through.iter().find(|wrapper| forgets(wrapper, Some(variable))).map(|wrapper| wrapper.name.as_str())
}

fn forgets(wrapper: &Wrapper, variable: Option<&str>) -> bool {
    let name = wrapper.name.as_str();
    let given =
        |names: &[&str]| program::find(name).is_some_and(|grammar| program::read(grammar, &wrapper.words).has(names));
    match name {
        // A login shell reads profiles, which set what they like.
        "sudo" => given(&["-i", "--login"]) || !given(&["-E", "--preserve-env"]),
        "doas" | "systemd-run" | "machinectl" | "chroot" | "pkexec" => true,
        "su" | "runuser" => given(&["-l", "--login"]) || has_word(&wrapper.words, "-"),
        "env" => {
            let unset = |variable: &str| {
                let grammar = program::find("env").map(|grammar| program::read(grammar, &wrapper.words));
                let values = grammar.iter().flat_map(|call| call.given(&["-u", "--unset"]).filter_map(|one| one.value));
                let texts: Vec<String> = values
                    .filter_map(|(at, from)| Some(wrapper.words.get(at)?.shown().get(from..)?.to_owned()))
                    .collect();
                texts.iter().any(|text| text == variable || text.contains('$'))
            };
            given(&["-i", "--ignore-environment"]) || has_word(&wrapper.words, "-") || variable.is_some_and(unset)
        }
        "setpriv" => given(&["--reset-env"]),
        "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" if variable.is_some() => {
            let starts = wrapper.words.iter().skip(1).map(args::known_start);
            starts.take_while(|start| start.starts_with('-')).any(|start| {
                matches!(start, "--login" | "--rcfile" | "--init-file")
                    || !start.starts_with("--") && start.contains(['l', 'i'])
            })
        }
        name => SSH_PROGRAMS.contains(&name),
    }
}

/// What in a script may give a variable another value where nobody sees it: `unset`, `source`, text that is put together.
pub(super) fn may_replace(script: &Script, variable: &str) -> Option<String> {
    if let Some(unseen) = script.unseen.first() {
        return Some(unseen.what.clone());
    }
    for command in &script.commands {
        let operands = command.words.iter().skip(1);
        match command.program() {
            Some("unset")
                if operands.clone().any(|word| word.literal.as_deref().is_none_or(|text| text == variable)) =>
            {
                return Some(format!("unset takes {variable} away"));
            }
            Some("export" | "declare" | "typeset")
                if command.words.iter().any(|word| {
                    args::known_start(word).starts_with("-n") || args::known_start(word).starts_with('+')
                }) && operands.clone().any(|word| word.literal.as_deref() == Some(variable)) =>
            {
                return Some(format!("{variable} is not handed on any more"));
            }
            Some("source" | ".") => {
                let file = operands.clone().next().map(Word::shown).unwrap_or_default();
                return Some(format!("{file} is read, which may set {variable}"));
            }
            _ => {}
        }
    }
    None
}

fn switches_user(name: &str) -> bool {
    matches!(name, "sudo" | "doas" | "su" | "runuser" | "gosu" | "su-exec")
}

fn has_word(words: &[Word], text: &str) -> bool {
    words.iter().any(|word| word.literal.as_deref() == Some(text))
}
