//! The last lines of a pod's log.

use super::{Fetch, Input};
use warroom_probe::Inquiry;

/// How many lines are asked for.
const LINES: u32 = 500;

/// One pod's log on the screen.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub probe: String,
    pub namespace: String,
    pub pod: String,
    /// The container before the last restart instead of the running one.
    pub previous: bool,
    pub lines: Vec<String>,
    /// Indices of the lines that the filter keeps.
    pub shown: Vec<usize>,
    pub filter: Input,
    /// Fetch again and again and stay at the end.
    pub follow: bool,
    /// First line on the screen, when not following.
    pub scroll: usize,
    pub fetch: Fetch,
}

impl Log {
    pub fn new(probe: &str, namespace: String, pod: String) -> Self {
        Log { probe: probe.to_owned(), namespace, pod, follow: true, ..Log::default() }
    }

    pub fn inquiry(&self) -> Inquiry {
        Inquiry::PodLog {
            namespace: self.namespace.clone(),
            pod: self.pod.clone(),
            container: None,
            previous: self.previous,
            lines: LINES,
        }
    }

    pub fn replace(&mut self, lines: Vec<String>) {
        self.lines = lines;
        self.arrange();
    }

    /// Filters again.
    pub fn arrange(&mut self) {
        self.shown = (0..self.lines.len()).filter(|i| self.filter.matches(&self.lines[*i])).collect();
    }
}
