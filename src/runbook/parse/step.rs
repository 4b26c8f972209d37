//! Reads the blocks below one heading: checks, actions, expected output, what to do on failure, and the step's own undo.

use std::{ops::Range, sync::Arc};

use super::{
    attributes,
    blocks::{Block, Kind, Line},
    fence,
    heading::{self, Label},
    language::{self, Use},
    notes::Notes,
    placeholders::{self, Placeholder},
    session,
};
use crate::{
    Action, ActionId, Asks, Attributes, Check, Expectation, Filled, Language, StepId, risk,
    shell::{self, Script},
};

/// What the blocks of a step hold.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub checks: Vec<Check>,
    pub actions: Vec<Action>,
    pub if_it_fails: Option<Range<usize>>,
    pub remedies: Vec<Action>,
    pub undo: Vec<Action>,
    /// The shell of all of these actions, taken apart.
    pub scripts: Vec<(ActionId, Arc<Script>)>,
}

/// Whether there is something to do: an executable fence or a check.
pub(super) fn has_work(blocks: &[Block]) -> bool {
    blocks.iter().any(|block| match &block.kind {
        Kind::Item { ticked } => ticked.is_some(),
        Kind::Fence(fence) => fence.what != Use::Show,
        _ => false,
    })
}

/// Says of fences that are only shown when they may have been meant to be run.
pub(super) fn shown(blocks: &[Block], notes: &mut Notes<'_>) {
    let fences =
        blocks.iter().filter_map(|block| if let Kind::Fence(fence) = &block.kind { Some(fence) } else { None });
    for fence in fences {
        let info = &notes.text.source[fence.info.clone()];
        let word = language::info(info).word;
        if fence.what != Use::Show || language::is_run(word) {
            continue;
        }
        if let Some(meant) = language::meant(word) {
            let message = format!("`{word}` is no language that can be run, so this fence is only shown");
            notes.warning(fence.info.clone(), message, Some(format!("did you mean `{meant}`?")));
        } else if let Some(brace) = info.find('{')
            && info[brace + 1..].split([' ', '=', '}', ',']).any(|word| attributes::NAMES.contains(&word))
        {
            let message = "attributes have no effect here: fences of this language are only shown";
            let help = "the languages that are run are bash, sh, shell, console, shell-session and sql".to_owned();
            notes.warning(fence.info.clone(), message, Some(help));
        }
    }
}

/// Where actions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Forward,
    Remedy,
    Undo,
}

/// Reads these blocks of the row. `label` is the heading's own, when the heading is one (`#### Rollback`).
pub(super) fn read(
    blocks: &[Block],
    ranges: &[Range<usize>],
    label: Option<Label>,
    step: &StepId,
    notes: &mut Notes<'_>,
) -> Content {
    let mut reader = Reader {
        blocks,
        step,
        notes,
        content: Content::default(),
        modes: Vec::new(),
        heading_mode: Mode::Forward,
        heading_name: None,
        expecting: None,
    };
    if let Some(label) = label {
        reader.heading_label(label);
    }
    for range in ranges {
        range.clone().for_each(|index| reader.block(index, range.start));
    }
    reader.content
}

struct Reader<'r, 'a> {
    blocks: &'r [Block],
    step: &'r StepId,
    notes: &'r mut Notes<'a>,
    content: Content,
    /// Labels in force and the depth of each: one inside a list item ends with it.
    modes: Vec<(usize, Mode)>,
    heading_mode: Mode,
    /// A nested heading names the fences below it.
    heading_name: Option<String>,
    expecting: Option<Expecting>,
}

/// `**Expected Output:**` was the last thing said.
#[derive(Debug, Clone, Copy)]
struct Expecting {
    /// How deep in lists.
    depth: usize,
    /// A list came after it, whose items are what is expected.
    listed: bool,
}

impl Reader<'_, '_> {
    fn mode(&self) -> Mode {
        self.modes.last().map_or(self.heading_mode, |(_, mode)| *mode)
    }

