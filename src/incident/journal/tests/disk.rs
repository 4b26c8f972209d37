//! A full disk: nothing acknowledged that is not there, nothing half written, and on as soon as there is room.

use std::{fs, process::Command};

use super::*;

/// A small file system, as long as it lives.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// `None`, with the reason printed, where nobody may mount.
    fn mount(kibibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kibibytes}k,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Tmpfs(folder)),
            other => {
                skip(&format!("cannot mount a tmpfs: {other:?}"));
                None
            }
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

#[test]
fn a_full_disk_spoils_nothing_and_what_happened_is_written_when_there_is_room() {
    let Some(disk) = Tmpfs::mount(256) else { return };
    let folder = Incidents::of(disk.0.path(), Access::Owner).create(moment(0)).unwrap();
    let scene = Scene { data: tempfile::tempdir().unwrap(), folder, clock: Arc::default() };
    let ballast = disk.0.path().join("ballast");
    overwrite(&ballast, &[0; 64 << 10]);
    let writer = scene.writer("alice@b");
    let filling = "x".repeat(5_000);
    let mut written = 0;
    let error = loop {
        match writer.append(&note(&filling)) {
            Ok(_) => written += 1,
            Err(error) => break error.to_string(),
        }
    };
    assert!(written > 5 && error.ends_with("alice@b.jsonl: the disk is full"), "{written}: {error}");
    assert_eq!(scene.findings(&[]), [""; 0], "no half line is left behind");
    writer.keep(&note("happened")).unwrap();
    writer.keep(&note(&filling)).unwrap();
    until("it is told", || matches!(writer.state(), WriterState::Unwritable { waiting: 2, .. }));
    fs::remove_file(&ballast).unwrap();
    until("it goes on", || writer.state() == WriterState::Writable);
    writer.append(&note("after")).unwrap();
    let notes = scene.notes(&LogName::of("alice@b", 1));
    assert_eq!((notes.len(), &*notes[written], &*notes[written + 2]), (written + 3, "happened", "after"));
}

#[test]
fn a_journal_that_starts_on_a_full_disk_begins_when_there_is_room_and_not_before() {
    let Some(disk) = Tmpfs::mount(64) else { return };
    let folder = Incidents::of(disk.0.path(), Access::Owner).create(moment(0)).unwrap();
    let scene = Scene { data: tempfile::tempdir().unwrap(), folder, clock: Arc::default() };
    let ballast = disk.0.path().join("ballast");
    // As much as fits.
    let _ = fs::write(&ballast, vec![0; 128 << 10]);
    let writer = scene.writer("alice@b");
    assert!(matches!(writer.state(), WriterState::Unwritable { .. }));
    assert!(writer.append(&note("intent")).unwrap_err().to_string().ends_with("the disk is full"));
    writer.keep(&note("happened")).unwrap();
    fs::remove_file(&ballast).unwrap();
    until("it goes on", || writer.state() == WriterState::Writable);
    assert_eq!(scene.notes(&LogName::of("alice@b", 1)), ["happened"]);
    assert_eq!(scene.findings(&[]), [""; 0]);
}
