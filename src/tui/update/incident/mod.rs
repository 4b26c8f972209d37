//! The incident: what its station says, what people want of it, and what the console writes into it by itself.

mod sheets;
#[cfg(test)]
mod tests;
pub(super) mod timeline;
mod verbs;

use std::collections::BTreeSet;

pub(super) use self::sheets::{change, step, submit, tick};
pub(super) use self::verbs::{
    add_note, add_to_do, affected, assess_loss, declare, escalate, export, finish_to_do, inform, restored, set_impact,
    set_phase, set_role, set_severity, set_title,
};
use super::{act, focus, overlays};
use crate::{
    action::Action,
    effect::Effect,
    model::{Choice, Menu, Model, OpenIncident, Overlay, Pane},
    text::clean,
};
use warroom_domain::text::rows;
use warroom_incident::{EventRef, arrivals::Seen, journal::IncidentId};
use warroom_room::{
    incident::{
        Listed, Verb,
        proposal::restart_order,
        station::{Command as Wish, News},
    },
    run,
};
use warroom_runbook::run::{EventKind, RunEvent, RunId};

/// What a verification is shown under.
const VERIFICATION: &str = "Verification";
/// Incidents that are offered at once.
const OFFERED: usize = 8;

/// Takes in what the station says.
pub(super) fn news(model: &mut Model, news: News) -> Vec<Effect> {
    match news {
        News::Listed { incidents, problems } => {
            model.incidents.listed = incidents;
            // The list comes again and again; what is wrong with it is said when somebody looks at it.
            let picking = std::mem::take(&mut model.incidents.picking);
            let first = !std::mem::replace(&mut model.incidents.offered, true);
            if let Some(problem) = problems.first().filter(|_| picking || first) {
                model.say(clean(problem));
            }
            if picking {
                show_list(model);
            } else if first {
                offer_open(model);
            }
        }
        News::Opened { id, folder, declared } => {
            model.incidents.open = Some(Box::new(OpenIncident::new(id.clone(), folder)));
            model.panes.activity.selected = 0;
            if declared {
                model.say(format!("{id} is declared"));
            }
        }
        News::Events { first, items, entries, state } => {
            if let Some(open) = &mut model.incidents.open {
                open.take(first, items, entries, state);
            }
            return took_events(model);
        }
        News::Writing { state, log } => {
            if let Some(open) = &mut model.incidents.open {
                (open.writing, open.log) = (state, log);
            }
        }
        News::Alive(logs) => {
            if let Some(open) = &mut model.incidents.open {
                open.alive = logs;
            }
        }
        News::Notice(sentence) => {
            let sentence = clean(&sentence);
            model.activity.note(model.now, sentence.clone());
            model.say(sentence);
        }
        News::Verified(lines) => {
            overlays::report(model, VERIFICATION, lines.iter().map(|line| clean(line)).collect());
        }
        News::Done => {
            if matches!(model.overlays.last(), Some(Overlay::Sheet(sheet)) if sheet.sent) {
                model.overlays.pop();
            }
        }
        News::Refused(why) => {
            let why = clean(&why);
            model.incidents.picking = false;
            match model.overlays.last_mut() {
                Some(Overlay::Sheet(sheet)) if sheet.sent => {
                    sheet.sent = false;
                    sheet.problem = Some(why);
                }
                _ => model.say(why),
            }
        }
        News::Left => {
            model.incidents.open = None;
            model.panes.activity.selected = 0;
        }
    }
    vec![]
}

/// Events of the journal: the state follows them, and so does what is on the screen.
fn took_events(model: &mut Model) -> Vec<Effect> {
    let (now, pack) = (model.now, model.facts.pack.clone());
    let Some(open) = &mut model.incidents.open else { return vec![] };
    let fresh = std::mem::take(&mut open.fresh);
    open.tick(&pack, now);
    let mut effects = Vec::new();
    if fresh {
        effects.extend(resume_run(model));
    }
    effects.extend(yielded(model));
    effects.extend(ring(model));
    effects
}

/// Opens the run that was being worked on when the incident is opened again.
fn resume_run(model: &mut Model) -> Option<Effect> {
    if model.runbooks.open.is_some() || model.facts.read_only {
        return None;
    }
    let open = model.incidents.open.as_ref()?;
    let is_over = |events: &[RunEvent]| events.iter().any(|event| matches!(event.kind, EventKind::RunEnded { .. }));
    let own = |events: &[RunEvent]| events.first().is_some_and(|e| e.by == model.facts.by);
    let begun = open.state.runs.iter().filter(|(_, events)| own(events) && !is_over(events));
    // Ids sort by the time of their making.
    let (latest, _) = begun.max_by_key(|(id, _)| (*id).clone())?;
    Some(Effect::Run(run::Command::Reopen(latest.clone())))
}

