//! An action before it starts: its variables, the condition on the probes, where it acts, and what has to be asked.

use std::{collections::BTreeMap, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tokio::{runtime::Handle, task::block_in_place};

use super::{
    RunFolder, RunnerOptions, at_hand,
    command::{Preview, Question},
    loss::losses,
    overloads, rating, target,
};
use crate::{
    exec::{
        Given, Order, OrderKind, TerminalKind,
        gate::{self, Because, Refusal, Request, Wants},
        place::{self, Fact, Place, Wanted},
        terminal,
    },
    health::Board,
    host::{clock, postgres::target::with_database, programs},
    platform::{Expression, ProbeTarget, SecretText},
    room::Room,
    runbook::{
        Action, ActionId, Assessment, Language, Reason, Risk, Runbook, SectionKind,
        lint::{needed_variables, used_variables},
        prior::savings,
        run::{Confirmation, Mode},
        shell,
    },
};

/// How long an action may take when its fence does not say.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// How long one SQL statement may take when its fence does not say.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// What stands for a value that is not shown.
const SECRET: &str = "(secret)";
/// Where the person's terminal is.
const TERMINAL: &str = "/dev/tty";
/// What a program's own terminal is like when the person has none.
const SIZE: (u16, u16) = (120, 40);

/// A variable of the run: its value, and whether it is secret.
pub(super) type Values = BTreeMap<String, (SecretString, bool)>;

/// An action that may start when enough was said.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) action: Action,
    pub(super) title: String,
    pub(super) place: Place,
    pub(super) request: Request,
    /// Confirmations that were written down already.
    pub(super) recorded: usize,
    notes: Vec<String>,
    /// Values of the variables that its command uses, as they may be shown.
    variables: Vec<Fact>,
    /// What is lost by it, and the way back.
    effects: Vec<Fact>,
    /// The connection string of an SQL action.
    database: Option<SecretString>,
}

/// What preparing needs to know.
pub(super) struct Surroundings<'a> {
    pub(super) room: &'a Room,
    pub(super) options: &'a RunnerOptions,
    pub(super) document: &'a Runbook,
    pub(super) folder: &'a RunFolder,
    pub(super) mode: Mode,
    pub(super) values: &'a Values,
    /// What actions of the run have set in the session; `None` for what holds a secret.
    pub(super) session: &'a BTreeMap<String, Option<String>>,
    pub(super) unwritable: Option<String>,
    /// Actions of the run that were tried before.
    pub(super) earlier: Vec<&'a Action>,
    /// Steps before it that nobody has done, by their titles.
    pub(super) open_before: Vec<String>,
    /// What the linter finds wrong with its step, one sentence each.
    pub(super) faults: Vec<String>,
}

