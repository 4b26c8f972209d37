//! The part below the checklist: the step's text or its output, scrolling and searching in it.

use crate::{
    effect::Effect,
    model::{Lower, Model},
    output::{Go, Seen},
    text::clean,
};

/// Switches between the step's text and its output.
pub(in crate::update) fn toggle(model: &mut Model) {
    let Some(opened) = &mut model.runbooks.open else { return };
    opened.lower = match opened.lower {
        Lower::Output => Lower::Step,
        Lower::Step if opened.attempt().is_none() => {
            model.say("nothing of this step has been run");
            return;
        }
        Lower::Step => Lower::Output,
    };
}

/// Scrolls by rows.
pub(in crate::update) fn scroll(model: &mut Model, by: isize) {
    let max = model.drawn.step_scroll;
    let Some(opened) = &mut model.runbooks.open else { return };
    match opened.lower {
        Lower::Step => opened.scroll = opened.scroll.min(max).saturating_add_signed(by).min(max),
        Lower::Output if by == isize::MIN => opened.output.go(Go::Start),
        Lower::Output if by == isize::MAX => opened.output.go(Go::End),
        Lower::Output => opened.output.go(Go::By(by)),
    }
}

/// Stays at the end, or lets go of it.
pub(in crate::update) fn follow(model: &mut Model) {
    let Some(opened) = &mut model.runbooks.open else { return };
    opened.lower = Lower::Output;
    opened.output.go(if opened.output.follow { Go::By(0) } else { Go::End });
}

/// Begins a search in the output.
pub(in crate::update) fn search(model: &mut Model) {
    if let Some(opened) = &mut model.runbooks.open {
        opened.lower = Lower::Output;
        opened.output.search.clear();
    }
}

/// Goes to the next place that the search finds, or the one before.
pub(in crate::update) fn find(model: &mut Model, backwards: bool) {
    let Some(opened) = &mut model.runbooks.open else { return };
    if opened.output.search.is_empty() {
        model.say("there is no search: / begins one in the output");
        return;
    }
    opened.lower = Lower::Output;
    opened.output.go(Go::Find { backwards });
}

/// Takes what was read.
pub(in crate::update) fn took(model: &mut Model, ticket: u64, result: Result<Seen, String>) {
    if let Some(opened) = &mut model.runbooks.open {
        opened.output.take(ticket, result.map_err(|why| clean(&why)));
        if opened.output.not_found {
            opened.output.not_found = false;
            model.say("the search finds nothing");
        } else if std::mem::take(&mut opened.output.seen.around) {
            model.say("the search went on at the other end");
        }
    }
}

/// The output may have grown.
pub(in crate::update) fn refresh(model: &mut Model) {
    if let Some(opened) = &mut model.runbooks.open {
        opened.output.refresh();
    }
}

/// The next look at the output, when one is wanted.
pub(in crate::update) fn due(model: &mut Model) -> Vec<Effect> {
    let (size, depth) = (model.drawn.output_size, model.appearance.themes.depth());
    if model.runbooks.open.is_none() {
        return vec![];
    }
    let ticket = model.ticket();
    let look = model.runbooks.open.as_mut().and_then(|opened| opened.output.due(size, depth, ticket));
    look.map(|look| Effect::ReadOutput { ticket, look }).into_iter().collect()
}
