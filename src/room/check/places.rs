//! Places where steps act: databases and accounts are asked who they are, clusters whether they take the credentials, other servers
//! whether they accept connections.

use std::{path::Path, time::Duration};

use futures::{StreamExt, future::join_all, stream};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Need, NeedKind, Verdict, actions};
use crate::{
    Room,
    run::{Values, database, filled_in},
};
use warroom_exec::place::{self, Fact, Place, Wanted};
use warroom_host::{clock, postgres::target::with_database};
use warroom_probe::{
    self as probe, Look,
    reach::{self, Endpoint},
};
use warroom_runbook::{Action, Language, Runbook, shell};

/// How long each is asked.
const LIMIT: Duration = Duration::from_secs(3);
/// How many actions are looked at together: each may open a connection to a database that has few left.
const TOGETHER: usize = 4;

/// Something that is asked once, however many actions need it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Server {
    Cluster(String),
    Tcp {
        name: String,
        address: String,
    },
    /// A host that `~/.ssh/config` may lead elsewhere.
    Ssh {
        name: String,
        address: String,
    },
    Unasked(String),
}

pub(super) async fn needs(room: &Room, document: &Runbook, values: &Values) -> Vec<Need> {
    if room.pack.is_simulated() {
        let simulated = Err((Verdict::Unknown, "simulated: nothing is there to reach".to_owned()));
        return vec![Need::new(NeedKind::Place, room.pack.name.clone(), simulated, None)];
    }
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            let wrong = Err((Verdict::Unknown, format!("no temporary folder can be made: {error}")));
            return vec![Need::new(NeedKind::Place, "kube context", wrong, None)];
        }
    };
    let mut all: Vec<&Action> = Vec::new();
    for action in actions(document) {
        // SQL of one database is at one place.
        let database = |of: &Action| {
            (of.language == Language::Sql).then(|| (of.attributes.db.clone(), of.attributes.database.clone()))
        };
        if database(action).is_none_or(|own| !all.iter().any(|known| database(known).as_ref() == Some(&own))) {
            all.push(action);
        }
    }
    let looked = all.into_iter().enumerate().map(|(number, action)| {
        let kubeconfig = folder.path().join(number.to_string());
        async move { (action, one(room, action, values, &kubeconfig).await) }
    });
    let looked: Vec<_> = stream::iter(looked).buffered(TOGETHER).collect().await;
    let mut needs = Vec::new();
    let mut servers: Vec<(Server, usize)> = Vec::new();
    for (action, place) in looked {
        let at = |name: String, found| Need::new(NeedKind::Place, name, found, Some(action.line));
        let place = match place {
            Ok(place) => place,
            Err(why) => {
                needs.push(at("database".to_owned(), Err((Verdict::Failed, why))));
                continue;
            }
        };
        let here = || "where it acts".to_owned();
        needs.extend(place.mismatches.into_iter().map(|why| at(here(), Err((Verdict::Failed, why)))));
        needs.extend(place.unresolved.into_iter().map(|why| at(here(), Err((Verdict::Unknown, why)))));
        needs.extend(
            place.asked.into_iter().map(|asked| at(asked.name, asked.answer.map_err(|why| (Verdict::Failed, why)))),
        );
        let named = place.facts.into_iter().filter_map(of_fact).chain(called(action, values));
        for server in named {
            if !servers.iter().any(|(known, _)| *known == server) {
                servers.push((server, action.line));
            }
        }
    }
    needs.extend(join_all(servers.into_iter().map(|(server, line)| asked(room, server, line))).await);
    needs
}

