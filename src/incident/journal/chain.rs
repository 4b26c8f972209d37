//! Follows a log from line to line: digests, sequence numbers, clock.

use super::{
    Digest, Hlc,
    line::{self, BadLine, BadLineKind, Entry, Names},
};

/// Where a log stands after the lines read so far.
#[derive(Debug, Default)]
pub struct Chain {
    previous: Digest,
    seq: u64,
    hlc: Hlc,
    names: Names,
}

impl Chain {
    /// Before the first line.
    pub fn start() -> Self {
        Self::default()
    }

    /// After a line in the middle of a log, whose own link to the line before it cannot be checked from there.
    pub fn after(line: &[u8]) -> Result<Self, BadLine> {
        let mut chain = Chain::start();
        let entry = match line::read(line, &Digest::ZERO, &mut chain.names) {
            Ok(entry) => entry,
            Err(BadLine { entry: Some(entry), .. }) => *entry,
            Err(bad) => return Err(bad),
        };
        chain.go_on(entry.hash, entry.seq, entry.hlc);
        Ok(chain)
    }

    /// The digest of the last line.
    pub fn hash(&self) -> Digest {
        self.previous
    }

    /// The number of the last line.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The clock of the last line.
    pub fn hlc(&self) -> Hlc {
        self.hlc
    }

    /// Reads the next line (without its `\n`).
    ///
    /// After a bad one the chain goes on from what that line states, so that one changed line is not reported for all
    /// that follow it.
    pub fn next(&mut self, line: &[u8]) -> Result<Entry, BadLine> {
        let bad = match line::read(line, &self.previous, &mut self.names) {
            Ok(entry) => {
                let what = if entry.seq != self.seq + 1 {
                    Some(BadLineKind::Sequence(entry.seq))
                } else if entry.hlc <= self.hlc {
                    Some(BadLineKind::Clock)
                } else {
                    None
                };
                self.go_on(entry.hash, entry.seq, entry.hlc);
                match what {
                    None => return Ok(entry),
                    Some(what) => BadLine { byte: 0, what, stated: Some(entry.hash), entry: Some(Box::new(entry)) },
                }
            }
            Err(bad) => {
                match &bad.entry {
                    Some(entry) => self.go_on(entry.hash, entry.seq, entry.hlc),
                    None => self.go_on(bad.stated.unwrap_or_default(), self.seq + 1, self.hlc),
                }
                bad
            }
        };
        Err(bad)
    }

    fn go_on(&mut self, hash: Digest, seq: u64, hlc: Hlc) {
        (self.previous, self.seq, self.hlc) = (hash, seq, hlc);
    }
}
