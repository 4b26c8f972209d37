//! Commands made from the grammar: no option and no wrapper ever makes one safer.

use super::{Risk, bash};
use crate::program::{
    grammar::{Arity, Command, Effect, Kind, Opt, Program, Style},
    library::all,
};

/// Options that nobody knows.
const UNKNOWN: [&str; 2] = ["--frobnicate", "-\u{e9}"];
/// What runs another command and does nothing itself.
const WRAPPERS: [&str; 7] = ["sudo", "sudo -u app", "env", "nice -n 5", "timeout 5", "nohup", "command"];

/// Every command that the grammar describes, with the program and the sub-command that it is of.
fn described() -> Vec<(&'static Program, &'static Command, String)> {
    let mut found = Vec::new();
    let programs: &'static [Program] = all().filter_map(Result::ok).collect::<Vec<_>>().leak();
    for program in programs {
        let Some(name) = program.names.first().filter(|name| !name.contains('*')) else { continue };
        if program.commands.is_empty() || program.root.rating.is_some() {
            found.push((program, &program.root, (*name).to_owned()));
        }
        for sub in &program.commands {
            let words: Vec<&str> = sub.path.iter().map(|word| word.split('|').next().unwrap_or(word)).collect();
            let path = words.join(" ").replace('*', "x");
            found.push((program, sub.command(), format!("{name} {path}")));
        }
    }
    found
}

/// An option as a person would write it.
fn written(program: &Program, option: &Opt) -> Option<String> {
    let name = option.names().find(|name| !name.contains(['*', '#', '?']))?;
    let value = if option.kind == Kind::Host { "h" } else { "1" };
    Some(match option.arity {
        Arity::Switch => name.to_owned(),
        Arity::Joined => name.to_owned(),
        Arity::Value if program.style == Style::Gnu && name.starts_with("--") => format!("{name}={value}"),
        Arity::Value => format!("{name} {value}"),
        Arity::Until => format!("{name} true ';'"),
        Arity::Rest => return None,
    })
}

/// It chooses what the program does, or makes it a rehearsal: another command, not an option of this one.
fn is_choice(program: &Program, command: &Command, option: &Opt) -> bool {
    let rehearses = command.rehearse.iter().chain(&program.root.rehearse).any(|(name, _)| option.is(name));
    let lowers = command
        .when
        .iter()
        .chain(&program.root.when)
        .any(|when| when.lower && when.option.as_ref().is_some_and(|name| option.is(name)));
    let helps = program.help.iter().any(|name| option.is(name));
    matches!(option.effect, Effect::Mode(_)) || rehearses || lowers || helps
}

#[test]
fn no_option_and_no_wrapper_makes_a_described_command_safer() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    let mut seen = std::collections::HashSet::new();
    for (program, command, line) in described() {
        let with_operand = format!("{line} x");
        for base in [line.clone(), with_operand] {
            if !seen.insert(base.clone()) {
                continue;
            }
            let alone = bash(&base).risk;
            let mut check = |code: String| {
                tried += 1;
                let found = bash(&code);
                if found.risk < alone {
                    wrong.push(format!("{code}: {} where {base} is {alone}", found.risk));
                }
            };
            for option in UNKNOWN {
                check(format!("{base} {option}"));
            }
            // Some at the start, some at the end: the whole of it would take minutes.
            for option in command.options.iter().filter(|option| !is_choice(program, command, option)).take(2) {
                if let Some(text) = written(program, option) {
                    check(format!("{line} {text}{}", base.strip_prefix(&line).unwrap_or_default()));
                    check(format!("{base} {text}"));
                }
            }
            if seen.len().is_multiple_of(17) {
                let is_builtin = program.names.iter().any(|name| matches!(*name, "cd" | "source" | "export"));
                for wrapper in WRAPPERS.iter().filter(|_| !is_builtin) {
                    check(format!("{wrapper} {base}"));
                }
                check(format!("sh -c '{}'", base.replace('\'', "'\\''")));
                check(format!("ssh host '{}'", base.replace('\'', "'\\''")));
                check(format!("echo $({base})"));
            }
        }
    }
    assert!(tried >= 5_000, "{tried}");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_unknown_word_is_never_read() {
    let mut wrong = Vec::new();
    for (program, command, line) in described() {
        let takes_any = command.options.iter().any(|option| option.is("-*"));
        let opens = command.open || program.root.open || takes_any;
        let runs = command.operands.kinds.iter().any(|kind| matches!(kind, Kind::Command | Kind::Shell));
        if bash(&line).risk == Risk::Read && !opens && !runs {
            let code = format!("{line} --frobnicate");
            let found = bash(&code);
            let named = found
                .reasons
                .iter()
                .any(|reason| reason.text.contains("--frobnicate") || reason.text.contains("frobnicate"));
            if found.risk == Risk::Read || !named {
                wrong.push(format!("{code}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
