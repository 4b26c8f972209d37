//! Every key that loads has a reader: a pack, a runbook or the settings promise nothing that the program then ignores.
//!
//! The keys are the fields of the public types that the loaders fill. A reader is code outside of loading and validation that
//! takes the field from a value of that type: `component.rto`, or a pattern `Component { rto, .. }`. Values are told apart by the
//! names that the code gives them ([`NAMES`]). Types that are not public are left to the compiler, which knows of unread fields.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Fields, Item, visit::Visit};

/// Where the types are that loaders fill, and those at the top: what they hold is found from there.
const MODELS: [&str; 5] = [
    "src/domain/platform/pack.rs",
    "src/domain/platform/probe_spec.rs",
    "src/domain/platform/scenario/mod.rs",
    "src/runbook/document.rs",
    "src/room/settings/mod.rs",
];
const ROOTS: [&str; 5] = ["Pack", "Scenario", "FrontMatter", "Attributes", "Settings"];

/// Loading and validation: what they look at is not yet used for anything.
const LOADERS: [&str; 8] = [
    "src/domain/platform/load/",
    "src/domain/platform/scenario/read",
    "src/runbook/parse/",
    "src/runbook/lint/",
    "src/runbook/objectives.rs",
    "src/room/settings/",
    "src/cli/pack/check.rs",
    "src/cli/pack/init/",
];

/// What the code calls values of a type, where that is not the type's own name in lower case.
const NAMES: [(&str, &[&str]); 11] = [
    ("AlertRule", &["rule"]),
    ("BackupPolicy", &["policy"]),
    ("Document", &["document"]),
    ("Escalation", &["step", "plan"]),
    ("FrontMatter", &["front"]),
    ("HttpTarget", &["target"]),
    ("PhaseBudgets", &["budgets"]),
    ("ProbeSpec", &["spec"]),
    ("SeverityLevel", &["severity"]),
    ("TlsFiles", &["files"]),
    ("WebFields", &["fields"]),
];

/// Keys whose reader comes with a later part of the program, and which.
const WAITING: [(&str, &str); 21] = [
    ("Audience.approver", COMMUNICATION),
    ("Audience.template", COMMUNICATION),
    ("Contact.backup", COMMUNICATION),
    ("Contact.chat", COMMUNICATION),
    ("Contact.email", COMMUNICATION),
    ("Contact.phone", COMMUNICATION),
    ("Contact.roles", COMMUNICATION),
    ("Contact.rotation", COMMUNICATION),
    ("Contact.verified", COMMUNICATION),
    ("DrillPlan.criteria", DRILLS),
    ("DrillPlan.duration", DRILLS),
    ("DrillPlan.every", DRILLS),
    ("DrillPlan.id", DRILLS),
    ("DrillPlan.kind", DRILLS),
    ("DrillPlan.last_run", DRILLS),
    ("DrillPlan.participants", DRILLS),
    ("DrillPlan.scenario", DRILLS),
    ("DrillPlan.title", DRILLS),
    ("Pack.drills", DRILLS),
    ("Scenario.duration", DRILLS),
    ("Scenario.title", DRILLS),
];
const COMMUNICATION: &str = "`warroom contacts` and `warroom comms`: whom to reach, with which text, approved by whom";
const DRILLS: &str = "`warroom drill`: which drills are due, how one is held and judged";

#[test]
fn every_key_that_loads_is_read() {
    let sources = sources(Path::new("src"));
    let unread = unread(&sources, &seen(&sources));
    let waiting: BTreeSet<String> = WAITING.iter().map(|(key, _)| (*key).to_owned()).collect();
    let ignored: Vec<_> = unread.difference(&waiting).collect();
    assert!(ignored.is_empty(), "these keys load and nothing reads them: {ignored:#?}");
    let stale: Vec<_> = waiting.difference(&unread).collect();
    assert!(stale.is_empty(), "these keys have a reader, or are no keys, and wait for none: {stale:#?}");
}

