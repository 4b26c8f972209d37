//! What is known of the cluster: the kept rows, and for each feed whether it is live.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::{sync::watch, time::Instant};

use super::{
    access::Access,
    cause::{Failure, FailureKind},
    events::Events,
    feed::{Feed, Resource},
    interner::Interner,
    nodes::Node,
    objects::{EventObject, Meta, NodeObject, PodObject, WorkloadObject},
    pods::Pod,
    usage::Usage,
    workloads::{Owner, Workload},
};

/// See the module. Keys of `pods` are `NAMESPACE/NAME`.
#[derive(Debug, Default)]
pub(super) struct Picture {
    pub words: Interner,
    pub pods: HashMap<Box<str>, Pod>,
    pub workloads: BTreeMap<Owner, Workload>,
    pub nodes: BTreeMap<Box<str>, Node>,
    pub events: Events,
    /// What containers and nodes used, and when that was asked last.
    pub usage: Option<Usage>,
    pub measured: Option<Instant>,
    pub feeds: Vec<FeedState>,
    /// How the cluster is reached, once the kubeconfig and the credentials have been read.
    pub access: Option<Access>,
    /// Why there is no access.
    pub no_access: Option<Failure>,
    /// The last look found no server.
    pub silent: bool,
    /// When a look last found the pods feeds live: of that time the picture is known to be true.
    pub seen_at: Option<Timestamp>,
}

/// How one feed is doing.
#[derive(Debug, Clone)]
pub(super) struct FeedState {
    pub feed: Feed,
    /// Number of the current (or last) complete list.
    pub generation: u32,
    /// A complete list has been read once.
    pub listed: bool,
    /// Why the feed is not live now; None while it is live or not yet settled.
    pub failure: Option<Failure>,
    /// Allowed to list but not to watch: listed from time to time.
    pub polled: bool,
    /// When the server was last heard on this feed.
    pub heard: Option<Timestamp>,
}

impl FeedState {
    /// Listed, or known to fail.
    pub(super) fn settled(&self) -> bool {
        self.listed || self.failure.is_some()
    }
}

impl Picture {
    pub(super) fn of_feeds(feeds: &[Feed]) -> Picture {
        let state = |feed: &Feed| FeedState {
            feed: feed.clone(),
            generation: 0,
            listed: false,
            failure: None,
            polled: false,
            heard: None,
        };
        Picture { feeds: feeds.iter().map(state).collect(), ..Picture::default() }
    }

    pub(super) fn feeds_of(&self, resource: Resource) -> impl Iterator<Item = &FeedState> {
        self.feeds.iter().filter(move |state| state.feed.resource == resource)
    }

    /// True when only objects with certain labels are looked at.
    pub(super) fn is_selected(&self) -> bool {
        self.feeds_of(Resource::Pods).any(|state| state.feed.labels.is_some())
    }

    /// When the API server was last heard on any feed.
    pub(super) fn heard(&self) -> Option<Timestamp> {
        self.feeds.iter().filter_map(|state| state.heard).max()
    }

    /// True when all pods feeds are refused for the credentials.
    fn unauthorized(&self) -> bool {
        self.feeds_of(Resource::Pods)
            .all(|state| state.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Unauthorized))
    }

    /// Notes what one feed heard. True when that changes what is shown.
    fn note(&mut self, feed: &Feed, change: impl FnOnce(&mut FeedState)) -> bool {
        let Some(state) = self.feeds.get_mut(feed.number) else { return false };
        let before = (state.listed, state.failure.clone(), state.polled);
        change(state);
        before != (state.listed, state.failure.clone(), state.polled)
    }

    pub(super) fn heard_on(&mut self, feed: &Feed, now: Timestamp) {
        self.note(feed, |state| state.heard = Some(now));
    }

    pub(super) fn live(&mut self, feed: &Feed, polled: bool) -> bool {
        self.note(feed, |state| {
            state.failure = None;
            state.polled = polled;
        })
    }

    pub(super) fn failed(&mut self, feed: &Feed, failure: Failure) -> bool {
        self.note(feed, |state| state.failure = Some(failure))
    }

    /// Starts a list; returns its number, with which rows are marked.
    pub(super) fn list_begins(&mut self, feed: &Feed) -> u32 {
        let mut generation = 0;
        self.note(feed, |state| {
            state.generation = state.generation.wrapping_add(1);
            generation = state.generation;
        });
        generation
    }

    /// Ends a list: what it did not name is gone.
    pub(super) fn list_ends(&mut self, feed: &Feed, generation: u32) -> bool {
        let gone = match feed.resource {
            Resource::Pods => {
                let before = self.pods.len();
                self.pods.retain(|_, pod| pod.generation == generation || !feed.covers(&pod.namespace));
                before != self.pods.len()
            }
            Resource::Deployments | Resource::StatefulSets | Resource::DaemonSets | Resource::ReplicaSets => {
                let before = self.workloads.len();
                self.workloads.retain(|owner, workload| {
                    workload.generation == generation
                        || &*owner.kind != feed.resource.kind()
                        || !feed.covers(&owner.namespace)
                });
                before != self.workloads.len()
            }
            Resource::Nodes => {
                let before = self.nodes.len();
                self.nodes.retain(|_, node| node.generation == generation);
                before != self.nodes.len()
            }
            // Events go by age; those that the server has dropped may stay until then.
            Resource::Events => false,
        };
        let news = self.note(feed, |state| {
            state.listed = true;
            state.failure = None;
        });
        gone || news
    }
}

