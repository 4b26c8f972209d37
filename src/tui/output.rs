//! What a running step prints, a screenful at a time: read from its file, wrapped, coloured, searched.
//!
//! All of it happens outside of the drawing thread, and however much there is, only what is shown is read. [`look`] blocks
//! for the reads of a few pages.

mod rows;

use std::io;

use ratatui::text::Line;

use super::color::Depth;
use warroom_exec::{Job, JobFolder, OutputReader};

/// Lines that a search reads at once.
const SEARCH_BLOCK: usize = 2000;

/// Where a row of the output stands: the byte at which its line begins, and the row within that wrapped line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Place {
    pub byte: u64,
    pub row: usize,
}

/// Where to look, seen from where one looked before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Go {
    Start,
    End,
    /// Rows down; up when negative. Zero looks at the same place again.
    By(isize),
    /// The next line that holds the query, after or before the one found last, else the first one shown. After the last line
    /// comes the first.
    Find {
        backwards: bool,
    },
}

/// A wish to see a part of what an action printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub folder: JobFolder,
    pub from: Place,
    /// Where the line begins that a search found last.
    pub hit: Option<u64>,
    pub go: Go,
    /// What is looked for; its places are marked. Letters of either case.
    pub query: String,
    pub columns: usize,
    pub rows: usize,
    pub depth: Depth,
}

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    pub top: Place,
    /// At most as many as were asked for, each at most as wide.
    pub rows: Vec<Line<'static>>,
    /// The last row is the last that was printed.
    pub at_end: bool,
    /// All that was printed, as far as it can be known now.
    pub bytes: u64,
    /// What was printed and is not kept.
    pub dropped_bytes: u64,
    /// False when a search found nothing; then the place is the one before.
    pub found: bool,
    /// Where the line begins that a search has found.
    pub hit: Option<u64>,
    /// The search went on at the other end.
    pub around: bool,
}

/// Reads what is to be shown. The error is the operating system's.
pub fn look(look: &Look) -> io::Result<Seen> {
    let job = Job::attach(&look.folder);
    let reader = job.output();
    let live = job.live();
    // Lines that are on their way: of a full file only the last ones, and what has no line break yet.
    let mut tail: Vec<String> = live.end.lines().map(str::to_owned).collect();
    tail.extend(live.unfinished.iter().filter(|line| !line.is_empty()).cloned());
    let mut sight = Sight { look, reader: &reader, tail };
    // What was found stays found while nothing moves.
    let (mut hit, mut around, mut found) = (look.hit.filter(|_| look.go == Go::By(0)), false, true);
    let top = match &look.go {
        Go::Start | Go::End => Place::default(),
        Go::By(rows) => sight.moved(look.from, *rows)?,
        Go::Find { backwards } => match sight.find(*backwards)? {
            Some((byte, went_around)) => {
                (hit, around) = (Some(byte), went_around);
                Place { byte, row: 0 }
            }
            None => {
                found = false;
                look.from
            }
        },
    };
    let mut seen = if look.go == Go::End { sight.end()? } else { sight.down_from(top)? };
    // A screen that could be fuller is: the end stands at its bottom.
    if seen.at_end && seen.rows.len() < look.rows && seen.top > Place::default() {
        seen = sight.end()?;
    }
    (seen.found, seen.hit, seen.around) = (found, hit, around);
    seen.dropped_bytes = live.dropped_bytes;
    seen.bytes = live.bytes.max(reader.bytes());
    Ok(seen)
}

struct Sight<'a> {
    look: &'a Look,
    reader: &'a OutputReader,
    tail: Vec<String>,
}

