//! Sweeps that come again and again, recorded into the incident that is open meanwhile.

use std::{sync::Arc, time::Duration};

use super::{IncidentDesk, Recorder, open_here};
use crate::{Room, Sweep};
use warroom_domain::{health::Board, platform::Pack};
use warroom_host::clock;
use warroom_incident::{
    arrivals::Seen,
    journal::{Access, IncidentId, Incidents},
};

/// Records what sweeps see, while a live incident of the platform and environment is open.
pub struct Sweeps {
    incidents: Incidents,
    access: Access,
    by: String,
    pack: Arc<Pack>,
    environment: String,
    every: Duration,
    board: Board,
    open: Option<(IncidentDesk, Recorder)>,
}

impl Sweeps {
    pub fn new(room: &Room, incidents: Incidents, access: Access, by: String, every: Duration) -> Self {
        let (pack, environment) = (room.pack.clone(), room.environment_name.clone());
        let board = Board::new(&pack);
        Sweeps { incidents, access, by, pack, environment, every, board, open: None }
    }

    /// Records a sweep. Returns the incident when that is another one than before. The error is one sentence.
    pub fn take(&mut self, sweep: &Sweep) -> Result<Option<IncidentId>, String> {
        for (_, reading) in &sweep.probes {
            self.board.apply(reading.clone());
        }
        let now = clock::now();
        self.board.tick(now);
        let id = open_here(&self.incidents, &self.pack.name, &self.environment)?;
        let mut news = None;
        if self.open.as_ref().map(|(desk, _)| desk.view().id().clone()) != id {
            self.open = id.as_ref().map(|id| self.open(id)).transpose()?;
            news = id;
        }
        if let Some((desk, recorder)) = &mut self.open {
            let detected = desk.view().state().detected_at;
            recorder.record(desk, &self.pack, Seen::of(&self.board, detected, now))?;
        }
        Ok(news)
    }

    fn open(&self, id: &IncidentId) -> Result<(IncidentDesk, Recorder), String> {
        let desk = IncidentDesk::open(&self.incidents, self.access, id, &self.by)?;
        let recorder = Recorder::new(desk.view().folder(), self.every);
        Ok((desk, recorder))
    }
}
