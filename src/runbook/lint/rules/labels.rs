//! What the document leaves open about its commands: fences without a label, prompts in a script, values in angle brackets.

use std::ops::Range;

use crate::{
    Asks, Language,
    lint::{
        block::Block,
        report::Report,
        rule::{Check::Block as AtBlock, NOTE, Rule, WARNING},
    },
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unlabelled-command",
        severity: WARNING,
        title: "a fence with commands that says nothing about its language",
        explanation: "What stands in it reads as commands of known programs, and may be an example or the output of one. Each of its \
                      commands asks before it runs, reads too.",
        help: "label the fence `bash`, or `console` when it has prompts, or `text` when it is only to be read",
        correct: "",
        check: AtBlock(unlabelled),
    },
    Rule {
        name: "prompt-in-shell",
        severity: WARNING,
        title: "a prompt in a fence that says bash",
        explanation: "Only what follows the prompts runs here. Whoever copies the fence into a shell runs `$` as a program, and the lines \
                      of output below it.",
        help: "label the fence `console`, or take the prompts and the output out",
        correct: "",
        check: AtBlock(prompt),
    },
    Rule {
        name: "root-prompt",
        severity: WARNING,
        title: "a root prompt that is a comment to bash",
        explanation: "`# systemctl stop x` is a comment: run as bash, the fence does nothing and succeeds. It is taken for a command \
                      here, which asks first.",
        help: "write the command without the `# `, with sudo where it needs root",
        correct: "sudo pg_ctlcluster 15 main promote",
        check: AtBlock(root),
    },
    Rule {
        name: "undeclared-placeholder",
        severity: NOTE,
        title: "a value in angle brackets, which is asked for",
        explanation: "The console asks for it and hands it over as a variable. Without a declaration any single word is accepted.",
        help: "declare it in vars, with a pattern or the command that lists the choices, and write \"${NAME:?}\"",
        correct: "kubectl -n \"${NAMESPACE:?}\" describe pod \"${POD:?}\"",
        check: AtBlock(placeholder),
    },
];

/// The label of the block's fence, and where it is or should be.
fn label<'s>(block: &Block<'_>, report: &Report<'s>) -> Option<(Range<usize>, &'s str)> {
    let fence = report.subject.outline.fence_at(block.start())?;
    let first = report.subject.runbook.source.get(fence.whole.start..fence.body.start)?;
    let marks = first.rfind(['`', '~'])? + 1;
    let blanks = first[marks..].len() - first[marks..].trim_start_matches([' ', '\t']).len();
    let at = fence.whole.start + marks + if fence.language.is_empty() { 0 } else { blanks };
    Some((at..at + fence.language.len(), fence.language))
}

/// It is the first part of its fence.
fn begins_fence(block: &Block<'_>, report: &Report<'_>) -> bool {
    let fence = report.subject.outline.fence_at(block.start());
    let source = &report.subject.runbook.source;
    fence.is_some_and(|fence| source.get(fence.body.start..block.start()).is_some_and(|before| !before.contains('\n')))
}

/// A prompt was taken off the first line.
fn has_prompt(block: &Block<'_>, report: &Report<'_>) -> bool {
    let before = report.subject.runbook.source.get(..block.start()).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.trim_end().ends_with(['$', '%', '#', '❯', '➜']) || line.trim().len() > 1 && line.trim_end().ends_with('>')
}

/// Tells of a fence's label, and which one is right.
fn relabelled(block: &Block<'_>, report: &mut Report<'_>, message: &str) {
    let Some((span, _)) = label(block, report) else { return };
    let language = if has_prompt(block, report) { "console" } else { "bash" };
    let shown = block.in_document(block.first_line());
    report.document(shown, message);
    report.fix(span, language);
}

fn unlabelled(block: &Block<'_>, report: &mut Report<'_>) {
    if block.action.asks == Some(Asks::Unlabelled) && begins_fence(block, report) {
        relabelled(block, report, "no label says that these are commands");
    }
}

fn prompt(block: &Block<'_>, report: &mut Report<'_>) {
    let is_shell = |word: &str| matches!(word, "bash" | "sh" | "shell" | "zsh" | "ksh");
    if block.action.language == Language::Bash
        && block.action.asks.is_none()
        && has_prompt(block, report)
        && label(block, report).is_some_and(|(_, word)| is_shell(word))
    {
        relabelled(block, report, "the prompt before this command is part of the fence");
    }
}

fn root(block: &Block<'_>, report: &mut Report<'_>) {
    if block.action.asks == Some(Asks::RootPrompt) {
        report.code(block, block.first_line(), "bash takes this command for a comment");
    }
}

fn placeholder(block: &Block<'_>, report: &mut Report<'_>) {
    for filled in &block.action.filled {
        let name = block.action.code[filled.span.clone()].trim_matches(['"', '\'', '$', '{', '}']).to_owned();
        // What the document declares is named there.
        if report.subject.runbook.front.vars.get(&name).is_some_and(|variable| variable.placeholder) {
            report.code(block, filled.span.clone(), format!("{} is asked for as ${name}", filled.written));
        }
    }
}
