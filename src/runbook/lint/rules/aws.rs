//! The AWS command line: options it does not take, answers that are not what they seem, rules that open.

use crate::lint::{
    command::Command,
    report::Report,
    rule::{
        Check::{Command as AtCommand, Document},
        ERROR, Rule, WARNING,
    },
    subject::Subject,
    version::Tool,
    words::AWS_SWITCHES,
};

const AWS: &[&str] = &["aws"];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "aws-open-ingress",
        severity: ERROR,
        title: "the rule opens the port to the whole internet",
        explanation: "A security group only allows; it has no rules that deny. Authorizing 0.0.0.0/0 to `block` an address \
                      opens the port to everybody, the attacker included.",
        help: "take the allowing rule away (revoke-security-group-ingress), put the instance into a quarantine group, or deny in \
               the network ACL or WAF",
        correct: "aws ec2 describe-security-groups --group-ids \"${GROUP:?}\" > \"${EVIDENCE:?}/rules.json\"\naws ec2 \
                  modify-instance-attribute --instance-id \"${INSTANCE:?}\" --groups \"${QUARANTINE_GROUP:?}\"",
        check: AtCommand(AWS, open_ingress),
    },
    Rule {
        name: "aws-allow-does-not-restrict",
        severity: WARNING,
        title: "one more allowing rule restricts nothing",
        explanation: "Rules of a security group add up. Allowing the approved source leaves every other rule as open as it was.",
        help: "revoke the rule that is too wide, in the same step",
        correct: "",
        check: AtCommand(AWS, allow_does_not_restrict),
    },
    Rule {
        name: "aws-ip-permissions-word",
        severity: ERROR,
        title: "--ip-permissions takes rules, not a word",
        explanation: "`all` is not a value: the command ends with `Error parsing parameter`, and the group stays open.",
        help: "save the present rules to a file and revoke exactly those: --ip-permissions file://rules.json; that file is the undo",
        correct: "aws ec2 describe-security-groups --group-ids \"${GROUP:?}\" --query 'SecurityGroups[0].IpPermissions' > \
                  rules.json\naws ec2 revoke-security-group-ingress --group-id \"${GROUP:?}\" --ip-permissions file://rules.json",
        check: AtCommand(AWS, ip_permissions_word),
    },
    Rule {
        name: "aws-rules-not-saved",
        severity: WARNING,
        title: "the group's rules are changed and were not saved",
        explanation: "Nobody remembers at the end of an incident which rules stood there.",
        help: "save them first: aws ec2 describe-security-groups … > rules.json",
        correct: "aws ec2 describe-security-groups --group-ids \"${GROUP:?}\" --query 'SecurityGroups[0].IpPermissions' > \
                  rules.json",
        check: AtCommand(AWS, rules_not_saved),
    },
    Rule {
        name: "aws-switch-with-value",
        severity: ERROR,
        title: "this option takes no value",
        explanation: "AWS switches are on or off by name: `--publicly-accessible false` ends with `Unknown options: false`.",
        help: "write --no-publicly-accessible for false, and the bare switch for true",
        correct: "aws rds modify-db-instance --db-instance-identifier \"${INSTANCE:?}\" --no-publicly-accessible --apply-immediately",
        check: AtCommand(AWS, switch_with_value),
    },
    Rule {
        name: "aws-required-option",
        severity: ERROR,
        title: "the command lacks an option that it needs",
        explanation: "The AWS command line refuses it with `the following arguments are required`.",
        help: "give every required option",
        correct: "aws cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name CPUUtilization --statistics Average \\\n  \
                  --period 60 --start-time \"${SINCE:?}\" --end-time \"${UNTIL:?}\"",
        check: AtCommand(AWS, required_option),
    },
    Rule {
        name: "aws-region-by-export",
        severity: WARNING,
        title: "the region is changed for everything that follows",
        explanation: "An exported AWS_REGION holds for all later steps of the run, and for no other terminal: half of the \
                      procedure acts in one region and half in the other.",
        help: "name the region in each command: --region NAME",
        correct: "aws rds describe-db-instances --region eu-west-1 --db-instance-identifier \"${REPLICA:?}\"",
        check: Document(region_by_export),
    },
    Rule {
        name: "aws-unsorted-newest",
        severity: ERROR,
        title: "the first of an unsorted list is not the newest",
        explanation: "The API defines no order. `DBSnapshots[0]` is any snapshot, perhaps one that is still being made.",
        help: "sort, and take only what is complete: sort_by(DBSnapshots[?Status=='available'],&SnapshotCreateTime)[-1]",
        correct: "aws rds describe-db-snapshots --db-instance-identifier \"${INSTANCE:?}\" --output text --query \
                  \"sort_by(DBSnapshots[?Status=='available'],&SnapshotCreateTime)[-1].DBSnapshotIdentifier\"",
        check: AtCommand(AWS, unsorted_newest),
    },
    Rule {
        name: "aws-s3-pattern",
        severity: ERROR,
        title: "aws s3 takes one source, not a file pattern",
        explanation: "When the pattern matches two files the shell hands over three operands: `Unknown options`.",
        help: "name the file, or use --recursive with --exclude '*' --include 'PATTERN'",
        correct: "aws s3 cp \"${ARCHIVE:?}\" s3://portal-evidence/ --sse AES256",
        check: AtCommand(AWS, s3_pattern),
    },
    Rule {
        name: "aws-health-events",
        severity: WARNING,
        title: "the question misses what it asks for",
        explanation: "The Health API answers from us-east-1 only, to accounts with a business support plan, and lists closed \
                      events too.",
        help: "add --region us-east-1 and eventStatusCodes=open, and have the public page as the second source",
        correct: "aws health describe-events --region us-east-1 --filter eventStatusCodes=open,eventTypeCategories=issue",
        check: AtCommand(AWS, health_events),
    },
    Rule {
        name: "aws-narrow-lookup",
        severity: WARNING,
        title: "the default answer leaves out what is looked for",
        explanation: "`cloudtrail lookup-events` looks at one region, and with no --start-time at whatever comes first in \
                      90 days; `describe-instance-status` lists running instances only; a log portion ends after 1 MB.",
        help: "ask for all of it: --start-time and --region; --include-all-instances; --starting-token 0 --output text",
        correct: "aws cloudtrail lookup-events --region eu-west-1 --start-time \"${SINCE:?}\" --end-time \"${UNTIL:?}\" \\\n  \
                  --lookup-attributes AttributeKey=EventName,AttributeValue=ConsoleLogin",
        check: AtCommand(AWS, narrow_lookup),
    },
    Rule {
        name: "aws-multi-az-is-not-failover",
        severity: WARNING,
        title: "MultiAZ = true does not show that a failover has happened",
        explanation: "It is a setting. It says the same before, during and after.",
        help: "compare AvailabilityZone before and after, and read aws rds describe-events",
        correct: "aws rds describe-events --source-type db-instance --source-identifier \"${INSTANCE:?}\" --duration 60",
        check: AtCommand(AWS, multi_az_is_not_failover),
    },
    Rule {
        name: "aws-health-check-moves-nothing",
        severity: WARNING,
        title: "enabling health checks moves no traffic",
        explanation: "For instance and ip targets health checks are always on: this changes nothing.",
        help: "look at describe-target-health, deregister the targets of the failed zone, or start a zonal shift",
        correct: "aws elbv2 describe-target-health --target-group-arn \"${TARGET_GROUP:?}\"",
        check: AtCommand(AWS, health_check_moves_nothing),
    },
    Rule {
        name: "aws-create-existing",
        severity: WARNING,
        title: "this fails where it exists already",
        explanation: "There is one GuardDuty detector per account and region, and the name of an IP set is unique.",
        help: "list first (guardduty list-detectors, wafv2 list-ip-sets), in every region that matters",
        correct: "aws guardduty list-detectors --region eu-west-1",
        check: AtCommand(AWS, create_existing),
    },
    Rule {
        name: "waf-set-blocks-nothing",
        severity: WARNING,
        title: "a set of addresses blocks nothing by itself",
        explanation: "An IP set is a list. Requests are blocked by a rule of the web ACL that refers to it; behind a proxy such \
                      as Cloudflare that rule must look at the forwarded address.",
        help: "add a Block rule to the web ACL (update-web-acl), or block at the proxy",
        correct: "",
        check: AtCommand(AWS, set_blocks_nothing),
    },
    Rule {
        name: "aws-name-per-day",
        severity: WARNING,
        title: "the second run of the day collides with the first",
        explanation: "A name that ends in the date exists already when the step is repeated.",
        help: "stamp it to the second: $(date -u +%Y%m%dT%H%M%SZ)",
        correct: "aws rds create-db-snapshot --db-instance-identifier \"${INSTANCE:?}\" --db-snapshot-identifier \"incident-$(date \
                  -u +%Y%m%d-%H%M%S)\"",
        check: AtCommand(AWS, name_per_day),
    },
    Rule {
        name: "ecs-no-cluster",
        severity: WARNING,
        title: "ECS acts in the cluster named default",
        explanation: "Without --cluster the service is looked for in the cluster `default`, which is mostly not the one.",
        help: "name the cluster: --cluster NAME",
        correct: "aws ecs describe-services --cluster portal --services api",
        check: AtCommand(AWS, ecs_no_cluster),
    },
    Rule {
        name: "ecs-redeploys-the-fault",
        severity: WARNING,
        title: "a forced deployment fetches the same tag again",
        explanation: "--force-new-deployment pulls whatever the tag points to now: it may start the faulty version once more.",
        help: "name the task definition to run, with the image by digest",
        correct: "aws ecs update-service --cluster portal --service api --task-definition \"${TASK_DEFINITION:?}\"",
        check: AtCommand(AWS, redeploys_the_fault),
    },
    Rule {
        name: "stack-without-change-set",
        severity: WARNING,
        title: "a stack with named resources is created blind",
        explanation: "With the parameters of production and CAPABILITY_NAMED_IAM its names collide with what still exists, it \
                      makes an empty database of its own, and a failure deletes everything again.",
        help: "make a change set, read it, then execute it; give recovery its own parameters",
        correct: "aws cloudformation create-change-set --stack-name portal-recovery --change-set-name recovery \\\n  \
                  --change-set-type CREATE --template-url \"${TEMPLATE_URL:?}\" --parameters file://recovery.json",
        check: AtCommand(AWS, stack_without_change_set),
    },
    Rule {
        name: "aws-cli-version",
        severity: ERROR,
        title: "this command is of the other AWS CLI",
        explanation: "`ecr get-login` is gone from version 2; `logs tail`, `sso` and `configure sso` are not in version 1.",
        help: "write it for the version in use, or say which: requires: [aws >= 2]",
        correct: "aws ecr get-login-password | docker login --username AWS --password-stdin \"${REGISTRY:?}\"",
        check: AtCommand(AWS, cli_version),
    },
];

