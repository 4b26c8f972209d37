//! `warroom pack check`: what is wrong with a pack, as a compiler would show it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::tz::TimeZone;

use crate::{Exit, diagnostics, open, output::Output};
use warroom_domain::platform::{Diagnostic, DiagnosticSeverity, Pack, suggestion};
use warroom_host::{
    clock,
    packs::{MANIFEST, PackFolder},
};
use warroom_room::{runbooks, settings::Settings};
use warroom_runbook::objectives;

pub(super) fn run(wanted: Option<&str>, json: bool, settings: &Settings, output: &Output) -> Result<Exit> {
    let folder = open::find_pack(wanted, settings)?;
    let loaded = open::read_pack(&folder)?;
    let mut found = loaded.diagnostics.clone();
    found.extend(of_runbooks(&folder, loaded.pack.as_ref()));
    found.extend(loaded.overdue(clock::now().to_zoned(TimeZone::UTC).date()));
    if json {
        output.json(&diagnostics::as_json_lines(&found)?)?;
    } else {
        let paths = folder.files().paths;
        let told: BTreeSet<&str> = found.iter().map(|diagnostic| diagnostic.file.as_str()).collect();
        let texts: BTreeMap<String, String> = std::iter::once(MANIFEST)
            .chain(paths.iter().map(String::as_str))
            .map(|path| (folder.display(path), path))
            .filter(|(file, _)| told.contains(file.as_str()))
            .filter_map(|(file, path)| Some((file, folder.read(path).ok()?)))
            .collect();
        let source = |file: &str| texts.get(file).map(String::as_str);
        let verdict = diagnostics::verdict(&folder.display(MANIFEST), &found);
        let mut text = diagnostics::as_snippets(&found, source, output);
        text.push_str(&format!("{verdict}\n"));
        output.paint(&text)?;
    }
    let broken = found.iter().any(|d| d.severity == DiagnosticSeverity::Error);
    Ok(if broken { Exit::Unusable } else { Exit::Ok })
}

/// What is odd in the pack's runbooks, and between them and the pack.
fn of_runbooks(folder: &PackFolder, pack: Option<&Pack>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let files = folder.files();
    for template in files.templates() {
        let path = format!("templates/{template}");
        if let Err(error) = folder.read_bytes(&path) {
            found.push(Diagnostic::error(&folder.display(&path), None, format!("cannot be read: {error}")));
        }
    }
    for name in files.runbooks() {
        let file = folder.display(&format!("{name}.md"));
        let runbook = match runbooks::named(folder, name) {
            Ok(runbook) => runbook,
            Err(error) => {
                found.push(Diagnostic::error(&file, None, error.to_string()));
                continue;
            }
        };
        if runbook.id != name {
            let message =
                format!("the runbook calls itself `{}`, and alert rules name it by its file, `{name}`", runbook.id);
            found.push(Diagnostic::warning(&file, None, message).with_help(format!("write `id: {name}`")));
        }
        if let Some(pack) = pack {
            found.extend(runbook.front.triggers.iter().filter_map(|trigger| unknown_trigger(&file, trigger, pack)));
            found.extend(objectives::check(&runbook, pack));
        }
        found.extend(runbook.diagnostics);
    }
    found
}

/// A trigger that is neither an alert rule nor a probe: it never opens the runbook.
fn unknown_trigger(file: &str, trigger: &str, pack: &Pack) -> Option<Diagnostic> {
    let alerts = pack.alerts.iter().map(|alert| alert.id.as_str());
    let known: Vec<&str> = alerts.chain(pack.probes.iter().map(|probe| probe.id.as_str())).collect();
    if known.contains(&trigger) {
        return None;
    }
    let mut finding =
        Diagnostic::warning(file, None, format!("there is no alert rule or probe `{trigger}` that could open it"));
    finding.help = suggestion(trigger, &known);
    Some(finding)
}
