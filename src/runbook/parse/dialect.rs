//! How documentation dialects write the marks of their containers: tags, shortcodes, colons, indented tabs.

use std::ops::Range;

/// The title of tabs whose tabs are headings.
pub(super) const BY_HEADING: &str = "\u{1}headings";

/// A tag may go on for so many bytes.
const LONGEST_TAG: usize = 2_000;

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A group of tabs.
    Tabs,
    Tab,
    /// A group whose fences are its tabs.
    Fences,
    /// Text that is folded away.
    Details,
    /// A note, a card, a step: what stands in it is read in order.
    Plain,
    Unknown,
}

/// What a container of this name is for, in whatever dialect.
fn kind(name: &str, is_tag: bool) -> Kind {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match name.as_str() {
        "tabpane" if is_tag => Kind::Tab,
        "tab" | "tabitem" | "tabpanel" | "tabstab" | "tabspanel" | "tabcontent" | "tabscontent" | "tabbeditem" => {
            Kind::Tab
        }
        "tabpane" | "tabset" | "tabgroup" | "tabbed" | "tabbedset" | "tabbedcontent" | "paneltabset" => Kind::Tabs,
        "codegroup" | "codeblocks" | "codetabs" => Kind::Fences,
        name if name.ends_with("tabs") => Kind::Tabs,
        "details" | "expand" | "expandable" | "expander" | "expandablesection" | "collapse" | "collapsible"
        | "accordion" | "accordionitem" | "spoiler" | "dropdown" | "toggle" => Kind::Details,
        "note" | "notes" | "info" | "tip" | "hint" | "warning" | "caution" | "danger" | "error" | "important"
        | "attention" | "alert" | "notice" | "callout" | "admonition" | "aside" | "seealso" | "success"
        | "question" | "example" | "quote" | "abstract" | "bug" | "failure" | "security" | "disclaimer" | "flag"
        | "check" | "steps" | "step" | "stepper" | "card" | "cards" | "cardgroup" | "cardpane" | "column"
        | "columns" | "row" | "col" | "grid" | "frame" | "box" | "panel" | "section" | "block" | "banner"
        | "update" | "fragment" | "accordiongroup" | "code" | "codeblock" | "highlight" | "raw" | "capture"
        | "pageinfo" | "prerequisites" => Kind::Plain,
        _ => Kind::Unknown,
    }
}

/// Sign and length of a fence that begins here.
pub(super) fn opens_fence(line: &str) -> Option<(char, usize)> {
    let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(sign).len();
    (length >= 3 && !(sign == '`' && line[length..].contains('`'))).then_some((sign, length))
}

pub(super) fn closes_fence(line: &str, sign: char, length: usize) -> bool {
    line.len() >= length && line.chars().all(|c| c == sign)
}

/// What a fence is called: `[npm]`, `title="npm"`, else its language.
pub(super) fn fence_title(info: &str) -> String {
    let bracketed = info.split_once('[').and_then(|(_, rest)| Some(rest.split_once(']')?.0.to_owned()));
    let title = || attribute(info, &["title", "label", "filename", "name"]);
    let word = || info.split([' ', '{']).next().unwrap_or_default().to_owned();
    bracketed.filter(|text| !text.is_empty()).or_else(title).unwrap_or_else(word)
}

/// `{tab-item} Title`, as MyST writes it after a fence or after colons: kind and title.
pub(super) fn directive(info: &str) -> Option<(Kind, &str)> {
    if is_code(info) {
        return None;
    }
    let (name, title) = info.strip_prefix('{')?.split_once('}')?;
    let by_heading = name.contains("panel-tabset");
    Some((kind(name, false), if by_heading { BY_HEADING } else { title.trim() }))
}

/// `{code-block} bash`.
fn is_code(info: &str) -> bool {
    code_directive(info).is_some()
}

/// What stands after `{code-block}`.
pub(super) fn code_directive(info: &str) -> Option<&str> {
    let (name, rest) = info.strip_prefix('{')?.split_once('}')?;
    matches!(name.trim(), "code-block" | "code" | "sourcecode" | "code-cell" | "prompt").then(|| rest.trim_start())
}

/// A tab or a note whose content is indented: `=== "Title"`, `!!! note`, `??? note`.
pub(super) struct Indented<'a> {
    pub kind: Kind,
    pub title: &'a str,
    /// It begins a new group of tabs: `===!`.
    pub begins: bool,
    /// Takes the place of the sign: a list item, whose content is indented as far.
    pub sign: &'static str,
}

