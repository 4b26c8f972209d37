//! A step that prints 100 MB a second: what a key press has to wait, and what the console keeps of it all.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::{
    Row,
    lab::{Folder, Terminal, TerminalOptions, key},
    median, process,
};

/// Twenty megabytes and a short rest, for a minute or two: more than 100 MB/s where the machine has nothing else to do.
const RUNBOOK: &str = "# Pouring

## Steps

### 1. Pour

```bash {timeout=5m}
for _ in {1..2000}; do
  head -c 20000000 <(yes '2026-11-21T05:30:42Z INFO request served in 12 ms status=200')
  sleep 0.04
done
```

### 2. Rest

```bash
true
```
";

const PRESSES: usize = 150;
/// The console draws at most this often.
const FRAME_MS: f64 = 1000.0 / 30.0;

pub(crate) fn rows() -> Vec<Row> {
    let (folder, pack) = process::pack("[[probes]]\nid = 'web'\nkind = 'tcp'\naddress = '127.0.0.1:1'\n");
    fs::write(pack.join("pouring.md"), RUNBOOK).unwrap();
    let data = Folder::new();
    let places = ["--pack", pack.to_str().unwrap(), "--data-dir", data.path().to_str().unwrap()];
    let terminal = TerminalOptions::warroom(&places).size(120, 40).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    terminal.wait_for("Pouring");
    terminal.keys(key::ENTER);
    terminal.wait_for("0/2");
    let idle = presses(&terminal);
    let memory = || process::memory_mb(terminal.id(), "VmRSS").unwrap_or_default();
    let before = memory();

    terminal.keys(key::ENTER);
    terminal.wait_until("the question is there", |screen| screen.contains("run it") || screen.contains("Run this?"));
    terminal.keys(if terminal.contents().contains("Run this?") { "y" } else { key::ENTER });
    terminal.wait_for("request served");
    std::thread::sleep(Duration::from_secs(5));
    let (early, started) = (memory(), Instant::now());
    let printed = printed(&data);
    let pouring = presses(&terminal);
    std::thread::sleep(Duration::from_secs(20).saturating_sub(started.elapsed()));
    let late = memory();
    let rate = (self::printed(&data) - printed) / started.elapsed().as_secs_f64() / 1e6;
    assert!(terminal.contents().contains("request served"), "the step ended early:\n{}", terminal.contents());
    drop(terminal);
    drop(folder);
    vec![
        Row::at_most(
            &format!("a key press under {rate:.0} MB/s waits longer than idle (p99 of {PRESSES})"),
            FRAME_MS,
            (high(&pouring) - high(&idle)).max(0.0),
            "ms",
        ),
        Row::told("  medians: pouring, idle", format!("{:.2} ms, {:.2} ms", median(pouring), median(idle))),
        Row::at_most("  20 s of it: the console grows by", 8.0, (late - early).max(0.0), "MB"),
        Row::told("  memory: before, at first, at last", format!("{before:.1}, {early:.1}, {late:.1} MB")),
    ]
}

/// Milliseconds from each key press to the selection's move, up and down in turns.
pub(crate) fn presses(terminal: &Terminal) -> Vec<f64> {
    (0..PRESSES)
        .map(|number| {
            // Not in step with the frames.
            std::thread::sleep(Duration::from_micros(40_000 + (number as u64 * 7_919) % 33_000));
            let before = selected(terminal);
            let start = Instant::now();
            terminal.keys(if number % 2 == 0 { "j" } else { "k" });
            while selected(terminal) == before {
                assert!(start.elapsed() < Duration::from_secs(10), "no answer:\n{}", terminal.contents());
                std::thread::sleep(Duration::from_micros(200));
            }
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect()
}

/// The row of the checklist that has the ground of a selection.
fn selected(terminal: &Terminal) -> Option<u16> {
    const SELECTION: vt100::Color = vt100::Color::Rgb(0x2b, 0x33, 0x40);
    let screen = terminal.screen();
    let (rows, columns) = screen.size();
    (0..rows.get()).find(|row| screen.cell(*row, columns.get() - 3).is_some_and(|cell| cell.bgcolor() == SELECTION))
}

/// The time that one in a hundred exceeds.
pub(crate) fn high(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() * 99 / 100]
}

/// Bytes that the action has printed, as its folder tells those who watch.
fn printed(data: &Folder) -> f64 {
    let live = walk(data.path()).find(|path| path.file_name().is_some_and(|name| name == "live"));
    live.map_or(0.0, |path| warroom::exec::live::Live::read(&path).bytes as f64)
}

fn walk(folder: &std::path::Path) -> Box<dyn Iterator<Item = std::path::PathBuf>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    Box::new(entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => walk(&entry.path()),
        _ => Box::new(std::iter::once(entry.path())),
    }))
}
