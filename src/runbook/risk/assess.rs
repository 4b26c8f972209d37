//! One action: the risk of each of its commands, and the worst of them.

use std::{collections::HashSet, ops::Range};

use indexmap::IndexMap;

use super::{
    Assessment, Declared, Reason, Risk, database, files, http, redis_cli,
    table::{Fit, Program, Reader, Row, table},
};
use crate::runbook::{
    document::{Attributes, Language},
    shell::{self, Invocation, PartKind, Script, Word},
    sql,
};

/// Reasons beyond this many are not shown; all of them count.
const MOST_REASONS: usize = 40;

/// Says what an action can do. Never fails: what cannot be read counts as destructive.
pub fn assess(language: Language, code: &str, attributes: &Attributes) -> Assessment {
    match language {
        Language::Bash => assess_script(&shell::analyse(code), code, attributes),
        Language::Sql => {
            let mut findings = Findings::default();
            database::script(&sql::analyse(code), &shell::Text::verbatim(code, 0), None, &mut findings);
            findings.finish(code, attributes)
        }
    }
}

/// As [`assess`] for shell that has been taken apart already.
pub fn assess_script(script: &Script, code: &str, attributes: &Attributes) -> Assessment {
    let mut findings = Findings::default();
    if let Some(problem) = &script.problem {
        let text = format!("the commands cannot be read: {}", problem.message);
        findings.add(Risk::Destructive, text, problem.span.clone());
    }
    for unseen in &script.unseen {
        findings.add(Risk::Destructive, unseen.what.clone(), unseen.span.clone());
    }
    let functions: HashSet<&str> = script.functions.iter().map(String::as_str).collect();
    for invocation in &script.commands {
        command(script, &functions, invocation, &mut findings);
    }
    findings.finish(code, attributes)
}

/// What has been found out so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    reasons: Vec<Reason>,
    /// Text and place of the reasons; a reading counts once wherever it stands.
    known: HashSet<(String, Option<usize>)>,
    /// Each with the worst that is done to it.
    targets: IndexMap<String, Risk>,
    external: bool,
}

impl Findings {
    pub(super) fn add(&mut self, risk: Risk, text: String, span: Range<usize>) {
        // The first of each kind of reading is enough to say that nothing is changed.
        let place = (risk > Risk::Read).then_some(span.start);
        if self.known.insert((text.clone(), place)) {
            self.reasons.push(Reason { risk, text, span });
        }
    }

    pub(super) fn target(&mut self, risk: Risk, name: impl Into<String>) {
        let name = name.into();
        if name.is_empty() {
            return;
        }
        let worst = self.targets.entry(name).or_insert(risk);
        *worst = risk.max(*worst);
    }

    pub(super) fn outside(&mut self) {
        self.external = true;
    }

    fn finish(mut self, code: &str, attributes: &Attributes) -> Assessment {
        let computed = self.reasons.iter().map(|reason| reason.risk).max().unwrap_or(Risk::Read);
        let declared = attributes.risk.map(|risk| Declared { risk, computed, reason: attributes.because.clone() });
        let reasoned = attributes.because.as_deref().is_some_and(|because| !because.trim().is_empty());
        let risk = match attributes.risk {
            Some(risk) if risk >= computed || reasoned => risk,
            _ => computed,
        };
        if risk > computed {
            let because = attributes.because.as_deref().map(|because| format!(": {because}")).unwrap_or_default();
            let text = format!("the runbook says that this is {risk}{because}");
            self.reasons.push(Reason { risk, text, span: 0..code.len() });
        }
        if self.reasons.is_empty() {
            self.reasons.push(Reason {
                risk: Risk::Read,
                text: "no command is run in it".to_owned(),
                span: 0..code.len(),
            });
        }
        self.reasons.sort_by(|one, other| other.risk.cmp(&one.risk).then(one.span.start.cmp(&other.span.start)));
        self.reasons.truncate(MOST_REASONS);
        // What a person types is what the worst commands act on.
        let targets = self
            .targets
            .into_iter()
            .filter(|(_, of)| *of >= computed && *of > Risk::Read)
            .map(|(name, _)| name)
            .collect();
        Assessment { risk, external: self.external, reasons: self.reasons, targets, declared }
    }
}

