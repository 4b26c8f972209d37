//! What rules look at: the runbook with its shell and SQL analysed once, and the questions they ask of it.

use std::{borrow::Cow, collections::HashMap, ops::Range};

use super::{
    LintContext,
    block::{Assigned, Block},
    command::Command,
    names::Names,
    outline::Outline,
    scripts::Scripts,
    sql_text::{Place, SqlText},
    version::Versions,
};
use crate::{Action, Language, Requirement, Runbook, SectionKind, Step, VariableKind};

/// The runbook under inspection.
pub(super) struct Subject<'a> {
    pub(super) runbook: &'a Runbook,
    pub(super) context: &'a LintContext,
    pub(super) outline: Outline<'a>,
    pub(super) versions: Versions,
    pub(super) blocks: Vec<Block<'a>>,
    /// Every simple command of the document, in its order; a wrapper (`sudo`, `kubectl exec`) stands before what it runs.
    pub(super) commands: Vec<Command<'a>>,
    pub(super) sql: Vec<SqlText<'a>>,
    assignments: Vec<Assigned>,
    /// Numbers of the commands of each program.
    by_program: HashMap<String, Vec<usize>>,
    names: Names,
    /// Where each procedure starts: the place of the heading that begins it.
    procedures: Vec<usize>,
}

/// Variables that are there without anybody setting them, or that programs read.
pub(super) const ENVIRONMENT: &[&str] = &[
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "PWD",
    "OLDPWD",
    "SHELL",
    "HOSTNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TERM",
    "TZ",
    "UID",
    "EUID",
    "PPID",
    "RANDOM",
    "SECONDS",
    "LINENO",
    "IFS",
    "BASH",
    "BASH_VERSION",
    "BASH_SOURCE",
    "BASHPID",
    "BASH_REMATCH",
    "PIPESTATUS",
    "FUNCNAME",
    "REPLY",
    "OPTARG",
    "OPTIND",
    "EPOCHSECONDS",
    "EPOCHREALTIME",
    "HOSTTYPE",
    "OSTYPE",
    "MACHTYPE",
    "COLUMNS",
    "LINES",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGSSLMODE",
    "PGOPTIONS",
    "PGSERVICE",
    "REDISCLI_AUTH",
    "KUBECONFIG",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PAGER",
    "NO_COLOR",
    "DEBIAN_FRONTEND",
    "SSH_AUTH_SOCK",
    "DOCKER_HOST",
    "EDITOR",
    "PAGER",
    "GIT_PAGER",
];

/// Of those, the ones that are set for every process.
const ALWAYS: usize = 37;

impl<'a> Subject<'a> {
    pub(super) fn new(runbook: &'a Runbook, scripts: &'a Scripts<'a>, context: &'a LintContext) -> Self {
        let mut subject = Subject {
            runbook,
            context,
            outline: Outline::of(&runbook.source),
            versions: Versions::of(runbook),
            blocks: Vec::new(),
            commands: Vec::new(),
            sql: Vec::new(),
            assignments: Vec::new(),
            by_program: HashMap::new(),
            names: Names::default(),
            procedures: Vec::new(),
        };
        for section in &runbook.sections {
            for step in &section.steps {
                for action in step.all_actions() {
                    let is_undo = step.undo.iter().any(|undo| undo.id == action.id);
                    subject.add(action, step, section.kind, is_undo, scripts);
                }
            }
        }
        for command in &subject.commands {
            match subject.by_program.get_mut(command.program()) {
                Some(all) => all.push(command.index),
                None => {
                    subject.by_program.insert(command.program().to_owned(), vec![command.index]);
                }
            }
        }
        subject.names = Names::of(runbook, &subject.blocks, &subject.assignments);
        subject
    }

