//! `http`: does a URL give the answer it should, how fast, and for how long is its certificate good?
//!
//! | what came | status |
//! | --- | --- |
//! | a code that `status` accepts, and every body condition holds | ok; warn when the certificate ends soon |
//! | 401, 403 or 407, not accepted | unknown: it answers, but refuses this request |
//! | a body condition that is not true of what was read, with more of the body than `body_limit` | unknown |
//! | any other code that is not accepted, a body condition that is false, a broken or garbled answer | down |
//! | connection refused or closed, a certificate that clients do not accept | down |
//! | no name, no route, no answer in time | unknown |
//!
//! With `status = "any"` each HTTP answer means reachable. The value is the time in ms until the body was complete. Details:
//! `status_code` (`status` is the reading's own in thresholds), `reason`, `connect_ms`, `first_byte_ms`, `total_ms`, `body_bytes`, `body_cut` (there is more than `body_limit`),
//! `body_excerpt` (only when something is wrong), `redirects` (table: `status`, `to`), `location` (a redirect that was not followed),
//! `retry_after`, `address`, `http_version`, `certificate` (`subject`, `issuer`, `not_before_at`, `not_after_at`, `days_left`,
//! `names`, `self_signed`), `problem` (what is wrong with it).

mod accepted;

use std::sync::Arc;

use futures::future::BoxFuture;
use regex::Regex;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use self::accepted::Accepted;
use super::{
    Look, Probe, Surroundings,
    certificate::Presented,
    net_error::{NetError, Trouble, one_line},
    tcp::ms,
    web::{self, Answer, WebError, WebRequest},
};
use warroom_domain::{
    health::{Observation, Status, Unit, number},
    platform::{HttpTarget, OnTimeout, ProbeSpec, SecretText},
};
use warroom_host::{
    bounded::json::{self, JsonError},
    secret::SecretStore,
};

/// Characters of a body shown when something is wrong.
const EXCERPT: usize = 200;

pub(super) struct HttpProbe {
    target: HttpTarget,
    web: web::Fields,
    on_timeout: OnTimeout,
    secrets: Arc<SecretStore>,
    /// What the pack's text comes to, or what is wrong with it.
    rules: Result<Rules, String>,
}

struct Rules {
    method: Method,
    accepted: Accepted,
    matches: Option<Regex>,
    fixed: Option<std::net::SocketAddr>,
}

impl HttpProbe {
    pub(super) fn new(target: &HttpTarget, spec: &ProbeSpec, surroundings: &Surroundings) -> Self {
        let (rules, web) = (rules(target), surroundings.web(&target.web, web::BODY_LIMIT));
        let secrets = surroundings.secrets.clone();
        HttpProbe { target: target.clone(), web, on_timeout: spec.on_timeout, secrets, rules }
    }

    async fn request(&self, rules: &Rules) -> Result<WebRequest, String> {
        let url = self.secrets.resolve(&self.target.url).await.map_err(|error| error.to_string())?;
        let mut request = self.web.get(web::parse_url(url.expose_secret())?);
        if rules.fixed.is_some() && !matches!(request.url.host(), Some(url::Host::Domain(_))) {
            return Err("`resolve` needs a host name in the URL, not an address".to_owned());
        }
        request.method = rules.method.clone();
        request.fixed = rules.fixed;
        request.redirects = self.target.redirects;
        request.headers = self.headers().await?;
        let mut sent = self.target.headers.values().chain(&self.target.body);
        request.secret = sent.any(|text| !matches!(text, SecretText::Literal(_)));
        if let Some(body) = &self.target.body {
            let body = self.secrets.resolve(body).await.map_err(|error| error.to_string())?;
            request.body = Some(body.expose_secret().as_bytes().to_vec());
        }
        Ok(request)
    }

