//! Walks the parsed shell and writes down every simple command, wherever it stands.

use std::ops::Range;

use brush_parser::{ParseError, ParserOptions, ast, parse_tokens, uncached_tokenize_str};

use super::{
    arithmetic, guard,
    layer::Layer,
    script::{
        Assignment, Connector, HereDocument, Invocation, PartKind, Placement, Redirect, RedirectOperator, Script,
        SyntaxProblem, Unseen, Word, WordPart, Wrapper,
    },
    text::Text,
    words::{self, Taken},
};

/// What surrounds a piece of code.
#[derive(Clone, Default)]
pub(super) struct Context {
    pub placement: Placement,
    /// The wrappers that the code stands in.
    pub through: Vec<Wrapper>,
    /// Variables set for it by `env` and the like.
    pub assignments: Vec<Assignment>,
    /// Standard input that it inherits from a group or a wrapper.
    pub input: Vec<Redirect>,
    /// How many layers of strings of code are around it.
    pub depth: usize,
}

pub(super) struct Walker<'c> {
    code: &'c str,
    pub(super) script: Script,
    pub(super) options: ParserOptions,
    pipelines: usize,
    recoveries: usize,
}

impl<'c> Walker<'c> {
    pub(super) fn new(code: &'c str) -> Self {
        let options = ParserOptions { enable_extended_globbing: code.contains("extglob"), ..ParserOptions::default() };
        Self { code, script: Script::default(), options, pipelines: 0, recoveries: 0 }
    }

    /// A range that is safe to slice the code with.
    fn span(&self, range: Range<usize>) -> Range<usize> {
        let floor =
            |at: usize| (0..=at.min(self.code.len())).rev().find(|at| self.code.is_char_boundary(*at)).unwrap_or(0);
        let start = floor(range.start);
        start..floor(range.end).max(start)
    }

    pub(super) fn problem(&mut self, message: String, range: Range<usize>) {
        if self.script.problem.is_none() {
            let span = self.span(range);
            self.script.problem = Some(SyntaxProblem { message, span, certain: false });
        }
    }

    /// A problem that the parser has found.
    fn mistake(&mut self, message: String, range: Range<usize>) {
        let is_first = self.script.problem.is_none();
        self.problem(message, range);
        if let Some(problem) = self.script.problem.as_mut().filter(|_| is_first) {
            problem.certain = guard::parser_knows(self.code) && !problem.message.contains("here document");
        }
    }

    pub(super) fn unseen(&mut self, what: impl Into<String>, range: Range<usize>) {
        let span = self.span(range);
        self.script.unseen.push(Unseen { what: what.into(), span });
    }

    fn evaluated(&mut self, what: &str, range: Range<usize>) {
        let span = self.span(range);
        self.script.evaluated.push(Unseen { what: what.to_owned(), span });
    }

    /// Reads code: the action's own, or that of a substitution or a string.
    pub(super) fn code(&mut self, text: &Text, context: &Context) {
        let whole = text.outer_range(0..text.value.len());
        if context.depth > guard::DEEPEST_CODE {
            return self
                .problem(format!("code stands in strings of code more than {} deep", guard::DEEPEST_CODE), whole);
        }
        if let Err(message) = guard::text(&text.value) {
            return self.problem(message, whole);
        }
        let layer = Layer::new(text);
        let tokens = match uncached_tokenize_str(&text.value, &self.options.tokenizer_options()) {
            Ok(tokens) => tokens,
            Err(error) => {
                self.mistake(error.to_string(), whole);
                return self.recover(text, text.value.len(), context);
            }
        };
        if let Err(message) = guard::tokens(&tokens) {
            return self.problem(message, whole);
        }
        match parse_tokens(&tokens, &self.options) {
            Ok(program) => {
                for list in &program.complete_commands {
                    self.list(list, &layer, context);
                }
            }
            Err(ParseError::ParsingNear(near)) => {
                let at = layer.byte(near.index);
                let place = text.outer(at);
                self.mistake("this is not shell that bash would understand".to_owned(), place..place + 1);
                self.recover(text, at, context);
            }
            Err(_) => {
                self.mistake("the shell code ends in the middle of a command".to_owned(), whole.end..whole.end);
                self.recover(text, text.value.len(), context);
            }
        }
    }

