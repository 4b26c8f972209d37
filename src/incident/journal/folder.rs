//! Incident folders below the data directory: their ids, making, finding and parts.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    Place,
    access::{Access, cause},
};
use warroom_host::shared;

/// Names an incident: `INC-20260121-7k3q`, the UTC day of its making and four random characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IncidentId(String);

/// Digits and letters that nobody mixes up when reading them out: no i, l, o, u (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM: usize = 4;

impl IncidentId {
    fn random(now: Timestamp) -> Self {
        let day = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string();
        let letter = |_| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())]);
        IncidentId(format!("INC-{day}-{}", (0..RANDOM).map(letter).collect::<String>()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no incident's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no incident id: one reads INC-20260121-7k3q")]
pub struct NotAnId(String);

impl FromStr for IncidentId {
    type Err = NotAnId;

    /// Capitals are as good as small letters: ids are read out and typed.
    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let (day, random) = lower.strip_prefix("inc-").and_then(|rest| rest.split_once('-')).ok_or_else(wrong)?;
        let good = day.len() == 8
            && day.bytes().all(|b| b.is_ascii_digit())
            && random.len() == RANDOM
            && random.bytes().all(|b| ALPHABET.contains(&b));
        if good { Ok(IncidentId(format!("INC-{day}-{random}"))) } else { Err(wrong()) }
    }
}

impl TryFrom<String> for IncidentId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<Self, NotAnId> {
        text.parse()
    }
}

impl From<IncidentId> for String {
    fn from(id: IncidentId) -> Self {
        id.0
    }
}

/// A folder cannot be made or read. One sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    #[error("there is no incident {id} in {folder}: `warroom incident list` shows those that there are")]
    NoIncident { id: IncidentId, folder: String },
    #[error("cannot make {folder}: {cause}")]
    Make { folder: String, cause: String },
    #[error("cannot read {folder}: {cause}")]
    Read { folder: String, cause: String },
}

/// All incidents of a data directory.
#[derive(Debug, Clone)]
pub struct Incidents {
    folder: PathBuf,
    access: Access,
}

/// The folder of one incident: `log/`, `evidence/`, `runs/`, `recorders/`.
#[derive(Debug, Clone)]
pub struct IncidentFolder {
    id: IncidentId,
    path: PathBuf,
    access: Access,
}

impl Incidents {
    /// The incidents in `DATA_DIR/incidents`, which need not exist yet.
    pub fn of(data_dir: &Path, access: Access) -> Self {
        Incidents { folder: data_dir.join("incidents"), access }
    }

    /// Makes the folder of a new incident. Two processes never get the same id: making a folder succeeds for one of them.
    pub fn create(&self, now: Timestamp) -> Result<IncidentFolder, FolderError> {
        if !self.folder.is_dir() {
            let parent = self.folder.parent().unwrap_or(&self.folder);
            // Nobody else's, whatever the umask says; a group's was made before.
            shared::make_folder(parent).map_err(|error| make(parent, &error))?;
            exists_or(self.access.make_folder(&self.folder)).map_err(|error| make(&self.folder, &error))?;
        }
        loop {
            let id = IncidentId::random(now);
            let path = self.folder.join(id.as_str());
            match self.access.make_folder(&path) {
                // 32^4 ids a day: the next one is free.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(make(&path, &error)),
                Ok(()) => {
                    let folder = IncidentFolder { id, path, access: self.access };
                    folder.prepare()?;
                    return Ok(folder);
                }
            }
        }
    }

    /// The folder of an incident that there is.
    pub fn open(&self, id: &IncidentId) -> Result<IncidentFolder, FolderError> {
        let path = self.folder.join(id.as_str());
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => Ok(IncidentFolder { id: id.clone(), path, access: self.access }),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FolderError::Read { folder: path.display().to_string(), cause: cause(&error) })
            }
            _ => Err(FolderError::NoIncident { id: id.clone(), folder: self.folder.display().to_string() }),
        }
    }

    /// The ids of all incidents, the oldest day first. Whatever else lies in the folder is left out.
    pub fn list(&self) -> Result<Vec<IncidentId>, FolderError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(FolderError::Read { folder: self.folder.display().to_string(), cause: cause(&error) });
            }
            Ok(entries) => entries.flatten(),
        };
        let mut ids: Vec<IncidentId> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| {
                let name = entry.file_name();
                let id = name.to_str()?.parse::<IncidentId>().ok()?;
                (id.as_str() == name).then_some(id)
            })
            .collect();
        ids.sort();
        Ok(ids)
    }
}

