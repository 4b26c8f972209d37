//! All that one stream of an action passes through, from the pipe to the bytes that may be seen.

use super::{
    mask::{Masker, Secrets},
    neutralise::Neutraliser,
    text::{Painter, Text},
};

/// One stream.
#[derive(Debug)]
pub struct Pipeline {
    neutraliser: Neutraliser,
    masker: Masker,
    painter: Painter,
    read: Text,
    safe: Text,
    secrets: Secrets,
}

impl Pipeline {
    pub fn new(secrets: Secrets) -> Self {
        Pipeline {
            neutraliser: Neutraliser::default(),
            masker: Masker::new(secrets.clone()),
            painter: Painter::default(),
            read: Text::default(),
            safe: Text::default(),
            secrets,
        }
    }

    /// Takes the next bytes; gives what may be seen: with colour (behind `painted`), and plain.
    pub fn push(&mut self, chunk: &[u8], painted: &mut Vec<u8>) -> &[u8] {
        self.safe.clear();
        self.neutraliser.push(chunk, &mut self.read);
        self.masker.push(&mut self.read, &mut self.safe);
        self.painter.paint(&self.safe, painted);
        &self.safe.bytes
    }

    /// The rest, when the stream has ended.
    pub fn finish(&mut self, painted: &mut Vec<u8>) -> &[u8] {
        self.safe.clear();
        self.neutraliser.finish(&mut self.read);
        self.masker.push(&mut self.read, &mut self.safe);
        self.masker.finish(&mut self.safe);
        self.painter.paint(&self.safe, painted);
        self.painter.finish(painted);
        &self.safe.bytes
    }

    /// True when [`Self::finish`] would give something.
    pub fn holds_something(&self) -> bool {
        !self.neutraliser.unfinished().is_empty() || self.masker.holds_something()
    }

    /// The line that is being printed, masked, for somebody who watches.
    pub fn unfinished(&self) -> String {
        let line = self.neutraliser.unfinished();
        if line.is_empty() {
            return String::new();
        }
        // A secret that is being printed is not shown half. Whole ones are masked first: of one that is cut, the rest would stay.
        let masked = self.secrets.mask(&String::from_utf8_lossy(line));
        String::from_utf8_lossy(self.secrets.without_beginning(masked.as_bytes())).into_owned()
    }
}