/// Service and operation: `("rds", "wait")`.
pub(super) fn operation<'c>(command: &'c Command<'_>) -> (&'c str, &'c str) {
    if command.program() != "aws" {
        return ("", "");
    }
    let operands = command.operands();
    let word = |index: usize| operands.get(index).map_or("", |(_, word)| *word);
    (word(0), word(1))
}

fn open_ingress(command: &Command<'_>, report: &mut Report<'_>) {
    if command.second() != "authorize-security-group-ingress" {
        return;
    }
    let open = command.words.iter().position(|word| word.contains("0.0.0.0/0") || word.contains("::/0"));
    if let Some(index) = open {
        report.word(command, index, "this opens the port to every address there is");
    }
}

fn allow_does_not_restrict(command: &Command<'_>, report: &mut Report<'_>) {
    let (_, operation) = operation(command);
    if !matches!(operation, "authorize-security-group-ingress" | "authorize-security-group-egress") {
        return;
    }
    let subject = report.subject;
    let meant = command.intent(subject, &["only", "block", "restrict", "deny", "lock"])
        || command.value(&["--description"]).is_some_and(|text| text.to_lowercase().contains("block"));
    let revoked = |other: &Command<'_>| other.is("aws", "ec2") && other.second().starts_with("revoke-security-group");
    if meant && !command.before(subject).any(revoked) && !command.after(subject).any(revoked) {
        report.command(command, "this allows one more source and takes no rule away");
    }
}

