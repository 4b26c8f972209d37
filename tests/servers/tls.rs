//! `tls` probes against certificates of every kind, and against what is no TLS server.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::Command,
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use warroom::{
    health::{Reading, Status, Unit},
    platform::{HttpTarget, ProbeTarget, TlsFiles, WebFields},
};

use crate::{
    lab::{
        self, Certificates, Folder, Hanging, Http, Port, Process, Scripted, ServerCertificate, background, closed_port,
    },
    look,
};

fn tls(address: impl Into<String>, ca: Option<&Certificates>) -> ProbeTarget {
    let ca_file = ca.map(|ca| ca.ca_file().display().to_string());
    ProbeTarget::Tls { address: address.into(), server_name: None, tls: TlsFiles { ca_file, ..TlsFiles::default() } }
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
    let trusted = TlsFiles { ca_file: Some(file.display().to_string()), ..TlsFiles::default() };
    let reading = look::at(ProbeTarget::Tls { address, server_name: None, tls: trusted }).await;
    look::expect(&reading, Status::Ok, "expires in");
}

#[tokio::test]
async fn another_name_is_down_unless_it_is_the_one_asked_for() {
    let ca = Certificates::new();
    let server = Http::start_tls(ca.wrong_name());
    let address = format!("localhost:{}", server.port());
    let reading = look::at(tls(address.clone(), Some(&ca))).await;
    look::expect(&reading, Status::Down, "certificate is for another name: somewhere-else.example");
    let server_name = Some("somewhere-else.example".to_owned());
    let trusted = TlsFiles { ca_file: Some(ca.ca_file().display().to_string()), ..TlsFiles::default() };
    let reading = look::at(ProbeTarget::Tls { address, server_name, tls: trusted }).await;
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
    let ProbeTarget::Tls { tls, .. } = &mut target else { unreachable!() };
    tls.ca_file = Some("/nowhere/ca.pem".to_owned());
    look::expect(&look::at(target).await, Status::Unknown, "/nowhere/ca.pem");
}

/// OpenSSL's own server and certificates: what clients of the field meet.
struct OpenSsl {
    folder: Folder,
}

