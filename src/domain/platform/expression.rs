//! CEL, the one expression language of packs: thresholds, alert rules, gates and conditions on JSON.

use std::{collections::HashMap, fmt, sync::Arc};

use cel::{
    Context, Program, Value,
    common::ast::{
        EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue,
        operators::{EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_AND},
    },
};

use super::{bounds, calculation};

/// A compiled CEL expression and its source text.
#[derive(Clone)]
pub struct Expression {
    source: Arc<str>,
    program: Arc<Program>,
    /// What is evaluated: the program with every number a fraction.
    calculated: Arc<IdedExpr>,
    /// Macros inside of macros, and the longest list that is written in it.
    loops: (u32, usize),
    optional: bool,
}

/// Macros (`all`, `exists`, `map`, …) inside of macros.
const MOST_LOOPS: u32 = 3;
/// Brackets inside of brackets: without optimisation the parser needs 170 kB of stack for each, and a worker has 2 MiB.
const MOST_BRACKETS: usize = 8;
/// Parts inside of parts. Evaluating goes as deep, on whichever thread needs the answer.
const MOST_LEVELS: usize = 40;
/// What an expression may cost: its parts, times the elements that its loops go through.
const MOST_STEPS: u64 = 10_000_000;

/// Why an expression does not compile, or has no answer for the data it was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExpressionError {
    /// `column` counts from 1 in the expression's own text.
    #[error("`{source_text}` is not a CEL expression: {message}")]
    Syntax { source_text: String, message: String, line: usize, column: usize },
    #[error("`{source_text}` has no answer: {message}")]
    Evaluation { source_text: String, message: String },
}