fn ip_permissions_word(command: &Command<'_>, report: &mut Report<'_>) {
    let Some((index, value)) = command.value_at(&["--ip-permissions"]) else { return };
    let given = value.contains(['=', '{', '[', '$']) || value.starts_with("file://");
    if !given {
        report.word(command, index, format!("{value} is not a list of rules"));
    }
}

fn rules_not_saved(command: &Command<'_>, report: &mut Report<'_>) {
    if !command.second().starts_with("revoke-security-group-") {
        return;
    }
    let saved = command.before(report.subject).any(|other| {
        matches!(other.second(), "describe-security-groups" | "describe-security-group-rules")
            && (other.redirects_output()
                || other.in_substitution()
                || other.block(report.subject).action.attributes.evidence)
    });
    if !saved {
        report.command(command, "the rules that this takes away were not saved before");
    }
}

fn switch_with_value(command: &Command<'_>, report: &mut Report<'_>) {
    for (index, pair) in command.words.windows(2).enumerate() {
        let value = pair[1].as_ref();
        if AWS_SWITCHES.contains(&pair[0].as_ref()) && matches!(value, "true" | "false") {
            report.word(command, index + 1, format!("{} takes no value, and {value} is an unknown option", pair[0]));
        }
    }
}

/// Service, operation, and what it does not work without.
const REQUIRED: &[(&str, &str, &[&str])] = &[
    ("elasticache", "reboot-cache-cluster", &["--cache-cluster-id", "--cache-node-ids-to-reboot"]),
    (
        "cloudwatch",
        "get-metric-statistics",
        &["--namespace", "--metric-name", "--start-time", "--end-time", "--period"],
    ),
    ("route53", "change-resource-record-sets", &["--hosted-zone-id", "--change-batch"]),
    ("rds", "restore-db-instance-from-db-snapshot", &["--db-instance-identifier"]),
    ("rds", "restore-db-instance-to-point-in-time", &["--target-db-instance-identifier"]),
    ("rds", "create-db-snapshot", &["--db-instance-identifier", "--db-snapshot-identifier"]),
    ("rds", "delete-db-instance", &["--db-instance-identifier"]),
    ("rds", "promote-read-replica", &["--db-instance-identifier"]),
    ("rds", "download-db-log-file-portion", &["--db-instance-identifier", "--log-file-name"]),
    ("ecs", "update-service", &["--service"]),
    ("ec2", "create-snapshot", &["--volume-id"]),
    ("secretsmanager", "get-secret-value", &["--secret-id"]),
    ("secretsmanager", "put-secret-value", &["--secret-id"]),
    ("elbv2", "describe-target-health", &["--target-group-arn"]),
    ("logs", "filter-log-events", &["--log-group-name"]),
    ("cloudformation", "create-stack", &["--stack-name"]),
];