/// An object of the API that the picture keeps something of.
pub(super) trait Object: serde::de::DeserializeOwned + Send + 'static {
    fn meta(&self) -> &Meta;
    /// About how many bytes it takes when it is kept.
    fn weight(&self) -> usize {
        let meta = self.meta();
        let owners = meta.owner_references.iter().map(|owner| owner.name.len()).sum::<usize>();
        200 + meta.name.len() + meta.namespace.len() + owners
    }
    /// Keeps what is shown. True when a person would see a difference.
    fn keep(self, feed: &Feed, generation: u32, picture: &mut Picture, now: Timestamp) -> bool;
    fn forget(self, feed: &Feed, picture: &mut Picture) -> bool;
}

fn key(meta: &Meta) -> Box<str> {
    format!("{}/{}", meta.namespace, meta.name).into_boxed_str()
}

impl Object for PodObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn keep(self, _: &Feed, generation: u32, picture: &mut Picture, now: Timestamp) -> bool {
        let key = key(&self.metadata);
        let before = picture.pods.get(&key);
        let mut pod = Pod::read(self, before, &mut picture.words, now);
        pod.generation = generation;
        let news = before.is_none_or(|before| !pod.looks_like(before));
        picture.pods.insert(key, pod);
        news
    }

    fn forget(self, _: &Feed, picture: &mut Picture) -> bool {
        picture.pods.remove(&key(&self.metadata)).is_some()
    }
}

impl Object for WorkloadObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn keep(self, feed: &Feed, generation: u32, picture: &mut Picture, _: Timestamp) -> bool {
        let owner = Owner::new(&self.metadata.namespace, feed.resource.kind(), &self.metadata.name);
        let workload = Workload { generation, ..Workload::read(&self, feed.resource) };
        let news =
            picture.workloads.get(&owner).is_none_or(|before| Workload { generation, ..before.clone() } != workload);
        picture.workloads.insert(owner, workload);
        news
    }

    fn forget(self, feed: &Feed, picture: &mut Picture) -> bool {
        let owner = Owner::new(&self.metadata.namespace, feed.resource.kind(), &self.metadata.name);
        picture.workloads.remove(&owner).is_some()
    }
}

impl Object for NodeObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn keep(self, _: &Feed, generation: u32, picture: &mut Picture, _: Timestamp) -> bool {
        let name = self.metadata.name.as_str();
        let node = Node { generation, ..Node::read(&self) };
        let news = picture.nodes.get(name).is_none_or(|before| Node { generation, ..before.clone() } != node);
        picture.nodes.insert(name.into(), node);
        news
    }

    fn forget(self, _: &Feed, picture: &mut Picture) -> bool {
        picture.nodes.remove(self.metadata.name.as_str()).is_some()
    }
}

impl Object for EventObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }

    fn keep(self, _: &Feed, _: u32, picture: &mut Picture, now: Timestamp) -> bool {
        picture.events.keep(&key(&self.metadata), &self, now)
    }

    fn forget(self, _: &Feed, picture: &mut Picture) -> bool {
        picture.events.forget(&key(&self.metadata))
    }
}

/// The picture, shared by the feeds that draw it and the looks that read it.
#[derive(Debug)]
pub(super) struct Shared {
    picture: Mutex<Picture>,
    /// Counts the changes that a person would see.
    pulse: watch::Sender<u64>,
    /// Counts the calls to try again at once, and to doubt open streams.
    kick: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(feeds: &[Feed]) -> Shared {
        Shared {
            picture: Mutex::new(Picture::of_feeds(feeds)),
            pulse: watch::Sender::new(0),
            kick: watch::Sender::new(0),
        }
    }

    /// The picture. Never held across an await.
    pub(super) fn picture(&self) -> MutexGuard<'_, Picture> {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the picture, and wakes who waits when the change can be seen.
    pub(super) fn draw(&self, change: impl FnOnce(&mut Picture) -> bool) {
        if change(&mut self.picture()) {
            self.pulse.send_modify(|count| *count += 1);
        }
    }

    pub(super) fn pulse(&self) -> watch::Receiver<u64> {
        self.pulse.subscribe()
    }

    pub(super) fn beat(&self) -> u64 {
        *self.pulse.borrow()
    }

    /// Lets feeds that wait try again now, and those that stream resume on a new connection.
    pub(super) fn kick(&self) {
        self.kick.send_modify(|count| *count += 1);
    }

    pub(super) fn kicks(&self) -> watch::Receiver<u64> {
        self.kick.subscribe()
    }

    /// Waits until `settled` says so of the picture.
    pub(super) async fn until(&self, mut settled: impl FnMut(&Picture) -> bool) {
        let mut pulse = self.pulse();
        loop {
            pulse.mark_unchanged();
            if settled(&self.picture()) || pulse.changed().await.is_err() {
                return;
            }
        }
    }

    /// Waits until the server no longer accepts the credentials.
    pub(super) async fn until_unauthorized(&self) {
        self.until(Picture::unauthorized).await;
    }
}
