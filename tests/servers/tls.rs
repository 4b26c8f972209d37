//! `tls` probes against certificates of every kind, and against what is no TLS server.

use std::fmt::Write;

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use warroom::{
    health::{Reading, Status, Unit},
    platform::ProbeTarget,
};

use crate::{
    lab::{Certificates, Hanging, Http, Scripted, ServerCertificate, background, closed_port},
    look,
};

fn tls(address: impl Into<String>, ca: Option<&Certificates>) -> ProbeTarget {
    let ca_file = ca.map(|ca| ca.ca_file().display().to_string());
    ProbeTarget::Tls { address: address.into(), server_name: None, ca_file }
}

async fn look_at(certificate: ServerCertificate, ca: Option<&Certificates>) -> Reading {
    let server = Http::start_tls(certificate);
    look::at(tls(format!("localhost:{}", server.port()), ca)).await
}

#[tokio::test]
async fn a_trusted_certificate_is_ok_with_its_days_left() {
    let ca = Certificates::new();
    let reading = look_at(ca.valid(74), Some(&ca)).await;
    look::expect(&reading, Status::Ok, "certificate expires in 74 days");
    assert_eq!((reading.value, reading.unit), (Some(74.0), Some(Unit::Days)));
    assert_eq!(reading.details["certificate"]["issuer"], "warroom lab CA");
    assert_eq!(reading.details["certificate"]["names"][0], "localhost");
    assert_eq!(reading.details["protocol"], "TLS 1.3");
    assert_eq!(reading.details["chain"].as_array().map(Vec::len), Some(1));
    assert!(reading.details["chain"][0]["not_after_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn an_expired_certificate_is_down_since_so_many_days() {
    let ca = Certificates::new();
    let reading = look_at(ca.expired(12), Some(&ca)).await;
    // One hour is left of the twelfth day.
    look::expect(&reading, Status::Down, "certificate expired 11 days ago");
    assert_eq!(reading.value, Some(-12.0));
}

#[tokio::test]
async fn an_unknown_issuer_is_down_and_its_chain_is_shown() {
    let reading = look_at(Certificates::new().valid(30), None).await;
    look::expect(&reading, Status::Down, "certificate is not trusted: unknown issuer warroom lab CA");
    assert_eq!(reading.details["days_left"], 30);
    assert_eq!(reading.details["trusted"], false);
}

#[tokio::test]
async fn a_self_signed_certificate_is_told_as_such_and_accepted_when_it_is_the_trusted_one() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let shown = ServerCertificate {
        chain_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        public_key_pem: key.public_key_pem(),
    };
    look::expect(&look_at(shown.clone(), None).await, Status::Down, "certificate is not trusted: self-signed");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("self.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let server = Http::start_tls(shown);
    let address = format!("localhost:{}", server.port());
    let ca_file = Some(file.display().to_string());
    look::expect(&look::at(ProbeTarget::Tls { address, server_name: None, ca_file }).await, Status::Ok, "expires in");
}

#[tokio::test]
async fn another_name_is_down_unless_it_is_the_one_asked_for() {
    let ca = Certificates::new();
    let server = Http::start_tls(ca.wrong_name());
    let address = format!("localhost:{}", server.port());
    let reading = look::at(tls(address.clone(), Some(&ca))).await;
    look::expect(&reading, Status::Down, "certificate is for another name: somewhere-else.example");
    let server_name = Some("somewhere-else.example".to_owned());
    let ca_file = Some(ca.ca_file().display().to_string());
    let reading = look::at(ProbeTarget::Tls { address, server_name, ca_file }).await;
    look::expect(&reading, Status::Ok, "certificate expires in 90 days");
}

#[tokio::test]
async fn what_is_no_tls_server_is_told_apart() {
    let plain = Http::start();
    look::expect(&look::at(tls(plain.address(), None)).await, Status::Down, "does not speak TLS");

    let port = closed_port();
    let closed = tls(format!("127.0.0.1:{}", port.number()), None);
    look::expect(&look::at(closed).await, Status::Down, "connection refused by 127.0.0.1:");

    let hanging = Hanging::start();
    let reading = look::with(look::impatient(tls(hanging.address(), None))).await;
    look::expect(&reading, Status::Unknown, "accepted the connection but the TLS handshake does not end");

    let silent = Scripted::start("");
    look::expect(&look::at(tls(silent.address(), None)).await, Status::Down, "closed the connection");
}

#[tokio::test]
async fn a_ca_file_that_cannot_be_used_is_named() {
    let server = Hanging::start();
    let mut target = tls(server.address(), None);
    let ProbeTarget::Tls { ca_file, .. } = &mut target else { unreachable!() };
    *ca_file = Some("/nowhere/ca.pem".to_owned());
    look::expect(&look::at(target).await, Status::Unknown, "/nowhere/ca.pem");
}

#[test]
fn random_bytes_are_never_a_good_certificate() {
    let server = Scripted::start("");
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    // Half of the cases begin like a TLS record, to get further.
    let bytes = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)).prop_map(|(record, mut bytes)| {
        if record && bytes.len() > 5 {
            bytes[..3].copy_from_slice(&[22, 3, 3]);
        }
        bytes
    });
    runner
        .run(&bytes, |bytes| {
            server.answer(bytes);
            let reading = background(look::at(tls(server.address(), None)));
            let mut said = String::new();
            write!(said, "{}: {}", reading.status, reading.summary).unwrap();
            prop_assert!(matches!(reading.status, Status::Down | Status::Unknown), "{said}");
            prop_assert!(!said.contains("defect"), "{said}");
            Ok(())
        })
        .unwrap();
}