impl Sight<'_> {
    fn wrapped(&self, line: &str) -> Vec<Line<'static>> {
        rows::wrapped(line, self.look.columns, &self.look.query, self.look.depth)
    }

    /// The last screenful.
    fn end(&mut self) -> io::Result<Seen> {
        let wanted = self.look.rows.max(1);
        let mut rows: Vec<(Place, Line<'static>)> = Vec::new();
        let size = self.reader.bytes();
        let mut before = size;
        let mut tail: Vec<Line<'static>> = Vec::new();
        for line in &self.tail {
            tail.extend(self.wrapped(line));
        }
        // One line after the other, so that a window of long lines is not wrapped for nothing.
        while rows.len() + tail.len() < wanted && before > 0 {
            let window = self.reader.lines_before(before, 1)?;
            let Some(line) = window.lines.first() else { break };
            let place = |row| Place { byte: window.from, row };
            let wrapped = self.wrapped(line).into_iter().enumerate().map(|(row, line)| (place(row), line));
            rows.splice(0..0, wrapped);
            if window.from >= before {
                break;
            }
            before = window.from;
        }
        let surplus = (rows.len() + tail.len()).saturating_sub(wanted);
        let from_file = surplus.min(rows.len());
        rows.drain(..from_file);
        tail.drain(..surplus - from_file);
        let top = rows.first().map_or(Place { byte: size, row: 0 }, |(place, _)| *place);
        let rows = rows.into_iter().map(|(_, line)| line).chain(tail).collect();
        Ok(Seen { top, rows, at_end: true, ..Seen::default() })
    }

    /// A screenful from a place on.
    fn down_from(&mut self, top: Place) -> io::Result<Seen> {
        let wanted = self.look.rows;
        let mut rows = Vec::new();
        let mut skip = top.row;
        let mut at = top.byte;
        while rows.len() <= wanted {
            let window = self.reader.lines_from(at, 1)?;
            let Some(line) = window.lines.first() else { break };
            rows.extend(self.wrapped(line).into_iter().skip(skip));
            (skip, at) = (0, window.to);
        }
        if rows.len() <= wanted {
            for line in &self.tail {
                rows.extend(self.wrapped(line));
            }
        }
        let at_end = rows.len() <= wanted;
        rows.truncate(wanted);
        Ok(Seen { top, rows, at_end, ..Seen::default() })
    }

    /// The place so many rows further, not beyond the first or the last line.
    fn moved(&self, from: Place, by: isize) -> io::Result<Place> {
        let mut place = from;
        let mut left = by.unsigned_abs();
        while left > 0 {
            if by > 0 {
                let window = self.reader.lines_from(place.byte, 1)?;
                let Some(line) = window.lines.first() else { break };
                let rows = self.wrapped(line).len();
                let rest = rows.saturating_sub(place.row + 1);
                if rest >= left {
                    place.row += left;
                    break;
                }
                left -= rest + 1;
                if self.reader.lines_from(window.to, 1)?.lines.is_empty() {
                    break;
                }
                place = Place { byte: window.to, row: 0 };
            } else {
                if place.row >= left {
                    place.row -= left;
                    break;
                }
                left -= place.row + 1;
                place.row = 0;
                let window = self.reader.lines_before(place.byte, 1)?;
                let Some(line) = window.lines.first() else { break };
                place = Place { byte: window.from, row: self.wrapped(line).len().saturating_sub(1) };
            }
        }
        Ok(place)
    }

    /// The byte at which the next line begins that holds the query, and whether it lies around the end.
    fn find(&self, backwards: bool) -> io::Result<Option<(u64, bool)>> {
        let query = self.look.query.to_lowercase();
        if query.is_empty() {
            return Ok(None);
        }
        let from = self.look.hit.unwrap_or(self.look.from.byte);
        if backwards {
            return Ok(match self.last_before(from, &query)? {
                Some(byte) => Some((byte, false)),
                None => self.last_before(self.reader.bytes(), &query)?.map(|byte| (byte, true)),
            });
        }
        let after = self.reader.lines_from(from, 1)?.to;
        Ok(match self.first_from(after, &query)? {
            Some(byte) => Some((byte, false)),
            None => self.first_from(0, &query)?.map(|byte| (byte, true)),
        })
    }

    fn first_from(&self, mut at: u64, query: &str) -> io::Result<Option<u64>> {
        loop {
            let block = self.reader.lines_from(at, SEARCH_BLOCK)?;
            if block.lines.is_empty() {
                return Ok(None);
            }
            if let Some(index) = block.lines.iter().position(|line| holds(line, query)) {
                return Ok(Some(self.reader.lines_from(at, index)?.to));
            }
            at = block.to;
        }
    }

    fn last_before(&self, mut at: u64, query: &str) -> io::Result<Option<u64>> {
        while at > 0 {
            let window = self.reader.lines_before(at, 1)?;
            if window.lines.is_empty() || window.from >= at {
                break;
            }
            if window.lines.iter().any(|line| holds(line, query)) {
                return Ok(Some(window.from));
            }
            at = window.from;
        }
        Ok(None)
    }
}

