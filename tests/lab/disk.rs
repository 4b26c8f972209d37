//! A small disk that can be full.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use super::need;

/// A file system of its own in a folder, as long as it lives.
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Makes the folder. `None`, with the reason printed, where nobody may mount.
    pub fn mount(folder: &Path, kibibytes: u32) -> Option<Disk> {
        fs::create_dir(folder).unwrap();
        let size = format!("size={kibibytes}k,mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Disk { folder: folder.to_owned() }),
            other => {
                need::skip(&format!("a file system of its own cannot be mounted here: {other:?}"));
                None
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Leaves not a byte.
    pub fn fill(&self) {
        let mut file = File::create(self.ballast()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Takes no more writes, as after an error of the device.
    pub fn make_read_only(&self) {
        let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.folder).status().unwrap();
        assert!(remounted.success(), "the file system stays writable");
    }

    /// Makes room again.
    pub fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.folder).status());
    }
}
