//! The house stands as `src/lib.rs` draws it: arrows point down, the pure layers stay pure, files say what they are for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{spanned::Spanned, visit::Visit};

/// Layers without I/O, clock or async. Those that do not exist yet are pure from their first day.
const PURE: [&str; 4] = ["platform", "text", "health", "runbook"];

/// What a pure layer never mentions. A name ending in `::` bans everything under it.
const IMPURE: [&str; 25] = [
    "tokio::",
    "futures::",
    "ratatui::",
    "crossterm::",
    "reqwest::",
    "kube::",
    "k8s_openapi::",
    "redis::",
    "tokio_postgres::",
    "hickory_resolver::",
    "rustls::",
    "rustix::",
    "std::fs::",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::env::",
    "std::process::",
    "std::thread::",
    "std::time::Instant",
    "std::time::SystemTime",
    "jiff::Timestamp::now",
    "Timestamp::now",
    "Zoned::now",
];

/// What a front end never mentions: it shows what `room` knows and talks to no server itself.
const CLIENTS: [&str; 7] =
    ["reqwest::", "kube::", "k8s_openapi::", "redis::", "tokio_postgres::", "hickory_resolver::", "prometheus_parse::"];

/// The only files that start processes: actions (behind the gate's permit) and what they run under, probes of kind `command`,
/// programs that fetch a secret, the browser, what watches over those, and the program itself as the guard of its terminal.
const STARTERS: [&str; 9] = [
    "src/exec/job.rs",
    "src/exec/supervisor/bash.rs",
    "src/exec/supervisor/terminal.rs",
    "src/exec/supervisor/watcher.rs",
    "src/host/browser.rs",
    "src/host/process.rs",
    "src/host/reaper.rs",
    "src/host/secret.rs",
    "src/host/terminal_guard.rs",
];

/// What starts a process.
const STARTS: [&str; 3] = ["std::process::Command", "tokio::process::Command", "pty_process::Command"];

const FRONT_ENDS: [&str; 2] = ["tui", "cli"];

/// The only file of the command line that writes to standard output or standard error: nothing is printed that was not cleaned.
const PRINTER: &str = "src/cli/output.rs";

/// What such writing takes.
const PRINTS: [&str; 4] = ["std::io::stdout", "std::io::stderr", "io::stdout", "io::stderr"];