/// Resolves everything. The error is one sentence: the action cannot start.
pub(super) async fn prepare(around: &Surroundings<'_>, action: Action, title: String) -> Result<Prepared, Refusal> {
    missing_variables(around, &action)?;
    missing_programs(around, &action)?;
    let database = match action.language {
        Language::Sql => {
            let secrets = &around.room.surroundings.secrets;
            let url = secrets.resolve(&database(around, &action)?).await.map_err(|error| error.to_string())?;
            Some(match database_name(around, &action)? {
                Some(name) => with_database(url.expose_secret(), &name)?.into(),
                None => url,
            })
        }
        Language::Bash => None,
    };
    let environment = &around.room.environment;
    let script = (action.language == Language::Bash).then(|| shell::analyse(&action.code));
    let pinned: Vec<String> =
        around.room.pack.environments.values().filter_map(|environment| environment.kube_context.clone()).collect();
    let variables: Vec<(String, SecretString)> =
        around.values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
    let wanted = Wanted {
        script: script.as_ref(),
        database: database.as_ref().map(SecretString::expose_secret),
        environment,
        environment_name: &around.room.environment_name,
        context: action.attributes.context.as_deref(),
        pinned_contexts: &pinned,
        variables: &variables,
        kubeconfig: &around.folder.kubeconfig(),
    };
    // The compiler cannot see that this future may change threads, so it stays on this one.
    let place = block_in_place(|| Handle::current().block_on(place::resolve(&wanted)));
    let closed_gate = match &action.attributes.gate {
        Some(gate) => closed(around.room, gate).await,
        None => None,
    };
    let assessment = rating::rated(&action, script.as_ref(), around.values, around.session, &around.earlier);
    let mut action = Action { assessment, ..action };
    let put_in = |text: &str| filled_in(text, around.values, around.session);
    if action.assessment.risk == Risk::Read {
        let asked = at_hand::sql_of(&action, script.as_ref(), database.as_ref(), put_in);
        let found = block_in_place(|| Handle::current().block_on(overloads::found(&asked)));
        for text in found {
            action.assessment.at_least(Reason { risk: Risk::Change, text, span: 0..0 });
        }
    }
    let Assessment { risk, external, targets, .. } = &action.assessment;
    let lowered = action.assessment.lowered();
    let target = target::name_to_type(targets, &place.facts, script.as_ref(), put_in);
    let target = target.unwrap_or_else(|| match &around.room.environment_name {
        name if name.is_empty() => around.room.pack.name.clone(),
        name => name.clone(),
    });
    let mut notes = place.unresolved.clone();
    if around.mode == Mode::Drill && !around.room.pack.is_simulated() {
        notes.insert(0, "DRILL: this is an exercise. Steps run for real".to_owned());
    }
    if !around.open_before.is_empty() {
        notes.push(format!("not done yet before this: {}", around.open_before.join(", ")));
    }
    let is_for_a_person = !action.has_command();
    if is_for_a_person {
        notes.push("there are only comments in it, and nothing runs: do what they say before you say yes".to_owned());
    }
    let accepted = around.options.accept_errors.clone().filter(|_| !around.faults.is_empty());
    let accepted = accepted.map(|reason| Confirmation::Override { of: gate::LINT_ERRORS.to_owned(), reason });
    if accepted.is_some() {
        notes.extend(around.faults.iter().map(|fault| format!("accepted error: {fault}")));
    }
    let allowed = around.options.unasked.map(|up_to| Confirmation::Allowed { up_to }).filter(|_| !external);
    let request = Request {
        code: action.code.clone(),
        mode: around.mode,
        simulated: around.room.pack.is_simulated(),
        read_only: around.options.read_only,
        protected: environment.protected,
        risk: *risk,
        lowered,
        external: *external,
        target,
        mismatches: place.mismatches.clone(),
        is_for_a_person,
        faults: around.faults.clone(),
        closed_gate,
        unwritable: around.unwritable.clone(),
        by: around.options.by.clone(),
        confirmations: accepted.into_iter().chain(allowed).collect(),
    };
    let variables = shown_variables(around, &action);
    let mut effects = Vec::new();
    if request.risk() == Risk::Destructive {
        let mut lost =
            block_in_place(|| Handle::current().block_on(losses(&action, script.as_ref(), database.as_ref(), put_in)));
        if lost.is_empty() {
            lost.push("unknown".to_owned());
        }
        effects.extend(lost.into_iter().map(|value| Fact { name: "lost".to_owned(), value }));
    }
    if request.risk() > Risk::Read {
        effects.push(Fact { name: "way back".to_owned(), value: way_back(around.document, &action) });
    }
    Ok(Prepared { action, title, place, request, recorded: 0, notes, variables, effects, database })
}

impl Prepared {
    pub(super) fn id(&self) -> &ActionId {
        &self.action.id
    }

    /// What the front end shows.
    pub(super) fn question(&self, wants: Wants, problem: Option<String>) -> Question {
        Question {
            action: self.action.id.clone(),
            title: self.title.clone(),
            command: self.action.code.clone(),
            place: self.place.facts.iter().chain(&self.variables).cloned().collect(),
            effects: self.effects.clone(),
            protected: self.request.protected,
            risk: self.request.risk(),
            lowered: self.request.lowering(),
            external: self.request.external,
            reasons: self.action.assessment.reasons.iter().map(|reason| reason.text.clone()).collect(),
            notes: self.notes.clone(),
            wants,
            is_for_a_person: self.request.is_for_a_person,
            elsewhere: false,
            problem,
        }
    }

