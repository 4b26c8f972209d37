//! Which programs this machine has.

use std::{env, os::unix::fs::PermissionsExt, path::Path};

/// True when the program is on the `PATH`, or, named with a folder, is there.
pub fn exists(program: &str) -> bool {
    if program.contains('/') {
        return is_program(Path::new(program));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

fn is_program(path: &Path) -> bool {
    path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
