//! `http` probes against a server whose answers the test controls, and against sockets that misbehave.

use std::time::Duration;

use indexmap::IndexMap;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use warroom::{
    health::{Reading, Status, Unit},
    host::clock,
    platform::{Expression, HttpTarget, OnTimeout, ProbeSpec, ProbeTarget, SecretText, TlsFiles, WebFields},
};

use crate::{
    lab::{Answer, Certificates, Hanging, Http, Scripted, ServerCertificate, background, closed_port},
    look,
};

pub(super) fn get(url: impl Into<String>) -> HttpTarget {
    HttpTarget {
        url: SecretText::Literal(url.into()),
        method: "GET".to_owned(),
        headers: IndexMap::new(),
        body: None,
        status: "2xx".to_owned(),
        json: None,
        contains: None,
        matches: None,
        resolve: None,
        redirects: 5,
        web: WebFields::default(),
    }
}

async fn look_at(target: HttpTarget) -> Reading {
    look::at(ProbeTarget::Http(Box::new(target))).await
}

fn trusting(ca: &Certificates, target: HttpTarget) -> HttpTarget {
    let tls = TlsFiles { ca_file: Some(ca.ca_file().display().to_string()), ..TlsFiles::default() };
    HttpTarget { web: WebFields { tls, ..target.web.clone() }, ..target }
}

#[tokio::test]
async fn a_good_answer_is_ok_with_its_latency() {
    let server = Http::start();
    server.on("/health", Answer::text("fine"));
    let reading = look_at(get(server.url("/health"))).await;
    look::expect(&reading, Status::Ok, "200 OK, ");
    assert_eq!(reading.unit, Some(Unit::Milliseconds));
    assert_eq!((&reading.details["status_code"], &reading.details["body_bytes"]), (&json!(200), &json!(4)));
    assert_eq!(reading.details["address"], server.address());
    let ms = |name: &str| reading.details[name].as_f64().unwrap();
    assert!(ms("connect_ms") <= ms("first_byte_ms") && ms("first_byte_ms") <= ms("total_ms"), "{:?}", reading.details);
    let agent = &server.requests("/health")[0].headers["user-agent"];
    assert!(agent.starts_with("warroom/"), "{agent}");
}

#[tokio::test]
async fn a_wrong_status_is_down_with_what_the_server_said() {
    let server = Http::start();
    let body = "upstream\tconnect error\r\n".repeat(30);
    server.on("/", Answer::new(503, body).header("retry-after", "120"));
    let reading = look_at(get(server.url("/"))).await;
    look::expect(&reading, Status::Down, "503 Service Unavailable, expected 2xx");
    assert_eq!(reading.details["retry_after"], "120");
    let excerpt = reading.details["body_excerpt"].as_str().unwrap();
    assert!(excerpt.starts_with("upstream connect error upstream") && excerpt.chars().count() <= 201, "{excerpt}");
    look::expect(&look_at(get(server.url("/nowhere"))).await, Status::Down, "404 Not Found, expected 2xx");
}

#[tokio::test]
async fn a_refusal_is_unknown_and_any_answer_may_count_as_reachable() {
    let server = Http::start();
    server.otherwise(Answer::new(401, "who are you?"));
    let reading = look_at(get(server.url("/v1/balance"))).await;
    look::expect(&reading, Status::Unknown, "401 Unauthorized: it answers, but refuses this request");
    for status in ["any", "2xx,401", "400-499"] {
        let target = HttpTarget { status: status.to_owned(), ..get(server.url("/v1/balance")) };
        look::expect(&look_at(target).await, Status::Ok, "401 Unauthorized");
    }
}

