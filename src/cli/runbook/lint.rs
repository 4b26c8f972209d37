//! `warroom runbook lint`: what will go wrong with runbooks, as a compiler would show it.

mod fix;
mod formats;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{Exit, NoFileError, UsageError, diagnostics, open, output::Output, painted::Painted};
use warroom_domain::{
    platform::{Diagnostic, DiagnosticSeverity, nearest},
    text::line,
};
use warroom_host::packs::PackFolder;
use warroom_room::{runbooks::OpenError, settings::Settings};
use warroom_runbook::{
    self as runbook,
    lint::{Finding, LintContext, lint, page, rules, worst},
};

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Sarif,
    Github,
}

/// Say what will go wrong with runbooks
#[derive(Debug, Clone, Default, Args)]
#[command(
    after_help = "Exit codes: 0 clean or only warnings, 1 warnings with --strict, 2 errors, 64 wrong usage, 78 unreadable."
)]
pub struct LintArgs {
    /// Files, folders, or ids of the pack's runbooks; without any, every runbook of the pack
    #[arg(value_name = "FILE|ID")]
    runbooks: Vec<String>,
    /// How to print the findings: one JSON document a line, SARIF for code scanning, or annotations of a GitHub workflow
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write the files again where there is one right form, and print what is left
    #[arg(long)]
    fix: bool,
    /// Let warnings fail too
    #[arg(long)]
    strict: bool,
    /// Explain one rule, with the correct form
    #[arg(long, value_name = "RULE", conflicts_with_all = ["runbooks", "json", "format", "fix", "rules"])]
    explain: Option<String>,
    /// List every rule
    #[arg(long, conflicts_with_all = ["runbooks"])]
    rules: bool,
}

pub(super) fn run(args: &LintArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    if let Some(name) = &args.explain {
        return explain(name, output);
    }
    if args.rules {
        let list = list(args.json)?;
        if args.json {
            output.json(&list)?;
        } else {
            output.print(&list)?;
        }
        return Ok(Exit::Ok);
    }
    let mut documents = documents(&args.runbooks, settings)?;
    let context = LintContext { variables: variables(settings) };
    let mut found: Vec<Finding> = Vec::new();
    let mut fixed = Painted::new();
    for (file, text) in &mut documents {
        let mut own = lint(&runbook::parse(file, text), &context);
        let count = if args.fix { fix::apply(file, text, &own)? } else { 0 };
        if count > 0 {
            fixed.push_str(&format!("{}: {count} fixed\n", line(file)));
            own = lint(&runbook::parse(file, text), &context);
        }
        found.extend(own);
    }
    let format = if args.json { Format::Json } else { args.format };
    match format {
        Format::Json => output.json(&as_json_lines(&found)?)?,
        Format::Sarif => output.json(&formats::sarif(&found)?)?,
        Format::Github => output.print(&formats::github(&found))?,
        Format::Text => {
            fixed.push(&as_snippets(&found, &documents, output));
            output.paint(&fixed)?;
        }
    }
    Ok(match worst(&found) {
        Some(DiagnosticSeverity::Error) => Exit::Down,
        Some(DiagnosticSeverity::Warning) if args.strict => Exit::Warn,
        _ => Exit::Ok,
    })
}

fn explain(name: &str, output: &Output) -> Result<Exit> {
    let Some(rule) = rules::rule(name) else {
        let hint = match nearest(name, rules::rules().map(|rule| rule.name)) {
            Some(other) => format!("did you mean {other}?"),
            None => "see `warroom runbook lint --rules`".to_owned(),
        };
        return Err(UsageError(format!("there is no rule {name} ({hint})")).into());
    };
    output.print(&page::explain(rule))?;
    Ok(Exit::Ok)
}

fn list(json: bool) -> Result<String> {
    let mut text = String::new();
    for family in rules::FAMILIES {
        if !json {
            text += &format!("{}\n", family.title);
        }
        for rule in family.rules {
            if json {
                let line = json!({"rule": rule.name, "severity": rule.severity, "title": rule.title, "explanation": rule.explanation, "help": rule.help});
                text += &format!("{}\n", serde_json::to_string(&line)?);
            } else {
                text += &format!("  {:<32} {:<8} {}\n", rule.name, page::severity(rule), rule.title);
            }
        }
    }
    Ok(text)
}