    fn block(&mut self, index: usize, first: usize) {
        let block = &self.blocks[index];
        while self.modes.last().is_some_and(|(depth, _)| *depth > block.depth) {
            self.modes.pop();
        }
        if self.expecting.is_some_and(|of| of.depth > block.depth || of.listed && of.depth == block.depth) {
            self.expecting = None;
        }
        match &block.kind {
            Kind::Heading { text, .. } if block.depth == 0 => {
                self.modes.clear();
                self.expecting = None;
                self.heading_mode = Mode::Forward;
                let name = heading::number(text).1;
                let label = heading::label(name);
                self.heading_name = Some(name.to_owned()).filter(|_| label.is_none());
                if let Some(label) = label {
                    self.heading_label(label);
                }
            }
            Kind::Paragraph(lines) => self.paragraph(block, lines),
            // The list right after the label; a later one is prose again.
            Kind::List if self.mode() == Mode::Remedy && self.content.if_it_fails.is_none() => {
                self.content.if_it_fails = Some(block.span.clone());
            }
            Kind::Item { ticked: Some(ticked) } if self.mode() == Mode::Forward => {
                let text = self.item_text(index);
                let line = self.notes.text.line(block.span.start);
                self.content.checks.push(Check { text, about: None, ticked: *ticked, line });
                // What stands in it is no expectation besides.
                self.expecting = None;
            }
            Kind::Fence(_) => self.fence(index, first),
            _ => {}
        }
    }

    fn heading_label(&mut self, label: Label) {
        match label {
            Label::ExpectedOutput => self.expecting = Some(Expecting { depth: 0, listed: false }),
            Label::IfItFails => self.heading_mode = Mode::Remedy,
            Label::Rollback => self.heading_mode = Mode::Undo,
        }
    }

    fn paragraph(&mut self, block: &Block, lines: &[Line]) {
        let mut expected: Option<Expected> = None;
        for line in lines {
            let (bold, rest) = line.text.split_at(line.bold);
            match heading::label(bold) {
                Some(label) => {
                    self.expect(expected.take());
                    let rest = rest.trim_start().trim_start_matches(':').trim();
                    self.expecting = None;
                    match label {
                        Label::ExpectedOutput if rest.is_empty() => {
                            self.expecting = Some(Expecting { depth: block.depth, listed: false });
                        }
                        Label::ExpectedOutput => expected = Some(Expected::of(line, line.bold)),
                        Label::IfItFails => self.modes.push((block.depth, Mode::Remedy)),
                        Label::Rollback => self.modes.push((block.depth, Mode::Undo)),
                    }
                    if label == Label::IfItFails && !rest.is_empty() && self.content.if_it_fails.is_none() {
                        self.content.if_it_fails = Some(line.start..block.span.end);
                    }
                }
                None if expected.is_some() || self.expecting.is_some() => {
                    // The line after the label, and those that go on from it.
                    let next = Expected::of(line, 0);
                    match &mut expected {
                        Some(so_far) => so_far.and(next),
                        None => expected = Some(next),
                    }
                    self.expecting = self.expecting.filter(|of| of.depth < block.depth);
                    if let Some(of) = &mut self.expecting {
                        of.listed = true;
                    }
                }
                None => {}
            }
        }
        self.expect(expected);
    }

    /// Adds what the output of the last action must be: compared where it is code, looked at by a person where it is prose.
    fn expect(&mut self, expected: Option<Expected>) {
        let listed = self.expecting.is_some_and(|of| of.listed);
        let Some(Expected { text, at, is_code }) = expected.filter(|expected| !expected.text.trim().is_empty()) else {
            return;
        };
        let line = self.notes.text.line(at);
        let mode = self.mode();
        if !is_code || listed {
            // Undo and remedies are no part of what makes the step done.
            if let Some(action) = self.content.actions.last().filter(|_| mode == Mode::Forward) {
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                self.content.checks.push(Check { text, about: Some(action.id.clone()), ticked: false, line });
            }
            return;
        }
        let actions = match mode {
            Mode::Forward => &mut self.content.actions,
            Mode::Remedy => &mut self.content.remedies,
            Mode::Undo => &mut self.content.undo,
        };
        if let Some(action) = actions.last_mut() {
            action.expected.push(Expectation::Text { text, line });
        }
    }

