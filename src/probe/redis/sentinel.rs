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
    down: bool,
    quorum: Option<i64>,
    others: i64,
    replicas: i64,
    /// The refusal of CKQUORUM.
    no_quorum: bool,
    healthy_replica: Option<Place>,
}

/// Asks all Sentinels at once; the first that answers is believed, the others are counted.
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
    let Some(first) = views.first() else {
        let worst = failures.into_iter().next().unwrap_or_else(|| Failure::unknown("the URL names no Sentinel"));
        return Err(Failure { cause: format!("sentinel: {}", worst.cause), ..worst });
    };
    let place = match (expect, &first.healthy_replica) {
        (RedisRole::Replica, Some(replica)) => replica.clone(),
        (RedisRole::Replica, None) => {
            return Err(Failure::down(format!("no healthy replica of {master}, says Sentinel")));
        }
        _ => place(&first.address).ok_or_else(|| Failure::unknown("sentinel names a master without an address"))?,
    };
    let disagree = views.iter().any(|view| view.address != first.address);
    let problem = if first.down {
        Some((Status::Down, format!("Sentinel holds master {} for down", first.address)))
    } else if disagree {
        Some((Status::Warn, "Sentinels disagree on who the master is".to_owned()))
    } else if first.no_quorum {
        Some((Status::Warn, "Sentinels have no quorum: no failover is possible".to_owned()))
    } else {
        failures.first().map(|failure| (Status::Warn, format!("sentinel: {}", failure.cause)))
    };
    let details = json!({
        "master": master,
        "address": first.address,
        "held_for_down": first.down,
        "quorum": first.quorum,
        "quorum_ok": !first.no_quorum,
        "known_sentinels": first.others + 1,
        "asked": total,
        "answering": views.len(),
        "replicas": first.replicas,
    });
    Ok(Finding { place, problem, details })
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
    let down = |flags: &str| flags.split(',').any(|flag| matches!(flag, "s_down" | "o_down" | "disconnected"));
    let replicas: Vec<HashMap<String, String>> =
        replicas.value.as_ref().ok().and_then(|value| from_redis_value_ref(value).ok()).unwrap_or_default();
    let healthy_replica = replicas.iter().find_map(|replica| {
        let own = |name: &str| replica.get(name).map(String::as_str).unwrap_or_default();
        (!down(own("flags"))).then(|| place(&format!("{}:{}", own("ip"), own("port"))))?
    });
    Ok(View {
        address: join(field("ip"), field("port")),
        down: down(field("flags")),
        quorum: number("quorum"),
        others: number("num-other-sentinels").unwrap_or_default(),
        replicas: number("num-slaves").unwrap_or_default(),
        no_quorum: quorum.value.as_ref().is_err_and(|refused| refused.code == "NOQUORUM"),
        healthy_replica,
    })
}

fn join(host: &str, port: &str) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn place(address: &str) -> Option<Place> {
    Endpoint::parse(address, None).ok().map(Place::Tcp)
}
