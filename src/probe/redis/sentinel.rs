//! Asks Sentinels who the master is, and whether they could fail it over.

use std::collections::HashMap;

use futures::future::join_all;
use redis::from_redis_value_ref;
use serde_json::{Value, json};

use super::{
    server::{Answer, Server},
    target::Place,
};
use crate::{Look, failure::Failure, reach::Endpoint};
use warroom_domain::{health::Status, platform::RedisRole};

/// What the Sentinels agree on.
#[derive(Debug)]
pub(super) struct Finding {
    /// The server to look at: the master, or a replica when one is expected.
    pub(super) place: Place,
    /// What is wrong with the Sentinels or with what they think of the master.
    pub(super) problem: Option<(Status, String)>,
    pub(super) details: Value,
}

/// One Sentinel's view.
#[derive(Debug)]
struct View {
    address: String,
    /// Counts up with each failover.
    epoch: i64,
    /// It holds the master for down itself; the quorum agrees on that.
    subjectively: bool,
    objectively: bool,
    quorum: Option<i64>,
    others: i64,
    /// The refusal of CKQUORUM.
    no_quorum: bool,
    replicas: Vec<Replica>,
}

/// A server that should be a replica, as one Sentinel knows it.
#[derive(Debug)]
struct Replica {
    address: String,
    reachable: bool,
    /// It says that it is a master.
    master: bool,
    link_up: bool,
}

/// Asks all Sentinels at once. Most votes say who the master is, then the latest failover; the order in the URL says nothing.
pub(super) async fn find(
    sentinels: &mut [Server],
    master: &str,
    expect: RedisRole,
    look: &Look,
) -> Result<Finding, Failure> {
    let questions = [
        redis::cmd("SENTINEL").arg("MASTER").arg(master).clone(),
        redis::cmd("SENTINEL").arg("CKQUORUM").arg(master).clone(),
        redis::cmd("SENTINEL").arg("REPLICAS").arg(master).clone(),
    ];
    let total = sentinels.len();
    let asked = sentinels.iter_mut().map(|sentinel| {
        let questions = &questions;
        async move {
            let peer = sentinel.label();
            // One Sentinel that hangs must not hide the others.
            let limit = look.connect_timeout;
            let own = Look::new(look.connect_timeout, look.at, look.once);
            let answers = match tokio::time::timeout(limit, sentinel.ask(&own, questions)).await {
                Ok(answers) => answers,
                Err(_) => Err(Failure::no_answer(own.last_stage())),
            };
            (peer, answers)
        }
    });
    look.stage("no Sentinel has answered");
    let mut views = Vec::new();
    let mut failures = Vec::new();
    for (peer, answers) in join_all(asked).await {
        match answers.and_then(|answers| view(&peer, master, &answers)) {
            Ok(view) => views.push(view),
            Err(failure) => failures.push(failure),
        }
    }
    let votes = |view: &View| views.iter().filter(|other| other.address == view.address).count();
    let weight = |view: &View| (votes(view), view.epoch, view.address.clone());
    let Some(first) = views.iter().max_by_key(|view| weight(view)) else {
        let worst = failures.into_iter().next().unwrap_or_else(|| Failure::unknown("the URL names no Sentinel"));
        return Err(Failure { cause: format!("sentinel: {}", worst.cause), ..worst });
    };
    let address = &first.address;
    let agreeing: Vec<&View> = views.iter().filter(|view| view.address == *address).collect();
    let voices = agreeing.iter().filter(|view| view.subjectively || view.objectively).count();
    let quorum = agreeing.iter().filter_map(|view| view.quorum).min();
    let held = agreeing.iter().any(|view| view.objectively) || quorum.is_some_and(|quorum| voices as i64 >= quorum);
    // While the master is gone, a replica that has become one is its heir.
    let others = if voices == 0 { other_masters(&agreeing) } else { Vec::new() };

    let mut problems = Vec::new();
    if held {
        let text = format!("{voices} of {} Sentinels hold master {address} for down", views.len());
        problems.push((Status::Down, text));
    } else if voices > 0 {
        let text = format!("{voices} of {} Sentinels holds master {address} for down", views.len());
        problems.push((Status::Warn, text));
    }
    problems.extend(others.iter().map(|other| match expect {
        RedisRole::Replica => (Status::Warn, format!("{other} is a master again: it takes writes that will be lost")),
        _ => (Status::Down, format!("split brain: {address} and {other} both accept writes")),
    }));
    if agreeing.len() < views.len() {
        problems.push((Status::Warn, "Sentinels disagree on who the master is".to_owned()));
    }
    let no_quorum = views.iter().any(|view| view.no_quorum);
    if no_quorum {
        problems.push((Status::Warn, "Sentinels have no quorum: no failover is possible".to_owned()));
    }
    problems.extend(failures.first().map(|failure| (Status::Warn, format!("sentinel: {}", failure.cause))));
    // Stable: within a status, in the order above.
    problems.sort_by_key(|(status, _)| std::cmp::Reverse(*status));

    let details = json!({
        "master": master,
        "address": address,
        "held_for_down": held,
        "voices_for_down": voices,
        "other_masters": others,
        "quorum": first.quorum,
        "quorum_ok": !no_quorum,
        "known_sentinels": first.others + 1,
        "asked": total,
        "answering": views.len(),
        "replicas": first.replicas.len(),
    });
    let problem = problems.into_iter().next();
    let place = if expect == RedisRole::Replica {
        let healthy = agreeing.iter().flat_map(|view| &view.replicas).find(|replica| replica.is_healthy());
        match (healthy.and_then(|replica| place(&replica.address)), problem) {
            (Some(place), problem) => return Ok(Finding { place, problem, details }),
            // A master that came back is a replica soon: Sentinel sees to that.
            (None, Some((status, text))) if !others.is_empty() => return Err(Failure::new(status, text)),
            (None, _) => return Err(Failure::down(format!("no healthy replica of {master}, says Sentinel"))),
        }
    } else {
        place(address)
    };
    let place = place.ok_or_else(|| Failure::unknown("sentinel names a master without an address"))?;
    Ok(Finding { place, problem, details })
}

