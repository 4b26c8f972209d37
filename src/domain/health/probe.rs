//! The health of one probe: its readings over time, and the one verdict that everything shown of it comes from.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Debounce, History, Reading, Status, exposure::SeenCopies, judge::variables};
use crate::platform::{ProbeSpec, Shared};

/// All that is known of one probe.
#[derive(Debug, Clone)]
pub struct ProbeHealth {
    pub spec: Arc<ProbeSpec>,
    latest: Option<Arc<Reading>>,
    /// The newest reading that is not `unknown`.
    last_good: Option<Arc<Reading>>,
    /// The newest reading with the settled status.
    agreeing: Option<Arc<Reading>>,
    /// What the reading said with which the settled status began.
    began: Arc<str>,
    debounce: Debounce,
    history: History,
    pub(super) copies: SeenCopies,
    /// The latest reading as conditions see it, once one has read it.
    seen: OnceLock<Shared>,
}

/// How a probe stands: a status, and the one reading that it is of.
#[derive(Debug, Clone, Copy)]
pub struct Verdict<'a> {
    /// Debounced; `unknown` while pending or stale.
    pub status: Status,
    /// Since when it holds.
    pub since: Option<Timestamp>,
    /// The newest reading that says so. None before the first one, and where the status comes from there being none.
    pub reading: Option<&'a Reading>,
    /// The newest reading, when it says otherwise and that is not confirmed yet.
    pub pending: Option<&'a Reading>,
}

impl ProbeHealth {
    pub(super) fn new(spec: ProbeSpec) -> Self {
        ProbeHealth {
            spec: Arc::new(spec),
            latest: None,
            last_good: None,
            agreeing: None,
            began: "waiting for the first answer".into(),
            debounce: Debounce::default(),
            history: History::default(),
            copies: SeenCopies::default(),
            seen: OnceLock::new(),
        }
    }

    /// Takes one reading in. Returns the status before when this made a transition (`Some(None)` for the first).
    pub(super) fn take(&mut self, reading: Reading) -> Option<Option<Status>> {
        let reading = Arc::new(reading);
        self.history.push(&reading);
        self.copies.take(&reading);
        let moved = self.debounce.take(reading.status, reading.at, self.spec.confirm);
        if let Some((settled, since)) = self.debounce.settled()
            && settled == reading.status
        {
            self.agreeing = Some(reading.clone());
            if moved.is_some() {
                let first = self.history.iter().rev().find(|sample| sample.at <= since);
                self.began = first.map_or_else(|| reading.summary.as_str().into(), |sample| sample.summary.clone());
            }
        }
        if reading.status != Status::Unknown {
            self.last_good = Some(reading.clone());
        }
        self.latest = Some(reading);
        self.seen = OnceLock::new();
        moved
    }

    /// What conditions see of it: of a reading that is not stale what nobody else has taken over yet.
    pub(super) fn seen(&self, now: Timestamp) -> Shared {
        match self.is_stale(now) {
            false => self.seen.get_or_init(|| self.variables(now).into()).clone(),
            true => self.variables(now).into(),
        }
    }

    /// The details of a fresh reading, or nothing but the status of a stale or missing one.
    pub(super) fn variables(&self, now: Timestamp) -> Map<String, Value> {
        let stale = self.is_stale(now);
        let mut members = match self.latest() {
            Some(reading) if !stale => variables(reading),
            _ => Map::new(),
        };
        members.insert("status".to_owned(), self.raw_status(now).word().into());
        members.insert("stale".to_owned(), stale.into());
        members
    }

    /// Lets time pass. Returns the status before, and why it is unknown now, when the newest reading has become too old.
    pub(super) fn expire(&mut self, now: Timestamp) -> Option<(Status, String)> {
        let why = self.is_stale(now).then(|| self.summary(now))?;
        let from = self.debounce.settle(Status::Unknown, now)?;
        (self.agreeing, self.began) = (None, why.as_str().into());
        Some((from, why))
    }

    /// The newest reading, whatever it says.
    pub fn latest(&self) -> Option<&Reading> {
        self.latest.as_deref()
    }

    /// The newest reading that could look; shown with its age while the latest could not.
    pub fn last_good(&self) -> Option<&Reading> {
        self.last_good.as_deref()
    }

    pub fn history(&self) -> &History {
        &self.history
    }

    /// True before the first look has ended.
    pub fn is_pending(&self) -> bool {
        self.latest.is_none()
    }

    /// A reading is stale when it is older than three intervals (or three time limits, when that is longer).
    pub fn stale_after(&self) -> Duration {
        self.spec.every.max(self.spec.timeout) * 3
    }

    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.latest.as_ref().is_some_and(|r| elapsed(r.at, now) > self.stale_after())
    }

    /// How it stands, of one reading.
    pub fn verdict(&self, now: Timestamp) -> Verdict<'_> {
        let settled = self.debounce.settled();
        let Some((status, since)) = settled.filter(|(status, _)| *status == Status::Unknown || !self.is_stale(now))
        else {
            let since = self.latest().and_then(|reading| reading.at.checked_add(self.stale_after()).ok());
            return Verdict { status: Status::Unknown, since, reading: None, pending: None };
        };
        let fresh = |reading: &&Reading| reading.status != status && !self.is_stale(now);
        let (reading, pending) = (self.agreeing.as_deref(), self.latest().filter(fresh));
        Verdict { status, since: Some(since), reading, pending }
    }

    /// The debounced status; `unknown` while pending or stale.
    pub fn status(&self, now: Timestamp) -> Status {
        self.verdict(now).status
    }

    /// The status of the latest reading, not debounced; `unknown` while pending or stale.
    pub fn raw_status(&self, now: Timestamp) -> Status {
        match &self.latest {
            Some(reading) if !self.is_stale(now) => reading.status,
            _ => Status::Unknown,
        }
    }

    /// The sentence that explains [`ProbeHealth::status`].
    pub fn summary(&self, now: Timestamp) -> String {
        match self.latest() {
            Some(reading) if self.is_stale(now) => {
                format!("no reading for {}", super::duration(elapsed(reading.at, now)))
            }
            _ => self.verdict(now).reading.map_or(&*self.began, |reading| &reading.summary).to_owned(),
        }
    }

    /// What explained the status when it began.
    pub fn began(&self) -> &str {
        &self.began
    }

    /// The reading whose measurements are shown: the verdict's, or the last good one while nothing could be looked at.
    pub fn measured(&self, now: Timestamp) -> Option<&Reading> {
        let of_verdict = self.verdict(now).reading.filter(|reading| reading.status != Status::Unknown);
        of_verdict.filter(|_| !self.is_stale(now)).or(self.last_good())
    }
}

/// Time from `from` to `to`; zero when the clock went backwards.
pub(super) fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
