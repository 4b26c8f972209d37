//! The data of a runbook, as it stands after parsing.

use std::{collections::HashMap, fmt, ops::Range, sync::Arc, time::Duration};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::{
    risk::{Assessment, Risk},
    shell::Script,
    sql,
};
use warroom_domain::platform::{Diagnostic, Expression};

/// A Markdown document with steps. Always made, however odd the document; what was odd is in `diagnostics`.
#[derive(Debug, Clone)]
pub struct Runbook {
    /// From the front matter, else the file's name without `.md`.
    pub id: String,
    /// The first heading, else the front matter's title, else the id; the front matter's before a heading of a lower level.
    pub title: String,
    /// The file as the user named it.
    pub file: String,
    /// The whole document, unchanged; every span of the document counts bytes in it.
    pub source: Arc<str>,
    pub front: FrontMatter,
    /// In document order. Text before the first second-level heading is a section of kind `Overview` without a title.
    pub sections: Vec<Section>,
    /// The shell of its actions, taken apart to say what they can do. The linter looks at the same; it reads what is not here.
    pub scripts: Scripts,
    pub diagnostics: Vec<Diagnostic>,
}

/// The shell of actions, taken apart.
pub type Scripts = HashMap<ActionId, Arc<Script>>;

impl Runbook {
    /// Every step of every section, in document order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.sections.iter().flat_map(|section| &section.steps)
    }

    pub fn steps_of(&self, kind: SectionKind) -> impl Iterator<Item = &Step> {
        self.sections.iter().filter(move |section| section.kind == kind).flat_map(|section| &section.steps)
    }

    /// The steps that roll the whole run back, when a section says how. A section of prose and links has nothing to do, so it does
    /// not stand in the way of what the steps themselves say takes them back.
    pub fn rollback_steps(&self) -> impl Iterator<Item = &Step> {
        let has_work = |step: &Step| !step.actions.is_empty() || !step.checks.is_empty();
        let counts =
            self.steps_of(SectionKind::Rollback).any(has_work) || self.steps().all(|step| step.undo.is_empty());
        self.steps_of(SectionKind::Rollback).filter(move |_| counts)
    }

    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps().find(|step| step.id == *id)
    }

    /// The action and the step that holds it (also as a remedy or as its own undo).
    pub fn action(&self, id: &ActionId) -> Option<(&Step, &Action)> {
        self.steps().find_map(|step| {
            let action = step.all_actions().find(|action| action.id == *id)?;
            Some((step, action))
        })
    }
}

/// What the YAML block before the first heading says. All of it is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    pub components: Vec<String>,
    pub severity: Option<String>,
    pub rto: Option<Duration>,
    pub rpo: Option<Duration>,
    pub estimated: Option<Duration>,
    /// Programs that must be on the `PATH`, by name; a version condition (`psql >= 16`) is kept as written.
    pub requires: Vec<String>,
    pub roles: Vec<String>,
    /// Alert or probe ids that make this runbook the one to open.
    pub triggers: Vec<String>,
    pub vars: IndexMap<String, Variable>,
}

/// A second-level heading and what belongs to it.
#[derive(Debug, Clone)]
pub struct Section {
    pub title: String,
    pub kind: SectionKind,
    /// Bytes of the section's own text, before its first step, heading not included.
    pub body: Range<usize>,
    /// 1-based line of the heading.
    pub line: usize,
    pub steps: Vec<Step>,
}

/// The sections of the template that operations teams use; anything else is kept and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionKind {
    Overview,
    Prerequisites,
    EstimatedTime,
    Steps,
    Verification,
    Rollback,
    Notes,
    Other,
}

/// Names a step within its runbook: a slug of section and title (`restore-from-backup`, `verification-row-counts`), unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub String);

/// Names an action within its runbook: the step's id, a slash, and its number in the step from 1 (`restore/2`); the actions
/// of a step's own undo are `restore/undo-1`, those for its failure `restore/remedy-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActionId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One item of a runbook.
#[derive(Debug, Clone)]
pub struct Step {
    pub id: StepId,
    /// As the heading says it: `1`, `2.3`, `A`.
    pub number: Option<String>,
    pub title: String,
    /// Set when the step belongs to one of several alternatives, of which one is chosen.
    pub option: Option<OptionKey>,
    /// Bytes of everything below the heading, fences included, up to the next step: what the step view renders. It starts at an
    /// earlier heading when that one has text of its own and is no step.
    pub body: Range<usize>,
    /// 1-based line of the heading.
    pub line: usize,
    /// `- [ ]` items, and what is expected of its actions in prose.
    pub checks: Vec<Check>,
    pub actions: Vec<Action>,
    /// Bytes of the list after `**If it fails:**`.
    pub if_it_fails: Option<Range<usize>>,
    /// The actions after `**If it fails:**`: offered when the step has failed, run at no other time.
    pub remedies: Vec<Action>,
    /// The actions after `**Rollback:**` in this step: its own undo.
    pub undo: Vec<Action>,
}