    /// Bash runs the lines before a mistake all the same: reads those, and those after it, without the line that holds it.
    fn recover(&mut self, text: &Text, at: usize, context: &Context) {
        self.recoveries += 1;
        if self.recoveries > guard::MOST_RECOVERIES {
            return;
        }
        let code = text.value.trim_end();
        let at = at.min(code.len());
        let start = code.get(..at).and_then(|before| before.rfind('\n')).unwrap_or(0);
        let end = code.get(at..).and_then(|after| after.find('\n')).map_or(code.len(), |length| at + length);
        if start > 0 {
            self.code(&text.slice(0..start), context);
        }
        if end < code.len() {
            self.code(&text.slice(end..code.len()), context);
        }
    }

    fn list(&mut self, list: &ast::CompoundList, layer: &Layer<'_>, context: &Context) {
        for ast::CompoundListItem(and_or, separator) in &list.0 {
            let mut inner = context.clone();
            inner.placement.background |= matches!(separator, ast::SeparatorOperator::Async);
            let outer_or = context.placement.or_follows;
            let last_or = and_or.additional.iter().rposition(|next| matches!(next, ast::AndOr::Or(_)));
            let or_after = |number: usize| last_or.is_some_and(|last| last >= number);
            inner.placement.or_follows = outer_or || or_after(0);
            self.pipeline(&and_or.first, layer, &inner);
            for (number, next) in and_or.additional.iter().enumerate() {
                let (connector, pipeline) = match next {
                    ast::AndOr::And(pipeline) => (Connector::And, pipeline),
                    ast::AndOr::Or(pipeline) => (Connector::Or, pipeline),
                };
                inner.placement.after = Some(connector);
                inner.placement.or_follows = outer_or || or_after(number + 1);
                self.pipeline(pipeline, layer, &inner);
            }
        }
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline, layer: &Layer<'_>, context: &Context) {
        let number = self.pipelines;
        self.pipelines += 1;
        for (index, command) in pipeline.seq.iter().enumerate() {
            let mut inner = context.clone();
            inner.placement.pipeline = number;
            inner.placement.index = index;
            inner.placement.length = pipeline.seq.len();
            inner.placement.condition |= pipeline.bang;
            if index > 0 {
                inner.placement.piped = true;
                inner.input.clear();
            }
            self.command(command, layer, &inner);
        }
    }

    fn command(&mut self, command: &ast::Command, layer: &Layer<'_>, context: &Context) {
        if self.script.commands.len() > guard::MOST_COMMANDS {
            return self.problem(format!("it has more than {} commands", guard::MOST_COMMANDS), 0..0);
        }
        match command {
            ast::Command::Simple(simple) => self.simple(simple, layer, context),
            ast::Command::Compound(compound, redirects) => {
                let context = self.group_redirects(redirects.as_ref(), layer, context);
                self.compound(compound, layer, &context);
            }
            ast::Command::Function(function) => {
                let name = function.fname.value.clone();
                self.script.functions.push(name.clone());
                let mut inner = context.clone();
                inner.placement.function = Some(name);
                let ast::FunctionBody(body, redirects) = &function.body;
                let inner = self.group_redirects(redirects.as_ref(), layer, &inner);
                self.compound(body, layer, &inner);
            }
            ast::Command::ExtendedTest(test, redirects) => {
                self.group_redirects(redirects.as_ref(), layer, context);
                self.test(&test.expr, layer, context);
            }
        }
    }

