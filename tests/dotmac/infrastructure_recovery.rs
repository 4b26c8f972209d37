//! `infrastructure-recovery`: Terraform makes what is missing, as read and agreed on, and the portal is deployed again.

use crate::stage::{DotMac, DotMacCluster, Helm, Part, Run, Terraform, calls};

const NODES: &str = "aws_eks_node_group.portal";
const VOLUME: &str = "aws_ebs_volume.cache";

/// The nodes and a volume are gone, and with them the portal's deployment.
fn lost() -> Option<DotMac> {
    let dotmac = DotMac::start(&[Part::Cluster, Part::Database, Part::Portal])?.impatient();
    dotmac.cluster().kubectl(&["delete", "deployment", DotMacCluster::DEPLOYMENT]);
    Some(dotmac)
}

fn code(dotmac: &DotMac) -> Terraform<'_> {
    let terraform = Terraform::in_folder(dotmac, "infrastructure/terraform");
    terraform.differs(&[(NODES, "create"), (VOLUME, "delete,create")]);
    terraform
}

fn recovery<'a>(dotmac: &'a DotMac, terraform: &Terraform) -> Run<'a> {
    let (chart, values) = Helm::of(dotmac).chart("2.3.1", 3);
    dotmac
        .run("infrastructure-recovery")
        .var("TERRAFORM_DIR", terraform.folder())
        .var("CHART", chart)
        .var("VALUES", values)
        .var("WORK_DIR", dotmac.at("work"))
        .var("PORTAL_HEALTH", dotmac.portal().health())
        .var("API_HEALTH", dotmac.portal().http.url("/health"))
}

#[test]
fn what_is_missing_is_made_and_the_portal_runs_with_this_environments_values() {
    let Some(dotmac) = lost() else { return };
    let terraform = code(&dotmac);
    recovery(&dotmac, &terraform).var("MAY_DESTROY", VOLUME).go().completed();
    let (serial, resources) = terraform.state();
    assert_eq!(serial, 8, "it was applied once");
    assert_eq!(resources, [VOLUME, "aws_eks_cluster.portal", NODES, "aws_vpc.portal"]);
    assert_eq!((dotmac.cluster().image().as_str(), dotmac.cluster().replicas()), (DotMacCluster::IMAGE, 3));
    assert_eq!(Helm::of(&dotmac).last(), "1 deployed Install complete");
    let [plan, state] = &dotmac.files("work")[..] else { panic!("{:?}", dotmac.files("work")) };
    let kept = std::fs::read_to_string(dotmac.path("work").join(state)).unwrap();
    assert!(plan == "recovery.plan" && state.starts_with("state-before-") && kept.contains("\"serial\":7"), "{kept}");
    let verbs: Vec<String> =
        calls(&dotmac).iter().filter(|call| call.contains("-chdir")).map(|call| verb(call)).collect();
    assert_eq!(verbs, ["init", "state", "plan", "show", "show", "apply", "plan"]);

    // Each look at what came of it can fail.
    let from = |step| recovery(&dotmac, &terraform).from(step);
    let look = || from("verification-something-ready-stands-behind-the-service").go();
    look().completed();
    let secrets = "Plan and state copy are put away";
    from("verification-plan-and-state-copy-are-put-away").decide(secrets, "n").go().left_open();
    dotmac.cluster().point_service_at("nobody");
    look().failed_at("Something ready stands behind the service");
    dotmac.cluster().point_service_at(DotMacCluster::DEPLOYMENT);
    terraform.differs(&[(NODES, "update")]);
    look().failed_at("What is there is what the code says");
    dotmac.portal().http.on("/health", crate::lab::Answer::new(503, "not yet\n"));
    look().failed_at("Portal and API answer");
    // Old pods answer, and the new ones have no node to run on.
    dotmac.cluster().roll_out_where_there_is_no_node();
    look().failed_at("Every pod of the portal is ready");
}

/// The sub-command of a call of Terraform.
fn verb(call: &str) -> String {
    call.split(' ').nth(2).unwrap().to_owned()
}

#[test]
fn nothing_is_applied_that_nobody_agreed_on_or_that_was_planned_for_another_state() {
    let Some(dotmac) = lost() else { return };
    let terraform = code(&dotmac);
    recovery(&dotmac, &terraform).go().failed_at("Read the plan").says(&format!("destroys {VOLUME}"));
    // A name more than the plan destroys is no agreement either.
    let done = recovery(&dotmac, &terraform).var("MAY_DESTROY", format!("aws_db_instance.portal,{VOLUME}")).go();
    done.failed_at("Read the plan");
    let agreed = || recovery(&dotmac, &terraform).var("MAY_DESTROY", VOLUME);
    let meanwhile = || terraform.is_applied_by_somebody_else();
    agreed().meanwhile("Read the plan", meanwhile).go().failed_at("Apply what was read").says("Saved plan is stale");
    terraform.is_locked(true);
    agreed().go().failed_at("Plan").says("Error acquiring the state lock");
    terraform.is_locked(false);
    assert_eq!(terraform.state().1, ["aws_eks_cluster.portal", "aws_vpc.portal"], "nothing was made");
    assert!(dotmac.cluster().get("deployment", DotMacCluster::DEPLOYMENT).is_none(), "and nothing deployed");

    // The infrastructure is there, and the portal does not come up: Helm takes it back, and nothing is left of it.
    Helm::of(&dotmac).fails("upgrade", Some("timed out waiting for the condition"));
    agreed().go().failed_at("Deploy the portal").says("has been uninstalled due to atomic being set");
    assert_eq!(terraform.state().0, 9);
    assert!(dotmac.cluster().get("deployment", DotMacCluster::DEPLOYMENT).is_none());
}
