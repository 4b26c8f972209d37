//! `warroom pack`: list, check, init.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::home::Home;

const KUBECONFIG: &str = r#"
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: hunter2}}]
contexts:
  - {name: prod-eu, context: {cluster: c, user: u, namespace: shop}}
  - {name: "arn:aws:eks/dr", context: {cluster: c, user: u}}
current-context: prod-eu
"#;

#[test]
fn a_pack_on_disk_is_listed_before_an_embedded_one_and_hides_it() {
    let home = Home::new();
    home.pack("shop", "title = \"The shop\"\n[environments.staging]\n");
    home.pack("dotmac", "title = \"Mine\"\n");
    home.pack("broken", "[[");
    let run = home.run(&["pack", "list", "--json"]);
    let packs: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    let pack = |name: &str| packs.iter().find(|pack| pack["name"] == name).unwrap();
    assert_eq!(pack("shop")["environments"], serde_json::json!(["staging"]));
    assert_eq!(pack("dotmac")["title"], "Mine");
    assert_eq!(pack("broken")["usable"], false);
    assert_eq!(packs.iter().filter(|pack| pack["name"] == "dotmac").count(), 1);
    let table = home.run(&["pack", "list"]).out;
    assert!(table.contains("The shop") && table.contains("cannot be used"), "{table}");
}

#[test]
fn pack_check_shows_the_source_as_a_compiler_does() {
    let home = Home::new();
    let folder = home.pack("shop", "[[components]]\nid = \"a\"\nrot = \"4h\"\n");
    let run = home.run(&["pack", "check", "shop"]);
    assert_eq!(run.code, 65);
    for part in [
        "error: unknown key `rot` in [[components]]",
        "platform.toml:5:1",
        "rot = \"4h\"",
        "did you mean `rto`?",
        "1 error",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "no colour in a file");
    let json = home.run(&["pack", "check", "--json", folder.to_str().unwrap()]);
    assert_eq!(json.code, 65);
    let line: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&line["line"], &line["column"], &line["help"]), (&5.into(), &1.into(), &"did you mean `rto`?".into()));
}

#[test]
fn the_chosen_environment_says_how_its_probes_differ_and_the_others_are_checked_too() {
    let home = Home::new();
    let pack = "[environments.production]\n[environments.staging.probes.db]\nevery = \"2m\"\n\
                [[probes]]\nid = \"db\"\nkind = \"tcp\"\naddress = \"127.0.0.1:5432\"\nevery = \"10s\"\n";
    home.pack("shop", pack);
    let every = |environment: &str| {
        let run = home.run(&["--environment", environment, "probe", "list", "--json"]);
        let probes: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
        probes[0]["every_seconds"].as_f64()
    };
    assert_eq!((every("production"), every("staging")), (Some(10.0), Some(120.0)));
    home.pack("shop", &pack.replace("every = \"2m\"", "evry = \"2m\""));
    let run = home.run(&["--environment", "production", "pack", "check"]);
    assert_eq!(run.code, 65);
    assert!(run.out.contains("platform.toml:5:1") && run.out.contains("did you mean `every`?"), "{}", run.out);
}

