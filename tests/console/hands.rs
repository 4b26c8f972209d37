//! What hands do at the keyboard: open a runbook, go to a step, run it, agree, choose from a menu.
#![allow(dead_code, reason = "each test crate that includes it uses its own part")]

use std::time::{Duration, Instant};

use crate::lab::{Terminal, key};

/// How long a key may take before it counts as without effect on what is watched.
const NO_ANSWER: Duration = Duration::from_millis(250);

/// The same of a key that should have one: given up too early, it takes its effect later, on something else.
const NO_MOVE: Duration = Duration::from_secs(5);

/// The ground of a selection in the default theme.
const SELECTION: vt100::Color = vt100::Color::Rgb(0x2b, 0x33, 0x40);

/// Opens a runbook from the list.
pub(crate) fn pick(terminal: &Terminal, title: &str) {
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    terminal.wait_for(title);
    terminal.keys(key::ENTER);
    terminal.wait_for(&format!("Runbook ▸ {title}"));
}

/// Runs the selected step, agreeing to whatever is asked, and waits for the mark that it gets.
pub(crate) fn run(terminal: &Terminal, title: &str, mark: &str) {
    go_to(terminal, title);
    terminal.keys(key::ENTER);
    agree(terminal);
    terminal.wait_until(&format!("{title} has {mark}"), |screen| is_marked(screen, title, mark));
}

/// Agrees to the question on the screen, in the way that it wants.
pub(crate) fn agree(terminal: &Terminal) {
    let mut asked = String::new();
    terminal.wait_until("something is asked", |screen| {
        asked = screen.to_owned();
        ["run it", "Run this?", " to run this."].iter().any(|question| screen.contains(question))
    });
    if let Some(name) = wanted_name(&asked) {
        terminal.keys(&name);
        terminal.keys(key::ENTER);
        terminal.wait_until_gone(" to run this.");
    } else if asked.contains("Run this?") {
        terminal.keys("y");
        terminal.wait_until_gone("Run this?");
    } else {
        terminal.keys(key::ENTER);
        terminal.wait_until_gone("run it");
    }
}

/// What the question before something destructive wants typed.
pub(crate) fn wanted_name(screen: &str) -> Option<String> {
    let (before, _) = screen.split_once(" to run this.")?;
    Some(before.rsplit_once("Type ")?.1.to_owned())
}

/// Takes the line of the open menu that begins so.
pub(crate) fn choose(terminal: &Terminal, label: &str) {
    let mut towards = "j";
    for _ in 0..60 {
        let mut row = None;
        // Half of a frame has no chosen line: a key for it would pass the one that is about to be drawn.
        within(NO_MOVE, || {
            row = chosen(terminal);
            row.is_some()
        });
        if row.as_ref().is_some_and(|row| row.trim_start_matches(['│', ' ']).starts_with(label)) {
            terminal.keys(key::ENTER);
            return;
        }
        terminal.keys(towards);
        if !within(NO_MOVE, || chosen(terminal).is_some_and(|now| Some(now) != row)) {
            towards = if towards == "j" { "k" } else { "j" };
        }
    }
    panic!("{label} is not in the menu:\n{}", terminal.contents());
}

/// True when the checklist's row of that title has the mark.
pub(crate) fn is_marked(screen: &str, title: &str, mark: &str) -> bool {
    // Panes stand beside each other: a mark of one says nothing of a title in another.
    let mut cells = screen.lines().flat_map(|line| line.split('│'));
    cells.any(|cell| cell.find(mark).is_some_and(|at| cell[at..].contains(title)))
}

/// The words of the right half of the screen, where the pane stands, as if it had no edges.
pub(crate) fn words(terminal: &Terminal) -> String {
    let (screen, columns) = (terminal.screen(), terminal.screen().size().1.get());
    let right = screen.rows(columns / 2, columns - columns / 2).collect::<Vec<_>>().join(" ");
    right.split_whitespace().filter(|word| !word.contains(['│', '╭', '╰', '─'])).collect::<Vec<_>>().join(" ")
}

/// True when it becomes so before one would no longer wait for it.
pub(crate) fn soon(wanted: impl FnMut() -> bool) -> bool {
    within(NO_ANSWER, wanted)
}

/// True when it becomes so within that time.
fn within(limit: Duration, mut wanted: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if wanted() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// Moves the selection to a row of the checklist, down or up.
pub(crate) fn go_to(terminal: &Terminal, title: &str) {
    for _ in 0..40 {
        let (above, row) = selection(terminal);
        if row.contains(title) {
            return;
        }
        terminal.keys(if above.contains(title) { "k" } else { "j" });
        // The frame may have been an old one, from before the keys that came first: then it is looked at again.
        within(NO_MOVE, || selection(terminal).1 != row);
    }
    panic!("{title} is not in the checklist:\n{}", terminal.contents());
}

/// What stands above the selected row of the checklist, and that row; it is the one on the ground of a selection, and nothing
/// when there is none.
pub(crate) fn selection(terminal: &Terminal) -> (String, String) {
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let text = |row, from| -> String {
        (from..columns - 1).filter_map(|column| screen.cell(row, column)).map(vt100::Cell::contents).collect()
    };
    // The pane's left edge.
    let left = (0..rows).find_map(|row| {
        let corner = |column: &u16| screen.cell(row, *column).is_some_and(|cell| cell.contents() == "╭");
        (0..columns).filter(corner).find(|column| text(row, *column).starts_with("╭ Runbook"))
    });
    let left = left.unwrap_or(0);
    let is_selected = |row: &u16| screen.cell(*row, columns - 3).is_some_and(|cell| cell.bgcolor() == SELECTION);
    match (0..rows).find(is_selected) {
        Some(row) => ((0..row).map(|row| text(row, left) + "\n").collect(), text(row, left)),
        None => Default::default(),
    }
}

/// The row of a dialog that is on the ground of a selection, from where that begins.
pub(crate) fn chosen(terminal: &Terminal) -> Option<String> {
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    let on = |row, column| screen.cell(row, column).is_some_and(|cell| cell.bgcolor() == SELECTION);
    (0..rows.get()).find_map(|row| {
        let from = (0..columns.get()).find(|column| on(row, *column))?;
        let to = (from..columns.get()).take_while(|column| on(row, *column));
        Some(to.filter_map(|column| screen.cell(row, column)).map(vt100::Cell::contents).collect())
    })
}
