//! One's own log: which one it is, and what happens when somebody meddles with it.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, chown, symlink},
};

use super::*;

fn append_raw(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn a_second_process_of_a_responder_gets_a_log_of_its_own_and_a_later_one_goes_on_with_the_first() {
    let scene = Scene::new();
    let first = scene.writer("alice@b");
    let second = scene.writer("alice@b");
    assert_eq!(first.append(&note("one")).unwrap().log.as_str(), "alice@b");
    assert_eq!(second.append(&note("two")).unwrap().log.as_str(), "alice@b.2");
    first.close().unwrap();
    let third = scene.writer("alice@b");
    let appended = third.append(&note("three")).unwrap();
    assert_eq!((appended.log.as_str(), appended.seq), ("alice@b", 3));
    assert_eq!(scene.findings(&[]), [""; 0]);
    let (union, _) = Union::of_folder(&scene.folder.logs()).unwrap();
    assert!(union.items().iter().all(|item| &*item.entry.by == "alice@b"));
}

#[test]
fn files_are_their_owners_or_to_be_read_by_the_group() {
    let scene = Scene::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    let _writer = scene.writer("alice@b");
    assert_eq!(mode(&scene.log("alice@b")), 0o600);
    let gid = rustix::process::getegid().as_raw();
    let folder = Incidents::of(scene.data.path(), Access::Group { gid }).create(moment(0)).unwrap();
    let _writer = Writer::open(folder.place("alice@b"), scene.now()).unwrap();
    assert_eq!(mode(&folder.logs().join("alice@b.jsonl")), 0o640);
}

#[test]
fn a_torn_last_line_is_set_aside_and_told() {
    let scene = Scene::new();
    scene.writer("alice@b").append(&note("whole")).unwrap();
    append_raw(&scene.log("alice@b"), b"{\"v\":1,\"seq\":3,\"at\":\"20");
    assert_eq!(scene.findings(&[]).len(), 1);
    let writer = scene.writer("alice@b");
    let notices = writer.take_notices();
    let [Notice::Torn { bytes: 23, kept, .. }] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(kept.starts_with("alice@b.jsonl.torn-20260921T"), "{kept}");
    assert_eq!(fs::read(scene.folder.logs().join(kept)).unwrap(), b"{\"v\":1,\"seq\":3,\"at\":\"20");
    assert_eq!(writer.append(&note("next")).unwrap().seq, 3);
    assert_eq!(scene.findings(&[]), [""; 0]);
    assert_eq!(scene.notes(&LogName::of("alice@b", 1)), ["whole", "next"]);
}

#[test]
fn a_log_torn_in_its_first_line_starts_again() {
    let scene = Scene::new();
    overwrite(&scene.log("alice@b"), b"{\"v\":1,");
    let writer = scene.writer("alice@b");
    assert_eq!(writer.append(&note("first")).unwrap().seq, 2);
    assert_eq!((writer.take_notices().len(), scene.findings(&[])), (1, vec![]));
    overwrite(&scene.log("bob@b"), b"");
    assert_eq!(scene.writer("bob@b").append(&note("first")).unwrap().seq, 2);
}

#[test]
fn nothing_is_added_behind_a_spoiled_line() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    (0..5).for_each(|n| drop(writer.append(&note(&n.to_string())).unwrap()));
    writer.close().unwrap();
    let good = fs::read(scene.log("alice@b")).unwrap();
    let spoiled = String::from_utf8(good).unwrap().replace("\"text\":\"2\"", "\"text\":\"9\"");
    overwrite(&scene.log("alice@b"), spoiled.as_bytes());
    let writer = scene.writer("alice@b");
    let told = writer.take_notices()[0].to_string();
    assert_eq!(told, "alice@b is spoiled at line 4 and is left as it is: `warroom incident verify` says more");
    assert_eq!(writer.append(&note("safe")).unwrap().log.as_str(), "alice@b.2");
    assert_eq!(fs::read(scene.log("alice@b")).unwrap(), spoiled.as_bytes());
    let findings = scene.findings(&[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].starts_with("log/alice@b.jsonl, line 4, byte "), "{findings:?}");
}

#[test]
fn a_log_of_another_incident_or_user_is_not_gone_on_with() {
    let (scene, other) = (Scene::new(), Scene::new());
    drop(other.writer("alice@b"));
    fs::copy(other.log("alice@b"), scene.log("alice@b")).unwrap();
    let appended = scene.writer("alice@b").append(&note("mine")).unwrap();
    assert_eq!(appended.log.as_str(), "alice@b.2");
    let findings = scene.findings(&[]);
    assert!(
        findings[0].contains("does not start with saying that it is alice@b's log alice@b of INC-"),
        "{findings:?}"
    );
    drop(scene.writer("root@b"));
    if chown(scene.log("root@b"), Some(12_345), None).is_err() {
        skip("only root can give a file to somebody else");
        return;
    }
    let appended = scene.writer("root@b").append(&note("mine")).unwrap();
    assert_eq!(appended.log.as_str(), "root@b.2");
}

