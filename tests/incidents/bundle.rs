//! The evidence bundle through the program, checked with the tools that everybody has.

use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::{
    lab::{
        binary,
        desk::{Desk, holds, is_in_a_file, stderr, stdout},
    },
    verbs::{PLATFORM, declare},
};

const STEPS: &str = "# A task\n\n## Estimated Time\n\n5 minutes\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n\n### 2. Remember\n```bash\nexport TOKEN_OF_SESSION=\"planted-$((40 + 2))-secret\"\n```\n";
const PLANTED: &str = "planted-42-secret";

/// A resolved incident with a run.
fn incident() -> (Desk, String) {
    let desk = Desk::new("", STEPS).with_pack(PLATFORM);
    let id = declare(&desk);
    let run = desk.run(&["runbook", "run", "task", "--incident", &id, "--confirm", "change"]);
    assert_eq!(run.status.code(), Some(0), "{}{}", stdout(&run), stderr(&run));
    desk.run(&["incident", "restored"]);
    desk.run(&["incident", "phase", "resolved"]);
    (desk, id)
}

/// Writes the bundle and unpacks it; gives the folder in it.
fn unpacked(desk: &Desk, id: &str) -> (PathBuf, Output) {
    let file = desk.path("bundle.tar");
    let output = desk.run(&["incident", "export", id, "--bundle", "-o", &file.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let into = desk.path("unpacked");
    let _ = fs::remove_dir_all(&into);
    fs::create_dir(&into).unwrap();
    let tar = Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(&into).output().unwrap();
    assert!(tar.status.success() && tar.stderr.is_empty(), "{}", stderr(&tar));
    let tops: Vec<_> = fs::read_dir(&into).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(tops, [id], "everything is below one folder");
    (into.join(id), output)
}

fn sha256sum(folder: &Path) -> Output {
    Command::new("sha256sum").args(["-c", "--strict", "SHA256SUMS"]).current_dir(folder).output().unwrap()
}

/// The files below a folder, by their way from it.
fn files(folder: &Path) -> Vec<String> {
    let found = Command::new("find").args([".", "-type", "f", "-printf", "%P\n"]).current_dir(folder).output().unwrap();
    let mut names: Vec<String> = stdout(&found).lines().map(str::to_owned).collect();
    names.sort();
    names
}

/// The program on the unpacked folder as its data directory, with no pack of its own.
fn reads(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.arg("--data-dir").arg(folder).args(words).env("HOME", folder).output().unwrap()
}

#[test]
fn a_bundle_unpacks_checks_itself_and_can_be_read_as_a_data_directory() {
    let (desk, id) = incident();
    let (folder, _) = unpacked(&desk, &id);
    let checked = sha256sum(&folder);
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    let names = files(&folder);
    assert_eq!(stdout(&checked).lines().count() + 1, names.len(), "every file but the list itself: {names:?}");
    for name in ["README.txt", "incident.csv", "incident.html", "incident.json", "incident.md", "postmortem.md"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
    assert!(names.iter().any(|name| name.ends_with("/runbook.md")), "{names:?}");
    assert_eq!(names.iter().filter(|name| name.ends_with("/output")).count(), 2, "{names:?}");
    let draft = fs::read_to_string(folder.join("postmortem.md")).unwrap();
    assert!(draft.contains("1 Look") && draft.contains("5 min"), "{draft}");

    let verified = reads(&folder, &["incident", "verify", &id]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", stdout(&verified), stderr(&verified));
    assert!(stdout(&verified).contains("2 files of evidence"), "{}", stdout(&verified));
    let checkpoint = stdout(&verified).lines().find_map(|line| line.strip_prefix("checkpoint ").map(str::to_owned));
    let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
    assert!(readme.contains(&checkpoint.unwrap()), "{readme}");
    let exported = reads(&folder, &["incident", "export", &id, "--format", "html"]);
    assert!(stdout(&exported).contains("looked"), "{}", stderr(&exported));
}

#[test]
fn outputs_that_a_runbook_marks_as_evidence_have_headings_of_their_own() {
    let steps = STEPS.replace("```bash\necho looked", "**Who is connected:**\n```bash {evidence}\necho looked");
    let desk = Desk::new("", &steps).with_pack(PLATFORM);
    let id = declare(&desk);
    let run = desk.run(&["runbook", "run", "task", "--incident", &id, "--confirm", "change"]);
    assert_eq!(run.status.code(), Some(0), "{}{}", stdout(&run), stderr(&run));
    let (folder, _) = unpacked(&desk, &id);
    let page = fs::read_to_string(folder.join("evidence.md")).unwrap();
    let headings: Vec<_> = page.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(headings, ["## Look: Who is connected"], "{page}");
    let file = files(&folder).into_iter().find(|name| name.ends_with("look-1-1/output")).unwrap();
    assert!(page.replace('\\', "").contains(&file), "{file}: {page}");
    assert!(fs::read_to_string(folder.join("README.txt")).unwrap().contains("evidence.md"));
    assert!(sha256sum(&folder).status.success());
    // Nothing is marked: there is no page.
    let (desk, id) = incident();
    let (folder, _) = unpacked(&desk, &id);
    assert!(!folder.join("evidence.md").exists());
}

#[test]
fn a_changed_byte_is_found() {
    let (desk, id) = incident();
    let (folder, _) = unpacked(&desk, &id);
    let output = files(&folder).into_iter().find(|name| name.ends_with("/output")).unwrap();
    let mut bytes = fs::read(folder.join(&output)).unwrap();
    bytes[0] ^= 1;
    fs::write(folder.join(&output), bytes).unwrap();
    let checked = sha256sum(&folder);
    assert!(!checked.status.success());
    assert!(stdout(&checked).contains(&format!("{output}: FAILED")), "{}", stdout(&checked));
    assert_eq!(reads(&folder, &["incident", "verify", &id]).status.code(), Some(1));
}

#[test]
fn the_same_incident_gives_the_same_bytes_for_its_owner_only() {
    let (desk, id) = incident();
    let file = |name: &str| desk.path(name);
    for name in ["one.tar", "two.tar"] {
        let output = desk.run(&["incident", "export", &id, "--bundle", "-o", &file(name).display().to_string()]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(file(name).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(fs::read(file("one.tar")).unwrap() == fs::read(file("two.tar")).unwrap(), "the bytes are the same");
    let leftovers = fs::read_dir(desk.folder.path()).unwrap().filter_map(Result::ok);
    let leftovers: Vec<_> =
        leftovers.map(|entry| entry.file_name()).filter(|n| n.to_string_lossy().contains(".part")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn what_a_session_remembers_is_not_in_it() {
    let (desk, id) = incident();
    let own = desk.path("data/incidents").join(&id);
    assert!(is_in_a_file(&own.join("runs"), PLANTED), "the session on disk has it");
    let (folder, _) = unpacked(&desk, &id);
    assert!(!is_in_a_file(&folder, PLANTED), "and the bundle has not");
    assert!(!holds(&fs::read(desk.path("bundle.tar")).unwrap(), PLANTED));
}

#[test]
fn names_and_files_that_want_to_do_harm_stay_in_their_place() {
    let (desk, id) = incident();
    let evidence = desk.path("data/incidents").join(&id).join("evidence");
    fs::write(desk.path("outside"), "not of this incident").unwrap();
    fs::create_dir(evidence.join("deep")).unwrap();
    for name in ["two\nlines", "back\\slash", "..", "--checkpoint-action=exec=sh", "deep/ok", &"long".repeat(60)] {
        if name != ".." {
            fs::write(evidence.join(name), name).unwrap();
        }
    }
    fs::write(evidence.join("..hidden"), "x").unwrap();
    symlink(desk.path("outside"), evidence.join("link")).unwrap();
    symlink(desk.folder.path(), evidence.join("folder")).unwrap();
    let pipe = Command::new("mkfifo").arg(evidence.join("pi\u{1b}[31mpe")).status().unwrap();
    assert!(pipe.success());
    let _socket = UnixListener::bind(evidence.join("socket")).unwrap();
    let (folder, output) = unpacked(&desk, &id);
    let checked = sha256sum(&folder);
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    let kept = folder.join("incidents").join(&id).join("evidence");
    for name in ["two\nlines", "back\\slash", "--checkpoint-action=exec=sh", "deep/ok", "..hidden"] {
        assert!(kept.join(name).is_file(), "{name:?}");
    }
    assert!(!is_in_a_file(&folder, "not of this incident"));
    let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
    for said in [&readme, &stderr(&output)] {
        for name in
            ["evidence/link: it is a link", "evidence/folder: it is a link", "evidence/socket: it is no plain file"]
        {
            assert!(said.contains(name), "{name} in {said}");
        }
        assert!(said.contains("pe: it is no plain file") && !said.contains('\u{1b}'), "{said:?}");
    }
}

#[test]
fn a_line_that_is_being_written_and_one_that_was_set_aside_do_not_disturb_it() {
    let (desk, id) = incident();
    let logs = desk.path("data/incidents").join(&id).join("log");
    let log = fs::read_dir(&logs).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&log).unwrap();
    fs::write(&log, [&whole[..], b"{\"half"].concat()).unwrap();
    let mut torn = log.clone().into_os_string();
    torn.push(".torn-20260121T031200Z");
    fs::write(&torn, "torn").unwrap();
    let (folder, _) = unpacked(&desk, &id);
    let kept = folder.join("incidents").join(&id).join("log");
    assert_eq!(fs::read(kept.join(log.file_name().unwrap())).unwrap(), whole, "up to the last whole line");
    assert_eq!(fs::read(kept.join(Path::new(&torn).file_name().unwrap())).unwrap(), b"torn");
    assert_eq!(reads(&folder, &["incident", "verify", &id]).status.code(), Some(0));
}

#[test]
fn a_bundle_made_while_others_write_is_whole() {
    let (desk, id) = incident();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for number in 0..12 {
                    desk.run(&["incident", "note", "--incident", &id, &format!("note {number}")]);
                }
            });
        }
        for _ in 0..4 {
            let (folder, _) = unpacked(&desk, &id);
            let verified = reads(&folder, &["incident", "verify", &id]);
            assert_eq!(verified.status.code(), Some(0), "{}", stdout(&verified));
            let json: serde_json::Value =
                serde_json::from_str(&fs::read_to_string(folder.join("incident.json")).unwrap()).unwrap();
            for checkpoint in json["checkpoints"].as_array().unwrap() {
                let log = folder.join(format!("incidents/{id}/log/{}.jsonl", checkpoint["log"].as_str().unwrap()));
                let lines = fs::read_to_string(log).unwrap().lines().count() as u64;
                assert_eq!(checkpoint["seq"], lines, "the exports speak of what is in the logs");
            }
        }
    });
}

#[test]
fn a_bundle_does_not_go_into_the_incident_nor_over_what_is_no_file() {
    let (desk, id) = incident();
    let own = desk.path("data/incidents").join(&id).join("evidence/b.tar").display().to_string();
    for (path, sentence) in [(own.as_str(), "own folder"), ("/dev/null", "no plain file")] {
        let output = desk.run(&["incident", "export", &id, "--bundle", "-o", path]);
        assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
        assert!(stderr(&output).contains(sentence), "{}", stderr(&output));
    }
    let both = desk.run(&["incident", "export", &id, "--bundle", "--format", "md"]);
    assert_eq!(both.status.code(), Some(64), "{}", stderr(&both));
}
