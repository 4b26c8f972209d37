//! Which fences are actions: by the word after their opening mark, as the dialects write it, and by what stands in them.

use std::borrow::Cow;

use super::{commands, dialect, session};
use crate::{Asks, Language};
use warroom_domain::platform::nearest;

/// What is done with a fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Use {
    Run(Language),
    /// Prompts, commands and their output: only what follows a prompt is run.
    Session {
        /// Why it is never run by itself.
        asks: Option<Asks>,
        /// Its output is compared by the console, and not by a person.
        compared: bool,
    },
    /// Commands that nobody labelled as such: run when somebody says so.
    Unlabelled,
    #[default]
    Show,
}

/// What a language's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Run(Language),
    Session,
}

/// What is run, by the words that documents use.
const RUN: [(&str, Named); 20] = [
    ("bash", Named::Run(Language::Bash)),
    ("sh", Named::Run(Language::Bash)),
    ("shell", Named::Run(Language::Bash)),
    ("zsh", Named::Run(Language::Bash)),
    ("ksh", Named::Run(Language::Bash)),
    ("shellscript", Named::Run(Language::Bash)),
    ("shell-script", Named::Run(Language::Bash)),
    ("sql", Named::Run(Language::Sql)),
    ("pgsql", Named::Run(Language::Sql)),
    ("postgresql", Named::Run(Language::Sql)),
    ("plpgsql", Named::Run(Language::Sql)),
    ("console", Named::Session),
    ("shell-session", Named::Session),
    ("shellsession", Named::Session),
    ("bash-session", Named::Session),
    ("sh-session", Named::Session),
    ("zsh-session", Named::Session),
    ("terminal", Named::Session),
    ("cli", Named::Session),
    ("commandline", Named::Session),
];

/// Languages of data, which people write over commands by mistake.
const DATA: [&str; 3] = ["yaml", "yml", "json"];

/// What a fence's first line says.
pub(super) struct Info<'a> {
    pub word: &'a str,
    /// What stands after the word, and from which byte on.
    pub rest: &'a str,
    pub rest_at: usize,
    /// The word stands in braces, with whatever other tools read there.
    pub braced: bool,
}

/// Takes the first line apart: `bash {timeout=2m}`, `{.bash .numberLines}`, `{bash, echo=FALSE}`, `{code-block} bash`, `bash:title`.
pub(super) fn info(text: &str) -> Info<'_> {
    let start = text.len() - text.trim_start().len();
    let line = &text[start..];
    let (from, braced) = match (dialect::code_directive(line), line.strip_prefix('{')) {
        (Some(rest), _) => (text.len() - rest.len(), false),
        (None, Some(rest)) => {
            let blanks = rest.len() - rest.trim_start().len();
            (start + 1 + blanks, true)
        }
        _ => (start, false),
    };
    let written = &text[from..];
    let dot = usize::from(written.starts_with('.'));
    let end = written[dot..].find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '[' | '='));
    let end = end.map_or(written.len(), |end| dot + end);
    // A first word with a value is no language: `{name="x"}`.
    let end = if written[end..].starts_with('=') { dot } else { end };
    let word = written[dot..end].split(':').next().unwrap_or_default();
    let word = word.strip_prefix("language-").or_else(|| word.strip_prefix("lang-")).unwrap_or(word);
    Info { word, rest: &text[from + end..], rest_at: from + end, braced }
}

/// What is done with a fence that begins and goes on like this.
pub(super) fn of(text: &str, body: &str) -> Use {
    let info = info(text);
    let prompts = || session::begins(body);
    match named(info.word) {
        Some(_) if interpreter(text).is_some_and(|program| !is_shell(&program)) => Use::Show,
        Some(Named::Run(Language::Bash)) if prompts() => Use::Session { asks: None, compared: false },
        Some(Named::Run(Language::Bash)) if session::is_root(body) => {
            Use::Session { asks: Some(Asks::RootPrompt), compared: false }
        }
        Some(Named::Run(language)) => Use::Run(language),
        Some(Named::Session) if !session::has_prompts(body) && commands::are(body) => Use::Unlabelled,
        Some(Named::Session) => Use::Session { asks: None, compared: true },
        None if info.word.is_empty() && prompts() && commands::are(&session::commands(body)) => {
            Use::Session { asks: Some(Asks::Unlabelled), compared: false }
        }
        None if info.word.is_empty() || DATA.contains(&info.word) => {
            if commands::are(body) {
                Use::Unlabelled
            } else {
                Use::Show
            }
        }
        None => Use::Show,
    }
}

