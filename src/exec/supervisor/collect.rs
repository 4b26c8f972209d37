//! Collects what an action prints: both streams into one file of evidence, standard output once more by itself.

use std::io;

use crate::{
    folder::JobFolder,
    live::{Live, Writer},
    output::{
        keep::{Keeper, Kept},
        mask::Secrets,
        pipeline::Pipeline,
    },
};

/// Standard output is kept up to here for captures and expectations.
const STDOUT_LIMIT: u64 = 4 << 20;
/// So much of the end is shown while `output` is full.
const SHOWN_END: usize = 16 * 1024;

/// Which stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Stdout,
    Stderr,
    /// What counts as standard output but is shown in another form, on [`Source::Stderr`].
    Values,
}

#[derive(Debug)]
pub(super) struct Collector {
    folder: JobFolder,
    streams: [Pipeline; 2],
    output: Keeper,
    stdout: Keeper,
    stdout_seen: u64,
    painted: Vec<u8>,
    /// Standard output is not shown: see [`Source::Values`].
    values_apart: bool,
    live: Writer,
    /// Something came since `live` was written.
    news: bool,
}

/// What was collected.
pub(super) struct Collected {
    pub(super) output: Kept,
    pub(super) stdout_bytes: u64,
    pub(super) stdout_cut: bool,
}

impl Collector {
    pub(super) fn create(folder: &JobFolder, limit: u64, secrets: Secrets) -> io::Result<Self> {
        Ok(Collector {
            folder: folder.clone(),
            streams: [Pipeline::new(secrets.clone()), Pipeline::new(secrets)],
            output: Keeper::create(&folder.output(), limit)?,
            stdout: Keeper::create_beginning(&folder.stdout(), STDOUT_LIMIT)?,
            stdout_seen: 0,
            painted: Vec::new(),
            values_apart: false,
            live: Writer::default(),
            news: false,
        })
    }

    pub(super) fn push(&mut self, source: Source, chunk: &[u8]) {
        self.painted.clear();
        match source {
            Source::Stdout => {
                let plain = self.streams[0].push(chunk, &mut self.painted);
                self.stdout_seen += plain.len() as u64;
                self.stdout.write(plain);
            }
            Source::Values => {
                let plain = self.streams[0].push(chunk, &mut self.painted);
                self.stdout_seen += plain.len() as u64;
                self.stdout.write(plain);
                self.painted.clear();
                self.values_apart = true;
            }
            Source::Stderr => {
                self.streams[1].push(chunk, &mut self.painted);
            }
        }
        self.output.write(&self.painted);
        self.news = true;
    }

    /// Tells those who watch, when there is something new and it is time.
    pub(super) fn tell(&mut self) {
        if !self.news || !self.live.due() {
            return;
        }
        self.news = false;
        let end = if self.output.is_full() { self.output.last(SHOWN_END) } else { Vec::new() };
        let live = Live {
            bytes: self.output.total(),
            dropped_bytes: self.output.dropped(),
            unfinished: self.streams.iter().map(Pipeline::unfinished).collect(),
            end: String::from_utf8_lossy(&end).into_owned(),
        };
        // Who watches sees less then; the evidence is complete.
        let _ = self.live.write(&self.folder.live(), live);
    }

    pub(super) fn finish(mut self) -> Collected {
        self.painted.clear();
        let plain = self.streams[0].finish(&mut self.painted);
        self.stdout_seen += plain.len() as u64;
        self.stdout.write(plain);
        if self.values_apart {
            self.painted.clear();
        }
        if !self.painted.is_empty() && self.painted.last() != Some(&b'\n') && self.streams[1].holds_something() {
            self.painted.push(b'\n');
        }
        self.streams[1].finish(&mut self.painted);
        self.output.write(&self.painted);
        let stdout = self.stdout.finish();
        Collected {
            output: self.output.finish(),
            stdout_bytes: stdout.bytes,
            stdout_cut: self.stdout_seen > stdout.bytes,
        }
    }
}
