//! `payments-outage`: the provider is told apart from the way there and from our own key, and paying is switched off meanwhile.

use serde_json::{Value, json};

use crate::{
    lab::{Answer, Hanging, Http},
    stage::{DotMac, DotMacCluster, Part, Run},
};

const API: &str = "/v1/balance";
const STATUS: &str = "/api/v2/status.json";
const ANSWERS: &str = "The provider answers without an error of its own";

/// The payment provider, which answers this, and what its status page says.
fn provider(status: u16, says: &str) -> Http {
    let http = Http::start();
    http.on(API, Answer::new(status, "{}\n"));
    http.on(STATUS, Answer::json(&json!({"status": {"indicator": "major", "description": says}})));
    http
}

fn outage<'a>(dotmac: &'a DotMac, provider: &Http, option: &str) -> Run<'a> {
    dotmac
        .run("payments-outage")
        .var("STRIPE_API", provider.url(API))
        .var("STRIPE_STATUS", provider.url(STATUS))
        .option("the-provider-is-down-and-paying-fails-cleanly", option)
}

/// What the portal's switch for paying is set to.
fn switch(dotmac: &DotMac) -> Option<String> {
    let deployment = dotmac.cluster().get("deployment", DotMacCluster::DEPLOYMENT).unwrap();
    let env = deployment.pointer("/spec/template/spec/containers/0/env").and_then(Value::as_array).unwrap();
    env.iter().find(|variable| variable["name"] == "PAYMENTS")?["value"].as_str().map(str::to_owned)
}

#[test]
fn paying_is_switched_off_while_the_provider_fails_and_as_it_was_afterwards() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster]) else { return };
    let dotmac = dotmac.impatient();
    let stripe = provider(503, "Elevated errors");
    let off = "The provider is down, and paying breaks other things";
    outage(&dotmac, &stripe, "b").go().failed_at(off);
    assert_eq!(switch(&dotmac), None);

    dotmac.cluster().kubectl(&["set", "env", "deployment/customer-portal", "PAYMENTS=cards"]);
    let switched = || outage(&dotmac, &stripe, "b").var("PAYMENTS_SWITCH", "PAYMENTS");
    dotmac.cluster().fill_nodes();
    switched().decide(off, "u").go();
    assert_eq!(switch(&dotmac).as_deref(), Some("cards"), "undone");
    dotmac.cluster().free_nodes();

    let done = switched()
        .decide("Switch paying on again", "r")
        .meanwhile("Switch paying on again", || {
            assert_eq!(switch(&dotmac).as_deref(), Some("off"), "not while the provider fails");
            stripe.on(API, Answer::new(401, "{}\n"));
        })
        .go();
    done.says("major: Elevated errors").completed();
    assert_eq!(switch(&dotmac).as_deref(), Some("cards"));

    // One that had no such variable has none afterwards.
    dotmac.cluster().kubectl(&["set", "env", "deployment/customer-portal", "PAYMENTS-"]);
    switched().go().completed();
    assert_eq!(switch(&dotmac), None);
}

#[test]
fn an_outage_that_fails_cleanly_and_a_key_of_ours_are_told_apart() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster]) else { return };
    let dotmac = dotmac.impatient();
    let stripe = provider(401, "All Systems Operational");
    outage(&dotmac, &stripe, "c").go().says("HTTP 401").completed();
    let paid = "A payment goes through";
    outage(&dotmac, &stripe, "c").from("verification-a-payment-goes-through").decide(paid, "n").go().left_open();

    let done =
        outage(&dotmac, &stripe, "a").meanwhile("Tell the customers", || stripe.on(API, Answer::new(500, ""))).go();
    done.failed_at(ANSWERS);
    stripe.on(STATUS, Answer::new(502, ""));
    outage(&dotmac, &stripe, "a").go().says("HTTP 500").failed_at("What the provider says");
    let silent = Hanging::start();
    let api = format!("http://{}/", silent.address());
    outage(&dotmac, &stripe, "a")
        .var("STRIPE_API", api)
        .go()
        .says("no answer: curl: (28)")
        .failed_at("What the provider says");
}
