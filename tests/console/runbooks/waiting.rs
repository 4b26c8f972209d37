//! A gate whose probe hangs: the console says what it waits for, and every other key acts meanwhile.

use std::time::Duration;

use super::{go_to, open};
use crate::lab::{Desk, Hanging, key};

/// Far less than the 25 s that the probe takes, and enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(3);

const RUNBOOK: &str = "# Patience\n\n## Steps\n\n### 1. Gated\n```bash {gate=\"web.status == 'ok'\"}\ntrue\n```\n\n### 2. Walk around\n\
                       - [ ] the lights are on\n- [ ] the doors are shut\n";

#[test]
fn ticking_cancelling_and_closing_act_while_a_gate_waits_for_its_probe() {
    let silent = Hanging::start();
    let probe = format!(
        "[[probes]]\nid = \"web\"\nkind = \"http\"\nurl = \"http://{}/\"\nevery = \"60s\"\ntimeout = \"25s\"\n",
        silent.address()
    );
    let desk = Desk::new("", RUNBOOK).with_pack(&probe);
    let terminal = open(&desk, "Patience", &[]);
    let asked = silent.accepted();
    go_to(&terminal, "Gated");
    terminal.keys(key::ENTER);
    terminal.wait_for("checking the gate: probe web");
    terminal.wait_until("the gate is looked at", |_| silent.accepted() > asked);

    go_to(&terminal, "Walk around");
    terminal.keys("  ");
    terminal.wait_within(AT_ONCE, "a check is ticked", |screen| screen.contains("✔ the lights are on"));
    terminal.keys("c");
    terminal.wait_within(AT_ONCE, "the step is cancelled", |screen| screen.contains("nothing was started"));
    assert!(!terminal.contents().contains("checking the gate"), "{}", terminal.contents());

    go_to(&terminal, "Gated");
    terminal.keys(key::ENTER);
    terminal.wait_for("checking the gate: probe web");
    terminal.keys(key::CTRL_W);
    terminal.keys("o");
    terminal.wait_for("Patience");
    terminal.keys(key::ENTER);
    terminal.wait_within(AT_ONCE, "another run is open", |screen| screen.contains("Runbook ▸ Patience"));
    let events = desk.folder.path().join("data/runs");
    assert_eq!(std::fs::read_dir(events).unwrap().count(), 1, "nothing of the second run was done");
    assert!(desk.events().iter().all(|event| event["event"] != "action_intended"), "{:?}", desk.events());
}
