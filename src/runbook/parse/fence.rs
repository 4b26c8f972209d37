//! Takes one fence apart: into the actions that its comments number, and from the output that stands below its commands.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use crate::shell;

/// A fence with more numbered comments is a list of data; each of them costs a look at the shell grammar.
const MOST_PARTS: usize = 100;

/// The bytes of one action.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// From the comment that numbers it.
    pub name: Option<String>,
    pub spans: Vec<Range<usize>>,
    /// It is comments and nothing else, although they number it: a person must do it.
    pub only_comments: bool,
}

/// A line of code: its bytes with the line end.
type CodeLine = Range<usize>;

/// The lines of code. A line in a document with carriage returns is two pieces, of which the second is its end.
pub(super) fn lines(source: &str, code: &[Range<usize>]) -> Vec<Vec<CodeLine>> {
    let mut lines = Vec::new();
    let mut line: Vec<Range<usize>> = Vec::new();
    for span in code {
        let mut start = span.start;
        for (at, _) in source[span.clone()].match_indices('\n') {
            let end = span.start + at + 1;
            line.push(start..end);
            lines.push(std::mem::take(&mut line));
            start = end;
        }
        if start < span.end {
            line.push(start..span.end);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

pub(super) fn text_of(source: &str, spans: &[Range<usize>]) -> String {
    spans.iter().map(|span| &source[span.clone()]).collect()
}

/// The parts that comments such as `# Step 1: …` or `# 2. …` number, in order from 0 or 1; one part when there are not at
/// least two. A comment inside a here-document, a string or a compound command is not one to cut at: what stands before
/// a cut is always whole.
pub(super) fn numbered(source: &str, code: &[Range<usize>]) -> Vec<Part> {
    let whole = || vec![Part { spans: code.to_vec(), ..Part::default() }];
    let lines = lines(source, code);
    let mut cuts: Vec<(usize, String)> = Vec::new();
    let mut next: Option<u32> = None;
    for (index, line) in lines.iter().enumerate() {
        let Some((number, name)) = numbering(text_of(source, line).trim_end()) else { continue };
        if next.map_or(number <= 1, |next| next == number) {
            next = Some(number + 1);
            cuts.push((index, name));
        }
    }
    if cuts.len() < 2 || cuts.len() > MOST_PARTS {
        return whole();
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut open = Part::default();
    let mut cuts = cuts.into_iter().peekable();
    for (index, line) in lines.iter().enumerate() {
        if let Some((_, name)) = cuts.next_if(|(at, _)| *at == index) {
            let before = text_of(source, &open.spans);
            // What comes before the first number and is no command (`#!/bin/bash`) belongs to the first part.
            if open.name.is_none() && !has_command(&before) {
                open.name = Some(name);
            } else if is_whole(&before) {
                parts.push(std::mem::replace(&mut open, Part { name: Some(name), ..Part::default() }));
            }
        }
        open.spans.extend(line.iter().cloned());
    }
    parts.push(open);
    if parts.len() < 2 {
        return whole();
    }
    for part in &mut parts {
        part.only_comments = !has_command(&text_of(source, &part.spans));
        part.spans = join(&part.spans);
    }
    parts
}

/// Number and name of a comment at a line's start: `# Step 1: Assess`, `# 1. Assess`, `# 1) Assess`, `# Step 2 - Stop`.
fn numbering(line: &str) -> Option<(u32, String)> {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^#+\s*(?:(?i:step)\s+(\d{1,4})\s*(?:[.:)]|[-–—]\s)|(\d{1,4})\s*(?:[.:)]\s|[-–—]\s))\s*(\S.*)$")
            .ok()
    });
    let found = SHAPE.as_ref()?.captures(line)?;
    let number = found.get(1).or_else(|| found.get(2))?.as_str().parse().ok()?;
    Some((number, found[3].trim().to_owned()))
}

/// The commands and the output below them, where a line that is only a `>` stands between the two: bash would end there with an error.
pub(super) fn above_sign(source: &str, code: &[Range<usize>]) -> Option<(Vec<Range<usize>>, Range<usize>)> {
    let lines = lines(source, code);
    let sign = lines.iter().position(|line| text_of(source, line).trim() == ">")?;
    let above: Vec<Range<usize>> = lines[..sign].iter().flatten().cloned().collect();
    let mut below = lines.get(sign + 1..)?.iter().flatten();
    let first = below.next()?;
    let output = first.start..below.next_back().unwrap_or(first).end;
    is_whole(&text_of(source, &above)).then(|| (join(&above), output))
}

/// A line that is neither blank nor a comment.
fn has_command(code: &str) -> bool {
    code.lines().any(|line| !matches!(line.trim_start().chars().next(), None | Some('#')))
}

/// Whether bash would not wait for more after this: a command that follows stands alone.
fn is_whole(code: &str) -> bool {
    const NEXT: &str = "the_next_command";
    let script = shell::analyse(&format!("{code}\n{NEXT}\n"));
    let alone = |placement: &shell::Placement| {
        let shell::Placement { pipeline, length, .. } = *placement;
        *placement == shell::Placement { pipeline, length, ..shell::Placement::default() }
    };
    let last = script.commands.iter().max_by_key(|command| command.span.start);
    script.problem.is_none()
        && last.is_some_and(|last| last.program() == Some(NEXT) && last.through.is_empty() && alone(&last.placement))
}

pub(super) fn join(spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => joined.push(span.clone()),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(code: &str) -> Vec<(Option<String>, String)> {
        let whole = 0..code.len();
        let parts = numbered(code, std::slice::from_ref(&whole));
        parts.into_iter().map(|part| (part.name, text_of(code, &part.spans))).collect()
    }

    #[test]
    fn numbered_comments_cut_a_fence() {
        let parts = split("#!/bin/bash\n# Step 1: Assess\nls\n\n# Step 2: Stop\nkubectl scale\n# and wait\nsleep 1\n");
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], (Some("Assess".to_owned()), "#!/bin/bash\n# Step 1: Assess\nls\n\n".to_owned()));
        assert_eq!(parts[1].1, "# Step 2: Stop\nkubectl scale\n# and wait\nsleep 1\n");
        let parts = split("set -e\n# 1. one\na\n# 2) two\nb\n");
        assert_eq!(parts.iter().map(|p| p.0.as_deref()).collect::<Vec<_>>(), [None, Some("one"), Some("two")]);
    }

    #[test]
    fn comments_that_do_not_count_from_one_cut_nothing() {
        for code in
            ["# 1. only one\na\n", "# 3. three\na\n# 7. seven\nb\n", "# 2024-01: x\na\n# 2.5 GB\nb\n", "a\nb\n", ""]
        {
            assert_eq!(split(code).len(), 1, "{code}");
        }
    }

    #[test]
    fn nothing_is_cut_in_the_middle_of_a_command() {
        for code in [
            "cat <<EOF\n# 1. one\n# 2. two\nEOF\n",
            "# 1. one\nif true; then\n# 2. two\n  a\nfi\n",
            "# 1. one\necho '\n# 2. two\n'\n",
            "# 1. one\nf() {\n# 2. two\na\n}\n",
            "# 1. one\nls |\n# 2. two\nwc\n",
        ] {
            assert_eq!(split(code).len(), 1, "{code}");
        }
        assert_eq!(split("# 1. one\ncat <<EOF\nx\nEOF\n# 2. two\nb\n").len(), 2);
    }

    #[test]
    fn parts_of_comments_only_are_known() {
        let code = "# 1. Deploy\na\n# 2. Update the secrets by hand\n# in the console\n";
        let parts = numbered(code, std::slice::from_ref(&(0..code.len())));
        assert_eq!(parts.iter().map(|part| part.only_comments).collect::<Vec<_>>(), [false, true]);
    }
}
