//! The states that a target can be in, one row each: what a sweep says of it, and the code that it ends with.

use std::{fs, process::Command};

use warroom::health::Status;

use crate::lab;

/// The rows of one table, and those of them that were not as expected.
#[derive(Default)]
pub(crate) struct States {
    seen: Vec<&'static str>,
    wrong: Vec<String>,
}

impl States {
    /// Sweeps the target as it is now. `probe` are the lines of its `[[probes]]` in a pack; the sentence must contain `says`.
    pub(crate) fn row(&mut self, state: &'static str, probe: &str, status: Status, says: &str) {
        let (code, said, sentence) = sweep(probe);
        let expected = match status {
            Status::Ok => 0,
            Status::Warn => 1,
            Status::Down => 2,
            Status::Unknown => 3,
        };
        if (code, said.as_str()) != (Some(expected), status.word()) || !sentence.contains(says) {
            self.wrong.push(format!("{state}: expected {status} with `{says}`, got {said} ({code:?}): {sentence}"));
        }
        self.seen.push(state);
    }

    /// Fails with every row that was wrong.
    #[track_caller]
    pub(crate) fn finish(self) {
        assert!(self.wrong.is_empty(), "of {} states:\n{}", self.seen.len(), self.wrong.join("\n"));
    }
}

/// Exit code, status and sentence of a sweep with the program.
pub(crate) fn sweep(probe: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("states");
    fs::create_dir(&pack).unwrap();
    let head = "[platform]\nname = \"states\"\ntitle = \"States\"\n[environments.lab]\n";
    let probe =
        format!("[[probes]]\nid = \"target\"\nevery = \"60s\"\ntimeout = \"10s\"\nconnect_timeout = \"3s\"\n{probe}");
    fs::write(pack.join("platform.toml"), format!("{head}{probe}")).unwrap();
    let mut command = Command::new(lab::binary());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for variable in ["HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
        command.env(variable, folder.path());
    }
    let run = command.args(["sweep", "--format", "json", "--pack"]).arg(&pack).output().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    let sweep: serde_json::Value = serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{errors}"));
    let target = &sweep["probes"][0];
    let text = |field: &str| target[field].as_str().unwrap_or_default().to_owned();
    (run.status.code(), text("status"), text("summary"))
}
