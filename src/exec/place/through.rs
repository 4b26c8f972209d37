//! Where a command is sent to run: `ssh`, `kubectl exec`, `docker exec`; and who it runs as.

use super::{
    SSH_PROGRAMS,
    options::Options,
    words::{Argument, Surroundings},
};
use warroom_runbook::shell::{Invocation, Word, Wrapper, args};

/// Words of programs that reach into a cluster.
pub(super) const KUBE_PROGRAMS: [&str; 7] = ["kubectl", "oc", "helm", "k9s", "kubectx", "kubens", "stern"];
pub(super) const DOCKER_PROGRAMS: [&str; 4] = ["docker", "docker-compose", "podman", "nerdctl"];

/// What was given to `kubectl` or a program like it.
pub(super) fn kube_options(words: &[Word], surroundings: &Surroundings) -> Options {
    let program = words.first().and_then(args::program_of).unwrap_or("kubectl");
    Options::read(program, &surroundings.arguments(words))
}

/// Where a command runs, when that is not this machine: `in the pod db-0`, `on the host bastion`. Several are joined, the
/// nearest to the command first.
pub(super) fn elsewhere(command: &Invocation, surroundings: &Surroundings) -> Option<String> {
    let places: Vec<String> =
        command.through.iter().rev().filter_map(|wrapper| reached(wrapper, surroundings)).collect();
    (!places.is_empty()).then(|| places.join(" "))
}

fn reached(wrapper: &Wrapper, surroundings: &Surroundings) -> Option<String> {
    let name = wrapper.name.as_str();
    let options = Options::read(name, &surroundings.arguments(&wrapper.words));
    let shown = |argument: Option<&Argument>| argument.map_or_else(|| "?".to_owned(), |one| one.text.clone());
    if SSH_PROGRAMS.contains(&name) {
        return Some(format!("on the host {}", shown(options.positional(0))));
    }
    if matches!(name, "kubectl" | "oc" | "k3s" | "microk8s") {
        let options = kube_options(&wrapper.words, surroundings);
        // `k3s kubectl exec …` has one word more.
        let verb = options.positional.iter().position(|one| matches!(one.text.as_str(), "exec" | "run" | "debug"))?;
        return Some(format!("in the pod {}", shown(options.positional(verb + 1))));
    }
    if DOCKER_PROGRAMS.contains(&name) {
        let verb = options.positional.iter().position(|one| matches!(one.text.as_str(), "exec" | "run"))?;
        return Some(format!("in the container {}", shown(options.positional(verb + 1))));
    }
    None
}

/// The user that `sudo -u`, `su` and their like run a command as; `None` when it is us.
pub(super) fn runs_as(command: &Invocation, surroundings: &Surroundings) -> Option<String> {
    let wrapper = command.through.iter().rev().find(|one| switches_user(&one.name))?;
    let user = args::value_text(&wrapper.words, &["-u", "--user"]);
    let first = || {
        let options = Options::read(&wrapper.name, &surroundings.arguments(&wrapper.words));
        options.positional.into_iter().find(|one| one.text != "-" && !one.text.contains('=')).map(|one| one.text)
    };
    let takes_name = matches!(wrapper.name.as_str(), "su" | "runuser" | "gosu" | "su-exec");
    Some(user.or_else(|| takes_name.then(first).flatten()).unwrap_or_else(|| "root".to_owned()))
}

fn switches_user(name: &str) -> bool {
    matches!(name, "sudo" | "doas" | "su" | "runuser" | "gosu" | "su-exec")
}