#[test]
fn the_house_stands_as_drawn() {
    let sources = sources(Path::new("src"));
    let broken = violations(&sources);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Files of one folder that still use each other in a circle. None is added.
const CIRCLES: [&str; 2] = [
    "src/runbook/risk: command, http, redis_cli, scripts",
    "src/runbook/shell: args, peel, script, walk, words, wrapper",
];

#[test]
fn files_of_a_folder_use_each_other_in_one_direction() {
    assert_eq!(circles(&sources(Path::new("src"))), CIRCLES);
    let plant = |path: &str, text: &str| (path.to_owned(), format!("//! Bad.\n{text}\n"));
    let house = BTreeMap::from([
        plant("src/domain/health/one.rs", "use super::two::Two;"),
        plant("src/domain/health/two.rs", "use crate::health::three::Three;"),
        plant("src/domain/health/three.rs", "fn f(_: &super::one::One) {}"),
        plant("src/domain/health/four.rs", "use super::one::One;"),
        plant("src/probe/one.rs", "use crate::two::Two;"),
        plant("src/probe/two.rs", "use super::one::One;"),
    ]);
    assert_eq!(circles(&house), ["src/domain/health: one, three, two", "src/probe: one, two"]);
}

#[test]
fn every_layer_stands_in_the_table_and_the_other_way_round() {
    let sources = sources(Path::new("src"));
    let table = layers(&sources["src/lib.rs"]);
    let named: BTreeSet<String> = table.into_iter().map(|layer| layer.name).collect();
    let present: BTreeSet<String> =
        sources.keys().map(|path| layer_of(path)).filter(|layer| !layer.is_empty()).collect();
    assert_eq!(named, present, "left: the table in src/lib.rs; right: the folders under src");
}

#[test]
fn a_planted_violation_is_found_with_file_and_line() {
    let plant = |path: &str, text: &str| {
        let mut house = BTreeMap::from([("src/lib.rs".to_owned(), fs::read_to_string("src/lib.rs").unwrap())]);
        house.insert(path.to_owned(), text.to_owned());
        violations(&house).join("\n")
    };
    let found = plant(
        "src/domain/health/bad.rs",
        "//! Bad.\n\nuse crate::platform::Pack;\nuse warroom_probe::{\n    Probe,\n};\n",
    );
    assert_eq!(found, "src/domain/health/bad.rs:5: health -> probe: src/lib.rs allows health text, platform only");
    let found = plant(
        "src/domain/platform/deep/bad.rs",
        "//! Bad.\nfn f() -> super::super::super::health::Status { todo!() }\n",
    );
    assert_eq!(found, "src/domain/platform/deep/bad.rs:2: platform -> health: src/lib.rs allows platform nothing");
    let found = plant("src/runbook/bad.rs", "//! Bad.\nuse warroom_domain::health::Status;\n");
    assert_eq!(found, "src/runbook/bad.rs:2: runbook -> health: src/lib.rs allows runbook text, platform only");
    let found = plant("src/room/settings/bad.rs", "//! Bad.\nuse crate::{Room, settings::Settings};\n");
    assert_eq!(found, "src/room/settings/bad.rs:2: settings -> room: src/lib.rs allows settings host, platform only");
    let found = plant("src/domain/health/bad.rs", "//! Bad.\nfn f() { println!(\"{:?}\", std::fs::read(\"x\")); }\n");
    assert!(
        found.starts_with("src/domain/health/bad.rs:2: health is pure and may not mention std::fs::read"),
        "{found}"
    );
    let found = plant("src/domain/platform/bad.rs", "//! Bad.\nasync fn f() {}\n");
    assert!(found.starts_with("src/domain/platform/bad.rs:2: platform is pure and knows no async"), "{found}");
    let found = plant("src/tui/bad.rs", "//! Bad.\nuse kube::Client as C;\n");
    assert!(found.starts_with("src/tui/bad.rs:2: tui is a front end and may not mention kube::Client"), "{found}");
    let found = plant("src/cli/bad.rs", "//! Bad.\nfn f() { let _ = std::io::stdout(); }\n");
    assert!(found.starts_with("src/cli/bad.rs:2: only src/cli/output.rs prints"), "{found}");
    let found = plant("src/room/bad.rs", "//! Bad.\nuse std::process::Command;\n");
    assert!(found.starts_with("src/room/bad.rs:2: only src/exec/job.rs, "), "{found}");
    let found = plant("src/room/bad.rs", "// Not a description.\n");
    assert!(found.starts_with("src/room/bad.rs:1: the first line does not say"), "{found}");
    let found = plant("src/main.rs", &("//! Long.\n".to_owned() + &"// line\n".repeat(40)));
    assert!(found.starts_with("src/main.rs:41: "), "{found}");
    assert_eq!(
        plant(
            "src/cli/good.rs",
            "//! Good.\nuse warroom_room as room;\nuse {warroom_domain::platform::Pack, warroom_tui::run};\n"
        ),
        ""
    );
    assert_eq!(
        plant("src/domain/health/good.rs", "//! Good.\n#[cfg(test)]\nmod tests { use std::fs; }\n"),
        "",
        "tests may read files"
    );
}

/// A row of the table in `src/lib.rs`.
struct Layer {
    name: String,
    may_use: BTreeSet<String>,
    /// As the table says it.
    words: String,
}

/// The table: `| [`a`], [`b`] | what | everything below / `c`, `d` / nothing |`. Layers of one row may use each other.
fn layers(lib: &str) -> Vec<Layer> {
    let rows: Vec<(Vec<String>, String)> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! |")?.strip_suffix('|'))
        .map(|row| row.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 3 && cells[0].starts_with('['))
        .map(|cells| (names_in(cells[0]), cells[2].to_owned()))
        .collect();
    assert!(!rows.is_empty(), "src/lib.rs holds no table of layers");
    let mut layers = Vec::new();
    for (index, (names, words)) in rows.iter().enumerate() {
        let mut may_use: BTreeSet<String> = names.iter().cloned().collect();
        if words == "everything below" {
            may_use.extend(rows[index + 1..].iter().flat_map(|(names, _)| names.clone()));
        } else {
            may_use.extend(names_in(words));
        }
        for name in names {
            let words = words.replace('`', "");
            layers.push(Layer { name: name.clone(), may_use: may_use.clone(), words });
        }
    }
    layers
}

/// The names between backquotes.
fn names_in(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every Rust file below `folder`, by path.
fn sources(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path.to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// Members of the workspace that hold several layers, as modules of these names. Every other member is one layer, and in `room`
/// what is not in these modules is the layer `room`.
const MODULES: [(&str, &[&str]); 2] = [("domain", &["text", "platform", "health"]), ("room", &["settings"])];

/// Where a module that the code of `member` calls `path` belongs: the layer, and the path inside of it.
fn placed<'a>(member: &'a str, path: &'a [String]) -> Vec<&'a str> {
    let inside = path.iter().map(String::as_str);
    let modules = MODULES.iter().find(|(name, _)| *name == member).map_or(&[][..], |(_, modules)| modules);
    if path.first().is_some_and(|first| modules.contains(&first.as_str())) || member == "domain" {
        return inside.collect();
    }
    std::iter::once(member).chain(inside).collect()
}

/// The member of the workspace that a file belongs to, and the module that it is there: `src/room/a/b/mod.rs` and `src/room/a/b.rs`
/// are both `a::b` of `room`.
fn module_of(path: &str) -> (&str, Vec<String>) {
    let inside = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    let (member, inside) = inside.split_once('/').unwrap_or_default();
    let parts = inside.split('/').filter(|part| !matches!(*part, "" | "mod" | "lib" | "build"));
    (member, parts.map(str::to_owned).collect())
}

/// The layer of a file, empty for those of `src` itself and for what holds the layers of a member together.
fn layer_of(path: &str) -> String {
    let (member, module) = module_of(path);
    placed(member, &module).first().copied().unwrap_or_default().to_owned()
}

fn violations(sources: &BTreeMap<String, String>) -> Vec<String> {
    let layers = layers(&sources["src/lib.rs"]);
    let mut broken = Vec::new();
    for (path, text) in sources {
        if !text.starts_with("//! ") {
            broken.push(format!("{path}:1: the first line does not say what the file is for (`//! …`)"));
        }
        let lines = text.lines().count();
        if path == "src/main.rs" && lines >= 40 {
            broken.push(format!("{path}:{lines}: main.rs stays under 40 lines"));
        }
        let name = layer_of(path);
        let name = name.as_str();
        if path.contains("/tests/")
            || path.ends_with("/tests.rs")
            || path.ends_with("_tests.rs")
            || path.ends_with("/build.rs")
        {
            continue;
        }
        let Some(layer) = layers.iter().find(|layer| layer.name == name) else { continue };
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut seen = Mentions::of(path);
        seen.visit_file(&file);
        let is_layer = |name: &String| layers.iter().any(|layer| layer.name == *name);
        for (mention, line) in &seen.paths {
            let written = mention.join("::");
            if mention[0] == "crate" {
                let target = mention.get(1).filter(|target| is_layer(target) && !layer.may_use.contains(*target));
                if let Some(target) = target {
                    let words = &layer.words;
                    broken.push(format!("{path}:{line}: {name} -> {target}: src/lib.rs allows {name} {words} only"));
                }
            } else if PURE.contains(&name) && mentions(&written, &IMPURE) {
                broken.push(format!("{path}:{line}: {name} is pure and may not mention {written}"));
            } else if mentions(&written, &STARTS) && !STARTERS.contains(&path.as_str()) {
                broken.push(format!("{path}:{line}: only {} start processes, not {written}", STARTERS.join(", ")));
            } else if name == "cli" && path != PRINTER && mentions(&written, &PRINTS) {
                broken.push(format!("{path}:{line}: only {PRINTER} prints, not {written}"));
            } else if FRONT_ENDS.contains(&name) && mentions(&written, &CLIENTS) {
                broken.push(format!("{path}:{line}: {name} is a front end and may not mention {written}"));
            }
        }
        for line in seen.asyncs.iter().filter(|_| PURE.contains(&name)) {
            broken.push(format!("{path}:{line}: {name} is pure and knows no async"));
        }
    }
    let mut broken: Vec<_> = broken.into_iter().map(|line| line.replace("nothing only", "nothing")).collect();
    broken.dedup();
    broken
}

/// Whether a file holds its folder together.
fn is_root(path: &str) -> bool {
    path.ends_with("/mod.rs")
        || path.ends_with("/lib.rs")
        || path.ends_with("/build.rs")
        || path.matches('/').count() == 1
}

/// Files of one folder that use each other in a circle: `folder: names`. What a folder's `mod.rs` hands on counts for `mod.rs`.
fn circles(sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut uses: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources.iter().filter(|(path, _)| !is_root(path) && !path.ends_with("tests.rs")) {
        let (folder, name) = path.strip_suffix(".rs").unwrap().rsplit_once('/').unwrap();
        let mut seen = Mentions::of(path);
        seen.visit_file(&syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}")));
        let own = placed(&seen.member, &seen.module);
        let parent: Vec<String> = own[..own.len().saturating_sub(1)].iter().map(|part| (*part).to_owned()).collect();
        let beside = |mention: &Vec<String>| {
            let inside = mention.strip_prefix(&["crate".to_owned()])?.strip_prefix(parent.as_slice())?;
            let other = inside.first().filter(|other| *other != name)?;
            sources.contains_key(&format!("{folder}/{other}.rs")).then(|| other.clone())
        };
        let others = seen.paths.iter().filter_map(|(mention, _)| beside(mention)).collect();
        uses.insert((folder.to_owned(), name.to_owned()), others);
    }
    let reached = |folder: &String, from: &String| {
        let mut reached = BTreeSet::new();
        let mut next = vec![from.clone()];
        while let Some(name) = next.pop() {
            let others = uses.get(&(folder.clone(), name)).into_iter().flatten();
            next.extend(others.filter(|other| reached.insert((*other).clone())).cloned());
        }
        reached
    };
    let mut circles = BTreeSet::new();
    for (folder, name) in uses.keys() {
        let own: BTreeSet<String> =
            reached(folder, name).into_iter().filter(|other| reached(folder, other).contains(name)).collect();
        if !own.is_empty() {
            circles.insert(format!("{folder}: {}", own.into_iter().collect::<Vec<_>>().join(", ")));
        }
    }
    circles.into_iter().collect()
}

fn mentions(path: &str, banned: &[&str]) -> bool {
    let with_end = format!("{path}::");
    banned.iter().any(|banned| with_end.starts_with(&format!("{}::", banned.trim_end_matches("::"))))
}

/// Every path a file mentions, written as `crate::LAYER::…` where it leads into a layer.
#[derive(Default)]
struct Mentions {
    member: String,
    module: Vec<String>,
    paths: Vec<(Vec<String>, usize)>,
    asyncs: Vec<usize>,
}

impl Mentions {
    fn of(path: &str) -> Self {
        let (member, module) = module_of(path);
        Self { member: member.to_owned(), module, ..Self::default() }
    }

    fn add(&mut self, path: Vec<String>, line: usize) {
        let ups = path.iter().take_while(|part| *part == "super").count();
        let (member, inside) = match path.first().map(String::as_str) {
            Some("super") => {
                // Inline modules are not tracked: a `super` too many stops at the root.
                let stays = self.module.len().saturating_sub(ups);
                (self.member.as_str(), [&self.module[..stays], &path[ups..]].concat())
            }
            Some("self") => (self.member.as_str(), [&self.module[..], &path[1..]].concat()),
            Some("crate") => (self.member.as_str(), path[1..].to_vec()),
            Some(name) if name.starts_with("warroom_") => (&name["warroom_".len()..], path[1..].to_vec()),
            _ if path.len() > 1 => return self.paths.push((path, line)),
            _ => return,
        };
        let placed = placed(member, &inside).into_iter().map(str::to_owned);
        self.paths.push((std::iter::once("crate".to_owned()).chain(placed).collect(), line));
    }

    fn add_use(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.add_use(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Name(name) => self.add_leaf(&name.ident, before),
            syn::UseTree::Rename(rename) => self.add_leaf(&rename.ident, before),
            syn::UseTree::Glob(glob) => self.add(before.clone(), glob.span().start().line),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add_use(item, before)),
        }
    }

    fn add_leaf(&mut self, name: &syn::Ident, before: &[String]) {
        self.add([before, &[name.to_string()]].concat(), name.span().start().line);
    }

    /// Paths among the tokens of a macro call, which nobody has parsed.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (Vec::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.add(std::mem::take(&mut path), line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.add(std::mem::take(&mut path), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.add_tokens(group.stream());
                    }
                }
            }
        }
        self.add(path, line);
    }
}

impl<'a> Visit<'a> for Mentions {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        };
        if !module.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.add_use(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let parts = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add(parts, path.span().start().line);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.add_tokens(call.tokens.clone());
        syn::visit::visit_macro(self, call);
    }

    fn visit_signature(&mut self, signature: &'a syn::Signature) {
        self.asyncs.extend(signature.asyncness.iter().map(|word| word.span().start().line));
        syn::visit::visit_signature(self, signature);
    }

    fn visit_expr_async(&mut self, block: &'a syn::ExprAsync) {
        self.asyncs.push(block.async_token.span().start().line);
        syn::visit::visit_expr_async(self, block);
    }
}
