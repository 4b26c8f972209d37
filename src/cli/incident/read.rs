//! `warroom incident list` and `show`: what there is, and where one stands.

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use super::{incidents, pack_of, view};
use crate::{
    Exit,
    output::{Output, complain},
    painted::Painted,
    table::{self, Cell},
};
use warroom_domain::text::line;
use warroom_host::clock;
use warroom_incident::{
    clocks::{Clock, clocks},
    timeline::TimelineEntry,
};
use warroom_room::{
    incident::{self, List, View, proposal::restart_order},
    settings::Settings,
};
use warroom_runbook::run::Mode;

/// Show where an incident stands, and its timeline
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The incident; not needed when only one is open
    #[arg(value_name = "ID")]
    pub incident: Option<String>,
    /// Only the entries that tell the story
    #[arg(long)]
    pub key: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn list(open: bool, json: bool, settings: &Settings, output: &Output) -> Result<Exit> {
    let List { incidents: mut listed, problems, torn } =
        incident::list(&incidents(settings)?).map_err(|error| anyhow!(error))?;
    torn.iter().for_each(|sentence| complain(sentence));
    listed.retain(|incident| !open || incident.phase.is_open());
    if json {
        output.json(&(serde_json::to_string(&listed)? + "\n"))?;
    } else if listed.is_empty() && problems.is_empty() {
        let what = if open { "No incident is open" } else { "There is no incident" };
        output.print(&format!("{what}: `warroom incident declare` makes one.\n"))?;
    } else {
        let mut rows = table::new(output, &["INCIDENT", "SEVERITY", "PHASE", "PLATFORM", "DECLARED (UTC)", "TITLE"]);
        for incident in &listed {
            let place = match incident.environment.as_str() {
                "" => incident.platform.clone(),
                environment => format!("{}/{environment}", incident.platform),
            };
            rows.add_row([
                Cell::new(&incident.id),
                Cell::new(&incident.severity),
                Cell::new(incident.phase.word()),
                Cell::new(place),
                Cell::new(incident.declared_at.map(minutes).unwrap_or_default()),
                Cell::new(incident.marked_title()),
            ]);
        }
        output.paint(&table::text(rows))?;
    }
    match problems.first() {
        None => Ok(Exit::Ok),
        Some(first) => Err(anyhow!("{first}")),
    }
}

pub(super) fn show(args: &ShowArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let view = view(args.incident.as_deref(), settings)?;
    let timeline: Vec<TimelineEntry> = view.timeline().into_iter().filter(|entry| !args.key || entry.key).collect();
    // Without its pack an incident is read all the same, only without objectives.
    let pack = pack_of(&view.state().platform, settings).unwrap_or_default();
    let clocks = clocks(view.state(), &pack, clock::now());
    let order = restart_order(&pack, view.state());
    if args.json {
        output.json(&(as_json(&view, &clocks, order, &timeline).to_string() + "\n"))?;
    } else {
        output.paint(&as_text(&view, &clocks, order, &timeline, output))?;
    }
    Ok(Exit::Ok)
}

fn as_json(view: &View, clocks: &[Clock], order: Option<String>, timeline: &[TimelineEntry]) -> serde_json::Value {
    let state = view.state();
    let entries = timeline.iter().map(|entry| {
        json!({
            "id": format!("{}:{}", entry.of.log, entry.of.seq), "at": entry.at, "about": entry.about, "by": entry.source(),
            "author": entry.author, "category": entry.category, "text": entry.current(), "original": entry.text,
            "key": entry.key, "late": entry.late, "intact": entry.intact,
        })
    });
    let roles =
        state.roles.iter().map(|(role, holder)| json!({ "role": role, "who": holder.value, "since": holder.at }));
    json!({
        "version": 1,
        "id": view.id().as_str(),
        "title": state.title,
        "platform": state.platform,
        "environment": state.environment,
        "mode": state.mode,
        "severity": state.severity(),
        "phase": state.phase(),
        "components": state.components,
        "restart_order": order,
        "detected_at": state.detected_at,
        "declared_at": state.declared.as_ref().map(|declared| declared.at),
        "restored_at": state.restored_at,
        "resolved_at": state.resolved_at(),
        "clocks": clocks,
        "roles": roles.collect::<Vec<_>>(),
        "timeline": entries.collect::<Vec<_>>(),
        "checkpoints": view.checkpoints().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn as_text(
    view: &View,
    clocks: &[Clock],
    order: Option<String>,
    timeline: &[TimelineEntry],
    output: &Output,
) -> Painted {
    let state = view.state();
    let (severity, title) = (line(state.severity()), line(&state.title));
    let mut text = Painted::new();
    let mark = state.mode.and_then(Mode::mark).map_or_else(String::new, |mark| format!("  {mark}"));
    text.push_str(&format!("{}  {severity}  {}{mark}\n{title}\n\n", view.id(), state.phase().word()));
    let mut facts = table::new(output, &[]);
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            facts.add_row([Cell::new(name), Cell::new(value)]);
        }
    };
    let place = [state.platform.as_str(), state.environment.as_str()];
    fact("platform", place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / "));
    fact("affected", state.components.join(", "));
    fact("restart order", order.unwrap_or_default());
    fact("detected", state.detected_at.map(seconds).unwrap_or_default());
    fact("declared", state.declared.as_ref().map(|d| format!("{} by {}", seconds(d.at), d.by)).unwrap_or_default());
    fact("restored", state.restored_at.map(seconds).unwrap_or_default());
    fact("resolved", state.resolved_at().map(seconds).unwrap_or_default());
    for clock in clocks {
        fact(&clock.label, clock.text.clone());
    }
    for (role, holder) in &state.roles {
        fact(role, holder.value.clone());
    }
    for (field, value) in &state.impact {
        fact(field.word(), value.value.clone());
    }
    for item in &state.action_items {
        let owner = item.owner.as_ref().map_or_else(String::new, |owner| format!(", {owner}"));
        let done = if item.done.is_some() { "done" } else { "to do" };
        fact(done, format!("{} {}{owner}", item.id, item.text));
    }
    text.push(&table::text(facts));
    text.push_str("\n");
    let mut rows = table::new(output, &["TIME (UTC)", "BY", "KIND", "WHAT", "ENTRY"]);
    for entry in timeline {
        let mut what = match entry.current() {
            Some(current) => current.to_owned(),
            None => format!("(taken back) {}", entry.text),
        };
        if let Some(author) = &entry.author {
            what = format!("{author}: {what}");
        }
        if entry.about.is_some() {
            what.push_str(&format!(" (written {})", seconds(entry.at)));
        }
        if !entry.corrections.is_empty() && entry.current().is_some() {
            what.push_str(" (corrected)");
        }
        if entry.late {
            what.push_str(" (found later)");
        }
        if !entry.intact {
            what.push_str(" (NOT INTACT)");
        }
        rows.add_row([
            Cell::new(seconds(entry.time())),
            Cell::new(entry.source()),
            Cell::new(entry.category),
            Cell::new(what),
            Cell::new(format!("{}:{}", entry.of.log, entry.of.seq)),
        ]);
    }
    text.push(&table::text(rows));
    for finding in view.findings() {
        text.push_str(&format!("\nNOT INTACT: {finding}\n"));
    }
    text
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn minutes(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
