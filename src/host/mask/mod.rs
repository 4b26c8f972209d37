//! Takes secrets out of text: declared ones in every form that programs print them in, and what looks like a credential.
//!
//! Everything that leaves the program and that it did not write itself passes through here: what actions and checks print, what
//! is written down of an incident, what a person notes. Our own patterns, because no small and well-kept crate works on a stream
//! of bytes with colour in it; the kinds of credentials follow those of gitleaks' rules.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`text`], [`style`] | text with colour, in which a secret can be spread over several colours |
//! | `forms` | the forms of a declared secret |
//! | `patterns` | what credentials look like |
//!
//! It works on whole lines; of a line too long to wait for, as much is held back as a secret could need. Declared secrets of
//! several lines are looked for line by line, so that indenting does not hide them.

mod forms;
mod patterns;
pub mod style;
pub mod text;

use std::{
    ffi::OsString,
    ops::Range,
    sync::{Arc, LazyLock},
};

use aho_corasick::{AhoCorasick, MatchKind};

use self::{patterns::Key, text::Text};

/// Shorter text is not looked for: it would be everywhere, and hide more than it protects.
pub const SHORTEST: usize = 4;
/// What stands in the place of something that looks like a credential.
const MASK: &[u8] = b"[masked]";
/// At the end of an unfinished line so much is held back, in case a credential goes on.
const HOLD: usize = 4 * 1024;

/// The secrets of one action. Shared by its streams.
#[derive(Debug, Clone)]
pub struct Secrets {
    forms: Option<AhoCorasick>,
    /// The same forms, for [`Self::without_beginning`].
    patterns: Arc<[Vec<u8>]>,
    /// What stands in the place of each form.
    marks: Arc<[Vec<u8>]>,
    longest: usize,
    /// Names of secrets that are too short to be looked for.
    pub too_short: Vec<String>,
}

impl Secrets {
    /// Name and value of each.
    pub fn new<'s>(secrets: impl IntoIterator<Item = (&'s str, &'s str)>) -> Secrets {
        let (mut patterns, mut marks, mut too_short) = (Vec::new(), Vec::new(), Vec::new());
        for (name, value) in secrets {
            if value.len() < SHORTEST {
                if !value.is_empty() {
                    too_short.push(name.to_owned());
                }
                continue;
            }
            for form in forms::of(value) {
                patterns.push(form);
                marks.push(format!("[{name}]").into_bytes());
            }
        }
        let longest = patterns.iter().map(Vec::len).max().unwrap_or_default();
        // Overlapping matches are wanted: two secrets may share text. Fails only for gigabytes of patterns.
        let forms = if patterns.is_empty() {
            None
        } else {
            AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).ok()
        };
        Secrets { forms, patterns: patterns.into(), marks: marks.into(), longest, too_short }
    }

    /// True when a declared secret is in it, in whatever form.
    pub fn holds_declared(&self, text: &[u8]) -> bool {
        self.forms.as_ref().is_some_and(|forms| forms.is_match(text))
    }

    /// The text without its end, when a secret could begin there.
    pub fn without_beginning<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let begun = self.patterns.iter().filter_map(|form| {
            (1..form.len().min(text.len() + 1)).rev().find(|length| text.ends_with(&form[..*length]))
        });
        &text[..text.len() - begun.max().unwrap_or(0)]
    }

    /// The secrets that the environment of this process holds, going by the names of its variables.
    pub fn of_environment() -> &'static Secrets {
        static OWN: LazyLock<Secrets> = LazyLock::new(|| {
            let variables = secret_variables();
            Secrets::new(variables.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        });
        &OWN
    }

    /// The same JSON text with its strings masked. Names of members stay.
    pub fn mask_json(&self, json: String) -> String {
        if !self.concerns(json.as_bytes()) {
            return json;
        }
        let Ok(mut value) = serde_json::from_str(&json) else { return json };
        self.mask_value(&mut value);
        value.to_string()
    }

    /// Masks the strings in a JSON value.
    pub fn mask_value(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) if self.concerns(text.as_bytes()) => *text = self.mask(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask_value(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.mask_value(member)),
            _ => {}
        }
    }

    /// False when there is certainly nothing to mask in it, which is known much faster.
    fn concerns(&self, text: &[u8]) -> bool {
        self.holds_declared(text) || patterns::suspicious(text, 0).is_some()
    }

    /// The same text without secrets: for messages.
    pub fn mask(&self, text: &str) -> String {
        let mut masker = Masker::new(self.clone());
        let mut all = Text { bytes: text.as_bytes().to_vec(), marks: Vec::new() };
        let mut out = Text::default();
        masker.push(&mut all, &mut out);
        masker.finish(&mut out);
        String::from_utf8_lossy(&out.bytes).into_owned()
    }
}

/// The variables of this process that hold a secret, going by their names.
pub fn secret_variables() -> Vec<(String, String)> {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).filter(|(name, value)| is_secret_by_name(name, value)).collect()
}

