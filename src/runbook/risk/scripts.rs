//! Small languages inside of arguments: sed, awk, and SQL of programs other than psql.

use super::{Risk, command::Rated, database, files, findings::Findings, words};
use crate::{shell::words::as_sql, sql};

/// What a sed script does besides printing. Its value may be an operand or that of `-e`.
pub(super) fn sed(rated: &Rated<'_>, value: (usize, usize), findings: &mut Findings) {
    let Some(script) = rated.value(value) else { return unknown(rated, value, findings) };
    let (risk, why) = match sed_effect(script) {
        Effect::Prints => return,
        Effect::Writes(file) if files::is_sink(&file) => return,
        Effect::Writes(file) => (Risk::Change, format!("{} writes to the file {file}", rated.shown())),
        Effect::Runs => (Risk::Destructive, format!("{} runs commands that are not read here", rated.shown())),
        Effect::Unread => (Risk::Change, format!("{} has a script that is not understood", rated.shown())),
    };
    findings.add(risk, why, rated.span.clone());
}

/// What an awk program does besides printing.
pub(super) fn awk(rated: &Rated<'_>, value: (usize, usize), findings: &mut Findings) {
    let Some(program) = rated.value(value) else { return unknown(rated, value, findings) };
    let (risk, why) = match awk_effect(program) {
        Effect::Prints => return,
        Effect::Writes(_) => (Risk::Change, format!("{} writes to a file", rated.shown())),
        Effect::Runs => (Risk::Destructive, format!("{} runs commands that are not read here", rated.shown())),
        Effect::Unread => (Risk::Change, format!("{} has a program that is not understood", rated.shown())),
    };
    findings.add(risk, why, rated.span.clone());
}

/// SQL that another client than psql sends.
pub(super) fn sql(rated: &Rated<'_>, value: (usize, usize), findings: &mut Findings) {
    let Some(word) = rated.words.get(value.0) else { return };
    if !words::is_known(rated.script, word) || !words::stays_in_sql(rated.script, word) {
        let text = format!("{} sends SQL that is known only when it runs", rated.shown());
        return findings.add(Risk::Destructive, text, rated.span.clone());
    }
    let text = as_sql(word);
    let text = text.slice(value.1.min(text.value.len())..text.value.len());
    database::script(&sql::analyse(&text.value), &text, None, findings);
}

