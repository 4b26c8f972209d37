//! From the text of a `platform.toml` to a [`Pack`], with everything that is wrong with it.

mod conditions;
mod fields;
mod findings;
mod names;
mod objectives;
mod people;
mod plan;
mod probes;
mod section;
mod targets;
mod unfilled;

use std::{cell::RefCell, collections::HashMap, ops::Range, sync::Arc};

use jiff::civil::Date;
use toml::de::DeTable;

use self::{
    findings::Findings,
    names::{Names, Noun},
    section::Section,
};
use super::{Diagnostic, DiagnosticSeverity, Pack, Position, ProbeTarget, Scenario, bounds, suggestion};

/// The other files of a pack's folder, by their paths from it (`pool-saturation.md`, `drills/outage.toml`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackFiles {
    /// The folder's own name, which the pack's should be too; empty when it is not known.
    pub folder: String,
    pub paths: Vec<String>,
    /// The scenarios with their texts.
    pub scenarios: Vec<ScenarioFile>,
    /// Scenarios whose text cannot be had.
    pub unreadable: Vec<UnreadableFile>,
}

/// A file that is there and cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnreadableFile {
    /// The file's name without its extension.
    pub id: String,
    /// The file as diagnostics name it.
    pub file: String,
    pub cause: String,
}

/// One `drills/ID.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScenarioFile {
    /// The file's name without its extension.
    pub id: String,
    /// The file as diagnostics name it.
    pub file: String,
    pub text: String,
}

impl PackFiles {
    /// Ids of the runbooks: the names of the Markdown files at the top, without the extension. A `README.md` is about the
    /// folder and is none.
    pub fn runbooks(&self) -> impl Iterator<Item = &str> {
        let documents = self.paths.iter().filter(|p| !p.contains('/')).filter_map(|p| p.strip_suffix(".md"));
        documents.filter(|name| !name.eq_ignore_ascii_case("readme"))
    }

    /// Communication templates: paths below `templates/`.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|p| p.strip_prefix("templates/"))
    }
}

/// What became of a `platform.toml`.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The pack; `None` when there is an error in its `platform.toml`. A scenario with an error is left out: a broken drill
    /// must not keep the console from opening.
    pub pack: Option<Pack>,
    /// Those of `platform.toml` in the order of its text, then those of the scenarios.
    pub diagnostics: Vec<Diagnostic>,
    file: String,
    due: Vec<Due>,
}

impl Loaded {
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|d| d.severity == DiagnosticSeverity::Error)
    }

    /// The findings about values that are still to be filled in.
    pub fn unfilled(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|d| d.message.ends_with(unfilled::STILL))
    }

    /// Warnings about reviews and drills that were due before `today`.
    pub fn overdue(&self, today: Date) -> Vec<Diagnostic> {
        let overdue = self.due.iter().filter(|due| due.on < today);
        overdue
            .map(|due| {
                let message = format!("{} has been due since {}", due.what, due.on);
                Diagnostic::warning(&self.file, Some(due.position.clone()), message)
            })
            .collect()
    }
}

/// Something that must be done again by a day.
#[derive(Debug, Clone)]
struct Due {
    what: String,
    on: Date,
    position: Position,
}

/// Section, id and key of a value.
type Place = (&'static str, String, &'static str);

/// What the readers of the sections share.
struct Reading<'f, 't> {
    findings: &'f Findings<'t>,
    names: Names<'f, 't>,
    due: RefCell<Vec<Due>>,
    /// Where values stand, for checks across sections.
    places: RefCell<HashMap<Place, Range<usize>>>,
}

impl Reading<'_, '_> {
    fn remember(&self, section: &'static str, id: &str, key: &'static str, at: Range<usize>) {
        self.places.borrow_mut().insert((section, id.to_owned(), key), at);
    }

    /// The same for entries without an id: they are counted.
    fn remember_next(&self, section: &'static str, key: &'static str, at: Range<usize>) {
        let before = self.places.borrow().keys().filter(|(of, _, named)| *of == section && *named == key).count();
        self.remember(section, &before.to_string(), key, at);
    }

    fn remembered_nth(&self, section: &'static str, index: usize, key: &'static str) -> Range<usize> {
        self.remembered(section, &index.to_string(), key)
    }

    fn remembered(&self, section: &'static str, id: &str, key: &'static str) -> Range<usize> {
        self.places.borrow().get(&(section, id.to_owned(), key)).cloned().unwrap_or_default()
    }
}

/// Reads a pack. `file` is the name for diagnostics, `files` what else lies in the pack's folder. Never fails:
/// what cannot be read is a diagnostic.
pub fn parse(file: &str, text: &str, files: &PackFiles) -> Loaded {
    let findings = Findings::new(file, text);
    if let Err((excess, at)) = bounds::document(text) {
        findings.error(at..at, format!("this cannot be read: it is {excess}"), None);
        let diagnostics = findings.into_diagnostics();
        return Loaded { pack: None, diagnostics, file: file.to_owned(), due: Vec::new() };
    }
    let (document, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        let cause = error.message().lines().collect::<Vec<_>>().join(", ");
        findings.error(error.span().unwrap_or_default(), format!("this is not TOML: {cause}"), None);
    }
    let (pack, due) = if syntax.is_empty() {
        let (pack, due) = read(document.get_ref(), files, &findings);
        (Some(pack), due)
    } else {
        (None, Vec::new())
    };
    let mut diagnostics = findings.into_diagnostics();
    let failed = diagnostics.iter().any(|d| d.severity == DiagnosticSeverity::Error);
    let pack = pack.map(|pack| scenarios(pack, files, &mut diagnostics));
    Loaded { pack: pack.filter(|_| !failed), diagnostics, file: file.to_owned(), due }
}

