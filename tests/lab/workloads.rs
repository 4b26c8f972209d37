//! Deployments on a plain API server, as controllers and kubelets would leave them: the lab plays their part.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::{Kubernetes, kubernetes};

const NAMESPACE: &str = "shop";
const NODES: [&str; 2] = ["lab-node-1", "lab-node-2"];

/// The workloads of a small shop in the namespace `shop`.
pub struct Workloads {
    restarts: AtomicU32,
}

impl Workloads {
    pub const NAMESPACE: &'static str = NAMESPACE;
    /// Names and replicas.
    pub const DEPLOYMENTS: [(&'static str, u32); 3] = [("web", 3), ("checkout", 2), ("worker", 1)];

    /// Two nodes, `web` with three pods, `checkout` with two, `worker` with one.
    pub fn create(api: &Kubernetes) -> Workloads {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        api.request("POST", "/api/v1/namespaces", Some(namespace));
        for node in NODES {
            let body = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}});
            api.request("POST", "/api/v1/nodes", Some(body));
            // The admission plugin taints new nodes until their kubelet reports.
            let untaint = json!({"spec": {"taints": null}});
            api.request("PATCH", &format!("/api/v1/nodes/{node}"), Some(untaint));
            let status = json!({"status": {
                "capacity": {"cpu": "4", "memory": "16Gi", "pods": "110"},
                "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"},
                "conditions": [
                    {"type": "Ready", "status": "True", "reason": "KubeletReady"},
                    {"type": "MemoryPressure", "status": "False"},
                    {"type": "DiskPressure", "status": "False"},
                ],
            }});
            api.request("PATCH", &format!("/api/v1/nodes/{node}/status"), Some(status));
        }
        for (name, replicas) in Workloads::DEPLOYMENTS {
            deployment(api, name, replicas);
        }
        Workloads { restarts: AtomicU32::new(0) }
    }

    /// The first pod of `checkout` crashes again and again, as after a roll-out of a bad image.
    pub fn crash(&self, api: &Kubernetes) {
        let restarts = self.restarts.fetch_add(4, Ordering::Relaxed) + 4;
        let now = warroom::host::clock::now().to_string();
        let mut status = kubernetes::waiting("CrashLoopBackOff", restarts);
        status["containerStatuses"][0]["lastState"] =
            json!({"terminated": {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}});
        api.pod_status(NAMESPACE, &pod_name("checkout", 0), status);
        deployment_status(api, "checkout", 2, 1);
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"generateName": "checkout."},
            "involvedObject": {"kind": "Pod", "namespace": NAMESPACE, "name": pod_name("checkout", 0)},
            "type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container",
            "firstTimestamp": now, "lastTimestamp": now, "count": restarts,
            "source": {"component": "kubelet", "host": NODES[0]},
        });
        api.request("POST", &format!("/api/v1/namespaces/{NAMESPACE}/events"), Some(event));
    }

    /// Undoes [`Self::crash`].
    pub fn recover(&self, api: &Kubernetes) {
        let mut status = kubernetes::running();
        status["containerStatuses"][0]["restartCount"] = self.restarts.load(Ordering::Relaxed).into();
        api.pod_status(NAMESPACE, &pod_name("checkout", 0), status);
        deployment_status(api, "checkout", 2, 2);
    }
}

fn pod_name(deployment: &str, index: u32) -> String {
    format!("{}-{}", replica_set_name(deployment), ["x7k2p", "m4qzd", "t9w5c"][index as usize])
}

fn replica_set_name(deployment: &str) -> String {
    format!("{deployment}-6d4cf56db6")
}

fn deployment(api: &Kubernetes, name: &str, replicas: u32) {
    let labels = json!({"app": name});
    let template = json!({
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": format!("shop/{name}:1.4.2")}]},
    });
    let spec = json!({"replicas": replicas, "selector": {"matchLabels": labels}, "template": template});
    let apps = format!("/apis/apps/v1/namespaces/{NAMESPACE}");
    let body = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec});
    let made = api.request("POST", &format!("{apps}/deployments"), Some(body));
    let owner = owner(&made, "apps/v1", "Deployment");
    let set = replica_set_name(name);
    let metadata = json!({"name": set, "labels": labels, "ownerReferences": [owner]});
    let body = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec});
    let set = self::owner(&api.request("POST", &format!("{apps}/replicasets"), Some(body)), "apps/v1", "ReplicaSet");
    for index in 0..replicas {
        let pod = pod_name(name, index);
        let mut spec = template["spec"].clone();
        spec["nodeName"] = NODES[index as usize % NODES.len()].into();
        let metadata = json!({"name": pod, "labels": labels, "ownerReferences": [set]});
        let body = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        api.request("POST", &format!("/api/v1/namespaces/{NAMESPACE}/pods"), Some(body));
        api.pod_status(NAMESPACE, &pod, kubernetes::running());
    }
    deployment_status(api, name, replicas, replicas);
}

fn owner(made: &Value, version: &str, kind: &str) -> Value {
    let (name, uid) = (&made["metadata"]["name"], &made["metadata"]["uid"]);
    json!({"apiVersion": version, "kind": kind, "name": name, "uid": uid, "controller": true})
}

fn deployment_status(api: &Kubernetes, name: &str, replicas: u32, available: u32) {
    let status = json!({"status": {
        "replicas": replicas, "updatedReplicas": replicas, "readyReplicas": available, "availableReplicas": available,
        "unavailableReplicas": replicas - available,
    }});
    api.request("PATCH", &format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{name}/status"), Some(status));
}
