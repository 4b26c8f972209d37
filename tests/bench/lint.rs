//! A document of 10,000 lines, parsed and linted.

use std::{fs, hint::black_box, time::Instant};

use warroom::runbook::{
    self,
    lint::{LintContext, lint},
};

use crate::{Row, median};

const LINES: usize = 10_000;

pub(crate) fn rows() -> Vec<Row> {
    let text = document();
    let time = |measured: &dyn Fn()| {
        let start = Instant::now();
        measured();
        start.elapsed().as_secs_f64() * 1e3
    };
    let parse = || drop(black_box(runbook::parse("long.md", black_box(&text))));
    let both = || drop(black_box(lint(&runbook::parse("long.md", black_box(&text)), &LintContext::default())));
    both();
    let parsed = median((0..9).map(|_| time(&parse)).collect());
    let linted = median((0..9).map(|_| time(&both)).collect());
    vec![
        Row::at_most("10,000 lines parsed and linted", 50.0, linted, "ms"),
        Row::told("of which parsing", format!("{parsed:.1} ms")),
    ]
}

/// The steps of real runbooks, over and over, with a hazard now and then.
fn document() -> String {
    let mut paths: Vec<_> =
        fs::read_dir("tests/runbooks/clean").expect("the clean runbooks").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let steps: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).ok()?;
            let (_, after) = text.split_once("## Steps\n")?;
            Some(after.split_once("## Verification").map_or(after, |(steps, _)| steps).to_owned())
        })
        .collect();
    let mut text = String::from("# Long\n\n## Overview\n\nAll of it.\n\n## Steps\n");
    for steps in steps.iter().cycle() {
        if text.lines().count() >= LINES {
            break;
        }
        text.push_str(steps);
        text.push_str("### 9. Hazard\n\n```bash\nkubectl logs -f deployment/api\nredis-cli FLUSHDB\n```\n\n");
    }
    text
}