impl Step {
    pub fn kind(&self) -> StepKind {
        if self.actions.is_empty() { StepKind::Manual } else { StepKind::Executable }
    }

    /// Its actions, then its remedies, then its undo.
    pub fn all_actions(&self) -> impl Iterator<Item = &Action> {
        self.actions.iter().chain(&self.remedies).chain(&self.undo)
    }

    /// The worst risk of its actions.
    pub fn risk(&self) -> Option<Risk> {
        self.actions.iter().map(|action| action.assessment.risk).max()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// A check mark by a person.
    Manual,
    /// It has commands.
    Executable,
}

/// `### Option A: Restore in place`: headings of this shape in a row are one group of alternatives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OptionKey {
    /// The id of the group's first step; `--option GROUP=KEY`.
    pub group: String,
    /// `A`, or the heading's own word.
    pub key: String,
    /// `Restore in place`.
    pub title: String,
}

/// A `- [ ]` item, or an expected output in prose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub text: String,
    /// The action whose output a person compares with the text: what is expected of it is prose, which no program can compare. The
    /// step is not done before that.
    pub about: Option<ActionId>,
    /// Ticked in the document itself.
    pub ticked: bool,
    /// 1-based.
    pub line: usize,
}

impl Check {
    /// What the person is asked, as a check list says it.
    pub fn question(&self) -> String {
        match self.about {
            Some(_) => format!("Is this what you see: {}", self.text),
            None => self.text.clone(),
        }
    }
}

/// A command block that can be run on its own.
#[derive(Debug, Clone)]
pub struct Action {
    pub id: ActionId,
    /// From the bold line or list item right before the fence, or from the comment that numbers the part.
    pub name: Option<String>,
    pub language: Language,
    /// What is run: the bytes of `spans`, one after the other, as they stand in the document (without a list's indentation and
    /// without the prompts of a console fence), with variables in the place of `<placeholders>`.
    pub code: String,
    /// Where `code` stands in the document.
    pub spans: Vec<Range<usize>>,
    /// Variables in `code` that take the place of placeholders, in order.
    pub filled: Vec<Filled>,
    /// Why a person is asked before each run of it, whatever its risk is.
    pub asks: Option<Asks>,
    /// 1-based line of the first line of code.
    pub line: usize,
    pub attributes: Attributes,
    /// What success looks like, in the order of the document.
    pub expected: Vec<Expectation>,
    pub assessment: Assessment,
}

/// A variable in the place of a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Bytes of the code that stand in the place of what is written.
    pub span: Range<usize>,
    /// What is written: `<pod-name>`.
    pub written: String,
}

/// Why an action is never run by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asks {
    /// Nothing says that it is commands.
    Unlabelled,
    /// A `# ` before it is taken for the prompt of a root shell, and may be a comment.
    RootPrompt,
    /// It stands in text that is folded away: what is done in some cases.
    Collapsed,
    /// It stands among alternatives that are not understood.
    NotUnderstood,
    /// Its document leaves it out when all is run.
    Excluded,
}

impl Asks {
    /// As it is marked next to the risk.
    pub fn word(self) -> &'static str {
        match self {
            Asks::Unlabelled => "unlabelled: always asks",
            Asks::RootPrompt => "root prompt: always asks",
            Asks::Collapsed => "collapsed: always asks",
            Asks::NotUnderstood => "unclear alternatives: always asks",
            Asks::Excluded => "excluded: always asks",
        }
    }
}

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Asks::Unlabelled => "unlabelled: the fence does not say that it holds commands, so each run asks",
            Asks::RootPrompt => "the `# ` before this command is taken for a root prompt, so each run asks",
            Asks::Collapsed => "this command is in a collapsed part of the document, so each run asks",
            Asks::NotUnderstood => "this command is one of several alternatives that cannot be read, so each run asks",
            Asks::Excluded => "the document excludes this command from running with the others, so each run asks",
        })
    }
}

