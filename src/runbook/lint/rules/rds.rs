//! RDS, ElastiCache and Route 53: deletions, renames, restores with defaults, and records nobody saved.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{Check::Command as AtCommand, ERROR, Rule, WARNING},
};

use super::aws::operation;

const AWS: &[&str] = &["aws"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "rds-delete-loses-history",
        severity: ERROR,
        title: "deleting the instance deletes its backups",
        explanation: "Automated backups go with the instance unless told otherwise, and with them every point in time that could \
                      be restored. --skip-final-snapshot takes away the last copy.",
        help: "keep it stopped or renamed for a while; if it must go: --final-db-snapshot-identifier NAME \
               --no-delete-automated-backups",
        correct: "aws rds delete-db-instance --db-instance-identifier \"${OLD:?}\" \\\n  --final-db-snapshot-identifier \
                  \"${OLD:?}-final\" --no-delete-automated-backups",
        check: AtCommand(AWS, delete_loses_history),
    },
    Rule {
        name: "rds-delete-before-snapshot",
        severity: ERROR,
        title: "the instance is deleted before its snapshot is complete",
        explanation: "`create-db-snapshot` returns at once; the snapshot takes minutes.",
        help: "wait for it: aws rds wait db-snapshot-available",
        correct: "until aws rds wait db-snapshot-available --db-snapshot-identifier \"${SNAPSHOT:?}\"; do sleep 10; done",
        check: AtCommand(AWS, delete_before_snapshot),
    },
    Rule {
        name: "rds-rename-deferred",
        severity: ERROR,
        title: "the rename waits for the maintenance window",
        explanation: "Without --apply-immediately a new identifier is taken on in the next maintenance window. The second rename \
                      then fails, because the name is still in use.",
        help: "add --apply-immediately",
        correct: "aws rds modify-db-instance --db-instance-identifier \"${INSTANCE:?}\" --new-db-instance-identifier \
                  \"${INSTANCE:?}-old\" --apply-immediately",
        check: AtCommand(AWS, rename_deferred),
    },
    Rule {
        name: "rds-rename-without-wait",
        severity: ERROR,
        title: "the name is taken while its old owner still has it",
        explanation: "Deleting and renaming take minutes. Until they are done the identifier is in use, and the rename fails.",
        help: "wait in between: aws rds wait db-instance-deleted, or db-instance-available for the renamed one",
        correct: "until aws rds wait db-instance-available --db-instance-identifier \"${INSTANCE:?}-old\"; do sleep 10; done",
        check: AtCommand(AWS, rename_without_wait),
    },
    Rule {
        name: "restore-with-defaults",
        severity: WARNING,
        title: "the restored instance gets defaults for what is not named",
        explanation: "Subnet group, security groups and parameter group are not copied from the source: the instance comes up in \
                      the default network with default settings, and the application cannot reach it.",
        help: "copy them from the source instance and name them all",
        correct: "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier \"${SOURCE:?}\" \\\n  \
                  --target-db-instance-identifier \"${SOURCE:?}-pitr\" --restore-time \"${RESTORE_TIME:?}\" \\\n  \
                  --db-subnet-group-name \"${SUBNETS:?}\" --vpc-security-group-ids \"${GROUP:?}\" \\\n  \
                  --db-parameter-group-name \"${PARAMETERS:?}\"",
        check: AtCommand(AWS, restore_with_defaults),
    },
    Rule {
        name: "restore-time-relative-to-now",
        severity: ERROR,
        title: "so many minutes before now is not before the fault",
        explanation: "`date -d '10 minutes ago'` counts from when the command runs. By then the fault may be an hour old, and the \
                      restored database holds it.",
        help: "ask for the time of the fault (a variable of type: time), and compare with the earliest and latest restorable time",
        correct: "aws rds describe-db-instances --db-instance-identifier \"${INSTANCE:?}\" --query \
                  'DBInstances[0].LatestRestorableTime' --output text",
        check: AtCommand(&["date"], restore_time_relative_to_now),
    },
    Rule {
        name: "rds-start-unchecked",
        severity: WARNING,
        title: "only a stopped instance can be started",
        explanation: "`start-db-instance` fails with InvalidDBInstanceState on an instance that is available, failed or restarting.",
        help: "look at DBInstanceStatus first, and start it only when it is stopped",
        correct: "aws rds describe-db-instances --db-instance-identifier \"${INSTANCE:?}\" --query \
                  'DBInstances[0].DBInstanceStatus' --output text",
        check: AtCommand(AWS, start_unchecked),
    },
    Rule {
        name: "dns-record-not-saved",
        severity: WARNING,
        title: "the DNS record is changed and was not saved",
        explanation: "To go back you need what it said: name, type, alias target, weight, time to live.",
        help: "save it first: aws route53 list-resource-record-sets … > record.json",
        correct: "aws route53 list-resource-record-sets --hosted-zone-id \"${ZONE:?}\" --query \
                  \"ResourceRecordSets[?Name=='api.portal.net.']\" > record.json",
        check: AtCommand(AWS, record_not_saved),
    },
    Rule {
        name: "alias-without-health",
        severity: WARNING,
        title: "the alias sends traffic whether or not anything answers",
        explanation: "With EvaluateTargetHealth false Route 53 answers with the load balancer also when all its targets are down.",
        help: "set EvaluateTargetHealth to true; HostedZoneId is the load balancer's own zone",
        correct: "",
        check: AtCommand(AWS, alias_without_health),
    },
];

