//! What Redis' errors mean for a look: which status, and which words.

use redis::{ErrorKind, RedisError};

use crate::{
    failure::Failure,
    net_error::{NetError, Trouble},
};

/// An error that the server answered: its first word and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: String,
    pub(super) text: String,
}

impl Refused {
    /// The answer in an error of the library, when it is one.
    pub(super) fn of(error: &RedisError) -> Option<Refused> {
        if !matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) {
            return None;
        }
        let text = error.detail().unwrap_or_default().to_owned();
        Some(Refused { code: error.code()?.to_owned(), text })
    }

    /// An error line as a server sends it: `-CODE text`.
    fn line(text: &str) -> Option<Refused> {
        let line = text.strip_prefix('-')?.lines().next()?;
        let (code, text) = line.split_once(' ').unwrap_or((line, ""));
        Some(Refused { code: code.to_owned(), text: text.to_owned() })
    }

    /// What it means that the server answers this to AUTH or to PING.
    pub(super) fn meaning(&self) -> Failure {
        let text = self.text.as_str();
        match self.code.as_str() {
            "NOAUTH" => Failure::not_let_in("answers, but wants a password (NOAUTH)"),
            "WRONGPASS" => Failure::not_let_in("answers, but refuses our password (WRONGPASS)"),
            "NOPERM" => Failure::not_let_in("answers, but our user may not do this (NOPERM)"),
            "DENIED" => Failure::unknown("answers, but is in protected mode: only local clients are served (DENIED)"),
            "LOADING" => Failure::down("loading the dataset into memory"),
            "MISCONF" if text.contains("AOF") => {
                Failure::down("writes are refused: the append-only file cannot be written (MISCONF)")
            }
            "MISCONF" => Failure::down("writes are refused: the last save to disk failed (MISCONF)"),
            "MASTERDOWN" => Failure::down("reads are refused: the link to the master is down (MASTERDOWN)"),
            "BUSY" => Failure::down("busy with a script that does not end (BUSY)"),
            "CLUSTERDOWN" => Failure::down("the cluster is down (CLUSTERDOWN)"),
            "ERR" if text.contains("max number of clients") => {
                Failure::down("refuses connections: max number of clients reached")
            }
            "ERR" if text.contains("operation not permitted") => Failure::not_let_in("answers, but wants a password"),
            "ERR" if text.contains("invalid password") => Failure::not_let_in("answers, but refuses our password"),
            "ERR" if text.contains("without any password configured") || text.contains("no password is set") => {
                Failure::not_let_in("answers, but has no password, and the URL gives one")
            }
            "ERR" if text.contains("DB index") => Failure::unknown("answers, but has no database of that number"),
            code => Failure::unknown(format!("answers with an error ({code})")),
        }
    }
}

/// Reads an error of a broken conversation. `heard` is how the server began: its last words, when it hung up at once.
pub(super) fn failure(error: &RedisError, peer: &str, heard: &str) -> Failure {
    if let Some(refused) = Refused::of(error).or_else(|| Refused::line(heard)) {
        return refused.meaning();
    }
    if error.kind() == ErrorKind::Parse {
        return not_the_protocol(peer).into();
    }
    if let Some(io) = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>())
        && io.kind() == std::io::ErrorKind::InvalidData
    {
        return not_the_protocol(peer).into();
    }
    if error.is_timeout() {
        return Failure::no_answer(format!("no answer from {peer}"));
    }
    if !heard.is_empty()
        && !heard.starts_with(['+', '-', ':', '$', '*', '_', '#', ',', '(', '!', '=', '%', '~', '>', '|'])
    {
        return not_the_protocol(peer).into();
    }
    if error.is_connection_dropped() {
        return NetError::new(Trouble::Closed, format!("{peer} closed the connection")).into();
    }
    NetError::from_error(error, peer).into()
}

pub(super) fn not_the_protocol(peer: &str) -> NetError {
    NetError::new(Trouble::NotTheProtocol, format!("{peer} answers, but not in the Redis protocol"))
}
