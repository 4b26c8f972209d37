//! The diagnostics log: one file a day below the data directory, readable by its owner only.
//!
//! In a data directory that a group shares, everybody has a folder of their own: `log/UID/`.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

use tracing_appender::{
    non_blocking::{NonBlockingBuilder, WorkerGuard},
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::EnvFilter;

use super::shared;

/// Writes the log until it is dropped; what is still queued then is written first.
#[derive(Debug)]
pub struct LogGuard {
    _worker: WorkerGuard,
}

/// How many daily files are kept.
const KEPT: usize = 14;

/// Starts to log into `data_dir/log`. `level` is `error`, `warn`, `info`, `debug` or `trace`; libraries are then heard from
/// `warn` on only, since they may log what they send. Filter directives (`warroom=debug,kube=info`) are taken as they are.
///
/// # Errors
/// When the folder cannot be made or written, or when something in this process logs already.
pub fn start(data_dir: &Path, level: &str) -> io::Result<LogGuard> {
    let mut folder = data_dir.join("log");
    if shared::is_shared(data_dir) {
        shared::make_folder(&folder)?;
        folder.push(rustix::process::geteuid().as_raw().to_string());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    } else {
        shared::make_folder(&folder)?;
    }
    // Also when it was there before. A file born at midnight gets the process's own mode: the folder is what guards it.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("warroom")
        .filename_suffix("log")
        .max_log_files(KEPT)
        .build(&folder)
        .map_err(io::Error::other)?;
    for entry in fs::read_dir(&folder)?.flatten() {
        fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o600))?;
    }
    // Not lossy: a log with holes misleads whoever reads it after an incident.
    let (writer, worker) = NonBlockingBuilder::default().lossy(false).finish(appender);
    // kube reports every refused connection as an error of its own; the probe says it once, in words.
    let plain = !level.contains(['=', ',']) && level != "off";
    let directives =
        if plain { format!("warn,kube_client::client::builder=off,warroom={level}") } else { level.to_owned() };
    let filter = EnvFilter::try_new(directives).map_err(io::Error::other)?;
    let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).with_env_filter(filter).finish();
    tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)?;
    Ok(LogGuard { _worker: worker })
}
