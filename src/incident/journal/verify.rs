//! Checks a whole incident: every chain, every checkpoint, every piece of evidence that an event refers to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::TryLockError,
    io,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use serde::Serialize;
use serde_json::Value;

use super::{
    Checkpoint, Digest, IncidentFolder, IncidentId, LogName,
    access::{cause, open_plain},
    chain::Chain,
    events::JournalEvent,
    finding::{Finding, Wrong},
    line::{BadLine, Entry},
    lines::each_line,
    read::{log_names, set_aside},
};

/// What was checked, and what is wrong.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Sorted by name.
    pub logs: Vec<LogSummary>,
    /// Files of evidence that were read.
    pub evidence: usize,
    /// Files of runs that were read beside those: the text that was followed, and how each action ended.
    pub run_files: usize,
    /// Checkpoints that were compared.
    pub checkpoints: usize,
    /// By file and line. Empty: the journal is intact.
    pub findings: Vec<Finding>,
    /// Files beside the logs with what a writer found behind its last whole line, most often one that a crash cut off. What was
    /// acknowledged is not among it.
    pub set_aside: Vec<String>,
}

impl Report {
    /// Nothing is wrong.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty()
    }

    /// What is wrong, then what was checked, one sentence a line; the checkpoints to keep elsewhere come last.
    pub fn lines(&self, id: &IncidentId) -> Vec<String> {
        let mut said: Vec<String> = self.findings.iter().map(ToString::to_string).collect();
        said.extend(self.set_aside.iter().map(|file| {
            format!("{file}: what a crash or a full disk cut off was set aside; nothing acknowledged is missing")
        }));
        let lines: u64 = self.logs.iter().map(|log| log.lines).sum();
        let word = if self.is_intact() { "intact" } else { "NOT INTACT" };
        said.push(format!(
            "{id} is {word}: {} logs with {lines} lines, {} files of evidence, {} of runs, {} checkpoints",
            self.logs.len(),
            self.evidence,
            self.run_files,
            self.checkpoints
        ));
        said.extend(self.logs.iter().filter_map(|log| Some(format!("checkpoint {}", log.head.as_ref()?))));
        said
    }
}

/// One log that was read.
#[derive(Debug, Clone, Serialize)]
pub struct LogSummary {
    pub log: LogName,
    pub lines: u64,
    /// The user whose file it is. A chain says what was written, not by whom: in a shared folder this does.
    pub uid: Option<u32>,
    /// The last line; `None` for an empty log. To be kept elsewhere.
    pub head: Option<Checkpoint>,
}

/// Checks an incident, with checkpoints that were kept outside of it (on paper, in an export).
///
/// Evidence is what stands in events as a member `evidence`: an object, or several in an array, with `file` (from the
/// incident's folder) and `sha256`. So is what stands as `record`, which says how an action ended; and the text that a run follows is
/// that of which its beginning has the digest.
///
/// What is not a whole line at the end of a log is no finding while a process holds the log: it is being written.
pub fn verify(folder: &IncidentFolder, outside: &[Checkpoint]) -> Report {
    let mut check = Check { root: folder.path().to_owned(), incident: folder.id().to_string(), ..Check::default() };
    let names = match log_names(&folder.logs()) {
        Ok(names) => names,
        Err(error) => {
            check.report.findings.push(found("log", None, None, Wrong::Unreadable(cause(&error))));
            Vec::new()
        }
    };
    for name in names {
        check.log(&folder.logs(), &name);
    }
    check.report.set_aside = set_aside(&folder.logs()).into_iter().map(|name| format!("log/{name}")).collect();
    check
        .witnesses
        .extend(outside.iter().map(|checkpoint| (checkpoint.clone(), "a checkpoint kept outside".to_owned())));
    check.checkpoints();
    check.evidence();
    let mut report = check.report;
    report.findings.sort_by(|a, b| (&a.file, a.line, a.byte).cmp(&(&b.file, b.line, b.byte)));
    report
}

#[derive(Default)]
struct Check {
    root: PathBuf,
    incident: String,
    report: Report,
    /// The digests that each log's lines state.
    lines: BTreeMap<LogName, Vec<Digest>>,
    /// Checkpoints, with who says so.
    witnesses: Vec<(Checkpoint, String)>,
    /// Files, with the digests that were recorded for them and by whom.
    mentions: BTreeMap<String, BTreeMap<[u8; 64], String>>,
}

