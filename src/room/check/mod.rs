//! What a run needs, looked at before it begins: programs and their versions, credentials, the places where its steps act. Nothing is
//! changed by it, and nothing counts as there without proof.
//!
//! | module | what it is |
//! | --- | --- |
//! | `programs` | what is called on this machine, and what the runbook requires |
//! | `versions` | programs asked for their version |
//! | `credentials` | secrets of the runbook and of the databases that it names |
//! | `places` | databases, clusters, servers and accounts asked whether they answer |

mod credentials;
mod places;
mod programs;
mod versions;

use serde::Serialize;

use super::{Room, run::Values};
use warroom_runbook::{Action, Runbook};

/// How a look at one thing ended, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Proven.
    Ok,
    /// It could not be found out.
    Unknown,
    /// A step that needs it fails.
    Failed,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Unknown => "unknown",
            Verdict::Failed => "failed",
        }
    }
}

/// What kind of thing a run needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NeedKind {
    Program,
    Credential,
    Place,
}

impl NeedKind {
    pub fn word(self) -> &'static str {
        match self {
            NeedKind::Program => "program",
            NeedKind::Credential => "credential",
            NeedKind::Place => "place",
        }
    }
}

/// One thing that a run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    pub kind: NeedKind,
    pub name: String,
    pub verdict: Verdict,
    /// What proves it, or what is wrong.
    pub message: String,
    /// Where it is needed first.
    pub line: Option<usize>,
}

impl Need {
    /// What was found: the proof, or what is wrong and how bad that is.
    fn new(
        kind: NeedKind,
        name: impl Into<String>,
        found: Result<String, (Verdict, String)>,
        line: Option<usize>,
    ) -> Self {
        let (verdict, message) = found.map_or_else(|wrong| wrong, |proof| (Verdict::Ok, proof));
        Need { kind, name: name.into(), verdict, message, line }
    }
}

/// What a runbook needs, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub runbook: String,
    pub title: String,
    pub file: String,
    /// The worst.
    pub verdict: Verdict,
    pub needs: Vec<Need>,
}

impl Report {
    /// `1 failed, 2 unknown, 5 ok`.
    pub fn summary(&self) -> String {
        let counted = [Verdict::Failed, Verdict::Unknown, Verdict::Ok].map(|verdict| {
            let count = self.needs.iter().filter(|need| need.verdict == verdict).count();
            (count > 0).then(|| format!("{count} {}", verdict.word()))
        });
        let counted: Vec<String> = counted.into_iter().flatten().collect();
        if counted.is_empty() { "nothing needed".to_owned() } else { counted.join(", ") }
    }
}

/// Looks at everything that the runbook needs with these values of its variables. It takes seconds where somebody does not answer.
pub async fn check(room: &Room, document: &Runbook, values: &Values) -> Report {
    let mut needs = programs::needs(document).await;
    needs.extend(credentials::needs(room, document, values).await);
    needs.extend(places::needs(room, document, values).await);
    let mut once: Vec<Need> = Vec::new();
    for need in needs {
        let is_same =
            |known: &Need| (known.kind, &known.name, &known.message) == (need.kind, &need.name, &need.message);
        if !once.iter().any(is_same) {
            once.push(need);
        }
    }
    once.sort_by_key(|need| std::cmp::Reverse(need.verdict));
    Report {
        runbook: document.id.clone(),
        title: document.title.clone(),
        file: document.file.clone(),
        verdict: once.first().map_or(Verdict::Ok, |need| need.verdict),
        needs: once,
    }
}

/// Every action, those that are for a failure or a way back too.
fn actions(document: &Runbook) -> impl Iterator<Item = &Action> {
    document.steps().flat_map(warroom_runbook::Step::all_actions)
}
