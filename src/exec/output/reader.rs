//! Reads an action's output a window at a time, however much there is; also while it still grows.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// Read at once.
const BLOCK: u64 = 64 * 1024;
/// A longer line is given in parts.
const LONGEST_LINE: usize = 16 * 1024;

/// The file `output` of a job. Its only escape sequences are colours, and every line begins and ends without one.
#[derive(Debug, Clone)]
pub struct OutputReader {
    path: PathBuf,
}

/// Some lines of the output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// The byte at which the first line begins.
    pub from: u64,
    /// The byte after the last line: where to go on.
    pub to: u64,
    /// Without their line breaks. The last may be unfinished while the action runs.
    pub lines: Vec<String>,
}

impl OutputReader {
    pub fn new(path: &Path) -> Self {
        OutputReader { path: path.to_owned() }
    }

    /// Bytes in the file now; 0 when there is none.
    pub fn bytes(&self) -> u64 {
        self.path.metadata().map(|file| file.len()).unwrap_or_default()
    }

    /// At most `count` lines from a byte on, which must be where a line begins (0, or the `to` or `from` of a window).
    pub fn lines_from(&self, from: u64, count: usize) -> io::Result<Window> {
        let Some(file) = self.open()? else { return Ok(Window { from, to: from, lines: Vec::new() }) };
        let mut window = Window { from, to: from, lines: Vec::new() };
        let mut rest: Vec<u8> = Vec::new();
        let mut at = from;
        while window.lines.len() < count {
            let block = read_at(&file, at, BLOCK)?;
            let ended = block.is_empty();
            at += block.len() as u64;
            rest.extend_from_slice(&block);
            let mut begin = 0;
            while window.lines.len() < count {
                let line = &rest[begin..];
                let Some((length, skip)) = first_line(line, ended) else { break };
                window.lines.push(String::from_utf8_lossy(&line[..length]).into_owned());
                begin += length + skip;
            }
            window.to += begin as u64;
            rest.drain(..begin);
            if ended {
                break;
            }
        }
        Ok(window)
    }

    /// The last lines before a byte, at most `count`: to scroll up from a window's `from`, or to begin at the end.
    pub fn lines_before(&self, to: u64, count: usize) -> io::Result<Window> {
        let Some(file) = self.open()? else { return Ok(Window::default()) };
        let to = to.min(file.metadata()?.len());
        let mut from = to;
        let mut breaks = 0;
        // The break that ends the last line belongs to it.
        'blocks: while from > 0 {
            let start = from.saturating_sub(BLOCK);
            let block = read_at(&file, start, from - start)?;
            for (index, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
                let after = start + index as u64 + 1;
                if after == to {
                    continue;
                }
                breaks += 1;
                if breaks == count {
                    from = after;
                    break 'blocks;
                }
            }
            from = start;
        }
        // A very long line comes in parts, of which the last ones are wanted.
        let mut all = Window { from, to: from, lines: Vec::new() };
        let mut starts = Vec::new();
        while all.to < to {
            let next = self.lines_from(all.to, 1)?;
            let Some(line) = next.lines.into_iter().next() else { break };
            starts.push(all.to);
            all.lines.push(line);
            all.to = next.to;
            if all.lines.len() > count {
                all.lines.remove(0);
                starts.remove(0);
            }
        }
        all.from = starts.first().copied().unwrap_or(all.to);
        Ok(all)
    }

    fn open(&self) -> io::Result<Option<File>> {
        match File::open(&self.path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Length of the first line, and of what separates it from the next; `None` when more must be read first.
fn first_line(bytes: &[u8], ended: bool) -> Option<(usize, usize)> {
    match bytes.iter().take(LONGEST_LINE + 1).position(|byte| *byte == b'\n') {
        Some(length) => Some((length, 1)),
        None if bytes.len() > LONGEST_LINE => {
            // Not in the middle of a character.
            let cut = (0..=LONGEST_LINE).rev().find(|at| bytes[*at] & 0xc0 != 0x80).unwrap_or(LONGEST_LINE);
            Some((cut, 0))
        }
        None if ended && !bytes.is_empty() => Some((bytes.len(), 0)),
        None => None,
    }
}

fn read_at(file: &File, from: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut block = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while filled < block.len() {
        match file.read_at(&mut block[filled..], from + filled as u64)? {
            0 => break,
            more => filled += more,
        }
    }
    block.truncate(filled);
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_join_up_in_both_directions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let reader = OutputReader::new(&path);
        assert_eq!(reader.lines_from(0, 3).unwrap(), Window::default());
        let lines: Vec<String> = (0..20_000).map(|n| format!("line {n} äöü")).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let (mut at, mut seen) = (0, Vec::new());
        loop {
            let window = reader.lines_from(at, 977).unwrap();
            assert_eq!(window.from, at);
            if window.lines.is_empty() {
                break;
            }
            seen.extend(window.lines);
            at = window.to;
        }
        assert_eq!(seen, lines);
        let last = reader.lines_before(reader.bytes(), 3).unwrap();
        assert_eq!(last.lines, lines[19_997..]);
        let before = reader.lines_before(last.from, 2).unwrap();
        assert_eq!((before.lines.as_slice(), before.to), (&lines[19_995..19_997], last.from));
        assert_eq!(reader.lines_before(before.from, 1_000_000).unwrap().lines, lines[..19_995]);
    }

    #[test]
    fn a_line_too_long_for_memory_comes_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        let text = "ä".repeat(LONGEST_LINE);
        std::fs::write(&path, format!("{text}\nend\n")).unwrap();
        let reader = OutputReader::new(&path);
        let window = reader.lines_from(0, 100).unwrap();
        assert!(window.lines.iter().all(|line| line.len() <= LONGEST_LINE));
        assert_eq!(window.lines[..window.lines.len() - 1].concat(), text);
        assert_eq!(reader.lines_before(reader.bytes(), 1).unwrap().lines, ["end"]);
    }
}
