//! The connections run out: a migration locks the customers and is left alone, every request of the portal waits for it, and
//! each keeps the connection that it has.

use tokio::task::{AbortHandle, JoinSet};
use tokio_postgres::{Client, NoTls};

use super::DotMac;
use crate::lab::{background, start_in_background};

/// Requests that wait: with the migration and the console's own two they are 33 of the server's 40 connections, and others still
/// get one.
const WAITING: usize = 30;

/// Lasts until the migration's session is ended.
pub struct Saturation {
    _migration: Client,
    requests: AbortHandle,
}

impl Saturation {
    /// From now on the portal answers with errors, until nothing waits for the migration any more.
    pub fn begin(dotmac: &DotMac) -> Saturation {
        let (url, recover) = (dotmac.database("portal").url(), dotmac.portal().recovery());
        let migration = background({
            let url = url.clone();
            async move {
                let client = connect(&format!("{url}?application_name=migration")).await;
                client.batch_execute("BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE").await.unwrap();
                client
            }
        });
        dotmac.portal().fail();
        let requests = start_in_background(async move {
            let mut waiting = JoinSet::new();
            for _ in 0..WAITING {
                let client = connect(&format!("{url}?application_name=customer-portal")).await;
                waiting.spawn(async move { client.query("SELECT count(*) FROM customers", &[]).await.is_ok() });
            }
            if waiting.join_all().await.into_iter().all(|answered| answered) {
                recover();
            }
        });
        Saturation { _migration: migration, requests }
    }
}

impl Drop for Saturation {
    fn drop(&mut self) {
        self.requests.abort();
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    // It ends with an error when the session is ended by somebody else.
    start_in_background(async move {
        let _ = connection.await;
    });
    client
}
