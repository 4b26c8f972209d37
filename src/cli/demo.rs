//! `warroom demo`: the console on a simulated platform, with nothing else needed.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use jiff::SignedDuration;
use tempfile::TempDir;

use super::{ConfigError, UsageError, open, output::Output};
use warroom_domain::platform::nearest;
use warroom_host::{clock, packs::PackFolder};
use warroom_room::{Room, settings::Settings};

/// The pack that the demo plays.
const PACK: &str = "dotmac";
/// The scenario that it plays unless told otherwise.
const SCENARIO: &str = "primary-outage";

/// Open the console on a simulated platform where an outage unfolds; no server is needed
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// Which scenario of the built-in pack to play
    #[arg(long, value_name = "ID", default_value = SCENARIO)]
    pub scenario: String,
    /// Begin this far into the scenario, as in `90s` or `2m`
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s")]
    pub at: Duration,
    /// Save the demo's incidents and runs instead of deleting them on exit
    #[arg(long)]
    pub keep: bool,
}

/// Where a demo keeps its incidents: apart from the real ones, and gone afterwards unless they are to be kept.
pub(super) struct Place {
    folder: Option<TempDir>,
    keep: bool,
}

impl Place {
    /// Makes it the data directory of the settings. A data directory that was `chosen` for the demo stays.
    pub(super) fn make(keep: bool, chosen: bool, settings: &mut Settings) -> Result<Place> {
        if chosen {
            return Ok(Place { folder: None, keep });
        }
        let folder = tempfile::Builder::new().prefix("warroom-demo-").tempdir();
        let folder = folder.context("cannot make a folder for the demo")?;
        settings.data_dir = folder.path().to_owned();
        settings.data_group = None;
        Ok(Place { folder: Some(folder), keep })
    }

    /// Removes it, or says where it is.
    pub(super) fn leave(self, output: &Output) -> Result<()> {
        match self.folder {
            Some(folder) if self.keep => {
                let kept = folder.keep();
                output.print(&format!("Demo data saved. To open it: --data-dir {}\n", kept.display()))?;
            }
            Some(folder) => folder.close().context("cannot remove the folder of the demo")?,
            None => {}
        }
        Ok(())
    }
}

/// The simulated platform, and the folder of its pack. Its scenario begins now, or has begun `--at` ago.
pub(super) fn room(args: &DemoArgs) -> Result<(Room, PackFolder)> {
    let folder = PackFolder::embedded(PACK)
        .ok_or_else(|| ConfigError(format!("the pack {PACK} is not part of this program; build it again")))?;
    let loaded = open::read_pack(&folder)?;
    let pack = loaded
        .pack
        .ok_or_else(|| ConfigError(format!("the built-in pack is broken; `warroom pack check {PACK}` says where")))?;
    if !pack.scenarios.contains_key(&args.scenario) {
        let hint = match nearest(&args.scenario, pack.scenarios.keys().map(String::as_str)) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("there is {}", pack.scenarios.keys().cloned().collect::<Vec<_>>().join(", ")),
        };
        return Err(UsageError(format!("the pack {PACK} has no scenario {} ({hint})", args.scenario)).into());
    }
    let environment = pack.environments.keys().next().cloned().unwrap_or_default();
    let started_at = clock::now() - SignedDuration::try_from(args.at).unwrap_or_default();
    let pack = pack.simulated(&args.scenario);
    Ok((Room::new(pack, &environment, folder.base()).with_simulation_since(started_at), folder))
}

fn duration(text: &str) -> Result<Duration, String> {
    let span: SignedDuration = text.parse().map_err(|_| "write a duration like 90s or 2m".to_owned())?;
    Duration::try_from(span).map_err(|_| "write a duration that is not negative".to_owned())
}