/// True for an environment variable that holds a secret, going by its name (`PGPASSWORD`, `AWS_SECRET_ACCESS_KEY`,
/// `GITHUB_TOKEN`). Paths of files and short words (`true`, `none`) are none.
pub fn is_secret_by_name(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let holds =
        ["PASSW", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "APIKEY"].iter().any(|part| name.contains(part));
    let key =
        ["API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "ENCRYPTION_KEY", "SIGNING_KEY"].iter().any(|end| name.ends_with(end));
    (holds || key) && value.len() >= 8 && !value.starts_with(['/', '.', '~'])
}

/// The state between two pieces of one stream.
#[derive(Debug)]
pub struct Masker {
    secrets: Secrets,
    held: Text,
    /// A private key has begun and not ended.
    in_key: Option<Key>,
}

impl Masker {
    pub fn new(secrets: Secrets) -> Self {
        Masker { secrets, held: Text::default(), in_key: None }
    }

    /// Takes a piece (and empties it) and puts what is safe behind `out`.
    pub fn push(&mut self, text: &mut Text, out: &mut Text) {
        self.held.take(text);
        let whole = self.held.bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let hold = HOLD.max(self.secrets.longest);
        let tail = self.held.bytes.len() - whole;
        if tail > 4 * hold {
            self.release(self.held.bytes.len() - hold, out);
        } else if whole > 0 {
            self.release(whole, out);
        }
    }

    /// True when something waits for the rest of its line.
    pub fn holds_something(&self) -> bool {
        !self.held.bytes.is_empty()
    }

    /// The stream has ended.
    pub fn finish(&mut self, out: &mut Text) {
        self.release(self.held.bytes.len(), out);
    }

    /// Masks what is held and passes on about `until` bytes of it: nothing that a mask covers is cut.
    fn release(&mut self, until: usize, out: &mut Text) {
        let held = std::mem::take(&mut self.held);
        let covers = self.covers(&held.bytes, until);
        let mut until = until;
        // What would be cut in two waits; when it is all there is, it goes.
        if let Some(cut) = covers.iter().find(|cover| cover.range.start < until && until < cover.range.end) {
            until = if cut.range.start > 0 { cut.range.start } else { cut.range.end };
        }
        let mut marks = held.marks.iter().copied().peekable();
        let mut at = 0;
        for cover in covers.iter().take_while(|cover| cover.range.end <= until) {
            copy(&held, at..cover.range.start, &mut marks, out);
            let mark = cover.form.and_then(|form| self.secrets.marks.get(form));
            out.bytes.extend_from_slice(mark.map_or(MASK, Vec::as_slice));
            at = cover.range.end;
        }
        copy(&held, at..until, &mut marks, out);
        if until < held.bytes.len() {
            self.held.bytes.extend_from_slice(&held.bytes[until..]);
            self.held.marks.extend(marks.map(|(at, style)| (at - until, style)));
        } else {
            for (_, style) in marks {
                out.mark(style);
            }
        }
    }

    /// What is to be covered, in order, without overlap.
    fn covers(&mut self, bytes: &[u8], until: usize) -> Vec<Cover> {
        let mut covers: Vec<Cover> = Vec::new();
        let mut in_key = self.in_key;
        // Only whole lines move the state of a key on: the rest is looked at again.
        let mut at = 0;
        while at < bytes.len() {
            let next = if in_key.is_some() { Some(at) } else { patterns::suspicious(bytes, at) };
            let Some(next) = next else { break };
            let start = bytes[..next].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1).max(at);
            let end = bytes[next..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| next + at + 1);
            let line = &bytes[start..end];
            let words = start..start + line.trim_ascii_end().len();
            if let Some(key) = in_key.filter(|key| key.goes_on(line)) {
                if !words.is_empty() {
                    covers.push(Cover { range: words, form: None });
                }
                if key.ends_with(line) {
                    in_key = None;
                }
            } else {
                in_key = Key::begins(line);
                patterns::find(line, |found| {
                    covers.push(Cover { range: start + found.start..start + found.end, form: None });
                });
            }
            at = end;
            if end <= until {
                self.in_key = in_key;
            }
        }
        if let Some(forms) = &self.secrets.forms {
            covers.extend(
                forms
                    .find_overlapping_iter(bytes)
                    .map(|found| Cover { range: found.range(), form: Some(found.pattern().as_usize()) }),
            );
        }
        // A declared secret's name says more than the general mask.
        covers.sort_by_key(|cover| (cover.range.start, cover.form.is_none(), std::cmp::Reverse(cover.range.end)));
        let mut apart: Vec<Cover> = Vec::with_capacity(covers.len());
        for cover in covers {
            match apart.last_mut() {
                Some(last) if cover.range.start < last.range.end => {
                    last.range.end = last.range.end.max(cover.range.end);
                }
                _ => apart.push(cover),
            }
        }
        apart
    }
}

struct Cover {
    range: Range<usize>,
    /// Which declared form it is; `None` is something that looks like a credential.
    form: Option<usize>,
}

/// Copies a part with its changes of style, and those before it that were not copied yet.
fn copy(
    from: &Text,
    range: Range<usize>,
    marks: &mut std::iter::Peekable<impl Iterator<Item = (usize, style::Style)>>,
    out: &mut Text,
) {
    let mut at = range.start;
    while let Some((mark, style)) = marks.next_if(|(mark, _)| *mark < range.end) {
        let mark = mark.max(at);
        out.bytes.extend_from_slice(&from.bytes[at..mark]);
        out.mark(style);
        at = mark;
    }
    out.bytes.extend_from_slice(&from.bytes[at..range.end]);
}
