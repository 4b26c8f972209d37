//! What a pack says about one probe: which target, how often, which thresholds.

use std::time::Duration;

use indexmap::IndexMap;

use super::{Expression, SecretText};

/// One `[[probes]]` entry, validated, with the defaults of its kind filled in.
#[derive(Debug, Clone)]
pub struct ProbeSpec {
    /// Unique in the pack; how sweeps, alerts and gates name it.
    pub id: String,
    /// Shown to people; the id when the pack gives none.
    pub title: String,
    /// Probes of one panel stand together on screen.
    pub panel: String,
    /// The component whose objectives this probe speaks for.
    pub component: Option<String>,
    pub target: ProbeTarget,
    /// Time from the start of one look to the start of the next.
    pub every: Duration,
    /// Bound on one whole look.
    pub timeout: Duration,
    /// Bound on reaching the target.
    pub connect_timeout: Duration,
    /// True = warn. CEL over the reading's details, plus `value`, `latency_ms` and `status`.
    pub warn: Option<Expression>,
    /// True = down.
    pub down: Option<Expression>,
    /// What a look that reached its time limit means. A time-out is `unknown` unless the pack says `down`.
    pub on_timeout: OnTimeout,
    /// How many equal readings in a row make a transition.
    pub confirm: u32,
}

/// See [`ProbeSpec::on_timeout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTimeout {
    #[default]
    Unknown,
    Down,
}

