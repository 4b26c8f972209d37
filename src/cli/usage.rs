//! What clap has to say about a command line, as one sentence and with our exit codes.

use clap::error::ErrorKind;

use super::{Exit, output::complain};

/// Prints help and version where they were asked for; anything else is one sentence on standard error.
pub(super) fn explain(error: &clap::Error) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that has gone (`| head`) is no error.
            let _ = error.print();
            Exit::Ok
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::Usage
        }
        _ => {
            complain(&sentence(&error.render().to_string()));
            Exit::Usage
        }
    }
}

/// clap's paragraphs in one line: the error, its list and its tips; the usage gives way to a reference to `--help`.
fn sentence(paragraphs: &str) -> String {
    let mut told = String::new();
    for line in paragraphs.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("Usage:") || line.starts_with("For more information") {
            break;
        }
        let line = line.strip_prefix("error: ").unwrap_or(line);
        match line.strip_prefix("tip: ") {
            _ if told.is_empty() => told.push_str(line),
            Some(tip) => {
                told.push_str("; ");
                told.push_str(tip);
            }
            None if told.ends_with([':', ',']) => {
                told.push(' ');
                told.push_str(line);
            }
            None => {
                told.push_str(if line.starts_with('[') { " " } else { ", " });
                told.push_str(line);
            }
        }
    }
    let command = paragraphs
        .lines()
        .find_map(|line| line.trim().strip_prefix("Usage: "))
        .map(|usage| {
            usage.split(' ').take_while(|word| !word.starts_with(['[', '<', '-'])).collect::<Vec<_>>().join(" ")
        })
        .unwrap_or_else(|| "warroom".to_owned());
    format!("{told} (see `{command} --help`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_become_a_sentence() {
        let told = sentence(
            "error: unexpected argument '--fromat' found\n\n  tip: a similar argument exists: '--format'\n\nUsage: warroom sweep --format <FORMAT>\n\nFor more information, try '--help'.\n",
        );
        assert_eq!(
            told,
            "unexpected argument '--fromat' found; a similar argument exists: '--format' (see `warroom sweep --help`)"
        );
        let told = sentence(
            "error: the following required arguments were not provided:\n  <ID>\n\nUsage: warroom probe run <ID>\n",
        );
        assert_eq!(told, "the following required arguments were not provided: <ID> (see `warroom probe run --help`)");
    }
}
