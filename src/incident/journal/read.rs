//! Reads logs as they grow: whole lines only, everybody's, changing nothing.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Seek, SeekFrom},
    num::NonZero,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    LogName,
    access::{cause, open_plain},
    chain::Chain,
    finding::{Finding, Wrong},
    line::{BadLine, Entry},
    lines::each_line,
    own::is_alive,
};

/// A line that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub entry: Entry,
    /// False when its digest, number or clock does not fit: shown, but marked.
    pub intact: bool,
}

/// News of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub log: LogName,
    /// In the order of the log.
    pub found: Vec<Found>,
    /// The log was read from its beginning again: `found` is all that it holds, and what was read before may be no more. It
    /// happens when a writer took lines back that it could not make durable, and when somebody replaced the log.
    pub afresh: bool,
    pub findings: Vec<Finding>,
}

impl Batch {
    fn new(log: &LogName) -> Self {
        Batch { log: log.clone(), found: Vec::new(), afresh: false, findings: Vec::new() }
    }

    /// True when there is no news.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.findings.is_empty() && !self.afresh
    }
}

/// Where events come from: a folder of logs, or whatever else holds some.
pub trait Source: Send {
    /// What is new since the last call; nothing for logs without news. An error is one sentence, and the next call may do better.
    fn poll(&mut self) -> Result<Vec<Batch>, String>;

    /// The folder in which news would show, if there is one to watch.
    fn watched(&self) -> Option<&Path> {
        None
    }
}

/// Reads one log, again and again.
#[derive(Debug)]
pub struct LogReader {
    name: LogName,
    path: PathBuf,
    chain: Chain,
    /// Whole lines that were read.
    offset: u64,
    lines: u64,
    /// Device and number of the file they were read from.
    file: Option<(u64, u64)>,
    /// Bytes behind the whole lines when it was last read.
    torn: u64,
}

impl LogReader {
    pub fn new(folder: &Path, name: LogName) -> Self {
        let path = folder.join(name.file());
        LogReader { name, path, chain: Chain::start(), offset: 0, lines: 0, file: None, torn: 0 }
    }

    /// The last line read.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Bytes of a last line that is not ended: being written, or left so by a crash.
    pub fn torn(&self) -> u64 {
        self.torn
    }

    /// What was added since the last call.
    pub fn read(&mut self) -> io::Result<Batch> {
        // Opened each time: on network file systems that is what asks the server for news.
        let file = open_plain(&self.path, false)?;
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        let other = self.file.is_some_and(|known| known != identity);
        if !other && metadata.len() == self.offset {
            self.torn = 0;
            self.file = Some(identity);
            return Ok(Batch::new(&self.name));
        }
        self.file = Some(identity);
        if other || metadata.len() < self.offset {
            return self.read_afresh(file);
        }
        let (before, lines) = (self.offset, self.lines);
        let batch = self.read_on(&file)?;
        // Lines that were taken back and written again continue another line than the one we read last.
        let first_is_bad = batch.findings.first().is_some_and(|finding| finding.line == Some(lines + 1));
        if before > 0 && first_is_bad { self.read_afresh(file) } else { Ok(batch) }
    }

    fn read_afresh(&mut self, file: File) -> io::Result<Batch> {
        (self.chain, self.offset, self.lines) = (Chain::start(), 0, 0);
        let batch = self.read_on(&file)?;
        Ok(Batch { afresh: true, ..batch })
    }

    fn read_on(&mut self, mut file: &File) -> io::Result<Batch> {
        file.seek(SeekFrom::Start(self.offset))?;
        let mut batch = Batch::new(&self.name);
        let rest = each_line(file, |start, line| {
            self.lines += 1;
            match self.chain.next(line) {
                Ok(entry) => batch.found.push(Found { entry, intact: true }),
                Err(BadLine { byte, what, entry, .. }) => {
                    batch.findings.push(Finding {
                        file: format!("log/{}", self.name.file()),
                        line: Some(self.lines),
                        byte: Some(self.offset + start + byte),
                        what: Wrong::Line(what),
                    });
                    batch.found.extend(entry.map(|entry| Found { entry: *entry, intact: false }));
                }
            }
        })?;
        self.offset += rest.whole;
        self.torn = rest.torn;
        Ok(batch)
    }
}

