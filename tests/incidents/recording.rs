//! What happens by itself is recorded by whoever watches, once, also where no console runs.

use std::time::Duration;

use rustix::process::Signal;

use crate::{
    lab::{
        Answer, Http, Process,
        desk::{Desk, stderr, stdout},
        wait_until,
    },
    verbs::{PLATFORM, declare, shown, texts},
};

/// Longer than a recorder may be silent, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A desk whose only probe looks at a page every second, an alert on it, and the page.
fn desk() -> (Desk, Http) {
    let page = Http::start();
    page.on("/", Answer::text("well"));
    let desk = Desk::new(
        "",
        "# A task\n\n## Steps\n\n### 1. Hold\n```bash\nuntil test -e \"$DIR/go\"; do sleep 0.05; done\n```\n",
    );
    let folder = desk.folder.path().display().to_string();
    let probe = format!(
        "vars = {{ DIR = \"{folder}\" }}\n{PLATFORM}\n[[probes]]\nid = \"site\"\npanel = \"site\"\nkind = \"http\"\n\
         url = \"{}\"\ncomponent = \"web\"\nevery = \"1s\"\nconfirm = 1\n\n[[alerts]]\nid = \"gone\"\n\
         title = \"The site is gone\"\nseverity = \"P1\"\nwhen = \"probes.site.status == 'down'\"\n",
        page.url("/")
    );
    (desk.with_pack(&probe), page)
}

/// A process of the program that goes on until it is ended.
fn begin(desk: &Desk, name: &str, arguments: &[&str]) -> Process {
    Process::spawn(name, desk.command(arguments), desk.folder.path())
}

/// The entries about the site and its alert, in their order.
fn site(desk: &Desk) -> Vec<String> {
    let shown = shown(desk);
    let about = texts(&shown).into_iter().filter(|text| text.starts_with("site ") || text.starts_with("alert "));
    about.map(str::to_owned).collect()
}

/// Breaks the page and mends it, and waits until both are in the timeline.
fn break_and_mend(desk: &Desk, page: &Http) {
    let before = site(desk).len();
    page.on("/", Answer::new(503, "no"));
    wait_until("the failure is recorded", PATIENCE, || site(desk).len() >= before + 2);
    page.on("/", Answer::text("well"));
    wait_until("the recovery is recorded", PATIENCE, || site(desk).len() >= before + 4);
    let after = site(desk);
    let new = &after[before..];
    assert_eq!(new.len(), 4, "each change and the alert's are written once: {new:?}");
}

#[test]
fn without_a_console_a_watch_a_sweep_and_a_run_record_what_happens() {
    for arguments in [&["incident", "watch"][..], &["sweep", "--watch", "--every", "1"], &["runbook", "run", "task"]] {
        let (desk, page) = desk();
        let id = declare(&desk);
        let incident = ["--incident", &id, "--confirm", "change"];
        let more: &[&str] = if arguments[0] == "runbook" { &incident } else { &[] };
        let mut process = begin(&desk, "recorder", &[arguments, more].concat());
        break_and_mend(&desk, &page);
        std::fs::write(desk.path("go"), "").unwrap();
        process.end(Signal::INT);
        let verified = desk.run(&["incident", "verify", &id]);
        assert_eq!(verified.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&verified), stderr(&verified));
        let left = desk.path(&format!("data/incidents/{id}/recorders"));
        assert_eq!(std::fs::read_dir(left).unwrap().count(), 0, "{arguments:?}: it shows no more that it is there");
    }
}

#[test]
fn several_recorders_write_once_and_one_that_is_suspended_hands_over() {
    let (desk, page) = desk();
    let id = declare(&desk);
    let mut first = begin(&desk, "first", &["incident", "watch", &id]);
    let recorders = desk.path(&format!("data/incidents/{id}/recorders"));
    let there = || std::fs::read_dir(&recorders).map_or(0, Iterator::count);
    wait_until("the first is there", PATIENCE, || there() == 1);
    let mut second = begin(&desk, "second", &["incident", "watch", &id]);
    wait_until("both are there", PATIENCE, || there() == 2);
    break_and_mend(&desk, &page);
    first.signal(Signal::STOP);
    break_and_mend(&desk, &page);
    first.signal(Signal::CONT);
    break_and_mend(&desk, &page);
    second.signal(Signal::STOP);
    break_and_mend(&desk, &page);
    second.signal(Signal::CONT);
    first.kill();
    break_and_mend(&desk, &page);
    second.end(Signal::TERM);
}

