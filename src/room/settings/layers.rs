//! Reads the layers, merges them, and remembers where every value came from.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use config::{Config, ConfigError, FileFormat, Value, ValueKind};

use super::{Places, Settings, check};
use warroom_domain::platform::Diagnostic;
use warroom_host::{plain_file, secret::expand_home};

/// Everything that settings are read from.
#[derive(Debug, Clone)]
pub struct Layers {
    pub places: Places,
    /// `--config FILE`: must exist, unlike the other files.
    pub file: Option<PathBuf>,
    /// The program's environment variables.
    pub environment: HashMap<String, String>,
    /// Key (`ui.theme`) → value, from command-line flags.
    pub flags: BTreeMap<&'static str, String>,
}

/// One layer's name, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(&'static str),
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Layer::Default => f.write_str("default"),
            Layer::File(path) => write!(f, "{}", path.display()),
            Layer::Environment(name) => f.write_str(name),
            Layer::Flag(key) => write!(f, "{}", check::flag_of(key)),
        }
    }
}

/// A merged value and the layer that won.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// `ui.theme`
    pub key: String,
    pub value: String,
    pub layer: Layer,
}

impl Origin {
    /// Something wrong with the value, at the place where it was set.
    pub fn wrong(&self, message: String) -> Diagnostic {
        check::at_origin(self, message)
    }
}

/// The defaults, in the form in which a user would write them.
fn defaults(places: &Places) -> String {
    let text = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let pack_dirs: Vec<String> = places.pack_dirs.iter().map(|dir| text(dir)).collect();
    format!(
        r#"pack_dirs = [{}]
data_dir = {}
read_only = false
protected = false
[ui]
theme = "dark"
color = "auto"
glyphs = "auto"
local_time = false
frames_per_second = 30
mouse = true
[log]
level = "info"
"#,
        pack_dirs.join(", "),
        text(&places.data_dir),
    )
}

/// Merges all layers. Every problem is a diagnostic that names its file and line, its variable or its flag.
///
/// # Errors
/// All diagnostics, when one of them is about something that makes the settings unusable.
pub fn load(layers: &Layers) -> Result<(Settings, Vec<Origin>), Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let mut builder = Config::builder();
    let mut origins: BTreeMap<String, Origin> = BTreeMap::new();

    let default_text = defaults(&layers.places);
    let mut texts = vec![(Layer::Default, default_text)];
    for (path, required) in files(layers) {
        // `--config <(…)` is a pipe, and meant to be one.
        let text = if required { std::fs::read_to_string(&path) } else { plain_file::read_text(&path) };
        match text {
            Ok(text) => texts.push((Layer::File(path), text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {}
            Err(error) => {
                let file = path.display().to_string();
                diagnostics.push(Diagnostic::error(&file, None, format!("cannot be read: {error}")));
            }
        }
    }
    for (layer, text) in texts {
        if let Layer::File(path) = &layer {
            let found = check::file(&path.display().to_string(), &text);
            let fatal = !found.is_empty();
            diagnostics.extend(found);
            if fatal {
                continue;
            }
        }
        let source = config::File::from_str(&text, FileFormat::Toml);
        if let Ok(alone) = Config::builder().add_source(source.clone()).build() {
            remember(&mut origins, alone, |_| layer.clone());
        }
        builder = builder.add_source(source);
    }

    let variables: HashMap<String, String> = layers
        .environment
        .iter()
        .filter(|(name, _)| name.starts_with("WARROOM__"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    diagnostics.extend(check::variables(&variables));
    if diagnostics.is_empty() {
        let source = environment(variables.clone());
        if let Ok(alone) = Config::builder().add_source(source.clone()).build() {
            remember(&mut origins, alone, |key| Layer::Environment(check::variable_of(key, &variables)));
        }
        builder = builder.add_source(source);
    }

    for (key, value) in &layers.flags {
        builder = builder
            .set_override(*key, value.as_str())
            .map_err(|error| vec![Diagnostic::error(check::flag_of(key), None, error.to_string())])?;
        let origin = Origin { key: (*key).to_owned(), value: value.clone(), layer: Layer::Flag(key) };
        origins.insert((*key).to_owned(), origin);
    }

    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let merged: Result<Settings, ConfigError> = builder.build().and_then(Config::try_deserialize);
    let mut settings = merged.map_err(|error| vec![check::merged(&error, &origins)])?;
    place_folders(&mut settings);
    diagnostics.extend(check::values(&settings, &origins));
    if diagnostics.is_empty() { Ok((settings, origins.into_values().collect())) } else { Err(diagnostics) }
}

/// Makes `~/` the home directory, as people expect of a folder in a file.
fn place_folders(settings: &mut Settings) {
    let whole = |path: &Path| path.to_str().map_or_else(|| path.to_owned(), expand_home);
    settings.data_dir = whole(&settings.data_dir);
    settings.pack_dirs = settings.pack_dirs.iter().map(|path| whole(path)).collect();
    settings.pack = settings.pack.take().map(|pack| whole(Path::new(&pack)).display().to_string());
}

/// The settings files, in order, and whether each must exist.
fn files(layers: &Layers) -> Vec<(PathBuf, bool)> {
    let mut files = vec![(layers.places.system_config.clone(), false), (layers.places.user_config.clone(), false)];
    files.extend(layers.file.clone().map(|file| (file, true)));
    files
}

/// `WARROOM__UI__THEME=light` is `ui.theme`. `WARROOM__PACK_DIRS` is a list separated by `:`, as `PATH` is.
fn environment(variables: HashMap<String, String>) -> config::Environment {
    config::Environment::with_prefix("WARROOM")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(":")
        .with_list_parse_key("pack_dirs")
        .source(Some(variables))
}

fn remember(origins: &mut BTreeMap<String, Origin>, alone: Config, layer: impl Fn(&str) -> Layer) {
    let mut flat = Vec::new();
    flatten("", alone.cache, &mut flat);
    for (key, value) in flat {
        let layer = layer(&key);
        origins.insert(key.clone(), Origin { key, value, layer });
    }
}

fn flatten(path: &str, value: Value, flat: &mut Vec<(String, String)>) {
    match value.kind {
        ValueKind::Table(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                flatten(&path, member, flat);
            }
        }
        ValueKind::Array(items) => {
            let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
            flat.push((path.to_owned(), items.join(":")));
        }
        _ => flat.push((path.to_owned(), value.to_string())),
    }
}
