//! The session on disk: what the last action left, and what the next one starts with.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::{
    records::{self, Record, RecordValue},
    variables::{Piece, is_carried, is_name, join, split},
};
use crate::output::mask::Secrets;

/// Where the console itself has none of these. The search path is Debian's for root, without bash's own `.`.
const DEFAULTS: [(&str, &str); 2] =
    [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("SHELL", "/bin/bash")];

/// Longer values are not put into the environment: Linux takes at most 128 KiB (`MAX_ARG_STRLEN`) for one variable.
const LONGEST_IN_ENVIRONMENT: usize = 120 * 1024;
/// A value that is shown with the result is no longer than this.
const LONGEST_SHOWN: usize = 4 * 1024;

/// The file `session.json` in the session's folder.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Where the last action ended; `None` before the first.
    folder: Option<PathBuf>,
    #[serde(default)]
    umask: String,
    #[serde(default)]
    variables: BTreeMap<String, Stored>,
    /// The run's own variables as they were given when an action changed them: what it made of one stays until somebody
    /// gives it another value.
    #[serde(default)]
    given: BTreeMap<String, Vec<Piece>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    attributes: String,
    value: StoredValue,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredValue {
    Unset,
    Plain(Vec<Piece>),
    Array(Vec<(Vec<Piece>, Vec<Piece>)>),
}

/// With what an action's shell starts.
#[derive(Debug)]
pub struct Start {
    pub folder: PathBuf,
    /// Its whole environment.
    pub environment: BTreeMap<OsString, OsString>,
    /// What [`super::PRELUDE`] reads.
    pub records: Vec<u8>,
    /// One sentence each.
    pub notes: Vec<String>,
    /// Variables that were given but are too long for the environment.
    long: BTreeMap<String, Vec<u8>>,
}

/// What an action left, for its result.
#[derive(Debug, Default)]
pub struct After {
    /// Simple variables that actions have set; `None` for one that holds a secret.
    pub variables: BTreeMap<String, Option<String>>,
    /// One sentence each.
    pub notes: Vec<String>,
}

