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
        Row::told("  of which parsing, with the risk of each action", format!("{parsed:.1} ms")),
    ]
}

/// The steps of real runbooks, over and over, each time with other names, and with a hazard and SQL now and then.
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
    let mut lines = text.lines().count();
    for (round, steps) in steps.iter().cycle().enumerate() {
        if lines >= LINES {
            break;
        }
        // No two fences are the same, so that remembering what was read would not help.
        let steps = steps.replace(":?}", &format!("_{round}:?}}")).replace("portal", &format!("portal_{round}"));
        let hazard = format!(
            "### 9. Hazard\n\n```bash\nkubectl logs -f deployment/api-{round}\nredis-cli -n {round} FLUSHDB\n```\n\n\
             ### 10. Orders\n\n```sql\nSELECT status, count(*) FROM orders_{round}\nWHERE created_at > now() - interval '1 hour'\n\
             GROUP BY status ORDER BY 2 DESC;\n```\n\n**Expected Output:** a table\n\n"
        );
        lines += steps.lines().count() + hazard.lines().count();
        text.push_str(&steps);
        text.push_str(&hazard);
    }
    text
}
