//! Reads one TOML table key by key, and knows afterwards which keys nobody asked for.

use std::{cell::RefCell, ops::Range};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::findings::Findings;
use crate::platform::nearest::suggestion;

/// A string of the file and where it stands, quotes included.
#[derive(Debug, Clone)]
pub(super) struct Text<'t> {
    pub value: &'t str,
    pub at: Range<usize>,
}

/// Keys of one table that stand for the same thing: who writes one of them means it instead of the other.
const ALTERNATIVES: [(&str, &str); 3] = [("path", "command"), ("argv", "run"), ("namespace", "namespaces")];

/// One table of the file being read. Every key that is asked for is a valid key; [`Section::finish`] reports the others.
pub(super) struct Section<'f, 't> {
    /// As the user would write it: `[platform]`, `[[probes]]`.
    pub name: String,
    table: &'t DeTable<'t>,
    /// What another table says instead, key by key.
    over: Option<&'t DeTable<'t>>,
    /// Where the table begins; missing keys are reported here.
    pub at: Range<usize>,
    pub findings: &'f Findings<'t>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'f, 't> Section<'f, 't> {
    pub(super) fn new(
        name: impl Into<String>,
        table: &'t DeTable<'t>,
        at: Range<usize>,
        findings: &'f Findings<'t>,
    ) -> Self {
        Section { name: name.into(), table, over: None, at, findings, asked: RefCell::default() }
    }

    /// The same table with the keys of another laid over it. The other table is the one that is being read: it gives the name
    /// and the place, and [`Section::finish`] reports its keys only.
    pub(super) fn overlaid(&self, name: impl Into<String>, over: &'t DeTable<'t>, at: Range<usize>) -> Self {
        Section { over: Some(over), ..Section::new(name, self.table, at, self.findings) }
    }

    /// The value of a key as the user wrote it.
    fn find(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        let of = |table: &'t DeTable<'t>, key: &str| table.iter().find(|(k, _)| k.get_ref() == key).map(|(_, v)| v);
        let Some(over) = self.over else { return of(self.table, key) };
        let replaced = ALTERNATIVES.iter().any(|(one, other)| {
            (*one == key && of(over, other).is_some()) || (*other == key && of(over, one).is_some())
        });
        of(over, key).or_else(|| if replaced { None } else { of(self.table, key) })
    }

    /// The value of a key. Asking makes the key valid.
    pub(super) fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.allow(key);
        self.find(key)
    }

