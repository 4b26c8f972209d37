//! The kubernetes probe against a real API server: what it says of pods, of itself, and of a server that is gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use warroom::{
    health::{Observation, Status},
    host::{clock, secret::SecretStore},
    platform::{Environment, ProbeSpec, ProbeTarget, SecretText},
    probe::{self, Inquiry, Look, Probe, Surroundings},
};

use crate::{
    lab::{self, Cluster, Kubernetes, Proxy, running, waiting},
    look,
};

const SOON: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(2);

/// What a test chooses of a probe.
pub(crate) struct Choice {
    kubeconfig: std::path::PathBuf,
    context: Option<&'static str>,
    pinned: Option<&'static str>,
    namespaces: Vec<String>,
    selector: Option<&'static str>,
}

impl Choice {
    pub(crate) fn of(kubeconfig: std::path::PathBuf) -> Choice {
        Choice { kubeconfig, context: None, pinned: None, namespaces: vec!["default".into()], selector: None }
    }

    pub(crate) fn namespaces(mut self, names: &[&str]) -> Choice {
        self.namespaces = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    fn selector(mut self, selector: &'static str) -> Choice {
        self.selector = Some(selector);
        self
    }

    fn context(mut self, context: &'static str) -> Choice {
        self.context = Some(context);
        self
    }

    fn pinned(mut self, context: &'static str) -> Choice {
        self.pinned = Some(context);
        self
    }

    pub(crate) fn probe(self) -> Box<dyn Probe> {
        let target = ProbeTarget::Kubernetes {
            context: self.context.map(str::to_owned),
            kubeconfig: Some(SecretText::Literal(self.kubeconfig.display().to_string())),
            namespaces: self.namespaces,
            selector: self.selector.map(str::to_owned),
        };
        let spec = ProbeSpec { connect_timeout: CONNECT, ..look::spec(target) };
        let environment = Environment { kube_context: self.pinned.map(str::to_owned), ..Environment::default() };
        let secrets = Arc::new(SecretStore::new(""));
        probe::build(&spec, &Surroundings { environment, base: "".into(), secrets, simulation: None })
    }
}

/// One look of a console that watches.
async fn see(probe: &dyn Probe) -> Observation {
    probe.observe(&Look::new(CONNECT, clock::now(), false)).await
}

/// One look of a sweep.
pub(crate) async fn sweep(probe: &dyn Probe) -> Observation {
    probe.observe(&Look::new(CONNECT, clock::now(), true)).await
}

/// Looks until the summary has the text; fails with the last observation.
pub(crate) async fn see_until(probe: &dyn Probe, text: &str) -> Observation {
    see_when(probe, text, |seen| seen.summary.contains(text)).await
}

/// Looks until what is seen is as wanted.
async fn see_when(probe: &dyn Probe, what: &str, wanted: impl Fn(&Observation) -> bool) -> Observation {
    let start = Instant::now();
    loop {
        let seen = see(probe).await;
        if wanted(&seen) {
            return seen;
        }
        assert!(start.elapsed() < SOON, "waited in vain for {what:?}, last seen {:?}: {}", seen.verdict, seen.summary);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn at<'a>(seen: &'a Observation, pointer: &str) -> &'a Value {
    let (first, rest) =
        pointer.trim_start_matches('/').split_once('/').unwrap_or((pointer.trim_start_matches('/'), ""));
    let value = seen.details.get(first).unwrap_or(&Value::Null);
    if rest.is_empty() { value } else { value.pointer(&format!("/{rest}")).unwrap_or(&Value::Null) }
}

/// The row of a table whose `name` is this.
#[track_caller]
fn row<'a>(seen: &'a Observation, table: &str, name: &str) -> &'a Value {
    let rows = at(seen, table).as_array().unwrap_or_else(|| panic!("no table {table} in {:?}", seen.details));
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name} in {table}: {rows:?}"))
}

