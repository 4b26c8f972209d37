//! A long incident reaches a console in pieces, so that no frame waits for all of it.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use warroom::{
    exec::Supervisor,
    host::{clock, packs::PackFolder},
    incident::{
        EventRef, IncidentEvent, NoteKind,
        journal::{Access, Incidents},
    },
    platform::Pack,
    room::{
        Room,
        incident::{
            Declaration, IncidentDesk, Station, StationOptions, View,
            station::{Command, News},
        },
        run::{PackShelf, Runner, RunnerOptions},
    },
};

use crate::lab::{self, Folder};

/// More than comes at once.
const NOTES: usize = 2_500;
const AT_ONCE: usize = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

fn note(text: String) -> IncidentEvent {
    IncidentEvent::Noted { kind: NoteKind::Note, text, about: None, author: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_a_long_incident_come_in_pieces_with_the_state_of_all_of_them() {
    let (data, place) = (Folder::new(), Folder::new());
    let by = "alice@bastion-1";
    let pack = Arc::new(Pack { name: "shop".to_owned(), ..Pack::default() });
    let incidents = Incidents::of(data.path(), Access::Owner);
    let declaration = Declaration {
        environment: String::new(),
        drill: false,
        title: "Nobody can order".to_owned(),
        severity: "P1".to_owned(),
        components: Vec::new(),
        detected_at: clock::now(),
        alert: None,
        criteria: Vec::new(),
        exposures: Vec::new(),
    };
    let desk = IncidentDesk::declare(&incidents, Access::Owner, by, declaration, &pack).unwrap();
    let first = desk.append((0..NOTES).map(|number| note(format!("note {number}"))).collect()).unwrap()[0].seq;
    let of = EventRef { log: desk.log().unwrap(), seq: first };
    desk.append(vec![IncidentEvent::Corrected { of: of.clone(), text: Some("the first".to_owned()) }]).unwrap();
    let id = desk.view().id().clone();
    drop(desk);

    let options = RunnerOptions {
        data_dir: data.path().to_owned(),
        history: None,
        read_only: true,
        unasked: None,
        accept_errors: None,
        by: "bob@bastion-2".to_owned(),
        supervisor: Supervisor::at(lab::binary()),
    };
    let shelf = PackShelf(PackFolder::machine(place.path()));
    let (runner, _heard) = Runner::start(Room::new((*pack).clone(), "", place.path()), Arc::new(shelf), options);
    let station = StationOptions {
        incidents: incidents.clone(),
        access: Access::Owner,
        by: "bob@bastion-2".to_owned(),
        pack,
        environment: String::new(),
        read_only: true,
        runner,
    };
    let (station, mut news) = Station::start(station).unwrap();
    station.send(Command::Open(id.clone()));
    let (mut items, mut entries, mut pieces) = (Vec::new(), Vec::new(), 0);
    while items.len() < NOTES {
        let heard = timeout(PATIENCE, news.recv()).await.expect("news comes").expect("the station lives");
        let News::Events { first, items: more, entries: made, state } = heard else { continue };
        assert!(more.len() <= AT_ONCE && made.len() == more.len(), "{} events at once", more.len());
        assert_eq!(first, items.len(), "each follows the one before");
        assert_eq!(state.corrections[&of].len(), 1, "what all of them mean is known from the first piece on");
        items.extend(more);
        entries.extend(made.into_iter().flatten());
        pieces += 1;
    }
    assert!(pieces > 2, "{pieces}");
    station.stop();
    let read = View::read(incidents.open(&id).unwrap()).unwrap().timeline();
    let texts = |entries: &[warroom::incident::timeline::TimelineEntry]| {
        entries.iter().map(|entry| entry.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&entries)[..], texts(&read)[..entries.len()]);
}
