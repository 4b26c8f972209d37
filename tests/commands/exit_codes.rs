//! Everything that can be wrong with a command line, a pack or a setting: one sentence, and the documented code.

use crate::home::Home;

const TWO: &str = "[environments.production]\n[environments.staging]\n";

#[test]
fn wrong_usage_ends_with_64_and_one_sentence() {
    let home = Home::new();
    home.pack("shop", TWO);
    for (arguments, said) in [
        (&["swep"][..], "unrecognized subcommand 'swep'; a similar subcommand exists: 'sweep' (see `warroom --help`)"),
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
fn a_wrong_pack_or_setting_ends_with_78_and_one_sentence() {
    let home = Home::new();
    let broken = home.pack("broken", "tilte = \"x\"\n[[probes]]\n");
    home.pack("shop", "");
    std::fs::create_dir(home.path("empty")).unwrap();
    let file = broken.join("platform.toml");
    for (arguments, said) in [
        (&["sweep"][..], "no platform pack is chosen: name one with --pack (there is ".to_owned()),
        (
            &["sweep", "--pack", "shp"],
            "there is no pack shp, neither as a folder nor by name (did you mean shop?)".to_owned(),
        ),
        (
            &["sweep", "--pack", "empty"],
            "there is no platform.toml in empty (`warroom pack init empty` writes one)".to_owned(),
        ),
        (
            &["sweep", "--pack", "broken"],
            format!(
                "{}:3:1: unknown key `tilte` in [platform] (did you mean `title`?); 2 more: see `warroom pack check",
                file.display()
            ),
        ),
        (&["sweep", "--config", "none.toml"], "none.toml: cannot be read: No such file or directory".to_owned()),
    ] {
        let run = home.run(arguments);
        assert_eq!(run.code, 78, "{arguments:?} {run:?}");
        assert!(run.sentence().starts_with(&said), "{arguments:?}\nsaid:     {}\nexpected: {said}", run.sentence());
    }
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
