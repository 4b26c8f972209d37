//! Copies a pack's files to a folder that is not in use, whole or not at all.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::packs::{MANIFEST, PackFolder, Place, SUBFOLDERS};

/// What became of a pack's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Paths from the pack's folder, `platform.toml` among them.
    pub files: Vec<String>,
    /// What lies in the pack's folder and is no part of a pack: hidden files, other folders, what is no file.
    pub left_out: Vec<String>,
}

/// Why a pack was not copied. Each is one sentence, and nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("{} is there already and is left as it is (name another folder)", .0.display())]
    Occupied(PathBuf),
    #[error("{} lies inside the pack that is to be copied (name another folder)", .0.display())]
    Inside(PathBuf),
    #[error("cannot read {file}: {error}")]
    Unreadable { file: String, error: io::Error },
    #[error("cannot write {}: {error}", .file.display())]
    Unwritable { file: PathBuf, error: io::Error },
}

/// Copies a pack to `target`, with `manifest` as its `platform.toml`. The target must not exist, or be an empty folder. All
/// is written beside it first, so that no half of a pack is ever found there.
pub fn copy(pack: &PackFolder, target: &Path, manifest: &str) -> Result<Copied, CopyError> {
    let there = match fs::symlink_metadata(target) {
        Ok(_) if !is_empty_folder(target)? => return Err(CopyError::Occupied(target.to_owned())),
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(unwritable(target)(error)),
    };
    if let Place::Disk(folder) = &pack.place
        && is_inside(target, folder)
    {
        return Err(CopyError::Inside(target.to_owned()));
    }
    let copied = contents(pack)?;
    // A folder that is there keeps its place, rights and owner, and may be the shell's own: it is filled, not replaced.
    let beside = match target.parent() {
        _ if there => target,
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // Declared first, so that it goes last: the folders that were made are empty by then.
    let _made = Made::down_to(beside)?;
    // tempfile's error tells a name that nobody has heard of, so that only its kind is kept.
    let staged = tempfile::Builder::new().prefix(".warroom-").tempdir_in(beside);
    let staged = staged.map_err(|error| unwritable(target)(error.kind().into()))?;
    for path in &copied.files {
        let file = staged.path().join(path);
        place(pack, path, &file, (path == MANIFEST).then_some(manifest))
            .map_err(|error| told(error, &target.join(path)))?;
    }
    if there {
        fill(staged.path(), target)?;
    } else {
        fs::rename(staged.path(), target).map_err(unwritable(target))?;
        // It lies under its own name now: nothing is left to be taken away.
        let _ = staged.keep();
    }
    Ok(copied)
}

/// What belongs to a pack in its folder, and what does not.
fn contents(pack: &PackFolder) -> Result<Copied, CopyError> {
    let mut found = Copied::default();
    match &pack.place {
        Place::Embedded | Place::Machine(_) => found.files = pack.files().paths,
        Place::Disk(folder) => {
            sort_entries(folder, "", &mut found)?;
            for below in SUBFOLDERS {
                if folder.join(below).is_dir() {
                    sort_entries(&folder.join(below), &format!("{below}/"), &mut found)?;
                }
            }
            found.files.retain(|path| path != MANIFEST);
        }
    }
    // The last one, because it is what makes a folder a pack.
    found.files.push(MANIFEST.to_owned());
    found.left_out.sort();
    Ok(found)
}

/// Puts the entries of one folder of a pack where they belong.
fn sort_entries(folder: &Path, before: &str, found: &mut Copied) -> Result<(), CopyError> {
    let unreadable = |error| CopyError::Unreadable { file: folder.display().to_string(), error };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let walked = before.is_empty() && SUBFOLDERS.contains(&name.as_str()) && path.is_dir();
        // A link to a file is copied as the file that it leads to.
        if !name.starts_with('.') && path.is_file() {
            found.files.push(format!("{before}{name}"));
        } else if !walked {
            found.left_out.push(format!("{before}{name}"));
        }
    }
    found.files.sort();
    Ok(())
}

/// Which side of a copy failed.
enum Failed {
    Reading(io::Error, String),
    Writing(io::Error),
}

fn told(failed: Failed, file: &Path) -> CopyError {
    match failed {
        Failed::Reading(error, file) => CopyError::Unreadable { file, error },
        Failed::Writing(error) => unwritable(file)(error),
    }
}

/// Writes one file of the pack, with another text where one is given.
fn place(pack: &PackFolder, path: &str, to: &Path, text: Option<&str>) -> Result<(), Failed> {
    let unreadable = |error| Failed::Reading(error, pack.display(path));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(Failed::Writing)?;
    }
    let bytes = match text {
        Some(text) => text.as_bytes().to_vec(),
        None => pack.read_bytes(path).map_err(unreadable)?,
    };
    fs::write(to, bytes).map_err(Failed::Writing)?;
    if let Place::Disk(folder) = &pack.place {
        // A script stays executable and a private file private, but what is one's own can be written.
        let mode = fs::metadata(folder.join(path)).map_err(unreadable)?.permissions().mode();
        fs::set_permissions(to, fs::Permissions::from_mode(mode & 0o777 | 0o200)).map_err(Failed::Writing)?;
    }
    Ok(())
}

