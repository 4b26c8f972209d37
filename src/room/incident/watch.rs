//! Looking at a platform and recording what is seen into an incident, without a console: `incident watch`, and beside a run.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use super::{IncidentDesk, Recorder};
use crate::Room;
use warroom_domain::health::Board;
use warroom_host::clock;
use warroom_incident::arrivals::Seen;
use warroom_probe::Signal;

/// How often is recorded.
const EVERY: Duration = Duration::from_secs(1);

/// A platform being looked at for an incident.
pub struct Watch {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Watch {
    /// Begins. Must be called inside a tokio runtime.
    pub fn start(room: &Room, desk: Arc<IncidentDesk>) -> Watch {
        let (stop, stopped) = oneshot::channel();
        let recorder = Recorder::new(desk.view().folder(), EVERY);
        Watch { stop, task: tokio::spawn(work(room.clone(), desk, recorder, stopped)) }
    }

    /// Ends it, after what is being written.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn work(room: Room, desk: Arc<IncidentDesk>, mut recorder: Recorder, mut stopped: oneshot::Receiver<()>) {
    let mut monitor = room.monitor();
    let mut board = Board::new(&room.pack);
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(signal) = monitor.next() => {
                if let Signal::Reading(reading) = signal {
                    board.apply(*reading);
                }
            }
            _ = tick.tick() => {
                let now = clock::now();
                board.tick(now);
                let seen = Seen::of(&board, desk.view().state().detected_at, now);
                let (desk, pack) = (desk.clone(), room.pack.clone());
                let recorded = tokio::task::spawn_blocking(move || {
                    let result = recorder.record(&desk, &pack, seen);
                    (recorder, result)
                });
                let Ok((back, result)) = recorded.await else { break };
                recorder = back;
                if let Err(why) = result {
                    tracing::warn!(%why, "what was seen is not recorded");
                }
            }
        }
    }
    monitor.stop().await;
}
