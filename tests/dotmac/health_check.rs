//! `health-check`: every part is asked once, and each of them can fail the run.

use std::time::Duration;

use crate::{
    lab::{Answer, closed_port, wait_until},
    stage::{DotMac, Part, Run},
};

const STRIPE: &str = "/v1/balance";

fn check<'a>(dotmac: &'a DotMac, redis: &str) -> Run<'a> {
    dotmac
        .run("health-check")
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .var("API_HEALTH", dotmac.portal().http.url("/health"))
        .var("REDIS_SERVER", redis)
        .var("STRIPE_API", dotmac.portal().http.url(STRIPE))
        .var("MOST_LAG", "1")
}

/// All parts of it, well: the payment provider asks for a key.
fn platform() -> Option<(DotMac, String)> {
    let dotmac = DotMac::start(&[Part::Cluster, Part::Database, Part::Redis, Part::Portal])?;
    dotmac.portal().http.on(STRIPE, Answer::new(401, "{\"error\": \"no key\"}\n"));
    let redis = format!("{}/0", dotmac.redis().url());
    Some((dotmac, redis))
}

#[test]
fn a_platform_that_is_well_passes_and_its_portal_redis_stripe_or_pods_fail_it() {
    let Some((dotmac, redis)) = platform() else { return };
    check(&dotmac, &redis).go().says("HTTP 401").completed();

    // Up, for somebody who knows the password.
    dotmac.redis().cli(&["CONFIG", "SET", "requirepass", "kept-elsewhere"]);
    check(&dotmac, &redis).from("5").go().says("up, and asks for a password").completed();
    let nobody = closed_port();
    let away = format!("redis://127.0.0.1:{}/0", nobody.number());
    check(&dotmac, &away).from("5").go().says("down: ").failed_at("Redis answers");

    let unreachable = format!("http://127.0.0.1:{}/", nobody.number());
    let stripe = check(&dotmac, &redis).var("STRIPE_API", unreachable).from("6").go();
    stripe.failed_at("The payment provider can be reached");

    dotmac.cluster().fill_nodes();
    dotmac.cluster().kubectl(&["scale", "deployment/customer-portal", "--replicas=4"]);
    check(&dotmac, &redis).from("2").go().failed_at("Every pod is ready");
    check(&dotmac, &redis).from("7").go().says("pods in trouble: 1").failed_at("Nothing warns");

    let at_once = "verification-all-of-it-holds-at-the-same-time";
    let title = "All of it holds at the same time";
    let elsewhere = dotmac.portal().http.url("/not-here");
    check(&dotmac, &redis).var("PORTAL_HEALTH", elsewhere).from(at_once).go().failed_at(title);
    dotmac.portal().fail();
    check(&dotmac, &redis).from(at_once).go().stopped_before(title);
    check(&dotmac, &redis).from("1").go().failed_at("The portal and the API answer");
}

#[test]
fn a_database_that_is_no_primary_or_read_only_or_full_or_far_ahead_of_its_standby_fails_it() {
    let Some((dotmac, redis)) = platform() else { return };
    let title = "The database takes questions and changes";
    let server = dotmac.server();
    let standby = server.replica();
    check(&dotmac, &redis).from("3").go().completed();

    standby.pause_replay();
    server.sql("CREATE TABLE written_meanwhile (id int)");
    wait_until("the standby is seconds behind", Duration::from_secs(30), || {
        server.sql("SELECT coalesce(max(extract(epoch FROM replay_lag)), 0) > 2 FROM pg_stat_replication") == "t"
    });
    check(&dotmac, &redis).from("4").go().failed_at("Standbys keep up");
    standby.resume_replay();

    let held = server.fill_connections(0);
    check(&dotmac, &redis).from("3").go().failed_at(title);
    drop(held);

    server.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    server.sql("SELECT pg_reload_conf()");
    wait_until("the server takes no changes", Duration::from_secs(30), || {
        server.sql("SHOW default_transaction_read_only") == "on"
    });
    check(&dotmac, &redis).from("3").go().failed_at(title).says("primary, read-only");

    let url = standby.url();
    let dotmac = dotmac.with_environment("DATABASE_URL", &url);
    check(&dotmac, &redis).from("3").go().failed_at(title).says("standby, ");
}
