//! What the picture means, as a status and one short sentence.
//!
//! | seen | verdict |
//! | --- | --- |
//! | a workload that wants pods has none that serve; all nodes not ready | `down` |
//! | pods cannot be listed, or the API server cannot be reached: the pods may be fine | `unknown` |
//! | no pods match, and no workload that wants any | `unknown`; `warn` when workloads are there but scaled to 0 |
//! | fewer ready than there are; a crash loop, an image that cannot be pulled, a recent OOM kill, an unschedulable, stuck or lately failed pod; a node not ready or under pressure | `warn` |
//! | else | `ok` |

use std::time::Duration;

use jiff::Timestamp;

use super::{
    cause::Failure,
    feed::Resource,
    picture::{FeedState, Picture},
    tally::{Health, Row, Tally},
};
use warroom_domain::health::{Status, age};

/// How much of the pods is in sight.
pub(super) enum Sight<'a> {
    /// All pods feeds are live.
    Full,
    /// Some are; why others are not.
    Partial(&'a Failure),
    /// None is, but they were.
    Lost(&'a Failure),
    /// None ever was.
    Never(&'a Failure),
}

impl<'a> Sight<'a> {
    /// `unreachable`: what a look found out about the API server just now.
    pub(super) fn of(picture: &'a Picture, unreachable: Option<&'a Failure>) -> Option<Sight<'a>> {
        let pods = || picture.feeds_of(Resource::Pods);
        let known = pods().any(|state| state.listed);
        if let Some(failure) = unreachable.or(picture.no_access.as_ref()) {
            return Some(if known { Sight::Lost(failure) } else { Sight::Never(failure) });
        }
        let live = pods().any(|state| state.listed && state.failure.is_none());
        let failure = pods().find_map(|state| state.failure.as_ref());
        match (live, failure) {
            (true, None) => pods().all(|state| state.listed).then_some(Sight::Full),
            (true, Some(failure)) => Some(Sight::Partial(failure)),
            (false, Some(failure)) if known => Some(Sight::Lost(failure)),
            (false, Some(failure)) => Some(Sight::Never(failure)),
            (false, None) => None,
        }
    }
}

/// Status and sentence for what is in sight.
pub(super) fn judge(
    picture: &Picture,
    tally: &Tally,
    workloads: &[Row<'_>],
    sight: &Sight<'_>,
    now: Timestamp,
) -> (Status, String) {
    match sight {
        Sight::Never(failure) => (Status::Unknown, failure.sentence.clone()),
        Sight::Lost(failure) => {
            let ago = picture.seen_at.map(|at| now.duration_since(at)).and_then(|ago| Duration::try_from(ago).ok());
            let ago = ago.map(|ago| format!(" {} ago", age(ago))).unwrap_or_default();
            (Status::Unknown, format!("{}; last seen {}/{} ready{ago}", failure.sentence, tally.ready, tally.total))
        }
        Sight::Full => {
            let (status, sentence) = of_what_is_seen(picture, tally, workloads);
            (status, sentence + &unseen(picture))
        }
        Sight::Partial(failure) => {
            let (status, sentence) = of_what_is_seen(picture, tally, workloads);
            (status.max(Status::Unknown), format!("{}; elsewhere {sentence}", failure.sentence))
        }
    }
}

fn of_what_is_seen(picture: &Picture, tally: &Tally, workloads: &[Row<'_>]) -> (Status, String) {
    let down: Vec<&Row<'_>> = workloads.iter().filter(|row| row.health == Health::Down).collect();
    let nodes = picture.nodes.len();
    let not_ready = picture.nodes.values().filter(|node| !node.ready).count();
    if nodes > 0 && not_ready == nodes {
        let which = if nodes == 1 { "the only node is".to_owned() } else { format!("all {nodes} nodes are") };
        return (Status::Down, format!("{which} not ready, {}/{} pods ready", tally.ready, tally.total));
    }
    if let Some(worst) = down.first() {
        let more = if down.len() > 1 { format!(" and {} more", down.len() - 1) } else { String::new() };
        let mut sentence = match worst.wanted() {
            0 => format!("{} has no pods{more}", label(picture, worst)),
            wanted => format!("{} has 0/{wanted} ready{more}", label(picture, worst)),
        };
        match troubles(tally).first() {
            Some(trouble) => sentence = format!("{sentence}, {trouble}"),
            None => {
                if let Some(message) = worst.message {
                    sentence = format!("{sentence}: {message}");
                }
            }
        }
        return (Status::Down, sentence);
    }
    if tally.total == 0 && workloads.iter().all(|row| row.health != Health::Degraded) {
        let scaled = workloads.iter().filter(|row| row.health == Health::ScaledToZero).count();
        return match scaled {
            0 if tally.succeeded > 0 => (Status::Ok, format!("no pods to run, {} completed", tally.succeeded)),
            0 => (Status::Unknown, nothing(picture)),
            1 => {
                let idle = workloads.iter().find(|row| row.health == Health::ScaledToZero);
                let which = idle.map(|row| label(picture, row)).unwrap_or_default();
                (Status::Warn, format!("{which} is scaled to 0"))
            }
            many => (Status::Warn, format!("all {many} workloads are scaled to 0")),
        };
    }
    let mut troubles = troubles(tally);
    if not_ready > 0 {
        troubles.push(format!("{not_ready} of {nodes} nodes not ready"));
    }
    let pressed = picture.nodes.values().filter(|node| !node.pressure.is_empty()).count();
    if pressed > 0 {
        troubles.push(format!("{pressed} of {nodes} nodes under pressure"));
    }
    let degraded = workloads.iter().filter(|row| row.health == Health::Degraded).count();
    let bad = tally.ready < tally.total || degraded > 0 || !troubles.is_empty();
    let mut sentence = format!("{}/{} ready", tally.ready, tally.total);
    if troubles.is_empty() && degraded > 0 && tally.ready == tally.total {
        // All pods that exist are ready, but there should be more.
        let worst = workloads.iter().find(|row| row.health == Health::Degraded);
        if let Some(row) = worst {
            sentence = match row.wanted() {
                0 => format!("{sentence}, {} has no pods", label(picture, row)),
                wanted => format!("{sentence}, {} has {}/{wanted}", label(picture, row), row.ready),
            };
            sentence.extend(row.message.map(|message| format!(": {message}")));
        }
    }
    for trouble in troubles.iter().take(3) {
        sentence = format!("{sentence}, {trouble}");
    }
    (if bad { Status::Warn } else { Status::Ok }, sentence)
}

/// `deployment/api`, with its namespace when several are looked at.
fn label(picture: &Picture, row: &Row<'_>) -> String {
    let mut pods = picture.feeds_of(Resource::Pods);
    let one = pods.next().is_some_and(|state| state.feed.namespace.is_some()) && pods.next().is_none();
    if one { row.owner.label() } else { format!("{} in {}", row.owner.label(), row.owner.namespace) }
}

/// `2 crashloop`, `1 image pull`, …, worst first; pods that are just not ready come last, without those named before.
fn troubles(tally: &Tally) -> Vec<String> {
    [
        (tally.crashloop, "crashloop"),
        (tally.oom_killed, "OOM killed"),
        (tally.image_pull, "image pull"),
        (tally.config_error, "config error"),
        (tally.unschedulable, "unschedulable"),
        (tally.failed_lately, "failed"),
        (tally.stuck, "stuck terminating"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect()
}

fn nothing(picture: &Picture) -> String {
    let feed = |state: &FeedState| state.feed.clone();
    let mut feeds = picture.feeds_of(Resource::Pods).map(feed);
    let Some(first) = feeds.next() else { return "nothing to look at".to_owned() };
    let place = match (first.namespace.as_deref(), feeds.count()) {
        (Some(namespace), 0) => format!("in namespace {namespace}"),
        (Some(_), others) => format!("in {} namespaces", others + 1),
        (None, _) => "in any namespace".to_owned(),
    };
    match &first.labels {
        Some(selector) => format!("no pods match {selector} {place}"),
        None => format!("no pods {place}"),
    }
}

/// What else could not be looked at: said at the end, and never in the way of a `down`.
fn unseen(picture: &Picture) -> String {
    let mut names: Vec<&str> = Vec::new();
    for state in picture.feeds.iter().filter(|state| state.feed.resource != Resource::Pods) {
        let name = state.feed.resource.plural();
        if (state.failure.is_some() || !state.listed) && !names.contains(&name) {
            names.push(name);
        }
    }
    match names.len() {
        0 => String::new(),
        1..=2 => format!(" ({} not seen)", names.join(" and ")),
        _ => format!(" ({} and {} more not seen)", names[0], names.len() - 1),
    }
}
