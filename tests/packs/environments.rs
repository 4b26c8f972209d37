//! Probes that differ by environment.

use warroom::{
    platform::{self, Pack, PackFiles, ProbeTarget, SecretText},
    room::Room,
};

/// One probe of each form that the tests lay something over.
const PROBES: &str = r#"
[environments.production]
[[components]]
id = "database"
rpo = "4h"
[[probes]]
id = "portal"
kind = "http"
url = "https://portal.example.com/health"
every = "10s"
contains = "ok"
warn = "latency_ms > 1000"
[[probes]]
id = "backups"
kind = "backup"
component = "database"
path = "/backups/*.dump"
[[probes]]
id = "pods"
kind = "kubernetes"
namespaces = ["production"]
"#;

fn pack(environments: &str) -> Pack {
    let loaded = platform::parse("platform.toml", &with(environments), &PackFiles::default());
    assert!(loaded.diagnostics.is_empty(), "{:?}", loaded.diagnostics);
    loaded.pack.unwrap()
}

fn with(environments: &str) -> String {
    format!("[platform]\nname = \"shop\"\n{environments}{PROBES}")
}

#[test]
fn an_environment_changes_some_keys_of_a_probe_and_leaves_the_rest() {
    let pack = pack(
        "[environments.staging.probes.portal]\nurl = \"env:STAGING_HEALTH\"\nevery = \"1m\"\nwarn = \"\"\n\
         [environments.staging.probes.pods]\nnamespace = \"shop\"\n",
    );
    let staging = Room::new(pack.clone(), "staging", "").pack;
    let portal = staging.probe("portal").unwrap();
    let ProbeTarget::Http(target) = &portal.target else { panic!("{:?}", portal.target) };
    assert!(matches!(&target.url, SecretText::Env(name) if name == "STAGING_HEALTH"));
    assert_eq!((portal.every.as_secs(), target.contains.as_deref()), (60, Some("ok")));
    assert!(portal.warn.is_none(), "an empty threshold takes the other away");
    let ProbeTarget::Kubernetes { namespaces, .. } = &staging.probe("pods").unwrap().target else { panic!() };
    assert_eq!(namespaces, &["shop"], "`namespace` stands for `namespaces`");

    let production = Room::new(pack, "production", "").pack;
    let portal = production.probe("portal").unwrap();
    assert_eq!(portal.every.as_secs(), 10);
    assert!(portal.warn.is_some());
    let order = |pack: &Pack| pack.probes.iter().map(|probe| probe.id.clone()).collect::<Vec<_>>();
    assert_eq!(order(&staging), order(&production));
}

#[test]
fn one_of_two_keys_that_exclude_each_other_takes_the_place_of_the_other() {
    let pack = pack("[environments.staging.probes.backups]\ncommand = \"aws s3 ls s3://staging/\"\n");
    let staging = pack.in_environment("staging");
    let ProbeTarget::Backup { source, max_age, .. } = &staging.probe("backups").unwrap().target else { panic!() };
    assert!(matches!(source, platform::BackupSource::Command(command) if command.contains("staging")), "{source:?}");
    assert_eq!(max_age.unwrap().as_secs(), 4 * 3600, "the component's RPO counts here too");
}

#[test]
fn a_simulated_platform_reaches_no_target_of_any_environment() {
    let pack = pack("[environments.staging.probes.portal]\nurl = \"https://staging.example.com\"\n");
    let staging = pack.simulated("outage").in_environment("staging");
    assert!(staging.probes.iter().all(|probe| matches!(probe.target, ProbeTarget::Simulated { .. })));
}

#[test]
fn what_is_wrong_in_any_environment_is_told_where_it_stands() {
    for (environments, expected) in [
        (
            "[environments.staging.probes.portl]\nurl = \"https://a\"\n",
            &["3:30: there is no probe `portl` (did you mean `portal`?)"][..],
        ),
        (
            "[environments.staging.probes.portal]\nulr = \"https://a\"\n",
            &["4:1: unknown key `ulr` in [environments.staging.probes.portal] (did you mean `url`?)"],
        ),
        // Of another kind.
        (
            "[environments.dr.probes.portal]\nquery = \"up\"\n",
            &["4:1: unknown key `query` in [environments.dr.probes.portal]"],
        ),
        (
            "[environments.staging.probes.portal]\nurl = \"ftp://a\"\n",
            &["4:7: `ftp://` is not a scheme that is used here"],
        ),
        ("[environments.staging.probes.portal]\nwarn = \"latency >\"\n", &["4:18: `warn` is not a CEL expression"]),
        ("[environments.staging.probes.portal]\ntimeout = \"20s\"\n", &["4:11: `timeout` is longer than `every`"]),
        ("[environments.staging.probes.portal]\ncomponent = \"databse\"\n", &["4:13: there is no component `databse`"]),
        ("[environments.staging.probes.portal]\nkind = \"tcp\"\n", &["4:8: `kind` is the same in every environment"]),
        ("[environments.staging.probes.portal]\nid = \"other\"\n", &["4:6: `id` is the same in every environment"]),
        (
            "[[environments.staging.probes]]\nid = \"portal\"\n",
            &["`probes` must be tables: [environments.staging.probes.ID], not a list"],
        ),
        (
            "[environments.staging.probes]\nportal = \"https://a\"\n",
            &["4:10: `portal` must be a table: [environments.staging.probes.portal], not a text"],
        ),
        ("[environments.staging.probes.portal]\nurl = \"[Address]\"\n", &["4:8: `[Address]` is still to be filled in"]),
        (
            "[environments.a.probes.portal]\nulr = \"x\"\n[environments.b.probes.portal]\nevry = \"1s\"\n",
            &["4:1: unknown key `ulr`", "6:1: unknown key `evry`"],
        ),
    ] {
        let loaded = platform::parse("platform.toml", &with(environments), &PackFiles::default());
        let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), expected.len(), "{environments}: {said:#?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{environments}: {said}");
        }
    }
}

#[test]
fn a_mistake_in_the_probe_itself_is_told_once_however_many_environments_change_it() {
    let text = with("[environments.a.probes.portal]\nevery = \"1m\"\n[environments.b.probes.portal]\nevery = \"2m\"\n")
        .replace("contains = \"ok\"", "matches = \"(\"");
    let loaded = platform::parse("platform.toml", &text, &PackFiles::default());
    assert_eq!(loaded.diagnostics.len(), 1, "{:#?}", loaded.diagnostics);
    let text = text.replace("matches = \"(\"", "contians = \"ok\"");
    let loaded = platform::parse("platform.toml", &text, &PackFiles::default());
    assert_eq!(loaded.diagnostics.len(), 1, "{:#?}", loaded.diagnostics);
}
