//! A whole cluster by a `kube-lab` script (`up`, `down`, `--nodes`, `--dir`, `--port`): Deployments become running pods.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::{Cluster, Folder, Port, Proxy, Workloads, kubernetes, process::reaper, wait_until};

/// A running cluster, reached through a proxy so that its API can be taken away.
pub struct WholeCluster {
    script: PathBuf,
    /// Straight to the API server.
    direct: Cluster,
    proxy: Proxy,
    folder: Folder,
    _port: Port,
}

impl WholeCluster {
    /// Starts two nodes with `web`, `checkout` and `worker` on them, and waits until they run.
    pub fn start(script: &Path) -> WholeCluster {
        let (folder, port) = (Folder::new(), Port::free());
        let dir = folder.path().join("cluster");
        let up = Command::new(script)
            .args(["up", "--nodes", "2", "--port", &port.number().to_string(), "--dir"])
            .arg(&dir)
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", script.display()));
        assert!(up.status.success(), "{} up failed:\n{}", script.display(), String::from_utf8_lossy(&up.stderr));
        // Each of its servers leads a process group of its own.
        for pid in fs::read_to_string(dir.join("pids")).unwrap().lines() {
            reaper(&format!("watch {pid}"));
        }
        let proxy = Proxy::to(port.number());
        let direct = Cluster { kubeconfig: dir.join("kubeconfig") };
        let through_proxy = fs::read_to_string(&direct.kubeconfig).unwrap();
        let through_proxy = through_proxy.replace(&format!(":{}", port.number()), &format!(":{}", proxy.port()));
        fs::write(folder.path().join("kubeconfig"), through_proxy).unwrap();
        let cluster = WholeCluster { script: script.to_owned(), direct, proxy, folder, _port: port };
        cluster.fill();
        cluster
    }

    /// Of the way through the proxy.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// Takes the API away.
    pub fn stop(&mut self) {
        self.proxy.cut();
    }

    pub fn run(&mut self) {
        self.proxy.mend();
    }

    /// Rolls out an image that crashes: the new pod of `checkout` never becomes ready.
    pub fn crash(&self) {
        // No scheduler takes it, so that no (simulated) kubelet calls it running; the lab says what a real one would.
        self.roll_out("shop/checkout:1.4.3", "nobody");
        let pods = format!("/api/v1/namespaces/{}/pods?labelSelector=app%3Dcheckout", Workloads::NAMESPACE);
        let mut crashing = String::new();
        wait_until("the new pod is there", Duration::from_secs(60), || {
            let found = self.direct.request("GET", &pods, None);
            let items = found["items"].as_array().cloned().unwrap_or_default();
            let new = items.iter().find(|pod| pod["spec"]["schedulerName"] == "nobody");
            crashing = new.and_then(|pod| pod["metadata"]["name"].as_str()).unwrap_or_default().to_owned();
            !crashing.is_empty()
        });
        let path = format!("/api/v1/namespaces/{}/pods/{crashing}/status", Workloads::NAMESPACE);
        let status = kubernetes::waiting("CrashLoopBackOff", 4);
        self.direct.request("PATCH", &path, Some(json!({"status": status})));
    }

    /// Rolls back.
    pub fn recover(&self) {
        self.roll_out("shop/checkout:1.4.2", "default-scheduler");
    }

    fn roll_out(&self, image: &str, scheduler: &str) {
        let template =
            json!({"spec": {"schedulerName": scheduler, "containers": [{"name": "checkout", "image": image}]}});
        let path = format!("{}/checkout", deployments());
        self.direct.request("PATCH", &path, Some(json!({"spec": {"template": template}})));
    }

    fn fill(&self) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": Workloads::NAMESPACE}});
        self.direct.request("POST", "/api/v1/namespaces", Some(namespace));
        for (name, replicas) in Workloads::DEPLOYMENTS {
            let body = json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
                "spec": {
                    "replicas": replicas, "selector": {"matchLabels": {"app": name}},
                    "template": {
                        "metadata": {"labels": {"app": name}},
                        "spec": {"containers": [{"name": name, "image": format!("shop/{name}:1.4.2")}]},
                    },
                },
            });
            self.direct.request("POST", &deployments(), Some(body));
        }
        for (name, replicas) in Workloads::DEPLOYMENTS {
            let path = format!("{}/{name}", deployments());
            wait_until(&format!("{name} runs"), Duration::from_secs(120), || {
                let found = self.direct.request("GET", &path, None);
                found.pointer("/status/availableReplicas").and_then(Value::as_u64) == Some(replicas.into())
            });
        }
    }
}

impl Drop for WholeCluster {
    fn drop(&mut self) {
        let down = Command::new(&self.script).args(["down", "--dir"]).arg(self.folder.path().join("cluster")).status();
        if !down.is_ok_and(|status| status.success()) {
            eprintln!("{} down failed; the reaper ends the cluster", self.script.display());
        }
    }
}

fn deployments() -> String {
    format!("/apis/apps/v1/namespaces/{}/deployments", Workloads::NAMESPACE)
}
