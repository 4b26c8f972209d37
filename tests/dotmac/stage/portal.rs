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

/// The portal, with customers who ask it all the time.
pub struct CustomerPortal {
    pub http: Arc<Http>,
    failing: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
    customers: Option<JoinHandle<()>>,
}

impl CustomerPortal {
    /// A portal that answers well.
    pub fn start() -> CustomerPortal {
        let http = Arc::new(Http::start());
        let (failing, closed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let customers = std::thread::spawn({
            let (http, failing, closed) = (http.clone(), failing.clone(), closed.clone());
            move || {
                while !closed.load(Ordering::Relaxed) {
                    let status = if failing.load(Ordering::Relaxed) { "503" } else { "200" };
                    let labels = format!("app=\"customer-portal\",status=\"{status}\",path=\"/invoices\",pod=\"one\"");
                    http.count(&format!("http_requests_total{{{labels}}}"), 5.0);
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        });
        let portal = CustomerPortal { http, failing, closed, customers: Some(customers) };
        portal.recover();
        portal
    }

    /// From now on everything is answered with 503.
    pub fn fail(&self) {
        self.failing.store(true, Ordering::Relaxed);
        self.answer(&Answer::new(503, "{\"status\":\"waiting for its database\"}\n"));
    }

    /// From now on everything is answered well.
    pub fn recover(&self) {
        self.failing.store(false, Ordering::Relaxed);
        self.answer(&Answer::text("{\"status\":\"ok\"}\n"));
        self.http.on("/", Answer::text("<title>DotMac customer portal</title>\n"));
    }

    /// Health checks pass, and customers get errors.
    pub fn fail_for_customers(&self) {
        self.failing.store(true, Ordering::Relaxed);
    }

    fn answer(&self, answer: &Answer) {
        for path in ["/api/health", "/health", "/"] {
            self.http.on(path, answer.clone());
        }
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