/// Variables that make any program run other code.
const LOADING: &[&str] =
    &["LD_PRELOAD", "LD_AUDIT", "BASH_ENV", "ENV", "PROMPT_COMMAND", "GIT_SSH_COMMAND", "GIT_EXTERNAL_DIFF"];

fn command(script: &Script, functions: &HashSet<&str>, invocation: &Invocation, findings: &mut Findings) {
    files::redirects(script, invocation, findings);
    let span = invocation.span.clone();
    for one in invocation.assignments.iter().filter(|one| LOADING.contains(&one.name.as_str())) {
        findings.add(Risk::Change, format!("{} makes the program run other code", one.name), one.span.clone());
    }
    if invocation.words.is_empty() {
        return;
    }
    let Some(name) = invocation.program().filter(|_| is_certain(invocation)) else {
        let word = invocation.words.first().map(|word| word.raw.as_str()).unwrap_or_default();
        return findings.add(
            Risk::Destructive,
            format!("{word} is a program whose name is known only when it runs"),
            span,
        );
    };
    // A function's body is rated where it stands. A name that is also a program's may mean that program after all.
    if functions.contains(name) && invocation.through.is_empty() && table().program(name).is_none() {
        return;
    }
    let only_argument = match invocation.words.as_slice() {
        [_, argument] => argument.literal.as_deref(),
        _ => None,
    };
    if matches!(only_argument, Some("--version" | "--help")) {
        return findings.add(Risk::Read, format!("{name} only tells about itself"), span);
    }
    if let Some(compose) = compose(name, invocation) {
        if let Some(program) = table().program("docker-compose") {
            known(script, &compose, &format!("{name} compose"), program, findings);
        }
        return;
    }
    match table().program(name) {
        Some(program) => known(script, invocation, name, program, findings),
        None => findings.add(Risk::Change, format!("{name} is a program that is not known here"), span),
    }
}

/// The program's name is what will run: no file name pattern, and no escape that only the shell reads (`$'\x72m'`).
fn is_certain(invocation: &Invocation) -> bool {
    invocation.words.first().is_some_and(|word| {
        let pattern = word.parts.iter().any(|part| matches!(part.kind, PartKind::Glob(_)));
        let odd = word.literal.as_deref().is_some_and(|name| name.contains(['\\', ' ', '\n']));
        !odd && (!pattern || word.literal.as_deref() == Some("["))
    })
}

/// `docker compose …` as a program of its own: its flags differ from those of `docker`.
fn compose(name: &str, invocation: &Invocation) -> Option<Invocation> {
    if !matches!(name, "docker" | "podman" | "nerdctl") {
        return None;
    }
    let values = ["-H", "--host", "--context", "-c", "--config", "--log-level", "-l"];
    let first = invocation.positional(&values).first().copied()?;
    let at = invocation
        .words
        .iter()
        .position(|word| word.span == first.span && word.literal.as_deref() == Some("compose"))?;
    let words = invocation.words.get(at..)?.to_vec();
    Some(Invocation { words, ..invocation.clone() })
}