fn required_option(command: &Command<'_>, report: &mut Report<'_>) {
    let (service, operation) = operation(command);
    let row = REQUIRED.iter().find(|(s, o, _)| *s == service && *o == operation);
    if let Some((_, _, options)) = row
        && !command.flag(&["--cli-input-json", "--cli-input-yaml", "--generate-cli-skeleton"])
    {
        let missing: Vec<&str> = options.iter().copied().filter(|option| !command.flag(&[option])).collect();
        if !missing.is_empty() {
            report.command(command, format!("{operation} needs {}", missing.join(", ")));
        }
    }
}

fn region_by_export(subject: &Subject<'_>, report: &mut Report<'_>) {
    for assigned in
        subject.assignments().filter(|a| matches!(a.name.as_str(), "AWS_REGION" | "AWS_DEFAULT_REGION") && !a.prefix)
    {
        report.code(
            &subject.blocks[assigned.block],
            assigned.span.clone(),
            "all later steps act in this region, and other terminals do not",
        );
    }
}

fn unsorted_newest(command: &Command<'_>, report: &mut Report<'_>) {
    if let Some((index, query)) = command.value_at(&["--query"]) {
        let lists = ["Snapshots[0]", "Snapshots[-1]", "Images[0]", "Images[-1]", "Backups[0]", "taskDefinitionArns[0]"];
        if lists.iter().any(|list| query.contains(list)) && !query.contains("sort_by") {
            report.word(command, index, "the list has no order: its first entry is any entry");
        }
    } else if command.second() == "describe-db-snapshots"
        && command.intent(report.subject, &["recent", "latest", "newest", "last"])
    {
        report.command(command, "snapshots are listed in no order: the recent ones may stand anywhere");
    }
}

fn s3_pattern(command: &Command<'_>, report: &mut Report<'_>) {
    let (service, operation) = operation(command);
    if service != "s3" || !matches!(operation, "cp" | "mv") {
        return;
    }
    for (index, _) in command.operands() {
        if command.has_glob(index) {
            report.word(command, index, "when this pattern matches two files the command fails");
        }
    }
}

fn health_events(command: &Command<'_>, report: &mut Report<'_>) {
    if operation(command) != ("health", "describe-events") {
        return;
    }
    let open = command.value(&["--filter"]).is_some_and(|filter| filter.contains("eventStatusCodes"));
    if !open || command.value(&["--region"]) != Some("us-east-1") {
        report.command(command, "this lists closed events too, or asks a region that does not answer");
    }
}

