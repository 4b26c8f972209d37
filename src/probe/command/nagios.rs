//! Reads what a monitoring plugin says: exit code, first line, performance data.

use serde_json::{Value, json};

use super::perfdata::{self, Perfdatum};
use warroom_domain::health::{Observation, Status};
use warroom_host::{
    plain::{first_line, plain, shortened},
    process::Finished,
};

/// Rows of performance data that are shown.
const MOST_ROWS: usize = 100;
/// Characters of the long text that are shown.
const MOST_TEXT: usize = 4000;
/// Characters of a summary.
const MOST_SUMMARY: usize = 160;

/// What a plugin printed, taken apart.
#[derive(Debug, PartialEq)]
struct Output {
    /// The first line without performance data.
    text: String,
    /// Everything below it.
    long_text: String,
    perfdata: Vec<Perfdatum>,
}

pub(super) fn observe(finished: &Finished) -> Observation {
    let output = read(&plain(&finished.stdout.text()));
    let complaint = first_line(&plain(&finished.stderr.text()), MOST_SUMMARY);
    let (verdict, note) = match finished.status.code() {
        Some(0) => (Status::Ok, None),
        Some(1) => (Status::Warn, None),
        Some(2) => (Status::Down, None),
        Some(3) => (Status::Unknown, None),
        Some(126) => (Status::Unknown, Some("exit code 126: the program may not be executed".to_owned())),
        Some(127) => (Status::Unknown, Some("exit code 127: the shell found no such program".to_owned())),
        _ => (Status::Unknown, Some(format!("{}, which is not a plugin's", finished.ending()))),
    };
    let said = [&output.text, &complaint].into_iter().find(|text| !text.is_empty());
    let summary = match (note, said) {
        (None, Some(said)) => said.clone(),
        (None, None) => format!("no output, {}", finished.ending()),
        (Some(note), Some(said)) => format!("{note}: {said}"),
        (Some(note), None) => note,
    };
    let mut seen = Observation::new(verdict, shortened(&summary, MOST_SUMMARY)).with_details(json!({
        "exit_code": finished.status.code(),
        "perfdata": output.perfdata.iter().take(MOST_ROWS).map(Perfdatum::row).collect::<Vec<Value>>(),
        "long_text": (!output.long_text.is_empty()).then(|| shortened(&output.long_text, MOST_TEXT)),
        "stderr": (!complaint.is_empty()).then_some(complaint),
        "output_bytes": finished.stdout.total,
    }));
    seen.details.retain(|_, value| !value.is_null());
    if let Some((value, unit)) = output.perfdata.first().and_then(Perfdatum::quantity) {
        seen = seen.with_value(value, unit);
    }
    seen
}

/// The guidelines' layout: `TEXT | PERFDATA`, then long text, then `|` and more performance data to the end.
fn read(output: &str) -> Output {
    let output = output.trim_start_matches('\n');
    let (first, below) = output.split_once('\n').unwrap_or((output, ""));
    let (text, data) = first.split_once('|').unwrap_or((first, ""));
    let (long_text, more) = below.split_once('|').unwrap_or((below, ""));
    let mut perfdata = perfdata::parse(data);
    perfdata.extend(perfdata::parse(&more.replace('\n', " ")));
    Output { text: text.trim().to_owned(), long_text: long_text.trim_end().to_owned(), perfdata }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_performance_data_are_told_apart_over_several_lines() {
        let output =
            read("DISK OK - free space | /=2643MB;5948\n/ 15272 MB (77%)\n/boot 68 MB | /boot=68MB\n/home=69357MB");
        assert_eq!(output.text, "DISK OK - free space");
        assert_eq!(output.long_text, "/ 15272 MB (77%)\n/boot 68 MB");
        let labels: Vec<_> = output.perfdata.iter().map(|datum| datum.label.as_str()).collect();
        assert_eq!(labels, ["/", "/boot", "/home"]);
    }
}
