//! What is known around an action before it is prepared: the run's variables and session, and what is missing of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, OnceLock},
};

use secrecy::ExposeSecret;
use tokio::sync::mpsc::UnboundedSender;

use super::{RunFolder, RunnerOptions, Values, faults::Faults};
use crate::Room;
use warroom_domain::platform::{ProbeTarget, SecretText};
use warroom_exec::{
    gate::{Because, Refusal},
    place::Fact,
};
use warroom_host::programs;
use warroom_runbook::{
    Action, Requirement, Runbook,
    lint::{needed_variables, used_variables},
    run::Mode,
    shell::Script,
};

/// What stands for a value that is not shown.
const SECRET: &str = "(secret)";

/// What actions of the run have set in the session; `None` for what holds a secret.
pub(super) type Session = BTreeMap<String, Option<String>>;

/// What preparing needs to know, as it was when it began.
pub(super) struct Surroundings {
    pub(super) room: Arc<Room>,
    pub(super) options: RunnerOptions,
    pub(super) document: Arc<Runbook>,
    pub(super) folder: RunFolder,
    pub(super) mode: Mode,
    pub(super) values: Values,
    pub(super) session: Session,
    pub(super) unwritable: Option<String>,
    /// The action's shell, taken apart; `None` for SQL.
    pub(super) script: Option<Arc<Script>>,
    /// Actions of the run that were tried before, with their shell.
    pub(super) earlier: Vec<(Action, Option<Arc<Script>>)>,
    /// Steps before it that nobody has done, by their titles.
    pub(super) open_before: Vec<String>,
    /// What the linter finds wrong with the document, worked out by whoever needs it first.
    pub(super) faults: Arc<OnceLock<Faults>>,
    /// Who is told what is waited for.
    pub(super) waits: Option<Waits>,
}

/// The number of a way, and what is waited for on it.
pub(super) type Waited = (u64, String);

/// Tells the loop what is waited for on a way.
pub(super) struct Waits {
    pub(super) way: u64,
    pub(super) told: UnboundedSender<Waited>,
}

impl Waits {
    pub(super) fn tell(&self, what: impl Into<String>) {
        // The loop ends only with the program.
        let _ = self.told.send((self.way, what.into()));
    }
}

impl Surroundings {
    /// Stands for all that an action is given: another one when a variable, the session, or what was tried before is another.
    pub(super) fn given(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (name, (value, secret)) in &self.values {
            (name, value.expose_secret(), secret).hash(&mut hasher);
        }
        let earlier: BTreeSet<&str> = self.earlier.iter().map(|(action, _)| action.id.0.as_str()).collect();
        (&self.session, earlier).hash(&mut hasher);
        hasher.finish()
    }

    /// Says what is waited for: `checking the gate: probe primary`.
    pub(super) fn waits_for(&self, what: impl Into<String>) {
        if let Some(waits) = &self.waits {
            waits.tell(what);
        }
    }

    /// What is wrong with the action's step, as the linter sees it, one sentence each.
    pub(super) fn faults(&self, action: &Action) -> Vec<String> {
        let faults = self.faults.get_or_init(|| Faults::of(&self.document, &self.room.pack));
        // Commands of no runbook have no step to be wrong.
        self.document.action(&action.id).map(|(step, _)| faults.stopping(Some(&step.id))).unwrap_or_default()
    }
}

/// A variable without a value stops the action before it starts, and so does an empty one that nobody gave.
pub(super) fn missing_variables(around: &Surroundings, action: &Action) -> Result<(), String> {
    let declared = &around.document.front.vars;
    if let Some(capture) = &action.attributes.capture
        && declared.get(&capture.variable).is_some_and(|variable| variable.secret)
    {
        return Err(format!(
            "{0} is secret, and output that is captured is kept on disk: fetch {0} in the command that needs it instead",
            capture.variable
        ));
    }
    let Some(script) = &around.script else { return Ok(()) };
    let own = std::env::var_os("PATH").is_none().then_some("PATH");
    for name in needed_variables(script, &action.code) {
        let given = around.values.get(&name).map(|(value, _)| value.expose_secret().is_empty());
        // What an action set wins over what was given before it.
        let set = around.session.get(&name).map(|value| value.as_ref().is_some_and(String::is_empty));
        let is_placeholder = declared.get(&name).is_some_and(|variable| variable.placeholder);
        let inherited = || std::env::var_os(&name).filter(|_| !is_placeholder).map(|value| value.is_empty());
        let empty = match set.or(given).or_else(inherited) {
            Some(empty) => empty,
            None if BASH_OWN.contains(&name.as_str()) || own == Some(name.as_str()) => false,
            // Nothing runs, so nothing has set it.
            None if around.mode == Mode::DryRun && !declared.contains_key(&name) => false,
            None => {
                return Err(match declared.get(&name) {
                    Some(variable) if variable.secret => {
                        format!("the secret {name} has no value here: give it first")
                    }
                    Some(_) => format!("{name} has no value yet: give it first"),
                    None => {
                        format!("{name} is used on line {} or below and set nowhere: nothing was started", action.line)
                    }
                });
            }
        };
        // Somebody who leaves a variable of the document empty where that is allowed means it.
        let is_meant = set.is_none() && declared.get(&name).is_some_and(|variable| !variable.required);
        if empty && !is_meant {
            return Err(format!("{name} is empty: nothing was started"));
        }
    }
    Ok(())
}

