//! Where the words of one text stand: from the places that the parser tells to bytes of the code.

use std::{cell::Cell, ops::Range};

use brush_parser::SourceSpan;

use super::text::Text;

/// One text that is being walked.
pub(super) struct Layer<'t> {
    pub(super) text: &'t Text,
    /// Byte of each character, when there are characters of more than one byte.
    bytes: Option<Vec<usize>>,
    /// The end of what was found last: words whose place the parser does not tell stand after it.
    pub(super) last: Cell<usize>,
}

impl<'t> Layer<'t> {
    pub(super) fn new(text: &'t Text) -> Self {
        let bytes = (!text.value.is_ascii()).then(|| {
            let mut bytes: Vec<usize> = text.value.char_indices().map(|(at, _)| at).collect();
            bytes.push(text.value.len());
            bytes
        });
        Self { text, bytes, last: Cell::new(0) }
    }

    pub(super) fn byte(&self, character: usize) -> usize {
        match &self.bytes {
            None => character.min(self.text.value.len()),
            Some(bytes) => bytes.get(character).copied().unwrap_or(self.text.value.len()),
        }
    }

    pub(super) fn range(&self, span: &SourceSpan) -> Range<usize> {
        let start = self.byte(span.start.index);
        start..self.byte(span.end.index).max(start)
    }

    /// The word as it stands in the text, traced to the code.
    pub(super) fn place(&self, value: &str, span: Option<&SourceSpan>) -> Text {
        let text = &self.text.value;
        let told = span.map(|span| self.range(span));
        if let Some(range) = &told
            && text.get(range.clone()) == Some(value)
        {
            self.last.set(range.end);
            return self.text.slice(range.clone());
        }
        // The parser's places are off after some comments and here-documents: look for the word close by.
        let from = told.as_ref().map_or(self.last.get(), |range| range.start.min(self.last.get().max(range.start)));
        let reach = (from + value.len() + 512).min(text.len());
        let reach = (reach..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        if let Some(at) = text.get(from..reach).and_then(|window| window.find(value)) {
            let start = from + at;
            self.last.set(start + value.len());
            return self.text.slice(start..start + value.len());
        }
        let range = told.unwrap_or(from..reach);
        self.last.set(range.end);
        self.text.aligned(value, range)
    }
}
