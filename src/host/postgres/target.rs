//! Where a PostgreSQL server is and how to get in, read from a connection string as libpq would read it.
//!
//! Accepted: `postgresql://` and `postgres://` URLs (also with a driver's name, `postgresql+asyncpg://`, as application
//! settings have them), several hosts, Unix sockets (`?host=/var/run/postgresql`), and `key=value` strings. What the
//! string leaves out comes from `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`, `PGSSLMODE` and `PGSSLROOTCERT`;
//! `~/.pgpass` and service files are not read. Parameters that only other clients know (`schema`, `pool_size`) are passed over.
//!
//! `sslmode` means what it means to psql:
//!
//! | mode | TLS | certificate |
//! | --- | --- | --- |
//! | `disable` | no | |
//! | `allow`, `prefer` (the default) | if the server offers it | not checked |
//! | `require` | yes | not checked, unless `sslrootcert` is given: then as `verify-ca` |
//! | `verify-ca` | yes | signed by a root we trust |
//! | `verify-full` | yes | and made for that host name |
//!
//! Roots come from `sslrootcert`, else `~/.postgresql/root.crt`, else the system; `sslrootcert=system` asks for the
//! system's. `sslcert` and `sslkey` name a client certificate. These files are only read in the URL form.

use std::path::PathBuf;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_postgres::config::{Config, Host, SslMode};

use crate::secret::expand_home;

/// How much of a server's certificate is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    #[default]
    Nothing,
    Chain,
    ChainAndName,
}

/// Which roots sign certificates that we accept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Roots {
    /// `~/.postgresql/root.crt` when it exists, else the system's.
    #[default]
    Usual,
    System,
    File(PathBuf),
}

/// TLS as a connection string asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsWish {
    pub verify: Verify,
    pub roots: Roots,
    /// Certificate and key that show who we are.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// One place to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: Host,
    pub port: u16,
    /// The name that a certificate must be for, and that people know.
    pub name: Option<String>,
}

impl Address {
    /// As people write it: `10.0.0.5:5432`, `/run/postgresql/.s.PGSQL.5432`.
    pub fn label(&self) -> String {
        match &self.host {
            Host::Tcp(host) => {
                let host = self.name.as_ref().unwrap_or(host);
                if host.contains(':') { format!("[{host}]:{}", self.port) } else { format!("{host}:{}", self.port) }
            }
            Host::Unix(folder) => folder.join(format!(".s.PGSQL.{}", self.port)).display().to_string(),
        }
    }
}

/// A parsed connection string. Its `Debug` form shows no password (the library's own masks it).
#[derive(Debug, Clone)]
pub struct Target {
    pub config: Config,
    pub addresses: Vec<Address>,
    pub tls: TlsWish,
}

/// Parameters that the library reads itself; `sslmode` is read here.
const PASSED_ON: [&str; 18] = [
    "user",
    "password",
    "dbname",
    "options",
    "application_name",
    "sslnegotiation",
    "host",
    "hostaddr",
    "port",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
];

impl Target {
    /// Reads a connection string. `environment` gives the `PG…` variables. The error is a clause without secrets that
    /// goes on after "the connection string".
    pub fn parse(text: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Target, String> {
        let mut wish = Wish { mode: environment("PGSSLMODE"), root: environment("PGSSLROOTCERT"), ..Wish::default() };
        let plain = match url_form(text.trim()) {
            Some(url) => wish.take_from(&url),
            None if text.contains("://") => {
                return Err("does not start with postgresql:// or postgres://".to_owned());
            }
            None => text.to_owned(),
        };
        let mut config: Config = plain.parse().map_err(|_| {
            "cannot be read as a PostgreSQL URL: percent-encode special characters in names and passwords".to_owned()
        })?;
        fill_in(&mut config, environment)?;
        let (mode, tls) = wish.resolve(config.get_ssl_mode())?;
        config.ssl_mode(mode);
        if config.get_application_name().is_none() {
            config.application_name("warroom");
        }
        let addresses = addresses(&config)?;
        Ok(Target { config, addresses, tls })
    }
}

/// The connection string with another database in it. The error is one sentence without secrets.
pub fn with_database(text: &str, name: &str) -> Result<String, String> {
    let Some(url) = url_form(text.trim()) else {
        if text.contains("://") {
            return Err("the connection string does not start with postgresql:// or postgres://".to_owned());
        }
        // Of two, the library takes the last.
        let name = name.replace('\\', "\\\\").replace('\'', "\\'");
        return Ok(format!("{text} dbname='{name}'"));
    };
    let (address, query) = url.split_once('?').unwrap_or((&url, ""));
    let authority = address.strip_prefix("postgresql://").unwrap_or(address).split('/').next().unwrap_or_default();
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("dbname=")).collect();
    let mark = if rest.is_empty() { "" } else { "?" };
    Ok(format!("postgresql://{authority}/{name}{mark}{}", rest.join("&")))
}

