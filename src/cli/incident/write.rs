//! The verbs that write to an incident, one line each on standard output saying what was written.

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use jiff::{Timestamp, civil::Date};

use super::{desk, leave, pack_of};
use crate::{Exit, UsageError, output::Output};
use warroom_domain::text;
use warroom_host::clock;
use warroom_incident::{EventRef, ImpactField, NoteKind, Phase, journal::LogName, timeline};
use warroom_room::{
    incident::{Verb, when},
    settings::Settings,
};

/// Which incident; not needed when only one is open.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// The incident; not needed when only one is open
    #[arg(long, value_name = "ID")]
    pub incident: Option<String>,
}

/// What somebody does to an incident.
#[derive(Debug, Clone, Subcommand)]
pub enum WriteCommand {
    /// Write a note to the timeline
    Note {
        /// The note
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        /// It is a decision
        #[arg(long, conflicts_with = "finding")]
        decision: bool,
        /// It is something that was seen or measured
        #[arg(long)]
        finding: bool,
        /// The time it speaks of: 14:02 (UTC), 10m (so long ago), or a time with its zone
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        /// Whose words these are, when you write for somebody
        #[arg(long, value_name = "NAME")]
        author: Option<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Change the title
    Retitle {
        #[arg(value_name = "TITLE", required = true)]
        title: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Change the severity
    Severity {
        /// A level of the platform's severities
        level: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
    /// Change the phase: identified, monitoring, resolved, closed; or back, with a reason
    Phase {
        #[arg(value_parser = PossibleValuesParser::new(Phase::ALL.map(Phase::word)))]
        phase: String,
        /// Why; needed to go back
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Give a role to somebody, or give it back
    Role {
        /// A role of the platform
        role: String,
        /// Who has it from now on
        #[arg(required_unless_present = "release")]
        who: Option<String>,
        /// Nobody has it any more
        #[arg(long, conflicts_with = "who")]
        release: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Say which components are affected
    Affected {
        /// Ids of components
        #[arg(required = true)]
        components: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Say what the impact is
    Impact {
        #[arg(value_parser = PossibleValuesParser::new(["users", "services", "data", "revenue", "other"]))]
        field: String,
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Say how much data was lost
    DataLoss {
        /// A sentence about it
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        /// The point that was restored to
        #[arg(long, value_name = "TIME")]
        restored_to: Option<String>,
        /// The last write before the failure
        #[arg(long, value_name = "TIME")]
        last_write: Option<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Users have their service again
    Restored {
        /// Since when
        #[arg(long, value_name = "TIME", default_value = "now")]
        at: String,
        #[command(flatten)]
        which: Which,
    },
    /// Say an entry of the timeline anew, or take it back; the original stays
    Correct {
        /// The entry, LOG:NUMBER as `incident show` prints it
        #[arg(value_name = "ENTRY", value_parser = entry)]
        of: EventRef,
        /// What it says from now on
        #[arg(value_name = "TEXT", required_unless_present = "retract")]
        text: Vec<String>,
        /// Take it back
        #[arg(long, conflicts_with = "text")]
        retract: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Mark an entry as part of the story
    Key {
        /// The entry, LOG:NUMBER as `incident show` prints it
        #[arg(value_name = "ENTRY", value_parser = entry)]
        of: EventRef,
        /// It is not part of it
        #[arg(long)]
        off: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Say that an escalation was made, or why it is not
    Escalate {
        /// Who was told
        to: String,
        /// Why they are not told
        #[arg(long, value_name = "REASON")]
        dismiss: Option<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Say that an audience was informed
    Inform {
        audience: String,
        /// What was said
        #[arg(value_name = "TEXT", required = true)]
        text: Vec<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Add something to do afterwards, or say that it is done
    Todo {
        /// What is to be done
        #[arg(value_name = "TEXT", required_unless_present = "done")]
        text: Vec<String>,
        #[arg(long, value_name = "NAME")]
        owner: Option<String>,
        #[arg(long, value_name = "DATE")]
        due: Option<Date>,
        /// The id of what is done
        #[arg(long, value_name = "ID", conflicts_with_all = ["text", "owner", "due"])]
        done: Option<String>,
        #[command(flatten)]
        which: Which,
    },
}

pub(super) fn run(command: &WriteCommand, settings: &Settings, output: &Output) -> Result<Exit> {
    let now = clock::now();
    let (which, verb) = verb(command, now).map_err(UsageError)?;
    let desk = desk(which.incident.as_deref(), settings)?;
    let (platform, id) = {
        let view = desk.view();
        (view.state().platform.clone(), view.id().to_string())
    };
    let pack = pack_of(&platform, settings)?;
    // Wrong words are usage, and nothing is written.
    warroom_room::incident::verb::events(verb.clone(), desk.view().state(), &pack, now).map_err(UsageError)?;
    let written = desk.act(verb, &pack).map_err(|error| anyhow!(error))?;
    let view = desk.view();
    for item in view
        .union()
        .items()
        .iter()
        .filter(|item| written.iter().any(|appended| appended.log == item.log && appended.seq == item.entry.seq))
    {
        let said = timeline::entry(item, view.state()).map_or_else(|| "written".to_owned(), |entry| entry.text);
        output.print(&format!("{id}: {}\n", text::line(&said)))?;
    }
    drop(view);
    leave(&desk);
    Ok(Exit::Ok)
}

fn verb(command: &WriteCommand, now: Timestamp) -> Result<(&Which, Verb), String> {
    let at = |text: &Option<String>| text.as_deref().map(|text| when::past(text, now)).transpose();
    Ok(match command {
        WriteCommand::Note { text, decision, finding, at: about, author, which } => {
            let kind = match (decision, finding) {
                (true, _) => NoteKind::Decision,
                (_, true) => NoteKind::Finding,
                _ => NoteKind::Note,
            };
            (which, Verb::Note { kind, text: text.join(" "), about: at(about)?, author: author.clone() })
        }
        WriteCommand::Retitle { title, which } => (which, Verb::Retitle(title.join(" "))),
        WriteCommand::Severity { level, reason, which } => {
            (which, Verb::Severity { level: level.clone(), reason: reason.clone() })
        }
        WriteCommand::Phase { phase, reason, which } => {
            let phase = Phase::ALL.into_iter().find(|known| known.word() == phase).unwrap_or_default();
            (which, Verb::Phase { phase, reason: reason.clone() })
        }
        WriteCommand::Role { role, who: Some(who), which, .. } => {
            (which, Verb::TakeRole { role: role.clone(), who: who.clone() })
        }
        WriteCommand::Role { role, which, .. } => (which, Verb::ReleaseRole { role: role.clone() }),
        WriteCommand::Affected { components, which } => (which, Verb::Components(components.clone())),
        WriteCommand::Impact { field, text, which } => {
            let field = match field.as_str() {
                "users" => ImpactField::UsersAffected,
                "services" => ImpactField::Services,
                "data" => ImpactField::DataLoss,
                "revenue" => ImpactField::Revenue,
                _ => ImpactField::Other,
            };
            (which, Verb::Impact { field, value: text.join(" ") })
        }
        WriteCommand::DataLoss { text, restored_to, last_write, which } => {
            let (restored_to, last_write) = (at(restored_to)?, at(last_write)?);
            (which, Verb::DataLoss { restored_to, last_write, statement: text.join(" ") })
        }
        WriteCommand::Restored { at, which } => (which, Verb::Restored { at: when::past(at, now)? }),
        WriteCommand::Correct { of, text, retract, which } => {
            let text = (!retract).then(|| text.join(" "));
            (which, Verb::Correct { of: of.clone(), text })
        }
        WriteCommand::Key { of, off, which } => (which, Verb::MarkKey { of: of.clone(), key: !off }),
        WriteCommand::Escalate { to, dismiss, which } => {
            (which, Verb::Escalate { to: to.clone(), dismissed_because: dismiss.clone() })
        }
        WriteCommand::Inform { audience, text, which } => {
            (which, Verb::Inform { audience: audience.clone(), text: text.join(" ") })
        }
        WriteCommand::Todo { done: Some(id), which, .. } => (which, Verb::DoActionItem { id: id.clone() }),
        WriteCommand::Todo { text, owner, due, which, .. } => {
            (which, Verb::AddActionItem { text: text.join(" "), owner: owner.clone(), due: *due })
        }
    })
}

/// `alice@bastion-1:42`.
fn entry(text: &str) -> Result<EventRef, String> {
    let wrong = || "write LOG:NUMBER, as `warroom incident show` prints it".to_owned();
    let (log, seq) = text.rsplit_once(':').ok_or_else(wrong)?;
    let log = LogName::of_file(&format!("{log}.jsonl")).ok_or_else(wrong)?;
    Ok(EventRef { log, seq: seq.parse().map_err(|_| wrong())? })
}
