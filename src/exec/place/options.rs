//! Flags, values and positional arguments, taken as the program's own parser takes them.

use super::words::Argument;

/// Which flags of a program are followed by a value, and how it reads its arguments.
#[derive(Clone, Copy)]
pub(super) struct Style {
    /// Letters: `hpUd` for `-h HOST`, also joined (`-hHOST`) and at the end of a cluster (`-qAth HOST`).
    pub(super) letters: &'static str,
    /// `--host`, with the dashes. `--host=HOST` is understood for any flag.
    pub(super) long: &'static [&'static str],
    /// Whatever follows the first positional argument is positional too.
    pub(super) stops: bool,
}

/// What was given to a program.
#[derive(Debug, Default)]
pub(super) struct Options {
    /// `-h` or `--host`, with its value.
    flags: Vec<(String, Option<Argument>)>,
    pub(super) positional: Vec<Argument>,
}

impl Options {
    pub(super) fn read(arguments: &[Argument], style: Style) -> Self {
        let mut options = Options::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let text = argument.text.as_str();
            if text == "--" || options.stops_at(text, style) {
                if text != "--" {
                    options.positional.push(argument.clone());
                }
                options.positional.extend(rest.cloned());
                break;
            }
            if text.len() < 2 || !text.starts_with('-') {
                options.positional.push(argument.clone());
            } else if text.starts_with("--") {
                match text.split_once('=') {
                    Some((name, value)) => options.take(name, Some((value, argument.sure))),
                    None if style.long.contains(&text) => options.flags.push((text.to_owned(), rest.next().cloned())),
                    None => options.take(text, None),
                }
            } else {
                options.cluster(argument, style, &mut rest);
            }
        }
        options
    }

    fn stops_at(&self, text: &str, style: Style) -> bool {
        style.stops && !text.starts_with('-')
    }

    fn cluster<'a>(&mut self, argument: &Argument, style: Style, rest: &mut impl Iterator<Item = &'a Argument>) {
        for (at, letter) in argument.text.char_indices().skip(1) {
            let name = format!("-{letter}");
            if !style.letters.contains(letter) {
                self.take(&name, None);
                continue;
            }
            let joined = argument.text.get(at + letter.len_utf8()..).unwrap_or_default();
            if joined.is_empty() {
                self.flags.push((name, rest.next().cloned()));
            } else {
                // Go's flag parsers, as kubectl's, take `-n=NAME` too.
                self.take(&name, Some((joined.strip_prefix('=').unwrap_or(joined), argument.sure)));
            }
            return;
        }
    }

    fn take(&mut self, name: &str, value: Option<(&str, bool)>) {
        let value = value.map(|(text, sure)| Argument { text: text.to_owned(), sure });
        self.flags.push((name.to_owned(), value));
    }

    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.flags.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// The value of the last flag with one of these names: that is the one that counts.
    pub(super) fn value(&self, names: &[&str]) -> Option<&Argument> {
        self.flags.iter().rev().find(|(name, _)| names.contains(&name.as_str()))?.1.as_ref()
    }

    pub(super) fn positional(&self, at: usize) -> Option<&Argument> {
        self.positional.get(at)
    }
}
