//! The customer portal as its customers, its health checks and Prometheus see it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use crate::lab::{Answer, Http, Prometheus, wait_until};

const SCRAPED: Duration = Duration::from_secs(30);

/// What else is measured of a portal that is well, and of the machines that it runs on: by how much it grows in a tenth of a second.
const WELL: [(&str, f64); 6] = [
    ("login_failures_total{app=\"customer-portal\"}", 0.0),
    ("http_request_duration_seconds_bucket{app=\"customer-portal\",le=\"0.25\"}", 5.0),
    ("http_request_duration_seconds_bucket{app=\"customer-portal\",le=\"+Inf\"}", 5.0),
    (
        "container_memory_working_set_bytes{namespace=\"production\",pod=\"customer-portal-1\",container=\"portal\"}",
        3e8,
    ),
    (
        "kube_pod_container_resource_limits{namespace=\"production\",pod=\"customer-portal-1\",container=\"portal\",resource=\"memory\"}",
        1e9,
    ),
    ("node_cpu_seconds_total{mode=\"idle\"}", 0.09),
];

/// The portal, with customers who ask it all the time.
pub struct CustomerPortal {
    pub http: Arc<Http>,
    failing: Arc<AtomicBool>,
    measured: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
    customers: Option<JoinHandle<()>>,
}

impl CustomerPortal {
    /// A portal that answers well.
    pub fn start() -> CustomerPortal {
        let http = Arc::new(Http::start());
        let [failing, measured, closed] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        let customers = std::thread::spawn({
            let (http, failing) = (http.clone(), failing.clone());
            let (measured, closed) = (measured.clone(), closed.clone());
            move || {
                while !closed.load(Ordering::Relaxed) {
                    let status = if failing.load(Ordering::Relaxed) { "503" } else { "200" };
                    let labels = format!("app=\"customer-portal\",status=\"{status}\",path=\"/invoices\",pod=\"one\"");
                    http.count(&format!("http_requests_total{{{labels}}}"), 5.0);
                    if measured.load(Ordering::Relaxed) {
                        for (series, value) in WELL {
                            http.count(series, value);
                        }
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        });
        let portal = CustomerPortal { http, failing, measured, closed, customers: Some(customers) };
        portal.recover();
        portal
    }

    /// From now on more is measured than requests: sign-ins that fail, latency, memory, processors.
    pub fn measure(&self) {
        self.measured.store(true, Ordering::Relaxed);
    }

    /// From now on everything is answered with 503.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
        for path in ["/api/health", "/health", "/"] {
            self.http.on(path, Answer::new(503, "{\"status\":\"waiting for its database\"}\n"));
        }
    }

    /// From now on everything is answered well.
    pub fn recover(&self) {
        self.recovery()();
    }

    /// [`Self::recover`], for somewhere else.
    pub fn recovery(&self) -> impl Fn() + Send + 'static {
        let (http, failing) = (self.http.clone(), self.failing.clone());
        move || {
            failing.store(false, Ordering::Relaxed);
            for path in ["/api/health", "/health"] {
                http.on(path, Answer::text("{\"status\":\"ok\"}\n"));
            }
            http.on("/", Answer::text("<title>DotMac customer portal</title>\n"));
        }
    }

    /// Health checks pass, and customers get errors.
    pub fn fail_for_customers(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    pub fn health(&self) -> String {
        self.http.url("/api/health")
    }

    /// Prometheus, which has seen the customers' requests twice and so knows a rate.
    pub fn prometheus(&self) -> Prometheus {
        let prometheus = Prometheus::scraping(&[self.http.address()]);
        wait_until("Prometheus knows the rate of requests", SCRAPED, || {
            prometheus.value("sum(rate(http_requests_total{app=\"customer-portal\"}[2m])) > 0").is_some()
        });
        prometheus
    }
}

impl Drop for CustomerPortal {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(customers) = self.customers.take() {
            let _ = customers.join();
        }
    }
}
