//! `warroom runbook show`: a runbook to read, with what each of its actions can do; or as JSON.

use std::{collections::HashMap, ops::Range, path::Path};

use anyhow::Result;
use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::{json, list, open, paint};
use crate::{Exit, output::Output, painted::Painted};
use warroom_domain::health;
use warroom_room::{runbooks::notable, settings::Settings};
use warroom_runbook::{
    Action, Risk, Runbook, Step,
    prose::{self, Glyphs},
};

/// Show a runbook: its text, and what each action can do
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 shown, 64 there is no such runbook, 78 it cannot be read.")]
pub struct ShowArgs {
    /// A file, or the id of one of the pack's runbooks; a folder lists what is in it
    #[arg(value_name = "FILE|ID")]
    runbook: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Columns where standard output is no terminal.
const COLUMNS: usize = 80;
/// Longer lines are hard to read, however wide the terminal.
const WIDEST: usize = 100;
/// Steps and what belongs to them stand this far right of their section.
const INDENT: usize = 2;

pub(super) fn run(args: &ShowArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let folder = Path::new(&args.runbook);
    if folder.is_dir() {
        return list::run(Some(folder), args.json, settings, output);
    }
    let runbook = open::open(&args.runbook, settings)?;
    if args.json {
        output.json(&(serde_json::to_string(&json::document(&runbook))? + "\n"))?;
    } else {
        output.paint(&Page::new(&runbook, output).write())?;
    }
    Ok(Exit::Ok)
}

struct Page<'a> {
    runbook: &'a Runbook,
    output: &'a Output,
    width: usize,
    glyphs: Glyphs,
    /// Where lines start in the document.
    starts: Vec<usize>,
    /// Actions by the line of their first code.
    actions: HashMap<usize, (&'a Action, &'static str)>,
    text: Painted,
}

impl<'a> Page<'a> {
    fn new(runbook: &'a Runbook, output: &'a Output) -> Self {
        let breaks = runbook.source.match_indices('\n').map(|(at, _)| at + 1);
        let mut actions = HashMap::new();
        for step in runbook.steps() {
            let groups = [(&step.actions, ""), (&step.remedies, "if it fails"), (&step.undo, "rollback")];
            for (of, when) in groups {
                actions.extend(of.iter().map(|action| (action.line, (action, when))));
            }
        }
        Page {
            runbook,
            output,
            width: output.width().map_or(COLUMNS, usize::from).min(WIDEST),
            glyphs: Glyphs::new(output.unicode()),
            starts: std::iter::once(0).chain(breaks).collect(),
            actions,
            text: Painted::new(),
        }
    }

    fn write(mut self) -> Painted {
        self.head();
        for section in &self.runbook.sections {
            self.blank();
            // A section that is itself a step has one line for both.
            let is_step =
                section.steps.first().is_some_and(|step| step.line == section.line && !section.title.is_empty());
            if !section.title.is_empty() && !is_step {
                self.line(&format!("## {}", clean(&section.title)), paint::bold);
            }
            self.prose(section.body.clone(), 0);
            for (place, step) in section.steps.iter().enumerate() {
                self.step(step, if is_step && place == 0 { "## " } else { "" });
            }
        }
        self.diagnostics();
        self.text
    }

    /// Title, and what the front matter says.
    fn head(&mut self) {
        let runbook = self.runbook;
        let front = &runbook.front;
        self.line(&clean(&runbook.title), paint::bold);
        let list = |name: &str, items: &[String]| (!items.is_empty()).then(|| format!("{name} {}", items.join(", ")));
        let time = |name: &str, time: Option<std::time::Duration>| {
            time.map(|time| format!("{name} {}", health::duration(time)))
        };
        let facts = [
            Some(runbook.id.clone()),
            front.severity.clone(),
            list("for", &front.components),
            time("RTO", front.rto),
            time("RPO", front.rpo),
            time("takes", front.estimated),
            list("needs", &front.requires),
            list("roles", &front.roles),
            list("opens on", &front.triggers),
        ];
        let separator = if self.output.unicode() { " · " } else { " | " };
        let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(separator);
        self.wrapped(&facts, 0);
        for (name, variable) in &front.vars {
            let mut text = format!("${name}");
            text.extend(variable.prompt.iter().map(|prompt| format!(" {prompt}")));
            match &variable.default {
                _ if variable.secret => text.push_str(" (secret)"),
                Some(default) => text.push_str(&format!(" [{default}]")),
                None if !variable.required => text.push_str(" (may be empty)"),
                None => {}
            }
            text.extend(variable.from.iter().map(|command| format!(", from: {command}")));
            self.wrapped(&text, INDENT);
        }
    }

