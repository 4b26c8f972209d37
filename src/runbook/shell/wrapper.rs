//! Takes wrappers off: programs that run another program, and strings that are shell themselves.

use std::ops::Range;

use super::{
    args::{self, has_flag, known_start},
    peel::{Part, Peeled, assigned, peel, placeholder},
    script::{Invocation, PartKind, Redirect, Script, Spliced, Unseen, Word, Wrapper},
    text::Text,
    walk::{Context, Walker},
    words::as_code,
};

/// How many wrappers one command may stand behind.
const MOST_WRAPPERS: usize = 16;

impl Walker<'_> {
    /// Writes a command down, its wrappers taken off, and reads the code that it hands to a shell.
    pub(super) fn emit(&mut self, mut invocation: Invocation, context: &Context) {
        if !invocation.redirects.iter().any(Redirect::gives_input) && !invocation.placement.piped {
            invocation.redirects.extend(context.input.iter().cloned());
        }
        for _ in 0..MOST_WRAPPERS {
            self.resolve_program(&mut invocation);
            match peel(&invocation.words) {
                Peeled::Plain => return self.script.commands.push(invocation),
                Peeled::Command { at, also, appended } => {
                    if also {
                        self.script.commands.push(invocation.clone());
                    }
                    let placeholder = placeholder(&invocation.words);
                    take_off(&mut invocation, at);
                    if let Some(placeholder) = placeholder {
                        let words = std::mem::take(&mut invocation.words).into_iter();
                        invocation.words = words.map(|word| placeholder.filled(word)).collect();
                    }
                    invocation.appended |= appended;
                }
                Peeled::Code { text, from, at, also } => {
                    if also {
                        self.script.commands.push(invocation.clone());
                    }
                    return self.nested(&text, from, at, invocation, context);
                }
                Peeled::Several(parts) => {
                    let placeholder = placeholder(&invocation.words);
                    let filled = |word: &Word| match &placeholder {
                        Some(placeholder) => placeholder.filled(word.clone()),
                        None => word.clone(),
                    };
                    for part in parts {
                        match part {
                            Part::Words(range) => {
                                let words = invocation.words.get(range.clone()).unwrap_or_default();
                                let words = words.iter().map(filled).collect();
                                let mut inner = Invocation { words, redirects: Vec::new(), ..invocation.clone() };
                                let wrapper = invocation.words.get(..range.start).unwrap_or_default().to_vec();
                                inner.through.push(named(wrapper));
                                inner.placement.piped = false;
                                self.emit(inner, context);
                            }
                            Part::Code(text, from) => {
                                self.nested(&text, from, invocation.words.len(), invocation.clone(), context);
                            }
                        }
                    }
                    return self.script.commands.push(invocation);
                }
                Peeled::ShellInput { at } => return self.shell_input(at, invocation, context),
                Peeled::Unseen { what } => {
                    self.unseen(what, invocation.span.clone());
                    return self.script.commands.push(invocation);
                }
            }
        }
        self.problem(format!("a command stands behind more than {MOST_WRAPPERS} wrappers"), invocation.span);
    }

    /// Reads a string that is shell, as a layer of its own.
    fn nested(&mut self, text: &Text, from: Range<usize>, at: usize, invocation: Invocation, context: &Context) {
        self.spliced(&invocation, invocation.words.get(from).unwrap_or_default().to_vec());
        if text.value.trim_start().starts_with('$') && is_one_expansion(&text.value) {
            let name = invocation.program().unwrap_or("the command").to_owned();
            self.unseen(format!("{name} runs text that is not known before it runs"), invocation.span.clone());
        }
        let inner = self.inside(at, invocation, context);
        self.code(text, &inner);
    }

    /// Remembers words that are code for another shell, when this one puts something into them.
    fn spliced(&mut self, invocation: &Invocation, words: Vec<Word>) {
        if words.iter().any(|word| word.literal.is_none()) {
            let program = invocation.program().unwrap_or("a shell").to_owned();
            self.script.spliced.push(Spliced { program, words, span: invocation.span.clone() });
        }
    }

    /// The surroundings of code that a command runs: its wrappers, variables and input reach inside.
    fn inside(&self, at: usize, mut invocation: Invocation, context: &Context) -> Context {
        take_off(&mut invocation, at);
        Context {
            placement: invocation.placement,
            through: invocation.through,
            assignments: invocation.assignments,
            input: invocation.redirects.into_iter().filter(Redirect::gives_input).collect(),
            depth: context.depth + 1,
        }
    }

    /// `bash <<EOF`, `ssh host <<EOF`, `… | sh`.
    fn shell_input(&mut self, at: usize, invocation: Invocation, context: &Context) {
        let input: Vec<Redirect> = invocation.redirects.iter().filter(|one| one.gives_input()).cloned().collect();
        let span = invocation.span.clone();
        let name = invocation.program().unwrap_or("a shell").to_owned();
        if let Some(last) = input.last() {
            let word = last.document.as_ref().map(|document| &document.body);
            let is_file = last.document.is_none() && last.operator != super::RedirectOperator::HereString;
            match word.or(last.target.as_ref()).filter(|_| !is_file) {
                Some(word) => {
                    let word = word.clone();
                    self.spliced(&invocation, vec![word.clone()]);
                    let text = as_code([&word]);
                    // The lines are the shell's program: they are no input for what it runs.
                    let mut inner = self.inside(at, invocation, context);
                    inner.input.clear();
                    self.code(&text, &inner);
                }
                None => self.unseen(format!("{name} runs a file that is not known here"), span),
            }
        } else if invocation.placement.piped {
            match self.piped_text(&invocation) {
                Some(text) => {
                    self.spliced(&invocation, piped_words(&self.script.commands, &invocation));
                    let mut inner = self.inside(at, invocation, context);
                    inner.placement.piped = false;
                    self.code(&text, &inner);
                }
                None => self.unseen(format!("{name} runs whatever is piped into it"), span),
            }
        } else {
            self.script.commands.push(invocation);
        }
    }

    /// The text that `echo`, `printf` or `cat <<EOF` pipes into a command.
    fn piped_text(&self, invocation: &Invocation) -> Option<Text> {
        piped_text(&self.script.commands, invocation)
    }

    /// `PSQL="psql -h db"; $PSQL -c …`: the words of a variable that was set once, to text that is known, before.
    fn resolve_program(&self, invocation: &mut Invocation) {
        let Some(first) = invocation.words.first() else { return };
        let Some(value) = known_value(&self.script, first) else { return };
        let span = first.span.clone();
        let words: Vec<Word> = value
            .split_whitespace()
            .map(|text| Word {
                raw: first.raw.clone(),
                literal: Some(text.to_owned()),
                parts: vec![super::WordPart { kind: PartKind::Literal(text.to_owned()), span: span.clone() }],
                span: span.clone(),
            })
            .collect();
        if !words.is_empty() {
            invocation.words.splice(0..1, words);
        }
    }
}

