//! Looks at every node of a Redis Cluster, and at what the cluster says of itself.

use std::{collections::HashMap, time::Duration};

use futures::{
    future::join_all,
    stream::{FuturesUnordered, StreamExt},
};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    assess::{self, Counters, Seen},
    info::Info,
    server::{Answer, Server},
    target::{Login, Place, Transport},
};
use crate::{Look, failure::Failure, known::known, reach::Endpoint};
use warroom_domain::{
    health::{Observation, Status, Unit},
    platform::RedisRole,
};

/// Nodes that are looked at; larger clusters are judged by what they say of themselves.
const MOST_NODES: usize = 60;

/// All slots of a cluster.
const SLOTS: i64 = 16384;

/// The connections to a cluster's nodes, found through any of the seeds.
pub(super) struct Cluster {
    seeds: Vec<Place>,
    transport: Transport,
    login: Login,
    nodes: HashMap<String, Server>,
    /// Where the last look began: a node that answered.
    entrance: Option<Place>,
}

/// One line of `CLUSTER NODES`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    place: Place,
    replica: bool,
    /// The cluster holds it for failed (`fail`), or our entrance suspects it (`fail?`).
    failed: bool,
    suspected: bool,
    slots: i64,
}

impl Cluster {
    pub(super) fn new(seeds: Vec<Place>, transport: Transport, login: Login) -> Self {
        Cluster { seeds, transport, login, nodes: HashMap::new(), entrance: None }
    }

    /// One look that ends within `limit`, whatever single nodes do: one that hangs must not hide the others.
    pub(super) async fn look(
        &mut self,
        look: &Look,
        limit: Duration,
        counters: &mut Counters,
    ) -> Result<Observation, Failure> {
        let end = Instant::now() + limit;
        let (state, nodes) = self.enter(look, limit).await?;
        let seen = self.visit(look, end, &nodes, counters).await;
        Ok(judge(&state, &nodes, &seen))
    }

    /// The first node that answers tells about all of them: the one that did last time, else the fastest of the seeds.
    async fn enter(&mut self, look: &Look, limit: Duration) -> Result<(Info, Vec<Node>), Failure> {
        let third = limit / 3;
        if let Some(place) = self.entrance.take()
            && let Ok(found) = ask_the_way(self.node(&place), &place, look, third).await
        {
            self.entrance = Some(place);
            return Ok(found);
        }
        let seeds = self.seeds.clone();
        for place in &seeds {
            self.node(place);
        }
        let mut asked: FuturesUnordered<_> = self
            .nodes
            .iter_mut()
            .filter_map(|(label, server)| {
                let place = seeds.iter().find(|place| place.label() == *label)?;
                Some(async move { (place, ask_the_way(server, place, look, third).await) })
            })
            .collect();
        let mut first = None;
        while let Some((place, outcome)) = asked.next().await {
            match outcome {
                Ok(found) => {
                    self.entrance = Some(place.clone());
                    return Ok(found);
                }
                Err(failure) => {
                    first.get_or_insert(failure);
                }
            }
        }
        Err(first.unwrap_or_else(|| Failure::unknown("the URL names no node")))
    }

    fn node(&mut self, place: &Place) -> &mut Server {
        let (transport, login) = (self.transport, self.login.clone());
        self.nodes.entry(place.label()).or_insert_with(|| Server::new(place.clone(), transport, login))
    }

    /// Looks at the nodes at the same time.
    async fn visit(
        &mut self,
        look: &Look,
        end: Instant,
        nodes: &[Node],
        counters: &mut Counters,
    ) -> Vec<Result<Seen, Failure>> {
        let places: Vec<&Place> = nodes.iter().take(MOST_NODES).map(|node| &node.place).collect();
        for place in &places {
            self.node(place);
        }
        let labels: Vec<String> = places.iter().map(|place| place.label()).collect();
        self.nodes.retain(|label, _| labels.contains(label));
        look.stage("the nodes of the cluster have not all answered");
        let asked = self.nodes.iter_mut().map(|(label, server)| async move {
            let own = Look::new(look.connect_timeout, look.at, look.once);
            let answers = match tokio::time::timeout_at(end, assess::ask(server, &own)).await {
                Ok(answers) => answers,
                Err(_) => Err(Failure::no_answer(own.last_stage())),
            };
            (label.clone(), answers)
        });
        let mut answers: HashMap<String, Result<Vec<Answer>, Failure>> = join_all(asked).await.into_iter().collect();
        labels
            .into_iter()
            .map(|label| match answers.remove(&label) {
                Some(Ok(answers)) => Ok(Seen::read(label, answers, counters)),
                Some(Err(failure)) => Err(failure),
                None => Err(Failure::unknown("was not looked at")),
            })
            .collect()
    }
}

