//! The states that the workloads of a namespace can be in, each made on a real API server, and what the probe says of it.

use serde_json::{Value, json};
use warroom::{health::Status, host::clock};

use crate::{
    kubernetes::{Choice, sweep},
    lab::{self, Kubernetes, running},
};

const REFUSED: &str = "pods \"x\" is forbidden: exceeded quota: q";

/// One namespace of the API server, named after the state.
struct Place<'a> {
    server: &'a Kubernetes,
    name: &'a str,
}

impl Place<'_> {
    fn apps(&self, plural: &str) -> String {
        format!("/apis/apps/v1/namespaces/{}/{plural}", self.name)
    }

    /// A workload that wants so many, and of which so many are ready.
    fn workload(&self, kind: &str, name: &str, wanted: u32, ready: u32, status: Value, metadata: Value) {
        let mut object = json!({
            "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
            "spec": {
                "replicas": wanted, "serviceName": "x", "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "main", "image": "a:1"}]}},
            },
        });
        merge(&mut object["metadata"], metadata);
        let path = self.apps(&format!("{}s", kind.to_lowercase()));
        self.server.request("POST", &path, Some(object));
        let mut counts = json!({"replicas": wanted, "readyReplicas": ready, "availableReplicas": ready});
        merge(&mut counts, status);
        self.server.request("PATCH", &format!("{path}/{name}/status"), Some(json!({"status": counts})));
    }

    fn deployment(&self, wanted: u32, ready: u32, status: Value) {
        self.workload("Deployment", "api", wanted, ready, status, json!({}));
    }

    /// What Argo Rollouts makes for one revision.
    fn revision(&self, hash: &str, wanted: u32, ready: u32) {
        let labels = json!({"labels": {"app": "checkout", "rollouts-pod-template-hash": hash}});
        self.workload("ReplicaSet", &format!("checkout-{hash}"), wanted, ready, json!({}), labels);
        for number in 0..wanted {
            let owner = ("ReplicaSet", format!("checkout-{hash}"));
            let labels = json!({"rollouts-pod-template-hash": hash});
            self.pod(&format!("{hash}-{number}"), owner, labels, json!({}), served(number < ready));
        }
    }

    fn pod(&self, name: &str, owner: (&str, String), labels: Value, spec: Value, status: Value) {
        let (kind, owner) = owner;
        let mut object = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": labels, "ownerReferences": [
                {"apiVersion": "example.com/v1", "kind": kind, "name": owner, "uid": "u", "controller": true}]},
            "spec": {"containers": [{"name": "main", "image": "a:1"}]},
        });
        merge(&mut object["spec"], spec);
        let path = format!("/api/v1/namespaces/{}/pods", self.name);
        self.server.request("POST", &path, Some(object));
        self.server.request("PATCH", &format!("{path}/{name}/status"), Some(json!({"status": status})));
    }

    /// What a controller says when the API server refuses its pods.
    fn refused(&self, kind: &str, name: &str) {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"generateName": "e-"}, "type": "Warning",
            "involvedObject": {"kind": kind, "namespace": self.name, "name": name},
            "reason": "FailedCreate", "message": REFUSED, "count": 4,
            "lastTimestamp": clock::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        self.server.request("POST", &format!("/api/v1/namespaces/{}/events", self.name), Some(event));
    }
}