/// Moves everything from one folder to another, `platform.toml` last; takes all of it away again when that fails.
fn fill(from: &Path, to: &Path) -> Result<(), CopyError> {
    let listed = fs::read_dir(from).map_err(unwritable(to))?;
    let mut names: Vec<_> = listed.flatten().map(|entry| entry.file_name()).collect();
    names.sort_by_key(|name| name == MANIFEST);
    for (index, name) in names.iter().enumerate() {
        if let Err(error) = fs::rename(from.join(name), to.join(name)) {
            for moved in names.iter().take(index) {
                let _ = fs::rename(to.join(moved), from.join(moved));
            }
            return Err(unwritable(&to.join(name))(error));
        }
    }
    Ok(())
}

/// Folders that were made on the way to another one. They go again when they stay empty.
struct Made(Vec<PathBuf>);

impl Made {
    fn down_to(folder: &Path) -> Result<Self, CopyError> {
        let missing = folder.ancestors().take_while(|above| !above.as_os_str().is_empty() && !above.exists());
        let made = Made(missing.map(Path::to_owned).collect());
        fs::create_dir_all(folder).map_err(unwritable(folder))?;
        Ok(made)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // From the innermost out. A folder with something in it is refused, which is what is wanted.
        for folder in &self.0 {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn unwritable(file: &Path) -> impl Fn(io::Error) -> CopyError {
    let file = file.to_owned();
    move |error| CopyError::Unwritable { file: file.clone(), error }
}

/// False also for what is no folder.
fn is_empty_folder(path: &Path) -> Result<bool, CopyError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(unwritable(path)(error)),
        Err(_no_folder) => Ok(false),
    }
}

/// True when a path, which need not exist, lies below a folder.
fn is_inside(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let there = path.ancestors().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let nearest = there.into_iter().find_map(|above| above.canonicalize().ok());
    nearest.is_some_and(|nearest| nearest.starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(root: &Path) -> PackFolder {
        for (path, text) in [(MANIFEST, "old"), ("a.md", "A"), ("drills/d.toml", "D"), ("templates/t.md", "T")] {
            let file = root.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        PackFolder::on_disk(root).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_copy_has_all_files_of_the_pack_and_tells_what_is_none() {
        let root = tempfile::tempdir().unwrap();
        let source = root.path().join("shop");
        let pack = pack(&source);
        fs::create_dir(source.join("evidence")).unwrap();
        fs::write(source.join(".env"), "secret").unwrap();
        fs::write(source.join("dump.sh"), "#!/bin/sh").unwrap();
        fs::set_permissions(source.join("dump.sh"), fs::Permissions::from_mode(0o555)).unwrap();
        std::os::unix::fs::symlink("a.md", source.join("b.md")).unwrap();
        std::os::unix::fs::symlink("nowhere", source.join("broken.md")).unwrap();
        let target = root.path().join("x/y");
        let copied = copy(&pack, &target, "new").unwrap();
        assert_eq!(copied.files, ["a.md", "b.md", "drills/d.toml", "dump.sh", "templates/t.md", MANIFEST]);
        assert_eq!(copied.left_out, [".env", "broken.md", "evidence"]);
        assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), "new");
        assert_eq!(fs::read_to_string(target.join("templates/t.md")).unwrap(), "T");
        assert!(!target.join("b.md").is_symlink());
        assert_eq!(fs::metadata(target.join("dump.sh")).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(names(&root.path().join("x")), ["y"]);
    }

    #[test]
    fn an_empty_folder_is_filled_and_stays_the_same_folder() {
        use std::os::unix::fs::MetadataExt;
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("own");
        fs::create_dir(&target).unwrap();
        let before = fs::metadata(&target).unwrap().ino();
        copy(&pack(&root.path().join("shop")), &target, "new").unwrap();
        assert_eq!(names(&target), ["a.md", "drills", MANIFEST, "templates"]);
        assert_eq!(fs::metadata(&target).unwrap().ino(), before);
    }

    #[test]
    fn what_is_in_the_way_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let pack = pack(&root.path().join("shop"));
        fs::write(root.path().join("file"), "mine").unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("dangling")).unwrap();
        for target in ["shop", "file", "dangling"] {
            let error = copy(&pack, &root.path().join(target), "new").unwrap_err();
            assert!(matches!(error, CopyError::Occupied(_)), "{target}: {error}");
        }
        let error = copy(&pack, &root.path().join("shop/a/b"), "new").unwrap_err();
        assert!(matches!(error, CopyError::Inside(_)), "{error}");
        assert_eq!(names(root.path()), ["dangling", "file", "shop"]);
        assert_eq!(names(&root.path().join("shop")), ["a.md", "drills", MANIFEST, "templates"]);
    }

    #[test]
    fn a_copy_that_fails_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let pack = pack(&root.path().join("shop"));
        // A folder below a file can be made by nobody, not even by root.
        fs::write(root.path().join("file"), "mine").unwrap();
        let error = copy(&pack, &root.path().join("file/own"), "new").unwrap_err();
        assert!(matches!(error, CopyError::Unwritable { .. }), "{error}");
        // A file that can be opened and not read.
        std::os::unix::fs::symlink("/proc/self/mem", root.path().join("shop/z.md")).unwrap();
        let error = copy(&pack, &root.path().join("made/on/the/way"), "new").unwrap_err();
        assert!(matches!(error, CopyError::Unreadable { .. }), "{error}");
        fs::create_dir(root.path().join("own")).unwrap();
        copy(&pack, &root.path().join("own"), "new").unwrap_err();
        assert_eq!(names(&root.path().join("own")), Vec::<String>::new());
        fs::remove_dir(root.path().join("own")).unwrap();
        assert_eq!(names(root.path()), ["file", "shop"]);
    }
}
