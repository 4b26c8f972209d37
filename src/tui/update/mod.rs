//! What every message does to the model, and which effects it wants.

mod details;
mod fetching;
mod incident;
mod mouse;
mod movement;
mod overlays;
mod platform;
mod runbook;
#[cfg(test)]
mod tests;

pub(super) use self::incident::timeline::has_step;
use crossterm::event::{KeyEvent, KeyEventKind};
use jiff::{SignedDuration, Timestamp};

use super::{
    action::{Action, Context},
    effect::Effect,
    message::Message,
    model::{Drawn, Input, Model, Overlay, Palette, Pane, Timeline},
};
use warroom_domain::health::Happening;
use warroom_probe::Signal;

/// How long a word to the user stays.
const NOTICE: SignedDuration = SignedDuration::from_secs(6);

/// Takes one message in at `now`. The only way in which the model changes, but for [`drawn`].
pub fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    let mut effects = took_in(model, message);
    effects.extend(runbook::output::due(model));
    effects.extend(incident::timeline::due(model));
    effects
}

/// Notes where things stand in the frame that was just drawn.
pub fn drawn(model: &mut Model, drawn: Drawn) -> Vec<Effect> {
    model.drawn = drawn;
    let mut effects = runbook::output::due(model);
    effects.extend(incident::timeline::due(model));
    effects
}

fn took_in(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => pressed(model, key),
        Message::Mouse(event) => mouse::event(model, event),
        Message::Paste(text) => pasted(model, &text),
        Message::Resize => vec![],
        Message::Signal(signal) => {
            // What it means for the incident is written down with the next tick: after the terminal was lent to a step, many
            // readings wait, and before the last of them is taken in the board is older than what is known.
            took(model, signal);
            vec![]
        }
        Message::Answer { ticket, result } => {
            fetching::answered(model, ticket, result);
            vec![]
        }
        Message::Run(news) => runbook::news(model, *news),
        Message::Incident(news) => incident::news(model, *news),
        Message::Output { ticket, result } => {
            if let Some(result) = incident::timeline::took(model, ticket, result) {
                runbook::output::took(model, ticket, result);
            }
            vec![]
        }
        Message::OutputDue => {
            runbook::output::refresh(model);
            vec![]
        }
        Message::Tick => ticked(model),
        Message::Spin => {
            model.spin += 1;
            vec![]
        }
    }
}

