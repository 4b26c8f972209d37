//! Continuous watching: the scheduler's signals, and questions to single probes.

use serde_json::Value;
use tokio::sync::mpsc;

use warroom_probe::{Inquiry, Scheduled, Scheduler, Signal};

/// All probes of a room being looked at. Dropping it ends the looks.
pub struct Monitor {
    signals: mpsc::Receiver<Signal>,
    scheduler: Scheduler,
}

impl Monitor {
    pub(super) fn start(probes: Vec<Scheduled>) -> Self {
        let (scheduler, signals) = Scheduler::start(probes);
        Monitor { signals, scheduler }
    }

    /// The next begin or reading of a look; `None` when there are no probes. Must be asked for again and again: probes wait
    /// when nobody takes their readings. Nothing is lost when the future is dropped before it is done.
    pub async fn next(&mut self) -> Option<Signal> {
        self.signals.recv().await
    }

    /// [`Self::next`] when it is there already.
    pub fn next_now(&mut self) -> Option<Signal> {
        self.signals.try_recv().ok()
    }

    /// Looks at a probe now instead of when its interval is over.
    pub fn look_now(&self, probe: &str) {
        self.scheduler.look_now(probe);
    }

    /// Asks one probe a question; the future can be spawned. The error is one sentence for the user.
    pub fn ask(
        &self,
        probe: &str,
        inquiry: Inquiry,
    ) -> impl Future<Output = Result<Value, String>> + Send + 'static + use<> {
        self.scheduler.ask(probe, inquiry)
    }

    /// Ends all looks and waits until they are gone.
    pub async fn stop(self) {
        self.scheduler.stop().await;
    }
}
