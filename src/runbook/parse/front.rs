//! Reads the front matter: the YAML block before the first heading.

use std::{fmt, ops::Range, time::Duration};

use indexmap::IndexMap;
use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

use super::{
    attributes::regex_error,
    notes::Notes,
    variables::{self, Name},
};
use crate::{FrontMatter, Variable, VariableKind};
use warroom_domain::platform::{nearest, period::parse_duration, suggestion};

const KEYS: [&str; 11] =
    ["id", "title", "components", "severity", "rto", "rpo", "estimated", "requires", "roles", "triggers", "vars"];
/// Keys that other tools put there, and which mean nothing to us: not worth a word. Hugo, Jekyll, Docusaurus, MkDocs, Backstage, GitLab,
/// Runme and wikis.
const FOREIGN: &str = " abstract aliases apiVersion author authors badges breadcrumbs build bookCollapseSection canonical categories \
                       category cascade comments content_type contributors cover custom_edit_url cwd date description displayed_sidebar \
                       draft editable excerpt expires expiryDate featured group has_children hide hide_table_of_contents hide_title \
                       icon image images info keywords kind labels lang language last_modified_at last_update lastmod layout linkTitle \
                       linktitle locale markdown menu metadata min_version ms.author ms.date ms.service ms.topic nav_exclude nav_order \
                       no_list order outline outputs owner owners pagination_label pagination_next pagination_prev parent permalink \
                       position published publishDate redirect_from redirect_to redirects resources reviewer reviewers revision runme \
                       search search_exclude series shell short_title sidebar sidebar_class_name sidebar_label sidebar_position \
                       simple_list skipPrompts slug spec stage status subtitle summary tag tags template terminalRows toc toc_hide \
                       toc_max_heading_level toc_min_heading_level tocdepth topic translationKey type unlisted updated url version \
                       versions visibility weight ";
const VARIABLE_KEYS: [&str; 8] = ["prompt", "default", "type", "pattern", "choices", "secret", "from", "required"];
const KINDS: [(&str, VariableKind); 4] = [
    ("text", VariableKind::Text),
    ("integer", VariableKind::Integer),
    ("time", VariableKind::Time),
    ("file", VariableKind::File),
];

/// What the document is called, when it says so, and everything else.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub id: Option<String>,
    pub title: Option<String>,
    pub front: FrontMatter,
}

pub(super) fn read(yaml: Range<usize>, notes: &mut Notes<'_>) -> Read {
    let text = &notes.text.source[yaml.clone()];
    let mut reader = Reader { base: yaml.start, notes, id: None, title: None, front: FrontMatter::default() };
    if text.trim().is_empty() {
        return Read::default();
    }
    // Variables, their names, their keys and a list of choices are five levels.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: 12, flow_nesting_limit: 12, max_nodes: 20_000, max_events: 100_000 },
    };
    match serde_saphyr::from_str_with_options::<Spanned<Value>>(text, options) {
        Ok(Spanned { value: Value::Map(entries), .. }) => entries.into_iter().for_each(|entry| reader.entry(entry)),
        Ok(Spanned { value: Value::Null, .. }) => {}
        Ok(_) => {
            let help = "write one `key: value` a line".to_owned();
            reader.notes.error(yaml, "the front matter is no list of keys and values", Some(help));
        }
        Err(error) => {
            let at = error.location().map_or(yaml.start..yaml.start, |at| reader.span(&at));
            let first = error.without_snippet().to_string();
            let message = first.lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
            reader.notes.error(at, format!("the front matter is no YAML: {message}"), None);
        }
    }
    Read { id: reader.id, title: reader.title, front: reader.front }
}

/// Hugo's front matter between lines of `+++`: what the document is called.
pub(super) fn read_toml(text: &str) -> Read {
    let table = text.parse::<toml::Table>().unwrap_or_default();
    let title = table.get("title").and_then(toml::Value::as_str).map(str::to_owned);
    Read { title, ..Read::default() }
}

