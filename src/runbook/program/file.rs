//! Reads the grammar of a program from a line of JSON, which the build script has made of a table in `data/`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::grammar::{Arity, Command, Effect, Input, Kind, Operands, Opt, Program, Rating, Style, When};
use crate::runbook::Risk;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProgram {
    names: Vec<String>,
    #[serde(default)]
    style: RawStyle,
    #[serde(default)]
    inherit: bool,
    #[serde(default)]
    bundle: bool,
    #[serde(default)]
    groups: Vec<String>,
    help: Option<String>,
    #[serde(default)]
    command: Vec<RawCommand>,
    // What a sub-command has too. `flatten` would lose the check of unknown keys.
    #[serde(default)]
    options: String,
    #[serde(default)]
    change: BTreeMap<String, String>,
    #[serde(default)]
    destructive: BTreeMap<String, String>,
    #[serde(default)]
    mode: BTreeMap<String, (Risk, String)>,
    #[serde(default)]
    rehearse: Vec<String>,
    risk: Option<Risk>,
    why: Option<String>,
    bare: Option<(Risk, String)>,
    operands: Option<String>,
    #[serde(default)]
    input: RawInput,
    #[serde(default)]
    target: Vec<String>,
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
struct RawCommand {
    path: String,
    #[serde(default)]
    options: String,
    #[serde(default)]
    change: BTreeMap<String, String>,
    #[serde(default)]
    destructive: BTreeMap<String, String>,
    #[serde(default)]
    mode: BTreeMap<String, (Risk, String)>,
    #[serde(default)]
    rehearse: Vec<String>,
    risk: Option<Risk>,
    why: Option<String>,
    bare: Option<(Risk, String)>,
    operands: Option<String>,
    #[serde(default)]
    input: RawInput,
    #[serde(default)]
    target: Vec<String>,
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
    option: Option<String>,
    value: Option<String>,
    except: Option<String>,
    operand: Option<String>,
    operands: Option<NoOperands>,
    risk: Risk,
    why: String,
    #[serde(default)]
    target: Vec<String>,
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

/// Reads a program. The error says what cannot be read.
pub(super) fn read(text: &str) -> Result<Program, String> {
    serde_json::from_str(text).map_err(|error| error.to_string()).and_then(program)
}

fn program(raw: RawProgram) -> Result<Program, String> {
    let name = raw.names.first().cloned().unwrap_or_default();
    let root = RawCommand {
        path: String::new(),
        options: raw.options,
        change: raw.change,
        destructive: raw.destructive,
        mode: raw.mode,
        rehearse: raw.rehearse,
        risk: raw.risk,
        why: raw.why,
        bare: raw.bare,
        operands: raw.operands,
        input: raw.input,
        target: raw.target,
        external: raw.external,
        when: raw.when,
        open: raw.open,
        stop: raw.stop,
    };
    let mut help = Vec::new();
    let mut help_words = Vec::new();
    for spec in raw.help.as_deref().unwrap_or("--help --version").split_whitespace() {
        if spec.starts_with(['-', '+']) {
            help.push(option(spec, Effect::None).map_err(|why| format!("{name}: {why}"))?);
        } else {
            help_words.push(spec.to_owned());
        }
    }
    let mut root = command(root).map_err(|why| format!("{name}: {why}"))?;
    let mut names: Vec<String> = help.iter().flat_map(|option| option.names.clone()).collect();
    names.append(&mut help_words);
    help.retain(|option| !option.names.iter().any(|name| root.options.iter().any(|own| own.is(name))));
    root.options.extend(help);
    Ok(Program {
        style: match raw.style {
            RawStyle::Gnu => Style::Gnu,
            RawStyle::Words => Style::Words,
        },
        inherit: raw.inherit,
        bundle: raw.bundle,
        groups: raw.groups,
        help: names,
        root,
        commands: raw
            .command
            .into_iter()
            .map(|one| {
                let path = one.path.clone();
                command(one).map_err(|why| format!("{name} {path}: {why}"))
            })
            .collect::<Result<_, _>>()?,
        names: raw.names,
    })
}

fn command(raw: RawCommand) -> Result<Command, String> {
    let mut options = Vec::new();
    for spec in raw.options.split_whitespace() {
        options.push(option(spec, Effect::None)?);
    }
    for (risk, specs) in [(Risk::Change, raw.change), (Risk::Destructive, raw.destructive)] {
        for (spec, why) in specs {
            options.push(option(&spec, Effect::Raises(Rating { risk, why }))?);
        }
    }
    for (spec, (risk, why)) in raw.mode {
        options.push(option(&spec, Effect::Mode(Rating { risk, why }))?);
    }
    let operands = match raw.operands {
        Some(text) => operands(&text)?,
        None => Operands::default(),
    };
    Ok(Command {
        path: raw.path.split_whitespace().map(str::to_owned).collect(),
        rating: raw.risk.map(|risk| Rating { risk, why: raw.why.unwrap_or_default() }),
        options,
        rehearse: raw
            .rehearse
            .into_iter()
            .map(|one| match one.split_once('=') {
                Some((name, values)) => (name.to_owned(), Some(values.to_owned())),
                None => (one, None),
            })
            .collect(),
        bare: raw.bare.map(|(risk, why)| Rating { risk, why }),
        operands,
        input: match raw.input {
            RawInput::Data => Input::Data,
            RawInput::Sh => Input::Shell,
            RawInput::Sql => Input::Sql,
            RawInput::Code => Input::Code,
            RawInput::Redis => Input::Redis,
        },
        target: raw.target,
        external: raw.external,
        when: raw.when.into_iter().map(when).collect(),
        open: raw.open,
        stop: raw.stop,
    })
}

fn when(raw: RawWhen) -> When {
    When {
        option: raw.option,
        value: raw.value,
        except: raw.except,
        operand: raw.operand,
        without_operands: raw.operands.is_some(),
        rating: Rating { risk: raw.risk, why: raw.why },
        target: raw.target,
        external: raw.external,
        certain: raw.certain,
        lower: raw.lower,
    }
}

/// `-n,--namespace=v`, `--color=?v`, `-exec=cmd;`, `--exec=cmd...`.
fn option(spec: &str, effect: Effect) -> Result<Opt, String> {
    let (names, value) = match spec.split_once('=') {
        Some((names, value)) => (names, Some(value)),
        None => (spec, None),
    };
    let names: Vec<String> = names.split(',').map(str::to_owned).collect();
    if names.iter().any(|name| !name.starts_with(['-', '+'])) {
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
