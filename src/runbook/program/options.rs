//! One word that starts with a dash, against the options in scope.

use super::{
    glob::glob,
    grammar::{Arity, Effect, Opt, Style},
};

/// The shortest start of a long name that may stand for it: `--f`.
const SHORTEST: usize = 3;

/// The options that may stand at a place, the nearest first.
pub(super) struct Scope<'g> {
    pub(super) style: Style,
    pub(super) lists: Vec<&'g [Opt]>,
    /// Any long option is a parameter.
    pub(super) open: bool,
}

/// What a word turned out to be.
pub(super) enum Found<'g> {
    /// Options without a value of their own, and at last one that may have a value.
    Known(Vec<Flag<'g>>),
    /// A parameter of an open command: its value are the words up to the next option.
    Parameter { from: Option<usize> },
    /// It stands for one of several, or for none; the worst that it may be.
    Unknown(Option<Flag<'g>>),
}

/// One option of a word.
pub(super) struct Flag<'g> {
    pub(super) option: &'g Opt,
    /// Where its joined value starts in the word.
    pub(super) from: Option<usize>,
    /// It is written out.
    pub(super) exact: bool,
}

impl<'g> Scope<'g> {
    fn all(&self) -> impl Iterator<Item = &'g Opt> {
        self.lists.iter().flat_map(|list| list.iter())
    }

    fn named(&self, name: &str) -> Option<&'g Opt> {
        let exact = self.all().find(|option| option.is(name));
        exact.or_else(|| self.all().find(|option| option.names().any(|own| own.contains('*') && glob(own, name))))
    }

    /// `start` is what is known of the word before any expansion, `whole` whether that is all of it.
    pub(super) fn look_up(&self, start: &str, whole: bool) -> Found<'g> {
        let (name, from) = match start.split_once('=') {
            Some((name, _)) => (name, Some(name.len() + 1)),
            None => (start, None),
        };
        // What is expanded inside of the name may make another name of it.
        if whole || from.is_some() {
            if let Some(option) = self.named(name).or_else(|| from.is_none().then(|| self.named(start)).flatten()) {
                return Found::Known(vec![Flag { option, from, exact: true }]);
            }
            if self.open && is_parameter(name) {
                return Found::Parameter { from };
            }
            if name.starts_with("--") && self.style == Style::Gnu {
                return self.by_prefix(name, from);
            }
            if self.style == Style::Words {
                // Programs of this kind take two dashes for one.
                let single = name.strip_prefix('-').filter(|single| single.starts_with('-'));
                return match single.and_then(|single| self.named(single)) {
                    Some(option) => Found::Known(vec![Flag { option, from, exact: true }]),
                    None => Found::Unknown(None),
                };
            }
        }
        if name.starts_with("--") || self.style == Style::Words {
            return Found::Unknown(None);
        }
        self.cluster(start, whole)
    }

    fn by_prefix(&self, name: &str, from: Option<usize>) -> Found<'g> {
        if name.len() < SHORTEST {
            return Found::Unknown(None);
        }
        let mut fits: Vec<&'g Opt> = Vec::new();
        for option in self.all() {
            let is_new = !fits.iter().any(|one| std::ptr::eq(*one, option));
            if is_new && option.names().any(|own| own.starts_with("--") && own.starts_with(name)) {
                fits.push(option);
            }
        }
        match fits.as_slice() {
            [] => Found::Unknown(None),
            [option] => Found::Known(vec![Flag { option, from, exact: false }]),
            _ => {
                let worst = fits.into_iter().max_by_key(|option| rank(option));
                Found::Unknown(worst.map(|option| Flag { option, from, exact: false }))
            }
        }
    }

    /// `-itX`: letters up to the first that takes a value, which has the rest.
    fn cluster(&self, start: &str, whole: bool) -> Found<'g> {
        let letters = start.get(1..).unwrap_or_default();
        if whole
            && !letters.is_empty()
            && letters.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(option) = self.named("-#")
        {
            return Found::Known(vec![Flag { option, from: Some(1), exact: true }]);
        }
        let mut flags = Vec::new();
        for (at, letter) in letters.char_indices() {
            let Some(option) = self.named(&format!("-{letter}")) else {
                // The letters before it count all the same.
                let worst = flags.into_iter().max_by_key(|flag: &Flag<'_>| rank(flag.option));
                return Found::Unknown(worst);
            };
            let after = 1 + at + letter.len_utf8();
            let ends = after == start.len();
            match option.arity {
                Arity::Switch => flags.push(Flag { option, from: None, exact: true }),
                Arity::Joined => {
                    let from = (!ends || !whole).then_some(after);
                    flags.push(Flag { option, from, exact: true });
                    return Found::Known(flags);
                }
                Arity::Value | Arity::Until | Arity::Rest => {
                    // Go's flag parsers, as kubectl's, take `-n=NAME` too.
                    let equals = start.get(after..).is_some_and(|rest| rest.starts_with('='));
                    let from = (!ends || !whole).then_some(after + usize::from(equals));
                    flags.push(Flag { option, from, exact: true });
                    return Found::Known(flags);
                }
            }
        }
        if !whole || flags.is_empty() {
            let worst = flags.into_iter().max_by_key(|flag: &Flag<'_>| rank(flag.option));
            return Found::Unknown(worst);
        }
        Found::Known(flags)
    }
}

fn rank(option: &Opt) -> u8 {
    match &option.effect {
        Effect::None => 0,
        Effect::Raises(rating) | Effect::Mode(rating) => 1 + rating.risk as u8,
    }
}

/// `--db-instance-identifier`
fn is_parameter(name: &str) -> bool {
    name.strip_prefix("--").is_some_and(|rest| {
        rest.starts_with(|char: char| char.is_ascii_lowercase())
            && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    })
}
