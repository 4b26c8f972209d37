//! Commands, each with the least rating that it needs: none may be rated lower, and reads are not asked about without need.

use super::{Risk, bash};

/// `R`, `C` or `D`, a tab, and the command as a JSON string.
const LEAST: &str = include_str!("least.tsv");

fn commands() -> impl Iterator<Item = (Risk, String)> {
    LEAST.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (risk, code) = line.split_once('\t')?;
        let risk = match risk {
            "R" => Risk::Read,
            "C" => Risk::Change,
            _ => Risk::Destructive,
        };
        Some((risk, serde_json::from_str(code).ok()?))
    })
}

#[test]
fn no_command_that_acts_is_rated_read_and_hardly_a_read_more() {
    let (mut low, mut unasked, mut high, mut reads) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (least, code) in commands() {
        let found = bash(&code);
        reads += usize::from(least == Risk::Read);
        let why = || found.reasons.first().map(|reason| reason.text.clone()).unwrap_or_default();
        let line = || format!("{least} {code:?}: {} ({})", found.risk, why());
        if found.risk < least {
            low.push(line());
            if found.risk == Risk::Read {
                unasked.push(line());
            }
        } else if least == Risk::Read && found.risk > least {
            high.push(line());
        }
    }
    assert!(unasked.is_empty(), "{}", unasked.join("\n"));
    assert!(low.len() * 100 <= 764, "{}", low.join("\n"));
    assert!(high.len() * 20 <= reads, "{}", high.join("\n"));
}