impl Expression {
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        let (program, loops) = compile(source).map_err(|Refused { message, line, column }| {
            ExpressionError::Syntax { source_text: bounds::shown(source), message, line, column }
        })?;
        let calculated = Arc::new(calculation::with_fractions(program.expression().clone()));
        Ok(Expression { source: source.into(), program: Arc::new(program), calculated, loops, optional: false })
    }

    /// The same expression, false where it has no answer. For the defaults of a probe kind, which must also suit targets
    /// that lack what they read (a Redis without a memory limit); what a person writes must have an answer.
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of the top-level variables that the expression reads, without those of its macros.
    pub fn variables(&self) -> Vec<String> {
        let mut found = Vec::new();
        free_variables(&self.tree().expr, &mut Vec::new(), &mut found);
        found
    }

    /// The compiled syntax tree, for checks of what is referred to.
    pub fn tree(&self) -> &cel::parser::Expression {
        self.program.expression()
    }

    /// Which members of a map variable the expression reads: `probes.a.value + probes["b"].value` reads `a` and `b` of
    /// `probes`.
    pub fn members_of(&self, variable: &str) -> Members {
        let mut members = Members::default();
        members.collect(&self.tree().expr, variable);
        members
    }

    /// Puts an empty list where the expression goes through one and there is `null`, as some programs print an empty list. For
    /// what other programs print: in details of ours `null` is what could not be seen.
    pub fn fill_lists(&self, variables: &mut serde_json::Map<String, serde_json::Value>) {
        let mut paths = Vec::new();
        lists(&self.tree().expr, &mut paths);
        for path in paths {
            let Some((last, parents)) = path.split_last() else { continue };
            let mut members = Some(&mut *variables);
            for parent in parents {
                members = members.and_then(|m| m.get_mut(*parent)).and_then(serde_json::Value::as_object_mut);
            }
            if let Some(value) = members.and_then(|m| m.get_mut(*last)).filter(|value| value.is_null()) {
                *value = serde_json::Value::Array(Vec::new());
            }
        }
    }

    /// The limits that the expression sets, when it is nothing but comparisons with numbers, all of which must hold,
    /// and conditions for when they count: `has(connections.used_percent) && connections.used_percent > 80` is `used_percent > 80`.
    pub fn limits(&self) -> Option<Vec<Limit>> {
        let mut limits = Vec::new();
        collect_limits(&self.tree().expr, &mut limits)?;
        (!limits.is_empty()).then_some(limits)
    }

    /// All comparisons with a number, wherever they stand.
    pub fn comparisons(&self) -> Vec<Limit> {
        let mut found = Vec::new();
        collect_comparisons(&self.tree().expr, &mut found);
        found
    }

    /// As [`Self::holds`], for variables that others read, too.
    pub fn holds_for(&self, variables: &[(&str, Shared)]) -> Result<bool, ExpressionError> {
        self.bool_of(
            variables.iter().map(|(_, shared)| shared.longest).max().unwrap_or_default().max(variables.len()),
            variables.iter().map(|(name, shared)| (*name, shared.value.clone())),
        )
    }

    /// True or false for these variables. Anything else, a missing variable included, is an error, unless the expression is
    /// [optional](Self::optional).
    pub fn holds(&self, variables: &serde_json::Map<String, serde_json::Value>) -> Result<bool, ExpressionError> {
        let known = variables.iter().filter(|(_, value)| !value.is_null());
        self.bool_of(
            variables.values().map(longest).max().unwrap_or_default().max(variables.len()),
            known.map(|(name, value)| (name.as_str(), from_json(value))),
        )
    }

    /// `elements` is the longest list that there is.
    fn bool_of<'v>(
        &self,
        elements: usize,
        variables: impl Iterator<Item = (&'v str, Value)>,
    ) -> Result<bool, ExpressionError> {
        match self.answer(elements, variables) {
            Err(ExpressionError::Evaluation { .. }) if self.optional => Ok(false),
            answer => answer,
        }
    }

    fn answer<'v>(
        &self,
        elements: usize,
        variables: impl Iterator<Item = (&'v str, Value)>,
    ) -> Result<bool, ExpressionError> {
        self.afford(elements)?;
        let mut context = Context::default();
        for (name, value) in variables {
            context.add_variable_from_value(name, value);
        }
        match Value::resolve(&self.calculated, &context).map_err(|error| self.no_answer(error.to_string()))? {
            Value::Bool(answer) => Ok(answer),
            other => Err(self.no_answer(format!("it is {:?}, not true or false", other.type_of()))),
        }
    }

    /// Refuses what would take too long: each loop may go through the longest list that there is.
    fn afford(&self, elements: usize) -> Result<(), ExpressionError> {
        let (depth, written) = self.loops;
        if depth == 0 {
            return Ok(());
        }
        let elements = elements.max(written);
        let parts = self.source.len() as u64 / 4 + 1;
        let steps = (elements as u64).saturating_pow(depth).saturating_mul(parts);
        if steps > MOST_STEPS {
            return Err(self.no_answer(format!("its macros would go through {elements} elements too often")));
        }
        Ok(())
    }

    fn no_answer(&self, message: String) -> ExpressionError {
        ExpressionError::Evaluation { source_text: self.source.to_string(), message }
    }
}

/// A variable that several expressions read: taken over once, and never copied.
#[derive(Debug, Clone)]
pub struct Shared {
    value: Value,
    /// The most elements of any list or object in it.
    longest: usize,
}

impl From<serde_json::Map<String, serde_json::Value>> for Shared {
    fn from(members: serde_json::Map<String, serde_json::Value>) -> Self {
        let value = serde_json::Value::Object(members);
        Shared { longest: longest(&value), value: from_json(&value) }
    }
}

/// One variable with these as its members.
impl<'n> FromIterator<(&'n str, Shared)> for Shared {
    fn from_iter<I: IntoIterator<Item = (&'n str, Shared)>>(members: I) -> Self {
        let mut most = 0;
        let members: HashMap<String, Value> = members
            .into_iter()
            .map(|(name, shared)| {
                most = shared.longest.max(most);
                (name.to_owned(), shared.value)
            })
            .collect();
        Shared { longest: members.len().max(most), value: Value::from(members) }
    }
}

