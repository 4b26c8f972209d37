//! Tests of the reports, and the incidents that they are made from.

mod formats;
mod hostile;
mod rendered;
mod story;
mod verdicts;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

use self::rendered::Rendered;
use super::*;
use warroom_domain::{
    health::Status,
    platform::{Audience, Component, Escalation, Pack, PhaseBudgets, Role, SeverityLevel},
};
use warroom_incident::{
    Exposure, ImpactField, IncidentEvent, NoteKind, Phase, Versioned,
    event::EventRef,
    journal::{
        Chain, Hlc, LogName,
        line::{EventText, write},
    },
    timeline::timeline,
};
use warroom_runbook::{
    ActionId, Risk, StepId,
    run::{ActionOutcome, Confirmation, Ending, EventKind, ExpectationResult, ListedStep, Mode, RunOutcome},
};

/// Seconds after 2026-01-21 03:00:00 UTC.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_768_964_400 + second).unwrap()
}

/// Logs that are written in memory.
#[derive(Default)]
pub(super) struct Journal {
    logs: BTreeMap<String, Log>,
    items: Vec<Arc<Item>>,
    outputs: BTreeMap<String, String>,
}

#[derive(Default)]
struct Log {
    chain: Chain,
}

impl Journal {
    /// Writes an event of an incident; gives its name.
    pub(super) fn say(&mut self, second: i64, by: &str, event: IncidentEvent) -> EventRef {
        self.write(second, by, &Versioned::from(event))
    }

    pub(super) fn write(&mut self, second: i64, by: &str, event: &impl serde::Serialize) -> EventRef {
        let Log { chain } = self.logs.entry(by.to_owned()).or_default();
        let hlc = Hlc::at(at(second)).max(chain.hlc().next());
        let mut line = Vec::new();
        write(&mut line, &chain.hash(), chain.seq() + 1, at(second), hlc, by, &EventText::of(event).unwrap());
        line.pop();
        let entry = chain.next(&line).unwrap();
        let log = LogName::of(by, 1);
        let of = EventRef { log: log.clone(), seq: entry.seq };
        self.items.push(Arc::new(Item { log, entry, intact: true }));
        of
    }

    pub(super) fn run(&mut self, second: i64, by: &str, kind: EventKind) -> EventRef {
        self.say(second, by, IncidentEvent::Run { run: RunId("run-1".to_owned()), kind })
    }

    /// An action that began and ended, with what it printed.
    pub(super) fn act(&mut self, second: i64, action: &str, took: u64, ending: Ending, output: &str) {
        let id = || ActionId(action.to_owned());
        let command = format!("psql -c 'select {second} | 1'");
        let place = vec!["kube context prod-eu".to_owned()];
        let job = format!("job-{second}");
        let intended = EventKind::ActionIntended {
            action: id(),
            attempt: 1,
            risk: Risk::Change,
            lowered: None,
            external: false,
            command,
            place,
            job,
        };
        self.run(second, "alice@bastion-1", intended);
        let evidence = Evidence {
            sha256: "ab".repeat(32),
            bytes: output.len() as u64,
            dropped_bytes: 0,
            file: format!("output-{second}"),
        };
        self.outputs.insert(evidence.file.clone(), output.to_owned());
        let outcome = ActionOutcome {
            ending,
            duration_ms: took * 1000,
            evidence: Some(evidence),
            record: None,
            expected: vec![ExpectationResult::Met],
            captured: BTreeMap::new(),
        };
        let ended = EventKind::ActionEnded { action: id(), attempt: 1, outcome, late: false };
        self.run(second + i64::try_from(took).unwrap(), "alice@bastion-1", ended);
    }

    pub(super) fn probe(&mut self, second: i64, probe: &str, from: Status, to: Status, summary: &str) {
        let (probe, summary) = (probe.to_owned(), summary.to_owned());
        let event = IncidentEvent::ProbeChanged { probe, component: None, from: Some(from), to, summary, since: None };
        self.say(second, "alice@bastion-1", event);
    }

    pub(super) fn note(&mut self, second: i64, kind: NoteKind, text: &str) -> EventRef {
        let event = IncidentEvent::Noted { kind, text: text.to_owned(), about: None, author: None };
        self.say(second, "bob@bastion-2", event)
    }

    pub(super) fn phase(&mut self, second: i64, phase: Phase) {
        self.say(second, "alice@bastion-1", IncidentEvent::PhaseChanged { phase, reason: None });
    }

