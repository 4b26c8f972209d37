//! The command that goes on with a run.

use std::path::Path;

use super::RunArgs;
use crate::global::Global;
use warroom_domain::text::word;
use warroom_runbook::run::RunId;

/// How the program was started.
#[derive(Clone, Copy)]
pub(super) struct Again<'a> {
    pub(super) global: &'a Global,
    pub(super) args: &'a RunArgs,
}

impl Again<'_> {
    /// `warroom runbook run --resume …` with whatever else it takes to find the run again, from any folder.
    pub(super) fn command(self, run: &RunId) -> String {
        let Again { global, args } = self;
        let mut words = ["warroom", "runbook", "run", "--resume", &run.0].map(str::to_owned).to_vec();
        let mut add = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([flag.to_owned(), word(&value)]);
            }
        };
        add("--incident", args.incident.clone());
        add("--confirm", Some(args.confirm.clone()).filter(|risk| risk != "read"));
        add("--accept-errors", args.accept_errors.clone());
        // A folder comes before a pack of that name only when it is written as one.
        add(
            "--pack",
            global.pack.as_ref().map(|pack| if pack.contains('/') { absolute(Path::new(pack)) } else { pack.clone() }),
        );
        add("--environment", global.environment.clone());
        add("--config", global.config.as_deref().map(absolute));
        add("--data-dir", global.data_dir.as_deref().map(absolute));
        words.extend(args.json.then(|| "--json".to_owned()));
        words.extend(global.read_only.then(|| "--read-only".to_owned()));
        words.join(" ")
    }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
