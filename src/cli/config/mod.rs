//! `warroom config`: the merged settings, where each came from, and what is wrong with them.

mod show;

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use clap::Subcommand;

use super::{ConfigError, Exit, diagnostics, global::Global, output::Output};
use warroom_domain::platform::Diagnostic;
use warroom_host::plain_file;
use warroom_room::{
    incident, settings,
    settings::{Layers, Origin, Places, Settings},
};
use warroom_tui::Options;

/// Show and check the settings
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Print the merged settings and where each came from
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say what is wrong with the settings
    #[command(after_help = "Exit codes: 0 clean, 64 wrong usage, 78 errors.")]
    Check {
        /// Print one JSON document a line, one line a finding
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &ConfigCommand, global: &Global) -> Result<Exit> {
    let output = Output::detect(global.no_color);
    match command {
        ConfigCommand::Show { json } => {
            let (_, origins) = load(global)?;
            show::run(&origins, *json, &output)?;
            Ok(Exit::Ok)
        }
        ConfigCommand::Check { json } => check(global, *json, &output),
    }
}

/// The settings that this command line makes of this machine's layers. The error is one sentence.
pub(super) fn load(global: &Global) -> Result<(Settings, Vec<Origin>)> {
    settings::load(&layers(global)).map_err(|errors| {
        let errors: Vec<&Diagnostic> = errors.iter().collect();
        ConfigError(diagnostics::first_of(&errors, "warroom config check")).into()
    })
}

fn check(global: &Global, json: bool, output: &Output) -> Result<Exit> {
    let layers = layers(global);
    let found = match settings::load(&layers) {
        Ok((settings, origins)) => {
            group(&settings, &origins).into_iter().chain(console(&settings, &origins, &layers.places)).collect()
        }
        Err(found) => found,
    };
    if json {
        output.json(&diagnostics::as_json_lines(&found)?)?;
    } else {
        let files: BTreeMap<&str, String> = found
            .iter()
            .filter_map(|d| Some((d.file.as_str(), plain_file::read_text(Path::new(&d.file)).ok()?)))
            .collect();
        let source = |file: &str| files.get(file).map(String::as_str);
        let mut text = diagnostics::as_snippets(&found, source, output);
        text.push_str(&format!("{}\n", diagnostics::verdict("settings", &found)));
        output.paint(&text)?;
    }
    Ok(if found.is_empty() { Exit::Ok } else { Exit::Config })
}

/// What the console would not start with.
fn console(settings: &Settings, origins: &[Origin], places: &Places) -> Option<Diagnostic> {
    let error = Options::new(settings, &places.themes).err()?;
    let origin = origins.iter().find(|origin| origin.key == error.key());
    let nowhere = || Diagnostic::error("settings", None, error.to_string());
    Some(origin.map_or_else(nowhere, |origin| origin.wrong(error.to_string())))
}

/// Whether the data directory can be shared as it is set. Other commands find out when they need it: a directory service that
/// does not answer must not keep the panels from being looked at.
fn group(settings: &Settings, origins: &[Origin]) -> Option<Diagnostic> {
    let error =
        incident::access::resolve(settings).and_then(|access| incident::access::guarded(settings, access)).err()?;
    let of = |key: &str| origins.iter().find(|origin| origin.key == key);
    of("data_group").or_else(|| of("data_dir")).map(|origin| origin.wrong(error))
}

fn layers(global: &Global) -> Layers {
    let mut flags = BTreeMap::new();
    let mut flag = |key: &'static str, value: Option<String>| {
        if let Some(value) = value {
            flags.insert(key, value);
        }
    };
    flag("pack", global.pack.clone());
    flag("environment", global.environment.clone());
    flag("data_dir", global.data_dir.as_ref().map(|folder| folder.display().to_string()));
    flag("read_only", global.read_only.then(|| "true".to_owned()));
    flag("ui.theme", global.theme.clone());
    flag("ui.color", global.no_color.then(|| "never".to_owned()));
    Layers {
        places: Places::of_this_machine(),
        file: global.config.clone(),
        // Names and values that are not text cannot be settings.
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        flags,
    }
}
