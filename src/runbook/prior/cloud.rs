//! The AWS command line: security groups, DNS zones, and how many of something run.

use super::{Back, Saving, flag, value, words};
use crate::shell::Invocation;

/// What changes something, and the look at it.
struct Look {
    service: &'static str,
    changes: &'static [&'static str],
    verb: &'static str,
    /// What names the thing in the look.
    there: &'static str,
    /// What names it in the command that changes it.
    here: &'static [&'static str],
}

const RULES: &[&str] = &[
    "authorize-security-group-ingress",
    "authorize-security-group-egress",
    "revoke-security-group-ingress",
    "revoke-security-group-egress",
    "modify-security-group-rules",
];

const LOOKS: [Look; 8] = [
    Look {
        service: "ec2",
        changes: RULES,
        verb: "describe-security-groups",
        there: "--group-ids",
        here: &["--group-id"],
    },
    Look {
        service: "ec2",
        changes: RULES,
        verb: "describe-security-groups",
        there: "--group-names",
        here: &["--group-name"],
    },
    Look {
        service: "route53",
        changes: &["change-resource-record-sets"],
        verb: "list-resource-record-sets",
        there: "--hosted-zone-id",
        here: &["--hosted-zone-id"],
    },
    Look {
        service: "autoscaling",
        changes: &["update-auto-scaling-group", "set-desired-capacity", "suspend-processes", "resume-processes"],
        verb: "describe-auto-scaling-groups",
        there: "--auto-scaling-group-names",
        here: &["--auto-scaling-group-name"],
    },
    Look {
        service: "rds",
        changes: &["modify-db-instance", "reboot-db-instance", "stop-db-instance", "delete-db-instance"],
        verb: "describe-db-instances",
        there: "--db-instance-identifier",
        here: &["--db-instance-identifier"],
    },
    Look {
        service: "ec2",
        changes: &["modify-instance-attribute", "stop-instances", "terminate-instances", "reboot-instances"],
        verb: "describe-instances",
        there: "--instance-ids",
        here: &["--instance-ids", "--instance-id"],
    },
    Look {
        service: "iam",
        changes: &["update-access-key", "delete-access-key", "create-access-key"],
        verb: "list-access-keys",
        there: "--user-name",
        here: &["--user-name"],
    },
    Look {
        service: "elbv2",
        changes: &["modify-listener"],
        verb: "describe-listeners",
        there: "--listener-arns",
        here: &["--listener-arn"],
    },
];

pub(super) fn saving(command: &Invocation) -> Option<Saving> {
    let positional = words(command)?;
    let service = positional.first()?.literal.as_deref()?;
    let verb = positional.get(1)?.literal.as_deref()?;
    let account = format!("{}{}", flag(command, &["--profile"]), flag(command, &["--region"]));
    if (service, verb) == ("ecs", "update-service") {
        let (raw, shown) = value(command, &["--service"])?;
        let cluster = flag(command, &["--cluster"]);
        return Some(Saving {
            what: format!("service {shown} as it was"),
            code: format!("aws ecs describe-services{cluster} --services {raw}{account} --output json"),
            back: Back::ByHand,
        });
    }
    let looks = LOOKS.iter().filter(|look| look.service == service && look.changes.contains(&verb));
    looks.into_iter().find_map(|look| {
        let (raw, shown) = value(command, look.here)?;
        Some(Saving {
            what: format!("{shown} as it was"),
            code: format!("aws {service} {} {} {raw}{account} --output json", look.verb, look.there),
            back: Back::ByHand,
        })
    })
}
