//! The commands that restore what a look has saved. They are shown, rated and confirmed like every other command.

/// How something that was saved is restored. Strings are beginnings of commands, as they were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    /// By a person, who reads what was saved.
    ByHand,
    /// Kinds, names and replicas, in columns.
    Replicas { kubectl: String },
    /// Objects as YAML.
    Object { kubectl: String },
    /// A node as YAML: whether it takes pods.
    Node { kubectl: String, node: String },
    /// Properties of systemd units.
    Units { sudo: &'static str },
    /// `key = value` lines of sysctl.
    Kernel { sudo: &'static str },
    /// A key of Redis' settings and its value, each on a line.
    Redis { connection: String },
}

/// Where output was masked it is not what it was.
const MASKED: &str = "[masked]";

impl Back {
    /// Bash that restores what was saved in `file`, whose text is `saved`. `None` when that takes a person.
    pub fn code(&self, saved: &str, file: &str) -> Option<String> {
        if saved.contains(MASKED) || saved.trim().is_empty() {
            return None;
        }
        let lines: Vec<String> = match self {
            Back::ByHand => return None,
            Back::Object { kubectl } => {
                // Without its version an object replaces what is there, whatever changed it meanwhile.
                let strip = format!("sed -E '/^ {{2,4}}resourceVersion: /d' {}", quoted(file));
                vec![format!("{strip} | {kubectl} replace -f -")]
            }
            Back::Node { kubectl, node } => {
                let closed = saved.lines().any(|line| line.trim() == "unschedulable: true");
                vec![format!("{kubectl} {} {node}", if closed { "cordon" } else { "uncordon" })]
            }
            Back::Replicas { kubectl } => {
                let rows = saved.lines().filter_map(|line| {
                    let [kind, name, replicas] = line.split_whitespace().collect::<Vec<_>>()[..] else { return None };
                    replicas.parse::<u32>().ok().filter(|_| is_name(kind) && is_name(name)).map(|replicas| {
                        format!("{kubectl} scale {}/{name} --replicas={replicas}", kind.to_ascii_lowercase())
                    })
                });
                rows.collect()
            }
            Back::Units { sudo } => saved.split("\n\n").flat_map(|unit| of_unit(unit, sudo)).collect(),
            Back::Kernel { sudo } => {
                let pairs = saved.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.trim(), v.trim()));
                let pairs = pairs.filter(|(key, _)| is_name(key));
                pairs.map(|(key, value)| format!("{sudo}sysctl -w {key}={}", quoted(value))).collect()
            }
            Back::Redis { connection } => {
                let [key, value] = saved.lines().collect::<Vec<_>>()[..] else { return None };
                let setting = format!("{connection} CONFIG SET {key} {}", quoted(value));
                is_name(key).then_some(setting).into_iter().collect()
            }
        };
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

fn of_unit(unit: &str, sudo: &str) -> Vec<String> {
    let value = |key: &str| unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap_or_default();
    let id = value("Id");
    let enabled = match value("UnitFileState") {
        "enabled" => Some("enable"),
        "disabled" => Some("disable"),
        _ => None,
    };
    let active = match value("ActiveState") {
        "active" => Some("start"),
        "inactive" | "failed" => Some("stop"),
        _ => None,
    };
    let verbs = enabled.into_iter().chain(active).filter(|_| is_name(id));
    verbs.map(|verb| format!("{sudo}systemctl {verb} {id}")).collect()
}

/// Nothing that means something to a shell.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-@:".contains(c))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::super::savings;
    use crate::shell::analyse;

    fn back(code: &str, saved: &str) -> Option<String> {
        savings(&analyse(code)).remove(0).back.code(saved, "/runs/it's/output")
    }

    #[test]
    fn what_was_saved_is_restored_with_the_words_of_the_change() {
        let columns = "KIND         NAME   REPLICAS\nDeployment   api    3\nDeployment   web    2\nPod x <none>\n";
        for (code, saved, expected) in [
            (
                "kubectl scale deployment api web --replicas=0 -n \"$NS\"",
                columns,
                "kubectl -n \"$NS\" scale deployment/api --replicas=3\nkubectl -n \"$NS\" scale deployment/web --replicas=2",
            ),
            (
                "kubectl set image deployment/api api=api:2",
                "kind: Deployment\n",
                r"sed -E '/^ {2,4}resourceVersion: /d' '/runs/it'\''s/output' | kubectl replace -f -",
            ),
            ("kubectl drain n1", "spec:\n  podCIDR: x\n", "kubectl uncordon n1"),
            ("kubectl uncordon n1", "spec:\n  unschedulable: true\n", "kubectl cordon n1"),
            (
                "sudo systemctl stop nginx",
                "Id=nginx.service\nActiveState=active\nUnitFileState=enabled\n",
                "sudo systemctl enable nginx.service\nsudo systemctl start nginx.service",
            ),
            ("sysctl -w vm.swappiness=10", "vm.swappiness = 60\n", "sysctl -w vm.swappiness='60'"),
            (
                "redis-cli -h cache CONFIG SET maxmemory-policy allkeys-lru",
                "maxmemory-policy\nno'eviction\n",
                r"redis-cli -h cache CONFIG SET maxmemory-policy 'no'\''eviction'",
            ),
        ] {
            assert_eq!(back(code, saved).as_deref(), Some(expected), "{code}");
        }
    }

    #[test]
    fn what_is_masked_odd_or_hostile_is_left_to_a_person() {
        for (code, saved) in [
            ("kubectl set image deployment/api api=api:2", "value: [masked]\n"),
            ("kubectl scale deployment api --replicas=0", "KIND NAME REPLICAS\nDeployment a;reboot 3\n"),
            ("kubectl scale deployment api --replicas=0", ""),
            ("sudo systemctl stop nginx", "Id=$(reboot)\nActiveState=active\n"),
            ("sudo systemctl restart nginx", "Id=nginx.service\nActiveState=active\n"),
            ("redis-cli CONFIG SET maxmemory 1", "ERR unknown\n"),
            ("iptables -F", "-P INPUT ACCEPT\n"),
        ] {
            assert_eq!(back(code, saved), None, "{code}");
        }
    }
}