/// The text that the command before it in the pipeline writes, when that is known.
pub(super) fn piped_text(commands: &[Invocation], invocation: &Invocation) -> Option<Text> {
    let mut writers = writers(commands, invocation);
    let writer = writers.next()?;
    if writers.next().is_some()
        || !writer.through.is_empty()
        || writer.redirects.iter().any(|one| one.operator.writes())
    {
        return None;
    }
    match writer.program()? {
        "echo" => {
            let escapes = has_flag(&writer.words, &["-e"]);
            let words =
                writer.words.iter().skip(1).filter(|word| !matches!(known_start(word), "-n" | "-e" | "-ne" | "-en"));
            let text = as_code(words);
            Some(if escapes { with_line_breaks(text) } else { text })
        }
        "printf" if !has_flag(&writer.words, &["-v"]) => {
            let words: Vec<&Word> = writer.words.iter().skip(1).collect();
            match words.as_slice() {
                // The format is only a frame when it is nothing but `%s`.
                [format, rest @ ..] if matches!(known_start(format), "%s" | "%s\\n") => {
                    Some(as_code(rest.iter().copied()))
                }
                [format] => Some(with_line_breaks(as_code([*format]))),
                _ => None,
            }
        }
        "cat" if writer.words.len() == 1 || (writer.words.len() == 2 && has_flag(&writer.words, &["-"])) => {
            let input = writer.redirects.iter().rev().find(|one| one.gives_input())?;
            Some(as_code([&input.document.as_ref()?.body]))
        }
        _ => None,
    }
}

