//! `warroom incident second`: what somebody else wants to run and needs a second person for, and the word of that person.

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::{Value, json};

use super::{desk, leave, pack_of, view, write::Which};
use crate::{Exit, UsageError, output::Output};
use warroom_domain::text::{line, rows};
use warroom_incident::{EventRef, IncidentState, state::SecondRequest};
use warroom_room::{incident::Verb, responder, settings::Settings};
use warroom_runbook::run::is_another;

/// Show what waits for a second person, agree to it, or refuse it
#[derive(Debug, Clone, Args)]
pub struct SecondArgs {
    /// Agree to this question, as it is named where it is shown
    #[arg(long, value_name = "QUESTION", conflicts_with = "refuse")]
    pub agree: Option<String>,
    /// Refuse it
    #[arg(long, value_name = "QUESTION")]
    pub refuse: Option<String>,
    /// Print what waits as JSON
    #[arg(long, conflicts_with_all = ["agree", "refuse"])]
    pub json: bool,
    #[command(flatten)]
    pub which: Which,
}

impl SecondArgs {
    /// True when a question is answered, which is written down.
    pub fn answers(&self) -> bool {
        self.agree.is_some() || self.refuse.is_some()
    }
}

pub(super) fn run(args: &SecondArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let which = args.which.incident.as_deref();
    let Some(name) = args.agree.as_ref().or(args.refuse.as_ref()) else {
        let view = view(which, settings)?;
        let open = view.state().open_seconds();
        if args.json {
            let listed: Vec<Value> = open.into_iter().map(|(of, request)| as_json(of, request)).collect();
            output.json(&(serde_json::to_string(&listed)? + "\n"))?;
            return Ok(Exit::Ok);
        }
        if open.is_empty() {
            output.print("nobody asks for a second person\n")?;
        }
        for (of, request) in open {
            output.print(&shown(of, request))?;
        }
        return Ok(Exit::Ok);
    };
    let desk = desk(which, settings)?;
    let (of, request, platform) = {
        let view = desk.view();
        let (of, request) = named(view.state(), name)?;
        (of.clone(), request.clone(), view.state().platform.clone())
    };
    if !is_another(&responder(), &request.asked.by) {
        let who = &request.asked.by;
        return Err(UsageError(format!("{who} asked for this: the second person is somebody else")).into());
    }
    let verb = Verb::AnswerSecond { of, agreed: args.agree.is_some() };
    desk.act(verb, &pack_of(&platform, settings)?).map_err(|error| anyhow!(error))?;
    leave(&desk);
    let word = if args.agree.is_some() { "agreed to" } else { "refused" };
    output.print(&format!("{word} {}\n", line(&request.title)))?;
    Ok(Exit::Ok)
}

/// The question of this name: whoever agrees agrees to what was shown, whatever is asked meanwhile.
fn named<'s>(state: &'s IncidentState, name: &str) -> Result<(&'s EventRef, &'s SecondRequest), UsageError> {
    let mut open = state.open_seconds().into_iter();
    let found = open.find(|(of, _)| name_of(of) == name);
    found.ok_or_else(|| UsageError(format!("{name} is not asked: `warroom incident second` shows what is")))
}

fn name_of(of: &EventRef) -> String {
    format!("{}:{}", of.log, of.seq)
}

fn as_json(of: &EventRef, request: &SecondRequest) -> Value {
    json!({
        "question": name_of(of),
        "by": &*request.asked.by,
        "at": request.asked.at,
        "run": request.run,
        "title": request.title,
        "command": request.command,
        "place": request.place,
    })
}

/// What is asked, as it is to be read before anybody agrees.
fn shown(of: &EventRef, request: &SecondRequest) -> String {
    let mut text = format!("{} wants to run “{}”:\n\n", line(&request.asked.by), line(&request.title));
    text.extend(rows(&request.command).map(|row| format!("  $ {row}\n")));
    text.push('\n');
    text.extend(request.place.iter().map(|fact| format!("  {}\n", line(fact))));
    let name = name_of(of);
    text.push_str(&format!(
        "\nAgree with `warroom incident second --agree {name}`, or refuse with `--refuse {name}`.\n\n"
    ));
    text
}
