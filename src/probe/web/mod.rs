//! One HTTP request and its answer, for every probe that speaks HTTP.
//!
//! Each request makes its own connection: a pooled one would hide that new connections fail, and a resumed TLS session
//! that the certificate has expired. Proxies of the environment are used as `curl` does, but never for loopback
//! addresses nor with a fixed address.

mod connection;

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use reqwest::{
    Method, StatusCode, Url, Version,
    header::{HOST, HeaderMap, HeaderValue},
};

use self::connection::{Hops, Progress};
use super::{
    Look,
    certificate::Presented,
    net_error::{NetError, Trouble},
    trust::{self, Tls},
};
use warroom_domain::health::{bytes, number};

pub use self::connection::Hop;

/// Most bytes of a body that are read when a request does not say otherwise.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// What to ask for. Debug shows no header and no URL: both may hold credentials.
#[derive(Clone)]
pub struct WebRequest {
    /// User and password in it are sent as basic authentication, and are in no message.
    pub url: Url,
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    /// Headers or body hold secrets, so a redirect to another host is not followed.
    pub secret: bool,
    /// The address to connect to instead of what the URL's host resolves to; port 0 keeps the URL's port.
    pub fixed: Option<SocketAddr>,
    /// How many redirects to follow. With 0 a redirect is the answer.
    pub redirects: usize,
    pub tls: trust::Files,
    /// Bytes of the decoded body after which reading stops.
    pub body_limit: usize,
}

impl WebRequest {
    /// `GET` without anything special: 5 redirects, [`BODY_LIMIT`].
    pub fn get(url: Url) -> Self {
        WebRequest {
            url,
            method: Method::GET,
            headers: HeaderMap::new(),
            body: None,
            secret: false,
            fixed: None,
            redirects: 5,
            tls: trust::Files::default(),
            body_limit: BODY_LIMIT,
        }
    }

    /// `HOST:PORT` of the URL, as messages name the target.
    pub fn peer(&self) -> String {
        match self.fixed {
            Some(fixed) if fixed.port() == 0 => {
                SocketAddr::new(fixed.ip(), self.url.port_or_known_default().unwrap_or(0)).to_string()
            }
            Some(fixed) => fixed.to_string(),
            None => peer_of(&self.url),
        }
    }
}

/// What a pack says of every request of a probe.
#[derive(Debug, Clone)]
pub struct Fields {
    pub tls: trust::Files,
    /// Bytes of the decoded body after which reading stops.
    pub body_limit: usize,
}

impl Fields {
    /// `GET` with these fields.
    pub fn get(&self, url: Url) -> WebRequest {
        WebRequest { tls: self.tls.clone(), body_limit: self.body_limit, ..WebRequest::get(url) }
    }

    /// Why the rest of a body was not seen, and what to do.
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    pub fn stopped(&self) -> String {
        let limit = match (self.body_limit >> 20, self.body_limit % (1 << 20)) {
            (whole @ 1.., 0) => format!("{whole} MiB"),
            _ => bytes(self.body_limit as f64),
        };
        format!("stopped reading at {limit} (raise `body_limit`)")
    }
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub version: Version,
    pub headers: HeaderMap,
    /// Decoded (gzip). Cut at the request's limit.
    pub body: Vec<u8>,
    /// True when there was more body than the limit.
    pub cut: bool,
    /// The address that answered; the proxy's when there is one.
    pub address: Option<SocketAddr>,
    /// Redirects that were followed, in order.
    pub hops: Vec<Hop>,
    /// The certificate chain of the last TLS handshake.
    pub presented: Option<Presented>,
    pub timing: Timing,
}

impl Answer {
    /// `503 Service Unavailable`; only the number when the code has no name.
    pub fn status_text(&self) -> String {
        status_text(self.status)
    }

    /// The body as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// A header as text, when it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// When things had happened, from the start of the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// TCP connection, and TLS when there is any.
    pub connected: Option<Duration>,
    /// The last answer's headers were there.
    pub first_byte: Duration,
    /// The whole body was there.
    pub total: Duration,
}