    fn fence(&mut self, index: usize, first: usize) {
        let block = &self.blocks[index];
        let Kind::Fence(fence) = &block.kind else { return };
        let source = self.notes.text.source;
        if self.expecting.take().is_some() {
            let text = fence.code.iter().map(|span| &source[span.clone()]).collect();
            let at = fence.code.first().map_or(block.span.start, |span| span.start);
            return self.expect(Some(Expected { text, at, is_code: true }));
        }
        let language = match fence.what {
            Use::Show => return,
            Use::Run(language) => language,
            Use::Session { .. } | Use::Unlabelled => Language::Bash,
        };
        if fence.unclosed {
            let span = self.notes.text.line_span(self.notes.text.line(block.span.start));
            let help = "end it with a line ```".to_owned();
            self.notes.error(span, "this fence has no end: all that follows is taken as its commands", Some(help));
        }
        if fence.code.is_empty() {
            self.notes.warning(block.span.clone(), "there is nothing to run in this fence", None);
            return;
        }
        let read = attributes::read(&source[fence.info.clone()], fence.info.start, language, self.notes);
        let mut expected = read.expected;
        let mut asks = read.asks.or(block.asks);
        // What a person compares with what is printed.
        let mut shown = None;
        let whole = |spans: Vec<Range<usize>>| vec![fence::Part { spans, ..fence::Part::default() }];
        let parts = match fence.what {
            Use::Session { asks: by_prompt, compared } => {
                asks = by_prompt.or(asks);
                let session = session::read(source, &fence.code);
                if session.spans.is_empty() {
                    let message = "no line of this fence starts with a prompt, so there is nothing to run";
                    let help = "put `$ ` before each command, or call the language `bash`".to_owned();
                    self.notes.warning(block.span.clone(), message, Some(help));
                    return;
                }
                if let Some(at) = session.output_at.filter(|_| !session.output.trim().is_empty()) {
                    let line = self.notes.text.line(at);
                    match compared {
                        true => expected.push(Expectation::Text { text: session.output, line }),
                        false => shown = Some((session.output, line)),
                    }
                }
                whole(session.spans)
            }
            Use::Unlabelled => {
                asks = Some(Asks::Unlabelled);
                fence::numbered(source, &fence.code)
            }
            Use::Run(Language::Bash) => match fence::above_sign(source, &fence.code) {
                Some((above, below)) => {
                    shown = Some((source[below.clone()].to_owned(), self.notes.text.line(below.start)));
                    whole(above)
                }
                None => fence::numbered(source, &fence.code),
            },
            Use::Run(Language::Sql) | Use::Show => whole(fence.code.clone()),
        };
        let name = self.name(index, first).or(read.name);
        let made = Made { attributes: read.attributes, language, name, asks, info: fence.info.clone() };
        self.actions(parts, made, expected);
        if let Some((output, line)) = shown
            && self.mode() == Mode::Forward
            && let Some(action) = self.content.actions.last()
        {
            let about = Some(action.id.clone());
            self.content.checks.push(Check { text: in_one_line(&output, line), about, ticked: false, line });
        }
    }

    /// One action a part. What is said about the output is about the last part's.
    fn actions(&mut self, parts: Vec<fence::Part>, made: Made, mut expected: Vec<Expectation>) {
        let Made { attributes, language, name, asks, info } = made;
        let count = parts.len();
        for (number, part) in parts.into_iter().enumerate() {
            let last = number + 1 == count;
            let mut attributes = attributes.clone();
            if !last {
                attributes.capture = None;
            }
            // Parts are numbered because they come after one another.
            attributes.parallel &= count == 1;
            let at = part.spans.first().map_or(info.start, |span| span.start);
            let written: String = part.spans.iter().map(|span| &self.notes.text.source[span.clone()]).collect();
            let (code, placeholders) = match language {
                Language::Bash => placeholders::filled(&written),
                Language::Sql => (written.as_str().into(), Vec::new()),
            };
            let code = code.into_owned();
            let filled = self.filled(&written, at, placeholders);
            if part.only_comments {
                self.only_comments(&code, at);
            }
            let script = (language == Language::Bash).then(|| shell::analyse(&code));
            let assessment = match &script {
                Some(script) => risk::assess_script(script, &code, &attributes),
                None => risk::assess(language, &code, &attributes),
            };
            if let Some(declared) = &assessment.declared
                && declared.risk < declared.computed
                && declared.reason.is_none()
                && last
            {
                let message =
                    format!("`risk={}` is less than what the commands can do ({})", declared.risk, declared.computed);
                let help = "say why with because=\"…\", else the higher risk counts".to_owned();
                self.notes.warning(info.clone(), message, Some(help));
            }
            let mode = self.mode();
            let (actions, prefix) = match mode {
                Mode::Forward => (&mut self.content.actions, ""),
                Mode::Remedy => (&mut self.content.remedies, "remedy-"),
                Mode::Undo => (&mut self.content.undo, "undo-"),
            };
            let id = ActionId(format!("{}/{prefix}{}", self.step.0, actions.len() + 1));
            self.content.scripts.extend(script.map(|script| (id.clone(), Arc::new(script))));
            actions.push(Action {
                id,
                name: part.name.or_else(|| name.clone()),
                language,
                code,
                line: self.notes.text.line(at),
                spans: part.spans,
                filled,
                asks,
                attributes,
                expected: if last { std::mem::take(&mut expected) } else { Vec::new() },
                assessment,
            });
        }
    }

