//! Lines that stay until somebody does something: the journal cannot be written, a second person is asked for, clocks ran out.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    action::Action,
    model::{Drawn, Model, Target},
    text::{self, clean},
    theme::Role,
    view::pieces::{between, coarse, put},
};
use warroom_incident::{clocks::ClockKind, journal::WriterState};

/// Rows that the body keeps at least.
const BODY: u16 = 14;

/// The banners now, the gravest first, each with what a click on it does.
fn banners(model: &Model) -> Vec<(String, Option<Action>)> {
    let Some(open) = &model.incidents.open else { return declared_elsewhere(model) };
    let key = |action: Action| model.keymap.chords(action, model.context()).next().map(|key| format!(" · {key}"));
    let mut banners = Vec::new();
    if let WriterState::Unwritable { since, why, waiting } = &open.writing {
        let events = if *waiting == 1 { "1 event waits".to_owned() } else { format!("{waiting} events wait") };
        // Why, before where: a path is long, and the end of the line is what a narrow screen lacks.
        let why = clean(why);
        let (place, cause) = why.rsplit_once(": ").unwrap_or(("", &why));
        let since = model.appearance.clock(*since);
        let text = format!(
            "NOT RECORDED since {since}: {cause} · {events} in memory · nothing above read runs without a reason · {place}"
        );
        banners.push((text, None));
    }
    if let Some((_, request)) = open.questions().first() {
        let key = key(Action::AnswerSecond).unwrap_or_default();
        let (by, title) = (clean(&request.asked.by), clean(&request.title));
        let ago = coarse(between(request.asked.at, model.now));
        let text = format!("{by} asks for a second person before “{title}” ({ago} ago){key} look at it");
        banners.push((text, Some(Action::AnswerSecond)));
    }
    let overdue: Vec<_> = open.clocks.iter().filter(|clock| clock.is_overdue()).collect();
    // What somebody can do now comes first; an objective that was missed stays missed.
    let first = overdue.iter().min_by_key(|clock| {
        let answerable =
            matches!(clock.kind, ClockKind::Update | ClockKind::Escalation | ClockKind::Response | ClockKind::Phase);
        (!answerable, clock.due)
    });
    if let Some(clock) = first {
        let more = if overdue.len() > 1 { format!(" · +{} more overdue", overdue.len() - 1) } else { String::new() };
        let action = match clock.kind {
            ClockKind::Update => Action::Inform,
            ClockKind::Escalation => Action::Escalate,
            ClockKind::Response => Action::SetRole,
            ClockKind::Phase => Action::SetPhase,
            _ => Action::Incident,
        };
        let key = model.keymap.chords(Action::Incident, model.context()).next();
        let key = key.map_or_else(String::new, |key| format!(" · {key} incident"));
        banners.push((format!("OVERDUE {}: {}{more}{key}", clean(&clock.label), clock.text), Some(action)));
    }
    banners
}

/// Somebody works on an incident that is not open here.
fn declared_elsewhere(model: &Model) -> Vec<(String, Option<Action>)> {
    let mut others = model.incidents.worked_on(&model.facts);
    let Some(listed) = others.next() else { return Vec::new() };
    let more = others.count();
    let more = if more > 0 { format!(" · +{more} more") } else { String::new() };
    let key = model.keymap.chords(Action::PickIncident, model.context()).next();
    let key = key.map_or_else(String::new, |key| format!(" · {key} open it"));
    let (id, title, by) = (&listed.id, clean(&listed.marked_title()), clean(&listed.declared_by));
    let text = format!("{id} {} {title} is open, declared by {by}{more}{key}", clean(&listed.severity));
    vec![(text, Some(Action::PickIncident))]
}

/// Rows that the banners take on a screen of this height.
pub(in crate::view) fn height(model: &Model, screen: u16) -> u16 {
    (banners(model).len() as u16).min(screen.saturating_sub(BODY))
}

/// Draws them, and gives back the rows that are left.
pub(in crate::view) fn draw(model: &Model, frame: &mut Frame, area: Rect, drawn: &mut Drawn) -> Rect {
    let style = model.appearance.theme.role(Role::Banner);
    let banners = banners(model);
    let shown = (banners.len() as u16).min(height(model, frame.area().height)).min(area.height);
    for (row, (text, action)) in banners.into_iter().take(shown.into()).enumerate() {
        let place = Rect { y: area.y + row as u16, height: 1, ..area };
        frame.buffer_mut().set_style(place, style);
        put(frame, place, 0, &Line::styled(text::fit(&format!(" {text}"), area.width.into()), style));
        if let Some(action) = action {
            drawn.target(place, Target::Act(action));
        }
    }
    Rect { y: area.y + shown, height: area.height - shown, ..area }
}
