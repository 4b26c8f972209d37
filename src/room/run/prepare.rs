//! An action before it starts: its variables, the condition on the probes, where it acts, and what has to be asked.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

use super::{
    RunFolder, Values, at_hand,
    command::{Preview, Question},
    loss::losses,
    overloads, rating,
    surroundings::{
        Surroundings, database, database_name, filled_in, missing_programs, missing_variables, shown_variables,
    },
    target,
};
use warroom_domain::{health::Board, platform::Expression};
use warroom_exec::{
    Given, Order, OrderKind, TerminalKind,
    gate::{self, Refusal, Request, Wants},
    place::{self, Fact, Place, Wanted},
    terminal,
};
use warroom_host::{clock, postgres::target::with_database};
use warroom_runbook::{
    Action, ActionId, Assessment, Language, Reason, Risk, Runbook, SectionKind,
    prior::{Back, Saving, savings},
    run::{Confirmation, Mode},
};

/// How long an action may take when its fence does not say.
const TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// How long one SQL statement may take when its fence does not say.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// How long what was looked at holds: who answers within this is not kept waiting for the same looks again.
const FRESH: Duration = Duration::from_secs(10);
/// Where the person's terminal is.
const TERMINAL: &str = "/dev/tty";
/// What a program's own terminal is like when the person has none.
const SIZE: (u16, u16) = (120, 40);

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
    /// What is looked at and kept before it changes something.
    pub(super) savings: Vec<Saving>,
    /// What it was given when it was prepared ([`Surroundings::given`]).
    pub(super) given: u64,
    /// When that was.
    at: Instant,
}

/// Resolves everything. The error is one sentence: the action cannot start.
pub(super) async fn prepare(around: &Surroundings, action: Action, title: String) -> Result<Prepared, Refusal> {
    missing_variables(around, &action)?;
    missing_programs(around)?;
    let at = Instant::now();
    around.waits_for("finding out where it will act");
    let database = match action.language {
        Language::Sql => {
            let secrets = &around.room.surroundings.secrets;
            let url = secrets.resolve(&database(&around.room, &action)?).await.map_err(|error| error.to_string())?;
            Some(match database_name(around, &action)? {
                Some(name) => with_database(url.expose_secret(), &name)?.into(),
                None => url,
            })
        }
        Language::Bash => None,
    };
    let environment = &around.room.environment;
    let script = around.script.as_deref();
    let pinned = around.room.pinned_contexts();
    let variables: Vec<(String, SecretString)> =
        around.values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
    let wanted = Wanted {
        script,
        database: database.as_ref().map(SecretString::expose_secret),
        environment,
        environment_name: &around.room.environment_name,
        context: action.attributes.context.as_deref(),
        pinned_contexts: &pinned,
        variables: &variables,
        kubeconfig: &around.folder.kubeconfig(),
    };
    let place = place::resolve(&wanted).await;
    let closed_gate = match &action.attributes.gate {
        Some(gate) => closed(around, gate).await,
        None => None,
    };
    let assessment = rating::rated(&action, script, &around.values, &around.session, &around.earlier);
    let mut action = Action { assessment, ..action };
    let put_in = |text: &str| filled_in(text, &around.values, &around.session);
    if action.assessment.risk == Risk::Read {
        let asked = at_hand::sql_of(&action, script, database.as_ref(), put_in);
        for text in overloads::found(&asked).await {
            action.assessment.at_least(Reason { risk: Risk::Change, text, span: 0..0 });
        }
    }
    let Assessment { risk, external, targets, .. } = &action.assessment;
    let lowered = action.assessment.lowered();
    let target = target::name_to_type(targets, &place.facts, script, put_in);
    let target = target.unwrap_or_else(|| match &around.room.environment_name {
        name if name.is_empty() => around.room.pack.name.clone(),
        name => name.clone(),
    });
    let mut notes: Vec<String> = place.unknown().cloned().collect();
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
    if let Some(asks) = action.asks {
        notes.push(asks.to_string());
    }
    let faults = around.faults(&action);
    let accepted = around.options.accept_errors.clone().filter(|_| !faults.is_empty());
    let accepted = accepted.map(|reason| Confirmation::Override { of: gate::LINT_ERRORS.to_owned(), reason });
    if accepted.is_some() {
        notes.extend(faults.iter().map(|fault| format!("accepted error: {fault}")));
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
        always_asks: action.asks.is_some(),
        faults,
        closed_gate,
        unwritable: around.unwritable.clone(),
        by: around.options.by.clone(),
        confirmations: accepted.into_iter().chain(allowed).collect(),
    };
    let variables = shown_variables(around, &action);
    let mut effects = Vec::new();
    if request.risk() == Risk::Destructive {
        around.waits_for("finding out what would be lost");
        let mut lost = losses(&action, script, database.as_ref(), put_in).await;
        if lost.is_empty() {
            lost.push("unknown".to_owned());
        }
        effects.extend(lost.into_iter().map(|value| Fact { name: "lost".to_owned(), value }));
    }
    let changes = request.risk() > Risk::Read;
    let savings = script.filter(|_| changes).map(savings).unwrap_or_default();
    if changes {
        effects.push(Fact { name: "way back".to_owned(), value: way_back(&around.document, &action, &savings) });
    }
    let given = around.given();
    Ok(Prepared { action, title, place, request, recorded: 0, notes, variables, effects, database, savings, given, at })
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
            return (fresh, Some("the target has changed: review and confirm again".to_owned()));
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

    /// The variables that are shown of it are what they were.
    pub(super) fn shows_the_same(&self, other: &Prepared) -> bool {
        self.variables == other.variables
    }

    /// What was looked at can still be relied on.
    pub(super) fn is_fresh(&self) -> bool {
        self.at.elapsed() < FRESH
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
fn way_back(document: &Runbook, action: &Action, savings: &[Saving]) -> String {
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
    let by = match savings.iter().all(|saving| saving.back == Back::ByHand) {
        _ if savings.is_empty() => return "none: no automatic rollback".to_owned(),
        true => "by hand",
        false => "undo",
    };
    let saved: Vec<&str> = savings.iter().map(|saving| saving.what.as_str()).collect();
    format!("{by}, from what is saved before it runs: {}", saved.join(", "))
}

/// Looks at the probes that the condition reads. Why it does not hold, in one sentence; `None` when it does.
async fn closed(around: &Surroundings, gate: &Expression) -> Option<String> {
    let room = &around.room;
    let named = gate.variables();
    let members = gate.members_of("probes");
    let is_read = |id: &str| named.iter().any(|name| name == id) || members.may_read(id);
    let read: Vec<&str> = room.pack.probes.iter().map(|spec| spec.id.as_str()).filter(|id| is_read(id)).collect();
    let probes = if let [_] = read.as_slice() { "probe" } else { "probes" };
    around.waits_for(format!("checking the gate: {probes} {}", read.join(", ")));
    let seen = room.sweep(|spec| is_read(&spec.id)).await;
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
