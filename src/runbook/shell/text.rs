//! Text that was taken out of other text, and where each of its bytes stood there.

use std::ops::Range;

/// A string whose bytes can be traced to the code that the user sees. Nested shell (`sh -c '…'`) and SQL (`psql -c "…"`) are
/// put together from stretches of that code; a byte between two stretches counts as the last one before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub value: String,
    /// From this byte of `value` on, bytes stand at that byte of the code; ordered by the first.
    marks: Vec<(usize, usize)>,
}

impl Text {
    /// Text that stands as a whole at `start` of the code.
    pub fn verbatim(value: &str, start: usize) -> Self {
        Self { value: value.to_owned(), marks: vec![(0, start)] }
    }

    /// Adds text that stands at `start` of the code.
    pub fn push(&mut self, text: &str, start: usize) {
        if !text.is_empty() {
            self.marks.push((self.value.len(), start));
            self.value.push_str(text);
        }
    }

    /// Where a byte of the value stands in the code.
    pub fn outer(&self, index: usize) -> usize {
        let after = self.marks.partition_point(|(inner, _)| *inner <= index);
        match after.checked_sub(1).and_then(|before| self.marks.get(before)) {
            Some((inner, outer)) => outer + (index - inner),
            None => self.marks.first().map_or(0, |(_, outer)| *outer),
        }
    }

    pub fn outer_range(&self, range: Range<usize>) -> Range<usize> {
        let start = self.outer(range.start);
        // The end belongs to the stretch of the last byte, not to the one that starts there.
        let end =
            range.end.checked_sub(1).filter(|last| *last >= range.start).map_or(start, |last| self.outer(last) + 1);
        start..end.max(start)
    }

    /// A part of the value, traced to the code.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut slice = Self { value: self.value.get(range.clone()).unwrap_or_default().to_owned(), marks: Vec::new() };
        slice.marks.push((0, self.outer(range.start)));
        let first = self.marks.partition_point(|(inner, _)| *inner <= range.start);
        for (inner, outer) in self.marks.get(first..).unwrap_or_default() {
            if *inner >= range.end {
                break;
            }
            slice.marks.push((inner - range.start, *outer));
        }
        slice
    }

    /// `value` as it is found in `range` of this text when some of the range was left out (line continuations, comments).
    pub fn aligned(&self, value: &str, range: Range<usize>) -> Self {
        let here = self.value.get(range.clone()).unwrap_or_default();
        if here == value {
            return self.slice(range);
        }
        let mut text = Self { value: value.to_owned(), marks: vec![(0, self.outer(range.start))] };
        let mut rest = here.char_indices().peekable();
        let mut skipped = false;
        for (at, wanted) in value.char_indices() {
            // A byte that is not found any more keeps the place of the last one that was.
            let Some(&(mut place, mut found)) = rest.peek() else { break };
            if found != wanted {
                while found != wanted {
                    rest.next();
                    skipped = true;
                    match rest.peek() {
                        Some(&next) => (place, found) = next,
                        None => return text,
                    }
                }
            }
            if skipped {
                text.marks.push((at, self.outer(range.start + place)));
                skipped = false;
            }
            rest.next();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_traced_through_two_layers() {
        let code = "sh -c 'echo one; rm two'";
        let inner = Text::verbatim(code, 0).slice(7..23);
        assert_eq!(inner.value, "echo one; rm two");
        let deeper = inner.slice(10..16);
        assert_eq!(deeper.value, "rm two");
        assert_eq!(&code[deeper.outer_range(0..6)], "rm two");
    }

    #[test]
    fn what_was_left_out_is_stepped_over() {
        let code = "echo a\\\nb";
        let text = Text::verbatim(code, 0).aligned("ab", 5..9);
        assert_eq!(text.outer(0), 5);
        assert_eq!(text.outer(1), 8);
    }
}
