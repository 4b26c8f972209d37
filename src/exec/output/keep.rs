//! Keeps output in a file of bounded size: the beginning and the end; what lies between is counted.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use sha2::{Digest, Sha256};

use warroom_host::shared;

/// The end is kept in memory until the action has ended.
const LONGEST_END: u64 = 1 << 20;

/// A file that is being written.
#[derive(Debug)]
pub struct Keeper {
    file: File,
    digest: Sha256,
    /// Bytes in the file.
    written: u64,
    beginning: u64,
    end: VecDeque<u8>,
    end_limit: usize,
    /// Bytes that were kept nowhere.
    dropped: u64,
    dropped_lines: u64,
    /// Nothing stands in the place of what is missing.
    silent: bool,
    /// Why the file could not be written any more.
    trouble: Option<String>,
}

/// A finished file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Hexadecimal.
    pub sha256: String,
    pub bytes: u64,
    pub dropped_bytes: u64,
    /// Why something is missing that should be there.
    pub trouble: Option<String>,
}

impl Keeper {
    /// Makes the file, which the group may read in its folder, for about `limit` bytes.
    pub fn create(path: &Path, limit: u64) -> io::Result<Self> {
        let file = shared::open(OpenOptions::new().write(true).create(true).truncate(true), path)?;
        let end_limit = (limit / 2).min(LONGEST_END);
        Ok(Keeper {
            file,
            digest: Sha256::new(),
            written: 0,
            beginning: limit - end_limit,
            end: VecDeque::new(),
            end_limit: usize::try_from(end_limit).unwrap_or(usize::MAX),
            dropped: 0,
            dropped_lines: 0,
            silent: false,
            trouble: None,
        })
    }

    /// Makes a file of which only the beginning is kept, and nothing is said about the rest.
    pub fn create_beginning(path: &Path, limit: u64) -> io::Result<Self> {
        let mut keeper = Self::create(path, limit)?;
        (keeper.beginning, keeper.end_limit, keeper.silent) = (limit, 0, true);
        Ok(keeper)
    }

    pub fn write(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.beginning.saturating_sub(self.written)).unwrap_or(usize::MAX);
        let (now, later) = bytes.split_at(bytes.len().min(room));
        // Once something went to the end, nothing goes to the beginning any more.
        self.append(now);
        if later.is_empty() {
            return;
        }
        let fresh = &later[later.len() - later.len().min(self.end_limit)..];
        self.drop_bytes(&later[..later.len() - fresh.len()]);
        let too_many = (self.end.len() + fresh.len()).saturating_sub(self.end_limit);
        self.dropped += too_many as u64;
        self.dropped_lines += self.end.drain(..too_many).filter(|byte| *byte == b'\n').count() as u64;
        self.end.extend(fresh);
    }

    /// Bytes that came so far.
    pub fn total(&self) -> u64 {
        self.written + self.dropped + self.end.len() as u64
    }

    /// Bytes that are kept nowhere.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// True when the file has its beginning, and what comes now is not in it before the end.
    pub fn is_full(&self) -> bool {
        self.written >= self.beginning
    }

    /// At most so many of the last bytes that are not in the file yet.
    pub fn last(&self, count: usize) -> Vec<u8> {
        self.end.iter().skip(self.end.len().saturating_sub(count)).copied().collect()
    }

    /// Writes the end, after a line that says what is missing, and syncs the file.
    pub fn finish(mut self) -> Kept {
        let end: Vec<u8> = std::mem::take(&mut self.end).into();
        let mut end = end.as_slice();
        if self.dropped > 0 && !self.silent {
            // Not from the middle of a line, of a character or of a sequence.
            let cut = end.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            self.drop_bytes(&end[..cut]);
            end = &end[cut..];
            let line = format!("\x1b[0m\n[… {} bytes in {} lines were not kept …]\n", self.dropped, self.dropped_lines);
            self.append(line.as_bytes());
        }
        self.append(end);
        if let Err(error) = self.file.sync_data() {
            self.trouble.get_or_insert_with(|| error.to_string());
        }
        Kept {
            sha256: self.digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            bytes: self.written,
            dropped_bytes: self.dropped,
            trouble: self.trouble,
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        if self.trouble.is_none() {
            match self.file.write_all(bytes) {
                Ok(()) => {
                    self.digest.update(bytes);
                    self.written += bytes.len() as u64;
                    return;
                }
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
        self.drop_bytes(bytes);
    }

    fn drop_bytes(&mut self, bytes: &[u8]) {
        self.dropped += bytes.len() as u64;
        self.dropped_lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept_and_the_rest_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let mut keeper = Keeper::create(&path, 100).unwrap();
        for n in 0..100 {
            keeper.write(format!("line {n}\n").as_bytes());
        }
        assert_eq!(keeper.total(), 790);
        let kept = keeper.finish();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("line 0\nline 1\n"), "{text}");
        assert!(text.ends_with("line 98\nline 99\n"), "{text}");
        assert!(text.contains("bytes in 8"), "{text}");
        let marker = text.lines().find(|line| line.starts_with("[…")).unwrap().len() + "\x1b[0m\n\n".len();
        assert_eq!(kept.dropped_bytes + kept.bytes - marker as u64, 790);
        assert_eq!(kept.bytes, text.len() as u64);
        let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(kept.sha256, digest);
    }
}
