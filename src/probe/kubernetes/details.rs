//! The picture as details: counts, and the worst rows of each table. The names are in the documentation of the probe.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    events::Event,
    feed::Resource,
    nodes::Node,
    picture::Picture,
    pods::{Pod, age},
    tally::{Row, Tally},
    usage::Container,
    workloads::Owner,
};

const PROBLEMS: usize = 50;
const WORKLOADS: usize = 100;
const NODES: usize = 100;
const ZONES: usize = 20;
const EVENTS: usize = 20;
const NOT_SEEN: usize = 20;

pub(super) fn details(picture: &Picture, tally: &Tally, workloads: &[Row<'_>], now: Timestamp) -> Value {
    let mut details = Map::new();
    details.insert("pods".into(), pods(tally));
    details.insert("problems".into(), problems(picture, now));
    details.insert("workloads".into(), workloads.iter().take(WORKLOADS).map(workload).collect());
    if picture.feeds_of(Resource::Nodes).any(|state| state.listed) {
        details.insert("nodes".into(), nodes(picture));
        details.insert("node_list".into(), node_list(picture, now));
        let zones = zones(picture);
        if !zones.is_empty() {
            details.insert("zones".into(), zones.into());
        }
    }
    if let Some(usage) = &picture.usage {
        details.insert("usage".into(), usage.containers.iter().map(container).collect());
    }
    details.insert("events".into(), events(picture, now));
    let not_seen = not_seen(picture);
    if !not_seen.is_empty() {
        details.insert("not_seen".into(), not_seen.into());
    }
    if let Some(access) = &picture.access {
        details.insert("context".into(), json!(access.context));
        details.insert("context_chosen_by".into(), json!(access.chosen_by));
        details.insert("server".into(), json!(access.server));
    }
    Value::Object(details)
}

fn pods(tally: &Tally) -> Value {
    json!({
        "total": tally.total,
        "ready": tally.ready,
        "running": tally.running,
        "pending": tally.pending,
        "failed": tally.failed,
        "succeeded": tally.succeeded,
        "terminating": tally.terminating,
        "crashloop": tally.crashloop,
        "image_pull": tally.image_pull,
        "config_error": tally.config_error,
        "oom_killed": tally.oom_killed,
        "unschedulable": tally.unschedulable,
        "restarts_15m": tally.restarts,
    })
}

/// Every pod as a row, worst first.
pub(super) fn all_pods(picture: &Picture, now: Timestamp) -> Value {
    let mut pods: Vec<(&str, &Pod)> = picture.pods.iter().map(|(key, pod)| (&**key, pod)).collect();
    pods.sort_by(|(a, x), (b, y)| y.rank(now).cmp(&x.rank(now)).then_with(|| a.cmp(b)));
    pods.into_iter().map(|(key, pod)| pod.row(name(key), now)).collect()
}

fn problems(picture: &Picture, now: Timestamp) -> Value {
    let mut pods: Vec<(u8, &str, &Pod)> =
        picture.pods.iter().map(|(key, pod)| (pod.rank(now), &**key, pod)).filter(|(rank, ..)| *rank > 0).collect();
    pods.sort_by(|(a, x, _), (b, y, _)| b.cmp(a).then_with(|| x.cmp(y)));
    pods.into_iter().take(PROBLEMS).map(|(_, key, pod)| pod.row(name(key), now)).collect()
}

fn name(key: &str) -> &str {
    key.split_once('/').map_or(key, |(_, name)| name)
}

fn workload(row: &Row<'_>) -> Value {
    json!({
        "kind": &*row.owner.kind,
        "namespace": &*row.owner.namespace,
        "name": &*row.owner.name,
        "ready": row.ready,
        "desired": row.desired,
        "available": row.available,
        "pods": row.pods,
        "status": row.health.word(),
        "message": row.message,
    })
}

fn nodes(picture: &Picture) -> Value {
    let count = |which: fn(&Node) -> bool| picture.nodes.values().filter(|node| which(node)).count();
    json!({
        "total": picture.nodes.len(),
        "ready": count(|node| node.ready),
        "pressure": count(|node| !node.pressure.is_empty()),
        "unschedulable": count(|node| node.cordoned),
    })
}

fn node_list(picture: &Picture, now: Timestamp) -> Value {
    let mut nodes: Vec<(&str, &Node)> = picture.nodes.iter().map(|(name, node)| (&**name, node)).collect();
    nodes.sort_by_key(|(_, node)| (node.ready, node.pressure.is_empty(), !node.cordoned));
    let pods = pods_by_node(picture);
    nodes
        .into_iter()
        .take(NODES)
        .map(|(name, node)| {
            let mut row = json!({
                "name": name,
                "status": node.status(),
                "zone": node.zone,
                "pods": pods.get(name).map_or(0, |(_, pods)| *pods),
                "age_seconds": age(node.created, now),
                "message": node.message,
            });
            if let Some(used) = picture.usage.as_ref().and_then(|usage| usage.nodes.get(name)) {
                row["cpu_millicores"] = used.millicores.round().into();
                row["memory_bytes"] = used.memory_bytes.into();
            }
            row
        })
        .collect()
}

fn container(one: &Container) -> Value {
    json!({
        "namespace": one.namespace,
        "pod": one.pod,
        "container": one.name,
        "cpu_millicores": one.used.millicores.round(),
        "memory_bytes": one.used.memory_bytes,
    })
}

/// Ready and all pods of each node.
fn pods_by_node(picture: &Picture) -> std::collections::HashMap<&str, (u32, u32)> {
    let mut nodes = std::collections::HashMap::new();
    for pod in picture.pods.values().filter(|pod| pod.counts()) {
        if let Some(node) = pod.node.as_deref() {
            let (ready, pods) = nodes.entry(node).or_insert((0, 0));
            *ready += u32::from(pod.ready);
            *pods += 1;
        }
    }
    nodes
}

/// How nodes and pods are spread over the zones (`topology.kubernetes.io/zone`).
fn zones(picture: &Picture) -> Vec<Value> {
    let pods = pods_by_node(picture);
    let mut zones: std::collections::BTreeMap<&str, [u32; 4]> = std::collections::BTreeMap::new();
    for (name, node) in &picture.nodes {
        let Some(zone) = &node.zone else { continue };
        let (ready, all) = pods.get(&**name).copied().unwrap_or_default();
        let sums = zones.entry(zone).or_default();
        for (sum, more) in sums.iter_mut().zip([1, u32::from(node.ready), all, ready]) {
            *sum += more;
        }
    }
    let row = |(zone, [nodes, ready_nodes, pods, ready_pods]): (&str, [u32; 4])| json!({ "zone": zone, "nodes": nodes, "ready_nodes": ready_nodes, "pods": pods, "ready_pods": ready_pods });
    zones.into_iter().take(ZONES).map(row).collect()
}

fn events(picture: &Picture, now: Timestamp) -> Value {
    let selected = picture.is_selected();
    picture
        .events
        .newest(now)
        .into_iter()
        .filter(|event| !selected || concerns(picture, event))
        .take(EVENTS)
        .map(|event| {
            json!({
                "age_seconds": now.duration_since(event.at).max(SignedDuration::ZERO).as_secs(),
                "reason": &*event.reason,
                "namespace": &*event.about.namespace,
                "object": event.about.label(),
                "count": event.count,
                "message": &*event.message,
            })
        })
        .collect()
}

/// True when the event is about something that the selector has chosen. A ReplicaSet is told by its Deployment's name.
fn concerns(picture: &Picture, event: &Event) -> bool {
    let about = &event.about;
    let known = |owner: &Owner| picture.workloads.contains_key(owner);
    match &*about.kind {
        "Pod" => picture.pods.contains_key(format!("{}/{}", about.namespace, about.name).as_str()),
        "ReplicaSet" => {
            let deployment =
                about.name.rsplit_once('-').map(|(name, _)| Owner::new(&about.namespace, "Deployment", name));
            known(about) || deployment.is_some_and(|deployment| known(&deployment))
        }
        _ => known(about),
    }
}

/// What could not be looked at, with the reason.
fn not_seen(picture: &Picture) -> Vec<Value> {
    let failed = picture.feeds.iter().filter_map(|state| {
        let reason = match &state.failure {
            Some(failure) => failure.sentence.clone(),
            None if !state.listed => "no answer yet".to_owned(),
            None if state.polled => format!("may not watch {}: listed every 15 s", state.feed.phrase()),
            None => return None,
        };
        Some(json!({
            "resource": state.feed.resource.plural(),
            "namespace": state.feed.namespace.as_deref(),
            "reason": reason,
        }))
    });
    failed.take(NOT_SEEN).collect()
}