async fn ask_the_way(
    server: &mut Server,
    place: &Place,
    look: &Look,
    limit: Duration,
) -> Result<(Info, Vec<Node>), Failure> {
    let questions = [redis::cmd("CLUSTER").arg("INFO").clone(), redis::cmd("CLUSTER").arg("NODES").clone()];
    let own = Look::new(look.connect_timeout, look.at, look.once);
    match tokio::time::timeout(limit, server.ask(&own, &questions)).await {
        Ok(answers) => read(&place.label(), place, &answers?),
        Err(_) => Err(Failure::no_answer(format!("no answer: {}", own.last_stage()))),
    }
}

fn read(peer: &str, entrance: &Place, answers: &[Answer]) -> Result<(Info, Vec<Node>), Failure> {
    let text = |index: usize| match answers.get(index).map(|answer| (&answer.value, answer.text())) {
        Some((_, Some(text))) => Ok(text),
        Some((Err(refused), None)) if refused.text.contains("cluster support disabled") => {
            Err(Failure::unknown(format!("{peer} is not part of a cluster: write redis://{peer}")))
        }
        Some((Err(refused), None)) => Err(refused.meaning()),
        _ => Err(Failure::unknown(format!("{peer} does not answer as a cluster node does"))),
    };
    Ok((Info::parse(&text(0)?), text(1)?.lines().filter_map(|line| node(line, entrance)).collect()))
}

/// `<id> <ip:port@cport[,hostname]> <flags> <master> <ping-sent> <pong-recv> <config-epoch> <link-state> <slot> …`
fn node(line: &str, entrance: &Place) -> Option<Node> {
    let mut words = line.split_whitespace();
    let (address, flags) = (words.nth(1)?, words.next()?);
    let (address, hostname) = address.split_once(',').unwrap_or((address, ""));
    let (host, port) = address.split_once('@').map_or(address, |(address, _)| address).rsplit_once(':')?;
    let flags: Vec<&str> = flags.split(',').collect();
    let has = |flag: &str| flags.contains(&flag);
    if has("noaddr") || has("handshake") {
        return None;
    }
    // A node alone does not know its own address; a host name is preferred where the cluster announces one.
    let host = hostname.split(',').next().filter(|name| !name.is_empty()).unwrap_or(host);
    let place = match (host, entrance) {
        ("", entrance) => entrance.clone(),
        (host, _) => Place::Tcp(Endpoint { host: host.to_owned(), port: port.parse().ok()? }),
    };
    let slots = words.skip(5).filter_map(|range| match range.split_once('-') {
        // [93-<-id] and [77->-id] are slots on the move
        _ if range.starts_with('[') => None,
        Some((from, to)) => Some(to.parse::<i64>().ok()? - from.parse::<i64>().ok()? + 1),
        None => range.parse::<i64>().ok().map(|_| 1),
    });
    Some(Node { place, replica: has("slave"), failed: has("fail"), suspected: has("fail?"), slots: slots.sum() })
}

fn judge(state: &Info, nodes: &[Node], seen: &[Result<Seen, Failure>]) -> Observation {
    let (status, summary) = verdict(state, nodes, seen);
    let slowest = seen.iter().flatten().map(|seen| seen.ping_ms).max_by(f64::total_cmp);
    let observation =
        Observation::new(status, summary).with_details(Value::Object(known(details(state, nodes, seen, slowest))));
    match slowest {
        Some(slowest) => observation.with_value(slowest, Unit::Milliseconds),
        None => observation,
    }
}

fn verdict(state: &Info, nodes: &[Node], seen: &[Result<Seen, Failure>]) -> (Status, String) {
    let slots = |field: &str| state.count(field).unwrap_or_default();
    let failed: Vec<String> = nodes.iter().filter(|node| node.failed).map(|node| node.place.label()).collect();
    let mut causes = Vec::new();
    if !failed.is_empty() {
        causes.push(format!("{} failed", failed.join(", ")));
    }
    let unowned = SLOTS - slots("cluster_slots_assigned");
    if unowned > 0 {
        causes.push(format!("no node owns {unowned}"));
    }
    if state.text("cluster_state").as_deref() != Some("ok") {
        let rest: String = causes.iter().map(|cause| format!(", {cause}")).collect();
        let served = slots("cluster_slots_ok");
        return (Status::Down, format!("cluster state fail: {served} of {SLOTS} slots served{rest}"));
    }
    // With `cluster-require-full-coverage no` the state stays ok whatever is missing.
    let unserved = unowned + slots("cluster_slots_fail");
    if unserved > 0 {
        return (Status::Down, format!("{unserved} of {SLOTS} slots are not served: {}", causes.join(", ")));
    }
    let mut problems: Vec<(Status, String)> = Vec::new();
    for (node, outcome) in nodes.iter().zip(seen) {
        let label = node.place.label();
        match outcome {
            Ok(seen) => {
                if let Some((status, text)) = seen.problem(RedisRole::Any) {
                    problems.push((status, format!("{label}: {text}")));
                }
            }
            Err(_) if node.failed => problems.push((Status::Warn, format!("{label} has failed"))),
            // The cluster is content with a node that we cannot reach from here.
            Err(failure) => problems.push((Status::Warn, format!("{label}: {}", failure.cause))),
        }
    }
    problems.extend(
        nodes
            .iter()
            .filter(|node| node.suspected)
            .map(|node| (Status::Warn, format!("{} may have failed", node.place.label()))),
    );
    // Worst first, in the order found.
    problems.sort_by_key(|(status, _)| std::cmp::Reverse(*status));
    match problems.as_slice() {
        [] => {
            let masters = nodes.iter().filter(|node| !node.replica).count();
            (Status::Ok, format!("cluster ok, {masters} masters, {} replicas", nodes.len() - masters))
        }
        [(status, only)] => (*status, only.clone()),
        [(status, first), rest @ ..] => (*status, format!("{first} (and {} more)", rest.len())),
    }
}