/// YAML before it is known what it should be.
enum Value {
    Null,
    /// A number or a boolean: what was written is in the document.
    Plain,
    Text(String),
    List(Vec<Spanned<Value>>),
    Map(Vec<(Spanned<String>, Spanned<Value>)>),
}

struct Reader<'r, 'a> {
    base: usize,
    notes: &'r mut Notes<'a>,
    id: Option<String>,
    title: Option<String>,
    front: FrontMatter,
}

impl Reader<'_, '_> {
    fn entry(&mut self, (key, value): (Spanned<String>, Spanned<Value>)) {
        match key.value.as_str() {
            "id" => self.id = self.slug(&value),
            "title" => self.title = self.text("title", &value),
            "components" => self.front.components = self.list(&key.value, &value),
            "severity" => self.front.severity = self.text(&key.value, &value),
            "rto" => self.front.rto = self.duration(&key.value, &value),
            "rpo" => self.front.rpo = self.duration(&key.value, &value),
            "estimated" => self.front.estimated = self.duration(&key.value, &value),
            "requires" => self.front.requires = self.list(&key.value, &value),
            "roles" => self.front.roles = self.list(&key.value, &value),
            "triggers" => self.front.triggers = self.list(&key.value, &value),
            "vars" => self.front.vars = self.variables(value),
            other if FOREIGN.contains(&format!(" {other} ")) => {}
            other => {
                let span = self.span(&key.referenced);
                match nearest(other, KEYS) {
                    Some(_) => {
                        self.notes.warning(span, format!("unknown key `{other}`"), suggestion(other, &KEYS));
                    }
                    None => self.notes.note(span, format!("unknown key `{other}`: ignored"), None),
                }
            }
        }
    }

