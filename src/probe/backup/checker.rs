//! Checks of backup files that take longer than a look: done once for each file, kept, and given up with the probe.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::Notify, task::AbortHandle};

use super::{
    listing::Backup,
    verify::{self, Finding, Format, Packing},
};
use warroom_domain::platform::BackupVerify;
use warroom_host::{
    plain::{first_line, plain},
    process::Program,
};

/// Results that are kept; more files than this are not looked at between two backups.
const KEPT: usize = 64;
const STDERR_BYTES: usize = 16 * 1024;

/// Tells a file from a later one of the same name. The checksum file belongs to it: it often comes after the backup.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    file: PathBuf,
    size: u64,
    modified: Timestamp,
    checksums: Vec<Option<(u64, std::time::SystemTime)>>,
}

impl Key {
    fn of(backup: &Backup) -> Option<Key> {
        let file = backup.file.clone()?;
        Some(Key {
            size: backup.size.unwrap_or_default(),
            modified: backup.modified,
            checksums: checksums(&file),
            file,
        })
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Checker {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// A check has ended.
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    findings: HashMap<Key, Finding>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    key: Key,
    given_up: Arc<AtomicBool>,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        // The flag ends what blocks, the abort ends programs.
        self.given_up.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.shared.state().running = None;
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checker {
    /// What is found out about a file, waiting no longer than `patience`. None: the check goes on, ask again later.
    pub(super) async fn check(&self, backup: &Backup, how: BackupVerify, patience: Duration) -> Option<Finding> {
        let key = Key::of(backup)?;
        let ended = async {
            loop {
                let ended = self.shared.ended.notified();
                tokio::pin!(ended);
                // Registered before the look at the state, so that no end is missed.
                ended.as_mut().enable();
                {
                    let mut state = self.shared.state();
                    if let Some(finding) = state.findings.get(&key) {
                        return finding.clone();
                    }
                    if state.running.as_ref().is_none_or(|running| running.key != key) {
                        state.running = Some(self.start(key.clone(), how));
                    }
                }
                ended.await;
            }
        };
        tokio::time::timeout(patience, ended).await.ok()
    }

    /// What was found out about a file.
    pub(super) fn known(&self, backup: &Backup) -> Option<Finding> {
        self.shared.state().findings.get(&Key::of(backup)?).cloned()
    }

    /// Resolves when a check has ended.
    pub(super) async fn ended(&self) {
        self.shared.ended.notified().await;
    }

    fn start(&self, key: Key, how: BackupVerify) -> Running {
        let given_up = Arc::new(AtomicBool::new(false));
        let (shared, flag, checked) = (Arc::downgrade(&self.shared), given_up.clone(), key.clone());
        let task = tokio::spawn(async move {
            let finding = find_out(&checked.file, how, flag).await;
            let Some(shared) = shared.upgrade() else { return };
            let mut state = shared.state();
            if state.findings.len() >= KEPT {
                state.findings.clear();
            }
            state.findings.insert(checked, finding);
            state.running = None;
            drop(state);
            shared.ended.notify_waiters();
        });
        Running { key, given_up, task: task.abort_handle() }
    }

    /// Forgets what could not be looked at, so that it is tried again.
    pub(super) fn forget_unseen(&self) {
        self.shared.state().findings.retain(|_, finding| !matches!(finding, Finding::Unseen(_)));
    }
}

/// Size and time of the files that may hold the checksum.
fn checksums(file: &Path) -> Vec<Option<(u64, std::time::SystemTime)>> {
    verify::checksum_files(file)
        .map(|path| std::fs::metadata(path).ok().and_then(|about| Some((about.len(), about.modified().ok()?))))
        .collect()
}

async fn find_out(file: &Path, how: BackupVerify, given_up: Arc<AtomicBool>) -> Finding {
    let sum = blocking(file, &given_up, verify::checksum).await;
    match (how, &sum) {
        // The archive is read in any case when nothing else vouches for it.
        (BackupVerify::Checksum, Finding::Missing(_)) => match archive(file, &given_up).await {
            damaged @ Finding::Damaged(_) => damaged,
            _ => sum,
        },
        (BackupVerify::PgRestore, Finding::Good(_) | Finding::Missing(_)) => match archive(file, &given_up).await {
            // What the archive does not prove of itself, the checksum does.
            Finding::Missing(_) if matches!(sum, Finding::Good(_)) => sum,
            found => found,
        },
        _ => sum,
    }
}

async fn blocking(
    file: &Path,
    given_up: &Arc<AtomicBool>,
    check: impl Fn(&Path, &AtomicBool) -> Finding + Send + 'static,
) -> Finding {
    let (file, given_up) = (file.to_owned(), given_up.clone());
    match tokio::task::spawn_blocking(move || check(&file, &given_up)).await {
        Ok(finding) => finding,
        Err(error) => Finding::Unseen(format!("the check broke off: {error}")),
    }
}

/// Reads the archive from end to end, by its format.
async fn archive(file: &Path, given_up: &Arc<AtomicBool>) -> Finding {
    let path = file.to_owned();
    let format = tokio::task::spawn_blocking(move || verify::format(&path)).await;
    match format {
        Ok(Ok(Format::Dump(packing))) => guarded(pg_restore(file).await, packing),
        Ok(Ok(Format::Tar)) => match blocking(file, given_up, verify::tar).await {
            Finding::Good(_) => pg_restore(file).await,
            other => other,
        },
        Ok(Ok(Format::Gzip)) => blocking(file, given_up, verify::gzip).await,
        Ok(Ok(Format::Packed(program, packing))) => guarded(unpack(program, file).await, packing),
        Ok(Ok(Format::Plain)) => blocking(file, given_up, verify::plain).await,
        Ok(Ok(Format::Other)) => Finding::Unseen("not an archive that can be checked".to_owned()),
        Ok(Err(error)) => Finding::Unseen(format!("cannot read the backup: {error}")),
        Err(error) => Finding::Unseen(format!("the check broke off: {error}")),
    }
}

/// Reading to the end proves nothing where the data carries no checksum: pg_restore (seen with 17) restores lz4 and zstd archives
/// in which one bit was flipped with exit code 0, and other data. gzip has a checksum.
fn guarded(finding: Finding, packing: Packing) -> Finding {
    match (finding, packing) {
        (Finding::Good(_), Packing::Unguarded(name)) => {
            Finding::Missing(format!("{name} without a checksum hides damage, add a .sha256 file"))
        }
        (finding, _) => finding,
    }
}

/// Unpacks to nowhere with the program that packed it.
async fn unpack(program: &str, file: &Path) -> Finding {
    let arguments = ["--test".into(), "--quiet".into(), file.as_os_str().to_owned()];
    match Program::new(program, arguments).run(STDERR_BYTES).await {
        Ok(finished) if finished.status.success() => Finding::Good("unpacks to the end".to_owned()),
        Ok(finished) if finished.status.code().is_none() => {
            Finding::Unseen(format!("{program} was {}", finished.ending()))
        }
        Ok(_) => Finding::Damaged(format!("truncated or damaged: {program} cannot unpack it")),
        Err(cause) => Finding::Unseen(cause),
    }
}

/// `pg_restore --list` reads only the table of contents, which stands at the front: a file that was cut off passes. So
/// it is restored to nowhere as well.
async fn pg_restore(file: &Path) -> Finding {
    let runs: [&[&str]; 2] = [&["--list"], &["--file=/dev/null"]];
    for options in runs {
        let arguments = options.iter().map(|option| (*option).into()).chain([file.as_os_str().to_owned()]);
        let finished = match Program::new("pg_restore", arguments).run(STDERR_BYTES).await {
            Ok(finished) => finished,
            Err(cause) => return Finding::Unseen(format!("{cause} (install postgresql-client)")),
        };
        if finished.status.success() {
            continue;
        }
        let said = first_line(&plain(&finished.stderr.text()), 120);
        let said = said.trim_start_matches("pg_restore: ").trim_start_matches("error: ");
        // The archive is of a newer pg_dump than this pg_restore.
        if said.contains("unsupported version") || said.contains("not supported by this installation") {
            return Finding::Unseen(format!("pg_restore cannot read it: {said}"));
        }
        if finished.status.code().is_none() {
            return Finding::Unseen(format!("pg_restore was {}", finished.ending()));
        }
        return Finding::Damaged(format!("truncated or damaged: {said}"));
    }
    Finding::Good("pg_restore reads it to the end".to_owned())
}
