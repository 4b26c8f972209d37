//! The runbooks that can be opened: those of a pack, and files by their path.

use std::{io, path::Path};

use warroom_domain::{
    health::duration,
    platform::{Diagnostic, nearest},
};
use warroom_exec::gate::{Because, Refusal};
use warroom_host::{packs::PackFolder, plain_file};
use warroom_runbook::{self as runbook, Action, Lowered, Risk, Runbook};

/// Why a runbook cannot be opened. Each is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot read {0}: no such file")]
    NoFile(String),
    #[error("cannot read {file}: {error}")]
    Unreadable { file: String, error: io::Error },
    #[error("the pack {pack} has no runbook {wanted} ({hint})")]
    Unknown { wanted: String, pack: String, hint: String },
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Refusal {
        let because = match error {
            OpenError::Unknown { .. } => Because::Rule,
            OpenError::NoFile(_) | OpenError::Unreadable { .. } => Because::NoFile,
        };
        Refusal { why: error.to_string(), because }
    }
}

/// What a list says of a runbook.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub id: String,
    pub title: String,
    pub file: String,
    pub steps: usize,
    /// The worst of its actions; none when a person does everything.
    pub risk: Option<Risk>,
    /// Risks that the runbook lowers, each reason once.
    pub lowered: Vec<Lowered>,
    /// Alert or probe ids.
    pub triggers: Vec<String>,
    pub components: Vec<String>,
    pub severity: Option<String>,
    /// How many diagnostics its document has.
    pub problems: usize,
}

impl Summary {
    pub fn of(runbook: &Runbook) -> Self {
        let actions = runbook.steps().flat_map(runbook::Step::all_actions);
        let mut lowered = Vec::new();
        for one in actions.filter_map(|action| action.assessment.lowered()) {
            if !lowered.contains(&one) {
                lowered.push(one);
            }
        }
        Summary {
            id: runbook.id.clone(),
            title: runbook.title.clone(),
            file: runbook.file.clone(),
            steps: runbook.steps().count(),
            risk: runbook.steps().filter_map(runbook::Step::risk).max(),
            lowered,
            triggers: runbook.front.triggers.clone(),
            components: runbook.front.components.clone(),
            severity: runbook.front.severity.clone(),
            problems: runbook.diagnostics.len(),
        }
    }
}

/// What an action and its attributes say to whoever reads it, as other people wrote it.
pub fn notable(action: &Action) -> Vec<String> {
    let attributes = &action.attributes;
    let mut parts = Vec::new();
    parts.extend(action.asks.map(|asks| asks.word().to_owned()));
    parts.extend(attributes.db.as_ref().map(|db| format!("on {db}")));
    parts.extend(attributes.database.as_ref().map(|name| format!("in the database {name}")));
    parts.extend(attributes.write.then(|| "may write".to_owned()));
    parts.extend(attributes.context.as_ref().map(|context| format!("in {context}")));
    parts.extend(attributes.interactive.then(|| "takes the terminal".to_owned()));
    parts.extend(attributes.tty.then(|| "needs a terminal".to_owned()));
    parts.extend(attributes.timeout.map(|timeout| format!("at most {}", duration(timeout))));
    parts.extend(attributes.poll.map(|poll| format!("up to {} retries, {} apart", poll.retries, duration(poll.every))));
    parts.extend(attributes.parallel.then(|| "in parallel".to_owned()));
    parts.extend(attributes.evidence.then(|| "output is evidence".to_owned()));
    parts.extend(attributes.gate.as_ref().map(|gate| format!("only if {}", gate.source())));
    parts.extend(attributes.capture.as_ref().map(|capture| format!("sets ${}", capture.variable)));
    parts
}

/// Every runbook of a pack, in the order of its files. One that cannot be read is an error in its place.
pub fn all(pack: &PackFolder) -> Vec<Result<Runbook, OpenError>> {
    pack.files().runbooks().map(|name| named(pack, name)).collect()
}

