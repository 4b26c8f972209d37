//! PostgreSQL: which server and database the commands reach, as whom, and whether that server is the primary.

use std::collections::HashSet;

use futures::future::join_all;
use tokio::time::timeout;
use tokio_postgres::SimpleQueryMessage;

use super::{
    LIMIT, Place, Wanted, machine,
    options::Options,
    through,
    words::{Argument, Surroundings},
};
use warroom_host::postgres::{
    open,
    target::{Address, Target},
};
use warroom_runbook::shell::Invocation;

/// A client of PostgreSQL, and what its arguments mean.
struct Client {
    name: &'static str,
    /// Its first positional argument is the database.
    positional: bool,
    /// The database that it connects to, when it is not the one that it acts on.
    connects_to: Option<&'static str>,
}

const fn client(name: &'static str, positional: bool) -> Client {
    Client { name, positional, connects_to: None }
}

const CLIENTS: [Client; 14] = [
    client("psql", true),
    client("pg_dump", true),
    client("pg_restore", false),
    client("pg_dumpall", false),
    client("pg_isready", false),
    client("vacuumdb", true),
    client("reindexdb", true),
    client("clusterdb", true),
    client("pgbench", true),
    client("pg_basebackup", false),
    Client { name: "createdb", positional: true, connects_to: Some("postgres") },
    Client { name: "dropdb", positional: true, connects_to: Some("postgres") },
    Client { name: "createuser", positional: false, connects_to: Some("postgres") },
    Client { name: "dropuser", positional: false, connects_to: Some("postgres") },
];

/// A server that can be asked, and what is shown of it.
struct Asked {
    target: Target,
    user: Option<String>,
    /// The database that is acted on, when it is not the one that is asked.
    database: Option<String>,
}

pub(super) async fn resolve(wanted: &Wanted<'_>, surroundings: &Surroundings) -> Place {
    let mut place = Place::default();
    let asking: Vec<_> = servers(wanted, surroundings, &mut place).into_iter().map(ask).collect();
    for found in join_all(asking).await {
        place.add(found);
    }
    place
}

/// Each server and database that the action connects to, once.
fn servers(wanted: &Wanted<'_>, surroundings: &Surroundings, place: &mut Place) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    let mut known = HashSet::new();
    let mut add = |one: Asked| {
        let config = &one.target.config;
        let labels: Vec<String> = one.target.addresses.iter().map(Address::label).collect();
        if known.insert((labels, config.get_dbname().map(str::to_owned), one.user.clone(), one.database.clone())) {
            asked.push(one);
        }
    };
    if let Some(url) = wanted.database {
        match Target::parse(url, |name| surroundings.variable(name)) {
            Ok(target) => add(finished(target, surroundings, None)),
            Err(why) => place.unresolved(format!("the connection string of the action {why}")),
        }
    }
    for command in wanted.script.iter().flat_map(|script| &script.commands) {
        let Some(client) = CLIENTS.iter().find(|client| command.program() == Some(client.name)) else { continue };
        match of_command(client, command, surroundings, place) {
            Ok(Some(one)) => add(one),
            Ok(None) => {}
            Err(why) => place.unresolved(format!("where {} acts is not known: {why}", client.name)),
        }
    }
    asked
}

/// What a command connects to. `None` when there is nobody to ask from here; the error is a clause.
fn of_command(
    client: &Client,
    command: &Invocation,
    surroundings: &Surroundings,
    place: &mut Place,
) -> Result<Option<Asked>, String> {
    let options = Options::read(client.name, &surroundings.arguments(&command.words));
    if options.has(&["--help", "--version", "-?", "-V"]) || client.name == "pg_restore" && !restores(&options) {
        return Ok(None);
    }
    let sure = |argument: Option<&Argument>| match argument {
        Some(argument) if !argument.sure => {
            Err(format!("{} is set when it runs", machine::without_password(&argument.text)))
        }
        argument => Ok(argument.map(|argument| argument.text.clone()).filter(|text| !text.is_empty())),
    };
    let named = options.value(&["-d", "--dbname"]).or(options.positional(0).filter(|_| client.positional));
    let named = sure(named)?;
    let acts_on = if client.connects_to.is_some() { named.clone() } else { None };
    let connects = match client.connects_to {
        Some(usual) => Some(sure(options.value(&["--maintenance-db"]))?.unwrap_or_else(|| usual.to_owned())),
        None => named,
    };
    let (connection, name) = match connects {
        Some(text) if text.contains("://") || text.contains('=') => (text, None),
        name => (String::new(), name),
    };
    let second = options.positional(1).filter(|_| client.name == "psql" && !options.has(&["-d", "--dbname"]));
    let flags = [
        ("PGHOST", sure(options.value(&["-h", "--host"]))?),
        ("PGPORT", sure(options.value(&["-p", "--port"]))?),
        ("PGUSER", sure(options.value(&["-U", "--username"]).or(second))?),
        ("PGDATABASE", name),
    ];
    let elsewhere = through::elsewhere(command, surroundings);
    let environment = |name: &str| -> Result<Option<String>, String> {
        if let Some((_, Some(value))) = flags.iter().find(|(flag, _)| *flag == name) {
            return Ok(Some(value.clone()));
        }
        if elsewhere.is_some() {
            return Ok(None); // our variables are not there
        }
        surroundings.seen_by(command, name).map_err(|()| format!("{name} is set when it runs"))
    };
    for name in ["PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE"] {
        environment(name)?;
    }
    if let Some(elsewhere) = &elsewhere {
        inside(elsewhere, &connection, &environment, acts_on, place);
        return Ok(None);
    }
    if connection.contains("service=") || connection.is_empty() && environment("PGSERVICE")?.is_some() {
        return Err("it uses a service file, which is not read here".to_owned());
    }
    let target = Target::parse(&connection, |name| {
        let fixed =
            if name == "PGHOST" && flags[0].1.is_none() { environment("PGHOSTADDR").ok().flatten() } else { None };
        fixed.or_else(|| environment(name).ok().flatten())
    });
    let target = target.map_err(|why| format!("its connection string {why}"))?;
    let mut asked = finished(target, surroundings, through::runs_as(command, surroundings));
    asked.database = acts_on;
    Ok(Some(asked))
}

