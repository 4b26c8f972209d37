//! Finds the statements of a script, and psql's backslash commands between and inside them.

use std::ops::Range;

use super::MetaCommand;

pub(super) struct Split {
    /// The text with meta commands and `COPY` data blanked and psql's variables made plain; byte for byte as long.
    pub clean: String,
    pub statements: Vec<Range<usize>>,
    pub meta_commands: Vec<MetaCommand>,
    /// `:name` without quotes.
    pub spliced: Vec<MetaCommand>,
    /// Where a quote or comment starts that never ends.
    pub unclosed: Option<usize>,
}

/// Backslash commands that send the statement before them.
const SENDING: &[&str] = &["g", "gx", "gset", "gexec", "gdesc", "watch", "crosstabview", "bind", "parse"];

pub(super) fn split(text: &str) -> Split {
    let mut scan = Scan {
        text,
        bytes: text.as_bytes(),
        clean: text.as_bytes().to_vec(),
        at: 0,
        start: 0,
        depth: 0,
        out: Vec::new(),
    };
    let mut meta_commands = Vec::new();
    let mut spliced = Vec::new();
    let mut unclosed = None;
    while let Some(&byte) = scan.bytes.get(scan.at) {
        let start = scan.at;
        let closed = match byte {
            b'\'' => {
                let escapes = start
                    .checked_sub(1)
                    .and_then(|before| scan.bytes.get(before))
                    .is_some_and(|byte| matches!(byte, b'e' | b'E'))
                    && !scan.is_word(start.wrapping_sub(2));
                scan.quoted(b'\'', escapes)
            }
            b'"' => scan.quoted(b'"', false),
            b'-' if scan.bytes.get(start + 1) == Some(&b'-') => {
                scan.skip_comment();
                scan.leave_out(start);
                true
            }
            b'/' if scan.bytes.get(start + 1) == Some(&b'*') => {
                let closed = scan.comment();
                scan.leave_out(start);
                closed
            }
            b'$' if !scan.is_word(start.wrapping_sub(1)) => scan.dollar(),
            b'\\' => {
                meta_commands.extend(scan.meta());
                true
            }
            b':' => {
                spliced.extend(scan.variable());
                true
            }
            b';' => {
                scan.at += 1;
                if scan.depth == 0 {
                    scan.end(start);
                }
                true
            }
            b'(' => {
                scan.depth += 1;
                scan.at += 1;
                true
            }
            b')' => {
                scan.depth = scan.depth.saturating_sub(1);
                scan.at += 1;
                true
            }
            _ => {
                scan.at += 1;
                true
            }
        };
        if !closed {
            unclosed = unclosed.or(Some(start));
            scan.at = scan.bytes.len();
        }
    }
    let end = scan.bytes.len();
    scan.end(end);
    // Only whole ASCII characters were replaced, or whole ranges by blanks.
    let clean = String::from_utf8_lossy(&scan.clean).into_owned();
    Split { clean, statements: scan.out, meta_commands, spliced, unclosed }
}

struct Scan<'t> {
    text: &'t str,
    bytes: &'t [u8],
    clean: Vec<u8>,
    at: usize,
    /// Where the statement starts that is being read.
    start: usize,
    depth: usize,
    out: Vec<Range<usize>>,
}

