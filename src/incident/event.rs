//! The events of an incident. They are what is written down: names and shapes are a format, only added to.
//!
//! Each stands in a log as a JSON object with its `type` and `version` (see [`super::journal::line`] for what is around it). A
//! version grows when members change their meaning. What a later program writes and this one does not know is kept and shown.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::journal::LogName;
use warroom_domain::health::{RestorePoint, Status};
use warroom_runbook::{
    ActionId, StepId,
    run::{EventKind, Mode, RunId},
};

/// The version of every event that is written now.
pub const VERSION: u32 = 1;

/// An event as it is written: with its version. One of a later version cannot be read: its members may mean something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Versioned {
    #[serde(deserialize_with = "known")]
    pub version: u32,
    #[serde(flatten)]
    pub event: IncidentEvent,
}

impl From<IncidentEvent> for Versioned {
    fn from(event: IncidentEvent) -> Self {
        Versioned { version: VERSION, event }
    }
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        version if version > VERSION => Err(D::Error::custom(format!("version {version} is of a later program"))),
        version => Ok(version),
    }
}

/// Names one event of an incident: the log and its line's number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventRef {
    pub log: LogName,
    pub seq: u64,
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    #[default]
    Investigating,
    Identified,
    Monitoring,
    Resolved,
    Closed,
}

impl Phase {
    pub const ALL: [Phase; 5] =
        [Phase::Investigating, Phase::Identified, Phase::Monitoring, Phase::Resolved, Phase::Closed];

    pub fn word(self) -> &'static str {
        match self {
            Phase::Investigating => "investigating",
            Phase::Identified => "identified",
            Phase::Monitoring => "monitoring",
            Phase::Resolved => "resolved",
            Phase::Closed => "closed",
        }
    }

    /// People still work on it.
    pub fn is_open(self) -> bool {
        !matches!(self, Phase::Resolved | Phase::Closed)
    }
}

/// What somebody wrote down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    #[default]
    Note,
    Decision,
    /// What was seen or measured.
    Finding,
}

/// A component's data at the moment of failure: what would be lost if it had to be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    pub component: String,
    /// The newest point that can be restored to, as the checks of its backups and replicas knew it; `None`: nobody knows.
    pub recovery_point: Option<Timestamp>,
    /// The objective, seconds.
    pub rpo_seconds: Option<u64>,
}

impl From<RestorePoint> for Exposure {
    fn from(found: RestorePoint) -> Self {
        let RestorePoint { component, rpo, point } = found;
        Exposure { component, recovery_point: point, rpo_seconds: Some(rpo.as_secs()) }
    }
}

/// What the impact was. All of it is words of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImpactField {
    UsersAffected,
    Services,
    DataLoss,
    Revenue,
    /// Other consequences.
    Other,
}

impl ImpactField {
    pub const ALL: [ImpactField; 5] = [
        ImpactField::UsersAffected,
        ImpactField::Services,
        ImpactField::DataLoss,
        ImpactField::Revenue,
        ImpactField::Other,
    ];

    pub fn word(self) -> &'static str {
        match self {
            ImpactField::UsersAffected => "users affected",
            ImpactField::Services => "services",
            ImpactField::DataLoss => "data loss",
            ImpactField::Revenue => "revenue",
            ImpactField::Other => "other",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum IncidentEvent {
    /// The incident exists. It may have begun before: `detected_at`.
    Declared {
        platform: String,
        environment: String,
        mode: Mode,
        title: String,
        /// A level of the platform's severities.
        severity: String,
        components: Vec<String>,
        detected_at: Timestamp,
        /// The alert that it was declared from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alert: Option<String>,
        /// The criteria that were found to hold, in the pack's words.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        criteria: Vec<String>,
        /// Frozen at this moment.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exposures: Vec<Exposure>,
    },
    /// What the checks of backups and replicas knew about the moment of failure, when that came after the declaration.
    ExposuresFrozen {
        exposures: Vec<Exposure>,
    },
    Retitled {
        title: String,
    },
    Reclassified {
        severity: String,
        reason: String,
    },
    /// `reason` is needed to go back.
    PhaseChanged {
        phase: Phase,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    ComponentsChanged {
        components: Vec<String>,
    },
    /// Somebody has a role now; who had it does not have it any more.
    RoleTaken {
        role: String,
        who: String,
    },
    RoleReleased {
        role: String,
        who: String,
    },
    /// `about` is the time that it speaks of, when that is not now; `author` is whose words these are, when a scribe wrote them.
    Noted {
        #[serde(default)]
        kind: NoteKind,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        author: Option<String>,
    },
    /// Says anew what an earlier entry said, which is kept. Without `text` the entry is taken back.
    Corrected {
        of: EventRef,
        text: Option<String>,
    },
    /// An entry belongs to the story that is told afterwards, or does not.
    MarkedKey {
        of: EventRef,
        key: bool,
    },
    ImpactSet {
        field: ImpactField,
        value: String,
    },
    /// How much data is lost: from the point that was restored to, to the last write before the failure.
    DataLossAssessed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restored_to: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_write: Option<Timestamp>,
        statement: String,
    },
    /// Users have their service again; it may have been some time ago.
    ServiceRestored {
        at: Timestamp,
    },

    // What arrives by itself.
    ProbeChanged {
        probe: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        component: Option<String>,
        from: Option<Status>,
        to: Status,
        summary: String,
        /// Since when, where it was so before the incident was declared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    AlertFired {
        alert: String,
        title: String,
        severity: String,
        /// Since when, where it was so before the incident was declared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    AlertCleared {
        alert: String,
    },
    /// An event of a run that belongs to the incident.
    Run {
        run: RunId,
        #[serde(flatten)]
        kind: EventKind,
    },
    /// A clock ran out: which, and what was due.
    ClockOverdue {
        clock: String,
        text: String,
    },

    // Escalation and communication.
    /// Who had to be told was told; or why not.
    Escalated {
        /// A role or contact of the pack.
        to: String,
        /// After how long the pack wants it, seconds from detection.
        after_seconds: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dismissed_because: Option<String>,
    },
    /// An audience was informed.
    UpdateSent {
        audience: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        text: String,
    },

    // Afterwards.
    ActionItemAdded {
        /// Unique within the incident.
        id: String,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<jiff::civil::Date>,
    },
    ActionItemDone {
        id: String,
    },

    // Several people.
    Joined {
        #[serde(default)]
        read_only: bool,
    },
    Left {},
    /// Somebody works on a step: others are asked before they take it over.
    StepClaimed {
        run: RunId,
        step: StepId,
    },
    /// A destructive action on a protected environment waits for a second person.
    SecondAsked {
        run: RunId,
        action: ActionId,
        attempt: u32,
        title: String,
        command: String,
        place: Vec<String>,
    },
    /// The answer of that second person, from their own console.
    SecondAnswered {
        of: EventRef,
        agreed: bool,
    },
    /// Who asked for a second person needs none any more.
    SecondWithdrawn {
        of: EventRef,
    },
}

impl IncidentEvent {
    /// What noticed it by itself; `None` for what a person did. Whoever's console wrote it down has not said it.
    pub fn noticed_by(&self) -> Option<&'static str> {
        match self {
            IncidentEvent::ProbeChanged { .. } | IncidentEvent::ExposuresFrozen { .. } => Some("probe"),
            IncidentEvent::AlertFired { .. } | IncidentEvent::AlertCleared { .. } => Some("alert"),
            IncidentEvent::ClockOverdue { .. } => Some("clock"),
            _ => None,
        }
    }
}
