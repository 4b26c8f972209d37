//! Everything that can be wrong with a command line, a pack or a setting: one sentence, and the documented code.

use crate::home::Home;

const TWO: &str = "[environments.production]\n[environments.staging]\n";

#[test]
fn wrong_usage_ends_with_64_and_one_sentence() {
    let home = Home::new();
    home.pack("shop", TWO);
    for (arguments, said) in [
        (&["swep"][..], "unknown command swep (did you mean `warroom sweep`?)"),
        (&["sweep", "--fromat", "json"], "unexpected argument '--fromat' found; a similar argument exists: '--format'"),
        (&["sweep", "--format", "xml"], "invalid value 'xml' for '--format <FORMAT>' [possible values: "),
        (&["--pack"], "a value is required for '--pack <DIR|NAME>' but none was supplied"),
        (&["completions", "cmd"], "invalid value 'cmd' for '<SHELL>' [possible values: "),
        (&["sweep"], "the pack shop has several environments: choose one with --environment (production, staging)"),
        (&["sweep", "--environment", "prod"], "the pack shop has no environment prod (there are production, staging)"),
        (&["sweep", "--environment", "staging", "--only", "x"], "there is no probe or panel x in the pack shop"),
        (&["pack", "init", "--name", "a b"], "a pack cannot be called `a b`: use letters, digits, - and _"),
    ] {
        let run = home.run(arguments);
        assert_eq!(run.code, 64, "{arguments:?} {run:?}");
        assert!(run.sentence().starts_with(said), "{arguments:?}\nsaid:     {}\nexpected: {said}", run.sentence());
    }
}

#[test]
fn a_wrong_pack_file_or_setting_ends_with_its_code_and_one_sentence() {
    let home = Home::new();
    let broken = home.pack("broken", "tilte = \"x\"\n[[probes]]\n");
    home.pack("shop", "");
    std::fs::create_dir(home.path("empty")).unwrap();
    let file = broken.join("platform.toml");
    for (arguments, code, said) in [
        (&["sweep"][..], 78, "no platform pack is chosen: name one with --pack (there is ".to_owned()),
        (
            &["sweep", "--pack", "shp"],
            78,
            "there is no pack shp, neither as a folder nor by name (did you mean shop?)".to_owned(),
        ),
        (
            &["sweep", "--pack", "empty"],
            66,
            "there is no platform.toml in empty (`warroom pack init empty` writes one)".to_owned(),
        ),
        (
            &["sweep", "--pack", "broken"],
            65,
            format!(
                "{}:3:1: unknown key `tilte` in [platform] (did you mean `title`?); 2 more: see `warroom pack check",
                file.display()
            ),
        ),
        (&["sweep", "--config", "none.toml"], 78, "none.toml: cannot be read: No such file or directory".to_owned()),
        (&["--pack", "shop", "runbook", "show", "none.md"], 66, "cannot read none.md: no such file".to_owned()),
        (&["--pack", "shop", "runbook", "run", "none.md"], 66, "cannot read none.md: no such file".to_owned()),
        (&["none.md"], 66, "cannot read none.md: no such file".to_owned()),
        (&["--read-only", "pack", "init", "new"], 5, "this is --read-only: no pack is written".to_owned()),
    ] {
        let run = home.run(arguments);
        assert_eq!(run.code, code, "{arguments:?} {run:?}");
        assert!(run.sentence().starts_with(&said), "{arguments:?}\nsaid:     {}\nexpected: {said}", run.sentence());
    }
}

/// A runbook with one step, and the code with which a run of it ends.
#[test]
fn a_run_that_is_refused_ends_with_the_code_of_its_cause() {
    let step = |front: &str, code: &str| format!("{front}# Task\n\n## Steps\n\n### 1. Step\n```bash\n{code}\n```\n");
    for (arguments, document, code, said) in [
        (&[][..], step("", "echo hi"), 0, ""),
        (&[], step("", "false"), 1, ""),
        (&[], step("", "touch mark"), 4, "there is no terminal to ask on"),
        (&["--read-only"], step("", "touch mark"), 5, "this console is read-only and this is change"),
        (
            &[],
            step("---\nrequires: [no-such-program]\n---\n", "no-such-program now"),
            69,
            "no-such-program is not on the PATH of this machine: nothing was started",
        ),
    ] {
        let home = Home::new();
        home.write("task.md", &document);
        let run = home.run(&[arguments, &["runbook", "run", "task.md"]].concat());
        assert_eq!(run.code, code, "{document} {run:?}");
        assert!(run.err.contains(said), "{document} {run:?}");
    }
}

#[test]
fn every_code_stands_in_the_table_of_the_readme() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let (_, table) = readme.split_once("| exit code | meaning |").unwrap();
    let table = table.split("\n\n").next().unwrap();
    let listed: Vec<u8> = table
        .lines()
        .filter_map(|row| row.strip_prefix("| "))
        .flat_map(|row| row.split(" |").next().unwrap().split(", "))
        .filter_map(|code| code.parse().ok())
        .collect();
    assert_eq!(listed, [0, 1, 2, 3, 4, 5, 64, 65, 66, 69, 78, 129, 130, 131, 143]);
}

#[test]
fn help_and_version_end_with_0_on_standard_output() {
    let home = Home::new();
    for arguments in [&["--help"][..], &["-V"], &["sweep", "--help"], &["help", "pack"]] {
        let run = home.run(arguments);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{arguments:?}");
        assert!(!run.out.is_empty());
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let home = Home::new();
    home.pack("shop", "");
    for arguments in [&["--help"][..], &["completions", "bash"], &["man"], &["pack", "list"], &["config", "show"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}
