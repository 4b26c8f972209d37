//! Findings for other programs: SARIF for code scanning, workflow commands for GitHub.

use anyhow::Result;
use serde_json::json;

use warroom_domain::platform::DiagnosticSeverity;
use warroom_runbook::lint::{Finding, page, rules};

/// SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0).
pub(super) fn sarif(found: &[Finding]) -> Result<String> {
    let rules = rules::rules().map(|rule| {
        json!({
            "id": rule.name,
            "shortDescription": {"text": rule.title},
            "fullDescription": {"text": rule.explanation},
            "help": {"text": page::explain(rule)},
            "defaultConfiguration": {"level": page::severity(rule)},
        })
    });
    let results = found.iter().map(|finding| {
        let region = json!({"startLine": finding.position.line, "startColumn": finding.position.column});
        let location = json!({"physicalLocation": {"artifactLocation": {"uri": finding.file}, "region": region}});
        json!({
            "ruleId": finding.rule,
            "level": level(finding.severity),
            "message": {"text": sentence(finding)},
            "locations": [location],
        })
    });
    let driver = json!({
        "name": "warroom",
        "version": env!("CARGO_PKG_VERSION"),
        "rules": rules.collect::<Vec<_>>(),
    });
    let run = json!({
        "tool": {"driver": driver},
        // Columns are characters.
        "columnKind": "unicodeCodePoints",
        "results": results.collect::<Vec<_>>(),
    });
    let document = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    });
    Ok(serde_json::to_string(&document)? + "\n")
}

/// What is found, and what to do.
fn sentence(finding: &Finding) -> String {
    let help = finding.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default();
    format!("{}{help}", finding.message)
}

fn level(severity: DiagnosticSeverity) -> &'static str {
    match severity {
        DiagnosticSeverity::Error => "error",
        DiagnosticSeverity::Warning => "warning",
        DiagnosticSeverity::Note => "note",
    }
}

/// One workflow command a finding: `::error file=a.md,line=3,col=1,title=rule::message`.
pub(super) fn github(found: &[Finding]) -> String {
    let data = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let lines = found.iter().map(|finding| {
        let command = match finding.severity {
            DiagnosticSeverity::Error => "error",
            DiagnosticSeverity::Warning => "warning",
            DiagnosticSeverity::Note => "notice",
        };
        let (line, column) = (finding.position.line, finding.position.column);
        let (file, rule) = (property(&finding.file), property(finding.rule));
        format!("::{command} file={file},line={line},col={column},title={rule}::{}\n", data(&sentence(finding)))
    });
    lines.collect()
}
