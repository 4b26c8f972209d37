//! Compares what an action printed with what the runbook expects, and takes values out of it.

use std::{fs::File, io, io::Read, path::Path};

use regex::Regex;
use serde_json::{Map, Value};

use super::folder::JobFolder;
use warroom_domain::platform::Expression;
use warroom_runbook::{Capture, Expectation, run::ExpectationResult};

/// More is not compared.
const LIMIT: u64 = 4 << 20;
/// A quoted line in a sentence is no longer than this, in characters.
const LONGEST_QUOTE: usize = 80;

/// What an action printed: masked, without colour, the first 4 MiB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Printed {
    pub stdout: String,
    /// Both streams, as somebody who watched saw them.
    pub both: String,
}

impl Printed {
    /// From a job's files; those that are missing count as empty.
    pub fn read(folder: &JobFolder) -> io::Result<Printed> {
        let both = beginning(&folder.output())?;
        Ok(Printed { stdout: beginning(&folder.stdout())?, both: anstream::adapter::strip_str(&both).to_string() })
    }
}

fn beginning(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(LIMIT).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Compares. Text, patterns and contained text may be in standard output or in what both streams showed together; JSON is
/// read from standard output alone.
pub fn check(expectation: &Expectation, printed: &Printed) -> ExpectationResult {
    let either = |compare: &dyn Fn(&str) -> Result<(), String>| match compare(&printed.stdout) {
        Ok(()) => Ok(()),
        // The difference from standard output is said: the rest is warnings and progress.
        Err(why) if printed.stdout.trim().is_empty() => {
            compare(&printed.both).map_err(|other| if printed.both.trim().is_empty() { why } else { other })
        }
        Err(why) => compare(&printed.both).map_err(|_| why),
    };
    let outcome = match expectation {
        Expectation::Text { text, .. } => either(&|output| same_lines(text, output)),
        Expectation::Regex { pattern, .. } => either(&|output| matches(pattern, output)),
        Expectation::Contains { text, .. } => either(&|output| {
            if output.contains(text.as_str()) { Ok(()) } else { Err(format!("{} is not in the output", quote(text))) }
        }),
        Expectation::Json { condition, .. } => holds(condition, &printed.stdout),
    };
    match outcome {
        Ok(()) => ExpectationResult::Met,
        Err(why) => ExpectationResult::Missed { why },
    }
}

/// The value that an action's output gives to a variable: all of it without the last line break, or one value of JSON. The
/// error is one sentence.
pub fn capture(capture: &Capture, stdout: &str) -> Result<String, String> {
    let Some(pointer) = &capture.pointer else {
        let text = stdout.strip_suffix('\n').unwrap_or(stdout);
        return Ok(text.strip_suffix('\r').unwrap_or(text).to_owned());
    };
    let document = json(stdout)?;
    match document.pointer(pointer) {
        None => Err(format!("the output has no value at {pointer}, which {} is to be taken from", capture.variable)),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Null) => Err(format!("the value at {pointer} is null, and {} needs one", capture.variable)),
        Some(other) => Ok(other.to_string()),
    }
}

fn matches(pattern: &str, output: &str) -> Result<(), String> {
    // As people write them for grep: `^` and `$` are the ends of a line.
    let regex =
        Regex::new(&format!("(?m){pattern}")).map_err(|_| format!("{} is not a regular expression", quote(pattern)))?;
    if regex.is_match(output) { Ok(()) } else { Err(format!("nothing in the output matches {}", quote(pattern))) }
}

fn holds(condition: &Expression, stdout: &str) -> Result<(), String> {
    let mut variables = Map::new();
    variables.insert("output".to_owned(), json(stdout)?);
    match condition.holds(&variables) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("{} is false", quote(condition.source()))),
        Err(error) => Err(error.to_string()),
    }
}

fn json(stdout: &str) -> Result<Value, String> {
    if stdout.trim().is_empty() {
        return Err("nothing was printed where JSON was expected".to_owned());
    }
    serde_json::from_str(stdout)
        .map_err(|error| format!("the output is not JSON at line {} column {}", error.line(), error.column()))
}

/// Line by line; white space at the ends of lines and empty lines around it all do not count.
fn same_lines(expected: &str, output: &str) -> Result<(), String> {
    let (expected, output) = (lines(expected), lines(output));
    // Pieces between the lines that stand for any number of lines.
    let mut pieces = expected.split(|line| is_gap(line)).peekable();
    let mut at = 0;
    let mut first = true;
    while let Some(piece) = pieces.next() {
        let last = pieces.peek().is_none();
        at = match (first, last) {
            (true, _) => {
                differ(piece, &output, 0)?;
                if last && output.len() > piece.len() {
                    let line = piece.len();
                    return Err(format!(
                        "line {} is {}, where nothing more was expected",
                        line + 1,
                        quote(output[line])
                    ));
                }
                piece.len()
            }
            (false, true) => {
                let from = output.len().saturating_sub(piece.len()).max(at);
                differ(piece, &output, from).map_err(|why| format!("at the end of the output, {why}"))?;
                output.len()
            }
            (false, false) => find(piece, &output, at).ok_or_else(|| {
                let what = piece.first().map(|line| quote(line)).unwrap_or_default();
                format!("after line {at} nothing like {what} comes, which was expected")
            })?,
        };
        first = false;
    }
    Ok(())
}

