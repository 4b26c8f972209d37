//! Kube context, namespace and API server of `kubectl`, `helm` and their like, and the private kubeconfig of the action.

use kube::config::Kubeconfig;

use super::{
    Place, Wanted, environment, kubeconfig,
    options::Options,
    through::{self, KUBE_PROGRAMS},
    words::{Argument, Surroundings},
};
use warroom_runbook::shell::{Invocation, Word, args::program_of};

/// Flags that lead to another cluster, or let somebody else act.
const LEADS_AWAY: [&str; 9] = [
    "--kubeconfig",
    "--cluster",
    "--server",
    "-s",
    "--user",
    "--kube-apiserver",
    "--kube-token",
    "--token",
    "--kube-as-user",
];

/// One command that talks to a cluster.
struct Use<'a> {
    command: &'a Invocation,
    program: String,
    options: Options,
}

pub(super) async fn resolve(wanted: &Wanted<'_>, surroundings: &Surroundings) -> Place {
    let mut place = Place::default();
    let Some(script) = wanted.script else { return place };
    let pin = wanted.context.or(wanted.environment.kube_context.as_deref());
    if let Some(context) = wanted.context
        && wanted.environment.kube_context.as_deref() != Some(context)
        && !wanted.pinned_contexts.iter().any(|pinned| pinned == context)
    {
        place.mismatch(format!(
            "the action asks for the kube context {context}, which no environment of the pack pins: set kube_context there"
        ));
    }
    let uses: Vec<Use<'_>> =
        script.commands.iter().filter_map(|command| use_of(command, surroundings, pin, &mut place)).collect();
    if pin.is_none() && uses.is_empty() {
        return place;
    }
    let (list, home) = (surroundings.variable("KUBECONFIG"), surroundings.variable("HOME"));
    let read = tokio::task::spawn_blocking(move || kubeconfig::read(list.as_deref(), home.as_deref())).await;
    let config = match read.unwrap_or_else(|_| Err("the kubeconfig could not be read".to_owned())) {
        Ok(config) => config,
        Err(why) => {
            let say = if pin.is_some() && !uses.is_empty() { Place::mismatch } else { Place::unresolved };
            say(&mut place, why);
            None
        }
    };
    match pin {
        Some(pin) => pinned(wanted, pin, config, &uses, surroundings, &mut place),
        None => {
            for one in &uses {
                show(one, config.as_ref(), None, None, surroundings, &mut place);
            }
        }
    }
    place
}

/// The part of a command that talks to a cluster from here; says what talks to one from elsewhere.
fn use_of<'a>(
    command: &'a Invocation,
    surroundings: &Surroundings,
    pin: Option<&str>,
    place: &mut Place,
) -> Option<Use<'a>> {
    let wrappers = command.through.iter().map(|wrapper| wrapper.words.as_slice());
    for (at, words) in wrappers.chain([command.words.as_slice()]).enumerate() {
        let Some(program) = words.first().and_then(program_of) else { continue };
        if !KUBE_PROGRAMS.contains(&program) {
            continue;
        }
        let before = Invocation { through: command.through.get(..at).unwrap_or_default().to_vec(), ..command.clone() };
        if let Some(elsewhere) = through::elsewhere(&before, surroundings) {
            match pin {
                Some(pin) => place.mismatch(format!(
                    "{program} runs {elsewhere}, with the kube context that is set there, and the kube context {pin} is pinned here: run it \
                     from this machine"
                )),
                None => place.unresolved(format!("{program} runs {elsewhere}, with the kube context that is set there")),
            }
            return None;
        }
        let options = through::kube_options(words, surroundings);
        return Some(Use { command, program: program.to_owned(), options });
    }
    None
}

