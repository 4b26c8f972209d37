//! `prometheus`: the value of a PromQL query, asked of a server's HTTP API.
//!
//! | what came | status |
//! | --- | --- |
//! | a number, or several series with one each: the largest counts | ok; thresholds judge `value` |
//! | no series | unknown: nothing is not zero |
//! | NaN (0/0: no traffic?), infinite | unknown |
//! | a range, a text, a histogram: the query cannot be judged | unknown |
//! | an error of the query, no access, no Prometheus there, server not reached | unknown: it says nothing about what is asked |
//!
//! Details: `series_count`, `series` (table, largest first, at most 50: `labels`, `value`), `min`, `max`, `evaluated_at` (the
//! server's time), `not_a_number` (series that gave NaN), `warnings`, `server`.

mod answer;

use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use secrecy::ExposeSecret;
use url::{Url, form_urlencoded};

use super::{
    Look, Probe, Surroundings,
    net_error::{NetError, Trouble},
    web::{self, WebRequest},
};
use warroom_domain::{
    health::{Observation, Status, Unit},
    platform::{OnTimeout, ProbeSpec, SecretText, WebFields},
};
use warroom_host::secret::SecretStore;

/// A query of a few hundred series is some hundred kilobytes.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// See the module.
pub(super) struct PrometheusProbe {
    server: SecretText,
    query: String,
    unit: Unit,
    /// The server is asked to give up shortly before we do.
    give_up: String,
    on_timeout: OnTimeout,
    secrets: Arc<SecretStore>,
    web: web::Fields,
}

impl PrometheusProbe {
    pub(super) fn new(
        server: &SecretText,
        query: &str,
        unit: Option<&str>,
        web: &WebFields,
        spec: &ProbeSpec,
        surroundings: &Surroundings,
    ) -> Self {
        PrometheusProbe {
            server: server.clone(),
            query: query.trim().to_owned(),
            unit: Unit::parse(unit.unwrap_or_default()),
            give_up: format!("{}ms", spec.timeout.as_millis().max(1)),
            on_timeout: spec.on_timeout,
            secrets: surroundings.secrets.clone(),
            web: surroundings.web(web, BODY_LIMIT),
        }
    }

    async fn look(&self, look: &Look) -> Result<Observation, NetError> {
        let ours = |cause: String| NetError::new(Trouble::Ours, cause);
        let server = self.secrets.resolve(&self.server).await.map_err(|error| ours(error.to_string()))?;
        let mut url = web::parse_url(server.expose_secret()).map_err(ours)?;
        url.set_path(&format!("{}/api/v1/query", url.path().trim_end_matches('/')));
        let shown = web::shown(&url).trim_end_matches("/api/v1/query").to_owned();

        let mut answer = web::fetch(&self.post(url.clone()), look).await.map_err(|failure| unseen(failure.error))?;
        if answer.status == StatusCode::METHOD_NOT_ALLOWED {
            // Some proxies let only GET through.
            answer = web::fetch(&self.get(url), look).await.map_err(|failure| unseen(failure.error))?;
        }
        if answer.cut {
            let stopped = self.web.stopped();
            return Ok(Observation::unknown(format!("the answer is too large, aggregate in the query: {stopped}")));
        }
        let mut seen = match answer::read(&answer.body) {
            Some(result) => result.observe(&self.unit),
            None => match answer.status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                    self.secrets.forget();
                    Observation::unknown(format!("{}: Prometheus refuses this request", answer.status_text()))
                }
                StatusCode::SERVICE_UNAVAILABLE => {
                    Observation::unknown(format!("Prometheus is not ready: {}", answer.status_text()))
                }
                _ => Observation::unknown(format!("{shown} does not answer as Prometheus: {}", answer.status_text())),
            },
        };
        seen.details.insert("server".to_owned(), shown.into());
        Ok(seen)
    }

    fn form(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &self.query)
            .append_pair("timeout", &self.give_up)
            .finish()
    }

    fn post(&self, url: Url) -> WebRequest {
        let mut request = WebRequest {
            method: Method::POST,
            body: Some(self.form().into_bytes()),
            redirects: 0,
            ..self.web.get(url)
        };
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(CONTENT_TYPE, form);
        request
    }

    fn get(&self, mut url: Url) -> WebRequest {
        url.set_query(Some(&self.form()));
        self.web.get(url)
    }
}

impl Probe for PrometheusProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.look(look).await.unwrap_or_else(|error| error.observation(self.on_timeout)) })
    }
}

/// Prometheus being away does not mean that what it measures is down.
fn unseen(error: NetError) -> NetError {
    let trouble = if error.status() == Status::Down { Trouble::Other } else { error.trouble };
    NetError::new(trouble, format!("cannot ask Prometheus: {}", error.cause))
}
