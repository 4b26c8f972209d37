//! Bytes sent to the terminal while nothing happens but the clocks.

use std::time::Duration;

use crate::{
    Row,
    lab::{Stage, TerminalOptions},
};

pub(crate) fn rows() -> Vec<Row> {
    const SPAN: Duration = Duration::from_secs(20);
    let stage = Stage::start();
    let pack = stage.pack();
    [(80, 24), (200, 60)]
        .map(|(columns, rows)| {
            let terminal = TerminalOptions::warroom(&["--pack", pack.to_str().unwrap()]).size(columns, rows).start();
            terminal.wait_for("warroom");
            // Until every probe was confirmed and nothing is new any more.
            std::thread::sleep(Duration::from_secs(15));
            let before = terminal.bytes();
            std::thread::sleep(SPAN);
            let rate = (terminal.bytes() - before) as f64 / SPAN.as_secs_f64();
            Row::at_most(&format!("idle at {columns}×{rows}: bytes to the terminal"), 300.0, rate, "B/s")
        })
        .into()
}