/// The texts to look at, by the names that findings use.
fn documents(wanted: &[String], settings: &Settings) -> Result<BTreeMap<String, String>> {
    let mut documents = BTreeMap::new();
    if wanted.is_empty() {
        let folder = open::find_pack(settings.pack.as_deref(), settings)?;
        let files = folder.files();
        for id in files.runbooks() {
            let (file, text) = from_pack(&folder, id)?;
            documents.insert(file, text);
        }
        return Ok(documents);
    }
    for wanted in wanted {
        let path = Path::new(wanted);
        if path.is_dir() {
            let folder = PackFolder::machine(path);
            for id in folder.files().runbooks() {
                let (file, text) = from_pack(&folder, id)?;
                documents.insert(file, text);
            }
            continue;
        }
        let (file, text) = if path.is_file() {
            let bytes = std::fs::read(path).map_err(|error| NoFileError(format!("cannot read {wanted}: {error}")))?;
            (wanted.clone(), String::from_utf8_lossy(&bytes).into_owned())
        } else if path.components().count() > 1 || wanted.ends_with(".md") {
            return Err(NoFileError(OpenError::NoFile(wanted.clone()).to_string()).into());
        } else {
            let folder = open::find_pack(settings.pack.as_deref(), settings)?;
            let files = folder.files();
            if !files.runbooks().any(|id| id == wanted) {
                let hint = match nearest(wanted, files.runbooks()) {
                    Some(other) => format!("did you mean {other}?"),
                    None => "see `warroom runbook list`".to_owned(),
                };
                return Err(UsageError(format!("the pack {} has no runbook {wanted} ({hint})", folder.name)).into());
            }
            from_pack(&folder, wanted)?
        };
        documents.insert(file, text);
    }
    Ok(documents)
}

fn from_pack(folder: &PackFolder, id: &str) -> Result<(String, String)> {
    let path = format!("{id}.md");
    let file = folder.display(&path);
    let text = folder.read(&path).map_err(|error| NoFileError(format!("cannot read {file}: {error}")))?;
    Ok((file, text))
}

/// What the environments of the pack set. A pack that is not chosen or cannot be read sets nothing: the runbook is looked at
/// all the same.
fn variables(settings: &Settings) -> BTreeSet<String> {
    let loaded =
        open::find_pack(settings.pack.as_deref(), settings).ok().and_then(|folder| open::read_pack(&folder).ok());
    let pack = loaded.and_then(|loaded| loaded.pack);
    let environments = pack.iter().flat_map(|pack| pack.environments.values());
    environments.flat_map(|environment| environment.vars.keys().cloned()).collect()
}

/// One JSON document a line: `{"rule","severity","file","line","column","message","help"}`.
fn as_json_lines(found: &[Finding]) -> Result<String> {
    let mut lines = String::new();
    for finding in found {
        let line = json!({
            "rule": finding.rule,
            "severity": finding.severity,
            "file": finding.file,
            "line": finding.position.line,
            "column": finding.position.column,
            "message": finding.message,
            "help": finding.help,
        });
        lines.push_str(&serde_json::to_string(&line)?);
        lines.push('\n');
    }
    Ok(lines)
}

/// One block a rule, with the place of every finding of it.
fn as_snippets(found: &[Finding], documents: &BTreeMap<String, String>, output: &Output) -> Painted {
    let mut text = Painted::new();
    for (file, source) in documents {
        let own: Vec<&Finding> = found.iter().filter(|finding| finding.file == *file).collect();
        let mut groups: Vec<Vec<&Finding>> = Vec::new();
        for finding in &own {
            // What the parser says is of many kinds.
            let same = |group: &&mut Vec<&Finding>| {
                let first = group[0];
                first.rule == finding.rule && (first.rule != "document" || first.message == finding.message)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(finding),
                None => groups.push(vec![finding]),
            }
        }
        for group in &groups {
            let first = group[0].to_diagnostic();
            text.push(&diagnostics::as_snippets(std::slice::from_ref(&first), |_| Some(source.as_str()), output));
            for finding in &group[1..] {
                let message = if finding.message == group[0].message { "" } else { &finding.message };
                let separator = if message.is_empty() { "" } else { ": " };
                let at = &finding.position;
                let place = format!("{}:{}:{}", line(file), at.line, at.column);
                text.push_str(&format!("  also at {place}{separator}{}\n", line(message)));
            }
            if group.len() > 1 {
                text.push_str("\n");
            }
        }
        let own: Vec<Diagnostic> = own.into_iter().map(Finding::to_diagnostic).collect();
        text.push_str(&format!("{}\n", diagnostics::verdict(file, &own)));
    }
    text
}