/// The URL before its query without hosts and ports, which go into the query unless they are there already: what the query says
/// replaces what stands before it (libpq 15), and the library (tokio-postgres 0.7) would add the one to the other.
fn hosts_moved(before: &str, query: &mut Vec<String>) -> String {
    let (scheme, rest) = before.split_once("://").unwrap_or(("postgresql", before));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, hosts) = authority
        .rsplit_once('@')
        .map_or(("", authority), |(_, hosts)| authority.split_at(authority.len() - hosts.len()));
    let one = |text: &str| match text.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, port)) => (host.to_owned(), port.trim_start_matches(':').to_owned()),
        None => text
            .split_once(':')
            .map_or((text.to_owned(), String::new()), |(host, port)| (host.to_owned(), port.to_owned())),
    };
    let (hosts, ports): (Vec<String>, Vec<String>) = hosts.split(',').map(one).unzip();
    for (key, values) in [("host=", hosts), ("port=", ports)] {
        if !query.iter().any(|pair| pair.starts_with(key)) && values.iter().any(|value| !value.is_empty()) {
            query.push(format!("{key}{}", values.join(",")));
        }
    }
    query.retain(|pair| pair != "host=" && pair != "port=");
    // The library splits ports at commas and hosts not.
    *query = std::mem::take(query)
        .into_iter()
        .flat_map(|pair| match pair.strip_prefix("host=") {
            Some(hosts) => hosts.split(',').map(|host| format!("host={host}")).collect(),
            None => vec![pair],
        })
        .collect();
    format!("{scheme}://{user}{path}")
}

/// The text as a URL that the library takes, or `None` when it is something else.
fn url_form(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let (base, driver) = scheme.split_once('+').unwrap_or((scheme, ""));
    let driver_is_a_word = driver.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    (matches!(base, "postgres" | "postgresql") && driver_is_a_word).then(|| format!("postgresql://{rest}"))
}

/// What a connection string says about TLS, before it is understood.
#[derive(Default)]
struct Wish {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Wish {
    /// Takes the TLS parameters, and those that nobody here knows, out of a URL.
    fn take_from(&mut self, url: &str) -> String {
        let Some((before, query)) = url.split_once('?') else { return url.to_owned() };
        let mut kept = Vec::new();
        for pair in query.split('&') {
            let key = pair.split('=').next().unwrap_or_default();
            let value = || url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned());
            match key {
                "sslmode" => self.mode = value(),
                "sslrootcert" => self.root = value(),
                "sslcert" => self.certificate = value(),
                "sslkey" => self.key = value(),
                // libpq's newer words for what the library calls by its older ones
                "target_session_attrs" if pair.ends_with("=primary") => kept.push(format!("{key}=read-write")),
                "target_session_attrs" if pair.ends_with("standby") => kept.push(format!("{key}=any")),
                _ if PASSED_ON.contains(&key) => kept.push(pair.to_owned()),
                _ => {}
            }
        }
        let names_host = |pair: &String| pair.starts_with("host=") || pair.starts_with("port=");
        let before = if kept.iter().any(names_host) { hosts_moved(before, &mut kept) } else { before.to_owned() };
        if kept.is_empty() { before } else { format!("{before}?{}", kept.join("&")) }
    }

