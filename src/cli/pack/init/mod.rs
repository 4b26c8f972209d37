//! `warroom pack init`: writes a pack from what this machine already knows.

mod text;

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::Args;

use crate::{
    cli::{Exit, UsageError, output::Output},
    host::{discovery::Discovery, packs::MANIFEST},
    settings::Settings,
};

/// The name of a pack when nobody gives one.
const DEFAULT_NAME: &str = "my-platform";

/// Write a pack from the kubeconfig, DATABASE_URL or PG*, REDIS_URL and PROMETHEUS_URL
#[derive(Debug, Clone, Args)]
pub struct Init {
    /// The folder to write it to; without it, a folder of that name where packs are found
    dir: Option<PathBuf>,
    /// The name of the platform; without it the folder's
    #[arg(long)]
    name: Option<String>,
}

pub(super) fn run(args: &Init, settings: &Settings, output: &Output) -> Result<Exit> {
    let name = match (&args.name, &args.dir) {
        (Some(name), _) => {
            if text::as_id(name) != *name {
                let message = format!("a pack cannot be called {name}: use letters, digits, - and _");
                return Err(UsageError(message).into());
            }
            name.clone()
        }
        (None, Some(folder)) => name_of(folder),
        (None, None) => DEFAULT_NAME.to_owned(),
    };
    let folder = match (&args.dir, settings.pack_dirs.first()) {
        (Some(folder), _) => folder.clone(),
        (None, Some(packs)) => packs.join(&name),
        (None, None) => PathBuf::from(&name),
    };
    let variables =
        std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
    let found = Discovery::look(&variables.collect());
    let file = folder.join(MANIFEST);
    write_new(&folder, &file, &text::manifest(&name, &found))?;
    let opened = if args.dir.is_some() { shell_word(&folder) } else { name };
    let mut report = format!("wrote {}\n", file.display());
    report += &format!("found: {}\n", text::summary(&found));
    if let Some(problem) = &found.kubeconfig_problem {
        report += &format!("left out the kubeconfig: {problem}\n");
    }
    report += &format!("next: warroom --pack {opened} sweep\n");
    output.print(&report)?;
    Ok(Exit::Ok)
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

fn name_of(folder: &Path) -> String {
    // `.` and `..` have a name only once they are resolved; a folder that is not there yet has its own.
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = full.file_name().map(|name| text::as_id(&name.to_string_lossy())).unwrap_or_default();
    if name.is_empty() { DEFAULT_NAME.to_owned() } else { name }
}

/// A path as it can be pasted into a shell.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '=' | ':' | ',');
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
