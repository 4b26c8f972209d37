//! What to look at before a command changes it, so that the change can be undone: the number of replicas, the rules of a security
//! group, the records of a zone.
//!
//! Each is a command of its own that only reads, made of the words of the command that changes. Programs that are not known here,
//! and objects whose names are only known when the command runs, have none. Secrets of a cluster are never looked at: what is
//! saved is kept on disk.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `kubernetes` | kubectl and helm |
//! | `back` | the commands that restore what was saved |
//! | `cloud` | the AWS command line |
//! | `host` | services, firewalls, cron and kernel settings of this machine, Redis, Docker Compose |

mod back;
mod cloud;
mod host;
mod kubernetes;

pub use self::back::Back;

use super::{
    Attributes, Risk, program, risk,
    shell::{self, Invocation, Script, Word, args::find_value},
};

/// A look at what a command is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// What it is: `the replicas of deployment/api`.
    pub what: String,
    /// Bash that prints it and changes nothing.
    pub code: String,
    /// How what it prints is restored.
    pub back: Back,
}

/// What to save before this bash runs, in the order of its commands, each thing once.
pub fn savings(script: &Script) -> Vec<Saving> {
    let own = |name: &str| script.assignments.iter().any(|assignment| assignment.name == name);
    let mut found: Vec<Saving> = Vec::new();
    for command in &script.commands {
        // Inside of a loop or of another program its words say nothing yet.
        if !command.through.iter().all(|wrapper| wrapper.name == "sudo") || command.placement.in_loop {
            continue;
        }
        let saving = match command.program() {
            Some("kubectl" | "oc" | "helm") => kubernetes::saving(command),
            Some("aws") => cloud::saving(command),
            _ => host::saving(command),
        };
        let Some(saving) = saving else { continue };
        let script = shell::analyse(&saving.code);
        let words = || script.commands.iter().flat_map(|command| &command.words);
        let is_early = words().flat_map(Word::variables).any(|(name, ..)| own(name));
        let only_reads = risk::assess_script(&script, &saving.code, &Attributes::default()).risk == Risk::Read;
        // A substitution would run a command of its own.
        let is_one = script.commands.len() == 1;
        if is_one && !is_early && only_reads && !found.contains(&saving) {
            found.push(saving);
        }
    }
    found
}

/// The words as they were written, one space between.
fn raw<'w>(words: impl IntoIterator<Item = &'w Word>) -> String {
    words.into_iter().map(|word| word.raw.as_str()).collect::<Vec<_>>().join(" ")
}

/// The words as a person reads them.
fn shown<'w>(words: impl IntoIterator<Item = &'w Word>) -> String {
    words.into_iter().map(Word::shown).collect::<Vec<_>>().join(" ")
}

/// Its sub-command and operands, in their order.
fn words(command: &Invocation) -> Option<Vec<&Word>> {
    let call = program::read(program::find(command.program()?)?, &command.words);
    let mut places: Vec<usize> = call.path.iter().chain(&call.operands).copied().collect();
    places.sort_unstable();
    Some(places.into_iter().filter_map(|at| command.words.get(at)).collect())
}

/// The value of the first of the flags that the command has: as it was written, and as a person reads it.
fn value(command: &Invocation, names: &[&str]) -> Option<(String, String)> {
    let call = program::read(program::find(command.program()?)?, &command.words);
    let (at, from) = match call.value(names) {
        Some(value) => value,
        // A parameter of an API call.
        None => find_value(&command.words, names)
            .and_then(|(word, from)| Some((command.words.iter().position(|one| std::ptr::eq(one, word))?, from)))?,
    };
    let word = command.words.get(at)?;
    Some((word.raw.get(from..)?.to_owned(), word.shown().get(from..)?.to_owned()))
}

/// ` --flag value` for the first of the names that the command has.
fn flag(command: &Invocation, names: &[&str]) -> String {
    match (names.first(), value(command, names)) {
        (Some(name), Some((raw, _))) => format!(" {name} {raw}"),
        _ => String::new(),
    }
}

/// `sudo `, when the command runs through it without options.
fn sudo(command: &Invocation) -> &'static str {
    if command.through.is_empty() { "" } else { "sudo " }
}

#[cfg(test)]
mod tests;
