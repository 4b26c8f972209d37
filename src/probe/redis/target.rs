//! Where Redis is and how to get in, read from a URL.
//!
//! | form | what it is |
//! | --- | --- |
//! | `redis://[user][:password@]host[:port][/db]` | one server |
//! | `rediss://…` | the same over TLS, with the system's roots; `#insecure` at the end checks nothing |
//! | `unix:///path/to/socket[?db=1&user=…&pass=…]` | one server, local socket |
//! | `redis+sentinel://[user][:password@]host[:26379][,host2…]/master-name[/db]` | the master behind Sentinels |
//! | `redis+cluster://[user][:password@]host[:6379][,host2…]` | every node of a cluster |
//!
//! `redis-sentinel` and `redis-cluster` are accepted too, and `rediss+…` for TLS; `valkey` stands for `redis` anywhere. The
//! password of a Sentinel URL is the master's; `?sentinel_password=…` (and `sentinel_user=…`) is the Sentinels' own.

use std::path::PathBuf;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::reach::Endpoint;

/// A place that a Redis protocol server listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Tcp(Endpoint),
    Unix(PathBuf),
}

impl Place {
    /// As people write it: `10.0.0.5:6379`.
    pub(super) fn label(&self) -> String {
        match self {
            Place::Tcp(endpoint) => endpoint.to_string(),
            Place::Unix(path) => path.display().to_string(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Plain,
    Tls { insecure: bool },
}

/// How to get in. `Debug` shows no password.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) db: i64,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login(user {:?}, db {})", self.user, self.db)
    }
}

impl Login {
    fn of(info: &ConnectionInfo) -> Login {
        let settings = info.redis_settings();
        let own = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Login { user: own(settings.username()), password: own(settings.password()), db: settings.db() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    One { place: Place, transport: Transport, login: Login },
    Sentinel { sentinels: Vec<Place>, transport: Transport, own: Login, master: String, login: Login },
    Cluster { seeds: Vec<Place>, transport: Transport, login: Login },
}

/// The groups that a URL can name.
enum Group {
    Sentinel,
    Cluster,
}

impl Target {
    /// Reads a URL. The error is a clause without secrets that goes on after "the Redis URL".
    pub(super) fn parse(text: &str) -> Result<Target, String> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
        let scheme = scheme.to_ascii_lowercase().replace("valkeys", "rediss").replace("valkey", "redis");
        let (base, group) = match scheme.split_once(['+', '-']) {
            Some((base, "sentinel")) => (base, Group::Sentinel),
            Some((base, "cluster")) => (base, Group::Cluster),
            _ => return one(&format!("{scheme}://{rest}")),
        };
        let secure = match base {
            "redis" => false,
            "rediss" => true,
            _ => return Err(WRONG_SCHEME.to_owned()),
        };
        let (rest, insecure) = rest.strip_suffix("#insecure").map_or((rest, false), |rest| (rest, true));
        let transport = if secure { Transport::Tls { insecure } } else { Transport::Plain };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
        match group {
            Group::Sentinel => {
                let (master, db) =
                    path.trim_end_matches('/').split_once('/').unwrap_or((path.trim_end_matches('/'), ""));
                if master.is_empty() {
                    return Err("names no master: write redis+sentinel://HOST:26379/MASTER-NAME".to_owned());
                }
                let mut own = Login::default();
                for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
                    match key.as_ref() {
                        "sentinel_password" => own.password = Some(value.into_owned()),
                        "sentinel_user" | "sentinel_username" => own.user = Some(value.into_owned()),
                        _ => {}
                    }
                }
                let (sentinels, login) = (places(hosts, 26379)?, login(user_info, db)?);
                Ok(Target::Sentinel { sentinels, transport, own, master: master.to_owned(), login })
            }
            Group::Cluster => {
                Ok(Target::Cluster { seeds: places(hosts, 6379)?, transport, login: login(user_info, "")? })
            }
        }
    }
}

const WRONG_SCHEME: &str = "does not start with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://";

fn one(url: &str) -> Result<Target, String> {
    let scheme = url.split("://").next().unwrap_or_default();
    if !matches!(scheme, "redis" | "rediss" | "unix" | "redis+unix") {
        return Err(WRONG_SCHEME.to_owned());
    }
    let info = connection_info(url)?;
    let (place, transport) = match info.addr() {
        ConnectionAddr::Tcp(host, port) => (tcp(host, *port), Transport::Plain),
        ConnectionAddr::TcpTls { host, port, insecure, .. } => {
            (tcp(host, *port), Transport::Tls { insecure: *insecure })
        }
        ConnectionAddr::Unix(path) => (Place::Unix(path.clone()), Transport::Plain),
        _ => return Err(WRONG_SCHEME.to_owned()),
    };
    Ok(Target::One { place, transport, login: Login::of(&info) })
}

fn tcp(host: &str, port: u16) -> Place {
    Place::Tcp(Endpoint { host: host.to_owned(), port })
}

fn places(hosts: &str, default_port: u16) -> Result<Vec<Place>, String> {
    hosts
        .split(',')
        .map(|host| Endpoint::parse(host, Some(default_port)).map(Place::Tcp))
        .collect::<Result<_, _>>()
        .map_err(|_| "has a host that is not HOST or HOST:PORT".to_owned())
}

/// User, password and database as the library decodes them.
fn login(user_info: &str, db: &str) -> Result<Login, String> {
    let at = if user_info.is_empty() { "" } else { "@" };
    connection_info(&format!("redis://{user_info}{at}host/{db}")).map(|info| Login::of(&info))
}

fn connection_info(url: &str) -> Result<ConnectionInfo, String> {
    // The library's own words may repeat parts of the URL.
    url.into_connection_info().map_err(|_| {
        "cannot be read: write redis://[user][:password@]host[:port][/db], with special characters percent-encoded"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_server_is_read_with_its_login() {
        let Target::One { place, transport, login } =
            Target::parse("rediss://app:p%40ss@cache.example:6380/2").unwrap()
        else {
            panic!("one server")
        };
        assert_eq!(place.label(), "cache.example:6380");
        assert_eq!(transport, Transport::Tls { insecure: false });
        assert_eq!((login.user.as_deref(), login.password.as_deref(), login.db), (Some("app"), Some("p@ss"), 2));
        assert!(!format!("{login:?}").contains("p@ss"));
    }

    #[test]
    fn groups_name_several_hosts() {
        let url = "redis-sentinel://:secret@s1,s2:26380/mymaster/3?sentinel_password=other";
        let Target::Sentinel { sentinels, own, master, login, .. } = Target::parse(url).unwrap() else {
            panic!("sentinel")
        };
        assert_eq!(sentinels.iter().map(Place::label).collect::<Vec<_>>(), ["s1:26379", "s2:26380"]);
        assert_eq!((master.as_str(), own.password.as_deref(), login.db), ("mymaster", Some("other"), 3));
        let Target::Cluster { seeds, transport, .. } = Target::parse("rediss+cluster://[::1]:7000,b#insecure").unwrap()
        else {
            panic!("cluster")
        };
        assert_eq!(seeds.iter().map(Place::label).collect::<Vec<_>>(), ["[::1]:7000", "b:6379"]);
        assert_eq!(transport, Transport::Tls { insecure: true });
    }

    #[test]
    fn what_cannot_be_read_is_said_without_the_password() {
        for url in [
            "http://:hunter2@h",
            "redis://:hunter2@",
            "redis://:hunter2@h/notanumber",
            "redis+sentinel://:hunter2@h",
            "redis+cluster://:hunter2@h:port",
            "hunter2",
        ] {
            let error = Target::parse(url).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,60}") {
            for scheme in ["", "redis://", "redis+sentinel://", "redis+cluster://"] {
                let _ = Target::parse(&format!("{scheme}{text}"));
            }
        }
    }
}