    fn slug(&mut self, value: &Spanned<Value>) -> Option<String> {
        let id = self.text("id", value)?;
        if id.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            return Some(id);
        }
        let span = self.span(&value.referenced);
        let message = format!("`{id}` is no id: it is made of letters, digits, `-`, `_` and `.`");
        self.notes.error(span, message, None);
        None
    }

    /// A scalar as it is written; nothing for null.
    fn text(&mut self, key: &str, value: &Spanned<Value>) -> Option<String> {
        match &value.value {
            Value::Text(text) => Some(text.clone()),
            Value::Plain => {
                let span = self.span(&value.referenced);
                Some(self.notes.text.source[span].trim().to_owned())
            }
            Value::Null => None,
            Value::List(_) | Value::Map(_) => {
                let span = self.span(&value.referenced);
                self.notes.error(span, format!("`{key}` must be a text"), None);
                None
            }
        }
    }

    /// A list of texts; one text counts as a list of one.
    fn list(&mut self, key: &str, value: &Spanned<Value>) -> Vec<String> {
        match &value.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(key, item)).collect(),
            Value::Map(_) => {
                let span = self.span(&value.referenced);
                self.notes.error(span, format!("`{key}` must be a list of texts"), Some(format!("{key}: [a, b]")));
                Vec::new()
            }
            _ => self.text(key, value).into_iter().collect(),
        }
    }

    fn duration(&mut self, key: &str, value: &Spanned<Value>) -> Option<Duration> {
        let text = self.text(key, value)?;
        parse_duration(&text)
            .map_err(|why| {
                let span = self.span(&value.referenced);
                let message = format!("`{text}` is no length of time for `{key}`: {why}");
                self.notes.warning(span, message, Some("write 15m, 4h or 1h30m".to_owned()));
            })
            .ok()
    }

    fn boolean(&mut self, key: &str, value: &Spanned<Value>) -> Option<bool> {
        let text = self.text(key, value)?;
        match text.as_str() {
            "true" | "yes" => Some(true),
            "false" | "no" => Some(false),
            _ => {
                let span = self.span(&value.referenced);
                self.notes.error(span, format!("`{key}` is true or false, and `{text}` is neither"), None);
                None
            }
        }
    }

    fn variables(&mut self, value: Spanned<Value>) -> IndexMap<String, Variable> {
        let entries = match value.value {
            Value::Map(entries) => entries,
            Value::Null => return IndexMap::new(),
            _ => {
                let span = self.span(&value.referenced);
                let help = "vars:\n  TARGET:\n    prompt: Which database?".to_owned();
                self.notes.error(span, "`vars` must name variables, each with what it asks for", Some(help));
                return IndexMap::new();
            }
        };
        let mut variables = IndexMap::new();
        for (name, value) in entries {
            if let Name::Refused(why) = variables::name(&name.value) {
                let span = self.span(&name.referenced);
                self.notes.error(span, format!("`{}` cannot be a variable: {why}", name.value), None);
                continue;
            }
            let variable = self.variable(&name, value);
            variables.insert(name.value, variable);
        }
        variables
    }

    fn variable(&mut self, name: &Spanned<String>, value: Spanned<Value>) -> Variable {
        let line = self.notes.text.line(self.span(&name.referenced).start);
        let mut variable = Variable { required: true, line, ..Variable::default() };
        let mut default_at = None;
        match value.value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    if key.value == "default" {
                        default_at = Some(self.span(&value.referenced));
                    }
                    self.variable_key(&mut variable, &key, &value);
                }
            }
            // `NAME: value` is a variable with a default.
            _ => {
                default_at = Some(self.span(&value.referenced));
                variable.default = self.text(&name.value, &value);
            }
        }
        if let (Some(default), Some(at)) = (&variable.default, default_at) {
            if variable.secret {
                let message = format!("the secret {} has a default, which everybody can read here", name.value);
                let help = "take the default out, or take the value `from:` a command".to_owned();
                self.notes.warning(at, message, Some(help));
            } else if let Err(why) = variables::check(&name.value, &variable, &variable.choices, default) {
                self.notes.error(at, format!("the default does not suit the variable: {why}"), None);
            }
        }
        variable
    }

    fn variable_key(&mut self, variable: &mut Variable, key: &Spanned<String>, value: &Spanned<Value>) {
        match key.value.as_str() {
            "prompt" => variable.prompt = self.text("prompt", value),
            "default" => variable.default = self.text("default", value),
            "from" => variable.from = self.text("from", value),
            "choices" => variable.choices = self.list("choices", value),
            "secret" => variable.secret = self.boolean("secret", value).unwrap_or_default(),
            "required" => variable.required = self.boolean("required", value).unwrap_or(true),
            "pattern" => {
                let Some(pattern) = self.text("pattern", value) else { return };
                if let Err(error) = Regex::new(&pattern) {
                    let span = self.span(&value.referenced);
                    let message = format!("`pattern` is no regular expression: {}", regex_error(&error));
                    self.notes.error(span, message, None);
                }
                // Kept even so: a value that nothing can match is asked for again, and does not pass unchecked.
                variable.pattern = Some(pattern);
            }
            "type" => {
                let Some(text) = self.text("type", value) else { return };
                match KINDS.iter().find(|(name, _)| *name == text) {
                    Some((_, kind)) => variable.kind = *kind,
                    None => {
                        let span = self.span(&value.referenced);
                        let help = suggestion(&text, &KINDS.map(|(name, _)| name));
                        self.notes.error(span, format!("there is no type `{text}`"), help);
                    }
                }
            }
            other => {
                let span = self.span(&key.referenced);
                let help = suggestion(other, &VARIABLE_KEYS);
                self.notes.error(span, format!("a variable has no key `{other}`"), help);
            }
        }
    }

    /// Bytes of the document.
    fn span(&self, at: &Location) -> Range<usize> {
        let source = self.notes.text.source;
        let Some(start) = at.span().byte_offset().and_then(|at| usize::try_from(at).ok()) else {
            // Without a byte, at least the line is right.
            let line = usize::try_from(at.line()).unwrap_or(1).max(1);
            return self.notes.text.line_span(self.notes.text.line(self.base) + line - 1);
        };
        let length = at.span().byte_len().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let on_boundary = |mut at: usize| {
            at = at.min(source.len());
            while !source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = on_boundary(self.base + start);
        start..on_boundary(start + length)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list, or keys and values")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Plain)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Plain)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Plain)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }
}
