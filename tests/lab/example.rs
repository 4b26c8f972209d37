//! The lab by hand: `cargo run --example lab` starts a small shop on real servers and says how to open the console on it.
//!
//! Letters on standard input break things and mend them again. The end of the input or Ctrl-C takes everything down.

#[path = "mod.rs"]
mod lab;

use std::io::{BufRead, Write, stdin, stdout};

fn main() {
    say("starting PostgreSQL, Redis, Prometheus, Kubernetes and the rest …");
    let mut stage = lab::Stage::start();
    say(&format!(
        "\nThe lab runs. In another terminal:\n\n    cargo run --release -- --pack {}\n",
        stage.pack().display()
    ));
    say("Type a letter and Enter to break something, the same letter again to mend it:\n");
    for (letter, fault, undo) in lab::FAULTS {
        say(&format!("    {letter}  {fault} / {undo}"));
    }
    say("    u  undo everything\n    q  take the lab down (so does Ctrl-C)\n");
    // Ctrl-C ends this process without ceremony: the reaper ends the servers and removes the folder.
    for line in stdin().lock().lines() {
        let Ok(line) = line else { break };
        for letter in line.chars().filter(|letter| !letter.is_whitespace()) {
            match letter {
                'q' => return,
                'u' => {
                    stage.mend();
                    say("everything is mended");
                }
                _ => match stage.play(letter) {
                    Ok(done) => say(done),
                    Err(why_not) => say(&why_not),
                },
            }
        }
        if !stage.broken().is_empty() {
            say(&format!("broken now: {}", stage.broken().iter().map(char::to_string).collect::<Vec<_>>().join(" ")));
        }
    }
}

fn say(text: &str) {
    // Nobody may be reading any more; that is no reason to leave servers behind.
    let _ = writeln!(stdout(), "{text}");
}