#[test]
fn a_link_in_the_logs_place_is_not_followed() {
    let scene = Scene::new();
    let target = scene.folder.path().join("target");
    overwrite(&target, b"precious");
    symlink(&target, scene.log("alice@b")).unwrap();
    let appended = scene.writer("alice@b").append(&note("mine")).unwrap();
    assert_eq!(appended.log.as_str(), "alice@b.2");
    assert_eq!(fs::read(&target).unwrap(), b"precious");
    assert_eq!(scene.findings(&[]), ["log/alice@b.jsonl: it cannot be read: it is not a plain file"]);
}

#[test]
fn a_log_removed_under_our_feet_is_written_again() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    writer.append(&note("one")).unwrap();
    fs::remove_file(scene.log("alice@b")).unwrap();
    let appended = writer.append(&note("two")).unwrap();
    assert_eq!((appended.seq, appended.log.as_str()), (3, "alice@b"));
    assert_eq!(writer.take_notices(), [Notice::Removed { log: appended.log.clone() }]);
    assert_eq!(scene.notes(&appended.log), ["one", "two"]);
    assert_eq!(scene.files(), ["alice@b.jsonl"]);
    // It is locked as the first one was.
    assert_eq!(scene.writer("alice@b").append(&note("x")).unwrap().log.as_str(), "alice@b.2");
}

#[test]
fn a_log_replaced_under_our_feet_is_written_again_and_the_other_kept() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    writer.append(&note("one")).unwrap();
    let edited = scene.folder.path().join("edited");
    overwrite(&edited, b"edited\n");
    fs::rename(&edited, scene.log("alice@b")).unwrap();
    writer.append(&note("two")).unwrap();
    let notices = writer.take_notices();
    let [Notice::Replaced { kept, .. }] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(fs::read(scene.folder.logs().join(kept)).unwrap(), b"edited\n");
    assert_eq!(scene.notes(&LogName::of("alice@b", 1)), ["one", "two"]);
    assert_eq!(scene.findings(&[]), [""; 0]);
}

#[test]
fn bytes_of_somebody_else_behind_our_lines_are_set_aside() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    writer.append(&note("one")).unwrap();
    append_raw(&scene.log("alice@b"), b"{\"forged\":true}\n");
    writer.append(&note("two")).unwrap();
    let notices = writer.take_notices();
    let [Notice::Foreign { bytes: 16, kept, .. }] = notices.as_slice() else { panic!("{notices:?}") };
    assert_eq!(fs::read(scene.folder.logs().join(kept)).unwrap(), b"{\"forged\":true}\n");
    assert_eq!(scene.notes(&LogName::of("alice@b", 1)), ["one", "two"]);
}

#[test]
fn a_log_that_lost_its_end_is_left_and_the_next_one_says_what_was_lost() {
    let scene = Scene::new();
    let writer = scene.writer("alice@b");
    let lost = writer.append(&note("one")).unwrap();
    let file = fs::OpenOptions::new().write(true).open(scene.log("alice@b")).unwrap();
    let whole = fs::read_to_string(scene.log("alice@b")).unwrap();
    file.set_len(whole.lines().next().unwrap().len() as u64 + 1).unwrap();
    let appended = writer.append(&note("two")).unwrap();
    assert_eq!((appended.log.as_str(), appended.seq), ("alice@b.2", 2));
    assert!(appended.hlc > lost.hlc);
    assert!(writer.take_notices()[0].to_string().starts_with("somebody took "));
    let expected =
        "log/alice@b.jsonl, line 2: the end was cut off: there are 1 lines, and log/alice@b.2.jsonl line 1 saw line 2";
    assert_eq!(scene.findings(&[]), [expected]);
}

#[test]
fn a_console_is_alive_while_it_holds_its_log() {
    let scene = Scene::new();
    let (logs, alice) = (scene.folder.logs(), LogName::of("alice@b", 1));
    assert!(!is_alive(&logs, &alice), "there is no such log");
    let writer = scene.writer("alice@b");
    writer.append(&note("here")).unwrap();
    assert!(is_alive(&logs, &alice));
    assert!(is_alive(&logs, &alice), "asking changes nothing");
    writer.append(&note("still here")).unwrap();
    writer.close().unwrap();
    assert!(!is_alive(&logs, &alice), "its file is there, nobody holds it");
    scene.writer("alice@b").append(&note("back")).unwrap();
    assert_eq!(scene.files(), ["alice@b.jsonl"], "asking took nothing");
}
