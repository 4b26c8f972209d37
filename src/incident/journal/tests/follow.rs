//! Following: what one writes, the other sees, at once and in whole lines.

use std::{
    fs,
    io::Write,
    sync::{Mutex, mpsc},
};

use super::*;

/// A follower whose union is kept up to date.
struct Watched {
    union: Arc<Mutex<Union>>,
    errors: mpsc::Receiver<String>,
    _follower: Follower,
}

impl Watched {
    fn start(scene: &Scene, look_every: Duration, source: impl Fn(LogFolder) -> Box<dyn Source>) -> Self {
        let union = Arc::new(Mutex::new(Union::default()));
        let (send, errors) = mpsc::channel();
        let kept = union.clone();
        let source = Boxed(source(LogFolder::new(&scene.folder.logs())));
        let follower = Follower::start(source, look_every, move |news| {
            match news {
                Ok(batches) => batches.into_iter().for_each(|batch| drop(kept.lock().unwrap().take(batch))),
                Err(why) => drop(send.send(why)),
            }
            true
        });
        Watched { union, errors, _follower: follower.unwrap() }
    }

    fn notes(&self) -> Vec<String> {
        let union = self.union.lock().unwrap();
        union.items().iter().filter(|item| &*item.entry.kind == "note").map(|item| text(&item.entry)).collect()
    }
}

struct Boxed(Box<dyn Source>);

impl Source for Boxed {
    fn poll(&mut self) -> Result<Vec<Batch>, String> {
        self.0.poll()
    }

    fn watched(&self) -> Option<&Path> {
        self.0.watched()
    }
}

/// As on a network file system: no notices.
struct Deaf(LogFolder);

impl Source for Deaf {
    fn poll(&mut self) -> Result<Vec<Batch>, String> {
        self.0.poll()
    }
}

#[test]
fn the_kernels_notice_is_enough() {
    let scene = Scene::new();
    let alice = scene.writer("alice@b");
    alice.append(&note("before")).unwrap();
    // Nobody looks by himself within this test.
    let watched = Watched::start(&scene, Duration::from_secs(3600), |folder| Box::new(folder));
    until("what was there is seen", || watched.notes() == ["before"]);
    alice.append(&note("more")).unwrap();
    until("an event is seen", || watched.notes() == ["before", "more"]);
    scene.writer("bob@c").append(&note("hello")).unwrap();
    until("a new log is seen", || watched.notes() == ["before", "more", "hello"]);
}

#[test]
fn looking_every_so_often_is_enough_too() {
    let scene = Scene::new();
    let watched = Watched::start(&scene, Duration::from_millis(10), |folder| Box::new(Deaf(folder)));
    scene.writer("bob@c").append(&note("hello")).unwrap();
    until("the event is seen", || watched.notes() == ["hello"]);
    let away = scene.folder.path().join("away");
    fs::rename(scene.folder.logs(), &away).unwrap();
    let why = watched.errors.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(why.starts_with("cannot read the folder ") && why.ends_with("log: it does not exist"), "{why}");
    fs::rename(&away, scene.folder.logs()).unwrap();
    scene.writer("bob@c").append(&note("again")).unwrap();
    until("it goes on", || watched.notes() == ["hello", "again"]);
    assert!(watched.errors.try_recv().is_err(), "it is said once");
}

#[test]
fn a_line_counts_when_it_is_ended() {
    let scene = Scene::new();
    scene.writer("alice@b").append(&note("one")).unwrap();
    let whole = fs::read(scene.log("alice@b")).unwrap();
    let cut = whole.len() - 10;
    overwrite(&scene.log("alice@b"), &whole[..cut]);
    let mut reader = LogReader::new(&scene.folder.logs(), LogName::of("alice@b", 1));
    assert_eq!((reader.read().unwrap().found.len(), reader.torn() > 0), (1, true));
    assert!(reader.read().unwrap().is_empty());
    fs::OpenOptions::new().append(true).open(scene.log("alice@b")).unwrap().write_all(&whole[cut..]).unwrap();
    let batch = reader.read().unwrap();
    assert_eq!((batch.found.len(), batch.afresh, batch.findings, reader.torn()), (1, false, vec![], 0));
}

#[test]
fn lines_that_a_writer_took_back_are_taken_back() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    writer.append(&note("stays")).unwrap();
    writer.close().unwrap();
    let good = fs::read(scene.log("alice@b")).unwrap();
    let head = scene.writer("alice@b").append(&note("not durable")).unwrap();
    let mut reader = LogReader::new(&scene.folder.logs(), LogName::of("alice@b", 1));
    let mut union = Union::default();
    union.take(reader.read().unwrap());
    // Rolled back, and another, longer line written in its place before anybody looked.
    let mut other = good.clone();
    let event = line::EventText::of(&note("instead of what could not be made durable")).unwrap();
    let mut chain = Chain::start();
    lines::each_line(good.as_slice(), |_, line| drop(chain.next(line).unwrap())).unwrap();
    line::write(&mut other, &chain.hash(), 3, moment(50), head.hlc.next(), "alice@b", &event);
    overwrite(&scene.log("alice@b"), &other);
    let batch = reader.read().unwrap();
    assert!(batch.afresh && batch.findings.is_empty(), "{batch:?}");
    let change = union.take(batch);
    assert_eq!((change.first, change.inserted, change.removed.len()), (Some(2), vec![2], 1));
    assert_eq!(text(&union.items()[2].entry), "instead of what could not be made durable");
}