/// Programs that the runbook asks for and this machine does not have.
pub(super) fn absent(document: &Runbook) -> Vec<String> {
    let required = document.front.requires.iter().filter_map(|text| Requirement::parse(text));
    required.map(|one| one.program().to_owned()).filter(|program| !programs::exists(program)).collect()
}

/// A command of the runbook whose program is not there is not begun: it would stop half way.
pub(super) fn missing_programs(around: &Surroundings) -> Result<(), Refusal> {
    let Some(script) = around.script.as_ref().filter(|_| around.mode != Mode::DryRun) else { return Ok(()) };
    let absent = absent(&around.document);
    match script
        .commands
        .iter()
        .filter_map(|command| command.program())
        .find(|program| absent.iter().any(|one| one == program))
    {
        Some(program) => Err(Refusal {
            why: format!("{program} is not on the PATH of this machine: nothing was started"),
            because: Because::NoProgram,
        }),
        None => Ok(()),
    }
}

/// Variables that bash sets by itself.
const BASH_OWN: [&str; 27] = [
    "BASH",
    "BASHPID",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSION",
    "BASH_VERSINFO",
    "COLUMNS",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "HOSTNAME",
    "IFS",
    "LINENO",
    "LINES",
    "MACHTYPE",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "PWD",
    "RANDOM",
    "SECONDS",
];

/// The connection string of the database that an SQL action names; without a name, the pack's only one.
pub(crate) fn database(room: &Room, action: &Action) -> Result<SecretText, String> {
    let databases = room.pack.probes.iter().filter_map(|probe| match &probe.target {
        ProbeTarget::Postgres { url, .. } => Some((probe.id.as_str(), url)),
        _ => None,
    });
    let databases: Vec<_> = databases.collect();
    let names = || databases.iter().map(|(id, _)| *id).collect::<Vec<_>>().join(", ");
    let url = match (&action.attributes.db, databases.as_slice()) {
        (Some(wanted), _) => match databases.iter().find(|(id, _)| id == wanted) {
            Some((_, url)) => url,
            None => {
                return Err(format!("the pack has no postgres probe {wanted} to run this in (there are: {})", names()));
            }
        },
        (None, [(_, only)]) => only,
        (None, []) => return Err("SQL needs a postgres probe, and the pack has none".to_owned()),
        (None, _) => {
            return Err(format!("say which database this runs in with db= after the fence's language ({})", names()));
        }
    };
    Ok((*url).clone())
}

/// The database of the server that the action names, when it is another one than the probe's.
pub(super) fn database_name(around: &Surroundings, action: &Action) -> Result<Option<String>, String> {
    let attributes = &action.attributes;
    let Some(variable) = attributes.database_variable() else { return Ok(attributes.database.clone()) };
    let set = match around.session.get(variable) {
        Some(set) => set.clone(),
        None => around.values.get(variable).filter(|(_, secret)| !secret).map(|(v, _)| v.expose_secret().to_owned()),
    };
    match set.filter(|name| !name.is_empty()) {
        Some(name) => Ok(Some(name)),
        // Nothing runs, so nothing has set it.
        None if around.mode == Mode::DryRun => Ok(attributes.database.clone()),
        None => Err(format!("{variable} names the database and has no value yet: give it first")),
    }
}

/// The variables of the run that the command uses.
pub(super) fn shown_variables(around: &Surroundings, action: &Action) -> Vec<Fact> {
    let shown = |name: &String| -> Option<String> {
        if let Some(set) = around.session.get(name) {
            return Some(set.clone().unwrap_or_else(|| SECRET.to_owned()));
        }
        let (value, secret) = around.values.get(name)?;
        Some(if *secret { SECRET.to_owned() } else { value.expose_secret().to_owned() })
    };
    let mut used = around.script.as_ref().map_or_else(Vec::new, |script| used_variables(script, &action.code));
    used.extend(action.attributes.database_variable().map(str::to_owned));
    let facts = used.into_iter().filter_map(|name| Some(Fact { value: shown(&name)?, name: format!("${name}") }));
    facts.collect()
}

/// A name with the variables in it filled in, without quotes. Secrets stay as they are.
pub(crate) fn filled_in(name: &str, values: &Values, session: &Session) -> String {
    let mut known: BTreeMap<&str, &str> = values
        .iter()
        .filter(|(_, (_, secret))| !secret)
        .map(|(name, (value, _))| (name.as_str(), value.expose_secret()))
        .collect();
    known.extend(session.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?))));
    let mut known: Vec<_> = known.into_iter().collect();
    // A name may begin with another.
    known.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let mut text = name.replace(['"', '\''], "");
    for (name, value) in known {
        text = text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_with_its_variables() {
        let values = Values::from([
            ("NS".to_owned(), ("prod".to_owned().into(), false)),
            ("NSX".to_owned(), ("other".to_owned().into(), false)),
            ("PW".to_owned(), ("s3cret".to_owned().into(), true)),
        ]);
        let session = BTreeMap::from([("NS".to_owned(), Some("set-later".to_owned()))]);
        assert_eq!(filled_in("\"$NSX\"/${NS}", &values, &BTreeMap::new()), "other/prod");
        assert_eq!(filled_in("\"$NSX\"/${NS}", &values, &session), "other/set-later");
        assert_eq!(filled_in("db-$PW", &values, &session), "db-$PW");
    }
}