    /// Asks for the placeholders, and says where the variables stand that take their place.
    fn filled(&mut self, written: &str, at: usize, found: Vec<Placeholder>) -> Vec<Filled> {
        let mut longer = 0;
        let mut filled = Vec::with_capacity(found.len());
        let first = self.notes.text.line(at);
        for placeholder in found {
            let line = first + written[..placeholder.span.start].matches('\n').count();
            self.notes.ask_for(&placeholder.variable, placeholders::variable(&placeholder, line));
            let start = placeholder.span.start + longer;
            let (length, was) = (placeholder.text.len(), placeholder.span.len());
            filled.push(Filled { span: start..start + length, written: written[placeholder.span].to_owned() });
            longer = longer + length - was;
        }
        filled
    }

    /// A numbered part without a command is for a person: it becomes a check too, so that it is not passed over.
    fn only_comments(&mut self, code: &str, at: usize) {
        let text = self.notes.text.position(at..at);
        let span = self.notes.text.line_span(text.line);
        let message = "this part has only comments: running it does nothing, so it is also a check for a person";
        self.notes.warning(span, message, None);
        if self.mode() == Mode::Forward {
            let said: Vec<&str> = code.lines().map(|line| line.trim_matches(['#', ' ', '\t', '\r'])).collect();
            let text = said.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
            let text = heading::number(&text).1.to_owned();
            self.content.checks.push(Check { text, about: None, ticked: false, line: self.notes.text.line(at) });
        }
    }

    /// What the document calls the fence: the bold line right before it, else the list item that it is in or comes after,
    /// else a nested heading.
    fn name(&self, index: usize, first: usize) -> Option<String> {
        let fence = &self.blocks[index];
        let before = index.checked_sub(1).filter(|before| *before >= first).map(|before| &self.blocks[before]);
        let bold = before.and_then(|block| match &block.kind {
            Kind::Paragraph(lines) => lines.last().filter(|line| line.bold > 0).map(|line| line.text.clone()),
            _ => None,
        });
        // What is to be ticked is no name of what comes after it.
        let is_check = |item: &usize| matches!(self.blocks[*item].kind, Kind::Item { ticked: Some(_) });
        let after_list = before.and_then(|block| block.item).filter(|item| fence.item.is_none() && !is_check(item));
        let item = fence.item.or(after_list).filter(|item| *item >= first).map(|item| self.item_text(item));
        let names = [bold, item].into_iter().flatten();
        names.filter(|name| is_name(name)).find_map(|name| clean(&name)).or_else(|| self.heading_name.clone())
    }

    /// The first paragraph of an item.
    fn item_text(&self, item: usize) -> String {
        match self.blocks.get(item + 1) {
            Some(Block { kind: Kind::Paragraph(lines), item: Some(of), .. }) if *of == item => {
                let lines: Vec<&str> = lines.iter().map(|line| line.text.trim()).collect();
                lines.join(" ").trim().to_owned()
            }
            _ => String::new(),
        }
    }
}

/// What the actions of one fence have in common.
struct Made {
    attributes: Attributes,
    language: Language,
    name: Option<String>,
    asks: Option<Asks>,
    info: Range<usize>,
}

/// Output as the text of a check: its first line, and where the rest is.
fn in_one_line(output: &str, line: usize) -> String {
    let mut lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    match lines.count() {
        0 => first,
        more => format!("{first} … ({} lines from line {line})", more + 1),
    }
}

/// What is said to be the output.
struct Expected {
    text: String,
    /// Where it starts in the document.
    at: usize,
    /// It is to be compared. A person compares prose.
    is_code: bool,
}

impl Expected {
    /// The part of a line from this byte on.
    fn of(line: &Line, from: usize) -> Self {
        let around = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || c == ':').is_empty();
        if let [code] = line.code.as_slice()
            && code.start >= from
            && around(&line.text[from..code.start])
            && line.text[code.end..].trim().is_empty()
        {
            return Expected { text: line.text[code.clone()].to_owned(), at: line.start, is_code: true };
        }
        let text = line.text[from..].trim_start().trim_start_matches(':').trim();
        Expected { text: text.to_owned(), at: line.start, is_code: false }
    }

    /// Another line of it. Code with prose around it is prose.
    fn and(&mut self, next: Expected) {
        self.text.extend(["\n", &next.text]);
        self.is_code &= next.is_code;
    }
}

/// Labels name nothing.
fn is_name(text: &str) -> bool {
    heading::label(text).is_none()
}

fn clean(name: &str) -> Option<String> {
    let name = name.trim().trim_end_matches(':').trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}
