//! Reads the grammar of a program from the lines that the build script has made of a table in `data/`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::grammar::{Arity, Command, Effect, Input, Kind, Operands, Opt, Program, Rating, Style, SubCommand, When};
use crate::Risk;

/// Text that lasts as long as the process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Text(&'static str);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Each is read once.
        Ok(Self(String::deserialize(from)?.leak()))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProgram {
    names: Vec<Text>,
    #[serde(default)]
    style: RawStyle,
    #[serde(default)]
    inherit: bool,
    #[serde(default)]
    bundle: bool,
    #[serde(default)]
    groups: Vec<Text>,
    help: Option<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCommand {
    #[serde(default)]
    options: Text,
    #[serde(default)]
    change: BTreeMap<Text, Text>,
    #[serde(default)]
    destructive: BTreeMap<Text, Text>,
    #[serde(default)]
    mode: BTreeMap<Text, (Risk, Text)>,
    #[serde(default)]
    rehearse: Vec<Text>,
    risk: Option<Risk>,
    why: Option<Text>,
    bare: Option<(Risk, Text)>,
    operands: Option<Text>,
    #[serde(default)]
    input: RawInput,
    #[serde(default)]
    target: Vec<Text>,
    #[serde(default)]
    external: bool,
    #[serde(default)]
    when: Vec<RawWhen>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    stop: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWhen {
    option: Option<Text>,
    value: Option<Text>,
    except: Option<Text>,
    operand: Option<Text>,
    operands: Option<NoOperands>,
    risk: Risk,
    why: Text,
    #[serde(default)]
    target: Vec<Text>,
    #[serde(default)]
    external: bool,
    #[serde(default)]
    certain: bool,
    #[serde(default)]
    lower: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NoOperands {
    None,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawStyle {
    #[default]
    Gnu,
    Words,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawInput {
    #[default]
    Data,
    Sh,
    Sql,
    Code,
    Redis,
}

/// Reads a program. The error says what cannot be read; what its sub-commands do is read later.
pub(super) fn read(text: &'static str) -> Result<Program, String> {
    let (own, rows) = text.split_once('\n').ok_or("it has one line")?;
    let raw: RawProgram = serde_json::from_str(own).map_err(|error| format!("{own}: {error}"))?;
    let mut rows = rows.lines().filter_map(row);
    let (_, root) = rows.next().ok_or("it says nothing of the program itself")?;
    let mut root = command(root)?;
    let mut help = Vec::new();
    let mut help_words = Vec::new();
    for spec in raw.help.map_or("--help --version", |text| text.0).split_whitespace() {
        if spec.starts_with(['-', '+']) {
            help.push(option(spec, Effect::None)?);
        } else {
            help_words.push(spec);
        }
    }
    let mut names: Vec<&str> = help.iter().flat_map(Opt::names).collect();
    names.append(&mut help_words);
    help.retain(|option| !option.names().any(|name| root.options.iter().any(|own| own.is(name))));
    root.options.extend(help);
    Ok(Program {
        names: texts(raw.names),
        style: match raw.style {
            RawStyle::Gnu => Style::Gnu,
            RawStyle::Words => Style::Words,
        },
        inherit: raw.inherit,
        bundle: raw.bundle,
        groups: texts(raw.groups),
        help: names,
        root,
        commands: rows.map(|(path, text)| SubCommand::new(path, text, command)).collect(),
    })
}

/// Why a sub-command of that program cannot be read.
#[cfg(test)]
pub(super) fn whole(text: &'static str) -> Result<(), String> {
    text.lines()
        .skip(1)
        .filter_map(row)
        .try_for_each(|(path, text)| command(text).map(drop).map_err(|why| format!("{path}: {why}")))
}

/// The words of a sub-command, none for the program itself, and its keys.
fn row(line: &'static str) -> Option<(&'static str, &'static str)> {
    line.strip_prefix('\t')?.split_once('\t')
}

fn texts(texts: Vec<Text>) -> Vec<&'static str> {
    texts.into_iter().map(|text| text.0).collect()
}

/// Reads what a sub-command does.
fn command(text: &'static str) -> Result<Command, String> {
    let raw: RawCommand = serde_json::from_str(text).map_err(|error| format!("{text}: {error}"))?;
    let mut options = Vec::new();
    for spec in raw.options.0.split_whitespace() {
        options.push(option(spec, Effect::None)?);
    }
    for (risk, specs) in [(Risk::Change, raw.change), (Risk::Destructive, raw.destructive)] {
        for (Text(spec), Text(why)) in specs {
            options.push(option(spec, Effect::Raises(Rating { risk, why }))?);
        }
    }
    for (Text(spec), (risk, Text(why))) in raw.mode {
        options.push(option(spec, Effect::Mode(Rating { risk, why }))?);
    }
    let operands = match raw.operands {
        Some(Text(text)) => operands(text)?,
        None => Operands::default(),
    };
    Ok(Command {
        rating: raw.risk.map(|risk| Rating { risk, why: raw.why.unwrap_or_default().0 }),
        options,
        rehearse: raw
            .rehearse
            .into_iter()
            .map(|Text(one)| match one.split_once('=') {
                Some((name, values)) => (name, Some(values)),
                None => (one, None),
            })
            .collect(),
        bare: raw.bare.map(|(risk, Text(why))| Rating { risk, why }),
        operands,
        input: match raw.input {
            RawInput::Data => Input::Data,
            RawInput::Sh => Input::Shell,
            RawInput::Sql => Input::Sql,
            RawInput::Code => Input::Code,
            RawInput::Redis => Input::Redis,
        },
        target: texts(raw.target),
        external: raw.external,
        when: raw.when.into_iter().map(when).collect(),
        open: raw.open,
        stop: raw.stop,
    })
}

fn when(raw: RawWhen) -> When {
    let text = |text: Option<Text>| text.map(|text| text.0);
    When {
        option: text(raw.option),
        value: text(raw.value),
        except: text(raw.except),
        operand: text(raw.operand),
        without_operands: raw.operands.is_some(),
        rating: Rating { risk: raw.risk, why: raw.why.0 },
        target: texts(raw.target),
        external: raw.external,
        certain: raw.certain,
        lower: raw.lower,
    }
}

/// `-n,--namespace=v`, `--color=?v`, `-exec=cmd;`, `--exec=cmd...`.
fn option(spec: &'static str, effect: Effect) -> Result<Opt, String> {
    let (names, value) = match spec.split_once('=') {
        Some((names, value)) => (names, Some(value)),
        None => (spec, None),
    };
    if names.split(',').any(|name| !name.starts_with(['-', '+'])) {
        return Err(format!("the option {spec} has a name without a dash"));
    }
    let (arity, kind) = match value {
        None => (Arity::Switch, Kind::Plain),
        Some(value) => {
            let (arity, name) = if let Some(name) = value.strip_prefix('?') {
                (Arity::Joined, name)
            } else if let Some(name) = value.strip_suffix(';') {
                (Arity::Until, name)
            } else if let Some(name) = value.strip_suffix("...") {
                (Arity::Rest, name)
            } else {
                (Arity::Value, value)
            };
            (arity, kind(name).ok_or_else(|| format!("the option {spec} has an unknown kind of value"))?)
        }
    };
    Ok(Opt { names, arity, kind, effect })
}

fn operands(text: &str) -> Result<Operands, String> {
    let mut found = Operands { kinds: Vec::new(), repeats: false, assigns: false, after_dashes: false };
    for word in text.split_whitespace() {
        if word == "--" {
            found.after_dashes = true;
            continue;
        }
        let (name, repeats) = match word.strip_suffix("...") {
            Some(name) => (name, true),
            None => (word, false),
        };
        let kind = kind(name).ok_or_else(|| format!("unknown kind of operand {word}"))?;
        if kind == Kind::Assignment {
            found.assigns = true;
            continue;
        }
        found.kinds.push(kind);
        found.repeats = repeats;
    }
    Ok(found)
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "v" => Kind::Plain,
        "in" => Kind::In,
        "out" => Kind::Out,
        "secret" => Kind::Secret,
        "sh" => Kind::Shell,
        "cmd" => Kind::Command,
        "prog" => Kind::Program,
        "code" => Kind::Code,
        "script" => Kind::Script,
        "sql" => Kind::Sql,
        "sed" => Kind::Sed,
        "awk" => Kind::Awk,
        "redis" => Kind::Redis,
        "assign" => Kind::Assignment,
        "host" => Kind::Host,
        "url" => Kind::Url,
        _ => return None,
    })
}
