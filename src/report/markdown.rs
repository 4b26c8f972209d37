//! The Markdown export: CommonMark with tables, in which nothing of the incident's text is markup.

use super::{
    Source,
    runs::{Run, runs},
    tables::{self, Cell, Table, Told},
    words::{Times, clean, maybe_span},
};
use warroom_domain::health::bytes;

/// The whole incident as a document to read.
pub fn markdown(source: &Source<'_>) -> String {
    let times = Times::of(source);
    let mut to = Document::default();
    to.heading(1, &format!("{}: {}", source.id, source.state.title));
    to.table(&tables::facts(source));
    let measures = tables::measures(source).into_iter();
    to.list(measures.map(|(name, value)| (name, maybe_span(value))));
    to.section(&tables::turning_points(source, times));
    to.section(&tables::severity_table(source, times));
    to.section(&tables::phase_table(source, times));
    to.section(&tables::recovery_table(source, times));
    to.section(&tables::role_table(source, times));
    to.section(&tables::impact_table(source));
    to.heading(2, "Timeline");
    to.timeline(&tables::told(source, times));
    let runs = runs(source);
    to.section(&tables::runs_table(&runs, times));
    runs.iter().for_each(|run| to.run(run, times));
    to.section(&tables::update_table(source, times));
    to.section(&tables::escalation_table(source, times));
    to.section(&tables::action_items(source));
    to.checkpoints(source);
    to.finish()
}

/// A document that grows block by block; a blank line stands between any two.
#[derive(Default)]
pub(super) struct Document(String);

impl Document {
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Markdown that is known to be right.
    pub(super) fn block(&mut self, markdown: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(markdown.trim_end());
        self.0.push('\n');
    }

    pub(super) fn heading(&mut self, level: usize, text: &str) {
        self.block(&format!("{} {}", "#".repeat(level), escape(text)));
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.block(&escape(text));
    }

    /// `- **Name:** what`
    pub(super) fn list(&mut self, items: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>) {
        let line = |(name, what): (_, _)| item(&name, &what);
        let lines: Vec<_> = items.into_iter().map(line).collect();
        self.block(&lines.join("\n"));
    }

    /// What only a person can write.
    pub(super) fn prompt(&mut self, what: &str) {
        self.block(&prompt(what));
    }

    /// A table under its heading; nothing when it has no rows.
    pub(super) fn section(&mut self, table: &Table) {
        if !table.rows.is_empty() {
            self.heading(2, table.title);
            self.table(table);
        }
    }

    pub(super) fn table(&mut self, table: &Table) {
        let rows = table.rows.iter().map(|row| row.iter().map(|cell: &Cell| escape(&cell.text)).collect());
        self.rows(&table.head, rows);
    }

    /// Cells that are escaped already.
    fn rows(&mut self, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let mut text = line(head.iter().map(|name| escape(name)).collect());
        text.push_str(&line(head.iter().map(|_| "---".to_owned()).collect()));
        rows.for_each(|row| text.push_str(&line(row)));
        self.block(&text);
    }

    pub(super) fn timeline(&mut self, told: &[Told]) {
        let rows = told
            .iter()
            .map(|entry| vec![escape(&entry.time), escape(&entry.who), entry.category.to_owned(), words_of(entry)]);
        self.rows(&["Time (UTC)", "Who", "Kind", "What"], rows);
    }

    fn run(&mut self, run: &Run, times: Times) {
        self.heading(3, &run.title);
        let mut facts = vec![("Runbook", run.runbook.clone()), ("Environment", run.environment.clone())];
        facts.push(("SHA-256 of the document", run.digest.clone()));
        facts.retain(|(_, value)| !value.is_empty());
        self.list(facts);
        if !run.acts.is_empty() {
            self.table(&tables::run_table(run, times));
        }
        for act in &run.acts {
            let Some(command) = &act.command else { continue };
            let place = if act.place.is_empty() { String::new() } else { format!(" ({})", act.place.join(", ")) };
            self.paragraph(&format!("{} at {}{place}:", act.title, times.at(act.at)));
            self.code(command);
            if let Some(evidence) = &act.evidence {
                self.paragraph(&format!("Output: {}, SHA-256 {}", bytes(evidence.bytes as f64), evidence.sha256));
            }
        }
    }

    /// Text as it is, in a fence that it cannot close.
    fn code(&mut self, text: &str) {
        let text = clean(text);
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.block(&format!("{fence}text\n{text}\n{fence}"));
    }

    pub(super) fn checkpoints(&mut self, source: &Source<'_>) {
        self.section(&tables::checkpoint_table(source));
        if !source.checkpoints.is_empty() {
            self.paragraph("The last line of each log when this was written. Verifying the journal against them shows whether anything was changed or cut off since.");
        }
    }
}

/// `- **Name:** what`
fn item(name: &impl AsRef<str>, what: &impl AsRef<str>) -> String {
    format!("- **{}:** {}", escape(name.as_ref()), escape(what.as_ref()))
}

/// `_To be written: …_`
pub(super) fn prompt(what: &str) -> String {
    format!("_To be written: {}_", escape(what))
}

/// What an entry says, with what it said before.
fn words_of(entry: &Told) -> String {
    let mut text = match &entry.text {
        Some(text) if entry.key && !text.is_empty() => format!("**{}**", escape(text)),
        Some(text) => escape(text),
        None => "(taken back)".to_owned(),
    };
    for (before, how) in &entry.before {
        text.push_str(&format!(" — {}; before: “{}”", escape(how), escape(before)));
    }
    let marks = [
        entry.written.as_ref().map(|at| format!("written {at}")),
        entry.late.then(|| "found later".to_owned()),
        (!entry.intact).then(|| "NOT INTACT: this line does not fit its log".to_owned()),
    ];
    for mark in marks.into_iter().flatten() {
        text.push_str(&format!(" ({})", escape(&mark)));
    }
    text
}

/// Text on one line in which nothing is markup, neither in a paragraph nor a heading nor a cell of a table.
pub(super) fn escape(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut before = None;
    let mut rest = text.chars().peekable();
    // A number and a dot, a dash or a plus begin a list where a line begins.
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let mut index = 0;
    while let Some(c) = rest.next() {
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            '\n' => {
                while rest.next_if(|c| c.is_whitespace()).is_some() {}
                escaped.push_str(" ⏎ ");
            }
            // Within a word it is no emphasis, and names of things have many of them.
            '_' if word(before) && word(rest.peek().copied()) => escaped.push(c),
            '*' | '_' | '`' | '[' | ']' | '~' | '#' | '$' | '|' | '{' | '}' => escaped.extend(['\\', c]),
            // Renderers of tables differ in how they count backslashes before a bar.
            '\\' => escaped.push_str("&#92;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '-' | '+' | '=' if index == 0 => escaped.extend(['\\', c]),
            '.' | ')' if digits > 0 && index == digits && rest.peek().is_none_or(|c| c.is_whitespace()) => {
                escaped.extend(['\\', c]);
            }
            c => escaped.push(c),
        }
        before = Some(c);
        index += 1;
    }
    escaped
}