#[test]
fn a_clock_that_runs_out_is_recorded_without_a_console() {
    let (desk, _page) = desk();
    // It was detected ten minutes ago, and whoever answers has fifteen.
    let id = declare(&desk);
    let text = std::fs::read_to_string(desk.path("desk/platform.toml")).unwrap();
    std::fs::write(
        desk.path("desk/platform.toml"),
        text.replace("respond_within = \"15m\"", "respond_within = \"1s\""),
    )
    .unwrap();
    let mut watch = begin(&desk, "watch", &["incident", "watch", &id]);
    wait_until("the clock is recorded", PATIENCE, || {
        texts(&shown(&desk)).iter().any(|text| text.contains("was due at"))
    });
    watch.end(Signal::TERM);
}

#[test]
fn a_watch_waits_for_an_incident_prints_what_happens_and_ends_with_one_that_was_named() {
    let (desk, page) = desk();
    let mut any = begin(&desk, "any", &["incident", "watch"]);
    wait_until("it waits", PATIENCE, || any.log_tail().contains("waiting for an incident of desk"));
    let id = declare(&desk);
    wait_until("it has found it", PATIENCE, || any.log_tail().contains(&format!("{id} is recorded")));
    let mut named = begin(&desk, "named", &["incident", "watch", &id]);
    break_and_mend(&desk, &page);
    wait_until("it was printed", PATIENCE, || any.log_tail().contains("alert gone cleared"));
    let resolved = desk.run(&["incident", "phase", "resolved"]);
    assert_eq!(resolved.status.code(), Some(0), "{}", stderr(&resolved));
    wait_until("the named one has ended", PATIENCE, || !named.is_running());
    wait_until("the other waits again", PATIENCE, || any.log_tail().matches("waiting for an incident").count() == 2);
    any.end(Signal::TERM);
}

#[test]
fn a_watch_is_refused_where_it_could_not_record_or_would_see_another_platform() {
    let (desk, _page) = desk();
    let id = declare(&desk);
    let refused = desk.run(&["--read-only", "incident", "watch", &id]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    let text = std::fs::read_to_string(desk.path("desk/platform.toml")).unwrap();
    std::fs::write(desk.path("desk/platform.toml"), text.replace("name = \"desk\"", "name = \"other\"")).unwrap();
    let other = desk.run(&["incident", "watch", &id]);
    assert_eq!(other.status.code(), Some(64), "{}", stderr(&other));
    assert!(stderr(&other).contains("is an incident of desk"), "{}", stderr(&other));
}

#[test]
fn a_run_on_another_platform_brings_none_of_its_health_into_the_incident() {
    let (desk, page) = desk();
    let id = declare(&desk);
    let text = std::fs::read_to_string(desk.path("desk/platform.toml")).unwrap();
    std::fs::write(desk.path("desk/platform.toml"), text.replace("name = \"desk\"", "name = \"other\"")).unwrap();
    page.on("/", Answer::new(503, "no"));
    let arguments = ["runbook", "run", "task", "--incident", &id, "--confirm", "change"];
    let mut run = begin(&desk, "run", &arguments);
    let of =
        |id: &str| serde_json::from_slice::<serde_json::Value>(&desk.run(&["incident", "show", id, "--json"]).stdout);
    let told = || of(&id).is_ok_and(|shown| texts(&shown).iter().any(|text| text.starts_with("runbook begun")));
    wait_until("the run is begun", PATIENCE, told);
    std::fs::write(desk.path("go"), "").unwrap();
    wait_until("it has ended", PATIENCE, || !run.is_running());
    let shown = of(&id).unwrap();
    let health = texts(&shown).into_iter().filter(|text| text.starts_with("site ")).count();
    assert_eq!((page.requests("/").len(), health), (0, 0));
}