    fn add(
        &mut self,
        action: &'a Action,
        step: &'a Step,
        section: SectionKind,
        is_undo: bool,
        scripts: &'a Scripts<'a>,
    ) {
        let index = self.blocks.len();
        let start = self.commands.len();
        let Some(analysed) = scripts.of_block(index) else { return };
        analysed.commands(index, &mut self.commands);
        let at = action.spans.first().map_or(0, |span| span.start);
        let procedure = self.procedure_of(at, section);
        let mut block = Block {
            index,
            action,
            option: step.option.as_ref(),
            section,
            step_title: &step.title,
            is_undo,
            step_has_undo: !step.undo.is_empty(),
            gated: action.attributes.gate.is_some(),
            problem: analysed.problem(),
            unseen: analysed.unseen(),
            fence_code: Cow::Borrowed(&action.code),
            uses: analysed.uses(),
            commands: start..self.commands.len(),
            procedure,
        };
        if let Some(fence) = self.outline.fence_at(at) {
            block.fence_code = Cow::Borrowed(&self.runbook.source[fence.body.clone()]);
        }
        for (name, value, span, prefix, exported) in analysed.assignments() {
            let at = block.in_document(span.clone()).start;
            self.assignments.push(Assigned { name, value, span, block: index, at, prefix, exported });
        }
        if action.language == Language::Bash {
            // SQL that was written for psql's prompt and stands in a shell block: what it says is looked at all the same.
            let here = |start: usize| {
                self.commands[block.commands.clone()].iter().any(|c| c.whole.contains(&start) && c.span.start != start)
            };
            let stray: Vec<(usize, &str)> = block
                .lines()
                .filter(|(start, line)| {
                    ["VACUUM", "REINDEX"].iter().any(|word| line.starts_with(word)) && !here(*start)
                })
                .collect();
            self.sql.extend(
                stray
                    .into_iter()
                    .map(|(start, line)| SqlText::new(Cow::Borrowed(line), index, None, Place::From(start))),
            );
        } else {
            self.sql.push(SqlText::new(Cow::Borrowed(&action.code), index, None, Place::From(0)));
        }
        for command in &self.commands[start..] {
            self.sql.extend(SqlText::sent_by(command, index));
        }
        self.blocks.push(block);
    }

    /// The place where the procedure of a block starts. A document by the template is one procedure; elsewhere it is what
    /// stands under a heading like `Scenario 1: …`, or else under the innermost heading.
    fn procedure_of(&mut self, at: usize, section: SectionKind) -> usize {
        let templated = matches!(section, SectionKind::Steps | SectionKind::Verification | SectionKind::Rollback);
        let path = self.outline.path(at);
        let start = if templated {
            0
        } else {
            let scenario = path.iter().find(|heading| heading.level > 1 && names_a_procedure(heading.title));
            scenario.or(path.last()).map_or(0, |heading| heading.span.start)
        };
        match self.procedures.iter().position(|other| *other == start) {
            Some(index) => index,
            None => {
                self.procedures.push(start);
                self.procedures.len() - 1
            }
        }
    }

    /// The bytes of the procedure that a byte of prose belongs to.
    pub(super) fn procedure_around(&self, at: usize) -> Range<usize> {
        let path = self.outline.path(at);
        let templated = self.runbook.sections.iter().any(|section| section.kind == SectionKind::Steps);
        let scenario = path.iter().find(|heading| heading.level > 1 && names_a_procedure(heading.title));
        match scenario.or(path.last()).filter(|_| !templated) {
            Some(heading) => self.outline.extent(heading),
            None => 0..self.runbook.source.len(),
        }
    }

