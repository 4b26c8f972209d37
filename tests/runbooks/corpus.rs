//! What becomes of the command fences of a folder of Markdown: how many are actions, how many ask, what is left out.

use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use warroom::{
    platform::DiagnosticSeverity,
    runbook::{
        self, Action, Asks, Step,
        lint::{LintContext, lint},
    },
};

/// Words after a fence's mark that say that it is commands.
const LABELS: [&str; 12] = [
    "bash",
    "sh",
    "shell",
    "zsh",
    "ksh",
    "console",
    "shell-session",
    "shellsession",
    "bash-session",
    "sh-session",
    "terminal",
    "sql",
];

/// What was counted.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub documents: usize,
    pub fences: usize,
    /// Fences whose label says that they are commands, and those of them that are actions.
    pub labelled: usize,
    pub labelled_run: usize,
    pub actions: usize,
    pub unlabelled_actions: usize,
    /// Actions that ask for another reason.
    pub asking: usize,
    pub variables: usize,
    /// Errors of the parser.
    pub errors: usize,
    pub findings: usize,
    /// Documents that the parser or the linter could not get through.
    pub crashes: Vec<PathBuf>,
    /// Labelled fences that are no action: document and line.
    pub missed: Vec<(PathBuf, usize)>,
    /// For reading; and for the linter.
    pub parsing: Duration,
    pub linting: Duration,
}

/// Reads every document below the folder.
pub(crate) fn measure(folder: &Path) -> Figures {
    let mut figures = Figures::default();
    let mut files = Vec::new();
    documents(folder, &mut files);
    files.sort();
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
        figures.documents += 1;
        let name = file.display().to_string();
        let begun = Instant::now();
        let Ok(document) = catch_unwind(|| runbook::parse(&name, &text)) else {
            figures.crashes.push(file);
            continue;
        };
        figures.parsing += begun.elapsed();
        let begun = Instant::now();
        match catch_unwind(|| lint(&document, &LintContext::default()).len()) {
            Ok(found) => figures.findings += found,
            Err(_) => figures.crashes.push(file.clone()),
        }
        figures.linting += begun.elapsed();
        let actions: Vec<&Action> = document.steps().flat_map(Step::all_actions).collect();
        for (first, last, label) in fences(&text) {
            figures.fences += 1;
            if !LABELS.contains(&label.as_str()) {
                continue;
            }
            figures.labelled += 1;
            if actions.iter().any(|action| (first..=last).contains(&action.line)) {
                figures.labelled_run += 1;
            } else {
                figures.missed.push((file.clone(), first));
            }
        }
        figures.actions += actions.len();
        figures.unlabelled_actions += actions.iter().filter(|action| action.asks == Some(Asks::Unlabelled)).count();
        figures.asking +=
            actions.iter().filter(|action| action.asks.is_some_and(|asks| asks != Asks::Unlabelled)).count();
        figures.variables += document.front.vars.len();
        let errors = document.diagnostics.iter().filter(|found| found.severity == DiagnosticSeverity::Error);
        figures.errors += errors.count();
    }
    figures
}

fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    if folder.is_file() {
        return found.push(folder.to_owned());
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_markdown = path
            .extension()
            .is_some_and(|kind| matches!(kind.to_str(), Some("md" | "mdx" | "markdown" | "qmd" | "Rmd")));
        if path.is_dir() && !path.is_symlink() {
            documents(&path, found);
        } else if is_markdown {
            found.push(path);
        }
    }
}

/// First and last line of each fence, and the word after its mark, as every dialect writes it.
fn fences(text: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, char, usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start_matches(['>', ' ', '\t']).trim_end();
        let sign = line.chars().next().filter(|sign| matches!(sign, '`' | '~'));
        let length = sign.map_or(0, |sign| line.len() - line.trim_start_matches(sign).len());
        match &open {
            Some((first, own, least, label)) if sign == Some(*own) && length >= *least && line.len() == length => {
                found.push((*first, number + 1, label.clone()));
                open = None;
            }
            Some(_) => {}
            None if length >= 3 => {
                let info = line[length..].trim().trim_start_matches("{code-block}").trim_start();
                let word = info.trim_start_matches(['{', '.', ' ']).split([' ', '{', '}', ',', '[', ':']).next();
                open = Some((number + 1, sign.unwrap_or('`'), length, word.unwrap_or_default().to_lowercase()));
            }
            None => {}
        }
    }
    found
}
