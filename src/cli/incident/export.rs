//! `warroom incident export`: an incident as a document.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};

use super::{incidents, pack_of, platform, view};
use crate::{
    cli::{
        Exit, UsageError,
        output::{Output, complain},
    },
    health::bytes,
    incident::journal::{IncidentFolder, access::sync_folder, verify::open_below},
    report::{
        self, Source,
        bundle::{Bundle, Snapshot},
    },
    room::incident::{View, choose},
    runbook::run::{Evidence, RunId},
    settings::Settings,
};

/// Bytes of one output that are read for an export; the evidence itself stays whole in the incident's folder.
const LONGEST_OUTPUT: u64 = 4 << 20;

/// Write an incident as a document
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The incident; not needed when only one is open
    #[arg(value_name = "ID")]
    pub incident: Option<String>,
    #[arg(long, value_enum, default_value = "md", conflicts_with = "bundle")]
    pub format: Format,
    /// Write everything as one archive instead: journal, evidence, all formats, and digests that `sha256sum -c` checks
    #[arg(long)]
    pub bundle: bool,
    /// The file to write instead of standard output; a bundle goes to ID.tar without it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What an incident can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Markdown
    Md,
    /// One self-contained page
    Html,
    /// Everything, for programs
    Json,
    /// The timeline, for spreadsheets
    Csv,
    /// The draft of the post-mortem
    Postmortem,
}

pub(super) fn run(args: &ExportArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    if args.bundle {
        return bundle(args, settings, output);
    }
    let view = view(args.incident.as_deref(), settings)?;
    let text = render(&view, view.folder().path(), args.format, settings)?;
    match &args.output {
        None => output.document(&text)?,
        Some(path) => {
            // It says what an incident says: for its owner, until they choose otherwise.
            let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
            let write = open.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
            write.with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(Exit::Ok)
}

/// Everything as one archive, written beside its final name and put there when it is whole.
fn bundle(args: &ExportArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let incidents = incidents(settings)?;
    let id = choose(&incidents, args.incident.as_deref(), platform(settings).as_deref()).map_err(UsageError)?;
    let folder = incidents.open(&id)?;
    let target = target(args.output.clone().unwrap_or_else(|| format!("{id}.tar").into()), &folder)?;
    let place = target.with_file_name(format!(".{id}.{}-{:08x}.part", std::process::id(), fastrand::u32(..)));
    let snapshot = Snapshot::take(&folder, &place)?;
    let view = View::read(snapshot.folder().clone()).map_err(|error| anyhow!(error))?;
    view.torn().iter().for_each(|sentence| complain(sentence));
    let mut exports = Vec::new();
    for (name, format) in [
        ("incident.csv", Format::Csv),
        ("incident.html", Format::Html),
        ("incident.json", Format::Json),
        ("incident.md", Format::Md),
        ("postmortem.md", Format::Postmortem),
    ] {
        exports.push((name, render(&view, folder.path(), format, settings)?));
    }
    let as_of = view.union().items().iter().map(|item| item.entry.at).max().unwrap_or_default();
    let checkpoints = view.checkpoints();
    let (state, checkpoints) = (view.state(), &checkpoints);
    let bundle = Bundle { folder: &folder, snapshot: &snapshot, state, as_of, checkpoints, exports: &exports };
    let unfinished = place.join("bundle.tar");
    let written = report::bundle::write(&bundle, &unfinished)?;
    std::fs::rename(&unfinished, &target)
        .and_then(|()| sync_folder(target.parent().unwrap_or(&target)))
        .with_context(|| format!("cannot write {}", target.display()))?;
    for name in &written.left_out {
        complain(&format!("left out of the bundle: {name}"));
    }
    let size = bytes(written.bytes as f64);
    output.print(&format!("{}: {} files, {size}\n", target.display(), written.files))?;
    Ok(Exit::Ok)
}

/// Where the archive goes: an absolute path, links followed as when a file is opened. The folder must be there.
fn target(path: PathBuf, folder: &IncidentFolder) -> Result<PathBuf> {
    let path = match path.symlink_metadata() {
        Ok(found) if found.is_symlink() => std::fs::canonicalize(&path).unwrap_or(path),
        _ => path,
    };
    let wrong = |what: String| anyhow::Error::from(UsageError(what));
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(wrong(format!("{} is no plain file: name one to write the bundle to", path.display())));
    }
    let Some(name) = path.file_name() else {
        return Err(wrong(format!("{} names no file: name one to write the bundle to", path.display())));
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let parent = std::fs::canonicalize(parent).with_context(|| format!("cannot write to {}", parent.display()))?;
    let own =
        std::fs::canonicalize(folder.path()).with_context(|| format!("cannot read {}", folder.path().display()))?;
    if parent.starts_with(&own) {
        return Err(wrong("the bundle cannot lie in the incident's own folder: write it to another one".to_owned()));
    }
    Ok(parent.join(name))
}

/// `root` is the folder of the incident, where its outputs are.
fn render(view: &View, root: &Path, format: Format, settings: &Settings) -> Result<String> {
    let timeline = view.timeline();
    // Without its pack an incident is exported all the same, only without objectives.
    let pack = pack_of(&view.state().platform, settings).ok();
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
        pack: pack.as_ref(),
        checkpoints: &checkpoints,
        outputs: &outputs,
    };
    Ok(match format {
        Format::Md => report::markdown(&source),
        Format::Html => report::html(&source)?,
        Format::Json => report::json(&source),
        Format::Csv => report::csv(&source),
        Format::Postmortem => report::postmortem(&source),
    })
}
