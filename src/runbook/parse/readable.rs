//! The text that the Markdown reader is given: the document with front matter blanked and escaped fences mended, byte for byte
//! as long as the document, so that every offset is one of the document.

use std::{borrow::Cow, ops::Range};

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::{
    containers::{self, Containers},
    notes::Notes,
};
use warroom_domain::platform::bounds;

/// How runbooks are read: CommonMark with what forges add to it. Footnotes, definition lists and mathematics are not read:
/// they would take `$VARIABLES` and brackets out of prose.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM
}

/// A fence as it stands in documents that went through a generator: `\`\`\`bash`. Six bytes.
const ESCAPED: &str = "\\`\\`\\`";
const MENDED: &str = "``````";

/// The YAML block at the document's start, without its two lines of dashes, and where the Markdown begins. Hugo's has TOML between two
/// lines of `+++`.
pub(super) struct Front {
    pub text: Range<usize>,
    pub is_toml: bool,
    pub end: usize,
}

/// What a document begins with.
enum Beginning {
    Front(Front),
    /// A line `---`, a key, and no second line `---`.
    Unclosed(Range<usize>),
    Markdown,
}

/// Looks for front matter: a first line `---`, up to a line `---` or `...`.
fn beginning(source: &str) -> Beginning {
    let start = if source.starts_with('\u{feff}') { 3 } else { 0 };
    let mut lines = source[start..].split_inclusive('\n');
    let Some(first) = lines.next().filter(|line| matches!(line.trim_end(), "---" | "+++")) else {
        return Beginning::Markdown;
    };
    let is_toml = first.starts_with('+');
    let yaml = start + first.len();
    let mut at = yaml;
    for line in lines {
        let ends = if is_toml { line.trim_end() == "+++" } else { matches!(line.trim_end(), "---" | "...") };
        if ends {
            return Beginning::Front(Front { text: yaml..at, is_toml, end: at + line.len() });
        }
        at += line.len();
    }
    // A rule is a usual way to begin a document too; a key in the next line says that front matter was meant.
    let next = source[yaml..].lines().next().unwrap_or_default();
    let key = next.split_once(':').map(|(key, _)| key);
    let is_key = key.is_some_and(|key| !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase()));
    if is_key && !is_toml { Beginning::Unclosed(start..start + 3) } else { Beginning::Markdown }
}

/// Finds the front matter.
pub(super) fn front(notes: &mut Notes<'_>) -> Option<Front> {
    match beginning(notes.text.source) {
        Beginning::Front(front) => Some(front),
        Beginning::Unclosed(span) => {
            let help = Some("end it with a line `---`".to_owned());
            notes.warning(span, "the front matter has no end, so all of it is read as text", help);
            None
        }
        Beginning::Markdown => None,
    }
}

/// What to read, with the same offsets as the document, and the containers that were taken out of it.
pub(super) fn readable<'a>(notes: &mut Notes<'a>, front: Option<&Front>) -> (Cow<'a, str>, Containers) {
    for (excess, part) in bounds::markdown(notes.text.source) {
        let help = Some("make it shorter".to_owned());
        notes.error(part.start..part.start, format!("this is left out: it is {excess}"), help);
    }
    let (text, marks) = mended(notes.text.source, front);
    if let Some(first) = marks.first() {
        let message = match marks.len() / 2 {
            1 => "a code fence is escaped with backslashes, which shows as text elsewhere; it is taken as a fence here"
                .to_owned(),
            count => format!(
                "{count} code fences are escaped with backslashes, which shows as text elsewhere; they are taken as fences here"
            ),
        };
        notes.warning(first.clone(), message, Some("remove the backslashes".to_owned()));
    }
    let containers = containers::find(&text);
    for (mark, why) in &containers.problems {
        let message = format!("these alternatives cannot be read: {why}. Each of their commands asks");
        notes.error(mark.clone(), message, Some("write headings: `### Option A: …`, `### Option B: …`".to_owned()));
    }
    (without(text, &containers), containers)
}

fn without<'a>(text: Cow<'a, str>, containers: &Containers) -> Cow<'a, str> {
    if containers.edits.is_empty() { text } else { Cow::Owned(containers::edited(&text, &containers.edits)) }
}

/// The same for those who only show the document, or a part of it.
pub(crate) fn for_reading(source: &str) -> Cow<'_, str> {
    let front = match beginning(source) {
        Beginning::Front(front) => Some(front),
        _ => None,
    };
    let text = mended(source, front.as_ref()).0;
    let containers = containers::find(&text);
    without(text, &containers)
}

/// The text with front matter blanked and escaped fences mended, and the marks of those fences.
fn mended<'a>(source: &'a str, front: Option<&Front>) -> (Cow<'a, str>, Vec<Range<usize>>) {
    let mut text = Cow::Borrowed(source);
    if let Some(front) = front {
        // A blanked line is an empty one: the line ends stay.
        text = Cow::Owned(blank(&source[..front.end]) + &source[front.end..]);
    }
    for (_, part) in bounds::markdown(&text).into_iter().rev() {
        text.to_mut().replace_range(part.clone(), &blank(&source[part]));
    }
    if !text.contains(ESCAPED) {
        return (text, Vec::new());
    }
    let marks = escaped_fences(&text);
    let mut mended = text.into_owned();
    for mark in &marks {
        mended.replace_range(mark.clone(), MENDED);
    }
    (Cow::Owned(mended), marks)
}

/// As many bytes, and as many lines.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// The marks of escaped fences that come in pairs, in document order, two a fence. A mark with a language that stands inside
/// another fence opens one of its own, which is part of the outer one; of marks that do not pair up, nothing is returned.
fn escaped_fences(text: &str) -> Vec<Range<usize>> {
    let code: Vec<Range<usize>> = Parser::new_ext(text, options())
        .into_offset_iter()
        .filter_map(|(event, span)| matches!(event, Event::Start(Tag::CodeBlock(_))).then_some(span))
        .collect();
    let mut next_code = code.iter().peekable();
    let mut pairs = Vec::new();
    let mut open: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let Some(rest) = line.trim_start().strip_prefix(ESCAPED) else { continue };
        while next_code.next_if(|block| block.end <= start).is_some() {}
        if next_code.peek().is_some_and(|block| block.contains(&start)) {
            continue;
        }
        let mark = start..start + ESCAPED.len();
        match open.pop() {
            None => open.push(mark),
            Some(opener) if rest.trim().is_empty() => {
                if open.is_empty() {
                    pairs.extend([opener, mark]);
                }
            }
            Some(opener) => open.extend([opener, mark]),
        }
    }
    pairs
}
