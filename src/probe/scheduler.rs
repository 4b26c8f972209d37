//! The scheduler: the one place for intervals, time limits, jitter, back-off and quick second looks.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use jiff::Timestamp;
use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Inquiry, Look, Probe};
use warroom_domain::{
    health::{Observation, Reading, Status, judge, timed_out},
    platform::ProbeSpec,
};
use warroom_host::clock;

/// A status that differs from the one before is looked at again this soon, so that debouncing costs seconds, not intervals.
const SECOND_LOOK: Duration = Duration::from_secs(1);
/// Least time between two looks that a watching probe asks for.
const LEAST_GAP: Duration = Duration::from_millis(250);
/// After this many looks in a row that ran into their time limit, the interval is doubled, once.
const PATIENCE: u32 = 5;
/// Room for signals that the receiver has not taken yet; probes wait when it is full.
const BACKLOG: usize = 1024;
/// Bound on the answer to an inquiry.
const INQUIRY_TIMEOUT: Duration = Duration::from_secs(10);

/// A probe and what the pack says of it.
#[derive(Clone)]
pub struct Scheduled {
    pub spec: Arc<ProbeSpec>,
    pub probe: Arc<dyn Probe>,
}

/// What the scheduler tells.
#[derive(Debug, Clone)]
pub enum Signal {
    /// A look has begun; its reading follows.
    Looking {
        probe: String,
        at: Timestamp,
    },
    Reading(Box<Reading>),
}

/// Looks at every probe until it is dropped.
pub struct Scheduler {
    probes: HashMap<String, (Scheduled, Arc<Notify>)>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Scheduler {
    /// Starts one task a probe; every first look begins at once. Must be called inside a tokio runtime.
    pub fn start(probes: Vec<Scheduled>) -> (Scheduler, mpsc::Receiver<Signal>) {
        let (signals, receiver) = mpsc::channel(BACKLOG);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let probes = probes
            .into_iter()
            .map(|scheduled| {
                let again = Arc::new(Notify::new());
                let task = pace(scheduled.clone(), signals.clone(), again.clone());
                let stop = stop.clone();
                tasks.spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = task => {}
                    }
                });
                (scheduled.spec.id.clone(), (scheduled, again))
            })
            .collect();
        tasks.close();
        (Scheduler { probes, stop, tasks }, receiver)
    }

    /// Looks at a probe now instead of when its interval is over. Does nothing for an unknown id.
    pub fn look_now(&self, probe: &str) {
        if let Some((_, again)) = self.probes.get(probe) {
            again.notify_one();
        }
    }

    /// Asks one probe a question. The error is one sentence for the user.
    pub fn ask(
        &self,
        probe: &str,
        inquiry: Inquiry,
    ) -> impl Future<Output = Result<Value, String>> + Send + 'static + use<> {
        let scheduled = self.probes.get(probe).map(|(scheduled, _)| scheduled.clone());
        let id = probe.to_owned();
        async move {
            let Some(scheduled) = scheduled else { return Err(format!("there is no probe {id}")) };
            let answer = AssertUnwindSafe(scheduled.probe.inquire(&inquiry)).catch_unwind();
            match tokio::time::timeout(INQUIRY_TIMEOUT, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(format!("the probe {id} failed to answer: this is a defect of warroom")),
                Err(_) => Err(format!("no answer within {} s", INQUIRY_TIMEOUT.as_secs())),
            }
        }
    }

    /// Stops all looks and waits until their tasks are gone.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Looks at one probe for ever.
async fn pace(scheduled: Scheduled, signals: mpsc::Sender<Signal>, again: Arc<Notify>) {
    let mut before: Option<Status> = None;
    let mut overdue = 0;
    loop {
        let started = Instant::now();
        let looking = Signal::Looking { probe: scheduled.spec.id.clone(), at: clock::now() };
        if signals.send(looking).await.is_err() {
            return;
        }
        let (reading, in_time) = look(&scheduled, false).await;
        overdue = if in_time { 0 } else { overdue + 1 };
        let changed = before.is_some_and(|status| status != reading.status);
        before = Some(reading.status);
        if signals.send(Signal::Reading(Box::new(reading))).await.is_err() {
            return;
        }
        let pause = pause(scheduled.spec.every, changed, overdue).saturating_sub(started.elapsed());
        tokio::select! {
            () = tokio::time::sleep(pause.max(LEAST_GAP)) => {}
            () = again.notified() => {}
            () = async { tokio::time::sleep(LEAST_GAP).await; scheduled.probe.changed().await } => {}
        }
    }
}

/// From the start of one look to the start of the next: the interval ±5 %, so that probes do not march in step; sooner
/// after a change; twice as long while the target never answers in time (still inside the three intervals after
/// which a reading counts as stale).
fn pause(every: Duration, changed: bool, overdue: u32) -> Duration {
    if changed {
        return every.min(SECOND_LOOK);
    }
    let every = if overdue >= PATIENCE { every * 2 } else { every };
    every.mul_f64(0.95 + 0.1 * fastrand::f64())
}

