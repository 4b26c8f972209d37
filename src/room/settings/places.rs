//! Where settings, packs and state live on this machine, by the XDG base directory specification.

use std::path::PathBuf;

use etcetera::{BaseStrategy, base_strategy::Xdg};

/// The folders and files that the program looks at when nobody names others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    pub system_config: PathBuf,
    pub user_config: PathBuf,
    /// Where packs are looked for: beside the user's and the system's settings.
    pub pack_dirs: Vec<PathBuf>,
    /// Where user themes are looked for.
    pub themes: PathBuf,
    pub data_dir: PathBuf,
}

impl Places {
    /// Reads `HOME` and the `XDG_*` variables. Without a home directory everything of the user is below `./.warroom`, so
    /// that the program still starts on a rescue system.
    pub fn of_this_machine() -> Self {
        let (config, state) = match Xdg::new() {
            Ok(xdg) => {
                let config = xdg.config_dir();
                let state = xdg.state_dir().unwrap_or_else(|| xdg.data_dir());
                (config.join("warroom"), state.join("warroom"))
            }
            Err(_) => (PathBuf::from(".warroom"), PathBuf::from(".warroom/state")),
        };
        Places {
            system_config: "/etc/warroom/config.toml".into(),
            user_config: config.join("config.toml"),
            pack_dirs: vec![config.join("packs"), "/etc/warroom/packs".into()],
            themes: config.join("themes"),
            data_dir: state,
        }
    }
}