fn app(name: &str) -> Value {
    json!({ "app": name })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_of_a_pod_has_the_word_that_the_field_uses() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    let probe = Choice::of(server.kubeconfig()).probe();
    let seen = see(&*probe).await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Unknown, "no pods in namespace default"));

    server.pod("default", "loops", app("a"), {
        let mut status = waiting("CrashLoopBackOff", 7);
        let finished = clock::now().to_string();
        status["containerStatuses"][0]["lastState"] =
            json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": finished}});
        status
    });
    server.pod("default", "no-image", app("a"), waiting("ImagePullBackOff", 0));
    server.pod("default", "no-config", app("a"), waiting("CreateContainerConfigError", 0));
    server.pod(
        "default",
        "no-room",
        app("a"),
        json!({"phase": "Pending", "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/2 nodes are available: 2 Insufficient cpu.",
        }]}),
    );
    server.pod("default", "done", app("a"), json!({"phase": "Succeeded"}));
    server.pod(
        "default",
        "evicted",
        app("a"),
        json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}),
    );
    server.pod("default", "unready", app("a"), {
        let mut status = running();
        status["conditions"][0] = json!({
            "type": "Ready", "status": "False", "reason": "ContainersNotReady",
            "message": "containers with unready status: [main]",
        });
        status["containerStatuses"][0]["ready"] = json!(false);
        status
    });
    server.pod("default", "fine", app("a"), running());

    let seen = see_until(&*probe, "1/6 ready").await;
    assert_eq!(seen.verdict, Status::Warn, "{}", seen.summary);
    assert_eq!(seen.summary, "1/6 ready, 1 crashloop, 1 OOM killed, 1 image pull");
    for (name, word, message) in [
        ("loops", "CrashLoopBackOff", "container main: last exit 137 (OOMKilled)"),
        ("no-image", "ImagePullBackOff", "made by the lab"),
        ("no-config", "CreateContainerConfigError", "made by the lab"),
        ("no-room", "Unschedulable", "0/2 nodes are available: 2 Insufficient cpu."),
        ("evicted", "Evicted", "The node was low on resource: memory."),
        ("unready", "NotReady", "containers with unready status: [main]"),
    ] {
        let row = row(&seen, "problems", name);
        assert_eq!((&row["status"], &row["message"]), (&json!(word), &json!(message)), "{name}");
    }
    assert_eq!(at(&seen, "problems").as_array().unwrap().len(), 6, "a finished or running pod is no problem");
    let pods = at(&seen, "pods");
    for (count, number) in [
        ("total", 6),
        ("ready", 1),
        ("crashloop", 1),
        ("image_pull", 1),
        ("config_error", 1),
        ("oom_killed", 1),
        ("unschedulable", 1),
        ("succeeded", 1),
        ("failed", 1),
        ("restarts_15m", 7),
    ] {
        assert_eq!(pods[count], json!(number), "{count} of {pods}");
    }
    assert_eq!(at(&seen, "context"), "lab");
    assert_eq!(at(&seen, "context_chosen_by"), "the kubeconfig's current-context");
    assert_eq!(*at(&seen, "server"), json!(format!("127.0.0.1:{}", server.port())));

    let swept = sweep(&*probe).await;
    assert_eq!(swept.summary, seen.summary);
    assert_eq!(at(&swept, "pods/restarts_15m"), 1, "of the past, the API tells the last restart only");

    // It restarts again under our eyes, three times, and recovers.
    server.pod_status("default", "loops", {
        let mut status = running();
        status["containerStatuses"][0]["restartCount"] = json!(10);
        let finished = clock::now().to_string();
        status["containerStatuses"][0]["lastState"] =
            json!({"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": finished}});
        status
    });
    let seen = see_until(&*probe, "2/6 ready").await;
    assert_eq!(row(&seen, "problems", "loops")["status"], "Running", "its OOM kill is not forgotten yet");
    assert_eq!(at(&seen, "pods/restarts_15m"), 10, "three more while we watched");

    let all = probe.inquire(&Inquiry::Pods).await.unwrap();
    let names: Vec<_> = all.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 8);
    assert_eq!(names.last(), Some(&"fine"), "worst first: {names:?}");
}

/// A kubeconfig like the server's, with its text changed.
fn edited(server: &Kubernetes, folder: &lab::Folder, edit: impl Fn(String) -> String) -> std::path::PathBuf {
    let path = folder.path().join("kubeconfig");
    std::fs::write(&path, edit(std::fs::read_to_string(server.kubeconfig()).unwrap())).unwrap();
    path
}

