//! The console in a terminal: what stands in a panel's rows.

use std::path::Path;

use super::lab::{Terminal, TerminalOptions};

/// Room for every panel with all of its probes' sentences.
const SIZE: (u16, u16) = (200, 80);

pub fn open(pack: &Path) -> Terminal {
    let pack = pack.display().to_string();
    TerminalOptions::warroom(&["--pack", &pack]).size(SIZE.0, SIZE.1).start()
}

/// The rows of the panel with this title, its own first; empty when it is not on the screen.
pub fn panel(screen: &str, title: &str) -> Vec<String> {
    // The first pane from the left, without its frame.
    let health = screen.lines().filter_map(|line| line.strip_prefix('│')?.split('│').next());
    let mut rows = health.skip_while(|row| !is_titled(row, title));
    let own = rows.next().into_iter();
    own.chain(rows.take_while(|row| row.starts_with("    "))).map(str::to_owned).collect()
}

/// True for the first row of a panel: a sign, a place for the spinner, the title.
fn is_titled(row: &str, title: &str) -> bool {
    let mut signs = row.chars();
    let sign = signs.by_ref().nth(1);
    sign.is_some_and(|sign| sign != ' ') && signs.as_str().get(2..).is_some_and(|rest| rest.starts_with(title))
}

#[test]
fn a_panel_is_its_own_row_with_those_below_it() {
    let screen = "╭ Health ──╮\n│ ✖  Database  down │ Runbook\n│    ✖ replica  refused │\n│    ● primary │\n│ ●  Redis  ok │\n╰──╯";
    assert_eq!(panel(screen, "Database"), [" ✖  Database  down ", "    ✖ replica  refused ", "    ● primary "]);
    assert_eq!(panel(screen, "Redis"), [" ●  Redis  ok "]);
    assert!(panel(screen, "Backups").is_empty());
}
