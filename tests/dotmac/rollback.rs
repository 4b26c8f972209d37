//! `rollback`: the portal goes back to its last good release.

use crate::stage::{DotMac, DotMacCluster, Helm, Part, Run, calls};

const BAD: &str = "dotmac/customer-portal:2.4.0";
const BAD_VERSION: &str = "2.4.0";
const GOOD_VERSION: &str = "2.3.1";
const OPTIONS: &str = "the-portal-is-a-helm-release";
const HELM: &str = "The portal is a Helm release";
const PLAIN: &str = "The portal is a plain deployment";

fn rollback<'a>(dotmac: &'a DotMac, revision: &str) -> Run<'a> {
    dotmac
        .run("rollback")
        .var("REVISION", revision)
        .var("EVIDENCE", dotmac.at("evidence"))
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .var("PROMETHEUS_URL", dotmac.prometheus().url())
}

#[test]
fn a_plain_deployment_goes_back_to_the_revision_before_and_forward_again() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Portal]) else { return };
    let dotmac = dotmac.impatient();
    dotmac.cluster().release(BAD);
    // There is no revision 7, and 2 is what runs.
    for (revision, has) in [("7", "has no earlier revision 7; it has 1, 2"), ("2", "has no earlier revision 2")] {
        let done = rollback(&dotmac, revision).option(OPTIONS, "b").go();
        done.failed_at(PLAIN).says(has);
        assert_eq!(dotmac.cluster().image(), BAD, "nothing was rolled back");
    }
    rollback(&dotmac, "1").option(OPTIONS, "b").go().completed();
    assert_eq!(dotmac.cluster().image(), DotMacCluster::IMAGE);
    assert_eq!(dotmac.files("evidence").len(), 3, "each run kept what the bad release had logged");
    // The good release is revision 3 now, and 2 is the bad one: it does not come up, and the run is taken back.
    dotmac.cluster().release(BAD);
    let done = rollback(&dotmac, "3").option(OPTIONS, "b").meanwhile("Keep the bad release", || dotmac.portal().fail());
    done.decide("The portal answers", "b").go().rolled_back();
    assert_eq!(dotmac.cluster().image(), BAD, "it is as it was when this began");
}

#[test]
fn a_helm_release_goes_back_to_a_revision_that_was_replaced_and_no_other() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Portal]) else { return };
    let dotmac = dotmac.impatient();
    let helm = Helm::of(&dotmac);
    helm.release(GOOD_VERSION);
    helm.release(BAD_VERSION);
    let done = rollback(&dotmac, "2").option(OPTIONS, "a").go();
    done.failed_at(HELM).says("revision 2 is not an earlier release");
    assert!(!calls(&dotmac).iter().any(|call| call.contains("rollback")));
    // Helm waits in vain: the run says so, and the way forward again is the revision that ran before.
    helm.fails("rollback", Some("timed out waiting for the condition"));
    let come_up = || helm.fails("rollback", None);
    let done = rollback(&dotmac, "1").option(OPTIONS, "a").meanwhile(HELM, come_up).decide(HELM, "u").go();
    done.says("timed out waiting for the condition");
    assert_eq!(helm.last(), "4 deployed Rollback to 2");
    assert_eq!(dotmac.cluster().image(), BAD);
    rollback(&dotmac, "1").option(OPTIONS, "a").go().completed();
    assert_eq!(helm.last(), "5 deployed Rollback to 1");
    assert_eq!(dotmac.cluster().image(), DotMacCluster::IMAGE);
    let asked = calls(&dotmac);
    let namespace = dotmac.cluster().namespace();
    let wanted = format!("helm -n {namespace} rollback customer-portal 1 --wait --timeout 10m --cleanup-on-fail");
    assert_eq!(asked.last(), Some(&wanted), "{asked:?}");
}

#[test]
fn a_good_release_that_still_gives_customers_errors_does_not_pass() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Portal]) else { return };
    let dotmac = dotmac.impatient();
    dotmac.cluster().release(BAD);
    dotmac.portal().fail_for_customers();
    rollback(&dotmac, "1").option(OPTIONS, "b").go().failed_at("Errors are below 1 %");
    assert_eq!(dotmac.cluster().image(), DotMacCluster::IMAGE);
}
