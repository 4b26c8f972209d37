//! Reads the small parts of a scenario file (texts, times, names) and collects what is wrong with them.

use std::{ops::Range, time::Duration};

use toml_edit::{Item, TableLike};

use crate::platform::{Diagnostic, Position, period::parse_duration, suggestion};

/// Longer than any drill, short enough for arithmetic never to overflow.
pub(super) const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Neither infinite, nor NaN, nor so large that arithmetic could make it so.
    pub(super) fn finite(&mut self, item: &Item, name: &str, value: f64) -> Option<f64> {
        if value.is_finite() && value.abs() <= 1e18 {
            return Some(value);
        }
        self.error(item.span(), format!("{name} is not a number that can be shown"));
        None
    }

    pub(super) fn duration(&mut self, item: &Item, name: &str) -> Option<Duration> {
        let text = self.text(item, name)?;
        let in_bounds = |length| if length > LONGEST { Err("it is too long".to_owned()) } else { Ok(length) };
        parse_duration(text)
            .and_then(in_bounds)
            .map_err(|cause| {
                self.error(item.span(), format!("{name} = {text:?} is not a span of time: {cause}"))
                    .help("write it as \"30s\", \"4m\", \"1h30m\"");
            })
            .ok()
    }

    pub(super) fn required_text(&mut self, table: &dyn TableLike, key: &str, place: &str) -> Option<String> {
        match table.get(key) {
            Some(item) => self.text(item, key).map(str::to_owned),
            None => {
                self.error(None, format!("{place} has no {key}"));
                None
            }
        }
    }

    pub(super) fn text<'d>(&mut self, item: &'d Item, name: &str) -> Option<&'d str> {
        let text = item.as_str();
        if text.is_none() {
            self.error(item.span(), format!("{name} is not a text")).help(format!("write {name} = \"…\""));
        }
        text
    }

    pub(super) fn truth(&mut self, item: &Item, name: &str) -> Option<bool> {
        let truth = item.as_bool();
        if truth.is_none() {
            self.error(item.span(), format!("{name} is not true or false"));
        }
        truth
    }

    pub(super) fn texts(&mut self, item: &Item, name: &str) -> Vec<(String, Option<Range<usize>>)> {
        let Some(items) = item.as_array() else {
            self.error(item.span(), format!("{name} is not a list of texts")).help(format!("write {name} = [\"…\"]"));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in items {
            match value.as_str() {
                Some(text) => texts.push((text.to_owned(), value.span())),
                None => {
                    self.error(value.span(), format!("{name} holds something that is not a text"));
                }
            }
        }
        texts
    }

    pub(super) fn table<'d>(&mut self, item: &'d Item, name: &str) -> Option<&'d dyn TableLike> {
        let table = item.as_table_like();
        if table.is_none() {
            self.error(item.span(), format!("{name} is not a table"));
        }
        table
    }

    pub(super) fn known_keys(&mut self, table: &dyn TableLike, known: &[&[&str]]) {
        for (name, _) in table.iter() {
            if !known.iter().any(|keys| keys.contains(&name)) {
                let said = self.error(key_span(table, name), format!("unknown key {name:?}"));
                if let Some(help) = suggestion(name, &known.concat()) {
                    said.help(help);
                }
            }
        }
    }

    pub(super) fn error(&mut self, span: Option<Range<usize>>, message: impl Into<String>) -> Said<'_> {
        self.diagnostics.push(Diagnostic::error(self.file, self.position(span), message));
        Said(self.diagnostics.last_mut())
    }

    pub(super) fn warning(&mut self, span: Option<Range<usize>>, message: impl Into<String>) -> Said<'_> {
        self.diagnostics.push(Diagnostic::warning(self.file, self.position(span), message));
        Said(self.diagnostics.last_mut())
    }

    pub(super) fn position(&self, span: Option<Range<usize>>) -> Option<Position> {
        span.map(|span| Position::of(self.text, span))
    }
}

/// The diagnostic that was just made, to add what to do.
pub(super) struct Said<'a>(Option<&'a mut Diagnostic>);

impl Said<'_> {
    pub(super) fn help(self, help: impl Into<String>) {
        if let Some(diagnostic) = self.0 {
            diagnostic.help = Some(help.into());
        }
    }
}

pub(super) fn key_span(table: &dyn TableLike, name: &str) -> Option<Range<usize>> {
    let (key, item) = table.get_key_value(name)?;
    key.span().or_else(|| item.span())
}