impl Replica {
    fn is_healthy(&self) -> bool {
        self.reachable && !self.master && self.link_up
    }
}

/// Servers that should be replicas, and say that they are masters.
fn other_masters(views: &[&View]) -> Vec<String> {
    let replicas = views.iter().flat_map(|view| &view.replicas);
    let mut found: Vec<String> =
        replicas.filter(|replica| replica.reachable && replica.master).map(|replica| replica.address.clone()).collect();
    found.sort();
    found.dedup();
    found
}

fn view(peer: &str, master: &str, answers: &[Answer]) -> Result<View, Failure> {
    let [of_master, quorum, replicas] = answers else { return Err(Failure::unknown("the answer is not complete")) };
    let fields: HashMap<String, String> = match &of_master.value {
        Ok(value) => from_redis_value_ref(value)
            .map_err(|_| Failure::unknown(format!("{peer} does not answer as a Sentinel does")))?,
        Err(refused) if refused.text.contains("No such master") => {
            return Err(Failure::unknown(format!("{peer} knows no master called {master}")));
        }
        Err(refused) if refused.text.contains("unknown command") => {
            return Err(Failure::unknown(format!("{peer} is not a Sentinel")));
        }
        Err(refused) => return Err(refused.meaning()),
    };
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let number = |name: &str| field(name).parse::<i64>().ok();
    let has = |flags: &str, flag: &str| flags.split(',').any(|own| own == flag);
    let down = |flags: &str| has(flags, "s_down") || has(flags, "o_down");
    let replicas: Vec<HashMap<String, String>> =
        replicas.value.as_ref().ok().and_then(|value| from_redis_value_ref(value).ok()).unwrap_or_default();
    let replicas = replicas.iter().map(|replica| {
        let own = |name: &str| replica.get(name).map(String::as_str).unwrap_or_default();
        Replica {
            address: join(own("ip"), own("port")),
            reachable: !down(own("flags")) && !has(own("flags"), "disconnected"),
            master: own("role-reported") == "master",
            link_up: own("master-link-status") == "ok",
        }
    });
    Ok(View {
        address: join(field("ip"), field("port")),
        epoch: number("config-epoch").unwrap_or_default(),
        // Right after a failover it is "disconnected" from the new master, and holds it for nothing yet.
        subjectively: down(field("flags")),
        objectively: has(field("flags"), "o_down"),
        quorum: number("quorum"),
        others: number("num-other-sentinels").unwrap_or_default(),
        no_quorum: quorum.value.as_ref().is_err_and(|refused| refused.code == "NOQUORUM"),
        replicas: replicas.collect(),
    })
}

fn join(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn place(address: &str) -> Option<Place> {
    Endpoint::parse(address, None).ok().map(Place::Tcp)
}
