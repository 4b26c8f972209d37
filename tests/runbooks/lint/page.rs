//! The page of rules is made of the catalogue, and the catalogue is in order.

use std::{collections::BTreeSet, fs};

use warroom::runbook::lint::{page, rules};

const PAGE: &str = "src/runbook/lint/RULES.md";

#[test]
fn the_page_of_rules_is_up_to_date() {
    let page = page::page();
    if std::env::var_os("WARROOM_WRITE_RULES").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "{PAGE} is out of date: WARROOM_WRITE_RULES=1 cargo test --test runbooks the_page_of_rules"
    );
}

#[test]
fn names_are_unique_and_texts_are_sentences() {
    let mut seen = BTreeSet::new();
    for rule in rules::rules() {
        assert!(seen.insert(rule.name), "{} twice", rule.name);
        assert!(rule.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{}", rule.name);
        assert!(!rule.title.ends_with('.'), "{}: a title has no full stop", rule.name);
        assert!(rule.explanation.ends_with(['.', ')']), "{}: an explanation is made of sentences", rule.name);
        assert!(!rule.help.ends_with('.'), "{}: a help line has no full stop", rule.name);
        for text in [rule.title, rule.explanation, rule.help] {
            assert!(!text.contains("  ") && !text.contains('\n'), "{}: {text:?}", rule.name);
        }
    }
}