impl OpenSsl {
    /// With an authority `root` and an expired one, `old`.
    fn new() -> OpenSsl {
        let lab = OpenSsl { folder: Folder::new() };
        let write = |name: &str, text: &str| std::fs::write(lab.path(name), text).unwrap();
        write("server.ext", "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n");
        write("named.ext", "basicConstraints=CA:FALSE\n");
        write("ca.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
        write("index", "");
        write("serial", "01");
        let policy = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n\
                      unique_subject=no\n[p]\ncommonName=supplied\n";
        write("ca.cnf", policy);
        lab.own("root", "Lab Root");
        lab.request("old", "Old Root");
        lab.run(
            "ca -batch -config ca.cnf -selfsign -keyfile old.key -in old.csr -out old.crt -notext \
                 -startdate 200101000000Z -enddate 210101000000Z -extfile ca.ext",
        );
        lab
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, line: &str) {
        let mut command = Command::new("openssl");
        let done = command.current_dir(self.folder.path()).args(line.split_whitespace()).output().unwrap();
        assert!(done.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn own(&self, name: &str, common: &str) {
        let subject = self.subject(common);
        self.run(&format!(
            "req -x509 -newkey rsa:2048 -nodes -days 30 -config {subject} -keyout {name}.key -out {name}.crt"
        ));
    }

    fn request(&self, name: &str, common: &str) {
        let subject = self.subject(common);
        self.run(&format!("req -newkey rsa:2048 -nodes -config {subject} -keyout {name}.key -out {name}.csr"));
    }

    /// What `openssl req -x509` makes by default is an authority (`CA:TRUE`).
    fn subject(&self, common: &str) -> String {
        let text = format!(
            "[req]\nprompt=no\ndistinguished_name=n\nx509_extensions=x\n[n]\nCN={common}\n[x]\n\
             basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:localhost\n"
        );
        let name = format!("{}.cnf", common.replace(' ', "-"));
        std::fs::write(self.path(&name), text).unwrap();
        name
    }

    /// Signs a certificate for `localhost`.
    fn sign(&self, name: &str, authority: &str, rest: &str) {
        self.request(name, "localhost");
        self.run(&format!(
            "x509 -req -in {name}.csr -CA {authority}.crt -CAkey {authority}.key -CAcreateserial -days 90 -out {name}.crt {rest}"
        ));
    }

    /// Serves HTTP with this certificate, as `s_server` does with `-www`.
    fn serve(&self, name: &str, rest: &str) -> (Process, Port) {
        let port = Port::free();
        let line = format!("s_server -accept 127.0.0.1:{} -cert {name}.crt -key {name}.key -www {rest}", port.number());
        let mut command = Command::new("openssl");
        command.current_dir(self.folder.path()).args(line.split_whitespace());
        let mut server = Process::spawn("openssl", command, self.folder.path());
        server.ready(|| std::net::TcpStream::connect(("127.0.0.1", port.number())).is_ok());
        (server, port)
    }

    fn trusting(&self, name: &str) -> TlsFiles {
        TlsFiles { ca_file: Some(text(&self.path(&format!("{name}.crt")))), ..TlsFiles::default() }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Certificates as OpenSSL 3.0 makes them. A root's own dates: OpenSSL and Go look at them, webpki (and so we) does not by itself.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_judged_as_clients_judge_them() {
    lab::require!(lab::TOOLS);
    let lab = OpenSsl::new();
    lab.sign("good", "root", "-extfile server.ext");
    lab.sign("named", "root", "-extfile named.ext");
    lab.sign("version1", "root", "");
    lab.sign("under-old", "old", "-extfile server.ext");
    lab.own("self", "localhost");
    lab.request("endless", "localhost");
    lab.run(
        "ca -batch -config ca.cnf -cert root.crt -keyfile root.key -in endless.csr -out endless.crt -notext \
             -enddate 99991231235959Z -extfile server.ext",
    );
    for (certificate, trusted, status, words) in [
        ("good", "root", Status::Ok, "certificate expires in 89 days"),
        ("good", "self", Status::Down, "certificate is not trusted: unknown issuer Lab Root"),
        ("named", "root", Status::Down, "certificate has no subject alternative name, only the common name localhost"),
        ("version1", "root", Status::Down, "certificate is of an old version (1) that clients do not accept"),
        ("under-old", "old", Status::Warn, "but the root Old Root in `ca_file` expired"),
        ("self", "self", Status::Ok, "certificate expires in 29 days"),
        ("self", "root", Status::Down, "certificate is not trusted: self-signed"),
        ("endless", "root", Status::Ok, "certificate does not expire"),
    ] {
        let (_server, port) = lab.serve(certificate, "");
        let address = format!("localhost:{}", port.number());
        let reading = look::at(ProbeTarget::Tls { address, server_name: None, tls: lab.trusting(trusted) }).await;
        look::expect(&reading, status, words);
        assert!(reading.details["days_left"].is_i64(), "{certificate}: {:?}", reading.details);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_client_certificate_shows_its_own_and_gets_ours() {
    lab::require!(lab::TOOLS);
    let lab = OpenSsl::new();
    lab.sign("good", "root", "-extfile server.ext");
    lab.sign("client", "root", "-extfile named.ext");
    lab.sign("stranger", "old", "-extfile named.ext");
    let known = |name: &str| TlsFiles {
        client_certificate: Some(text(&lab.path(&format!("{name}.crt")))),
        client_key: Some(text(&lab.path(&format!("{name}.key")))),
        ..lab.trusting("root")
    };
    for version in ["-tls1_2", "-tls1_3"] {
        let asks = format!("-Verify 1 -verify_return_error -CAfile root.crt {version}");
        let (_server, port) = lab.serve("good", &asks);
        let address = format!("localhost:{}", port.number());
        let look_with = |tls: TlsFiles| look::at(ProbeTarget::Tls { address: address.clone(), server_name: None, tls });
        if version == "-tls1_2" {
            look::expect(&look_with(known("stranger")).await, Status::Unknown, "refuses our client certificate");
        }
        for files in [lab.trusting("root"), known("client")] {
            let reading = look_with(files).await;
            look::expect(&reading, Status::Ok, "certificate expires in 89 days");
            assert_eq!(reading.details["client_certificate"], "asked for", "{version}");
        }
        let ask = |tls: TlsFiles| {
            let web = WebFields { tls, body_limit: None };
            let target = HttpTarget { redirects: 0, web, ..super::http::get(format!("https://{address}/")) };
            look::at(ProbeTarget::Http(Box::new(target)))
        };
        let reading = ask(lab.trusting("root")).await;
        look::expect(&reading, Status::Unknown, "asks for a client certificate");
        assert_eq!(reading.details["certificate"]["days_left"], 89, "{version}");
        look::expect(&ask(known("client")).await, Status::Ok, "200 OK");
        look::expect(&ask(known("stranger")).await, Status::Unknown, "refuses our client certificate");
        let mixed = TlsFiles { client_key: known("stranger").client_key, ..known("client") };
        look::expect(&ask(mixed).await, Status::Unknown, "is not that of the client certificate");
    }
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