#[test]
fn warnings_alone_end_with_0() {
    let home = Home::new();
    home.pack("shop", "[[links]]\ntitle = \"[Name]\"\nurl = \"https://a\"\n");
    let run = home.run(&["pack", "check"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out.contains("`[Name]` is still to be filled in") && run.out.contains("usable, 1 warning"),
        "{}",
        run.out
    );
}

#[test]
fn a_pack_that_is_not_named_as_its_folder_is_told() {
    let home = Home::new();
    home.write(".config/warroom/packs/shop/platform.toml", "[platform]\nname = \"store\"\n");
    let run = home.run(&["pack", "check", "shop"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("the pack is named `store` but lies in the folder `shop`"), "{}", run.out);
    assert!(run.out.contains("usable, 1 warning"), "{}", run.out);
}

#[test]
fn the_only_pack_that_is_not_embedded_needs_no_naming() {
    let home = Home::new();
    home.pack("shop", "");
    assert!(home.run(&["pack", "check"]).out.contains("shop/platform.toml: nothing is wrong"));
    home.pack("other", "");
    assert!(home.run(&["pack", "check"]).sentence().contains("name one with --pack (there is "));
    home.write(".config/warroom/config.toml", "pack = \"other\"\n");
    assert!(home.run(&["pack", "check"]).out.contains("other/platform.toml: nothing is wrong"));
}

#[test]
fn init_writes_a_pack_that_works_at_once() {
    let home = Home::new();
    home.write(".kube/config", KUBECONFIG);
    let home = home
        .with("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/db")
        .with("REDIS_URL", "redis://:hunter2@127.0.0.1:1")
        .with("PROMETHEUS_URL", "http://127.0.0.1:1");
    let run = home.run(&["pack", "init"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out.contains("found: 2 kube contexts (prod-eu is used), DATABASE_URL, REDIS_URL, PROMETHEUS_URL"),
        "{}",
        run.out
    );
    assert!(run.out.contains("next: warroom --pack my-platform sweep"), "{}", run.out);
    let manifest = home.path(".config/warroom/packs/my-platform/platform.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let check = home.run(&["pack", "check"]);
    assert_eq!((check.code, check.out.contains("nothing is wrong")), (0, true), "{}", check.out);
    let probes = home.run(&["probe", "list", "--json"]);
    let probes: Vec<Value> = serde_json::from_str(&probes.out).unwrap();
    let kinds: Vec<&str> = probes.iter().map(|probe| probe["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["kubernetes", "postgres", "redis", "prometheus"]);

    let again = home.run(&["pack", "init"]);
    assert_eq!(again.code, 1);
    assert!(again.sentence().contains("is there already and is left as it is"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), text);
}

#[test]
fn init_on_a_bare_machine_writes_a_pack_to_start_from() {
    let home = Home::new();
    let run = home.run(&["pack", "init", "ops/shop"]);
    assert!(run.out.contains("found: nothing to look at yet"), "{run:?}");
    assert!(run.out.contains("next: warroom --pack ops/shop sweep"), "{run:?}");
    assert_eq!(home.run(&["pack", "check", "ops/shop"]).code, 0);
    let text = std::fs::read_to_string(home.path("ops/shop/platform.toml")).unwrap();
    assert!(text.contains("name = \"shop\""), "{text}");
}

#[test]
fn init_takes_libpqs_variables_for_a_database() {
    let home = Home::new().with("PGHOST", "127.0.0.1").with("PGUSER", "ops");
    assert_eq!(home.run(&["pack", "init", "shop"]).code, 0);
    let text = std::fs::read_to_string(home.path("shop/platform.toml")).unwrap();
    assert!(text.contains("url = \"postgresql://\""), "{text}");
    assert_eq!(home.run(&["pack", "check", "shop"]).out, "shop/platform.toml: nothing is wrong\n");
}

#[test]
fn a_kubeconfig_that_cannot_be_read_is_told_and_left_out() {
    let home = Home::new();
    home.write(".kube/config", "contexts: [");
    let run = home.run(&["pack", "init", "shop"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("left out the kubeconfig: "), "{run:?}");
    assert!(run.out.lines().count() == 4, "{run:?}");
}

#[test]
fn pack_check_looks_at_runbooks_too() {
    let home = Home::new();
    let folder = home.pack(
        "shop",
        "[[probes]]\nid = \"cache-up\"\nkind = \"tcp\"\naddress = \"127.0.0.1:1\"\n[[alerts]]\nid = \"cache-down\"\nseverity = \"P0\"\n\
         title = \"Cache\"\nwhen = \"true\"\nrunbook = \"restart-cash\"\n[[severities]]\nlevel = \"P0\"\ntitle = \"worst\"\n",
    );
    let text = "---\nid: cache\ntriggers: [cache-dwn, cache-up]\n---\n# Cache\n```bash {timout=1m}\nls\n```\n";
    std::fs::write(folder.join("restart-cache.md"), text).unwrap();
    let run = home.run(&["pack", "check", "--json", "shop"]);
    for part in [
        "there is no runbook `restart-cash`",
        "did you mean `restart-cache`?",
        "there is no alert rule or probe `cache-dwn` that could open it",
        "did you mean `cache-down`?",
        "the runbook calls itself `cache`, and alert rules name it by its file, `restart-cache`",
        "there is no attribute `timout`",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    assert!(!run.out.contains("`cache-up`"), "{}", run.out);
    let shown = home.run(&["pack", "check", "shop"]).out;
    assert!(shown.contains("restart-cache.md:6:10") && shown.contains("{timout=1m}"), "{shown}");
}

/// The files below a folder, by their paths from it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                // A link to nowhere has no text.
                found.insert(name, std::fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

#[test]
fn a_pack_of_the_program_becomes_ones_own() {
    let home = Home::new();
    let run = home.run(&["pack", "init", "--from", "dotmac", "ops/portal"]);
    assert_eq!(run.code, 0, "{run:?}");
    let says = |part: &str| assert!(run.out.contains(part), "{part}: {}", run.out);
    says("wrote ops/portal/platform.toml and 2");
    says("in place of dotmac-production, dotmac-staging, dotmac-dr");
    says("(warroom pack check ops/portal shows them)");
    says("next: warroom --pack ops/portal sweep");

    let copy = files(&home.path("ops/portal"));
    let mut original = files(Path::new("runbooks/dotmac"));
    let manifest = original.get_mut("platform.toml").unwrap();
    *manifest =
        String::from_utf8(manifest.clone()).unwrap().replacen("name = \"dotmac\"", "name = \"portal\"", 1).into_bytes();
    assert_eq!(copy.keys().collect::<Vec<_>>(), original.keys().collect::<Vec<_>>());
    assert!(copy == original, "only the name of the pack differs");

    let check = home.run(&["pack", "check", "ops/portal"]);
    assert_eq!((check.code, check.out.contains("is named")), (0, false), "{}", check.out);
    let open = check.out.matches("still to be filled in").count();
    says(&format!("fill in the {open} values that are open"));
    let list = home.run(&["--pack", "ops/portal", "runbook", "list", "--json"]);
    let runbooks: Vec<Value> = serde_json::from_str(&list.out).unwrap();
    assert_eq!(runbooks.len(), original.keys().filter(|name| !name.contains('/') && name.ends_with(".md")).count());
    let lint = home.run(&["--pack", "ops/portal", "runbook", "lint", "--strict"]);
    assert_eq!(lint.code, 0, "{lint:?}");
    let shown = home.run(&["--pack", "ops/portal", "runbook", "show", "database-recovery"]);
    assert!(shown.code == 0 && shown.out.contains("pg_restore"), "{shown:?}");

    let again = home.run(&["pack", "init", "--from", "dotmac", "ops/portal"]);
    assert_eq!(again.code, 1);
    assert_eq!(again.sentence(), "ops/portal is there already and is left as it is (name another folder)");
    assert!(files(&home.path("ops/portal")) == copy);
}

#[test]
fn a_copy_without_a_folder_lies_where_packs_are_found() {
    let home = Home::new();
    let run = home.run(&["pack", "init", "--from", "dotmac", "--name", "portal"]);
    assert!(run.out.contains("next: warroom --pack portal sweep"), "{run:?}");
    let run = home.run(&["pack", "init", "--from", "dotmac"]);
    assert!(run.out.contains(".config/warroom/packs/dotmac/platform.toml and"), "{run:?}");
    let packs: Vec<Value> = serde_json::from_str(&home.run(&["pack", "list", "--json"]).out).unwrap();
    let names: Vec<&str> = packs.iter().map(|pack| pack["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["dotmac", "portal"]);
    let text = std::fs::read_to_string(home.path(".config/warroom/packs/portal/platform.toml")).unwrap();
    assert!(text.contains("name = \"portal\"") && text.contains("title = \"DotMac ISP Customer Portal\""), "{text}");
}

#[test]
fn a_pack_on_disk_is_copied_with_its_comments_and_without_what_is_no_part_of_it() {
    let home = Home::new();
    let folder = home.pack("shop", "title = 'The shop' # ours\r\n\n# done\n");
    std::fs::create_dir(folder.join(".git")).unwrap();
    home.write(".config/warroom/packs/shop/cache.md", "# Cache\n");
    let run = home.run(&["pack", "init", "--from", "shop", "store", "--name", "store"]);
    assert!(run.out.contains("store/platform.toml and one other file, copied from shop"), "{run:?}");
    assert!(run.out.contains("left out: .git (no part of a pack)"), "{run:?}");
    assert!(run.out.contains("next: warroom pack check ./store\n"), "{run:?}");
    // `shop` alone is the pack of that name.
    let again = home.run(&["pack", "init", "--from", "shop", "shop"]);
    assert!(again.out.contains("next: warroom --pack ./shop sweep"), "{again:?}");
    let copy = files(&home.path("store"));
    assert_eq!(copy.keys().collect::<Vec<_>>(), ["cache.md", "platform.toml"]);
    let text = String::from_utf8(copy["platform.toml"].clone()).unwrap();
    assert_eq!(text, "[platform]\nname = \"store\"\ntitle = 'The shop' # ours\r\n\n# done\n");
}

#[test]
fn a_copy_that_cannot_be_made_is_refused_in_one_sentence_and_leaves_nothing() {
    let home = Home::new();
    home.pack("shop", "");
    home.write(".config/warroom/packs/nameless/platform.toml", "[[components]]\nid = \"a\"\n");
    home.write("file", "mine");
    std::os::unix::fs::symlink("nowhere", home.path("dangling")).unwrap();
    let before = files(&home.path("."));
    for (arguments, code, says) in [
        (&["dotmak", "own"][..], 78, "there is no pack dotmak, neither as a folder nor by name (did you mean dotmac?)"),
        (&["nameless", "own"], 65, "platform.toml: it has no [platform] with a name"),
        (&["dotmac", "own", "--name", "a/b"], 64, "a pack cannot be called `a/b`"),
        (&["dotmac", "--name", ".."], 64, "a pack cannot be called `..`"),
        (&["dotmac", "--name", ""], 64, "a pack cannot be called ``"),
        (&["dotmac", "file"], 1, "file is there already and is left as it is"),
        (&["dotmac", "dangling"], 1, "dangling is there already and is left as it is"),
        (&["dotmac", "."], 1, ". is there already and is left as it is"),
        (&["shop", ".config/warroom/packs/shop/own"], 1, "own lies inside the pack that is to be copied"),
        (&["dotmac", "file/own"], 1, "cannot write file/own: Not a directory"),
        (&["dotmac", "/proc/warroom/own"], 1, "cannot write /proc/warroom: No such file or directory"),
    ] {
        let run = home.run(&[&["pack", "init", "--from"], arguments].concat());
        assert_eq!(run.code, code, "{arguments:?} {run:?}");
        assert!(run.sentence().contains(says), "{says}: {run:?}");
        assert!(run.out.is_empty(), "{run:?}");
    }
    assert!(files(&home.path(".")) == before);
}

#[test]
fn an_empty_folder_that_one_stands_in_becomes_the_copy() {
    let home = Home::new();
    std::fs::create_dir(home.path("portal")).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.current_dir(home.path("portal")).output().unwrap()
    };
    assert!(command(&["pack", "init", "--from", "dotmac", "."]).status.success());
    let check = command(&["pack", "check", "--json", "."]);
    assert!(check.status.success());
    assert!(!String::from_utf8_lossy(&check.stdout).contains("the pack is named"));
}

#[test]
fn a_read_only_program_writes_no_pack() {
    let home = Home::new();
    let run = home.run(&["--read-only", "pack", "init", "shop"]);
    assert_eq!(run.code, 5, "{run:?}");
    assert!(run.err.contains("this is --read-only: no pack is written"), "{run:?}");
    assert!(!home.path("shop").exists());
    let home = home.with("WARROOM__READ_ONLY", "true");
    assert_eq!(home.run(&["pack", "init", "shop"]).code, 5);
    assert!(!home.path("shop").exists());
}

#[test]
fn pack_show_says_what_the_pack_says() {
    let home = Home::new();
    home.pack(
        "shop",
        r#"title = "The shop"
document = { version = "3", owner = "Operations", classification = "internal", reviewed = 2020-01-15, review_every = "annually" }
[environments.production]
title = "Production, Frankfurt"
protected = true
[[components]]
id = "api"
tier = 2
rto = "1h"
depends_on = ["cache"]
[[components]]
id = "cache"
[[components]]
id = "database"
title = "The database"
tier = 1
[[backups]]
id = "nightly"
component = "database"
schedule = "0 3 * * *"
timezone = "UTC"
retention = "30d"
location = "s3://backups"
[[contacts]]
id = "carol"
name = "Carol"
[[roles]]
id = "ic"
title = "Incident Commander"
primary = "carol"
duties = ["decides", "delegates"]
[[severities]]
level = "P0"
[[alerts]]
id = "gone"
when = "true"
severity = "P0"
respond_within = "5m"
[[links]]
title = "Grafana"
url = "https://grafana.example.com"
"#,
    );
    let run = home.run(&["pack", "show", "shop"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let words = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "version 3",
        "owner Operations",
        "classification internal",
        "next review 2021-01-15, OVERDUE",
        "production Production, Frankfurt, protected",
        // The lowest tier first, those without one last.
        "database The database, tier 1 api api, tier 2, RTO 1h, depends on cache cache cache",
        "database → cache → api",
        "nightly of database, schedule 0 3 * * * (UTC), kept 30d, location s3://backups",
        "ic Incident Commander, primary Carol, duties: decides; delegates",
        "respond within 5m",
        "Grafana https://grafana.example.com",
    ] {
        assert!(words.contains(part), "{part}: {}", run.out);
    }
    let json: Value = serde_json::from_str(&home.run(&["pack", "show", "shop", "--json"]).out).unwrap();
    assert_eq!(json["title"], "The shop");
    assert_eq!(json["sections"][0]["title"], "Document");
    assert_eq!(json["sections"][0]["lines"][1], serde_json::json!({"name": "owner", "value": "Operations"}));
}
