//! Certificate chains as servers present them: who vouches for whom, until when, and what is wrong, in words.

use jiff::Timestamp;
use rustls::{CertificateError, pki_types::CertificateDer};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use super::net_error::{certificate_words, is_ca};

/// Names and chain links shown at most; a certificate may carry hundreds.
const SHOWN: usize = 20;
const DAY: i64 = 86_400;

/// What a person wants to know of one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The common name, or the whole distinguished name when there is none.
    pub subject: String,
    pub issuer: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// DNS names and addresses it is for.
    pub names: Vec<String>,
    /// Subject and issuer are the same.
    pub self_signed: bool,
    /// Which key names stand behind subject and issuer: the distinguished names as they are encoded.
    subject_name: Vec<u8>,
    issuer_name: Vec<u8>,
}

impl Certificate {
    /// Reads DER. None when it is not a certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let alternative = parsed.subject_alternative_name().ok().flatten();
        let names = alternative
            .map_or_else(Vec::new, |extension| extension.value.general_names.iter().filter_map(general_name).collect());
        Some(Certificate {
            subject: name(parsed.subject()).or_else(|| names.first().cloned()).unwrap_or_default(),
            issuer: name(parsed.issuer()).unwrap_or_default(),
            not_before: moment(parsed.validity().not_before.timestamp()),
            not_after: moment(parsed.validity().not_after.timestamp()),
            names,
            self_signed: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            subject_name: parsed.subject().as_raw().to_vec(),
            issuer_name: parsed.issuer().as_raw().to_vec(),
        })
    }

    /// Whole days until it expires, rounded down: 0 on the last day, negative after it.
    pub fn days_left(&self, at: Timestamp) -> i64 {
        (self.not_after.as_second() - at.as_second()).div_euclid(DAY)
    }

    /// `expired 12 days ago`, `expires in 3 hours`, `expires in 74 days`, `does not expire`.
    pub fn expiry_words(&self, at: Timestamp) -> String {
        let left = self.not_after.as_second() - at.as_second();
        if self.not_after == Timestamp::MAX {
            return "does not expire".to_owned();
        }
        if left < 0 { format!("expired {} ago", span(-left)) } else { format!("expires in {}", span(left)) }
    }

    /// Fewer than 14 days and less than a fifth of its life are left: a renewal that works would have replaced it. Certificates
    /// live 90 days and more, or (ACME's short-lived profile, internal authorities) days or hours; renewal is usual
    /// when a third is left.
    pub fn ends_soon(&self, at: Timestamp) -> bool {
        let left = self.not_after.as_second() - at.as_second();
        left < 14 * DAY && left * 5 < self.not_after.as_second() - self.not_before.as_second()
    }

    fn row(&self, at: Timestamp) -> Value {
        json!({
            "subject": self.subject,
            "issuer": self.issuer,
            "not_after_at": self.not_after.to_string(),
            "days_left": self.days_left(at),
        })
    }
}

/// The chain of one handshake, and what verification says of it.
#[derive(Debug, Clone)]
pub struct Presented {
    /// The server's own certificate first.
    pub chain: Vec<Certificate>,
    /// Why it was not acceptable.
    pub problem: Option<CertificateError>,
    /// A root of the pack's file that the chain ends at, and that has expired.
    pub expired_root: Option<Certificate>,
}

impl Presented {
    pub fn read(leaf: &CertificateDer<'_>, others: &[CertificateDer<'_>], problem: Option<CertificateError>) -> Self {
        let chain = std::iter::once(leaf).chain(others).take(SHOWN).filter_map(|der| Certificate::read(der)).collect();
        Presented { chain, problem, expired_root: None }
    }

    /// Looks for the chain's end among these roots. Verification here asks a root for its key and not for its dates (RFC 5280,
    /// 6.1.1 d, leaves it open); OpenSSL and Go ask for both.
    pub fn anchored(mut self, roots: &[Certificate], at: Timestamp) -> Self {
        let ends_at = |root: &&Certificate| self.chain.iter().any(|link| link.issuer_name == root.subject_name);
        let mut last = roots.iter().filter(ends_at);
        self.expired_root = match last.clone().all(|root| root.not_after < at) {
            true => last.next().cloned(),
            false => None,
        };
        self
    }

    /// What most clients hold against a chain that was accepted here. None when there is nothing.
    pub fn doubt_words(&self, at: Timestamp) -> Option<String> {
        let root = self.expired_root.as_ref()?;
        Some(format!("the root {} in `ca_file` {}: most clients refuse it", root.subject, root.expiry_words(at)))
    }

    /// The server's own certificate. None when it could not be read.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// What is wrong, as a sentence: `certificate expired 12 days ago`. None when the chain was accepted.
    pub fn problem_words(&self, at: Timestamp) -> Option<String> {
        use CertificateError as Cert;
        let problem = self.problem.as_ref()?;
        let Some(leaf) = self.leaf() else { return Some(format!("certificate {}", certificate_words(problem))) };
        Some(match problem {
            Cert::Expired | Cert::ExpiredContext { .. } => match self.chain.iter().find(|c| c.days_left(at) < 0) {
                Some(expired) if expired != leaf => {
                    format!("certificate of the issuer {} {}", expired.subject, expired.expiry_words(at))
                }
                _ => format!("certificate {}", leaf.expiry_words(at)),
            },
            Cert::NotValidYet | Cert::NotValidYetContext { .. } => {
                let wait = span((leaf.not_before.as_second() - at.as_second()).max(0));
                format!("certificate is not valid yet: it starts in {wait}")
            }
            Cert::NotValidForName | Cert::NotValidForNameContext { .. } if leaf.names.is_empty() => {
                format!("certificate has no subject alternative name, only the common name {}", leaf.subject)
            }
            Cert::NotValidForName | Cert::NotValidForNameContext { .. } => {
                let named = leaf.names.first().unwrap_or(&leaf.subject);
                let more =
                    if leaf.names.len() > 1 { format!(" and {} more", leaf.names.len() - 1) } else { String::new() };
                format!("certificate is for another name: {named}{more}")
            }
            // An expired certificate from an unknown issuer is told as expired: that is what changed last.
            Cert::UnknownIssuer if leaf.days_left(at) < 0 => {
                format!("certificate {}, and its issuer is not trusted", leaf.expiry_words(at))
            }
            problem if leaf.self_signed && (*problem == Cert::UnknownIssuer || is_ca(problem)) => {
                "certificate is not trusted: self-signed".to_owned()
            }
            Cert::UnknownIssuer => format!("certificate is not trusted: unknown issuer {}", leaf.issuer),
            other => format!("certificate {}", certificate_words(other)),
        })
    }

    /// `subject`, `issuer`, `not_before_at`, `not_after_at`, `days_left`, `names` (the first 20), `self_signed`.
    pub fn leaf_details(&self, at: Timestamp) -> Option<Value> {
        let leaf = self.leaf()?;
        let mut details = leaf.row(at);
        details["not_before_at"] = leaf.not_before.to_string().into();
        details["names"] = leaf.names.iter().take(SHOWN).cloned().collect::<Vec<_>>().into();
        details["self_signed"] = leaf.self_signed.into();
        Some(details)
    }

    /// One row for each certificate: `subject`, `issuer`, `not_after_at`, `days_left`.
    pub fn chain_details(&self, at: Timestamp) -> Value {
        self.chain.iter().map(|certificate| certificate.row(at)).collect()
    }
}