fn named(word: &str) -> Option<Named> {
    let word: Cow<'_, str> = match word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => word.to_ascii_lowercase().into(),
        false => word.into(),
    };
    RUN.iter().find(|(name, _)| *name == word).map(|(_, named)| *named)
}

/// True for a word that names a language that is run.
pub(super) fn is_run(word: &str) -> bool {
    named(word).is_some()
}

/// The program that Runme hands the text to.
fn interpreter(info: &str) -> Option<String> {
    let (_, after) = info.split_once("interpreter")?;
    let value = after.trim_start_matches(['"', '\'', ' ', '=', ':']);
    Some(value.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.')).collect())
}

fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("bash" | "sh" | "zsh" | "ksh" | "dash"))
}

/// The executable language that a word one slip away was meant to be (`bahs`). Short words are too like others.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    if word.len() < 4 || is_run(word) {
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
    fn a_language_is_written_in_many_ways() {
        for (text, word, rest) in [
            ("bash{timeout=2m}", "bash", "{timeout=2m}"),
            (" sql  {write} ", "sql", "  {write} "),
            ("", "", ""),
            ("{.bash .numberLines}", "bash", " .numberLines}"),
            ("{ .sh #restore }", "sh", " #restore }"),
            ("{bash, echo=FALSE}", "bash", ", echo=FALSE}"),
            ("{bash}", "bash", "}"),
            ("{code-block} bash", "bash", ""),
            ("bash:restore.sh", "bash", ""),
            ("language-bash", "bash", ""),
            ("sh [npm]", "sh", " [npm]"),
            ("bash title=\"x\" {1,3}", "bash", " title=\"x\" {1,3}"),
        ] {
            let info = info(text);
            assert_eq!((info.word, info.rest), (word, rest), "{text}");
            assert_eq!(&text[info.rest_at..], info.rest);
        }
        assert_eq!(of("Bash", "ls\n"), Use::Run(Language::Bash));
        assert_eq!(of("zsh", "ls\n"), Use::Run(Language::Bash));
        assert_eq!(of("sh {\"interpreter\":\"python3\"}", "print(1)\n"), Use::Show);
        assert_eq!(meant("bahs"), Some("bash"));
        assert_eq!((meant("json"), meant("yaml"), meant("text"), meant("dash")), (None, None, None, Some("bash")));
    }

    #[test]
    fn commands_without_a_label_are_asked_about() {
        assert_eq!(of("", "kubectl get pods\n"), Use::Unlabelled);
        assert_eq!(of("console", "kubectl get pods\n"), Use::Unlabelled);
        assert_eq!(of("", "NAME READY\nweb-0 1/1\n"), Use::Show);
        assert_eq!(of("yaml", "kubectl apply -f - <<EOF\na: b\nEOF\n"), Use::Unlabelled);
        assert_eq!(of("yaml", "a: b\n"), Use::Show);
        assert_eq!(of("text", "kubectl get pods\n"), Use::Show);
        let session = |asks, compared| Use::Session { asks, compared };
        assert_eq!(of("", "$ kubectl get pods\nNAME\n"), session(Some(Asks::Unlabelled), false));
        assert_eq!(of("sh", "# pg_ctlcluster 15 main promote\n"), session(Some(Asks::RootPrompt), false));
        assert_eq!(of("sh", "# Check the dashboards\n"), Use::Run(Language::Bash));
        assert_eq!(of("console", "$ ls\na\n"), session(None, true));
    }
}
