//! Kubernetes: a plain API server on etcd (objects, but no pods that run), and the whole cluster that `.ci/run` starts.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use kube::config::{KubeConfigOptions, Kubeconfig};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Certificates, Folder, Port, Process, background, need, process::START, wait_until};

/// An API server with RBAC and two users: `lab-admin`, who may everything, and `lab-viewer`, who may nothing.
pub struct Kubernetes {
    api: Option<Process>,
    _etcd: Process,
    etcd_port: Port,
    port: Port,
    certificates: Certificates,
    watch_cache: bool,
    folder: Folder,
}

impl Kubernetes {
    pub fn start() -> Kubernetes {
        Kubernetes::launch(true)
    }

    /// Without the watch cache, so that a watch resumed after [`Self::compact`] meets 410 Gone.
    pub fn start_without_watch_cache() -> Kubernetes {
        Kubernetes::launch(false)
    }

    fn launch(watch_cache: bool) -> Kubernetes {
        let folder = Folder::new();
        let (etcd_port, peer_port) = (Port::free(), Port::free());
        let (client, peer) = (local(&etcd_port), local(&peer_port));
        let mut command = Command::new(need::find("etcd").unwrap());
        command.current_dir(folder.path()).args([
            "--data-dir=etcd",
            "--unsafe-no-fsync",
            &format!("--listen-client-urls={client}"),
            &format!("--advertise-client-urls={client}"),
            &format!("--listen-peer-urls={peer}"),
            &format!("--initial-advertise-peer-urls={peer}"),
            &format!("--initial-cluster=default={peer}"),
        ]);
        let mut etcd = Process::spawn("etcd", command, folder.path());
        etcd.ready(|| super::prometheus::get(&format!("{client}/health")).is_some());

        let certificates = Certificates::new();
        let server = certificates.for_names(&["localhost", "127.0.0.1", "kubernetes.default.svc"]);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("api.crt", &server.chain_pem);
        write("api.key", &server.key_pem);
        write("api.pub", &server.public_key_pem);
        write("tokens.csv", "lab-admin,admin,1,system:masters\nlab-viewer,viewer,2,viewers\n");
        let port = Port::free();
        write("kubeconfig", &kubeconfig(port.number(), &certificates.ca_file()));
        let mut server = Kubernetes { api: None, _etcd: etcd, etcd_port, port, certificates, watch_cache, folder };
        server.run();
        server
    }

    /// Starts the API server again after [`Self::stop`], on the same port, and waits until it is ready.
    pub fn run(&mut self) {
        assert!(self.api.is_none(), "the API server runs already");
        let mut command = Command::new(need::find("kube-apiserver").unwrap());
        command.current_dir(self.folder.path()).args([
            &format!("--etcd-servers={}", local(&self.etcd_port)),
            &format!("--secure-port={}", self.port.number()),
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--tls-cert-file=api.crt",
            "--tls-private-key-file=api.key",
            "--service-account-key-file=api.pub",
            "--service-account-signing-key-file=api.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--token-auth-file=tokens.csv",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            "--max-requests-inflight=4000",
            "--max-mutating-requests-inflight=2000",
            &format!("--watch-cache={}", self.watch_cache),
        ]);
        let mut process = Process::spawn("kube-apiserver", command, self.folder.path());
        process.ready(|| self.try_request("GET", "/readyz", None).is_ok());
        self.api = Some(process);
        wait_until("the default namespace exists", START, || {
            self.try_request("GET", "/api/v1/namespaces/default", None).is_ok()
        });
    }

    /// Ends the API server; etcd keeps the objects.
    pub fn stop(&mut self) {
        if let Some(mut api) = self.api.take() {
            // A graceful end would wait for open watches.
            api.kill();
        }
    }

    /// Freezes the API server: connections are accepted by the kernel and never answered. [`Self::thaw`] undoes it.
    pub fn freeze(&self) {
        self.api.as_ref().expect("the API server runs").signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.api.as_ref().expect("the API server runs").signal(Signal::CONT);
    }

    /// A file with the contexts [`Cluster::CONTEXT`] and [`Cluster::VIEWER_CONTEXT`]; the former is the current one.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    pub fn ca_file(&self) -> PathBuf {
        self.certificates.ca_file()
    }

    /// Makes etcd forget all revisions but the present one.
    pub fn compact(&self) {
        let etcd = local(&self.etcd_port);
        background(async move {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let range = json!({"key": "AA==", "range_end": "AA==", "limit": 1, "keys_only": true});
            let answer = client.post(format!("{etcd}/v3/kv/range")).json(&range).send().await.unwrap();
            let answer: Value = answer.json().await.unwrap();
            let revision = answer.pointer("/header/revision").expect("etcd says its revision");
            let compaction = json!({"revision": revision, "physical": true});
            let answer = client.post(format!("{etcd}/v3/kv/compaction")).json(&compaction).send().await.unwrap();
            assert!(answer.status().is_success(), "etcd refuses to compact: {:?}", answer.text().await);
        });
    }

    fn cluster(&self) -> Cluster {
        Cluster { kubeconfig: self.kubeconfig() }
    }

    /// See [`Cluster::request`].
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.cluster().request(method, path, body)
    }

    /// See [`Cluster::try_request`].
    pub fn try_request(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        self.cluster().try_request(method, path, body)
    }

    /// Creates a pod as nobody but the test runs it: bound to no node, with the status given.
    pub fn pod(&self, namespace: &str, name: &str, labels: Value, status: Value) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": labels},
            "spec": {"containers": [{"name": "main", "image": "lab/app:1"}]},
        });
        self.request("POST", &format!("/api/v1/namespaces/{namespace}/pods"), Some(pod));
        self.pod_status(namespace, name, status);
    }

    /// Changes a pod's status, as its kubelet would.
    pub fn pod_status(&self, namespace: &str, name: &str, status: Value) {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/status");
        self.request("PATCH", &path, Some(json!({"status": status})));
    }
}