/// Why an expression does not compile.
struct Refused {
    message: String,
    line: usize,
    column: usize,
}

impl Refused {
    fn as_a_whole(message: String) -> Self {
        Refused { message, line: 1, column: 1 }
    }
}

/// A program, how deep its macros stand in each other, and the longest list that is written in it.
type Compiled = (Program, (u32, usize));

fn compile(source: &str) -> Result<Compiled, Refused> {
    bounds::expression(source, MOST_BRACKETS).map_err(|excess| Refused::as_a_whole(format!("it is {excess}")))?;
    let program = Program::compile(source).map_err(|errors| match errors.errors.first() {
        Some(first) => Refused {
            message: first.msg.clone(),
            line: usize::try_from(first.pos.0).unwrap_or(1).max(1),
            column: usize::try_from(first.pos.1).unwrap_or(1).max(1),
        },
        None => Refused::as_a_whole(errors.to_string()),
    })?;
    let root = &program.expression().expr;
    if let Some(name) = unknown_function(root) {
        let before = source.split(name).next().unwrap_or_default();
        let line = before.lines().count().max(1);
        let column = before.lines().last().map_or(0, |line| line.chars().count()) + 1;
        let message = format!("unknown function `{name}` (available: {})", calculation::FUNCTIONS.join(", "));
        return Err(Refused { message, line, column });
    }
    if depth(root) > MOST_LEVELS {
        return Err(Refused::as_a_whole(format!("its parts stand more than {MOST_LEVELS} deep in each other")));
    }
    let mut longest = 0;
    let loops = loops(root, &mut longest);
    if loops > MOST_LOOPS {
        return Err(Refused::as_a_whole(format!("its macros are nested more than {MOST_LOOPS} deep")));
    }
    Ok((program, (loops, longest)))
}

/// The parts of an expression.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Comprehension(c) => {
            [&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result].map(|part| &part.expr).to_vec()
        }
        Expr::Select(select) => vec![&select.operand.expr],
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).map(|part| &part.expr).collect(),
        Expr::List(list) => list.elements.iter().map(|part| &part.expr).collect(),
        Expr::Map(map) => map.entries.iter().flat_map(entry_parts).collect(),
        Expr::Struct(fields) => fields.entries.iter().flat_map(entry_parts).collect(),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn unknown_function(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Call(call) if calculation::is_unknown(&call.func_name) => Some(&call.func_name),
        _ => parts(expr).into_iter().find_map(unknown_function),
    }
}

/// `bound` holds the variables of the macros around.
fn free_variables<'e>(expr: &'e Expr, bound: &mut Vec<&'e str>, found: &mut Vec<String>) {
    match expr {
        Expr::Ident(name) if !bound.contains(&name.as_str()) && !found.contains(name) => found.push(name.clone()),
        Expr::Comprehension(c) => {
            for outside in [&c.iter_range, &c.accu_init] {
                free_variables(&outside.expr, bound, found);
            }
            let around = bound.len();
            bound.extend([&c.iter_var, &c.accu_var].map(String::as_str).into_iter().chain(c.iter_var2.as_deref()));
            for inside in [&c.loop_cond, &c.loop_step, &c.result] {
                free_variables(&inside.expr, bound, found);
            }
            bound.truncate(around);
        }
        _ => parts(expr).into_iter().for_each(|part| free_variables(part, bound, found)),
    }
}

/// How many levels of parts an expression has.
fn depth(expr: &Expr) -> usize {
    1 + parts(expr).into_iter().map(depth).max().unwrap_or_default()
}