/// RFC 5280, 4.1.2.5: the year 9999 says that a certificate does not expire; what is beyond our calendar is the end of it.
fn moment(seconds: i64) -> Timestamp {
    let end = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(seconds).unwrap_or(end)
}

fn name(name: &X509Name<'_>) -> Option<String> {
    let common = name.iter_common_name().next().and_then(|attribute| attribute.as_str().ok());
    let text = common.map_or_else(|| name.to_string(), str::to_owned);
    (!text.is_empty()).then(|| super::net_error::one_line(&text))
}

fn general_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(super::net_error::one_line(name)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|b| std::net::Ipv4Addr::from(b).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Days from two on, else hours, else minutes.
fn span(seconds: i64) -> String {
    let (count, unit) = match seconds {
        s if s >= 2 * DAY => (s / DAY, "day"),
        s if s >= 3600 => (s / 3600, "hour"),
        s => (s / 60, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(not_after: &str) -> Certificate {
        Certificate {
            subject: "shop.example".into(),
            issuer: "Example CA".into(),
            not_before: "2026-01-01T00:00:00Z".parse().unwrap(),
            not_after: not_after.parse().unwrap(),
            names: vec!["shop.example".into(), "www.shop.example".into()],
            self_signed: false,
            subject_name: Vec::new(),
            issuer_name: Vec::new(),
        }
    }

    #[test]
    fn days_are_counted_down_to_the_last_one_and_below() {
        let at = "2026-11-21T12:00:00Z".parse().unwrap();
        for (not_after, days, words) in [
            ("2027-02-03T13:00:00Z", 74, "expires in 74 days"),
            ("2026-11-21T18:00:00Z", 0, "expires in 6 hours"),
            ("2026-11-21T11:00:00Z", -1, "expired 1 hour ago"),
            ("2026-11-09T11:00:00Z", -13, "expired 12 days ago"),
        ] {
            let certificate = certificate(not_after);
            assert_eq!((certificate.days_left(at), certificate.expiry_words(at)), (days, words.to_owned()));
        }
    }

    #[test]
    fn an_end_is_near_by_days_and_by_the_certificates_own_life() {
        let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (life_hours, left_hours, soon) in [
            (90 * 24, 30 * 24, false),
            (90 * 24, 13 * 24, true),
            (6 * 24, 3 * 24, false),
            (6 * 24, 24, true),
            (24, 12, false),
        ] {
            let mut certificate = certificate("2027-01-01T00:00:00Z");
            certificate.not_after = at + jiff::SignedDuration::from_hours(left_hours);
            certificate.not_before = certificate.not_after - jiff::SignedDuration::from_hours(life_hours);
            assert_eq!(certificate.ends_soon(at), soon, "{left_hours} of {life_hours} hours");
        }
    }

    #[test]
    fn the_problem_names_what_a_person_must_change() {
        let at = "2026-11-21T12:00:00Z".parse().unwrap();
        let words = |problem, not_after| {
            let chain = vec![certificate(not_after)];
            Presented { chain, problem: Some(problem), expired_root: None }.problem_words(at).unwrap()
        };
        assert_eq!(
            words(CertificateError::UnknownIssuer, "2027-01-01T00:00:00Z"),
            "certificate is not trusted: unknown issuer Example CA"
        );
        assert_eq!(
            words(CertificateError::NotValidForName, "2027-01-01T00:00:00Z"),
            "certificate is for another name: shop.example and 1 more"
        );
        assert_eq!(words(CertificateError::Expired, "2026-11-09T11:00:00Z"), "certificate expired 12 days ago");
    }
}