/// The words of what pipes into a command.
fn piped_words(commands: &[Invocation], invocation: &Invocation) -> Vec<Word> {
    let Some(writer) = writers(commands, invocation).next() else { return Vec::new() };
    let documents = writer.redirects.iter().filter_map(|one| Some(&one.document.as_ref()?.body));
    writer.words.iter().skip(1).chain(documents).cloned().collect()
}

/// The commands that pipe into a command.
fn writers<'c>(commands: &'c [Invocation], invocation: &Invocation) -> impl Iterator<Item = &'c Invocation> {
    let Placement { pipeline, index, .. } = Placement::of(invocation);
    let before = index.checked_sub(1);
    commands.iter().rev().take(256).filter(move |one| {
        one.placement.pipeline == pipeline && Some(one.placement.index) == before && !one.placement.substitution
    })
}

/// The escapes of printf that part words and lines, each as long as before, so that every byte keeps its place.
fn with_line_breaks(mut text: Text) -> Text {
    text.value = text.value.replace("\\n", " \n").replace("\\t", "  ");
    text
}

struct Placement {
    pipeline: usize,
    index: usize,
}

impl Placement {
    fn of(invocation: &Invocation) -> Self {
        Self { pipeline: invocation.placement.pipeline, index: invocation.placement.index }
    }
}

/// The value of a word that is nothing but `$NAME`, set once so far and not in a loop or branch.
fn known_value<'s>(script: &'s Script, word: &Word) -> Option<&'s str> {
    let name = only_variable(word)?;
    let mut values = script.assignments.iter().filter(|one| one.name == name);
    let one = values.next()?;
    if values.next().is_some() || one.append || one.function.is_some() {
        return None;
    }
    one.value()?.literal.as_deref().filter(|value| !value.trim().is_empty())
}

fn only_variable(word: &Word) -> Option<&str> {
    let [part] = word.parts.as_slice() else { return None };
    let part = match &part.kind {
        PartKind::Double(inner) => match inner.as_slice() {
            [inner] => inner,
            _ => return None,
        },
        _ => part,
    };
    match &part.kind {
        PartKind::Variable { name, operator: None, .. } => Some(name),
        _ => None,
    }
}

/// A name that was taken for its value and is set a second time further on may have been another program after all.
pub(super) fn distrust_changed_names(script: &mut Script) {
    let mut unseen = Vec::new();
    for command in &script.commands {
        let first = command.through.first().and_then(|wrapper| wrapper.words.first()).or(command.words.first());
        let Some(first) = first else { continue };
        let Some(name) = first.raw.trim_matches('"').strip_prefix('$').filter(|_| first.literal.is_some()) else {
            continue;
        };
        let name = name.trim_start_matches('{').trim_end_matches('}');
        if script.assignments.iter().filter(|one| one.name == name).count() > 1 {
            let what = format!("${name} is run as a program and is set more than once");
            unseen.push(Unseen { what, span: command.span.clone() });
        }
    }
    script.unseen.append(&mut unseen);
}

fn is_one_expansion(code: &str) -> bool {
    let code = code.trim();
    let name = code.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| code.strip_prefix('$'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || "_@*".contains(char)))
}

fn named(words: Vec<Word>) -> Wrapper {
    let name = words.first().and_then(args::program_of).unwrap_or_default().to_owned();
    Wrapper { name, words }
}

/// Makes a wrapper of the words before `at`.
fn take_off(invocation: &mut Invocation, at: usize) {
    let rest = invocation.words.split_off(at.min(invocation.words.len()));
    let wrapper = named(std::mem::replace(&mut invocation.words, rest));
    invocation.assignments.extend(assigned(&wrapper.words));
    invocation.through.push(wrapper);
}
