//! Opening the details of a panel and moving around in them.

use super::fetching;
use crate::{
    effect::Effect,
    model::{Details, Model, Overlay, Sort, Tab},
};

/// Opens the details of a panel, at a probe or at its worst one.
pub(super) fn open(model: &mut Model, panel: &str, probe: Option<&str>) -> Vec<Effect> {
    let panels = model.board.panels(model.now);
    let Some(index) = panels.iter().position(|p| p.id == panel) else { return vec![] };
    let probes = &panels[index].probes;
    let wanted = probes.iter().find(|p| Some(p.spec.id.as_str()) == probe).or(probes.first());
    let Some(id) = wanted.map(|p| p.spec.id.clone()) else { return vec![] };
    model.panes.health.selected = index;
    model.overlays.clear();
    model.overlays.push(Overlay::Details(Box::new(Details::new(panel, &id))));
    fetching::due(model)
}

/// Ids of the probes of the shown panel, in the pack's order, so that they keep their places when one gets worse.
pub(crate) fn members(model: &Model, panel: &str) -> Vec<String> {
    model.board.probes().filter(|p| p.spec.panel == panel).map(|p| p.spec.id.clone()).collect()
}

pub(super) fn step_probe(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(Overlay::Details(details)) = model.overlays.last() else { return vec![] };
    let members = members(model, &details.panel);
    let at = members.iter().position(|id| *id == details.probe).unwrap_or(0);
    let next = (at as isize + by).rem_euclid(members.len().max(1) as isize) as usize;
    match members.get(next) {
        Some(id) => show_probe(model, id),
        None => vec![],
    }
}

pub(super) fn show_probe(model: &mut Model, id: &str) -> Vec<Effect> {
    if let Some(Overlay::Details(details)) = model.overlays.last_mut()
        && let Some(probe) = model.board.probe(id).filter(|_| details.probe != id)
    {
        details.show(probe);
    }
    fetching::due(model)
}

pub(super) fn step_tab(model: &mut Model, by: isize) -> Vec<Effect> {
    let Some(details) = model.details() else { return vec![] };
    let Some(probe) = model.board.probe(&details.probe) else { return vec![] };
    let tabs = Tab::of(probe);
    let at = tabs.iter().position(|tab| *tab == details.tab).unwrap_or(0);
    let next = (at as isize + by).rem_euclid(tabs.len() as isize) as usize;
    show_tab(model, tabs[next])
}

pub(super) fn show_tab(model: &mut Model, tab: Tab) -> Vec<Effect> {
    if let Some(Overlay::Details(details)) = model.overlays.last_mut()
        && details.tab != tab
    {
        details.tab = tab;
        details.scroll = 0;
        details.sort = None;
        details.filter.clear();
        details.pods.arrange(&details.filter, None);
    }
    fetching::due(model)
}

/// Sorts by the column after the sorted one; after the last one, not at all.
pub(super) fn sort(model: &mut Model) {
    let columns = columns(model);
    let Some(Overlay::Details(details)) = model.overlays.last_mut() else { return };
    let next = match &details.sort {
        None => columns.first(),
        Some(sort) => columns.iter().position(|c| *c == sort.column).and_then(|at| columns.get(at + 1)),
    };
    details.sort = next.map(|column| Sort { column: column.clone(), descending: false });
    details.pods.arrange(&details.filter, details.sort.as_ref());
}

/// Sorts by the named column; the other way round when it is sorted by it already.
pub(super) fn sort_by(model: &mut Model, column: &str) {
    let Some(Overlay::Details(details)) = model.overlays.last_mut() else { return };
    let descending = details.sort.as_ref().is_some_and(|sort| sort.column == column && !sort.descending);
    details.sort = Some(Sort { column: column.to_owned(), descending });
    details.pods.arrange(&details.filter, details.sort.as_ref());
}

pub(super) fn reverse(model: &mut Model) {
    let Some(Overlay::Details(details)) = model.overlays.last_mut() else { return };
    if let Some(sort) = &mut details.sort {
        sort.descending = !sort.descending;
    }
    details.pods.arrange(&details.filter, details.sort.as_ref());
}

/// Titles of the columns that can be sorted by: of all tables on the shown tab, each once.
fn columns(model: &Model) -> Vec<String> {
    let Some(details) = model.details() else { return vec![] };
    if details.tab == Tab::Pods {
        return details.pods.table.columns.iter().map(|column| column.title.clone()).collect();
    }
    let tables = crate::document::tables(model, details);
    let mut titles: Vec<String> = Vec::new();
    for column in tables.iter().flat_map(|table| &table.columns) {
        if !titles.contains(&column.title) {
            titles.push(column.title.clone());
        }
    }
    titles
}
