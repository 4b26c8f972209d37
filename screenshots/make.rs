//! Makes the pictures in this folder from the real program: `cargo run --release --features screenshots --example screenshots [NAME…]`.
//!
//! `shots.toml` says what is started, which keys are typed and what must stand on the screen before the picture is taken.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers: it tells what it does and stops at the first thing that fails"
)]

use std::{fs, path::Path, time::Duration};

use serde::Deserialize;

#[path = "../tests/lab/mod.rs"]
mod lab;
mod picture;
mod shapes;

use lab::{Terminal, TerminalOptions, key};

/// What `shots.toml` holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shots {
    shot: Vec<Shot>,
}

/// One scene, pictured once for each size as `NAME-COLUMNSxROWS.png`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shot {
    name: String,
    /// What is run; without it, this package's program.
    program: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
    /// `COLUMNSxROWS`.
    sizes: Vec<String>,
    #[serde(default)]
    environment: std::collections::BTreeMap<String, String>,
    /// The scene plays on the lab's servers: `$PACK` in the arguments is the pack for it.
    #[serde(default)]
    lab: bool,
    /// The terminal has a light background.
    #[serde(default)]
    light: bool,
    steps: Vec<Step>,
}

/// One thing to do before the picture is taken.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Step {
    /// Types keys; `<enter>`, `<esc>`, `<tab>`, `<up>`, `<down>`, `<left>`, `<right>`, `<ctrl-s>` stand for those keys.
    Keys(String),
    /// Waits for a text on the screen.
    Wait(String),
    /// Waits until a text is gone.
    Gone(String),
    /// Waits until nothing changes for so many milliseconds: less than a second, at which the clock changes, and far less on
    /// the lab, where some target answers at any time.
    Still(u64),
    /// Breaks or mends something in the lab, by its letter.
    Lab(char),
}

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let shots: Shots = toml::from_str(&fs::read_to_string(folder.join("shots.toml")).unwrap()).unwrap();
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&str> = shots.shot.iter().map(|shot| shot.name.as_str()).collect();
    for name in &wanted {
        assert!(names.iter().any(|known| known.starts_with(name)), "no shot is named {name}; there are {names:?}");
    }
    let mut stage = None;
    for shot in &shots.shot {
        if !wanted.is_empty() && !wanted.iter().any(|name| shot.name.starts_with(name.as_str())) {
            continue;
        }
        if shot.lab && stage.is_none() {
            say("starting the lab's servers");
            stage = Some(lab::Stage::start());
        }
        take(shot, stage.as_mut().filter(|_| shot.lab), &folder);
    }
}

/// What is being done, for who wonders why it takes so long.
fn say(what: &str) {
    eprintln!("screenshots: {what}");
}

fn take(shot: &Shot, mut stage: Option<&mut lab::Stage>, folder: &Path) {
    say(&format!("{} at {}", shot.name, shot.sizes.join(", ")));
    let pack = stage.as_ref().map(|stage| stage.pack().display().to_string()).unwrap_or_default();
    let terminals: Vec<Terminal> = shot.sizes.iter().map(|size| open(shot, size, &pack)).collect();
    for step in &shot.steps {
        say(&format!("  {step:?}"));
        match step {
            Step::Lab(letter) => {
                let stage = stage.as_mut().expect("the shot says `lab = true`");
                let done =
                    stage.play(*letter).unwrap_or_else(|reason| panic!("the lab cannot play {letter}: {reason}"));
                say(&format!("  {done}"));
            }
            _ => terminals.iter().for_each(|terminal| play(step, terminal)),
        }
    }
    let palette = if shot.light { picture::Palette::LIGHT } else { picture::Palette::DARK };
    for (size, terminal) in shot.sizes.iter().zip(&terminals) {
        let path = folder.join(format!("{}-{size}.png", shot.name));
        fs::write(&path, picture::png(&terminal.screen(), palette).unwrap()).unwrap();
        println!("{}", path.display());
    }
    if let Some(stage) = stage {
        stage.mend();
    }
}

fn open(shot: &Shot, size: &str, pack: &str) -> Terminal {
    let (columns, rows) = size.split_once('x').expect("a size is COLUMNSxROWS");
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/screenshots/pack");
    let filled = |argument: &String| argument.replace("$OWN_PACK", own).replace("$PACK", pack);
    let arguments: Vec<String> = shot.arguments.iter().map(filled).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut options = match &shot.program {
        Some(program) => TerminalOptions::new(program).arguments(&arguments),
        None => TerminalOptions::warroom(&arguments),
    };
    for (name, value) in &shot.environment {
        options = options.env(name, value);
    }
    options.size(columns.parse().unwrap(), rows.parse().unwrap()).start()
}

fn play(step: &Step, terminal: &Terminal) {
    /// The outage of a scene takes its time to be noticed. Who waits in vain is shown the screen.
    const PATIENCE: Duration = Duration::from_secs(60);
    match step {
        Step::Keys(keys) => terminal.keys(&spelled(keys)),
        Step::Wait(text) => {
            terminal.wait_within(PATIENCE, &format!("{text:?} is shown"), |screen| screen.contains(text));
        }
        Step::Gone(text) => {
            terminal.wait_within(PATIENCE, &format!("{text:?} is gone"), |screen| !screen.contains(text));
        }
        Step::Still(milliseconds) => terminal.wait_until_still(Duration::from_millis(*milliseconds)),
        Step::Lab(_) => unreachable!("the lab is not a terminal's business"),
    }
}

fn spelled(keys: &str) -> String {
    let names = [
        ("<enter>", key::ENTER),
        ("<esc>", key::ESCAPE),
        ("<tab>", key::TAB),
        ("<up>", key::UP),
        ("<down>", key::DOWN),
        ("<left>", key::LEFT),
        ("<right>", key::RIGHT),
        ("<ctrl-s>", key::CTRL_S),
    ];
    names.iter().fold(keys.to_owned(), |keys, (name, sent)| keys.replace(name, sent))
}
