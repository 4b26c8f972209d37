//! A tar file whose entries depend on nothing but their names and contents, with the digests of them all.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

const SUMS: &str = "SHA256SUMS";

/// Being written.
pub(super) struct Archive {
    tar: Builder<File>,
    /// The folder that everything is in.
    top: PathBuf,
    /// Seconds since 1970.
    time: u64,
    folders: BTreeSet<PathBuf>,
    sums: Vec<u8>,
    files: usize,
}

impl Archive {
    pub(super) fn create(file: &Path, top: &str, time: Timestamp) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        let time = u64::try_from(time.as_second()).unwrap_or(0);
        let top = PathBuf::from(top);
        Ok(Archive { tar: Builder::new(file), top, time, folders: BTreeSet::new(), sums: Vec::new(), files: 0 })
    }

    /// Adds a file of so many bytes, which all have to come; what comes after them is left.
    pub(super) fn add(&mut self, path: &Path, length: u64, source: impl Read) -> io::Result<()> {
        let mut source = Hashing { source, left: length, hasher: Sha256::new() };
        self.entry(path, EntryType::Regular, length, &mut source)?;
        let digest: String = source.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        self.sums.extend(sum_line(&digest, path));
        Ok(())
    }

    /// Adds the digests; gives the number of files, and of bytes of the archive.
    pub(super) fn finish(mut self) -> io::Result<(usize, u64)> {
        let sums = std::mem::take(&mut self.sums);
        self.entry(Path::new(SUMS), EntryType::Regular, sums.len() as u64, sums.as_slice())?;
        let mut file = self.tar.into_inner()?;
        file.flush()?;
        file.sync_all()?;
        Ok((self.files, file.metadata()?.len()))
    }

    fn entry(&mut self, path: &Path, kind: EntryType, length: u64, source: impl Read) -> io::Result<()> {
        let full = self.top.join(path);
        let mut folders: Vec<_> = full.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
        folders.reverse();
        for folder in folders {
            if self.folders.insert(folder.to_owned()) {
                self.tar.append_data(&mut header(EntryType::Directory, 0o700, 0, self.time), folder, io::empty())?;
            }
        }
        self.files += 1;
        self.tar.append_data(&mut header(kind, 0o600, length, self.time), &full, source)
    }
}

fn header(kind: EntryType, mode: u32, length: u64, time: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(time);
    header.set_size(length);
    header
}

/// `DIGEST  NAME` as `sha256sum` reads it: a name with a line break begins with a backslash, and its odd characters are escaped.
fn sum_line(digest: &str, path: &Path) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    let mut line = Vec::with_capacity(digest.len() + name.len() + 3);
    if name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r')) {
        line.push(b'\\');
    }
    line.extend(digest.as_bytes());
    line.extend(b"  ");
    for byte in name {
        match byte {
            b'\\' => line.extend(b"\\\\"),
            b'\n' => line.extend(b"\\n"),
            b'\r' => line.extend(b"\\r"),
            byte => line.push(*byte),
        }
    }
    line.push(b'\n');
    line
}

/// Reads exactly so many bytes, and their digest.
struct Hashing<R> {
    source: R,
    left: u64,
    hasher: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let Some(into) = into.get_mut(..most) else { return Ok(0) };
        if into.is_empty() {
            return Ok(0);
        }
        let read = self.source.read(into)?;
        if read == 0 {
            // The archive has said already how long it is.
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read: try again"));
        }
        self.hasher.update(into.get(..read).unwrap_or_default());
        self.left -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_line_breaks_do_not_make_lines() {
        let line = |name: &str| String::from_utf8(sum_line("ab", Path::new(name))).unwrap();
        assert_eq!(line("log/a b.jsonl"), "ab  log/a b.jsonl\n");
        assert_eq!(line("a\nb\\c"), "\\ab  a\\nb\\\\c\n");
    }

    #[test]
    fn a_file_that_became_shorter_is_told_and_one_that_grew_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::create(&folder.path().join("a.tar"), "top", Timestamp::UNIX_EPOCH).unwrap();
        archive.add(Path::new("grew"), 2, &b"abc"[..]).unwrap();
        let error = archive.add(Path::new("shorter"), 4, &b"abc"[..]).unwrap_err();
        assert!(error.to_string().contains("shorter"), "{error}");
    }
}
