//! `warroom incident export`: an incident as a document.

use std::{path::PathBuf, sync::Arc};

use anyhow::Result;
use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser},
};

use super::{incidents, pack_of, platform, view};
use crate::{
    Exit, UsageError,
    output::{Output, complain},
};
use warroom_room::{
    incident::{
        choose,
        export::{ExportError, Format, PackOf, render, to_file},
    },
    settings::Settings,
};

/// Write an incident as a document
#[derive(Debug, Clone, Args)]
pub struct ExportArgs {
    /// The incident; not needed when only one is open
    #[arg(value_name = "ID")]
    pub incident: Option<String>,
    #[arg(long, value_parser = formats(), default_value = "md", conflicts_with = "bundle")]
    pub format: String,
    /// Write everything as one archive instead: journal, evidence, all formats, and digests that `sha256sum -c` checks
    #[arg(long)]
    pub bundle: bool,
    /// The file to write instead of standard output; a bundle goes to ID.tar without it
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

fn formats() -> PossibleValuesParser {
    let documents = Format::ALL.into_iter().filter(|format| *format != Format::Bundle);
    PossibleValuesParser::new(documents.map(|format| PossibleValue::new(format.word()).help(format.title())))
}

pub(super) fn run(args: &ExportArgs, settings: &Settings, output: &Output) -> Result<Exit> {
    let format = if args.bundle { Format::Bundle } else { Format::named(&args.format).unwrap_or(Format::Md) };
    let pack: PackOf<'_> = &|platform| pack_of(platform, settings).ok().map(Arc::new);
    let file = args.output.clone();
    if file.is_none() && !args.bundle {
        let view = view(args.incident.as_deref(), settings)?;
        output.document(&render(&view, view.folder().path(), format, pack)?)?;
        return Ok(Exit::Ok);
    }
    let incidents = incidents(settings)?;
    let id = choose(&incidents, args.incident.as_deref(), platform(settings).as_deref()).map_err(UsageError)?;
    let folder = incidents.open(&id)?;
    let file = file.unwrap_or_else(|| format.file(id.as_str()));
    let exported = to_file(&folder, format, &file, pack).map_err(|error| match error {
        ExportError::Target(why) => anyhow::Error::from(UsageError(why)),
        failed @ ExportError::Failed(_) => failed.into(),
    })?;
    exported.notices.iter().for_each(|notice| complain(notice));
    output.print(&format!("{}\n", exported.said))?;
    Ok(Exit::Ok)
}
