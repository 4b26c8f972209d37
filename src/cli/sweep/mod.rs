//! `warroom sweep`: every check at once, one answer, an exit code that a script can use.

mod json;
pub(super) use json::Probe as ProbeJson;
mod junit;
mod prometheus;
mod table;

use std::{
    fs::Permissions,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use super::{
    Exit, incident,
    output::{Output, complain},
};
use warroom_domain::{health::Status, platform::ProbeSpec, text};
use warroom_room::{Room, Sweep, incident::Sweeps, responder, settings::Settings};

/// Look once at every probe and say what is broken
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 all ok, 1 warn, 2 down, 3 unknown, 64 wrong usage, 78 bad configuration.")]
pub struct SweepArgs {
    /// Only these probes; the name of a panel stands for its probes
    #[arg(long, value_name = "ID", num_args = 1.., value_delimiter = ',')]
    only: Vec<String>,
    /// How to print what was seen
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write to FILE instead of standard output; replaced in one step
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Sweep again and again until interrupted, and record changes in the incident that is open; the exit code is that of the last
    /// sweep
    #[arg(long)]
    watch: bool,
    /// Seconds from the start of one sweep to the start of the next, with --watch
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,
}

/// Output formats of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// One JSON document a sweep
    Json,
    /// One JUnit test case a probe
    Junit,
    /// Prometheus text exposition format, for the node exporter's textfile collector
    Prometheus,
}

/// Sweeps once, or until interrupted.
pub async fn run(args: &SweepArgs, room: &Room, settings: &Settings, output: &Output) -> Result<Exit> {
    if let Some(unknown) = args.only.iter().find(|id| !room.pack.probes.iter().any(|spec| names(id, spec))) {
        return Err(no_such_probe(unknown, room).into());
    }
    let wanted = |spec: &ProbeSpec| args.only.is_empty() || args.only.iter().any(|id| names(id, spec));
    let format = if args.json { Format::Json } else { args.format };
    if !args.watch {
        let sweep = room.sweep(wanted).await;
        print(&sweep, format, args.output.as_deref(), output)?;
        return Ok(sweep.status.into());
    }
    let every = Duration::from_secs(args.every);
    let mut recorded = if settings.read_only { None } else { Some(sweeps(room, every, settings)?) };
    let mut told = None;
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut last = Status::Unknown;
    loop {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => return Ok(last.into()),
            sweep = async { interval.tick().await; room.sweep(wanted).await } => {
                last = sweep.status;
                if let Some(sweeps) = &mut recorded {
                    match sweeps.take(&sweep) {
                        Ok(None) => {}
                        Ok(Some(id)) => complain(&format!("what is seen is recorded in {id}")),
                        Err(why) if told.as_ref() == Some(&why) => {}
                        Err(why) => complain(&format!("not recorded: {}", told.insert(why))),
                    }
                }
                match format {
                    Format::Table if output.is_terminal() && args.output.is_none() => {
                        output.repaint(&table::render(&sweep, output))?;
                    }
                    format => print(&sweep, format, args.output.as_deref(), output)?,
                }
            }
        }
    }
}

/// What records the sweeps into the incident that is open.
fn sweeps(room: &Room, every: Duration, settings: &Settings) -> Result<Sweeps> {
    let (incidents, access) = (incident::incidents(settings)?, incident::access(settings)?);
    Ok(Sweeps::new(room, incidents, access, responder(), every))
}

fn names(id: &str, spec: &ProbeSpec) -> bool {
    spec.id == id || spec.panel == id
}

/// The usage error for a probe or panel that the pack does not have, with the nearest one.
pub(super) fn no_such_probe(id: &str, room: &Room) -> super::UsageError {
    let ids = room.pack.probes.iter().map(|spec| spec.id.as_str()).chain(room.pack.panels());
    let nearest = ids
        .map(|known| (strsim::jaro_winkler(known, id), known))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match nearest {
        Some((_, known)) => format!("did you mean {known}?"),
        None => "see `warroom probe list`".to_owned(),
    };
    super::UsageError(format!("there is no probe or panel {id} in the pack {} ({hint})", room.pack.name))
}

fn print(sweep: &Sweep, format: Format, file: Option<&Path>, output: &Output) -> Result<()> {
    let Some(file) = file else {
        match format {
            Format::Table => output.paint(&table::render(sweep, output))?,
            Format::Json => output.json(&json::render(sweep)?)?,
            Format::Junit => output.print(&junit::render(sweep)?)?,
            Format::Prometheus => output.print(&prometheus::render(sweep)?)?,
        }
        return Ok(());
    };
    let text = match format {
        Format::Table => table::render(sweep, &Output::of_a_file()).as_str().to_owned(),
        Format::Json => text::json(&json::render(sweep)?).into_owned(),
        Format::Junit => text::shown(&junit::render(sweep)?).into_owned(),
        Format::Prometheus => text::shown(&prometheus::render(sweep)?).into_owned(),
    };
    // Who reads it meanwhile, as the node exporter does, finds the old one or the new one.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut part = tempfile::Builder::new()
        .prefix(".sweep-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .with_context(|| format!("cannot write {}", file.display()))?;
    part.write_all(text.as_bytes())
        .and_then(|()| part.persist(file).map(drop).map_err(|error| error.error))
        .with_context(|| format!("cannot write {}", file.display()))
}
