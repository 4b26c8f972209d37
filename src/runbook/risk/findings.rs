//! What has been found out about an action, and what it comes to.

use std::{collections::HashSet, ops::Range};

use indexmap::IndexMap;

use super::{Assessment, Declared, Reason, Risk};
use crate::document::Attributes;

/// Reasons beyond this many are not shown; all of them count.
const MOST_REASONS: usize = 40;

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

    pub(super) fn finish(mut self, code: &str, attributes: &Attributes) -> Assessment {
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
