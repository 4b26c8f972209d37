//! Certificates for TLS servers: good ones, and each kind of bad one.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::Folder;

const DAY: Duration = Duration::from_secs(86_400);

/// A certificate authority that nobody trusts unless told to.
pub struct Certificates {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: Folder,
}

impl Certificates {
    pub fn new() -> Certificates {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "warroom lab CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = Folder::new();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Certificates { issuer: Issuer::new(params, key), pem: certificate.pem(), folder }
    }

    /// The authority's own certificate.
    pub fn ca_pem(&self) -> &str {
        &self.pem
    }

    /// A file with [`Self::ca_pem`].
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// For `localhost` and `127.0.0.1`, valid for `days` more days (and one hour, so that a count of whole days says `days`).
    pub fn valid(&self, days: u32) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], -1, i64::from(days))
    }

    /// For `localhost` and `127.0.0.1`, expired `days` days ago.
    pub fn expired(&self, days: u32) -> ServerCertificate {
        self.issue(&["localhost", "127.0.0.1"], -i64::from(days) - 30, -i64::from(days))
    }

    /// Valid, for a name that is not the server's.
    pub fn wrong_name(&self) -> ServerCertificate {
        self.issue(&["somewhere-else.example"], -1, 90)
    }

    /// Valid, for these names and addresses.
    pub fn for_names(&self, names: &[&str]) -> ServerCertificate {
        self.issue(names, -1, 90)
    }

    /// For these names and addresses, for `days` more days.
    pub fn for_names_until(&self, names: &[&str], days: u32) -> ServerCertificate {
        self.issue(names, -1, i64::from(days))
    }

    fn issue(&self, names: &[&str], from_days: i64, to_days: i64) -> ServerCertificate {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names.clone()).unwrap();
        params.distinguished_name.push(DnType::CommonName, names[0].as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = in_days(from_days).into();
        params.not_after = (in_days(to_days) + Duration::from_secs(3600)).into();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        ServerCertificate {
            chain_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            public_key_pem: key.public_key_pem(),
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "certificates are valid at a time of the real clock")]
fn in_days(days: i64) -> std::time::SystemTime {
    let now = std::time::SystemTime::now();
    let span = DAY * u32::try_from(days.unsigned_abs()).unwrap();
    if days < 0 { now - span } else { now + span }
}

/// What a TLS server shows, with its key.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    pub chain_pem: String,
    pub key_pem: String,
    pub public_key_pem: String,
}

impl ServerCertificate {
    pub fn config(&self) -> Arc<ServerConfig> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chain = CertificateDer::pem_slice_iter(self.chain_pem.as_bytes()).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap();
        Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap())
    }
}
