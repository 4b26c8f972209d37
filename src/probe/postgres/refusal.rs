//! What PostgreSQL's errors mean for a look: which status, and which words.

use std::error::Error as _;

use tokio_postgres::{
    Error,
    error::{DbError, SqlState},
};

use crate::{
    failure::{Failure, Sort},
    net_error::{NetError, Trouble},
};

/// Reads an error of getting in or of a broken conversation.
pub(super) fn failure(error: &Error, peer: &str) -> Failure {
    if let Some(answer) = error.as_db_error() {
        return refusal(answer);
    }
    let not_postgres = || NetError::new(Trouble::NotTheProtocol, not_the_protocol(peer)).into();
    if error.is_closed() {
        return NetError::new(Trouble::Closed, format!("{peer} closed the connection")).into();
    }
    // The library tells its kinds of error apart by words only.
    let kind = error.to_string();
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    if kind.starts_with("unexpected message") || kind.starts_with("error parsing") {
        return not_postgres();
    }
    if cause.contains("password missing") {
        return Failure::not_let_in(format!("{peer} wants a password and the URL has none"));
    }
    if kind.starts_with("authentication") {
        return Failure::not_let_in(format!("{peer} wants a way of authentication that is not known here"));
    }
    if kind.starts_with("error performing TLS") && cause.contains("does not support TLS") {
        return Failure::unknown(format!("{peer} does not offer TLS, and sslmode requires it"));
    }
    if let Some(io) = error.source().and_then(|source| source.downcast_ref::<std::io::Error>())
        && io.raw_os_error().is_none()
        && matches!(
            io.kind(),
            std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData | std::io::ErrorKind::Other
        )
        && !kind.starts_with("error performing TLS")
    {
        return not_postgres();
    }
    let network = NetError::from_error(error, peer);
    if network.trouble == Trouble::NotTheProtocol && network.cause.contains("TLS") {
        return Failure::unknown(network.cause);
    }
    network.into()
}

/// What is said of a peer that answers with something else.
pub(super) fn not_the_protocol(peer: &str) -> String {
    format!("{peer} answers, but not in the PostgreSQL protocol")
}

/// Reads the server's own refusal, or a pooler's. Its words name roles, databases and addresses, never a password.
fn refusal(answer: &DbError) -> Failure {
    let words = answer.message().trim_start_matches("sorry, ");
    let code = answer.code();
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        // A limit on our role says nothing of the server. The routine has no language, but not every pooler hands it on.
        if answer.routine() == Some("InitializeSessionUserId") || words.starts_with("too many connections for role") {
            return Failure::unknown(format!("answers, but our role may open no more connections ({words})"));
        }
        return Failure::down(format!("refuses connections: {}", words.trim_end_matches(" already")));
    }
    if *code == SqlState::CANNOT_CONNECT_NOW {
        // As PostgreSQL 14 and later say it; earlier ones cannot be told from a server that starts.
        if answer.detail().is_some_and(|detail| detail.starts_with("Hot standby mode is disabled")) {
            let cause = "up, but not accepting connections: a standby with hot_standby off";
            return Failure { sort: Sort::ColdStandby, ..Failure::unknown(cause) };
        }
        // "the database system is not accepting connections" keeps its reason in the detail
        let reason = match answer.detail() {
            Some(detail) if words.contains("not accepting connections") => lower_first(detail),
            _ => words.to_owned(),
        };
        return Failure::down(format!("not accepting connections: {}", reason.trim_end_matches('.')));
    }
    if *code == SqlState::INVALID_PASSWORD {
        return Failure::not_let_in(format!("answers, but refuses our password ({words})"));
    }
    let text = format!("answers, but does not let us in: {words}");
    match code.code().get(..2) {
        _ if *code == SqlState::PROTOCOL_VIOLATION && is_poolers_login(words) => Failure::not_let_in(text),
        Some("28" | "3D") => Failure::not_let_in(text),
        // ALTER DATABASE … ALLOW_CONNECTIONS false: nobody gets in
        Some("55") => Failure::down(format!("refuses connections: {words}")),
        // insufficient resources, operator intervention, system error, internal error, connection exception (poolers)
        Some("53" | "57" | "58" | "XX" | "08") => Failure::down(format!("answers with an error: {words}")),
        _ => Failure::unknown(text),
    }
}

/// PgBouncer (1.18 to 1.24) says everything with SQLSTATE 08P01: that it does not let *us* in, or more than one client of our
/// user, and also that it is full, paused, or that the server behind it refuses it.
fn is_poolers_login(words: &str) -> bool {
    const OURS: [&str; 6] = [
        "no such user",
        "no such database",
        "authentication failed",
        "login rejected",
        "unsupported startup parameter",
        "max_user_client_connections",
    ];
    !words.starts_with("server login") && OURS.iter().any(|ours| words.contains(ours))
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
