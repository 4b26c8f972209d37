//! What an action is rated as with the values that it will run with, in the session that it will run in.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::{Values, surroundings::Session};
use warroom_runbook::{
    Action, Assessment, Reason, Risk,
    risk::{assess_script, filled, taints, written_settings},
    shell::Script,
};

/// Stands for a secret that is one plain word.
const PLAIN: &str = "x";
/// Stands for a secret that the shell or a program would take apart: a word that no program knows.
const ODD: &str = "--a-secret-that-is-no-plain-word";

/// The rating of the document with the variables put in, where that is worse: an unquoted value may turn into options, and a session
/// in which an `earlier` action set what programs obey proves nothing about what reads do.
pub(super) fn rated(
    action: &Action,
    script: Option<&Script>,
    values: &Values,
    session: &Session,
    earlier: &[(Action, Option<Arc<Script>>)],
) -> Assessment {
    let written = action.assessment.clone();
    let Some(script) = script else { return written };
    let value = |name: &str| match (session.get(name), values.get(name)) {
        (Some(set), _) => Some(set.clone().unwrap_or_else(|| PLAIN.to_owned())),
        (None, Some((value, secret))) => Some(shown(value.expose_secret(), *secret)),
        (None, None) => std::env::var(name).ok(),
    };
    let home = value("HOME").unwrap_or_default();
    let wrote = earlier.iter().filter(|(action, _)| may_write(action)).filter_map(|(_, script)| script.as_deref());
    let settings = wrote.flat_map(|script| written_settings(&filled(script, &value), &home));
    let with_values = assess_script(&filled(script, &value), &action.code, &action.attributes);
    let mut worst = if with_values.unlowered() > written.unlowered() { with_values } else { written };
    for text in taints(session.keys().map(String::as_str)).into_iter().chain(settings) {
        worst.at_least(Reason { risk: Risk::Change, text, span: 0..0 });
    }
    worst
}

/// What only reads leaves no settings behind.
fn may_write(action: &Action) -> bool {
    action.assessment.unlowered() > Risk::Read
}

/// A secret's own text never reaches a reason.
fn shown(value: &str, secret: bool) -> String {
    let plain =
        !value.starts_with('-') && !value.contains([' ', '\t', '\n', '*', '?', '[', '\'', '"', '`', '$', '\\', ';']);
    match (secret, plain) {
        (false, _) => value.to_owned(),
        (true, true) => PLAIN.to_owned(),
        (true, false) => ODD.to_owned(),
    }
}
