//! `dns` probes against an authoritative server that answers, refuses, fails, and stays silent as told.

use std::{
    net::{Ipv4Addr, UdpSocket},
    sync::{Arc, Mutex},
    time::Duration,
};

use hickory_resolver::proto::{
    op::{Message, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, CNAME, MX, TXT},
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use warroom::{
    health::{Reading, Status, Unit},
    platform::{ProbeSpec, ProbeTarget},
};

use crate::{
    lab::{Hanging, background, closed_port},
    look,
};

/// What the server does with a question.
#[derive(Clone)]
enum Says {
    /// `shop.example`: A 10.0.0.7 and 10.0.0.8, MX, TXT; `www.shop.example`: CNAME to it; `partner.shop.example`: CNAME to a
    /// name of a zone that it does not serve; `old.shop.example`: CNAME to nothing; others do not exist.
    Zone,
    Code(ResponseCode),
    Bytes(Vec<u8>),
    Nothing,
}

/// A DNS server over UDP on loopback.
struct Dns {
    address: String,
    says: Arc<Mutex<Says>>,
    task: tokio::task::AbortHandle,
}

impl Dns {
    fn start() -> Dns {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let says = Arc::new(Mutex::new(Says::Zone));
        let current = says.clone();
        let task = background(async move {
            let socket = tokio::net::UdpSocket::from_std(socket).unwrap();
            let serve = async move {
                let mut packet = [0; 1500];
                while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                    let says = current.lock().unwrap().clone();
                    if let Some(answer) = answer(&packet[..length], says) {
                        let _ = socket.send_to(&answer, from).await;
                    }
                }
            };
            tokio::spawn(serve).abort_handle()
        });
        Dns { address, says, task }
    }

    fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    fn target(&self, name: &str, record: &str, expect: &[&str]) -> ProbeTarget {
        ProbeTarget::Dns {
            name: name.to_owned(),
            record: record.to_owned(),
            expect: expect.iter().map(ToString::to_string).collect(),
            server: Some(self.address.clone()),
        }
    }

    async fn look(&self, name: &str, record: &str, expect: &[&str]) -> Reading {
        look::at(self.target(name, record, expect)).await
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(packet: &[u8], says: Says) -> Option<Vec<u8>> {
    let asked = Message::from_vec(packet).ok()?;
    let question = asked.queries.first()?.clone();
    let mut answer = Message::response(asked.metadata.id, OpCode::Query);
    answer.add_query(question.clone());
    answer.metadata.authoritative = true;
    match says {
        Says::Nothing => return None,
        // A good answer's identity with something else behind it gets furthest.
        Says::Bytes(bytes) => return Some([&packet[..2], &bytes].concat()),
        Says::Code(code) => answer.metadata.response_code = code,
        Says::Zone => {
            let name = question.name().clone();
            let shop = Name::from_ascii("shop.example.").unwrap();
            let mut put = |name: &Name, data| {
                answer.add_answer(Record::from_rdata(name.clone(), 300, data));
            };
            let addresses = [7, 8].map(|last| RData::A(A(Ipv4Addr::new(10, 0, 0, last))));
            match (name.to_ascii().as_str(), question.query_type()) {
                ("shop.example.", RecordType::A) => addresses.into_iter().for_each(|data| put(&name, data)),
                ("shop.example.", RecordType::MX) => {
                    put(&name, RData::MX(MX::new(10, Name::from_ascii("mail.shop.example.").unwrap())));
                }
                ("shop.example.", RecordType::TXT) => put(&name, RData::TXT(TXT::new(vec!["v=spf1 -all".to_owned()]))),
                ("shop.example.", _) => {}
                ("www.shop.example.", RecordType::A) => {
                    put(&name, RData::CNAME(CNAME(shop.clone())));
                    addresses.into_iter().for_each(|data| put(&shop, data));
                }
                ("partner.shop.example.", _) => {
                    put(&name, RData::CNAME(CNAME(Name::from_ascii("app.vendor.example.").unwrap())));
                }
                ("app.vendor.example.", _) => answer.metadata.response_code = ResponseCode::Refused,
                ("old.shop.example.", _) => {
                    put(&name, RData::CNAME(CNAME(Name::from_ascii("gone.shop.example.").unwrap())));
                }
                _ => answer.metadata.response_code = ResponseCode::NXDomain,
            }
        }
    }
    answer.to_vec().ok()
}

#[tokio::test]
async fn a_failure_is_told_of_the_name_that_an_alias_leads_to() {
    let server = Dns::start();
    let elsewhere = server.look("partner.shop.example", "A", &[]).await;
    let words = "partner.shop.example is an alias of app.vendor.example, which 127.0.0.1:";
    look::expect(&elsewhere, Status::Unknown, words);
    assert!(elsewhere.summary.ends_with("does not serve (REFUSED)"), "{}", elsewhere.summary);
    let dangling = server.look("old.shop.example", "A", &[]).await;
    let words = "old.shop.example is a dangling alias: gone.shop.example does not exist (NXDOMAIN)";
    look::expect(&dangling, Status::Down, words);
    look::expect(&server.look("app.vendor.example", "A", &[]).await, Status::Unknown, "will not answer us for");
}

#[tokio::test]
async fn answers_are_shown_with_their_time_to_live() {
    let server = Dns::start();
    let reading = server.look("shop.example", "A", &["10.0.0.8"]).await;
    look::expect(&reading, Status::Ok, "10.0.0.7, 10.0.0.8");
    assert_eq!(reading.unit, Some(Unit::Milliseconds));
    let first = &reading.details["answers"][0];
    assert_eq!((&first["data"], &first["ttl_seconds"]), (&"10.0.0.7".into(), &300.into()));
    assert_eq!(reading.details["authoritative"], true);
    assert_eq!(reading.details["server"], server.address);
    look::expect(&server.look("shop.example", "MX", &["mail.shop.example"]).await, Status::Ok, "10 mail.shop.example");
    look::expect(&server.look("shop.example", "txt", &["v=spf1 -all"]).await, Status::Ok, "v=spf1");
    look::expect(&server.look("www.shop.example", "A", &["10.0.0.7"]).await, Status::Ok, "10.0.0.7");
}

#[tokio::test]
async fn a_missing_answer_is_down_with_both_sides() {
    let server = Dns::start();
    let reading = server.look("shop.example", "A", &["10.0.0.7", "10.0.0.9"]).await;
    look::expect(&reading, Status::Down, "answers 10.0.0.7, 10.0.0.8, expected 10.0.0.9");
    assert_eq!(reading.details["missing"][0], "10.0.0.9");
}

#[tokio::test]
async fn each_way_of_not_answering_has_its_own_words() {
    let server = Dns::start();
    look::expect(&server.look("nope.example", "A", &[]).await, Status::Down, "nope.example does not exist (NXDOMAIN)");
    look::expect(&server.look("shop.example", "AAAA", &[]).await, Status::Down, "shop.example has no AAAA record");
    server.says(Says::Code(ResponseCode::ServFail));
    look::expect(
        &server.look("shop.example", "A", &[]).await,
        Status::Down,
        "cannot answer for shop.example (SERVFAIL)",
    );
    server.says(Says::Code(ResponseCode::Refused));
    look::expect(&server.look("shop.example", "A", &[]).await, Status::Unknown, "(REFUSED)");
}

#[tokio::test]
async fn silence_is_unknown_and_a_closed_port_is_down() {
    let server = Dns::start();
    server.says(Says::Nothing);
    let spec = |target| ProbeSpec { connect_timeout: Duration::from_millis(400), ..look::spec(target) };
    let reading = look::with(spec(server.target("shop.example", "A", &[]))).await;
    look::expect(&reading, Status::Unknown, &format!("no answer from {} within", server.address));

    let port = closed_port();
    let closed = format!("127.0.0.1:{}", port.number());
    let target = |server: String| ProbeTarget::Dns {
        name: "shop.example".to_owned(),
        record: "A".to_owned(),
        expect: Vec::new(),
        server: Some(server),
    };
    look::expect(&look::with(spec(target(closed.clone()))).await, Status::Down, &format!("refused by {closed}"));
    // A server on TCP alone that says nothing: UDP is refused, TCP hangs.
    let hanging = Hanging::start();
    let reading = look::with(spec(target(hanging.address()))).await;
    assert_ne!(reading.status, Status::Ok, "{}", reading.summary);
}

#[tokio::test]
async fn a_change_is_seen_at_the_next_look() {
    let server = Dns::start();
    look::expect(&server.look("shop.example", "A", &[]).await, Status::Ok, "10.0.0.7");
    server.says(Says::Code(ResponseCode::NXDomain));
    look::expect(&server.look("shop.example", "A", &[]).await, Status::Down, "does not exist");
}

#[tokio::test]
async fn the_machines_own_hosts_file_counts_without_a_server() {
    let target = ProbeTarget::Dns {
        name: "localhost".to_owned(),
        record: "A".to_owned(),
        expect: vec!["127.0.0.1".to_owned()],
        server: None,
    };
    look::expect(&look::at(target).await, Status::Ok, "127.0.0.1");
}

#[test]
fn random_bytes_are_never_a_good_answer() {
    let server = Dns::start();
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    runner
        .run(&proptest::collection::vec(any::<u8>(), 0..200), |bytes| {
            server.says(Says::Bytes(bytes));
            let target = server.target("shop.example", "A", &[]);
            let spec = ProbeSpec { connect_timeout: Duration::from_millis(100), ..look::spec(target) };
            let reading = background(look::with(spec));
            prop_assert!(matches!(reading.status, Status::Down | Status::Unknown), "{}", reading.summary);
            prop_assert!(!reading.summary.contains("defect"), "{}", reading.summary);
            Ok(())
        })
        .unwrap();
}