/// Reads the scenarios into the pack.
fn scenarios(mut pack: Pack, files: &PackFiles, diagnostics: &mut Vec<Diagnostic>) -> Pack {
    for UnreadableFile { file, cause, .. } in &files.unreadable {
        diagnostics.push(Diagnostic::error(file, None, format!("cannot be read: {cause}")));
    }
    for ScenarioFile { id, file, text } in &files.scenarios {
        let (scenario, found) = Scenario::parse(file, text);
        diagnostics.extend(found);
        let Some(scenario) = scenario else { continue };
        if scenario.id != *id {
            let message = format!("the scenario calls itself `{}`, but its file `{id}`", scenario.id);
            diagnostics.push(Diagnostic::error(file, None, message).with_help("give both the same name"));
            continue;
        }
        for probe in scenario.probes().filter(|probe| pack.probe(probe).is_none()) {
            let known: Vec<&str> = pack.probes.iter().map(|p| p.id.as_str()).collect();
            let mut stray = Diagnostic::warning(file, None, format!("there is no probe `{probe}` in the pack"));
            stray.help = suggestion(probe, &known);
            diagnostics.push(stray);
        }
        pack.scenarios.insert(id.clone(), Arc::new(scenario));
    }
    pack
}

fn read<'t>(document: &'t DeTable<'t>, files: &PackFiles, findings: &Findings<'t>) -> (Pack, Vec<Due>) {
    let reading =
        Reading { findings, names: Names::new(findings), due: RefCell::default(), places: RefCell::default() };
    files.runbooks().for_each(|id| reading.names.add(Noun::Runbook, id));
    files.scenarios.iter().for_each(|scenario| reading.names.add(Noun::Scenario, &scenario.id));
    files.unreadable.iter().for_each(|scenario| reading.names.add(Noun::Scenario, &scenario.id));
    files.templates().for_each(|id| reading.names.add(Noun::Template, id));
    let root = Section::new("platform.toml", document, 0..0, findings);
    let mut pack = Pack::default();
    match root.table("platform") {
        Some(section) => {
            let (name, title, document) = plan::platform(section, files, &reading);
            pack.name = name.unwrap_or_default();
            pack.title = title.unwrap_or_else(|| pack.name.clone());
            pack.document = document;
        }
        None if root.has("platform") => {}
        None => root.findings.error(
            0..0,
            "[platform] is missing",
            Some("begin the file with [platform] and name = \"my-platform\"".to_owned()),
        ),
    }
    pack.environments = plan::environments(&root);
    pack.components = root.tables("components").into_iter().filter_map(|s| plan::component(s, &reading)).collect();
    pack.components.sort_by_key(|component| component.tier.unwrap_or(u8::MAX));
    pack.probes = root.tables("probes").into_iter().filter_map(|s| probes::probe(s, &reading)).collect();
    probes::of_environments(&root, &mut pack.environments, &reading);
    pack.alerts = root.tables("alerts").into_iter().filter_map(|s| probes::alert(s, &reading)).collect();
    pack.severities = root.tables("severities").into_iter().filter_map(|s| people::severity(s, &reading)).collect();
    pack.escalations = root.tables("escalations").into_iter().filter_map(|s| people::escalation(s, &reading)).collect();
    pack.roles = root.tables("roles").into_iter().filter_map(|s| people::role(s, &reading)).collect();
    pack.contacts = root.tables("contacts").into_iter().filter_map(|s| people::contact(s, &reading)).collect();
    pack.audiences = root.tables("audiences").into_iter().filter_map(|s| people::audience(s, &reading)).collect();
    pack.backups = root.tables("backups").into_iter().filter_map(|s| plan::backup(s, &reading)).collect();
    pack.drills = root.tables("drills").into_iter().filter_map(|s| people::drill(s, &reading)).collect();
    pack.links = root.tables("links").into_iter().filter_map(plan::link).collect();
    root.finish();
    backups_keep_the_rpo(&mut pack);
    reading.names.resolve();
    objectives::check(&pack, &reading);
    unfilled::flag(document, findings);
    (pack, reading.due.into_inner())
}

/// A backup probe without an age of its own is measured by the RPO of its component.
fn backups_keep_the_rpo(pack: &mut Pack) {
    let of_environments = pack.environments.values_mut().flat_map(|environment| environment.probes.values_mut());
    for probe in pack.probes.iter_mut().chain(of_environments) {
        if let ProbeTarget::Backup { max_age: max_age @ None, .. } = &mut probe.target {
            let component = pack.components.iter().find(|component| Some(&component.id) == probe.component.as_ref());
            *max_age = component.and_then(|component| component.rpo);
        }
    }
}
