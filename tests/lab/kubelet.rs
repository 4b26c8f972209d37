//! A node of the whole cluster that the lab plays itself: its pods run at once, and their logs can be read.
//!
//! The nodes of `kube-lab` have no containers, and nothing answers on their port: `kubectl logs` finds nobody there. The API
//! server, the scheduler and the controllers that this node works with are real.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Answer, Certificates, Cluster, Http, kubernetes::running, wait_until};

/// How often it looks after its pods.
const LOOK: Duration = Duration::from_millis(150);
/// How often it says that it is alive; the cluster gives it up after 60 seconds.
const HEARTBEAT: Duration = Duration::from_secs(10);
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/// The node, gone when the value is dropped.
pub struct Kubelet {
    cluster: Cluster,
    name: String,
    logs: Arc<Http>,
    stop: Arc<AtomicBool>,
    work: Option<JoinHandle<()>>,
    _certificates: Certificates,
}

impl Kubelet {
    /// Registers a node. Only pods that ask for it by [`Kubelet::name`] (label `kubernetes.io/hostname`) come to it.
    pub fn start(cluster: &Cluster) -> Kubelet {
        let certificates = Certificates::new();
        let logs = Arc::new(Http::start_tls(certificates.valid(1)));
        let name = format!("lab-played-{}", logs.port());
        let taint = json!([{"key": "lab", "value": "played", "effect": "NoSchedule"}]);
        let labels = json!({"kubernetes.io/hostname": name});
        let room = json!({"cpu": "64", "memory": "64Gi", "pods": "500"});
        // Ready from the start: other tests look at the same cluster.
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": labels}, "spec": {"taints": taint},
            "status": {
                "capacity": room, "allocatable": room,
                // Without a host name, which the API server would rather look up.
                "addresses": [{"type": "InternalIP", "address": Ipv4Addr::LOCALHOST.to_string()}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": logs.port()}},
                "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatTime": now()}],
            },
        });
        forget_the_dead(cluster);
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name},
            "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now()},
        });
        let (cluster, stop) = (cluster.clone(), Arc::new(AtomicBool::new(false)));
        cluster.request("POST", LEASES, Some(lease));
        cluster.request("POST", "/api/v1/nodes", Some(node));
        wait_until("the node takes pods", Duration::from_secs(30), || {
            let node = cluster.request("GET", &format!("/api/v1/nodes/{name}"), None);
            let taints = node.pointer("/spec/taints").and_then(Value::as_array);
            taints.is_none_or(|taints| taints.iter().all(|taint| taint["key"] == "lab"))
        });
        let work = std::thread::spawn({
            let (cluster, name, logs, stop) = (cluster.clone(), name.clone(), logs.clone(), stop.clone());
            move || look_after(&cluster, &name, &logs, &stop)
        });
        Kubelet { cluster, name, logs, stop, work: Some(work), _certificates: certificates }
    }

    /// What `kubernetes.io/hostname` has to be of pods for this node. They have to tolerate the taint `lab=played:NoSchedule`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From now on the pod's container has had an earlier instance, which logged this.
    pub fn had_earlier_instance(&self, namespace: &str, pod: &str, container: &str, lines: &str) {
        let log = format!("/containerLogs/{namespace}/{pod}/{container}");
        self.logs.on_query(&log, "previous=true", Answer::text(lines));
    }

    /// Nobody answers for this container's logs any more.
    pub fn lose_logs_of(&self, namespace: &str, pod: &str, container: &str) {
        self.logs.on(&format!("/containerLogs/{namespace}/{pod}/{container}"), Answer::new(503, "not now\n"));
    }

    /// Nobody answers for logs any more, as when the node's network is gone.
    pub fn lose_logs(&self) {
        self.logs.refuse(true);
    }

    pub fn find_logs(&self) {
        self.logs.refuse(false);
    }
}

/// Removes the nodes of tests that were killed: nobody says any more that they are alive, and the cluster has given them up.
fn forget_the_dead(cluster: &Cluster) {
    let nodes = cluster.request("GET", "/api/v1/nodes", None);
    for node in nodes["items"].as_array().into_iter().flatten() {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        let conditions = node["status"]["conditions"].as_array();
        let given_up = |all: &Vec<Value>| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "Unknown");
        if name.starts_with("lab-played-") && conditions.is_some_and(given_up) {
            // Another test may have been faster.
            let _ = cluster.try_request("DELETE", &format!("/api/v1/nodes/{name}"), None);
        }
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(work) = self.work.take() {
            let _ = work.join();
        }
        let _ = self.cluster.try_request("DELETE", &format!("/api/v1/nodes/{}", self.name), None);
        let _ = self.cluster.try_request("DELETE", &format!("{LEASES}/{}", self.name), None);
    }
}

/// Runs what was bound to the node, ends what is to end, and stays alive, until it is told to stop.
fn look_after(cluster: &Cluster, name: &str, logs: &Http, stop: &AtomicBool) {
    let mut beaten = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let bound = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{name}");
        // A pod or a whole namespace may go away at any moment: what is refused is looked at again the next time.
        let pods = cluster.try_request("GET", &bound, None).unwrap_or_default();
        for pod in pods["items"].as_array().into_iter().flatten() {
            attend(cluster, pod, logs);
        }
        if beaten.elapsed() > HEARTBEAT {
            beaten = Instant::now();
            let renewed = json!({"spec": {"renewTime": now()}});
            let _ = cluster.try_request("PATCH", &format!("{LEASES}/{name}"), Some(renewed));
        }
        std::thread::sleep(LOOK);
    }
}

fn attend(cluster: &Cluster, pod: &Value, logs: &Http) {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    if pod.pointer("/metadata/deletionTimestamp").is_some() {
        let at_once = json!({"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0});
        let _ = cluster.try_request("DELETE", &path, Some(at_once));
        return;
    }
    if text("/status/phase") == "Running" {
        return;
    }
    let mut status = running();
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<&str> = containers.filter_map(|container| container["name"].as_str()).collect();
    let template = status["containerStatuses"][0].take();
    let of = |name: &&str| {
        let mut status = template.clone();
        status["name"] = (*name).into();
        status
    };
    status["containerStatuses"] = names.iter().map(of).collect();
    // Endpoints may not be on the loopback. Nothing asks this address, which is one for documentation.
    status["podIP"] = "192.0.2.1".into();
    for container in names {
        let at = now();
        let lines = format!("{at} listening on :8080\n{at} GET /api/health 200\n{at} GET /invoices 500 {name}\n");
        let log = format!("/containerLogs/{namespace}/{name}/{container}");
        logs.on(&log, Answer::text(lines));
        let none = format!("previous terminated container \"{container}\" in pod \"{name}\" not found");
        logs.on_query(&log, "previous=true", Answer::new(400, none));
    }
    let _ = cluster.try_request("PATCH", &format!("{path}/status"), Some(json!({"status": status})));
}

/// With microseconds, as leases have it.
fn now() -> String {
    format!("{:.6}", warroom::host::clock::now())
}