    /// Redirects of a group are a command without words; what they give as input reaches the commands inside.
    fn group_redirects(&mut self, list: Option<&ast::RedirectList>, layer: &Layer<'_>, context: &Context) -> Context {
        let mut inner = context.clone();
        let Some(list) = list else { return inner };
        let redirects: Vec<Redirect> = list.0.iter().filter_map(|one| self.redirect(one, layer, context)).collect();
        if redirects.iter().any(Redirect::gives_input) {
            inner.input = redirects.iter().filter(|one| one.gives_input()).cloned().collect();
            inner.placement.piped = false;
        }
        let start = redirects.iter().map(|one| one.span.start).min().unwrap_or_default();
        let end = redirects.iter().map(|one| one.span.end).max().unwrap_or(start);
        if !redirects.is_empty() {
            self.script.commands.push(Invocation {
                words: Vec::new(),
                through: context.through.clone(),
                assignments: Vec::new(),
                redirects,
                placement: context.placement.clone(),
                appended: false,
                span: start..end,
            });
        }
        inner
    }

    fn compound(&mut self, compound: &ast::CompoundCommand, layer: &Layer<'_>, context: &Context) {
        use ast::CompoundCommand as C;
        let mut inner = context.clone();
        match compound {
            C::Arithmetic(arithmetic) => {
                let range = layer.range(&arithmetic.loc);
                self.arithmetic(&layer.text.slice(range), context);
            }
            C::ArithmeticForClause(clause) => {
                let head = [&clause.initializer, &clause.condition, &clause.updater];
                for expression in head.into_iter().flatten() {
                    self.arithmetic(&layer.place(&expression.value, None), context);
                }
                inner.placement.in_loop = true;
                self.list(&clause.body.list, layer, &inner);
            }
            C::BraceGroup(group) => self.list(&group.list, layer, &inner),
            C::Subshell(subshell) => {
                inner.placement.subshell = true;
                self.list(&subshell.list, layer, &inner);
            }
            C::ForClause(clause) => {
                let range = self.span(layer.text.outer_range(layer.range(&clause.loc)));
                let values = clause.values.as_deref().unwrap_or_default();
                let values = values.iter().map(|word| self.word(word, layer, context)).collect();
                self.script.assignments.push(Assignment {
                    name: clause.variable_name.clone(),
                    values,
                    append: false,
                    array: true,
                    exported: false,
                    function: context.placement.function.clone(),
                    span: range,
                });
                inner.placement.in_loop = true;
                self.list(&clause.body.list, layer, &inner);
            }
            C::CaseClause(clause) => {
                self.word(&clause.value, layer, context);
                inner.placement.branch = true;
                for case in &clause.cases {
                    for pattern in &case.patterns {
                        self.word(pattern, layer, context);
                    }
                    if let Some(list) = &case.cmd {
                        self.list(list, layer, &inner);
                    }
                }
            }
            C::IfClause(clause) => {
                let mut condition = context.clone();
                condition.placement.condition = true;
                inner.placement.branch = true;
                self.list(&clause.condition, layer, &condition);
                self.list(&clause.then, layer, &inner);
                for branch in clause.elses.as_deref().unwrap_or_default() {
                    if let Some(list) = &branch.condition {
                        self.list(list, layer, &condition);
                    }
                    self.list(&branch.body, layer, &inner);
                }
            }
            C::WhileClause(clause) | C::UntilClause(clause) => {
                let ast::WhileOrUntilClauseCommand(condition_list, body, _) = clause;
                inner.placement.in_loop = true;
                let mut condition = inner.clone();
                condition.placement.condition = true;
                self.list(condition_list, layer, &condition);
                self.list(&body.list, layer, &inner);
            }
            C::Coprocess(coprocess) => {
                inner.placement.background = true;
                self.command(&coprocess.body, layer, &inner);
            }
        }
    }

    /// An arithmetic expression: what is expanded in it, and the variables that it sets.
    fn arithmetic(&mut self, text: &Text, context: &Context) {
        let word = self.expanded(text, context);
        if words::has_subscript(&text.value) {
            self.evaluated("bash evaluates what the subscript gives", word.span.clone());
        }
        for name in arithmetic::assigned(&text.value) {
            self.script.assignments.push(Assignment {
                name: name.to_owned(),
                values: vec![word.clone()],
                append: false,
                array: true,
                exported: false,
                function: context.placement.function.clone(),
                span: word.span.clone(),
            });
        }
    }

