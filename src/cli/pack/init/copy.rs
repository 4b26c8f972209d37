//! `warroom pack init --from`: makes a pack one's own by copying it.

use anyhow::Result;

use super::{Target, rename::renamed};
use crate::{UnusableError, open};
use warroom_domain::{platform::Loaded, text::line};
use warroom_host::{
    pack_copy::{self, Copied},
    packs::{MANIFEST, PackFolder},
};
use warroom_room::settings::Settings;

/// Copies the pack and says what to do next.
pub(super) fn run(from: &str, target: impl Fn(&str) -> Result<Target>, settings: &Settings) -> Result<String> {
    let source = open::find_pack(Some(from), settings)?;
    let target = target(&source.name)?;
    let refused = |why: &str| UnusableError(format!("cannot copy {}: {why}", source.display(MANIFEST)));
    let manifest = source.read_bytes(MANIFEST).map_err(|error| refused(&error.to_string()))?;
    let manifest = String::from_utf8(manifest).map_err(|_| refused("it is not UTF-8"))?;
    let manifest = renamed(&manifest, &target.name).map_err(|why| refused(&why))?;
    let copied = pack_copy::copy(&source, &target.folder, &manifest)?;
    let loaded = open::read_pack(&PackFolder::on_disk(&target.folder)?)?;
    Ok(report(&source, &target, &copied, &loaded))
}

fn report(source: &PackFolder, target: &Target, copied: &Copied, loaded: &Loaded) -> String {
    let manifest = target.folder.join(MANIFEST);
    let others = copied.files.len().saturating_sub(1);
    let mut text = format!("wrote {} and {}, copied from {}\n", manifest.display(), files(others), source.name);
    if !copied.left_out.is_empty() {
        text += &format!("left out: {} (no part of a pack)\n", line(&copied.left_out.join(", ")));
    }
    let contexts: Vec<&str> = loaded
        .pack
        .iter()
        .flat_map(|pack| pack.environments.values())
        .filter_map(|environment| environment.kube_context.as_deref())
        .collect();
    if !contexts.is_empty() {
        let contexts = contexts.join(", ");
        text += &format!("next: write the contexts of your kubeconfig in place of {contexts} ([environments])\n");
    }
    let check = format!("warroom pack check {}", target.opened());
    text += &match loaded.unfilled().count() {
        0 => format!("next: {check}\n"),
        1 => format!("next: fill in the one value that is open ({check} shows it)\n"),
        open => format!("next: fill in the {open} values that are open ({check} shows them)\n"),
    };
    text += &format!("next: warroom --pack {} sweep\n", target.opened());
    text
}

fn files(count: usize) -> String {
    match count {
        0 => "nothing else".to_owned(),
        1 => "one other file".to_owned(),
        count => format!("{count} other files"),
    }
}
