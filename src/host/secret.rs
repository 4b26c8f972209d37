//! Turns references to secrets (`env:`, `file:`, `cmd:`) into the secrets, when they are used.

use std::{collections::HashMap, fmt, path::PathBuf, process::Stdio, sync::Mutex, time::Duration};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::mask::{Secrets, secret_variables};
use warroom_domain::platform::SecretText;

/// How long a `cmd:` reference may take to answer.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// Resolves secret references. Answers of `cmd:` references are kept until [`SecretStore::forget`],
/// because they may be slow or count against a quota; the environment and files are read each time.
#[derive(Default)]
pub struct SecretStore {
    /// Relative `file:` paths start here.
    base: PathBuf,
    commands: Mutex<HashMap<String, SecretString>>,
    /// References whose answers must be shown nowhere.
    declared: Mutex<Vec<SecretText>>,
    /// What they came to last, and how it is found in text.
    known: Mutex<Option<(Vec<Named>, Secrets)>>,
}

/// A name that may be shown, and what may not.
type Named = (String, String);

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretStore").field("base", &self.base).finish_non_exhaustive()
    }
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
        SecretStore { base: base.into(), ..SecretStore::default() }
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

    /// What these references come to must be shown nowhere from now on.
    pub fn declare<'t>(&self, texts: impl IntoIterator<Item = &'t SecretText>) {
        let Ok(mut declared) = self.declared.lock() else { return };
        for text in texts.into_iter().filter(|text| !matches!(text, SecretText::Literal(_))) {
            if !declared.contains(text) {
                declared.push(text.clone());
            }
        }
    }

    /// All that must be shown nowhere: the declared references as they are now, and what the environment holds. A `cmd:`
    /// reference counts from its first answer on; it is not run for this.
    pub async fn known(&self) -> Secrets {
        let declared = self.declared.lock().map(|declared| declared.clone()).unwrap_or_default();
        let mut values: Vec<Named> = secret_variables();
        for text in &declared {
            let answer = match text {
                SecretText::Command(command) => self.commands.lock().ok().and_then(|kept| kept.get(command).cloned()),
                text => self.resolve(text).await.ok(),
            };
            let name = match text {
                SecretText::Env(name) => name.clone(),
                SecretText::File(path) => path.rsplit('/').next().unwrap_or(path).to_owned(),
                _ => "secret".to_owned(),
            };
            values.extend(
                answer.iter().flat_map(|answer| hidden_parts(answer.expose_secret())).map(|part| (name.clone(), part)),
            );
        }
        let Ok(mut known) = self.known.lock() else { return Secrets::of_environment().clone() };
        match known.as_ref() {
            Some((before, secrets)) if *before == values => secrets.clone(),
            _ => {
                let secrets = Secrets::new(values.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                *known = Some((values, secrets.clone()));
                secrets
            }
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

/// Shorter values would blot out innocent text.
const LEAST: usize = 6;

/// What of a value may be shown nowhere. Of a URL or connection string without a password or query that is nothing: people
/// have to see where a target is.
fn hidden_parts(value: &str) -> Vec<String> {
    let mut parts = Vec::new();
    if let Ok(url) = url::Url::parse(value)
        && url.has_host()
    {
        // A password that is the user's name protects nothing, and is a word of every sentence about that user.
        if let Some(password) = url.password().filter(|password| !password.is_empty() && *password != url.username()) {
            parts.push(percent_decode_str(password).decode_utf8_lossy().into_owned());
            parts.push(password.to_owned());
            parts.push(value.to_owned());
        } else if url.username().len() >= 20 || url.query().is_some() {
            parts.push(value.to_owned());
        }
    } else if value.contains("host=") || value.contains("dbname=") {
        let password = value.split_whitespace().find_map(|pair| pair.strip_prefix("password="));
        parts.extend(password.map(|password| password.trim_matches('\'').to_owned()));
    } else {
        parts.push(value.to_owned());
        // `Bearer TOKEN`: the token alone is as bad.
        parts.extend(value.split_whitespace().filter(|word| word.len() >= 16).map(str::to_owned));
    }
    parts.retain(|part| part.len() >= LEAST);
    parts.dedup();
    parts
}

/// `~/x` below the home directory; other paths as they are.
pub fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}
