//! This machine and what runs on it: services, firewalls, cron, kernel settings, Redis, Docker Compose.

use super::{Back, Saving, raw, shown, sudo, words};
use crate::shell::{Invocation, Word};

/// Settings of Redis that are passwords.
const PASSWORDS: [&str; 4] = ["requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass"];

pub(super) fn saving(command: &Invocation) -> Option<Saving> {
    let program = command.program()?;
    let sudo = sudo(command);
    let positional = || words(command).unwrap_or_default();
    match program {
        "iptables" | "ip6tables" => by_hand(format!("the rules of {program}"), format!("{sudo}{program} -S")),
        "ufw" => by_hand("the rules of ufw".to_owned(), format!("{sudo}ufw status numbered")),
        "crontab" if !command.has_flag(&["-l"]) => by_hand("the crontab".to_owned(), format!("{sudo}crontab -l")),
        "systemctl" => {
            let words = positional();
            let (verb, units) = words.split_first()?;
            let changes = ["start", "stop", "restart", "reload", "enable", "disable", "mask", "unmask", "kill"];
            let is_one = changes.contains(&verb.literal.as_deref()?) && !units.is_empty();
            is_one.then(|| Saving {
                what: format!("the state of {}", shown(units.iter().copied())),
                code: format!(
                    "systemctl show --no-pager -p Id -p ActiveState -p UnitFileState {}",
                    raw(units.iter().copied())
                ),
                // It is as it was, only started anew.
                back: match verb.literal.as_deref() {
                    Some("restart" | "reload" | "kill") => Back::ByHand,
                    _ => Back::Units { sudo },
                },
            })
        }
        "sysctl" => {
            let set = command.words.iter().skip(1).filter_map(|word| word.literal.as_deref()?.split_once('='));
            let keys: Vec<&str> = set.map(|(key, _)| key).collect();
            (!keys.is_empty()).then(|| Saving {
                what: format!("the value of {}", keys.join(" ")),
                code: format!("{sudo}sysctl {}", keys.join(" ")),
                back: Back::Kernel { sudo },
            })
        }
        "redis-cli" => redis(command),
        _ => None,
    }
}

fn by_hand(what: String, code: String) -> Option<Saving> {
    Some(Saving { what, code, back: Back::ByHand })
}

/// `redis-cli … CONFIG SET key value`: `CONFIG GET key` with the same connection.
fn redis(command: &Invocation) -> Option<Saving> {
    let is = |word: Option<&Word>, text: &str| {
        word.and_then(|word| word.literal.as_deref()).is_some_and(|word| word.eq_ignore_ascii_case(text))
    };
    let at = command.words.iter().position(|word| is(Some(word), "config"))?;
    let key = command.words.get(at + 2).filter(|_| is(command.words.get(at + 1), "set"))?;
    let name = key.literal.as_deref()?.to_lowercase();
    if PASSWORDS.contains(&name.as_str()) {
        return None;
    }
    let connection = raw(command.words.get(..at)?);
    let code = format!("{connection} CONFIG GET {}", key.raw);
    Some(Saving { what: format!("the value of {name}"), code, back: Back::Redis { connection } })
}
