//! The text format in which programs expose their metrics: Prometheus 0.0.4 and OpenMetrics 1.0.
//!
//! Only series that somebody asks for are built, because pages run to hundreds of thousands of lines. (The crate
//! `prometheus-parse` ends the labels at the first `}` and splits them at commas, so that `path="/users/{id}"` is lost.)

/// One line with a value. Labels are in the order of the page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

/// What a page holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    /// Lines with a value, wanted or not.
    pub(super) samples: usize,
    /// Lines that are neither values nor comments.
    pub(super) garbage: usize,
}

/// Longest line that is read: a series with all its labels.
const LINE: usize = 64 * 1024;

/// Reads a page and hands over the samples whose name is `wanted`.
pub(super) fn read(text: &str, wanted: impl Fn(&str) -> bool, mut each: impl FnMut(Sample)) -> Page {
    let mut page = Page::default();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.len() > LINE {
            page.garbage += 1;
            continue;
        }
        match sample(line, &wanted) {
            Line::Wanted(sample) => {
                page.samples += 1;
                each(sample);
            }
            Line::Other => page.samples += 1,
            Line::Garbage => page.garbage += 1,
        }
    }
    page
}

enum Line {
    Wanted(Sample),
    Other,
    Garbage,
}

fn sample(line: &str, wanted: &impl Fn(&str) -> bool) -> Line {
    let name_ends = line.find(|c: char| c == '{' || c.is_whitespace()).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_ends);
    let legal = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
    if !legal || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Line::Garbage;
    }
    if !name.is_empty() && !wanted(name) {
        // Value, timestamp or exemplar: a number ends every line. More is not worth the time on a page of a million lines.
        let ends_well = rest.split_whitespace().next_back().is_some_and(|word| word.parse::<f64>().is_ok());
        return if ends_well { Line::Other } else { Line::Garbage };
    }
    let mut name = name.to_owned();
    // Blanks before the labels are allowed, as in `promtool check metrics` 2.42.
    let (labels, rest) = match rest.trim_start().strip_prefix('{') {
        Some(inner) => match labels(inner, &mut name) {
            Some(found) => found,
            None => return Line::Garbage,
        },
        None => (Vec::new(), rest),
    };
    // After the value there may be a timestamp, and an exemplar.
    let value = rest.split_whitespace().next().and_then(|word| word.parse().ok());
    match value {
        Some(value) if wanted(&name) => Line::Wanted(Sample { name, labels, value }),
        Some(_) => Line::Other,
        None => Line::Garbage,
    }
}

type Labels = Vec<(String, String)>;

/// The labels up to the closing brace, and what follows it. A quoted text alone is the metric's name (UTF-8 names).
fn labels<'t>(mut text: &'t str, name: &mut String) -> Option<(Labels, &'t str)> {
    let mut labels = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        if let Some(rest) = text.strip_prefix('}') {
            return Some((labels, rest));
        }
        if let Some(inner) = text.strip_prefix('"') {
            let (quoted, rest) = unquoted(inner)?;
            text = rest.trim_start();
            match text.strip_prefix('=') {
                None => *name = quoted,
                Some(rest) => {
                    let (value, rest) = unquoted(rest.trim_start().strip_prefix('"')?)?;
                    labels.push((quoted, value));
                    text = rest;
                }
            }
            continue;
        }
        let (label, rest) = text.split_once('=')?;
        let (value, rest) = unquoted(rest.trim_start().strip_prefix('"')?)?;
        labels.push((label.trim().to_owned(), value));
        text = rest;
    }
}

/// The text up to the closing quote, with `\\`, `\"` and `\n` resolved, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> (Page, Vec<Sample>) {
        let mut samples = Vec::new();
        let page = read(text, |_| true, |sample| samples.push(sample));
        (page, samples)
    }

    fn label(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn blanks_before_the_labels_are_no_garbage() {
        let (page, samples) = all("up {job=\"a\"} 1\nup\t{ job=\"b\" } 0\n");
        assert_eq!((page.samples, page.garbage), (2, 0));
        assert_eq!(samples[0].labels, [label("job", "a")]);
        assert_eq!((samples[1].name.as_str(), samples[1].value), ("up", 0.0));
    }

    #[test]
    fn braces_commas_and_escapes_in_label_values_are_kept() {
        let (page, samples) = all(concat!(
            "# HELP x y\n# TYPE x counter\n",
            "http_requests_total{path=\"/users/{id},a=b\",q=\"say \\\"hi\\\" \\\\ \\n\"} 1.027e+03 1395066363000\n",
            "plain_total 3 # {trace_id=\"x\"} 1.0\n{\"my.metric\", \"k.v\"=\"w\"} +Inf\n# EOF\n<html>\nbroken{a=\"b 1\nnovalue\n",
        ));
        assert_eq!((page.samples, page.garbage), (3, 3));
        assert_eq!(samples[0].labels, [label("path", "/users/{id},a=b"), label("q", "say \"hi\" \\ \n")]);
        assert_eq!((samples[0].value, samples[1].value), (1027.0, 3.0));
        assert_eq!((samples[2].name.as_str(), samples[2].value), ("my.metric", f64::INFINITY));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_trouble(text in "[ -~\\n\\\\\"{}=,é]{0,200}") {
            all(&text);
        }

        #[test]
        fn what_is_written_is_read_back(value in any::<String>(), number in -1e9..1e9f64) {
            let written = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            // Other line ends are not escaped by the format, and `lines` would cut there.
            prop_assume!(!value.contains('\r'));
            let (_, samples) = all(&format!("m{{a=\"{written}\"}} {number}\n"));
            prop_assert_eq!(&samples[0].labels[0].1, &value);
            prop_assert_eq!(samples[0].value, number);
        }
    }
}
