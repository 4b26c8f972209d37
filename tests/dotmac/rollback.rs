//! `rollback`: the portal goes back to its last good release.

use crate::stage::{DotMac, DotMacCluster, Part};

#[test]
fn a_plain_deployment_goes_back_to_the_revision_before() {
    let Some(dotmac) = DotMac::start(&[Part::Cluster, Part::Portal]) else { return };
    dotmac.cluster().release("dotmac/customer-portal:2.4.0");
    let done = dotmac
        .run("rollback")
        .var("REVISION", "1")
        .var("EVIDENCE", dotmac.at("evidence"))
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .var("PROMETHEUS_URL", dotmac.prometheus().url())
        .option("the-portal-is-a-helm-release", "b")
        .go();
    done.completed();
    assert_eq!(dotmac.cluster().image(), DotMacCluster::IMAGE);
}
