//! Somebody at a terminal who runs a runbook: does what a person has to do, and decides when a step fails.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::DotMac;
use crate::lab::Terminal;

/// How long nothing may happen on the screen.
const PATIENCE: Duration = Duration::from_secs(100);

/// A run before its start.
pub struct Run<'a> {
    dotmac: &'a DotMac,
    arguments: Vec<String>,
    /// What is answered when a step fails: a part of its title, and the answer. Each is used once, in order.
    decisions: Vec<(String, String)>,
    /// What happens to the world while a person looks at a step: a part of its title, and what is done. Each is done once.
    meanwhile: Vec<Meanwhile<'a>>,
    /// The run that is gone on with.
    resumes: Option<String>,
}

type Meanwhile<'a> = (String, Box<dyn FnOnce() + 'a>);

impl<'a> Run<'a> {
    pub fn new(dotmac: &'a DotMac, runbook: &str) -> Run<'a> {
        let arguments = ["runbook", "run", runbook, "--confirm", "destructive"].map(str::to_owned).to_vec();
        Run { dotmac, arguments, decisions: Vec::new(), meanwhile: Vec::new(), resumes: None }
    }

    /// Gives a variable its value.
    pub fn var(self, name: &str, value: impl AsRef<str>) -> Self {
        self.arguments(&["--var", &format!("{name}={}", value.as_ref())])
    }

    /// Takes the alternative `key` (`a`) of a group, named by the number or id that the program gives it.
    pub fn option(self, group: &str, key: &str) -> Self {
        self.arguments(&["--option", &format!("{group}={key}")])
    }

    /// Skips the steps before this one.
    pub fn from(self, step: &str) -> Self {
        self.arguments(&["--from", step])
    }

    /// Goes on with a run that was left open.
    pub fn resume(mut self, run: &Done) -> Self {
        self.resumes = run.run.clone();
        let name = self.arguments.iter().position(|argument| argument == "run").map(|at| at + 1);
        self.arguments.remove(name.expect("a run names its runbook"));
        self.arguments(&["--resume", run.run.as_deref().expect("the run has begun")])
    }

    pub fn arguments(mut self, more: &[&str]) -> Self {
        self.arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// When a step of this title (or a part of it) fails, this is answered: `r`, `s REASON`, `g REASON`, `u`, `b` or `q`. When the gate
    /// stops an action of this title: a reason to go on. Without a decision the run is left there. Of a manual step: `n` or `s REASON`
    /// instead of `y`.
    pub fn decide(mut self, title: &str, answer: &str) -> Self {
        self.decisions.push((title.to_owned(), answer.to_owned()));
        self
    }

    /// When the person comes to a manual step of this title (or a part of it), or is asked about a failed one, this happens first. It is
    /// how a test breaks what a later step, or a verification, is to notice.
    pub fn meanwhile(mut self, title: &str, happens: impl FnOnce() + 'a) -> Self {
        self.meanwhile.push((title.to_owned(), Box::new(happens)));
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn go(self) -> Done {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let before = runs(&self.dotmac.path("data/runs"));
        let mut terminal = self.dotmac.program(&arguments).size(200, 60).start();
        let mut decisions = self.decisions.into_iter().peekable();
        let mut meanwhile = self.meanwhile;
        let (mut seen, mut last) = (0, Instant::now());
        loop {
            let running = terminal.is_running();
            let output = terminal.output();
            let new = String::from_utf8_lossy(&output[seen..]).into_owned();
            if let Some(answer) = answer(&new, &mut decisions) {
                let step = asked_about(&new).unwrap_or_default();
                if let Some(at) = meanwhile.iter().position(|(title, _)| step.contains(title.as_str())) {
                    (meanwhile.remove(at).1)();
                }
                seen = output.len();
                last = Instant::now();
                terminal.keys(&format!("{answer}\r"));
            } else if !running {
                break;
            }
            if output.len() > seen && new.ends_with('\n') {
                last = Instant::now();
            }
            assert!(last.elapsed() < PATIENCE, "nothing happens any more:\n{}", tail(&output));
            std::thread::sleep(Duration::from_millis(15));
        }
        let code = terminal.exit().code();
        let said = plain(&terminal);
        let mut undecided: Vec<_> = decisions.map(|(title, _)| title).collect();
        undecided.extend(meanwhile.into_iter().map(|(title, _)| title));
        assert!(undecided.is_empty(), "it did not come to {undecided:?}:\n{said}");
        let after = runs(&self.dotmac.path("data/runs"));
        let run = self.resumes.or_else(|| after.into_iter().find(|run| !before.contains(run)));
        let events = run.as_ref().map(|run| events(&self.dotmac.path("data/runs").join(run))).unwrap_or_default();
        Done { code, said, events, run }
    }
}

/// The line with the title of the step that the person is asked about: a manual one's stands above what it asks for, which is indented.
fn asked_about(new: &str) -> Option<&str> {
    let mut lines = new.lines().rev();
    let question = lines.next()?;
    match question.ends_with("q stop here: ") {
        true => Some(question),
        false => lines.find(|line| !line.is_empty() && !line.starts_with("  ")),
    }
}

/// What a person answers to the question that the output ends with; `None` when it asks nothing.
#[track_caller]
fn answer(new: &str, decisions: &mut std::iter::Peekable<std::vec::IntoIter<(String, String)>>) -> Option<String> {
    // Items of a step with commands: what is decided about the commands' failure is not for them.
    let ticks = new.ends_with("Done? [y], or Enter to stop here: ");
    if ticks || new.ends_with("Done? [y], or s and a reason to skip: ") {
        let step = asked_about(new).unwrap_or_default();
        let wanted = decisions.next_if(|(title, answer)| step.contains(title.as_str()) && (!ticks || answer == "n"));
        return Some(wanted.map_or_else(|| "y".to_owned(), |(_, answer)| answer));
    }
    let (fails, is_refused) = (new.ends_with("q stop here: "), new.ends_with("or Enter not to: "));
    if fails || is_refused {
        let question = if fails { new.lines().last().unwrap_or_default() } else { new };
        let wanted = decisions.peek().is_some_and(|(title, _)| question.contains(title.as_str()));
        return Some(match (wanted, fails) {
            (true, _) => decisions.next().unwrap().1,
            (false, true) => "q".to_owned(),
            (false, false) => String::new(),
        });
    }
    let open = new.ends_with("Which? ") || new.ends_with("Run it? [y/N] ") || new.ends_with("to run it: ");
    assert!(!open, "nobody told what to answer here:\n{new}");
    None
}

/// A run after its end.
pub struct Done {
    pub code: Option<i32>,
    /// What stood on the screen, without colours.
    pub said: String,
    pub events: Vec<Value>,
    run: Option<String>,
}

impl Done {
    /// Every step was done and every verification passed.
    #[track_caller]
    pub fn completed(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.said);
        assert_eq!(self.outcome(), "completed", "{}", self.said);
        self
    }

    /// It stopped before an action of this title, which the gate did not let through.
    #[track_caller]
    pub fn stopped_before(self, title: &str) -> Self {
        assert_eq!(self.code, Some(4), "{}", self.said);
        assert!(self.said.contains(&format!("{title} was not run")), "{title} was run:\n{}", self.said);
        self
    }

    /// Somebody said of a manual step that it is not done.
    #[track_caller]
    pub fn left_open(self) -> Self {
        assert_eq!(self.code, Some(4), "{}", self.said);
        assert_eq!(self.outcome(), "open", "{}", self.said);
        self
    }

    /// It stopped because a step of this title failed.
    #[track_caller]
    pub fn failed_at(self, title: &str) -> Self {
        assert_eq!(self.code, Some(1), "{}", self.said);
        assert!(self.said.contains(&format!("{title} failed.")), "{title} did not fail:\n{}", self.said);
        self
    }

    /// It came to its end, and something on the way was not as it should be.
    #[track_caller]
    pub fn ended_as_failed(self) -> Self {
        assert_eq!(self.outcome(), "failed", "{}", self.said);
        self
    }

    #[track_caller]
    pub fn rolled_back(self) -> Self {
        assert_eq!(self.outcome(), "rolled_back", "{}", self.said);
        self
    }

    /// A text stood on the screen.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.said.contains(text), "{text:?} was not said:\n{}", self.said);
        self
    }

    fn outcome(&self) -> &str {
        self.events.last().and_then(|event| event["outcome"].as_str()).unwrap_or("open")
    }
}

fn runs(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

fn events(run: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(run.join("events.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn plain(terminal: &Terminal) -> String {
    let output = terminal.output();
    String::from_utf8_lossy(&output).replace('\r', "")
}

fn tail(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output).replace('\r', "");
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
