//! Five thousand pods watched while twenty of them change each second.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};

use crate::{
    Row,
    lab::{KUBERNETES, Kubernetes, TerminalOptions, background, missing, running},
    process,
};

const PODS: usize = 5000;
const CHANGES_A_SECOND: u64 = 20;

pub(crate) fn rows() -> Vec<Row> {
    if let Some(reason) = missing(&[KUBERNETES]) {
        return vec![Row::told("5,000 pods", format!("not measured: {reason}"))];
    }
    let api = Kubernetes::start();
    fill(&api);
    let changes = Arc::new(AtomicU64::new(0));
    let changing = change(&api, changes.clone());
    let kubeconfig = api.kubeconfig().display().to_string();
    let (_folder, pack) = process::pack(&format!(
        "[[probes]]\nid = \"pods\"\nkind = \"kubernetes\"\nkubeconfig = \"{kubeconfig}\"\nnamespaces = [\"*\"]\n"
    ));
    let terminal = TerminalOptions::warroom(&["--pack", pack.to_str().unwrap()]).size(120, 40).start();
    let counted = |screen: &str| screen.contains("5000") || screen.contains("5,000");
    terminal.wait_within(Duration::from_secs(60), "the pods are counted", counted);
    let first = terminal.first_time(counted).expect("it was just seen").as_secs_f64();
    std::thread::sleep(Duration::from_secs(10));
    const SPAN: Duration = Duration::from_secs(20);
    let (cpu, changed, start) = (process::cpu_seconds(terminal.id()), changes.load(Ordering::Relaxed), Instant::now());
    std::thread::sleep(SPAN);
    let span = start.elapsed().as_secs_f64();
    let cpu = (process::cpu_seconds(terminal.id()) - cpu) / span * 100.0;
    let rate = (changes.load(Ordering::Relaxed) - changed) as f64 / span;
    let memory = process::memory_mb(terminal.id(), "VmRSS").expect("the console runs");
    let peak = process::memory_mb(terminal.id(), "VmHWM").expect("the console runs");
    let mut rows = vec![
        Row::at_most("5,000 pods: resident memory", 60.0, memory, "MB"),
        Row::at_most(&format!("5,000 pods: one core, at {rate:.0} changes/s"), 3.0, cpu, "%"),
        Row::at_most("5,000 pods: start → first counts", 1.5, first, "s"),
        Row::told("  the most memory there ever was", format!("{peak:.0} MB")),
    ];
    rows.extend(kubectl(&kubeconfig));
    changing.abort();
    rows
}

/// The peer: one listing by `kubectl`, when it is installed.
fn kubectl(kubeconfig: &str) -> Option<Row> {
    let start = Instant::now();
    let mut child = Command::new("kubectl")
        .args(["--kubeconfig", kubeconfig, "get", "pods", "--all-namespaces"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut peak = 0.0_f64;
    while child.try_wait().ok()?.is_none() {
        peak = peak.max(process::memory_mb(child.id(), "VmHWM").unwrap_or(0.0));
        std::thread::sleep(Duration::from_millis(5));
    }
    let seconds = start.elapsed().as_secs_f64();
    Some(Row::told("  `kubectl get pods`, for comparison", format!("{seconds:.1} s, {peak:.0} MB")))
}

fn name(index: usize) -> String {
    format!("web-{:03}-{:05}", index / 50, index)
}

fn client(api: &Kubernetes) -> impl Future<Output = kube::Client> + Send + 'static {
    let path = api.kubeconfig();
    async move {
        let kubeconfig = Kubeconfig::read_from(path).unwrap();
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        kube::Client::try_from(config).unwrap()
    }
}

async fn send(client: &kube::Client, method: &str, path: String, body: Value) {
    let content = if method == "PATCH" { "application/strategic-merge-patch+json" } else { "application/json" };
    let request = hyper::Request::builder().method(method).uri(path).header("content-type", content);
    let request = request.body(body.to_string().into_bytes()).unwrap();
    client.request_text(request).await.unwrap();
}

/// Pods as large as real ones: environment, probes, volumes, managed fields.
fn fill(api: &Kubernetes) {
    let client = client(api);
    background(async move {
        let client = client.await;
        let environment: Vec<Value> =
            (0..12).map(|n| json!({"name": format!("SETTING_{n}"), "value": "x".repeat(40)})).collect();
        stream::iter(0..PODS)
            .for_each_concurrent(16, |index| {
                let (client, environment) = (client.clone(), &environment);
                async move {
                    let name = name(index);
                    let pod = json!({
                        "apiVersion": "v1", "kind": "Pod",
                        "metadata": {
                            "name": name, "labels": {"app": format!("web-{:03}", index / 50)},
                            "annotations": {"checksum/config": "0".repeat(64)},
                        },
                        "spec": {
                            "nodeName": format!("node-{}", index % 50),
                            "containers": [{
                                "name": "main", "image": "registry.example/shop/web:1.4.2", "env": environment,
                                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}},
                                "livenessProbe": {"httpGet": {"path": "/live", "port": 8080}},
                                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                            }],
                        },
                    });
                    send(&client, "POST", "/api/v1/namespaces/default/pods".into(), pod).await;
                    let path = format!("/api/v1/namespaces/default/pods/{name}/status");
                    send(&client, "PATCH", path, json!({"status": running()})).await;
                }
            })
            .await;
    });
}

/// Changes the restart count of one pod after the other.
fn change(api: &Kubernetes, done: Arc<AtomicU64>) -> tokio::task::AbortHandle {
    let client = client(api);
    background(async move {
        let client = client.await;
        let work = async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(1000 / CHANGES_A_SECOND));
            for turn in 0.. {
                ticks.tick().await;
                let mut status = running();
                status["containerStatuses"][0]["restartCount"] = (turn / PODS + 1).into();
                let path = format!("/api/v1/namespaces/default/pods/{}/status", name(turn * 7 % PODS));
                send(&client, "PATCH", path, json!({"status": status})).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        tokio::spawn(work).abort_handle()
    })
}
