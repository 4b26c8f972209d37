//! What shells and `man` are given.

use crate::home::Home;

#[test]
fn every_shell_gets_a_script_that_knows_the_subcommands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = home.run(&["completions", shell]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("sweep") && run.out.contains("environment"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_every_subcommand() {
    let run = Home::new().run(&["man"]);
    assert_eq!(run.code, 0);
    for page in [".TH warroom 1", ".TH warroom-sweep 1", ".TH warroom-pack-check 1", ".TH warroom-probe-run 1"] {
        assert!(run.out.contains(page), "{page}");
    }
}

#[test]
fn broken_settings_do_not_keep_a_shell_from_its_completions() {
    let home = Home::new().with("WARROOM__UI__TEHME", "x");
    assert_eq!(home.run(&["completions", "bash"]).code, 0);
    assert_eq!(home.run(&["man"]).code, 0);
}
