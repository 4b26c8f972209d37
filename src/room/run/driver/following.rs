//! Actions that run: followed to their end, tried again, cancelled.

use std::time::Duration;

use tokio::time::sleep;

use super::{Driver, Happened, Open, Outcome, way::Purpose};
use crate::run::{command::News, ending};
use warroom_exec::{Job, JobState};
use warroom_runbook::{
    ActionId,
    run::{Ending, EventKind, RunId},
};

impl Driver {
    pub(super) fn follow(&mut self, action: ActionId, attempt: u32, job: Job, late: bool) {
        self.tell(News::Started { action: action.clone(), job: job.clone() });
        let Some(open) = self.open.as_mut() else { return };
        let Some(run) = open.begun.as_ref().map(|begun| begun.folder.id.clone()) else { return };
        open.jobs.insert(action.clone(), job.clone());
        // What still runs when a run is opened again ends in time.
        let late = late && !matches!(job.state(), JobState::Running { .. });
        self.happening.spawn(async move {
            let state = job.wait().await;
            Happened::Ended { run, action, attempt, late, state: Box::new(state) }
        });
    }

    pub(super) fn take(&mut self, happened: Happened) -> Outcome {
        let is_open = |open: &Option<Open>, run: &RunId| {
            open.as_ref().and_then(|open| open.begun.as_ref()).is_some_and(|begun| begun.folder.id == *run)
        };
        match happened {
            Happened::Ended { run, action, attempt, late, state } if is_open(&self.open, &run) => {
                self.ended(action, attempt, late, *state)
            }
            Happened::PollDue { run, action } if is_open(&self.open, &run) => {
                self.pauses.retain(|(paused, _)| *paused != action);
                let Some((prepared, _)) = self.open()?.polls.get(&action) else { return Ok(()) };
                let (before, every) = (prepared.clone(), prepared.action.attributes.poll.map(|poll| poll.every));
                if let (Some(every), true) = (every, self.way.is_some()) {
                    self.pause(run, action, every);
                    return Ok(());
                }
                let (action, title) = self.found(&action)?;
                self.set_out(Purpose::Poll(before), action, title)
            }
            Happened::Came(way, came) => self.came(way, came),
            Happened::TakesOver { id, deadline } => self.take_over(id, Some(deadline)),
            Happened::Listed { name, result } => {
                if let (Some(open), Ok(lines)) = (self.open.as_mut(), &result) {
                    open.choices.insert(name.clone(), lines.clone());
                }
                self.tell(News::Choices { name, result });
                Ok(())
            }
            Happened::Seconded { of, second } => self.seconded(&of, second),
            // Of a run that is not open any more.
            _ => Ok(()),
        }
    }

    fn ended(&mut self, id: ActionId, attempt: u32, late: bool, state: JobState) -> Outcome {
        let open = self.open()?;
        let Some(job) = open.jobs.remove(&id) else { return Ok(()) };
        // What another user's action left is not in this user's session.
        if let JobState::Ended(end) = &state
            && job.folder().is_own()
        {
            open.session = end.variables.clone();
        }
        let action = open.document.action(&id).map(|(_, action)| action.clone());
        let secrets: Vec<&str> =
            open.values.iter().filter(|(_, (_, secret))| *secret).map(|(name, _)| name.as_str()).collect();
        let (outcome, captured) = ending::outcome(action.as_ref(), &job, state, &secrets);
        if let Some((name, value)) = captured {
            open.values.insert(name, (value.into(), false));
        }
        let succeeded = outcome.succeeded();
        let may_poll = !succeeded && matches!(outcome.ending, Ending::Exited { .. } | Ending::TimedOut);
        let again = match open.polls.get_mut(&id) {
            Some((prepared, left)) if may_poll && *left > 0 => {
                *left -= 1;
                prepared.action.attributes.poll.map(|poll| (poll.every, *left))
            }
            _ => None,
        };
        if again.is_none() {
            open.polls.remove(&id);
        }
        if let Some((_, left)) = again {
            self.tell(News::TriesAgain { action: id.clone(), left });
        }
        self.record(EventKind::ActionEnded { action: id.clone(), attempt, outcome, late })?;
        if let Some((every, _)) = again {
            let Some(run) = self.open()?.begun.as_ref().map(|begun| begun.folder.id.clone()) else { return Ok(()) };
            self.pause(run, id, every);
            return Ok(());
        }
        if !succeeded {
            self.queue.clear();
        } else if self.open()?.state.rolling_back {
            self.roll_back_next()?;
        }
        Ok(())
    }

    /// Waits before the next try of a poll.
    fn pause(&mut self, run: RunId, action: ActionId, every: Duration) {
        let paused = action.clone();
        let pause = self.happening.spawn(async move {
            sleep(every).await;
            Happened::PollDue { run, action }
        });
        self.pauses.push((paused, pause));
    }

    pub(super) fn cancel(&mut self) -> Outcome {
        self.queue.clear();
        let turned_back = self.turn_back();
        // Between two tries nothing runs, and the next one is what is cancelled.
        let pauses: Vec<_> = self.pauses.drain(..).filter(|(_, pause)| !pause.is_finished()).collect();
        for (action, pause) in &pauses {
            pause.abort();
            self.tell(News::GaveUp { action: action.clone() });
        }
        let open = self.open()?;
        open.polls.clear();
        if open.jobs.is_empty() {
            return if pauses.is_empty() && !turned_back { Err("nothing runs".to_owned().into()) } else { Ok(()) };
        }
        let results: Vec<_> = open.jobs.values().map(Job::cancel).collect();
        results.into_iter().find_map(Result::err).map_or(Ok(()), |error| Err(error.to_string().into()))
    }
}
