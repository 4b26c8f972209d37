//! `infrastructure-loss`: the DR region gets infrastructure, data and portal, in this order, and only then the customers.

use std::net::Ipv4Addr;

use crate::{
    lab::{Answer, Cluster, Http, NameServer},
    stage::{DotMac, DotMacCluster, Helm, Part, Run, Terraform, minutes_ago},
};

const NAME: &str = "portal.dotmac.com";
const LOST: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const DR: Ipv4Addr = Ipv4Addr::LOCALHOST;
const MOVE: &str = "Move the customers";

/// A region that is away, the DR region that has a replicated dump, and the name that leads to the lost one.
struct Regions {
    dotmac: DotMac,
    names: NameServer,
    /// The DR region's load balancer.
    balancer: Http,
    /// What customers had when the dump was taken.
    rows: Vec<String>,
}

impl Regions {
    fn start() -> Option<Regions> {
        let dotmac = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal])?.impatient();
        let rows = dotmac.database("portal").rows();
        dotmac.database("portal").back_up(&dotmac.path("replicated/portal.dump"), 300);
        // From here on the server is the one of the DR region, where nothing is yet.
        dotmac.server().sql("DROP DATABASE portal");
        dotmac.cluster().kubectl(&["delete", "deployment", DotMacCluster::DEPLOYMENT]);
        dotmac.portal().fail();
        let certificates = &dotmac.cluster().certificates;
        let balancer = Http::start_tls(certificates.for_names(&[NAME]));
        balancer.on("/api/health", Answer::text("{\"status\":\"ok\"}\n"));
        let authority = certificates.ca_file().display().to_string();
        let names = NameServer::start(&[(NAME, LOST)]);
        Some(Regions { dotmac: dotmac.with_environment("CURL_CA_BUNDLE", &authority), names, balancer, rows })
    }

    fn terraform(&self) -> Terraform<'_> {
        let terraform = Terraform::in_folder(&self.dotmac, "infrastructure/dr");
        terraform.differs(&[("aws_eks_node_group.dr", "create"), ("aws_rds_cluster.dr", "update")]);
        terraform
    }

    fn loss(&self, terraform: &Terraform) -> Run<'_> {
        let (chart, values) = Helm::of(&self.dotmac).chart("2.3.1", 2);
        let resolver = self.names.address().split_once(':').unwrap();
        self.dotmac
            .run("infrastructure-loss")
            .var("DR_CONTEXT", Cluster::CONTEXT)
            .var("LOST_AT", minutes_ago(60))
            .var("TERRAFORM_DIR", terraform.folder())
            .var("WORK_DIR", self.dotmac.at("work"))
            .var("DR_DB_SERVER", self.dotmac.db_server())
            .var("BACKUP_DIR", self.dotmac.at("replicated"))
            .var("BACKUP", self.dotmac.at("replicated/portal.dump"))
            .var("CHART", chart)
            .var("VALUES", values)
            .var("DR_ADDRESS", DR.to_string())
            .var("DR_PORT", self.balancer.port().to_string())
            .var("RESOLVER", resolver.0)
            .var("RESOLVER_PORT", resolver.1)
    }
}

#[test]
fn customers_come_to_the_dr_region_when_data_and_portal_are_there() {
    let Some(regions) = Regions::start() else { return };
    let (dotmac, terraform) = (&regions.dotmac, regions.terraform());
    let run = || regions.loss(&terraform).var("MINIMUM_CUSTOMERS", "40");
    let change_record = || {
        assert!(dotmac.database("portal").rows() == regions.rows, "the data is there before any customer");
        assert_eq!((dotmac.cluster().image().as_str(), dotmac.cluster().replicas()), (DotMacCluster::IMAGE, 2));
        regions.names.lead(NAME, DR);
    };
    run().meanwhile(MOVE, change_record).go().completed();
    let (serial, resources) = terraform.state();
    assert!(serial == 8 && resources.contains(&"aws_eks_node_group.dr".to_owned()), "{serial} {resources:?}");
    assert_eq!(Helm::of(dotmac).last(), "1 deployed Install complete");
    let files = dotmac.files("work");
    let [plan, before, state] = &files[..] else { panic!("{files:?}") };
    assert!(plan == "activate-dr.plan" && state == "dr-state-before.json", "{files:?}");
    assert!(std::fs::read_to_string(dotmac.path("work").join(before)).unwrap().contains(&LOST.to_string()));

    // Each look at what came of it can fail.
    let look = || run().from("verification-customers-reach-the-dr-region-by-name").go();
    look().completed();
    dotmac.cluster().roll_out_where_there_is_no_node();
    look().failed_at("Every pod is ready");
    dotmac.database("portal").sql("TRUNCATE customers CASCADE");
    look().failed_at("The data is there and can be written").says("primary: 0 customers");
    regions.names.lead(NAME, LOST);
    look().failed_at("Customers reach the DR region by name");
}

#[test]
fn nobody_is_moved_to_a_region_that_is_not_ready_or_away_from_one_that_answers() {
    let Some(regions) = Regions::start() else { return };
    let (dotmac, terraform) = (&regions.dotmac, regions.terraform());
    // The dump holds fewer customers than there were: what was restored is taken away again.
    let done = regions.loss(&terraform).var("MINIMUM_CUSTOMERS", "41").decide("Restore the data", "u").go();
    assert_ne!(done.code, Some(0), "{}", done.said);
    assert_eq!(dotmac.databases(), Vec::<String>::new());
    // The context of another cluster is noticed before anything is done.
    let run = || regions.loss(&terraform).var("MINIMUM_CUSTOMERS", "40");
    run().var("DR_CONTEXT", "production").go().failed_at("Everything here acts on the DR region");
    regions.balancer.on("/api/health", Answer::new(503, "waiting for its database\n"));
    run().go().failed_at("Look at the DR region directly");
    assert!(dotmac.database("portal").rows() == regions.rows);
    // The lost region answers again: the gate keeps customers where they are.
    regions.balancer.on("/api/health", Answer::text("{\"status\":\"ok\"}\n"));
    dotmac.portal().recover();
    run().from("look-at-the-dr-region-directly").go().stopped_before("The lost region's portal is away");
}