/// How many macros stand inside of each other; notes the longest list that is written in the expression.
fn loops(expr: &Expr, longest: &mut usize) -> u32 {
    match expr {
        Expr::Comprehension(c) => {
            let mut most = |parts: &[&Expr]| parts.iter().map(|part| loops(part, longest)).max().unwrap_or_default();
            // What a loop goes through may be as long as what the loops in its range make.
            let range = most(&[&c.iter_range.expr, &c.accu_init.expr, &c.result.expr]);
            let body = most(&[&c.loop_cond.expr, &c.loop_step.expr]);
            return range.max(body + 1);
        }
        Expr::List(list) => *longest = list.elements.len().max(*longest),
        Expr::Map(map) => *longest = map.entries.len().max(*longest),
        _ => {}
    }
    parts(expr).into_iter().map(|part| loops(part, longest)).max().unwrap_or_default()
}

fn entry_parts(entry: &IdedEntryExpr) -> Vec<&Expr> {
    match &entry.expr {
        EntryExpr::StructField(field) => vec![&field.value.expr],
        EntryExpr::MapEntry(entry) => vec![&entry.key.expr, &entry.value.expr],
    }
}

/// Where the expression reads a list: the range of a macro, what is counted by `size`, what `in` looks through.
fn lists<'e>(expr: &'e Expr, paths: &mut Vec<Vec<&'e str>>) {
    let list = match expr {
        Expr::Comprehension(c) => Some(&c.iter_range.expr),
        Expr::Call(call) if call.func_name == "size" => {
            call.target.as_deref().or(call.args.first()).map(|list| &list.expr)
        }
        Expr::Call(call) if call.func_name == IN => call.args.get(1).map(|list| &list.expr),
        _ => None,
    };
    paths.extend(list.and_then(path));
    parts(expr).into_iter().for_each(|part| lists(part, paths));
}

/// `a.b.c` as its names; none for anything else.
fn path(expr: &Expr) -> Option<Vec<&str>> {
    match expr {
        Expr::Ident(name) => Some(vec![name]),
        Expr::Select(select) if !select.test => {
            let mut names = path(&select.operand.expr)?;
            names.push(&select.field);
            Some(names)
        }
        _ => None,
    }
}

/// The most elements of any list or object in it.
fn longest(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.iter().map(longest).max().unwrap_or_default().max(items.len()),
        serde_json::Value::Object(members) => {
            members.values().map(longest).max().unwrap_or_default().max(members.len())
        }
        _ => 0,
    }
}

/// Numbers become doubles, as in the expression itself. Members that are null are left out, so that `has(lag.seconds)` is false for a lag that is not known.
fn from_json(value: &serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Float(n.as_f64().unwrap_or(f64::NAN)),
        Json::String(s) => Value::from(s.as_str()),
        Json::Array(items) => Value::from(items.iter().map(from_json).collect::<Vec<_>>()),
        Json::Object(members) => Value::from(
            members
                .iter()
                .filter(|(_, v)| !v.is_null())
                .map(|(k, v)| (k.clone(), from_json(v)))
                .collect::<HashMap<String, Value>>(),
        ),
    }
}

/// One of [`Expression::limits`].
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The last part of what is compared (`used_percent`).
    pub name: String,
    /// `>`, `>=`, `<` or `<=`.
    pub operator: &'static str,
    pub bound: f64,
}

/// `None` when a part is neither a comparison with a number nor a condition for one.
fn collect_limits(expr: &Expr, limits: &mut Vec<Limit>) -> Option<()> {
    let call = match expr {
        // `has(a.b)` only keeps a condition from failing when the detail is missing.
        Expr::Select(select) if select.test => return Some(()),
        Expr::Call(call) => call,
        _ => return None,
    };
    let [left, right] = call.args.as_slice() else { return None };
    match call.func_name.as_str() {
        LOGICAL_AND => {
            collect_limits(&left.expr, limits)?;
            return collect_limits(&right.expr, limits);
        }
        // `policy == "noeviction"` says when the limit counts, and is no limit itself.
        EQUALS if matches!(right.expr, Expr::Literal(LiteralValue::String(_))) => return Some(()),
        _ => {}
    }
    limits.push(comparison(expr)?);
    Some(())
}

