//! A sweep for people: one line a probe, the alerts that hold, and a count.

use std::{fmt::Write, time::Duration};

use crate::{
    output::Output,
    painted::Painted,
    table::{self, Cell},
};
use warroom_domain::{
    health::{Status, age, quantity},
    text::line,
};
use warroom_room::Sweep;

pub(super) fn render(sweep: &Sweep, output: &Output) -> Painted {
    let mut rows = table::new(output, &["STATUS", "PROBE", "VALUE", "TOOK", "AGE", "WHAT"]);
    let ended = sweep.started_at + sweep.duration;
    for (spec, reading) in &sweep.probes {
        let value = reading.value.map(|value| quantity(value, reading.unit.as_ref())).unwrap_or_default();
        let took = quantity(reading.latency.as_secs_f64() * 1000.0, Some(&warroom_domain::health::Unit::Milliseconds));
        let since = Duration::try_from(ended.duration_since(reading.at)).unwrap_or_default();
        rows.add_row([
            table::status(output, reading.status),
            Cell::new(&spec.id),
            table::number(value),
            table::number(took),
            table::number(age(since)),
            Cell::new(&reading.summary),
        ]);
    }
    let mut text = table::text(rows);
    for alert in &sweep.alerts {
        let when = if alert.firing {
            String::new()
        } else {
            format!(" (must hold for {})", warroom_domain::health::duration(alert.rule.hold))
        };
        let rule = &alert.rule;
        let said = format!("alert {} {}: {}{when}", rule.severity, rule.id, rule.title);
        let _ = writeln!(text, "{}", line(&said));
    }
    let _ = writeln!(text, "{}", last_line(sweep));
    text
}

/// `2 down, 1 warn, 12 ok in 0.4 s — dotmac, production, 14:03:22Z`.
fn last_line(sweep: &Sweep) -> String {
    let counts: Vec<String> = Status::ALL
        .iter()
        .rev()
        .map(|status| (status, sweep.probes.iter().filter(|(_, r)| r.status == *status).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let counts = if counts.is_empty() { "nothing was looked at".to_owned() } else { counts.join(", ") };
    let place = if sweep.environment.is_empty() {
        sweep.platform.clone()
    } else {
        format!("{}, {}", sweep.platform, sweep.environment)
    };
    let took = quantity(sweep.duration.as_secs_f64() * 1000.0, Some(&warroom_domain::health::Unit::Milliseconds));
    let mark = if sweep.simulated { "SIMULATED: " } else { "" };
    format!("{mark}{counts} in {took} ({place}, {})", sweep.started_at.strftime("%F %TZ"))
}
