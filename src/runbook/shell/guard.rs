//! Limits that keep hostile text from costing time or stack: what is beyond them is a syntax problem, not a guess.
//!
//! The shell grammar is parsed by recursive descent without memory of what was tried, so that its cost grows with the power of
//! the nesting. Real runbooks nest three or four levels deep.

use brush_parser::Token;

/// The longest code that is analysed, in bytes.
pub(super) const LONGEST: usize = 512 * 1024;
/// How deep parentheses and braces may be nested, in the text of one layer.
const DEEPEST_BRACKETS: usize = 24;
/// How deep `$(`, `${` and backquotes may be nested in each other.
const DEEPEST_EXPANSION: usize = 6;
/// How deep `if`, `for`, `while` and `until` may be nested.
const DEEPEST_BLOCKS: usize = 16;
/// How deep `case` may be nested; each level is tried in two ways.
const DEEPEST_CASE: usize = 5;
/// How deep code may stand in strings of code (`sh -c "sh -c …"`).
pub(super) const DEEPEST_CODE: usize = 6;
/// How many operators one `[[ … ]]` may have: each is a level of what the parser makes.
const MOST_TESTS: usize = 64;
/// How often reading goes on after a mistake.
pub(super) const MOST_RECOVERIES: usize = 12;
/// How many commands one script may have.
pub(super) const MOST_COMMANDS: usize = 20_000;

/// Looks at the text before it is split into tokens. The message says what is too much.
pub(super) fn text(code: &str) -> Result<(), String> {
    if code.len() > LONGEST {
        return Err(format!("it is longer than {} KiB, which is too long to be read as one action", LONGEST / 1024));
    }
    if let Some(at) = code.find('\0') {
        return Err(format!("it holds a NUL byte (byte {at})"));
    }
    let (brackets, expansions) = quoted_depth(code.as_bytes());
    let (plain_brackets, plain_expansions) = plain_depth(code.as_bytes());
    if brackets.max(plain_brackets) > DEEPEST_BRACKETS {
        return Err(format!("its brackets are nested more than {DEEPEST_BRACKETS} deep"));
    }
    if expansions.max(plain_expansions) > DEEPEST_EXPANSION {
        return Err(format!("its substitutions are nested more than {DEEPEST_EXPANSION} deep"));
    }
    Ok(())
}

/// Looks at the tokens before they are parsed.
pub(super) fn tokens(tokens: &[Token]) -> Result<(), String> {
    let (mut blocks, mut cases, mut parens) = (0usize, 0usize, 0usize);
    let mut at_command = true;
    // Operators since the last `[[` that is not closed.
    let mut tests: Option<usize> = None;
    for (number, token) in tokens.iter().enumerate() {
        let word = token.to_str();
        // The parser reads digits before a redirect as a descriptor and gives up hard when they are no 32-bit number.
        if (word.is_empty() || word.len() > 9)
            && word.bytes().all(|byte| byte.is_ascii_digit())
            && matches!(tokens.get(number + 1), Some(Token::Operator(next, _)) if next.starts_with(['<', '>']))
        {
            return Err("a redirect's descriptor is no small number".to_owned());
        }
        match (word, &mut tests) {
            ("[[", _) => tests = Some(0),
            ("]]", _) => tests = None,
            ("!" | "&&" | "||" | "(", Some(operators)) => {
                *operators += 1;
                if *operators > MOST_TESTS {
                    return Err(format!("a test has more than {MOST_TESTS} operators"));
                }
            }
            _ => {}
        }
        match token {
            Token::Operator(..) => {
                match word {
                    "(" => parens += 1,
                    ")" => parens = parens.saturating_sub(1),
                    _ => {}
                }
                at_command =
                    !matches!(word, "<" | ">" | ">>" | "<<" | "<<-" | "<<<" | "<&" | ">&" | "<>" | ">|" | "&>" | "&>>");
            }
            Token::Word(..) if at_command => match word {
                "if" | "while" | "until" | "for" | "select" | "{" | "[[" | "coproc" | "!" | "time" => {
                    // `!` and `time` are counted because they are prefixes that can be repeated.
                    blocks += usize::from(!matches!(word, "!" | "time"));
                    at_command = !matches!(word, "for" | "select" | "[[");
                }
                "fi" | "done" | "}" | "]]" => blocks = blocks.saturating_sub(1),
                "case" => {
                    cases += 1;
                    at_command = false;
                }
                "esac" => cases = cases.saturating_sub(1),
                "then" | "do" | "else" | "elif" | "in" => {}
                _ => at_command = false,
            },
            Token::Word(..) => at_command = matches!(word, "do" | "then" | "in"),
        }
        if blocks > DEEPEST_BLOCKS || parens > DEEPEST_BLOCKS {
            return Err(format!("its blocks are nested more than {DEEPEST_BLOCKS} deep"));
        }
        if cases > DEEPEST_CASE {
            return Err(format!("its case blocks are nested more than {DEEPEST_CASE} deep"));
        }
    }
    Ok(())
}

