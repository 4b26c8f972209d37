//! Where platform packs are: folders on disk, and the folders that are part of the binary.

use std::{
    io,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

use super::plain_file;
use warroom_domain::platform::{PackFiles, ScenarioFile, UnreadableFile};

/// The packs that come with the program. The build script has this compiled again when a file is added.
static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../runbooks");

/// The file that makes a folder a pack.
pub const MANIFEST: &str = "platform.toml";

/// Folders below a pack that belong to it. Others (a `.git`, evidence) are not walked.
pub(super) const SUBFOLDERS: [&str; 2] = ["drills", "templates"];

/// One pack, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackFolder {
    /// The folder's own name.
    pub name: String,
    pub place: Place,
}

/// Where a pack's files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Disk(PathBuf),
    Embedded,
    /// No pack at all: this machine is the platform, and the runbooks are those of a folder.
    Machine(PathBuf),
}

/// The name of the platform that needs no pack.
pub const MACHINE: &str = "this-machine";

/// What that platform is like.
const MACHINE_MANIFEST: &str = include_str!("machine.toml");

impl PackFolder {
    /// The pack in a folder. An error when it holds no `platform.toml`.
    pub fn on_disk(folder: &Path) -> io::Result<Self> {
        // The name as the user sees it also for `.` and `..`.
        let full = folder.canonicalize()?;
        std::fs::metadata(full.join(MANIFEST))?;
        let name = full.file_name().unwrap_or(full.as_os_str()).to_string_lossy().into_owned();
        Ok(PackFolder { name, place: Place::Disk(folder.to_owned()) })
    }

    /// A pack that is part of the binary.
    pub fn embedded(name: &str) -> Option<Self> {
        EMBEDDED.get_file(Path::new(name).join(MANIFEST))?;
        Some(PackFolder { name: name.to_owned(), place: Place::Embedded })
    }

    /// This machine as a platform, with the runbooks of a folder.
    pub fn machine(folder: &Path) -> Self {
        PackFolder { name: MACHINE.to_owned(), place: Place::Machine(folder.to_owned()) }
    }

    /// Where its relative paths start; empty for an embedded pack.
    pub fn base(&self) -> PathBuf {
        match &self.place {
            Place::Disk(folder) | Place::Machine(folder) => folder.clone(),
            Place::Embedded => PathBuf::new(),
        }
    }

    /// The name of one of its files, for people.
    pub fn display(&self, path: &str) -> String {
        match &self.place {
            Place::Machine(_) if path == MANIFEST => format!("{}/{path} (built in)", self.name),
            Place::Disk(folder) | Place::Machine(folder) => folder.join(path).display().to_string(),
            Place::Embedded => format!("{}/{path} (embedded)", self.name),
        }
    }

    /// The text of one of its files, by the path from the folder. Bytes that are not UTF-8 become `�`, so that a broken
    /// file still gets diagnostics.
    pub fn read(&self, path: &str) -> io::Result<String> {
        let bytes = self.read_bytes(path)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// One of its files as it is, by the path from the folder.
    pub fn read_bytes(&self, path: &str) -> io::Result<Vec<u8>> {
        match &self.place {
            Place::Machine(_) if path == MANIFEST => Ok(MACHINE_MANIFEST.as_bytes().to_vec()),
            Place::Disk(folder) | Place::Machine(folder) => plain_file::read(&folder.join(path)),
            Place::Embedded => match EMBEDDED.get_file(Path::new(&self.name).join(path)) {
                Some(file) => Ok(file.contents().to_vec()),
                None => Err(io::ErrorKind::NotFound.into()),
            },
        }
    }

    /// Its runbooks, scenarios and templates.
    pub fn files(&self) -> PackFiles {
        let mut paths = match &self.place {
            // Only the Markdown files of the folder belong to it.
            Place::Machine(folder) => {
                let names = names_in(folder).into_iter();
                names.filter(|name| name.ends_with(".md")).collect()
            }
            Place::Disk(folder) => {
                let mut paths = names_in(folder);
                for below in SUBFOLDERS {
                    paths.extend(names_in(&folder.join(below)).into_iter().map(|name| format!("{below}/{name}")));
                }
                paths
            }
            Place::Embedded => {
                let mut paths = Vec::new();
                let root = Path::new(&self.name);
                for folder in std::iter::once(root.to_owned()).chain(SUBFOLDERS.iter().map(|below| root.join(below))) {
                    let files = EMBEDDED.get_dir(&folder).into_iter().flat_map(Dir::files);
                    let relative = files.filter_map(|file| file.path().strip_prefix(root).ok());
                    paths.extend(relative.map(|path| path.to_string_lossy().into_owned()));
                }
                paths
            }
        };
        paths.retain(|path| path != MANIFEST);
        paths.sort();
        let mut files = PackFiles { folder: self.name.clone(), ..PackFiles::default() };
        for path in &paths {
            let Some(id) = path.strip_prefix("drills/").and_then(|name| name.strip_suffix(".toml")) else { continue };
            let (id, file) = (id.to_owned(), self.display(path));
            match self.read(path) {
                Ok(text) => files.scenarios.push(ScenarioFile { id, file, text }),
                Err(error) => files.unreadable.push(UnreadableFile { id, file, cause: error.to_string() }),
            }
        }
        files.paths = paths;
        files
    }
}

/// The packs in these folders, in their order, then the embedded ones. A name that was found already hides later ones.
pub fn list(folders: &[PathBuf]) -> Vec<PackFolder> {
    let on_disk = folders.iter().flat_map(|folder| {
        let mut names: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
        names.sort();
        names.into_iter().filter_map(|path| PackFolder::on_disk(&path).ok())
    });
    let embedded = EMBEDDED.dirs().filter_map(|dir| PackFolder::embedded(dir.path().to_str()?));
    let mut found: Vec<PackFolder> = Vec::new();
    for pack in on_disk.chain(embedded) {
        if !found.iter().any(|other| other.name == pack.name) {
            found.push(pack);
        }
    }
    found
}

/// Names of the files in a folder; a folder that cannot be read has none. What is called like a file of a pack is one, also when it
/// cannot be read: whoever reads it says so.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            let called = name.ends_with(".md") || name.ends_with(".toml");
            (path.is_file() || called && !path.is_dir()).then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_on_disk_hides_one_of_the_same_name_in_a_later_folder() {
        let root = tempfile::tempdir().unwrap();
        for path in ["a/shop", "b/shop", "b/other", "b/no-pack"] {
            std::fs::create_dir_all(root.path().join(path)).unwrap();
            if !path.ends_with("no-pack") {
                std::fs::write(root.path().join(path).join(MANIFEST), "").unwrap();
            }
        }
        let found = list(&[root.path().join("a"), root.path().join("b")]);
        let on_disk: Vec<_> = found.iter().filter(|p| p.place != Place::Embedded).collect();
        assert_eq!(on_disk.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["shop", "other"]);
        assert_eq!(on_disk[0].place, Place::Disk(root.path().join("a/shop")));
    }

    #[test]
    fn only_files_of_the_pack_are_listed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("drills")).unwrap();
        std::fs::create_dir_all(root.path().join("evidence")).unwrap();
        for path in [MANIFEST, "outage.md", "drills/outage.toml", "evidence/x"] {
            std::fs::write(root.path().join(path), "").unwrap();
        }
        let files = PackFolder::on_disk(root.path()).unwrap().files();
        assert_eq!(files.paths, ["drills/outage.toml", "outage.md"]);
        assert_eq!(files.runbooks().collect::<Vec<_>>(), ["outage"]);
        assert_eq!(files.scenarios.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["outage"]);
    }
}
