//! Whom we trust on TLS: the machine's roots with a pack's own, and a verifier that remembers what it was shown.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use rustls::{
    CertificateError, ClientConfig, Error, NamedGroup, RootCertStore, SignatureScheme,
    client::{
        ClientSessionStore, ResolvesClientCert, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue,
        WebPkiServerVerifier, danger::ServerCertVerified,
    },
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, TrustAnchor, pem::PemObject},
    sign::CertifiedKey,
};
use tokio::sync::OnceCell;

use super::{
    certificate::{Certificate, Presented},
    net_error::{NetError, Trouble, is_ca},
};
use warroom_host::{
    clock,
    verifier::{Judging, Shown},
};

/// The machine's trusted roots, read once: they are 150 files on many machines.
static NATIVE: OnceCell<Arc<RootCertStore>> = OnceCell::const_new();

/// PEM files that a pack names: whom to trust beside the machine's roots, and what to show a server that asks who we are.
/// They are read for each look, so that renewed ones are seen.
#[derive(Debug, Clone, Default)]
pub struct Files {
    pub ca: Option<PathBuf>,
    pub certificate: Option<PathBuf>,
    /// The private key, where it is not in the certificate's file.
    pub key: Option<PathBuf>,
}

impl Files {
    /// The machine's trusted roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded) and these files. See [`Tls`] for `strict`.
    pub async fn tls(&self, strict: bool, told: Arc<dyn Handshake>) -> Result<Tls, NetError> {
        let native = NATIVE.get_or_init(load_native).await.clone();
        let mut roots = Roots { store: native, own: Vec::new() };
        if let Some(path) = &self.ca {
            let certificates = certificates("CA file", path).await?;
            let mut store = RootCertStore::clone(&roots.store);
            roots.own = certificates.iter().filter_map(|der| Certificate::read(der)).collect();
            if store.add_parsable_certificates(certificates).0 == 0 {
                return Err(ours(format!("the CA file {} holds no certificate", path.display())));
            }
            roots.store = Arc::new(store);
        }
        Tls::new(roots, self.identity().await?, strict, told)
    }

    async fn identity(&self) -> Result<Option<CertifiedKey>, NetError> {
        let Some(path) = &self.certificate else { return Ok(None) };
        let chain = certificates("client certificate", path).await?;
        let path = self.key.as_ref().unwrap_or(path);
        let key = PrivateKeyDer::from_pem_slice(&read("client key", path).await?).map_err(|_| {
            ours(format!("the client key {} holds no private key that can be read without a password", path.display()))
        })?;
        match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
            Ok(identity) => Ok(Some(identity)),
            Err(Error::InconsistentKeys(_)) => {
                Err(ours(format!("the client key {} is not that of the client certificate", path.display())))
            }
            Err(error) => Err(ours(format!("cannot use the client key {}: {error}", path.display()))),
        }
    }
}

fn ours(cause: String) -> NetError {
    NetError::new(Trouble::Ours, cause)
}

async fn read(what: &str, path: &Path) -> Result<Vec<u8>, NetError> {
    tokio::fs::read(path).await.map_err(|error| ours(format!("cannot read the {what} {}: {error}", path.display())))
}

async fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, NetError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(&read(what, path).await?)
        .collect::<Result<_, _>>()
        .map_err(|_| ours(format!("the {what} {} is not PEM", path.display())))?;
    if found.is_empty() {
        return Err(ours(format!("the {what} {} holds no certificate", path.display())));
    }
    Ok(found)
}

/// Whom we trust.
struct Roots {
    store: Arc<RootCertStore>,
    /// Those of the pack's file: the store keeps no dates.
    own: Vec<Certificate>,
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
    identity: Arc<Identity>,
}

impl Tls {
    /// For a request that needs no TLS: trusts nobody.
    pub fn none(told: Arc<dyn Handshake>) -> Result<Self, NetError> {
        Tls::new(Roots { store: Arc::new(RootCertStore::empty()), own: Vec::new() }, None, true, told)
    }

