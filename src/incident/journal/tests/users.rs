//! Two Unix users of one group in one incident: each reads everything, neither can write into the other's log.

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    process::{Command, Output},
};

use super::*;

const FOLDER: &str = "WARROOM_TEST_JOURNAL_USER_FOLDER";
const GROUP: u32 = 54_321;
const ALICE: u32 = 20_001;
const BOB: u32 = 20_002;

#[test]
fn users_of_a_group_read_each_others_logs_and_write_their_own_only() {
    if let Ok(folder) = env::var(FOLDER) {
        return one_user(Path::new(&folder));
    }
    if !rustix::process::geteuid().is_root() {
        return skip("only root can act as two other users");
    }
    let data = tempfile::tempdir().unwrap();
    fs::set_permissions(data.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let incident = Incidents::of(data.path(), Access::Group { gid: GROUP }).create(moment(0)).unwrap();
    let logs = incident.logs();
    // Where users may run it: the way to the test program may be closed to them.
    let program = data.path().join("program");
    let own = env::current_exe().unwrap();
    fs::hard_link(&own, &program).or_else(|_| fs::copy(&own, &program).map(drop)).unwrap();
    let act = |uid: u32, mut command: Command| command.uid(uid).gid(GROUP).current_dir(&logs).output().unwrap();
    let append = |uid: u32| {
        let mut command = Command::new(&program);
        let name = "journal::tests::users::users_of_a_group_read_each_others_logs_and_write_their_own_only";
        command.args(["--exact", name]).env(FOLDER, incident.path());
        let output = act(uid, command);
        assert!(output.status.success(), "{output:?}");
    };
    append(ALICE);
    append(BOB);
    append(ALICE);
    let shell = |uid: u32, line: &str| -> Output {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        act(uid, command)
    };
    for deed in [
        "echo x >> 20001@b.jsonl",
        ": > 20001@b.jsonl",
        "rm -f 20001@b.jsonl",
        "mv 20001@b.jsonl x",
        "mv 20002@b.jsonl 20001@b.jsonl",
    ] {
        assert!(!shell(BOB, deed).status.success(), "{deed}");
    }
    assert!(shell(BOB, "cat 20001@b.jsonl").status.success());
    let mut stranger = Command::new("cat");
    stranger.arg(logs.join("20001@b.jsonl")).uid(BOB).gid(BOB);
    assert!(!stranger.output().unwrap().status.success());
    let report = verify(&incident, &[]);
    assert_eq!(report.findings, []);
    let owners: Vec<_> = report.logs.iter().map(|log| (log.log.as_str(), log.lines, log.uid)).collect();
    assert_eq!(owners, [("20001@b", 3, Some(ALICE)), ("20002@b", 2, Some(BOB))]);
}

/// Appends one note under the name of the user who runs it.
fn one_user(incident: &Path) {
    let incidents = Incidents::of(incident.parent().unwrap().parent().unwrap(), Access::Group { gid: GROUP });
    let id = incident.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let responder = format!("{}@b", rustix::process::geteuid().as_raw());
    let place = incidents.open(&id).unwrap().place(&responder);
    Writer::open(place, Arc::new(warroom_host::clock::now)).unwrap().append(&note("mine")).unwrap();
}
