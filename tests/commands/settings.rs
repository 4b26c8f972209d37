//! `warroom config`: layers over layers, each value with where it came from.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::home::Home;

/// Value and origin of one setting, as `config show --json` tells them.
#[track_caller]
fn shown(home: &Home, arguments: &[&str], key: &str) -> (String, String) {
    let run = home.run(&[&["config", "show", "--json"], arguments].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let all: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    let one = all.iter().find(|one| one["key"] == key).unwrap_or_else(|| panic!("{key}: {all:?}"));
    (one["value"].as_str().unwrap().to_owned(), one["from"].as_str().unwrap().to_owned())
}

#[test]
fn each_layer_covers_the_one_before_and_is_named() {
    let home = Home::new();
    assert_eq!(shown(&home, &[], "ui.theme"), ("dark".into(), "default".into()));
    let user = home.write(".config/warroom/config.toml", "[ui]\ntheme = \"light\"\nmouse = false\n");
    assert_eq!(shown(&home, &[], "ui.theme"), ("light".into(), user.display().to_string()));
    let further = home.write("further.toml", "ui.theme = \"solarized\"\n");
    let config = ["--config", further.to_str().unwrap()];
    assert_eq!(shown(&home, &config, "ui.theme"), ("solarized".into(), further.display().to_string()));
    let home = home.with("WARROOM__UI__THEME", "monochrome");
    assert_eq!(shown(&home, &config, "ui.theme"), ("monochrome".into(), "WARROOM__UI__THEME".into()));
    let flags = [&config[..], &["--theme", "high-contrast"]].concat();
    assert_eq!(shown(&home, &flags, "ui.theme"), ("high-contrast".into(), "--theme".into()));
    // What a higher layer does not mention stays.
    assert_eq!(shown(&home, &flags, "ui.mouse"), ("false".into(), user.display().to_string()));
}

#[test]
fn flags_are_settings_too() {
    let home = Home::new();
    for (flags, key, value) in [
        (&["--pack", "shop"][..], "pack", "shop"),
        (&["--environment", "staging"], "environment", "staging"),
        (&["--data-dir", "/srv/war"], "data_dir", "/srv/war"),
        (&["--read-only"], "read_only", "true"),
        (&["--no-color"], "ui.color", "never"),
    ] {
        assert_eq!(shown(&home, flags, key), (value.to_owned(), flags[0].to_owned()));
    }
}

#[test]
fn a_tilde_is_the_home_directory() {
    let home = Home::new();
    home.write(".config/warroom/config.toml", "pack_dirs = [\"~/packs\"]\n");
    home.write("packs/shop/platform.toml", "[platform]\nname = \"shop\"\n");
    assert!(home.run(&["pack", "list"]).out.contains("shop"));
}

#[test]
fn passwords_in_values_are_masked() {
    let home = Home::new().with("WARROOM__PACK", "https://u:hunter2@host/pack");
    assert_eq!(shown(&home, &[], "pack").0, "https://u:****@host/pack");
}

#[test]
fn config_check_points_at_the_line() {
    let home = Home::new();
    home.write(".config/warroom/config.toml", "[ui]\ntehme = \"light\"\n");
    let run = home.run(&["config", "check"]);
    assert_eq!(run.code, 78);
    for part in ["there is no setting `ui.tehme`", "config.toml:2:1", "tehme = \"light\"", "did you mean `ui.theme`?"] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let json = home.run(&["config", "check", "--json"]);
    let line: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&line["severity"], &line["line"], &line["column"]), (&"error".into(), &2.into(), &1.into()));
    assert!(home.run(&["pack", "list"]).sentence().contains("config.toml:2:1: there is no setting `ui.tehme`"));
}

#[test]
fn clean_settings_end_with_0() {
    let run = Home::new().run(&["config", "check"]);
    assert_eq!((run.code, run.out.as_str()), (0, "settings: nothing is wrong\n"));
}

#[test]
fn the_log_is_for_its_owner_only() {
    let home = Home::new();
    home.pack("shop", "");
    // Nothing is looked at, so that nothing is known.
    assert_eq!(home.run(&["sweep"]).code, 3);
    let log = home.path(".local/state/warroom/log");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&log), 0o700);
    let files: Vec<_> = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(mode(&files[0]), 0o600);
}

#[test]
fn a_data_directory_that_others_can_write_is_wrong() {
    let home = Home::new();
    let folder = home.path("data");
    std::fs::create_dir(&folder).unwrap();
    let check = || home.run(&["--data-dir", folder.to_str().unwrap(), "config", "check"]);
    let mode = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
    for (of_folder, command) in [(0o777, "chmod o-w"), (0o775, "chmod g-w")] {
        mode(of_folder);
        let run = check();
        assert_eq!(run.code, 78, "{run:?}");
        assert!(run.out.contains(command), "{run:?}");
    }
    mode(0o755);
    assert_eq!(check().code, 0);
}

#[test]
fn the_data_directory_is_made_for_its_owner_alone_whatever_the_umask() {
    for (umask, words) in
        [("000", "incident declare --severity P1 --title x --no-look"), ("002", "sweep"), ("000", "runbook run look")]
    {
        let home = Home::new().with("WARROOM", env!("CARGO_BIN_EXE_warroom"));
        home.pack("shop", "");
        home.write(".config/warroom/packs/shop/look.md", "# Look\n\n## Steps\n\n### 1. Look\n```bash\necho a\n```\n");
        let line = format!("umask {umask}; exec \"$WARROOM\" {words}");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &line]).env_clear().env("HOME", home.path("")).env("PATH", "/usr/bin:/bin");
        command.env("WARROOM", env!("CARGO_BIN_EXE_warroom")).env("XDG_STATE_HOME", home.path("state"));
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        assert!(home.path("state/warroom").is_dir(), "{words}: {output:?}");
        let mode = std::fs::metadata(home.path("state/warroom")).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o700, "{words}: {mode:o}");
    }
}

#[test]
fn what_the_console_refuses_is_refused_by_the_check() {
    for (text, said) in [
        ("[keys]\nhelp = \"ctrl-foo\"\n", "keys.help: "),
        ("[keys]\nzom = \"z\"\n", "keys.zom: there is no such action; did you mean `zoom`?"),
        ("[ui]\ntheme = \"solarised\"\n", "ui.theme: "),
    ] {
        let home = Home::new();
        home.write(".config/warroom/config.toml", text);
        let checked = home.run(&["config", "check"]);
        assert_eq!(checked.code, 78, "{text} {checked:?}");
        assert!(checked.out.contains(said) && checked.out.contains("config.toml:2"), "{text} {checked:?}");
    }
}