    /// Renders it with all that a source needs.
    pub(super) fn with<T>(&self, pack: Option<&Pack>, render: impl FnOnce(&Source<'_>) -> T) -> T {
        let mut items = self.items.clone();
        items.sort_by(|a, b| a.order(b));
        let state = IncidentState::fold(&items);
        let timeline = timeline(&items, &state);
        let mut heads = BTreeMap::new();
        for item in &items {
            let head = Checkpoint { log: item.log.clone(), seq: item.entry.seq, hash: item.entry.hash };
            heads.insert(item.log.clone(), head);
        }
        let checkpoints: Vec<_> = heads.into_values().collect();
        let outputs = |_: &RunId, evidence: &Evidence| self.outputs.get(&evidence.file).cloned();
        render(&Source {
            id: "INC-0042",
            state: &state,
            timeline: &timeline,
            items: &items,
            pack,
            checkpoints: &checkpoints,
            outputs: &outputs,
        })
    }
}

pub(super) fn declared(title: &str) -> IncidentEvent {
    IncidentEvent::Declared {
        platform: "dotmac".to_owned(),
        environment: "production".to_owned(),
        mode: Mode::Live,
        title: title.to_owned(),
        severity: "P1".to_owned(),
        components: vec!["database".to_owned(), "api".to_owned()],
        detected_at: at(12 * 60),
        alert: Some("replica-lag".to_owned()),
        criteria: vec!["Many users cannot work".to_owned()],
        exposures: vec![Exposure {
            component: "database".to_owned(),
            recovery_point: Some(at(-3600)),
            rpo_seconds: Some(4 * 3600),
        }],
    }
}

fn listed(id: &str, number: &str, title: &str, estimate_seconds: Option<u64>) -> ListedStep {
    ListedStep {
        id: StepId(id.to_owned()),
        number: Some(number.to_owned()),
        title: title.to_owned(),
        section: "Steps".to_owned(),
        estimate_seconds,
        actions: 1,
        option: None,
    }
}

/// A replica falls behind, two steps run, one fails, the service comes back after 51 minutes.
pub(super) fn story() -> Journal {
    let mut journal = Journal::default();
    let (alice, bob) = ("alice@bastion-1", "bob@bastion-2");
    let minute = 60;
    journal.say(14 * minute, alice, declared("Replica lag makes checkout answer 500"));
    journal.probe(14 * minute + 20, "replication", Status::Ok, Status::Warn, "lag 41 s > 30 s");
    journal.probe(15 * minute, "api-5xx", Status::Ok, Status::Down, "12.4 % of requests fail");
    journal.probe(15 * minute + 30, "redis", Status::Ok, Status::Unknown, "no answer within 2 s");
    let fired = IncidentEvent::AlertFired {
        alert: "replica-lag".to_owned(),
        title: "The replica is behind".to_owned(),
        severity: "P1".to_owned(),
        since: None,
    };
    journal.say(14 * minute + 30, alice, fired);
    let role = |role: &str, who: &str| IncidentEvent::RoleTaken { role: role.to_owned(), who: who.to_owned() };
    journal.say(16 * minute, alice, role("commander", "alice"));
    journal.say(17 * minute, bob, role("scribe", "bob"));
    let update = |text: &str| IncidentEvent::UpdateSent {
        audience: "customers".to_owned(),
        channel: Some("status page".to_owned()),
        text: text.to_owned(),
    };
    journal.say(22 * minute, bob, update("We investigate errors at checkout."));
    let wrong = journal.note(24 * minute, NoteKind::Finding, "The primary's disk is full");
    journal.say(
        26 * minute,
        bob,
        IncidentEvent::Corrected { of: wrong, text: Some("The replica's disk is full".to_owned()) },
    );
    let back_dated = IncidentEvent::Noted {
        kind: NoteKind::Note,
        text: "First customer called".to_owned(),
        about: Some(at(13 * minute)),
        author: Some("carol".to_owned()),
    };
    journal.say(27 * minute, bob, back_dated);
    journal.phase(30 * minute, Phase::Identified);
    journal.note(31 * minute, NoteKind::Decision, "Read from the primary until the replica has caught up");
    let started = EventKind::RunStarted {
        runbook: "replica-recovery".to_owned(),
        title: "Replica recovery".to_owned(),
        file: "runbooks/replica-recovery.md".to_owned(),
        digest: "cd".repeat(32),
        environment: "production".to_owned(),
        mode: Mode::Live,
        steps: vec![
            listed("assess-replication", "1", "Assess replication", Some(60)),
            listed("drop-slot", "2", "Drop the slot", Some(60)),
            listed("restart-replica", "3", "Restart the replica", Some(300)),
        ],
        estimate_seconds: Some(600),
        rto_seconds: None,
    };
    journal.run(32 * minute, alice, started);
    journal.act(33 * minute, "assess-replication/1", 12, Ending::Exited { code: 0 }, "lag | 41\n(1 row)\n");
    let confirmed = EventKind::Confirmed {
        action: ActionId("drop-slot/1".to_owned()),
        attempt: 1,
        confirmation: Confirmation::Second { by: "bob".to_owned() },
    };
    journal.run(36 * minute - 1, alice, confirmed);
    journal.act(36 * minute, "drop-slot/1", 95, Ending::Exited { code: 3 }, "ERROR: slot \"r1\" is active\n");
    let step = StepId("drop-slot".to_owned());
    journal.run(38 * minute, alice, EventKind::RollbackStarted { step: Some(step) });
    journal.act(39 * minute, "drop-slot/undo-1", 4, Ending::Exited { code: 0 }, "ok\n");
    journal.act(41 * minute, "restart-replica/1", 240, Ending::Exited { code: 0 }, "server started\n");
    let ended = EventKind::RunEnded { outcome: RunOutcome::RolledBack, reason: Some("the slot was in use".to_owned()) };
    journal.run(46 * minute, alice, ended);
    journal.phase(47 * minute, Phase::Monitoring);
    journal.say(60 * minute, bob, update("Checkout works again; we watch it."));
    journal.probe(55 * minute, "replication", Status::Warn, Status::Ok, "lag 0.2 s");
    journal.probe(56 * minute, "api-5xx", Status::Down, Status::Ok, "0.1 % of requests fail");
    journal.probe(50 * minute, "redis", Status::Unknown, Status::Ok, "0.6 ms");
    journal.say(64 * minute, alice, IncidentEvent::ServiceRestored { at: at(63 * minute) });
    let users = IncidentEvent::ImpactSet { field: ImpactField::UsersAffected, value: "4 % of checkouts".to_owned() };
    journal.say(65 * minute, bob, users);
    let loss = IncidentEvent::DataLossAssessed {
        restored_to: Some(at(12 * minute)),
        last_write: Some(at(12 * minute + 30)),
        statement: "30 seconds of carts".to_owned(),
    };
    journal.say(66 * minute, bob, loss);
    let item = IncidentEvent::ActionItemAdded {
        id: "a1".to_owned(),
        text: "Alert on the replica's disk".to_owned(),
        owner: Some("dave".to_owned()),
        due: Some(jiff::civil::date(2026, 2, 1)),
    };
    journal.say(68 * minute, bob, item);
    let told = IncidentEvent::Escalated { to: "cto".to_owned(), after_seconds: 1800, dismissed_because: None };
    journal.say(44 * minute, alice, told);
    journal.phase(70 * minute, Phase::Resolved);
    journal.phase(75 * minute, Phase::Closed);
    journal
}

pub(super) fn pack() -> Pack {
    let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
    let component = |id: &str, title: &str, rto, rpo| Component {
        id: id.to_owned(),
        title: title.to_owned(),
        tier: Some(1),
        rto,
        rpo,
        depends_on: vec![],
    };
    Pack {
        name: "dotmac".to_owned(),
        title: "DotMac".to_owned(),
        components: vec![
            component("database", "Database", minutes(240), minutes(60)),
            component("api", "Public API", minutes(30), None),
        ],
        severities: vec![SeverityLevel {
            level: "P1".to_owned(),
            title: "High".to_owned(),
            criteria: vec![],
            respond_within: minutes(15),
            phases: PhaseBudgets::default(),
            recover_within: None,
        }],
        escalations: vec![Escalation {
            after: Duration::from_secs(1800),
            to: "cto".to_owned(),
            severities: vec!["P1".to_owned()],
            condition: None,
        }],
        roles: vec![Role {
            id: "commander".to_owned(),
            title: "Incident Commander".to_owned(),
            duties: vec![],
            primary: None,
            backup: None,
        }],
        audiences: vec![Audience {
            id: "customers".to_owned(),
            title: "Customers".to_owned(),
            severities: vec!["P1".to_owned()],
            first_within: minutes(15),
            update_every: minutes(30),
            channel: None,
            template: None,
            approver: None,
        }],
        ..Pack::default()
    }
}
