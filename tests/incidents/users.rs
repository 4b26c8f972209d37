//! Several people under their own Unix users in one data directory.

use std::{path::PathBuf, process::Output, time::Duration};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    lab::{
        desk::{Desk, stderr, stdout},
        users::{User, Users},
        wait_until,
    },
    verbs::PLATFORM,
};

const STEPS: &str = "# A task\n\n## Steps\n\n### 1. Look\n```bash\nexport LEFT_BY_ALICE=surely; echo looked as $(id -u)\n```\n\n### 2. Hold\n```bash\ntouch \"$HELD\"; until test -e \"$GO\"; do sleep 0.05; done; echo held as $(id -u)\n```\n\n### 3. Finish\n```bash\necho finished as $(id -u) with ${LEFT_BY_ALICE:-nothing}\n```\n";

/// A shared desk: what step 2 waits for is in the test's hands, and the folder that it touches in everybody's.
fn desk(users: &Users) -> Desk {
    let desk = Desk::new("", STEPS);
    let (held, go) = (users.alice.home().join("held"), desk.path("go"));
    let vars = format!("vars = {{ HELD = \"{}\", GO = \"{}\" }}\n", held.display(), go.display());
    let desk = desk.with_pack(&format!("{vars}{PLATFORM}"));
    users.share(&desk);
    desk
}

