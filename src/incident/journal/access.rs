//! Who may read and write the files of an incident, whatever the umask says.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown},
    path::Path,
};

use rustix::fs::OFlags;

use warroom_host::shared;

/// Who may look at the incidents of a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Their owner: folders 0700, files 0600.
    #[default]
    Owner,
    /// A group, whose members join each other's incidents: folders 3770, files 0640.
    ///
    /// Everybody adds files and reads all of them; the mode keeps each one's from being changed by the others, and the sticky
    /// bit from being removed by anybody but whoever made the folder. What was removed is written again while its writer
    /// runs, and a checkpoint tells of it later. New files get the group by the folder's set-group-id bit.
    Group {
        /// The group's number.
        gid: u32,
    },
}

impl Access {
    fn folder_mode(self) -> u32 {
        match self {
            Access::Owner => 0o700,
            Access::Group { .. } => shared::FOLDER,
        }
    }

    fn file_mode(self) -> u32 {
        match self {
            Access::Owner => 0o600,
            Access::Group { .. } => shared::FILE,
        }
    }

    /// Makes one folder that must not exist yet, durably.
    pub fn make_folder(self, path: &Path) -> io::Result<()> {
        // Nobody gets in before the mode is right.
        DirBuilder::new().mode(0o700).create(path)?;
        self.give(path)?;
        sync_folder(path.parent().unwrap_or(path))
    }

    /// Gives a folder of this user the group and the mode that it must have.
    fn give(self, path: &Path) -> io::Result<()> {
        if let Access::Group { gid } = self {
            chown(path, None, Some(gid))?;
        }
        // After the owner: changing that takes the set-group-id bit away.
        std::fs::set_permissions(path, Permissions::from_mode(self.folder_mode()))
    }

    /// Makes one file that must not exist yet, open for reading and writing. Its name is durable after [`sync_folder`] only.
    pub fn make_file(self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        if let Access::Group { gid } = self {
            chown(path, None, Some(gid))?;
        }
        file.set_permissions(Permissions::from_mode(self.file_mode()))?;
        Ok(file)
    }
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Opens somebody's file for reading: a plain one only, since a link or a pipe planted in a shared folder would lead or keep us
/// elsewhere.
pub fn open_plain(path: &Path, write: bool) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let file = OpenOptions::new().read(true).write(write).custom_flags(flags.cast_signed()).open(path);
    let file = match file {
        // ELOOP says "too many symbolic links", which there are not.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => return Err(not_plain()),
        other => other?,
    };
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_plain()) }
}

fn not_plain() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file")
}

/// An error of the file system, as the end of a sentence about the file.
pub fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not".to_owned(),
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        _ => error.to_string(),
    }
}