/// Writes the private copy, and compares what the commands ask for with the pin.
fn pinned(
    wanted: &Wanted<'_>,
    pin: &str,
    config: Option<Kubeconfig>,
    uses: &[Use<'_>],
    surroundings: &Surroundings,
    place: &mut Place,
) {
    // Another context may well be another platform's: the namespace of this environment says nothing there.
    let own = wanted.context.is_none_or(|context| wanted.environment.kube_context.as_deref() == Some(context));
    let vars = &wanted.environment.vars;
    let namespace = ["NAMESPACE", "namespace"].iter().find_map(|name| vars.get(*name)).filter(|name| !name.is_empty());
    let namespace = namespace.filter(|_| own).map(String::as_str);
    let known: Vec<String> =
        config.iter().flat_map(|config| &config.contexts).map(|context| context.name.clone()).take(8).collect();
    let private = config.and_then(|config| kubeconfig::only(config, pin, namespace));
    if private.is_none() && !uses.is_empty() {
        let has = if known.is_empty() { "there is none".to_owned() } else { format!("it has {}", known.join(", ")) };
        place.mismatch(format!(
            "the kube context {pin}, which {} pins, is not in the kubeconfig: {has}",
            pinned_by(wanted)
        ));
    }
    // Without the context the action gets a kubeconfig that leads nowhere: what it hides must not act on another cluster.
    match kubeconfig::write(private.as_ref().unwrap_or(&kubeconfig::empty()), wanted.kubeconfig) {
        Ok(()) => place.kubeconfig = Some(wanted.kubeconfig.to_owned()),
        Err(why) => place.mismatch(why),
    }
    for one in uses {
        contradictions(one, pin, wanted, surroundings, place);
        show(one, private.as_ref(), Some(pin), namespace, surroundings, place);
    }
}

fn pinned_by(wanted: &Wanted<'_>) -> String {
    match (wanted.context, wanted.environment_name) {
        (Some(_), _) => "the action".to_owned(),
        (None, "") => "the pack".to_owned(),
        (None, name) => format!("the environment {name}"),
    }
}

/// Whatever in a command leads past the private copy.
fn contradictions(one: &Use<'_>, pin: &str, wanted: &Wanted<'_>, surroundings: &Surroundings, place: &mut Place) {
    let program = &one.program;
    let by = pinned_by(wanted);
    let mut other = |context: &Argument| {
        if context.text != pin || !context.sure {
            place.mismatch(format!("{program} asks for the kube context {}, and {by} pins {pin}", context.text));
        }
    };
    if let Some(context) = asked_context(one) {
        other(context);
    }
    let verb: Vec<&str> = one.options.positional.iter().map(|argument| argument.text.as_str()).collect();
    match (program.as_str(), verb.as_slice()) {
        ("kubectl" | "oc", ["config", "use-context" | "use", ..]) => {
            one.options.positional(2).into_iter().for_each(&mut other);
        }
        ("kubectx", [_, ..]) => one.options.positional(0).into_iter().for_each(&mut other),
        _ => {}
    }
    for flag in LEADS_AWAY {
        // `-s` and `--user` mean something else to programs other than kubectl.
        let means_it = flag.starts_with("--kube") || matches!(program.as_str(), "kubectl" | "oc");
        if means_it && one.options.has(&[flag]) {
            place
                .mismatch(format!("{program} is given {flag}, which leads past the kube context {pin} that {by} pins"));
        }
    }
    let sets = |name: &str| one.command.assignments.iter().any(|own| own.name == name && !hands_on(own.value(), name));
    let script = wanted.script.map(|script| script.assignments.as_slice()).unwrap_or_default();
    if sets("KUBECONFIG") || script.iter().any(|own| own.name == "KUBECONFIG" && !hands_on(own.value(), "KUBECONFIG")) {
        place.mismatch(format!("the action sets KUBECONFIG itself, and {by} pins the kube context {pin}"));
    } else if let Some(why) = wanted.script.and_then(|script| environment::may_replace(script, "KUBECONFIG")) {
        place.mismatch(format!("{why}: whether {program} uses the kube context {pin} that {by} pins cannot be known"));
    } else if let Some(wrapper) = environment::loses(one.command, "KUBECONFIG")
        && !one.command.assignments.iter().any(|own| own.name == "KUBECONFIG")
    {
        place.mismatch(format!(
            "{program} does not get KUBECONFIG through {wrapper}, and so would not use the kube context {pin}: write sudo -E, or leave it out"
        ));
    }
    if program == "helm" {
        match surroundings.seen_by(one.command, "HELM_KUBECONTEXT") {
            Ok(Some(context)) if context != pin => {
                place.mismatch(format!("HELM_KUBECONTEXT is {context}, and {by} pins the kube context {pin}"));
            }
            Ok(_) => {}
            Err(()) => place.mismatch("HELM_KUBECONTEXT is not known before the action runs".to_owned()),
        }
        if !matches!(surroundings.seen_by(one.command, "HELM_KUBEAPISERVER"), Ok(None)) {
            place.mismatch(format!("HELM_KUBEAPISERVER leads helm past the kube context {pin} that {by} pins"));
        }
    }
}

/// `KUBECONFIG="$KUBECONFIG"`, as `sudo` needs it.
fn hands_on(value: Option<&Word>, name: &str) -> bool {
    let plain = |word: &Word| matches!(word.variables().as_slice(), [(only, _, None)] if *only == name);
    value.is_some_and(|word| plain(word) && word.shown() == format!("${name}"))
}

fn asked_context<'u>(one: &'u Use<'_>) -> Option<&'u Argument> {
    one.options.value(&["--context", "--kube-context"])
}

fn show(
    one: &Use<'_>,
    config: Option<&Kubeconfig>,
    pin: Option<&str>,
    pinned_namespace: Option<&str>,
    surroundings: &Surroundings,
    place: &mut Place,
) {
    let asked = asked_context(one).filter(|_| pin.is_none());
    if pin.is_none() && one.options.has(&["--kubeconfig"]) {
        place.unresolved(format!("{} reads a kubeconfig of its own, which is not looked at here", one.program));
        return;
    }
    if let Some(asked) = asked.filter(|asked| !asked.sure) {
        place.unresolved(format!("the kube context {} is not known before the action runs", asked.text));
        return;
    }
    let name = pin.or(asked.map(|asked| asked.text.as_str()));
    let seen = config.and_then(|config| kubeconfig::look(config, name));
    match (&seen, name) {
        (Some(seen), _) => place.fact("kube context", seen.context.as_str()),
        (None, Some(name)) => place.fact("kube context", format!("{name} (not in the kubeconfig)")),
        (None, None) => {
            place.unresolved(format!(
                "{} has no kube context to act on: set kube_context in the environment of the pack",
                one.program
            ));
            return;
        }
    }
    let all = one.options.has(&["-A", "--all-namespaces"]);
    let variable = || match one.program.as_str() {
        "helm" => surroundings.seen_by(one.command, "HELM_NAMESPACE").ok().flatten(),
        _ => None,
    };
    let flag = one.options.value(&["-n", "--namespace"]);
    let namespace = match flag {
        _ if all => "all".to_owned(),
        Some(flag) => {
            if !flag.sure {
                place.unresolved(format!("the namespace {} is not known before the action runs", flag.text));
            }
            flag.text.clone()
        }
        None => variable()
            .or_else(|| pinned_namespace.map(str::to_owned))
            .or_else(|| seen.as_ref().and_then(|seen| seen.namespace.clone()))
            .unwrap_or_else(|| "default".to_owned()),
    };
    place.fact("namespace", namespace);
    if let Some(server) = seen.and_then(|seen| seen.server) {
        place.fact("API server", server);
    }
}
