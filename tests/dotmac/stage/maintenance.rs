//! The way from customers to the portal, or to its maintenance page: what an ingress controller does with the portal's Ingress.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::Value;

use super::{DotMac, DotMacCluster};
use crate::lab::{Answer, Http};

const LOOK: Duration = Duration::from_millis(100);
/// The service behind which the page is.
const PAGE: &str = "maintenance";

/// Answers customers with what the Ingress on the cluster leads to at that moment.
pub struct Maintenance {
    http: Arc<Http>,
    seen: Arc<Seen>,
    work: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    /// The service that the Ingress leads to.
    backend: Mutex<String>,
    /// Somebody asked for the portal and was given the page.
    shown: AtomicBool,
    /// A cache goes on showing the page.
    stuck: AtomicBool,
    unhealthy: AtomicBool,
    closed: AtomicBool,
}

impl Maintenance {
    /// Writes `maintenance-mode.yaml` and `normal.yaml` into the test's folder, of the same objects, and follows the Ingress.
    pub fn start(dotmac: &DotMac) -> Maintenance {
        for (file, backend) in [("maintenance-mode.yaml", PAGE), ("normal.yaml", DotMacCluster::DEPLOYMENT)] {
            fs::write(dotmac.path(file), manifest(backend)).unwrap();
        }
        let (http, seen) = (Arc::new(Http::start()), Arc::new(Seen::default()));
        let (cluster, namespace) = (dotmac.cluster().cluster.clone(), dotmac.cluster().namespace().to_owned());
        let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{}", DotMacCluster::DEPLOYMENT);
        let mut look = {
            let (http, seen) = (http.clone(), seen.clone());
            // Whether the page was on at the last look, and how often customers had asked by then.
            let mut before = (false, 0);
            move || {
                let ingress = cluster.request("GET", &path, None);
                let backend =
                    ingress.pointer("/spec/rules/0/http/paths/0/backend/service/name").and_then(Value::as_str);
                let backend = backend.unwrap_or_default().to_owned();
                let shows_page = backend == PAGE || seen.stuck.load(Ordering::Relaxed);
                let asked = http.requests("/").len();
                if before.0 && asked > before.1 {
                    seen.shown.store(true, Ordering::Relaxed);
                }
                before = (shows_page, asked);
                answer(&http, shows_page, seen.unhealthy.load(Ordering::Relaxed));
                *seen.backend.lock().unwrap() = backend;
                std::thread::sleep(LOOK);
            }
        };
        look();
        let work = std::thread::spawn({
            let seen = seen.clone();
            move || {
                while !seen.closed.load(Ordering::Relaxed) {
                    look();
                }
            }
        });
        Maintenance { http, seen, work: Some(work) }
    }

    pub fn url(&self, path: &str) -> String {
        self.http.url(path)
    }

    /// The service that the Ingress leads to.
    pub fn backend(&self) -> String {
        self.seen.backend.lock().unwrap().clone()
    }

    /// Whether somebody asked for the portal while the page was on.
    pub fn was_shown(&self) -> bool {
        self.seen.shown.load(Ordering::Relaxed)
    }

    /// From now on a cache shows the page whatever the Ingress says, or no longer.
    pub fn is_stuck(&self, stuck: bool) {
        self.seen.stuck.store(stuck, Ordering::Relaxed);
        self.wait_for("/", if stuck { "maintenance" } else { "customer portal" });
    }

    /// From now on the way to the portal's health is broken, or no longer.
    pub fn health_fails(&self, fails: bool) {
        self.seen.unhealthy.store(fails, Ordering::Relaxed);
        self.wait_for("/api/health", if fails { "no way" } else { "ok" });
    }

    fn wait_for(&self, path: &str, words: &str) {
        crate::lab::wait_until("customers are answered so", Duration::from_secs(10), || {
            let asked =
                std::process::Command::new("curl").args(["-sS", "--max-time", "5", &self.url(path)]).output().unwrap();
            String::from_utf8_lossy(&asked.stdout).contains(words)
        });
    }
}

impl Drop for Maintenance {
    fn drop(&mut self) {
        self.seen.closed.store(true, Ordering::Relaxed);
        if let Some(work) = self.work.take() {
            let _ = work.join();
        }
    }
}

fn answer(http: &Http, shows_page: bool, unhealthy: bool) {
    let page = Answer::new(503, "<title>We are in maintenance and back soon</title>\n");
    let (portal, health) = if shows_page {
        (page.clone(), page)
    } else {
        let well = Answer::text("{\"status\":\"ok\"}\n");
        let health = if unhealthy { Answer::new(502, "no way to the portal\n") } else { well };
        (Answer::text("<title>DotMac customer portal</title>\n"), health)
    };
    http.on("/", portal);
    http.on("/api/health", health);
}

/// The Ingress that leads to a service, and the service of the page, which is there in normal times too.
fn manifest(backend: &str) -> String {
    let ingress = DotMacCluster::ingress(backend);
    format!(
        r#"{ingress}---
apiVersion: v1
kind: Service
metadata: {{name: {PAGE}}}
spec:
  selector: {{app: {PAGE}}}
  ports: [{{port: 80, targetPort: 8080}}]
"#
    )
}