    /// Makes a key valid without reading it.
    pub(super) fn allow(&self, key: &'static str) {
        let mut asked = self.asked.borrow_mut();
        if !asked.contains(&key) {
            asked.push(key);
        }
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// Where a key's value stands, or the table when the key is not there.
    pub(super) fn at(&self, key: &str) -> Range<usize> {
        self.find(key).map_or_else(|| self.at.clone(), Spanned::span)
    }

    /// Where the first of some keys stands that the table being read has itself; else as [`Section::at`] the first one.
    pub(super) fn at_own(&self, keys: &[&str]) -> Range<usize> {
        let own = self.own();
        let found = keys.iter().find_map(|key| own.iter().find(|(k, _)| k.get_ref() == key));
        found.map_or_else(|| self.at(keys.first().unwrap_or(&"")), |(_, value)| value.span())
    }

    fn own(&self) -> &'t DeTable<'t> {
        self.over.unwrap_or(self.table)
    }

    pub(super) fn text(&self, key: &'static str) -> Option<Text<'t>> {
        let value = self.get(key)?;
        self.expect_text(key, value, "a text in quotes")
    }

    pub(super) fn required_text(&self, key: &'static str, example: &str) -> Option<Text<'t>> {
        if !self.has(key) {
            self.missing(key, example);
        }
        let text = self.text(key)?;
        if text.value.trim().is_empty() {
            self.findings.error(text.at.clone(), format!("`{key}` is empty"), Some(format!("write {example}")));
            return None;
        }
        Some(text)
    }

    pub(super) fn missing(&self, key: &str, example: &str) {
        let message = format!("`{key}` is missing in {}", self.name);
        self.findings.error(self.at.clone(), message, Some(format!("add {key} = {example}")));
    }

    /// A list of strings; a single string stands for a list of one.
    pub(super) fn texts(&self, key: &'static str) -> Vec<Text<'t>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => {
                items.iter().filter_map(|item| self.expect_text(key, item, "a list of texts in quotes")).collect()
            }
            _ => self.expect_text(key, value, "a list of texts in quotes").into_iter().collect(),
        }
    }

    pub(super) fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Boolean(answer) => Some(*answer),
            _ => self.wrong_type(key, value, "true or false"),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole(&self, key: &'static str, bounds: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.get(key)?;
        let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        match value.get_ref() {
            DeValue::Integer(number) => {
                let number = u64::from_str_radix(number.as_str(), number.radix()).ok().filter(|n| bounds.contains(n));
                if number.is_none() {
                    self.findings.error(value.span(), format!("`{key}` must be {expected}"), None);
                }
                number
            }
            _ => self.wrong_type(key, value, &expected),
        }
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let message = format!("`{key}` cannot be `{}`", text.value);
            self.findings.error(text.at, message, suggestion(text.value, &known));
        }
        found
    }

    pub(super) fn table(&self, key: &'static str) -> Option<Section<'f, 't>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Section::new(format!("[{key}]"), table, value.span(), self.findings)),
            _ => self.wrong_type(key, value, &format!("a table: [{key}]")),
        }
    }

    /// The entries of `[[key]]`.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Section<'f, 't>> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let expected = format!("entries that begin with [[{key}]]");
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| match item.get_ref() {
                    DeValue::Table(table) => {
                        Some(Section::new(format!("[[{key}]]"), table, item.span(), self.findings))
                    }
                    _ => self.wrong_type(key, item, &expected),
                })
                .collect(),
            _ => self.wrong_type::<()>(key, value, &expected).map_or_else(Vec::new, |()| Vec::new()),
        }
    }

    /// The members of a table whose keys the user chooses, in the order of the text.
    pub(super) fn members(&self, key: &'static str) -> Vec<(Text<'t>, &'t Spanned<DeValue<'t>>)> {
        self.table(key).map(|section| section.all()).unwrap_or_default()
    }

    /// Every key that stands in this very table with its value, in the order of the text. All keys are valid.
    pub(super) fn all(&self) -> Vec<(Text<'t>, &'t Spanned<DeValue<'t>>)> {
        let mut members: Vec<_> =
            self.own().iter().map(|(k, v)| (Text { value: k.get_ref().as_ref(), at: k.span() }, v)).collect();
        members.sort_by_key(|(key, _)| key.at.start);
        members
    }

    /// A table whose keys the user chooses and whose values are strings.
    pub(super) fn text_members(&self, key: &'static str) -> Vec<(Text<'t>, Text<'t>)> {
        self.members(key)
            .into_iter()
            .filter_map(|(name, value)| {
                let text = self.expect_text(name.value, value, "a text in quotes")?;
                Some((name, text))
            })
            .collect()
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.all() {
            if !asked.contains(&key.value) {
                let message = format!("unknown key `{}` in {}", key.value, self.name);
                self.findings.error(key.at, message, suggestion(key.value, &asked));
            }
        }
    }

    pub(super) fn expect_text(&self, key: &str, value: &'t Spanned<DeValue<'t>>, expected: &str) -> Option<Text<'t>> {
        match value.get_ref() {
            DeValue::String(text) => Some(Text { value: text.as_ref(), at: value.span() }),
            _ => self.wrong_type(key, value, expected),
        }
    }

    pub(super) fn wrong_type<T>(&self, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Option<T> {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.findings.error(value.span(), format!("`{key}` must be {expected}, not {found}"), None);
        None
    }
}
