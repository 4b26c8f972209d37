//! Five disaster-recovery plans as they were found, with the mistakes that are known to be in them.

use std::{collections::BTreeMap, fs};

use serde::Deserialize;

use super::{findings, told};

/// `tests/runbooks/seeds/expected.toml`.
#[derive(Deserialize)]
struct Expected {
    /// By document; each entry: the register's name of the mistake, the rule that reports it, and the line that it points at.
    #[serde(flatten)]
    documents: BTreeMap<String, Vec<(String, String, usize)>>,
}

#[test]
fn the_known_mistakes_of_the_source_documents_are_reported_on_their_lines() {
    let expected: Expected =
        toml::from_str(&fs::read_to_string("tests/runbooks/seeds/expected.toml").unwrap()).unwrap();
    let mut wrong = String::new();
    for (document, mistakes) in &expected.documents {
        let file = format!("{document}.md");
        let found = findings(&file, &fs::read_to_string(format!("tests/runbooks/seeds/{file}")).unwrap());
        let missing: Vec<_> = mistakes
            .iter()
            .filter(|(_, rule, line)| {
                !found.iter().any(|finding| finding.rule == rule && finding.position.line == *line)
            })
            .collect();
        if !missing.is_empty() {
            wrong += &format!("{document}: not reported: {missing:#?}\nreported:\n{}\n\n", told(&found));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn nothing_is_said_twice_about_one_line() {
    for entry in fs::read_dir("tests/runbooks/seeds").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let found = findings(path.to_str().unwrap(), &fs::read_to_string(&path).unwrap());
        let mut places: Vec<_> =
            found.iter().map(|finding| (finding.rule, finding.position.span.clone().start)).collect();
        let all = places.len();
        places.dedup();
        assert_eq!(places.len(), all, "{}:\n{}", path.display(), told(&found));
    }
}
