//! `dns`: does a name resolve, and to what it should?
//!
//! | what came | status |
//! | --- | --- |
//! | answers, and every expected one is among them | ok |
//! | answers, an expected one is missing | down |
//! | the name, or what it is an alias of, does not exist (NXDOMAIN), or has no such record (NODATA) | down |
//! | the named `server` fails (SERVFAIL), or nothing listens there | down; unknown when the machine's own resolvers fail |
//! | the server refuses the question (REFUSED), for the name or for what it is an alias of; no answer in time | unknown |
//!
//! With `server` that one alone is asked, and the name is complete. Without it the machine's resolvers are asked as programs
//! do: `/etc/hosts` counts for `A` and `AAAA`, and so do search domains. Answers are never kept from one look to the next. The
//! value is the time of the answer in ms. Details: `name`, `record`, `server`, `authoritative`, `answers` (table: `name`,
//! `type`, `data`, `ttl_seconds`), `missing` (expected and not there), `response_ms`.

use std::{fmt::Write, net::SocketAddr, time::Duration};

use futures::future::BoxFuture;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    lookup::Lookup,
    net::{DnsError, NetError as DnsFailure, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};
use serde_json::{Value, json};
use tokio::{net::UdpSocket, time::Instant};

use super::{
    Look, Probe,
    net_error::{NetError, Trouble, one_line},
    reach::{self, Endpoint},
    tcp::ms,
};
use warroom_domain::{
    health::{Observation, Unit},
    platform::{OnTimeout, ProbeSpec},
};

/// The port of DNS, when a pack gives none.
const DNS: u16 = 53;
/// Answers shown at most.
const SHOWN: usize = 100;
/// Aliases that are followed to say what a failure is about; resolvers follow about as many.
const MOST_ALIASES: usize = 8;
/// Answers named in a summary.
const NAMED: usize = 2;

pub(super) struct DnsProbe {
    name: String,
    expect: Vec<String>,
    /// Bound on the tries together.
    limit: Duration,
    on_timeout: OnTimeout,
    question: Result<Question, String>,
}

struct Question {
    name: Name,
    record: RecordType,
    server: Option<Endpoint>,
}

impl DnsProbe {
    /// `record` is a record type's name; `server` is `ADDRESS[:PORT]`, a host name is resolved as the machine does.
    pub(super) fn new(name: &str, record: &str, expect: &[String], server: Option<&str>, spec: &ProbeSpec) -> Self {
        DnsProbe {
            name: name.to_owned(),
            expect: expect.to_vec(),
            limit: reach::limit(spec),
            on_timeout: spec.on_timeout,
            question: question(name, record, server),
        }
    }

    async fn look(&self, look: &Look) -> Result<Observation, NetError> {
        let ours = |cause: String| NetError::new(Trouble::Ours, cause);
        let question = self.question.as_ref().map_err(|wrong| ours(wrong.clone()))?;
        let (resolver, address) = match &question.server {
            Some(endpoint) => {
                let address = reach::resolve(endpoint, look).await?.into_iter().next();
                let address = address.ok_or_else(|| ours(format!("{} has no address", endpoint.host)))?;
                (fixed(address, self.limit), Some(address))
            }
            None => (own(self.limit), None),
        };
        let resolver = resolver.map_err(|error| ours(one_line(&error.to_string())))?;
        let server = address.map(|address| address.to_string());
        let asked = server.clone().unwrap_or_else(|| "the machine's name servers".to_owned());
        look.stage(format!("waiting for {asked}"));
        let started = Instant::now();
        let answer = resolver.lookup(question.name.clone(), question.record).await;
        let took = ms(started.elapsed());
        let mut observation = match answer {
            Ok(lookup) => self.judge(&lookup, question.record),
            Err(DnsFailure::Timeout) => silent(&asked, address, took).await?,
            Err(failure) => {
                let alias = alias(&resolver, question).await;
                self.failed(&failure, question.record, server.as_deref(), alias.as_deref())?
            }
        };
        let mut put = |name: &str, value: Value| observation.details.insert(name.to_owned(), value);
        put("name", self.name.clone().into());
        put("record", question.record.to_string().into());
        put("server", asked.into());
        put("response_ms", took.into());
        Ok(observation.with_value(took, Unit::Milliseconds))
    }

