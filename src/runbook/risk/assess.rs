//! One action: the risk of each of its commands, and the worst of them.

use std::collections::HashSet;

use super::{Assessment, Risk, command, database, files, findings::Findings, session, shell_text, words};
use crate::{
    document::{Attributes, Language},
    shell::{self, Script},
    sql,
};

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
