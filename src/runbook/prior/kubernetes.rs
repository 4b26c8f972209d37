//! kubectl and helm.

use super::{Back, Saving, flag, raw, shown, value, words};
use crate::shell::{Invocation, Word};

/// Kinds whose content is secret.
const SECRETS: [&str; 2] = ["secret", "secrets"];
/// Verbs that change an object named by the words after them.
const ON_OBJECTS: [&str; 9] =
    ["patch", "edit", "annotate", "label", "delete", "autoscale", "replace", "apply", "expose"];
/// Verbs that act on nodes, named by their names alone.
const ON_NODES: [&str; 4] = ["cordon", "uncordon", "drain", "taint"];

pub(super) fn saving(command: &Invocation) -> Option<Saving> {
    let program = command.program()?;
    let positional = words(command)?;
    if program == "helm" {
        return helm(command, &positional);
    }
    let (verb, rest) = positional.split_first()?;
    let mut to = format!("{program}{}", flag(command, &["--context"]));
    to.push_str(&flag(command, &["-n", "--namespace"]));
    let (verb, rest) = match (verb.literal.as_deref()?, rest.split_first()) {
        (verb @ ("set" | "rollout"), Some((_, rest))) => (verb, rest),
        (verb, _) => (verb, rest),
    };
    // `LABEL=value`, `KEY-` and the like are what is set, not what is named.
    let named: Vec<&Word> = rest.iter().copied().filter(|word| !is_setting(word)).collect();
    if let Some((raw, shown)) = value(command, &["-f", "--filename"]) {
        let known = ON_OBJECTS.contains(&verb) || verb == "scale" || verb == "set";
        // What stands in a file or comes from elsewhere may be a secret: its kinds and names are enough to know what was there.
        let is_file = known && raw != "-";
        return is_file.then(|| Saving {
            what: format!("what there is of {shown}"),
            code: format!("{to} get -f {raw} --ignore-not-found -o wide"),
            back: Back::ByHand,
        });
    }
    if ON_NODES.contains(&verb) {
        let node = named.iter().find(|word| !matches!(word.literal.as_deref(), Some("node" | "nodes")))?;
        return Some(Saving {
            what: format!("the state of node {}", node.shown()),
            code: format!("{to} get node {} -o yaml", node.raw),
            back: if verb == "taint" { Back::ByHand } else { Back::Node { kubectl: to, node: node.raw.clone() } },
        });
    }
    let selector = flag(command, &["-l", "--selector"]);
    if named.is_empty() || !named.iter().all(|word| is_safe(word)) {
        return None;
    }
    let objects = raw(named.iter().copied());
    let names =
        if selector.is_empty() { shown(named.iter().copied()) } else { shown(named.iter().copied()) + &selector };
    match verb {
        "scale" => Some(Saving {
            what: format!("the replicas of {names}"),
            code: format!(
                "{to} get {objects}{selector} -o custom-columns=KIND:.kind,NAME:.metadata.name,REPLICAS:.spec.replicas"
            ),
            back: Back::Replicas { kubectl: to },
        }),
        "set" | "rollout" => {
            let code = format!("{to} get {objects}{selector} -o yaml");
            Some(Saving { what: format!("{names} as it was"), code, back: Back::Object { kubectl: to } })
        }
        verb if ON_OBJECTS.contains(&verb) => Some(Saving {
            what: format!("{names} as it was"),
            code: format!("{to} get {objects}{selector} --ignore-not-found -o yaml"),
            back: match verb {
                "patch" | "edit" | "annotate" | "label" => Back::Object { kubectl: to },
                _ => Back::ByHand,
            },
        }),
        _ => None,
    }
}

/// The history of a release: what `helm rollback` goes back to. Its values may hold secrets and are not looked at.
fn helm(command: &Invocation, positional: &[&Word]) -> Option<Saving> {
    let verb = positional.first()?.literal.as_deref()?;
    let release = match verb {
        "upgrade" | "rollback" | "uninstall" | "delete" => positional.get(1)?,
        _ => return None,
    };
    let to = format!("helm{}{}", flag(command, &["--kube-context"]), flag(command, &["-n", "--namespace"]));
    Some(Saving {
        what: format!("the history of release {}", release.shown()),
        code: format!("{to} history {}", release.raw),
        back: Back::ByHand,
    })
}

fn is_setting(word: &Word) -> bool {
    let text = word.shown();
    text.contains('=') || text.ends_with('-')
}

/// Names objects that may be looked at.
fn is_safe(word: &Word) -> bool {
    let text = word.shown().to_lowercase();
    let kinds = text.split(',').map(|one| one.split(['/', '.']).next().unwrap_or_default());
    kinds.into_iter().all(|kind| !SECRETS.contains(&kind)) && text != "all"
}
