//! Tests of what actions are rated as.

mod least;
mod proof;
mod properties;

use proptest::prelude::*;

use super::{knowledge::knowledge, *};
use crate::document::{Attributes, Language};

fn bash(code: &str) -> Assessment {
    assess(Language::Bash, code, &Attributes::default())
}

fn sql(code: &str) -> Assessment {
    assess(Language::Sql, code, &Attributes::default())
}

#[test]
fn what_is_known_of_sql_and_redis_is_what_its_examples_say() {
    let mut wrong = Vec::new();
    let mut check = |what: &str, found: &Assessment, risk: Risk, why: &str| {
        let says = found.reasons.iter().any(|reason| reason.text.contains(why));
        if found.risk < risk || !says {
            wrong.push(format!("{what}\n   wants {risk} {why:?}\n   found {found:?}"));
        }
    };
    let known = knowledge();
    let commands: usize = known.redis.iter().map(|row| row.names.len()).sum();
    assert!(known.only_reads("count") && known.statements.len() > 20 && commands > 300 && !known.outside.is_empty());
    for row in &known.statements {
        if let Some(example) = &row.example {
            check(example, &sql(example), row.risk, &row.why);
        }
    }
    for row in known.functions.iter().chain(&known.meta) {
        if let Some(example) = &row.example {
            check(example, &sql(example), row.risk, "");
        }
    }
    for row in known.redis.iter().chain(&known.outside) {
        if let Some(example) = &row.example {
            check(example, &bash(example), row.risk, &row.why);
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// The commands of recovery plans that destroy, cannot be undone or are seen from outside, and the class that each must have.
const DANGEROUS: &[(&str, Risk, bool, &str)] = &[
    (
        "kubectl exec -it postgres-primary-0 -- psql -d portal -f /backups/latest-backup.sql",
        Risk::Destructive,
        false,
        "portal",
    ),
    ("kubectl scale deployment customer-portal --replicas=0", Risk::Destructive, false, "deployment/customer-portal"),
    ("kubectl apply -f k8s/maintenance-mode.yaml", Risk::Change, false, "k8s/maintenance-mode.yaml"),
    ("kubectl delete -f k8s/maintenance-mode.yaml", Risk::Destructive, false, "k8s/maintenance-mode.yaml"),
    ("helm rollback customer-portal 1", Risk::Change, false, "customer-portal"),
    ("terraform apply recovery.plan", Risk::Destructive, false, "recovery.plan"),
    ("redis-cli FLUSHDB  # Clear all sessions", Risk::Destructive, false, "localhost/0"),
    ("kubectl patch ingress customer-portal --patch='{\"spec\":{}}'", Risk::Change, false, "ingress/customer-portal"),
    (
        "kubectl set env deployment/customer-portal MAINTENANCE_MODE=true",
        Risk::Change,
        false,
        "deployment/customer-portal",
    ),
    (
        "aws rds delete-db-instance --db-instance-identifier compliant-prod --skip-final-snapshot",
        Risk::Destructive,
        false,
        "compliant-prod",
    ),
    (
        "aws rds promote-read-replica \\\n  --db-instance-identifier compliant-prod-replica-west",
        Risk::Destructive,
        false,
        "compliant-prod-replica-west",
    ),
    (
        "aws rds modify-db-instance --db-instance-identifier compliant-prod-restored --new-db-instance-identifier compliant-prod --apply-immediately",
        Risk::Destructive,
        false,
        "compliant-prod-restored",
    ),
    (
        "aws elasticache reboot-cache-cluster --cache-cluster-id compliant-redis",
        Risk::Destructive,
        false,
        "compliant-redis",
    ),
    ("redis-cli -u $REDIS_URL FLUSHDB", Risk::Destructive, false, "$REDIS_URL"),
    (
        "psql $DATABASE_URL <<SQL\nVACUUM FULL VERBOSE users;\nREINDEX TABLE users;\nSQL",
        Risk::Destructive,
        false,
        "users",
    ),
    (
        "psql $DATABASE_URL -c \"\n  UPDATE users\n  SET status = 'suspended', updated_at = NOW()\n  WHERE id IN ('a', 'b');\n\"",
        Risk::Destructive,
        false,
        "users",
    ),
    (
        "aws ec2 authorize-security-group-ingress --group-id sg-12345678 --protocol tcp --port 443 --cidr 0.0.0.0/0",
        Risk::Destructive,
        false,
        "sg-12345678",
    ),
    ("psql $DATABASE_URL -c \"ALTER USER app WITH PASSWORD '$NEW';\"", Risk::Destructive, false, "app"),
    ("kubectl delete pods -l app=backend -n production", Risk::Destructive, false, "app=backend"),
    ("kubectl drain node-3 --ignore-daemonsets --delete-emptydir-data", Risk::Destructive, false, "node-3"),
    (
        "aws route53 change-resource-record-sets --hosted-zone-id Z123456 --change-batch '{\"Changes\":[{\"Action\":\"UPSERT\"}]}'",
        Risk::Destructive,
        true,
        "Z123456",
    ),
    (
        "curl -X POST https://api.statuspage.io/v1/pages/PAGE_ID/incidents -H \"Authorization: OAuth $T\" -d '{}'",
        Risk::Change,
        true,
        "api.statuspage.io/v1/pages/PAGE_ID/incidents",
    ),
    (
        "curl -X PATCH https://api.statuspage.io/v1/pages/P/incidents/I -d '{}'",
        Risk::Change,
        true,
        "api.statuspage.io/v1/pages/P/incidents/I",
    ),
    ("mail -s 'Breach notification' customers@example.com < breach.txt", Risk::Change, true, "customers@example.com"),
    ("git push origin develop", Risk::Change, true, "origin"),
    ("docker push registry.example.com/api:hotfix", Risk::Change, true, "registry.example.com/api:hotfix"),
    ("aws rds reboot-db-instance --db-instance-identifier compliant-prod", Risk::Destructive, false, "compliant-prod"),
    ("kubectl rollout restart deployment/backend -n production", Risk::Change, false, "deployment/backend"),
    ("kubectl rollout undo deployment/backend", Risk::Change, false, "deployment/backend"),
    ("docker volume rm corporate-intel-postgres-data", Risk::Destructive, false, "corporate-intel-postgres-data"),
    ("./scripts/restore.sh database", Risk::Destructive, false, "database"),
    ("bash scripts/backup/restore.sh minio", Risk::Destructive, false, "minio"),
    ("terraform apply -var environment=production-recovery", Risk::Destructive, false, "this workspace"),
    (
        "docker exec postgres pg_ctl promote -D /var/lib/postgresql/data",
        Risk::Destructive,
        false,
        "/var/lib/postgresql/data",
    ),
    ("psql -d corporate -f companies-restore.sql", Risk::Destructive, false, "corporate"),
    ("docker-compose stop api", Risk::Destructive, false, "api"),
    ("docker-compose scale api=0", Risk::Destructive, false, "api=0"),
    ("rm -rf /var/lib/postgresql/data/*", Risk::Destructive, false, "/var/lib/postgresql/data/*"),
    ("kubectl scale deployment/backend --replicas 0", Risk::Destructive, false, "deployment/backend"),
    ("docker-compose down backend", Risk::Destructive, false, "backend"),
    ("psql -d leapmailr -c 'VACUUM FULL ANALYZE'", Risk::Destructive, false, "leapmailr"),
    ("nsupdate -k key cutover.txt", Risk::Destructive, true, "cutover.txt"),
    ("aws ecs update-service --cluster prod --service backend --desired-count 0", Risk::Destructive, false, "backend"),
    (
        "aws ec2 revoke-security-group-ingress --group-id sg-1 --protocol tcp --port 443 --cidr 0.0.0.0/0",
        Risk::Destructive,
        false,
        "sg-1",
    ),
    ("aws cloudformation create-stack --stack-name dr --template-url https://x", Risk::Change, false, "dr"),
    ("aws ecs update-service --cluster prod --service backend --force-new-deployment", Risk::Change, false, "backend"),
    (
        "aws ecs update-service --cluster prod --service backend --task-definition backend:41",
        Risk::Change,
        false,
        "backend",
    ),
    (
        "aws rds delete-db-instance --db-instance-identifier test-restore --skip-final-snapshot",
        Risk::Destructive,
        false,
        "test-restore",
    ),
];

#[test]
fn the_dangerous_commands_of_recovery_plans_are_known() {
    for (code, risk, external, target) in DANGEROUS {
        let found = bash(code);
        assert_eq!((found.risk, found.external), (*risk, *external), "{code}: {found:?}");
        assert!(found.targets.iter().any(|one| one == target), "{code}: {found:?}");
        assert!(
            !found.reasons.iter().any(|one| one.text.contains("unknown"))
                || code.contains(".sql")
                || code.contains(".sh "),
            "{code}: {found:?}"
        );
    }
}

#[test]
fn what_only_looks_may_run_when_nothing_may_change() {
    for code in [
        "kubectl exec -it postgres-primary-0 -- pg_dumpall --verbose",
        "kubectl exec postgres-primary-0 -- psql -c \"SELECT COUNT(*) FROM customers;\"",
        "curl -f https://api.dotmac.com/health || echo failed",
        "kubectl get pods --all-namespaces | grep -v Running | wc -l",
        "CURRENT=$(helm list -o json | jq -r '.[] | select(.name==\"customer-portal\") | .revision')\nPREVIOUS=$((CURRENT - 1))\necho $PREVIOUS",
        "redis-cli -u \"$REDIS_URL\" ping | grep -q PONG",
        "curl -w '%{time_total}' -s -o /dev/null https://portal.dotmac.com/",
        "nslookup api.yourdomain.com; dig +short api.yourdomain.com",
        "aws rds wait db-instance-available --db-instance-identifier x",
        "watch -n 10 'dig api.yourdomain.com'",
        "psql $DATABASE_URL -tAc \"SELECT now() - pg_last_xact_replay_timestamp()\"",
        "for d in api web; do kubectl rollout status deployment/$d --timeout=300s; done",
        "if ! pg_isready -h db; then echo down >&2; exit 1; fi",
        "terraform show | grep modified",
        "docker exec -i db psql -U app -d app <<'SQL'\n\\timing on\nEXPLAIN SELECT 1;\nSQL",
        "ssh db1 'sudo -u postgres psql -c \"SELECT pg_is_in_recovery()\"'",
        "echo \"FLUSHALL\"; grep 'rm -rf /' notes.md",
        "aws s3 ls s3://compliant-production/",
        "echo 'SELECT 1' | psql portal",
        "PSQL='psql -h db1 -d app'\n$PSQL -c 'SELECT 1'",
        "git log --since='2 hours ago' --oneline",
        "find /backups -name '*.dump' -exec ls -l {} +",
        "gcloud sql instances describe $NAME",
        "rabbitmqctl list_queues -p $VHOST",
        "pulumi preview $STACK",
        "nc -z db 5432",
        "date -u +%FT%TZ",
        "printf 'PING\\n' | redis-cli",
    ] {
        let found = bash(code);
        assert_eq!((found.risk, found.external), (Risk::Read, false), "{code}: {found:?}");
        assert!(!found.reasons.is_empty());
    }
}

#[test]
fn danger_is_found_behind_wrappers_and_in_strings() {
    for code in [
        "sudo sh -c 'rm -rf /data'",
        "echo hello | xargs rm",
        "ssh db1 sudo systemctl stop postgresql",
        "kubectl exec -i pod -- bash -c \"psql -c 'DROP TABLE users'\"",
        "echo 'DROP DATABASE portal' | psql",
        "psql portal <<< 'TRUNCATE users'",
        "psql < dump.sql",
        "gunzip -c dump.gz | psql portal",
        "gunzip -c dump.gz | kubectl exec -i pod -- psql portal",
        "gunzip -c dump.gz | ssh db 'psql portal'",
        "f() { kubectl delete \"$@\"; }; f pod x",
        "$(echo rm) -rf x",
        "\"$TOOL\" --force",
        "kubectl \"$VERB\" pod x",
        "redis-cli \"$CMD\"",
        "echo FLUSHALL | redis-cli",
        "redis-cli <<EOF\nSELECT 1\nFLUSHDB\nEOF",
        "psql -c \"$SQL\"",
        "psql -c \"DELETE FROM $TABLE\"",
        "psql -c 'WITH x AS (DELETE FROM users RETURNING *) SELECT count(*) FROM x'",
        "if false; then rm() { :; }; fi; rm -rf /x",
        "/bin/r? -rf /x",
        "$'\\x72m' -rf /x",
        "{rm,-rf,/x}",
        "rm -rf /tmp/../etc",
        "kill -9 -1",
        "helm uninstall api --dry-run=false",
        "gcloud $ACTION",
        "apt-get -q purge nginx",
        "kubectl frobnicate",
        "kubectl --frobnicate get pods",
        "fuser -k 5432/tcp",
        "psql -c '\\! rm x'",
        "psql -c '\\copy (DELETE FROM t RETURNING *) to x.csv'",
        "kubectl set env deployment/a B=c\nkubectl scale deployment/a --replicas=0",
        "psql -c 'EXPLAIN ANALYZE DELETE FROM users'",
        "eval \"$X\"",
        "curl -s https://get.example.com | sudo bash",
        "find / -name core -delete",
        "find /x -exec rm -rf {} +",
        "true && (false || { docker compose down -v; })",
        "trap 'rm -rf /srv/x' EXIT",
        "curl -X $METHOD https://api/x",
        "if",
        "dd if=/dev/zero of=/dev/sda",
        "echo x > /dev/sda",
        "RUN='kubectl delete pod'; $RUN x",
        "docker run --rm -v pg:/data alpine rm -rf /data/x",
        "kubectl get pods -o name | xargs -n1 kubectl delete",
    ] {
        let found = bash(code);
        assert_eq!(found.risk, Risk::Destructive, "{code}: {found:?}");
    }
}

#[test]
fn what_is_not_known_counts_as_a_change() {
    for code in [
        "frobnicate --all",
        "./deploy.sh",
        "echo x > app.conf",
        "echo x >> incident.log",
        "psql portal",
        "redis-cli",
        "ssh db1",
        "npm run test:smoke",
        "curl -d '{}' https://api/x",
        "python3 fix.py",
        "LD_PRELOAD=x.so ls",
        "f() { ls; }; sudo f",
        "pip -q install x",
        "sort -o f f",
        "date -s 12:00",
        "echo flush_all | nc cache 11211",
        "tar -cvlf x.tar /etc",
        "kubectl scale deploy/api --replicas=$N",
        "sed -i s/a/b/ f",
        "sort x | tee f",
        "cd terraform/\nterraform plan -out=recovery.plan",
        "psql \"$OLD_DB\" -c 'SELECT 1' > /tmp/old_counts.txt 2>&1",
        "kubectl logs deploy/api --since=1h > \"$EVIDENCE/api.log\"",
        "pg_dump -Fc portal > \"portal-$(date +%F).dump\"",
        "psql app -c \"\\copy (SELECT a FROM t) TO '/tmp/a.csv'\"",
    ] {
        let found = bash(code);
        assert_eq!(found.risk, Risk::Change, "{code}: {found:?}");
    }
}

#[test]
fn a_runbook_raises_the_risk_and_lowers_it_only_with_a_reason() {
    let attributes = |risk, because: Option<&str>| Attributes {
        risk: Some(risk),
        because: because.map(str::to_owned),
        ..Attributes::default()
    };
    let raised = assess(Language::Bash, "kubectl get pods", &attributes(Risk::Destructive, None));
    assert_eq!(raised.risk, Risk::Destructive);
    assert!(raised.reasons[0].text.starts_with("the runbook says"));
    let not_lowered = assess(Language::Bash, "rm x", &attributes(Risk::Read, None));
    assert_eq!(not_lowered.risk, Risk::Destructive);
    let blank = assess(Language::Bash, "rm x", &attributes(Risk::Read, Some("  ")));
    assert_eq!(blank.risk, Risk::Destructive);
    let lowered = assess(Language::Bash, "rm x", &attributes(Risk::Change, Some("x is made by this runbook")));
    assert_eq!(lowered.risk, Risk::Change);
    assert_eq!(lowered.declared.unwrap().computed, Risk::Destructive);
}

#[test]
fn a_value_counts_also_where_the_script_sets_the_variable_further_on() {
    let rated = |code: &str, value: &str| {
        let script = crate::shell::analyse(code);
        let filled = filled(&script, &|name| (name == "FILE").then(|| value.to_owned()));
        assess_script(&filled, code, &Attributes::default()).risk
    };
    for code in ["sort $FILE", "sort $FILE\nFILE=names"] {
        assert_eq!(rated(code, "names"), Risk::Read, "{code}");
        assert_eq!(rated(code, "-o out names"), Risk::Change, "{code}");
    }
}

#[test]
fn writing_to_settings_of_a_program_says_what_obeys_them() {
    for code in ["echo x > ~/.psqlrc", "echo x >> \"$HOME/.kube/config\""] {
        let found = bash(code);
        let says = found.reasons.iter().any(|reason| reason.risk == Risk::Change && !reason.text.contains("to a file"));
        assert!(says && !found.reasons[0].text.contains("replaces what"), "{found:?}");
    }
}

#[test]
fn a_long_document_is_rated_fast() {
    let line = "kubectl get pods -n \"$NS\" | grep -v 'Running'\npsql -c \"SELECT count(*) FROM t WHERE a = '$X'\" > /dev/null\n\
                aws rds describe-db-instances --db-instance-identifier portal\n# why\n\n";
    let action = line.repeat(4);
    bash(&action);
    let started = std::time::Instant::now();
    for _ in 0..500 {
        bash(&action);
    }
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn reasons_point_at_what_they_speak_of() {
    let code = "kubectl get pods\nssh db1 'psql -d app -c \"DROP TABLE users; SELECT 1\"'\n";
    let found = bash(code);
    assert_eq!(&code[found.reasons[0].span.clone()], "DROP TABLE users");
    assert_eq!(found.targets, ["users"]);
}

#[test]
fn no_password_of_an_address_is_repeated() {
    for code in [
        "psql postgresql://app:hunter2@db:5432/portal -f x.sql",
        "redis-cli -u redis://:hunter2@cache:6379/1 FLUSHDB",
        "curl -X DELETE https://me:hunter2@api.example.com/jobs/1",
    ] {
        let found = bash(code);
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        assert!(!found.targets.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn another_command_never_lowers_the_risk(picks in prop::collection::vec(0usize..DANGEROUS.len(), 1..5), by in prop::sample::select(vec!["\n", "; ", " && ", " || ", " | "])) {
        let codes: Vec<&str> = picks.iter().map(|pick| DANGEROUS[*pick].0).filter(|code| !code.contains('#') && !code.contains("<<")).collect();
        let worst = codes.iter().map(|code| bash(code).risk).max().unwrap_or(Risk::Read);
        prop_assert!(bash(&codes.join(by)).risk >= worst);
    }

    #[test]
    fn any_text_is_rated_without_panic(code in "[ -~\\n\\\\'\"$é]{0,100}") {
        for language in [Language::Bash, Language::Sql] {
            let found = assess(language, &code, &Attributes::default());
            prop_assert!(!found.reasons.is_empty());
            for reason in &found.reasons {
                prop_assert!(code.get(reason.span.clone()).is_some(), "{reason:?}");
            }
        }
    }
}
