//! Which runbook is meant: a file by its path, or one of the pack by its id.

use std::path::Path;

use anyhow::Result;

use crate::{NoFileError, UsageError, open};
use warroom_room::{
    runbooks::{self, OpenError},
    settings::Settings,
};
use warroom_runbook::Runbook;

/// Opens what `FILE|ID` names. A file needs no pack.
pub(super) fn open(wanted: &str, settings: &Settings) -> Result<Runbook> {
    let path = Path::new(wanted);
    let pack = open::find_pack(settings.pack.as_deref(), settings);
    let found = match pack {
        _ if runbooks::is_path(wanted) => runbooks::file(path),
        Ok(pack) => runbooks::open(&pack, wanted),
        Err(_) if path.is_file() => runbooks::file(path),
        Err(error) => return Err(error),
    };
    found.map_err(explain)
}

/// What is wrong with the command line, or with a file.
fn explain(error: OpenError) -> anyhow::Error {
    match error {
        OpenError::Unknown { .. } => UsageError(error.to_string()).into(),
        OpenError::NoFile(_) | OpenError::Unreadable { .. } => NoFileError(error.to_string()).into(),
    }
}
