//! A small platform of real servers, and the pack that describes it.

use std::{fs, path::PathBuf};

use serde_json::json;

use super::lab::{self, Answer, Folder, Http, Kubernetes, Postgres, Prometheus, Redis};

/// The pods of the platform, by name.
pub fn pods() -> [&'static str; 3] {
    ["portal-1", "portal-2", "worker-1"]
}

pub struct Platform {
    pub primary: Postgres,
    pub replica: Postgres,
    pub redis: Redis,
    pub web: Http,
    pub prometheus: Prometheus,
    pub kubernetes: Kubernetes,
    folder: Folder,
}

impl Platform {
    pub fn start() -> Platform {
        let primary = Postgres::start();
        let replica = primary.replica();
        let web = Http::start();
        web.on("/health", Answer::text("fine"));
        let prometheus = Prometheus::scraping(&[web.address()]);
        let kubernetes = Kubernetes::start();
        for pod in pods() {
            kubernetes.pod("default", pod, json!({"app": "portal"}), lab::running());
        }
        Platform { primary, replica, redis: Redis::start(), web, prometheus, kubernetes, folder: Folder::new() }
    }

    /// Writes the pack and returns its folder.
    pub fn pack(&self) -> PathBuf {
        let text = format!(
            r#"
[platform]
name = "lab"
title = "The lab"

[environments.lab]
kube_context = "lab"

[[probes]]
id = "pods"
panel = "pods"
kind = "kubernetes"
kubeconfig = "{kubeconfig}"
namespaces = ["default"]
every = "1s"

[[probes]]
id = "primary"
panel = "database"
kind = "postgres"
url = "{primary}"
every = "1s"

[[probes]]
id = "replication"
panel = "replication"
kind = "replication"
primary = "{primary}"
replicas = ["{replica}"]
every = "1s"

[[probes]]
id = "redis"
panel = "redis"
kind = "redis"
url = "{redis}"
every = "1s"

[[probes]]
id = "portal"
panel = "portal"
kind = "http"
url = "{portal}"
every = "1s"

[[probes]]
id = "prometheus"
panel = "error-rate"
kind = "prometheus"
server = "{prometheus}"
query = "vector(1)"
every = "1s"
"#,
            kubeconfig = self.kubernetes.kubeconfig().display(),
            primary = self.primary.url(),
            replica = self.replica.url(),
            redis = self.redis.url(),
            portal = self.web.url("/health"),
            prometheus = self.prometheus.url(),
        );
        let folder = self.folder.path().join("lab");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("platform.toml"), text).unwrap();
        folder
    }
}
