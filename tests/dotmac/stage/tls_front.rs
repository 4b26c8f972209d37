//! The portal's TLS address, which shows the certificate that the ingress' secret holds at that moment.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{DotMac, DotMacCluster};
use crate::lab::{Http, ServerCertificate};

const LOOK: Duration = Duration::from_millis(150);

/// Does what an ingress controller does with the secret [`DotMacCluster::TLS`].
pub struct TlsFront {
    http: Arc<Mutex<Http>>,
    frozen: Arc<AtomicBool>,
    closed: Arc<AtomicBool>,
    work: Option<JoinHandle<()>>,
}

impl TlsFront {
    pub fn start(dotmac: &DotMac) -> TlsFront {
        let (cluster, namespace) = (dotmac.cluster().cluster.clone(), dotmac.cluster().namespace().to_owned());
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{}", DotMacCluster::TLS);
        let read = move || {
            let secret = cluster.try_request("GET", &path, None).ok()?;
            let part = |name: &str| {
                let bytes = STANDARD.decode(secret["data"][name].as_str()?).ok()?;
                String::from_utf8(bytes).ok()
            };
            let (chain_pem, key_pem) = (part("tls.crt")?, part("tls.key")?);
            Some(ServerCertificate { chain_pem, key_pem, public_key_pem: String::new() })
        };
        let mut shown = read().expect("the secret is there");
        let http = Arc::new(Mutex::new(Http::start_tls(shown.clone())));
        let (frozen, closed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let work = std::thread::spawn({
            let (http, frozen, closed) = (http.clone(), frozen.clone(), closed.clone());
            move || {
                while !closed.load(Ordering::Relaxed) {
                    std::thread::sleep(LOOK);
                    let new = read().filter(|new| new.chain_pem != shown.chain_pem && !frozen.load(Ordering::Relaxed));
                    if let Some(new) = new {
                        http.lock().unwrap().show(new.clone());
                        shown = new;
                    }
                }
            }
        });
        TlsFront { http, frozen, closed, work: Some(work) }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.http.lock().unwrap().address()
    }

    /// From now on it shows what it shows, whatever the secret says.
    pub fn freeze(&self) {
        self.frozen.store(true, Ordering::Relaxed);
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(work) = self.work.take() {
            let _ = work.join();
        }
    }
}
