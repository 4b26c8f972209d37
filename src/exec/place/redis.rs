//! The server of `redis-cli`.

use super::{
    Place, Wanted,
    options::Options,
    through,
    words::{Argument, Surroundings},
};

pub(super) fn resolve(wanted: &Wanted<'_>, surroundings: &Surroundings) -> Place {
    let mut place = Place::default();
    for command in wanted.script.iter().flat_map(|script| &script.commands) {
        if !matches!(command.program(), Some("redis-cli" | "valkey-cli")) {
            continue;
        }
        let options = Options::read("redis-cli", &surroundings.arguments(&command.words));
        if options.has(&["--version", "-v", "--help"]) {
            continue;
        }
        match server(&options) {
            Ok((server, database)) => {
                let elsewhere = through::elsewhere(command, surroundings);
                place.fact(
                    "Redis host",
                    match elsewhere {
                        Some(elsewhere) => format!("{server}, seen {elsewhere}"),
                        None => server,
                    },
                );
                if let Some(database) = database {
                    place.fact("Redis database", database);
                }
            }
            Err(why) => place.unresolved(format!("where redis-cli acts is not known: {why}")),
        }
    }
    place
}

/// Server and database number; the error is a clause.
fn server(options: &Options) -> Result<(String, Option<String>), String> {
    let sure = |names: &[&str]| match options.value(names) {
        Some(Argument { sure: false, .. }) => Err(format!("the value of its {} is set when it runs", names[0])),
        value => Ok(value.map(|value| value.text.clone()).filter(|text| !text.is_empty())),
    };
    let number = sure(&["-n"])?;
    if let Some(socket) = sure(&["-s"])? {
        return Ok((socket, number));
    }
    if let Some(text) = sure(&["-u"])? {
        let url = url::Url::parse(&text).map_err(|_| "its URL cannot be read".to_owned())?;
        let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("127.0.0.1");
        let path = url.path().trim_start_matches('/');
        let database = (!path.is_empty()).then(|| path.to_owned());
        return Ok((format!("{host}:{}", url.port().unwrap_or(6379)), number.or(database)));
    }
    let host = sure(&["-h"])?.unwrap_or_else(|| "127.0.0.1".to_owned());
    let port = sure(&["-p"])?.unwrap_or_else(|| "6379".to_owned());
    Ok((format!("{host}:{port}"), number))
}
