//! What programs do: one grammar a program, one reader of command lines, for everything that asks what a command means.
//!
//! Risk, the linter, the place where an action acts, and what is saved before a change all read a command with [`read()`]: which
//! sub-command it is, which options it has with which values, what its operands are, and which of its words nobody knows. What a word does
//! stands in the files of `data/`, and only there.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`grammar`] | the data: programs, sub-commands, options, operands, and what each does |
//! | `file` | a program and its sub-commands, read from what the build script made of `data/` |
//! | [`library`] | all programs by name, each read when it is first needed |
//! | `options` | one word that starts with a dash, against the options in scope |
//! | [`mod@read`] | a command line against its grammar |
//! | [`verbs`] | words that say of themselves that they remove or stop something |
//! | [`glob`] | patterns of names |
//!
//! # Files
//!
//! A file holds `[[program]]`s. Keys of a program, and of its `[[program.command]]`s, which are its sub-commands:
//!
//! | key | meaning |
//! | --- | --- |
//! | `names`, `path` | the program and its aliases; the words of the sub-command, with `\|` and `*`. The first row that fits counts |
//! | `style` | `gnu`: clusters of letters, `--name=V`, prefixes; `words`: one dash and a whole word (find, terraform, openssl) |
//! | `inherit` | options of the program may stand behind the sub-command too |
//! | `stop`, `bundle` | options end at the first operand; the first operand is a cluster of letters (`tar tf x`) |
//! | `groups`, `open` | words that only lead to sub-commands; any long option is a parameter of the API call (aws, gcloud, az) |
//! | `options` | options without an effect: `-n,--namespace=v -w,--watch --color=?v -#` |
//! | `change`, `destructive` | options that raise the risk, each with why |
//! | `mode` | options that choose what the program does, as a sub-command would: `"-l" = ["read", "lists the crontab"]` |
//! | `rehearse` | options with which it changes nothing: `"--dry-run=client\|server"` |
//! | `help` | options that only print help when nothing else is given |
//! | `risk`, `why`, `bare` | what it does; what it does without operands |
//! | `operands`, `input` | kinds of operands in their order; what it makes of what is piped into it |
//! | `target`, `external` | where the name stands that a person types; people outside see it |
//! | `when` | what values of options and operands change about the risk |
//!
//! Kinds of values are those of [`grammar::Kind`]. A row is `read` only when every option of it that does more stands in `change`,
//! `destructive` or `mode`: what is not in the file counts as unknown, which is never `read`.

mod file;
pub mod glob;
pub mod grammar;
pub mod library;
mod options;
pub mod read;
pub mod verbs;

pub use grammar::{Command, Effect, Kind, Opt, Program};
pub use library::{environment, find, own_file};
pub use read::{Call, Given, Inner, Piece, Unknown, read};

#[cfg(test)]
mod tests;