impl ProbeTarget {
    /// The texts that may be references to secrets. A kubeconfig is a whole document and not among them.
    pub fn secrets(&self) -> Vec<&SecretText> {
        match self {
            ProbeTarget::Postgres { url, .. }
            | ProbeTarget::Redis { url, .. }
            | ProbeTarget::Metrics { url, .. }
            | ProbeTarget::Statuspage { url, .. }
            | ProbeTarget::Prometheus { server: url, .. } => vec![url],
            ProbeTarget::Replication { primary, replicas } => primary.iter().chain(replicas).collect(),
            ProbeTarget::Http(target) => {
                std::iter::once(&target.url).chain(target.headers.values()).chain(&target.body).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Which target a probe looks at. One variant for every probe kind.
#[derive(Debug, Clone)]
pub enum ProbeTarget {
    Kubernetes {
        /// The kube context; without it the environment's pinned context.
        context: Option<String>,
        /// Path of a kubeconfig; without it `KUBECONFIG`, then `~/.kube/config`.
        kubeconfig: Option<SecretText>,
        /// Namespace names, or `*` for all.
        namespaces: Vec<String>,
        /// Label selector over pods and workloads.
        selector: Option<String>,
    },
    Postgres {
        url: SecretText,
        expect: PostgresRole,
    },
    Replication {
        primary: Option<SecretText>,
        replicas: Vec<SecretText>,
    },
    Redis {
        url: SecretText,
        expect: RedisRole,
    },
    Http(Box<HttpTarget>),
    Prometheus {
        server: SecretText,
        query: String,
        /// Unit of the value, when the query's author says it (`%`, `s`, `bytes`).
        unit: Option<String>,
        web: WebFields,
    },
    Metrics {
        url: SecretText,
        /// PromQL vector selector of the series that count errors.
        errors: String,
        /// PromQL vector selector of the series that count everything.
        total: String,
        /// The span over which the two deltas are taken.
        window: Duration,
        web: WebFields,
    },
    Statuspage {
        url: SecretText,
        web: WebFields,
    },
    Tcp {
        address: String,
    },
    Tls {
        address: String,
        server_name: Option<String>,
        tls: TlsFiles,
    },
    Dns {
        name: String,
        /// `A`, `AAAA`, `CNAME`, `MX`, `TXT`, `NS`, `SRV`, …
        record: String,
        /// Every answer that must be present; empty accepts any answer.
        expect: Vec<String>,
        /// `ADDRESS` or `ADDRESS:PORT`; without it the machine's resolvers.
        server: Option<String>,
    },
    Backup {
        source: BackupSource,
        verify: BackupVerify,
        /// The oldest the newest backup may be; the component's RPO when the pack gives none.
        max_age: Option<Duration>,
        /// Least number of backups that must be kept.
        keep: Option<usize>,
    },
    Command {
        run: CommandLine,
        format: CommandFormat,
    },
    /// What a scenario says of the probe with this spec's id.
    Simulated {
        /// Id of a scenario of the pack (`drills/ID.toml`).
        scenario: String,
    },
}

impl ProbeTarget {
    /// The word for the kind, as a pack writes it in `kind = "…"`.
    pub fn kind(&self) -> &'static str {
        match self {
            ProbeTarget::Kubernetes { .. } => "kubernetes",
            ProbeTarget::Postgres { .. } => "postgres",
            ProbeTarget::Replication { .. } => "replication",
            ProbeTarget::Redis { .. } => "redis",
            ProbeTarget::Http(_) => "http",
            ProbeTarget::Prometheus { .. } => "prometheus",
            ProbeTarget::Metrics { .. } => "metrics",
            ProbeTarget::Statuspage { .. } => "statuspage",
            ProbeTarget::Tcp { .. } => "tcp",
            ProbeTarget::Tls { .. } => "tls",
            ProbeTarget::Dns { .. } => "dns",
            ProbeTarget::Backup { .. } => "backup",
            ProbeTarget::Command { .. } => "command",
            ProbeTarget::Simulated { .. } => "simulated",
        }
    }
}

/// See [`ProbeTarget::Http`].
#[derive(Debug, Clone)]
pub struct HttpTarget {
    pub url: SecretText,
    pub method: String,
    pub headers: IndexMap<String, SecretText>,
    pub body: Option<SecretText>,
    /// Accepted codes: `2xx`, `any`, `200,204`.
    pub status: String,
    /// Must be true. CEL over `body` (the parsed JSON).
    pub json: Option<Expression>,
    /// Text the body must contain.
    pub contains: Option<String>,
    /// Regular expression the body must match.
    pub matches: Option<String>,
    /// `ADDRESS` or `ADDRESS:PORT` to connect to instead of what DNS says.
    pub resolve: Option<String>,
    /// How many redirects to follow; 0 reports the redirect itself.
    pub redirects: usize,
    pub web: WebFields,
}

/// What every probe that speaks HTTP may say of its requests.
#[derive(Debug, Clone, Default)]
pub struct WebFields {
    pub tls: TlsFiles,
    /// Bytes of a decoded body after which reading stops; the kind's own when the pack gives none.
    pub body_limit: Option<usize>,
}

/// Whom a probe trusts on TLS, and who it says it is: paths of PEM files.
#[derive(Debug, Clone, Default)]
pub struct TlsFiles {
    /// Further trusted roots.
    pub ca_file: Option<String>,
    /// What is shown to a server that asks for a client certificate, with its issuers.
    pub client_certificate: Option<String>,
    /// Its private key; without it the key stands in the file of the certificate.
    pub client_key: Option<String>,
}

/// The role a database must have for its probe to be ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PostgresRole {
    #[default]
    Primary,
    Standby,
    Any,
}

/// The role a Redis server must have for its probe to be ok.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedisRole {
    #[default]
    Master,
    Replica,
    Any,
}

/// Where backups are listed.
#[derive(Debug, Clone, PartialEq)]
pub enum BackupSource {
    /// A glob over files (`/backups/*.dump`).
    Path(String),
    /// A shell command that prints one backup a line (`aws s3 ls`, or JSON from `list-objects-v2`).
    Command(String),
}

/// How the newest backup is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackupVerify {
    #[default]
    Checksum,
    PgRestore,
    None,
}

/// A program to run: as a vector (no shell), or as a shell line.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandLine {
    Argv(Vec<String>),
    Shell(String),
}

/// How a command's answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommandFormat {
    /// Exit codes 0 ok, 1 warning, 2 critical, 3 unknown; perfdata after `|`.
    #[default]
    Nagios,
    /// A JSON document whose members become the reading's details.
    Json,
    /// One JSON object a line, as a list: `items`.
    JsonLines,
}