/// Lets go of the run when somebody else has taken it over.
fn yielded(model: &Model) -> Option<Effect> {
    let open = model.incidents.open.as_ref()?;
    let run = model.runbooks.open.as_ref()?.run.clone()?;
    let claims = open.state.claims.iter().filter(|((of, _), _)| *of == run);
    let (_, latest) = claims.max_by_key(|(_, claim)| claim.at)?;
    let other = open.log.as_ref().is_some_and(|own| *own != latest.value);
    other.then(|| Effect::Run(run::Command::Yield { run, by: latest.by.to_string() }))
}

/// The bell, once for each clock that has run out.
fn ring(model: &mut Model) -> Option<Effect> {
    let open = model.incidents.open.as_mut()?;
    let overdue: BTreeSet<&str> =
        open.clocks.iter().filter(|clock| clock.is_overdue()).map(|clock| clock.id.as_str()).collect();
    // What had run out before this console came is on the screen, and no news.
    let new = overdue.iter().any(|clock| !open.announced.contains(*clock) && !open.state.overdue.contains_key(*clock));
    open.announced.extend(overdue.into_iter().map(str::to_owned));
    (new && open.state.declared.is_some()).then_some(Effect::Ring)
}

/// A second has passed.
pub(super) fn ticked(model: &mut Model) -> Vec<Effect> {
    let (now, pack) = (model.now, model.facts.pack.clone());
    if let Some(open) = &mut model.incidents.open {
        open.tick(&pack, now);
    }
    let mut effects: Vec<Effect> = ring(model).into_iter().collect();
    if let Some(open) = &model.incidents.open {
        let seen = Seen::of(&model.board, open.state.detected_at, now);
        effects.push(Effect::Incident(Wish::Record { incident: open.id.clone(), seen: Box::new(seen) }));
    }
    effects
}

