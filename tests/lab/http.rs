//! An HTTP server whose answers a test controls, path by path, while it runs; with TLS when asked.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::TcpListener as StdListener,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::{Bytes, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use indexmap::IndexMap;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use super::{Port, ServerCertificate, background::start as start_in_background};

/// What the server says on a path.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    delay: Duration,
    pieces: Option<(usize, Duration)>,
    never_ends: bool,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Answer {
        let (headers, delay) = (Vec::new(), Duration::ZERO);
        Answer { status, headers, body: body.into(), delay, pieces: None, never_ends: false }
    }

    /// 200 with this text.
    pub fn text(body: impl Into<Vec<u8>>) -> Answer {
        Answer::new(200, body).header("content-type", "text/plain; charset=utf-8")
    }

    /// 200 with this JSON.
    pub fn json(body: &serde_json::Value) -> Answer {
        Answer::new(200, body.to_string()).header("content-type", "application/json")
    }

    /// 302 to `location`.
    pub fn redirect(location: &str) -> Answer {
        Answer::new(302, "").header("location", location)
    }

    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Lets this long pass before the first byte.
    pub fn after(mut self, delay: Duration) -> Answer {
        self.delay = delay;
        self
    }

    /// Sends the body in pieces of `size` bytes with a pause before each.
    pub fn in_pieces(mut self, size: usize, pause: Duration) -> Answer {
        self.pieces = Some((size.max(1), pause));
        self
    }

    /// Sends headers and body, but never ends the body.
    pub fn never_ending(mut self) -> Answer {
        self.never_ends = true;
        self
    }
}

/// One request that was made.
#[derive(Debug, Clone)]
pub struct Page {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

#[derive(Debug, Default)]
struct State {
    answers: HashMap<String, Answer>,
    /// Path, part of the query, and what it answers.
    with_query: Vec<(String, String, Answer)>,
    refuses: bool,
    otherwise: Option<Answer>,
    counters: IndexMap<String, f64>,
    counted: Vec<String>,
    requests: Vec<Page>,
}

/// A running server. Paths that were given no answer are 404.
#[derive(Debug)]
pub struct Http {
    port: Port,
    certificate: Option<ServerCertificate>,
    state: Arc<Mutex<State>>,
    task: Option<AbortHandle>,
}

impl Http {
    pub fn start() -> Http {
        Http::with(None)
    }

    pub fn start_tls(certificate: ServerCertificate) -> Http {
        Http::with(Some(certificate))
    }

    fn with(certificate: Option<ServerCertificate>) -> Http {
        let mut server = Http { port: Port::free(), certificate, state: Arc::default(), task: None };
        server.run();
        server
    }