    fn resolve(self, parsed: SslMode) -> Result<(SslMode, TlsWish), String> {
        let (mode, verify) = match self.mode.as_deref() {
            None => (parsed, Verify::Nothing),
            Some("disable") => (SslMode::Disable, Verify::Nothing),
            Some("allow" | "prefer") => (SslMode::Prefer, Verify::Nothing),
            Some("require") if self.root.is_some() => (SslMode::Require, Verify::Chain),
            Some("require") => (SslMode::Require, Verify::Nothing),
            Some("verify-ca") => (SslMode::Require, Verify::Chain),
            Some("verify-full") => (SslMode::Require, Verify::ChainAndName),
            Some(_) => {
                return Err(
                    "has an sslmode that is not one of disable, allow, prefer, require, verify-ca, verify-full"
                        .to_owned(),
                );
            }
        };
        let roots = match self.root.as_deref() {
            None => Roots::Usual,
            Some("system") => Roots::System,
            Some(path) => Roots::File(expand_home(path)),
        };
        // libpq: the system's roots sign everybody's certificates, so the name must be checked too.
        let verify = if roots == Roots::System && mode == SslMode::Require { Verify::ChainAndName } else { verify };
        let identity = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some((expand_home(&certificate), expand_home(&key))),
            (None, None) => None,
            _ => return Err("has only one of sslcert and sslkey, which go together".to_owned()),
        };
        Ok((mode, TlsWish { verify, roots, identity }))
    }
}

/// Fills what the string leaves out from the environment, as libpq does.
fn fill_in(config: &mut Config, environment: impl Fn(&str) -> Option<String>) -> Result<(), String> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        for host in environment("PGHOST").unwrap_or_else(usual_host).split(',') {
            config.host(host);
        }
        if config.get_ports().is_empty()
            && let Some(ports) = environment("PGPORT")
        {
            for port in ports.split(',') {
                config.port(
                    port.parse().map_err(|_| "leaves the port to PGPORT, which is not a port number".to_owned())?,
                );
            }
        }
    }
    if config.get_user().is_none()
        && let Some(user) = environment("PGUSER")
    {
        config.user(user);
    }
    if config.get_password().is_none()
        && let Some(password) = environment("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_dbname().is_none()
        && let Some(database) = environment("PGDATABASE")
    {
        config.dbname(database);
    }
    Ok(())
}

/// Debian's socket folder when it is there, as Debian's libpq has it, else the machine itself.
fn usual_host() -> String {
    let folder = "/var/run/postgresql";
    if std::path::Path::new(folder).is_dir() { folder.to_owned() } else { "localhost".to_owned() }
}