    /// Blocks by procedure, in document order.
    pub(super) fn procedures(&self) -> impl Iterator<Item = Vec<&Block<'a>>> {
        (0..self.procedures.len())
            .map(|procedure| self.blocks.iter().filter(|block| block.procedure == procedure).collect())
    }

    /// Of these commands, the ones that are run together with a block: of its procedure, not of another alternative, and no undo
    /// unless it is one itself.
    pub(super) fn together<'s>(
        &'s self,
        block: usize,
        range: Range<usize>,
    ) -> impl Iterator<Item = &'s Command<'s>> + use<'s, 'a> {
        let own = &self.blocks[block];
        self.of_procedure(block, range).filter(|command| self.blocks[command.block].is_undo == own.is_undo)
    }

    /// Of these commands, the ones that an undo takes back; none for a block that is no undo.
    pub(super) fn done_before<'s>(
        &'s self,
        block: usize,
        range: Range<usize>,
    ) -> impl Iterator<Item = &'s Command<'s>> + use<'s, 'a> {
        let own = &self.blocks[block];
        self.of_procedure(block, range).filter(|command| own.is_undo && !self.blocks[command.block].is_undo)
    }

    /// Of these commands, the ones of the block's procedure and not of another alternative.
    fn of_procedure<'s>(
        &'s self,
        block: usize,
        range: Range<usize>,
    ) -> impl Iterator<Item = &'s Command<'s>> + use<'s, 'a> {
        let own = &self.blocks[block];
        self.commands[range].iter().filter(move |command| {
            let other = &self.blocks[command.block];
            let alternative = match (own.option, other.option) {
                (Some(own), Some(other)) => own.group == other.group && own.key != other.key,
                _ => false,
            };
            own.procedure == other.procedure && !alternative
        })
    }

    pub(super) fn commands_of(&self, program: &'static str) -> impl Iterator<Item = &Command<'a>> {
        self.by_program.get(program).into_iter().flatten().map(|index| &self.commands[*index])
    }

    /// The commands whose first byte stands in this part of the document.
    pub(super) fn commands_in(&self, area: Range<usize>) -> impl Iterator<Item = &Command<'a>> {
        self.commands.iter().filter(move |command| area.contains(&self.at_command(command)))
    }

    /// Where a command starts in the document.
    pub(super) fn at_command(&self, command: &Command<'_>) -> usize {
        self.blocks[command.block].in_document(command.span.clone()).start
    }

    pub(super) fn line_of(&self, command: &Command<'_>) -> usize {
        self.outline.position(self.blocks[command.block].in_document(command.span.clone())).line
    }

    pub(super) fn assignments(&self) -> impl Iterator<Item = &Assigned> {
        self.assignments.iter()
    }

    /// Whether the front matter requires this program.
    pub(super) fn requires(&self, program: &str) -> bool {
        let mut required = self.runbook.front.requires.iter().filter_map(|requirement| Requirement::parse(requirement));
        required.any(|requirement| requirement.name == program)
    }

    /// Whether the variable is declared secret.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.runbook.front.vars.get(name).is_some_and(|variable| variable.secret)
    }

    /// Whether its value is checked to be one word: a number, or one of choices without anything special in them.
    pub(super) fn is_one_word(&self, name: &str) -> bool {
        let plain = |choice: &String| choice.chars().all(|c| c.is_alphanumeric() || "-_./:@".contains(c));
        self.runbook.front.vars.get(name).is_some_and(|variable| {
            let chosen = !variable.choices.is_empty() && variable.choices.iter().all(plain);
            variable.required && (variable.kind == VariableKind::Integer || chosen)
        })
    }

    /// Whether the runbook asks for it and takes no empty answer.
    pub(super) fn is_required(&self, name: &str) -> bool {
        self.runbook.front.vars.get(name).is_some_and(|variable| variable.required)
    }

    /// Whether the runbook or its surroundings give this variable a value somewhere.
    pub(super) fn sets(&self, name: &str) -> bool {
        self.defines(name) || self.context.variables.contains(name)
    }

    /// Whether this is a variable of the runbook itself.
    pub(super) fn defines(&self, name: &str) -> bool {
        self.names.defines(name)
    }

    /// Whether the variable has a value when `block` gets to this byte of its code.
    pub(super) fn is_set(&self, name: &str, block: &Block<'_>, at: usize) -> bool {
        let given = ENVIRONMENT[..ALWAYS].contains(&name) || self.context.variables.contains(name);
        given || self.names.is_set(name, block.in_document(at..at).start)
    }

    /// Whether its name occurs anywhere but where it is given a value, or in the command that gives another its choices.
    pub(super) fn is_used(&self, name: &str) -> bool {
        let mut front = self.runbook.front.vars.values().filter_map(|variable| variable.from.as_ref());
        self.names.is_used(name) || front.any(|from| from.contains(name))
    }

    /// The line of the title, or the first line.
    pub(super) fn title_line(&self) -> Range<usize> {
        self.outline.headings.first().map_or_else(|| self.outline.line(1), |heading| heading.span.clone())
    }

    /// Whether prose or code of this part says one of these, in lower case.
    pub(super) fn says(&self, area: Range<usize>, words: &[&str]) -> bool {
        let text = self.runbook.source.get(area).unwrap_or_default().to_ascii_lowercase();
        words.iter().any(|word| text.contains(word))
    }

    /// The first SQL that calls a function, with its block.
    pub(super) fn sql_calls(&self, name: &'static str) -> Option<(usize, Range<usize>)> {
        self.sql_blocks_calling(name).next()
    }

    /// SQL blocks that call a function, with the name's place in the block's code.
    pub(super) fn sql_blocks_calling(&self, name: &'static str) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.sql.iter().filter(|sql| sql.command.is_none()).flat_map(move |sql| {
            sql.statements()
                .filter_map(move |statement| statement.calls(name))
                .map(|word| (sql.block, sql.in_code(word.span.clone())))
                .collect::<Vec<_>>()
        })
    }
}

fn names_a_procedure(title: &str) -> bool {
    let lower = title.to_ascii_lowercase();
    let kind = ["scenario", "procedure", "playbook", "runbook"].iter().find(|kind| lower.starts_with(**kind));
    kind.is_some_and(|kind| {
        let rest = lower[kind.len()..].trim_start();
        rest.starts_with(':') || rest.starts_with(|c: char| c.is_ascii_digit())
    })
}
