//! Flags, values and positional arguments of a command whose variables are put in, read by the grammar of its program.

use super::words::Argument;
use warroom_runbook::program::{self, Opt, Piece};

impl Piece for Argument {
    fn text(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|_| self.sure)
    }

    fn start(&self) -> &str {
        if self.sure { &self.text } else { self.text.split('$').next().unwrap_or_default() }
    }

    fn splits(&self) -> bool {
        false
    }

    fn may_be_option(&self) -> bool {
        false
    }
}

/// What was given to a program.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// A flag with its value.
    flags: Vec<(&'static Opt, Option<Argument>)>,
    /// Sub-commands and operands, in their order.
    pub(super) positional: Vec<Argument>,
}

impl Options {
    /// Reads the arguments of a program, its name left out.
    pub(super) fn read(name: &str, arguments: &[Argument]) -> Self {
        let Some(grammar) = program::find(name) else { return Options::default() };
        let program = Argument { text: name.to_owned(), sure: true };
        let words: Vec<Argument> = std::iter::once(program).chain(arguments.iter().cloned()).collect();
        let call = program::read(grammar, &words);
        let flags = call.options.iter().map(|given| {
            let value = given.value.and_then(|(at, from)| {
                let word: &Argument = words.get(at)?;
                Some(Argument { text: word.text.get(from..)?.to_owned(), sure: word.sure })
            });
            (given.option, value)
        });
        let mut places: Vec<usize> = call.path.iter().chain(&call.operands).copied().collect();
        places.sort_unstable();
        Options { flags: flags.collect(), positional: places.iter().filter_map(|at| words.get(*at).cloned()).collect() }
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|(own, _)| is_one(own, names))
    }

    /// The value of the last flag with one of these names: that is the one that counts.
    pub(super) fn value(&self, names: &[&str]) -> Option<&Argument> {
        self.flags.iter().rev().find(|(own, _)| is_one(own, names))?.1.as_ref()
    }

    pub(super) fn positional(&self, at: usize) -> Option<&Argument> {
        self.positional.get(at)
    }
}

fn is_one(own: &Opt, names: &[&str]) -> bool {
    own.names().any(|name| names.contains(&name))
}
