//! Follows one feed for ever: list, then watch from the list's version; wait longer and longer while the server does not answer.
//!
//! A watch that ends at its time goes on from the last version heard. After anything else (a cut, a failure, a server that was
//! away) the feed is listed again: what answers then may be a server with an older history (etcd was restored from a
//! backup), for which our version lies in the future. It answers 200 to a watch from there, and silence. A watch that brought
//! neither an event nor the bookmark that was asked for proves nothing either.

use std::{sync::Arc, time::Duration};

use kube::core::WatchEvent;
use tokio::{sync::watch::Receiver, time::Instant};

use super::{
    access::Access,
    cause::{Failure, FailureKind},
    feed::{Feed, Resource},
    objects::{EventObject, NodeObject, PodObject, WorkloadObject},
    picture::{Object, Shared},
    request,
};
use warroom_host::clock;

/// First pause after a failure.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause. A look that finds the server answering again ends every pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Who may list but not watch gets a list this often.
const POLL_EVERY: Duration = Duration::from_secs(15);
/// A watch that ends sooner than this counts as a failure for the pauses.
const SHORT_WATCH: Duration = Duration::from_secs(2);
/// Bound on the rows of one list: the largest clusters (150,000 pods) take about as much.
const MOST_WEIGHT: usize = 56 << 20;
/// Lists that the server forgets half-way are begun again this often.
const LIST_TRIES: u32 = 3;

/// Follows until it is dropped.
pub(super) async fn follow(access: Access, feed: Feed, shared: Arc<Shared>) {
    match feed.resource {
        Resource::Pods => follow_as::<PodObject>(access, feed, shared).await,
        Resource::Nodes => follow_as::<NodeObject>(access, feed, shared).await,
        Resource::Events => follow_as::<EventObject>(access, feed, shared).await,
        Resource::Deployments | Resource::StatefulSets | Resource::DaemonSets | Resource::ReplicaSets => {
            follow_as::<WorkloadObject>(access, feed, shared).await;
        }
    }
}

/// Lists once; what goes wrong is noted in the picture.
pub(super) async fn list_once(access: &Access, feed: &Feed, shared: &Shared) {
    let listed = match feed.resource {
        Resource::Pods => list::<PodObject>(access, feed, shared).await,
        Resource::Nodes => list::<NodeObject>(access, feed, shared).await,
        Resource::Events => list::<EventObject>(access, feed, shared).await,
        Resource::Deployments | Resource::StatefulSets | Resource::DaemonSets | Resource::ReplicaSets => {
            list::<WorkloadObject>(access, feed, shared).await
        }
    };
    if let Err(failure) = listed {
        shared.draw(|picture| picture.failed(feed, failure));
    }
}

/// Why a watch ended.
enum End {
    /// The server closed it at its time.
    Resume,
    /// The connection was cut, a look doubts it, or the server's history is not the one that we know.
    Doubt,
    Failed(Failure),
}

async fn follow_as<O: Object>(access: Access, feed: Feed, shared: Arc<Shared>) {
    let mut kicks = shared.kicks();
    let mut pauses = Pauses::default();
    // The version to watch from; none: list first.
    let mut version: Option<String> = None;
    loop {
        let started = Instant::now();
        let end = match &mut version {
            None => match list::<O>(&access, &feed, &shared).await {
                Ok(listed) => {
                    version = Some(listed);
                    continue;
                }
                Err(failure) => End::Failed(failure),
            },
            Some(version) => stream::<O>(&access, &feed, &shared, version, &mut kicks).await,
        };
        let lasted = started.elapsed() >= SHORT_WATCH;
        match end {
            End::Resume => pauses.reset(),
            End::Doubt => {
                version = None;
                if lasted {
                    pauses.reset();
                } else {
                    pauses.wait(&mut kicks).await;
                }
            }
            End::Failed(failure) => match failure.kind {
                FailureKind::Gone if version.is_some() => {
                    version = None;
                    if !lasted {
                        pauses.wait(&mut kicks).await;
                    }
                }
                FailureKind::Forbidden if version.is_some() => {
                    version = None;
                    shared.draw(|picture| picture.live(&feed, true));
                    pause(POLL_EVERY, &mut kicks).await;
                }
                _ => {
                    version = None;
                    if lasted {
                        pauses.reset();
                    }
                    shared.draw(|picture| picture.failed(&feed, failure));
                    pauses.wait(&mut kicks).await;
                }
            },
        }
    }
}