/// The status of a pod that runs and is ready.
pub fn running() -> Value {
    json!({
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{
            "name": "main", "image": "lab/app:1", "imageID": "", "ready": true, "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        }],
    })
}

/// The status of a pod whose container waits for a reason (`CrashLoopBackOff`, `ImagePullBackOff`).
pub fn waiting(reason: &str, restarts: u32) -> Value {
    json!({
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{
            "name": "main", "image": "lab/app:1", "imageID": "", "ready": false, "restartCount": restarts,
            "state": {"waiting": {"reason": reason, "message": "made by the lab"}},
        }],
    })
}

/// A cluster that is already there: the one named by `WARROOM_TEST_KUBECONFIG` (ask with `require!(lab::WHOLE_CLUSTER)`).
#[derive(Debug, Clone)]
pub struct Cluster {
    pub kubeconfig: PathBuf,
}

impl Cluster {
    pub const CONTEXT: &'static str = "lab";
    pub const VIEWER_CONTEXT: &'static str = "lab-viewer";

    /// The whole cluster: nodes, scheduler and controllers, so that a Deployment becomes running pods.
    pub fn whole() -> Cluster {
        let kubeconfig = env::var_os("WARROOM_TEST_KUBECONFIG").expect("the test has asked for WHOLE_CLUSTER");
        let cluster = Cluster { kubeconfig: kubeconfig.into() };
        wait_until("a node of the cluster is ready", std::time::Duration::from_secs(90), || {
            let nodes = cluster.request("GET", "/api/v1/nodes", None);
            let conditions =
                nodes["items"].as_array().into_iter().flatten().flat_map(|node| {
                    node.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten()
                });
            conditions.into_iter().any(|it| it["type"] == "Ready" && it["status"] == "True")
        });
        cluster
    }

    /// A client as the administrator, usable on the lab's runtime only ([`background`]).
    async fn client(kubeconfig: PathBuf) -> Result<kube::Client, String> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig).map_err(|error| error.to_string())?;
        let options = KubeConfigOptions { context: Some(Self::CONTEXT.into()), ..Default::default() };
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await;
        config
            .map_err(|error| error.to_string())
            .and_then(|config| kube::Client::try_from(config).map_err(|error| error.to_string()))
    }

    /// As the administrator: `request("POST", "/api/v1/namespaces", Some(json!({…})))`. Patches are strategic merge patches.
    /// Panics when the server refuses.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        self.try_request(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// [`Self::request`] with the server's message when it refuses.
    pub fn try_request(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let content = if method == "PATCH" { "application/strategic-merge-patch+json" } else { "application/json" };
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = hyper::Request::builder().method(method).uri(path).header("content-type", content).body(body);
        let (request, kubeconfig) = (request.unwrap(), self.kubeconfig.clone());
        background(async move {
            let client = Cluster::client(kubeconfig).await?;
            let answer = client.request_text(request).await.map_err(|error| error.to_string())?;
            Ok(serde_json::from_str(&answer).unwrap_or(Value::String(answer)))
        })
    }

    /// Makes a namespace of its own for a test, deleted when the value is dropped.
    pub fn namespace(&self) -> Namespace {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "test-"}});
        let made = self.request("POST", "/api/v1/namespaces", Some(body));
        let name = made.pointer("/metadata/name").and_then(Value::as_str).unwrap().to_owned();
        Namespace { cluster: self.clone(), name }
    }
}

/// A namespace for one test.
#[derive(Debug)]
pub struct Namespace {
    cluster: Cluster,
    pub name: String,
}

impl Namespace {
    /// Creates a Deployment with one container named `main`.
    pub fn deployment(&self, name: &str, image: &str, replicas: u32) {
        let body = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {
                "replicas": replicas, "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "main", "image": image}]},
                },
            },
        });
        self.cluster.request("POST", &format!("/apis/apps/v1/namespaces/{}/deployments", self.name), Some(body));
    }

    /// How many replicas of a Deployment are available.
    pub fn available(&self, deployment: &str) -> u64 {
        let path = format!("/apis/apps/v1/namespaces/{}/deployments/{deployment}", self.name);
        let object = self.cluster.request("GET", &path, None);
        object.pointer("/status/availableReplicas").and_then(Value::as_u64).unwrap_or(0)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.cluster.try_request("DELETE", &format!("/api/v1/namespaces/{}", self.name), None);
    }
}

fn local(port: &Port) -> String {
    format!("http://127.0.0.1:{}", port.number())
}

fn kubeconfig(port: u16, ca_file: &Path) -> String {
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: lab
  cluster: {{server: \"https://127.0.0.1:{port}\", certificate-authority: \"{}\"}}
users:
- {{name: admin, user: {{token: lab-admin}}}}
- {{name: viewer, user: {{token: lab-viewer}}}}
contexts:
- {{name: lab, context: {{cluster: lab, user: admin}}}}
- {{name: lab-viewer, context: {{cluster: lab, user: viewer}}}}
current-context: lab
",
        ca_file.display(),
    )
}
