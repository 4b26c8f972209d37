//! `certificate-rotation`: a new certificate goes into the secret that the ingress uses already.

use std::fs;

use crate::{
    lab::ServerCertificate,
    stage::{DotMac, DotMacCluster, Part, Run, TlsFront},
};

const NAMES: [&str; 2] = ["portal.dotmac.com", "api.dotmac.com"];
const CHECKS: &str = "Certificate and key belong together, and cover every name";
const NEXT_TIME: &str = "See to the next time";

/// The new certificate lies in the test's folder.
fn stage() -> Option<(DotMac, TlsFront)> {
    let dotmac = DotMac::start(&[Part::Cluster])?.impatient();
    give(&dotmac, &dotmac.cluster().certificates.for_names(&NAMES));
    let front = TlsFront::start(&dotmac);
    Some((dotmac, front))
}

fn give(dotmac: &DotMac, certificate: &ServerCertificate) {
    fs::write(dotmac.path("new.pem"), &certificate.chain_pem).unwrap();
    fs::write(dotmac.path("new.key"), &certificate.key_pem).unwrap();
}

fn rotation<'a>(dotmac: &'a DotMac, front: &TlsFront) -> Run<'a> {
    dotmac
        .run("certificate-rotation")
        .var("PRESENT_TLS", DotMacCluster::TLS)
        .var("CERT", dotmac.at("new.pem"))
        .var("KEY", dotmac.at("new.key"))
        .var("KEEP_DIR", dotmac.at("kept"))
        .var("TLS_ADDRESS", front.address())
}

/// What the secret on the cluster holds.
fn held(dotmac: &DotMac) -> serde_json::Value {
    dotmac.cluster().get("secret", DotMacCluster::TLS).unwrap()["data"].clone()
}

#[test]
fn customers_get_the_new_certificate_and_the_ingress_is_not_touched() {
    let Some((dotmac, front)) = stage() else { return };
    let (ingress, before) = (dotmac.cluster().get("ingress", DotMacCluster::DEPLOYMENT).unwrap(), held(&dotmac));
    rotation(&dotmac, &front).go().completed();
    assert_ne!(held(&dotmac), before);
    let after = dotmac.cluster().get("ingress", DotMacCluster::DEPLOYMENT).unwrap();
    assert_eq!(
        (&after["spec"], &after["metadata"]["generation"]),
        (&ingress["spec"], &ingress["metadata"]["generation"])
    );
    let [kept] = &dotmac.files("kept")[..] else { panic!("{:?}", dotmac.files("kept")) };
    let kept: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(dotmac.path("kept").join(kept)).unwrap()).unwrap();
    assert_eq!(kept["data"], before, "the old one is kept");
    // The same certificate a second time changes nothing and passes.
    rotation(&dotmac, &front).go().completed();
    // The ingress controller does not see the next one: customers would go on getting the old, so the secret goes back.
    let before = held(&dotmac);
    give(&dotmac, &dotmac.cluster().certificates.for_names(&NAMES));
    front.freeze();
    rotation(&dotmac, &front).decide("Customers get the new certificate", "b").go().rolled_back();
    assert_eq!(held(&dotmac), before, "what is served and what is held are one again");
}

#[test]
fn a_certificate_that_does_not_fit_changes_nothing() {
    let Some((dotmac, front)) = stage() else { return };
    let before = held(&dotmac);
    let certificates = &dotmac.cluster().certificates;
    let whole = certificates.for_names(&NAMES);
    let other_key = ServerCertificate { key_pem: certificates.for_names(&NAMES).key_pem, ..whole.clone() };
    let bad = [
        (other_key, "FAILED"),
        (certificates.for_names(&NAMES[..1]), "does NOT match"),
        (certificates.for_names_until(&NAMES, 3), "Certificate will expire"),
    ];
    for (certificate, says) in bad {
        give(&dotmac, &certificate);
        rotation(&dotmac, &front).go().failed_at(CHECKS).says(says);
        assert_eq!(held(&dotmac), before);
    }
    // Somebody puts the old secret back while this runs.
    give(&dotmac, &whole);
    let put_back = || {
        let kept = dotmac.files("kept").remove(0);
        dotmac.cluster().apply(&fs::read_to_string(dotmac.path("kept").join(kept)).unwrap());
    };
    let done = rotation(&dotmac, &front).meanwhile(NEXT_TIME, put_back).go();
    done.failed_at("The secret holds the new certificate");
}
