//! One entry of the timeline, opened: all that is known of it, or the output that it refers to.

use std::path::{Component, Path, PathBuf};

use crate::{model::OutputView, output::Go};
use warroom_incident::{EventRef, timeline::TimelineEntry};

/// The state of the overlay.
#[derive(Debug, Clone)]
pub struct EntryView {
    pub of: EventRef,
    pub scroll: usize,
    /// Shows the output instead of the entry.
    pub shows_output: bool,
    pub output: OutputView,
}

impl EntryView {
    pub fn new(of: EventRef) -> Self {
        EntryView { of, scroll: 0, shows_output: false, output: OutputView::default() }
    }

    /// Shows the output of this job, from its beginning.
    pub fn show_output(&mut self, job: PathBuf) {
        self.shows_output = true;
        if self.output.job() != Some(&job) {
            self.output.show(job);
            self.output.go(Go::Start);
        }
    }
}

/// The folder of the job whose output an entry refers to. `None` when it refers to none, or to something outside of the
/// incident's folder: logs are written by others.
pub fn job_of(entry: &TimelineEntry, folder: &Path) -> Option<PathBuf> {
    let (_, evidence) = entry.evidence.as_ref()?;
    let file = Path::new(&evidence.file);
    let inside = file.components().all(|part| matches!(part, Component::Normal(_)));
    let job = file.parent().filter(|_| inside && file.ends_with("output"))?;
    Some(folder.join(job))
}