fn narrow_lookup(command: &Command<'_>, report: &mut Report<'_>) {
    let message = match operation(command) {
        ("cloudtrail", "lookup-events") if !command.flag(&["--start-time"]) => {
            "this looks back 90 days and shows what comes first"
        }
        ("ec2", "describe-instance-status") if !command.flag(&["--include-all-instances"]) => {
            "this leaves out every instance that is not running"
        }
        ("rds", "download-db-log-file-portion") if !command.flag(&["--starting-token"]) => {
            "this is only the last part of the log, 1 MB at most"
        }
        _ => return,
    };
    report.command(command, message);
}

fn multi_az_is_not_failover(command: &Command<'_>, report: &mut Report<'_>) {
    let Some((index, query)) = command.value_at(&["--query"]) else { return };
    if query.contains("MultiAZ") && command.intent(report.subject, &["failover", "verify", "working"]) {
        report.word(command, index, "this setting is the same before and after a failover");
    }
}

fn health_check_moves_nothing(command: &Command<'_>, report: &mut Report<'_>) {
    if operation(command) == ("elbv2", "modify-target-group") && command.flag(&["--health-check-enabled"]) {
        report.command(command, "health checks are on already, and this moves no traffic");
    }
}

fn create_existing(command: &Command<'_>, report: &mut Report<'_>) {
    let (needed, what) = match operation(command) {
        ("guardduty", "create-detector") => ("list-detectors", "a detector"),
        ("wafv2", "create-ip-set") => ("list-ip-sets", "an IP set of this name"),
        _ => return,
    };
    if !command.before(report.subject).any(|other| other.second() == needed) {
        report.command(command, format!("this fails where there is {what} already"));
    }
}

fn set_blocks_nothing(command: &Command<'_>, report: &mut Report<'_>) {
    if operation(command) != ("wafv2", "create-ip-set") {
        return;
    }
    let subject = report.subject;
    if !subject
        .commands_of("aws")
        .any(|other| matches!(other.second(), "update-web-acl" | "create-web-acl" | "update-rule-group"))
    {
        report.command(command, "no rule of a web ACL refers to this set, so it blocks nothing");
    }
}

fn name_per_day(command: &Command<'_>, report: &mut Report<'_>) {
    if !command.second().starts_with("create-") {
        return;
    }
    for (index, word) in command.words.iter().enumerate().skip(3) {
        let day = word.contains("$(date") && (word.contains("%d") || word.contains("%F") || word.contains("%j"));
        let finer = ["%H", "%s", "%T", "%N", "%R", "-Is"].iter().any(|format| word.contains(format));
        if day && !finer {
            report.word(command, index, "a second one made today gets the same name");
        }
    }
}

fn ecs_no_cluster(command: &Command<'_>, report: &mut Report<'_>) {
    let (service, operation) = operation(command);
    const IN_A_CLUSTER: [&str; 9] = [
        "update-service",
        "describe-services",
        "list-services",
        "list-tasks",
        "describe-tasks",
        "stop-task",
        "run-task",
        "wait",
        "execute-command",
    ];
    if service == "ecs" && IN_A_CLUSTER.contains(&operation) && !command.flag(&["--cluster"]) {
        report.command(command, "this acts in the cluster named default");
    }
}

fn redeploys_the_fault(command: &Command<'_>, report: &mut Report<'_>) {
    let forced = operation(command) == ("ecs", "update-service") && command.flag(&["--force-new-deployment"]);
    if forced && !command.flag(&["--task-definition"]) {
        report.command(command, "this starts whatever the tag points to now");
    }
}

fn stack_without_change_set(command: &Command<'_>, report: &mut Report<'_>) {
    let named = command.words.iter().any(|word| word == "CAPABILITY_NAMED_IAM");
    if operation(command) == ("cloudformation", "create-stack") && named {
        report.command(command, "nobody has seen what this stack will make, and its names may be taken");
    }
}

fn cli_version(command: &Command<'_>, report: &mut Report<'_>) {
    let versions = &report.subject.versions;
    match operation(command) {
        ("ecr", "get-login") if !versions.before(Tool::Aws, 2) => {
            report.command(command, "the AWS CLI 2 has no ecr get-login");
        }
        ("logs", "tail") | ("sso", _) | ("configure", "sso") if versions.before(Tool::Aws, 2) => {
            report.command(command, "the AWS CLI 1 that this runbook requires does not know this command");
        }
        _ => {}
    }
}
