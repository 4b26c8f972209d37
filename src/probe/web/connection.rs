//! Hooks below the HTTP client: how far a connection has come, where names lead, which redirects are followed.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use reqwest::{
    StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tokio::time::Instant;
use tower::{Layer, Service};

use super::shown;
use crate::{
    Stage,
    net_error::{NetError, Trouble},
    trust::Handshake,
};

/// One request's way to its target.
pub(super) struct Progress {
    started: Instant,
    stage: Stage,
    peer: String,
    connected: Mutex<Option<Duration>>,
    /// The same text as the stage.
    waiting_for: Mutex<String>,
}

impl Progress {
    pub(super) fn new(stage: Stage, peer: String) -> Arc<Self> {
        let started = Instant::now();
        Arc::new(Progress { started, stage, peer, connected: Mutex::default(), waiting_for: Mutex::default() })
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the last connection stood.
    pub(super) fn connected(&self) -> Option<Duration> {
        self.connected.lock().ok().and_then(|connected| *connected)
    }

    /// The end of "no connection within 2 s: …".
    pub(super) fn waiting_for(&self) -> String {
        self.waiting_for.lock().map(|text| text.clone()).unwrap_or_default()
    }

    pub(super) fn connecting(&self) {
        self.wait_for(format!("{} does not answer the connection attempt", self.peer));
    }

    pub(super) fn layer(self: &Arc<Self>) -> Watch {
        Watch(self.clone())
    }

    pub(super) fn resolver(self: &Arc<Self>, host: Option<&str>, fixed: Option<SocketAddr>) -> Arc<Resolver> {
        let fixed = host.zip(fixed).map(|(host, address)| (host.to_owned(), address));
        Arc::new(Resolver { fixed, progress: self.clone() })
    }

    fn wait_for(&self, text: String) {
        if let Ok(mut waiting_for) = self.waiting_for.lock() {
            waiting_for.clone_from(&text);
        }
        self.stage.set(text);
    }

    fn stands(&self) {
        if let Ok(mut connected) = self.connected.lock() {
            *connected = Some(self.elapsed());
        }
        self.wait_for(format!("{} accepted the connection but sends no answer", self.peer));
    }
}

impl Handshake for Progress {
    fn begins(&self) {
        self.wait_for(format!("{} accepted the connection but the TLS handshake does not end", self.peer));
    }
}

/// Resolves as the machine does, and the one host with a fixed address to that.
pub(super) struct Resolver {
    fixed: Option<(String, SocketAddr)>,
    progress: Arc<Progress>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if let Some((host, address)) = &self.fixed
            && host.eq_ignore_ascii_case(name.as_str())
        {
            let address = *address;
            return Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) });
        }
        let progress = self.progress.clone();
        Box::pin(async move {
            progress.wait_for(format!("{} does not resolve", name.as_str()));
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|error| {
                match NetError::from_io(&error, name.as_str()) {
                    NetError { trouble: Trouble::Other, .. } => {
                        NetError::new(Trouble::NoName, format!("{} does not resolve here", name.as_str()))
                    }
                    known => known,
                }
            })?;
            progress.connecting();
            let found: Vec<SocketAddr> = found.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Marks the moment at which a connection stands.
#[derive(Clone)]
pub(super) struct Watch(Arc<Progress>);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched { inner, progress: self.0.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Watched<S> {
    inner: S,
    progress: Arc<Progress>,
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.inner.call(request);
        let progress = self.progress.clone();
        Box::pin(async move {
            let connection = connecting.await?;
            progress.stands();
            Ok(connection)
        })
    }
}

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub status: StatusCode,
    /// Where it leads, as it may be shown.
    pub to: String,
}

/// The redirects that a request met.
#[derive(Debug, Clone, Default)]
pub(super) struct Hops(Arc<Mutex<Vec<Hop>>>);

impl Hops {
    /// Follows so many; with 0 the redirect is the answer. A request with secrets does not leave its host: the client
    /// takes only the standard headers (`Authorization`, `Cookie`) off on the way to another.
    pub(super) fn policy(&self, most: usize, secret: bool) -> Policy {
        if most == 0 {
            return Policy::none();
        }
        let hops = self.0.clone();
        Policy::custom(move |attempt| {
            let to = shown(attempt.url());
            if attempt.previous().contains(attempt.url()) {
                return attempt.error(NetError::new(Trouble::NotTheProtocol, format!("redirects in a circle: {to}")));
            }
            if attempt.previous().len() > most {
                let many = format!("stopped after {most} redirects, the last to {to} (raise `redirects`)");
                return attempt.error(NetError::new(Trouble::Ours, many));
            }
            if secret && attempt.previous().first().is_some_and(|first| first.origin() != attempt.url().origin()) {
                let away = format!("redirects to {to}, where the secrets of this request are not sent");
                return attempt.error(NetError::new(Trouble::RefusesUs, away));
            }
            if let Ok(mut hops) = hops.lock() {
                hops.push(Hop { status: attempt.status(), to });
            }
            attempt.follow()
        })
    }

    pub(super) fn taken(&self) -> Vec<Hop> {
        self.0.lock().map(|hops| hops.clone()).unwrap_or_default()
    }
}