    fn judge(&self, lookup: &Lookup, record: RecordType) -> Observation {
        let answers = lookup.answers();
        let found: Vec<String> =
            answers.iter().filter(|r| r.record_type() == record).map(|r| text_of(&r.data)).collect();
        let missing: Vec<&String> =
            self.expect.iter().filter(|wanted| !found.iter().any(|found| same(found, wanted))).collect();
        let rows = answers.iter().take(SHOWN).map(|record| {
            json!({
                "name": record.name.to_string(),
                "type": record.record_type().to_string(),
                "data": text_of(&record.data),
                "ttl_seconds": record.ttl,
            })
        });
        let mut details = json!({
            "authoritative": lookup.message().metadata.authoritative,
            "answers": rows.collect::<Value>(),
        });
        if !missing.is_empty() {
            details["missing"] = json!(missing);
        }
        let observation = if found.is_empty() {
            Observation::down(format!("{} has no {record} record", self.name))
        } else if missing.is_empty() {
            Observation::ok(named(&found))
        } else {
            let missing: Vec<String> = missing.into_iter().cloned().collect();
            Observation::down(format!("answers {}, expected {}", named(&found), named(&missing)))
        };
        observation.with_details(details)
    }

    /// Failures that are answers are observations; the rest are errors of the network.
    /// `alias` is the name at the end of the aliases that ours begins: the failure is about that one.
    fn failed(
        &self,
        failure: &DnsFailure,
        record: RecordType,
        server: Option<&str>,
        alias: Option<&str>,
    ) -> Result<Observation, NetError> {
        let name = &self.name;
        let peer = server.unwrap_or("the machine's name servers");
        // Our own resolvers' trouble says nothing about the name.
        let theirs = |summary: String| {
            if server.is_some() { Observation::down(summary) } else { Observation::unknown(summary) }
        };
        Ok(match failure {
            DnsFailure::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
                ResponseCode::NXDomain => Observation::down(match alias {
                    Some(alias) => format!("{name} is a dangling alias: {alias} does not exist (NXDOMAIN)"),
                    None => format!("{name} does not exist (NXDOMAIN)"),
                }),
                _ => Observation::down(match alias {
                    Some(alias) => format!("{name} is an alias of {alias}, which has no {record} record"),
                    None => format!("{name} has no {record} record"),
                }),
            },
            DnsFailure::Dns(DnsError::ResponseCode(ResponseCode::ServFail)) => {
                theirs(format!("{peer} cannot answer for {name} (SERVFAIL)"))
            }
            DnsFailure::Dns(DnsError::ResponseCode(ResponseCode::Refused)) => Observation::unknown(match alias {
                Some(alias) => format!("{name} is an alias of {alias}, which {peer} does not serve (REFUSED)"),
                None => format!("{peer} will not answer us for {name} (REFUSED)"),
            }),
            DnsFailure::Dns(DnsError::ResponseCode(code)) => {
                theirs(format!("{peer} answers {name} with an error ({})", one_line(&code.to_string())))
            }
            DnsFailure::Io(error) => {
                let told = NetError::from_io(error, peer);
                match told.trouble {
                    Trouble::Refused | Trouble::Closed => theirs(told.cause),
                    _ => return Err(told),
                }
            }
            DnsFailure::Proto(_) | DnsFailure::Truncated => theirs(format!("{peer} sends answers that are not DNS")),
            DnsFailure::NoConnections => Observation::unknown(format!("{peer}: no name server is reachable")),
            other => return Err(NetError::from_error(other, peer)),
        })
    }
}

impl Probe for DnsProbe {
    fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
        Box::pin(async move { self.look(look).await.unwrap_or_else(|error| error.observation(self.on_timeout)) })
    }
}

/// Where the aliases of a name lead. None when it is no alias, and when that cannot be found out.
async fn alias(resolver: &TokioResolver, question: &Question) -> Option<String> {
    if question.record == RecordType::CNAME {
        return None;
    }
    let mut last = None;
    let mut name = question.name.clone();
    for _ in 0..MOST_ALIASES {
        let Ok(lookup) = resolver.lookup(name, RecordType::CNAME).await else { break };
        let target = lookup.answers().iter().find_map(|record| match &record.data {
            RData::CNAME(target) => Some(target.0.clone()),
            _ => None,
        });
        let Some(target) = target else { break };
        last = Some(target.to_string().trim_end_matches('.').to_owned());
        name = target;
    }
    last.map(|name| one_line(&name))
}

