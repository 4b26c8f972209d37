//! While one action is prepared or started, the driver does everything else at once.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use warroom::{
    exec::{Supervisor, gate::Because},
    host::packs::PackFolder,
    platform,
    room::{
        Room,
        run::{Command, News, PackShelf, Runner, RunnerOptions},
    },
    runbook::{
        ActionId, Risk, StepId,
        run::{Ending, EventKind},
    },
};

use crate::lab::{self, Folder, Hanging};

/// Far less than the 25 s that are waited for, and enough for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(2);
/// For what is not measured.
const PATIENCE: Duration = Duration::from_secs(30);

const TASK: &str = "# A task\n\n## Steps\n\n### 1. Gated\n```bash {gate=\"web.status == 'ok'\"}\ntrue\n```\n\n### 2. Free\n```bash\ntrue\n```\n\n\
                    ### 3. Walk\n- [ ] the lights are on\n- [ ] the doors are shut\n";

/// A driver on a platform whose only probe is never answered.
struct Desk {
    runner: Runner,
    news: mpsc::UnboundedReceiver<News>,
    silent: Hanging,
    folder: Folder,
}

impl Desk {
    fn new(supervisor: &Path) -> Desk {
        let (silent, folder) = (Hanging::start(), Folder::new());
        let pack = format!(
            "[platform]\nname = \"desk\"\n\n[environments.lab]\n\n[[probes]]\nid = \"web\"\nkind = \"http\"\n\
             url = \"http://{}/\"\nevery = \"60s\"\ntimeout = \"25s\"\n",
            silent.address()
        );
        let place = folder.path().join("desk");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("platform.toml"), &pack).unwrap();
        fs::write(place.join("task.md"), TASK).unwrap();
        let files = PackFolder::on_disk(&place).unwrap();
        let pack = platform::parse("platform.toml", &pack, &files.files()).pack.unwrap();
        let options = RunnerOptions {
            data_dir: folder.path().join("data"),
            history: None,
            read_only: false,
            unasked: Some(Risk::Read),
            accept_errors: None,
            by: "alice@bastion-1".to_owned(),
            supervisor: Supervisor::at(supervisor),
        };
        let room = Room::new(pack, "lab", &place);
        let (runner, news) = Runner::start(room, Arc::new(PackShelf(files)), options);
        runner.send(Command::Open { id: "task".to_owned(), dry_run: false });
        Desk { runner, news, silent, folder }
    }

    /// The first news that is wanted, within the time.
    async fn hear<T>(&mut self, limit: Duration, what: &str, mut wanted: impl FnMut(News) -> Option<T>) -> T {
        let hearing = async {
            loop {
                if let Some(found) = wanted(self.news.recv().await.expect("the driver lives")) {
                    return found;
                }
            }
        };
        timeout(limit, hearing).await.unwrap_or_else(|_| panic!("waited {limit:?} in vain for {what}"))
    }

    async fn event(&mut self, limit: Duration, what: &str, wanted: impl Fn(&EventKind) -> bool) -> EventKind {
        let of = |news| match news {
            News::Event(event) if wanted(&event.kind) => Some(event.kind),
            _ => None,
        };
        self.hear(limit, what, of).await
    }

    /// Ticks a check of the last step and waits for it.
    async fn tick(&mut self, check: usize) {
        let step = StepId("walk".to_owned());
        self.runner.send(Command::TickCheck { step, check, ticked: true });
        self.event(AT_ONCE, "a tick", |kind| matches!(kind, EventKind::CheckTicked { .. })).await;
    }

    /// Wants the step whose gate is never answered, and waits until it is asked.
    async fn wait_at_the_gate(&mut self) {
        let before = self.silent.accepted();
        self.runner.send(Command::Run(ActionId("gated/1".to_owned())));
        lab::wait_until_async("the gate is looked at", PATIENCE, async || self.silent.accepted() > before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gate_that_waits_keeps_nothing_else_waiting() {
    let mut desk = Desk::new(&lab::binary());
    desk.wait_at_the_gate().await;
    desk.tick(0).await;
    desk.runner.send(Command::Run(ActionId("free/1".to_owned())));
    let refused = |news| match news {
        News::Refused(refusal) => Some(refusal),
        _ => None,
    };
    let why = desk.hear(AT_ONCE, "a refusal", refused).await.why;
    assert!(why.contains("Gated is being prepared"), "{why}");
    desk.runner.send(Command::Cancel);
    let refusal = desk.hear(AT_ONCE, "the end of the wait", refused).await;
    assert!(refusal.why.contains("nothing was started") && refusal.because == Because::Rule, "{refusal}");
    // What it waited for does not come back.
    desk.runner.send(Command::Run(ActionId("free/1".to_owned())));
    let ended = desk.event(PATIENCE, "the end of the other step", |kind| matches!(kind, EventKind::ActionEnded { .. }));
    assert!(matches!(ended.await, EventKind::ActionEnded { action, .. } if action.0 == "free/1"));

    desk.wait_at_the_gate().await;
    desk.runner.send(Command::Close);
    desk.hear(AT_ONCE, "the run to be closed", |news| matches!(news, News::Closed).then_some(())).await;
    desk.runner.send(Command::Open { id: "task".to_owned(), dry_run: false });
    desk.hear(AT_ONCE, "another run", |news| matches!(news, News::Opened { .. }).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_that_does_not_answer_is_given_up_in_time_or_when_somebody_wants() {
    let folder = Folder::new();
    let program = folder.path().join("silent");
    fs::write(&program, "#!/bin/sh\nexec sleep 120\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let mut desk = Desk::new(&program);
    let is_intended = |kind: &EventKind| matches!(kind, EventKind::ActionIntended { .. });
    let ending = |kind| match kind {
        EventKind::ActionEnded { outcome, .. } => outcome.ending,
        other => panic!("{other:?}"),
    };
    let is_ended = |kind: &EventKind| matches!(kind, EventKind::ActionEnded { .. });
    for (check, cancels) in [(0, true), (1, false)] {
        desk.runner.send(Command::Run(ActionId("free/1".to_owned())));
        desk.event(PATIENCE, "the intent", is_intended).await;
        desk.tick(check).await;
        let begun = Instant::now();
        if cancels {
            desk.runner.send(Command::Cancel);
            assert_eq!(ending(desk.event(AT_ONCE, "the end", is_ended).await), Ending::Cancelled);
            continue;
        }
        let Ending::NotStarted { why } = ending(desk.event(PATIENCE, "the end", is_ended).await) else {
            panic!("it has not been started")
        };
        assert!(why.contains("supervisor") && why.contains("did not answer within 10 s"), "{why}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    }
    drop(desk.folder);
}
