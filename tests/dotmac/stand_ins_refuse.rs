//! The stand-ins for Helm and Terraform refuse what the real tools refuse: else a runbook's wrong flag would pass.

use std::process::{Command, Output};

use crate::stage::{DotMac, Terraform, calls};

fn run(dotmac: &DotMac, line: &str) -> Output {
    let mut words = line.split(' ');
    Command::new(dotmac.path("bin").join(words.next().unwrap())).args(words).output().unwrap()
}

#[track_caller]
fn refused(dotmac: &DotMac, line: &str, words: &str) {
    let output = run(dotmac, line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{line} was let through");
    assert!(said.contains(words), "{line}: {said}");
}

#[test]
fn a_flag_that_helm_does_not_have_is_refused() {
    let Some(dotmac) = DotMac::start(&[]) else { return };
    refused(&dotmac, "helm -n web rollback portal 1 --wait --timout 10m", "Error: unknown flag: --timout");
    refused(&dotmac, "helm -n web history portal --atomic", "Error: unknown flag: --atomic");
    refused(&dotmac, "helm rollback portal 1 -q", "Error: unknown shorthand flag: 'q' in -q");
    refused(&dotmac, "helm rollback portal 1 --timeout", "Error: flag needs an argument: --timeout");
    refused(&dotmac, "helm rollback portal 1 --timeout 600", "invalid argument \"600\" for \"--timeout\"");
    refused(&dotmac, "helm history portal --output wide", "invalid argument \"wide\" for \"--output\"");
    refused(&dotmac, "helm history", "\"helm history\" takes at least 1");
    refused(&dotmac, "helm upgrade portal --install", "\"helm upgrade\" takes at least 2");
    refused(&dotmac, "helm roll-back portal 1", "Error: unknown command \"roll-back\" for \"helm\"");
    refused(&dotmac, "helm history portal", "Error: release: not found");
    // What is right is let through, wherever the global flags stand, and everything is on record.
    assert!(run(&dotmac, "helm version --short").status.success());
    assert!(run(&dotmac, "helm --namespace=web version -n web").status.success());
    assert_eq!(calls(&dotmac).len(), 12);
    assert_eq!(calls(&dotmac)[10], "helm version --short");
}

#[test]
fn a_flag_that_terraform_does_not_have_is_refused() {
    let Some(dotmac) = DotMac::start(&[]) else { return };
    let terraform = Terraform::in_folder(&dotmac, "terraform");
    let at = format!("terraform -chdir={}", terraform.folder());
    refused(&dotmac, &format!("{at} plan -detailed-exit-code"), "flag provided but not defined: -detailed-exit-code");
    refused(&dotmac, &format!("{at} state pull -lock=false"), "flag provided but not defined: -lock");
    refused(&dotmac, &format!("{at} plan -lock-timeout=60"), "invalid value \"60\" for flag -lock-timeout");
    refused(&dotmac, &format!("{at} plan -out"), "flag needs an argument: -out");
    refused(&dotmac, &format!("{at} plan recovery.plan"), "Too many command line arguments");
    refused(
        &dotmac,
        &format!("{at} plan -destroy -refresh-only"),
        "-destroy and -refresh-only options are mutually-exclusive",
    );
    refused(&dotmac, &format!("{at} plan -refresh-only -refresh=false"), "Incompatible refresh options");
    refused(&dotmac, &format!("{at} rollback"), "Terraform has no command named \"rollback\"");
    refused(&dotmac, "terraform -chdir /tmp plan", "must include an equals sign");
    refused(&dotmac, &format!("{at} plan"), "terraform init");
    assert!(run(&dotmac, &format!("{at} init -input=false")).status.success());
    assert!(run(&dotmac, &format!("{at} plan -lock-timeout=60s")).status.success());
}

#[test]
fn a_plan_is_only_applied_to_the_state_that_it_was_made_for() {
    let Some(dotmac) = DotMac::start(&[]) else { return };
    let terraform = Terraform::in_folder(&dotmac, "terraform");
    let (at, plan) = (format!("terraform -chdir={}", terraform.folder()), dotmac.at("plan"));
    terraform.differs(&[("aws_eks_node_group.portal", "create"), ("aws_vpc.portal", "delete,create")]);
    assert!(run(&dotmac, &format!("{at} init")).status.success());
    let planned = run(&dotmac, &format!("{at} plan -input=false -detailed-exitcode -out={plan}"));
    assert_eq!(planned.status.code(), Some(2));
    terraform.is_applied_by_somebody_else();
    refused(&dotmac, &format!("{at} apply -input=false {plan}"), "Saved plan is stale");
    terraform.is_locked(true);
    refused(&dotmac, &format!("{at} plan -detailed-exitcode -out={plan}"), "Error acquiring the state lock");
    terraform.is_locked(false);
    assert_eq!(run(&dotmac, &format!("{at} plan -detailed-exitcode -out={plan}")).status.code(), Some(2));
    assert!(run(&dotmac, &format!("{at} apply {plan}")).status.success());
    let held = ["aws_eks_cluster.portal", "aws_eks_node_group.portal", "aws_vpc.portal"].map(str::to_owned).to_vec();
    assert_eq!(terraform.state(), (9, held));
    assert_eq!(run(&dotmac, &format!("{at} plan -detailed-exitcode")).status.code(), Some(0));
}
