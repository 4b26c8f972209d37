//! What `INFO` says, by name and as numbers.

use redis::InfoDict;

/// The answer to `INFO`: the library's dictionary with typed access. Field names are those of redis.io/commands/info.
#[derive(Debug, Clone)]
pub(super) struct Info(InfoDict);

impl Info {
    pub(super) fn parse(text: &str) -> Self {
        Info(InfoDict::new(text))
    }

    pub(super) fn text(&self, field: &str) -> Option<String> {
        self.0.get::<String>(field).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn number(&self, field: &str) -> Option<f64> {
        self.text(field)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub(super) fn count(&self, field: &str) -> Option<i64> {
        self.text(field)?.parse().ok()
    }

    /// True for `1`, `yes`, `ok` and `up`; `None` when the field is not there.
    pub(super) fn flag(&self, field: &str) -> Option<bool> {
        self.text(field).map(|text| matches!(text.as_str(), "1" | "yes" | "ok" | "up"))
    }

    /// `master` or `slave`, as Redis calls them; Dragonfly says `replica`.
    pub(super) fn is_replica(&self) -> Option<bool> {
        self.text("role").map(|role| matches!(role.as_str(), "slave" | "replica"))
    }

    /// Which program it is, and its own version: `redis_version` of the others is the Redis that they are compatible with.
    pub(super) fn product(&self) -> (&'static str, Option<String>) {
        const OTHERS: [(&str, &str); 4] = [
            ("valkey_version", "Valkey"),
            ("keydb_version", "KeyDB"),
            ("dragonfly_version", "Dragonfly"),
            ("garnet_version", "Garnet"),
        ];
        if let Some((version, name)) = OTHERS.iter().find_map(|(field, name)| Some((self.text(field)?, *name))) {
            // df-v1.40.1
            return (name, Some(version.trim_start_matches("df-").trim_start_matches('v').to_owned()));
        }
        // KeyDB counts its versions in the field that it has from Redis.
        let keydb = self.text("mvcc_depth").is_some()
            || self.text("executable").is_some_and(|path| path.ends_with("keydb-server"));
        (if keydb { "KeyDB" } else { "Redis" }, self.text("redis_version"))
    }

    /// Address of the master that a replica follows.
    pub(super) fn master(&self) -> Option<String> {
        Some(format!("{}:{}", self.text("master_host")?, self.text("master_port")?))
    }

    /// Fields of numbered lists (`slave0:ip=…,port=…`, `db0:keys=…`), in order, at most `most`.
    pub(super) fn numbered(&self, prefix: &str, most: usize) -> Vec<(usize, Fields)> {
        let mut found: Vec<(usize, Fields)> = self
            .0
            .keys()
            .filter_map(|key| {
                let number = key.strip_prefix(prefix)?.parse().ok()?;
                Some((number, Fields(self.text(key)?)))
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        found.truncate(most);
        found
    }

    /// Bytes that count against `maxmemory`, as Redis counts them (replication and AOF buffers are left out).
    pub(super) fn memory_against_limit(&self) -> Option<f64> {
        Some(self.number("used_memory")? - self.number("mem_not_counted_for_evict").unwrap_or_default())
    }

    pub(super) fn max_memory(&self) -> Option<f64> {
        self.number("maxmemory").filter(|max| *max > 0.0)
    }
}

/// One line of `name=value` pairs.
#[derive(Debug, Clone)]
pub(super) struct Fields(pub(super) String);

impl Fields {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.split(',').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    pub(super) fn count(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_name() {
        let info = Info::parse(
            "# Server\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nused_memory:100\r\n\
             mem_not_counted_for_evict:20\r\nslave1:ip=b,port=2\r\nslave0:ip=a,port=1,lag=3\r\n",
        );
        assert_eq!((info.is_replica(), info.master().as_deref()), (Some(true), Some("10.0.0.1:6379")));
        assert_eq!(info.memory_against_limit(), Some(80.0));
        let replicas = info.numbered("slave", 10);
        assert_eq!(
            (replicas[0].1.get("ip"), replicas[0].1.count("lag"), replicas[1].1.get("ip")),
            (Some("a"), Some(3), Some("b"))
        );
    }

    #[test]
    fn each_program_is_called_by_its_own_name() {
        for (text, name, version) in [
            ("redis_version:8.2.3\r\n", "Redis", "8.2.3"),
            // Valkey 8.0.1 as Debian has it.
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n", "Valkey", "8.0.1"),
            ("redis_version:6.3.4\r\nexecutable:/usr/bin/keydb-server\r\nmvcc_depth:0\r\n", "KeyDB", "6.3.4"),
            ("redis_version:7.4.0\r\ndragonfly_version:df-v1.40.1\r\n", "Dragonfly", "1.40.1"),
        ] {
            assert_eq!(Info::parse(text).product(), (name, Some(version.to_owned())), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(.{0,20}:.{0,20}\r\n){0,8}") {
            let info = Info::parse(&text);
            let _ = (info.numbered("", 10), info.number("used_memory"), info.master());
        }
    }
}
