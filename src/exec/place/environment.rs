//! Which variables of ours reach a command: what stands before it, or in its script, may take them away or set others.

use super::SSH_PROGRAMS;
use warroom_runbook::{
    program,
    shell::{Invocation, Script, Word, Wrapper, args},
};

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

fn has_word(words: &[Word], text: &str) -> bool {
    words.iter().any(|word| word.literal.as_deref() == Some(text))
}
