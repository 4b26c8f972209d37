//! Inquiries: asking when one is due, and taking the answers in.

use crate::{
    effect::Effect,
    message::Answer,
    model::{Model, Overlay, Tab},
};
use warroom_probe::Inquiry;

/// Asks what is due for the overlays that lie open.
pub(super) fn due(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    let mut wanted = Vec::new();
    for (index, overlay) in model.overlays.iter().enumerate() {
        match overlay {
            Overlay::Details(details) if details.tab == Tab::Pods && details.pods.fetch.is_due(now) => {
                wanted.push((index, details.probe.clone(), Inquiry::Pods));
            }
            Overlay::Log(log) if log.fetch.is_due(now) && (log.follow || log.fetch.answered.is_none()) => {
                wanted.push((index, log.probe.clone(), log.inquiry()));
            }
            _ => {}
        }
    }
    let mut effects = Vec::new();
    for (index, probe, inquiry) in wanted {
        let ticket = model.ticket();
        match &mut model.overlays[index] {
            Overlay::Details(details) => details.pods.fetch.asked(ticket, now),
            Overlay::Log(log) => log.fetch.asked(ticket, now),
            _ => {}
        }
        effects.push(Effect::Ask { ticket, probe, inquiry });
    }
    effects
}

/// Takes an answer in. One that nobody waits for any more is dropped; a failed one leaves what was there, with the
/// reason beside it.
pub(super) fn answered(model: &mut Model, ticket: u64, result: Result<Answer, String>) {
    let now = model.now;
    let error = result.as_ref().err().map(|why| crate::text::clean(why));
    for overlay in &mut model.overlays {
        match overlay {
            Overlay::Details(details) if details.pods.fetch.awaits(ticket) => {
                details.pods.fetch.take(error, now);
                if let Ok(Answer::Pods(table)) = result {
                    details.pods.replace(table, &details.filter, details.sort.as_ref());
                }
                return;
            }
            Overlay::Log(log) if log.fetch.awaits(ticket) => {
                log.fetch.take(error, now);
                if let Ok(Answer::Log(lines)) = result {
                    log.replace(lines);
                }
                return;
            }
            _ => {}
        }
    }
}
