//! What is wrong with a layer of settings, where it stands, and what was probably meant.

use std::collections::{BTreeMap, HashMap};

use config::ConfigError;

use super::{Layer, Origin, Settings};
use warroom_domain::platform::{Diagnostic, Position, bounds};

/// Every key there is; `keys.*` is open, the screen's key registry checks it.
const KEYS: [&str; 15] = [
    "pack",
    "pack_dirs",
    "environment",
    "data_dir",
    "data_group",
    "read_only",
    "protected",
    "ui.theme",
    "ui.color",
    "ui.glyphs",
    "ui.local_time",
    "ui.frames_per_second",
    "ui.mouse",
    "log.level",
    "keys",
];

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// The command-line flag that sets a key.
pub(super) fn flag_of(key: &str) -> &'static str {
    match key {
        "pack" => "--pack",
        "environment" => "--environment",
        "data_dir" => "--data-dir",
        "read_only" => "--read-only",
        "ui.theme" => "--theme",
        "ui.color" => "--no-color",
        _ => "command line",
    }
}

/// The environment variable that set a key, in the spelling that the user chose.
pub(super) fn variable_of(key: &str, variables: &HashMap<String, String>) -> String {
    let wanted = format!("warroom__{}", key.replace('.', "__"));
    variables.keys().find(|name| name.to_lowercase() == wanted).cloned().unwrap_or(wanted.to_uppercase())
}

/// Syntax and unknown keys of one file.
pub(super) fn file(file: &str, text: &str) -> Vec<Diagnostic> {
    if let Err((excess, at)) = bounds::document(text) {
        let at = Position::of(text, at..at);
        return vec![Diagnostic::error(file, Some(at), format!("cannot be read: it is {excess}"))];
    }
    let document = match toml_edit::Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let at = error.span().map(|span| Position::of(text, span));
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            return vec![Diagnostic::error(file, at, format!("is not valid TOML: {message}"))];
        }
    };
    let mut diagnostics = Vec::new();
    unknown_keys(file, text, "", document.as_table(), &mut diagnostics);
    diagnostics
}

fn unknown_keys(
    file: &str,
    text: &str,
    path: &str,
    table: &dyn toml_edit::TableLike,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (name, item) in table.iter() {
        let key = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let is_section = KEYS.iter().any(|known| known.starts_with(&format!("{key}.")));
        match item.as_table_like() {
            _ if key == "keys" => {}
            Some(inner) if is_section => unknown_keys(file, text, &key, inner, diagnostics),
            None if KEYS.contains(&key.as_str()) => {}
            _ => {
                let span = table.get_key_value(name).and_then(|(key, _)| key.span());
                let at = span.map(|span| Position::of(text, span));
                let unknown = Diagnostic::error(file, at, format!("there is no setting `{key}`"));
                diagnostics.push(unknown.with_help(nearest(&key)));
            }
        }
    }
}

/// Unknown keys among `WARROOM__…` variables.
pub(super) fn variables(variables: &HashMap<String, String>) -> Vec<Diagnostic> {
    let mut names: Vec<&String> = variables.keys().collect();
    names.sort();
    names
        .into_iter()
        .filter_map(|name| {
            let key = name.to_lowercase().trim_start_matches("warroom__").replace("__", ".");
            let known = KEYS.contains(&key.as_str()) && key != "keys" || key.starts_with("keys.");
            (!known).then(|| {
                let unknown = Diagnostic::error(name, None, format!("there is no setting `{key}`"));
                unknown.with_help(nearest(&key))
            })
        })
        .collect()
}

fn nearest(key: &str) -> String {
    let best = KEYS
        .iter()
        .map(|known| (strsim::jaro_winkler(known, key), *known))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(similarity, _)| *similarity > 0.7);
    match best {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => format!("settings are {}", KEYS.join(", ")),
    }
}

/// A value of the wrong type: the library knows the key; we know which layer it came from.
pub(super) fn merged(error: &ConfigError, origins: &BTreeMap<String, Origin>) -> Diagnostic {
    let (key, message) = match error {
        ConfigError::At { error, key, .. } => (key.clone(), error.to_string()),
        ConfigError::Type { key, unexpected, expected, .. } => {
            (key.clone(), format!("expected {expected}, found {unexpected}"))
        }
        other => (None, other.to_string()),
    };
    match key.as_deref().and_then(|key| origins.get(key)) {
        Some(origin) => at_origin(origin, format!("`{}` is not usable: {message}", origin.key)),
        None => Diagnostic::error("settings", None, format!("{}: {message}", key.unwrap_or_default())),
    }
}

/// Values that have the right type and still make no sense.
pub(super) fn values(settings: &Settings, origins: &BTreeMap<String, Origin>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut wrong = |key: &str, message: String| {
        if let Some(origin) = origins.get(key) {
            diagnostics.push(at_origin(origin, message));
        }
    };
    if !(1..=60).contains(&settings.ui.frames_per_second) {
        wrong("ui.frames_per_second", "`ui.frames_per_second` must be between 1 and 60".to_owned());
    }
    let level = settings.log.level.as_str();
    // A bare word is a level; the filter's own parser would take a mistyped one for the name of a module.
    let bare = !level.contains(['=', ',']);
    if bare && !LEVELS.contains(&level) {
        wrong("log.level", format!("`log.level` cannot be `{level}`: it is one of {}", LEVELS.join(", ")));
    } else if let Err(error) = level.parse::<tracing_subscriber::filter::targets::Targets>() {
        wrong("log.level", format!("`log.level` is not a level (error, warn, info, debug, trace): {error}"));
    }
    diagnostics
}

/// A diagnostic about a merged value, at the place in the file where that value stands.
pub(super) fn at_origin(origin: &Origin, message: String) -> Diagnostic {
    match &origin.layer {
        Layer::File(path) => {
            let file = path.display().to_string();
            let text = std::fs::read_to_string(path).unwrap_or_default();
            let at = toml_edit::Document::parse(text.as_str()).ok().and_then(|document| {
                let mut item = document.as_item();
                for part in origin.key.split('.') {
                    item = item.get(part)?;
                }
                Some(Position::of(&text, item.span()?))
            });
            Diagnostic::error(&file, at, message)
        }
        layer => Diagnostic::error(&layer.to_string(), None, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_told_with_their_place_and_the_nearest() {
        let found = file("config.toml", "[ui]\ntehme = \"dark\"\n[log]\nlevel = \"info\"\n");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].to_string(), "config.toml:2:1: there is no setting `ui.tehme` (did you mean `ui.theme`?)");
    }

    #[test]
    fn broken_toml_is_one_sentence_with_a_line() {
        let found = file("config.toml", "pack = \"x\"\n[ui\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with("config.toml:2:"), "{}", found[0]);
    }

    #[test]
    fn variables_are_checked_like_files() {
        let set = HashMap::from([
            ("WARROOM__UI__THEME".to_owned(), "light".to_owned()),
            ("WARROOM__UI__TEHME".to_owned(), "light".to_owned()),
            ("WARROOM__KEYS__QUIT".to_owned(), "ctrl-q".to_owned()),
        ]);
        let found = variables(&set);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, "WARROOM__UI__TEHME");
    }
}
