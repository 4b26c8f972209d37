//! Whether a backup file can be restored from: its checksum, and the archive read from end to end.
//!
//! Everything here blocks and runs on a thread of its own; a look that is given up raises the flag, and the reading ends
//! at the next block.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use sha2::{Digest, Sha256};

use super::listing::plain_cause;

const BLOCK: usize = 1 << 20;
/// Endings of a checksum file beside the backup.
const BESIDE: [&str; 2] = [".sha256", ".sha256sum"];
/// Checksum files for a whole folder.
const LISTS: [&str; 2] = ["SHA256SUMS", "sha256sums.txt"];

/// What was found out about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    Good(String),
    /// Nothing is known to be wrong, and something is missing.
    Missing(String),
    Damaged(String),
    /// Could not be looked at.
    Unseen(String),
}

/// Compares with `FILE.sha256`, `FILE.sha256sum` or the line for it in `SHA256SUMS`.
pub(super) fn checksum(file: &Path, given_up: &AtomicBool) -> Finding {
    let expected = match expected(file) {
        Ok(Some(expected)) => expected,
        Ok(None) => return Finding::Missing("no checksum file".to_owned()),
        Err(cause) => return Finding::Unseen(cause),
    };
    match digest(file, given_up) {
        Ok(found) if found == expected => Finding::Good("checksum matches".to_owned()),
        Ok(_) => Finding::Damaged("checksum differs: the backup is damaged".to_owned()),
        Err(error) => Finding::Unseen(format!("cannot read the backup: {}", plain_cause(&error))),
    }
}

/// The checksum that somebody wrote down, in lower case.
fn expected(file: &Path) -> Result<Option<String>, String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for ending in BESIDE {
        let beside = file.with_file_name(format!("{name}{ending}"));
        if let Some(text) = read(&beside)? {
            // `sha256sum` writes "DIGEST  NAME", others the digest alone, BSD "SHA256 (NAME) = DIGEST".
            let digest =
                text.split(|c: char| c.is_whitespace() || c == '=').map(str::trim).find(|word| is_digest(word));
            return match digest {
                Some(digest) => Ok(Some(digest.to_ascii_lowercase())),
                None => Err(format!("{name}{ending} holds no SHA-256")),
            };
        }
    }
    for list in LISTS {
        if let Some(text) = read(&file.with_file_name(list))? {
            let line = text.lines().find_map(|line| {
                let (digest, listed) = line.split_once(char::is_whitespace)?;
                let listed = listed.trim_start().trim_start_matches('*').trim_start_matches("./");
                (listed == name && is_digest(digest)).then(|| digest.to_ascii_lowercase())
            });
            if line.is_some() {
                return Ok(line);
            }
        }
    }
    Ok(None)
}

/// The files that may hold the checksum of a backup.
pub(super) fn checksum_files(file: &Path) -> impl Iterator<Item = PathBuf> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names = BESIDE.map(|ending| format!("{name}{ending}")).into_iter().chain(LISTS.map(str::to_owned));
    names.map(|name| file.with_file_name(name))
}

/// A small text file; None when it is not there.
fn read(path: &Path) -> Result<Option<String>, String> {
    let cannot = |error: &io::Error| format!("cannot read {}: {}", path.display(), plain_cause(error));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(&error)),
    };
    let mut text = Vec::new();
    file.take(1 << 20).read_to_end(&mut text).map_err(|error| cannot(&error))?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

fn is_digest(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn digest(path: &Path, given_up: &AtomicBool) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hasher.update(&block[..read]),
        }
        go_on(given_up)?;
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How a dump is written, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// `pg_dump -Fc` and `-Fd`.
    Dump(Packing),
    Gzip,
    /// Whatever, packed by this program.
    Packed(&'static str, Packing),
    /// `pg_dump -Ft`.
    Tar,
    /// SQL text, which ends with a known line.
    Plain,
    Other,
}

/// Whether packed data carries a checksum, so that unpacking notices damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Guarded,
    /// By this program, without one.
    Unguarded(&'static str),
}

