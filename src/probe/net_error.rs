//! Network errors as people say them: one plain sentence, and what it says about the target.
//!
//! | trouble | status | because |
//! | --- | --- | --- |
//! | refused, closed, untrusted, not the protocol | `down` | the machine answers, the service does not do its work |
//! | no answer, no route, no name, refuses us, ours, other | `unknown` | we could not look from here |

use std::{error::Error, io};

use rustls::{AlertDescription, CertificateError, InvalidMessage};

use warroom_domain::{
    health::{Observation, Status},
    platform::OnTimeout,
};

/// What went wrong between us and a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// Nothing listens on that port.
    Refused,
    /// The connection was reset, or closed before the answer was complete.
    Closed,
    /// Nothing came back within the time allowed.
    NoAnswer,
    /// No way to that network or machine from here.
    NoRoute,
    /// The name does not resolve here.
    NoName,
    /// The certificate is not one that a client can accept.
    Untrusted,
    /// What answers does not speak the protocol.
    NotTheProtocol,
    /// It answers, and does not let us in (credentials, client certificate, no TLS version in common).
    RefusesUs,
    /// Something on this machine is in the way: open files, addresses, a local firewall, a missing secret.
    Ours,
    /// Nothing of the above; the cause has the words of the library that failed.
    Other,
}

impl Trouble {
    /// What a target with this trouble is, by the table above.
    pub fn status(self) -> Status {
        match self {
            Trouble::Refused | Trouble::Closed | Trouble::Untrusted | Trouble::NotTheProtocol => Status::Down,
            _ => Status::Unknown,
        }
    }
}

/// A failed conversation with a target: which trouble, and the cause in one plain sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct NetError {
    pub trouble: Trouble,
    pub cause: String,
}

impl NetError {
    pub fn new(trouble: Trouble, cause: impl Into<String>) -> Self {
        NetError { trouble, cause: cause.into() }
    }

