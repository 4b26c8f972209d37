//! Takes secrets out of text: declared ones in every form that programs print them in, and what looks like a credential.
//!
//! It works on whole lines; of a line too long to wait for, as much is held back as a secret could need. Declared secrets of
//! several lines are looked for line by line, so that indenting does not hide them.

use std::{ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::{patterns, text::Text};

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
            for form in forms(value) {
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

/// Every way in which programs print a value: itself, its lines, in JSON, in a URL, quoted for a shell, in base64 and hex.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    let mut add = |form: Vec<u8>| {
        if form.len() >= SHORTEST && !forms.contains(&form) {
            forms.push(form);
        }
    };
    for line in value.lines() {
        add(line.trim().as_bytes().to_vec());
        add(line.replace('\'', r"'\''").into_bytes());
        add(line.replace('\'', "''").into_bytes());
        for special in SPECIAL {
            add(escaped(line, special));
        }
    }
    if let Ok(json) = serde_json::to_string(value) {
        add(json.trim_matches('"').as_bytes().to_vec());
    }
    let percent = percent_encode(value.as_bytes(), NON_ALPHANUMERIC).to_string();
    add(percent.to_lowercase().into_bytes());
    add(percent.into_bytes());
    add(url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().into_bytes());
    let userinfo = url::Url::parse("postgres://u@h").ok().and_then(|mut url| {
        url.set_password(Some(value)).ok()?;
        url.password().map(|text| text.as_bytes().to_vec())
    });
    add(userinfo.unwrap_or_default());
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        // Inside of a longer text (`user:password`) it starts at any of three places in a group of three bytes; only the
        // letters that no neighbour changes are looked for. `echo` adds a line break, which changes only the end.
        for before in 0..3 {
            let mut padded = vec![0; before];
            padded.extend_from_slice(value.as_bytes());
            let whole = padded.len() / 3 * 4;
            let text = engine.encode(&padded);
            let from = [0, 2, 3][before];
            let part = text.get(from..whole).unwrap_or_default();
            if part.len() >= 6 {
                add(part.as_bytes().to_vec());
            }
        }
    }
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    add(hex.to_uppercase().into_bytes());
    add(hex.into_bytes());
    forms
}

/// Characters that are written with a backslash before them: between `"` in a shell, in `printf %q`, in `repr` of Python.
const SPECIAL: [&str; 3] = ["\"$`\\", " \t'\"\\|&;()<>!{}*[]?^$`,", "'\\"];

fn escaped(text: &str, special: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out.into_bytes()
}

/// The state between two pieces of one stream.
#[derive(Debug)]
pub struct Masker {
    secrets: Secrets,
    held: Text,
    /// A private key has begun and not ended.
    in_key: bool,
}

impl Masker {
    pub fn new(secrets: Secrets) -> Self {
        Masker { secrets, held: Text::default(), in_key: false }
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
            let next = if in_key { Some(at) } else { patterns::suspicious(bytes, at) };
            let Some(next) = next else { break };
            let start = bytes[..next].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1).max(at);
            let end = bytes[next..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| next + at + 1);
            let line = &bytes[start..end];
            let words = start..start + line.trim_ascii_end().len();
            if in_key && patterns::key_goes_on(line) {
                if !words.is_empty() {
                    covers.push(Cover { range: words, form: None });
                }
            } else {
                in_key = patterns::key_begins(line);
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
    marks: &mut std::iter::Peekable<impl Iterator<Item = (usize, super::style::Style)>>,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exec::output::pipeline::Pipeline;

    fn masked(secrets: &[(&str, &str)], chunks: &[&[u8]]) -> String {
        let mut pipeline = Pipeline::new(Secrets::new(secrets.iter().copied()));
        let mut out = Vec::new();
        for chunk in chunks {
            pipeline.push(chunk, &mut out);
        }
        pipeline.finish(&mut out);
        String::from_utf8(out).unwrap()
    }

    fn plain(text: &str) -> String {
        masked(&[], &[text.as_bytes()])
    }

    #[test]
    fn a_declared_secret_is_found_in_every_form() {
        let secret = "pä ss'w\"o/rd+1";
        for form in forms(secret) {
            let text = String::from_utf8(form).unwrap();
            let seen = masked(&[("PW", secret)], &[format!("a {text} b").as_bytes()]);
            assert_eq!(seen, "a [PW] b", "{text}");
        }
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("alice:{secret}"));
        let seen = masked(&[("PW", secret)], &[format!("x {basic} y").as_bytes()]);
        assert!(seen.contains("[PW]") && seen.len() < basic.len(), "{basic} → {seen}");
    }