/// `a.b.name > 3`.
fn comparison(expr: &Expr) -> Option<Limit> {
    let Expr::Call(call) = expr else { return None };
    let [left, right] = call.args.as_slice() else { return None };
    let operator = match call.func_name.as_str() {
        GREATER => ">",
        GREATER_EQUALS => ">=",
        LESS => "<",
        LESS_EQUALS => "<=",
        _ => return None,
    };
    let name = match &left.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Select(select) => select.field.clone(),
        _ => return None,
    };
    let bound = match &right.expr {
        Expr::Literal(LiteralValue::Int(int)) => *int.inner() as f64,
        Expr::Literal(LiteralValue::Double(double)) => *double.inner(),
        _ => return None,
    };
    Some(Limit { name, operator, bound })
}

fn collect_comparisons(expr: &Expr, found: &mut Vec<Limit>) {
    found.extend(comparison(expr));
    parts(expr).into_iter().for_each(|part| collect_comparisons(part, found));
}

/// The answer of [`Expression::members_of`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Names written in the expression, in order, without repeats.
    pub named: Vec<String>,
    /// True when the expression uses the map as a whole, or a member whose name is only known when it runs.
    pub whole: bool,
}

impl Members {
    /// True when nothing of the map is read.
    pub fn is_empty(&self) -> bool {
        !self.whole && self.named.is_empty()
    }

    /// Whether this member may be read.
    pub fn may_read(&self, name: &str) -> bool {
        self.whole || self.named.iter().any(|n| n == name)
    }

    fn name(&mut self, name: &str) {
        if !self.named.iter().any(|n| n == name) {
            self.named.push(name.to_owned());
        }
    }