/// One runbook of a pack, by the name of its file without `.md`, or by the id in its front matter.
pub fn find(pack: &PackFolder, wanted: &str) -> Result<Runbook, OpenError> {
    let files = pack.files();
    if files.runbooks().any(|name| name == wanted) {
        return named(pack, wanted);
    }
    // A name that no file has is an id; then all of them have to be read.
    let read: Vec<Runbook> = files.runbooks().filter_map(|name| named(pack, name).ok()).collect();
    let ids = || read.iter().map(|runbook| runbook.id.as_str());
    if let Some(found) = read.iter().find(|runbook| runbook.id == wanted) {
        return Ok(found.clone());
    }
    let hint = match nearest(wanted, files.runbooks().chain(ids())) {
        Some(other) => format!("did you mean {other}?"),
        None if read.is_empty() => "it has none; give the path of a file".to_owned(),
        None => "see `warroom runbook list`".to_owned(),
    };
    Err(OpenError::Unknown { wanted: wanted.to_owned(), pack: pack.name.clone(), hint })
}

/// What `FILE|ID` names. A bare word is a runbook of the pack before it is a file that happens to be here.
pub fn open(pack: &PackFolder, wanted: &str) -> Result<Runbook, OpenError> {
    let path = Path::new(wanted);
    if is_path(wanted) {
        return file(path);
    }
    match find(pack, wanted) {
        Err(OpenError::Unknown { .. }) if path.is_file() => file(path),
        found => found,
    }
}

/// Whether this can only be the path of a file, and no id.
pub fn is_path(wanted: &str) -> bool {
    Path::new(wanted).components().count() > 1 || wanted.ends_with(".md")
}

/// Reads a runbook from a file. Bytes that are not UTF-8 are read as `�`, with a diagnostic.
pub fn file(path: &Path) -> Result<Runbook, OpenError> {
    let name = path.display().to_string();
    let bytes = plain_file::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => OpenError::NoFile(name.clone()),
        _ => OpenError::Unreadable { file: name.clone(), error },
    })?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => runbook::parse(&name, &text),
        Err(error) => {
            let mut runbook = runbook::parse(&name, &String::from_utf8_lossy(error.as_bytes()));
            let message = "the file is not UTF-8 text: what could not be read is shown as �";
            runbook.diagnostics.insert(0, Diagnostic::error(&name, None, message).with_help("save it as UTF-8"));
            runbook
        }
    })
}

/// The runbook in the file of that name.
pub fn named(pack: &PackFolder, name: &str) -> Result<Runbook, OpenError> {
    let path = format!("{name}.md");
    let file = pack.display(&path);
    match pack.read(&path) {
        Ok(text) => Ok(runbook::parse(&file, &text)),
        Err(error) => Err(OpenError::Unreadable { file, error }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warroom_host::packs::MANIFEST;

    fn pack(files: &[(&str, &str)]) -> (tempfile::TempDir, PackFolder) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(MANIFEST), "").unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let pack = PackFolder::on_disk(folder.path()).unwrap();
        (folder, pack)
    }

    #[test]
    fn a_runbook_is_found_by_its_file_and_by_its_id() {
        let files = [
            ("restore.md", "---\nid: restore-database\n---\n# Restore\n"),
            ("README.md", "# About"),
            ("fail.md", "# F"),
        ];
        let (_folder, pack) = pack(&files);
        let ids: Vec<String> = all(&pack).into_iter().map(|runbook| runbook.unwrap().id).collect();
        assert_eq!(ids, ["fail", "restore-database"]);
        assert_eq!(find(&pack, "restore").unwrap().title, "Restore");
        assert_eq!(find(&pack, "restore-database").unwrap().title, "Restore");
        let error = find(&pack, "restor").unwrap_err().to_string();
        assert!(error.ends_with("has no runbook restor (did you mean restore?)"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_utf_8_is_read_and_says_so() {
        let (folder, _) = pack(&[]);
        let path = folder.path().join("latin.md");
        std::fs::write(&path, b"# Caf\xe9\n").unwrap();
        let runbook = file(&path).unwrap();
        assert_eq!((runbook.title.as_str(), runbook.diagnostics.len()), ("Caf\u{fffd}", 1));
        assert!(matches!(file(&folder.path().join("none.md")), Err(OpenError::NoFile(_))));
    }
}