/// True when a line of the output holds a query in lower case.
fn holds(line: &str, query: &str) -> bool {
    rows::plain(line).to_lowercase().contains(query)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn job(output: &str) -> (tempfile::TempDir, Look) {
        let folder = tempfile::tempdir().unwrap();
        let job = JobFolder::new(folder.path().join("job"));
        job.create().unwrap();
        fs::write(job.output(), output).unwrap();
        let look = Look {
            folder: job,
            from: Place::default(),
            hit: None,
            go: Go::End,
            query: String::new(),
            columns: 20,
            rows: 5,
            depth: Depth::True,
        };
        (folder, look)
    }

    fn texts(seen: &Seen) -> Vec<String> {
        seen.rows.iter().map(ToString::to_string).collect()
    }

    fn seen(look: &Look, go: Go, from: Place) -> Seen {
        super::look(&Look { go, from, ..look.clone() }).unwrap()
    }

    #[test]
    fn the_end_is_followed_and_scrolling_moves_by_rows() {
        let lines: Vec<String> = (0..100).map(|n| format!("line {n}\n")).collect();
        let (_folder, look) = job(&lines.concat());
        let end = seen(&look, Go::End, Place::default());
        assert_eq!(texts(&end), ["line 95", "line 96", "line 97", "line 98", "line 99"]);
        assert!(end.at_end);
        let up = seen(&look, Go::By(-3), end.top);
        assert_eq!(texts(&up)[0], "line 92");
        assert!(!up.at_end);
        let down = seen(&look, Go::By(50), up.top);
        assert_eq!(texts(&down), texts(&end), "the last screen is full");
        let start = seen(&look, Go::By(-1000), end.top);
        assert_eq!((start.top, texts(&start)[0].as_str()), (Place::default(), "line 0"));
    }

    #[test]
    fn long_lines_are_wrapped_and_scrolled_through() {
        let (_folder, look) = job(&format!("{}\nshort\n", "abcdefghij".repeat(20)));
        let start = seen(&look, Go::Start, Place::default());
        assert_eq!(texts(&start), vec!["abcdefghijabcdefghij"; 5]);
        let next = seen(&look, Go::By(6), start.top);
        assert_eq!(next.top, Place { byte: 0, row: 6 });
        assert_eq!(texts(&next).last().unwrap(), "short");
        assert_eq!(seen(&look, Go::By(-2), next.top).top, Place { byte: 0, row: 4 });
    }

    #[test]
    fn a_search_goes_on_to_the_next_line_and_back() {
        let lines: Vec<String> = (0..5000).map(|n| format!("\u{1b}[3{}mrow {n}\u{1b}[0m\n", n % 8)).collect();
        let (_folder, mut look) = job(&lines.concat());
        look.query = "ROW 4321".into();
        let found = seen(&look, Go::Find { backwards: false }, Place::default());
        assert!(found.found);
        assert_eq!(texts(&found)[0], "row 4321");
        let again = seen(&look, Go::Find { backwards: false }, found.top);
        assert!(
            again.found && again.around && again.top == found.top,
            "there is only one, found again from the other end"
        );
        let end = seen(&look, Go::End, Place::default());
        assert_eq!(texts(&seen(&look, Go::Find { backwards: true }, end.top))[0], "row 4321");
    }

    #[test]
    fn what_is_on_its_way_stands_at_the_end() {
        let (_folder, look) = job("first\n");
        let live = warroom_exec::live::Live {
            bytes: 500,
            dropped_bytes: 400,
            unfinished: vec!["Password?".into()],
            end: "last line\n".into(),
        };
        fs::write(look.folder.live(), serde_json::to_vec(&live).unwrap()).unwrap();
        let end = seen(&look, Go::End, Place::default());
        assert_eq!(texts(&end), ["first", "last line", "Password?"]);
        assert_eq!((end.bytes, end.dropped_bytes), (500, 400));
    }

    #[test]
    fn nothing_printed_is_nothing_seen() {
        let (_folder, look) = job("");
        for go in [Go::Start, Go::End, Go::By(3), Go::By(-3), Go::Find { backwards: true }] {
            assert_eq!(texts(&seen(&look, go, Place::default())), Vec::<String>::new());
        }
    }
}
