//! Memory that a child process can open as a file: for what must be seen neither on disk nor in an argument.

use std::{
    fs::File,
    io::{self, Seek, Write},
    os::fd::AsRawFd,
};

use rustix::{
    fs::{MemfdFlags, memfd_create},
    io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd},
};

/// Makes such a file with this content. Children get it under exactly this number, as `/dev/fd/NUMBER`.
pub(super) fn memory(number: i32, content: &[u8]) -> io::Result<File> {
    let made = memfd_create("warroom", MemfdFlags::CLOEXEC)?;
    let placed = fcntl_dupfd_cloexec(&made, number)?;
    if placed.as_raw_fd() != number {
        return Err(io::Error::other(format!("file descriptor {number} is in use")));
    }
    fcntl_setfd(&placed, FdFlags::empty())?;
    let mut file = File::from(placed);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file)
}
