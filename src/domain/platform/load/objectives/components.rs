//! Components that must be back before what they need, and components that need each other.

use std::collections::{HashMap, VecDeque, hash_map::Entry};

use crate::platform::{Component, Pack, load::Reading, period::in_words};

pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    let graph = Graph::of(pack);
    for (number, component) in pack.components.iter().enumerate() {
        slower_dependency(component, &graph.needs[number], pack, reading);
    }
    rings(&graph, pack, reading);
}

/// Which component needs which, by their numbers in the pack.
struct Graph {
    needs: Vec<Vec<usize>>,
}

impl Graph {
    fn of(pack: &Pack) -> Self {
        let mut numbers = HashMap::new();
        for (number, component) in pack.components.iter().enumerate() {
            numbers.entry(component.id.as_str()).or_insert(number);
        }
        let numbered = |component: &Component| {
            component.depends_on.iter().filter_map(|id| numbers.get(id.as_str()).copied()).collect()
        };
        Graph { needs: pack.components.iter().map(numbered).collect() }
    }

    /// Those that can be reached from one of their own dependencies, in the sense of "may be": what is left when components
    /// that need nothing, or that nothing needs, are taken away again and again. All rings are among them, and a chain of any
    /// length has none.
    fn tangled(&self) -> Vec<bool> {
        let mut left = vec![true; self.needs.len()];
        let mut needed_by = vec![Vec::new(); self.needs.len()];
        for (from, needs) in self.needs.iter().enumerate() {
            needs.iter().for_each(|to| needed_by[*to].push(from));
        }
        for (forward, backward) in [(&self.needs, &needed_by), (&needed_by, &self.needs)] {
            let alive = |number: &usize, left: &[bool]| left[*number];
            let mut counts: Vec<usize> =
                forward.iter().map(|ends| ends.iter().filter(|end| alive(end, &left)).count()).collect();
            let mut free: Vec<usize> =
                (0..counts.len()).filter(|number| left[*number] && counts[*number] == 0).collect();
            while let Some(number) = free.pop() {
                left[number] = false;
                for other in &backward[number] {
                    counts[*other] = counts[*other].saturating_sub(1);
                    if counts[*other] == 0 && left[*other] {
                        free.push(*other);
                    }
                }
            }
        }
        left
    }

    /// The shortest way from a component back to itself, over those that may be part of a ring.
    fn way_back(&self, start: usize, tangled: &[bool]) -> Option<Vec<usize>> {
        let mut from: HashMap<usize, usize> = HashMap::new();
        let mut open = VecDeque::from([start]);
        while let Some(number) = open.pop_front() {
            for next in self.needs[number].iter().filter(|next| tangled[**next]) {
                if *next == start {
                    let mut path = vec![start];
                    let mut at = number;
                    while at != start {
                        path.push(at);
                        at = from[&at];
                    }
                    path.reverse();
                    return Some(path);
                }
                if let Entry::Vacant(entry) = from.entry(*next) {
                    entry.insert(number);
                    open.push_back(*next);
                }
            }
        }
        None
    }
}

/// Components that depend on each other have no start order. A ring is told once, at its first member in the pack.
fn rings(graph: &Graph, pack: &Pack, reading: &Reading<'_, '_>) {
    let tangled = graph.tangled();
    let mut told = vec![false; pack.components.len()];
    for (number, component) in pack.components.iter().enumerate() {
        if told[number] || !tangled[number] {
            continue;
        }
        let Some(path) = graph.way_back(number, &tangled) else { continue };
        if !path.iter().any(|member| told[*member]) {
            let at = reading.remembered("components", &component.id, "depends_on");
            let names: Vec<&str> = path.iter().map(|member| pack.components[*member].id.as_str()).collect();
            let message = format!("the components depend on each other: {} → {}", component.id, names.join(" → "));
            reading.findings.error(at, message, Some("take one of these out of `depends_on`".to_owned()));
        }
        path.iter().for_each(|member| told[*member] = true);
    }
}

/// What must be up first cannot be up later.
fn slower_dependency(component: &Component, needs: &[usize], pack: &Pack, reading: &Reading<'_, '_>) {
    let Some(rto) = component.rto else { return };
    for other in needs.iter().filter_map(|number| pack.components.get(*number)) {
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
