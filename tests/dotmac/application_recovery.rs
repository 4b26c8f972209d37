//! `application-recovery`: customers see a maintenance page while the portal goes back to a release that was good.

use std::fs;

use crate::stage::{DotMac, DotMacCluster, Helm, Maintenance, Part, Run, calls};

const BAD: &str = "2.4.0";
const GOOD: &str = "2.3.1";

/// The bad release runs, and the portal answers with errors only.
fn down() -> Option<(DotMac, Maintenance)> {
    let dotmac = DotMac::start(&[Part::Cluster, Part::Portal])?.impatient();
    Helm::of(&dotmac).release(GOOD);
    Helm::of(&dotmac).release(BAD);
    let maintenance = Maintenance::start(&dotmac);
    Some((dotmac, maintenance))
}

fn recovery<'a>(dotmac: &'a DotMac, maintenance: &Maintenance) -> Run<'a> {
    dotmac
        .run("application-recovery")
        .var("REVISION", "1")
        .var("MAINTENANCE_MANIFEST", dotmac.at("maintenance-mode.yaml"))
        .var("NORMAL_MANIFEST", dotmac.at("normal.yaml"))
        .var("DIRECT_HEALTH", dotmac.portal().health())
        .var("PORTAL_URL", maintenance.url("/"))
        .var("PORTAL_HEALTH", maintenance.url("/api/health"))
        .var("PROMETHEUS_URL", dotmac.prometheus().url())
        .var("EVIDENCE", dotmac.at("evidence"))
}

#[test]
fn customers_see_the_page_while_the_portal_goes_back_and_the_portal_afterwards() {
    let Some((dotmac, maintenance)) = down() else { return };
    recovery(&dotmac, &maintenance).go().completed();
    assert_eq!(dotmac.cluster().image(), format!("dotmac/customer-portal:{GOOD}"));
    assert_eq!(Helm::of(&dotmac).last(), "3 deployed Rollback to 1");
    assert!(maintenance.was_shown(), "customers saw the page");
    assert_eq!(maintenance.backend(), DotMacCluster::DEPLOYMENT, "the routing leads to the portal again");
    let [logs, routing] = &dotmac.files("evidence")[..] else { panic!("{:?}", dotmac.files("evidence")) };
    assert!(logs.starts_with("application-logs-") && routing.starts_with("routing-before-"), "{logs} {routing}");
    let saved = fs::read_to_string(dotmac.path("evidence").join(routing)).unwrap();
    assert!(saved.contains("kind: Ingress") && saved.contains("portal.dotmac.com"), "{saved}");
}

#[test]
fn a_release_that_does_not_come_up_is_taken_back_with_the_page() {
    let Some((dotmac, maintenance)) = down() else { return };
    let helm = Helm::of(&dotmac);
    helm.fails("rollback", Some("timed out waiting for the condition"));
    let done = recovery(&dotmac, &maintenance)
        .meanwhile("Roll back to the good release", || {
            assert_eq!(maintenance.backend(), "maintenance", "the page is on while somebody decides");
            helm.fails("rollback", None);
        })
        .decide("Roll back to the good release", "b")
        .go();
    done.rolled_back();
    assert_eq!(maintenance.backend(), DotMacCluster::DEPLOYMENT, "nobody is left on the page");
    assert_eq!(dotmac.cluster().image(), format!("dotmac/customer-portal:{BAD}"));
    assert_eq!(helm.last(), "4 deployed Rollback to 2");
    // A manifest that names something else would leave a part of the page: nothing is begun.
    fs::write(dotmac.path("normal.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n").unwrap();
    recovery(&dotmac, &maintenance).go().failed_at("Both manifests are of the same objects");
    assert_eq!(maintenance.backend(), DotMacCluster::DEPLOYMENT);
    assert_eq!(calls(&dotmac).iter().filter(|call| call.contains(" rollback ")).count(), 2);
}

#[test]
fn each_look_at_the_recovered_portal_can_fail() {
    let Some((dotmac, maintenance)) = down() else { return };
    let page_stays = || maintenance.is_stuck(true);
    let done = recovery(&dotmac, &maintenance).meanwhile("Go back to normal work", page_stays).go();
    done.failed_at("Customers reach the portal, not the page");
    maintenance.is_stuck(false);
    let look = || recovery(&dotmac, &maintenance).from("verification-customers-reach-the-portal-not-the-page").go();
    look().completed();
    maintenance.health_fails(true);
    look().failed_at("The portal is healthy from outside");
    maintenance.health_fails(false);
    // The service is there, and leads nowhere.
    dotmac.cluster().point_service_at("nobody");
    look().failed_at("The routing has an end");
    dotmac.cluster().point_service_at(DotMacCluster::DEPLOYMENT);
    dotmac.customers_get_errors();
    look().failed_at("Errors are below 1 %");
}