/// A kubeconfig that goes through a proxy.
fn through(proxy: &Proxy, server: &Kubernetes, folder: &lab::Folder) -> std::path::PathBuf {
    edited(server, folder, |text| proxy.url(&text))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_looked_at_is_unknown_and_names_the_missing_right() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    server.pod("default", "fine", app("a"), running());
    let probe = Choice::of(server.kubeconfig()).context(Cluster::VIEWER_CONTEXT).probe();
    for seen in [see(&*probe).await, sweep(&*probe).await] {
        assert_eq!(seen.verdict, Status::Unknown);
        assert_eq!(seen.summary, "forbidden: may not list pods in namespace default");
    }
    let everywhere = Choice::of(server.kubeconfig()).context(Cluster::VIEWER_CONTEXT).namespaces(&["*"]).probe();
    assert_eq!(see(&*everywhere).await.summary, "forbidden: may not list pods in all namespaces");
    let log = Inquiry::PodLog {
        namespace: "default".into(),
        pod: "fine".into(),
        container: None,
        previous: false,
        lines: 10,
    };
    assert_eq!(probe.inquire(&log).await.unwrap_err(), "forbidden: may not get pods/log in namespace default");

    // Pods only, and only to list: they are judged, what is not seen is said, and a down is not hidden.
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "pods"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "pods"},
        "subjects": [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "viewers"}],
        "roleRef": {"kind": "Role", "apiGroup": "rbac.authorization.k8s.io", "name": "pods"},
    });
    server.request("POST", &format!("{rbac}/roles"), Some(role));
    server.request("POST", &format!("{rbac}/rolebindings"), Some(binding));
    let seen = see_until(&*probe, "1/1 ready").await;
    assert_eq!(seen.verdict, Status::Ok);
    assert_eq!(seen.summary, "1/1 ready (deployments and 5 more not seen)");
    let unseen = at(&seen, "not_seen").as_array().unwrap();
    assert!(unseen.iter().any(|row| row["reason"] == "forbidden: may not list nodes"), "{unseen:?}");
    let seen = sweep(&*probe).await;
    assert_eq!((seen.verdict, seen.value), (Status::Ok, Some(100.0)));

    // Both namespaces are asked for, and one is refused.
    let both = Choice::of(server.kubeconfig())
        .context(Cluster::VIEWER_CONTEXT)
        .namespaces(&["default", "kube-system"])
        .probe();
    let seen = sweep(&*both).await;
    assert_eq!(seen.verdict, Status::Unknown);
    assert!(
        seen.summary.starts_with("forbidden: may not list pods in namespace kube-system; elsewhere 1/1 ready"),
        "{}",
        seen.summary
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_ways_to_a_cluster_are_said_in_one_sentence() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    let folder = lab::Folder::new();
    let address = format!("127.0.0.1:{}", server.port());

    let choice = Choice::of(server.kubeconfig()).pinned("prod-eu");
    assert_eq!(
        sweep(&*choice.probe()).await.summary,
        "the kubeconfig has no context prod-eu: it has lab, lab-viewer",
        "the pinned context is never replaced by the current one"
    );
    let pinned = Choice::of(server.kubeconfig()).pinned(Cluster::VIEWER_CONTEXT).probe();
    assert!(sweep(&*pinned).await.summary.starts_with("forbidden"), "the pinned context is used");

    let missing = Choice::of("/nowhere/kubeconfig".into()).probe();
    assert_eq!(sweep(&*missing).await.summary, "cannot read the kubeconfig /nowhere/kubeconfig: no such file");
    assert_eq!(see(&*missing).await.verdict, Status::Unknown);

    let broken = edited(&server, &folder, |text| text.replace("users:", "users: [{token: s3cret"));
    let summary = sweep(&*Choice::of(broken).probe()).await.summary;
    assert!(summary.starts_with("the kubeconfig is not valid: line ") && !summary.contains("s3cret"), "{summary}");

    let stranger = edited(&server, &folder, |text| text.replace("lab-admin", "nobody"));
    let stranger = Choice::of(stranger).probe();
    for seen in [sweep(&*stranger).await, see(&*stranger).await] {
        assert_eq!(seen.verdict, Status::Unknown);
        assert_eq!(
            seen.summary,
            format!("unauthorized: {address} does not accept the credentials of the kube context")
        );
    }

    let untrusted = edited(&server, &folder, |text| {
        let other = lab::Certificates::new();
        text.replace(&server.ca_file().display().to_string(), &other.ca_file().display().to_string())
    });
    let seen = sweep(&*Choice::of(untrusted).probe()).await;
    assert_eq!(seen.verdict, Status::Unknown);
    assert!(seen.summary.contains("certificate"), "{}", seen.summary);

    let selector = Choice::of(server.kubeconfig()).selector("app in (").probe();
    let summary = sweep(&*selector).await.summary;
    assert!(summary.starts_with("the selector is not valid: "), "{summary}");

    let name = Choice::of(server.kubeconfig()).namespaces(&["../secrets"]).probe();
    assert_eq!(sweep(&*name).await.summary, "\"../secrets\" cannot be the name of a namespace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_api_server_keeps_the_last_picture_with_its_age_and_recovers() {
    lab::require!(lab::KUBERNETES);
    let mut server = Kubernetes::start();
    let address = format!("127.0.0.1:{}", server.port());
    server.pod("default", "a", app("a"), running());
    server.pod("default", "b", app("a"), waiting("CrashLoopBackOff", 1));
    let probe = Choice::of(server.kubeconfig()).probe();
    assert_eq!(see_until(&*probe, "1/2 ready").await.summary, "1/2 ready, 1 crashloop");

    server.stop();
    let seen = see_until(&*probe, "connection refused").await;
    assert_eq!(seen.verdict, Status::Unknown, "the pods may be fine");
    let expected = format!("connection refused by {address}; last seen 1/2 ready ");
    assert!(seen.summary.starts_with(&expected) && seen.summary.ends_with(" ago"), "{}", seen.summary);
    assert_eq!(row(&seen, "problems", "b")["status"], "CrashLoopBackOff", "the last picture is kept");
    assert!(at(&seen, "last_seen_at").is_string());
    assert_eq!(seen.value, None);
    let fresh = Choice::of(server.kubeconfig()).probe();
    assert_eq!(see(&*fresh).await.summary, format!("connection refused by {address}"));
    assert_eq!(sweep(&*fresh).await.summary, format!("connection refused by {address}"));

    server.run();
    server.pod_status("default", "b", running());
    see_until(&*probe, "2/2 ready").await;
    see_until(&*fresh, "2/2 ready").await;

    server.freeze();
    let seen = see_until(&*probe, "no answer from").await;
    let expected = format!("no answer from {address} within 2 s; last seen 2/2 ready ");
    assert!(seen.summary.starts_with(&expected), "{}", seen.summary);
    server.thaw();
    server.pod("default", "c", app("a"), running());
    see_until(&*probe, "3/3 ready").await;
}

/// A probe that saw two pods through a proxy, and has lost its way to the server when the first of them went. Its kubeconfig is in
/// the folder.
async fn cut_off_while_a_pod_goes(server: &Kubernetes) -> (Proxy, Box<dyn Probe>, lab::Folder) {
    let folder = lab::Folder::new();
    let mut proxy = Proxy::to(server.port());
    server.pod("default", "a", app("a"), running());
    server.pod("default", "b", app("a"), running());
    let probe = Choice::of(through(&proxy, server, &folder)).probe();
    see_until(&*probe, "2/2 ready").await;
    proxy.cut();
    see_until(&*probe, "connection refused").await;
    server.request("DELETE", "/api/v1/namespaces/default/pods/a?gracePeriodSeconds=0", None);
    (proxy, probe, folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_nothing_is_missed() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    let (mut proxy, probe, _folder) = cut_off_while_a_pod_goes(&server).await;
    server.pod("default", "c", app("a"), waiting("ErrImagePull", 0));
    proxy.mend();
    // What is no pod comes back a little later.
    see_when(&*probe, "the new pod", |seen| seen.summary == "1/2 ready, 1 image pull").await;
    // A network that swallows everything is noticed by asking.
    proxy.freeze();
    see_until(&*probe, "no answer from").await;
    server.pod_status("default", "c", running());
    proxy.mend();
    see_until(&*probe, "2/2 ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_the_server_has_forgotten_leads_to_a_new_list() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start_without_watch_cache();
    let (mut proxy, probe, _folder) = cut_off_while_a_pod_goes(&server).await;
    server.pod_status("default", "b", waiting("CrashLoopBackOff", 3));
    server.compact();
    proxy.mend();
    // The deleted pod is gone, although its deletion was never told; what is no pod comes back a little later.
    let seen = see_when(&*probe, "the pod that is left", |seen| seen.summary == "0/1 ready, 1 crashloop").await;
    assert_eq!(at(&seen, "pods/restarts_15m"), 3);
}

/// Seen on Kubernetes 1.20.2 and reported for all versions (kubernetes/kubernetes issue 91073): a watch from a version of the
/// future is answered with 200 and silence until the server's own version has come so far.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_an_older_history_behind_the_same_address_is_listed_again() {
    lab::require!(lab::KUBERNETES);
    let (before, restored) = (Kubernetes::start(), Kubernetes::start());
    let folder = lab::Folder::new();
    let mut proxy = Proxy::to(before.port());
    // Without the certificate: two servers of the lab have two authorities.
    let kubeconfig = edited(&before, &folder, |text| {
        let trusts = |line: &str| line.split("certificate-authority").next().unwrap_or_default().to_owned();
        let lines = text.lines().map(|line| match line.contains("certificate-authority") {
            true => trusts(line) + "insecure-skip-tls-verify: true" + if line.contains('}') { "}" } else { "" },
            false => line.to_owned(),
        });
        proxy.url(&lines.collect::<Vec<_>>().join("\n"))
    });
    for name in ["a", "b"] {
        before.pod("default", name, app("a"), running());
    }
    for number in 0..100 {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("m{number}")}});
        before.request("POST", "/api/v1/namespaces/default/configmaps", Some(map));
    }
    restored.pod("default", "a", app("a"), waiting("CrashLoopBackOff", 3));
    let probe = Choice::of(kubeconfig).probe();
    see_until(&*probe, "2/2 ready").await;
    proxy.cut();
    proxy.lead_to(restored.port());
    proxy.mend();
    assert_eq!(see_until(&*probe, "0/1 ready").await.summary, "0/1 ready, 1 crashloop");
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_are_judged_by_what_they_want_and_have() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    let workload = |kind: &str, plural: &str, name: &str, replicas: u32, ready: u32| {
        let object = json!({
            "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": {"tier": name}},
            "spec": {
                "replicas": replicas, "serviceName": "x", "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "main", "image": "lab/app:1"}]},
                },
            },
        });
        let path = format!("/apis/apps/v1/namespaces/default/{plural}");
        server.request("POST", &path, Some(object));
        let status = json!({"status": {
            "replicas": replicas, "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": replicas,
        }});
        server.request("PATCH", &format!("{path}/{name}/status"), Some(status));
    };
    workload("Deployment", "deployments", "idle", 0, 0);
    let probe = Choice::of(server.kubeconfig()).probe();
    let seen = see(&*probe).await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Warn, "deployment/idle is scaled to 0"));

    workload("StatefulSet", "statefulsets", "postgres", 1, 1);
    workload("Deployment", "deployments", "api", 3, 2);
    server.pod("default", "api-1", app("api"), running());
    let seen = see_until(&*probe, "1/1 ready").await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Warn, "1/1 ready, deployment/api has 2/3"));
    assert_eq!(row(&seen, "workloads", "api")["status"], "degraded");
    assert_eq!(row(&seen, "workloads", "postgres")["status"], "ok");
    assert_eq!(row(&seen, "workloads", "idle")["status"], "scaled to 0");

    workload("Deployment", "deployments", "web", 2, 0);
    let seen = see_until(&*probe, "deployment/web").await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Down, "deployment/web has 0/2 ready"));
    assert_eq!(at(&seen, "workloads/0/name"), "web", "worst first");

    let everywhere = Choice::of(server.kubeconfig()).namespaces(&["*"]).probe();
    assert_eq!(sweep(&*everywhere).await.summary, "deployment/web in default has 0/2 ready");

    // A selector chooses pods and workloads, and the events about them.
    let event = |about: &str| {
        let object = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"generateName": "e-"}, "type": "Warning",
            "involvedObject": {"kind": "Pod", "namespace": "default", "name": about},
            "reason": "BackOff", "message": "Back-off restarting\nfailed container", "count": 4,
            "lastTimestamp": clock::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        server.request("POST", "/api/v1/namespaces/default/events", Some(object));
    };
    event("api-1");
    event("other-1");
    let chosen = Choice::of(server.kubeconfig()).selector("app=api").probe();
    let seen = sweep(&*chosen).await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Ok, "1/1 ready"));
    let events = at(&seen, "events").as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["object"], "pod/api-1");
    assert_eq!(events[0]["message"], "Back-off restarting failed container");
    let nothing = Choice::of(server.kubeconfig()).selector("app=typo").probe();
    let seen = sweep(&*nothing).await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Unknown, "no pods match app=typo in namespace default"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_are_not_ready_or_under_pressure_are_seen() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    let node = |name: &str, zone: &str| {
        let object = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
        });
        server.request("POST", "/api/v1/nodes", Some(object));
    };
    let condition = |name: &str, kind: &str, value: &str| {
        let status = json!({"status": {"conditions": [
            {"type": kind, "status": value, "message": "Kubelet stopped posting node status."},
        ]}});
        server.request("PATCH", &format!("/api/v1/nodes/{name}/status"), Some(status));
    };
    server.pod("default", "a", app("a"), running());
    node("n1", "eu-1a");
    node("n2", "eu-1b");
    condition("n1", "Ready", "True");
    condition("n2", "Ready", "True");
    let probe = Choice::of(server.kubeconfig()).probe();
    let seen = see(&*probe).await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Ok, "1/1 ready"));
    assert_eq!(at(&seen, "zones").as_array().unwrap().len(), 2);

    server.request("PATCH", "/api/v1/nodes/n1", Some(json!({"spec": {"unschedulable": true}})));
    // What is waited for comes last.
    condition("n2", "MemoryPressure", "True");
    let seen = see_until(&*probe, "pressure").await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Warn, "1/1 ready, 1 of 2 nodes under pressure"));
    assert_eq!(row(&seen, "node_list", "n2")["status"], "MemoryPressure");
    assert_eq!(row(&seen, "node_list", "n1")["status"], "Ready,SchedulingDisabled");

    condition("n2", "Ready", "Unknown");
    let seen = see_until(&*probe, "not ready").await;
    assert!(seen.summary.starts_with("1/1 ready, 1 of 2 nodes not ready"), "{}", seen.summary);
    assert_eq!(at(&seen, "nodes"), &json!({"total": 2, "ready": 1, "pressure": 1, "unschedulable": 1}));
    condition("n1", "Ready", "False");
    let seen = see_until(&*probe, "all 2 nodes").await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Down, "all 2 nodes are not ready, 1/1 pods ready"));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_pods_than_a_page_are_all_seen_and_a_change_wakes_the_console() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    lab::background({
        let kubeconfig = server.kubeconfig();
        async move {
            let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig).unwrap();
            let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await.unwrap();
            let client = kube::Client::try_from(config).unwrap();
            let mut posts = tokio::task::JoinSet::new();
            for number in 0..1201 {
                let pod = json!({
                    "apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("pod-{number}")},
                    "spec": {"containers": [{"name": "main", "image": "lab/app:1"}]},
                });
                let request = hyper::Request::post("/api/v1/namespaces/default/pods")
                    .header("content-type", "application/json")
                    .body(pod.to_string().into_bytes())
                    .unwrap();
                let client = client.clone();
                posts.spawn(async move { client.request_text(request).await.unwrap() });
                if posts.len() >= 16 {
                    posts.join_next().await.unwrap().unwrap();
                }
            }
            while posts.join_next().await.is_some() {}
        }
    });
    let probe = Choice::of(server.kubeconfig()).probe();
    let seen = see(&*probe).await;
    assert_eq!((seen.verdict, seen.summary.as_str()), (Status::Warn, "0/1201 ready"));
    assert_eq!(at(&seen, "problems").as_array().unwrap().len(), 50, "tables are bounded");
    assert_eq!(sweep(&*probe).await.summary, "0/1201 ready");

    let woken = async {
        probe.changed().await;
        see(&*probe).await.summary
    };
    let change = async { tokio::task::block_in_place(|| server.pod_status("default", "pod-7", running())) };
    let (summary, ()) = tokio::time::timeout(SOON, async { tokio::join!(woken, change) }).await.unwrap();
    assert_eq!(summary, "1/1201 ready");
    let quiet = tokio::time::timeout(Duration::from_secs(1), probe.changed()).await;
    assert!(quiet.is_err(), "nothing has changed since");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_hang_or_are_not_kubernetes_are_told_apart() {
    let folder = lab::Folder::new();
    let config = |url: String| {
        let path = folder.path().join(url.rsplit(':').next().unwrap());
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{{name: x, cluster: {{server: \"{url}\"}}}}]\n\
             users: [{{name: x, user: {{token: s3cret}}}}]\ncontexts: [{{name: x, context: {{cluster: x, user: x}}}}]\n"
        );
        std::fs::write(&path, text).unwrap();
        Choice::of(path).probe()
    };
    let hanging = lab::Hanging::start();
    let probe = config(format!("https://{}", hanging.address()));
    for seen in [sweep(&*probe).await, see(&*probe).await] {
        assert_eq!(seen.verdict, Status::Unknown);
        assert!(seen.summary.starts_with(&format!("no answer from {}", hanging.address())), "{}", seen.summary);
    }

    let http = lab::Http::start();
    http.otherwise(lab::Answer::text("<html>hello</html>"));
    let probe = config(format!("http://{}", http.address()));
    let not_a_list = format!("{} answers something that is not a list of pods", http.address());
    assert_eq!(sweep(&*probe).await.summary, not_a_list);
    assert_eq!(see(&*probe).await.summary, not_a_list);
    http.otherwise(lab::Answer::new(502, "<html>Bad Gateway</html>"));
    let not_an_api = format!("{} answers 502, but not like a Kubernetes API server", http.address());
    assert_eq!(sweep(&*probe).await.summary, not_an_api);
    http.otherwise(lab::Answer::json(&json!({"metadata": {"resourceVersion": "1"}, "items": null})));
    assert_eq!(sweep(&*probe).await.summary, "no pods in namespace default");

    // The metrics API, as metrics-server 0.6 answers; the lab's cluster has none.
    let used = |cpu: &str, memory: &str| json!({"cpu": cpu, "memory": memory});
    let pods = json!({"items": [{"metadata": {"name": "web-1", "namespace": "default"}, "containers": [
        {"name": "mesh", "usage": used("2500000n", "20Mi")}, {"name": "app", "usage": used("250m", "512Mi")}]}]});
    let metrics = "/apis/metrics.k8s.io/v1beta1";
    http.on(&format!("{metrics}/namespaces/default/pods"), lab::Answer::json(&pods));
    let nodes = json!({"items": [{"metadata": {"name": "n1"}, "usage": used("1500m", "4Gi")}]});
    http.on(&format!("{metrics}/nodes"), lab::Answer::json(&nodes));
    let node = json!({"metadata": {"resourceVersion": "1"}, "items": [{"metadata": {"name": "n1"}}]});
    http.on("/api/v1/nodes", lab::Answer::json(&node));
    let seen = sweep(&*probe).await;
    assert_eq!(
        at(&seen, "usage/0"),
        &json!({"namespace": "default", "pod": "web-1", "container": "app", "cpu_millicores": 250.0, "memory_bytes": 536_870_912.0})
    );
    assert_eq!(row(&seen, "node_list", "n1")["memory_bytes"], 4_294_967_296.0);

    let noise = lab::Scripted::start([0xff_u8, 0, 13, 10].repeat(400));
    for scheme in ["http", "https"] {
        let seen = sweep(&*config(format!("{scheme}://{}", noise.address()))).await;
        assert_eq!(seen.verdict, Status::Unknown);
        assert!(seen.summary.contains(&noise.address()) && !seen.summary.contains("s3cret"), "{}", seen.summary);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_plugin_runs_without_a_terminal_and_its_failure_is_said_without_its_output() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    server.pod("default", "a", app("a"), running());
    let folder = lab::Folder::new();
    let with_plugin = |name: &str, script: &str| {
        let path = folder.path().join(name);
        let text = std::fs::read_to_string(server.kubeconfig()).unwrap();
        let user = format!(
            "{{name: admin, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, \
             command: sh, args: [-c, {}]}}}}}}",
            json!(script)
        );
        std::fs::write(&path, text.replace("{name: admin, user: {token: lab-admin}}", &user)).unwrap();
        Choice::of(path).probe()
    };
    let credential = r#"[ "$(readlink /proc/self/fd/0 | cut -c1-4)" = pipe ] && printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"lab-admin"}}'"#;
    assert_eq!(sweep(&*with_plugin("good", credential)).await.summary, "1/1 ready");
    let failing = sweep(&*with_plugin("bad", "echo s3cret; echo s3cret >&2; exit 3")).await;
    assert_eq!(failing.verdict, Status::Unknown);
    assert_eq!(
        failing.summary,
        "the kube context's credential plugin failed (exit status: 3): run kubectl in another terminal, it may ask to log in"
    );
    // A plugin that hangs blocks neither the look's time limit nor the runtime.
    let hanging = with_plugin("hanging", "exec sleep 20");
    let look = Look::new(CONNECT, clock::now(), false);
    let cut_off = tokio::time::timeout(Duration::from_millis(500), hanging.observe(&look)).await;
    assert!(cut_off.is_err());
    assert_eq!(look.last_stage(), "reading the kubeconfig and the credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_not_to_be_had_is_explained() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    server.pod("default", "a", app("a"), waiting("ImagePullBackOff", 0));
    let unschedulable = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient memory."});
    server.pod("default", "b", app("b"), json!({"phase": "Pending", "conditions": [unschedulable]}));
    let probe = Choice::of(server.kubeconfig()).probe();
    let log = |pod: &str| Inquiry::PodLog {
        namespace: "default".into(),
        pod: pod.into(),
        container: None,
        previous: false,
        lines: 100,
    };
    let gone = probe.inquire(&log("gone")).await.unwrap_err();
    assert_eq!(gone, "there is no pod gone in namespace default any more");
    let waits = probe.inquire(&log("b")).await.unwrap_err();
    assert_eq!(waits, "b has not started: Unschedulable: 0/3 nodes are available: 3 Insufficient memory.");
    assert_eq!(probe.inquire(&log("a")).await, Ok(json!("")), "it runs and has printed nothing");
    let strange = probe.inquire(&log("../../secrets")).await.unwrap_err();
    assert!(strange.contains("../../secrets"), "{strange}");
    let rows = probe.inquire(&Inquiry::Pods).await.unwrap();
    assert_eq!(rows[0]["status"], "ImagePullBackOff", "also without a watch");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_of_a_whole_cluster_is_followed_from_running_to_gone() {
    lab::require!(lab::WHOLE_CLUSTER);
    let cluster = Cluster::whole();
    let namespace = cluster.namespace();
    namespace.deployment("web", "lab/web:1", 3);
    let probe = Choice::of(cluster.kubeconfig.clone()).context(Cluster::CONTEXT).namespaces(&[&namespace.name]).probe();
    // A deployment counts its pods a moment after they are ready. Nodes of other tests come and go meanwhile.
    let is_complete =
        |seen: &Observation| seen.summary.starts_with("3/3 ready") && !seen.summary.contains("deployment/web");
    let seen = see_when(&*probe, "3/3 ready", is_complete).await;
    assert_ne!(seen.verdict, Status::Down, "{}", seen.summary);
    let web = row(&seen, "workloads", "web");
    assert_eq!((&web["kind"], &web["pods"], &web["status"]), (&json!("Deployment"), &json!(3), &json!("ok")));
    assert!(at(&seen, "nodes/ready").as_u64().unwrap() >= 1);
    let pods = probe.inquire(&Inquiry::Pods).await.unwrap();
    assert_eq!(pods[0]["workload"], "deployment/web");
    assert!(pods[0]["node"].is_string());

    let path = format!("/apis/apps/v1/namespaces/{}/deployments/web", namespace.name);
    cluster.request("PATCH", &path, Some(json!({"spec": {"replicas": 0}})));
    assert_eq!(see_until(&*probe, "scaled to 0").await.verdict, Status::Warn);
    cluster.request("PATCH", &path, Some(json!({"spec": {"replicas": 2}})));
    see_until(&*probe, "2/2 ready").await;
}
