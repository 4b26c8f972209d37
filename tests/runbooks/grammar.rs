//! The grammar of programs against the programs themselves: what they say of their options is known.

use std::{borrow::Cow, collections::BTreeSet, process::Command};

use warroom::runbook::program::{Unknown, find, read};

/// What a program prints, on whichever stream; nothing, with the reason printed, where it is not installed.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn says(program: &str, arguments: &[&str]) -> Option<String> {
    let asked = Command::new(program)
        .args(arguments)
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("PAGER", "cat")
        .env("GIT_PAGER", "cat")
        .env("KUBECONFIG", "/dev/null")
        .output();
    match asked {
        Ok(output) => {
            let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.push_str(&String::from_utf8_lossy(&output.stderr));
            (!text.trim().is_empty()).then_some(text)
        }
        Err(why) => {
            eprintln!("skipped: {program} cannot be asked: {why}");
            None
        }
    }
}

/// Every option that a help text lists: the words with dashes at the starts of its lines.
fn options(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim_start).filter(|line| line.starts_with('-')) {
        for word in line.split([' ', ',', '=', '[', '\t']).take_while(|word| word.is_empty() || word.starts_with('-')) {
            let name = word.trim_end_matches(':');
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'?');
            let number = name.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) || name == "-NUM";
            if plain && !number && !name.trim_start_matches('-').is_empty() {
                found.insert(name.to_owned());
            }
        }
    }
    found
}

/// Those of the options that a command is not known to take.
fn missing(line: &str, options: &BTreeSet<String>) -> Vec<String> {
    let words: Vec<Cow<'_, str>> = line.split(' ').map(Cow::Borrowed).collect();
    let program = find(&words[0]).unwrap_or_else(|| panic!("{line}: no grammar"));
    let call = read(program, &words);
    assert!(call.command.is_some() || words.len() == 1, "{line} is no command that is known");
    let known = |name: &str| call.knows(name) || program.help.contains(&name);
    options.iter().filter(|name| !known(name)).map(|name| format!("{line}: {name}")).collect()
}

/// Asks for the help of each line and compares.
fn compare(help: &str, lines: &[&str], least: usize) {
    let mut absent = Vec::new();
    let mut seen = 0;
    for line in lines {
        let mut words = line.split(' ');
        let program = words.next().unwrap();
        let arguments: Vec<&str> = words.chain([help]).collect();
        let Some(text) = says(program, &arguments) else { return };
        let listed = options(&text);
        seen += listed.len();
        absent.extend(missing(line, &listed));
    }
    assert!(absent.is_empty(), "{} of {seen} options are not in the grammar:\n{}", absent.len(), absent.join("\n"));
    assert!(seen >= least, "only {seen} options were listed: the help is read wrongly");
}

#[test]
fn kubectl_has_no_option_that_the_grammar_lacks() {
    if let Some(text) = says("kubectl", &["options"]) {
        let listed = options(&text);
        let absent = missing("kubectl get", &listed);
        assert!(absent.is_empty() && listed.len() > 20, "{absent:?}");
        let reads = [
            "get",
            "describe",
            "logs",
            "top pod",
            "top node",
            "explain",
            "rollout status",
            "rollout history",
            "api-resources",
            "version",
            "wait",
            "diff",
        ];
        let lines: Vec<String> = reads.iter().map(|verb| format!("kubectl {verb}")).collect();
        compare("--help", &lines.iter().map(String::as_str).collect::<Vec<_>>(), 80);
    }
}

#[test]
fn docker_has_no_option_that_the_grammar_lacks() {
    compare(
        "--help",
        &[
            "docker",
            "docker ps",
            "docker logs",
            "docker inspect",
            "docker images",
            "docker top",
            "docker stats",
            "docker exec",
            "docker run",
        ],
        100,
    );
}

#[test]
fn helm_has_no_option_that_the_grammar_lacks() {
    compare(
        "--help",
        &[
            "helm list",
            "helm status",
            "helm history",
            "helm get values",
            "helm upgrade",
            "helm rollback",
            "helm uninstall",
        ],
        60,
    );
}

#[test]
fn clients_of_databases_have_no_option_that_the_grammar_lacks() {
    compare("--help", &["psql"], 40);
    compare("--help", &["redis-cli"], 40);
    compare("--help", &["pg_dump"], 40);
    compare("--help", &["pg_isready"], 6);
}

#[test]
fn text_tools_have_no_option_that_the_grammar_lacks() {
    compare("--help", &["grep"], 40);
    compare("--help", &["sort"], 20);
    compare("--help", &["tar"], 100);
    compare("--help", &["ls"], 50);
    compare("--help", &["sed"], 15);
}

#[test]
fn curl_has_no_option_that_the_grammar_lacks() {
    if let Some(text) = says("curl", &["--help", "all"]) {
        let listed = options(&text);
        let absent = missing("curl", &listed);
        assert!(absent.is_empty() && listed.len() > 200, "{} of {}: {absent:?}", absent.len(), listed.len());
    }
}

#[test]
fn git_has_no_command_that_the_grammar_lacks() {
    let Some(text) = says("git", &["help", "-a"]) else { return };
    // The guides that follow are no commands.
    let commands = text.split("\nUser-facing").next().unwrap_or(&text);
    let named = commands.lines().filter_map(|line| line.strip_prefix("   ")?.split_whitespace().next());
    let names: Vec<&str> =
        named.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')).collect();
    let git = find("git").unwrap();
    let is_unknown = |name: &&&str| {
        let words = ["git", name].map(Cow::Borrowed);
        read(git, &words).unknown.iter().any(|unknown| matches!(unknown, Unknown::Command { .. }))
    };
    let absent: Vec<&&str> = names.iter().filter(is_unknown).collect();
    assert!(absent.is_empty() && names.len() > 100, "{} of {}: {absent:?}", absent.len(), names.len());
}