/// Does what an action says, in the context that has the keyboard.
pub fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Quit => return runbook::quit(model),
        Action::Suspend => return vec![Effect::Suspend],
        Action::Redraw => return vec![Effect::Redraw],
        Action::Help => overlays::help(model),
        Action::Palette => {
            let palette = Palette::open(model);
            model.overlays.push(Overlay::Palette(Box::new(palette)));
        }
        Action::NextTheme => {
            let next = model.appearance.themes.next(&model.appearance.name).to_owned();
            switch_theme(model, &next);
        }
        Action::LocalTime => local_time(model),
        Action::Down | Action::Up | Action::PageDown | Action::PageUp | Action::First | Action::Last => {
            movement::go(model, action);
        }
        Action::NextPane => focus(model, model.panes.focus.step(1)),
        Action::PreviousPane => focus(model, model.panes.focus.step(-1)),
        Action::FocusHealth => focus(model, Pane::Health),
        Action::FocusActivity => focus(model, Pane::Activity),
        Action::FocusRunbook => focus(model, Pane::Runbook),
        Action::Zoom => model.panes.zoomed = !model.panes.zoomed,
        Action::Open => return open(model),
        Action::Close => overlays::close(model),
        Action::LookNow => return look_now(model),
        Action::LookAtAll => {
            model.say("looking at everything");
            return model.board.probes().map(|probe| Effect::LookNow(probe.spec.id.clone())).collect();
        }
        Action::DismissAlerts => dismiss_alerts(model),
        Action::NextTab => return details::step_tab(model, 1),
        Action::PreviousTab => return details::step_tab(model, -1),
        Action::NextProbe => return details::step_probe(model, 1),
        Action::PreviousProbe => return details::step_probe(model, -1),
        Action::Filter => {
            match model.context() {
                Context::Runbook => runbook::output::search(model),
                Context::TimelineEntry => incident::timeline::search(model),
                _ => {}
            }
            if let Some(filter) = filter(model) {
                filter.editing = true;
            }
        }
        Action::Sort => details::sort(model),
        Action::ReverseSort => details::reverse(model),
        Action::PreviousContainer => return overlays::previous_container(model),
        Action::Follow if model.context() == Context::Runbook => runbook::output::follow(model),
        Action::Follow => overlays::follow(model),
        Action::Accept => return overlays::accept(model),
        Action::Cancel => return overlays::cancel(model),
        Action::Links => platform::links(model),
        Action::Platform => platform::about(model),
        Action::PickRunbook => return runbook::pick(model),
        Action::RunNext => return runbook::run::next(model),
        Action::RunAgain => return runbook::run::again(model),
        Action::Tick => return runbook::steps::tick(model),
        Action::Skip => runbook::steps::skip(model),
        Action::Undo => runbook::steps::undo(model),
        Action::RollBack => runbook::steps::roll_back(model),
        Action::AdHoc => runbook::ad_hoc(model),
        Action::ShowOutput if on_entry(model) => incident::timeline::toggle_output(model),
        Action::ShowOutput => runbook::output::toggle(model),
        Action::CancelStep => return runbook::run::cancel(model),
        Action::CopyCommand => return runbook::copy(model),
        Action::Variables => runbook::form::open(model),
        Action::DryRun => return runbook::dry_run(model),
        Action::CheckRunbook => return runbook::check(model),
        Action::CloseRunbook => return runbook::close(model),
        Action::NextMatch if on_entry(model) => incident::timeline::search_on(model, false),
        Action::PreviousMatch if on_entry(model) => incident::timeline::search_on(model, true),
        Action::NextMatch => runbook::output::find(model, false),
        Action::PreviousMatch => runbook::output::find(model, true),
        Action::ScrollDown => runbook::output::scroll(model, 1),
        Action::ScrollUp => runbook::output::scroll(model, -1),
        Action::Agree => return runbook::ask::agree(model),
        Action::RunAsked => return runbook::ask::enter(model),
        Action::Refuse => return runbook::ask::refuse(model),
        Action::CopyAsked => return runbook::ask::copy(model),
        Action::Choose => return runbook::menu::choose(model),
        Action::NextField | Action::NextChoice if on_sheet(model) => incident::step(model, 1),
        Action::PreviousField | Action::PreviousChoice if on_sheet(model) => incident::step(model, -1),
        Action::NextField => return runbook::form::step(model, 1),
        Action::PreviousField => return runbook::form::step(model, -1),
        Action::NextChoice => runbook::form::step_choice(model, 1),
        Action::PreviousChoice => runbook::form::step_choice(model, -1),
        Action::NextValue => incident::change(model, 1),
        Action::PreviousValue => incident::change(model, -1),
        Action::TickRow => incident::tick(model),
        Action::Submit => return incident::submit(model, true),
        Action::Incident => return incident::menu(model),
        Action::PickIncident => return incident::pick(model),
        Action::Declare => incident::declare(model),
        Action::AddNote => incident::add_note(model),
        Action::SetPhase => incident::set_phase(model),
        Action::SetSeverity => incident::set_severity(model),
        Action::SetTitle => incident::set_title(model),
        Action::Export => incident::export(model),
        Action::Verify => return incident::verify(model),
        Action::SetRole => incident::set_role(model),
        Action::SetComponents => incident::affected(model),
        Action::SetImpact => incident::set_impact(model),
        Action::AssessLoss => incident::assess_loss(model),
        Action::SayRestored => incident::restored(model),
        Action::Escalate => incident::escalate(model),
        Action::Inform => incident::inform(model),
        Action::AddToDo => incident::add_to_do(model),
        Action::FinishToDo => incident::finish_to_do(model),
        Action::AnswerSecond => incident::answer_second(model),
        Action::NextCategory => incident::timeline::filtered(model, Timeline::next_category),
        Action::NextResponder => incident::timeline::filtered(model, Timeline::next_who),
        Action::KeyOnly => incident::timeline::filtered(model, Timeline::toggle_key),
        Action::ClearFilters => incident::timeline::filtered(model, Timeline::clear_filters),
        Action::MarkKey => return incident::timeline::mark_key(model),
        Action::Correct => incident::timeline::correct(model),
        Action::GoToStep => return incident::timeline::go_to_step(model),
        Action::ListChoices => return runbook::form::list(model),
    }
    vec![]
}

fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return vec![];
    }
    let context = model.context();
    if let Some(action) = model.keymap.action(context, key.into()) {
        return act(model, action);
    }
    if context.is_typing() && typing(model).is_some_and(|input| input.key(key)) {
        arrange(model);
    }
    vec![]
}

fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    if model.context().is_typing() {
        let refused = typing(model).and_then(|input| input.paste(text).err());
        arrange(model);
        if let Some(why) = refused {
            complain(model, why);
        }
    }
    vec![]
}

/// Says why a text is not taken, beside it where there is room for that.
fn complain(model: &mut Model, why: String) {
    match model.overlays.last_mut() {
        Some(Overlay::Prompt(prompt)) => prompt.problem = Some(why),
        Some(Overlay::Ask(ask)) => ask.problem = Some(why),
        Some(Overlay::Sheet(sheet)) => sheet.problem = Some(why),
        Some(Overlay::Form(form)) if form.field().is_some() => {
            if let Some(field) = form.field_mut() {
                field.problem = Some(why);
            }
        }
        _ => model.say(why),
    }
}

/// The line of text that has the keyboard.
fn typing(model: &mut Model) -> Option<&mut Input> {
    if model.overlays.is_empty() {
        return filter(model);
    }
    match model.overlays.last_mut()? {
        Overlay::Palette(palette) => Some(&mut palette.query),
        Overlay::Picker(picker) => Some(&mut picker.query),
        Overlay::Prompt(prompt) => Some(&mut prompt.input),
        Overlay::Ask(ask) => Some(&mut ask.input),
        Overlay::Form(form) => form.field_mut().map(|field| &mut field.input),
        Overlay::Sheet(sheet) => sheet.input_mut(),
        overlay => overlay.filter_mut(),
    }
}

/// The filter of what is on top; over the panes, that of the one with the focus.
fn filter(model: &mut Model) -> Option<&mut Input> {
    if model.overlays.is_empty() {
        return model.pane_filter_mut();
    }
    model.overlays.last_mut()?.filter_mut()
}

/// Works out again what the filter of what is on top keeps.
fn arrange(model: &mut Model) {
    match model.overlays.last_mut() {
        Some(Overlay::Details(details)) => {
            details.scroll = 0;
            details.pods.arrange(&details.filter, details.sort.as_ref());
        }
        Some(Overlay::Log(log)) => log.arrange(),
        Some(Overlay::Help(help)) => help.scroll = 0,
        Some(Overlay::Palette(palette)) => palette.search(),
        Some(Overlay::Picker(picker)) => picker.search(),
        // What was wrong with the text before says nothing of this one.
        Some(Overlay::Prompt(prompt)) => prompt.problem = None,
        Some(Overlay::Ask(ask)) => ask.problem = None,
        Some(Overlay::Form(form)) => {
            if let Some(field) = form.field_mut() {
                field.problem = None;
            }
        }
        Some(Overlay::Sheet(sheet)) => sheet.problem = None,
        Some(Overlay::Menu(_) | Overlay::Entry(_)) => {}
        None if model.panes.focus == Pane::Activity => incident::timeline::filtered(model, Timeline::arrange),
        None => {}
    }
}

