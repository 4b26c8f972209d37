//! TLS with PostgreSQL servers, with libpq's idea of how much of a certificate is checked.

use std::{path::Path, sync::Arc};

use rustls::{
    CertificateError, ClientConfig, Error, RootCertStore,
    client::{
        WebPkiServerVerifier,
        danger::{ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::target::{Roots, TlsWish, Verify};
use crate::{
    secret::expand_home,
    verifier::{Judging, Shown},
};

/// Makes the connector that the wish asks for. Reads files: not to be called on an async worker when the wish names
/// roots or an identity. The error is one sentence that names the file.
pub fn connector(wish: &TlsWish) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(wish, provider)?);
    let mut config = match &wish.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| format!("{} does not go with {}: {error}", key.display(), certificate.display()))?,
    };
    // sslnegotiation=direct requires it, the older way does not mind
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

/// libpq's `require` checks nothing, `verify-ca` the chain and not the name, `verify-full` both.
fn verifier(wish: &TlsWish, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    if wish.verify == Verify::Nothing {
        return Ok(Arc::new(Judging { judge: |_: &Shown<'_>| Ok(ServerCertVerified::assertion()), provider }));
    }
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(&wish.roots)?), provider.clone())
        .build()
        .map_err(|error| format!("no root certificates to check the server's certificate with: {error}"))?;
    Ok(match wish.verify {
        Verify::ChainAndName => chain,
        _ => {
            Arc::new(Judging { judge: move |shown: &Shown<'_>| whatever_its_name(shown.judged_by(&*chain)), provider })
        }
    })
}

/// The judgement on a certificate without the one on its name.
fn whatever_its_name(judgement: Result<ServerCertVerified, Error>) -> Result<ServerCertVerified, Error> {
    match judgement {
        // The chain is checked before the name, so this error says that the chain holds.
        Err(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => Ok(ServerCertVerified::assertion()),
        other => other,
    }
}

fn roots(wanted: &Roots) -> Result<RootCertStore, String> {
    let usual = expand_home("~/.postgresql/root.crt");
    let file = match wanted {
        Roots::File(path) => Some(path.as_path()),
        Roots::Usual if usual.is_file() => Some(usual.as_path()),
        Roots::Usual | Roots::System => None,
    };
    let mut store = RootCertStore::empty();
    let found = match file {
        Some(path) => certificates(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(found);
    if store.is_empty() {
        return Err(match file {
            Some(path) => format!("{} holds no usable certificate", path.display()),
            None => "this machine has no root certificates: give sslrootcert".to_owned(),
        });
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| format!("cannot read certificates from {}: {error}", path.display()))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| format!("cannot read a key from {}: {error}", path.display()))
}
