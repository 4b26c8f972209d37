//! Runbooks as they should be: the linter has nothing to say about them.

use std::fs;

use super::{findings, told};

#[test]
fn the_linter_is_silent_about_clean_runbooks() {
    let mut paths: Vec<_> = fs::read_dir("tests/runbooks/clean").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "only {} clean runbooks", paths.len());
    let mut wrong = String::new();
    for path in paths {
        let found = findings(path.to_str().unwrap(), &fs::read_to_string(&path).unwrap());
        if !found.is_empty() {
            wrong += &format!("{}:\n{}\n\n", path.display(), told(&found));
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