    /// `strict` breaks off when the certificate is not acceptable; without it the handshake goes on,
    /// and the problem is in [`Tls::presented`].
    fn new(
        roots: Roots,
        identity: Option<CertifiedKey>,
        strict: bool,
        told: Arc<dyn Handshake>,
    ) -> Result<Self, NetError> {
        let provider = Arc::new(ring::default_provider());
        let inner = if roots.store.is_empty() {
            None
        } else {
            let builder = WebPkiServerVerifier::builder_with_provider(roots.store.clone(), provider.clone());
            Some(builder.build().map_err(|error| ours(format!("cannot use the trusted roots: {error}")))?)
        };
        let witness = Arc::new(Witness { inner, roots, strict, told: told.clone(), seen: Mutex::default() });
        let judge = {
            let witness = witness.clone();
            move |shown: &Shown<'_>| witness.judge(shown)
        };
        let verifier = Judging { judge, provider: provider.clone() };
        let identity = Arc::new(Identity { ours: identity.map(Arc::new), asked: AtomicBool::default() });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ours(format!("TLS cannot be set up: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(identity.clone());
        config.resumption = Resumption::store(Arc::new(Forgetful(told)));
        Ok(Tls { config, witness, identity })
    }

    /// True when the server has asked for a client certificate.
    pub fn asked(&self) -> bool {
        self.identity.asked.load(Ordering::Relaxed)
    }

    /// What a failure before the first byte of an answer means when the server has asked for a client certificate. Without one,
    /// servers refuse the handshake, or close the connection after it (TLS 1.3).
    pub fn refused(&self, error: NetError, peer: &str) -> NetError {
        let cause = match (self.asked(), error.trouble, &self.identity.ours) {
            (true, Trouble::RefusesUs | Trouble::Closed, None) => "asks for a client certificate",
            (true, Trouble::RefusesUs, Some(_)) => "refuses our client certificate",
            _ => return error,
        };
        NetError::new(Trouble::RefusesUs, format!("{peer} {cause}"))
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
    roots: Roots,
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
        // The library refuses a CA's certificate as a server's. Clients take one that they were told to trust.
        let verdict = match verdict {
            Err(Error::InvalidCertificate(problem)) if is_ca(&problem) && self.trusts(shown.end_entity) => {
                shown.is_for_its_name().map(|()| ServerCertVerified::assertion())
            }
            verdict => verdict,
        };
        let problem = match &verdict {
            Ok(_) => None,
            Err(Error::InvalidCertificate(problem)) => Some(problem.clone()),
            Err(_) => Some(CertificateError::ApplicationVerificationFailure),
        };
        if let Ok(mut seen) = self.seen.lock() {
            let presented = Presented::read(shown.end_entity, shown.intermediates, problem);
            *seen = Some(presented.anchored(&self.roots.own, clock::now()));
        }
        self.told.presented();
        if self.strict { verdict } else { Ok(ServerCertVerified::assertion()) }
    }

    /// Whether this certificate is itself one of the roots.
    fn trusts(&self, certificate: &CertificateDer<'_>) -> bool {
        let mut own = RootCertStore::empty();
        own.add(certificate.clone().into_owned()).is_ok()
            && own.roots.iter().all(|own| {
                let key = &own.subject_public_key_info;
                let same = |root: &TrustAnchor<'_>| root.subject == own.subject && root.subject_public_key_info == *key;
                self.roots.store.roots.iter().any(same)
            })
    }
}

/// Shows our certificate to a server that asks for one, and remembers that it asked.
#[derive(Debug)]
struct Identity {
    ours: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.ours.clone()
    }

    fn has_certs(&self) -> bool {
        self.ours.is_some()
    }
}

/// A session store that keeps nothing. It is asked when a client hello is made, which is the moment
/// at which the TCP connection is known to stand.
struct Forgetful(Arc<dyn Handshake>);

impl fmt::Debug for Forgetful {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
