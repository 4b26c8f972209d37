//! Measures what was promised: `cargo bench --bench budgets [start|sweep|frame|idle|journal|lint|pods|step|pouring|waiting|long …]` prints a table
//! of budgets kept and missed.
//!
//! Everything runs against the lab's real servers; what has a peer is measured against it in the same run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers: it prints its figures and stops at the first thing that fails"
)]

#[path = "../lab/mod.rs"]
mod lab;

mod frame;
mod idle;
mod journal;
mod lint;
mod long;
mod pods;
mod pouring;
mod process;
mod start;
mod step;
mod sweep;
mod waiting;

/// One line of the table.
struct Row {
    what: String,
    budget: String,
    measured: String,
    /// Against the peer of the same run, or against the budget.
    ratio: String,
    kept: bool,
}

impl Row {
    /// A figure that may be at most `budget`, in the unit given.
    fn at_most(what: &str, budget: f64, measured: f64, unit: &str) -> Row {
        Row {
            what: what.to_owned(),
            budget: format!("≤ {} {unit}", figure(budget)),
            measured: format!("{} {unit}", figure(measured)),
            ratio: format!("{:.2} of the budget", measured / budget),
            kept: measured <= budget,
        }
    }

    /// A figure that must be at least `budget`, in the unit given.
    fn at_least(what: &str, budget: f64, measured: f64, unit: &str) -> Row {
        Row {
            what: what.to_owned(),
            budget: format!("≥ {} {unit}", figure(budget)),
            measured: format!("{} {unit}", figure(measured)),
            ratio: format!("{:.1}× the budget", measured / budget),
            kept: measured >= budget,
        }
    }

    /// How many times faster than a peer it must be, both in milliseconds.
    fn faster_than(what: &str, times: f64, peer: f64, measured: f64) -> Row {
        Row {
            what: what.to_owned(),
            budget: format!("≥ {times:.0}× faster"),
            measured: format!("{} ms, peer {} ms", figure(measured), figure(peer)),
            ratio: format!("{:.1}× faster", peer / measured),
            kept: peer / measured >= times,
        }
    }

    /// A figure for comparison only.
    fn told(what: &str, measured: String) -> Row {
        Row { what: what.to_owned(), budget: "–".into(), measured, ratio: String::new(), kept: true }
    }
}

fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

/// The middle of several runs.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A name for the command line, and what measures.
type Group = (&'static str, fn() -> Vec<Row>);

fn main() {
    // Cargo adds `--bench` itself.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let groups: [Group; 11] = [
        ("start", start::rows),
        ("sweep", sweep::rows),
        ("frame", frame::rows),
        ("idle", idle::rows),
        ("journal", journal::rows),
        ("lint", lint::rows),
        ("pods", pods::rows),
        ("step", step::rows),
        ("pouring", pouring::rows),
        ("waiting", waiting::rows),
        ("long", long::rows),
    ];
    let mut rows = Vec::new();
    for (name, measure) in groups {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            eprintln!("measuring {name} …");
            rows.extend(measure());
        }
    }
    print(&rows);
}

fn print(rows: &[Row]) {
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (what, budget) = (width(|row| &row.what), width(|row| &row.budget));
    let (measured, ratio) = (width(|row| &row.measured), width(|row| &row.ratio));
    if cfg!(debug_assertions) {
        println!("this is a debug build: the figures mean nothing");
    }
    for row in rows {
        let verdict = match (row.kept, row.budget.as_str()) {
            (_, "–") => "",
            (true, _) => "ok",
            (false, _) => "MISSED",
        };
        println!(
            "{:what$}  {:budget$}  {:measured$}  {:ratio$}  {verdict}",
            row.what, row.budget, row.measured, row.ratio
        );
    }
}