/// Looks once. The flag is false when the look was cut off at its time limit. A probe that panics costs its own reading
/// only.
async fn look(scheduled: &Scheduled, once: bool) -> (Reading, bool) {
    let spec = &scheduled.spec;
    let look = Look::new(spec.connect_timeout, clock::now(), once);
    let started = Instant::now();
    let observe = AssertUnwindSafe(async { scheduled.probe.observe(&look).await }).catch_unwind();
    let (observation, in_time) = match tokio::time::timeout(spec.timeout, observe).await {
        Ok(Ok(observation)) => (observation, true),
        Ok(Err(_)) => (Observation::unknown("this check failed: a defect of warroom, see its log"), true),
        Err(_) => (timed_out(spec.on_timeout, spec.timeout, &look.last_stage()), false),
    };
    (judge(spec, observation, clock::now(), started.elapsed()), in_time)
}

/// Looks at all probes once, concurrently; readings come in the order of `probes`.
pub async fn look_once(probes: &[Scheduled]) -> Vec<Reading> {
    let mut looks = Vec::with_capacity(probes.len());
    for scheduled in probes {
        let scheduled = scheduled.clone();
        looks.push(tokio::spawn(async move { look(&scheduled, true).await.0 }));
    }
    let mut readings = Vec::with_capacity(looks.len());
    for (joined, scheduled) in futures::future::join_all(looks).await.into_iter().zip(probes) {
        readings.push(joined.unwrap_or_else(|error| {
            let lost = Observation::unknown(format!("this check ended early: {error}"));
            judge(&scheduled.spec, lost, clock::now(), Duration::ZERO)
        }));
    }
    readings
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::BoxFuture;

    use super::*;
    use warroom_domain::health::testing::SPEC;

    /// Answers from a list, then for ever what the last one says.
    struct Scripted {
        looks: AtomicUsize,
        says: fn(usize, &Look) -> BoxFuture<'_, Observation>,
    }

    impl Probe for Scripted {
        fn observe<'a>(&'a self, look: &'a Look) -> BoxFuture<'a, Observation> {
            (self.says)(self.looks.fetch_add(1, Ordering::SeqCst), look)
        }
    }

    fn scheduled(says: fn(usize, &Look) -> BoxFuture<'_, Observation>) -> Scheduled {
        let probe = Scripted { looks: AtomicUsize::new(0), says };
        Scheduled { spec: Arc::new(SPEC.clone()), probe: Arc::new(probe) }
    }

    /// Readings with the virtual second in which they came.
    async fn readings(probes: Vec<Scheduled>, count: usize) -> Vec<(f64, Reading)> {
        let start = Instant::now();
        let (_scheduler, mut signals) = Scheduler::start(probes);
        let mut readings = Vec::new();
        while readings.len() < count {
            if let Some(Signal::Reading(reading)) = signals.recv().await {
                readings.push((start.elapsed().as_secs_f64(), *reading));
            }
        }
        readings
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_status_is_looked_at_again_soon() {
        let says = |n: usize, _: &Look| -> BoxFuture<'_, Observation> {
            Box::pin(async move { if n == 0 { Observation::ok("up") } else { Observation::down("refused") } })
        };
        let seen = readings(vec![scheduled(says)], 3).await;
        let (first_down, second_down) = (seen[1].0, seen[2].0);
        assert!((4.5..5.5).contains(&first_down), "{first_down}");
        assert!(second_down - first_down < 1.5, "{second_down}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_probe_is_cut_off_with_its_stage_and_does_not_delay_others() {
        let hangs = |_: usize, look: &Look| -> BoxFuture<'_, Observation> {
            look.stage("the server accepted the connection but does not speak");
            Box::pin(std::future::pending())
        };
        let answers = |_: usize, _: &Look| -> BoxFuture<'_, Observation> { Box::pin(async { Observation::ok("up") }) };
        let seen = readings(vec![scheduled(hangs), scheduled(answers)], 2).await;
        assert_eq!(seen[0].1.status, Status::Ok);
        assert!(seen[0].0 < 0.5, "{}", seen[0].0);
        assert_eq!(seen[1].1.summary, "no answer within 3 s: the server accepted the connection but does not speak");
        assert!((2.9..3.2).contains(&seen[1].0), "{}", seen[1].0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_panics_costs_its_own_reading_only() {
        let panics = |n: usize, _: &Look| -> BoxFuture<'_, Observation> {
            assert!(n > 0, "planted");
            Box::pin(async { Observation::ok("up") })
        };
        let seen = readings(vec![scheduled(panics)], 2).await;
        assert_eq!(seen[0].1.status, Status::Unknown);
        assert_eq!(seen[1].1.status, Status::Ok);
    }

    #[tokio::test(start_paused = true)]
    async fn a_target_that_never_answers_in_time_is_looked_at_less_often_but_never_goes_stale() {
        let hangs = |_: usize, _: &Look| -> BoxFuture<'_, Observation> { Box::pin(std::future::pending()) };
        let seen = readings(vec![scheduled(hangs)], 9).await;
        let gaps: Vec<f64> = seen.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        assert!(gaps[0] < 5.5, "{gaps:?}");
        assert!((9.0..11.0).contains(&gaps[7]), "{gaps:?}");
    }
}
