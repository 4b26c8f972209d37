//! `warroom pack init`: writes a pack, from what this machine already knows or from another pack.

mod copy;
mod rename;
mod text;

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::{Exit, UsageError, output::Output};
use warroom_domain::text::word;
use warroom_host::{discovery::Discovery, packs::MANIFEST};
use warroom_room::settings::Settings;

/// The name of a pack when nobody gives one.
const DEFAULT_NAME: &str = "my-platform";

/// Write a pack from the kubeconfig, DATABASE_URL or PG*, REDIS_URL and PROMETHEUS_URL, or from another pack
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 written, 1 the folder is in use or cannot be written, 64 wrong usage, \
    78 the pack to copy is unknown or has no name.")]
pub struct Init {
    /// The folder to write it to; without it, a folder of that name where packs are found
    dir: Option<PathBuf>,
    /// The name of the platform; without it the folder's
    #[arg(long)]
    name: Option<String>,
    /// Copy this pack with its runbooks, templates and drills to make it your own: a folder, or a name from
    /// `warroom pack list`
    #[arg(long, value_name = "DIR|NAME")]
    from: Option<String>,
}

/// Where a new pack goes.
struct Target {
    folder: PathBuf,
    name: String,
    /// Packs are looked up there: its name is enough to open it.
    known: bool,
}

impl Target {
    /// What `--pack` takes to open it, as it can be pasted into a shell.
    fn opened(&self) -> String {
        match self.folder.to_str() {
            _ if self.known => self.name.clone(),
            // A bare word would be looked up as a name before it is a folder.
            Some(name) if !name.contains('/') && !matches!(name, "." | "..") => word(&format!("./{name}")),
            _ => word(&self.folder.display().to_string()),
        }
    }
}

pub(super) fn run(args: &Init, settings: &Settings, output: &Output) -> Result<Exit> {
    let report = match &args.from {
        Some(from) => copy::run(from, |default| target(args, default, settings), settings)?,
        None => from_machine(&target(args, DEFAULT_NAME, settings)?)?,
    };
    output.print(&report)?;
    Ok(Exit::Ok)
}

/// The folder and the name that are asked for; `default` is the name when neither is.
fn target(args: &Init, default: &str, settings: &Settings) -> Result<Target> {
    let name = match (&args.name, &args.dir) {
        (Some(name), _) => {
            if text::as_id(name) != *name || name.trim_matches('.').is_empty() {
                let message = format!("a pack cannot be called `{name}`: use letters, digits, - and _");
                return Err(UsageError(message).into());
            }
            name.clone()
        }
        (None, Some(folder)) => name_of(folder, default),
        (None, None) => default.to_owned(),
    };
    let folder = match (&args.dir, settings.pack_dirs.first()) {
        (Some(folder), _) => folder.clone(),
        (None, Some(packs)) => packs.join(&name),
        (None, None) => PathBuf::from(&name),
    };
    let known = args.dir.is_none() && !settings.pack_dirs.is_empty();
    Ok(Target { folder, name, known })
}

/// Writes a pack from what is found on this machine, and says what was.
fn from_machine(target: &Target) -> Result<String> {
    let variables =
        std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    let found = Discovery::look(&variables.collect());
    let file = target.folder.join(MANIFEST);
    write_new(&target.folder, &file, &text::manifest(&target.name, &found))?;
    let mut report = format!("wrote {}\n", file.display());
    report += &format!("found: {}\n", text::summary(&found));
    if let Some(problem) = &found.kubeconfig_problem {
        report += &format!("left out the kubeconfig: {problem}\n");
    }
    report += &format!("next: warroom --pack {} sweep\n", target.opened());
    Ok(report)
}

/// Writes a file that must not be there yet.
fn write_new(folder: &Path, file: &Path, content: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let opened = OpenOptions::new().write(true).create_new(true).open(file);
    let mut opened = match opened {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(anyhow!("{} is there already and is left as it is (name another folder)", file.display()));
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {}", file.display())),
    };
    opened.write_all(content.as_bytes()).with_context(|| format!("cannot write {}", file.display()))
}

fn name_of(folder: &Path, default: &str) -> String {
    // `.` and `..` have a name only once they are resolved; a folder that is not there yet has its own.
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = full.file_name().map(|name| text::as_id(&name.to_string_lossy())).unwrap_or_default();
    if name.is_empty() { default.to_owned() } else { name }
}
