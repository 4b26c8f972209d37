//! A gate that waits 25 s for its probe: what a key press, and ticking, cancelling and closing have to wait meanwhile.

use std::{fs, path::Path, sync::Arc, time::Instant};

use tokio::{runtime::Runtime, sync::mpsc};
use warroom::{
    exec::Supervisor,
    host::packs::PackFolder,
    platform,
    room::{
        Room,
        run::{Command, News, PackShelf, Runner, RunnerOptions},
    },
    runbook::{ActionId, StepId, run::EventKind},
};

use crate::{
    Row,
    lab::{self, Folder, Hanging, TerminalOptions, key},
    pouring::{high, presses},
    process,
};

const RUNBOOK: &str = "# Patience\n\n## Steps\n\n### 1. Gated\n```bash {gate=\"web.status == 'ok'\"}\ntrue\n```\n\n### 2. Walk\n\
                       - [ ] the lights are on\n- [ ] the doors are shut\n";
/// What a key press may wait for its frame, in milliseconds.
const KEY_MS: f64 = 33.0;
/// What ticking, cancelling and closing may wait, in milliseconds.
const ACT_MS: f64 = 100.0;
const TICKS: usize = 100;

pub(crate) fn rows() -> Vec<Row> {
    let silent = Hanging::start();
    let probe = format!(
        "[[probes]]\nid = 'web'\nkind = 'http'\nurl = 'http://{}/'\nevery = '60s'\ntimeout = '25s'\n",
        silent.address()
    );
    let (_folder, pack) = process::pack(&probe);
    fs::write(pack.join("patience.md"), RUNBOOK).unwrap();
    let keys = keys(&pack);
    let Acts { ticks, cancel, close } = acts(&pack, &silent);
    vec![
        Row::at_most("a key press while a gate waits 25 s (p99 of 150)", KEY_MS, high(&keys), "ms"),
        Row::at_most(&format!("  a tick meanwhile, durable (p99 of {TICKS})"), ACT_MS, high(&ticks), "ms"),
        Row::at_most("  the cancel", ACT_MS, cancel, "ms"),
        Row::at_most("  the end of the run's view", ACT_MS, close, "ms"),
    ]
}

/// Milliseconds from each key press to its frame.
fn keys(pack: &Path) -> Vec<f64> {
    let data = Folder::new();
    let places = ["--pack", pack.to_str().unwrap(), "--data-dir", data.path().to_str().unwrap()];
    let terminal = TerminalOptions::warroom(&places).size(120, 40).start();
    terminal.wait_for("No runbook is open.");
    terminal.keys("o");
    terminal.wait_for("Patience");
    terminal.keys(key::ENTER);
    terminal.wait_for("0/2");
    let waits = "checking the gate: probe web";
    terminal.keys(key::ENTER);
    terminal.wait_for(waits);
    let keys = presses(&terminal);
    assert!(terminal.contents().contains(waits), "it no longer waits:\n{}", terminal.contents());
    keys
}

struct Acts {
    ticks: Vec<f64>,
    cancel: f64,
    close: f64,
}

/// Milliseconds that the driver takes for what is wanted of it while the gate waits.
fn acts(pack: &Path, silent: &Hanging) -> Acts {
    let runtime = Runtime::new().unwrap();
    let _inside = runtime.enter();
    let data = Folder::new();
    let files = PackFolder::on_disk(pack).unwrap();
    let text = fs::read_to_string(pack.join("platform.toml")).unwrap();
    let options = RunnerOptions {
        data_dir: data.path().to_owned(),
        history: None,
        read_only: false,
        unasked: None,
        accept_errors: None,
        by: "alice@bastion-1".to_owned(),
        supervisor: Supervisor::at(lab::binary()),
    };
    let room = Room::new(platform::parse("platform.toml", &text, &files.files()).pack.unwrap(), "lab", pack);
    let (runner, mut news) = Runner::start(room, Arc::new(PackShelf(files)), options);
    runner.send(Command::Open { id: "patience".to_owned(), dry_run: false });
    let wait = || {
        let asked = silent.accepted();
        runner.send(Command::Run(ActionId("gated/1".to_owned())));
        lab::wait_until("the gate is looked at", std::time::Duration::from_secs(10), || silent.accepted() > asked);
    };
    let mut act = |command: Command, wanted: fn(&News) -> bool| {
        let start = Instant::now();
        runner.send(command);
        hear(&mut news, wanted);
        start.elapsed().as_secs_f64() * 1e3
    };
    wait();
    let is_tick =
        |news: &News| matches!(news, News::Event(event) if matches!(event.kind, EventKind::CheckTicked { .. }));
    let tick = |number: usize| Command::TickCheck {
        step: StepId("walk".to_owned()),
        check: 0,
        ticked: number.is_multiple_of(2),
    };
    let ticks = (0..TICKS).map(|number| act(tick(number), is_tick)).collect();
    let cancel = act(Command::Cancel, |news| matches!(news, News::Refused(_)));
    wait();
    let close = act(Command::Close, |news| matches!(news, News::Closed));
    Acts { ticks, cancel, close }
}

fn hear(news: &mut mpsc::UnboundedReceiver<News>, wanted: fn(&News) -> bool) {
    while !wanted(&news.blocking_recv().expect("the driver lives")) {}
}
