//! Which part of an action's output is on the screen, and what is waited for.

use std::path::PathBuf;

use crate::{
    color::Depth,
    model::Input,
    output::{Go, Look, Seen},
};
use warroom_exec::JobFolder;

/// The view of one action's output.
#[derive(Debug, Clone, Default)]
pub struct OutputView {
    /// The job whose output it is; nothing has been printed before the first.
    job: Option<PathBuf>,
    pub seen: Seen,
    /// Stay at the end.
    pub follow: bool,
    pub search: Input,
    /// Why the output cannot be read. One sentence.
    pub error: Option<String>,
    /// The search found nothing further.
    pub not_found: bool,
    /// The look under way, and whether it goes down.
    awaited: Option<(u64, bool)>,
    /// What to look for when the look under way is over.
    next: Option<Go>,
    /// Columns and rows of the last look.
    size: (usize, usize),
}

impl OutputView {
    /// Shows another job, from its end.
    pub fn show(&mut self, job: PathBuf) {
        if self.job.as_ref() != Some(&job) {
            *self = OutputView { job: Some(job), follow: true, next: Some(Go::End), ..OutputView::default() };
        }
    }

    pub fn job(&self) -> Option<&PathBuf> {
        self.job.as_ref()
    }

    /// Plans a move. Moves that come while a look is under way add up.
    pub fn go(&mut self, go: Go) {
        self.follow = go == Go::End;
        self.not_found = false;
        self.next = Some(match (self.next.take(), go) {
            (Some(Go::By(a)), Go::By(b)) => Go::By(a.saturating_add(b)),
            (Some(Go::End), Go::By(b)) if b > 0 => Go::End,
            (_, go) => go,
        });
    }

    /// Looks again at what may have grown.
    pub fn refresh(&mut self) {
        if self.next.is_none() {
            self.next = Some(if self.follow { Go::End } else { Go::By(0) });
        }
    }

    /// The next look, when there is something to see and none is under way. `size` is columns and rows of the screen's part.
    pub fn due(&mut self, size: (usize, usize), depth: Depth, ticket: u64) -> Option<Look> {
        let job = self.job.as_ref()?;
        if size.0 == 0 || size.1 == 0 || self.awaited.is_some() {
            return None;
        }
        if self.size != size {
            self.size = size;
            self.next.get_or_insert(if self.follow { Go::End } else { Go::By(0) });
        }
        let go = self.next.take()?;
        self.awaited = Some((ticket, matches!(go, Go::By(1..))));
        Some(Look {
            folder: JobFolder::new(job),
            from: self.seen.top,
            hit: self.seen.hit,
            go,
            query: self.search.text().to_owned(),
            columns: size.0,
            rows: size.1,
            depth,
        })
    }

    /// True while the look of this ticket is under way.
    pub fn awaits(&self, ticket: u64) -> bool {
        self.awaited.as_ref().is_some_and(|(awaited, _)| *awaited == ticket)
    }

    /// Takes what was seen; an answer that nobody waits for changes nothing.
    pub fn take(&mut self, ticket: u64, result: Result<Seen, String>) -> bool {
        let Some((_, down)) = self.awaited.take_if(|(awaited, _)| *awaited == ticket) else { return false };
        match result {
            Ok(seen) => {
                self.error = None;
                self.not_found = !seen.found;
                // Arriving at the end takes hold of it again, unless something else is wanted by now.
                self.follow = self.follow || (down && seen.at_end && self.next.is_none());
                self.seen = seen;
            }
            Err(why) => self.error = Some(why),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Place;

    fn seen(byte: u64, at_end: bool) -> Seen {
        Seen { top: Place { byte, row: 0 }, at_end, found: true, ..Seen::default() }
    }

    fn due(view: &mut OutputView, ticket: u64) -> Option<Go> {
        view.due((80, 10), Depth::True, ticket).map(|look| look.go)
    }

    #[test]
    fn one_look_at_a_time_and_keys_add_up() {
        let mut view = OutputView::default();
        assert_eq!(due(&mut view, 1), None, "there is nothing to see");
        view.show("/run/jobs/1".into());
        assert_eq!(due(&mut view, 1), Some(Go::End));
        view.go(Go::By(-2));
        view.go(Go::By(-3));
        assert_eq!(due(&mut view, 2), None, "the first is under way");
        assert!(view.take(1, Ok(seen(500, true))));
        assert_eq!(due(&mut view, 2), Some(Go::By(-5)));
        assert!(!view.take(1, Ok(seen(9, false))), "too late");
        view.take(2, Ok(seen(300, false)));
        assert!(!view.follow);
        view.refresh();
        assert_eq!(due(&mut view, 3), Some(Go::By(0)), "what was scrolled up stays where it is");
        view.take(3, Ok(seen(300, false)));
        view.go(Go::By(100));
        due(&mut view, 4);
        view.take(4, Ok(seen(600, true)));
        assert!(view.follow, "arriving at the end takes hold of it");
        view.refresh();
        assert_eq!(due(&mut view, 5), Some(Go::End));
    }

    #[test]
    fn another_size_is_another_look() {
        let mut view = OutputView::default();
        view.show("/run/jobs/1".into());
        due(&mut view, 1);
        view.take(1, Ok(seen(0, true)));
        assert_eq!(due(&mut view, 2), None);
        assert!(view.due((40, 5), Depth::True, 2).is_some());
    }
}
