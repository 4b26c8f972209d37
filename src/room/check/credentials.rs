//! Credentials: secret variables of the runbook, and what the pack says where databases and their passwords are.

use super::{Need, NeedKind, Verdict, actions};
use crate::{
    Room,
    run::{Values, database, is_empty},
};
use warroom_domain::platform::SecretText;
use warroom_runbook::{Language, Runbook};

pub(super) async fn needs(room: &Room, document: &Runbook, values: &Values) -> Vec<Need> {
    let mut needs = Vec::new();
    for (name, variable) in document.front.vars.iter().filter(|(_, variable)| variable.secret) {
        let is_set = !is_empty(values, name) || std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let found = match is_set {
            true => Ok("set".to_owned()),
            false if !variable.required => continue,
            false => Err((Verdict::Failed, "not set: set it in the environment, or give it to the run".to_owned())),
        };
        needs.push(Need::new(NeedKind::Credential, format!("${name}"), found, Some(variable.line)));
    }
    for action in actions(document).filter(|action| action.language == Language::Sql) {
        let Ok(url) = database(room, action) else { continue };
        if matches!(url, SecretText::Literal(_)) {
            continue;
        }
        let found = match room.surroundings.secrets.resolve(&url).await {
            Ok(_) => Ok("set".to_owned()),
            Err(why) => Err((Verdict::Failed, why.to_string())),
        };
        needs.push(Need::new(NeedKind::Credential, url.origin(), found, Some(action.line)));
    }
    needs
}
