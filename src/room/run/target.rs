//! The name that has to be typed before something is destroyed: what is destroyed, or where, as nearly as that is known.

use warroom_exec::place::Fact;
use warroom_runbook::shell::{Invocation, Script};

/// More names than this nobody types: the place stands for them.
const MOST_NAMES: usize = 3;
/// What stands for a target that is not known before the command runs, the nearest first.
const PLACES: [&str; 6] = ["database", "Redis host", "namespace", "ssh host", "AWS account", "host"];
/// What stands for the namespaces of a command that acts on all of them.
const ALL: &str = "all";
/// Kinds of objects that are in no namespace.
const OF_THE_CLUSTER: [&str; 14] = [
    "namespace",
    "namespaces",
    "ns",
    "node",
    "nodes",
    "no",
    "pv",
    "persistentvolume",
    "persistentvolumes",
    "crd",
    "crds",
    "storageclass",
    "clusterrole",
    "clusterrolebinding",
];

/// The names of all that the action destroys, while a person can type them; else the place where it acts. `targets` are the names as
/// the commands say them, `put_in` puts the values of variables into them.
pub(super) fn name_to_type(
    targets: &[String],
    place: &[Fact],
    script: Option<&Script>,
    put_in: impl Fn(&str) -> String,
) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    let namespace = namespace(place, script);
    for target in targets {
        let name = in_namespace(place_of(&put_in(target)), namespace);
        if name.is_empty() || name.contains(['$', '`']) {
            return nearest(place);
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if (1..=MOST_NAMES).contains(&names.len()) { Some(names.join(" ")) } else { nearest(place) }
}

fn nearest(place: &[Fact]) -> Option<String> {
    let of = |name: &str| place.iter().find(|fact| fact.name == name);
    let value = PLACES.iter().find_map(|name| of(name))?.value.clone();
    (!value.is_empty()).then_some(value)
}

/// The only namespace that the commands act on, where they are those of a cluster's clients.
fn namespace<'p>(place: &'p [Fact], script: Option<&Script>) -> Option<&'p str> {
    let is_client = |command: &Invocation| matches!(command.program(), Some("kubectl" | "oc"));
    let mut of_cluster = place.iter().filter(|fact| fact.name == "namespace");
    let only = of_cluster.next().filter(|only| only.value != ALL && !only.value.contains('$'))?;
    if of_cluster.next().is_some() {
        return None;
    }
    script.is_some_and(|script| script.commands.iter().any(is_client)).then_some(only.value.as_str())
}

/// `deployment/api` as `shop/api`: its namespace and its name. What is in no namespace keeps its own name.
fn in_namespace(name: &str, namespace: Option<&str>) -> String {
    let is_kind = |kind: &str| !kind.is_empty() && kind.chars().all(|c| c.is_ascii_alphabetic() || c == '.');
    match (namespace, name.split_once('/')) {
        (Some(_), Some((kind, name))) if OF_THE_CLUSTER.contains(&kind) => name.to_owned(),
        (Some(namespace), Some((kind, name))) if is_kind(kind) && !name.contains('/') => format!("{namespace}/{name}"),
        _ => name.to_owned(),
    }
}

/// Of an address only where it leads: nobody can type the rest at night, and a password in it must not be typed on a screen.
fn place_of(name: &str) -> &str {
    let Some((_, rest)) = name.split_once("://") else { return name };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let host = rest.find('/').unwrap_or(rest.len());
    rest[..host].rfind('@').map_or(rest, |at| &rest[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_runbook::shell::analyse;

    #[test]
    fn of_an_address_only_its_place_is_typed() {
        assert_eq!(place_of("postgresql://app:s3cret@db-2:5433/shop?sslmode=require"), "db-2:5433/shop");
        assert_eq!(place_of("postgresql://db-1,db-2/shop@home"), "db-1,db-2/shop@home");
        assert_eq!(place_of("redis://cache"), "cache");
        assert_eq!(place_of("shop/orders"), "shop/orders");
    }

    fn typed(targets: &[&str], place: &[(&str, &str)], code: &str) -> Option<String> {
        let targets: Vec<String> = targets.iter().map(|name| (*name).to_owned()).collect();
        let fact = |(name, value): &(&str, &str)| Fact { name: (*name).to_owned(), value: (*value).to_owned() };
        let place: Vec<Fact> = place.iter().map(fact).collect();
        name_to_type(&targets, &place, Some(&analyse(code)), str::to_owned)
    }

    #[test]
    fn what_is_destroyed_is_typed_with_its_namespace() {
        let place = [("host", "bastion-1"), ("kube context", "prod-eu"), ("namespace", "shop")];
        let of = |target: &str| typed(&[target], &place, "kubectl delete x").unwrap();
        assert_eq!(of("deployment/api"), "shop/api");
        assert_eq!(of("namespace/shop"), "shop");
        assert_eq!(typed(&["/srv/api"], &place, "kubectl get pods; rm -r /srv/api").unwrap(), "/srv/api");
        assert_eq!(typed(&["usr/api"], &place, "rm -r usr/api").unwrap(), "usr/api");
    }

    #[test]
    fn what_is_not_known_before_is_named_by_its_place() {
        let database = [("host", "bastion-1"), ("database host", "db-1:5432"), ("database", "shop")];
        assert_eq!(typed(&["$TABLE"], &database, "psql").unwrap(), "shop");
        assert_eq!(typed(&["a", "b", "c", "d"], &database, "psql").unwrap(), "shop");
        assert_eq!(typed(&[], &[("host", "bastion-1"), ("user", "root")], "reboot").unwrap(), "bastion-1");
        assert_eq!(typed(&[], &[], "reboot"), None);
    }
}
