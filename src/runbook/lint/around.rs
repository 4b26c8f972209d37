//! What stands around a command, a block or an SQL text: asked of the subject that they belong to.

use std::ops::Range;

use super::{block::Block, command::Command, sql_text::SqlText, subject::Subject};
use crate::Language;

impl<'a> Block<'a> {
    pub(super) fn commands<'s>(&self, subject: &'s Subject<'_>) -> impl Iterator<Item = &'s Command<'s>>
    where
        'a: 's,
    {
        subject.commands[self.commands.clone()].iter()
    }

    pub(super) fn has_commands(&self, subject: &Subject<'_>) -> bool {
        !self.commands.is_empty()
            || self.action.language == Language::Sql && subject.sql.iter().any(|sql| sql.block == self.index)
    }

    /// Whole-line comments with their place in the code.
    pub(super) fn comments(&self, subject: &Subject<'_>) -> Vec<(Range<usize>, &'a str)> {
        let mark = if self.action.language == Language::Sql { "--" } else { "#" };
        self.lines()
            .filter_map(|(start, line)| {
                let text = line.trim_start();
                let at = start + line.len() - text.len();
                let comment = text.starts_with(mark) && !self.inside_a_command_argument(subject, at);
                comment.then(|| (at..start + line.len(), text))
            })
            .collect()
    }

    /// Whether a byte of the code stands inside a command: in a quoted argument or a here-document.
    pub(super) fn inside_a_command_argument(&self, subject: &Subject<'_>, at: usize) -> bool {
        self.commands(subject).any(|command| command.whole.contains(&at) && command.span.start != at)
    }

    /// Whether a line is the text of a message (the body of a here-document into a file or a mailer), where names of fields are
    /// what is meant.
    pub(super) fn is_message(&self, subject: &Subject<'_>, at: usize) -> bool {
        self.commands(subject).any(|command| {
            let document = command.whole.contains(&at) && !command.span.contains(&at);
            document
                && matches!(command.program(), "cat" | "mail" | "sendmail" | "tee")
                && !command
                    .output_files()
                    .any(|path| path.ends_with(".conf") || path.ends_with(".yaml") || path.ends_with(".yml"))
        })
    }

    /// Whether the step, the action or a heading above is named with one of these words.
    pub(super) fn named(&self, subject: &Subject<'_>, words: &[&str]) -> bool {
        let name = self.action.name.as_deref().unwrap_or_default();
        let headings = subject.outline.path(self.start());
        let near = headings.last().map_or("", |heading| heading.title);
        [self.step_title, name, near].iter().any(|title| {
            let lower = title.to_ascii_lowercase();
            words.iter().any(|word| lower.contains(word))
        })
    }
}

impl<'a> Command<'a> {
    /// The block that it stands in.
    pub(super) fn block<'s>(&self, subject: &'s Subject<'s>) -> &'s Block<'s> {
        &subject.blocks[self.block]
    }

    /// Whether something ends it: `timeout`, or the fence's own limit.
    pub(super) fn bounded(&self, subject: &Subject<'_>) -> bool {
        self.is_inside(&["timeout", "gtimeout"]) || subject.blocks[self.block].action.attributes.timeout.is_some()
    }

    /// The command that reads its output.
    pub(super) fn next_in_pipe<'s>(&self, subject: &'s Subject<'s>) -> Option<&'s Command<'s>> {
        self.in_pipe(subject, self.invocation.placement.index.checked_add(1)?)
    }

    /// The command whose output it reads.
    pub(super) fn previous_in_pipe<'s>(&self, subject: &'s Subject<'s>) -> Option<&'s Command<'s>> {
        self.in_pipe(subject, self.invocation.placement.index.checked_sub(1)?)
    }

    fn in_pipe<'s>(&self, subject: &'s Subject<'s>, index: usize) -> Option<&'s Command<'s>> {
        let own = &self.invocation.placement;
        subject.blocks[self.block].commands(subject).find(|other| {
            let place = &other.invocation.placement;
            !other.is_wrapper && place.pipeline == own.pipeline && place.index == index
        })
    }

    /// The commands of its procedure that come before it, the first first; those of other alternatives are left out.
    pub(super) fn before<'s>(&self, subject: &'s Subject<'s>) -> impl Iterator<Item = &'s Command<'s>> + use<'s, 'a> {
        subject.together(self.block, 0..self.index)
    }

    /// The commands of its procedure that have been run when it is: those before it, and for an undo those that it takes back
    /// too.
    pub(super) fn known_before<'s>(
        &self,
        subject: &'s Subject<'s>,
    ) -> impl Iterator<Item = &'s Command<'s>> + use<'s, 'a> {
        let done = subject.done_before(self.block, 0..self.index);
        self.before(subject).chain(done)
    }

    /// The commands of its procedure that come after it.
    pub(super) fn after<'s>(&self, subject: &'s Subject<'s>) -> impl Iterator<Item = &'s Command<'s>> + use<'s, 'a> {
        subject.together(self.block, self.index + 1..subject.commands.len())
    }

    /// The comment lines right above it and the comment at the end of its last line, in lower case.
    pub(super) fn comment(&self, subject: &Subject<'_>) -> String {
        let code: &str = &subject.blocks[self.block].action.code;
        let start = self.whole.start.min(code.len());
        let mut line_start = code.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let mut lines: Vec<&str> = Vec::new();
        while let Some(above) = line_start.checked_sub(1).and_then(|end| code.get(..end)) {
            let line = &above[above.rfind('\n').map_or(0, |at| at + 1)..];
            if !line.trim_start().starts_with('#') {
                break;
            }
            line_start -= line.len() + 1;
            lines.push(line);
        }
        let rest = code.get(self.span.end..).unwrap_or_default();
        let tail = rest.lines().next().unwrap_or_default();
        lines.extend(tail.find('#').map(|at| &tail[at..]));
        lines.join("\n").to_lowercase()
    }

    pub(super) fn comment_says(&self, subject: &Subject<'_>, phrases: &[&str]) -> bool {
        let comment = self.comment(subject);
        phrases.iter().any(|phrase| comment.contains(phrase))
    }

    /// Whether its comment, or the name of its action or step, holds one of these words: what it is said to be for.
    pub(super) fn intent(&self, subject: &Subject<'_>, words: &[&str]) -> bool {
        let block = &subject.blocks[self.block];
        let comment = self.comment(subject);
        let says = |text: &str| {
            let lower = text.to_lowercase();
            lower.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
        };
        says(&comment) || block.action.name.as_deref().is_some_and(says) || says(block.step_title())
    }
}

impl SqlText<'_> {
    pub(super) fn block<'s>(&self, subject: &'s Subject<'s>) -> &'s Block<'s> {
        &subject.blocks[self.block]
    }
}

impl Subject<'_> {
    /// Where a `#` comment starts at the end of a line of code, in the block's code.
    pub(super) fn trailing_comment(&self, block: &Block<'_>, start: usize, line: &str) -> Option<usize> {
        if block.action.language != Language::Bash {
            return line.find("--").map(|at| start + at);
        }
        let at = start + line.find(" #")?;
        let inside = block.commands(self).any(|command| command.span.contains(&(at + 1)));
        (!inside).then_some(at + 1)
    }
}