    /// Reads an error with all its sources. `peer` is how people know the target: `127.0.0.1:5432`, `db.example.com:443`.
    ///
    /// Only the innermost words are taken from an error that is not known here, because outer ones may hold a URL
    /// with credentials in it.
    pub fn from_error(error: &(dyn Error + 'static), peer: &str) -> Self {
        let mut innermost = error;
        let mut next = Some(error);
        while let Some(current) = next {
            if let Some(known) = known(current, peer) {
                return known;
            }
            innermost = current;
            next = current.source();
        }
        NetError::new(Trouble::Other, format!("cannot talk to {peer}: {}", one_line(&innermost.to_string())))
    }

    /// Reads an I/O error from connecting to `peer` or from talking with it.
    pub fn from_io(error: &io::Error, peer: &str) -> Self {
        if let Some(inner) = error.get_ref() {
            return Self::from_error(inner, peer).or_if_other(|| from_io_kind(error, peer));
        }
        from_io_kind(error, peer)
            .unwrap_or_else(|| NetError::new(Trouble::Other, format!("cannot talk to {peer}: {}", words_of(error))))
    }

    /// Reads a TLS error. The certificate's own dates are told better by [`super::certificate`].
    pub fn from_tls(error: &rustls::Error, peer: &str) -> Self {
        use rustls::Error as Tls;
        match error {
            Tls::InvalidCertificate(cause) => {
                NetError::new(Trouble::Untrusted, format!("certificate of {peer} {}", certificate_words(cause)))
            }
            Tls::NoCertificatesPresented => {
                NetError::new(Trouble::Untrusted, format!("{peer} presents no certificate"))
            }
            Tls::AlertReceived(AlertDescription::CertificateRequired) => {
                NetError::new(Trouble::RefusesUs, format!("{peer} asks for a client certificate"))
            }
            Tls::AlertReceived(AlertDescription::UnrecognisedName) => {
                NetError::new(Trouble::NotTheProtocol, format!("{peer} does not serve that name (TLS server name)"))
            }
            Tls::AlertReceived(
                alert @ (AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
                | AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity),
            ) => NetError::new(Trouble::RefusesUs, format!("{peer} refuses our TLS handshake ({alert:?})")),
            Tls::AlertReceived(alert) => {
                NetError::new(Trouble::Closed, format!("{peer} broke off the TLS handshake ({alert:?})"))
            }
            Tls::PeerIncompatible(_) => {
                NetError::new(Trouble::RefusesUs, format!("no TLS version or cipher in common with {peer}"))
            }
            Tls::InvalidMessage(
                InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::CertificatePayloadTooLarge,
            ) => NetError::new(Trouble::Ours, format!("{peer} sends a larger TLS handshake than is read here")),
            Tls::InvalidMessage(_)
            | Tls::InappropriateMessage { .. }
            | Tls::InappropriateHandshakeMessage { .. }
            | Tls::PeerMisbehaved(_)
            | Tls::PeerSentOversizedRecord
            | Tls::DecryptError => NetError::new(Trouble::NotTheProtocol, format!("{peer} does not speak TLS")),
            other => NetError::new(Trouble::Other, format!("TLS with {peer} failed: {}", one_line(&other.to_string()))),
        }
    }

    /// Nothing came within our own time limit.
    pub fn no_answer(what: impl Into<String>) -> Self {
        NetError::new(Trouble::NoAnswer, what)
    }

    pub fn status(&self) -> Status {
        self.trouble.status()
    }

    /// As the observation of a probe whose pack says what a time-out means.
    pub fn observation(&self, on_timeout: OnTimeout) -> Observation {
        let status = match (self.trouble, on_timeout) {
            (Trouble::NoAnswer, OnTimeout::Down) => Status::Down,
            _ => self.status(),
        };
        Observation::new(status, self.cause.clone())
    }

    fn or_if_other(self, better: impl FnOnce() -> Option<NetError>) -> NetError {
        if self.trouble == Trouble::Other { better().unwrap_or(self) } else { self }
    }
}

/// The classes of error that we know, looked for from the outside in.
fn known(error: &(dyn Error + 'static), peer: &str) -> Option<NetError> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(NetError::from_tls(tls, peer));
    }
    if let Some(known) = error.downcast_ref::<NetError>() {
        return Some(known.clone());
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        // An I/O error may wrap a TLS error, which `source()` does not always give.
        if let Some(inner) = io.get_ref().map(|inner| NetError::from_error(inner, peer))
            && inner.trouble != Trouble::Other
        {
            return Some(inner);
        }
        return from_io_kind(io, peer);
    }
    let http = error.downcast_ref::<hyper::Error>()?;
    if http.is_timeout() {
        Some(NetError::no_answer(format!("no answer from {peer}")))
    } else if http.to_string().contains("message head is too large") {
        Some(NetError::new(Trouble::Ours, format!("{peer} answers with larger headers than are read here")))
    } else if http.is_parse() || http.to_string().contains("unexpected message") {
        Some(NetError::new(Trouble::NotTheProtocol, format!("{peer} does not speak HTTP")))
    } else if http.is_incomplete_message() {
        Some(NetError::new(Trouble::Closed, format!("{peer} closed the connection before the answer was complete")))
    } else {
        None
    }
}

fn from_io_kind(error: &io::Error, peer: &str) -> Option<NetError> {
    use io::ErrorKind as Kind;
    let (trouble, cause) = match error.kind() {
        Kind::ConnectionRefused => (Trouble::Refused, format!("connection refused by {peer}")),
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            (Trouble::Closed, format!("{peer} reset the connection"))
        }
        Kind::UnexpectedEof | Kind::NotConnected => {
            (Trouble::Closed, format!("{peer} closed the connection before the answer was complete"))
        }
        Kind::TimedOut => (Trouble::NoAnswer, format!("no answer from {peer}")),
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            (Trouble::NoRoute, format!("no route to {peer} from here"))
        }
        Kind::PermissionDenied => (Trouble::Ours, format!("this machine does not allow a connection to {peer}")),
        Kind::AddrNotAvailable => (Trouble::Ours, format!("no local address to reach {peer} from")),
        _ if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            (Trouble::Ours, "too many open files in this program: raise `ulimit -n`".to_owned())
        }
        _ => return name_error(error, peer),
    };
    Some(NetError::new(trouble, cause))
}

