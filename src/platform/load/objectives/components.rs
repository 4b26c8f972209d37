//! Components that must be back before what they need, and components that need each other.

use crate::platform::{Component, Pack, load::Reading, period::in_words};

pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    for component in &pack.components {
        slower_dependency(component, pack, reading);
    }
    rings(pack, reading);
}

/// Components that depend on each other have no start order. A ring is told once, at its first member in the pack.
fn rings(pack: &Pack, reading: &Reading<'_, '_>) {
    let mut told: Vec<&str> = Vec::new();
    for component in &pack.components {
        let Some(path) = way_back(component, pack) else { continue };
        if !path.iter().any(|id| told.contains(id)) {
            let at = reading.remembered("components", &component.id, "depends_on");
            let message = format!("the components depend on each other: {} → {}", component.id, path.join(" → "));
            reading.findings.error(at, message, Some("take one of these out of `depends_on`".to_owned()));
        }
        told.extend(path);
    }
}

/// The dependencies that lead from a component back to itself. Every component is visited once, with a list instead of
/// recursion, so that the search ends whatever the graph looks like.
fn way_back<'p>(start: &'p Component, pack: &'p Pack) -> Option<Vec<&'p str>> {
    let mut seen: Vec<&str> = Vec::new();
    let mut open: Vec<(&Component, Vec<&str>)> = vec![(start, Vec::new())];
    while let Some((from, path)) = open.pop() {
        for next in &from.depends_on {
            let path: Vec<&str> = path.iter().copied().chain([next.as_str()]).collect();
            if *next == start.id {
                return Some(path);
            }
            if !seen.contains(&next.as_str()) {
                seen.push(next);
                open.extend(pack.component(next).map(|component| (component, path)));
            }
        }
    }
    None
}

/// What must be up first cannot be up later.
fn slower_dependency(component: &Component, pack: &Pack, reading: &Reading<'_, '_>) {
    let Some(rto) = component.rto else { return };
    for other in component.depends_on.iter().filter_map(|id| pack.component(id)) {
        if let Some(slower) = other.rto.filter(|other| *other > rto) {
            let message = format!(
                "`{}` must be back within {} but depends on `{}`, which may take {}",
                component.id,
                in_words(rto),
                other.id,
                in_words(slower)
            );
            reading.findings.warning(reading.remembered("components", &component.id, "rto"), message, None);
        }
    }
}