#[tokio::test]
async fn the_request_is_sent_as_the_pack_says_and_its_secrets_stay_out_of_sight() {
    let server = Http::start();
    server.on("/rpc", Answer::new(500, "bad token: s3cr3t-token for alice:passw0rd"));
    let url = server.url("/rpc").replace("http://", "http://alice:passw0rd@");
    let reading = look_at(HttpTarget {
        method: "post".to_owned(),
        headers: IndexMap::from([
            ("X-Token".to_owned(), SecretText::Literal("Bearer s3cr3t-token".to_owned())),
            ("Content-Type".to_owned(), SecretText::Literal("application/json".to_owned())),
        ]),
        body: Some(SecretText::Literal("{\"ping\":1}".to_owned())),
        ..get(url)
    })
    .await;
    let request = &server.requests("/rpc")[0];
    assert_eq!((request.method.as_str(), request.body.as_str()), ("POST", "{\"ping\":1}"));
    assert_eq!(request.headers["x-token"], "Bearer s3cr3t-token");
    assert_eq!(request.headers["authorization"], "Basic YWxpY2U6cGFzc3cwcmQ=");
    let shown = format!("{reading:?}");
    assert!(!shown.contains("s3cr3t") && !shown.contains("passw0rd"), "{shown}");
}

#[tokio::test]
async fn conditions_on_the_body_are_told_when_they_do_not_hold() {
    let server = Http::start();
    server.on("/", Answer::json(&json!({"status": "degraded", "checks": {"db": true}})));
    let with = |change: fn(&mut HttpTarget)| {
        let mut target = get(server.url("/"));
        change(&mut target);
        look_at(target)
    };
    let reading = with(|t| t.json = Expression::compile("body.status == 'ok'").ok()).await;
    look::expect(&reading, Status::Down, "200, but `body.status == 'ok'` is false");
    let reading = with(|t| t.json = Expression::compile("body.checks.db").ok()).await;
    look::expect(&reading, Status::Ok, "200 OK");
    let reading = with(|t| t.json = Expression::compile("body.version > 3").ok()).await;
    look::expect(&reading, Status::Down, "`body.version > 3` has no answer");
    let reading = with(|t| t.contains = Some("\"ok\"".to_owned())).await;
    look::expect(&reading, Status::Down, "200, but the body does not contain \"\"ok\"\"");
    let reading = with(|t| t.matches = Some("status.*(ok|healthy)".to_owned())).await;
    look::expect(&reading, Status::Down, "200, but the body does not match `status.*(ok|healthy)`");
    let reading = with(|t| t.matches = Some("degra?d".to_owned())).await;
    look::expect(&reading, Status::Ok, "200 OK");
    server.on("/", Answer::text("<html>"));
    let reading = with(|t| t.json = Expression::compile("body.checks.db").ok()).await;
    look::expect(&reading, Status::Down, "200, but the body is not JSON");
    assert_eq!(reading.details["body_excerpt"], "<html>");
}

#[tokio::test]
async fn redirects_are_followed_so_far_as_the_pack_says() {
    let server = Http::start();
    server.on("/a", Answer::redirect("/b"));
    server.on("/b", Answer::redirect("/c?token=hush"));
    server.on("/c", Answer::text("here"));
    server.on("/circle", Answer::redirect("/circle"));
    let reading = look_at(get(server.url("/a"))).await;
    look::expect(&reading, Status::Ok, "200 OK");
    assert_eq!(reading.details["redirects"][1], json!({"status": 302, "to": server.url("/c")}));

    let reading = look_at(HttpTarget { redirects: 0, ..get(server.url("/b")) }).await;
    look::expect(&reading, Status::Down, "redirects to /c (302), expected 2xx");
    assert!(!format!("{reading:?}").contains("hush"));
    let accepted = HttpTarget { redirects: 0, status: "301,302".to_owned(), ..get(server.url("/b")) };
    look::expect(&look_at(accepted).await, Status::Ok, "302 Found");

    let reading = look_at(HttpTarget { redirects: 1, ..get(server.url("/a")) }).await;
    look::expect(&reading, Status::Unknown, "stopped after 1 redirects, the last to http");
    look::expect(&look_at(get(server.url("/circle"))).await, Status::Down, "redirects in a circle");
}