/// Where an action would act now.
async fn one(room: &Room, action: &Action, values: &Values, kubeconfig: &Path) -> Result<Place, String> {
    let script = (action.language == Language::Bash).then(|| shell::analyse(&action.code));
    let url = match action.language {
        Language::Sql => {
            let text = database(room, action)?;
            let url = room.surroundings.secrets.resolve(&text).await.map_err(|error| error.to_string())?;
            let name = action.attributes.database.as_ref().map(|name| filled_in(name, values, &Default::default()));
            match name {
                Some(name) if name.contains('$') => {
                    let unresolved = vec![format!("the database {name} is not known before the run")];
                    return Ok(Place { unresolved, ..Place::default() });
                }
                Some(name) => Some(with_database(url.expose_secret(), &name)?.into()),
                None => Some(url),
            }
        }
        Language::Bash => None,
    };
    let contexts = room.pinned_contexts();
    let variables: Vec<(String, SecretString)> =
        values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
    let wanted = Wanted {
        script: script.as_ref(),
        database: url.as_ref().map(SecretString::expose_secret),
        environment: &room.environment,
        environment_name: &room.environment_name,
        context: action.attributes.context.as_deref(),
        pinned_contexts: &contexts,
        variables: &variables,
        kubeconfig,
    };
    Ok(place::resolve(&wanted).await)
}

/// The server that a fact names, where that has not answered already.
fn of_fact(fact: Fact) -> Option<Server> {
    let Fact { name, value } = fact;
    match name.as_str() {
        "kube context" => {
            let context = value.strip_suffix(" (not in the kubeconfig)").unwrap_or(&value);
            Some(Server::Cluster(context.to_owned()))
        }
        // What is seen from a pod or another host is that one's to reach.
        "Redis host" | "ssh host" if value.contains(" seen ") => None,
        "Redis host" => Some(Server::Tcp { name: format!("Redis {value}"), address: value }),
        "ssh host" => {
            let host = value.rsplit_once('@').map_or(value.as_str(), |(_, host)| host);
            let address = if host.contains(':') { host.to_owned() } else { format!("{host}:22") };
            Some(Server::Ssh { name: format!("ssh {value}"), address })
        }
        "docker host" | "docker context" | "podman host" | "podman context" => {
            Some(Server::Unasked(format!("{name} {value}")))
        }
        _ => None,
    }
}

/// The servers of the URLs that curl and wget are given on this machine.
fn called(action: &Action, values: &Values) -> Vec<Server> {
    if action.language != Language::Bash {
        return Vec::new();
    }
    let script = shell::analyse(&action.code);
    let here = script.commands.iter().filter(|command| command.through.is_empty());
    let words = here.filter(|command| matches!(command.program(), Some("curl" | "wget"))).flat_map(|c| &c.words);
    let urls = words.filter_map(|word| {
        let url = Url::parse(&filled_in(&word.shown(), values, &Default::default())).ok()?;
        let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"))?;
        let address = format!("{host}:{}", url.port_or_known_default()?);
        Some(Server::Tcp { name: address.clone(), address })
    });
    urls.collect()
}

async fn asked(room: &Room, server: Server, line: usize) -> Need {
    let (name, found) = match server {
        Server::Cluster(context) => {
            let found = probe::reach_cluster(&context, &room.surroundings, LIMIT).await;
            (format!("kube context {context}"), found.map_err(|why| (Verdict::Failed, why)))
        }
        Server::Tcp { name, address } => (name, connected(&address).await),
        Server::Ssh { name, address } => {
            let found = connected(&address).await;
            (
                name,
                found
                    .map_err(|(_, why)| (Verdict::Unknown, format!("{why} (an ssh configuration may lead elsewhere)"))),
            )
        }
        Server::Unasked(name) => (name, Err((Verdict::Unknown, "not asked by this check".to_owned()))),
    };
    Need::new(NeedKind::Place, name, found, Some(line))
}

async fn connected(address: &str) -> Result<String, (Verdict, String)> {
    if address.starts_with('/') {
        let connected = tokio::net::UnixStream::connect(address).await;
        return connected.map(|_| "accepts connections".to_owned()).map_err(|e| (Verdict::Failed, e.to_string()));
    }
    let endpoint = Endpoint::parse(address, None).map_err(|why| (Verdict::Unknown, why))?;
    let look = Look::new(LIMIT, clock::now(), true);
    match reach::connect(&endpoint, &look).await {
        Ok((_, peer)) => Ok(format!("{peer} accepts connections")),
        Err(error) => Err((Verdict::Failed, error.to_string())),
    }
}
