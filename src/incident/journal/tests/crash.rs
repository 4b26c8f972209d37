//! A writer that is killed at any moment leaves every acknowledged event behind, and a log that goes on.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use super::*;

const CHILD: &str = "WARROOM_TEST_JOURNAL_CHILD";
const KILLS: usize = 20;

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    if let Ok(folder) = env::var(CHILD) {
        append_for_ever(Path::new(&folder));
    }
    let scene = Scene::new();
    let mut random = fastrand::Rng::with_seed(7);
    let mut acknowledged = BTreeMap::new();
    for _ in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "incident::journal::tests::crash::what_was_acknowledged_before_a_kill_is_there_after_it"])
            .args(["--nocapture", "--test-threads=1"])
            .env(CHILD, scene.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut wanted = random.usize(1..60);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // After so many events, and so much later: the kill falls anywhere in a commit.
        let mut heard = |line: String| {
            let Some((seq, hash)) = line.strip_prefix("ack ").and_then(|ack| ack.split_once(' ')) else { return false };
            acknowledged.insert(seq.parse::<u64>().unwrap(), hash.to_owned());
            true
        };
        while wanted > 0 {
            let line = lines.next().expect("the child ended by itself").unwrap();
            wanted -= usize::from(heard(line));
        }
        std::thread::sleep(Duration::from_micros(random.u64(0..3_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        // What it had printed when it died was acknowledged, too; the last line may be half of one.
        let rest: Vec<_> = lines.map_while(Result::ok).collect();
        rest.into_iter().filter(|line| line.len() > 64).for_each(|line| {
            heard(line);
        });
    }
    drop(scene.writer("alice@b"));
    assert_eq!(scene.findings(&[]), [""; 0]);
    let batch = LogReader::new(&scene.folder.logs(), LogName::of("alice@b", 1)).read().unwrap();
    let there: BTreeMap<u64, String> =
        batch.found.iter().map(|found| (found.entry.seq, found.entry.hash.to_string())).collect();
    assert!(acknowledged.len() >= KILLS);
    for (seq, hash) in &acknowledged {
        assert_eq!(there.get(seq), Some(hash), "event {seq} was acknowledged");
    }
}

/// Four threads append; each acknowledgement is printed as one write.
fn append_for_ever(incident: &Path) -> ! {
    let id = incident.file_name().unwrap().to_str().unwrap().to_owned();
    let place =
        Place { folder: incident.join("log"), incident: id, responder: "alice@b".to_owned(), access: Access::Owner };
    let writer = Writer::open(place, Arc::new(crate::host::clock::now)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let writer = &writer;
            scope.spawn(move || {
                for n in 0_u32.. {
                    let filling = "x".repeat((n as usize * 37) % 900);
                    let appended = writer.append(&note(&format!("{thread}:{n} {filling}"))).unwrap();
                    let line = format!("\nack {} {}\n", appended.seq, appended.hash);
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
    unreachable!("it is killed")
}
