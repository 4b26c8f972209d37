//! Whether a cluster answers, and takes the credentials of a kube context.

use std::time::Duration;

use kube::{api::ListParams, core::Request};

use super::{
    access::Route,
    cause::{self, Failure},
};
use crate::Surroundings;
use warroom_domain::platform::OnTimeout;

/// Asks for the API groups, which a server tells nobody whom it does not know. The error is one sentence.
pub async fn reach_cluster(context: &str, surroundings: &Surroundings, limit: Duration) -> Result<String, String> {
    let route = Route {
        context: Some(context.to_owned()),
        kubeconfig: None,
        surroundings: surroundings.clone(),
        connect_timeout: limit,
        on_timeout: OnTimeout::default(),
    };
    let access = route.open().await.map_err(|failure| failure.sentence)?;
    let server = &access.server;
    let request = Request::new("/apis").list(&ListParams::default()).map_err(|error| error.to_string())?;
    match tokio::time::timeout(limit, access.client.request_text(request)).await {
        Ok(Ok(_)) => Ok(format!("{server} takes the credentials")),
        Ok(Err(kube::Error::Api(status))) if matches!(status.code, 401 | 403) => {
            Err(format!("{server} does not take the credentials of the kube context"))
        }
        Ok(Err(kube::Error::Api(status))) => {
            Err(format!("{server} answers {}: {}", status.code, cause::plain(&status.message, 160)))
        }
        Ok(Err(error)) => Err(Failure::of_client(&error, server).sentence),
        Err(_) => Err(Failure::silent(server, limit.as_secs()).sentence),
    }
}
