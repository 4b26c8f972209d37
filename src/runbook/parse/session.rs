//! Text with prompts: the commands after them, and what they print.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{commands, fence};
use crate::shell;

/// So many lines of a command that goes on are looked at.
const LONGEST_COMMAND: usize = 200;

/// Commands without their prompts, and what they print.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Session {
    pub spans: Vec<Range<usize>>,
    /// The lines that are output, and where the first one is.
    pub output: String,
    pub output_at: Option<usize>,
}

/// Takes the prompts off. A `# ` is a prompt only where no line has another one: next to `$ ` it starts a comment, which is neither
/// command nor output. A command goes on in the next line after a backslash, and as long as bash would wait for more; a `> ` that
/// bash shows there is taken off too.
pub(super) fn read(source: &str, code: &[Range<usize>]) -> Session {
    let lines = fence::lines(source, code);
    let texts: Vec<String> = lines.iter().map(|line| fence::text_of(source, line)).collect();
    let prompts: Vec<Option<(usize, char)>> = texts.iter().map(|text| prompt(text)).collect();
    let other = prompts.iter().flatten().any(|(_, sign)| *sign != '#');
    let mut session = Session::default();
    let mut left = 0;
    for (index, line) in lines.iter().enumerate() {
        let text = &texts[index];
        let taken = match prompts[index] {
            _ if left > 0 => {
                left -= 1;
                Some(if text.starts_with("> ") { 2 } else { 0 })
            }
            Some((_, '#')) if other => continue,
            Some((length, _)) => {
                left = more(&texts[index..], &prompts[index..], length);
                Some(length)
            }
            None => None,
        };
        let Some(mut taken) = taken else {
            session.output_at.get_or_insert(line.first().map_or(0, |span| span.start));
            session.output.push_str(text);
            continue;
        };
        for span in line {
            let skip = taken.min(span.len());
            taken -= skip;
            if skip < span.len() {
                session.spans.push(span.start + skip..span.end);
            }
        }
    }
    session.spans = fence::join(&session.spans);
    session
}

/// How many lines after the first one are part of its command.
fn more(texts: &[String], prompts: &[Option<(usize, char)>], prompt: usize) -> usize {
    let mut command = texts[0][prompt.min(texts[0].len())..].to_owned();
    let open = |command: &str| shell::analyse(command).problem.is_some();
    let escaped = |text: &str| text.trim_end_matches(['\n', '\r']).ends_with('\\');
    let mut count = 0;
    while let Some(text) = texts.get(count + 1).filter(|_| escaped(&command)) {
        command.push_str(text.strip_prefix("> ").unwrap_or(text));
        count += 1;
    }
    if !open(&command) {
        return count;
    }
    let mut longer = count;
    while let Some(text) = texts.get(longer + 1).filter(|_| longer < LONGEST_COMMAND) {
        if prompts[longer + 1].is_some_and(|(_, sign)| sign != '#') {
            break;
        }
        command.push_str(text.strip_prefix("> ").unwrap_or(text));
        longer += 1;
        if !open(&command) {
            return longer;
        }
    }
    count
}

/// Bytes of a prompt and its sign: `$ `, `# `, `% `, `user@host:~$ `, `[root@host dir]# `, `bash-5.2$ `, `PS1> `.
fn prompt(line: &str) -> Option<(usize, char)> {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^\s*(?:",
            r"(?:\[[\w.-]+@[\w.-]+[^\]\n]*\]|[\w.-]+@[\w.-]+:[^$#\n]*|[\w.-]+@[\w.-]+|(?:ba|z|k)?sh-[\d.]+|~|\(\S+\)\s)?([$#%])(?:[ \t]+|$)",
            r"|(?:PS1|[\w.-]+@[\w.-]+(?:[: ][^>\n]*)?)(>)[ \t]+",
            r"|([❯➜])[ \t]+)"
        ))
        .ok()
    });
    let found = SHAPE.as_ref()?.captures(line.trim_end_matches(['\n', '\r']))?;
    let sign = found.iter().skip(1).flatten().next()?.as_str().chars().next()?;
    Some((found[0].len(), sign))
}

pub(super) fn has_prompts(body: &str) -> bool {
    body.lines().any(|line| prompt(line).is_some())
}

/// The first line that is not blank and no comment begins with a prompt.
pub(super) fn begins(body: &str) -> bool {
    let lines = body.lines().filter(|line| !line.trim().is_empty()).map(|line| (line, prompt(line)));
    let first = lines.skip_while(|(line, prompt)| line.starts_with('#') && prompt.is_none_or(|(_, sign)| sign == '#'));
    first.take(1).any(|(line, prompt)| prompt.is_some_and(|(length, _)| length < line.trim_end().len()))
}

/// Nothing but lines that begin with `# `, each of which is a command: a root shell, and no comments.
pub(super) fn is_root(body: &str) -> bool {
    let mut lines = body.lines().filter(|line| !line.trim().is_empty()).peekable();
    lines.peek().is_some()
        && lines
            .all(|line| line.strip_prefix("# ").is_some_and(|command| command.contains(' ') && commands::are(command)))
}

/// What follows the prompts of a text.
pub(super) fn commands(body: &str) -> String {
    let whole = 0..body.len();
    fence::text_of(body, &read(body, std::slice::from_ref(&whole)).spans)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(code: &str) -> (String, String) {
        let session = read(code, std::slice::from_ref(&(0..code.len())));
        (fence::text_of(code, &session.spans), session.output)
    }

    #[test]
    fn a_session_is_commands_and_output() {
        let both = |commands: &str, output: &str| (commands.to_owned(), output.to_owned());
        assert_eq!(taken("$ ls\na\nb\n$ wc\n3\n"), both("ls\nwc\n", "a\nb\n3\n"));
        assert_eq!(taken("# systemctl stop\n"), both("systemctl stop\n", ""));
        assert_eq!(taken("# a comment\n$ ls \\\n> -l\n"), both("ls \\\n-l\n", ""));
        assert_eq!(taken("me@bastion-1:~/x$ id\nuid=0\n"), both("id\n", "uid=0\n"));
        assert_eq!(taken("[root@db1 data]# id\n"), both("id\n", ""));
        assert_eq!(taken("no prompt\n$5\n"), both("", "no prompt\n$5\n"));
        assert_eq!(taken("% ls\na\n"), both("ls\n", "a\n"));
        assert_eq!(taken("PS1> ls\na\n"), both("ls\n", "a\n"));
        assert_eq!(taken("bash-5.2$ ls\na\n"), both("ls\n", "a\n"));
        assert_eq!(taken("$ cat <<EOF > f\na\nEOF\ndone\n"), both("cat <<EOF > f\na\nEOF\n", "done\n"));
        assert_eq!(taken("$ for x in a; do\n> ls\n> done\na\n"), both("for x in a; do\nls\ndone\n", "a\n"));
        assert_eq!(taken("$ it's\noutput\n"), both("it's\n", "output\n"));
        assert_eq!(taken("mysql> SELECT 1\n"), both("", "mysql> SELECT 1\n"));
    }

    #[test]
    fn carriage_returns_are_in_no_action() {
        let code = "$ ls\r\na\r\n";
        let session = read(code, &[0..4, 5..7, 8..9]);
        assert_eq!((fence::text_of(code, &session.spans), session.output), ("ls\n".to_owned(), "a\n".to_owned()));
    }
}
