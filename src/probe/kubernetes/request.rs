//! The two requests that a feed makes: one page of a list, and a watch from a version on. Bounded in time and in size.

use std::time::Duration;

use futures::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use kube::{
    api::{ListParams, WatchParams},
    core::{Request, Status, WatchEvent},
};
use reqwest::header::HeaderValue;
use tokio::time::Instant;

use super::{
    access::Access,
    cause::{Failure, FailureKind},
    feed::Feed,
    objects::Page,
};
use warroom_host::bounded;

/// Objects in one page of a list: the API server holds a page in memory several times over.
pub(super) const PAGE: u32 = 500;
/// Objects in one page when those of a full one are too large.
pub(super) const SMALL_PAGE: u32 = 20;
/// Bound on one page. A page of 500 pods is about 3 MB; etcd keeps no object larger than 1.5 MB.
const PAGE_BYTES: u64 = 16 << 20;
/// Bound on one event of a watch: etcd keeps no object larger than 1.5 MB.
const EVENT_BYTES: u64 = 8 << 20;
/// Bound on one page, however slow the link.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// Bound on the answer to the opening of a watch.
const OPEN_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the server keeps a watch open, plus a random part of [`WATCH_SPREAD`]. Short, because a connection that a
/// firewall has dropped silently is noticed only when this is over.
const WATCH_FOR: u32 = 60;
const WATCH_SPREAD: u32 = 30;
/// What the network may add to that.
const WATCH_GRACE: Duration = Duration::from_secs(10);

/// Lists one page of so many objects; `next` continues where the page before ended.
pub(super) async fn page<T: serde::de::DeserializeOwned>(
    access: &Access,
    feed: &Feed,
    size: u32,
    next: Option<String>,
) -> Result<Page<T>, Failure> {
    let server = access.server.as_str();
    let params = ListParams {
        label_selector: feed.labels.clone(),
        field_selector: feed.fields(),
        limit: Some(size),
        continue_token: next,
        ..ListParams::default()
    };
    let request = Request::new(feed.path()).list(&params).map_err(|error| unbuildable(feed, &error))?;
    let read = async {
        let body = access
            .client
            .request_stream(request)
            .await
            .map_err(|error| Failure::of_request(&error, server, "list", feed))?;
        let mut bytes = Vec::new();
        body.take(PAGE_BYTES).read_to_end(&mut bytes).await.map_err(|_| {
            Failure::new(FailureKind::Unreachable, format!("{server} cut the connection in the middle of a list"))
        })?;
        if bytes.len() as u64 == PAGE_BYTES {
            let bound = bounded::size(PAGE_BYTES);
            let sentence = format!("{server} sent more than {bound} for {size} {}", feed.resource.plural());
            return Err(Failure::new(FailureKind::TooLarge, sentence));
        }
        serde_json::from_slice(&bytes).map_err(|_| not_kubernetes(server, feed))
    };
    match tokio::time::timeout(PAGE_TIMEOUT, read).await {
        Ok(page) => page,
        Err(_) => Err(Failure::silent(server, PAGE_TIMEOUT.as_secs())),
    }
}

fn unbuildable(feed: &Feed, error: &kube::core::request::Error) -> Failure {
    Failure::setup(format!("cannot ask for {}: {error}", feed.phrase()))
}

fn not_kubernetes(server: &str, feed: &Feed) -> Failure {
    Failure::new(
        FailureKind::Other,
        format!("{server} answers something that is not a list of {}", feed.resource.plural()),
    )
}

/// An open watch.
pub(super) struct Watch<B> {
    body: B,
    line: Vec<u8>,
    /// Longer than this the server does not keep a watch open.
    patience: Duration,
    /// When the server closes it, if nothing comes in between.
    until: Instant,
}

/// Opens a watch that tells what changed since `version`.
pub(super) async fn watch(
    access: &Access,
    feed: &Feed,
    version: &str,
) -> Result<Watch<impl AsyncBufRead + Unpin + Send + use<>>, Failure> {
    let seconds = WATCH_FOR + fastrand::u32(..WATCH_SPREAD);
    let params = WatchParams {
        label_selector: feed.labels.clone(),
        field_selector: feed.fields(),
        timeout: Some(seconds),
        bookmarks: true,
        send_initial_events: false,
    };
    let mut request = Request::new(feed.path()).watch(&params, version).map_err(|error| unbuildable(feed, &error))?;
    // Some servers compress a watch one event at a time, which decoders cut off after the first.
    request.headers_mut().insert("accept-encoding", HeaderValue::from_static("identity"));
    let opened = Instant::now();
    match tokio::time::timeout(OPEN_TIMEOUT, access.client.request_stream(request)).await {
        Ok(Ok(body)) => {
            let lasts = Duration::from_secs(seconds.into());
            Ok(Watch { body, line: Vec::new(), patience: lasts + WATCH_GRACE, until: opened + lasts })
        }
        Ok(Err(error)) => Err(Failure::of_request(&error, &access.server, "watch", feed)),
        Err(_) => Err(Failure::silent(&access.server, OPEN_TIMEOUT.as_secs())),
    }
}

impl<B: AsyncBufRead + Unpin> Watch<B> {
    /// True when the time is up that the server was asked to keep it open, but for the server's own way of counting.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() + Duration::from_secs(2) >= self.until
    }

    /// The next event. None: the server has closed the watch, or the connection was cut; the watch can be resumed.
    pub(super) async fn next<T>(&mut self, server: &str, feed: &Feed) -> Option<Result<WatchEvent<T>, Failure>>
    where
        T: serde::de::DeserializeOwned,
    {
        self.line.clear();
        let mut bounded = (&mut self.body).take(EVENT_BYTES);
        match tokio::time::timeout(self.patience, bounded.read_until(b'\n', &mut self.line)).await {
            Err(_) => return Some(Err(Failure::silent(server, self.patience.as_secs()))),
            Ok(Err(_)) => return None,
            Ok(Ok(_)) if self.line.last() != Some(&b'\n') && (self.line.len() as u64) < EVENT_BYTES => return None,
            Ok(Ok(_)) if self.line.last() != Some(&b'\n') => {
                let bound = bounded::size(EVENT_BYTES);
                let sentence = format!("{server} sent more than {bound} for one of the {}", feed.resource.plural());
                return Some(Err(Failure::new(FailureKind::Other, sentence)));
            }
            Ok(Ok(_)) => {}
        }
        Some(serde_json::from_slice(&self.line).map_err(|_| match serde_json::from_slice::<Status>(&self.line) {
            Ok(status) if status.code != 0 => Failure::of_status(&status, server, "watch", feed),
            _ => not_kubernetes(server, feed),
        }))
    }
}
