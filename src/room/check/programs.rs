//! Programs: those that the runbook requires, with their versions, and those that its commands call on this machine.

use std::collections::{BTreeMap, BTreeSet};

use super::{Need, NeedKind, Verdict, actions, versions};
use warroom_host::programs::exists;
use warroom_runbook::{
    Language, Requirement, Runbook,
    shell::{self, Script, Word, args::program_of},
};

/// What is part of the shell.
const BUILTINS: &str = ": . [ [[ alias bg break builtin caller cd command compgen complete compopt continue declare dirs disown echo \
                        enable eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd \
                        printf pushd pwd read readarray readonly return set shift shopt source suspend test time times trap true type \
                        typeset ulimit umask unalias unset wait";

/// What runs its command somewhere else, where nobody looks from here.
const LEADS_AWAY: &str =
    "kubectl oc k3s microk8s docker docker-compose podman nerdctl lxc incus ssh autossh chroot nsenter machinectl";

pub(super) async fn needs(document: &Runbook) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut required = BTreeSet::new();
    for text in &document.front.requires {
        let at = document.source.find(text.as_str()).unwrap_or_default();
        let line = document.source.get(..at).map(|before| before.matches('\n').count() + 1);
        let found = match Requirement::parse(text) {
            Some(requirement) => {
                required.insert(requirement.program().to_owned());
                satisfied(&requirement).await
            }
            None => Err((Verdict::Unknown, "not a requirement: write PROGRAM, or PROGRAM >= VERSION".to_owned())),
        };
        needs.push(Need::new(NeedKind::Program, text, found, line));
    }
    for (program, (found, line)) in called(document) {
        if !required.contains(&program) {
            needs.push(Need::new(NeedKind::Program, program, found, Some(line)));
        }
    }
    needs
}

type Found = Result<String, (Verdict, String)>;

fn on_path(program: &str) -> Found {
    match exists(program) {
        true => Ok("on the PATH".to_owned()),
        false => Err((Verdict::Failed, "not on the PATH of this machine".to_owned())),
    }
}

async fn satisfied(requirement: &Requirement) -> Found {
    let program = requirement.program();
    // `kubectl NAME` runs the program kubectl-NAME.
    let plugin = requirement.name.strip_prefix("kubectl ").map(|plugin| format!("kubectl-{plugin}"));
    let there = on_path(plugin.as_deref().unwrap_or(program))?;
    let is_plugin = plugin.is_none() && requirement.name != program;
    if !requirement.is_bounded() && !is_plugin {
        return Ok(there);
    }
    match versions::ask(&requirement.name).await {
        Ok(version) if requirement.holds(&version) => Ok(format!("version {version}")),
        Ok(version) => Err((Verdict::Failed, format!("version {version}"))),
        Err(why) => Err((Verdict::Unknown, format!("version unknown: {why}"))),
    }
}

/// Every program that commands call here, and the line that does so first.
fn called(document: &Runbook) -> BTreeMap<String, (Found, usize)> {
    let shell_actions = actions(document).filter(|action| action.language == Language::Bash);
    let scripts: Vec<(Script, usize)> =
        shell_actions.map(|action| (shell::analyse(&action.code), action.line)).collect();
    // A session has what an earlier step of it has defined.
    let defined = scripts.iter().flat_map(|(script, _)| script.functions.iter().chain(&script.aliases));
    let own: BTreeSet<&str> = defined.map(String::as_str).chain(BUILTINS.split(' ')).collect();
    let mut called = BTreeMap::new();
    for (script, line) in &scripts {
        for command in &script.commands {
            let wrappers = command.through.iter().map(|wrapper| wrapper.words.as_slice());
            for words in wrappers.chain([command.words.as_slice()]) {
                let Some(word) = words.first() else { continue };
                let (name, found) = one(word);
                if !own.contains(name.as_str()) {
                    called.entry(name).or_insert((found, *line));
                }
                if program_of(word).is_some_and(|program| LEADS_AWAY.split(' ').any(|away| away == program)) {
                    break;
                }
            }
        }
    }
    called
}

fn one(word: &Word) -> (String, Found) {
    let unknown = |why: &str| Err((Verdict::Unknown, why.to_owned()));
    match &word.literal {
        Some(path) if path.contains('/') && !path.starts_with('/') => {
            (path.clone(), unknown("a path below the folder of the run, which its steps may change"))
        }
        Some(path) if path.starts_with('/') && exists(path) => (path.clone(), Ok("a program".to_owned())),
        Some(path) if path.starts_with('/') => {
            (path.clone(), Err((Verdict::Failed, "not a program of this machine".to_owned())))
        }
        Some(program) => (program.clone(), on_path(program)),
        None => (word.shown(), unknown("known only when it runs")),
    }
}
