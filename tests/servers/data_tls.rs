//! TLS with PostgreSQL and Redis: whose certificate is accepted, and what is said of the others.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use warroom::{
    health::{Observation, Status},
    platform::{PostgresRole, ProbeTarget, RedisRole, SecretText},
};

use crate::{
    lab::{self, Certificates, Postgres, RedisOptions, ServerCertificate},
    looking::{Looking, assert_said},
};

/// Gives a running server this certificate.
fn show(server: &Postgres, certificate: &ServerCertificate) {
    let owner = fs::metadata(server.data()).unwrap();
    for (name, pem) in [("server.crt", &certificate.chain_pem), ("server.key", &certificate.key_pem)] {
        let path = server.data().join(name);
        fs::write(&path, pem).unwrap();
        std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    server.sql("ALTER SYSTEM SET ssl = on");
    server.sql("SELECT pg_reload_conf()");
    lab::wait_until("TLS is on", std::time::Duration::from_secs(10), || {
        server.sql("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "t"
    });
}

async fn postgres(server: &Postgres, mode: &str, root: Option<&Path>) -> Observation {
    let root = root.map(|root| format!("&sslrootcert={}", root.display())).unwrap_or_default();
    let url = format!("{}?sslmode={mode}{root}", server.password_url());
    Looking::at(ProbeTarget::Postgres { url: SecretText::Literal(url), expect: PostgresRole::Primary }).look().await
}

#[tokio::test(flavor = "multi_thread")]
async fn sslmode_means_what_it_means_to_psql() {
    lab::require!(lab::POSTGRES);
    let authority = Certificates::new();
    let root = authority.ca_file();
    let server = Postgres::start();
    show(&server, &authority.valid(30));
    for mode in ["prefer", "require"] {
        assert_said(&postgres(&server, mode, None).await, Status::Ok, "primary");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_said(&postgres(&server, mode, Some(&root)).await, Status::Ok, "primary");
    }
    let untrusted = postgres(&server, "verify-full&sslrootcert=system", None).await;
    assert_eq!(untrusted.verdict, Status::Unknown, "{}", untrusted.summary);
    let missing = postgres(&server, "verify-full", Some(Path::new("/nonexistent/root.pem"))).await;
    assert_said(&missing, Status::Unknown, "cannot read certificates from /nonexistent/root.pem");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_fails_verify_full_only() {
    lab::require!(lab::POSTGRES);
    let authority = Certificates::new();
    let root = authority.ca_file();
    let server = Postgres::start();
    show(&server, &authority.wrong_name());
    assert_said(&postgres(&server, "verify-ca", Some(&root)).await, Status::Ok, "primary");
    assert_said(&postgres(&server, "verify-full", Some(&root)).await, Status::Unknown, "is for another name");
    let stranger = Certificates::new().ca_file();
    assert_said(&postgres(&server, "verify-ca", Some(&stranger)).await, Status::Unknown, "certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_said_to_have_expired() {
    lab::require!(lab::POSTGRES);
    let authority = Certificates::new();
    let server = Postgres::start();
    show(&server, &authority.expired(3));
    let seen = postgres(&server, "verify-ca", Some(&authority.ca_file())).await;
    assert_said(&seen, Status::Unknown, "has expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_over_tls_is_looked_at_and_an_untrusted_one_is_unknown() {
    lab::require!(lab::REDIS);
    let authority = Certificates::new();
    let certificate = authority.valid(30);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, pem: &str| {
        let path = folder.path().join(name);
        fs::write(&path, pem).unwrap();
        path.display().to_string()
    };
    let port = lab::closed_port();
    let _server = RedisOptions::default()
        .setting("tls-port", port.number())
        .setting("tls-cert-file", file("cert.pem", &certificate.chain_pem))
        .setting("tls-key-file", file("key.pem", &certificate.key_pem))
        .setting("tls-ca-cert-file", file("ca.pem", authority.ca_pem()))
        .setting("tls-auth-clients", "no")
        .start();
    let look = async |end: &str| {
        let url = format!("rediss://localhost:{}{end}", port.number());
        Looking::at(ProbeTarget::Redis { url: SecretText::Literal(url), expect: RedisRole::Master }).look().await
    };
    assert_said(&look("/#insecure").await, Status::Ok, "master");
    assert_said(&look("").await, Status::Unknown, "is not trusted: unknown issuer");
}