fn good(output: Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

fn declared(user: &User, desk: &Desk) -> String {
    let words = ["incident", "declare", "--severity", "p0", "--title", "Portal is down", "--no-look"];
    good(user.run(desk, &words)).trim().to_owned()
}

fn run_of(user: &User, desk: &Desk, id: &str) -> PathBuf {
    let runs = desk.path(&format!("data/incidents/{id}/runs"));
    let listed = user.shell(&format!("ls -d {}/*", runs.display()));
    good(listed).trim().into()
}

/// What `user` must not manage to do to these files of another. Whoever made the folder may take names out of it, which no mode
/// prevents; what they say is safe from them too.
fn cannot_touch(user: &User, files: &[PathBuf]) {
    assert!(!files.is_empty());
    for file in files {
        let file = file.display();
        good(user.shell(&format!("cat {file}")));
        let changes = ["echo x >> FILE", ": > FILE", "truncate -s 0 FILE", "chmod 666 FILE"];
        let removals = ["rm -f FILE", "mv FILE FILE.away", "echo x > ~/new && mv -f ~/new FILE"];
        let made_the_folder = user.shell(&format!("test -O $(dirname {file})")).status.success();
        let removals = removals.into_iter().filter(|_| !made_the_folder);
        for deed in changes.into_iter().chain(removals).map(|deed| deed.replace("FILE", &file.to_string())) {
            assert!(!user.shell(&deed).status.success(), "{} managed to {deed}", user.name);
        }
    }
}

fn files_of(user: &User, folder: &std::path::Path) -> Vec<PathBuf> {
    let (folder, uid) = (folder.display(), user.uid);
    let found = user.shell(&format!("find {folder} -path '*/own/*' -prune -o -type f -user {uid} -print"));
    good(found).lines().map(PathBuf::from).collect()
}

#[test]
fn what_one_user_declares_another_drives_and_a_stranger_does_not_see() {
    let Some(users) = Users::new() else { return };
    let desk = desk(&users);
    let (alice, bob) = (&users.alice, &users.bob);
    let id = declared(alice, &desk);
    good(bob.run(&desk, &["incident", "note", "the disk is full"]));
    good(bob.run(&desk, &["incident", "severity", "P1", "--reason", "half of it works"]));
    good(alice.run(&desk, &["incident", "role", "ic", "bob"]));
    for user in [alice, bob] {
        let shown: Value = serde_json::from_str(&good(user.run(&desk, &["incident", "show", "--json"]))).unwrap();
        let by = |name: &str| {
            let by = |entry: &&Value| entry["by"].as_str().unwrap().starts_with(&format!("{name}@"));
            shown["timeline"].as_array().unwrap().iter().filter(by).count()
        };
        assert!(by("alice") >= 2 && by("bob") >= 2, "{shown}");
        good(user.run(&desk, &["incident", "verify"]));
    }
    let incident = desk.path(&format!("data/incidents/{id}"));
    cannot_touch(bob, &files_of(alice, &incident));
    cannot_touch(alice, &files_of(bob, &incident));
    good(alice.run(&desk, &["incident", "verify"]));
    let stranger = &users.mallory;
    for place in [desk.path("data"), desk.path("data/incidents"), incident.join("log")] {
        assert!(!stranger.shell(&format!("ls {}", place.display())).status.success(), "{}", place.display());
    }
    let refused = stranger.run(&desk, &["incident", "list"]);
    assert_eq!(refused.status.code(), Some(78), "{}", stdout(&refused));
    assert!(stderr(&refused).contains("not in the group 54321, which `data_group` names"), "{}", stderr(&refused));
}

#[test]
fn a_run_is_read_by_the_group_taken_over_by_another_user_and_never_written_by_them() {
    let Some(users) = Users::new() else { return };
    let desk = desk(&users);
    let (alice, bob) = (&users.alice, &users.bob);
    let id = declared(alice, &desk);
    let words = ["runbook", "run", "task", "--incident", &id, "--confirm", "change"];
    let mut console = alice.console(&desk, &words).size(100, 40).start();
    wait_until("the second step runs", Duration::from_secs(30), || alice.home().join("held").exists());
    let run = run_of(bob, &desk, &id);
    let name = run.file_name().unwrap().to_string_lossy().into_owned();
    let resume = ["runbook", "run", "--resume", &name, "--incident", &id, "--confirm", "change"];
    let refused = bob.run(&desk, &resume);
    assert_ne!(refused.status.code(), Some(0));
    assert!(stderr(&refused).contains("open in another console (alice@"), "{}", stderr(&refused));
    console.signal(Signal::KILL);
    console.exit();
    std::fs::write(desk.path("go"), "").unwrap();
    good(bob.run(&desk, &resume));
    let outputs = good(bob.shell(&format!("cat {}/jobs/*/output", run.display())));
    for line in ["looked as 20001", "held as 20001", "finished as 20002 with nothing"] {
        assert!(outputs.contains(line), "{outputs}");
    }
    // Neither what alice's session holds nor her kubeconfig.
    let own = run.join("own/20001");
    good(alice.shell(&format!("ls {}/session", own.display())));
    assert!(!bob.shell(&format!("ls {}", own.display())).status.success());
    cannot_touch(bob, &files_of(alice, &run));
    cannot_touch(alice, &files_of(bob, &run));
    let jobs = good(alice.shell(&format!("find {}/jobs -mindepth 1 -type d -user 20001", run.display())));
    let forged = jobs.lines().filter(|job| bob.shell(&format!("touch {job}/result.json.new")).status.success()).count();
    assert_eq!((jobs.lines().count(), forged), (2, 0), "bob could write how alice's step ended");
    assert!(!users.mallory.shell(&format!("ls {}", run.display())).status.success());
    for user in [alice, bob] {
        good(user.run(&desk, &["incident", "verify", &id]));
    }
}

#[test]
fn who_writes_on_the_command_line_witnesses_what_others_wrote() {
    let Some(users) = Users::new() else { return };
    let desk = desk(&users);
    let (alice, bob) = (&users.alice, &users.bob);
    let id = declared(alice, &desk);
    good(alice.run(&desk, &["incident", "note", "who dropped the table?"]));
    good(bob.run(&desk, &["incident", "note", "the disk is full"]));
    let logs = desk.path(&format!("data/incidents/{id}/log"));
    let log = files_of(alice, &logs).remove(0);
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&log, lines[..lines.len() - 1].join("\n") + "\n").unwrap();
    let verified = alice.run(&desk, &["incident", "verify"]);
    assert_eq!(verified.status.code(), Some(1), "{}", stdout(&verified));
    assert!(stdout(&verified).contains("the end was cut off"), "{}", stdout(&verified));
    // What is witnessed once is not witnessed again.
    std::fs::write(&log, &text).unwrap();
    let count = |bob: &User| {
        stdout(&bob.run(&desk, &["incident", "export", "--format", "json"])).matches("\"checkpoint\"").count()
    };
    let before = count(bob);
    good(bob.run(&desk, &["incident", "note", "it is still full"]));
    assert_eq!(count(bob), before);
}
