//! Finds out where an action will act, before anybody confirms it: host, cluster, database, account.
//!
//! Nothing here changes anything: it reads the code of the action, variables and kubeconfigs, and asks a database for its role
//! and AWS for its account, each for at most two seconds.
//!
//! | module | what it is |
//! | --- | --- |
//! | `words` | the words of a command with its variables put in, and the environment that it will see |
//! | `options` | flags, values and positional arguments as a program's own parser takes them |
//! | `environment` | which of our variables reach the command |
//! | `through` | where a command is sent to run: `ssh`, `kubectl exec`, `docker exec`; who it runs as |
//! | `cluster` | kube context, namespace and API server of `kubectl` and its like |
//! | `kubeconfig` | the user's kubeconfig, and the private copy with one context in it |
//! | `database` | PostgreSQL: host, database, user, and whether it is the primary |
//! | `redis` | the server of `redis-cli` |
//! | `aws` | profile, region and account |
//! | `machine` | this machine; where `ssh` and `docker` lead |

mod aws;
mod cluster;
mod database;
mod environment;
mod kubeconfig;
mod machine;
mod options;
mod redis;
mod through;
mod words;

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret, SecretString};

use crate::output::mask;
use warroom_domain::platform::Environment;
use warroom_runbook::shell::Script;

use words::Surroundings;

/// How long anybody is asked, all of them at the same time.
const LIMIT: Duration = Duration::from_secs(2);

const SSH_PROGRAMS: [&str; 2] = ["ssh", "autossh"];

/// What is known about an action before it is resolved.
pub struct Wanted<'a> {
    /// Of a bash action; `None` for SQL.
    pub script: Option<&'a Script>,
    /// The connection string of an SQL action, resolved.
    pub database: Option<&'a str>,
    /// `kube_context` is the pin; `vars` may hold the namespace as `NAMESPACE` or `namespace`.
    pub environment: &'a Environment,
    pub environment_name: &'a str,
    /// `context=` of the fence: another kube context, which must be among `pinned_contexts`.
    pub context: Option<&'a str>,
    /// The kube contexts that the environments of the pack pin.
    pub pinned_contexts: &'a [String],
    /// Variables of the run as the action will see them; the process environment comes below them.
    pub variables: &'a [(String, SecretString)],
    /// Where the private copy of the kubeconfig is to be written.
    pub kubeconfig: &'a Path,
}

/// Where an action will act. No text in it holds a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// In the order to show; only what the action's commands use.
    pub facts: Vec<Fact>,
    /// A private kubeconfig (mode 0600) with only the pinned context in it.
    pub kubeconfig: Option<PathBuf>,
    /// Further environment for the action, so that it acts where it was said to.
    pub environment: Vec<(String, String)>,
    /// What is not as the pack pins it, one sentence each: the action must not start.
    pub mismatches: Vec<String>,
    /// What could not be found out, one sentence each.
    pub unresolved: Vec<String>,
    /// Who was asked.
    pub asked: Vec<Asked>,
}

/// Somebody who was asked who they are, which proves that they can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub name: String,
    /// What they say, or one sentence on why they say nothing.
    pub answer: Result<String, String>,
}

/// One thing to know about the place: `database role`, `primary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub name: String,
    pub value: String,
}

impl Place {
    /// What is not known, one sentence each.
    pub fn unknown(&self) -> impl Iterator<Item = &String> {
        self.unresolved.iter().chain(self.asked.iter().filter_map(|asked| asked.answer.as_ref().err()))
    }

    /// Adds a fact, unless it is there already.
    fn fact(&mut self, name: &str, value: impl Into<String>) {
        let fact = Fact { name: name.to_owned(), value: value.into() };
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }

    fn mismatch(&mut self, sentence: String) {
        if !self.mismatches.contains(&sentence) {
            self.mismatches.push(sentence);
        }
    }

    fn unresolved(&mut self, sentence: String) {
        if !self.unresolved.contains(&sentence) {
            self.unresolved.push(sentence);
        }
    }

    fn add(&mut self, other: Place) {
        other.facts.into_iter().for_each(|fact| self.fact(&fact.name, fact.value));
        other.mismatches.into_iter().for_each(|sentence| self.mismatch(sentence));
        other.unresolved.into_iter().for_each(|sentence| self.unresolved(sentence));
        self.asked.extend(other.asked);
        self.environment.extend(other.environment);
        self.kubeconfig = self.kubeconfig.take().or(other.kubeconfig);
    }
}

/// Works out where an action will act. It takes hardly more than two seconds, also when nobody answers.
pub async fn resolve(wanted: &Wanted<'_>) -> Place {
    resolve_with(wanted, std::env::vars().collect()).await
}

/// [`resolve`] with another process environment.
async fn resolve_with(wanted: &Wanted<'_>, process: Vec<(String, String)>) -> Place {
    let surroundings = Surroundings::new(wanted, process);
    let mut place = machine::here(&surroundings);
    place.add(cluster::resolve(wanted, &surroundings).await);
    let (databases, accounts) =
        tokio::join!(database::resolve(wanted, &surroundings), aws::resolve(wanted, &surroundings));
    place.add(databases);
    place.add(redis::resolve(wanted, &surroundings));
    place.add(accounts);
    place.add(machine::elsewhere(wanted, &surroundings));
    for command in wanted.script.iter().flat_map(|script| &script.unseen) {
        place.unresolved(format!("{}: nobody can tell before it runs where it acts", command.what));
    }
    hide_secrets(&mut place, &surroundings);
    place
}

/// Takes out what a variable called a password holds, should a command give it as a host or a name.
fn hide_secrets(place: &mut Place, surroundings: &Surroundings) {
    let known: Vec<(&str, &str)> =
        surroundings.all().filter(|(name, value)| mask::is_secret_by_name(name, value)).collect();
    let secrets = mask::Secrets::new(known);
    let facts = place.facts.iter_mut().map(|fact| &mut fact.value);
    let asked = place.asked.iter_mut().flat_map(|asked| {
        let (Ok(said) | Err(said)) = &mut asked.answer;
        [&mut asked.name, said]
    });
    for text in facts.chain(&mut place.mismatches).chain(&mut place.unresolved).chain(asked) {
        *text =
            warroom_host::plain::shortened(&warroom_host::plain::plain(&secrets.mask(text)).replace('\n', " "), 300);
    }
}

fn exposed(variables: &[(String, SecretString)]) -> impl Iterator<Item = (String, String)> + '_ {
    variables.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()))
}
