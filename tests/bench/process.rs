//! What a process costs: memory and processor time, as Linux counts them.

use std::{fs, path::PathBuf};

/// Resident memory in megabytes (10^6 bytes). `field` is `VmRSS` (now) or `VmHWM` (the most there ever was).
pub(crate) fn memory_mb(pid: u32, field: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? * 1024.0 / 1e6)
}

/// Processor time used so far, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name in brackets may hold blanks. After it the fields count from 3; user and system time are 14 and 15.
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name in brackets").1.split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().expect("a number")).sum();
    // USER_HZ is 100 on every Linux this runs on.
    ticks / 100.0
}

/// A folder with a pack of these probes in it, and the folder of the pack itself.
pub(crate) fn pack(probes: &str) -> (crate::lab::Folder, PathBuf) {
    let folder = crate::lab::Folder::new();
    let pack = folder.path().join("bench");
    fs::create_dir_all(&pack).unwrap();
    let head = "[platform]\nname = \"bench\"\ntitle = \"Benchmark\"\n\n[environments.lab]\nkube_context = \"lab\"\n\n";
    fs::write(pack.join("platform.toml"), format!("{head}{probes}")).unwrap();
    (folder, pack)
}