fn details(state: &Info, nodes: &[Node], seen: &[Result<Seen, Failure>], slowest: Option<f64>) -> Map<String, Value> {
    let masters: Vec<&Seen> =
        nodes.iter().zip(seen).filter(|(node, _)| !node.replica).filter_map(|(_, seen)| seen.as_ref().ok()).collect();
    let infos: Vec<&Info> = masters.iter().filter_map(|seen| seen.info.as_ref().ok()).collect();
    let sum = |field: &str| infos.iter().filter_map(|info| info.number(field)).sum::<f64>();
    let (used, max) = (sum("used_memory"), sum("maxmemory"));
    let (hits, misses) = (sum("keyspace_hits"), sum("keyspace_misses"));
    let percent = |part: f64, whole: f64| (whole > 0.0).then(|| (part / whole * 1000.0).round() / 10.0);
    let evictions: Vec<i64> = masters.iter().filter_map(|seen| seen.since.evictions).collect();
    let keys: i64 =
        infos.iter().flat_map(|info| info.numbered("db", 16)).filter_map(|(_, fields)| fields.count("keys")).sum();
    let value = json!({
        "role": "cluster",
        "server": infos.first().map(|info| info.product().0),
        "version": infos.first().and_then(|info| info.product().1),
        "ping_ms": slowest,
        "cluster": {
            "state": state.text("cluster_state"),
            "slots_assigned": state.count("cluster_slots_assigned"),
            "slots_ok": state.count("cluster_slots_ok"),
            "slots_failed": state.count("cluster_slots_fail"),
            "nodes": nodes.len(),
            "failed": nodes.iter().filter(|node| node.failed).count(),
            "masters": nodes.iter().filter(|node| !node.replica).count(),
        },
        "memory": {
            "used_bytes": used,
            "max_bytes": (max > 0.0).then_some(max),
            "used_percent": percent(used, max),
        },
        "clients": { "connected": sum("connected_clients"), "blocked": sum("blocked_clients") },
        "hit_percent": percent(hits, hits + misses),
        "evictions_since_last_look": (!evictions.is_empty()).then(|| evictions.iter().sum::<i64>()),
        "keys": keys,
        "nodes": nodes.iter().zip(seen).map(|(node, seen)| row(node, seen)).collect::<Vec<_>>(),
    });
    match value {
        Value::Object(details) => details,
        _ => Map::new(),
    }
}

fn row(node: &Node, seen: &Result<Seen, Failure>) -> Value {
    let found = seen.as_ref().ok();
    let info = found.and_then(|seen| seen.info.as_ref().ok());
    let state = match seen {
        _ if node.failed => "failed".to_owned(),
        Ok(_) if node.suspected => "suspected".to_owned(),
        Ok(_) => "ok".to_owned(),
        Err(failure) => failure.cause.clone(),
    };
    json!({
        "address": node.place.label(),
        "role": if node.replica { "replica" } else { "master" },
        "state": state,
        "slots": node.slots,
        "ping_ms": found.map(|seen| seen.ping_ms),
        "used_bytes": info.and_then(|info| info.number("used_memory")),
        "max_bytes": info.and_then(Info::max_memory),
        "clients": info.and_then(|info| info.count("connected_clients")),
        "hit_percent": info.and_then(assess::hit_percent),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_cluster_nodes_are_read() {
        let entrance = Place::Tcp(Endpoint { host: "seed".into(), port: 7000 });
        let read =
            |line: &str| node(line, &entrance).map(|node| (node.place.label(), node.replica, node.failed, node.slots));
        let head = "07c37dfeb235213a872192d90877d0cd55635b91";
        assert_eq!(
            read(&format!("{head} 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460 5462 [93-<-292f]")),
            Some(("10.0.0.1:7000".into(), false, false, 5462))
        );
        assert_eq!(
            read(&format!("{head} 10.0.0.2:7000@17000,cache-2.example slave,fail {head} 0 0 1 disconnected")),
            Some(("cache-2.example:7000".into(), true, true, 0))
        );
        assert_eq!(read(&format!("{head} :7000@17000 myself,master - 0 0 0 connected")).unwrap().0, "seed:7000");
        assert_eq!(read("garbage"), None);
    }
}
