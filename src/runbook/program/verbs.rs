//! Words that say of themselves that they remove, stop or replace something.
//!
//! Of a program, script or function that nobody described, its name is all there is to go by. A name that promises harm is believed.

/// As whole words of a name: `purge_old_customers`, `./cleanup.sh`, `delete-jobs`.
const HARMFUL: &[&str] = &[
    "abort",
    "clean",
    "cleanup",
    "clear",
    "decommission",
    "del",
    "delete",
    "demote",
    "deregister",
    "destroy",
    "detach",
    "disable",
    "down",
    "drain",
    "drop",
    "erase",
    "evict",
    "expire",
    "failback",
    "failover",
    "flush",
    "forget",
    "format",
    "halt",
    "kill",
    "nuke",
    "overwrite",
    "poweroff",
    "promote",
    "prune",
    "purge",
    "reboot",
    "recover",
    "reinit",
    "remove",
    "reset",
    "restore",
    "revert",
    "revoke",
    "rm",
    "rollback",
    "shutdown",
    "stop",
    "switchover",
    "takeover",
    "teardown",
    "terminate",
    "truncate",
    "undeploy",
    "uninstall",
    "unregister",
    "vacuum",
    "wipe",
    "zap",
];

/// Whether a name says that it removes, stops or replaces something: which of its words does.
pub fn harmful(name: &str) -> Option<&'static str> {
    let mut words = name.split(|char: char| !char.is_ascii_alphabetic()).flat_map(humps);
    words.find_map(|word| {
        let word = word.to_ascii_lowercase();
        HARMFUL.iter().copied().find(|harm| *harm == word || word.strip_suffix('s').is_some_and(|stem| stem == *harm))
    })
}

/// `deleteOldJobs` is three words.
fn humps(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let bytes = word.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        if let [before, after] = pair
            && before.is_ascii_lowercase()
            && after.is_ascii_uppercase()
        {
            parts.extend(word.get(start..=at));
            start = at + 1;
        }
    }
    parts.extend(word.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::harmful;

    #[test]
    fn names_that_promise_harm_are_believed() {
        for name in ["./cleanup.sh", "purge_old_customers", "delete-jobs", "deleteOldJobs", "restore.sh", "drops"] {
            assert!(harmful(name).is_some(), "{name}");
        }
        for name in ["x", "report.sh", "undeletable", "form", "stopwatch", "downstream", "list_users"] {
            assert_eq!(harmful(name), None, "{name}");
        }
    }
}
