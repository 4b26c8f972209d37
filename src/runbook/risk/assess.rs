//! One action: the risk of each of its commands, and the worst of them.

use std::{collections::HashSet, ops::Range};

use indexmap::IndexMap;

use super::{Assessment, Declared, Reason, Risk, command, database, files, session, shell_text, words};
use crate::runbook::{
    document::{Attributes, Language},
    shell::{self, Script},
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
    for spliced in script.spliced.iter().filter(|spliced| !words::splices_plainly(script, &spliced.words)) {
        let text = format!("{} runs text that includes a value not known before it runs", spliced.program);
        findings.add(Risk::Destructive, text, spliced.span.clone());
    }
    session::assignments(script, &mut findings);
    shell_text::functions(script, &mut findings);
    let mut wrappers = HashSet::new();
    for invocation in &script.commands {
        files::redirects(script, invocation, &mut findings);
        session::prefixes(invocation, &mut findings);
        for wrapper in &invocation.through {
            let place = wrapper.words.first().map(|word| (word.span.clone(), wrapper.words.len()));
            if wrappers.insert(place) {
                command::wrapper(script, invocation, wrapper, &mut findings);
            }
        }
        shell_text::words(invocation, &mut findings);
        command::invocation(script, invocation, &mut findings);
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
