//! Layers over layers, and the words of what is wrong in one.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
};

use super::{Color, Layer, Layers, Places, load};

fn layers(folder: &tempfile::TempDir) -> Layers {
    let at = |name: &str| folder.path().join(name);
    Layers {
        places: Places {
            system_config: at("system.toml"),
            user_config: at("user.toml"),
            pack_dirs: vec![at("packs")],
            themes: at("themes"),
            data_dir: at("state"),
        },
        file: None,
        environment: HashMap::new(),
        flags: BTreeMap::new(),
    }
}

#[test]
fn every_layer_wins_over_the_one_before_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(&folder);
    let origin = |layers: &Layers, key: &str| {
        let (_, origins) = load(layers).unwrap();
        let origin = origins.into_iter().find(|o| o.key == key).unwrap();
        (origin.value, origin.layer)
    };
    assert_eq!(origin(&layers, "ui.theme"), ("dark".into(), Layer::Default));
    fs::write(&layers.places.system_config, "[ui]\ntheme = \"a\"\n").unwrap();
    assert_eq!(origin(&layers, "ui.theme"), ("a".into(), Layer::File(layers.places.system_config.clone())));
    fs::write(&layers.places.user_config, "[ui]\ntheme = \"b\"\n").unwrap();
    assert_eq!(origin(&layers, "ui.theme"), ("b".into(), Layer::File(layers.places.user_config.clone())));
    layers.file = Some(folder.path().join("mine.toml"));
    fs::write(folder.path().join("mine.toml"), "ui.theme = \"c\"\n").unwrap();
    assert_eq!(origin(&layers, "ui.theme").0, "c");
    layers.environment.insert("WARROOM__UI__THEME".into(), "d".into());
    assert_eq!(origin(&layers, "ui.theme"), ("d".into(), Layer::Environment("WARROOM__UI__THEME".into())));
    layers.flags.insert("ui.theme", "e".into());
    assert_eq!(origin(&layers, "ui.theme"), ("e".into(), Layer::Flag("ui.theme")));
    assert_eq!(load(&layers).unwrap().0.ui.theme, "e");
}

#[test]
fn variables_have_the_types_of_their_settings() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(&folder);
    for (name, value) in [
        ("WARROOM__PACK_DIRS", "/a:/b"),
        ("WARROOM__READ_ONLY", "true"),
        ("WARROOM__UI__COLOR", "16"),
        ("WARROOM__UI__FRAMES_PER_SECOND", "10"),
        ("WARROOM__DATA_GROUP", "1000"),
    ] {
        layers.environment.insert(name.into(), value.into());
    }
    let settings = load(&layers).unwrap().0;
    assert_eq!(settings.pack_dirs, ["/a", "/b"].map(std::path::PathBuf::from));
    assert!(settings.read_only);
    assert_eq!((settings.ui.color, settings.ui.frames_per_second), (Color::Ansi16, 10));
    assert_eq!(settings.data_group.as_deref(), Some("1000"));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(&folder);
    let path = layers.places.user_config.clone();
    let said = |layers: &Layers| load(layers).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>();
    let name = path.display();
    for (text, expected) in [
        ("read_only = \"perhaps\"\n", format!("{name}:1:13: `read_only` is not usable: ")),
        ("[ui]\n\nmouse = [1]\n", format!("{name}:3:9: `ui.mouse` is not usable: ")),
        ("[ui]\nframes_per_second = 0\n", format!("{name}:2:21: `ui.frames_per_second` must be between 1 and 60")),
        ("[ui]\ncolor = \"mauve\"\n", format!("{name}:2:9: `ui.color` is not usable: ")),
        ("[log]\nlevel = \"infoo\"\n", format!("{name}:2:9: `log.level` cannot be `infoo`")),
        ("colour = 1\n", format!("{name}:1:1: there is no setting `colour`")),
    ] {
        fs::write(&path, text).unwrap();
        let said = said(&layers);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with(&expected), "{said:?} should start with {expected}");
    }
    fs::remove_file(&path).unwrap();
    layers.file = Some(folder.path().join("absent.toml"));
    assert!(said(&layers)[0].contains("absent.toml: cannot be read"), "{:?}", said(&layers));
}

#[test]
fn the_example_of_the_settings_is_valid_with_and_without_its_comments_and_names_every_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut layers = layers(&folder);
    let example = include_str!("example.toml");
    let file = folder.path().join("example.toml");
    layers.file = Some(file.clone());
    fs::write(&file, example).unwrap();
    let defaults = load(&layers).unwrap();
    let is_key = |line: &str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let used: String = example
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|l| is_key(l)).unwrap_or(line).to_owned() + "\n")
        .collect();
    fs::write(&file, &used).unwrap();
    let (_, origins) = load(&layers).unwrap();
    for known in &defaults.1 {
        let origin = origins.iter().find(|origin| origin.key == known.key).unwrap();
        assert_eq!(origin.layer, Layer::File(file.clone()), "{}", known.key);
        let is_example = ["pack_dirs", "data_dir"].contains(&known.key.as_str());
        assert!(
            is_example || origin.value == known.value,
            "{}: {} is not the default {}",
            known.key,
            origin.value,
            known.value
        );
    }
}
