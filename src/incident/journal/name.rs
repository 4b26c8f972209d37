//! The name of a log: the responder's name made fit for a file, and a number when the responder has several.

use std::{fmt, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// What a log's file is called after its name.
pub(super) const EXTENSION: &str = ".jsonl";

/// What may stand in a file name as it is.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_').remove(b'+');
/// File names end at 255 bytes; a number, the extension and a time must fit behind it.
const LONGEST: usize = 180;

/// `alice@bastion-1`, or `alice@bastion-1.2` for her second process at the same time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogName(Arc<str>);

impl LogName {
    /// The log of a responder's first (1) or further process.
    pub fn of(responder: &str, number: u32) -> Self {
        // `root@bastion-1 (login alice)`, without what a shell would have to have quoted.
        let responder = responder.replacen(" (login ", "+", 1);
        let mut name = utf8_percent_encode(responder.trim_end_matches(')'), UNSAFE).to_string();
        name.truncate(LONGEST);
        // Neither hidden nor a way out of the folder.
        if name.is_empty() || name.starts_with('.') {
            name.insert(0, '_');
        }
        if number > 1 {
            name.push_str(&format!(".{number}"));
        }
        LogName(name.into())
    }

    /// The name in a file's name; `None` for what is no log (a torn line set aside, an editor's leavings).
    pub fn of_file(file: &str) -> Option<Self> {
        let name = file.strip_suffix(EXTENSION)?;
        (!name.is_empty() && !name.starts_with('.')).then(|| LogName(name.into()))
    }

    /// The file's name.
    pub fn file(&self) -> String {
        format!("{}{EXTENSION}", self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder_and_readable() {
        assert_eq!(LogName::of("alice@bastion-1", 1).file(), "alice@bastion-1.jsonl");
        assert_eq!(LogName::of("alice@bastion-1", 3).as_str(), "alice@bastion-1.3");
        assert_eq!(LogName::of("root@bastion-1 (login alice)", 1).as_str(), "root@bastion-1+alice");
        assert_eq!(LogName::of("../../etc/passwd", 1).as_str(), "_..%2F..%2Fetc%2Fpasswd");
        assert_eq!(LogName::of("jörg@b\n", 1).as_str(), "j%C3%B6rg@b%0A");
        assert!(LogName::of(&"ü".repeat(300), 2).file().len() < 200);
    }

    #[test]
    fn what_is_no_log_has_no_name() {
        assert_eq!(LogName::of_file("a@b.jsonl"), Some(LogName::of("a@b", 1)));
        for other in ["a@b.jsonl.torn-20260121T031200Z", ".jsonl", ".a.jsonl", "a@b.jsonl~", "notes.txt"] {
            assert_eq!(LogName::of_file(other), None, "{other}");
        }
    }
}
