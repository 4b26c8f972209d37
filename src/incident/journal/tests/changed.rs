//! Whatever is changed in a journal is found.

use std::{fs, process::Command};

use proptest::prelude::*;

use super::*;

/// A journal of two logs in which bob vouches for alice's, with evidence; gives what was known when it was written.
fn sample() -> (Scene, Vec<Checkpoint>) {
    let scene = Scene::new();
    fs::create_dir(scene.folder.evidence().join("step-1")).unwrap();
    overwrite(&scene.folder.evidence().join("step-1/out.log"), b"output\n");
    let evidence = json!({"file": "evidence/step-1/out.log", "bytes": 7, "sha256": Digest::of(&[b"output\n"])});
    let (alice, bob) = (scene.writer("alice@b"), scene.writer("bob@c"));
    alice.append(&note("first")).unwrap();
    alice.append(&json!({"type": "action_ended", "version": 1, "outcome": {"evidence": evidence}})).unwrap();
    let seen = alice.head().unwrap();
    bob.append(&JournalEvent::Checkpoint { version: 1, checkpoints: vec![seen] }).unwrap();
    alice.append(&note("last")).unwrap();
    let heads = vec![alice.head().unwrap(), bob.head().unwrap()];
    drop((alice, bob));
    let report = verify(&scene.folder, &heads);
    assert_eq!((report.findings.as_slice(), report.evidence, report.checkpoints), (&[][..], 1, 3));
    (scene, heads)
}

#[test]
fn every_single_bit_flip_is_found_in_its_line() {
    let (scene, _) = sample();
    for responder in ["alice@b", "bob@c"] {
        let path = scene.log(responder);
        let good = fs::read(&path).unwrap();
        for (index, bit) in (0..good.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut bad = good.clone();
            bad[index] ^= 1 << bit;
            let mut chain = Chain::start();
            let mut wrong = None;
            let mut line = 0;
            let rest = lines::each_line(bad.as_slice(), |_, bytes| {
                line += 1;
                if chain.next(bytes).is_err() {
                    wrong.get_or_insert(line);
                }
            })
            .unwrap();
            let flipped_in = good[..index].iter().filter(|byte| **byte == b'\n').count() + 1;
            let found = wrong.or((rest.torn > 0).then_some(line + 1));
            // A flipped line end is found in the line that it ended; a flip that makes one, in the first half.
            assert_eq!(found, Some(flipped_in), "{responder}: bit {bit} of byte {index}");
        }
    }
}

#[test]
fn every_cut_is_found_or_revealed_by_a_checkpoint() {
    let (scene, heads) = sample();
    for responder in ["alice@b", "bob@c"] {
        let path = scene.log(responder);
        let good = fs::read(&path).unwrap();
        for length in 0..good.len() {
            overwrite(&path, &good[..length]);
            assert_ne!(scene.findings(&heads), [""; 0], "{responder} cut to {length} bytes");
        }
        fs::remove_file(&path).unwrap();
        assert!(scene.findings(&heads).iter().any(|finding| finding.contains("the log is gone")));
        overwrite(&path, &good);
    }
    assert_eq!(scene.findings(&heads), [""; 0]);
}

#[test]
fn a_cut_before_what_another_responder_saw_needs_nothing_from_outside() {
    let (scene, _) = sample();
    let path = scene.log("alice@b");
    let text = fs::read_to_string(&path).unwrap();
    let two: String = text.split_inclusive('\n').take(2).collect();
    overwrite(&path, two.as_bytes());
    let expected =
        "log/alice@b.jsonl, line 3: the end was cut off: there are 2 lines, and log/bob@c.jsonl line 2 saw line 3";
    assert_eq!(scene.findings(&[]), [expected]);
}

#[test]
fn a_log_written_anew_with_a_chain_that_fits_is_found_by_a_checkpoint() {
    let (scene, heads) = sample();
    let path = scene.log("alice@b");
    fs::remove_file(&path).unwrap();
    let forged = scene.writer("alice@b");
    ["other", "story", "told"].iter().for_each(|text| drop(forged.append(&note(text)).unwrap()));
    drop(forged);
    let findings = scene.findings(&heads);
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(
        findings[0].starts_with("log/alice@b.jsonl, line 3: the line is another one than log/bob@c.jsonl line 2 saw")
    );
    assert!(findings[1].contains("line 4: the line is another one than a checkpoint kept outside saw"));
}

