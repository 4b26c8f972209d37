//! Which fences are actions, by the word after their opening mark.

use crate::Language;
use warroom_domain::platform::nearest;

/// What is done with a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    Run(Language),
    /// Prompts, commands and their output: only what follows a prompt is run.
    Console,
    Show,
}

/// What is run, by the words that documents use.
const RUN: [(&str, Use); 9] = [
    ("bash", Use::Run(Language::Bash)),
    ("sh", Use::Run(Language::Bash)),
    ("shell", Use::Run(Language::Bash)),
    ("sql", Use::Run(Language::Sql)),
    ("console", Use::Console),
    ("shell-session", Use::Console),
    ("shellsession", Use::Console),
    ("bash-session", Use::Console),
    ("sh-session", Use::Console),
];

/// The language word of a fence, as written.
pub(super) fn word(info: &str) -> &str {
    let info = info.trim();
    info.split(|c: char| c.is_whitespace() || matches!(c, '{' | ',')).next().unwrap_or_default()
}

pub(super) fn what(word: &str) -> Use {
    let word = word.to_ascii_lowercase();
    RUN.iter().find(|(name, _)| *name == word).map_or(Use::Show, |(_, what)| *what)
}

/// The executable language that a word one slip away was meant to be (`bahs`). Short words are too like others.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    if word.len() < 4 || what(word) != Use::Show {
        return None;
    }
    let found = nearest(word, RUN.iter().map(|(name, _)| *name))?;
    let found = RUN.iter().find(|(name, _)| *name == found)?.0;
    (strsim::osa_distance(&word.to_ascii_lowercase(), found) == 1).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_the_first_word() {
        assert_eq!(word("bash{timeout=2m}"), "bash");
        assert_eq!(word(" sql  {write} "), "sql");
        assert_eq!(word(""), "");
        assert_eq!(what("Bash"), Use::Run(Language::Bash));
        assert_eq!(what("zsh"), Use::Show);
        assert_eq!(meant("bahs"), Some("bash"));
        assert_eq!(
            (meant("json"), meant("yaml"), meant("text"), meant("dash"), meant("zsh")),
            (None, None, None, Some("bash"), None)
        );
    }
}
