//! Why a look at a data server came to nothing: the status that this means, and the cause in one sentence.

use super::net_error::{NetError, Trouble};
use warroom_domain::{
    health::{Observation, Status},
    platform::OnTimeout,
};

/// A look that saw nothing worth measuring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: Status,
    /// One plain sentence without a full stop and without secrets.
    pub(super) cause: String,
    pub(super) sort: Sort,
}

/// Failures that are treated in a way of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Usual,
    /// Nothing came back in time: the pack says what that means.
    NoAnswer,
    /// The server refused the credentials: a kept secret may be out of date.
    Credentials,
    /// A standby that runs and takes no connections, as it was told (`hot_standby = off`).
    ColdStandby,
}

impl Failure {
    pub(super) fn new(status: Status, cause: impl Into<String>) -> Self {
        Failure { status, cause: cause.into(), sort: Sort::Usual }
    }

    pub(super) fn down(cause: impl Into<String>) -> Self {
        Self::new(Status::Down, cause)
    }

    pub(super) fn unknown(cause: impl Into<String>) -> Self {
        Self::new(Status::Unknown, cause)
    }

    /// The server answers, and refuses what we showed to be let in.
    pub(super) fn not_let_in(cause: impl Into<String>) -> Self {
        Failure { sort: Sort::Credentials, ..Self::unknown(cause) }
    }

    pub(super) fn no_answer(cause: impl Into<String>) -> Self {
        Failure { sort: Sort::NoAnswer, ..Self::unknown(cause) }
    }

    /// The status, with what the pack says of time-outs.
    pub(super) fn status(&self, on_timeout: OnTimeout) -> Status {
        if self.sort == Sort::NoAnswer && on_timeout == OnTimeout::Down { Status::Down } else { self.status }
    }

    pub(super) fn observation(self, on_timeout: OnTimeout) -> Observation {
        Observation::new(self.status(on_timeout), self.cause)
    }
}

/// As the table of [`super::net_error`] has it, but for TLS: whether a certificate suits *us* (our roots, our reading of
/// `sslmode`) says little about the service, so a failed handshake with a data server is `unknown`.
impl From<NetError> for Failure {
    fn from(error: NetError) -> Self {
        let status = if error.trouble == Trouble::Untrusted { Status::Unknown } else { error.status() };
        let sort = if error.trouble == Trouble::NoAnswer { Sort::NoAnswer } else { Sort::Usual };
        Failure { status, cause: error.cause, sort }
    }
}
