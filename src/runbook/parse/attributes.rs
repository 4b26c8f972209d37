//! Reads a fence's attributes: what each of the words in braces means.

use std::{collections::HashSet, ops::Range, time::Duration};

use regex::Regex;

use super::{
    dialect,
    language::{self, Info},
    notes::Notes,
    variables::{self, Name},
    words::{self, Word},
};
use crate::{Asks, Attributes, Capture, Expectation, Language, Poll, Risk};
use warroom_domain::platform::{Expression, ExpressionError, nearest, period::parse_duration};

/// Every attribute there is.
pub(super) const NAMES: [&str; 18] = [
    "timeout",
    "risk",
    "because",
    "tty",
    "interactive",
    "db",
    "database",
    "write",
    "expect",
    "expect-contains",
    "expect-json",
    "capture",
    "retry",
    "every",
    "parallel",
    "context",
    "gate",
    "evidence",
];

/// How long a polling wait waits between two attempts when the runbook does not say.
const EVERY: Duration = Duration::from_secs(10);

/// What other tools read there, and what does nothing here: Hugo, Docusaurus, MkDocs, Pandoc, MyST, Quarto, R Markdown, Runme.
const FOREIGN: &str = " anchorlinenos autosize cache caption category categories class closeTerminalOnSuccess collapse comment copy \
                       copyable diff downlit dedent echo emphasize-lines engine error eval fig.cap file fold force frame height highlight \
                       hl-lines hl_Lines hl_lines id include label lang language lineAnchors lineNos line-numbers lineanchors lineno-start \
                       linenos linenostart linenums live lines mcp message mimeType noClasses noInline nocopy numberLines number-lines \
                       openTerminalOnSuccess output playground promptEnv render results shell showLineNumbers showlinenumbers startFrom \
                       startLine style tabWidth tag tags terminalRows theme warning width wrap wrapLines ";
/// What Runme does and a run here does not.
const NOT_FOLLOWED: [(&str, &str); 2] = [
    ("cwd", "commands run where the session of the run is: write `cd` into the commands"),
    ("background", "an action is waited for until it ends: end the commands with `&` to leave them running"),
];

/// What the first line of a fence says besides its language.
#[derive(Default)]
pub(super) struct Read {
    pub attributes: Attributes,
    pub expected: Vec<Expectation>,
    /// What the fence is called.
    pub name: Option<String>,
    pub asks: Option<Asks>,
}

/// Reads the first line of a fence. `at` is where it starts in the document.
pub(super) fn read(info: &str, at: usize, language: Language, notes: &mut Notes<'_>) -> Read {
    let Info { rest, rest_at, braced, .. } = language::info(info);
    let at = at + rest_at;
    let brace = if braced { Some(0) } else { rest.find('{') };
    let outside = brace.filter(|_| !braced).map_or(rest, |brace| &rest[..brace]);
    let mut reader =
        Reader { read: Read::default(), retry: None, every: None, notes, lenient: braced, ignored: Vec::new() };
    if !braced {
        reader.read.name = dialect::attribute(outside, &["title", "name", "filename"]);
    }
    let mut words = Vec::new();
    if let Some(brace) = brace {
        let from = if braced { 0 } else { brace + 1 };
        words = match json(&rest[brace..], at + brace) {
            Some(words) => {
                reader.lenient = true;
                words
            }
            None => {
                let read = words::read(&rest[from..], at + from);
                if let Some(problem) = &read.problem {
                    reader.unclosed(&problem.span);
                }
                read.words
            }
        };
    }
    let mut seen = HashSet::new();
    for word in &words {
        if NAMES.contains(&word.name.as_str()) && !seen.insert(word.name.as_str()) {
            let message = format!("the attribute `{}` stands here twice; the last one counts", word.name);
            reader.notes.warning(word.name_span.clone(), message, None);
        }
        reader.word(word);
    }
    reader.fits_together(language, &words);
    reader.say_ignored();
    reader.read
}

/// Attributes as Runme writes them: `{"name":"pods","interactive":"false"}`.
fn json(text: &str, at: usize) -> Option<Vec<Word>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Map<String, serde_json::Value>>();
    let object = values.next()?.ok()?;
    let span = at..at + values.byte_offset();
    let word = |(name, value): (String, serde_json::Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Word { name, name_span: span.clone(), value: Some(value), value_span: span.clone() }
    };
    Some(object.into_iter().map(word).collect())
}

struct Reader<'r, 'a> {
    read: Read,
    retry: Option<(u32, Range<usize>)>,
    every: Option<(Duration, Range<usize>)>,
    notes: &'r mut Notes<'a>,
    /// Other tools read these attributes too.
    lenient: bool,
    /// Names that mean nothing here, and where the first of them is.
    ignored: Vec<(String, Range<usize>)>,
}

