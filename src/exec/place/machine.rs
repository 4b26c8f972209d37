//! This machine, and where `ssh` and `docker` lead.

use super::{Place, SSH_PROGRAMS, Wanted, options::Options, through::DOCKER_PROGRAMS, words::Surroundings};
use warroom_host::secret::expand_home;
use warroom_runbook::shell::Word;

/// Host and user.
pub(super) fn here(surroundings: &Surroundings) -> Place {
    let mut place = Place::default();
    match host_name(surroundings) {
        Some(name) => place.fact("host", name),
        None => place.unresolved("the name of this host cannot be read from /proc".to_owned()),
    }
    place.fact("user", user_name(surroundings));
    place
}

fn host_name(surroundings: &Surroundings) -> Option<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    kernel
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or_else(|| surroundings.variable("HOSTNAME"))
}

/// The user that this process runs as: by its id, since `USER` is whatever somebody set it to.
pub(super) fn user_name(surroundings: &Surroundings) -> String {
    let id = rustix::process::geteuid().as_raw().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    named.or_else(|| surroundings.variable("USER")).unwrap_or(id)
}

/// Hosts and container engines that the commands reach.
pub(super) fn elsewhere(wanted: &Wanted<'_>, surroundings: &Surroundings) -> Place {
    let mut place = Place::default();
    for command in wanted.script.iter().flat_map(|script| &script.commands) {
        let wrappers = command.through.iter().map(|wrapper| wrapper.words.as_slice());
        let mut here = true;
        for words in wrappers.chain([command.words.as_slice()]) {
            let Some(program) = words.first().and_then(warroom_runbook::shell::args::program_of) else { continue };
            if SSH_PROGRAMS.contains(&program) {
                ssh(words, surroundings, &mut place);
                here = false;
            } else if matches!(program, "scp" | "rsync" | "sftp") {
                copy(program, words, surroundings, &mut place);
            } else if DOCKER_PROGRAMS.contains(&program) && here {
                docker(program, words, surroundings, &mut place);
            }
        }
    }
    place
}

fn ssh(words: &[Word], surroundings: &Surroundings, place: &mut Place) {
    let options = Options::read("ssh", &surroundings.arguments(words));
    let Some(host) = options.positional(0) else { return };
    let user = options.value(&["-l"]).map(|user| format!("{}@", user.text)).unwrap_or_default();
    let port = options.value(&["-p"]).map(|port| format!(":{}", port.text)).unwrap_or_default();
    let name = host.text.strip_prefix("ssh://").unwrap_or(&host.text);
    if !host.sure {
        place.unresolved(format!("the host that ssh goes to, {name}, is not known before the action runs"));
    }
    place.fact("ssh host", format!("{user}{name}{port}"));
}

fn copy(program: &str, words: &[Word], surroundings: &Surroundings, place: &mut Place) {
    let options = Options::read(program, &surroundings.arguments(words));
    for argument in &options.positional {
        let remote = argument.text.split_once(':').map(|(host, _)| host);
        if let Some(host) = remote.filter(|host| !host.is_empty() && !host.contains('/')) {
            place.fact("ssh host", host);
        }
    }
}

fn docker(program: &str, words: &[Word], surroundings: &Surroundings, place: &mut Place) {
    let options = Options::read(program, &surroundings.arguments(words));
    let variable = |name| surroundings.variable(name);
    let name = if program == "podman" { "podman" } else { "docker" };
    if let Some(host) = options.value(&["-H", "--host"]) {
        return place.fact(&format!("{name} host"), without_password(&host.text));
    }
    if let Some(context) = options.value(&["--context"]) {
        return place.fact(&format!("{name} context"), context.text.as_str());
    }
    if let Some(host) = variable(if program == "podman" { "CONTAINER_HOST" } else { "DOCKER_HOST" }) {
        return place.fact(&format!("{name} host"), without_password(&host));
    }
    let chosen = if program == "docker" { variable("DOCKER_CONTEXT").or_else(current_docker_context) } else { None };
    match chosen {
        Some(context) => place.fact("docker context", context),
        None => place.fact(&format!("{name} host"), "this machine"),
    }
}

/// What `docker context use` wrote down.
fn current_docker_context() -> Option<String> {
    let text = std::fs::read_to_string(expand_home("~/.docker/config.json")).ok()?;
    let settings: serde_json::Value = serde_json::from_str(&text).ok()?;
    settings.get("currentContext")?.as_str().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// A URL without its password; text that is no URL as it is.
pub(super) fn without_password(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            // Fails only for URLs that cannot have one.
            let _ = url.set_password(None);
            url.to_string()
        }
        Ok(_) => text.to_owned(),
        // What is no URL although it looks like one may hold anything before its `@`.
        Err(_) => text.rsplit_once('@').filter(|_| text.contains("://")).map_or(text, |(_, host)| host).to_owned(),
    }
}
