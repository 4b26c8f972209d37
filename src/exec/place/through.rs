//! What stands between this machine and a command: `ssh`, `kubectl exec`, `docker exec`; and who it runs as.

use super::{
    options::{Options, Style},
    words::{Argument, Surroundings},
};
use crate::runbook::shell::{Invocation, Word, Wrapper, args};

const KUBE: Style = Style {
    letters: "ncsfvloL",
    long: &[
        "--namespace",
        "--context",
        "--cluster",
        "--kubeconfig",
        "--container",
        "--server",
        "--user",
        "--token",
        "--as",
        "--as-group",
        "--filename",
        "--selector",
        "--field-selector",
        "--output",
        "--request-timeout",
        "--pod-running-timeout",
        "--image",
        "--kube-context",
        "--kube-apiserver",
        "--kube-token",
        "--certificate-authority",
        "--client-certificate",
        "--client-key",
        "--overrides",
        "--target",
        "--timeout",
        "--values",
        "--set",
        "--version",
        "--replicas",
        "--type",
        "--patch",
        "--since",
        "--tail",
    ],
    stops: false,
};
/// `-f` is a file, but for `logs` it means to follow.
const KUBE_LOGS: Style = Style { letters: "ncsvloL", ..KUBE };
pub(super) const DOCKER: Style = Style {
    letters: "euwHcfpv",
    long: &[
        "--env",
        "--user",
        "--workdir",
        "--host",
        "--context",
        "--file",
        "--project-name",
        "--env-file",
        "--config",
        "--log-level",
        "--profile",
        "--project-directory",
        "--index",
        "--detach-keys",
        "--name",
        "--network",
        "--entrypoint",
        "--volume",
    ],
    stops: false,
};
pub(super) const SSH: Style = Style { letters: "bcDEeFIiJLlmOopQRSWwB", long: &[], stops: true };

/// Words of programs that reach into a cluster.
pub(super) const KUBE_PROGRAMS: [&str; 7] = ["kubectl", "oc", "helm", "k9s", "kubectx", "kubens", "stern"];
pub(super) const DOCKER_PROGRAMS: [&str; 4] = ["docker", "docker-compose", "podman", "nerdctl"];
pub(super) const SSH_PROGRAMS: [&str; 2] = ["ssh", "autossh"];

/// What was given to `kubectl` or a program like it.
pub(super) fn kube_options(words: &[Word], surroundings: &Surroundings) -> Options {
    let style = if has_word(words, "logs") || has_word(words, "log") { KUBE_LOGS } else { KUBE };
    Options::read(&surroundings.arguments(words), style)
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
    let options = |style| Options::read(&surroundings.arguments(&wrapper.words), style);
    let shown = |argument: Option<&Argument>| argument.map_or_else(|| "?".to_owned(), |one| one.text.clone());
    if SSH_PROGRAMS.contains(&name) {
        return Some(format!("on the host {}", shown(options(SSH).positional(0))));
    }
    if matches!(name, "kubectl" | "oc" | "k3s" | "microk8s") {
        let options = kube_options(&wrapper.words, surroundings);
        // `k3s kubectl exec …` has one word more.
        let verb = options.positional.iter().position(|one| matches!(one.text.as_str(), "exec" | "run" | "debug"))?;
        return Some(format!("in the pod {}", shown(options.positional(verb + 1))));
    }
    if DOCKER_PROGRAMS.contains(&name) {
        let options = options(DOCKER);
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
        let style = Style { letters: "cgsw", long: &["--command", "--shell", "--group"], stops: false };
        let options = Options::read(&surroundings.arguments(&wrapper.words), style);
        options.positional.into_iter().find(|one| one.text != "-" && !one.text.contains('=')).map(|one| one.text)
    };
    let takes_name = matches!(wrapper.name.as_str(), "su" | "runuser" | "gosu" | "su-exec");
    Some(user.or_else(|| takes_name.then(first).flatten()).unwrap_or_else(|| "root".to_owned()))
}

/// `sudo`, `su -` and `env -i` do not hand our variables on, unless they are told to.
pub(super) fn loses_environment(command: &Invocation) -> bool {
    command.through.iter().any(|wrapper| match wrapper.name.as_str() {
        "sudo" => !wrapper.has_flag(&["-E", "--preserve-env"]),
        "doas" => true,
        "su" | "runuser" => wrapper.has_flag(&["-", "-l", "--login"]) || has_word(&wrapper.words, "-"),
        "env" => wrapper.has_flag(&["-i", "--ignore-environment"]) || has_word(&wrapper.words, "-"),
        name => SSH_PROGRAMS.contains(&name),
    })
}

fn switches_user(name: &str) -> bool {
    matches!(name, "sudo" | "doas" | "su" | "runuser" | "gosu" | "su-exec")
}

fn has_word(words: &[Word], text: &str) -> bool {
    words.iter().any(|word| word.literal.as_deref() == Some(text))
}
