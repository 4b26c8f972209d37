//! The CSV export: the timeline for spreadsheets, after RFC 4180, in which no cell is a formula.

use super::{Source, words::clean};
use warroom_incident::{journal::Checkpoint, timeline::TimelineEntry};

const HEAD: [&str; 18] = [
    "time_utc",
    "written_at_utc",
    "by",
    "author",
    "category",
    "key",
    "text",
    "taken_back",
    "original_text",
    "corrected_at_utc",
    "corrected_by",
    "found_late",
    "intact",
    "log",
    "line",
    "output_file",
    "output_sha256",
    "line_sha256",
];

/// The timeline, an entry a line, in the order of the times that it speaks of; then the checkpoint of each log: its last line and
/// that line's SHA-256.
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe.
pub fn csv(source: &Source<'_>) -> String {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    let mut entries: Vec<&TimelineEntry> = source.timeline.iter().collect();
    entries.sort_by_key(|entry| entry.time());
    // Writing to memory cannot fail, and every record has as many fields as the head.
    let _ = writer.write_record(HEAD);
    for entry in entries {
        let _ = writer.write_record(record(entry));
    }
    for checkpoint in source.checkpoints {
        let _ = writer.write_record(last_line(checkpoint));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn record(entry: &TimelineEntry) -> [String; HEAD.len()] {
    let yes = |value: bool| (if value { "yes" } else { "no" }).to_owned();
    let last = entry.corrections.last();
    let evidence = entry.evidence.as_ref();
    [
        entry.time().to_string(),
        entry.at.to_string(),
        cell(entry.source()),
        cell(entry.author.as_deref().unwrap_or_default()),
        entry.category.word().to_owned(),
        yes(entry.key),
        cell(entry.current().unwrap_or_default()),
        yes(entry.current().is_none()),
        cell(last.map_or("", |_| &entry.text)),
        last.map_or_else(String::new, |last| last.at.to_string()),
        cell(last.map_or("", |last| &last.by)),
        yes(entry.late),
        yes(entry.intact),
        cell(entry.of.log.as_str()),
        entry.of.seq.to_string(),
        cell(evidence.map_or("", |(_, evidence)| &evidence.file)),
        cell(evidence.map_or("", |(_, evidence)| &evidence.sha256)),
        String::new(),
    ]
}

fn last_line(checkpoint: &Checkpoint) -> [String; HEAD.len()] {
    HEAD.map(|name| match name {
        "category" => "checkpoint".to_owned(),
        "text" => "last line of this log when it was exported".to_owned(),
        "log" => cell(checkpoint.log.as_str()),
        "line" => checkpoint.seq.to_string(),
        "line_sha256" => checkpoint.hash.to_string(),
        _ => String::new(),
    })
}

/// Text that a spreadsheet shows and does not work out.
fn cell(text: &str) -> String {
    let shown = clean(text);
    let formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠');
    // What was taken away in front of it may not have been a blank to another program.
    let suspicious = shown.starts_with(formula) || text.starts_with(['\t', '\r', '\n']);
    if suspicious { format!("'{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", " =1", "\t=1", "+1", "-1", "@SUM(A1)", "\r=1", "＝1"] {
            assert!(cell(formula).starts_with('\''), "{formula:?}");
        }
        assert_eq!(cell("database ok → down"), "database ok → down");
    }
}
