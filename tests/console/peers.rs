//! What a command does the console does, and the other way round: one table, each row done at the keyboard and on a command line, with
//! the same words said and the same left behind.

use std::fs;

use crate::{
    hands::pick,
    lab::{
        Desk, Terminal,
        desk::{stderr, stdout},
        key,
    },
};

const RUNBOOK: &str =
    "---\nrequires: [no-such-program]\n---\n# Tidy up\n\n## Steps\n\n### 1. Look\n```bash\necho looked\n```\n";

const SEVERITY: &str = "\n[[severities]]\nlevel = \"P1\"\ntitle = \"A part is down\"\n";

/// One thing that can be done either way.
struct Behaviour {
    /// What the palette is asked for, and the name of the line that is taken.
    palette: &'static str,
    /// What is typed then; `FILE` is a path in the desk's folder.
    typed: &'static [&'static str],
    /// The command; `FILE` is the same path.
    command: &'static [&'static str],
    /// How it ends.
    code: i32,
    /// What both say.
    said: &'static str,
    /// What is there afterwards.
    left: fn(&Desk) -> String,
}

const BEHAVIOURS: [Behaviour; 6] = [
    Behaviour {
        palette: "Retitle",
        typed: &[" again", key::CTRL_S],
        command: &["incident", "retitle", "Orders fail again"],
        code: 0,
        said: "Orders fail again",
        left: |desk| {
            stdout(&desk.run(&["incident", "list"])).lines().last().unwrap_or_default().contains("again").to_string()
        },
    },
    Behaviour {
        palette: "Export the incident",
        typed: &[key::ENTER, "FILE", key::CTRL_S],
        command: &["incident", "export", "-o", "FILE"],
        code: 0,
        said: "export.out: ",
        left: |desk| fs::read_to_string(desk.path("export.out")).unwrap().contains("Orders fail").to_string(),
    },
    Behaviour {
        palette: "Export the incident",
        typed: &[key::RIGHT, key::RIGHT, key::RIGHT, key::RIGHT, key::RIGHT, key::ENTER, "FILE", key::CTRL_S],
        command: &["incident", "export", "--bundle", "-o", "FILE"],
        code: 0,
        said: " files, ",
        left: |desk| fs::read(desk.path("export.out")).unwrap().windows(10).any(|w| w == b"SHA256SUMS").to_string(),
    },
    Behaviour {
        palette: "Export the incident",
        typed: &[key::ENTER, "/nowhere/FILE", key::CTRL_S],
        command: &["incident", "export", "-o", "/nowhere/FILE"],
        code: 1,
        said: "cannot write /nowhere/",
        left: |desk| desk.path("export.out").exists().to_string(),
    },
    Behaviour {
        palette: "Verify the incident",
        typed: &[],
        command: &["incident", "verify"],
        code: 0,
        said: " is intact: ",
        left: |_| String::new(),
    },
    Behaviour {
        palette: "Check the runbook's needs",
        typed: &[],
        command: &["runbook", "check", "task"],
        code: 69,
        said: "1 failed",
        left: |desk| desk.path("data/runs").exists().to_string(),
    },
];

fn desk() -> Desk {
    let desk = Desk::new("", RUNBOOK).with_pack(SEVERITY);
    let declared = desk.run(&["incident", "declare", "--title", "Orders fail", "--severity", "P1"]);
    assert!(declared.status.success(), "{}", stderr(&declared));
    desk
}

impl Behaviour {
    fn at_the_keyboard(&self, desk: &Desk) {
        let terminal = desk.options(&[]).size(160, 45).start();
        terminal.wait_for("An incident is open");
        terminal.keys(key::ENTER);
        terminal.wait_for("P1 ");
        pick(&terminal, "Tidy up");
        palette(&terminal, self.palette);
        if !self.typed.is_empty() {
            // The hint of a sheet that waits for its first key.
            terminal
                .wait_until("the sheet is open", |screen| screen.contains("╭ Retitle") || screen.contains("╭ Export"));
        }
        for keys in self.typed {
            terminal.keys(&keys.replace("FILE", &file(desk, keys)));
        }
        terminal.wait_until(&format!("{:?} is said", self.said), |screen| joined(screen).contains(self.said.trim()));
    }

    fn on_the_command_line(&self, desk: &Desk) {
        let arguments: Vec<String> = self.command.iter().map(|word| word.replace("FILE", &file(desk, word))).collect();
        let done = desk.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let said = stdout(&done) + &stderr(&done);
        assert!(done.status.code() == Some(self.code) && said.contains(self.said), "{:?}: {said}", self.command);
    }
}

/// The file that a word names: in the desk's folder, or only its name.
fn file(desk: &Desk, word: &str) -> String {
    let path = desk.path("export.out").display().to_string();
    if word == "FILE" { path } else { "export.out".to_owned() }
}

/// Takes a line of the palette by its name.
fn palette(terminal: &Terminal, name: &str) {
    terminal.keys(":");
    terminal.wait_for("╭ Commands ");
    terminal.keys(name);
    terminal.wait_for(name);
    terminal.keys(key::ENTER);
}

/// The words of the screen as if no line were wrapped.
fn joined(screen: &str) -> String {
    screen.split_whitespace().filter(|word| !word.contains(['│', '─'])).collect::<Vec<_>>().join(" ")
}

#[test]
fn both_front_ends_do_the_same() {
    for behaviour in &BEHAVIOURS {
        let (keyboard, line) = (desk(), desk());
        behaviour.at_the_keyboard(&keyboard);
        behaviour.on_the_command_line(&line);
        assert_eq!((behaviour.left)(&keyboard), (behaviour.left)(&line), "{}", behaviour.palette);
    }
}
