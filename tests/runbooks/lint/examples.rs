//! Each rule with a form that it reports and a form that is right, from the files in `tests/runbooks/rules`.

use std::{collections::BTreeSet, fmt::Write, fs};

use serde::Deserialize;
use warroom::runbook::{
    self,
    lint::{Finding, LintContext, lint, rules},
};

use super::told;

#[derive(Deserialize)]
struct File {
    example: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    rule: String,
    bad: String,
    good: String,
    /// Text of the line that is reported; without it the first line of `bad`.
    at: Option<String>,
    /// The place is not looked at.
    #[serde(default)]
    any: bool,
    /// Of the block; bash when it is not given.
    language: Option<String>,
    #[serde(default)]
    attributes: String,
    /// Declared in the front matter.
    #[serde(default)]
    vars: Vec<String>,
    #[serde(default)]
    requires: Vec<String>,
    /// They are whole documents.
    #[serde(default)]
    document: bool,
    /// They are prose.
    #[serde(default)]
    text: bool,
    /// Rules that the bad form breaks too, because it must.
    #[serde(default)]
    extra: Vec<String>,
}

fn examples() -> Vec<Example> {
    let mut files: Vec<_> = fs::read_dir("tests/runbooks/rules").unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read =
        |path| toml::from_str::<File>(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    files.into_iter().flat_map(|path| read(path).example).collect()
}

impl Example {
    /// A document by the template that holds `form` as its steps.
    fn written(&self, form: &str) -> String {
        if self.document {
            return form.to_owned();
        }
        let mut text = String::new();
        if !self.vars.is_empty() || !self.requires.is_empty() {
            text.push_str("---\n");
            if !self.requires.is_empty() {
                let _ = writeln!(text, "requires: {:?}", self.requires);
            }
            if !self.vars.is_empty() {
                text.push_str("vars:\n");
                for name in &self.vars {
                    let _ = writeln!(text, "  {name}:\n    prompt: {name}");
                }
            }
            text.push_str("---\n");
        }
        text.push_str("# Example\n\n## Overview\n\nWhen a rule is shown.\n\n## Prerequisites\n\nA reader.\n\n");
        text.push_str("## Estimated Time\n\n5 minutes\n\n## Steps\n\n");
        if form.contains("```") || self.text {
            let heading = if form.trim_start().starts_with("### ") { "" } else { "### 1. Example\n" };
            let _ = write!(text, "{heading}{}\n\n", advised(form));
        } else if !form.is_empty() {
            let language = self.language.as_deref().unwrap_or("bash");
            let block = format!("```{language} {}\n{form}\n```\n", self.attributes);
            let _ = write!(text, "### 1. Example\n\n{}\n", advised(&block));
        }
        for name in &self.vars {
            // What is declared is used.
            let _ =
                writeln!(text, "```bash {{expect=\"x\"}}\ntest -n \"${name}\"\n```\n\n**If it fails:**\n\n- Stop\n");
        }
        text + "## Verification\n\n- [ ] It is right\n\n## Rollback\n\nNothing to undo.\n"
    }

    fn findings(&self, form: &str) -> (String, Vec<Finding>) {
        let text = self.written(form);
        let runbook = runbook::parse("example.md", &text);
        let found = lint(&runbook, &LintContext::default());
        (text, found)
    }
}

/// What the template asks of each step, after each executable fence.
fn advised(form: &str) -> String {
    let mut text = String::new();
    let mut executable = false;
    for line in form.lines() {
        let _ = writeln!(text, "{line}");
        let opens = line.strip_prefix("```").filter(|info| !info.is_empty());
        match opens {
            Some(info) => executable = info.starts_with("bash") || info.starts_with("sql"),
            None if line == "```" && executable => {
                text.push_str("\n**Expected Output:** what is said above\n\n**If it fails:**\n\n- Stop\n");
            }
            None => {}
        }
    }
    text
}

#[test]
fn each_rule_reports_its_bad_form_on_its_line_and_nothing_else() {
    let mut wrong = String::new();
    for example in examples().iter().filter(|example| !example.bad.is_empty()) {
        let (text, found) = example.findings(&example.bad);
        let first = example.bad.trim_start().lines().next().unwrap_or_default();
        let at = example.at.as_deref().unwrap_or(first);
        let line = text.lines().position(|line| line.contains(at)).map_or(0, |index| index + 1);
        let own: Vec<&Finding> =
            found.iter().filter(|finding| !example.extra.iter().any(|rule| rule == finding.rule)).collect();
        let right = own.len() == 1 && own[0].rule == example.rule && (example.any || own[0].position.line == line);
        if !right {
            let _ = writeln!(wrong, "{} (line {line}):\n{}\n{}\n", example.rule, example.bad, told(&found));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn no_rule_says_anything_about_the_good_forms() {
    let mut wrong = String::new();
    for example in examples().iter().filter(|example| !example.good.is_empty()) {
        let (_, found) = example.findings(&example.good);
        if !found.is_empty() {
            let _ = writeln!(wrong, "{}:\n{}\n{}\n", example.rule, example.good, told(&found));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_rule_has_an_example() {
    let shown: BTreeSet<String> = examples().into_iter().map(|example| example.rule).collect();
    let missing: Vec<&str> = rules::rules().map(|rule| rule.name).filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
    let unknown: Vec<&String> = shown.iter().filter(|name| rules::rule(name).is_none()).collect();
    assert!(unknown.is_empty(), "no such rule: {unknown:?}");
}