/// Offers the incidents that people still work on, as the console begins.
fn offer_open(model: &mut Model) {
    let open: Vec<_> = model.incidents.worked_on(&model.facts).cloned().collect();
    if open.is_empty() || model.incidents.open.is_some() || !model.overlays.is_empty() {
        return;
    }
    let title = if open.len() == 1 { "An incident is open" } else { "Incidents are open" };
    let text = vec!["It comes back as it was: timeline, clocks, roles, and the steps that run.".to_owned()];
    let mut menu = Menu::new(title, text);
    for listed in open.iter().take(OFFERED) {
        menu = item(menu, listed, model);
    }
    let menu = menu.with("not now", "Go on without; i and the palette open it later.", Choice::Stay);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

fn item(menu: Menu, listed: &Listed, model: &Model) -> Menu {
    let since = listed.detected_at.map(|at| super::runbook::since(at, model.now));
    let since = since.map_or_else(String::new, |since| format!(", detected {since}"));
    let detail =
        format!("{} {}: {}{since}", clean(&listed.severity), clean(&listed.marked_title()), listed.phase.word());
    let Ok(id) = listed.id.parse::<IncidentId>() else { return menu };
    menu.with(listed.id.clone(), detail, Choice::OpenIncident(id))
}

/// Asks for the incidents that there are, to open one.
pub(super) fn pick(model: &mut Model) -> Vec<Effect> {
    model.incidents.picking = true;
    vec![Effect::Incident(Wish::List)]
}

fn show_list(model: &mut Model) {
    let here: Vec<_> = model.incidents.here(&model.facts).cloned().collect();
    let open = model.incidents.open.as_ref().map(|open| open.id.to_string());
    let mut menu = Menu::new("Incidents", Vec::new());
    // Those that people work on first.
    let (working, over): (Vec<_>, Vec<_>) = here.iter().partition(|listed| listed.phase.is_open());
    for listed in working.into_iter().chain(over).filter(|listed| Some(&listed.id) != open.as_ref()).take(20) {
        menu = item(menu, listed, model);
    }
    if menu.items.is_empty() {
        menu.text.push("There is no other incident of this platform and environment.".to_owned());
    }
    menu = menu.with("declare", "Declare a new one.", Choice::Do(Action::Declare));
    menu = menu.with("not now", "Close this.", Choice::Stay);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// Everything that can be done to the incident, or how one begins.
pub(super) fn menu(model: &mut Model) -> Vec<Effect> {
    let Some(open) = &model.incidents.open else { return pick(model) };
    let people = open.people().join(", ");
    let mut text = vec![format!(
        "{} · {} · {}",
        clean(open.state.severity()),
        open.state.phase().word(),
        clean(&open.state.title)
    )];
    text.push(format!("Here now: {}", if people.is_empty() { "nobody else".to_owned() } else { clean(&people) }));
    text.extend(restart_order(&model.facts.pack, &open.state).map(|order| format!("Restart order: {}", clean(&order))));
    let mut menu = Menu::new(format!("Incident {}", open.id), text);
    let items = [
        ("note", "Write something down: seen, decided, done.", Action::AddNote),
        ("phase", "Identified, monitoring, resolved, closed; or back.", Action::SetPhase),
        ("severity", "Reclassify, with the reason.", Action::SetSeverity),
        ("title", "Change the title.", Action::SetTitle),
        ("role", "Take a role, or hand one over.", Action::SetRole),
        ("components", "Say what is affected.", Action::SetComponents),
        ("impact", "Users, services, revenue.", Action::SetImpact),
        ("informed", "An audience was told how it stands.", Action::Inform),
        ("escalate", "Who had to be told was told, or is not told for a reason.", Action::Escalate),
        ("restored", "Users have their service again.", Action::SayRestored),
        ("data loss", "Say what is lost.", Action::AssessLoss),
        ("to do", "What has to be done afterwards.", Action::AddToDo),
        ("done", "Something that had to be done is done.", Action::FinishToDo),
        ("export", "Write it to a file.", Action::Export),
        ("verify", "Check that nothing in it was changed.", Action::Verify),
        ("another", "Open another incident, or declare one.", Action::PickIncident),
    ];
    for (label, detail, action) in items {
        menu = menu.with(label, detail, Choice::Do(action));
    }
    let menu = menu.with("leave", "Let go of the incident; it stays open for the others.", Choice::LeaveIncident);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
    vec![]
}

/// Computes the chains and digests of the incident again.
pub(super) fn verify(model: &mut Model) -> Vec<Effect> {
    if model.incidents.open.is_none() {
        model.say("no incident is open: i opens one, D declares one");
        return vec![];
    }
    overlays::await_report(model, VERIFICATION.to_owned());
    vec![Effect::Incident(Wish::Verify)]
}

/// Something to be done to the incident that is open.
fn wish(model: &Model, verb: Verb) -> Option<Wish> {
    let incident = model.incidents.open.as_ref()?.id.clone();
    Some(Wish::Act { incident, verb: Box::new(verb) })
}

/// Does what was chosen in one of these menus.
pub(super) fn chosen(model: &mut Model, choice: Choice) -> Vec<Effect> {
    match choice {
        Choice::Do(action) => act(model, action),
        Choice::OpenIncident(id) => {
            focus(model, Pane::Activity);
            vec![Effect::Incident(Wish::Open(id))]
        }
        Choice::LeaveIncident => vec![Effect::Incident(Wish::Leave)],
        Choice::AnswerSecond { of, agreed } => {
            wish(model, Verb::AnswerSecond { of, agreed }).map(Effect::Incident).into_iter().collect()
        }
        Choice::TakeOver(run) => vec![Effect::Run(run::Command::TakeOver(run))],
        _ => vec![],
    }
}

/// Shows what somebody else wants to run and needs a second person for.
pub(super) fn answer_second(model: &mut Model) {
    let Some(open) = &model.incidents.open else {
        model.say("no incident is open");
        return;
    };
    let Some((of, request)) = open.questions().first().map(|(of, request)| ((*of).clone(), (*request).clone())) else {
        model.say("nobody asks for a second person");
        return;
    };
    if model.facts.read_only {
        model.say("this console is read-only: it cannot be the second person");
        return;
    }
    let mut text = vec![format!("{} wants to run “{}”:", clean(&request.asked.by), clean(&request.title))];
    text.extend(rows(&request.command).map(|line| format!("$ {}", clean(line))));
    text.extend(request.place.iter().map(|fact| format!("· {}", clean(fact))));
    text.push(
        "It is destructive and this environment is protected: it starts only when you agree. Your name is kept."
            .to_owned(),
    );
    let answer = |agreed| Choice::AnswerSecond { of: EventRef { log: of.log.clone(), seq: of.seq }, agreed };
    let menu = Menu::new("A second person is asked for", text)
        .with("not now", "Leave the question open.", Choice::Stay)
        .with("agree", "I have read the command and where it acts, and it is right.", answer(true))
        .with("refuse", "It must not run.", answer(false));
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// A run that was to be opened is open elsewhere.
pub(super) fn held(model: &mut Model, run: RunId, by: &str) {
    let text = vec![
        format!("{} works on this run. What they do is in the timeline.", clean(by)),
        "Taking it over makes their console let go of it; what runs goes on.".to_owned(),
    ];
    let menu = Menu::new("The run is open in another console", text)
        .with("leave it", "They go on with it.", Choice::Stay)
        .with("take over", "Work on it here from now on.", Choice::TakeOver(run));
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}