#[test]
fn a_key_without_a_reader_is_found() {
    let mut sources = sources(Path::new("src"));
    let seen_before = seen(&sources);
    let before = unread(&sources, &seen_before);
    let pack = sources.get_mut("src/domain/platform/pack.rs").unwrap();
    *pack = pack.replace("pub struct Component {", "pub struct Component {\n    pub mascot: Option<Mascot>,");
    pack.push_str("pub struct Mascot { pub title: String }\n");
    // Beside the code that there is, a file of this text.
    let planted = |path: &str, text: &str| -> Vec<String> {
        let more = seen(&BTreeMap::from([(path.to_owned(), text.to_owned())]));
        unread(&sources, &seen_before.with(more)).difference(&before).cloned().collect()
    };
    assert_eq!(planted("src/cli/mascot.rs", ""), ["Component.mascot", "Mascot.title"]);
    // Looking at it to validate it is no reading, nor is a test's; and another value's title is not the mascot's.
    let reads = "fn f() { let mascot = component.mascot; println!(\"{}\", json!({ \"a\": mascot.title })); }";
    assert_eq!(planted("src/domain/platform/load/mascot.rs", reads).len(), 2);
    assert_eq!(planted("src/cli/mascot.rs", &format!("#[cfg(test)] mod tests {{ {reads} }}")).len(), 2);
    assert_eq!(planted("src/cli/mascot.rs", "fn f() { runbook.mascot; component.title; }").len(), 2);
    assert_eq!(planted("src/cli/mascot.rs", "fn f() { component.mascot(); Component { mascot: a }; }").len(), 2);
    assert_eq!(planted("src/cli/mascot.rs", reads).len(), 0);
    let pattern = "fn f() { let Component { mascot, .. } = c; if let Some(Mascot { title }) = mascot {} }";
    assert_eq!(planted("src/cli/mascot.rs", pattern).len(), 0);
}

/// `Component.rto`, `Tcp.address`: every key that nothing reads.
fn unread(sources: &BTreeMap<String, String>, seen: &Seen) -> BTreeSet<String> {
    let types = types(sources);
    let mut wanted: Vec<&str> = ROOTS.to_vec();
    let mut keys: BTreeMap<&str, &BTreeSet<String>> = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        let Some(parts) = types.get(name) else { continue };
        for part in parts {
            if keys.insert(&part.name, &part.fields).is_none() {
                wanted.extend(part.mentions.iter().map(String::as_str));
            }
        }
    }
    let mut unread = BTreeSet::new();
    for (name, fields) in keys {
        let own = [snake_case(name)];
        let names = NAMES.iter().find(|(of, _)| *of == name).map(|(_, names)| *names).unwrap_or_default();
        let names = || own.iter().map(String::as_str).chain(names.iter().copied());
        let is_read = |field: &String| {
            seen.taken.contains(&(name.to_owned(), field.clone()))
                || names().any(|value| seen.accessed.contains(&(value.to_owned(), field.clone())))
        };
        unread.extend(fields.iter().filter(|field| !is_read(field)).map(|field| format!("{name}.{field}")));
    }
    unread
}

/// What the code reads, loaders and tests left out.
fn seen(sources: &BTreeMap<String, String>) -> Seen {
    let mut seen = Seen::default();
    for (path, text) in sources {
        let is_test = path.contains("/tests/") || path.ends_with("tests.rs") || path.contains("/fixture/");
        if is_test || LOADERS.iter().any(|loader| path.starts_with(loader)) {
            continue;
        }
        seen.accesses(text.parse().unwrap());
        seen.visit_file(&syn::parse_file(text).unwrap());
    }
    seen
}

/// A struct, or a variant of an enum, with its public fields and the types that they mention.
struct Part {
    name: String,
    fields: BTreeSet<String>,
    mentions: BTreeSet<String>,
}

/// The types of the models, by name; an enum has a part for each variant with named fields.
fn types(sources: &BTreeMap<String, String>) -> BTreeMap<String, Vec<Part>> {
    let mut types = BTreeMap::new();
    for model in MODELS {
        for item in syn::parse_file(&sources[model]).unwrap().items {
            match item {
                Item::Struct(item) => {
                    types.insert(item.ident.to_string(), vec![part(&item.ident, &item.fields, false)]);
                }
                Item::Enum(item) => {
                    let parts = item.variants.iter().map(|variant| part(&variant.ident, &variant.fields, true));
                    types.insert(item.ident.to_string(), parts.collect());
                }
                _ => {}
            }
        }
    }
    types
}

