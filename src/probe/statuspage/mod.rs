//! `statuspage`: what a vendor says of itself.
//!
//! Read are Atlassian Statuspage (`summary.json`, `status.json`: GitHub, Cloudflare, PagerDuty, SendGrid and most others), AWS
//! Health's `currentevents`, Google Cloud's `incidents.json`, Slack's `current`, Instatus (`summary.json`,
//! `v2/components.json`), Better Stack (`index.json`), incident.io (`api/v1/summary`), Cachet (`api/components`), and
//! pages that say their state in one known word (Stripe, status.io, Heroku). A URL without a path means Statuspage's
//! `/api/v2/summary.json`.
//!
//! What follows a `#` in the URL narrows a page to regions, services, components or groups, separated by commas:
//! `https://health.aws.amazon.com/public/currentevents#us-east-1`, `https://www.githubstatus.com#Actions,Git Operations`.
//! A word that a page does not have is unknown; AWS, Google Cloud, Slack and incident.io list only what is open, so that
//! any word may be one of theirs.
//!
//! Indicator `none` is ok, `minor` and `maintenance` warn, `major` and `critical` down; an open incident, a maintenance in
//! progress or a component that is not operational is never ok. A page that cannot be read is unknown: it says nothing about
//! the vendor. The value is the number of open incidents. Details:
//! `page`, `format`, `indicator`, `description`, `open_incidents`, `incidents` (table: `name`, `impact`, `status`,
//! `started_at`, `url`), `components_not_operational`, `components` (table of those: `name`, `status`), `maintenances` (table
//! like incidents, only those going on), `updated_at`.

mod hosted;
mod page;
mod read;
mod vendors;

use std::sync::Arc;

use futures::future::BoxFuture;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use self::page::{Component, Incident, Page};
use super::{
    Look, Probe, Surroundings,
    net_error::{NetError, Trouble, one_line},
    web,
};
use warroom_domain::{
    health::{Observation, Status, Unit},
    platform::{OnTimeout, ProbeSpec, SecretText, WebFields},
};
use warroom_host::secret::SecretStore;

/// Google Cloud's list holds years of incidents.
const BODY_LIMIT: usize = 8 * 1024 * 1024;
/// Rows of each table.
const SHOWN: usize = 50;

pub(super) struct StatuspageProbe {
    url: SecretText,
    on_timeout: OnTimeout,
    secrets: Arc<SecretStore>,
    web: web::Fields,
}

impl StatuspageProbe {
    pub(super) fn new(url: &SecretText, web: &WebFields, spec: &ProbeSpec, surroundings: &Surroundings) -> Self {
        let (secrets, web) = (surroundings.secrets.clone(), surroundings.web(web, BODY_LIMIT));
        StatuspageProbe { url: url.clone(), on_timeout: spec.on_timeout, secrets, web }
    }

    async fn look(&self, look: &Look) -> Result<Observation, NetError> {
        let ours = |cause: String| NetError::new(Trouble::Ours, cause);
        let url = self.secrets.resolve(&self.url).await.map_err(|error| ours(error.to_string()))?;
        let mut url = web::parse_url(url.expose_secret()).map_err(ours)?;
        if url.path() == "/" {
            url.set_path("/api/v2/summary.json");
        }
        let words = words_of(url.fragment().unwrap_or_default());
        url.set_fragment(None);
        let answer = web::fetch(&self.web.get(url), look).await.map_err(|failure| unseen(failure.error))?;
        if !answer.status.is_success() {
            return Ok(Observation::unknown(format!("cannot see the vendor's status: {}", answer.status_text())));
        }
        if answer.cut {
            return Ok(Observation::unknown(format!("cannot read the vendor's status: {}", self.web.stopped())));
        }
        Ok(match read::page(&answer.body) {
            Ok(page) if words.is_empty() => judge(&page, None),
            Ok(page) => {
                let (page, unseen) = page.only(&words);
                judge(&page, unseen.as_deref())
            }
            Err(why) => Observation::unknown(format!("cannot read the vendor's status: {why}")),
        })
    }
}

impl Probe for StatuspageProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.look(look).await.unwrap_or_else(|error| error.observation(self.on_timeout)) })
    }
}

/// The words of a URL's fragment.
fn words_of(fragment: &str) -> Vec<String> {
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    decoded.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

/// The page being away is not the vendor being down.
fn unseen(error: NetError) -> NetError {
    let trouble = if error.status() == Status::Down { Trouble::Other } else { error.trouble };
    NetError::new(trouble, format!("cannot see the vendor's status: {}", error.cause))
}

/// `unseen` is what a filter asks for and the page does not have.
fn judge(page: &Page, unseen: Option<&str>) -> Observation {
    let incidents = page.incidents.len();
    let affected: Vec<&Component> = page.affected().collect();
    let open = incidents + page.maintenances.len() + affected.len();
    let mut status = if page.status == Status::Ok && open > 0 { Status::Warn } else { page.status };
    let words_of_page = [page.description.as_str(), page.indicator.as_str(), "its state is not known here"];
    let description = words_of_page.into_iter().find(|words| !words.is_empty()).unwrap_or_default();
    let mut summary = match (page.incidents.first(), page.maintenances.first(), affected.first()) {
        _ if status == Status::Ok => description.to_owned(),
        (Some(first), ..) if incidents == 1 => format!("{} ({})", first.name, words(first)),
        (Some(first), ..) => format!("{incidents} incidents: {} ({})", first.name, words(first)),
        (None, Some(maintenance), _) => format!("{} ({})", maintenance.name, words(maintenance)),
        // The page's own sentence, unless it says that all is well.
        (None, None, Some(first)) if page.description.is_empty() || page.status == Status::Ok => {
            format!("{}: {}", first.name, first.status)
        }
        (None, None, Some(first)) => format!("{description}: {}", first.name),
        (None, None, None) => description.to_owned(),
    };
    if let Some(unseen) = unseen.filter(|_| status < Status::Unknown) {
        (status, summary) = (Status::Unknown, unseen.to_owned());
    }
    #[expect(clippy::cast_precision_loss, reason = "incidents are few")]
    Observation::new(status, one_line(&summary))
        .with_value(incidents as f64, Unit::Of("incidents".to_owned()))
        .with_details(details(page, &affected).into())
}

fn words(incident: &Incident) -> String {
    let words = [&incident.impact, &incident.status].map(|word| word.replace('_', " "));
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

fn details(page: &Page, affected: &[&Component]) -> Map<String, Value> {
    let mut details = Map::new();
    let mut put = |name: &str, value: Value| {
        if value != "" {
            details.insert(name.to_owned(), value);
        }
    };
    put("page", page.name.clone().into());
    put("format", page.format.into());
    put("indicator", page.indicator.clone().into());
    put("description", page.description.clone().into());
    put("open_incidents", page.incidents.len().into());
    put("incidents", table(&page.incidents));
    put("components_not_operational", affected.len().into());
    let components = affected.iter().take(SHOWN);
    put("components", components.map(|c| json!({ "name": c.name, "status": c.status })).collect());
    if !page.maintenances.is_empty() {
        put("maintenances", table(&page.maintenances));
    }
    put("updated_at", page.updated_at.clone().into());
    details
}

fn table(incidents: &[Incident]) -> Value {
    let row = |incident: &Incident| {
        json!({
            "name": incident.name,
            "impact": incident.impact,
            "status": incident.status,
            "started_at": incident.started_at,
            "url": incident.url,
        })
    };
    incidents.iter().take(SHOWN).map(row).collect()
}
