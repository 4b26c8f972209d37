//! Where runbooks come from: a pack's folder, and files by their path.

use std::path::Path;

use crate::{
    host::packs::{PackFolder, Place},
    platform::nearest,
    runbook::{self, Runbook},
};

/// The runbooks that can be opened.
pub trait Shelf: Send + Sync {
    /// All of them, in the order of their files.
    fn all(&self) -> Vec<Runbook>;

    /// One by its id, or by the path of a file. The error is one sentence that says what there is.
    fn open(&self, id: &str) -> Result<Runbook, String>;

    /// The folder in which a new runbook has to be put; `None` when it is part of the program.
    fn folder(&self) -> Option<String>;
}

/// The runbooks of a pack.
#[derive(Debug, Clone)]
pub struct PackShelf(pub PackFolder);

impl Shelf for PackShelf {
    fn all(&self) -> Vec<Runbook> {
        let files = self.0.files();
        let paths = files.runbooks().map(|id| format!("{id}.md"));
        let read = paths.filter_map(|path| Some((self.0.display(&path), self.0.read(&path).ok()?)));
        read.map(|(file, text)| runbook::parse(&file, &text)).collect()
    }

    fn open(&self, id: &str) -> Result<Runbook, String> {
        let all = self.all();
        if let Some(found) = all.iter().find(|runbook| runbook.id == id) {
            return Ok(found.clone());
        }
        if Path::new(id).is_file() {
            return file(id);
        }
        let hint = match nearest(id, all.iter().map(|runbook| runbook.id.as_str())) {
            Some(near) => format!("did you mean {near}?"),
            None => "see `warroom runbook list`".to_owned(),
        };
        Err(format!("there is no runbook {id}, neither in the pack {} nor as a file ({hint})", self.0.name))
    }

    fn folder(&self) -> Option<String> {
        match &self.0.place {
            Place::Disk(folder) => Some(folder.display().to_string()),
            Place::Embedded => None,
        }
    }
}

/// Reads a runbook from a file. The error is one sentence.
pub fn file(path: &str) -> Result<Runbook, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    Ok(runbook::parse(path, &String::from_utf8_lossy(&bytes)))
}
