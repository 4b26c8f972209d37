//! One line of a log: its exact bytes, their chain of digests, and the reading of them.
//!
//! A log is UTF-8 text, one event a line, each line ended by one `\n`:
//!
//! ```text
//! {"v":1,"seq":2,"at":"2026-01-21T03:12:00.000000001Z","hlc":"019be3…-0000","by":"alice@bastion-1","event":{"type":"note","version":1,"text":"…"},"hash":"9f2c…"}
//! ```
//!
//! The members stand in this order, without spaces between them. `seq` counts from 1 without a gap and equals the number
//! of the line. `at` is UTC. `event` is an object with a `type` and a `version`; what else it holds is not of this layer.
//!
//! `hash` is the last member. It is the SHA-256, in lower-case hexadecimal, of
//!
//! 1. the `hash` of the line before, as its 64 digits (for the first line 64 zeros), and right after it
//! 2. this line's bytes from `{` up to and without `,"hash":`.
//!
//! Line *n* of a log is checked with nothing but
//!
//! ```text
//! before=$(sed -n "$((n-1))p" log | sed 's/.*,"hash":"//; s/"}$//')     # 64 zeros when n is 1
//! { printf %s "$before"; sed -n "${n}p" log | tr -d '\n' | sed 's/,"hash":"[0-9a-f]*"}$//'; } | sha256sum
//! ```
//!
//! and a whole log with
//!
//! ```text
//! python3 -c 'import sys,hashlib
//! before=b"0"*64
//! for n,line in enumerate(open(sys.argv[1],"rb"),1):
//!     content,digest=line[:-76],line[-67:-3]
//!     good=line[-76:]==b",\"hash\":\""+digest+b"\"}\n" and hashlib.sha256(before+content).hexdigest().encode()==digest
//!     before=digest
//!     if not good: sys.exit(f"line {n} is not what was written")' log
//! ```
//!
//! The first event of every log says which incident, whose log and which file it is (`Genesis`), so that a log
//! cannot pass as another one's.

use std::{ops::Range, sync::Arc};

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Digest, Hlc};
use warroom_host::mask::Secrets;

/// The version of the members around an event. A later one may add members between `by` and `event`.
pub const VERSION: u32 = 1;
/// Bytes; longer lines are refused: what is large is evidence, and stands in a file of its own.
pub const LONGEST_LINE: usize = 1 << 20;

const HASH: &[u8] = b",\"hash\":\"";
const EVENT: &[u8] = b",\"event\":";
/// `,"hash":"`, the digits, `"}`.
const TAIL: usize = HASH.len() + 64 + 2;
/// Nanoseconds are always written, so that every `at` has the same length.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(9));

/// One event as it stands in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1, the number of the line.
    pub seq: u64,
    /// The writer's wall clock, UTC.
    pub at: Timestamp,
    pub hlc: Hlc,
    /// `alice@bastion-1`.
    pub by: Arc<str>,
    /// The event's `type`.
    pub kind: Arc<str>,
    /// The event's `version`.
    pub version: u32,
    pub hash: Digest,
    /// The event, as JSON.
    event: Box<str>,
}

impl Entry {
    /// The event's exact text.
    pub fn json(&self) -> &str {
        &self.event
    }

    /// The event, whether or not anybody knows its type.
    pub fn value(&self) -> Value {
        // Only what is nested too deeply, which this program does not write, was read once and cannot be now.
        serde_json::from_str(&self.event).unwrap_or_else(|_| Value::String(self.event.to_string()))
    }

    /// The event as a known type. An error means that this program does not know it; show [`Entry::value`] then.
    pub fn event<E: DeserializeOwned>(&self) -> Result<E, serde_json::Error> {
        serde_json::from_str(&self.event)
    }
}

/// What a line starts with, in its order.
#[derive(Serialize, Deserialize)]
struct Head<'l> {
    v: u32,
    seq: u64,
    #[serde(borrow)]
    at: std::borrow::Cow<'l, str>,
    hlc: Hlc,
    #[serde(borrow)]
    by: std::borrow::Cow<'l, str>,
}

/// What every event has.
#[derive(Deserialize)]
struct Kind<'l> {
    #[serde(borrow, rename = "type")]
    kind: std::borrow::Cow<'l, str>,
    version: u32,
}

/// An event cannot be written as it is. One sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    #[error("an event is a JSON object with a \"type\" and a \"version\": {0}")]
    Shape(String),
    #[error("the event takes {0} bytes, and a line holds {LONGEST_LINE}: keep what is large as evidence")]
    TooLong(usize),
}

/// The text of an event, checked to be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventText(Arc<str>);

impl EventText {
    /// Any value that serialises to an object with `type` and `version`.
    pub fn of(event: &impl Serialize) -> Result<Self, NotAnEvent> {
        let text = serde_json::to_string(event).map_err(|error| NotAnEvent::Shape(error.to_string()))?;
        // A person may have typed a password into a note or a command; what is written here leaves the machine.
        let text = Secrets::of_environment().mask_json(text);
        let shape = |error: serde_json::Error| NotAnEvent::Shape(error.to_string());
        serde_json::from_str::<Kind<'_>>(&text).map_err(shape)?;
        // Whoever shows it must be able to read it.
        serde_json::from_str::<Value>(&text).map_err(shape)?;
        // Room for what stands around it.
        if text.len() + 1024 > LONGEST_LINE {
            return Err(NotAnEvent::TooLong(text.len()));
        }
        Ok(EventText(text.into()))
    }