fn addresses(config: &Config) -> Result<Vec<Address>, String> {
    let (hosts, fixed, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(fixed.len());
    if ports.len() > 1 && ports.len() != count || !fixed.is_empty() && !hosts.is_empty() && fixed.len() != hosts.len() {
        return Err("does not give as many ports (or hostaddr) as hosts".to_owned());
    }
    Ok((0..count)
        .map(|i| {
            let name = match hosts.get(i) {
                Some(Host::Tcp(name)) => Some(name.clone()),
                _ => None,
            };
            let host = match (fixed.get(i), hosts.get(i)) {
                (Some(address), _) => Host::Tcp(address.to_string()),
                (None, Some(host)) => host.clone(),
                (None, None) => Host::Tcp("localhost".to_owned()),
            };
            Address { host, port: ports.get(i).or(ports.first()).copied().unwrap_or(5432), name }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Target, String> {
        Target::parse(text, |_| None)
    }

    fn labels(target: &Target) -> Vec<String> {
        target.addresses.iter().map(Address::label).collect()
    }

    #[test]
    fn urls_of_applications_are_understood() {
        let target =
            parse("postgresql+asyncpg://app:s3cret@db1:5433,db2/portal?schema=public&sslmode=verify-full").unwrap();
        assert_eq!(labels(&target), ["db1:5433", "db2:5432"]);
        assert_eq!(target.config.get_dbname(), Some("portal"));
        assert_eq!(target.tls.verify, Verify::ChainAndName);
        assert_eq!(target.config.get_application_name(), Some("warroom"));
    }

    /// As libpq 15 takes them (`PQconninfoParse`): the query replaces what stands before it.
    #[test]
    fn what_the_query_says_of_host_and_port_replaces_the_rest() {
        for (text, expected) in [
            ("postgresql://u@h1/db?host=h2", &["h2:5432"][..]),
            ("postgresql://u@h1:6000/db?host=h2", &["h2:6000"]),
            ("postgresql://u:p%40@h1:5432/db?port=5433", &["h1:5433"]),
            ("postgresql://u@h1,h2/db?port=5433", &["h1:5433", "h2:5433"]),
            ("postgresql://u@[::1]:6000/db?host=h2,h3", &["h2:6000", "h3:6000"]),
            ("postgresql://u@h1/db?host=", &["/var/run/postgresql/.s.PGSQL.5432"]),
        ] {
            let target = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(labels(&target), expected, "{text}");
            assert_eq!((target.config.get_user(), target.config.get_dbname()), (Some("u"), Some("db")), "{text}");
        }
    }

    #[test]
    fn another_database_of_the_server_takes_the_place_of_the_one_in_the_string() {
        for (text, host) in [
            ("postgresql+asyncpg://app:s3cret@db1:5433,db2/portal?sslmode=require&dbname=other", "db1:5433"),
            ("postgres://app:s3cret@db1:5433", "db1:5433"),
            ("postgresql://app@[::1]:5433/?connect_timeout=3", "[::1]:5433"),
            ("postgresql:///portal?host=/run/postgresql&port=5433", "/run/postgresql/.s.PGSQL.5433"),
            ("host=db1 port=5433 dbname=portal user=app password=s3cret", "db1:5433"),
        ] {
            let target = parse(&with_database(text, "o'brien/ 50%?\\").unwrap()).unwrap();
            assert_eq!(target.config.get_dbname(), Some("o'brien/ 50%?\\"), "{text}");
            assert_eq!(labels(&target)[0], host, "{text}");
            let password = text.contains("s3cret").then_some(b"s3cret".as_slice());
            assert_eq!(target.config.get_password(), password, "{text}");
        }
        assert!(!with_database("mysql://app:s3cret@h/x", "y").unwrap_err().contains("s3cret"));
    }

    #[test]
    fn a_url_without_a_host_takes_what_libpq_takes() {
        let environment = |name: &str| match name {
            "PGHOST" => Some("/tmp/sockets".to_owned()),
            "PGPORT" => Some("6000".to_owned()),
            "PGUSER" => Some("alice".to_owned()),
            "PGDATABASE" => Some("portal".to_owned()),
            _ => None,
        };
        let target = Target::parse("postgresql://", environment).unwrap();
        assert_eq!(labels(&target), ["/tmp/sockets/.s.PGSQL.6000"]);
        assert_eq!((target.config.get_user(), target.config.get_dbname()), (Some("alice"), Some("portal")));
    }

    #[test]
    fn require_with_a_root_certificate_checks_the_chain() {
        assert_eq!(parse("postgres://h/?sslmode=require").unwrap().tls.verify, Verify::Nothing);
        assert_eq!(parse("postgres://h/?sslmode=require&sslrootcert=/x.pem").unwrap().tls.verify, Verify::Chain);
        assert_eq!(parse("postgres://h/?sslmode=require&sslrootcert=system").unwrap().tls.verify, Verify::ChainAndName);
    }

    #[test]
    fn what_cannot_be_read_is_said_without_the_password() {
        for text in
            ["mysql://a:hunter2@h/", "postgres://a:hunter2@h:port/", "postgres://a:hunter2@h/?sslmode=yes", "hunter2"]
        {
            let error = parse(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,80}") {
            let _ = parse(&text);
            let _ = parse(&format!("postgres://{text}"));
        }
    }
}
