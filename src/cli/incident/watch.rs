//! `warroom incident watch`: records what happens by itself into an incident, and prints the timeline as it grows, without a console.

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use clap::Args;

use super::{incidents, leave, view};
use crate::{
    Exit, UsageError, open,
    output::{Output, complain},
    signals::Signals,
};
use warroom_domain::text::line;
use warroom_incident::{
    IncidentEvent,
    journal::{IncidentId, Incidents},
    timeline::TimelineEntry,
};
use warroom_room::{
    Room,
    incident::{IncidentDesk, Watch, open_here},
    responder,
    settings::Settings,
};

/// How often is looked for what others wrote, and for an incident while none is open.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Record health, alerts and clocks into an incident until it is resolved, without a console
#[derive(Debug, Clone, Args)]
pub struct WatchArgs {
    /// The incident; without one, whichever is open, one after the other, until interrupted
    #[arg(value_name = "ID")]
    pub incident: Option<String>,
}

/// The platform that is watched: of the incident if it is named, else the chosen one.
pub(crate) fn room(args: &WatchArgs, settings: &Settings) -> Result<Room> {
    let Some(wanted) = args.incident.as_deref() else { return open::room(settings) };
    let view = view(Some(wanted), settings)?;
    let state = view.state();
    let mut settings = settings.clone();
    settings.pack.get_or_insert_with(|| state.platform.clone());
    if !state.environment.is_empty() {
        settings.environment.get_or_insert_with(|| state.environment.clone());
    }
    let room = open::room(&settings)?;
    view.is_of(&room.pack.name, &room.environment_name).map_err(UsageError)?;
    Ok(room)
}

pub(crate) async fn run(args: &WatchArgs, room: &Room, settings: &Settings, output: &Output) -> Result<Exit> {
    let mut signals = Signals::new()?;
    let incidents = incidents(settings)?;
    if let Some(wanted) = &args.incident {
        let id = view(Some(wanted), settings)?.id().clone();
        follow(&incidents, &id, room, &mut signals, output).await?;
        return Ok(Exit::Ok);
    }
    let mut waiting = false;
    loop {
        match open_here(&incidents, &room.pack.name, &room.environment_name).map_err(|why| anyhow!(why))? {
            Some(id) => {
                waiting = false;
                if !follow(&incidents, &id, room, &mut signals, output).await? {
                    return Ok(Exit::Ok);
                }
            }
            None if !std::mem::replace(&mut waiting, true) => {
                output.print(&format!("waiting for an incident of {}\n", line(&room.pack.name)))?;
            }
            None => {}
        }
        tokio::select! {
            _ = signals.next() => return Ok(Exit::Ok),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Records and prints until nobody works on the incident any more; false when a signal came before.
async fn follow(
    incidents: &Incidents,
    id: &IncidentId,
    room: &Room,
    signals: &mut Signals,
    output: &Output,
) -> Result<bool> {
    let access = incidents.open(id)?.access();
    let desk = IncidentDesk::open(incidents, access, id, &responder()).map_err(|why| anyhow!(why))?;
    let desk = Arc::new(desk);
    let join = |event| desk.append(vec![event]).map_err(|why| anyhow!(why));
    join(IncidentEvent::Joined { read_only: false })?;
    output.print(&format!("{id} is recorded: {}\n", line(&desk.view().state().title)))?;
    desk.view().tell_all();
    let watch = Watch::start(room, desk.clone());
    let mut printed = HashSet::new();
    let over = loop {
        let (entries, open) = {
            let mut view = desk.view();
            desk.refresh(&mut view).map_err(|why| anyhow!(why))?;
            let entries = view.take_changed().map(|(_, entries)| entries).unwrap_or_default();
            (entries, view.state().phase().is_open())
        };
        for entry in entries.into_iter().flatten() {
            if printed.insert(entry.of.clone()) {
                output.print(&shown(&entry))?;
            }
        }
        desk.notices().into_iter().for_each(|notice| complain(&notice.to_string()));
        if !open {
            break true;
        }
        tokio::select! {
            _ = signals.next() => break false,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    };
    watch.stop().await;
    if over {
        output.print(&format!("{id} is {}\n", desk.view().state().phase().word()))?;
    }
    join(IncidentEvent::Left {})?;
    leave(&desk);
    Ok(over)
}

/// `14:02:03Z  health    primary is down: …`, and who wrote it.
fn shown(entry: &TimelineEntry) -> String {
    let text = entry.current().unwrap_or(&entry.text);
    let time = entry.time().strftime("%H:%M:%SZ");
    let kind = entry.category.to_string();
    format!("{time}  {kind:<9} {}  ({})\n", line(text), line(entry.source()))
}