pub(super) fn indented(line: &str) -> Option<Indented<'_>> {
    let (kind, begins, sign, rest) = if let Some(rest) = line.strip_prefix("=== ") {
        (Kind::Tab, false, "-   ", rest)
    } else if let Some(rest) = line.strip_prefix("===! ") {
        (Kind::Tab, true, "-   +", rest)
    } else if let Some(rest) = line.strip_prefix("===+ ") {
        (Kind::Tab, false, "-   +", rest)
    } else if let Some(rest) = line.strip_prefix("!!! ") {
        (Kind::Plain, false, "-   ", rest)
    } else if let Some(rest) = line.strip_prefix("??? ") {
        (Kind::Details, false, "-   ", rest)
    } else {
        (Kind::Details, false, "-   +", line.strip_prefix("???+ ")?)
    };
    let title = rest.trim().trim_matches(['"', '\'']);
    // `===` under a line makes it a heading.
    (kind != Kind::Tab || rest.trim_start().starts_with(['"', '\''])).then_some(Indented { kind, title, begins, sign })
}

/// A line that begins with colons.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Colons<'a> {
    /// Code, with what a fence would say of it.
    Code {
        count: usize,
        info: &'a str,
    },
    Open {
        count: usize,
        kind: Kind,
        title: &'a str,
    },
    Close(usize),
    /// GitLab's.
    Tabs,
    TabTitle(&'a str),
    EndTabs,
}

pub(super) fn colons(line: &str) -> Option<Colons<'_>> {
    if !line.starts_with("::") {
        return None;
    }
    let count = line.len() - line.trim_start_matches(':').len();
    let rest = line[count..].trim();
    match rest {
        "Tabs" if count == 2 => return Some(Colons::Tabs),
        "EndTabs" if count == 2 => return Some(Colons::EndTabs),
        _ if count < 3 => return None,
        "" => return Some(Colons::Close(count)),
        _ => {}
    }
    if let Some(title) = rest.strip_prefix("TabTitle") {
        return Some(Colons::TabTitle(title.trim()));
    }
    if is_code(rest) {
        return Some(Colons::Code { count, info: rest });
    }
    if let Some((kind, title)) = directive(rest) {
        return Some(Colons::Open { count, kind, title });
    }
    let (name, title) = rest.split_once([' ', '[', '{']).unwrap_or((rest, ""));
    Some(Colons::Open { count, kind: kind(name, false), title: title.trim_matches([' ', ']', '}']) })
}

/// `## [Azure CLI](#tab/cli)`: the title.
pub(super) fn heading_tab(line: &str) -> Option<String> {
    let text = plain_heading(line).filter(|text| text.contains("](#tab/"))?;
    Some(text.strip_prefix('[')?.split_once("](#tab/")?.0.to_owned())
}

/// The text of a heading with number signs.
pub(super) fn plain_heading(line: &str) -> Option<&str> {
    let text = line.trim_start_matches('#');
    (text.len() < line.len() && text.starts_with(' ')).then(|| text.trim())
}

/// What a tag or shortcode does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Opens(Kind),
    Closes,
    /// It holds the title of the part around it.
    Title,
    /// It has no end, or nothing to do with containers.
    Passed,
}

#[derive(Debug)]
pub(super) struct Tag {
    pub what: What,
    /// What closes it has the same.
    pub name: String,
    pub title: String,
    pub span: Range<usize>,
    /// Markdown must not see it.
    pub blanked: bool,
    /// Its name is one of a container.
    pub is_known: bool,
}

/// The tag or shortcode that starts at this byte.
pub(super) fn tag(text: &str, at: usize) -> Option<Tag> {
    let rest = text.get(at..)?;
    if rest.starts_with('<') { angle(text, at) } else { shortcode(text, at) }
}

