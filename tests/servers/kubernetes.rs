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
struct Choice {
    kubeconfig: std::path::PathBuf,
    context: Option<&'static str>,
    pinned: Option<&'static str>,
    namespaces: Vec<String>,
    selector: Option<&'static str>,
}

impl Choice {
    fn of(kubeconfig: std::path::PathBuf) -> Choice {
        Choice { kubeconfig, context: None, pinned: None, namespaces: vec!["default".into()], selector: None }
    }

    fn namespaces(mut self, names: &[&str]) -> Choice {
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

    fn probe(self) -> Box<dyn Probe> {
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
async fn sweep(probe: &dyn Probe) -> Observation {
    probe.observe(&Look::new(CONNECT, clock::now(), true)).await
}

/// Looks until the summary has the text; fails with the last observation.
async fn see_until(probe: &dyn Probe, text: &str) -> Observation {
    let start = Instant::now();
    loop {
        let seen = see(probe).await;
        if seen.summary.contains(text) {
            return seen;
        }
        assert!(start.elapsed() < SOON, "waited in vain for {text:?}, last seen {:?}: {}", seen.verdict, seen.summary);
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
    assert_eq!(seen.summary, "1/1 ready (deployments and 4 more not seen)");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_watch_is_resumed_and_nothing_is_missed() {
    lab::require!(lab::KUBERNETES);
    let server = Kubernetes::start();
    let folder = lab::Folder::new();
    let mut proxy = Proxy::to(server.port());
    server.pod("default", "a", app("a"), running());
    server.pod("default", "b", app("a"), running());
    let probe = Choice::of(through(&proxy, &server, &folder)).probe();
    see_until(&*probe, "2/2 ready").await;
    proxy.cut();
    see_until(&*probe, "connection refused").await;
    server.request("DELETE", "/api/v1/namespaces/default/pods/a?gracePeriodSeconds=0", None);
    server.pod("default", "c", app("a"), waiting("ErrImagePull", 0));
    proxy.mend();
    assert_eq!(see_until(&*probe, "1/2 ready").await.summary, "1/2 ready, 1 image pull");
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
    let folder = lab::Folder::new();
    let mut proxy = Proxy::to(server.port());
    server.pod("default", "a", app("a"), running());
    server.pod("default", "b", app("a"), running());
    let probe = Choice::of(through(&proxy, &server, &folder)).probe();
    see_until(&*probe, "2/2 ready").await;
    proxy.cut();
    see_until(&*probe, "connection refused").await;
    server.request("DELETE", "/api/v1/namespaces/default/pods/a?gracePeriodSeconds=0", None);
    server.pod_status("default", "b", waiting("CrashLoopBackOff", 3));
    server.compact();
    proxy.mend();
    let seen = see_until(&*probe, "0/1 ready").await;
    assert_eq!(seen.summary, "0/1 ready, 1 crashloop", "the deleted pod is gone, although its deletion was never told");
    assert_eq!(at(&seen, "pods/restarts_15m"), 3);
}
