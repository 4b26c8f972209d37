//! The picker: runbooks of the pack and earlier runs, found by a few letters; what fires now comes first.

use jiff::Timestamp;

use crate::{
    fuzzy,
    model::{Cursor, Input},
};
use warroom_domain::health::duration;
use warroom_room::run::{EarlierRun, Known, Library};
use warroom_runbook::{Risk, run::RunId};

/// What choosing a row opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Runbook(String),
    Run(RunId),
}

/// A row of the picker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickerItem {
    pub source: Source,
    pub title: String,
    /// Id and components; or when the run began, and by whom.
    pub about: String,
    /// What is said at the right: steps and risk, or where the run stands.
    pub state: String,
    pub risk: Option<Risk>,
    /// The alerts that fire now and call for it.
    pub alerts: Vec<String>,
    /// Further words that find it.
    words: String,
    /// Which characters of the title the query matched.
    pub matched: Vec<u32>,
}

/// The state of the picker.
#[derive(Debug, Clone)]
pub struct Picker {
    pub query: Input,
    pub cursor: Cursor,
    all: Vec<PickerItem>,
    /// What the query keeps, best first.
    pub items: Vec<PickerItem>,
}

impl Picker {
    /// `firing` are pairs of an alert that fires now and the runbook that it names, the worst first; `open_runs` first shows runs that are not
    /// over. `age` says how long ago a moment was.
    pub fn open(library: &Library, firing: &[(String, Option<String>)], age: impl Fn(Timestamp) -> String) -> Self {
        let mut picker =
            Picker { query: Input::default(), cursor: Cursor::default(), all: Vec::new(), items: Vec::new() };
        picker.query.editing = true;
        picker.fill(library, firing, age);
        picker
    }

    /// Takes a newer list over; query and selection stay.
    pub fn fill(&mut self, library: &Library, firing: &[(String, Option<String>)], age: impl Fn(Timestamp) -> String) {
        let chosen = self.chosen().cloned();
        let (mut called, others): (Vec<_>, Vec<_>) =
            library.runbooks.iter().partition(|known| call(known, firing) < NOT_CALLED);
        called.sort_by_key(|known| call(known, firing));
        let items = |known: Vec<&Known>| known.into_iter().map(|known| runbook(known, firing)).collect::<Vec<_>>();
        let (open, ended): (Vec<_>, Vec<_>) = library.runs.iter().partition(|run| run.open);
        let runs = |runs: Vec<&EarlierRun>| runs.into_iter().map(|run| earlier(run, &age)).collect::<Vec<_>>();
        self.all = [items(called), runs(open), items(others), runs(ended)].concat();
        self.search();
        if let Some(index) = chosen.and_then(|chosen| self.items.iter().position(|item| item.source == chosen)) {
            self.cursor.selected = index;
        }
    }

    /// Finds and ranks again, and goes to the best.
    pub fn search(&mut self) {
        self.cursor = Cursor::default();
        // Opening a runbook runs nothing.
        let rows = self.all.iter().map(|item| fuzzy::Row { name: &item.title, words: &item.words, acts: false });
        let found = fuzzy::rank(self.query.text(), rows);
        self.items =
            found.into_iter().map(|f| PickerItem { matched: f.matched, ..self.all[f.index].clone() }).collect();
    }

    pub fn chosen(&self) -> Option<&Source> {
        self.items.get(self.cursor.selected).map(|item| &item.source)
    }

    /// True when there is nothing to choose from, whatever is typed.
    pub fn is_bare(&self) -> bool {
        self.all.is_empty()
    }
}

/// Behind every runbook that something calls for.
const NOT_CALLED: (bool, usize) = (true, usize::MAX);

/// How loudly the alerts that fire call for a runbook, the loudest first: those that an alert itself names, then those that
/// name an alert; in each the order of the alerts.
fn call(known: &Known, firing: &[(String, Option<String>)]) -> (bool, usize) {
    let own = firing.iter().position(|(_, named)| named.as_deref() == Some(known.id.as_str()));
    let other = || firing.iter().position(|(alert, _)| known.front.triggers.contains(alert));
    own.map(|at| (false, at)).or_else(|| Some((true, other()?))).unwrap_or(NOT_CALLED)
}

fn runbook(known: &Known, firing: &[(String, Option<String>)]) -> PickerItem {
    let calls = |(alert, named): &&(String, Option<String>)| {
        named.as_deref() == Some(known.id.as_str()) || known.front.triggers.contains(alert)
    };
    let alerts: Vec<String> = firing.iter().filter(calls).map(|(alert, _)| alert.clone()).collect();
    let mut about = known.id.clone();
    if !known.front.components.is_empty() {
        about.push_str(&format!(" · {}", known.front.components.join(", ")));
    }
    about.extend(known.front.severity.iter().map(|severity| format!(" · {severity}")));
    about.extend(known.front.rto.map(|rto| format!(" · RTO {}", duration(rto))));
    let steps = if known.steps == 1 { "1 step".to_owned() } else { format!("{} steps", known.steps) };
    PickerItem {
        source: Source::Runbook(known.id.clone()),
        title: known.title.clone(),
        words: format!("{about} {} {}", known.front.triggers.join(" "), alerts.join(" ")),
        about,
        state: steps,
        risk: known.risk,
        alerts,
        matched: Vec::new(),
    }
}

fn earlier(run: &EarlierRun, age: impl Fn(Timestamp) -> String) -> PickerItem {
    let about = format!("run of {} by {}", age(run.started), run.by);
    PickerItem {
        source: Source::Run(run.id.clone()),
        title: run.title.clone(),
        words: format!("{about} {}", run.state),
        about,
        state: run.state.clone(),
        risk: None,
        alerts: Vec::new(),
        matched: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_runbook::FrontMatter;

    fn known(id: &str, title: &str, triggers: &[&str]) -> Known {
        Known {
            id: id.into(),
            title: title.into(),
            front: FrontMatter {
                components: vec!["database".into()],
                triggers: triggers.iter().map(|t| (*t).to_owned()).collect(),
                ..FrontMatter::default()
            },
            steps: 4,
            risk: Some(Risk::Change),
            diagnostics: 0,
        }
    }

    #[test]
    fn what_fires_now_and_what_is_not_over_come_first() {
        let run = |title: &str, open| EarlierRun {
            id: RunId(title.into()),
            title: title.into(),
            started: Timestamp::UNIX_EPOCH,
            by: "alice".into(),
            state: "2 of 4".into(),
            open,
        };
        let library = Library {
            runbooks: vec![
                known("redis", "Redis is full", &[]),
                known("failover", "Fail over", &["primary-down"]),
                known("restore", "Restore", &[]),
            ],
            runs: vec![run("old", false), run("under way", true)],
            ..Library::default()
        };
        let firing = [("primary-down".to_owned(), Some("restore".to_owned()))];
        let mut picker = Picker::open(&library, &firing, |_| "3h".into());
        let titles: Vec<&str> = picker.items.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(titles, ["Restore", "Fail over", "under way", "Redis is full", "old"]);
        assert_eq!(picker.items[0].alerts, ["primary-down"]);
        picker.query.fill("primary-down");
        picker.search();
        assert_eq!(picker.items.len(), 2, "triggers and alerts find a runbook, too");
    }
}