/// All logs of an incident's `log` folder, those that appear later too.
#[derive(Debug)]
pub struct LogFolder {
    path: PathBuf,
    logs: BTreeMap<LogName, LogReader>,
    /// What was said about logs that cannot be read, so that it is said once.
    said: BTreeMap<LogName, String>,
}

impl LogFolder {
    pub fn new(path: &Path) -> Self {
        LogFolder { path: path.to_owned(), logs: BTreeMap::new(), said: BTreeMap::new() }
    }
}

impl LogFolder {
    /// Logs whose last line is not ended and never will be: nobody writes them now. With how many bytes that are.
    pub fn torn(&self) -> Vec<(LogName, u64)> {
        let torn = self.logs.iter().filter(|(name, reader)| reader.torn() > 0 && !is_alive(&self.path, name));
        torn.map(|(name, reader)| (name.clone(), reader.torn())).collect()
    }
}

impl Source for LogFolder {
    fn poll(&mut self) -> Result<Vec<Batch>, String> {
        let names = log_names(&self.path)
            .map_err(|error| format!("cannot read the folder {}: {}", self.path.display(), cause(&error)))?;
        for name in names {
            self.logs.entry(name.clone()).or_insert_with(|| LogReader::new(&self.path, name));
        }
        let mut batches = Vec::new();
        for (name, news) in read_all(&mut self.logs)? {
            match news {
                Ok(batch) => {
                    self.said.remove(&name);
                    if !batch.is_empty() {
                        batches.push(batch);
                    }
                }
                // What was read before stays: the timeline does not forget because a file is gone.
                Err(error) => {
                    let why = cause(&error);
                    if self.said.get(&name) != Some(&why) {
                        let what = Wrong::Unreadable(why.clone());
                        let finding = Finding { file: format!("log/{}", name.file()), line: None, byte: None, what };
                        batches.push(Batch { findings: vec![finding], ..Batch::new(&name) });
                        self.said.insert(name, why);
                    }
                }
            }
        }
        Ok(batches)
    }

    fn watched(&self) -> Option<&Path> {
        Some(&self.path)
    }
}

type News = Vec<(LogName, io::Result<Batch>)>;

/// Reads all logs; for the first time on several cores, since an incident may be long.
fn read_all(logs: &mut BTreeMap<LogName, LogReader>) -> Result<News, String> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let fresh = logs.values().filter(|reader| reader.file.is_none()).count();
    let mut readers: Vec<_> = logs.iter_mut().collect();
    let each = |readers: &mut [(&LogName, &mut LogReader)]| -> News {
        readers.iter_mut().map(|(name, reader)| (name.clone(), reader.read())).collect()
    };
    if fresh < 2 || cores < 2 {
        return Ok(each(&mut readers));
    }
    let share = readers.len().div_ceil(cores);
    std::thread::scope(|scope| {
        let threads: Vec<_> = readers.chunks_mut(share).map(|readers| scope.spawn(|| each(readers))).collect();
        let mut news = Vec::new();
        for thread in threads {
            news.extend(thread.join().map_err(|_| "reading the logs failed".to_owned())?);
        }
        Ok(news)
    })
}

/// What writers have set aside in a folder of logs, as `alice@bastion-1.jsonl.torn-20260121T031200.000000001Z`, sorted.
pub fn set_aside(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| {
            let parts = name.split_once(".jsonl.");
            parts.is_some_and(|(_, what)| ["torn-", "foreign-", "replaced-"].iter().any(|kind| what.starts_with(kind)))
        })
        .collect();
    names.sort();
    names
}

/// The logs in a folder, sorted.
pub fn log_names(folder: &Path) -> io::Result<Vec<LogName>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.extend(entry?.file_name().to_str().and_then(LogName::of_file));
    }
    names.sort();
    Ok(names)
}