#[test]
fn evidence_that_changed_or_went_is_named_with_who_refers_to_it() {
    let (scene, _) = sample();
    let path = scene.folder.evidence().join("step-1/out.log");
    overwrite(&path, b"0utput\n");
    let findings = scene.findings(&[]);
    assert!(
        findings[0].starts_with(
            "evidence/step-1/out.log: the evidence was changed: log/alice@b.jsonl line 3 recorded SHA-256 "
        )
    );
    fs::remove_file(&path).unwrap();
    let expected = "evidence/step-1/out.log: the evidence is gone, and log/alice@b.jsonl line 3 refers to it";
    assert_eq!(scene.findings(&[]), [expected]);
    let alice = scene.writer("alice@b");
    alice.append(&json!({"type": "x", "version": 1, "evidence": [{"file": "../../secret", "sha256": "00"}]})).unwrap();
    alice.append(&json!({"type": "x", "version": 1, "evidence": [{"file": "evidence/y", "sha256": "00"}]})).unwrap();
    let findings = scene.findings(&[]);
    assert!(findings.iter().any(|finding| finding.contains("outside of the incident's folder: \"../../secret\"")));
    assert!(findings.iter().any(|finding| finding.ends_with("with a digest that is none: \"00\"")));
}

#[test]
fn a_line_in_somebody_elses_name_is_found() {
    let scene = Scene::new();
    let head = scene.writer("alice@b").append(&note("mine")).unwrap();
    let mut forged = fs::read(scene.log("alice@b")).unwrap();
    let event = line::EventText::of(&note("yours")).unwrap();
    line::write(&mut forged, &head.hash, 3, moment(9), head.hlc.next(), "bob@c", &event);
    overwrite(&scene.log("alice@b"), &forged);
    let findings = scene.findings(&[]);
    assert!(findings[0].ends_with("the log is alice@b's, and this line says it is by bob@c"), "{findings:?}");
}

#[test]
fn a_stranger_can_check_a_log_with_what_the_format_says() {
    let (scene, _) = sample();
    let documented = include_str!("../line.rs");
    let commands: Vec<String> = documented
        .split("//! ```text\n")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("//! ```")?.0.replace("//! ", "")))
        .collect();
    let log = scene.log("alice@b");
    let run = |script: &str| Command::new("sh").arg("-c").arg(script).current_dir(scene.folder.logs()).output();
    let python = commands[2].trim_end().trim_end_matches(" log").to_owned();
    let python = |log: &Path| run(&format!("{python} {}", log.display())).unwrap();
    if run("command -v python3 sha256sum").is_ok_and(|found| !found.status.success()) {
        skip("python3 or sha256sum is not here");
        return;
    }
    assert!(python(&log).status.success(), "{:?}", python(&log));
    let one = commands[1].lines().map(|line| line.split("     #").next().unwrap().replace(" log", " alice@b.jsonl"));
    let output = run(&format!("n=3\n{}", one.collect::<Vec<_>>().join("\n"))).unwrap();
    let text = fs::read_to_string(&log).unwrap();
    let stated = text.lines().nth(2).unwrap().rsplit('"').nth(1).unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).split(' ').next(), Some(stated), "{output:?}");
    overwrite(&log, text.replace("first", "f1rst").as_bytes());
    let output = python(&log);
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), "line 2 is not what was written");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_comes_back_and_any_changed_byte_is_found(
        texts in prop::collection::vec(any::<String>(), 1..6),
        by in "\\PC{1,12}",
        place in any::<prop::sample::Index>(),
        other in 1u8..,
    ) {
        let (mut log, mut hash, mut clock) = (Vec::new(), Digest::ZERO, hlc::Clock::default());
        for (index, text) in texts.iter().enumerate() {
            let event = line::EventText::of(&note(text)).unwrap();
            hash = line::write(&mut log, &hash, index as u64 + 1, moment(index as i64), clock.tick(moment(0)), &by, &event);
        }
        let read = |bytes: &[u8]| {
            let (mut chain, mut entries) = (Chain::start(), Vec::new());
            let rest = lines::each_line(bytes, |_, line| entries.push(chain.next(line))).unwrap();
            (entries, rest.torn)
        };
        let (entries, torn) = read(&log);
        let back: Vec<_> = entries.iter().map(|entry| text(entry.as_ref().unwrap())).collect();
        prop_assert_eq!((&back, torn), (&texts, 0));
        prop_assert!(entries.iter().all(|entry| *entry.as_ref().unwrap().by == *by));
        let index = place.index(log.len());
        log[index] ^= other;
        let (entries, torn) = read(&log);
        prop_assert!(torn > 0 || entries.iter().any(Result::is_err), "byte {index}");
    }
}