fn merge(into: &mut Value, more: Value) {
    into.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

fn served(ready: bool) -> Value {
    let mut status = running();
    if !ready {
        status["conditions"][0]["status"] = "False".into();
        status["containerStatuses"][0]["ready"] = false.into();
    }
    status
}

fn failure() -> Value {
    json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": REFUSED}]})
}

type Make = fn(&Place<'_>);

/// State, how it is made, what is said of it. A quota's refusal is told by the ReplicaSet's condition, and by events where a
/// controller has no such condition.
const STATES: [(&str, Make, Status, &str); 14] = [
    (
        "serves",
        |at| {
            at.deployment(2, 2, json!({}));
            for name in ["api-5d-1", "api-5d-2"] {
                let owner = ("ReplicaSet", "api-5d".to_owned());
                at.pod(name, owner, json!({"pod-template-hash": "5d"}), json!({}), served(true));
            }
        },
        Status::Ok,
        "2/2 ready",
    ),
    ("scaled-to-0", |at| at.deployment(0, 0, json!({})), Status::Warn, "deployment/api is scaled to 0"),
    ("none-ready", |at| at.deployment(3, 0, json!({})), Status::Down, "deployment/api has 0/3 ready"),
    (
        "none-allowed",
        |at| at.deployment(3, 0, failure()),
        Status::Down,
        "deployment/api has 0/3 ready: pods \"x\" is forbidden: exceeded quota: q",
    ),
    (
        "some-allowed",
        |at| {
            at.deployment(2, 1, failure());
            at.pod("api-1", ("Other", "o".to_owned()), json!({}), json!({}), served(true));
        },
        Status::Warn,
        "1/1 ready, deployment/api has 1/2: pods \"x\" is forbidden: exceeded quota: q",
    ),
    ("rollout", |at| at.revision("6d588fb886", 3, 0), Status::Down, "rollout/checkout has 0/3 ready"),
    (
        "canary",
        |at| {
            at.revision("6d588fb886", 3, 3);
            at.revision("7f9c", 1, 0);
            at.revision("older", 0, 0);
        },
        Status::Warn,
        "3/4 ready",
    ),
    (
        "bare-set",
        |at| at.workload("ReplicaSet", "legacy", 3, 0, failure(), json!({})),
        Status::Down,
        "replicaset/legacy has 0/3 ready: pods \"x\" is forbidden: exceeded quota: q",
    ),
    (
        "stateful-set",
        |at| {
            at.workload("StatefulSet", "db", 2, 1, json!({}), json!({}));
            at.pod("db-0", ("StatefulSet", "db".to_owned()), json!({}), json!({}), served(true));
            at.refused("StatefulSet", "db");
        },
        Status::Warn,
        "1/1 ready, statefulset/db has 1/2: pods \"x\" is forbidden: exceeded quota: q",
    ),
    (
        "operator",
        |at| {
            for number in 0..2 {
                let owner = ("StrimziPodSet", "kafka".to_owned());
                at.pod(&format!("kafka-{number}"), owner, json!({}), json!({}), served(false));
            }
        },
        Status::Down,
        "strimzipodset/kafka has 0/2 ready",
    ),
    (
        "operator-refused",
        |at| at.refused("CloneSet", "web"),
        Status::Down,
        "cloneset/web has no pods: pods \"x\" is forbidden: exceeded quota: q",
    ),
    (
        "static-pods",
        |at| {
            at.pod("proxy-n1", ("Node", "n1".to_owned()), json!({}), json!({}), served(false));
            at.pod("proxy-n2", ("Node", "n2".to_owned()), json!({}), json!({}), served(true));
        },
        Status::Warn,
        "1/2 ready",
    ),
    (
        "jobs",
        |at| {
            let ends = || json!({"restartPolicy": "Never"});
            let job = |name: &str| ("Job", name.to_owned());
            at.pod("done", job("nightly-1"), json!({}), ends(), json!({"phase": "Succeeded"}));
            at.pod("waits", job("nightly-2"), json!({}), ends(), json!({"phase": "Pending"}));
            at.pod("runs", job("nightly-3"), json!({}), ends(), served(false));
        },
        Status::Ok,
        "1/1 ready",
    ),
    (
        "job-refused",
        |at| at.refused("Job", "migrate"),
        Status::Warn,
        "0/0 ready, job/migrate has no pods: pods \"x\" is forbidden: exceeded quota: q",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_controller_that_owns_pods_counts_like_a_deployment() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    for (name, make, ..) in STATES {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        server.request("POST", "/api/v1/namespaces", Some(namespace));
        make(&Place { server: &server, name });
    }
    let mut wrong = Vec::new();
    for (name, _, status, sentence) in STATES {
        let seen = sweep(&*Choice::of(server.kubeconfig()).namespaces(&[name]).probe()).await;
        if (seen.verdict, seen.summary.as_str()) != (status, sentence) {
            wrong.push(format!("{name}: {} {}", seen.verdict, seen.summary));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