impl Reader<'_, '_> {
    fn unclosed(&mut self, span: &Range<usize>) {
        let (message, help) = if span.is_empty() {
            ("the attributes have no closing brace", "end them with `}`")
        } else {
            ("this quote has no end, so the attributes from here on are not read", "close it with the same quote")
        };
        self.notes.error(span.clone(), message, Some(help.to_owned()));
    }

    /// What other tools write into a fence's first line.
    fn foreign(&mut self, word: &Word) -> bool {
        let name = word.name.as_str();
        let given = || word.value.as_deref().is_none_or(|value| !matches!(value, "false" | "FALSE" | "no"));
        match name {
            // Classes, identifiers, and the lines to highlight: `.numberLines`, `#restore`, `1,3-4`.
            _ if name.starts_with(['.', '#', '=', '!', ':', '[', '/'])
                || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {}
            "name" | "title" | "filename" => self.read.name = word.value.clone().or(self.read.name.take()),
            "excludeFromRunAll" | "ignore" => {
                self.read.asks = given().then_some(Asks::Excluded);
            }
            "eval" if self.lenient && !given() => self.read.asks = Some(Asks::Excluded),
            "interpreter" => {}
            _ => match NOT_FOLLOWED.iter().find(|(other, _)| *other == name) {
                Some((_, help)) if given() => {
                    let message = format!("`{name}` has no effect here");
                    self.notes.warning(word.name_span.clone(), message, Some((*help).to_owned()));
                }
                Some(_) => {}
                None if FOREIGN.contains(&format!(" {name} ")) || self.lenient && nearest(name, NAMES).is_none() => {
                    self.ignored.push((name.to_owned(), word.name_span.clone()));
                }
                None => return false,
            },
        }
        true
    }

    fn say_ignored(&mut self) {
        let Some((_, first)) = self.ignored.first() else { return };
        let names = self.ignored.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let message = format!("{names}: for other tools, ignored here");
        self.notes.note(first.clone(), message, None);
    }