/// The deepest nesting of brackets and of expansions when quotes mean nothing: a bound for text whose quotes mislead.
fn plain_depth(code: &[u8]) -> (usize, usize) {
    let (mut brackets, mut deepest, mut open, mut deepest_open) = (0usize, 0usize, Vec::new(), 0usize);
    let mut expansions = 0usize;
    for (at, byte) in code.iter().enumerate() {
        match byte {
            b'(' | b'{' | b'[' => {
                let expands = at.checked_sub(1).and_then(|before| code.get(before)) == Some(&b'$');
                // Text like JSON opens far more than shell does; beyond the limit the numbers do not matter any more.
                if open.len() <= DEEPEST_BRACKETS {
                    open.push(expands);
                }
                brackets += 1;
                expansions += usize::from(expands);
                deepest = deepest.max(brackets);
                deepest_open = deepest_open.max(expansions);
            }
            b')' | b'}' | b']' => {
                brackets = brackets.saturating_sub(1);
                if open.pop() == Some(true) {
                    expansions = expansions.saturating_sub(1);
                }
            }
            _ => {}
        }
    }
    (deepest, deepest_open)
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Double,
    Paren { expands: bool },
    Brace { expands: bool },
    Back,
}

/// The same when quotes, escapes and comments are honoured: brackets in quotes close nothing.
fn quoted_depth(code: &[u8]) -> (usize, usize) {
    let mut open: Vec<Inside> = Vec::new();
    let (mut brackets, mut expansions) = (0usize, 0usize);
    let mut at = 0;
    let mut word_start = true;
    while let Some(&byte) = code.get(at) {
        let double = open.last() == Some(&Inside::Double);
        let mut next_word_start = false;
        match byte {
            b'\\' => at += 1,
            b'\'' if !double => {
                at += 1;
                while code.get(at).is_some_and(|byte| *byte != b'\'') {
                    at += 1;
                }
            }
            b'"' => {
                if double {
                    open.pop();
                } else {
                    open.push(Inside::Double);
                }
            }
            b'`' => {
                if open.contains(&Inside::Back) {
                    while open.pop().is_some_and(|inside| inside != Inside::Back) {}
                } else {
                    open.push(Inside::Back);
                }
            }
            b'$' if matches!(code.get(at + 1), Some(b'(')) => {
                open.push(Inside::Paren { expands: true });
                at += 1;
                next_word_start = true;
            }
            b'$' if matches!(code.get(at + 1), Some(b'{')) => {
                open.push(Inside::Brace { expands: true });
                at += 1;
            }
            b'(' if !double => {
                open.push(Inside::Paren { expands: false });
                next_word_start = true;
            }
            b'{' if !double => open.push(Inside::Brace { expands: false }),
            b')' if !double && matches!(open.last(), Some(Inside::Paren { .. })) => {
                open.pop();
            }
            b'}' if !double && matches!(open.last(), Some(Inside::Brace { .. })) => {
                open.pop();
            }
            b'#' if word_start && !double => {
                while code.get(at + 1).is_some_and(|byte| *byte != b'\n') {
                    at += 1;
                }
            }
            b' ' | b'\t' | b'\n' | b';' | b'|' | b'&' => next_word_start = true,
            _ => {}
        }
        word_start = next_word_start;
        at += 1;
        if open.len() > brackets {
            brackets = open.len();
            let depth = open
                .iter()
                .filter(|inside| {
                    matches!(inside, Inside::Back | Inside::Paren { expands: true } | Inside::Brace { expands: true })
                })
                .count();
            expansions = expansions.max(depth);
            if brackets > 4 * DEEPEST_BRACKETS {
                break;
            }
        } else if matches!(
            open.last(),
            Some(Inside::Paren { expands: true } | Inside::Brace { expands: true } | Inside::Back)
        ) && expansions <= DEEPEST_EXPANSION
        {
            let depth = open
                .iter()
                .filter(|inside| {
                    matches!(inside, Inside::Back | Inside::Paren { expands: true } | Inside::Brace { expands: true })
                })
                .count();
            expansions = expansions.max(depth);
        }
    }
    (brackets, expansions)
}

/// False where the parser refuses what bash takes (brush-parser 0.4 against `bash -n` 5.2): `select`, `case` in parentheses, `[[` in odd
/// places, `for` with a group for its body.
pub(super) fn parser_knows(code: &str) -> bool {
    let has = |word: &str| code.contains(word);
    !(has("select") || has("[[") || has("coproc") || has("case ") && has("(") || has("for ") && has("{"))
}
