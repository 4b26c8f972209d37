//! Appending: from many threads, in order, acknowledged when durable, withdrawn or kept when not.

use std::sync::{Mutex, mpsc};

use super::*;

#[test]
fn what_many_threads_append_stands_there_once_and_in_each_ones_order() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    let acknowledged = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (writer, acknowledged) = (&writer, &acknowledged);
            scope.spawn(move || {
                for n in 0..25 {
                    let appended = writer.append(&note(&format!("{thread}:{n:02}"))).unwrap();
                    acknowledged.lock().unwrap().push((appended.seq, format!("{thread}:{n:02}")));
                }
            });
        }
    });
    let mut acknowledged = acknowledged.into_inner().unwrap();
    acknowledged.sort();
    let notes = scene.notes(&LogName::of("alice@b", 1));
    assert_eq!(acknowledged.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), notes);
    for thread in 0..8 {
        let mine: Vec<_> = notes.iter().filter(|text| text.starts_with(&format!("{thread}:"))).collect();
        assert!(mine.is_sorted() && mine.len() == 25);
    }
    assert_eq!(scene.findings(&[]), [""; 0]);
}

#[test]
fn an_event_of_the_future_is_kept_as_it_is() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    let event =
        json!({"type": "teleport", "version": 7, "to": {"x": [1, 2.5, null]}, "é": "\u{2028}\"evil\",\"event\":{\"\\"});
    let appended = writer.append(&event).unwrap();
    let (union, findings) = Union::of_folder(&scene.folder.logs()).unwrap();
    assert_eq!(findings, []);
    let entry = &union.items()[1].entry;
    assert_eq!((entry.value(), &*entry.kind, entry.version), (event, "teleport", 7));
    assert_eq!((entry.seq, entry.hash, entry.hlc, entry.at), (appended.seq, appended.hash, appended.hlc, appended.at));
    assert_eq!(&*entry.by, "alice@b");
    assert_eq!(writer.head().unwrap().hash, appended.hash);
}

#[test]
fn what_is_no_event_is_refused() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    for wrong in [json!("note"), json!({"type": "note"}), json!({"version": 1}), json!({"type": 1, "version": 1})] {
        let error = writer.append(&wrong).unwrap_err().to_string();
        assert!(error.starts_with("an event is a JSON object with a \"type\" and a \"version\""), "{error}");
    }
    let error = writer.append(&note(&"x".repeat(2 << 20))).unwrap_err().to_string();
    assert!(error.contains("keep what is large as evidence"), "{error}");
    writer.append(&note("fine")).unwrap();
}

#[test]
fn while_the_log_is_out_of_reach_intents_fail_for_good_and_what_happened_is_kept() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    writer.append(&note("before")).unwrap();
    let away = scene.folder.path().join("away");
    std::fs::rename(scene.folder.logs(), &away).unwrap();
    let error = writer.append(&note("intent")).unwrap_err();
    assert!(matches!(&error, AppendError::Unwritable(why) if why.contains("cannot write the log")), "{error}");
    writer.keep(&note("happened")).unwrap();
    writer.keep(&note("happened too")).unwrap();
    let WriterState::Unwritable { waiting, why, .. } = writer.state() else { panic!("it must say so") };
    assert_eq!((waiting, why), (2, error.to_string()));
    let kept: Vec<_> = writer.waiting().into_iter().map(|(_, event)| event).collect();
    assert_eq!(kept, [note("happened"), note("happened too")]);
    std::fs::rename(&away, scene.folder.logs()).unwrap();
    until("it is writable again by itself", || writer.state() == WriterState::Writable);
    writer.append(&note("after")).unwrap();
    assert_eq!(writer.waiting(), []);
    assert_eq!(scene.notes(&LogName::of("alice@b", 1)), ["before", "happened", "happened too", "after"]);
    let (union, _) = Union::of_folder(&scene.folder.logs()).unwrap();
    let times: Vec<_> = union.items().iter().map(|item| item.entry.at).collect();
    assert!(times.is_sorted(), "kept events have the time at which they happened: {times:?}");
}

#[test]
fn closing_tells_how_much_was_lost() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    writer.keep(&note("one")).unwrap();
    assert_eq!(writer.close(), Ok(()));
    let writer = scene.writer("alice@b");
    std::fs::rename(scene.folder.logs(), scene.folder.path().join("away")).unwrap();
    writer.keep(&note("two")).unwrap();
    writer.keep(&note("three")).unwrap();
    assert_eq!(writer.close(), Err(2));
}

#[test]
fn a_log_that_cannot_be_opened_yet_is_opened_later() {
    let scene = Scene::new();
    let away = scene.folder.path().join("away");
    std::fs::rename(scene.folder.logs(), &away).unwrap();
    let writer = scene.writer("alice@b");
    assert!(matches!(writer.state(), WriterState::Unwritable { waiting: 0, .. }));
    assert_eq!(writer.head(), None);
    writer.keep(&note("early")).unwrap();
    std::fs::rename(&away, scene.folder.logs()).unwrap();
    writer.append(&note("late")).unwrap();
    assert_eq!(scene.notes(&LogName::of("alice@b", 1)), ["early", "late"]);
}

#[test]
fn a_submitted_event_is_answered_on_disk_and_many_share_a_sync() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    let (send, answers) = mpsc::channel();
    for n in 0..500 {
        let send = send.clone();
        writer.submit(&note(&n.to_string()), move |result| send.send(result.unwrap().seq).unwrap()).unwrap();
    }
    let seqs: Vec<u64> = answers.iter().take(500).collect();
    assert_eq!(seqs, (2..502).collect::<Vec<_>>());
    let all = writer.append_all(&[note("a"), note("b")]).unwrap();
    assert_eq!(all.iter().map(|appended| appended.seq).collect::<Vec<_>>(), [502, 503]);
}

#[test]
fn what_follows_a_seen_event_comes_after_it_though_the_clock_is_behind() {
    let scene = Scene::new();
    let (alice, bob) = (scene.writer("alice@b"), scene.writer("bob@c"));
    scene.clock.store(3_600_000, Ordering::Relaxed);
    let cause = alice.append(&note("cause")).unwrap();
    scene.clock.store(1_000, Ordering::Relaxed);
    bob.observe(cause.hlc).unwrap();
    let effect = bob.append(&note("effect")).unwrap();
    assert!(effect.hlc > cause.hlc && effect.at < cause.at);
    // And it stays so in the next process of bob's.
    bob.close().unwrap();
    let later = scene.writer("bob@c").append(&note("later")).unwrap();
    assert!(later.hlc > effect.hlc);
}
