//! Turns references to secrets (`env:`, `file:`, `cmd:`) into the secrets, when they are used.

use std::{collections::HashMap, path::PathBuf, process::Stdio, sync::Mutex, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use crate::platform::SecretText;

/// How long a `cmd:` reference may take to answer.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// Resolves secret references. Answers of `cmd:` references are kept until [`SecretStore::forget`],
/// because they may be slow or count against a quota; the environment and files are read each time.
#[derive(Debug, Default)]
pub struct SecretStore {
    /// Relative `file:` paths start here.
    base: PathBuf,
    commands: Mutex<HashMap<String, SecretString>>,
}

/// Why a secret is not to be had, in one sentence that names the reference and never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("environment variable {0} is not set (the pack takes this value from it)")]
    NotSet(String),
    #[error("environment variable {0} is not valid UTF-8")]
    NotText(String),
    #[error("cannot read {path} (the pack takes this value from it): {cause}")]
    File { path: String, cause: String },
    #[error("the command that the pack takes this value from {0}")]
    Command(String),
}

impl SecretStore {
    pub fn new(base: impl Into<PathBuf>) -> Self {
        SecretStore { base: base.into(), commands: Mutex::default() }
    }

    /// The text behind a reference. Trailing line ends of files and commands are dropped.
    pub async fn resolve(&self, text: &SecretText) -> Result<SecretString, SecretError> {
        match text {
            SecretText::Literal(literal) => Ok(literal.clone().into()),
            SecretText::Env(name) => match std::env::var(name) {
                Ok(value) if !value.is_empty() => Ok(value.into()),
                Ok(_) | Err(std::env::VarError::NotPresent) => Err(SecretError::NotSet(name.clone())),
                Err(std::env::VarError::NotUnicode(_)) => Err(SecretError::NotText(name.clone())),
            },
            SecretText::File(path) => {
                let full = self.base.join(expand_home(path));
                match tokio::fs::read_to_string(&full).await {
                    Ok(content) => Ok(content.trim_end_matches(['\r', '\n']).to_owned().into()),
                    Err(error) => Err(SecretError::File { path: full.display().to_string(), cause: error.to_string() }),
                }
            }
            SecretText::Command(command) => self.run(command).await,
        }
    }

    /// Drops the kept answers of `cmd:` references, after a target refused what they gave.
    pub fn forget(&self) {
        if let Ok(mut commands) = self.commands.lock() {
            commands.clear();
        }
    }

    async fn run(&self, command: &str) -> Result<SecretString, SecretError> {
        if let Some(known) = self.commands.lock().ok().and_then(|kept| kept.get(command).cloned()) {
            return Ok(known);
        }
        let output = tokio::process::Command::new("sh")
            .args(["-c", command])
            .current_dir(if self.base.is_dir() { self.base.clone() } else { PathBuf::from(".") })
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(COMMAND_TIMEOUT, output)
            .await
            .map_err(|_| SecretError::Command(format!("gave no answer within {} s", COMMAND_TIMEOUT.as_secs())))?
            .map_err(|error| SecretError::Command(format!("could not be started: {error}")))?;
        if !output.status.success() {
            return Err(SecretError::Command(format!("failed ({})", output.status)));
        }
        let text = String::from_utf8(output.stdout)
            .map_err(|_| SecretError::Command("printed something that is not text".to_owned()))?;
        let secret = SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned());
        if secret.expose_secret().is_empty() {
            return Err(SecretError::Command("printed nothing".to_owned()));
        }
        if let Ok(mut commands) = self.commands.lock() {
            commands.insert(command.to_owned(), secret.clone());
        }
        Ok(secret)
    }
}

/// `~/x` below the home directory; other paths as they are.
pub fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
