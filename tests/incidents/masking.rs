//! Secrets that nobody meant to write down: in what a check prints, in a note, in a command. They are in no file and no export.

use crate::{
    lab::desk::{Desk, is_in_a_file, stderr, stdout},
    verbs::{PLATFORM, declare},
};

const DECLARED: &str = "kX9-plant3d+s3cret/of-the-shop";

#[test]
fn what_a_check_prints_is_masked_in_a_sweep() {
    let desk = Desk::new("", "# A task\n\n## Steps\n\n### 1. Look\n```bash\ntrue\n```\n").with_pack(
        r#"
[[probes]]
id = "talks"
kind = "command"
run = "echo \"DOWN: cannot log in with $(cat secret.txt) at postgres://app:hunter2hunter2@db/x\"; exit 2"
[[probes]]
id = "json"
kind = "command"
format = "json"
run = "printf '{\"value\": 1, \"summary\": \"%s\", \"deep\": [{\"b64\": \"%s\"}]}' \"$(cat secret.txt)\" \"$(printf 'user:%s' \"$(cat secret.txt)\" | base64 -w0)\""
[[probes]]
id = "uses"
kind = "http"
url = "http://127.0.0.1:9/"
headers = { Authorization = "file:secret.txt" }
"#,
    );
    std::fs::write(desk.path("desk/secret.txt"), DECLARED).unwrap();
    for format in ["json", "table", "junit", "prometheus"] {
        let output = desk.run(&["sweep", "--format", format]);
        let text = stdout(&output) + &stderr(&output);
        assert!(!text.contains(DECLARED) && !text.contains("hunter2"), "{format}: {text}");
        if format == "json" {
            assert!(text.contains("cannot log in with [secret.txt] at postgres://app:[masked]@db/x"), "{text}");
            assert!(text.contains("\"b64\":\"") && text.matches("[secret.txt]").count() >= 3, "{text}");
        }
    }
}

#[test]
fn what_a_person_notes_and_what_a_command_holds_is_masked_in_the_journal_and_in_exports() {
    let desk =
        Desk::new("", "# A task\n\n## Steps\n\n### 1. Look\n```bash\nexport APP_PASS=letmein1234\necho done\n```\n")
            .with_pack(PLATFORM);
    let id = declare(&desk);
    desk.run(&["incident", "note", "the new login is -- curl -u admin:Tr0ub4dor https://x.example, PWD=/root"]);
    let run = desk.run(&["runbook", "run", "task", "--incident", &id, "--confirm", "change"]);
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    for format in ["md", "html", "json", "csv", "postmortem"] {
        let text = stdout(&desk.run(&["incident", "export", &id, "--format", format]));
        assert!(!text.contains("Tr0ub4dor"), "{format}: {text}");
    }
    let text = stdout(&desk.run(&["incident", "export", &id, "--format", "md"]));
    assert!(text.contains("admin:\\[masked\\]") && text.contains("PWD=/root"), "{text}");
    assert_eq!(desk.run(&["incident", "verify", &id]).status.code(), Some(0));
    assert!(!is_in_a_file(&desk.path("data"), "Tr0ub4dor"));
}