    /// Reads the substitutions in text that is expanded and is no word: arithmetic, regular expressions.
    fn expanded(&mut self, text: &Text, context: &Context) -> Word {
        let taken = words::take_document(text, false, &self.options);
        self.taken(taken, context)
    }

    fn test(&mut self, expression: &ast::ExtendedTestExpr, layer: &Layer<'_>, context: &Context) {
        use ast::ExtendedTestExpr as E;
        match expression {
            E::And(left, right) | E::Or(left, right) => {
                self.test(left, layer, context);
                self.test(right, layer, context);
            }
            E::Not(inner) | E::Parenthesized(inner) => self.test(inner, layer, context),
            E::UnaryTest(_, word) => self.operand(word, layer, context),
            E::BinaryTest(predicate, left, right) => {
                self.operand(left, layer, context);
                // A regular expression is no shell word: only what is expanded in it counts.
                if matches!(predicate, ast::BinaryPredicate::StringMatchesRegex) {
                    self.expanded(&layer.place(&right.value, right.loc.as_ref()), context);
                } else {
                    self.operand(right, layer, context);
                }
            }
        }
    }

    /// A side of a test, which bash may evaluate as arithmetic or as the name of an element.
    fn operand(&mut self, word: &ast::Word, layer: &Layer<'_>, context: &Context) {
        let word = self.word(word, layer, context);
        if word.literal.as_deref().is_some_and(|text| text.contains('[') && text.contains(['$', '`'])) {
            self.evaluated("bash evaluates what the subscript gives", word.span);
        }
    }

    fn word(&mut self, word: &ast::Word, layer: &Layer<'_>, context: &Context) -> Word {
        let text = layer.place(&word.value, word.loc.as_ref());
        let taken = words::take(&text, &self.options);
        self.taken(taken, context)
    }

    fn taken(&mut self, taken: Taken, context: &Context) -> Word {
        let Taken { mut word, substitutions, evaluated, problem } = taken;
        if let Some(message) = problem {
            self.problem(message, word.span.clone());
        }
        for range in evaluated {
            self.evaluated("bash evaluates what the subscript gives", range);
        }
        for code in &substitutions {
            let mut inner = context.clone();
            inner.placement = Placement {
                substitution: true,
                in_loop: context.placement.in_loop,
                condition: context.placement.condition,
                function: context.placement.function.clone(),
                ..Placement::default()
            };
            inner.input.clear();
            inner.depth += 1;
            self.code(code, &inner);
        }
        word.span = self.span(word.span);
        word
    }

    fn process_substitution(&mut self, subshell: &ast::SubshellCommand, layer: &Layer<'_>, context: &Context) -> Word {
        let mut inner = context.clone();
        inner.placement.substitution = true;
        inner.input.clear();
        self.list(&subshell.list, layer, &inner);
        let range = layer.range(&subshell.loc);
        let raw = layer.text.value.get(range.clone()).unwrap_or_default().to_owned();
        let span = self.span(layer.text.outer_range(range));
        let part = WordPart { kind: PartKind::ProcessSubstitution, span: span.clone() };
        Word { raw, literal: None, parts: vec![part], span }
    }