fn angle(text: &str, at: usize) -> Option<Tag> {
    let rest = &text[at..];
    let closes = rest.starts_with("</");
    let name_at = 1 + usize::from(closes);
    let name: String =
        rest.get(name_at..)?.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    let length = angle_length(rest)?;
    let inner = rest.get(name_at + name.len()..length - 1)?;
    let span = at..at + length;
    let of_html = matches!(name.as_str(), "details" | "summary");
    let is_component = name.starts_with(|c: char| c.is_ascii_uppercase());
    let tabs_by_class = name == "div" && attribute(inner, &["class"]).is_some_and(|class| class.contains("tab"));
    let what = match name.as_str() {
        "" => return None,
        "summary" if !closes => {
            let body = &text[span.end..];
            let length = body.find("</summary>").filter(|length| *length < LONGEST_TAG).unwrap_or_default();
            let title = without_tags(&body[..length]);
            let end = span.end + length + if length > 0 { "</summary>".len() } else { 0 };
            return Some(Tag { what: What::Title, name, title, span: at..end, blanked: true, is_known: true });
        }
        "summary" => What::Passed,
        "div" if closes => What::Closes,
        "div" if tabs_by_class => What::Opens(Kind::Unknown),
        "div" => What::Opens(Kind::Plain),
        _ if !of_html && !is_component => return None,
        _ if inner.ends_with('/') => What::Passed,
        _ if closes => What::Closes,
        _ => What::Opens(kind(&name, true)),
    };
    let title = attribute(inner, &["label", "title", "header", "heading", "summary", "tab", "name", "value"]);
    let blanked = name != "div";
    let is_known = kind(&name, true) != Kind::Unknown;
    Some(Tag { what, name: format!("<{name}"), title: title.unwrap_or_default(), span, blanked, is_known })
}

/// How long a tag is: to the `>` that stands in no braces and no quotes.
fn angle_length(rest: &str) -> Option<usize> {
    let (mut braces, mut quote) = (0_usize, None);
    for (at, c) in rest.char_indices().take_while(|(at, _)| *at < LONGEST_TAG) {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('{', None) => braces += 1,
            ('}', None) => braces = braces.saturating_sub(1),
            ('>', None) if braces == 0 => return Some(at + 1),
            ('\n', None) if rest[at + 1..].trim_start_matches([' ', '\t', '\r']).starts_with('\n') => return None,
            _ => {}
        }
    }
    None
}

fn shortcode(text: &str, at: usize) -> Option<Tag> {
    let rest = &text[at..];
    let line = rest.split('\n').next().unwrap_or_default();
    let (open, close) = [("{{<", ">}}"), ("{{%", "%}}"), ("{{#", "}}"), ("{%", "%}")]
        .into_iter()
        .find(|(open, _)| line.starts_with(open))?;
    let length = line.find(close)? + close.len();
    let inner = line[open.len()..length - close.len()].trim_matches([' ', '-']);
    let span = at..at + length;
    let (name, arguments) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    let liquid = open == "{%" || open == "{{#";
    let closes = if liquid { name.strip_prefix("end") } else { name.strip_prefix('/') };
    let own = closes.unwrap_or(name);
    let what = match (closes, kind(own, false)) {
        (Some(_), _) => What::Closes,
        _ if arguments.ends_with('/') => What::Passed,
        // Only some of Liquid's tags have an end.
        (None, Kind::Unknown) if liquid && !matches!(own, "if" | "unless" | "case" | "for") => What::Passed,
        (None, kind) => What::Opens(kind),
    };
    let named = attribute(arguments, &["name", "title", "header", "label", "tabName"]);
    let title = named.unwrap_or_else(|| arguments.trim().trim_matches(['"', '\'', '`']).to_owned());
    let bracket = if liquid { "{%" } else { "{{" };
    let is_known = kind(own, false) != Kind::Unknown;
    Some(Tag { what, name: format!("{bracket}{}", own.trim()), title, span, blanked: true, is_known })
}

/// The value of the first of these attributes that is there: `label="x"`, `label={'x'}`, `label=x`.
pub(super) fn attribute(text: &str, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        text.match_indices(name).find_map(|(at, _)| {
            let starts = text[..at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == '{' || c == ',');
            let rest = text[at + name.len()..].trim_start().strip_prefix('=').filter(|_| starts)?.trim_start();
            let rest = rest.trim_start_matches('{');
            let value = match rest.chars().next()? {
                quote @ ('"' | '\'' | '`') => rest[1..].split(quote).next()?,
                _ => rest.split([' ', '\t', '\n', '}', '>']).next()?,
            };
            (!value.trim().is_empty()).then(|| value.trim().to_owned())
        })
    })
}

fn without_tags(text: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