    async fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.target.headers {
            let value = self.secrets.resolve(value).await.map_err(|error| error.to_string())?;
            let legal = HeaderName::try_from(name.as_str()).map_err(|_| format!("`{name}` is not a header name"))?;
            let mut value = HeaderValue::from_str(value.expose_secret())
                .map_err(|_| format!("the value of the header {name} has characters that no header may have"))?;
            value.set_sensitive(true);
            headers.insert(legal, value);
        }
        Ok(headers)
    }

    fn judge(&self, answer: &Answer, rules: &Rules, look: &Look) -> Observation {
        let finding = status_finding(answer, rules).or_else(|| self.body_finding(answer, rules.matches.as_ref()));
        let total = ms(answer.timing.total);
        let mut observation = finding
            .or_else(|| ending_finding(answer, look))
            .unwrap_or_else(|| Observation::ok(format!("{}, {} ms", answer.status_text(), number(total))))
            .with_value(total, Unit::Milliseconds);
        observation.details = details(answer, look);
        if matches!(observation.verdict, Status::Down | Status::Unknown) && !answer.body.is_empty() {
            observation.details.insert("body_excerpt".to_owned(), excerpt(&answer.text()).into());
        }
        observation
    }

    /// The first body condition that does not hold. What was not read may be what it asks for.
    fn body_finding(&self, answer: &Answer, matches: Option<&Regex>) -> Option<Observation> {
        let status = answer.status.as_u16();
        let wrong = body_fault(answer, &self.target, matches)?;
        Some(match wrong {
            Ok(wrong) if answer.cut => Observation::unknown(format!("{status}, but {wrong}: {}", self.web.stopped())),
            Ok(wrong) => Observation::down(format!("{status}, but {wrong}")),
            Err(ours) => Observation::unknown(format!("{status}, but {ours}")),
        })
    }

    fn failed(&self, failure: &WebError, look: &Look) -> Observation {
        let mut observation = failure.error.observation(self.on_timeout);
        if let Some(presented) = &failure.presented {
            certificate_details(presented, look, &mut observation.details);
        }
        observation
    }
}

impl Probe for HttpProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let rules = match &self.rules {
                Ok(rules) => rules,
                Err(wrong) => return Observation::unknown(wrong.clone()),
            };
            let request = match self.request(rules).await {
                Ok(request) => request,
                Err(wrong) => return NetError::new(Trouble::Ours, wrong).observation(self.on_timeout),
            };
            match web::fetch(&request, look).await {
                Ok(answer) => {
                    let mut observation = self.judge(&answer, rules, look);
                    mask(&mut observation.details, &request);
                    observation
                }
                Err(failure) => self.failed(&failure, look),
            }
        })
    }
}

fn rules(target: &HttpTarget) -> Result<Rules, String> {
    let method = target.method.trim().to_ascii_uppercase();
    Ok(Rules {
        method: Method::from_bytes(method.as_bytes()).map_err(|_| format!("`{method}` is not an HTTP method"))?,
        accepted: Accepted::parse(&target.status)?,
        matches: target
            .matches
            .as_deref()
            .map(|pattern| Regex::new(pattern).map_err(|_| format!("`{pattern}` is not a regular expression")))
            .transpose()?,
        fixed: target.resolve.as_deref().map(web::parse_fixed).transpose()?,
    })
}

/// None when the code is accepted.
fn status_finding(answer: &Answer, rules: &Rules) -> Option<Observation> {
    let status = answer.status;
    if rules.accepted.accepts(status.as_u16()) {
        return None;
    }
    let text = answer.status_text();
    let refusing = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::PROXY_AUTHENTICATION_REQUIRED];
    Some(if refusing.contains(&status) {
        Observation::unknown(format!("{text}: it answers, but refuses this request"))
    } else if let Some(to) = location(answer) {
        Observation::down(format!("redirects to {to} ({}), expected {}", status.as_u16(), rules.accepted.text()))
    } else {
        Observation::down(format!("{text}, expected {}", rules.accepted.text()))
    })
}