    fn step(&mut self, step: &Step, sign: &str) {
        self.blank();
        let number = step.number.as_ref().map(|number| format!("{number}. ")).unwrap_or_default();
        let option = step.option.as_ref().map(|option| format!("Option {}: ", option.key)).unwrap_or_default();
        let title = format!("{sign}{number}{option}{}", clean(&step.title));
        let word = format!("[{}]", step.risk().map_or("manual", Risk::word));
        let fits = [&title, &word, &step.id.0].iter().map(|part| part.width() + 2).sum::<usize>() <= self.width + 2;
        let risk = match step.risk() {
            Some(risk) => paint::risk(&word, risk, self.output),
            None => paint::dim(&word, self.output),
        };
        let title = paint::bold(&title, self.output);
        let id = paint::dim(&step.id.0, self.output);
        let gap = if fits { "  ".to_owned() } else { format!("\n{}", " ".repeat(INDENT)) };
        self.text.push(&title);
        self.text.push_str("  ");
        self.text.push(&risk);
        self.text.push_str(&gap);
        self.text.push(&id);
        self.text.push_str("\n");
        self.prose(step.body.clone(), INDENT);
    }

    /// Prose of the document, and before each action's code a line about the action.
    fn prose(&mut self, body: Range<usize>, indent: usize) {
        let Some(markdown) = self.runbook.source.get(body.clone()) else { return };
        if markdown.trim().is_empty() {
            return;
        }
        for line in prose::render_with(markdown, self.width.saturating_sub(indent), self.glyphs) {
            let at = line.code_at.map(|at| self.starts.partition_point(|start| *start <= body.start + at));
            if let Some((action, when)) = at.and_then(|line| self.actions.get(&line)) {
                let margin = line.text().chars().take_while(|c| *c == ' ').count();
                self.about(action, when, indent + margin);
            }
            self.text.push(&paint::line(&line, indent, self.output));
            self.text.push_str("\n");
        }
    }

    /// `▶ destructive · bash · at most 2m`, and below it why.
    fn about(&mut self, action: &Action, when: &str, indent: usize) {
        let assessment = &action.assessment;
        let (separator, sign) = if self.output.unicode() { (" · ", "▶") } else { (" | ", ">") };
        let mut parts = Vec::new();
        parts.extend((!when.is_empty()).then(|| when.to_owned()));
        parts.extend(assessment.external.then(|| "people outside see it".to_owned()));
        parts.extend(action.name.as_deref().map(clean));
        parts.push(json::language(action.language).to_owned());
        parts.extend(notable(action).iter().map(|part| clean(part)));
        let risk = paint::risk(assessment.risk.word(), assessment.risk, self.output);
        self.text.push_str(&format!("{}{sign} ", " ".repeat(indent)));
        self.text.push(&risk);
        self.text.push_str(&format!("{separator}{}\n", parts.join(separator)));
        if let Some(lowered) = assessment.lowered() {
            self.wrapped(&lowered.to_string(), indent + sign.width() + 1);
        }
        if let Some(worst) = assessment.reasons.first().filter(|_| assessment.unlowered() > Risk::Read) {
            self.wrapped(&worst.text, indent + sign.width() + 1);
        }
    }

    fn diagnostics(&mut self) {
        let found = &self.runbook.diagnostics;
        if found.is_empty() {
            return;
        }
        self.blank();
        let count = if found.len() == 1 { "1 problem".to_owned() } else { format!("{} problems", found.len()) };
        self.line(&format!("{count} in this document"), paint::bold);
        for diagnostic in found {
            self.wrapped(&diagnostic.to_string(), INDENT);
        }
    }

    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push_str("\n");
        }
    }

    fn line(&mut self, text: &str, paint: fn(&str, &Output) -> Painted) {
        self.text.push(&paint(text, self.output));
        self.text.push_str("\n");
    }

    /// Plain text of the document's own words, wrapped; no Markdown.
    fn wrapped(&mut self, text: &str, indent: usize) {
        for line in prose::plain(text, self.width.saturating_sub(indent)) {
            self.text.push(&paint::dim(&format!("{}{}", " ".repeat(indent), line.text()), self.output));
            self.text.push_str("\n");
        }
    }
}

/// One line without control characters.
fn clean(text: &str) -> String {
    prose::plain(text, usize::MAX).first().map(prose::StyledLine::text).unwrap_or_default()
}