    fn simple(&mut self, simple: &ast::SimpleCommand, layer: &Layer<'_>, context: &Context) {
        use ast::CommandPrefixOrSuffixItem as Item;
        let (mut words, mut assignments, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        for item in simple.prefix.iter().flat_map(|prefix| &prefix.0) {
            match item {
                Item::AssignmentWord(assignment, word) => {
                    assignments.push(self.assignment(assignment, word, layer, context));
                }
                Item::IoRedirect(redirect) => redirects.extend(self.redirect(redirect, layer, context)),
                Item::Word(word) => words.push(self.word(word, layer, context)),
                Item::ProcessSubstitution(_, subshell) => {
                    words.push(self.process_substitution(subshell, layer, context));
                }
            }
        }
        if let Some(word) = &simple.word_or_name {
            words.push(self.word(word, layer, context));
        }
        let mut declared = Vec::new();
        for item in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            match item {
                Item::AssignmentWord(assignment, word) => {
                    // `env A=b`, `dd if=x` and `export A=b` all look like this; the program decides what it means.
                    let text = layer.place(&word.value, word.loc.as_ref());
                    let found = self.assignment(assignment, word, layer, context);
                    declared.push(found);
                    let taken = words::take(&text, &self.options);
                    // Its commands have been read as the assignment's.
                    let mut word = taken.word;
                    word.span = self.span(word.span);
                    words.push(word);
                }
                Item::IoRedirect(redirect) => redirects.extend(self.redirect(redirect, layer, context)),
                Item::Word(word) => words.push(self.word(word, layer, context)),
                Item::ProcessSubstitution(_, subshell) => {
                    words.push(self.process_substitution(subshell, layer, context));
                }
            }
        }
        if words.is_empty() {
            self.script.assignments.append(&mut assignments);
        }
        let spans = words.iter().map(|word| &word.span);
        let spans = spans.chain(assignments.iter().map(|one| &one.span)).chain(redirects.iter().map(|one| &one.span));
        let start = spans.clone().map(|span| span.start).min().unwrap_or_default();
        let end = spans.map(|span| span.end).max().unwrap_or(start);
        self.declarations(&words, declared);
        if words.is_empty() && redirects.is_empty() {
            return;
        }
        let invocation = Invocation {
            words,
            through: context.through.clone(),
            assignments: context.assignments.iter().cloned().chain(assignments).collect(),
            redirects,
            placement: context.placement.clone(),
            appended: false,
            span: start..end,
        };
        self.emit(invocation, context);
    }

    /// `export A=b` sets a variable as `A=b` does, and `read A` sets one to a value that is not known.
    fn declarations(&mut self, words: &[Word], declared: Vec<Assignment>) {
        let Some(program) = words.first().and_then(|word| word.literal.as_deref()) else { return };
        let exported = program == "export" || super::args::has_flag(words, &["-x"]);
        match program {
            "alias" => self.script.aliases.extend(declared.into_iter().map(|one| one.name)),
            "export" | "local" | "readonly" | "declare" | "typeset" => {
                self.script.assignments.extend(declared.into_iter().map(|one| Assignment { exported, ..one }));
            }
            "read" | "mapfile" | "readarray" | "getopts" | "printf" => {
                let names: Vec<&Word> = match program {
                    "printf" => super::args::find_value(words, &["-v"]).map(|(word, _)| word).into_iter().collect(),
                    "getopts" => words.get(2).into_iter().collect(),
                    _ => {
                        let values = ["-a", "-d", "-i", "-n", "-N", "-p", "-t", "-u", "-s", "-O", "-C", "-c"];
                        let array = super::args::find_value(words, &["-a"]).map(|(word, _)| word);
                        let flags: &[&str] = if program == "read" { &values } else { &values[..9] };
                        let flags: Vec<&str> = flags.iter().copied().filter(|flag| *flag != "-s").collect();
                        super::args::positional(words.get(1..).unwrap_or_default(), &flags)
                            .into_iter()
                            .chain(array)
                            .collect()
                    }
                };
                for name in names {
                    let Some(literal) = &name.literal else { continue };
                    self.script.assignments.push(Assignment {
                        name: literal.clone(),
                        values: Vec::new(),
                        append: false,
                        array: true,
                        exported: false,
                        function: None,
                        span: name.span.clone(),
                    });
                }
            }
            _ => {}
        }
    }

