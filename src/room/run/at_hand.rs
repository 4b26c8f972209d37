//! The databases that an action says where they are, and what it does there: for what only they know.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use tokio_postgres::Client;

use warroom_host::postgres::{
    open::{self, Opened},
    target::Target,
};
use warroom_runbook::{
    Action, Language,
    shell::Script,
    sql::{self, SqlScript, psql},
};

/// How long the person may wait for a server's answer.
pub(super) const LIMIT: Duration = Duration::from_millis(1500);

/// The SQL of an action with the connection string of its server: of a fence, and of each psql on this machine that is given one.
/// `filled_in` puts the values of variables into words.
pub(super) fn sql_of(
    action: &Action,
    script: Option<&Script>,
    database: Option<&SecretString>,
    filled_in: impl Fn(&str) -> String,
) -> Vec<(SecretString, Vec<SqlScript>)> {
    let mut found = Vec::new();
    if let (Language::Sql, Some(url)) = (action.language, database) {
        found.push((url.clone(), vec![sql::analyse(&action.code)]));
    }
    let Some(script) = script else { return found };
    for command in script.commands.iter().filter(|command| command.program() == Some("psql")) {
        // Inside of a pod or on another host the name may be another server's.
        let is_here = command.through.iter().all(|wrapper| wrapper.name == "sudo");
        let call = psql::call(script, command);
        let url = call.connection.as_ref().filter(|_| is_here).map(|named| filled_in(&named.shown()));
        if let Some(url) = url.filter(|url| url.contains("://")) {
            let sql = call.sql.iter().map(|text| sql::analyse(&filled_in(&text.value))).collect();
            found.push((url.into(), sql));
        }
    }
    found
}

/// What a server says; `None` when it cannot be asked in time.
pub(super) async fn ask<T>(url: &SecretString, question: impl AsyncFnOnce(&Client) -> Option<T>) -> Option<T> {
    let target = Target::parse(url.expose_secret(), |name| std::env::var(name).ok()).ok()?;
    let asking = async {
        let Opened { client, driver, .. } = open::open(&target, LIMIT).await.ok()?;
        tokio::select! {
            said = question(&client) => said,
            _ = driver => None,
        }
    };
    timeout(LIMIT, asking).await.ok()?
}
