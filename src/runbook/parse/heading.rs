//! What a heading or a bold line says: its number, its slug, whether it is an option or a label.

use std::{collections::HashMap, sync::LazyLock};

use regex::Regex;

use crate::SectionKind;

/// Longer slugs are cut at a word.
const LONGEST_SLUG: usize = 60;

/// The section of the template that a title names. Numbers before it (`3. Steps`) and a colon after it do not matter.
pub(super) fn section_kind(title: &str) -> SectionKind {
    let (_, title) = number(title);
    let words: Vec<String> = title.to_lowercase().split_whitespace().map(str::to_owned).collect();
    match words.join(" ").trim_end_matches(':') {
        "overview" | "summary" => SectionKind::Overview,
        "prerequisites" | "pre-requisites" | "requirements" => SectionKind::Prerequisites,
        "estimated time" | "estimated duration" => SectionKind::EstimatedTime,
        "steps" | "procedure" => SectionKind::Steps,
        "verification" | "verify" => SectionKind::Verification,
        "rollback" | "roll back" | "rollback procedure" | "rollback steps" | "rollback plan" => SectionKind::Rollback,
        "notes" => SectionKind::Notes,
        _ => SectionKind::Other,
    }
}

/// The number that a title starts with, and the rest: `1. Name`, `2.3 Name`, `Step 4: Name`, `A) Name`. A bare number needs
/// punctuation: `3 replicas lost` is a name.
pub(super) fn number(title: &str) -> (Option<String>, &str) {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let step = r"(?i:step)\s+(\d+(?:\.\d+)*[a-z]?)\s*(?:[.:)]\s*|[-–—]\s+|$)";
        let dotted = r"(\d+(?:\.\d+)+)[.:)]?\s+";
        let plain = r"(\d+[a-z]?|[A-Z])(?:[.:)]\s+|\s+[-–—]\s+)";
        Regex::new(&format!("^(?:{step}|{dotted}|{plain})")).ok()
    });
    let title = title.trim();
    if !may_start_with_number(title) {
        return (None, title);
    }
    let Some(found) = SHAPE.as_ref().and_then(|shape| shape.captures(title)) else { return (None, title) };
    let number = found.iter().skip(1).flatten().next().map(|number| number.as_str().to_owned());
    let rest = title[found[0].len()..].trim();
    if rest.is_empty() { (number, title) } else { (number, rest) }
}

/// Rules out what most titles are, words, before a regular expression looks at them. Letters of other scripts may be the `s` of
/// `step` or a digit to it.
fn may_start_with_number(title: &str) -> bool {
    let mut start = title.chars();
    let word = matches!(
        (start.next(), start.next()),
        (None, _) | (Some('a'..='r' | 't'..='z'), _) | (Some('A'..='Z'), Some('a'..='s' | 'u'..='z'))
    );
    !word
}

/// Key and title of `Option A: Restore in place`, `Option B – …`, `Alternative 2`.
pub(super) fn option(title: &str) -> Option<(String, String)> {
    static SHAPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^(?i:option|alternative)\s+([[:alnum:]]+)\s*(?:[:.)]|[-–—](?:\s|$)|$)\s*(.*)$").ok()
    });
    let title = number(title).1;
    if title.starts_with(|c: char| c.is_ascii() && !matches!(c, 'a' | 'A' | 'o' | 'O')) {
        return None;
    }
    let found = SHAPE.as_ref()?.captures(title)?;
    Some((found[1].to_owned(), found[2].trim().to_owned()))
}

/// A bold word that says what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    ExpectedOutput,
    IfItFails,
    Rollback,
}

/// The label that this text is, when it is one.
pub(super) fn label(text: &str) -> Option<Label> {
    let first = text.trim_start().chars().next()?;
    if first.is_ascii() && !matches!(first.to_ascii_lowercase(), 'e' | 'i' | 'o' | 'r' | 'u') {
        return None;
    }
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    match words.join(" ").trim_end_matches([':', ' ']) {
        "expected output" | "expected result" | "expected" => Some(Label::ExpectedOutput),
        "if it fails" | "if this fails" | "on failure" => Some(Label::IfItFails),
        "rollback" | "roll back" | "undo" => Some(Label::Rollback),
        _ => None,
    }
}

/// Lower-case words with dashes between them. Empty when there is no letter or digit.
pub(super) fn slug(title: &str) -> String {
    let mut slug = String::new();
    for word in title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        if !slug.is_empty() && slug.len() + word.len() >= LONGEST_SLUG {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    slug
}

/// Makes slugs unique: the second `restore` is `restore-2`.
#[derive(Default)]
pub(super) struct Slugs {
    taken: HashMap<String, usize>,
}

impl Slugs {
    pub(super) fn unique(&mut self, slug: String) -> String {
        let slug = if slug.is_empty() { "step".to_owned() } else { slug };
        let mut count = self.taken.get(&slug).copied().unwrap_or(0) + 1;
        let mut name = slug.clone();
        if count > 1 {
            // `restore-2` may be a title of its own.
            while {
                name = format!("{slug}-{count}");
                self.taken.contains_key(&name)
            } {
                count += 1;
            }
            self.taken.insert(name.clone(), 1);
        }
        self.taken.insert(slug, count);
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_off_titles() {
        let taken = |title| {
            let (number, rest) = number(title);
            (number.unwrap_or_default(), rest.to_owned())
        };
        for (title, number, rest) in [
            ("1. Restore", "1", "Restore"),
            ("2.3 Check lag", "2.3", "Check lag"),
            ("Step 4: Swap", "4", "Swap"),
            ("STEP 5 – Swap", "5", "Swap"),
            ("A. Contacts", "A", "Contacts"),
            ("2a) Promote", "2a", "Promote"),
            ("3 replicas lost", "", "3 replicas lost"),
            ("A replica is lost", "", "A replica is lost"),
            ("2024-01-31 outage", "", "2024-01-31 outage"),
        ] {
            assert_eq!(taken(title), (number.to_owned(), rest.to_owned()), "{title}");
        }
    }

    #[test]
    fn options_have_a_key_and_a_title() {
        let some = |key: &str, title: &str| Some((key.to_owned(), title.to_owned()));
        assert_eq!(option("Option A: Restore in place"), some("A", "Restore in place"));
        assert_eq!(option("Option B – Failover"), some("B", "Failover"));
        assert_eq!(option("2. option 2 - Fail over"), some("2", "Fail over"));
        assert_eq!(option("Option C"), some("C", ""));
        assert_eq!(option("Options"), None);
        assert_eq!(option("Option values of psql"), None);
    }

    #[test]
    fn labels_are_known_in_any_case_with_and_without_colon() {
        assert_eq!(label("Expected Output:"), Some(Label::ExpectedOutput));
        assert_eq!(label("IF IT FAILS"), Some(Label::IfItFails));
        assert_eq!(label("Rollback :"), Some(Label::Rollback));
        assert_eq!(label("Expected Duration:"), None);
    }

    #[test]
    fn slugs_are_unique() {
        let mut slugs = Slugs::default();
        let made: Vec<String> =
            ["restore", "restore-2", "restore", "restore", ""].map(|s| slugs.unique(s.to_owned())).into();
        assert_eq!(made, ["restore", "restore-2", "restore-3", "restore-4", "step"]);
        assert_eq!(slug("Disaster Scenarios & Recovery: Über"), "disaster-scenarios-recovery-über");
    }
}
