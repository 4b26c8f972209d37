//! Profile, region and account of `aws`.

use std::collections::BTreeMap;

use futures::future::join_all;
use tokio::time::timeout;

use super::{
    LIMIT, Place, Wanted, exposed,
    options::Options,
    through,
    words::{Argument, Surroundings},
};
use warroom_host::{plain, process::Program};
use warroom_runbook::shell::Invocation;

/// How much of an answer is read: it is a line.
const KEPT: usize = 4096;

/// What one command gives to `aws`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Choice {
    profile: Option<String>,
    region: Option<String>,
    endpoint: Option<String>,
    /// The command's own variables, which choose credentials.
    variables: BTreeMap<String, String>,
    /// Profile or region come from a variable of the run, which a later change of the session must not replace.
    fixed: Vec<(String, String)>,
}

pub(super) async fn resolve(wanted: &Wanted<'_>, surroundings: &Surroundings) -> Place {
    let mut place = Place::default();
    let choices = choices(wanted, surroundings, &mut place);
    let given: BTreeMap<String, String> = exposed(wanted.variables).collect();
    let asking: Vec<_> = choices.into_iter().map(|choice| ask(choice, &given)).collect();
    for found in join_all(asking).await {
        place.add(found);
    }
    place
}

/// Each way in which the commands call `aws`, once.
fn choices(wanted: &Wanted<'_>, surroundings: &Surroundings, place: &mut Place) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for command in wanted.script.iter().flat_map(|script| &script.commands) {
        if command.program() != Some("aws") {
            continue;
        }
        if let Some(elsewhere) = through::elsewhere(command, surroundings) {
            place.unresolved(format!("aws runs {elsewhere}, with the profile that is set there"));
            continue;
        }
        match choice(command, surroundings) {
            Ok(choice) if !choices.contains(&choice) => choices.push(choice),
            Ok(_) => {}
            Err(why) => place.unresolved(format!("where aws acts is not known: {why}")),
        }
    }
    choices
}

fn choice(command: &Invocation, surroundings: &Surroundings) -> Result<Choice, String> {
    let options = Options::read("aws", &surroundings.arguments(&command.words));
    let mut choice = Choice::default();
    let mut chosen = |flag: &str, names: &[&str]| -> Result<Option<String>, String> {
        match options.value(&[flag]) {
            Some(Argument { sure: false, .. }) => return Err(format!("the value of its {flag} is set when it runs")),
            Some(value) => return Ok(Some(value.text.clone())),
            None => {}
        }
        for name in names {
            let seen = surroundings.seen_by(command, name).map_err(|()| format!("{name} is set when it runs"))?;
            if let Some(value) = seen {
                if surroundings.variable(name).as_ref() == Some(&value) {
                    choice.fixed.push(((*name).to_owned(), value.clone()));
                }
                return Ok(Some(value));
            }
        }
        Ok(None)
    };
    let profile = chosen("--profile", &["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])?;
    let region = chosen("--region", &["AWS_REGION", "AWS_DEFAULT_REGION"])?;
    let endpoint = chosen("--endpoint-url", &[])?;
    let own =
        command.assignments.iter().filter_map(|one| Some(one.name.clone()).filter(|name| name.starts_with("AWS_")));
    for name in own {
        if let Some(value) = surroundings.seen_by(command, &name).map_err(|()| format!("{name} is set when it runs"))? {
            choice.variables.insert(name, value);
        }
    }
    Ok(Choice { profile, region, endpoint, ..choice })
}

async fn ask(choice: Choice, given: &BTreeMap<String, String>) -> Place {
    let mut place = Place { environment: choice.fixed.clone(), ..Place::default() };
    let (account, region) = tokio::join!(
        run(&choice, given, &["sts", "get-caller-identity", "--output", "json", "--cli-connect-timeout", "2"]),
        async {
            match &choice.region {
                Some(region) => Ok(region.clone()),
                None => run(&choice, given, &["configure", "get", "region"]).await,
            }
        }
    );
    let profile = choice.profile.as_deref().unwrap_or("default");
    place.fact("AWS profile", profile);
    let account = account.and_then(|text| identity(&text));
    if let Ok((account, who)) = &account {
        place.fact("AWS account", account.as_str());
        place.fact("AWS identity", who.as_str());
    }
    let answer = account.map(|(account, who)| format!("account {account}, {who}"));
    let answer = answer.map_err(|why| format!("cannot ask AWS which account this is: {why}"));
    place.asked.push(super::Asked { name: format!("AWS profile {profile}"), answer });
    match region {
        Ok(region) if !region.is_empty() => place.fact("AWS region", region),
        _ => place.unresolved("no AWS region is set: give --region, or set AWS_REGION".to_owned()),
    }
    if let Some(endpoint) = &choice.endpoint {
        place.fact("AWS endpoint", super::machine::without_password(endpoint));
    }
    place
}

async fn run(choice: &Choice, given: &BTreeMap<String, String>, arguments: &[&str]) -> Result<String, String> {
    let mut all: Vec<&str> = arguments.to_vec();
    if let Some(profile) = &choice.profile {
        all.extend(["--profile", profile]);
    }
    if let Some(region) = choice.region.as_ref().filter(|_| arguments.first() != Some(&"configure")) {
        all.extend(["--region", region]);
    }
    let quiet = BTreeMap::from([
        ("AWS_PAGER".to_owned(), String::new()),
        ("AWS_MAX_ATTEMPTS".to_owned(), "1".to_owned()),
        // Without credentials it would ask a machine's metadata service, which answers in time or not at all.
        ("AWS_METADATA_SERVICE_TIMEOUT".to_owned(), "1".to_owned()),
    ]);
    let program = Program::new("aws", all).variables(given).variables(&choice.variables).variables(&quiet);
    match timeout(LIMIT, program.run(KEPT)).await {
        Ok(Ok(finished)) if finished.status.success() => Ok(finished.stdout.text().trim().to_owned()),
        Ok(Ok(finished)) => {
            let told = plain::first_line(&plain::plain(&finished.stderr.text()), 160);
            Err(if told.is_empty() { format!("aws ended with {}", finished.ending()) } else { told })
        }
        Ok(Err(why)) => Err(why),
        Err(_) => Err(format!("aws did not answer within {} s", LIMIT.as_secs())),
    }
}

fn identity(text: &str) -> Result<(String, String), String> {
    let unreadable = || "its answer cannot be read".to_owned();
    let answer: serde_json::Value = serde_json::from_str(text).map_err(|_| unreadable())?;
    let field = |name: &str| answer.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    Ok((field("Account").ok_or_else(unreadable)?, field("Arn").ok_or_else(unreadable)?))
}
