//! How an expression calculates: with fractions, and with functions that there are.

use cel::{
    common::ast::{
        CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue,
        operators::{INDEX, MODULO},
    },
    common::types::CelDouble,
};

/// The functions of CEL's standard library that are built in. The rest (durations, timestamps) would fail when it is called.
pub(super) const FUNCTIONS: [&str; 13] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "double",
    "int",
    "uint",
    "bool",
    "bytes",
    "dyn",
    "type",
];

/// Makes every number a fraction, so that `used / max > 0.8` can be true. Integers stay where CEL needs them: as places in a
/// list, and on both sides of `%`.
pub(super) fn with_fractions(mut root: IdedExpr) -> IdedExpr {
    fractions(&mut root);
    root
}

fn fractions(part: &mut IdedExpr) {
    match &mut part.expr {
        Expr::Literal(literal) => {
            let number = match literal {
                LiteralValue::Int(int) => *int.inner() as f64,
                LiteralValue::UInt(int) => *int.inner() as f64,
                _ => return,
            };
            *literal = LiteralValue::Double(CelDouble::from(number));
        }
        Expr::Call(call) if call.func_name == INDEX => call.args.iter_mut().take(1).for_each(fractions),
        Expr::Call(call) => {
            parts(call).for_each(fractions);
            match call.func_name.as_str() {
                MODULO => {
                    call.args.iter_mut().for_each(|side| convert(side, "int"));
                    convert(part, "double");
                }
                "size" | "int" | "uint" => convert(part, "double"),
                _ => {}
            }
        }
        Expr::Comprehension(c) => {
            for part in [&mut c.iter_range, &mut c.accu_init, &mut c.loop_cond, &mut c.loop_step, &mut c.result] {
                fractions(part);
            }
        }
        Expr::Select(select) => fractions(&mut select.operand),
        Expr::List(list) => list.elements.iter_mut().for_each(fractions),
        Expr::Map(map) => map.entries.iter_mut().for_each(entry),
        Expr::Struct(fields) => fields.entries.iter_mut().for_each(entry),
        Expr::Ident(_) | Expr::Unspecified => {}
    }
}

fn parts(call: &mut CallExpr) -> impl Iterator<Item = &mut IdedExpr> {
    call.target.as_deref_mut().into_iter().chain(&mut call.args)
}

fn entry(entry: &mut IdedEntryExpr) {
    match &mut entry.expr {
        EntryExpr::StructField(field) => fractions(&mut field.value),
        EntryExpr::MapEntry(entry) => fractions(&mut entry.value),
    }
}

/// Puts a part into the call of a conversion.
fn convert(part: &mut IdedExpr, to: &str) {
    let inner = std::mem::take(part);
    let id = inner.id;
    let call = CallExpr { func_name: to.to_owned(), target: None, args: vec![inner] };
    *part = IdedExpr { id, expr: Expr::Call(call) };
}

/// Whether a call is one of a function that there is not. Operators have names that no text can have.
pub(super) fn is_unknown(function: &str) -> bool {
    let is_name = function.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
    is_name && !FUNCTIONS.contains(&function)
}