    /// What a dry run shows: what a live one would ask, and how.
    pub(super) fn preview(&self) -> Preview {
        let gate = gate::outline(&self.request);
        let first = gate.as_ref().ok().and_then(|asked| asked.first()).cloned();
        let gate = match gate {
            Err(refusal) => format!("refused: {refusal}"),
            Ok(asked) if asked.is_empty() => "runs without a question".to_owned(),
            Ok(asked) => {
                let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
                format!("asks for {}", asked.join(", then "))
            }
        };
        Preview { question: self.question(first.unwrap_or(Wants::Enter), None), gate }
    }

    /// The same action looked at again, with what people said about it. Where it acts must be what they were shown: else nothing
    /// was said, and why stands beside it.
    pub(super) fn renewed(self, mut fresh: Prepared) -> (Prepared, Option<String>) {
        if fresh.place.facts != self.place.facts || fresh.request.target != self.request.target {
            return (fresh, Some("where it acts is not what it was when this was asked: look again".to_owned()));
        }
        fresh.request.confirmations = self.request.confirmations;
        fresh.recorded = self.recorded;
        (fresh, None)
    }

    /// Where it acts, one line a fact, as it is written down.
    pub(super) fn place_lines(&self) -> Vec<String> {
        self.place.facts.iter().map(|fact| format!("{}: {}", fact.name, fact.value)).collect()
    }

    /// Where it acts and what it is given, one line a fact, as a second person is shown it.
    pub(super) fn shown_lines(&self) -> Vec<String> {
        let facts = self.place.facts.iter().chain(&self.variables);
        facts.map(|fact| format!("{}: {}", fact.name, fact.value)).collect()
    }

    /// The variables that it is given are what they were.
    pub(super) fn is_given_the_same(&self, other: &Prepared) -> bool {
        self.variables == other.variables
    }

    /// What the supervisor is told.
    pub(super) fn order(&self, folder: &RunFolder, values: &Values) -> Order {
        let code = self.action.code.clone();
        let attributes = &self.action.attributes;
        let kind = match (&self.database, self.action.language) {
            (Some(url), Language::Sql) => OrderKind::Sql {
                code,
                url: url.clone(),
                write: attributes.write,
                statement_timeout: attributes.timeout.unwrap_or(STATEMENT_TIMEOUT),
            },
            _ => OrderKind::Bash { code },
        };
        let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
        let mut order = Order::new(kind, here, folder.session());
        order.variables = values
            .iter()
            .map(|(name, (value, secret))| Given { name: name.clone(), value: value.clone(), secret: *secret })
            .collect();
        order.kubeconfig = self.place.kubeconfig.clone();
        order.environment = self.place.environment.clone();
        order.timeout = Some(attributes.timeout.unwrap_or(TIMEOUT));
        let (columns, rows) = terminal::size(TERMINAL.as_ref()).unwrap_or(SIZE);
        order.terminal = if attributes.interactive {
            TerminalKind::Interactive { columns, rows }
        } else if attributes.tty {
            TerminalKind::Tty { columns, rows }
        } else {
            TerminalKind::No
        };
        order
    }
}

/// What takes the action back.
fn way_back(document: &Runbook, action: &Action) -> String {
    let commands = |count: usize| if count == 1 { "1 command".to_owned() } else { format!("{count} commands") };
    let step = document.action(&action.id).map(|(step, _)| step);
    let is_undo = step.is_some_and(|step| step.undo.iter().any(|undo| undo.id == action.id));
    let own = step.map_or(0, |step| step.undo.len());
    if own > 0 && !is_undo {
        return format!("the step has a rollback of its own ({})", commands(own));
    }
    let steps = document.rollback_steps().count();
    let is_rollback =
        step.is_some_and(|step| document.steps_of(SectionKind::Rollback).any(|other| other.id == step.id));
    if steps > 0 && !is_undo && !is_rollback {
        return "the runbook's rollback section".to_owned();
    }
    let saved: Vec<String> = match action.language {
        Language::Bash => savings(&action.code).into_iter().map(|saving| saving.what).collect(),
        Language::Sql => Vec::new(),
    };
    match saved.is_empty() {
        true => "none: no automatic rollback".to_owned(),
        false => format!("by hand, from what is saved before it runs: {}", saved.join(", ")),
    }
}

