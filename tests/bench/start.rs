//! Process start to first frame, with every target hanging.

use std::time::Duration;

use crate::{
    Row,
    lab::{Hanging, TerminalOptions},
    median, process,
};

pub(crate) fn rows() -> Vec<Row> {
    let hanging = Hanging::start();
    let address = hanging.address();
    let probes = format!(
        "[[probes]]\nid = \"database\"\nkind = \"postgres\"\nurl = \"postgresql://a@{address}/a\"\n\n\
         [[probes]]\nid = \"redis\"\nkind = \"redis\"\nurl = \"redis://{address}\"\n\n\
         [[probes]]\nid = \"web\"\nkind = \"http\"\nurl = \"http://{address}/\"\n\n\
         [[probes]]\nid = \"prometheus\"\nkind = \"prometheus\"\nserver = \"http://{address}\"\nquery = \"up\"\n"
    );
    let (_folder, pack) = process::pack(&probes);
    let runs: Vec<f64> = (0..15)
        .map(|_| {
            let terminal = TerminalOptions::warroom(&["--pack", pack.to_str().unwrap()]).size(120, 40).start();
            terminal.wait_for("warroom");
            terminal.wait_until_still(Duration::from_millis(100));
            // The frame is whole when its last line is there.
            let drawn = |screen: &str| screen.contains("warroom") && screen.lines().count() >= 30;
            terminal.first_time(drawn).expect("the first frame fills the screen").as_secs_f64() * 1e3
        })
        .collect();
    let worst = runs.iter().copied().fold(0.0, f64::max);
    vec![
        Row::at_most("start → first frame, targets hanging (median of 15)", 50.0, median(runs), "ms"),
        Row::told("  the slowest of the 15", format!("{worst:.2} ms")),
    ]
}