/// What does not hold, in words; an error when that is for a limit of ours.
fn body_fault(answer: &Answer, target: &HttpTarget, matches: Option<&Regex>) -> Option<Result<String, String>> {
    if let Some(wanted) = &target.contains
        && !answer.text().contains(wanted.as_str())
    {
        return Some(Ok(format!("the body does not contain \"{}\"", one_line(wanted))));
    }
    if let Some(pattern) = matches
        && !pattern.is_match(&answer.text())
    {
        return Some(Ok(format!("the body does not match `{pattern}`")));
    }
    let condition = target.json.as_ref()?;
    let body = match json::read::<Value>(&answer.body) {
        Ok(body) => body,
        Err(JsonError::TooMuch) => return Some(Err("the body has too many values to read".to_owned())),
        Err(JsonError::Syntax(_)) => return Some(Ok("the body is not JSON".to_owned())),
    };
    let mut variables = Map::from_iter([("body".to_owned(), body)]);
    condition.fill_lists(&mut variables);
    match condition.holds(&variables) {
        Ok(true) => None,
        Ok(false) => Some(Ok(format!("`{}` is false", condition.source()))),
        Err(error) => Some(Ok(one_line(&error.to_string()))),
    }
}

/// A certificate that ends soon (fewer than 14 days and less than a fifth of its life are left), or that others may refuse.
fn ending_finding(answer: &Answer, look: &Look) -> Option<Observation> {
    let presented = answer.presented.as_ref()?;
    let ending = || presented.leaf().filter(|leaf| leaf.ends_soon(look.at)).map(|leaf| leaf.expiry_words(look.at));
    let words = presented.doubt_words(look.at).or_else(|| Some(format!("the certificate {}", ending()?)))?;
    Some(Observation::new(Status::Warn, format!("{}, but {words}", answer.status.as_u16())))
}

fn location(answer: &Answer) -> Option<String> {
    if !answer.status.is_redirection() {
        return None;
    }
    let location = answer.header("location")?;
    // Queries of redirects carry tokens.
    Some(one_line(location.split(['?', '#']).next().unwrap_or_default()))
}

fn details(answer: &Answer, look: &Look) -> Map<String, Value> {
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            details.insert(name.to_owned(), value);
        }
    };
    put("status_code", answer.status.as_u16().into());
    put("reason", answer.status.canonical_reason().into());
    put("connect_ms", answer.timing.connected.map(ms).into());
    put("first_byte_ms", ms(answer.timing.first_byte).into());
    put("total_ms", ms(answer.timing.total).into());
    put("body_bytes", answer.body.len().into());
    if answer.cut {
        put("body_cut", true.into());
    }
    if !answer.hops.is_empty() {
        let hops = answer.hops.iter().map(|hop| serde_json::json!({ "status": hop.status.as_u16(), "to": hop.to }));
        put("redirects", hops.collect());
    }
    put("location", location(answer).into());
    put("retry_after", answer.header("retry-after").map(one_line).into());
    put("address", answer.address.map(|address| address.to_string()).into());
    put("http_version", format!("{:?}", answer.version).into());
    if let Some(presented) = &answer.presented {
        certificate_details(presented, look, &mut details);
    }
    details
}

fn certificate_details(presented: &Presented, look: &Look, details: &mut Map<String, Value>) {
    if let Some(certificate) = presented.leaf_details(look.at) {
        details.insert("certificate".to_owned(), certificate);
    }
    if let Some(problem) = presented.problem_words(look.at) {
        details.insert("problem".to_owned(), problem.into());
    }
}

/// Takes what we sent as a secret out of what the server sent back: some echo the request.
fn mask(details: &mut Map<String, Value>, request: &WebRequest) {
    /// Shorter values would blot out innocent text.
    const LEAST: usize = 6;
    let Some(Value::String(excerpt)) = details.get_mut("body_excerpt") else { return };
    let words = request.headers.values().filter_map(|value| value.to_str().ok()).flat_map(str::split_whitespace);
    for word in words.chain(request.url.password()).filter(|word| word.len() >= LEAST) {
        *excerpt = excerpt.replace(word, "***");
    }
}

fn excerpt(text: &str) -> String {
    let line = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