fn took(model: &mut Model, signal: Signal) {
    match signal {
        Signal::Looking { probe, at } => {
            model.looking.insert(probe, at);
        }
        Signal::Reading(reading) => {
            model.looking.remove(&reading.probe);
            let happenings = model.board.apply(*reading);
            happened(model, happenings);
        }
    }
}

fn ticked(model: &mut Model) -> Vec<Effect> {
    let happenings = model.board.tick(model.now);
    happened(model, happenings);
    if model.notice.as_ref().is_some_and(|(_, since)| model.now.duration_since(*since) > NOTICE) {
        model.notice = None;
    }
    let mut effects = incident::ticked(model);
    effects.extend(fetching::due(model));
    effects
}

fn on_sheet(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Sheet(_)))
}

fn on_entry(model: &Model) -> bool {
    matches!(model.overlays.last(), Some(Overlay::Entry(_)))
}

fn happened(model: &mut Model, happenings: Vec<Happening>) {
    for happening in happenings {
        // The cursor stays on its event while newer ones come in above it; at the top it stays at the top.
        if model.activity.add(happening) && model.panes.activity.selected > 0 {
            model.panes.activity.step(1, model.activity.len());
        }
    }
}

fn focus(model: &mut Model, pane: Pane) {
    model.panes.focus = pane;
}

fn open(model: &mut Model) -> Vec<Effect> {
    match model.context() {
        Context::Pods => overlays::open_log(model),
        Context::Timeline => {
            incident::timeline::open(model);
            vec![]
        }
        Context::Panes => open_pane(model),
        _ => vec![],
    }
}

fn open_pane(model: &mut Model) -> Vec<Effect> {
    let event = model.activity.get(model.panes.activity.selected);
    let (panel, probe) = match model.panes.focus {
        Pane::Runbook => return runbook::pick(model),
        Pane::Health => (model.selected_panel(), None),
        Pane::Activity => {
            if let Some(runbook) = event.and_then(|event| event.runbook.clone()) {
                return runbook::open_named(model, &runbook);
            }
            (event.and_then(|event| event.panel.clone()), event.map(|event| event.who.clone()))
        }
    };
    match panel {
        Some(panel) => details::open(model, &panel, probe.as_deref()),
        None => vec![],
    }
}

fn look_now(model: &mut Model) -> Vec<Effect> {
    let probes: Vec<String> = match model.overlays.last_mut() {
        Some(Overlay::Log(log)) => {
            log.fetch.forget();
            return fetching::due(model);
        }
        Some(Overlay::Details(details)) => {
            details.pods.fetch.forget();
            vec![details.probe.clone()]
        }
        _ => {
            let selected = model.selected_panel();
            let panels = model.board.panels(model.now);
            let panel = panels.iter().find(|panel| Some(panel.id) == selected.as_deref());
            panel.map(|p| p.probes.iter().map(|probe| probe.spec.id.clone()).collect()).unwrap_or_default()
        }
    };
    if !probes.is_empty() {
        model.say(format!("looking at {}", probes.join(", ")));
    }
    let mut effects: Vec<Effect> = probes.into_iter().map(Effect::LookNow).collect();
    effects.extend(fetching::due(model));
    effects
}

fn switch_theme(model: &mut Model, name: &str) {
    model.appearance.switch(name);
    let title = model.appearance.themes.list().find(|(n, _)| *n == name).map(|(_, title)| title.to_owned());
    model.say(format!("theme: {}", title.unwrap_or_default()));
}

fn local_time(model: &mut Model) {
    let appearance = &mut model.appearance;
    appearance.local = match appearance.local {
        None => Some(appearance.zone.clone()),
        Some(_) => None,
    };
    let text = match &appearance.local {
        Some(zone) => format!("times are local ({})", zone.iana_name().unwrap_or("this machine's zone")),
        None => "times are UTC".to_owned(),
    };
    model.say(text);
}

fn dismiss_alerts(model: &mut Model) {
    let shown: Vec<_> = model.banner().iter().map(|(alert, since)| (alert.rule.id.clone(), *since)).collect();
    model.dismissed.extend(shown);
}