fn lines(text: &str) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let from = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let to = lines.iter().rposition(|line| !line.is_empty()).map_or(from, |at| at + 1);
    lines[from..to].to_vec()
}

fn is_gap(line: &str) -> bool {
    matches!(line.trim(), "..." | "…")
}

/// The first difference of lines from `at` on, said in one sentence with the line counted from 1.
fn differ(piece: &[&str], output: &[&str], at: usize) -> Result<(), String> {
    for (offset, wanted) in piece.iter().enumerate() {
        match output.get(at + offset) {
            Some(line) if line == wanted => {}
            Some(line) => {
                return Err(format!("line {} is {}, expected {}", at + offset + 1, quote(line), quote(wanted)));
            }
            None if output.is_empty() => return Err(format!("nothing was printed, expected {}", quote(wanted))),
            None => return Err(format!("the output ends after line {}, expected {}", output.len(), quote(wanted))),
        }
    }
    Ok(())
}

/// Where the piece ends, when it stands somewhere at or after `from`.
fn find(piece: &[&str], output: &[&str], from: usize) -> Option<usize> {
    if piece.is_empty() {
        return Some(from);
    }
    output.get(from..)?.windows(piece.len()).position(|window| window == piece).map(|at| from + at + piece.len())
}

fn quote(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(LONGEST_QUOTE).collect();
    let more = if short.len() < text.trim_end().len() { "…" } else { "" };
    format!("`{short}{more}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(expected: &str, output: &str) -> String {
        match check(
            &Expectation::Text { text: expected.into(), line: 1 },
            &Printed { stdout: output.into(), both: output.into() },
        ) {
            ExpectationResult::Met => "met".into(),
            ExpectationResult::Missed { why } => why,
        }
    }

    #[test]
    fn text_is_compared_line_by_line() {
        for (expected, output, wanted) in [
            ("a\nb\n", "a  \nb\n\n", "met"),
            ("a\nb", "a\nc", "line 2 is `c`, expected `b`"),
            ("a\nb", "a\n", "the output ends after line 1, expected `b`"),
            ("a", "a\nb", "line 2 is `b`, where nothing more was expected"),
            ("a", "", "nothing was printed, expected `a`"),
            ("a\n...\nz", "a\nb\nc\nz", "met"),
            ("a\n...\nz", "a\nz", "met"),
            ("...\nz", "b\nz", "met"),
            ("a\n…", "a\nb", "met"),
            ("a\n...\nm\n...\nz", "a\nb\nm\nc\nz", "met"),
            ("a\n...\nm\n...\nz", "a\nb\nc\nz", "after line 1 nothing like `m` comes, which was expected"),
            ("a\n...\nz", "a\nb", "at the end of the output, line 2 is `b`, expected `z`"),
            ("...", "", "met"),
        ] {
            assert_eq!(text(expected, output), wanted, "{expected:?} {output:?}");
        }
    }

    #[test]
    fn warnings_on_the_other_stream_do_not_matter_and_may_be_what_is_expected() {
        let printed = Printed { stdout: "3\n".into(), both: "warning: x\n3\n".into() };
        let expect = |text: &str| check(&Expectation::Text { text: text.into(), line: 1 }, &printed);
        assert_eq!(expect("3"), ExpectationResult::Met);
        assert_eq!(expect("warning: x\n3"), ExpectationResult::Met);
        assert_eq!(expect("4"), ExpectationResult::Missed { why: "line 1 is `3`, expected `4`".into() });
        let contains = Expectation::Contains { text: "warning".into(), line: 1 };
        assert_eq!(check(&contains, &printed), ExpectationResult::Met);
        let regex = Expectation::Regex { pattern: "^\\d+$".into(), line: 1 };
        assert_eq!(check(&regex, &printed), ExpectationResult::Met);
    }

    #[test]
    fn json_is_judged_by_an_expression() {
        let check = |output: &str| {
            let condition = Expression::compile("output.ready == 3").unwrap();
            check(&Expectation::Json { condition, line: 1 }, &Printed { stdout: output.into(), both: String::new() })
        };
        let missed = |why: &str| ExpectationResult::Missed { why: why.into() };
        assert_eq!(check("{\"ready\": 3}"), ExpectationResult::Met);
        assert_eq!(check("{\"ready\": 2}"), missed("`output.ready == 3` is false"));
        assert_eq!(check("oops"), missed("the output is not JSON at line 1 column 1"));
        assert_eq!(check(""), missed("nothing was printed where JSON was expected"));
        assert!(matches!(check("{}"), ExpectationResult::Missed { .. }));
    }

    #[test]
    fn a_capture_takes_all_or_one_value() {
        let take = |pointer: Option<&str>, output: &str| {
            capture(&Capture { variable: "V".into(), pointer: pointer.map(str::to_owned) }, output)
        };
        assert_eq!(take(None, "a\nb\n\n").unwrap(), "a\nb\n");
        assert_eq!(take(Some("/items/0/name"), r#"{"items":[{"name":"api"}]}"#).unwrap(), "api");
        assert_eq!(take(Some("/n"), r#"{"n": 12}"#).unwrap(), "12");
        assert_eq!(take(Some("/x"), "{}").unwrap_err(), "the output has no value at /x, which V is to be taken from");
    }
}