/// `getaddrinfo` failures have no kind of their own in `std`; glibc's and musl's words tell them apart.
fn name_error(error: &io::Error, peer: &str) -> Option<NetError> {
    let text = error.to_string();
    if !text.contains("failed to lookup address information") {
        return None;
    }
    let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host);
    let cause = if text.contains("Temporary failure") || text.contains("Try again") {
        format!("{host} does not resolve here: no name server answers")
    } else {
        format!("{host} does not resolve here")
    };
    Some(NetError::new(Trouble::NoName, cause))
}

/// What is wrong with a certificate, to stand after `certificate` or `certificate of PEER`.
pub fn certificate_words(error: &CertificateError) -> String {
    use CertificateError as Cert;
    let text = match error {
        Cert::Expired | Cert::ExpiredContext { .. } => "has expired",
        Cert::NotValidYet | Cert::NotValidYetContext { .. } => "is not valid yet",
        Cert::NotValidForName | Cert::NotValidForNameContext { .. } => "is for another name",
        Cert::UnknownIssuer => "is not trusted: unknown issuer",
        Cert::Revoked => "is revoked",
        Cert::BadSignature => "is not trusted: its signature is wrong",
        Cert::BadEncoding => "cannot be read",
        Cert::InvalidPurpose | Cert::InvalidPurposeContext { .. } => "is not made for a server",
        Cert::UnhandledCriticalExtension => "has a critical extension that clients do not know",
        Cert::Other(other) => {
            let text = one_line(&other.to_string());
            return match text.as_str() {
                _ if is_ca(error) => "is a CA's, used as a server's".to_owned(),
                text if text.contains("UnsupportedCertVersion") => {
                    "is of an old version (1) that clients do not accept".to_owned()
                }
                text => format!("is not acceptable: {text}"),
            };
        }
        other => return format!("is not acceptable: {}", one_line(&other.to_string())),
    };
    text.to_owned()
}

/// True where a certificate may sign others, and is refused as a server's for that. The library's error has no type here.
pub fn is_ca(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity"))
}

/// An I/O error without the `(os error 101)` that tells people nothing.
fn words_of(error: &io::Error) -> String {
    let text = one_line(&error.to_string());
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// At most 160 printable characters on one line: what a library or a peer says cannot be trusted to be short or clean.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: io::ErrorKind) -> NetError {
        NetError::from_io(&kind.into(), "10.0.0.7:5432")
    }

    #[test]
    fn refused_is_down_and_out_of_reach_is_unknown() {
        let refused = of(io::ErrorKind::ConnectionRefused);
        assert_eq!((refused.status(), refused.cause.as_str()), (Status::Down, "connection refused by 10.0.0.7:5432"));
        for kind in [io::ErrorKind::HostUnreachable, io::ErrorKind::NetworkUnreachable, io::ErrorKind::TimedOut] {
            assert_eq!(of(kind).status(), Status::Unknown);
        }
    }

    #[test]
    fn a_time_out_is_down_only_when_the_pack_says_so() {
        let late = of(io::ErrorKind::TimedOut);
        assert_eq!(late.observation(OnTimeout::Unknown).verdict, Status::Unknown);
        assert_eq!(late.observation(OnTimeout::Down).verdict, Status::Down);
        assert_eq!(of(io::ErrorKind::HostUnreachable).observation(OnTimeout::Down).verdict, Status::Unknown);
    }

    #[test]
    fn a_tls_error_inside_an_io_error_is_told_as_what_it_is() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::new(io::ErrorKind::InvalidData, tls);
        let told = NetError::from_io(&wrapped, "shop:443");
        assert_eq!(told.trouble, Trouble::Untrusted);
        assert_eq!(told.cause, "certificate of shop:443 is not trusted: unknown issuer");
    }

    #[test]
    fn an_unresolvable_name_is_unknown() {
        let error = io::Error::other("failed to lookup address information: Name or service not known");
        let told = NetError::from_io(&error, "db.invalid:5432");
        assert_eq!((told.trouble, told.cause.as_str()), (Trouble::NoName, "db.invalid does not resolve here"));
        assert_eq!(told.status(), Status::Unknown);
    }

    #[test]
    fn foreign_words_are_cut_to_one_clean_line() {
        assert_eq!(one_line("a\r\n\u{1b}[31mb\tc"), "a [31mb c");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), 161);
    }
}
