//! What a probe is when its pack does not say: one row for each kind.

use std::time::Duration;

/// The defaults of one probe kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// As `kind = "…"` writes it.
    pub word: &'static str,
    /// The panel of probes that name none.
    pub panel: &'static str,
    pub every: Duration,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// CEL source of the threshold that makes the reading `warn`; `None` where only the kind's own verdict counts.
    pub warn: Option<&'static str>,
    /// CEL source of the threshold that makes the reading `down`.
    pub down: Option<&'static str>,
    /// The details at the top of its readings, which thresholds may read. Empty where they are not all known here.
    pub details: &'static [&'static str],
    /// True when the value is a percentage.
    pub percent: bool,
}

const fn kind(word: &'static str, panel: &'static str, every: u64, timeout: u64, connect: u64) -> Kind {
    Kind {
        word,
        panel,
        every: Duration::from_secs(every),
        timeout: Duration::from_secs(timeout),
        connect_timeout: Duration::from_secs(connect),
        warn: None,
        down: None,
        details: &[],
        percent: false,
    }
}

/// All probe kinds. A default threshold is [optional](super::Expression::optional): where a target lacks what it reads, it
/// does not apply. Times are seconds: interval, limit of a whole look, limit of reaching the target.
pub const KINDS: [Kind; 14] = [
    // By watch: a look reads what the watch has kept, so that it is cheap; the interval only bounds its age.
    Kind {
        details: &[
            "pods",
            "problems",
            "workloads",
            "nodes",
            "node_list",
            "zones",
            "usage",
            "events",
            "not_seen",
            "context",
            "context_chosen_by",
            "server",
            "last_seen_at",
        ],
        percent: true,
        ..kind("kubernetes", "pods", 10, 10, 3)
    },
    Kind {
        // PostgreSQL refuses ordinary users at 100 %; above 80 % is the plans' own alert, above 95 % only the connections
        // reserved for superusers are left at default settings (3 of 100).
        warn: Some("connections.used_percent > 80"),
        down: Some("connections.used_percent > 95"),
        ..kind("postgres", "database", 5, 3, 2)
    },
    Kind {
        // Green below a minute, red above the five minutes of the tightest database RPO in the plans.
        warn: Some("lag_seconds > 60"),
        down: Some("lag_seconds > 300"),
        ..kind("replication", "replication", 5, 3, 2)
    },
    Kind {
        // A cache that evicts is full all its life. Where nothing is evicted, writes are refused at 100 % of `maxmemory`,
        // which the probe itself calls down.
        warn: Some("memory.policy == \"noeviction\" && memory.used_percent > 80"),
        ..kind("redis", "redis", 5, 2, 2)
    },
    Kind {
        // Two seconds are what people wait before they try again; a check that takes longer is seldom just far away.
        warn: Some("latency_ms > 2000"),
        details: &[
            "status_code",
            "reason",
            "connect_ms",
            "first_byte_ms",
            "total_ms",
            "body_bytes",
            "body_cut",
            "body_excerpt",
            "redirects",
            "location",
            "retry_after",
            "address",
            "http_version",
            "certificate",
            "problem",
        ],
        ..kind("http", "services", 10, 5, 3)
    },
    Kind {
        details: &["series_count", "series", "min", "max", "evaluated_at", "not_a_number", "warnings", "server"],
        ..kind("prometheus", "metrics", 15, 5, 3)
    },
    Kind {
        // The plans' alert is 5 % of all answers; 1 % is where a healthy service stops to be one.
        warn: Some("value > 1"),
        down: Some("value > 5"),
        details: &[
            "errors",
            "total",
            "window_seconds",
            "requests_per_second",
            "series",
            "error_series",
            "resets",
            "page_bytes",
        ],
        percent: true,
        ..kind("metrics", "error-rate", 15, 5, 3)
    },
    Kind {
        details: &[
            "page",
            "format",
            "indicator",
            "description",
            "open_incidents",
            "incidents",
            "components_not_operational",
            "components",
            "maintenances",
            "updated_at",
        ],
        ..kind("statuspage", "dependencies", 60, 10, 3)
    },
    Kind { details: &["addresses", "accepting", "attempts"], ..kind("tcp", "network", 10, 3, 3) },
    Kind {
        // Public certificates are renewed 30 days before their end; three weeks left means that renewal is failing.
        warn: Some("days_left < 21"),
        down: Some("days_left < 3"),
        details: &[
            "days_left",
            "trusted",
            "problem",
            "certificate",
            "chain",
            "protocol",
            "cipher",
            "address",
            "server_name",
            "connect_ms",
            "handshake_ms",
            "client_certificate",
        ],
        ..kind("tls", "network", 300, 5, 3)
    },
    Kind {
        details: &["name", "record", "server", "authoritative", "answers", "missing", "response_ms"],
        ..kind("dns", "network", 30, 3, 3)
    },
    // Age and size are judged by the probe itself, against `max_age` and the copy before.
    Kind {
        details: &["newest", "count", "keep", "total_bytes", "being_written", "backups"],
        ..kind("backup", "backups", 300, 60, 10)
    },
    kind("command", "commands", 60, 30, 30),
    kind("simulated", "simulated", 1, 1, 1),
];

/// The row of a kind.
pub fn kind_named(word: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.word == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Expression;

    #[test]
    fn every_default_threshold_compiles_and_every_limit_fits_its_interval() {
        for kind in &KINDS {
            for source in [kind.warn, kind.down].into_iter().flatten() {
                Expression::compile(source).unwrap();
            }
            assert!(kind.connect_timeout <= kind.timeout && kind.timeout <= kind.every, "{}", kind.word);
        }
    }
}
