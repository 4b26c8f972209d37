//! Where an action acts, as real PostgreSQL servers say it: primary or standby, and what cannot be asked.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use warroom::{
    exec::place::{self, Place, Wanted},
    platform::Environment,
    runbook::shell,
};

use crate::lab::{self, Postgres};

async fn resolve(script: Option<&str>, database: Option<&str>, variables: &[(&str, &str)]) -> Place {
    let script = script.map(shell::analyse);
    let environment = Environment::default();
    let variables: Vec<(String, SecretString)> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
    place::resolve(&Wanted {
        script: script.as_ref(),
        database,
        environment: &environment,
        environment_name: "production",
        context: None,
        pinned_contexts: &[],
        variables: &variables,
        kubeconfig: Path::new("/nowhere/kubeconfig"),
    })
    .await
}

fn values<'p>(place: &'p Place, name: &str) -> Vec<&'p str> {
    place.facts.iter().filter(|fact| fact.name == name).map(|fact| fact.value.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_server_is_shown_before_anything_runs() {
    lab::require!(lab::POSTGRES);
    let primary = Postgres::start();
    let mut replica = primary.replica();
    let place = resolve(None, Some(&primary.password_url()), &[]).await;
    assert_eq!(values(&place, "database host"), [primary.address()]);
    assert_eq!(values(&place, "database"), ["postgres"]);
    assert_eq!(values(&place, "database user"), ["app"]);
    assert_eq!(values(&place, "database role"), ["primary"]);
    assert!(place.unknown().next().is_none() && !format!("{place:?}").contains("app-secret"), "{place:?}");

    let url = replica.password_url();
    let place =
        resolve(Some("psql \"$DATABASE_URL\" -c 'DELETE FROM customers'"), None, &[("DATABASE_URL", &url)]).await;
    assert_eq!(values(&place, "database host"), [replica.address()]);
    assert_eq!(values(&place, "database role"), ["standby"]);
    assert!(!format!("{place:?}").contains("app-secret"), "{place:?}");

    // From one to the other: both are shown, in the order of the commands.
    let (from, to) = (primary.port().to_string(), replica.port().to_string());
    let variables = [("PGHOST", "127.0.0.1"), ("PGUSER", "postgres"), ("PGPORT", &from), ("TO", &to)];
    let place = resolve(Some("pg_dump postgres | psql -p $TO postgres"), None, &variables).await;
    assert_eq!(values(&place, "database host"), [primary.address(), replica.address()]);
    assert_eq!(values(&place, "database role"), ["primary", "standby"]);

    replica.promote();
    let place = resolve(None, Some(&url), &[]).await;
    assert_eq!(values(&place, "database role"), ["primary"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_asked_is_said_so_in_time_and_without_the_password() {
    lab::require!(lab::POSTGRES);
    let mut server = Postgres::start();
    let wrong = resolve(None, Some(&server.wrong_password_url()), &[]).await;
    assert!(wrong.unknown().next().unwrap().contains("does not let us in"), "{wrong:?}");

    server.freeze();
    let began = Instant::now();
    let frozen = resolve(None, Some(&server.password_url()), &[]).await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert!(frozen.unknown().next().unwrap().contains("did not answer within 2 s"), "{frozen:?}");
    server.thaw();

    server.stop();
    let stopped = resolve(None, Some(&server.password_url()), &[]).await;
    let address = server.address();
    assert_eq!(
        stopped.unknown().collect::<Vec<_>>(),
        [&format!(
            "cannot ask {address} whether it is the primary or a standby: {address} refuses connections: no server listens there"
        )]
    );
    for place in [wrong, frozen, stopped] {
        assert_eq!(values(&place, "database host"), [address.as_str()], "the host is known all the same");
        assert_eq!(values(&place, "database role"), [""; 0]);
        let said = format!("{place:?}");
        assert!(!said.contains("app-secret") && !said.contains("not-the-password"), "{said}");
    }
}