impl Action {
    /// The byte of what is written, `spans` joined, for one of `code`.
    pub fn written_at(&self, at: usize, end: bool) -> usize {
        let (mut in_code, mut in_text) = (0, 0);
        for filled in &self.filled {
            if at < filled.span.start || at == filled.span.start && end {
                break;
            }
            in_text += filled.span.start - in_code;
            if at < filled.span.end {
                return if end { in_text + filled.written.len() } else { in_text };
            }
            in_text += filled.written.len();
            in_code = filled.span.end;
        }
        in_text + (at - in_code)
    }

    /// False for comments and nothing else: running them does nothing, and what they say is for a person to do.
    pub fn has_command(&self) -> bool {
        match self.language {
            Language::Bash => {
                self.code.lines().any(|line| !matches!(line.trim_start().chars().next(), None | Some('#')))
            }
            Language::Sql => {
                let script = sql::analyse(&self.code);
                !script.statements.is_empty() || !script.meta_commands.is_empty() || script.problem.is_some()
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// `bash`, `sh`, `shell`, `zsh`, `console`, `shell-session`: all are run by bash.
    Bash,
    Sql,
}

/// What the words in braces after a fence's language say.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// The action is ended after this long.
    pub timeout: Option<Duration>,
    pub risk: Option<Risk>,
    /// Why `risk` may be lower than what the commands say.
    pub because: Option<String>,
    /// It needs a terminal; its output still goes to the pane.
    pub tty: bool,
    /// The person's terminal is handed over until it ends.
    pub interactive: bool,
    /// The database that SQL runs in: the id of a postgres probe of the pack.
    pub db: Option<String>,
    /// Another database of that server: a name, or `$NAME` of a variable that holds one.
    pub database: Option<String>,
    /// SQL may write; without it the transaction is READ ONLY.
    pub write: bool,
    pub capture: Option<Capture>,
    /// `retry=5 every=10s`: a polling wait.
    pub poll: Option<Poll>,
    /// It may run beside the other `parallel` actions right before and after it.
    pub parallel: bool,
    /// A kube context other than the environment's; must be one that the pack names.
    pub context: Option<String>,
    /// CEL over the probes; the action is not offered while it is false.
    pub gate: Option<Expression>,
    /// Its output is evidence by intent: kept in the incident's bundle under its own heading.
    pub evidence: bool,
}

impl Attributes {
    /// The variable that names the database.
    pub fn database_variable(&self) -> Option<&str> {
        let name = self.database.as_deref()?.strip_prefix('$')?;
        Some(name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name))
    }
}

/// `capture=NAME`: standard output, without the last line break, becomes the variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    pub variable: String,
    /// `capture=NAME:/json/pointer` takes one value of JSON output.
    pub pointer: Option<String>,
}

/// Try again until it succeeds: at most `retries` more times, `every` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Poll {
    pub retries: u32,
    pub every: Duration,
}

/// What the output must be for the action to count as done.
#[derive(Debug, Clone)]
pub enum Expectation {
    /// A fence after `**Expected Output:**`, lines there that are inline code, or the rest of a console fence. Compared line by line
    /// after trimming white space at the ends of lines; a line that is `...` or `…` stands for any number of lines. Prose is a
    /// [`Check`] instead.
    Text { text: String, line: usize },
    /// `expect="regex"`: must match somewhere in the output.
    Regex { pattern: String, line: usize },
    /// `expect-contains="text"`.
    Contains { text: String, line: usize },
    /// `expect-json="CEL"`: a condition on the output as JSON, which is the variable `output`.
    Json { condition: Expression, line: usize },
}

/// A value that the runbook asks for; commands see it as an environment variable of this name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variable {
    /// The question; the name when there is none.
    pub prompt: Option<String>,
    pub default: Option<String>,
    pub kind: VariableKind,
    /// A regular expression that the whole value must match.
    pub pattern: Option<String>,
    pub choices: Vec<String>,
    /// Never shown, stored or written anywhere.
    pub secret: bool,
    /// A read-only command whose output lines are the choices (or, when it prints one line and there is no default, the default).
    pub from: Option<String>,
    /// False means that the value may be empty.
    pub required: bool,
    /// It stands for a `<placeholder>`: a variable of this machine that has the same name is no value for it.
    pub placeholder: bool,
    /// 1-based line in the document.
    pub line: usize,
}

/// What a value must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VariableKind {
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// RFC 3339 with a zone; stored as UTC.
    Time,
    /// A path of a file that exists.
    File,
}