/// Reads a whole list, page by page; returns its version.
async fn list<O: Object>(access: &Access, feed: &Feed, shared: &Shared) -> Result<String, Failure> {
    let mut tries = 1;
    let mut next: Option<String> = None;
    let mut size = request::PAGE;
    let mut weight = 0;
    let mut generation = shared.picture().list_begins(feed);
    loop {
        let page = match request::page::<O>(access, feed, size, next.clone()).await {
            Ok(page) => page,
            Err(failure) if failure.kind == FailureKind::TooLarge && size > request::SMALL_PAGE => {
                size = request::SMALL_PAGE;
                continue;
            }
            // The rest of a list is kept for five minutes only, less in a busy cluster.
            Err(failure) if failure.kind == FailureKind::Gone && tries < LIST_TRIES => {
                tries += 1;
                (next, weight) = (None, 0);
                generation = shared.picture().list_begins(feed);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        weight += page.items.iter().map(Object::weight).sum::<usize>();
        if weight > MOST_WEIGHT {
            let sentence = format!("{} has more {} than fit here", access.server, feed.resource.plural());
            return Err(Failure::new(FailureKind::TooLarge, sentence));
        }
        let now = clock::now();
        let complete = page.metadata.next.is_empty();
        shared.draw(|picture| {
            picture.heard_on(feed, now);
            let mut news = false;
            for object in page.items {
                news |= object.keep(feed, generation, picture, now);
            }
            if complete {
                news |= picture.list_ends(feed, generation);
            }
            // A first list is shown when it is complete.
            news && picture.feeds.get(feed.number).is_some_and(|state| state.listed)
        });
        if complete {
            return Ok(page.metadata.resource_version);
        }
        next = Some(page.metadata.next);
    }
}

/// Watches from `version` on, and keeps it up to date.
async fn stream<O: Object>(
    access: &Access,
    feed: &Feed,
    shared: &Shared,
    version: &mut String,
    kicks: &mut Receiver<u64>,
) -> End {
    let server = access.server.as_str();
    let mut watch = match request::watch(access, feed, version).await {
        Ok(watch) => watch,
        Err(failure) => return End::Failed(failure),
    };
    let generation = shared.picture().feeds.get(feed.number).map(|state| state.generation).unwrap_or_default();
    shared.draw(|picture| {
        picture.heard_on(feed, clock::now());
        picture.live(feed, false)
    });
    kicks.mark_unchanged();
    let mut heard = false;
    loop {
        let event = tokio::select! {
            event = watch.next::<O>(server, feed) => event,
            _ = kicks.changed() => return End::Doubt,
        };
        let now = clock::now();
        let (object, gone) = match event {
            None if heard && watch.is_over() => return End::Resume,
            None => return End::Doubt,
            Some(Err(failure)) => return End::Failed(failure),
            Some(Ok(WatchEvent::Error(status))) => {
                return End::Failed(Failure::of_status(&status, server, "watch", feed));
            }
            Some(Ok(WatchEvent::Bookmark(bookmark))) => {
                heard = true;
                let told = bookmark.metadata.resource_version;
                if is_before(&told, version) {
                    return End::Doubt;
                }
                *version = told;
                shared.picture().heard_on(feed, now);
                continue;
            }
            Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object))) => (object, false),
            Some(Ok(WatchEvent::Deleted(object))) => (object, true),
        };
        heard = true;
        if !object.meta().resource_version.is_empty() {
            version.clone_from(&object.meta().resource_version);
        }
        shared.draw(|picture| {
            picture.heard_on(feed, now);
            if gone { object.forget(feed, picture) } else { object.keep(feed, generation, picture, now) }
        });
    }
}

/// Versions are opaque but for their order, which Kubernetes 1.35 promises and etcd has always kept.
fn is_before(version: &str, known: &str) -> bool {
    matches!((version.parse::<u64>(), known.parse::<u64>()), (Ok(version), Ok(known)) if version < known)
}

/// Pauses that grow while things fail.
#[derive(Default)]
struct Pauses {
    failures: u32,
}

impl Pauses {
    fn reset(&mut self) {
        self.failures = 0;
    }

    async fn wait(&mut self, kicks: &mut Receiver<u64>) {
        let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(self.failures.min(10))).min(LONGEST_PAUSE);
        self.failures += 1;
        // Jitter, so that many consoles do not fall on a server together when it comes back.
        pause(doubled.mul_f64(0.5 + 0.5 * fastrand::f64()), kicks).await;
    }
}

async fn pause(span: Duration, kicks: &mut Receiver<u64>) {
    tokio::select! {
        () = tokio::time::sleep(span) => {}
        _ = kicks.changed() => {}
    }
}
