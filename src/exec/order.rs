//! What one action needs to run. It goes to the supervisor over a pipe: never to disk, never into an argument.

use std::{path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// How long a cancelled or timed-out action may take to end before it is killed.
pub const GRACE: Duration = Duration::from_secs(10);
/// How much output of one action is kept: the beginning and the end.
pub const OUTPUT_LIMIT: u64 = 64 << 20;

/// Everything that one action needs. Nothing in it is shown by `Debug` but what is no secret.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub kind: OrderKind,
    /// Variables of the run: the environment of a bash action.
    pub variables: Vec<Given>,
    /// Further secrets that must not be seen in the output.
    pub secrets: Vec<Secret>,
    /// Where a session begins; later actions begin where the one before them ended.
    pub cwd: PathBuf,
    /// Folder of the run's session, shared by its actions; made when it does not exist.
    pub session: PathBuf,
    /// A private file whose only current context is the pinned one; `KUBECONFIG` of the action.
    pub kubeconfig: Option<PathBuf>,
    /// Further environment that the place asks for (`AWS_PROFILE`, `PGHOST`); wins over the session.
    pub environment: Vec<(String, String)>,
    /// The action is ended after this long.
    pub timeout: Option<Duration>,
    pub terminal: TerminalKind,
    /// Time between TERM and KILL.
    pub grace: Duration,
    /// Bytes of output that are kept.
    pub output_limit: u64,
}

impl Order {
    /// An order with the usual limits and nothing given to it.
    pub fn new(kind: OrderKind, cwd: impl Into<PathBuf>, session: impl Into<PathBuf>) -> Self {
        Order {
            kind,
            variables: Vec::new(),
            secrets: Vec::new(),
            cwd: cwd.into(),
            session: session.into(),
            kubeconfig: None,
            environment: Vec::new(),
            timeout: None,
            terminal: TerminalKind::No,
            grace: GRACE,
            output_limit: OUTPUT_LIMIT,
        }
    }
}

/// What runs.
#[derive(Debug, Serialize, Deserialize)]
pub enum OrderKind {
    Bash {
        code: String,
    },
    Sql {
        code: String,
        /// The connection string, resolved.
        #[serde(serialize_with = "expose")]
        url: SecretString,
        /// Without it the transaction is READ ONLY.
        write: bool,
        /// The server gives up a statement after this long.
        statement_timeout: Duration,
    },
}

/// A variable of the run and its value.
#[derive(Debug, Serialize, Deserialize)]
pub struct Given {
    pub name: String,
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
    /// Masked wherever it shows up, and never stored.
    pub secret: bool,
}

/// A secret that may show up in output.
#[derive(Debug, Serialize, Deserialize)]
pub struct Secret {
    pub name: String,
    #[serde(serialize_with = "expose")]
    pub value: SecretString,
}

/// What the action has for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum TerminalKind {
    /// Pipes.
    #[default]
    No,
    /// One of its own, of this size; what it prints is reduced to text and colour.
    Tty { columns: u16, rows: u16 },
    /// The person's, handed over until it ends. That screen shows what the program prints as it is; only the record of it is
    /// masked and reduced to text and colour.
    Interactive { columns: u16, rows: u16 },
}

/// Secrets are written to one place only: the supervisor's standard input.
fn expose<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}