    fn assignment(
        &mut self,
        assignment: &ast::Assignment,
        word: &ast::Word,
        layer: &Layer<'_>,
        context: &Context,
    ) -> Assignment {
        let name = match &assignment.name {
            ast::AssignmentName::VariableName(name) => name.clone(),
            ast::AssignmentName::ArrayElementName(name, index) => {
                self.subscript(index, word, layer, context);
                name.clone()
            }
        };
        let function = context.placement.function.clone();
        let (values, array, span) = match &assignment.value {
            ast::AssignmentValue::Scalar(value) => {
                let text = layer.place(&word.value, word.loc.as_ref());
                let start = text.value.len().saturating_sub(value.value.len());
                let taken = words::take(&text.slice(start..text.value.len()), &self.options);
                let span = text.outer_range(0..text.value.len());
                (vec![self.taken(taken, context)], false, span)
            }
            ast::AssignmentValue::Array(elements) => {
                let range = layer.range(&assignment.loc);
                layer.last.set((range.start + name.len() + 2).min(layer.text.value.len()));
                let mut values = Vec::with_capacity(elements.len());
                for (index, element) in elements {
                    if let Some(index) = index {
                        self.subscript(&index.value, word, layer, context);
                    }
                    values.push(self.word(element, layer, context));
                }
                layer.last.set(range.end);
                (values, true, layer.text.outer_range(range))
            }
        };
        let span = self.span(span);
        Assignment { name, values, append: assignment.append, array, exported: false, function, span }
    }

    /// The subscript of an element that is set: what is expanded in it, and that bash evaluates what it gives.
    fn subscript(&mut self, index: &str, word: &ast::Word, layer: &Layer<'_>, context: &Context) {
        let whole = layer.place(&word.value, word.loc.as_ref());
        let text = match whole.value.find(index) {
            Some(at) => whole.slice(at..at + index.len()),
            None => Text::verbatim(index, whole.outer(0)),
        };
        let index = self.expanded(&text, context);
        if !words::is_number(&text.value) {
            self.evaluated("bash evaluates what the subscript gives", index.span);
        }
    }

    fn redirect(&mut self, redirect: &ast::IoRedirect, layer: &Layer<'_>, context: &Context) -> Option<Redirect> {
        use RedirectOperator as R;
        let (descriptor, operator, target, document) = match redirect {
            ast::IoRedirect::File(descriptor, kind, target) => {
                let operator = match kind {
                    ast::IoFileRedirectKind::Read => R::Read,
                    ast::IoFileRedirectKind::Write => R::Write,
                    ast::IoFileRedirectKind::Append => R::Append,
                    ast::IoFileRedirectKind::ReadAndWrite => R::ReadWrite,
                    ast::IoFileRedirectKind::Clobber => R::Clobber,
                    ast::IoFileRedirectKind::DuplicateInput => R::DuplicateInput,
                    ast::IoFileRedirectKind::DuplicateOutput => R::DuplicateOutput,
                };
                let target = match target {
                    ast::IoFileRedirectTarget::Filename(word) | ast::IoFileRedirectTarget::Duplicate(word) => {
                        self.word(word, layer, context)
                    }
                    ast::IoFileRedirectTarget::ProcessSubstitution(_, subshell) => {
                        self.process_substitution(subshell, layer, context)
                    }
                    // Added by the parser for `|&`: it stands nowhere.
                    ast::IoFileRedirectTarget::Fd(_) => return None,
                };
                (*descriptor, operator, Some(target), None)
            }
            ast::IoRedirect::OutputAndError(word, append) => {
                let operator = if *append { R::AppendBoth } else { R::WriteBoth };
                (None, operator, Some(self.word(word, layer, context)), None)
            }
            ast::IoRedirect::HereString(descriptor, word) => {
                (*descriptor, R::HereString, Some(self.word(word, layer, context)), None)
            }
            ast::IoRedirect::HereDocument(descriptor, document) => {
                let text = layer.place(&document.doc.value, document.doc.loc.as_ref());
                let quoted = !document.requires_expansion;
                let taken = words::take_document(&text, quoted, &self.options);
                let body = self.taken(taken, context);
                (*descriptor, R::HereDocument, None, Some(HereDocument { body, quoted }))
            }
        };
        let span = match (&target, redirect) {
            // The lines belong to the command but are not underlined with it: the tag stands for them.
            (None, ast::IoRedirect::HereDocument(_, document)) => {
                let tag = layer.place(&document.here_end.value, document.here_end.loc.as_ref());
                tag.outer_range(0..tag.value.len())
            }
            (Some(target), _) => target.span.clone(),
            (None, _) => 0..0,
        };
        Some(Redirect { descriptor, operator, target, document, span: self.span(span) })
    }
}