    #[test]
    fn colour_inside_of_a_secret_does_not_hide_it() {
        let seen = masked(&[("PW", "hunter2hunter2")], &[b"a \x1b[31mhunter2\x1b[1mhunter2\x1b[m b\n"]);
        assert!(!seen.contains("hunter2") && seen.contains("[PW]"), "{seen:?}");
        assert_eq!(masked(&[("A", "abcdef"), ("B", "defghi")], &[b"xabcdefghiy"]), "x[A]y");
    }

    #[test]
    fn what_looks_like_a_credential_is_masked() {
        for (text, wanted) in [
            ("key AKIAIOSFODNN7EXAMPLE here", "key [masked] here"),
            ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [masked]"),
            (r#"{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG", "x": 1}"#, r#"{"SecretAccessKey": "[masked]", "x": 1}"#),
            ("Authorization: Bearer abcdef123456", "Authorization: Bearer [masked]"),
            ("authorization: Basic YWxpY2U6cHc=", "authorization: Basic [masked]"),
            ("postgres://app:s3cret@db:5432/x", "postgres://app:[masked]@db:5432/x"),
            ("redis://:s3cret@cache/0", "redis://:[masked]@cache/0"),
            ("ghp_0123456789abcdefghijABCDEFGHIJ456789", "[masked]"),
            ("xoxb-1234567890-abcdefghij", "[masked]"),
            // Put together here, so that no scanner takes this file for a leak.
            (concat!("sk_", "live_0123456789abcdef"), "[masked]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", "[masked]"),
            ("ALTER ROLE app PASSWORD 'x y z'", "ALTER ROLE app PASSWORD '[masked]'"),
            ("password=hunter2&x=1", "password=[masked]&x=1"),
            ("DB_PASSWORD: hunter2", "DB_PASSWORD: [masked]"),
        ] {
            assert_eq!(plain(text), wanted);
        }
    }

    #[test]
    fn what_only_talks_of_credentials_stays() {
        for text in [
            "secret/dotmac-db-credentials created",
            "deployment.apps/token-service restarted",
            "password=$DB_PASSWORD",
            "psql \"postgres://app:$PW@db/x\"",
            "https://example.org:8443/path?x=a@b",
            "NAME   TYPE     DATA   AGE",
            "primary key (id)",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_private_key_is_masked_whole_and_what_follows_is_not() {
        let key = format!(
            "-----BEGIN RSA {0}-----\nMIIEpAIBAAKCAQEA\nabcd+/==\n-----END RSA {0}-----\nnext line\n",
            "PRIVATE KEY"
        );
        let seen = plain(&key);
        assert!(!seen.contains("MIIE") && !seen.contains("abcd") && seen.ends_with("next line\n"), "{seen}");
        let json = format!(r#"{{"key": "-----BEGIN {0}-----\nMIIEvQ+/\n-----END {0}-----\n", "n": 1}}"#, "PRIVATE KEY");
        assert_eq!(plain(&json), r#"{"key": "[masked]\n", "n": 1}"#);
    }

    proptest! {
        #[test]
        fn no_cut_lets_a_secret_through(
            secret in "[a-zA-Z0-9!'\"$%&/ =?+#-]{4,30}[x-z]",
            before in "[a-c \n]{0,40}",
            long in 0_usize..40_000,
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let secret = secret.trim();
            prop_assume!(secret.len() >= SHORTEST && !"[PW]masked\u{1b}0m".contains(secret));
            let input = format!("{before}{}{secret}{before}\n{secret}", "-".repeat(long)).into_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).chain([0, input.len()]).collect();
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
            let seen = masked(&[("PW", secret)], &chunks);
            prop_assert!(!seen.contains(secret), "{:?}", seen);
            prop_assert_eq!(seen.matches("[PW]").count() >= 2, true);
        }
    }
}
