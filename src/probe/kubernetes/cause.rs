//! What went wrong with the API server, in one sentence: who refused what, and what to do.

use std::{error::Error as _, io};

use kube::{client::AuthError, config::KubeconfigError, core::Status};

use super::feed::Feed;
use crate::net_error::{NetError, Trouble};

/// Why something could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub kind: FailureKind,
    /// Without a full stop; holds no secret.
    pub sentence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// The pack or the kubeconfig is wrong, or the credentials are not to be had.
    Setup,
    /// No API server speaks at that address.
    Unreachable,
    /// Nothing came back in time: the pack says what that means.
    Silent,
    /// The server does not know who we are.
    Unauthorized,
    /// The server knows who we are, and says no.
    Forbidden,
    /// The version to resume from is too old: list again.
    Gone,
    /// More than a page may hold: ask for fewer objects.
    TooLarge,
    Other,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, sentence: impl Into<String>) -> Self {
        Failure { kind, sentence: sentence.into() }
    }

    pub(super) fn setup(sentence: impl Into<String>) -> Self {
        Self::new(FailureKind::Setup, sentence)
    }

    pub(super) fn silent(server: &str, seconds: u64) -> Self {
        Self::new(FailureKind::Silent, format!("no answer from {server} within {seconds} s"))
    }

    /// The way to the server fails, not what is asked of it.
    pub(super) fn is_of_the_way(&self) -> bool {
        matches!(self.kind, FailureKind::Unreachable | FailureKind::Silent)
    }

    /// The failure of a request. `verb` and `feed` say what was asked for.
    pub(super) fn of_request(error: &kube::Error, server: &str, verb: &str, feed: &Feed) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_status(status, server, verb, feed),
            other => Self::of_client(other, server),
        }
    }

    /// The failure that the server itself reports.
    pub(super) fn of_status(status: &Status, server: &str, verb: &str, feed: &Feed) -> Self {
        let said = plain(&status.message, 160);
        match status.code {
            401 => Self::new(
                FailureKind::Unauthorized,
                format!("unauthorized: {server} does not accept the credentials of the kube context"),
            ),
            403 => Self::new(FailureKind::Forbidden, format!("forbidden: may not {verb} {}", feed.phrase())),
            410 => Self::new(FailureKind::Gone, format!("{server} no longer knows the version to resume from")),
            400 if said.contains("selector") || said.contains("requirement") => {
                Self::new(FailureKind::Setup, format!("the selector is not valid: {said}"))
            }
            code if status.reason == "Failed to parse error data" => {
                Self::new(FailureKind::Other, format!("{server} answers {code}, but not like a Kubernetes API server"))
            }
            code => {
                Self::new(FailureKind::Other, format!("{server} answers {code} to {verb} {}: {said}", feed.phrase()))
            }
        }
    }

    /// The failure of the way to the server, or of the credentials.
    pub(super) fn of_client(error: &kube::Error, server: &str) -> Self {
        match error {
            kube::Error::Auth(auth) => Self::setup(credentials(auth)),
            kube::Error::InferKubeconfig(config) => Self::setup(kubeconfig(config)),
            kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
                Self::new(FailureKind::Other, format!("{server} answers something that is not Kubernetes"))
            }
            kube::Error::RustlsTls(_) => {
                Self::setup("the certificates of the kube context cannot be used: check its client and CA certificates")
            }
            kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
                Self::setup("the proxy for the API server is of a kind that is not supported: use an http:// proxy")
            }
            other => Self::of_transport(other, server),
        }
    }

    /// Reads the chain of causes for what the network, TLS or a credential plugin said.
    fn of_transport(error: &kube::Error, server: &str) -> Self {
        let mut next = error.source();
        while let Some(cause) = next {
            if let Some(auth) = cause.downcast_ref::<AuthError>() {
                return Self::setup(credentials(auth));
            }
            next = cause.source();
        }
        let network = NetError::from_error(error, server);
        let silent = network.trouble == Trouble::NoAnswer;
        Self::new(if silent { FailureKind::Silent } else { FailureKind::Unreachable }, network.cause)
    }
}

/// The output of a credential plugin may hold the credential, so none of it is repeated.
fn credentials(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(cause) => format!("the kube context's credential plugin cannot be started: {cause}"),
        AuthError::AuthExecRun { out, .. } => format!(
            "the kube context's credential plugin failed ({}): run kubectl in another terminal, it may ask to log in",
            out.status
        ),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "the kube context's credential plugin printed no credential".to_owned()
        }
        AuthError::ReadTokenFile(cause, path) => format!("cannot read the token file {}: {cause}", path.display()),
        AuthError::MissingCommand => "the kube context's credential plugin has no command".to_owned(),
        _ => "the kube context's credentials cannot be used: run kubectl in another terminal to see why".to_owned(),
    }
}

/// Why a kubeconfig is of no use. A parser's own message may repeat the line, which may hold a token: only the place is
/// said.
pub(super) fn kubeconfig(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(cause, path) => {
            let cause =
                if cause.kind() == io::ErrorKind::NotFound { "no such file".to_owned() } else { cause.to_string() };
            format!("cannot read the kubeconfig {}: {cause}", path.display())
        }
        KubeconfigError::Parse(error) => match error.location() {
            Some(place) => format!("the kubeconfig is not valid: line {}, column {}", place.line(), place.column()),
            None => "the kubeconfig is not valid".to_owned(),
        },
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("the kubeconfig has no cluster {name}, which its context names")
        }
        KubeconfigError::FindPath => "there is no kubeconfig: set KUBECONFIG, or kubeconfig in the pack".to_owned(),
        KubeconfigError::MissingClusterUrl => "the kube context's cluster has no server".to_owned(),
        KubeconfigError::LoadCertificateAuthority(_) | KubeconfigError::ParseCertificates(_) => {
            "the kube context's certificate authority cannot be read".to_owned()
        }
        KubeconfigError::LoadClientCertificate(_) | KubeconfigError::LoadClientKey(_) => {
            "the kube context's client certificate or key cannot be read".to_owned()
        }
        _ => "the kubeconfig cannot be used: run kubectl in another terminal to see why".to_owned(),
    }
}

/// One line of at most `width` characters, without control characters: what a server says may be anything.
pub(super) fn plain(text: &str, width: usize) -> String {
    let mut line = String::with_capacity(text.len().min(width * 4));
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for c in word.chars() {
            if count >= width {
                line.push('…');
                return line;
            }
            line.push(c);
            count += 1;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_becomes_one_bounded_line() {
        assert_eq!(plain("  0/2 nodes\nare\u{1b}[31m available ", 60), "0/2 nodes are [31m available");
        assert_eq!(plain("abcdef", 3), "abc…");
        assert_eq!(plain("", 3), "");
    }
}
