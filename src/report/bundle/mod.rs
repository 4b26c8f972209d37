//! The evidence bundle: an archive with the journal, the evidence and the exports of an incident, which checks itself.
//!
//! ```text
//! INC-20260121-7k3q/
//!   README.txt                    what is what, how to check it, what was left out
//!   SHA256SUMS                    of every other file, for `sha256sum -c`
//!   incident.md .html .json .csv  the exports, and postmortem.md
//!   evidence.md                   what runbooks mark as evidence, each output under its own heading
//!   incidents/INC-20260121-7k3q/  the incident's folder: this program reads it with `--data-dir`
//!     log/                        every log up to its last whole line, and torn lines that were set aside
//!     evidence/
//!     runs/RUN/runbook.md         the document as it was, and
//!     runs/RUN/jobs/JOB/output    what each action printed, masked
//! ```
//!
//! What else stands below a run (the session's variables, a kubeconfig, locks, and results, which tell variables too) could hold a
//! secret and stays out; all that matters of it is in the journal. Links, pipes and other special files stay out and are named.
//!
//! The logs are those of a [`Snapshot`], from which the exports are to be made too: what their checkpoints say is in the bundle,
//! though others go on writing. The same incident gives the same bytes: files are sorted, belong to nobody (0:0), have mode 0600 and
//! the time of the last event.

mod archive;
mod evidence;
mod files;
mod snapshot;

use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;

pub use self::snapshot::Snapshot;
use self::{archive::Archive, files::Found};
use warroom_incident::{
    IncidentState,
    journal::{Checkpoint, IncidentFolder, verify::open_below},
};

/// What a bundle is made of.
#[derive(Clone, Copy)]
pub struct Bundle<'a> {
    /// The incident's own folder.
    pub folder: &'a IncidentFolder,
    pub snapshot: &'a Snapshot,
    pub state: &'a IncidentState,
    /// The time of the last event.
    pub as_of: Timestamp,
    /// The last line of each log.
    pub checkpoints: &'a [Checkpoint],
    /// Names and texts, made from the snapshot.
    pub exports: &'a [(&'static str, String)],
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// Files in the archive.
    pub files: usize,
    pub bytes: u64,
    /// What was left out, one sentence part each: its name, made harmless, and why.
    pub left_out: Vec<String>,
}

/// Writes the bundle into a new file, mode 0600, and syncs it.
pub fn write(bundle: &Bundle<'_>, file: &Path) -> Result<Written> {
    let id = bundle.folder.id().as_str();
    let mut archive =
        Archive::create(file, id, bundle.as_of).with_context(|| format!("cannot write {}", file.display()))?;
    let logs = bundle.snapshot.folder().path();
    let live = bundle.folder.path();
    let mut left_out = bundle.snapshot.left_out().to_vec();
    let mut found: Vec<(&Path, Found)> = Vec::new();
    found.extend(files::below(logs, "log", &mut left_out).into_iter().map(|one| (logs, one)));
    for part in ["evidence", "runs"] {
        found.extend(files::below(live, part, &mut left_out).into_iter().map(|one| (live, one)));
    }
    for (root, one) in found {
        let opened = open_below(root, &one.path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened {
            // Gone, or not to be read: the rest is worth having all the same.
            Err(error) => left_out.push(files::left_out(&one.path, &error.to_string())),
            Ok((length, source)) => {
                let inside = Path::new("incidents").join(id).join(&one.path);
                archive
                    .add(&inside, length, source)
                    .with_context(|| format!("cannot put {} into the bundle", files::shown(&one.path)))?;
            }
        }
    }
    for (name, text) in bundle.exports {
        archive.add(Path::new(name), text.len() as u64, text.as_bytes())?;
    }
    let marked = evidence::page(live, &Path::new("incidents").join(id), bundle.state);
    if let Some(text) = &marked {
        archive.add(Path::new("evidence.md"), text.len() as u64, text.as_bytes())?;
    }
    let readme = readme(bundle, marked.is_some(), &left_out);
    archive.add(Path::new("README.txt"), readme.len() as u64, readme.as_bytes())?;
    let (files, bytes) = archive.finish().with_context(|| format!("cannot write {}", file.display()))?;
    Ok(Written { files, bytes, left_out })
}

fn readme(bundle: &Bundle<'_>, has_evidence: bool, left_out: &[String]) -> String {
    let id = bundle.folder.id().as_str();
    let mut text = format!(
        "Evidence of incident {id}, as of {as_of:.0}

  incident.html, incident.md   the incident for people
  incident.json, incident.csv  the same for programs and spreadsheets
  postmortem.md                the draft of the post-mortem
{evidence}
In incidents/{id}/:

  log/       the journal: a log for each responder, every line chained to the one before it
  evidence/  files that were kept as evidence
  runs/      the runbooks that were followed, and what their commands printed

Check that nothing was changed since the bundle was made, in this folder:

  sha256sum -c SHA256SUMS

Check the chains, checkpoints and evidence of the journal itself, and read it, with warroom:

  warroom --data-dir . incident verify {id}
  warroom --data-dir . incident show {id}
  warroom --data-dir . incident export {id} --format html

Whoever can change this folder can change SHA256SUMS too. These checkpoints, kept elsewhere, show whether the journal is the same
(warroom incident verify --checkpoint):

",
        as_of = bundle.as_of,
        evidence = match has_evidence {
            true => "  evidence.md                  outputs that runbooks mark as evidence\n",
            false => "",
        },
    );
    bundle.checkpoints.iter().for_each(|checkpoint| text.push_str(&format!("  {checkpoint}\n")));
    if bundle.checkpoints.is_empty() {
        text.push_str("  (none)\n");
    }
    text.push_str(
        "\nVariables and results of the runs' sessions, kubeconfigs and locks are left out: they could hold secrets.\n",
    );
    if !left_out.is_empty() {
        text.push_str("\nLeft out as well:\n\n");
        left_out.iter().for_each(|one| text.push_str(&format!("  {one}\n")));
    }
    text
}