impl IncidentFolder {
    pub fn id(&self) -> &IncidentId {
        &self.id
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn access(&self) -> Access {
        self.access
    }

    /// Where the responders' logs are.
    pub fn logs(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Where captured output is.
    pub fn evidence(&self) -> PathBuf {
        self.path.join("evidence")
    }

    /// Where the runs of runbooks are.
    pub fn runs(&self) -> PathBuf {
        self.path.join("runs")
    }

    /// Where those who record what happens by itself show that they are there.
    pub fn recorders(&self) -> PathBuf {
        self.path.join("recorders")
    }

    /// Where a responder (`alice@bastion-1`) writes.
    pub fn place(&self, responder: &str) -> Place {
        Place {
            folder: self.logs(),
            incident: self.id.to_string(),
            responder: responder.to_owned(),
            access: self.access,
        }
    }

    /// Makes those parts that are missing, as after a crash in [`Incidents::create`].
    pub fn prepare(&self) -> Result<(), FolderError> {
        for part in [self.logs(), self.evidence(), self.runs(), self.recorders()] {
            if !part.is_dir() {
                exists_or(self.access.make_folder(&part)).map_err(|error| make(&part, &error))?;
            }
        }
        Ok(())
    }
}

/// Somebody else making the same folder at the same time is fine.
fn exists_or(made: io::Result<()>) -> io::Result<()> {
    made.or_else(|error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
}

fn make(folder: &Path, error: &io::Error) -> FolderError {
    FolderError::Make { folder: folder.display().to_string(), cause: cause(error) }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, os::unix::fs::MetadataExt, thread};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    #[test]
    fn many_declared_at_once_get_ids_of_their_own() {
        let data = tempfile::tempdir().unwrap();
        let incidents = Incidents::of(&data.path().join("state/warroom"), Access::Owner);
        assert_eq!(incidents.list(), Ok(vec![]));
        let made: Vec<IncidentId> = thread::scope(|scope| {
            let one = || (0..20).map(|_| incidents.create(NOW).unwrap().id().clone()).collect::<Vec<_>>();
            let all: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let different: BTreeSet<_> = made.iter().cloned().collect();
        assert_eq!(different.len(), 80);
        fs::write(data.path().join("state/warroom/incidents/notes.txt"), "").unwrap();
        assert_eq!(incidents.list().unwrap(), different.into_iter().collect::<Vec<_>>());
        assert!(made[0].as_str().starts_with("INC-20260921-"), "{}", made[0]);
    }

    #[test]
    fn folders_are_private_or_the_groups() {
        let data = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        let mine = Incidents::of(&data.path().join("a"), Access::Owner).create(NOW).unwrap();
        assert_eq!(mode(mine.path()), 0o700);
        assert_eq!(mode(&mine.logs()), 0o700);
        let gid = rustix::process::getegid().as_raw();
        let ours = Incidents::of(&data.path().join("b"), Access::Group { gid }).create(NOW).unwrap();
        assert_eq!(mode(&ours.evidence()), 0o3770);
        assert_eq!(fs::metadata(ours.logs()).unwrap().gid(), gid);
    }

    #[test]
    fn an_id_may_be_typed_in_capitals_and_one_that_is_not_there_is_named() {
        let data = tempfile::tempdir().unwrap();
        let incidents = Incidents::of(data.path(), Access::Owner);
        let id = incidents.create(NOW).unwrap().id().clone();
        let typed: IncidentId = format!(" {} ", id.as_str().to_uppercase()).parse().unwrap();
        assert_eq!(incidents.open(&typed).unwrap().id(), &id);
        let other: IncidentId = "INC-20200101-0000".parse().unwrap();
        let error = incidents.open(&other).unwrap_err().to_string();
        assert!(error.starts_with("there is no incident INC-20200101-0000 in "), "{error}");
        assert!("INC-2020-../..".parse::<IncidentId>().is_err());
    }
}