    fn collect(&mut self, expr: &Expr, variable: &str) {
        let is_variable = |e: &Expr| matches!(e, Expr::Ident(name) if name == variable);
        match expr {
            Expr::Ident(name) if name == variable => self.whole = true,
            Expr::Select(select) if is_variable(&select.operand.expr) => self.name(&select.field),
            Expr::Select(select) => self.collect(&select.operand.expr, variable),
            Expr::Call(call) => match call.args.as_slice() {
                [map, key] if call.func_name == INDEX && is_variable(&map.expr) => match &key.expr {
                    Expr::Literal(LiteralValue::String(name)) => self.name(name.inner()),
                    _ => self.whole = true,
                },
                args => call.target.as_deref().into_iter().chain(args).for_each(|e| self.collect(&e.expr, variable)),
            },
            Expr::Comprehension(c) => {
                for part in [&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                    self.collect(&part.expr, variable);
                }
            }
            Expr::List(list) => list.elements.iter().for_each(|e| self.collect(&e.expr, variable)),
            Expr::Map(map) => self.collect_entries(&map.entries, variable),
            Expr::Struct(fields) => self.collect_entries(&fields.entries, variable),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn collect_entries(&mut self, entries: &[IdedEntryExpr], variable: &str) {
        for entry in entries {
            match &entry.expr {
                EntryExpr::StructField(field) => self.collect(&field.value.expr, variable),
                EntryExpr::MapEntry(entry) => {
                    self.collect(&entry.key.expr, variable);
                    self.collect(&entry.value.expr, variable);
                }
            }
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.source)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(source: &str, variables: serde_json::Value) -> Result<bool, ExpressionError> {
        let serde_json::Value::Object(variables) = variables else { panic!("an object") };
        Expression::compile(source).unwrap().holds(&variables)
    }

    #[test]
    fn whole_and_fractional_numbers_compare_with_each_other() {
        for value in [serde_json::json!({"value": 71}), serde_json::json!({"value": 70.5})] {
            assert_eq!(holds("value > 70", value.clone()), Ok(true));
            assert_eq!(holds("value > 70.2", value.clone()), Ok(true));
            assert_eq!(holds("value > 80", value), Ok(false));
        }
    }

    #[test]
    fn numbers_are_fractions_and_mix_freely() {
        let details = serde_json::json!({"used": 9, "max": 10, "list": [1, 2, 3], "text": "7"});
        for source in [
            "used / max > 0.8",
            "used / max * 100 > 80",
            "size(list) / 2 == 1.5",
            "used % 2 == 1",
            "list[0] == 1 && list[size(list) - 1] == 3",
            "int(text) + 1 == 8.0",
            "list.exists_one(x, x / 2 == 1.5) && 2 in list",
            "list.map(x, x * 2).filter(x, x > 2) == [4, 6]",
            "-used < 0 && (used > 5 ? 1 : 2) == 1",
        ] {
            assert_eq!(holds(source, details.clone()), Ok(true), "{source}");
        }
    }

    #[test]
    fn the_variables_of_macros_are_not_read_from_outside() {
        let read = Expression::compile("a.all(x, x > b && c.exists(y, y == x)) && x > 1").unwrap().variables();
        assert_eq!(read, ["a", "b", "c", "x"]);
    }

    #[test]
    fn a_function_that_there_is_not_is_refused_where_it_stands() {
        let Err(ExpressionError::Syntax { message, column, .. }) = Expression::compile("value > duration('1h')") else {
            panic!("compiled")
        };
        assert!(message.starts_with("unknown function `duration` (available: size, "), "{message}");
        assert_eq!(column, 9);
        assert!(Expression::compile("list.sum() > 3").is_err());
    }

    #[test]
    fn a_missing_member_is_an_error_and_has_guards_it() {
        let details = serde_json::json!({"connections": {"used": 3}});
        assert!(holds("connections.used_percent > 95", details.clone()).is_err());
        assert_eq!(holds("has(connections.used_percent) && connections.used_percent > 95", details), Ok(false));
    }

    #[test]
    fn limits_are_found_behind_their_guards() {
        let limits = |source: &str| {
            let limits = Expression::compile(source).unwrap().limits()?;
            Some(limits.iter().map(|l| format!("{} {} {}", l.name, l.operator, l.bound)).collect::<Vec<_>>())
        };
        let some = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(limits("has(c.used_percent) && c.used_percent > 80"), some(&["used_percent > 80"]));
        assert_eq!(limits("age.seconds >= 300 && blocked < 2.5"), some(&["seconds >= 300", "blocked < 2.5"]));
        assert_eq!(limits("memory.policy == 'noeviction' && memory.used > 80"), some(&["used > 80"]));
        for other in ["status == 'down'", "value > 3 || value < 1", "size(pods) > 2", "true"] {
            assert_eq!(limits(other), None, "{other}");
        }
    }

    #[test]
    fn null_counts_as_missing() {
        let details = serde_json::json!({"lag": {"seconds": null}, "value": null});
        assert_eq!(holds("has(lag.seconds) && lag.seconds > 5", details.clone()), Ok(false));
        assert!(holds("value > 5", details).is_err());
    }

    #[test]
    fn null_counts_as_an_empty_list_where_the_expression_goes_through_one() {
        for (source, expected) in [
            ("size(a.list) == 0 && a.list.all(x, x > 0) && !(3 in a.list)", true),
            ("items.exists(x, x > 0)", false),
            ("!has(a.other)", true),
        ] {
            let serde_json::Value::Object(mut document) =
                serde_json::json!({"a": {"list": null, "other": null}, "items": null})
            else {
                panic!("an object")
            };
            let expression = Expression::compile(source).unwrap();
            expression.fill_lists(&mut document);
            assert_eq!(expression.holds(&document), Ok(expected), "{source}");
            assert!(document["a"]["other"].is_null());
        }
    }

    #[test]
    fn an_optional_expression_is_false_where_what_it_reads_is_missing_or_null() {
        let threshold = Expression::compile("memory.used_percent > 80").unwrap().optional();
        for (details, expected) in [
            (serde_json::json!({}), false),
            (serde_json::json!({"memory": {}}), false),
            (serde_json::json!({"memory": {"used_percent": null}}), false),
            (serde_json::json!({"memory": {"used_percent": 81.5}}), true),
        ] {
            let serde_json::Value::Object(details) = details else { panic!("an object") };
            assert_eq!(threshold.holds(&details), Ok(expected), "{details:?}");
        }
    }

    #[test]
    fn a_syntax_error_says_where() {
        let Err(ExpressionError::Syntax { column, .. }) = Expression::compile("value >") else { panic!("compiled") };
        assert!(column >= 7, "{column}");
    }

    #[test]
    fn what_is_too_deep_or_too_long_is_refused_before_it_is_parsed() {
        for source in [
            format!("{}1{} == 1", "(".repeat(30), ")".repeat(30)),
            format!("1{} > 0", "+1".repeat(500)),
            format!("a{} > 0", ".b".repeat(500)),
            format!("a{} > 0", ".b".repeat(70)),
            format!("'{}' == ''", "x".repeat(9000)),
            "l.all(a, l.all(b, l.all(c, l.all(d, true))))".to_owned(),
        ] {
            let Err(ExpressionError::Syntax { message, source_text, .. }) = Expression::compile(&source) else {
                panic!("compiled: {source}")
            };
            let words = ["it is ", "its macros are nested more than 3 deep", "its parts stand more than 40 deep"];
            assert!(words.iter().any(|start| message.starts_with(start)), "{message}");
            assert!(source_text.len() < 200, "{source_text}");
        }
    }

    #[test]
    fn what_is_just_within_the_bounds_fits_on_the_stack_of_a_worker() {
        let within = [
            format!("{}1{} > 0", "(".repeat(8), ")".repeat(8)),
            format!("{}true", "!".repeat(36)),
            format!("1{} > 0", "+1".repeat(36)),
            format!("a{} > 0", ".b".repeat(36)),
            format!("{}1{} == a", "[".repeat(8), "]".repeat(8)),
            format!("{}1{} > 0", "size([".repeat(4), "])".repeat(4)),
            "[1].all(a, [1].all(b, [1].all(c, a == b && b == c)))".to_owned(),
        ];
        // A worker has 2 MiB, of which it has used some.
        let little = std::thread::Builder::new().stack_size(1792 << 10);
        let evaluated = little.spawn(move || {
            for source in within {
                let expression = Expression::compile(&source).unwrap_or_else(|error| panic!("{error}"));
                let _ = expression.holds(&serde_json::Map::new());
                drop(expression);
            }
        });
        evaluated.unwrap().join().unwrap();
    }

    #[test]
    fn loops_that_would_take_too_long_have_no_answer() {
        let list = |length: usize| serde_json::json!({"l": vec![1; length]});
        assert_eq!(holds("l.all(a, a > 0)", list(100_000)), Ok(true));
        assert_eq!(holds("l.all(a, l.all(b, a == b))", list(300)), Ok(true));
        let refused = holds("l.all(a, l.all(b, a == b))", list(10_000)).unwrap_err().to_string();
        assert!(refused.contains("its macros would go through 10000 elements too often"), "{refused}");
        let written = format!("[{}1].all(a, l.all(b, a == b))", "1, ".repeat(1500));
        assert!(holds(&written, list(10)).is_err());
    }

    #[test]
    fn members_are_found_wherever_they_stand() {
        let members = |source: &str| Expression::compile(source).unwrap().members_of("probes");
        assert_eq!(members(r#"probes.a.value > 3 && has(probes["b-c"].x)"#).named, ["a", "b-c"]);
        assert_eq!(members("[1, 2].exists(n, n > probes.a.value)").named, ["a"]);
        assert!(!members("probes.a.value > 3").whole);
        assert!(members("probes.exists(id, probes[id].status == 'down')").whole);
    }
}
