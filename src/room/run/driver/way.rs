//! The way of an action to its start: where it acts, its gate, what has to be kept of before, its supervisor.
//!
//! What takes time in it happens beside the loop and comes back to it, so that ticking, cancelling and closing never wait.

use tokio::runtime::Handle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Driver, Happened, Outcome};
use crate::run::{
    command::News,
    ending::ended_without,
    folder::job_name,
    prepare::{Prepared, prepare},
    surroundings::Waits,
};
use warroom_exec::{
    ExecError, Job,
    gate::{self, Permit, Refusal},
};
use warroom_runbook::{
    Action, ActionId, Risk, Step,
    run::{Ending, EventKind, Evidence},
};

/// The action that is on its way. There is one at a time.
pub(super) struct Way {
    /// What comes back of an older one is ignored.
    number: u64,
    action: ActionId,
    title: String,
    doing: Doing,
}

enum Doing {
    /// The looks end when they are dropped.
    Preparing {
        purpose: Purpose,
        _looks: DropGuard,
    },
    Saving {
        prepared: Prepared,
        permit: Permit,
        attempt: u32,
        _looks: DropGuard,
    },
    /// It goes on when the run is closed.
    Starting {
        prepared: Prepared,
        attempt: u32,
        stop: CancellationToken,
    },
}

/// What an action is prepared for.
pub(super) enum Purpose {
    /// Somebody wants it run.
    Run,
    /// Something was said to the question about this.
    Answer(Prepared),
    /// The next try of a poll.
    Poll(Prepared),
}

/// What came back.
pub(super) enum Came {
    Prepared(Box<Result<Prepared, Refusal>>),
    /// What was kept of before the change, and why what was not.
    Saved(Vec<(String, Result<Evidence, String>)>),
    Started(Result<Job, ExecError>),
}

