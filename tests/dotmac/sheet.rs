//! A sheet of the console, filled in by a person at the keyboard.

use crate::{
    hands::{choose, soon},
    lab::{Terminal, key},
};

/// More keys than any sheet has rows, any row has values, and any line has letters that stand there before.
const ENOUGH: usize = 100;

/// The key that says what a sheet says, from any of its rows.
const SAY_IT: &str = "\x13";

/// A sheet on the screen, filled in by the labels of its rows.
pub(crate) struct Sheet<'a> {
    terminal: &'a Terminal,
    title: String,
}

impl<'a> Sheet<'a> {
    /// Waits for the sheet with this title.
    #[track_caller]
    pub(crate) fn wait(terminal: &'a Terminal, title: &str) -> Sheet<'a> {
        let sheet = Sheet { terminal, title: title.to_owned() };
        terminal.wait_until(&format!("the sheet {title} is open"), |_| !sheet.lines().is_empty());
        sheet
    }

    /// Takes a line of the menu that `i` opens, and waits for the sheet that it leads to.
    #[track_caller]
    pub(crate) fn from_menu(terminal: &'a Terminal, label: &str, title: &str) -> Sheet<'a> {
        terminal.keys("i");
        terminal.wait_for("╭ Incident INC-");
        choose(terminal, label);
        Sheet::wait(terminal, title)
    }

    /// Types a text into a row, in the place of what stands there.
    #[track_caller]
    pub(crate) fn fill(&self, label: &str, text: &str) -> &Self {
        self.go_to(label);
        self.terminal.keys(key::END);
        self.terminal.keys(&key::BACKSPACE.repeat(ENOUGH));
        self.terminal.keys(text);
        // A line that is too long for its room shows its end.
        let end: String = text.chars().skip(text.chars().count().saturating_sub(12)).collect();
        self.wait_for_row(&format!("{label} says {text:?}"), |row| row.ends_with(&end));
        self
    }

    /// Ticks a row that is not ticked; the beginning of its words will do.
    #[track_caller]
    pub(crate) fn tick(&self, label: &str) -> &Self {
        self.go_to(label);
        assert!(self.row().starts_with("[ ]"), "{label} is ticked already:\n{}", self.terminal.contents());
        self.terminal.keys(" ");
        self.wait_for_row(&format!("{label} is ticked"), |row| row.starts_with("[x]"));
        self
    }

    /// Takes another value of a row, by how it begins.
    #[track_caller]
    pub(crate) fn choose(&self, label: &str, value: &str) -> &Self {
        self.go_to(label);
        for towards in [key::LEFT, key::RIGHT] {
            for _ in 0..ENOUGH {
                let before = self.row();
                if after(&before, label).trim_start_matches(['‹', ' ']).starts_with(value) {
                    return self;
                }
                self.terminal.keys(towards);
                if !self.has_left(&before) {
                    break;
                }
            }
        }
        panic!("{label} has no value {value}:\n{}", self.terminal.contents());
    }

    /// What a row says, without its label.
    #[track_caller]
    pub(crate) fn said(&self, label: &str) -> String {
        self.go_to(label);
        after(&self.row(), label).trim().to_owned()
    }

    /// Says it, and waits until it is taken: the sheet is gone.
    #[track_caller]
    pub(crate) fn submit(&self) {
        self.terminal.keys(SAY_IT);
        self.terminal.wait_until(&format!("the sheet {} is taken", self.title), |_| self.lines().is_empty());
    }

    /// Says it, and waits until the sheet says why not.
    #[track_caller]
    pub(crate) fn submit_in_vain(&self, why: &str) {
        self.terminal.keys(SAY_IT);
        self.terminal.wait_until(&format!("the sheet {} says {why:?}", self.title), |_| {
            self.lines().join(" ").split_whitespace().collect::<Vec<_>>().join(" ").contains(why)
        });
    }

    /// Gives the keyboard to the row with this label.
    #[track_caller]
    pub(crate) fn go_to(&self, label: &str) {
        for towards in [key::TAB, key::BACK_TAB] {
            for _ in 0..ENOUGH {
                let before = self.row();
                if before.trim_start_matches(['[', ']', 'x', ' ']).starts_with(label) {
                    return;
                }
                self.terminal.keys(towards);
                if !self.has_left(&before) {
                    break;
                }
            }
        }
        panic!("{label} is not on the sheet:\n{}", self.terminal.contents());
    }

    /// True when the row changes; at the end of a sheet, or of a row's values, it does not.
    fn has_left(&self, before: &str) -> bool {
        // Far more than a key takes, also where other tests keep the machine busy.
        soon(|| self.row() != before) || soon(|| self.row() != before) || soon(|| self.row() != before)
    }

    #[track_caller]
    fn wait_for_row(&self, what: &str, mut wanted: impl FnMut(&str) -> bool) {
        self.terminal.wait_until(what, |_| wanted(&self.row()));
    }

    /// The row that has the keyboard, from its label or box on; nothing before it is drawn.
    pub(crate) fn row(&self) -> String {
        let lines = self.lines();
        let marked = lines.iter().find_map(|line| line.trim_start().strip_prefix("▸ "));
        marked.unwrap_or_default().trim().to_owned()
    }

    /// What is inside the sheet's frame; nothing when it is not there.
    fn lines(&self) -> Vec<String> {
        let screen = self.terminal.contents();
        let rows: Vec<Vec<char>> = screen.lines().map(|line| line.chars().collect()).collect();
        let head: Vec<char> = format!("╭ {} ", self.title).chars().collect();
        let found = rows.iter().enumerate().find_map(|(row, line)| {
            let left = line.windows(head.len()).position(|window| window == head)?;
            let right = left + line[left..].iter().position(|letter| *letter == '╮')?;
            Some((row, left, right))
        });
        let Some((top, left, right)) = found else { return Vec::new() };
        let inside = rows[top + 1..].iter().take_while(|line| line.get(left) == Some(&'│'));
        inside.map(|line| line[left + 1..right.min(line.len())].iter().collect()).collect()
    }
}

/// What follows a label.
fn after<'r>(row: &'r str, label: &str) -> &'r str {
    row.strip_prefix(label).unwrap_or(row)
}