#[tokio::test]
async fn a_secret_header_is_not_sent_to_another_host() {
    let (first, other) = (Http::start(), Http::start());
    first.on("/", Answer::redirect(&other.url("/elsewhere")));
    other.otherwise(Answer::text("give it to me"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cr3t-token").unwrap();
    let token = SecretText::parse(&format!("file:{}", file.display()));
    let headers = IndexMap::from([("X-Token".to_owned(), token)]);
    let reading = look_at(HttpTarget { headers, ..get(first.url("/")) }).await;
    look::expect(&reading, Status::Unknown, "where the secrets of this request are not sent");
    assert!(other.requests("/elsewhere").is_empty());
    look::expect(&look_at(get(first.url("/"))).await, Status::Ok, "200 OK");
}

#[tokio::test]
async fn how_far_a_slow_answer_came_is_told() {
    let server = Http::start();
    server.on("/body", Answer::text("the beginning").never_ending());
    server.on("/headers", Answer::text("late").after(Duration::from_secs(60)));
    let hanging = Hanging::start();
    for (url, words) in [
        (server.url("/body"), "headers received (200 OK), body not finished after 13 B"),
        (server.url("/headers"), "accepted the connection but sends no answer"),
        (format!("http://{}/", hanging.address()), "accepted the connection but sends no answer"),
        (format!("https://{}/", hanging.address()), "accepted the connection but the TLS handshake does not end"),
    ] {
        let spec = look::impatient(ProbeTarget::Http(Box::new(get(url))));
        look::expect(&look::with(spec.clone()).await, Status::Unknown, words);
        let strict = ProbeSpec { on_timeout: OnTimeout::Down, ..spec };
        look::expect(&look::with(strict).await, Status::Down, words);
    }
    // The same when it is the connect timeout that ends first.
    let target = ProbeTarget::Http(Box::new(get(format!("https://{}/", hanging.address()))));
    let spec = ProbeSpec { connect_timeout: Duration::from_millis(300), ..look::spec(target) };
    look::expect(&look::with(spec).await, Status::Unknown, "no connection within 0.3 s: 127.0.0.1:");
}

#[tokio::test]
async fn a_broken_conversation_is_down_in_its_own_words() {
    let port = closed_port();
    let reading = look_at(get(format!("http://127.0.0.1:{}/", port.number()))).await;
    look::expect(&reading, Status::Down, &format!("connection refused by 127.0.0.1:{}", port.number()));
    for (bytes, words) in [
        ("", "closed the connection before the answer was complete"),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", "does not speak HTTP"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", "closed the connection before the answer was complete"),
        ("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhalf", "cannot be decoded"),
    ] {
        let server = Scripted::start(bytes);
        look::expect(&look_at(get(format!("http://{}/", server.address()))).await, Status::Down, words);
    }
}

#[tokio::test]
async fn what_stands_beyond_our_own_limit_is_unknown_and_the_limit_is_a_field() {
    let server = Http::start();
    server.on("/json", Answer::json(&json!({"pad": "x".repeat(1_500_000), "status": "green"})));
    server.on("/text", Answer::text(format!("<html>{}<footer>service healthy</footer>", "a".repeat(1_500_000))));
    let large = WebFields { body_limit: Some(4 << 20), ..WebFields::default() };
    let json =
        HttpTarget { json: Some(Expression::compile("body.status == 'green'").unwrap()), ..get(server.url("/json")) };
    let text = HttpTarget { contains: Some("service healthy".to_owned()), ..get(server.url("/text")) };
    for target in [json, text] {
        let reading = look_at(target.clone()).await;
        look::expect(&reading, Status::Unknown, ": stopped reading at 1 MiB (raise `body_limit`)");
        look::expect(&look_at(HttpTarget { web: large.clone(), ..target }).await, Status::Ok, "200 OK");
    }
    // What is there within the limit is proof.
    let early = HttpTarget { contains: Some("<html>".to_owned()), ..get(server.url("/text")) };
    look::expect(&look_at(early).await, Status::Ok, "200 OK");
    // Headers have a limit as well, and it is not ours to choose.
    let many = Scripted::start(format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(200)));
    let reading = look_at(get(format!("http://{}/", many.address()))).await;
    look::expect(&reading, Status::Unknown, "answers with larger headers than are read here");
}