impl Check {
    fn log(&mut self, folder: &Path, name: &LogName) {
        let file = format!("log/{}", name.file());
        let mut hashes = Vec::new();
        let mut owner = None;
        let mut chain = Chain::start();
        let read = whole_lines(&folder.join(name.file()), |start, line| {
            let number = hashes.len() as u64 + 1;
            let entry = match chain.next(line) {
                Ok(entry) => Some(entry),
                Err(BadLine { byte, what, entry, .. }) => {
                    let what = Wrong::Line(what);
                    self.report.findings.push(found(&file, Some(number), Some(start + byte), what));
                    entry.map(|entry| *entry)
                }
            };
            hashes.push(chain.hash());
            if let Some(entry) = entry {
                if number == 1 {
                    owner = self.start(&file, name, &entry);
                }
                self.entry(&file, number, start, &entry, owner.as_deref());
            }
        });
        match read {
            Err(error) => self.report.findings.push(found(&file, None, None, Wrong::Unreadable(cause(&error)))),
            Ok(rest) if rest.torn > 0 => {
                let line = Some(hashes.len() as u64 + 1);
                self.report.findings.push(found(&file, line, Some(rest.whole), Wrong::Torn(rest.torn)));
            }
            // Whoever makes a log holds it until its first line is durable.
            Ok(rest) if rest.whole == 0 && !rest.held => {
                self.report.findings.push(found(&file, None, None, Wrong::Empty));
            }
            Ok(_) => {}
        }
        let head = |hash: &Digest| Checkpoint { log: name.clone(), seq: hashes.len() as u64, hash: *hash };
        let head = hashes.last().map(head);
        let uid = std::fs::symlink_metadata(folder.join(name.file())).ok().map(|found| found.uid());
        self.report.logs.push(LogSummary { log: name.clone(), lines: hashes.len() as u64, uid, head });
        self.lines.insert(name.clone(), hashes);
    }

    /// Whose log it is, by its first line, which must fit the file and the incident.
    fn start(&mut self, file: &str, name: &LogName, entry: &Entry) -> Option<String> {
        let responder = match entry.event() {
            Ok(JournalEvent::LogStarted { incident, responder, log, .. })
                if incident == self.incident && log == *name && responder == *entry.by =>
            {
                return Some(responder);
            }
            Ok(JournalEvent::LogStarted { responder, .. }) => responder,
            _ => entry.by.to_string(),
        };
        let what = Wrong::Start { incident: self.incident.clone(), responder: responder.clone(), log: name.clone() };
        self.report.findings.push(found(file, Some(1), Some(0), what));
        Some(responder)
    }

    fn entry(&mut self, file: &str, line: u64, byte: u64, entry: &Entry, owner: Option<&str>) {
        let mut wrong = |what| self.report.findings.push(found(file, Some(line), Some(byte), what));
        if let Some(owner) = owner
            && owner != &*entry.by
        {
            wrong(Wrong::Author { owner: owner.to_owned(), by: entry.by.to_string() });
        }
        let witness = || format!("{file} line {line}");
        if JournalEvent::is(&entry.kind) {
            match entry.event::<JournalEvent>() {
                Ok(event) => {
                    let seen = event.checkpoints().iter().cloned();
                    self.witnesses.extend(seen.map(|checkpoint| (checkpoint, witness())));
                }
                // Later versions are not ours to judge.
                Err(error) if entry.version <= 1 => wrong(Wrong::JournalEvent(error.to_string())),
                Err(_) => {}
            }
        }
        let json = entry.json();
        if !["\"evidence\"", "\"record\"", "\"run_started\""].iter().any(|name| json.contains(name)) {
            return;
        }
        let mut mentioned = Vec::new();
        let value = entry.value();
        mentions(&value, &mut mentioned);
        mentioned.extend(text_of_run(&value));
        for (path, recorded) in mentioned {
            let inside = Path::new(&path).components().all(|part| matches!(part, Component::Normal(_)));
            match recorded.parse::<Digest>() {
                _ if !inside => wrong(Wrong::EvidenceOutside(path)),
                Err(_) => wrong(Wrong::EvidenceDigest(recorded)),
                Ok(digest) => {
                    self.mentions.entry(path).or_default().entry(digest.hex()).or_insert_with(witness);
                }
            }
        }
    }

    fn checkpoints(&mut self) {
        self.report.checkpoints = self.witnesses.len();
        let mut said = BTreeSet::new();
        for (checkpoint, witness) in std::mem::take(&mut self.witnesses) {
            // Many checkpoints see the same cut: the first to see each is named.
            let file = format!("log/{}", checkpoint.log.file());
            let index = usize::try_from(checkpoint.seq).unwrap_or(usize::MAX).wrapping_sub(1);
            let (line, what) = match self.lines.get(&checkpoint.log) {
                None => (None, Wrong::Gone { checkpoint, witness }),
                Some(lines) => match lines.get(index) {
                    None => {
                        let lines = lines.len() as u64;
                        (Some(lines + 1), Wrong::Cut { checkpoint, lines, witness })
                    }
                    Some(hash) if *hash == checkpoint.hash => continue,
                    Some(hash) => (Some(checkpoint.seq), Wrong::Rewritten { found: *hash, checkpoint, witness }),
                },
            };
            if said.insert((file.clone(), line)) {
                self.report.findings.push(found(&file, line, None, what));
            }
        }
    }