    /// The event.
    pub fn value(&self) -> Value {
        // It was made from a value that could be read.
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// Its bytes.
    pub(super) fn size(&self) -> usize {
        self.0.len()
    }
}

/// Adds one line, with its `\n`, to `to`; gives its digest, which the next line needs.
pub fn write(
    to: &mut Vec<u8>,
    previous: &Digest,
    seq: u64,
    at: Timestamp,
    hlc: Hlc,
    by: &str,
    event: &EventText,
) -> Digest {
    let start = to.len();
    let mut time = String::new();
    // Neither can fail: the one prints into a string, the other plain members into memory.
    let _ = PRINTER.print_timestamp(&at, &mut time);
    let _ = serde_json::to_writer(&mut *to, &Head { v: VERSION, seq, at: time.into(), hlc, by: by.into() });
    to.pop();
    to.extend_from_slice(EVENT);
    to.extend_from_slice(event.0.as_bytes());
    let digest = Digest::of(&[&previous.hex(), &to[start..]]);
    to.extend_from_slice(HASH);
    to.extend_from_slice(&digest.hex());
    to.extend_from_slice(b"\"}\n");
    digest
}

/// What is wrong with a line, and at which byte of it (from 0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    pub byte: u64,
    pub what: BadLineKind,
    /// The digest that the line states, if it can be made out: what the next line continues.
    pub stated: Option<Digest>,
    /// What the line says, if it can be read: shown, but not to be believed.
    pub entry: Option<Box<Entry>>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLineKind {
    #[error("it does not end with its digest")]
    NoDigest,
    #[error("its digest does not fit its content and the line before")]
    Digest,
    #[error("it is not JSON: {0}")]
    NotJson(String),
    #[error("it is not what a line of a log holds: {0}")]
    Members(String),
    #[error("it says that it is line {0}")]
    Sequence(u64),
    #[error("its clock does not go forward")]
    Clock,
}

/// Names that stand in nearly every line of a log, kept once.
#[derive(Debug, Default)]
pub struct Names(Vec<Arc<str>>);

impl Names {
    fn share(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| &***known == name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        // A log has one author and a few dozen types; a strange one must not make every line search through all.
        if self.0.len() < 64 {
            self.0.push(name.clone());
        }
        name
    }
}

/// Reads one line (without its `\n`) that follows one with the digest `previous`.
pub fn read(line: &[u8], previous: &Digest, names: &mut Names) -> Result<Entry, BadLine> {
    let (content, stated) = split(line)?;
    let chained = Digest::of(&[&previous.hex(), content]) == stated;
    let bad = |byte: u64, what| BadLine { byte, what, stated: Some(stated), entry: None };
    let read = match std::str::from_utf8(content) {
        Err(error) => Err(bad(error.valid_up_to() as u64, BadLineKind::NotJson("it is not UTF-8".to_owned()))),
        Ok(text) => members(text, names).map_err(|what| match not_json(content) {
            Some((byte, why)) => bad(byte, BadLineKind::NotJson(why)),
            None => bad(0, BadLineKind::Members(what)),
        }),
    };
    match read {
        Ok(entry) if chained => Ok(Entry { hash: stated, ..entry }),
        Ok(entry) => {
            let entry = Some(Box::new(Entry { hash: stated, ..entry }));
            Err(BadLine { entry, ..bad(0, BadLineKind::Digest) })
        }
        // Where JSON stops being JSON is nearer to the changed byte than the line's beginning.
        Err(spoiled) if !chained => Err(bad(spoiled.byte, BadLineKind::Digest)),
        Err(spoiled) => Err(spoiled),
    }
}

/// Content and stated digest.
fn split(line: &[u8]) -> Result<(&[u8], Digest), BadLine> {
    let none = |byte: usize| BadLine { byte: byte as u64, what: BadLineKind::NoDigest, stated: None, entry: None };
    let start = line.len().checked_sub(TAIL).ok_or(none(0))?;
    let (content, tail) = line.split_at(start);
    if let Some(digits) = tail.strip_prefix(HASH).and_then(|rest| rest.strip_suffix(b"\"}"))
        && let Some(digest) = Digest::from_hex(digits)
    {
        return Ok((content, digest));
    }
    let shape = |index: usize, byte: u8| match index {
        0..9 => HASH[index] == byte,
        73 => byte == b'"',
        74 => byte == b'}',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let wrong = tail.iter().enumerate().position(|(index, byte)| !shape(index, *byte));
    Err(none(start + wrong.unwrap_or(0)))
}

/// Everything but the digest.
fn members(content: &str, names: &mut Names) -> Result<Entry, String> {
    // Within a JSON string a quote stands behind a backslash, so that the first match is the member.
    let found = event_member(content).ok_or("there is no event")?;
    let (head, event) = (&content[..found.start], &content[found.end..]);
    let head = format!("{head}}}");
    let head: Head<'_> = serde_json::from_str(&head).map_err(|error| error.to_string())?;
    let kind: Kind<'_> = serde_json::from_str(event).map_err(|error| format!("the event: {error}"))?;
    Ok(Entry {
        seq: head.seq,
        at: head.at.parse().map_err(|error: jiff::Error| error.to_string())?,
        hlc: head.hlc,
        by: names.share(&head.by),
        kind: names.share(&kind.kind),
        version: kind.version,
        hash: Digest::ZERO,
        event: event.into(),
    })
}

fn event_member(content: &str) -> Option<Range<usize>> {
    let marker = std::str::from_utf8(EVENT).ok()?;
    let start = content.find(marker)?;
    Some(start..start + marker.len())
}

/// Where content (which lacks the last brace) stops being JSON, and why.
fn not_json(content: &[u8]) -> Option<(u64, String)> {
    let whole = [content, b"}"].concat();
    let error = serde_json::from_slice::<serde::de::IgnoredAny>(&whole).err()?;
    let byte = (error.column() as u64).saturating_sub(1).min(content.len() as u64);
    Some((byte, error.to_string()))
}