impl Session {
    /// The session in this folder; a new one when there is none yet.
    pub fn load(folder: &Path) -> io::Result<Session> {
        match fs::read(file(folder)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Session::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it (mode 0600), all or nothing.
    fn save(&self, folder: &Path) -> io::Result<()> {
        let next = folder.join(format!("session.json.{}", std::process::id()));
        let mut to = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
        to.write_all(&serde_json::to_vec(self)?)?;
        to.sync_data()?;
        fs::rename(next, file(folder))
    }

    /// Puts together what a shell starts with: `base`, the session over it, `given` over that, `fixed` over all.
    /// `secrets` are names and values. The error is one sentence.
    pub fn start(
        &self,
        cwd: &Path,
        base: impl Iterator<Item = (OsString, OsString)>,
        given: &[(&str, &str)],
        fixed: &[(&str, &str)],
        secrets: &[(&str, &str)],
    ) -> Result<Start, String> {
        let mut notes = Vec::new();
        let folder = match &self.folder {
            Some(folder) if folder.is_dir() => folder.clone(),
            Some(folder) => {
                notes.push(format!("{} does not exist any more: this starts in {}", folder.display(), cwd.display()));
                cwd.to_owned()
            }
            None => cwd.to_owned(),
        };
        if !folder.is_dir() {
            return Err(format!("the folder {} does not exist", folder.display()));
        }
        let mut environment: BTreeMap<OsString, OsString> = base
            .filter(|(name, _)| {
                let name = name.as_bytes();
                !name.starts_with(b"BASH") && !matches!(name, b"ENV" | b"SHELLOPTS" | b"PROMPT_COMMAND" | b"OLDPWD")
            })
            .collect();
        // What bash would put there itself, so that it never looks like something that an action set.
        for (name, value) in DEFAULTS {
            environment.entry(name.into()).or_insert_with(|| value.into());
        }
        let mut long = BTreeMap::new();
        let mut overruled = Vec::new();
        for (name, value) in given {
            if !is_name(name) {
                return Err(format!("{name:?} cannot be the name of a variable: letters, digits and _ only"));
            }
            if value.contains('\0') {
                return Err(format!("the value of {name} holds a NUL character, which no variable can hold"));
            }
            if self.variables.contains_key(*name)
                && self.given.get(*name).and_then(|pieces| join(pieces, secrets)).as_deref() == Some(value.as_bytes())
            {
                continue; // an action changed it since
            }
            overruled.push(*name);
            if value.len() > LONGEST_IN_ENVIRONMENT {
                notes.push(format!(
                    "{name} is {} KiB long: bash has it, programs that it starts do not (Linux takes 128 KiB at most)",
                    value.len() / 1024
                ));
                environment.remove(OsStr::new(name));
                long.insert((*name).to_owned(), value.as_bytes().to_vec());
            } else {
                environment.insert(name.into(), value.into());
            }
        }
        for (name, value) in fixed {
            if value.contains('\0') {
                return Err(format!("the value of {name} holds a NUL character, which no variable can hold"));
            }
            environment.insert(name.into(), value.into());
        }
        environment.insert("PWD".into(), folder.clone().into());

        let mut taken_over: Vec<Record> = long
            .iter()
            .map(|(name, value)| Record {
                name: name.clone(),
                attributes: String::new(),
                value: RecordValue::Plain(value.clone()),
            })
            .collect();
        for (name, stored) in &self.variables {
            if overruled.contains(&name.as_str()) || fixed.iter().any(|(fixed, _)| fixed == name) {
                continue;
            }
            match restore(stored, secrets) {
                Some(value) => {
                    let attributes = loadable(&stored.attributes, &value);
                    taken_over.push(Record { name: name.clone(), attributes, value });
                }
                None => {
                    notes.push(format!("{name} is not there any more: it held a secret that this action is not given"));
                }
            }
        }
        let records = records::write(&self.umask, &taken_over);
        Ok(Start { folder, environment, records, notes, long })
    }

    /// Keeps what a shell handed on. When it handed nothing on, the session stays as it was.
    pub fn keep(
        self,
        folder: &Path,
        dump: &[u8],
        start: &Start,
        given: &[(&str, &str)],
        secrets: &[(&str, &str)],
        masks: &Secrets,
    ) -> After {
        let mut after = After::default();
        let Some(left) = records::read(dump) else {
            after.notes.push(
                "the session is as it was before this action: its shell was ended or replaced before it could save it"
                    .to_owned(),
            );
            return after;
        };
        let before = self;
        let mut now = Session {
            folder: Some(PathBuf::from(OsString::from_vec(left.folder))),
            umask: left.umask,
            ..Session::default()
        };
        let mut there = Vec::new();
        for record in left.variables {
            there.push(record.name.clone());
            if !is_carried(&record.name) {
                continue;
            }
            if let RecordValue::Plain(value) = &record.value {
                // Neither stored nor shown: an inherited environment may hold anything.
                if unchanged(&record, value, start) {
                    continue;
                }
                after.show(&record.name, value, masks);
            }
            match store(&record, secrets, masks) {
                Some(value) => {
                    now.variables.insert(record.name, Stored { attributes: record.attributes, value });
                }
                None => after.notes.push(format!(
                    "{} is not there in the next action: it holds a secret in another form, which is never stored",
                    record.name
                )),
            }
        }
        for name in start.environment.keys().filter_map(|name| name.to_str()) {
            if is_carried(name) && !there.iter().any(|known| known == name) {
                now.variables.insert(name.to_owned(), Stored { attributes: String::new(), value: StoredValue::Unset });
            }
        }
        for (name, value) in given {
            if now.variables.contains_key(*name) {
                now.given.insert((*name).to_owned(), split(value.as_bytes(), secrets));
            }
        }
        if let Err(error) = before.replace(now, folder) {
            after.notes.push(format!("the session could not be saved in {}: {error}", folder.display()));
        }
        after
    }

    /// Writes what changed between the two into the session on disk, which an action beside this one may have changed too.
    fn replace(self, now: Session, folder: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join("lock"))?;
        flock(&lock, FlockOperation::LockExclusive)?;
        let mut stored = Session::load(folder)?;
        if now.folder != self.folder {
            stored.folder = now.folder;
        }
        if now.umask != self.umask {
            stored.umask = now.umask;
        }
        stored.variables.retain(|name, _| now.variables.contains_key(name) || !self.variables.contains_key(name));
        for (name, value) in now.variables {
            if self.variables.get(&name) != Some(&value) {
                stored.variables.insert(name, value);
            }
        }
        stored.given.retain(|name, _| stored.variables.contains_key(name));
        stored.given.extend(now.given);
        stored.save(folder)
    }
}

/// True for a variable that the next action gets anyway.
fn unchanged(record: &Record, value: &[u8], start: &Start) -> bool {
    let exported = record.attributes == "x"
        && start.environment.get(OsStr::new(&record.name)).is_some_and(|before| before.as_bytes() == value);
    let long = record.attributes.is_empty() && start.long.get(&record.name).is_some_and(|before| before == value);
    exported || long
}

impl After {
    /// What is shown must be short text without a secret.
    fn show(&mut self, name: &str, value: &[u8], masks: &Secrets) {
        let shown = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST_SHOWN);
        let Some(text) = shown else { return };
        // With its name: `TOKEN=…` looks like a credential where `…` alone does not.
        let line = format!("{name}={text}");
        let safe = masks.mask(&line) == line;
        self.variables.insert(name.to_owned(), safe.then(|| text.to_owned()));
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("session.json")
}

fn store(record: &Record, secrets: &[(&str, &str)], masks: &Secrets) -> Option<StoredValue> {
    let safe = |bytes: &[u8]| {
        let pieces = split(bytes, secrets);
        let hidden = pieces.iter().any(|piece| match piece {
            Piece::Text(text) => masks.holds_declared(text.as_bytes()),
            Piece::Bytes(bytes) => masks.holds_declared(bytes),
            Piece::Secret { .. } => false,
        });
        (!hidden).then_some(pieces)
    };
    Some(match &record.value {
        RecordValue::Unset => StoredValue::Unset,
        RecordValue::Plain(value) => StoredValue::Plain(safe(value)?),
        RecordValue::Array(entries) => StoredValue::Array(
            entries.iter().map(|(key, value)| Some((safe(key)?, safe(value)?))).collect::<Option<_>>()?,
        ),
    })
}

fn restore(stored: &Stored, secrets: &[(&str, &str)]) -> Option<RecordValue> {
    Some(match &stored.value {
        StoredValue::Unset => RecordValue::Unset,
        StoredValue::Plain(pieces) => RecordValue::Plain(join(pieces, secrets)?),
        StoredValue::Array(entries) => RecordValue::Array(
            entries
                .iter()
                .map(|(key, value)| Some((join(key, secrets)?, join(value, secrets)?)))
                .collect::<Option<_>>()?,
        ),
    })
}

/// The attributes that are given back. `declare -i` evaluates a value, so it must be a number; a value that is too long for
/// the environment is not exported, or no program could be started any more.
fn loadable(attributes: &str, value: &RecordValue) -> String {
    let numeric = |text: &[u8]| {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
    };
    let (numbers, short) = match value {
        RecordValue::Unset => (false, true),
        RecordValue::Plain(value) => (numeric(value), value.len() <= LONGEST_IN_ENVIRONMENT),
        RecordValue::Array(entries) => (entries.iter().all(|(_, value)| numeric(value)), true),
    };
    attributes
        .chars()
        .filter(|attribute| match attribute {
            'a' | 'A' | 'l' | 'u' | 'c' => true,
            'x' => short,
            'i' => numbers,
            _ => false,
        })
        .collect()
}
