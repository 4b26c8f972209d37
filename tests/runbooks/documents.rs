//! Disaster recovery plans as five teams wrote them: every procedure in them is found.

use warroom::runbook::{self, Runbook, Step};

fn read(name: &str) -> Runbook {
    let file = format!("{}/tests/runbooks/seeds/{name}.md", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap();
    let runbook = runbook::parse(&file, &text);
    assert_eq!(&*runbook.source, text);
    runbook
}

/// Steps with commands, steps with nothing but checks, actions: as counted by eye.
fn counts(runbook: &Runbook) -> (usize, usize, usize) {
    let (executable, manual): (Vec<&Step>, Vec<&Step>) = runbook.steps().partition(|step| !step.actions.is_empty());
    (executable.len(), manual.len(), runbook.steps().map(|step| step.all_actions().count()).sum())
}

#[test]
fn every_procedure_is_found() {
    assert_eq!(counts(&read("dotmac")), (8, 0, 22));
    assert_eq!(counts(&read("compliant")), (28, 3, 53));
    assert_eq!(counts(&read("corpintel")), (8, 2, 32));
    assert_eq!(counts(&read("leapmailr")), (4, 1, 14));
    assert_eq!(counts(&read("cloudoptimizer")), (6, 0, 12));
}

#[test]
fn alternatives_are_groups_of_which_one_is_run() {
    let runbook = read("compliant");
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for option in runbook.steps().filter_map(|step| step.option.as_ref()) {
        match groups.last_mut() {
            Some((group, keys)) if *group == option.group => keys.push(option.key.clone()),
            _ => groups.push((option.group.clone(), vec![option.key.clone()])),
        }
    }
    let keys: Vec<String> = groups.into_iter().map(|(_, keys)| keys.concat()).collect();
    assert_eq!(keys, ["AB", "ABC", "ABC"]);
}

#[test]
fn numbered_comments_are_actions_with_names() {
    let runbook = read("dotmac");
    let recovery = runbook.steps().find(|step| step.title.ends_with("Database Recovery")).unwrap();
    let names: Vec<&str> = recovery.actions.iter().filter_map(|action| action.name.as_deref()).collect();
    assert_eq!(
        names,
        [
            "Assess database state",
            "Stop application traffic",
            "Restore from backup",
            "Verify data integrity",
            "Resume traffic gradually"
        ]
    );
    assert_eq!(recovery.actions[2].line, 145);
}

#[test]
fn a_template_that_is_shown_as_an_example_is_no_procedure() {
    let runbook = read("compliant");
    assert!(runbook.steps().all(|step| !step.title.contains("[Step Name]")));
    let escaped = runbook.diagnostics.iter().filter(|found| found.message.contains("escaped")).count();
    assert_eq!(escaped, 1, "one word about all of them");
}

#[test]
fn no_fence_that_says_commands_is_left_out_of_the_plans_and_the_clean_examples() {
    let folder = format!("{}/tests/runbooks", env!("CARGO_MANIFEST_DIR"));
    let figures = crate::corpus::measure(folder.as_ref());
    assert_eq!((figures.documents, figures.crashes.len()), (16, 0));
    let missed: Vec<_> =
        figures.missed.iter().map(|(file, line)| (file.file_name().unwrap().to_str().unwrap(), *line)).collect();
    assert_eq!((figures.labelled, missed), (126, vec![]), "{figures:?}");
    assert_eq!((figures.unlabelled_actions, figures.asking, figures.errors), (0, 0, 0));
    assert!(figures.fences > figures.labelled && figures.actions >= figures.labelled_run && figures.variables > 0);
    assert!(figures.findings > 0 && !figures.parsing.is_zero() && !figures.linting.is_zero());
}
