//! `<name>` in a command: what people write for what is to be filled in. It becomes a variable that is asked for.

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use regex::Regex;

use super::variables::{self, Name};
use crate::{Variable, VariableKind};

/// A placeholder and the variable that stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placeholder {
    /// Bytes of the code as it is written.
    pub span: Range<usize>,
    /// As written, without its signs.
    pub name: String,
    pub variable: String,
    /// What takes its place: the variable, quoted as the place needs it.
    pub text: String,
}

/// Where in the shell a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
}

/// The code with variables in the place of its placeholders, and what was replaced.
pub(super) fn filled(code: &str) -> (Cow<'_, str>, Vec<Placeholder>) {
    let found = find(code);
    if found.is_empty() {
        return (Cow::Borrowed(code), found);
    }
    let mut text = String::with_capacity(code.len() + found.len() * 4);
    let mut at = 0;
    for placeholder in &found {
        text.push_str(&code[at..placeholder.span.start]);
        text.push_str(&placeholder.text);
        at = placeholder.span.end;
    }
    text.push_str(&code[at..]);
    (Cow::Owned(text), found)
}

/// Placeholders in shell code, with the exception of those in comments and in here-documents that expand nothing.
fn find(code: &str) -> Vec<Placeholder> {
    if !code.contains('<') {
        return Vec::new();
    }
    let mut found = Vec::new();
    // What is open around the place: quotes, and substitutions that have quotes of their own.
    let mut around = vec![Quotes::None];
    let mut documents: Vec<Document> = Vec::new();
    let mut at = 0;
    while let Some(c) = code[at..].chars().next() {
        let quotes = around.last().copied().unwrap_or(Quotes::None);
        let rest = &code[at..];
        let before = code[..at].chars().next_back();
        match (c, quotes) {
            ('\\', Quotes::None | Quotes::Double) => {
                at += 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                continue;
            }
            ('\'', Quotes::None) => around.push(Quotes::Single),
            ('\'', Quotes::Single) | ('"', Quotes::Double) => {
                around.pop();
            }
            ('"', Quotes::None) => around.push(Quotes::Double),
            ('$', Quotes::None | Quotes::Double) if rest.starts_with("$(") => {
                around.push(Quotes::None);
                at += 2;
                continue;
            }
            ('(', Quotes::None) if around.len() > 1 => around.push(Quotes::None),
            (')', Quotes::None) if around.len() > 1 => {
                around.pop();
            }
            ('#', Quotes::None) if before.is_none_or(char::is_whitespace) => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            ('\n', Quotes::None) if !documents.is_empty() => {
                at = bodies(code, at + 1, &std::mem::take(&mut documents), &mut found);
                continue;
            }
            ('<', Quotes::None) if rest.starts_with("<<") => {
                at += if rest.starts_with("<<<") {
                    3
                } else if let Some((document, length)) = document(rest) {
                    documents.push(document);
                    length
                } else {
                    2
                };
                continue;
            }
            ('<', _) => {
                if let Some(length) = length(code, at, quotes) {
                    found.push(placeholder(code, at..at + length, quotes));
                    at += length;
                    continue;
                }
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    found
}

/// A here-document that has been announced.
struct Document {
    tag: String,
    quoted: bool,
    tabs: bool,
}

/// `<<EOF`, `<<-'EOF'`: and how long that is.
fn document(rest: &str) -> Option<(Document, usize)> {
    static SHAPE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^<<(-?)[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([A-Za-z0-9_.-]+))"#).ok());
    let found = SHAPE.as_ref()?.captures(rest)?;
    let quoted = found.get(4).is_none() || found[0].contains('\\');
    let tag = found.get(2).or_else(|| found.get(3)).or_else(|| found.get(4))?.as_str().to_owned();
    Some((Document { tag, quoted, tabs: !found[1].is_empty() }, found[0].len()))
}

/// Passes the lines of here-documents; says where the shell goes on.
fn bodies(code: &str, mut at: usize, documents: &[Document], found: &mut Vec<Placeholder>) -> usize {
    for document in documents {
        while at < code.len() {
            let end = code[at..].find('\n').map_or(code.len(), |length| at + length + 1);
            let line = code[at..end].trim_end_matches(['\n', '\r']);
            let own = if document.tabs { line.trim_start_matches('\t') } else { line };
            let start = std::mem::replace(&mut at, end);
            if own == document.tag {
                break;
            }
            let signs = line.match_indices('<').filter(|_| !document.quoted);
            for (place, _) in signs {
                if let Some(length) = length(code, start + place, Quotes::Double)
                    && found.last().is_none_or(|last| last.span.end <= start + place)
                {
                    found.push(placeholder(code, start + place..start + place + length, Quotes::Double));
                }
            }
        }
    }
    at
}

/// How long the placeholder is that begins here. A `<` that takes a file for input, and a `>` after it, are no placeholder.
fn length(code: &str, at: usize, quotes: Quotes) -> Option<usize> {
    static SHAPE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^<([A-Za-z](?:[A-Za-z0-9_. /:|-]{0,58}[A-Za-z0-9)])?)>").ok());
    static FILE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\.(?:txt|csv|tsv|log|sql|json|ya?ml|conf|cfg|ini|lst|list|out|in|dat|data|xml|gz|dump|sh|md|tmp|bak|pem|crt|key|env|sorted)$")
            .ok()
    });
    let found = SHAPE.as_ref()?.captures(&code[at..])?;
    let name = &found[1];
    let (before, after) = (&code[..at], &code[at + found[0].len()..]);
    if quotes == Quotes::None {
        let is_path = name.contains('/') && !name.starts_with("path");
        if FILE.as_ref()?.is_match(name) || is_path || after.starts_with(['>', '&', '(', '|']) {
            return None;
        }
        // Behind a compound command there are redirects and nothing else.
        let word = before.trim_end().rsplit([' ', '\n', ';', '\t']).next().unwrap_or_default();
        if matches!(word, "done" | "fi" | "esac" | "}" | ")") {
            return None;
        }
    } else if after.starts_with('/') && name.chars().all(|c| c.is_ascii_lowercase())
        || code[at..].contains(&format!("</{name}>"))
    {
        // Markup.
        return None;
    }
    Some(found[0].len())
}

