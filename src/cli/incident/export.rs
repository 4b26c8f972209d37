//! `warroom incident export`: an incident as a document.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::{pack_of, view};
use crate::{
    cli::{Exit, output::Output},
    report::{self, Source},
    room::incident::View,
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
    #[arg(long, value_enum, default_value = "md")]
    pub format: Format,
    /// The file to write instead of standard output
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
    let view = view(args.incident.as_deref(), settings)?;
    let text = render(&view, args.format, settings)?;
    match &args.output {
        None => output.print(&text)?,
        Some(path) => {
            // It says what an incident says: for its owner, until they choose otherwise.
            let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
            let write = open.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
            write.with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(Exit::Ok)
}

fn render(view: &View, format: Format, settings: &Settings) -> Result<String> {
    let timeline = view.timeline();
    // Without its pack an incident is exported all the same, only without objectives.
    let pack = pack_of(&view.state().platform, settings).ok();
    let checkpoints = view.checkpoints();
    let root = view.folder().path().to_owned();
    let outputs = |_: &RunId, evidence: &Evidence| -> Option<String> {
        let file = OpenOptions::new().read(true).open(root.join(&evidence.file)).ok()?;
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
