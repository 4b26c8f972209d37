//! An incident as a document, or as one archive of everything.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::View;
use warroom_domain::{health::bytes, platform::Pack};
use warroom_incident::journal::{IncidentFolder, access::sync_folder, verify::open_below};
use warroom_report::{
    self as report, Source,
    bundle::{Bundle, Snapshot},
};
use warroom_runbook::run::{Evidence, RunId};

/// Bytes of one output that are read for an export; the evidence itself stays whole in the incident's folder.
const LONGEST_OUTPUT: u64 = 4 << 20;

/// What an incident can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Md,
    Html,
    Json,
    Csv,
    Postmortem,
    Bundle,
}

impl Format {
    pub const ALL: [Format; 6] =
        [Format::Md, Format::Html, Format::Json, Format::Csv, Format::Postmortem, Format::Bundle];

    pub fn word(self) -> &'static str {
        match self {
            Format::Md => "md",
            Format::Html => "html",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Postmortem => "postmortem",
            Format::Bundle => "bundle",
        }
    }

    /// What it is, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Format::Md => "Markdown",
            Format::Html => "One self-contained page",
            Format::Json => "Everything, for programs",
            Format::Csv => "The timeline, for spreadsheets",
            Format::Postmortem => "The draft of the post-mortem",
            Format::Bundle => "Journal, evidence and all formats in one archive",
        }
    }

    pub fn named(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The file that it goes to when nobody names one.
    pub fn file(self, id: &str) -> PathBuf {
        match self {
            Format::Postmortem => format!("{id}-postmortem.md").into(),
            Format::Bundle => format!("{id}.tar").into(),
            _ => format!("{id}.{}", self.word()).into(),
        }
    }
}

/// Why nothing was written. One sentence.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file that is named cannot be one.
    #[error("{0}")]
    Target(String),
    #[error("{0}")]
    Failed(String),
}

/// What was written.
#[derive(Debug)]
pub struct Exported {
    /// `INC-….tar: 12 files, 40 KiB`
    pub said: String,
    /// What the archive lacks, one sentence each.
    pub notices: Vec<String>,
}

/// The pack of a platform, by its name. Without it an incident is written all the same, only without objectives.
pub type PackOf<'a> = &'a dyn Fn(&str) -> Option<Arc<Pack>>;

/// Writes an incident to a file.
pub fn to_file(
    folder: &IncidentFolder,
    format: Format,
    file: &Path,
    pack: PackOf<'_>,
) -> Result<Exported, ExportError> {
    if format == Format::Bundle {
        return bundle(folder, file, pack);
    }
    let view = View::read(folder.clone()).map_err(ExportError::Failed)?;
    let text = render(&view, folder.path(), format, pack)?;
    // It says what an incident says: for its owner, until they choose otherwise.
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
    let write = open.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    write.map_err(|error| failed("write", file, &error))?;
    let said = format!("{}: {}", file.display(), bytes(text.len() as f64));
    Ok(Exported { said, notices: view.torn() })
}

/// Everything as one archive, written beside its final name and put there when it is whole.
fn bundle(folder: &IncidentFolder, file: &Path, pack: PackOf<'_>) -> Result<Exported, ExportError> {
    let id = folder.id();
    let target = target(file, folder)?;
    let place = target.with_file_name(format!(".{id}.{}-{:08x}.part", std::process::id(), fastrand::u32(..)));
    let any = |error: anyhow::Error| ExportError::Failed(format!("{error:#}"));
    let snapshot = Snapshot::take(folder, &place).map_err(any)?;
    let view = View::read(snapshot.folder().clone()).map_err(ExportError::Failed)?;
    let mut exports = Vec::new();
    for (name, format) in [
        ("incident.csv", Format::Csv),
        ("incident.html", Format::Html),
        ("incident.json", Format::Json),
        ("incident.md", Format::Md),
        ("postmortem.md", Format::Postmortem),
    ] {
        exports.push((name, render(&view, folder.path(), format, pack)?));
    }
    let as_of = view.union().items().iter().map(|item| item.entry.at).max().unwrap_or_default();
    let checkpoints = view.checkpoints();
    let (state, checkpoints) = (view.state(), &checkpoints);
    let bundle = Bundle { folder, snapshot: &snapshot, state, as_of, checkpoints, exports: &exports };
    let unfinished = place.join("bundle.tar");
    let written = report::bundle::write(&bundle, &unfinished).map_err(any)?;
    std::fs::rename(&unfinished, &target)
        .and_then(|()| sync_folder(target.parent().unwrap_or(&target)))
        .map_err(|error| failed("write", &target, &error))?;
    let said = format!("{}: {} files, {}", target.display(), written.files, bytes(written.bytes as f64));
    let left_out = written.left_out.iter().map(|name| format!("left out of the bundle: {name}"));
    Ok(Exported { said, notices: view.torn().into_iter().chain(left_out).collect() })
}

fn failed(verb: &str, path: &Path, error: &std::io::Error) -> ExportError {
    ExportError::Failed(format!("cannot {verb} {}: {error}", path.display()))
}

/// Where the archive goes: an absolute path, links followed as when a file is opened. The folder must be there.
fn target(path: &Path, folder: &IncidentFolder) -> Result<PathBuf, ExportError> {
    let followed = match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => std::fs::canonicalize(path).ok(),
        _ => None,
    };
    let path = followed.as_deref().unwrap_or(path);
    let wrong = |what: String| Err(ExportError::Target(what));
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return wrong(format!("{} is no plain file: name one to write the bundle to", path.display()));
    }
    let Some(name) = path.file_name() else {
        return wrong(format!("{} names no file: name one to write the bundle to", path.display()));
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = std::fs::canonicalize(parent).map_err(|error| failed("write to", parent, &error))?;
    let own = std::fs::canonicalize(folder.path()).map_err(|error| failed("read", folder.path(), &error))?;
    if parent.starts_with(&own) {
        return wrong("the bundle cannot lie in the incident's own folder: write it to another one".to_owned());
    }
    Ok(parent.join(name))
}

/// The document. `root` is the folder of the incident, where its outputs are. A bundle is no document.
pub fn render(view: &View, root: &Path, format: Format, pack: PackOf<'_>) -> Result<String, ExportError> {
    let pack = pack(&view.state().platform);
    let timeline = view.timeline();
    let checkpoints = view.checkpoints();
    let outputs = |_: &RunId, evidence: &Evidence| -> Option<String> {
        // The journal's words are anybody's: they lead to nothing but files of the incident.
        let file = open_below(root, Path::new(&evidence.file)).ok()?;
        let mut bytes = Vec::new();
        file.take(LONGEST_OUTPUT).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    };
    let source = Source {
        id: view.id().as_str(),
        state: view.state(),
        timeline: &timeline,
        items: view.union().items(),
        pack: pack.as_deref(),
        checkpoints: &checkpoints,
        outputs: &outputs,
    };
    Ok(match format {
        Format::Md => report::markdown(&source),
        Format::Html => report::html(&source).map_err(|error| ExportError::Failed(error.to_string()))?,
        Format::Json => report::json(&source),
        Format::Csv => report::csv(&source),
        Format::Postmortem => report::postmortem(&source),
        Format::Bundle => return Err(ExportError::Target("a bundle goes to a file".to_owned())),
    })
}