#[tokio::test]
async fn a_body_without_end_is_read_to_its_bound_only() {
    let server = Http::start();
    server.on("/", Answer::text("x".repeat(3 << 20)));
    let reading = look_at(HttpTarget { contains: Some("y".to_owned()), ..get(server.url("/")) }).await;
    let words = "200, but the body does not contain \"y\": stopped reading at 1 MiB (raise `body_limit`)";
    look::expect(&reading, Status::Unknown, words);
    assert_eq!((&reading.details["body_bytes"], &reading.details["body_cut"]), (&json!(1 << 20), &json!(true)));
}

#[tokio::test]
async fn a_certificate_is_shown_and_a_bad_one_is_told() {
    let ca = Certificates::new();
    let server = Http::start_tls(ca.valid(74));
    server.otherwise(Answer::text("secure"));
    let reading = look_at(trusting(&ca, get(server.url("/")))).await;
    look::expect(&reading, Status::Ok, "200 OK");
    assert_eq!(reading.details["certificate"]["days_left"], 74);
    let reading = look_at(get(server.url("/"))).await;
    look::expect(&reading, Status::Down, "certificate is not trusted: unknown issuer warroom lab CA");
    assert_eq!(reading.details["certificate"]["days_left"], 74);

    let expired = Http::start_tls(ca.expired(12));
    let reading = look_at(trusting(&ca, get(expired.url("/")))).await;
    look::expect(&reading, Status::Down, "certificate expired 11 days ago");
    let elsewhere = Http::start_tls(ca.wrong_name());
    let reading = look_at(trusting(&ca, get(elsewhere.url("/")))).await;
    look::expect(&reading, Status::Down, "certificate is for another name: somewhere-else.example");
    let plain = Http::start();
    let reading = look_at(get(format!("https://{}/", plain.address()))).await;
    look::expect(&reading, Status::Down, "does not speak TLS");
}

#[tokio::test]
async fn a_good_answer_with_a_certificate_near_its_end_is_a_warning() {
    let in_hours = |hours| std::time::SystemTime::from(clock::now() + jiff::SignedDuration::from_hours(hours));
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = in_hours(-80 * 24).into();
    params.not_after = in_hours(9 * 24 + 1).into();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    let server = Http::start_tls(ServerCertificate {
        chain_pem: certificate.pem(),
        key_pem: key.serialize_pem(),
        public_key_pem: key.public_key_pem(),
    });
    server.otherwise(Answer::text("fine"));
    let mut target = get(server.url("/"));
    target.web.tls.ca_file = Some(file.display().to_string());
    let reading = look_at(target).await;
    look::expect(&reading, Status::Warn, "certificate expires in 9 days");
    assert_eq!(reading.details["certificate"]["days_left"], 9);
}