impl Scan<'_> {
    fn is_word(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii())
    }

    fn blank(&mut self, range: Range<usize>) {
        if let Some(bytes) = self.clean.get_mut(range) {
            bytes.fill(b' ');
        }
    }

    fn skip_line(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| *byte != b'\n') {
            self.at += 1;
        }
    }

    /// A carriage return ends a comment too.
    fn skip_comment(&mut self) {
        while self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// A comment before a statement is no part of it.
    fn leave_out(&mut self, comment: usize) {
        if self.clean.get(self.start..comment).is_some_and(|before| before.trim_ascii().is_empty()) {
            self.start = self.at;
        }
    }

    fn quoted(&mut self, quote: u8, escapes: bool) -> bool {
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'\\' && escapes {
                self.at += 1;
            } else if byte == quote {
                if self.bytes.get(self.at) != Some(&quote) {
                    return true;
                }
                self.at += 1;
            }
        }
        false
    }

    /// Comments nest in PostgreSQL.
    fn comment(&mut self) -> bool {
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match self.bytes.get(self.at..self.at + 2) {
                Some(b"/*") => {
                    depth += 1;
                    self.at += 2;
                }
                Some(b"*/") => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return true;
                    }
                }
                _ => self.at += 1,
            }
        }
        false
    }

    /// `$$ … $$` and `$tag$ … $tag$`; a `$1` is left alone.
    fn dollar(&mut self) -> bool {
        let mut end = self.at + 1;
        while self.is_word(end) {
            end += 1;
        }
        let tag = self.text.get(self.at..end + 1).filter(|tag| tag.ends_with('$') && tag.len() >= 2);
        let Some(tag) = tag.filter(|_| !self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit)) else {
            self.at += 1;
            return true;
        };
        let from = self.at + tag.len();
        match self.text.get(from..).and_then(|rest| rest.find(tag)) {
            Some(length) => {
                self.at = from + length + tag.len();
                true
            }
            None => false,
        }
    }

    fn meta(&mut self) -> Option<MetaCommand> {
        let start = self.at;
        // `\;` only keeps psql from sending what was written so far.
        if self.bytes.get(start + 1) == Some(&b';') {
            self.blank(start..start + 1);
            self.at += 1;
            return None;
        }
        self.skip_line();
        let line = self.text.get(start..self.at).unwrap_or_default();
        // `\\` ends the arguments: what follows is SQL again. It is looked for after the name, so that `\\` alone is nothing.
        let length = line.get(1..).and_then(|rest| rest.find("\\\\")).map_or(line.len(), |at| at + 1);
        let line = line.get(..length).unwrap_or(line);
        self.at = start + length;
        self.blank(start..self.at);
        if self.text.get(self.at..self.at + 2) == Some("\\\\") {
            self.blank(self.at..self.at + 2);
            self.at += 2;
        }
        let command = line.get(1..).unwrap_or_default();
        let name_end = match command.chars().next() {
            Some('!') => 1,
            _ => command.find(char::is_whitespace).unwrap_or(command.len()),
        };
        let name = command.get(..name_end).unwrap_or_default().trim_end_matches('+').to_owned();
        if SENDING.contains(&name.as_str()) {
            self.end(start);
        }
        let arguments = command.get(name_end..).unwrap_or_default().trim().to_owned();
        let span = start..start + line.trim_end().len();
        (!name.is_empty()).then_some(MetaCommand { name, arguments, span })
    }

    /// `:name`, `:'name'` and `:"name"` are psql's variables: without the colon they read like what they become. The quoted ones
    /// stay one value or name, the other is text that may become anything.
    fn variable(&mut self) -> Option<MetaCommand> {
        let start = self.at;
        let before = start.checked_sub(1).and_then(|at| self.bytes.get(at));
        let after = self.bytes.get(start + 1);
        // `a[1:n]` is a slice, and psql puts the variable in all the same.
        let starts = before.is_none_or(|byte| *byte != b':');
        let names =
            after.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\'' | b'"' | b'{'));
        let quoted = matches!(after, Some(b'\'' | b'"' | b'{'));
        if starts
            && names
            && (quoted || before.is_none_or(|byte| byte.is_ascii_whitespace() || b"(,=<>+-*/|[".contains(byte)))
        {
            self.blank(start..start + 1);
        }
        self.at += 1;
        // `::` is a cast.
        if after == Some(&b':') {
            self.at += 1;
            return None;
        }
        let mut end = self.at;
        while self.is_word(end) {
            end += 1;
        }
        let name = self.text.get(self.at..end).filter(|_| starts && names && !quoted)?;
        // `12:30` outside of quotes is no SQL, and `:5` of an array's slice no variable.
        let is_name = name.bytes().any(|byte| !byte.is_ascii_digit());
        is_name.then(|| MetaCommand { name: name.to_owned(), arguments: String::new(), span: start..end })
    }

    fn end(&mut self, end: usize) {
        // What was blanked is no part of the statement.
        let code = self.clean.get(self.start..end).unwrap_or_default();
        let cut = code.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let kept = code.trim_ascii_end().len();
        let range = self.start + cut..self.start + kept.max(cut);
        let copies = starts_copy_from_stdin(self.text.get(range.clone()).unwrap_or_default());
        if !range.is_empty() {
            self.out.push(range);
        }
        if copies {
            // The lines up to `\.` are data.
            let rest = self.text.get(self.at..).unwrap_or_default();
            let length = rest.find("\n\\.").map_or(rest.len(), |at| at + 3);
            self.blank(self.at..self.at + length);
            self.at += length;
        }
        self.start = self.at.max(end);
        self.depth = 0;
    }
}

fn starts_copy_from_stdin(code: &str) -> bool {
    let starts = code.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("copy"));
    starts && {
        let words: Vec<String> = code.split_whitespace().map(str::to_ascii_lowercase).collect();
        words.windows(2).any(|pair| matches!(pair, [from, stdin] if from == "from" && stdin == "stdin"))
    }
}