    /// Serves again after [`Self::stop`], on the same port.
    pub fn run(&mut self) {
        let listener = StdListener::bind(("127.0.0.1", self.port.number())).unwrap();
        listener.set_nonblocking(true).unwrap();
        let tls = self.certificate.as_ref().map(|certificate| TlsAcceptor::from(certificate.config()));
        let state = self.state.clone();
        self.task = Some(start_in_background(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            // Connections end with the server: dropping the set aborts them.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, tls) = (state.clone(), tls.clone());
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, state).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, state).await;
                            }
                        }
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        }));
    }

    /// Refuses connections and closes those that are open.
    pub fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            super::wait_until("the HTTP server is gone", Duration::from_secs(10), || task.is_finished());
        }
    }

    /// Shows this certificate from now on, on the same port.
    pub fn show(&mut self, certificate: ServerCertificate) {
        self.stop();
        self.certificate = Some(certificate);
        self.run();
    }

    /// From now on `path` (without the query) answers this.
    pub fn on(&self, path: &str, answer: Answer) {
        self.state().answers.insert(path.to_owned(), answer);
    }

    /// From now on `path` answers this where its query holds `part`.
    pub fn on_query(&self, path: &str, part: &str, answer: Answer) {
        self.state().with_query.push((path.to_owned(), part.to_owned(), answer));
    }

    /// True: from now on everything is answered with 503, until it is set to false.
    pub fn refuse(&self, refuses: bool) {
        self.state().refuses = refuses;
    }

    /// From now on every path without an answer of its own answers this.
    pub fn otherwise(&self, answer: Answer) {
        self.state().otherwise = Some(answer);
    }

    /// Adds to a counter (`http_requests_total{code="500"}`), shown on `/metrics`. Negative makes it smaller, as a restart does.
    pub fn count(&self, series: &str, by: f64) {
        *self.state().counters.entry(series.to_owned()).or_default() += by;
    }

    /// From now on requests on `path` are counted as `http_requests_total{code="…"}`, and no longer kept one by one.
    pub fn count_requests(&self, path: &str) {
        self.state().counted.push(path.to_owned());
    }

    /// Sets all counters to zero, as a restart does.
    pub fn reset_counters(&self) {
        self.state().counters.values_mut().for_each(|value| *value = 0.0);
    }

    /// Every request on `path` so far.
    pub fn requests(&self, path: &str) -> Vec<Page> {
        let on_path = |page: &&Page| page.target.split('?').next() == Some(path);
        self.state().requests.iter().filter(on_path).cloned().collect()
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// `http://127.0.0.1:PORT/path`, or `https://localhost:PORT/path` with TLS.
    pub fn url(&self, path: &str) -> String {
        match self.certificate {
            None => format!("http://127.0.0.1:{}{path}", self.port()),
            Some(_) => format!("https://localhost:{}{path}", self.port()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<Mutex<State>>) {
    let service = service_fn(move |request| answer(request, state.clone()));
    // A client that goes away in the middle is no failure of the test.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = head.uri.path().to_owned();
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let answer = {
        let mut state = state.lock().unwrap();
        let page = Page {
            method: head.method.to_string(),
            target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers: head.headers.iter().map(header).collect(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let asked = head.uri.query().unwrap_or_default();
        let special = state.with_query.iter().rfind(|(on, part, _)| *on == path && asked.contains(part));
        let own = special.map(|(.., answer)| answer.clone()).or_else(|| state.answers.get(&path).cloned());
        let own = if state.refuses { Some(Answer::new(503, "not now\n")) } else { own };
        let counters = || (path == "/metrics").then(|| Answer::text(exposition(&state.counters)));
        let answer =
            own.or_else(counters).or_else(|| state.otherwise.clone()).unwrap_or_else(|| Answer::new(404, "not here\n"));
        if state.counted.contains(&path) {
            let series = format!("http_requests_total{{code=\"{}\"}}", answer.status);
            *state.counters.entry(series).or_default() += 1.0;
        } else {
            state.requests.push(page);
        }
        answer
    };
    tokio::time::sleep(answer.delay).await;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(body_of(answer)).unwrap())
}

fn body_of(answer: Answer) -> Body {
    let (size, pause) = answer.pieces.unwrap_or((usize::MAX, Duration::ZERO));
    if answer.pieces.is_none() && !answer.never_ends {
        return http_body_util::Full::new(Bytes::from(answer.body)).boxed_unsync();
    }
    let size = size.min(answer.body.len().max(1));
    let pieces: Vec<Bytes> = answer.body.chunks(size).map(Bytes::copy_from_slice).collect();
    let frames = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok(Frame::data(piece))
    });
    if answer.never_ends {
        StreamBody::new(frames.chain(stream::pending())).boxed_unsync()
    } else {
        StreamBody::new(frames).boxed_unsync()
    }
}

/// Prometheus' text format, each metric typed as a counter.
fn exposition(counters: &IndexMap<String, f64>) -> String {
    let mut text = String::new();
    let mut typed = std::collections::HashSet::new();
    for (series, value) in counters {
        let name = series.split('{').next().unwrap_or(series);
        if typed.insert(name) {
            text += &format!("# TYPE {name} counter\n");
        }
        text += &format!("{series} {value}\n");
    }
    text
}