    fn evidence(&mut self) {
        for (path, recorded) in std::mem::take(&mut self.mentions) {
            let digest = open_below(&self.root, Path::new(&path)).and_then(Digest::of_all);
            match &digest {
                Ok(_) if is_of_run(&path) => self.report.run_files += 1,
                Ok(_) => self.report.evidence += 1,
                Err(_) => {}
            }
            for (hex, witness) in recorded {
                let what = match &digest {
                    // A bundle has none of these: what an action has set may be a secret.
                    Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_left_out(&path) => continue,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Wrong::EvidenceGone { witness },
                    Err(error) => Wrong::Unreadable(cause(error)),
                    Ok((found, _)) if found.hex() == hex => continue,
                    Ok((found, bytes)) => Wrong::EvidenceChanged {
                        recorded: Digest::from_hex(&hex).unwrap_or_default(),
                        found: *found,
                        bytes: *bytes,
                        witness,
                    },
                };
                self.report.findings.push(found(&path, None, None, what));
            }
        }
    }
}

impl Check {
    /// How an action ended stands in a run's folder where the run was, and not in one that was unpacked from a bundle: that has no lock.
    fn is_left_out(&self, path: &str) -> bool {
        let run: PathBuf = Path::new(path).components().take(2).collect();
        path.ends_with(RESULT) && is_of_run(path) && !self.root.join(run).join("lock").exists()
    }
}

fn found(file: &str, line: Option<u64>, byte: Option<u64>, what: Wrong) -> Finding {
    Finding { file: file.to_owned(), line, byte, what }
}

/// How a log ends.
struct Rest {
    /// Bytes of whole lines.
    whole: u64,
    /// Bytes behind them that will stay so.
    torn: u64,
    /// A process has the log open for writing.
    held: bool,
}

fn whole_lines(path: &Path, each: impl FnMut(u64, &[u8])) -> io::Result<Rest> {
    let file = open_plain(path, false)?;
    let rest = each_line(&file, each)?;
    // Looked at only where it matters: whoever opens the log just now must not find it taken.
    let held = (rest.torn > 0 || rest.whole == 0) && matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    Ok(Rest { whole: rest.whole, torn: if held { 0 } else { rest.torn }, held })
}

/// Opens a plain file of an incident's folder for reading. No part of the way may be a link or lead out of it: a digest must be
/// that of a file in the incident.
pub fn open_below(root: &Path, path: &Path) -> io::Result<std::fs::File> {
    if !path.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not below the incident's folder"));
    }
    let mut way = root.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        way.push(part);
        if !std::fs::symlink_metadata(&way)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the way to it is no folder of the incident"));
        }
    }
    open_plain(&root.join(path), false)
}

/// Where a run keeps the text that it follows, with the digest that its beginning recorded.
fn text_of_run(value: &Value) -> Option<(String, String)> {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    if text("type") != Some("run") || text("event") != Some("run_started") {
        return None;
    }
    Some((format!("runs/{}/{TEXT_OF_RUN}", text("run")?), text("digest")?.to_owned()))
}

/// A file that a run keeps, and that is no output.
fn is_of_run(path: &str) -> bool {
    path.starts_with("runs/") && (path.ends_with(TEXT_OF_RUN) || path.ends_with(RESULT))
}

/// The text that a run follows, in its folder.
const TEXT_OF_RUN: &str = "runbook.md";
/// How a job ended, in its folder.
const RESULT: &str = "result.json";

/// Every `file` and `sha256` in members named `evidence` or `record`, at any depth.
fn mentions(value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| mentions(value, into)),
        Value::Object(members) => {
            for (name, value) in members {
                let all = match value {
                    Value::Array(values) => values.as_slice(),
                    one => std::slice::from_ref(one),
                };
                if matches!(name.as_str(), "evidence" | "record") {
                    let text = |value: &Value, name| value.get(name).and_then(Value::as_str).map(str::to_owned);
                    into.extend(all.iter().filter_map(|one| Some((text(one, "file")?, text(one, "sha256")?))));
                }
                mentions(value, into);
            }
        }
        _ => {}
    }
}