fn delete_loses_history(command: &Command<'_>, report: &mut Report<'_>) {
    if operation(command) != ("rds", "delete-db-instance") {
        return;
    }
    if command.flag(&["--skip-final-snapshot"]) {
        report.command(command, "this deletes the instance, its automated backups and the chance of a last snapshot");
    } else if !command.flag(&["--no-delete-automated-backups"]) {
        report.command(command, "this deletes the automated backups together with the instance");
    }
}

fn delete_before_snapshot(command: &Command<'_>, report: &mut Report<'_>) {
    if operation(command) != ("rds", "delete-db-instance") {
        return;
    }
    let mut pending = false;
    for other in command.before(report.subject).filter(|other| other.is("aws", "rds")) {
        match operation(other).1 {
            "create-db-snapshot" => pending = true,
            "wait" if other.words.iter().any(|word| word.starts_with("db-snapshot-")) => pending = false,
            _ => {}
        }
    }
    if pending {
        report.command(command, "the snapshot above may not be complete when this deletes its source");
    }
}

fn new_name<'c>(command: &'c Command<'_>) -> Option<&'c str> {
    let renames = operation(command) == ("rds", "modify-db-instance");
    command.value(&["--new-db-instance-identifier"]).filter(|_| renames)
}

fn rename_deferred(command: &Command<'_>, report: &mut Report<'_>) {
    if new_name(command).is_some() && !command.flag(&["--apply-immediately"]) {
        report.command(command, "this rename is put off to the next maintenance window");
    }
}

fn rename_without_wait(command: &Command<'_>, report: &mut Report<'_>) {
    let Some(wanted) = new_name(command) else { return };
    let mut leaving = false;
    for other in command.before(report.subject).filter(|other| other.is("aws", "rds")) {
        let owner = other.value(&["--db-instance-identifier"]) == Some(wanted);
        match operation(other).1 {
            "delete-db-instance" if owner => leaving = true,
            "modify-db-instance" if owner && new_name(other).is_some() => leaving = true,
            "wait" => leaving = false,
            _ => {}
        }
    }
    if leaving {
        report.command(command, format!("{wanted} is still the name of the other instance when this runs"));
    }
}

fn restore_with_defaults(command: &Command<'_>, report: &mut Report<'_>) {
    let needed: &[&str] = match operation(command) {
        ("rds", "restore-db-instance-from-db-snapshot" | "restore-db-instance-to-point-in-time") => {
            &["--db-subnet-group-name", "--vpc-security-group-ids", "--db-parameter-group-name"]
        }
        ("elasticache", "create-cache-cluster" | "create-replication-group") => {
            &["--cache-subnet-group-name", "--security-group-ids"]
        }
        _ => return,
    };
    let missing: Vec<&str> = needed.iter().copied().filter(|option| !command.flag(&[option])).collect();
    if !missing.is_empty() && !command.flag(&["--cli-input-json", "--cli-input-yaml"]) {
        report.command(command, format!("defaults are taken for {}", missing.join(", ")));
    }
}

fn restore_time_relative_to_now(command: &Command<'_>, report: &mut Report<'_>) {
    let relative = command.values(&["-d", "--date"]).any(|(_, value)| value.contains("ago") || value.starts_with('-'))
        || command.words.iter().any(|word| word.starts_with("-v-"));
    if !relative {
        return;
    }
    let subject = report.subject;
    let assigned = subject
        .assignments()
        .find(|a| a.block == command.block && a.span.start <= command.span.start && command.span.end <= a.span.end);
    let name = assigned.map_or_else(String::new, |assigned| assigned.name.to_ascii_uppercase());
    let meant = ["TARGET", "RESTORE", "RECOVERY", "PITR"].iter().any(|part| name.contains(part));
    if meant {
        report.command(command, "this time is counted from now, not from the fault");
    }
}

fn start_unchecked(command: &Command<'_>, report: &mut Report<'_>) {
    let subject = report.subject;
    let looked =
        command.before(subject).any(|other| other.block == command.block && other.second() == "describe-db-instances");
    if operation(command) == ("rds", "start-db-instance") && !command.in_condition() && !looked {
        report.command(command, "this fails unless the instance is stopped");
    }
}

fn record_not_saved(command: &Command<'_>, report: &mut Report<'_>) {
    if operation(command) != ("route53", "change-resource-record-sets") {
        return;
    }
    let subject = report.subject;
    let saved = command.before(subject).any(|other| {
        other.second() == "list-resource-record-sets"
            && (other.redirects_output() || other.in_substitution() || other.block(subject).action.attributes.evidence)
    });
    if !saved {
        report.command(command, "the record that this replaces was not saved before");
    }
}

fn alias_without_health(command: &Command<'_>, report: &mut Report<'_>) {
    let Some((index, batch)) = command.value_at(&["--change-batch"]) else { return };
    let Ok(batch) = serde_json::from_str::<serde_json::Value>(batch) else { return };
    let changes = batch.get("Changes").and_then(serde_json::Value::as_array).into_iter().flatten();
    let unhealthy = changes
        .filter_map(|change| change.pointer("/ResourceRecordSet/AliasTarget/EvaluateTargetHealth"))
        .any(|value| value.as_bool() == Some(false));
    if unhealthy {
        report.word(command, index, "this alias is answered also when everything behind it is down");
    }
}