impl Driver {
    /// Works on a thread beside the loop until the guard is dropped.
    pub(super) fn beside(&mut self, work: impl AsyncFnOnce() -> Happened + Send + 'static) -> DropGuard {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        self.happening.spawn_blocking(move || {
            Handle::current().block_on(async {
                tokio::select! {
                    biased;
                    () = stopped.cancelled() => Happened::Nothing,
                    happened = work() => happened,
                }
            })
        });
        stop.drop_guard()
    }

    /// The number of the next way, and who says what it waits for.
    fn next_way(&mut self) -> (u64, Waits) {
        self.ways += 1;
        (self.ways, Waits { way: self.ways, told: self.waits.0.clone() })
    }

    /// Tells what is waited for.
    pub(super) fn waits_for(&self, number: u64, what: String) {
        if let Some(way) = self.way.as_ref().filter(|way| way.number == number) {
            self.tell(News::Waits { action: way.action.clone(), what });
        }
    }

    /// Nothing else may set out while one is on its way.
    pub(super) fn nothing_on_its_way(&self) -> Result<(), String> {
        match &self.way {
            Some(way) => Err(format!("{} is being prepared: wait for it, or cancel it", way.title)),
            None => Ok(()),
        }
    }

    /// [`Self::nothing_on_its_way`] as far as the step goes.
    pub(super) fn nothing_of(&self, step: &Step) -> Result<(), String> {
        let is_its = self.way.as_ref().is_some_and(|way| step.all_actions().any(|action| action.id == way.action));
        if is_its { self.nothing_on_its_way() } else { Ok(()) }
    }

    /// Prepares an action.
    pub(super) fn set_out(&mut self, purpose: Purpose, action: Action, title: String) -> Outcome {
        // What could not be written before may be possible again: the gate asks about what is.
        self.write_again();
        let (number, waits) = self.next_way();
        let script = self.open()?.script(&action);
        let around = self.surroundings(&action, script, Some(waits))?;
        let (id, name) = (action.id.clone(), title.clone());
        let looks = self.beside(async move || {
            Happened::Came(number, Came::Prepared(Box::new(prepare(&around, action, title).await)))
        });
        self.way = Some(Way { number, action: id, title: name, doing: Doing::Preparing { purpose, _looks: looks } });
        Ok(())
    }

    /// The way goes on with what came back.
    pub(super) fn came(&mut self, number: u64, came: Came) -> Outcome {
        let Some(way) = self.way.take_if(|way| way.number == number) else { return Ok(()) };
        let outcome = match (way.doing, came) {
            (Doing::Preparing { purpose, .. }, Came::Prepared(result)) => {
                (*result).and_then(|prepared| self.prepared(purpose, prepared))
            }
            (Doing::Saving { prepared, permit, attempt, .. }, Came::Saved(saved)) => {
                self.saved(prepared, permit, attempt, saved)
            }
            (Doing::Starting { prepared, attempt, stop }, Came::Started(result)) => {
                self.started(prepared, attempt, &stop, result)
            }
            _ => Ok(()),
        };
        if outcome.is_err() {
            self.queue.clear();
            self.give_poll_up(&way.action);
        }
        outcome
    }

    /// Everything is known. What happened meanwhile may stand in its way, or make something else of it.
    fn prepared(&mut self, purpose: Purpose, prepared: Prepared) -> Outcome {
        let id = prepared.id().clone();
        let (action, title) = match purpose {
            Purpose::Poll(_) => self.found(&id)?,
            Purpose::Run | Purpose::Answer(_) => self.startable(&id)?,
        };
        if !self.is_given_the_same(&prepared)? {
            return self.set_out(purpose, action, title);
        }
        match purpose {
            Purpose::Run => {
                self.claim_step(&id)?;
                self.decide(prepared, None)
            }
            Purpose::Answer(before) if !before.shows_the_same(&prepared) => {
                self.decide(prepared, Some("variables changed: review and confirm again".to_owned()))
            }
            Purpose::Answer(before) | Purpose::Poll(before) => {
                let (prepared, problem) = before.renewed(prepared);
                self.decide(prepared, problem)
            }
        }
    }

    /// What an action is given is what it was when it was prepared.
    pub(super) fn is_given_the_same(&mut self, prepared: &Prepared) -> Result<bool, String> {
        Ok(self.surroundings(&prepared.action, None, None)?.given() == prepared.given)
    }

    /// The gate lets it through: what it changes is kept first, where we know what that is.
    pub(super) fn start(&mut self, mut prepared: Prepared, permit: Permit) -> Outcome {
        let action = prepared.id().clone();
        let attempt = self.next_attempt(&action)?;
        for confirmation in prepared.request.confirmations.clone().into_iter().skip(prepared.recorded) {
            self.record(EventKind::Confirmed { action: action.clone(), attempt, confirmation })?;
        }
        prepared.recorded = prepared.request.confirmations.len();
        if prepared.savings.is_empty() {
            return self.launch(prepared, permit, attempt);
        }
        let (number, waits) = self.next_way();
        let looks = prepared.savings.clone().into_iter().map(|saving| {
            let look = self.look("saving", 1, &saving.what, saving.code)?;
            Ok((saving.what, look))
        });
        let looks: Vec<_> = looks.collect::<Result<_, String>>()?;
        let looks = self.beside(async move || {
            let mut saved = Vec::new();
            for (what, look) in looks {
                waits.tell(format!("saving {what}"));
                let kept = match look.within_a_moment().run().await {
                    Ok((_, end)) => end.evidence.ok_or_else(|| "its output was not kept".to_owned()),
                    Err(why) => Err(why),
                };
                saved.push((what, kept));
            }
            Happened::Came(number, Came::Saved(saved))
        });
        let title = prepared.title.clone();
        let doing = Doing::Saving { prepared, permit, attempt, _looks: looks };
        self.way = Some(Way { number, action, title, doing });
        Ok(())
    }

    /// What cannot be kept is said, and stops nothing.
    fn saved(
        &mut self,
        prepared: Prepared,
        permit: Permit,
        attempt: u32,
        saved: Vec<(String, Result<Evidence, String>)>,
    ) -> Outcome {
        for (what, kept) in saved {
            match kept {
                Ok(evidence) => {
                    let action = prepared.id().clone();
                    self.record(EventKind::PriorStateSaved { action, attempt, what, evidence })?;
                }
                Err(why) => self.tell(News::Notice(format!("{what} was not saved: {why}"))),
            }
        }
        let (action, title) = self.startable(prepared.id())?;
        match self.is_given_the_same(&prepared)? {
            true => self.launch(prepared, permit, attempt),
            false => self.set_out(Purpose::Answer(prepared), action, title),
        }
    }

    /// The intent is durable before the act.
    fn launch(&mut self, prepared: Prepared, permit: Permit, attempt: u32) -> Outcome {
        let action = prepared.id().clone();
        let open = self.open()?;
        open.started += 1;
        let name = job_name(open.started, &action, attempt);
        let intended = self.intended(&prepared, attempt, name.clone());
        self.record(intended)?;
        let supervisor = self.options.supervisor.clone();
        let (number, waits) = self.next_way();
        let open = self.open()?;
        // Of a change at least the output must be found again.
        if prepared.request.risk > Risk::Read
            && let Some(place) = open.begun.as_mut().and_then(|begun| begun.makeshift.take())
        {
            let _ = place.keep();
        }
        let Some(begun) = &open.begun else { return Ok(()) };
        let stop = CancellationToken::new();
        let overridden = prepared.request.overrides(gate::JOURNAL);
        let refusal =
            begun.unwritable.as_ref().filter(|_| prepared.request.risk() > Risk::Read && !overridden).cloned();
        if let Some(why) = refusal {
            return self.started(prepared, attempt, &stop, Err(ExecError::Refused(why)));
        }
        let order = prepared.order(&begun.folder, &open.values);
        let (folder, stopped) = (begun.folder.job(&name), stop.clone());
        self.happening.spawn(async move {
            let starting = supervisor.start(permit, order, &folder, &stopped);
            tokio::pin!(starting);
            let started = match tokio::time::timeout(super::SOON, &mut starting).await {
                Ok(started) => started,
                Err(_) => {
                    waits.tell("starting its supervisor");
                    starting.await
                }
            };
            Happened::Came(number, Came::Started(started))
        });
        let title = prepared.title.clone();
        self.way = Some(Way { number, action, title, doing: Doing::Starting { prepared, attempt, stop } });
        Ok(())
    }

    fn started(
        &mut self,
        prepared: Prepared,
        attempt: u32,
        stop: &CancellationToken,
        result: Result<Job, ExecError>,
    ) -> Outcome {
        let action = prepared.id().clone();
        match result {
            Ok(job) => {
                if let Some(poll) = prepared.action.attributes.poll.filter(|_| !stop.is_cancelled()) {
                    self.open()?.polls.entry(action.clone()).or_insert((prepared, poll.retries));
                }
                let beside = self.beside_it(&action).filter(|_| !stop.is_cancelled());
                self.follow(action, attempt, job.clone(), false);
                self.queue.extend(beside);
                // It had begun when somebody wanted it ended.
                if stop.is_cancelled() {
                    let _ = job.cancel();
                }
                Ok(())
            }
            Err(error) => {
                let (ending, outcome) = match error {
                    ExecError::Cancelled => (Ending::Cancelled, Ok(())),
                    error => (Ending::NotStarted { why: error.to_string() }, Err(error.to_string().into())),
                };
                let ended = ended_without(ending);
                self.record(EventKind::ActionEnded { action, attempt, outcome: ended, late: false })?;
                outcome
            }
        }
    }

    /// Ends what is on its way; true when something was.
    pub(super) fn turn_back(&mut self) -> bool {
        let Some(way) = self.way.take() else { return false };
        if let Doing::Starting { stop, .. } = &way.doing {
            stop.cancel();
            self.way = Some(way);
        } else if !self.give_poll_up(&way.action) {
            self.tell(News::Refused(format!("{} was cancelled: nothing was started", way.title).into()));
        }
        true
    }

    /// Its last attempt was the last one; true when it was a poll's.
    pub(super) fn give_poll_up(&mut self, action: &ActionId) -> bool {
        let was = self.open.as_mut().is_some_and(|open| open.polls.remove(action).is_some());
        if was {
            self.tell(News::GaveUp { action: action.clone() });
        }
        was
    }
}
