//! A probe whose words are masked: the one way in which a check's findings reach the screen, a sweep, the journal or an export.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use super::{Inquiry, Look, Probe};
use warroom_domain::health::Observation;
use warroom_host::secret::SecretStore;

pub(super) struct Masked {
    pub(super) probe: Box<dyn Probe>,
    pub(super) secrets: Arc<SecretStore>,
}

impl Probe for Masked {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move {
            let mut seen = self.probe.observe(look).await;
            let secrets = self.secrets.known().await;
            let mut words = Value::String(std::mem::take(&mut seen.summary));
            secrets.mask_value(&mut words);
            if let Value::String(words) = words {
                seen.summary = words;
            }
            seen.details.values_mut().for_each(|detail| secrets.mask_value(detail));
            seen
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.probe.changed()
    }

    fn inquire<'a>(&'a self, inquiry: &'a Inquiry) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move {
            let answer = self.probe.inquire(inquiry).await;
            let secrets = self.secrets.known().await;
            match answer {
                Ok(mut answer) => {
                    secrets.mask_value(&mut answer);
                    Ok(answer)
                }
                Err(why) => Err(secrets.mask(&why)),
            }
        })
    }
}