/// No answer. The resolver's socket does not hear that a port is closed (ICMP); a connected one does.
async fn silent(asked: &str, server: Option<SocketAddr>, took: f64) -> Result<Observation, NetError> {
    if let Some(server) = server
        && let Err(error) = knock(server).await
        && error.kind() == std::io::ErrorKind::ConnectionRefused
    {
        return Ok(Observation::down(format!("connection refused by {server} (UDP)")));
    }
    let waited = warroom_domain::health::number((took / 1000.0).max(0.1));
    Err(NetError::no_answer(format!("no answer from {asked} within {waited} s")))
}

/// Sends the shortest question there is and waits a moment for an answer or an error.
async fn knock(server: SocketAddr) -> std::io::Result<()> {
    const MOMENT: Duration = Duration::from_millis(250);
    /// Header (recursion desired, one question), the root's name, type NS, class IN.
    const ROOT_NS: [u8; 17] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1];
    let any = if server.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(&ROOT_NS).await?;
    tokio::time::timeout(MOMENT, socket.recv(&mut [0; 512])).await.map_or(Ok(()), |received| received.map(|_| ()))
}

fn question(name: &str, record: &str, server: Option<&str>) -> Result<Question, String> {
    let record = record.trim().to_ascii_uppercase();
    let record = record.parse().map_err(|_| format!("`{record}` is not a DNS record type"))?;
    let server = server.map(|server| Endpoint::parse(server, Some(DNS))).transpose()?;
    let mut name = Name::from_utf8(name).map_err(|_| format!("`{name}` is not a DNS name"))?;
    if server.is_some() {
        name.set_fqdn(true);
    }
    Ok(Question { name, record, server })
}

fn fixed(address: SocketAddr, limit: Duration) -> Result<TokioResolver, DnsFailure> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    let server = NameServerConfig::new(address.ip(), true, connections.into());
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    bounded(builder, limit)
}

fn own(limit: Duration) -> Result<TokioResolver, DnsFailure> {
    bounded(TokioResolver::builder_tokio()?, limit)
}

/// Two tries within the limit, because a UDP packet may get lost.
fn bounded(
    mut builder: hickory_resolver::ResolverBuilder<TokioRuntimeProvider>,
    limit: Duration,
) -> Result<TokioResolver, DnsFailure> {
    let options = builder.options_mut();
    options.timeout = limit / 2;
    options.attempts = 1;
    options.cache_size = 0;
    builder.build()
}

/// A record's data as zone files write it, on one line. Some kinds have no text, and their `Display` fails.
fn text_of(data: &RData) -> String {
    let mut text = String::new();
    let _ = write!(text, "{data}");
    one_line(&text)
}

/// Whether an answer is the expected one: names without regard to case and final dot, text without its quotes, and
/// the host alone of an `MX` or `SRV`.
fn same(found: &str, wanted: &str) -> bool {
    let plain = |text: &str| {
        let text = text.trim().trim_matches('"').trim_end_matches('.').to_ascii_lowercase();
        text.parse::<std::net::IpAddr>().map_or(text, |address| address.to_string())
    };
    let (found, wanted) = (plain(found), plain(wanted));
    found == wanted
        || (!wanted.contains(' ')
            && found.rsplit_once(' ').is_some_and(|(numbers, host)| {
                host == wanted && numbers.chars().all(|c| c.is_ascii_digit() || c == ' ')
            }))
}

fn named(answers: &[String]) -> String {
    let first: Vec<&str> = answers.iter().take(NAMED).map(String::as_str).collect();
    match answers.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_compared_as_people_write_them() {
        for (found, wanted) in [
            ("10.0.0.7", "10.0.0.7"),
            ("www.example.com.", "WWW.example.com"),
            ("10 mail.example.com.", "mail.example.com"),
            ("10 mail.example.com.", "10 mail.example.com."),
            ("v=spf1 -all", "\"v=spf1 -all\""),
            ("2001:db8::1", "2001:0db8:0:0:0:0:0:1"),
        ] {
            assert!(same(found, wanted), "{found} {wanted}");
        }
        assert!(!same("10.0.0.77", "10.0.0.7"));
        assert!(!same("v=spf1 include -all", "-all"));
    }

    #[test]
    fn a_wrong_question_is_told_before_it_is_asked() {
        assert!(question("shop.example", "AAAAA", None).err().unwrap().contains("record type"));
        assert!(question("shop..example", "A", None).is_err());
        assert!(question("shop.example", "a", Some("10.0.0.2")).is_ok());
    }
}