fn part(name: &syn::Ident, fields: &Fields, all: bool) -> Part {
    let is_public = |field: &&syn::Field| all || matches!(field.vis, syn::Visibility::Public(_));
    let mut mentions = Idents::default();
    fields.iter().for_each(|field| mentions.visit_type(&field.ty));
    let named = fields.iter().filter(is_public).filter_map(|field| field.ident.as_ref());
    Part { name: name.to_string(), fields: named.map(ToString::to_string).collect(), mentions: mentions.0 }
}

#[derive(Default)]
struct Idents(BTreeSet<String>);

impl<'a> Visit<'a> for Idents {
    fn visit_ident(&mut self, ident: &'a proc_macro2::Ident) {
        self.0.insert(ident.to_string());
    }
}

/// What the code takes from values.
#[derive(Clone, Default)]
struct Seen {
    /// What the code calls the value, and the field: `component.rto`, `pack.component(id)?.rto`.
    accessed: BTreeSet<(String, String)>,
    /// Type, or variant, and field in a pattern.
    taken: BTreeSet<(String, String)>,
    /// What `self` is where we are.
    own: Option<String>,
}

impl Seen {
    fn with(&self, more: Seen) -> Seen {
        let mut all = self.clone();
        all.accessed.extend(more.accessed);
        all.taken.extend(more.taken);
        all
    }

    /// Accesses, also among the tokens of a macro call. What only tests compile is left out.
    fn accesses(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(word) if word == "impl" && begins_item(&tokens[..at]) => {
                    // What it is for, without its parameters: `impl Scenario {`, `impl fmt::Debug for SecretText {`.
                    let names: Vec<_> = tokens[at..].iter().take_while(|token| !is_brace(token)).collect();
                    self.own = names.iter().rev().find_map(|token| match token {
                        TokenTree::Ident(name) => Some(snake_case(&name.to_string())),
                        _ => None,
                    });
                }
                TokenTree::Group(group) if is_for_tests(group) => {
                    while !ends_item(tokens.get(at + 1)) {
                        at += 1;
                    }
                    at += 1;
                }
                TokenTree::Group(group) => self.accesses(group.stream()),
                TokenTree::Ident(field) if is(tokens.get(at.wrapping_sub(1)), '.') => {
                    let is_call = is_parenthesis(tokens.get(at + 1)) || is(tokens.get(at + 1), ':');
                    if let Some(value) = value_before(&tokens[..at - 1]).filter(|_| !is_call) {
                        let own = self.own.clone().filter(|_| value == "self");
                        let value = own.unwrap_or(value);
                        self.accessed.insert((value, field.to_string()));
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// What a value is called that ends here: `pack.component(id)?` is called `component`.
fn value_before(tokens: &[TokenTree]) -> Option<String> {
    tokens.iter().rev().find_map(|token| match token {
        TokenTree::Ident(ident) => Some(Some(ident.to_string())),
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => None,
        TokenTree::Punct(punct) if punct.as_char() == '?' => None,
        _ => Some(None),
    })?
}

/// What comes here is an item of its own, and no type.
fn begins_item(before: &[TokenTree]) -> bool {
    matches!(before.last(), None | Some(TokenTree::Group(_))) || is(before.last(), ';')
}

fn is_brace(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_parenthesis(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
}

/// `[cfg(test)]`
fn is_for_tests(group: &proc_macro2::Group) -> bool {
    group.delimiter() == Delimiter::Bracket && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

fn ends_item(token: Option<&TokenTree>) -> bool {
    token.is_none_or(is_brace) || is(token, ';')
}

impl<'a> Visit<'a> for Seen {
    fn visit_item_mod(&mut self, module: &'a syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        };
        if !module.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_pat_struct(&mut self, pattern: &'a syn::PatStruct) {
        let name = pattern.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        for field in pattern.fields.iter().filter(|field| !matches!(*field.pat, syn::Pat::Wild(_))) {
            if let syn::Member::Named(member) = &field.member {
                self.taken.insert((name.clone(), member.to_string()));
            }
        }
        syn::visit::visit_pat_struct(self, pattern);
    }
}

/// `SeverityLevel` as `severity_level`.
fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
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
