//! Whom we trust on TLS: the machine's roots with a pack's own, and a verifier that remembers what it was shown.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use rustls::{
    CertificateError, ClientConfig, Error, NamedGroup, RootCertStore,
    client::{
        ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue, WebPkiServerVerifier,
        danger::ServerCertVerified,
    },
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::sync::OnceCell;

use super::{
    certificate::Presented,
    net_error::{NetError, Trouble},
};
use warroom_host::verifier::{Judging, Shown};

/// The machine's trusted roots, read once: they are 150 files on many machines.
static NATIVE: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();

/// The machine's trusted roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded), with those of a PEM file when one is given.
/// The file is read each time, so that a renewed one is seen.
pub async fn roots(ca_file: Option<&Path>) -> Result<Arc<RootCertStore>, NetError> {
    let native = NATIVE.get_or_init(load_native).await.clone();
    let Some(path) = ca_file else { return Ok(native) };
    let ours = |cause: String| NetError::new(Trouble::Ours, cause);
    let pem = tokio::fs::read(path)
        .await
        .map_err(|error| ours(format!("cannot read the CA file {}: {error}", path.display())))?;
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| ours(format!("the CA file {} is not PEM", path.display())))?;
    let mut store = RootCertStore::clone(&native);
    let (added, _) = store.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(ours(format!("the CA file {} holds no certificate", path.display())));
    }
    Ok(Arc::new(store))
}

async fn load_native() -> Arc<RootCertStore> {
    let load = || {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        store
    };
    Arc::new(tokio::task::spawn_blocking(load).await.unwrap_or_else(|_| RootCertStore::empty()))
}

/// What happens in a handshake, told as it happens.
pub trait Handshake: Send + Sync + 'static {
    /// The connection stands and our hello is about to be sent.
    fn begins(&self) {}
    /// The server has shown its certificates.
    fn presented(&self) {}
}

/// The rules of one connection or of several to the same target.
#[derive(Clone)]
pub struct Tls {
    /// Never resumes a session, so that every handshake shows the certificate.
    pub config: ClientConfig,
    witness: Arc<Witness>,
}

impl Tls {
    /// `strict` breaks off when the certificate is not acceptable; without it the handshake goes on,
    /// and the problem is in [`Tls::presented`].
    pub fn new(roots: Arc<RootCertStore>, strict: bool, told: Arc<dyn Handshake>) -> Result<Self, NetError> {
        let provider = Arc::new(ring::default_provider());
        let ours = |what: &str| NetError::new(Trouble::Ours, what);
        let inner = if roots.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(roots, provider.clone());
            Some(builder.build().map_err(|error| ours(&format!("cannot use the trusted roots: {error}")))?)
        };
        let witness = Arc::new(Witness { inner, strict, told: told.clone(), seen: Mutex::default() });
        let judge = {
            let witness = witness.clone();
            move |shown: &Shown<'_>| witness.judge(shown)
        };
        let verifier = Judging { judge, provider: provider.clone() };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ours(&format!("TLS cannot be set up: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.resumption = Resumption::store(Arc::new(Forgetful(told)));
        Ok(Tls { config, witness })
    }

    /// What the server showed in the last handshake.
    pub fn presented(&self) -> Option<Presented> {
        self.witness.seen.lock().ok().and_then(|seen| seen.clone())
    }
}

/// Verifies by the Web PKI's rules and remembers the chain, also one that is refused.
struct Witness {
    /// None when there is no root at all: then nothing is trusted.
    inner: Option<Arc<WebPkiServerVerifier>>,
    strict: bool,
    told: Arc<dyn Handshake>,
    seen: Mutex<Option<Presented>>,
}

impl Witness {
    fn judge(&self, shown: &Shown<'_>) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.inner {
            Some(inner) => shown.judged_by(&**inner),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        let problem = match &verdict {
            Ok(_) => None,
            Err(Error::InvalidCertificate(problem)) => Some(problem.clone()),
            Err(_) => Some(CertificateError::ApplicationVerificationFailure),
        };
        if let Ok(mut seen) = self.seen.lock() {
            *seen = Some(Presented::read(shown.end_entity, shown.intermediates, problem));
        }
        self.told.presented();
        if self.strict { verdict } else { Ok(ServerCertVerified::assertion()) }
    }
}

/// A session store that keeps nothing. It is asked when a client hello is made, which is the moment
/// at which the TCP connection is known to stand.
struct Forgetful(Arc<dyn Handshake>);

impl std::fmt::Debug for Forgetful {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Forgetful")
    }
}

impl ClientSessionStore for Forgetful {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.0.begins();
        None
    }
}