/// pg_restore without a database only prints.
fn restores(options: &Options) -> bool {
    options.value(&["-d", "--dbname"]).is_some()
}

/// Fills in what libpq takes from the system: the user's own name, and that as the database.
fn finished(mut target: Target, surroundings: &Surroundings, runs_as: Option<String>) -> Asked {
    if target.config.get_user().is_none() {
        target.config.user(runs_as.unwrap_or_else(|| machine::user_name(surroundings)));
    }
    let user = target.config.get_user().map(str::to_owned);
    if let (None, Some(user)) = (target.config.get_dbname(), &user) {
        target.config.dbname(user);
    }
    Asked { user, target, database: None }
}

/// A command in a pod, a container or on another host: nobody can be asked from here.
fn inside(
    elsewhere: &str,
    connection: &str,
    environment: &dyn Fn(&str) -> Result<Option<String>, String>,
    acts_on: Option<String>,
    place: &mut Place,
) {
    let variable = |name: &str| environment(name).ok().flatten();
    let parsed = if connection.is_empty() { None } else { Target::parse(connection, |_| None).ok() };
    let host = match &parsed {
        Some(target) => Some(target.addresses.iter().map(Address::label).collect::<Vec<_>>().join(", ")),
        None => variable("PGHOST").map(|host| match variable("PGPORT") {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }),
    };
    place.fact(
        "database host",
        match host {
            Some(host) => format!("{host}, seen {elsewhere}"),
            None => elsewhere.to_owned(),
        },
    );
    let of_target = parsed.as_ref().and_then(|target| target.config.get_dbname().map(str::to_owned));
    if let Some(name) = acts_on.or(of_target).or_else(|| variable("PGDATABASE")) {
        place.fact("database", name);
    }
    let user = parsed.as_ref().and_then(|target| target.config.get_user().map(str::to_owned));
    if let Some(user) = user.or_else(|| variable("PGUSER")) {
        place.fact("database user", user);
    }
}

/// Asks the server for its role. The facts that are known without it are there in any case.
async fn ask(asked: Asked) -> Place {
    let labels: Vec<String> = asked.target.addresses.iter().map(Address::label).collect();
    let mut hosts = labels.join(", ");
    let answer = match timeout(LIMIT, role(&asked.target)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("it did not answer within {} s", LIMIT.as_secs())),
    };
    let mut place = Place::default();
    let mut of_server = None;
    let name = format!("database {hosts}");
    let role = match answer {
        Ok(answer) => {
            hosts = answer.peer;
            of_server = Some(answer.database);
            Ok(if answer.standby { "standby" } else { "primary" })
        }
        Err(why) => Err(format!("cannot ask {hosts} whether it is the primary or a standby: {why}")),
    };
    place.fact("database host", hosts);
    let database = asked.database.or(of_server).or_else(|| asked.target.config.get_dbname().map(str::to_owned));
    if let Some(database) = database {
        place.fact("database", database);
    }
    if let Some(user) = asked.user {
        place.fact("database user", user);
    }
    if let Ok(role) = role {
        place.facts.push(super::Fact { name: "database role".to_owned(), value: role.to_owned() });
    }
    place.asked.push(super::Asked { name, answer: role.map(str::to_owned) });
    place
}

struct Answer {
    peer: String,
    standby: bool,
    database: String,
}

async fn role(target: &Target) -> Result<Answer, String> {
    let opened = open::open(target, LIMIT).await?;
    let (client, mut driver, peer) = (opened.client, opened.driver, opened.peer);
    let asking = client.simple_query("SELECT pg_is_in_recovery(), current_database()");
    let messages = tokio::select! {
        messages = asking => messages.map_err(|error| match error.as_db_error() {
            Some(answer) => format!("{peer} refuses: {}", answer.message()),
            None => format!("{peer} broke off"),
        })?,
        _ = &mut driver => return Err(format!("{peer} closed the connection")),
    };
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((row.get(0)?.to_owned(), row.get(1)?.to_owned())),
        _ => None,
    });
    let (recovery, database) = row.ok_or_else(|| format!("{peer} gave no answer"))?;
    Ok(Answer { standby: recovery == "t", database, peer })
}
