//! A sheet: what has to be said about an incident, in rows of text, choices and ticks.

use crate::model::Input;
use warroom_incident::EventRef;

/// What a sheet is filled in for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    Declare {
        /// The alert that it is declared from.
        alert: Option<String>,
    },
    Note,
    Title,
    Severity,
    Export,
    Phase,
    Role,
    Components,
    Impact,
    DataLoss,
    Restored,
    Correct(EventRef),
    Escalate,
    Inform,
    AddToDo,
    FinishToDo,
}

/// The sheet and what was filled in so far.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub purpose: Purpose,
    pub title: String,
    /// What it means, in paragraphs.
    pub text: Vec<String>,
    pub rows: Vec<Row>,
    /// The word on the last row, which does it.
    pub verb: String,
    /// The row that has the keyboard; `rows.len()` is the last row.
    pub at: usize,
    /// It was sent, and its answer has not come.
    pub sent: bool,
    /// Why it cannot be taken. One sentence.
    pub problem: Option<String>,
}

/// One thing to say.
#[derive(Debug, Clone)]
pub struct Row {
    /// Names it for the program.
    pub key: String,
    pub label: String,
    /// Above the first of several rows that belong together.
    pub heading: Option<String>,
    /// What can be said, in a sentence.
    pub help: String,
    pub kind: SheetKind,
    /// Somebody has changed it: it does not follow from other rows any more.
    pub touched: bool,
}

/// How it is said.
#[derive(Debug, Clone)]
pub enum SheetKind {
    Text(Box<Input>),
    Choice { options: Vec<SheetOption>, at: usize },
    Tick(bool),
}

/// One of several values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetOption {
    pub value: String,
    pub label: String,
    /// What it means, in a sentence.
    pub detail: String,
}

impl Row {
    fn new(key: &str, label: &str, help: &str, kind: SheetKind) -> Self {
        let (key, label, help) = (key.to_owned(), label.to_owned(), help.to_owned());
        Row { key, label, heading: None, help, kind, touched: false }
    }

    /// A line of text.
    pub fn text(key: &str, label: &str, value: &str, help: &str) -> Self {
        Row::filled(Input::opened(), key, label, value, help)
    }

    /// A text that may have several lines.
    pub fn lines(key: &str, label: &str, value: &str, help: &str) -> Self {
        Row::filled(Input::of_lines(), key, label, value, help)
    }

    fn filled(mut input: Input, key: &str, label: &str, value: &str, help: &str) -> Self {
        input.fill(value);
        Row::new(key, label, help, SheetKind::Text(Box::new(input)))
    }

    /// One of several; the first that has the value is chosen.
    pub fn choice(key: &str, label: &str, options: Vec<SheetOption>, value: &str, help: &str) -> Self {
        let at = options.iter().position(|option| option.value == value).unwrap_or(0);
        Row::new(key, label, help, SheetKind::Choice { options, at })
    }

    pub fn tick(key: &str, label: &str, on: bool) -> Self {
        Row::new(key, label, "", SheetKind::Tick(on))
    }

    pub fn under(mut self, heading: &str) -> Self {
        self.heading = Some(heading.to_owned());
        self
    }
}

impl Sheet {
    pub fn new(purpose: Purpose, title: &str, verb: &str, rows: Vec<Row>) -> Self {
        let (title, verb) = (title.to_owned(), verb.to_owned());
        Sheet { purpose, title, text: Vec::new(), rows, verb, at: 0, sent: false, problem: None }
    }

    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.text.push(sentence.into());
        self
    }

    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.at)
    }

    /// The line that has the keyboard.
    pub fn input_mut(&mut self) -> Option<&mut Input> {
        match self.rows.get_mut(self.at).map(|row| &mut row.kind) {
            Some(SheetKind::Text(input)) => Some(input),
            _ => None,
        }
    }

    /// True while keys are text.
    pub fn is_typed(&self) -> bool {
        matches!(self.row().map(|row| &row.kind), Some(SheetKind::Text(_)))
    }

    /// Moves by rows; the last is the one that does it.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.rows.len());
    }

    /// True on the last row, and where there is nothing else to say.
    pub fn is_last(&self) -> bool {
        self.at >= self.rows.len() || self.rows.len() == 1
    }

    /// The text of a row, or the value of its choice; empty when nothing was said.
    pub fn value(&self, key: &str) -> &str {
        match self.rows.iter().find(|row| row.key == key).map(|row| &row.kind) {
            Some(SheetKind::Text(input)) => input.text().trim(),
            Some(SheetKind::Choice { options, at }) => options.get(*at).map_or("", |option| option.value.as_str()),
            Some(SheetKind::Tick(_)) | None => "",
        }
    }

    /// [`Sheet::value`], when something was said.
    pub fn said(&self, key: &str) -> Option<String> {
        Some(self.value(key)).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// What follows the prefix in the keys of the rows that are ticked.
    pub fn ticked(&self, prefix: &str) -> Vec<String> {
        let ticked = self.rows.iter().filter(|row| matches!(row.kind, SheetKind::Tick(true)));
        ticked.filter_map(|row| Some(row.key.strip_prefix(prefix)?.to_owned())).collect()
    }

    /// Chooses a value, unless somebody has chosen another.
    pub fn suggest(&mut self, key: &str, value: &str) {
        let row = self.rows.iter_mut().find(|row| row.key == key && !row.touched);
        if let Some(SheetKind::Choice { options, at }) = row.map(|row| &mut row.kind)
            && let Some(place) = options.iter().position(|option| option.value == value)
        {
            *at = place;
        }
    }
}
