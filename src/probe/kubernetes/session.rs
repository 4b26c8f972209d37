//! The watches of one probe, from its first look until it is dropped; and the lists of a sweep, which needs no watch.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    access::{Access, Route},
    cause::{Failure, FailureKind},
    feed::{Feed, Resource},
    follow::{follow, list_once},
    picture::{Picture, Shared},
    usage,
};
use crate::Look;
use warroom_host::clock;

/// Pause before the kubeconfig is read again after it was of no use; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Watches in the background.
pub(super) struct Session {
    pub shared: Arc<Shared>,
    _stop: DropGuard,
}

impl Session {
    /// Must be called inside a tokio runtime.
    pub(super) fn start(route: Route, feeds: Vec<Feed>) -> Session {
        let shared = Arc::new(Shared::new(&feeds));
        let stop = CancellationToken::new();
        let keep = keep(route, feeds, shared.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(keep));
        Session { shared, _stop: stop.drop_guard() }
    }

    /// Waits until the first lists are there, or known to fail. What is not pods may come later.
    pub(super) async fn settle(&self, look: &Look) {
        look.stage("reading the kubeconfig and the credentials");
        self.shared.until(|picture| picture.access.is_some() || picture.no_access.is_some()).await;
        look.stage(stage(&self.shared.picture()));
        self.shared.until(|picture| picture.no_access.is_some() || pods_settled(picture)).await;
        let others = self.shared.until(|picture| {
            picture.no_access.is_some() || picture.feeds.iter().all(super::picture::FeedState::settled)
        });
        let _ = tokio::time::timeout(look.connect_timeout, others).await;
    }

    /// Asks what containers and nodes use, when that is due.
    pub(super) async fn measure(&self, feeds: &[Feed]) {
        let access = {
            let mut picture = self.shared.picture();
            if picture.measured.is_some_and(|at| at.elapsed() < usage::EVERY) {
                return;
            }
            picture.measured = Some(Instant::now());
            picture.access.clone()
        };
        if let Some(access) = access {
            let usage = usage::read(&access, feeds).await;
            self.shared.picture().usage = usage;
        }
    }

    /// Asks the server whether it is there, unless it was heard within `fresh`. When it is there again, the feeds try
    /// again at once, and this waits until they have.
    pub(super) async fn check(&self, look: &Look, fresh: Duration) -> Option<Failure> {
        let (access, heard, failing) = {
            let picture = self.shared.picture();
            let failing = picture.feeds.iter().any(|state| state.failure.as_ref().is_some_and(Failure::is_of_the_way));
            (picture.access.clone()?, picture.heard(), failing)
        };
        let recent =
            heard.is_some_and(|at| Duration::try_from(clock::now().duration_since(at)).is_ok_and(|ago| ago < fresh));
        if recent && !failing {
            return None;
        }
        look.stage(format!("{} does not answer", access.server));
        let silent = self.shared.picture().silent;
        if let Err(failure) = ping(&access, look.connect_timeout).await {
            self.shared.picture().silent = true;
            return Some(failure);
        }
        self.shared.picture().silent = false;
        if silent || failing {
            let settled = |picture: &Picture| {
                picture
                    .feeds_of(Resource::Pods)
                    .all(|state| !state.failure.as_ref().is_some_and(Failure::is_of_the_way))
            };
            self.shared.kick();
            look.stage(stage(&self.shared.picture()));
            let _ = tokio::time::timeout(look.connect_timeout, self.shared.until(settled)).await;
        }
        None
    }
}

fn pods_settled(picture: &Picture) -> bool {
    picture.feeds_of(Resource::Pods).all(super::picture::FeedState::settled)
}

/// What the first lists wait for.
fn stage(picture: &Picture) -> String {
    let server = picture.access.as_ref().map_or("the API server", |access| access.server.as_str());
    let waiting = picture.feeds.iter().find(|state| !state.settled()).or(picture.feeds.first());
    match waiting {
        Some(state) => format!("listing {} at {server}", state.feed.phrase()),
        None => format!("waiting for {server}"),
    }
}

/// Gets access, and follows all feeds; begins again when the credentials are no longer accepted.
async fn keep(route: Route, feeds: Vec<Feed>, shared: Arc<Shared>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match route.open().await {
            Err(failure) => {
                shared.draw(|picture| {
                    let news = picture.no_access.as_ref() != Some(&failure);
                    picture.no_access = Some(failure);
                    news
                });
                // What a `cmd:` reference gave may have been the reason.
                route.surroundings.secrets.forget();
            }
            Ok(access) => {
                shared.draw(|picture| {
                    picture.no_access = None;
                    picture.access = Some(access.clone());
                    true
                });
                let mut following = JoinSet::new();
                for feed in &feeds {
                    following.spawn(follow(access.clone(), feed.clone(), shared.clone()));
                }
                let started = Instant::now();
                shared.until_unauthorized().await;
                if started.elapsed() > LONGEST_PAUSE {
                    pause = FIRST_PAUSE;
                }
                following.shutdown().await;
                route.surroundings.secrets.forget();
            }
        }
        tokio::time::sleep(pause.mul_f64(0.75 + 0.5 * fastrand::f64())).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Any answer will do: `/version` needs no rights, and a refusal is an answer too.
async fn ping(access: &Access, within: Duration) -> Result<(), Failure> {
    let silent = || Failure::silent(&access.server, within.as_secs().max(1));
    match tokio::time::timeout(within, access.client.apiserver_version()).await {
        Err(_) => Err(silent()),
        Ok(Ok(_) | Err(kube::Error::Api(_) | kube::Error::SerdeError(_))) => Ok(()),
        Ok(Err(error)) => match Failure::of_client(&error, &access.server) {
            // The connection's own bound is the same, and may be the first to end.
            Failure { kind: FailureKind::Silent, .. } => Err(silent()),
            failure => Err(failure),
        },
    }
}

/// Lists everything once, concurrently. What is not pods is given up when it takes much longer than the pods.
pub(super) async fn sweep(access: &Access, feeds: &[Feed], shared: &Shared, look: &Look) {
    shared.picture().access = Some(access.clone());
    look.stage(stage(&shared.picture()));
    let (pods, others): (Vec<&Feed>, Vec<&Feed>) = feeds.iter().partition(|feed| feed.resource == Resource::Pods);
    let pods = join_all(pods.into_iter().map(|feed| list_once(access, feed, shared)));
    let others = join_all(others.into_iter().map(|feed| list_once(access, feed, shared)));
    let pods_done = CancellationToken::new();
    tokio::join!(
        async {
            pods.await;
            pods_done.cancel();
        },
        async {
            tokio::select! {
                _ = others => {}
                () = async { pods_done.cancelled().await; tokio::time::sleep(look.connect_timeout).await } => {}
            }
        }
    );
}