#[tokio::test]
async fn a_fixed_address_is_used_and_the_name_stays_in_host_and_certificate() {
    let ca = Certificates::new();
    let server = Http::start_tls(ca.for_names(&["shop.example"]));
    server.otherwise(Answer::text("shop"));
    let fixed = |url: &str, resolve: String| HttpTarget { resolve: Some(resolve), ..trusting(&ca, get(url)) };
    let reading = look_at(fixed("https://shop.example/a", server.address())).await;
    look::expect(&reading, Status::Ok, "200 OK");
    assert_eq!(reading.details["address"], server.address());
    assert_eq!(server.requests("/a")[0].headers["host"], "shop.example");
    // With a port in both places, the address says where to connect and the URL what to say.
    look_at(fixed("https://shop.example:8443/b", server.address())).await;
    assert_eq!(server.requests("/b")[0].headers["host"], "shop.example:8443");
    // Without a port in the address, the URL's counts.
    let url = format!("https://shop.example:{}/c", server.port());
    look::expect(&look_at(fixed(&url, "127.0.0.1".to_owned())).await, Status::Ok, "200 OK");

    let port = closed_port();
    let refused = format!("127.0.0.1:{}", port.number());
    let reading = look_at(fixed("https://shop.example/", refused.clone())).await;
    look::expect(&reading, Status::Down, &format!("connection refused by {refused}"));
    look::expect(&look_at(fixed("http://127.0.0.1/", refused)).await, Status::Unknown, "needs a host name");
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it() {
    let ca = Certificates::new();
    let mut config = rustls::ServerConfig::clone(&ca.valid(30).config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let server = background(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let serve = async move {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config)).accept(stream).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let body = format!("for {}", request.uri().authority().unwrap());
                let answer = hyper::Response::builder().status(200).body(()).unwrap();
                respond.send_response(answer, false).unwrap().send_data(body.into(), true).unwrap();
            }
        };
        tokio::spawn(serve).abort_handle()
    });
    let target = HttpTarget {
        resolve: Some(address.to_string()),
        contains: Some("for localhost".to_owned()),
        ..trusting(&ca, get("https://localhost/"))
    };
    let reading = look_at(target).await;
    look::expect(&reading, Status::Ok, "200 OK");
    assert_eq!(reading.details["http_version"], "HTTP/2.0");
    server.abort();
}

#[tokio::test]
async fn every_look_makes_its_own_connection() {
    let mut server = Http::start();
    server.otherwise(Answer::text("fine"));
    look::expect(&look_at(get(server.url("/"))).await, Status::Ok, "200 OK");
    server.stop();
    look::expect(&look_at(get(server.url("/"))).await, Status::Down, "connection refused");
    server.run();
    look::expect(&look_at(get(server.url("/"))).await, Status::Ok, "200 OK");
}

#[tokio::test]
async fn what_the_pack_got_wrong_is_unknown_and_told() {
    let server = Http::start();
    let wrong = |change: fn(&mut HttpTarget)| {
        let mut target = get(server.url("/"));
        change(&mut target);
        look_at(target)
    };
    look::expect(&wrong(|t| t.status = "fine".to_owned()).await, Status::Unknown, "`status` must be like");
    look::expect(&wrong(|t| t.matches = Some("(".to_owned())).await, Status::Unknown, "not a regular expression");
    look::expect(&wrong(|t| t.url = SecretText::parse("env:WARROOM_NO_SUCH_URL")).await, Status::Unknown, "is not set");
    look::expect(&wrong(|t| t.url = SecretText::parse("redis://x")).await, Status::Unknown, "must start with http");
    let reading = look_at(get("http://shop.invalid/")).await;
    // Where the environment names a proxy, that one resolves.
    let proxied = std::env::vars().any(|(name, _)| name.to_lowercase().ends_with("_proxy"));
    look::expect(&reading, Status::Unknown, if proxied { "" } else { "shop.invalid does not resolve here" });
}

#[test]
fn random_bytes_are_never_a_good_answer() {
    let server = Scripted::start("");
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    let bytes = (any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)).prop_map(|(begins_well, bytes)| {
        let head: &[u8] = if begins_well { b"HTTP/1.1 " } else { b"" };
        [head, &bytes].concat()
    });
    runner
        .run(&bytes, |bytes| {
            server.answer(bytes);
            let target = HttpTarget { status: "any".to_owned(), ..get(format!("http://{}/", server.address())) };
            let reading = background(look_at(target));
            prop_assert!(matches!(reading.status, Status::Down | Status::Unknown), "{}", reading.summary);
            prop_assert!(!reading.summary.contains("defect"), "{}", reading.summary);
            Ok(())
        })
        .unwrap();
}