/// A variable without a value stops the action before it starts, and so does an empty one that nobody gave.
fn missing_variables(around: &Surroundings<'_>, action: &Action) -> Result<(), String> {
    let declared = &around.document.front.vars;
    if let Some(capture) = &action.attributes.capture
        && declared.get(&capture.variable).is_some_and(|variable| variable.secret)
    {
        return Err(format!(
            "{0} is secret, and output that is captured is kept on disk: fetch {0} in the command that needs it instead",
            capture.variable
        ));
    }
    if action.language == Language::Sql {
        return Ok(());
    }
    let own = std::env::var_os("PATH").is_none().then_some("PATH");
    for name in needed_variables(&action.code) {
        let given = around.values.get(&name).map(|(value, _)| value.expose_secret().is_empty());
        // What an action set wins over what was given before it.
        let set = around.session.get(&name).map(|value| value.as_ref().is_some_and(String::is_empty));
        let inherited = || std::env::var_os(&name).map(|value| value.is_empty());
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
pub(super) fn absent(document: &Runbook) -> Vec<&str> {
    let names = document.front.requires.iter().filter_map(|wanted| wanted.split_whitespace().next());
    names.filter(|name| !programs::exists(name)).collect()
}

/// A command of the runbook whose program is not there is not begun: it would stop half way.
fn missing_programs(around: &Surroundings<'_>, action: &Action) -> Result<(), Refusal> {
    if action.language == Language::Sql || around.mode == Mode::DryRun {
        return Ok(());
    }
    let absent = absent(around.document);
    let script = shell::analyse(&action.code);
    match script.commands.iter().filter_map(|command| command.program()).find(|program| absent.contains(program)) {
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
fn database(around: &Surroundings<'_>, action: &Action) -> Result<SecretText, String> {
    let databases = around.room.pack.probes.iter().filter_map(|probe| match &probe.target {
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
        (None, []) => return Err("the pack has no postgres probe, so there is no database to run this in".to_owned()),
        (None, _) => {
            return Err(format!("say which database this runs in with db= after the fence's language ({})", names()));
        }
    };
    Ok((*url).clone())
}

/// The database of the server that the action names, when it is another one than the probe's.
fn database_name(around: &Surroundings<'_>, action: &Action) -> Result<Option<String>, String> {
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

/// Looks at the probes that the condition reads. Why it does not hold, in one sentence; `None` when it does.
async fn closed(room: &Room, gate: &Expression) -> Option<String> {
    let named = gate.variables();
    let members = gate.members_of("probes");
    let seen = room.sweep(|spec| named.contains(&spec.id) || members.may_read(&spec.id)).await;
    let mut board = Board::new(&room.pack);
    for (_, reading) in &seen.probes {
        board.apply(reading.clone());
    }
    let now = clock::now();
    board.tick(now);
    match gate.holds(&board.gate_variables(now)) {
        Ok(true) => None,
        Ok(false) => {
            let read = seen.probes.iter().map(|(spec, reading)| format!("{}: {}", spec.id, reading.summary));
            Some(format!("`{}` does not hold ({})", gate.source(), read.collect::<Vec<_>>().join("; ")))
        }
        Err(error) => Some(error.to_string()),
    }
}

/// The variables of the run that the command uses.
fn shown_variables(around: &Surroundings<'_>, action: &Action) -> Vec<Fact> {
    let shown = |name: &String| -> Option<String> {
        if let Some(set) = around.session.get(name) {
            return Some(set.clone().unwrap_or_else(|| SECRET.to_owned()));
        }
        let (value, secret) = around.values.get(name)?;
        Some(if *secret { SECRET.to_owned() } else { value.expose_secret().to_owned() })
    };
    let mut used = used_variables(&action.code);
    used.extend(action.attributes.database_variable().map(str::to_owned));
    let facts = used.into_iter().filter_map(|name| Some(Fact { value: shown(&name)?, name: format!("${name}") }));
    facts.collect()
}

/// A name with the variables in it filled in, without quotes. Secrets stay as they are.
fn filled_in(name: &str, values: &Values, session: &BTreeMap<String, Option<String>>) -> String {
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
