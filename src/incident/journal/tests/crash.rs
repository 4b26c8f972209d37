//! Writers that are killed at any moment leave every acknowledged event behind, and logs that go on.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    thread,
};

use super::*;

const FOLDER: &str = "WARROOM_TEST_JOURNAL_FOLDER";
const RESPONDER: &str = "WARROOM_TEST_JOURNAL_RESPONDER";
/// More kills than the usual few: `WARROOM_TEST_KILLS=200`.
const KILLS: &str = "WARROOM_TEST_KILLS";
/// Four processes at a time, two of them of one responder.
const RESPONDERS: [&str; 4] = ["alice@b", "alice@b", "bob@c", "carol@d"];

/// Log and number of an acknowledged event, and its digest.
type Acknowledged = BTreeMap<(String, u64), String>;

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    if let (Ok(folder), Ok(responder)) = (env::var(FOLDER), env::var(RESPONDER)) {
        append_for_ever(Path::new(&folder), &responder);
    }
    let kills: usize = env::var(KILLS).map_or(20, |kills| kills.parse().unwrap());
    let scene = Scene::new();
    let folder = scene.folder.path();
    let mut acknowledged = Acknowledged::new();
    thread::scope(|scope| {
        let lives = RESPONDERS.iter().zip(1..).map(|(responder, seed)| {
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(seed);
                (0..kills.div_ceil(RESPONDERS.len())).flat_map(|_| one_life(folder, responder, &mut random)).collect()
            })
        });
        for life in lives.collect::<Vec<_>>() {
            let life: Acknowledged = life.join().unwrap();
            acknowledged.extend(life);
        }
    });
    // Each log opens and goes on.
    let writers: Vec<_> = RESPONDERS.iter().map(|responder| scene.writer(responder)).collect();
    writers.iter().for_each(|writer| drop(writer.append(&note("after")).unwrap()));
    assert_eq!(scene.findings(&[]), [""; 0]);
    let (union, _) = Union::of_folder(&scene.folder.logs()).unwrap();
    let there: Acknowledged = union
        .items()
        .iter()
        .map(|item| ((item.log.to_string(), item.entry.seq), item.entry.hash.to_string()))
        .collect();
    assert!(acknowledged.len() >= kills);
    for (event, hash) in &acknowledged {
        assert_eq!(there.get(event), Some(hash), "{event:?} was acknowledged");
    }
    let logs: Vec<_> = union.heads().iter().map(|head| head.log.to_string()).collect();
    assert_eq!(logs, ["alice@b", "alice@b.2", "bob@c", "carol@d"]);
}

/// Starts a process, kills it after some events and a moment more, so that the kill falls anywhere in a commit.
fn one_life(folder: &Path, responder: &str, random: &mut fastrand::Rng) -> Acknowledged {
    let mut child = start(folder, responder);
    let mut acknowledged = Acknowledged::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let wanted = random.usize(1..60);
    while acknowledged.len() < wanted {
        acknowledged.extend(acknowledgement(&lines.next().expect("the child ended by itself").unwrap()));
    }
    thread::sleep(Duration::from_micros(random.u64(0..3_000)));
    child.kill().unwrap();
    child.wait().unwrap();
    // What it had printed when it died was acknowledged, too.
    acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| acknowledgement(&line)));
    acknowledged
}

fn start(folder: &Path, responder: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "journal::tests::crash::what_was_acknowledged_before_a_kill_is_there_after_it"])
        .args(["--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(RESPONDER, responder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn acknowledgement(line: &str) -> Option<((String, u64), String)> {
    let mut words = line.strip_prefix("ack ")?.split(' ');
    let event = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    // The last line may be half of one.
    words.next().filter(|hash| hash.len() == 64).map(|hash| (event, hash.to_owned()))
}

/// Four threads append; each acknowledgement is printed as one write.
fn append_for_ever(incident: &Path, responder: &str) -> ! {
    let incidents = Incidents::of(incident.parent().unwrap().parent().unwrap(), Access::Owner);
    let id = incident.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let folder = incidents.open(&id).unwrap();
    let writer = Writer::open(folder.place(responder), Arc::new(warroom_host::clock::now)).unwrap();
    thread::scope(|scope| {
        for thread in 0..4 {
            let writer = &writer;
            scope.spawn(move || {
                for n in 0_usize.. {
                    let filling = "x".repeat((n * 37) % 900);
                    let appended = writer.append(&note(&format!("{thread}:{n} {filling}"))).unwrap();
                    let line = format!("\nack {} {} {}\n", appended.log, appended.seq, appended.hash);
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
    unreachable!("it is killed")
}