fn known(script: &Script, invocation: &Invocation, name: &str, program: &Program, findings: &mut Findings) {
    let positional = program.positional(invocation);
    let mut worst: Option<&Row> = None;
    let mut sure = false;
    for row in &program.row {
        match row.fits(program, invocation, &positional) {
            Fit::No => continue,
            Fit::Maybe => {}
            Fit::Yes => sure = true,
        }
        if worst.is_none_or(|worst| row.risk > worst.risk) {
            worst = Some(row);
        }
        if sure {
            break;
        }
    }
    let verb_unknown = positional.first().is_some_and(|word| word.literal.is_none())
        && program.row.iter().any(|row| !row.verb.is_empty());
    let span = invocation.span.clone();
    if !sure && let Some(reader) = program.reader {
        match reader {
            Reader::Psql => database::psql(script, invocation, findings),
            Reader::Redis => redis_cli::call(script, invocation, findings),
            Reader::Http => http::call(script, invocation, name, findings),
        }
        if worst.is_none() {
            return;
        }
    }
    match worst.filter(|row| sure || row.risk >= program.otherwise) {
        Some(row) => {
            let text = if verb_unknown && !sure {
                format!("{name} does what is known only when it runs")
            } else {
                format!("{} {}", shown(name, &positional, row.verbs()), row.reason)
            };
            findings.add(row.risk, text, span);
            if row.external {
                findings.outside();
            }
            for target in targets(&row.target, invocation, positional.get(row.verbs()..).unwrap_or_default()) {
                findings.target(row.risk, target);
            }
        }
        None => {
            // Up to two words say which verb it was. An argument that may be a name or a password is not repeated.
            let says = |word: &&&Word| {
                word.literal
                    .as_deref()
                    .is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_lowercase() || b":-".contains(&byte)))
            };
            let verbs = if program.row.iter().any(|row| !row.verb.is_empty()) {
                positional.iter().take(2).take_while(says).count()
            } else {
                0
            };
            findings.add(program.otherwise, format!("{} {}", shown(name, &positional, verbs), program.reason), span);
            if program.external {
                findings.outside();
            }
            for target in targets(&program.target, invocation, &positional) {
                findings.target(program.otherwise, target);
            }
        }
    }
}

fn shown(name: &str, positional: &[&Word], verbs: usize) -> String {
    let mut text = name.to_owned();
    for word in positional.iter().take(verbs) {
        text.push(' ');
        text.push_str(&word.shown());
    }
    text
}

/// The names that the first of the sources gives.
fn targets(sources: &[String], invocation: &Invocation, rest: &[&Word]) -> Vec<String> {
    let show = |word: &&Word| word.shown();
    for source in sources {
        let found: Vec<String> = match source.as_str() {
            "rest" => rest.iter().map(show).collect(),
            "first" => rest.iter().take(1).map(show).collect(),
            "second" => rest.iter().skip(1).take(1).map(show).collect(),
            "last" => rest.last().map(show).into_iter().collect(),
            "kubernetes" => kubernetes(rest),
            "host" => invocation
                .through
                .iter()
                .rev()
                .find(|wrapper| wrapper.name == "ssh")
                .and_then(|ssh| ssh.words.last())
                .map(Word::shown)
                .into_iter()
                .collect(),
            other => match other.strip_prefix("flag:") {
                Some(flags) => {
                    let flags: Vec<&str> = flags.split(',').collect();
                    invocation.value_text(&flags).into_iter().collect()
                }
                // A word of its own: `this cluster`.
                None => vec![other.to_owned()],
            },
        };
        let found: Vec<String> = found.into_iter().filter(|name| !name.is_empty()).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// `deployment/api`, whether it was written so or as `deployment api`; only the kind when a selector chooses.
fn kubernetes(rest: &[&Word]) -> Vec<String> {
    let words: Vec<String> = rest.iter().map(|word| word.shown()).collect();
    match words.split_first() {
        Some((kind, names)) if !kind.contains('/') && !names.is_empty() => {
            names.iter().filter(|name| !name.contains('=')).map(|name| format!("{kind}/{name}")).collect()
        }
        Some((kind, names)) if kind.contains('/') => std::iter::once(kind.clone())
            .chain(names.iter().filter(|name| name.contains('/') && !name.contains('=')).cloned())
            .collect(),
        _ => Vec::new(),
    }
}
