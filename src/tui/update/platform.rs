//! What the pack says of the platform, and its links.

use jiff::tz::TimeZone;

use crate::{
    action::Action,
    model::{Choice, Menu, Model, Overlay},
    text::clean,
};
use warroom_room::card::card;

/// Offers the pages that people open during an incident.
pub(super) fn links(model: &mut Model) {
    let mut menu = Menu::new("Open a link", Vec::new());
    // The others are still to be filled in.
    for link in model.facts.pack.links.iter().filter(|link| link.url.starts_with("http")) {
        menu = menu.with(clean(&link.title), clean(&link.url), Choice::OpenLink(link.url.clone()));
    }
    if menu.items.is_empty() {
        model.say("the platform pack has no links");
        return;
    }
    let menu = menu.with("close", "", Choice::Stay);
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}

/// Shows everything that the pack says.
pub(super) fn about(model: &mut Model) {
    let mut text = Vec::new();
    for section in card(&model.facts.pack, model.now.to_zoned(TimeZone::UTC).date()) {
        text.push(section.title.to_uppercase());
        text.extend(section.lines.iter().map(|line| format!("{}: {}", clean(&line.name), clean(&line.value))));
    }
    let mut menu = Menu::new(clean(&model.facts.pack.title), text).with("close", "", Choice::Stay);
    if !model.facts.pack.links.is_empty() {
        menu = menu.with("links", "Open one of the links", Choice::Do(Action::Links));
    }
    model.overlays.push(Overlay::Menu(Box::new(menu)));
}