    fn word(&mut self, word: &Word) {
        let line = self.notes.text.line(word.name_span.start);
        match word.name.as_str() {
            "timeout" => self.read.attributes.timeout = self.duration(word),
            "risk" => self.read.attributes.risk = self.risk(word),
            "because" => self.read.attributes.because = self.value(word),
            "tty" => self.read.attributes.tty = self.flag(word),
            "interactive" => self.read.attributes.interactive = self.flag(word),
            "db" => self.read.attributes.db = self.value(word),
            "database" => {
                self.read.attributes.database = self.value(word);
                let attributes = &self.read.attributes;
                let is_odd = match attributes.database_variable() {
                    Some(variable) => variables::name(variable) != Name::Good,
                    None => attributes.database.as_deref().is_some_and(|name| name.contains('$')),
                };
                if is_odd {
                    let help = "write database=NAME, or database=$NAME for the value of a variable".to_owned();
                    self.notes.error(word.value_span.clone(), "this is no name of a database", Some(help));
                    self.read.attributes.database = None;
                }
            }
            "write" => self.read.attributes.write = self.flag(word),
            "parallel" => self.read.attributes.parallel = self.flag(word),
            "evidence" => self.read.attributes.evidence = self.flag(word),
            "context" => self.read.attributes.context = self.value(word),
            "gate" => self.read.attributes.gate = self.expression(word),
            "expect" => {
                let Some(pattern) = self.value(word) else { return };
                if let Err(error) = Regex::new(&pattern) {
                    let message = format!("`expect` is no regular expression: {}", regex_error(&error));
                    self.notes.error(word.value_span.clone(), message, None);
                }
                // Kept even so: an output that nothing can match fails the action, and does not pass unseen.
                self.read.expected.push(Expectation::Regex { pattern, line });
            }
            "expect-contains" => {
                let text = self.value(word);
                self.read.expected.extend(text.map(|text| Expectation::Contains { text, line }));
            }
            "expect-json" => {
                let condition = self.expression(word);
                self.read.expected.extend(condition.map(|condition| Expectation::Json { condition, line }));
            }
            "capture" => self.read.attributes.capture = self.capture(word),
            "retry" => {
                let Some(text) = self.value(word) else { return };
                match text.parse() {
                    Ok(retries) => self.retry = Some((retries, word.name_span.clone())),
                    Err(_) => {
                        let message = format!("`retry` is a number of further attempts, and `{text}` is none");
                        self.notes.error(word.value_span.clone(), message, None);
                    }
                }
            }
            "every" => self.every = self.duration(word).map(|every| (every, word.name_span.clone())),
            _ if self.foreign(word) => {}
            other => {
                let help = match nearest(other, NAMES) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("known: {}", NAMES.join(", ")),
                };
                self.notes.error(word.name_span.clone(), format!("there is no attribute `{other}`"), Some(help));
            }
        }
    }

    /// What must be said of attributes that need each other, or do not suit the language.
    fn fits_together(&mut self, language: Language, words: &[Word]) {
        self.read.attributes.poll = match (self.retry.take(), self.every.take()) {
            (Some((retries, _)), every) => Some(Poll { retries, every: every.map_or(EVERY, |(every, _)| every) }),
            (None, Some((_, span))) => {
                let help = "say how often with `retry=5`".to_owned();
                self.notes.error(span, "`every` has no effect without `retry`", Some(help));
                None
            }
            (None, None) => None,
        };
        let unfit: &[(&str, &str)] = match language {
            Language::Sql => &[
                ("tty", "SQL runs without a terminal"),
                ("interactive", "SQL runs without a terminal"),
                ("context", "SQL does not use a kube context"),
            ],
            Language::Bash => &[
                ("write", "`write` is for SQL: commands of a shell may always write"),
                ("db", "`db` is for SQL: commands of a shell take a database from their own options"),
                ("database", "`database` is for SQL: commands of a shell take a database from their own options"),
            ],
        };
        for word in words {
            if let Some((_, why)) = unfit.iter().find(|(name, _)| *name == word.name) {
                let message = format!("`{}` has no effect here: {why}", word.name);
                self.notes.warning(word.name_span.clone(), message, None);
            }
            let attributes = &self.read.attributes;
            let handed_over = attributes.interactive && (word.name.starts_with("expect") || word.name == "capture");
            if handed_over {
                let message = format!("`{}` cannot be told of an interactive action, whose output is yours", word.name);
                self.notes.warning(word.name_span.clone(), message, None);
            }
            if word.name == "parallel" && (attributes.interactive || attributes.tty) {
                let message = "an action with a terminal cannot run in parallel with others";
                self.notes.warning(word.name_span.clone(), message, None);
                self.read.attributes.parallel = false;
            }
            if word.name == "because" && self.read.attributes.risk.is_none() {
                let message = "`because` is the reason for a `risk`, and there is none here";
                self.notes.warning(word.name_span.clone(), message, None);
            }
        }
    }

    fn flag(&mut self, word: &Word) -> bool {
        match word.value.as_deref() {
            None | Some("true" | "TRUE") => true,
            Some("false" | "FALSE") => false,
            Some(other) => {
                let message = format!("`{}` takes no value, and `{other}` is none of true and false", word.name);
                self.notes.error(word.value_span.clone(), message, None);
                true
            }
        }
    }

    fn value(&mut self, word: &Word) -> Option<String> {
        match &word.value {
            Some(value) if !value.is_empty() => Some(value.clone()),
            _ => {
                let message = format!("`{0}` needs a value: `{0}=…`", word.name);
                self.notes.error(word.name_span.clone(), message, None);
                None
            }
        }
    }

    fn duration(&mut self, word: &Word) -> Option<Duration> {
        let text = self.value(word)?;
        match parse_duration(&text) {
            Ok(duration) if !duration.is_zero() => Some(duration),
            wrong => {
                let why = wrong.err().unwrap_or_else(|| "it is zero".to_owned());
                let message = format!("`{text}` is no length of time for `{}`: {why}", word.name);
                self.notes.error(word.value_span.clone(), message, Some("write 30s, 2m or 1h30m".to_owned()));
                None
            }
        }
    }

    fn risk(&mut self, word: &Word) -> Option<Risk> {
        let text = self.value(word)?;
        let risk = Risk::ALL.into_iter().find(|risk| risk.word() == text);
        if risk.is_none() {
            let names = Risk::ALL.map(Risk::word);
            let help = warroom_domain::platform::suggestion(&text, &names);
            self.notes.error(word.value_span.clone(), format!("`{text}` is no risk"), help);
        }
        risk
    }

    fn expression(&mut self, word: &Word) -> Option<Expression> {
        let text = self.value(word)?;
        match Expression::compile(&text) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let why = match error {
                    ExpressionError::Syntax { message, .. } | ExpressionError::Evaluation { message, .. } => message,
                };
                let message = format!("`{}` is not a CEL expression: {why}", word.name);
                self.notes.error(word.value_span.clone(), message, None);
                None
            }
        }
    }

    fn capture(&mut self, word: &Word) -> Option<Capture> {
        let text = self.value(word)?;
        let (variable, pointer) = match text.split_once(':') {
            Some((variable, pointer)) => (variable, Some(pointer.to_owned())),
            None => (text.as_str(), None),
        };
        if let Name::Refused(why) = variables::name(variable) {
            let message = format!("`{variable}` cannot be captured into: {why}");
            self.notes.error(word.value_span.clone(), message, None);
            return None;
        }
        if let Some(wrong) = pointer.as_ref().filter(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            let message = format!("`{wrong}` is no JSON pointer: it starts with a slash");
            self.notes.error(word.value_span.clone(), message, Some(format!("write `capture={variable}:/{wrong}`")));
            return None;
        }
        Some(Capture { variable: variable.to_owned(), pointer })
    }
}

/// The last line of the regex crate's message, which says what is wrong; the lines before draw it.
pub(super) fn regex_error(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
