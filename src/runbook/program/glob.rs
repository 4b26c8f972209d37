//! Patterns of names: `*` stands for any characters, `|` parts alternatives; capitals count.

/// Whether one of the alternatives of a pattern is the text.
pub fn glob(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| one(pattern.as_bytes(), text.as_bytes()))
}

fn one(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Where to go on when the text after the last `*` does not fit.
    let mut back: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at + 1, from));
                at += 1;
            }
            Some(byte) if text.get(from) == Some(byte) => {
                at += 1;
                from += 1;
            }
            _ => match back {
                Some((after, taken)) => {
                    at = after;
                    from = taken + 1;
                    back = Some((after, from));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, text, fits) in [
            ("get|list-*", "list-pods", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b", "ab", true),
            ("a*b", "a", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }
}