/// A request without a complete answer.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct WebError {
    pub error: NetError,
    /// The chain of the handshake that failed, or that came before the failure.
    pub presented: Option<Presented>,
}

impl From<NetError> for WebError {
    fn from(error: NetError) -> Self {
        WebError { error, presented: None }
    }
}

/// Sends the request and reads the answer. Any HTTP status is an answer, not an error.
/// The look's connect timeout bounds resolving, TCP and TLS together; its stage follows the request.
pub async fn fetch(request: &WebRequest, look: &Look) -> Result<Answer, WebError> {
    let progress = Progress::new(look.stage_setter(), request.peer());
    // Reading 150 roots costs more than a plain request.
    let proxy = proxy_of(request);
    let plain = request.url.scheme() == "http" && request.redirects == 0 && proxy.is_none();
    let tls = if plain { Tls::none(progress.clone())? } else { request.tls.tls(true, progress.clone()).await? };
    let hops = Hops::default();
    let client = client(request, look, &tls, &progress, &hops, proxy.is_some())
        .map_err(|error| ours(format!("cannot set up an HTTP client: {}", innermost(&error))))?;

    let told = |error: &reqwest::Error| {
        let presented = tls.presented();
        let error = tell(error, request, look, &progress, proxy.as_deref(), presented.as_ref());
        WebError { error, presented }
    };
    let mut url = request.url.clone();
    let mut outgoing = client.request(request.method.clone(), url.clone()).headers(request.headers.clone());
    if let Some((stripped, host)) = own_port(request) {
        url = stripped;
        outgoing = client.request(request.method.clone(), url).headers(request.headers.clone()).header(HOST, host);
    }
    if let Some(body) = &request.body {
        outgoing = outgoing.body(body.clone());
    }
    progress.connecting();
    let mut response = outgoing.send().await.map_err(|error| {
        let WebError { error, presented } = told(&error);
        WebError { error: tls.refused(error, &request.peer()), presented }
    })?;
    let first_byte = progress.elapsed();
    let head = status_text(response.status());
    look.stage(format!("headers received ({head}), body not finished"));

    let mut body = Vec::new();
    let mut cut = false;
    while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
        let room = request.body_limit - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            cut = true;
            break;
        }
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        look.stage(format!("headers received ({head}), body not finished after {}", bytes(body.len() as f64)));
    }
    Ok(Answer {
        status: response.status(),
        version: response.version(),
        address: response.remote_addr(),
        headers: response.headers().clone(),
        body,
        cut,
        hops: hops.taken(),
        presented: tls.presented(),
        timing: Timing { connected: progress.connected(), first_byte, total: progress.elapsed() },
    })
}

/// Reads a URL that may hold credentials: the error says what is wrong and not the text.
pub fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim()).map_err(|error| format!("the URL cannot be read: {error}"))?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url),
        scheme => Err(format!("the URL must start with http:// or https://, not {scheme}:")),
    }
}

/// A URL as it may be shown: no credentials, no query, no fragment.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    super::net_error::one_line(url.as_str())
}

/// `ADDRESS` or `ADDRESS:PORT` of a pack; without a port, port 0.
pub fn parse_fixed(text: &str) -> Result<SocketAddr, String> {
    let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
    text.trim()
        .parse()
        .or_else(|_| bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 0)))
        .map_err(|_| format!("`resolve` must be ADDRESS or ADDRESS:PORT, not `{text}`"))
}

