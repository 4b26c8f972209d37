//! Each look is made of the words of its command, and reads only.

use super::*;

/// What is looked at before this bash runs.
fn savings(code: &str) -> Vec<Saving> {
    super::savings(&shell::analyse(code))
}

fn one(code: &str) -> (String, String) {
    let found = savings(code);
    assert_eq!(found.len(), 1, "{code}: {found:?}");
    (found[0].what.clone(), found[0].code.clone())
}

#[test]
fn what_a_command_changes_is_looked_at_with_its_own_words() {
    for (code, what, look) in [
        (
            "kubectl scale deployment customer-portal --replicas=0 -n \"$NS\"",
            "the replicas of deployment customer-portal",
            "kubectl -n \"$NS\" get deployment customer-portal -o custom-columns=KIND:.kind,NAME:.metadata.name,REPLICAS:.spec.replicas",
        ),
        (
            "kubectl -n prod set env deployment/api MAINTENANCE=true",
            "deployment/api as it was",
            "kubectl -n prod get deployment/api -o yaml",
        ),
        (
            "kubectl --context=blue rollout undo deployment/api",
            "deployment/api as it was",
            "kubectl --context blue get deployment/api -o yaml",
        ),
        (
            "kubectl apply -f k8s/policy.yaml",
            "what there is of k8s/policy.yaml",
            "kubectl get -f k8s/policy.yaml --ignore-not-found -o wide",
        ),
        (
            "kubectl label pod api-0 quarantine=true",
            "pod api-0 as it was",
            "kubectl get pod api-0 --ignore-not-found -o yaml",
        ),
        ("kubectl drain node-3 --ignore-daemonsets", "the state of node node-3", "kubectl get node node-3 -o yaml"),
        ("helm rollback api 3 -n prod", "the history of release api", "helm -n prod history api"),
        (
            "aws ec2 revoke-security-group-ingress --group-id sg-1 --protocol tcp --port 5432 --region eu-west-1",
            "sg-1 as it was",
            "aws ec2 describe-security-groups --group-ids sg-1 --region eu-west-1 --output json",
        ),
        (
            "aws route53 change-resource-record-sets --hosted-zone-id \"$ZONE\" --change-batch file://x.json",
            "$ZONE as it was",
            "aws route53 list-resource-record-sets --hosted-zone-id \"$ZONE\" --output json",
        ),
        (
            "sudo systemctl stop nginx",
            "the state of nginx",
            "systemctl show --no-pager -p Id -p ActiveState -p UnitFileState nginx",
        ),
        (
            "redis-cli -h cache CONFIG SET maxmemory-policy allkeys-lru",
            "the value of maxmemory-policy",
            "redis-cli -h cache CONFIG GET maxmemory-policy",
        ),
        ("sudo iptables -A INPUT -s 10.0.0.0/8 -j DROP", "the rules of iptables", "sudo iptables -S"),
    ] {
        assert_eq!(one(code), (what.to_owned(), look.to_owned()));
    }
}

#[test]
fn a_look_changes_nothing() {
    for code in [
        "kubectl get pods",
        "kubectl create namespace x",
        "systemctl status nginx",
        "redis-cli CONFIG SET requirepass x",
    ] {
        assert_eq!(savings(code), [], "{code}");
    }
}

#[test]
fn secrets_are_not_looked_at() {
    for code in ["kubectl delete secret tls", "kubectl patch secret/tls -p x", "kubectl label secrets tls a=b"] {
        assert_eq!(savings(code), [], "{code}");
    }
}

#[test]
fn what_is_not_known_before_it_runs_is_not_looked_at() {
    let code = "NAME=$(kubectl get deploy -o name | head -1)\nkubectl scale \"$NAME\" --replicas=0";
    assert_eq!(savings(code), []);
    assert_eq!(savings("for d in a b; do kubectl scale deployment \"$d\" --replicas=0; done"), []);
    assert_eq!(savings("kubectl scale \"$(kubectl get deploy -o name)\" --replicas=0"), []);
}

#[test]
fn each_thing_is_looked_at_once() {
    let code = "kubectl scale deployment/a --replicas=0\nkubectl scale deployment/b --replicas=0\nkubectl scale deployment/a --replicas=2";
    assert_eq!(savings(code).len(), 2);
}