/// A dump in a folder is told by its table of contents.
pub(super) fn format(path: &Path) -> io::Result<Format> {
    let contents = path.join("toc.dat");
    let mut head = [0; 512];
    let mut file = match path.is_dir() {
        true if !contents.is_file() => return Ok(Format::Other),
        true => File::open(contents)?,
        false => File::open(path)?,
    };
    let mut filled = 0;
    while filled < head.len() {
        match file.read(&mut head[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    let head = &head[..filled];
    let flag = |place: usize, mask: u8| head.get(place).is_some_and(|byte| byte & mask != 0);
    let packed = |program, guarded| {
        Format::Packed(program, if guarded { Packing::Guarded } else { Packing::Unguarded(program) })
    };
    Ok(if head.starts_with(b"PGDMP") {
        Format::Dump(dump_packing(head))
    } else if head.starts_with(&[0x1f, 0x8b]) {
        Format::Gzip
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        // RFC 8878, 3.1.1.1.1: Content_Checksum_flag.
        packed("zstd", flag(4, 0b100))
    } else if head.starts_with(&[0x04, 0x22, 0x4d, 0x18]) {
        // LZ4 frame format 1.6: content or block checksum.
        packed("lz4", flag(4, 0b1_0100))
    } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
        // .xz format 1.2: the kind of check is in the second byte of the stream flags.
        packed("xz", flag(7, 0x0f))
    } else if head.starts_with(b"BZh") {
        packed("bzip2", true)
    } else if head.get(257..262) == Some(b"ustar".as_slice()) {
        Format::Tar
    } else if head.starts_with(b"--") || head.starts_with(b"\n--") {
        Format::Plain
    } else {
        Format::Other
    })
}

/// pg_backup_archiver.c, `WriteHead`: since archive version 1.15 (PostgreSQL 16) the byte after six numbers names the packing;
/// before there was gzip only.
fn dump_packing(head: &[u8]) -> Packing {
    let named = head.get(5).zip(head.get(6)).is_some_and(|version| version >= (&1, &15));
    match head.get(11).filter(|_| named) {
        Some(2) => Packing::Unguarded("lz4"),
        Some(3) => Packing::Unguarded("zstd"),
        _ => Packing::Guarded,
    }
}

/// Unpacks a gzip file to its end; its trailer holds length and CRC. A dump inside must be complete too.
pub(super) fn gzip(path: &Path, given_up: &AtomicBool) -> Finding {
    let read = || -> io::Result<bool> {
        let mut unpacked = flate2::read::MultiGzDecoder::new(BufReader::with_capacity(BLOCK, File::open(path)?));
        let mut ending = Ending::default();
        let mut block = vec![0; BLOCK];
        loop {
            match unpacked.read(&mut block)? {
                0 => return Ok(ending.complete()),
                read => ending.take(&block[..read]),
            }
            go_on(given_up)?;
        }
    };
    match read() {
        Ok(true) => Finding::Good("unpacks to the end".to_owned()),
        Ok(false) => Finding::Damaged("the dump inside is not complete".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Finding::Damaged("truncated: the archive ends too early".to_owned())
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Finding::Damaged(format!("damaged: {error}"))
        }
        Err(error) => Finding::Unseen(format!("cannot read the backup: {}", plain_cause(&error))),
    }
}

/// Reads every member of a tar archive. pg_restore itself takes a tar file for good that ends in the middle of a table.
pub(super) fn tar(path: &Path, given_up: &AtomicBool) -> Finding {
    let read = || -> io::Result<()> {
        let mut archive = tar::Archive::new(BufReader::with_capacity(BLOCK, File::open(path)?));
        let mut block = vec![0; BLOCK];
        for member in archive.entries()? {
            let mut member = member?;
            let (size, mut came) = (member.size(), 0);
            loop {
                match member.read(&mut block)? {
                    0 => break,
                    read => came += read as u64,
                }
                go_on(given_up)?;
            }
            if came < size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    };
    match read() {
        Ok(()) => Finding::Good("all members are there".to_owned()),
        Err(error) if given_up.load(Ordering::Relaxed) => Finding::Unseen(error.to_string()),
        Err(_) => Finding::Damaged("truncated or damaged: the archive cannot be read to its end".to_owned()),
    }
}

/// Whether an SQL dump is complete: pg_dump and pg_dumpall write a last line.
pub(super) fn plain(path: &Path, given_up: &AtomicBool) -> Finding {
    let read = || -> io::Result<bool> {
        let mut file = BufReader::with_capacity(BLOCK, File::open(path)?);
        let mut ending = Ending::default();
        loop {
            let block = file.fill_buf()?;
            if block.is_empty() {
                return Ok(ending.complete());
            }
            ending.take(block);
            let length = block.len();
            file.consume(length);
            go_on(given_up)?;
        }
    };
    match read() {
        Ok(true) => Finding::Good("complete to its last line".to_owned()),
        Ok(false) => Finding::Damaged("truncated: the dump's last line is missing".to_owned()),
        Err(error) => Finding::Unseen(format!("cannot read the backup: {}", plain_cause(&error))),
    }
}

/// The first and last bytes of a text, to tell whether a PostgreSQL dump is complete.
#[derive(Debug, Default)]
struct Ending {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Ending {
    const KEPT: usize = 4096;

    fn take(&mut self, block: &[u8]) {
        let room = Self::KEPT.saturating_sub(self.head.len()).min(block.len());
        self.head.extend_from_slice(&block[..room]);
        self.tail.extend_from_slice(&block[block.len().saturating_sub(Self::KEPT)..]);
        let surplus = self.tail.len().saturating_sub(Self::KEPT);
        self.tail.drain(..surplus);
    }

    /// True for what is no PostgreSQL dump.
    fn complete(&self) -> bool {
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.tail));
        let pairs = [
            ("PostgreSQL database dump", "PostgreSQL database dump complete"),
            ("PostgreSQL database cluster dump", "PostgreSQL database cluster dump complete"),
        ];
        pairs.iter().all(|(begin, end)| !head.contains(begin) || tail.contains(end))
    }
}

fn go_on(given_up: &AtomicBool) -> io::Result<()> {
    if given_up.load(Ordering::Relaxed) { Err(io::Error::other("the look was given up")) } else { Ok(()) }
}