fn placeholder(code: &str, span: Range<usize>, quotes: Quotes) -> Placeholder {
    let name = code[span.start + 1..span.end - 1].to_owned();
    let variable = variable_name(&name);
    let text = match quotes {
        Quotes::None => format!("\"${variable}\""),
        Quotes::Double => format!("${{{variable}}}"),
        Quotes::Single => format!("'\"${variable}\"'"),
    };
    Placeholder { span, name, variable, text }
}

/// Names that a machine's environment has anyway: nobody would be asked.
const INHERITED: &str = " USER HOST HOSTNAME HOME NAME SHELL LANG EDITOR VISUAL PAGER DISPLAY MAIL LOGNAME TMPDIR ";

/// `pod-name` is `POD_NAME`.
fn variable_name(name: &str) -> String {
    let upper = name.trim().to_ascii_uppercase();
    let mut variable = upper.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    while variable.contains("__") {
        variable = variable.replace("__", "_");
    }
    let variable = variable.trim_matches('_').to_owned();
    if variables::name(&variable) == Name::Good && !INHERITED.contains(&format!(" {variable} ")) {
        variable
    } else {
        format!("{variable}_VALUE")
    }
}

/// What is asked for in the place of a placeholder. A value that the shell or a program would take for something else is refused.
pub(super) fn variable(placeholder: &Placeholder, line: usize) -> Variable {
    let lower = placeholder.name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let secret = has(&["password", "passwd", "secret", "token", "api key", "api-key", "apikey", "credential"]);
    let is_text = secret || has(&["message", "reason", "comment", "description", "text", "title", "query", "subject"]);
    // No option, no blank, nothing that means something to a shell.
    let pattern = (!is_text).then(|| "[A-Za-z0-9_./:@%+=,][A-Za-z0-9_./:@%+=,-]*".to_owned());
    let choices = placeholder.name.split('|').map(|choice| choice.trim().to_owned()).collect::<Vec<_>>();
    Variable {
        prompt: Some(placeholder.name.clone()),
        kind: VariableKind::Text,
        pattern: pattern.filter(|_| choices.len() < 2),
        choices: if choices.len() > 1 { choices } else { Vec::new() },
        secret,
        required: true,
        placeholder: true,
        line,
        ..Variable::default()
    }
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn placeholders_become_variables_quoted_as_their_place_needs() {
        for (code, expected) in [
            ("kubectl -n <namespace> get pod <pod-name>", "kubectl -n \"$NAMESPACE\" get pod \"$POD_NAME\""),
            ("kubectl get deploy/<name>", "kubectl get deploy/\"$NAME_VALUE\""),
            ("echo \"in <ns>\"", "echo \"in ${NS}\""),
            ("curl -d '{\"id\": \"<id>\"}' u", "curl -d '{\"id\": \"'\"$ID\"'\"}' u"),
            ("x \"$(kubectl get <kind> -o name)\"", "x \"$(kubectl get \"$KIND\" -o name)\""),
            ("cat <<EOF\na: <b c>\nEOF\nls <d>", "cat <<EOF\na: ${B_C}\nEOF\nls \"$D\""),
            ("ls <path>/<path/to/file>", "ls \"$PATH_VALUE\"/\"$PATH_TO_FILE\""),
        ] {
            assert_eq!(filled(code).0, expected, "{code}");
        }
    }

    #[test]
    fn redirects_comments_and_quoted_documents_have_none() {
        for code in [
            "cat <<LIST > /tmp/hosts.txt\ndb-1\nLIST",
            "sort <hosts.txt >hosts.sorted",
            "sort <hosts.txt> hosts.out",
            "while read -r h; do echo \"$h\"; done <hosts> hosts.out",
            "diff <(sort a) <(sort b) > diff.txt",
            "cat <<'EOF' >quoted.txt\n<name>\nEOF",
            "cat <<EOF >> /tmp/x\ny\nEOF",
            "ls # <name>",
            "test 1 -lt 2 && echo a>b",
            "echo '<b>bold</b>'",
            "cat <<-EOF > f\n\tx\n\tEOF",
            "wc -l <<<word",
        ] {
            assert_eq!(filled(code).0, code, "{code}");
        }
    }
}