/// `503 Service Unavailable`; only the number when the code has no name.
pub fn status_text(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn client(
    request: &WebRequest,
    look: &Look,
    tls: &Tls,
    progress: &Arc<Progress>,
    hops: &Hops,
    proxied: bool,
) -> reqwest::Result<reqwest::Client> {
    let mut tls = tls.config.clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("warroom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(look.connect_timeout)
        .pool_max_idle_per_host(0)
        .referer(false)
        .retry(reqwest::retry::never())
        .redirect(hops.policy(request.redirects, request.secret))
        .connector_layer(progress.layer())
        .dns_resolver(progress.resolver(request.url.host_str(), request.fixed));
    if !proxied {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// hyper connects to the URL's port when it has one; a fixed address with another port needs the URL without
/// its port, and the `Host` header with it.
fn own_port(request: &WebRequest) -> Option<(Url, HeaderValue)> {
    let fixed = request.fixed.filter(|fixed| fixed.port() != 0)?;
    let port = request.url.port().filter(|port| *port != fixed.port())?;
    let host = HeaderValue::from_str(&format!("{}:{port}", request.url.host_str()?)).ok()?;
    let mut url = request.url.clone();
    url.set_port(None).ok()?;
    Some((url, host))
}

/// `HOST:PORT` of the proxy that the environment names for this request.
fn proxy_of(request: &WebRequest) -> Option<String> {
    let loopback = match request.url.host()? {
        url::Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    if loopback || request.fixed.is_some() {
        return None;
    }
    let matcher = hyper_util::client::proxy::matcher::Matcher::from_env();
    let intercept = matcher.intercept(&request.url.as_str().parse().ok()?)?;
    let uri = intercept.uri();
    Some(uri.port().map_or_else(
        || uri.host().unwrap_or_default().to_owned(),
        |port| format!("{}:{port}", uri.host().unwrap_or_default()),
    ))
}

/// What a failed request means. Uses what is known beside the error: how far the connection came, the certificate.
fn tell(
    error: &reqwest::Error,
    request: &WebRequest,
    look: &Look,
    progress: &Progress,
    proxy: Option<&str>,
    presented: Option<&Presented>,
) -> NetError {
    let peer = match error.url() {
        // After a redirect the trouble is with another host than the one that was asked.
        Some(url) if url.host_str() != request.url.host_str() => peer_of(url),
        _ => request.peer(),
    };
    let told = NetError::from_error(error, &peer);
    if told.trouble == Trouble::Untrusted
        && let Some(words) = presented.and_then(|presented| presented.problem_words(look.at))
    {
        return NetError::new(Trouble::Untrusted, words);
    }
    if let Some(proxy) = proxy.filter(|_| error.is_connect()) {
        return ours(format!("cannot get through the proxy: {}", NetError::from_error(error, proxy).cause));
    }
    let limit = number(look.connect_timeout.as_secs_f64());
    if error.is_timeout() && error.is_connect() {
        return NetError::no_answer(format!("no connection within {limit} s: {}", progress.waiting_for()));
    }
    match told.trouble {
        Trouble::Other if error.is_decode() => {
            NetError::new(Trouble::NotTheProtocol, format!("{peer} sends a body that cannot be decoded"))
        }
        Trouble::Other if error.is_body() => {
            NetError::new(Trouble::Closed, format!("{peer} closed the connection before the answer was complete"))
        }
        _ => told,
    }
}

fn peer_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    super::net_error::one_line(&innermost.to_string())
}

fn ours(cause: String) -> NetError {
    NetError::new(Trouble::Ours, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_secret() {
        let url = parse_url("https://alice:pw@shop.example:8443/health?token=abc#x").unwrap();
        assert_eq!(shown(&url), "https://shop.example:8443/health");
        assert!(parse_url("ftp://shop.example").unwrap_err().contains("http://"));
        assert!(!parse_url("https://alice:pw@:99999/").unwrap_err().contains("pw"));
    }

    #[test]
    fn a_fixed_address_may_have_a_port() {
        assert_eq!(parse_fixed("10.0.0.7").unwrap().to_string(), "10.0.0.7:0");
        assert_eq!(parse_fixed("[::1]:8443").unwrap().to_string(), "[::1]:8443");
        assert_eq!(parse_fixed("::1").unwrap().to_string(), "[::1]:0");
        assert!(parse_fixed("shop.example").is_err());
    }
}