/// A script with an expansion in it that nobody knows yet. Variables of the run are put in before the gate decides.
fn unknown(rated: &Rated<'_>, value: (usize, usize), findings: &mut Findings) {
    let Some(word) = rated.words.get(value.0) else { return };
    // What the script itself sets could be a command of the little language.
    let set_here = |name: &str| rated.script.assignments.iter().any(|one| one.name == name);
    let from_here = word.variables().iter().any(|(name, ..)| set_here(name));
    if !words::is_known(rated.script, word)
        || words::starts_with_expansion(word)
        || from_here && !words::puts_in_numbers(rated.script, word)
    {
        let text = format!("{} runs a script that is known only when it runs", rated.shown());
        findings.add(Risk::Change, text, rated.span.clone());
    } else {
        // The rest of the script is known: what stands for the value is one plain word.
        let shown = word.shown().replace('$', "");
        let effect = if rated.name.contains("awk") { awk_effect(&shown) } else { sed_effect(&shown) };
        if effect != Effect::Prints {
            let text = format!("{} has a script that does more than print", rated.shown());
            findings.add(Risk::Change, text, rated.span.clone());
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Effect {
    Prints,
    Writes(String),
    Runs,
    Unread,
}

fn sed_effect(script: &str) -> Effect {
    let mut sed = Sed { rest: script };
    let mut worst = Effect::Prints;
    loop {
        sed.skip(|char| char.is_whitespace() || char == ';' || char == '}');
        if sed.rest.is_empty() {
            return worst;
        }
        match sed.command() {
            Some(Effect::Prints) => {}
            Some(Effect::Writes(file)) => worst = Effect::Writes(file),
            Some(other) => return other,
            None => return Effect::Unread,
        }
    }
}

struct Sed<'s> {
    rest: &'s str,
}

impl<'s> Sed<'s> {
    fn skip(&mut self, over: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(over);
    }

    fn next(&mut self) -> Option<char> {
        let char = self.rest.chars().next()?;
        self.rest = self.rest.get(char.len_utf8()..)?;
        Some(char)
    }

    /// The rest of the line.
    fn line(&mut self) -> &'s str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        line
    }

    /// The rest of the line, and of those that an odd number of backslashes at the end joins to it.
    fn text(&mut self) {
        loop {
            let line = self.line();
            let backslashes = line.len() - line.trim_end_matches('\\').len();
            if backslashes.is_multiple_of(2) || self.rest.is_empty() {
                return;
            }
        }
    }

    /// Text up to the delimiter, which an escape hides.
    fn delimited(&mut self, delimiter: char) -> Option<()> {
        loop {
            match self.next()? {
                '\\' => {
                    self.next()?;
                }
                char if char == delimiter => return Some(()),
                _ => {}
            }
        }
    }

    /// A pattern up to the delimiter. Versions differ in whether a class (`[/]`) hides it, and in what an escape means in one: a
    /// pattern in which that matters is not understood.
    fn pattern(&mut self, delimiter: char) -> Option<()> {
        let start = self.rest;
        self.delimited(delimiter)?;
        let pattern = start.get(..start.len() - self.rest.len() - delimiter.len_utf8())?;
        let is_open = |class: &str| !class.trim_start_matches(['^', ']']).contains(']') || class.contains('\\');
        let doubtful = pattern.rsplit_once('[').is_some_and(|(_, class)| is_open(class))
            || pattern
                .split('[')
                .skip(1)
                .any(|class| class.split(']').next().is_some_and(|inner| inner.contains('\\')));
        // `\[` is no class.
        let plain = pattern.replace("\\[", "").replace("\\]", "");
        (!doubtful || !plain.contains('[')).then_some(())
    }

    fn address(&mut self) -> Option<bool> {
        match self.rest.chars().next()? {
            '/' => {
                self.next();
                self.pattern('/')?;
                self.skip(|char| matches!(char, 'I' | 'M'));
            }
            '\\' => {
                self.next();
                let delimiter = self.next()?;
                self.pattern(delimiter)?;
                self.skip(|char| matches!(char, 'I' | 'M'));
            }
            '$' => {
                self.next();
            }
            '0'..='9' | '+' | '~' => self.skip(|char| char.is_ascii_digit() || matches!(char, '+' | '~')),
            _ => return Some(false),
        }
        Some(true)
    }

    fn command(&mut self) -> Option<Effect> {
        if self.address()? {
            self.skip(char::is_whitespace);
            if self.rest.starts_with(',') {
                self.next();
                self.skip(char::is_whitespace);
                if !self.address()? {
                    return None;
                }
            }
        }
        self.skip(|char| char.is_whitespace() || char == '!');
        match self.next()? {
            '{' | '=' | 'd' | 'D' | 'g' | 'G' | 'h' | 'H' | 'n' | 'N' | 'p' | 'P' | 'x' | 'z' | 'F' => {
                Some(Effect::Prints)
            }
            'q' | 'Q' | 'l' | 'L' => {
                self.skip(|char| char.is_ascii_digit() || char == ' ');
                Some(Effect::Prints)
            }
            '#' | 'r' | 'R' => {
                self.line();
                Some(Effect::Prints)
            }
            'a' | 'i' | 'c' => {
                self.text();
                Some(Effect::Prints)
            }
            // GNU sed ends a label and a version at a semicolon, others at the end of the line: what follows counts as commands.
            'b' | 't' | 'T' | ':' | 'v' => {
                self.skip(|char| !matches!(char, ';' | '\n' | '}'));
                Some(Effect::Prints)
            }
            'w' | 'W' => Some(Effect::Writes(self.line().trim().to_owned())),
            'e' => Some(Effect::Runs),
            'y' => {
                let delimiter = self.next()?;
                self.delimited(delimiter)?;
                self.delimited(delimiter)?;
                Some(Effect::Prints)
            }
            's' => {
                let delimiter = self.next()?;
                self.pattern(delimiter)?;
                self.delimited(delimiter)?;
                loop {
                    match self.rest.chars().next() {
                        Some('g' | 'p' | 'i' | 'I' | 'm' | 'M' | '0'..='9') => {
                            self.next();
                        }
                        Some('e') => return Some(Effect::Runs),
                        Some('w') => {
                            self.next();
                            return Some(Effect::Writes(self.line().trim().to_owned()));
                        }
                        _ => return Some(Effect::Prints),
                    }
                }
            }
            _ => None,
        }
    }
}

/// Walks over the tokens of an awk program; strings and regular expressions hold no commands.
fn awk_effect(program: &str) -> Effect {
    match awk_walk(program) {
        // Where it is open whether a slash divides or begins an expression, what looks like text may be a command.
        Effect::Prints if is_doubtful(program) => Effect::Unread,
        effect => effect,
    }
}

/// A slash that versions or grammars may read either way, in a program with words that do more than print.
fn is_doubtful(program: &str) -> bool {
    let acts = ["system", "getline", "|", ">", "@"].iter().any(|word| program.contains(word));
    let mut before = "";
    let slash = program.match_indices('/').any(|(at, _)| {
        before = program.get(..at).unwrap_or_default().trim_end();
        before.ends_with(')') || before.ends_with("++") || before.ends_with("--") || before.ends_with("exit")
    });
    let class =
        program.split('[').skip(1).any(|class| class.split(']').next().is_some_and(|inner| inner.contains('/')));
    acts && (slash || class)
}

fn awk_walk(program: &str) -> Effect {
    let bytes = program.as_bytes();
    let mut at = 0;
    let mut prints = false;
    let mut depth = 0usize;
    // What stands before a slash says whether it divides.
    let mut value_before = false;
    let mut worst = Effect::Prints;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes.get(at) == Some(&b'\\') { 2 } else { 1 };
                }
                value_before = true;
            }
            b'#' => {
                while bytes.get(at + 1).is_some_and(|byte| *byte != b'\n') {
                    at += 1;
                }
            }
            b'/' if !value_before => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'/') {
                    at += if bytes.get(at) == Some(&b'\\') { 2 } else { 1 };
                }
                value_before = true;
            }
            b'|' if bytes.get(at + 1) == Some(&b'|') => {
                at += 1;
                value_before = false;
            }
            b'|' | b'@' => return Effect::Runs,
            b'>' if prints && depth == 0 => {
                let rest = program.get(at..).unwrap_or_default().trim_start_matches('>').trim_start();
                // What stands beside the name of a sink is joined to it.
                let ends = |after: &str| {
                    after.trim_start_matches([' ', '\t']).chars().next().is_none_or(|c| ";}\n#".contains(c))
                };
                if !["\"/dev/stderr\"", "\"/dev/stdout\"", "\"/dev/null\"", "\"-\""]
                    .iter()
                    .any(|sink| rest.strip_prefix(sink).is_some_and(ends))
                {
                    worst = Effect::Writes(String::new());
                }
                value_before = false;
            }
            b'(' | b'[' => {
                depth += 1;
                value_before = false;
            }
            b')' | b']' => {
                depth = depth.saturating_sub(1);
                value_before = true;
            }
            b';' | b'\n' | b'{' | b'}' => {
                prints = false;
                depth = 0;
                value_before = false;
            }
            _ if byte.is_ascii_alphabetic() || byte == b'_' => {
                let start = at;
                while bytes.get(at + 1).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                    at += 1;
                }
                match program.get(start..=at) {
                    Some("system") => return Effect::Runs,
                    Some("print" | "printf") => {
                        prints = true;
                        value_before = false;
                    }
                    Some("return" | "in" | "else" | "do") => value_before = false,
                    _ => value_before = true,
                }
            }
            _ if byte.is_ascii_digit() || matches!(byte, b'$' | b'.') => value_before = byte != b'$',
            _ if byte.is_ascii_whitespace() => {}
            _ => value_before = false,
        }
        at += 1;
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::{Effect, awk_effect, sed_effect};

    #[test]
    fn sed_scripts_that_only_print_are_told_from_those_that_do_more() {
        for script in
            ["s/a/b/", "s|a|b|g;p", "1,5p", "/x/,/y/{s/a/b/;d}", "$!N;P;D", "\\,a,d", "s/w/e/", "y/ab/cd/", "5q"]
        {
            assert_eq!(sed_effect(script), Effect::Prints, "{script}");
        }
        for script in ["w/srv/x", "1w out", "s/a/b/w out", "s/a/b/gw out"] {
            assert!(matches!(sed_effect(script), Effect::Writes(_)), "{script}");
        }
        for script in ["e", "1e date", "s/a/b/e", "s/a/b/ge"] {
            assert_eq!(sed_effect(script), Effect::Runs, "{script}");
        }
        for script in ["/err[/]w/p", "s/[\\]/touch x/e;#]/y/", "s/a/[/w x/]/"] {
            assert_ne!(sed_effect(script), Effect::Prints, "{script}");
        }
        for script in [
            ":a;w x",
            "v;w x",
            ":a;e date",
            "s/a/[/e;#]/",
            "y/[/x/;e date;#]/y/",
            "#\\\ne date",
            "r x\\\ne date",
            "a foo\\\\\ne date",
            "a foo\\ \ne date",
        ] {
            assert_ne!(sed_effect(script), Effect::Prints, "{script}");
        }
        for script in
            [":a;N;$!ba;s/x/y/", "s/[0-9]*/x/", "/[[:space:]]/d", "s/\\[a\\]/b/", "a foo\\\nbar", "s/[^,]*,//"]
        {
            assert_eq!(sed_effect(script), Effect::Prints, "{script}");
        }
        assert_eq!(sed_effect("k"), Effect::Unread);
        assert_eq!(sed_effect("s/a"), Effect::Unread);
    }

    #[test]
    fn awk_programs_that_only_print_are_told_from_those_that_do_more() {
        for program in [
            "{print $1}",
            "$3 > 500 {print $1}",
            "{ if ($1 > 2) print }",
            "BEGIN { x = 4 / 2 } /a|b/ {print \"a > b | c\"}",
            "{print > \"/dev/stderr\"}",
            "{printf(\"%d\", ($1 > 2))}",
            "$1 || $2",
            "{ while ((getline line < \"f\") > 0) n++ }",
        ] {
            assert_eq!(awk_effect(program), Effect::Prints, "{program}");
        }
        for program in ["{print > \"/srv/x\"}", "{print $1 >> f}", "{printf \"%s\", $1 > f}"] {
            assert!(matches!(awk_effect(program), Effect::Writes(_)), "{program}");
        }
        for program in [
            "BEGIN{ if (1) /\"/; system(\"date\") }",
            "BEGIN{x++ / 2; system(\"date\") / 1}",
            "/[/\"]/ {system(\"date\")}",
            "{print > \"-\" \"x\"}",
            "{print > \"/dev/stdout\" \"x\"}",
        ] {
            assert_ne!(awk_effect(program), Effect::Prints, "{program}");
        }
        for program in ["{system(\"date\")}", "{print|\"sh\"}", "{ \"date\" | getline x }", "@load \"x\"", "{@f()}"] {
            assert_eq!(awk_effect(program), Effect::Runs, "{program}");
        }
    }
}
