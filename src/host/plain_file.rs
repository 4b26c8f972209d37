//! Files that others may have put there: only plain ones are read, without waiting, and only so much of them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

/// Longest file of a pack, of settings or of a theme.
pub const LONGEST: u64 = 16 << 20;

/// Opens a plain file, also behind a link. A pipe or a device is an error at once, where opening it could wait for ever.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a folder"));
    }
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    Ok(file)
}

/// Reads one, up to [`LONGEST`] bytes.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is larger than 16 MiB"));
    }
    Ok(bytes)
}

/// The same as text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_files_are_read_and_only_so_much_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "text").unwrap();
        std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
        assert_eq!(read_text(&folder.path().join("link")).unwrap(), "text");
        File::create(folder.path().join("large")).unwrap().set_len(LONGEST + 1).unwrap();
        for (path, cause) in [
            (folder.path().join("large"), "it is larger than 16 MiB"),
            (folder.path().to_owned(), "it is a folder"),
            ("/dev/zero".into(), "it is not a plain file"),
        ] {
            assert_eq!(read(&path).unwrap_err().to_string(), cause);
        }
    }
}
