//! Which variables an arithmetic expression (`((i = 1))`, `for ((i = 0; …))`) sets.

/// What can stand before the `=` of an assignment, the longest first.
const OPERATORS: [&str; 11] = ["<<", ">>", "+", "-", "*", "/", "%", "&", "|", "^", ""];

/// The names that are assigned to, incremented or decremented, in their order.
pub(crate) fn assigned(expression: &str) -> Vec<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names = Vec::new();
    let mut rest = expression;
    while let Some(start) = rest.find(is_part) {
        let word = &rest[start..];
        let (word, after) = word.split_at(word.find(|c| !is_part(c)).unwrap_or(word.len()));
        let before = expression[..expression.len() - after.len() - word.len()].trim_end();
        let is_name = !word.starts_with(|c: char| c.is_ascii_digit()) && !before.ends_with('$');
        if is_name && !names.contains(&word) && (is_set_by(after.trim_start()) || twice(before)) {
            names.push(word);
        }
        rest = after;
    }
    names
}

/// True when what stands after a name sets it.
fn is_set_by(after: &str) -> bool {
    let assigns = |operator: &str| {
        after.strip_prefix(operator).and_then(|rest| rest.strip_prefix('=')).is_some_and(|rest| !rest.starts_with('='))
    };
    after.starts_with("++") || after.starts_with("--") || OPERATORS.iter().any(|operator| assigns(operator))
}

/// True when the text ends with `++` or `--`.
fn twice(before: &str) -> bool {
    before.ends_with("++") || before.ends_with("--")
}

#[cfg(test)]
mod tests {
    use super::assigned;

    #[test]
    fn assignments_and_increments_set_and_comparisons_do_not() {
        assert_eq!(assigned("i = 1"), ["i"]);
        assert_eq!(assigned("i += a, b <<= 2, --c, d++"), ["i", "b", "c", "d"]);
        assert_eq!(assigned("i == 1 && i <= n || a != b || x >= 2"), [""; 0]);
        assert_eq!(assigned("a - b + 0x1f - $i"), [""; 0]);
    }
}
