//! Reads a Markdown document as a runbook. Pure; never fails: what is odd becomes a diagnostic.
//!
//! | module | what it is |
//! | --- | --- |
//! | `readable` | the text for the Markdown reader: front matter blanked, escaped fences mended, offsets kept |
//! | `front` | front matter |
//! | `containers`, `scan`, `dialect` | tabs and collapsed parts of documentation dialects, which are options |
//! | `blocks` | Markdown as a flat row of blocks with their places |
//! | `tree`, `outline` | headings as trees; which of them are sections, steps and alternatives |
//! | `step` | the blocks of one step |
//! | `language`, `commands` | which fences are run; whether a fence without a label is commands |
//! | `fence`, `session` | one fence taken apart; prompts, commands and what they print |
//! | `placeholders` | `<name>` in a command, which becomes a variable |
//! | `words`, `attributes` | the words in braces after a fence's language |
//! | [`variables`] | names and values of variables |
//! | `heading` | numbers, slugs, options and labels of titles |
//! | `notes` | places and diagnostics |

mod attributes;
mod blocks;
mod commands;
mod containers;
mod dialect;
mod fence;
mod front;
mod heading;
mod language;
mod notes;
mod outline;
mod placeholders;
pub(super) mod readable;
mod scan;
mod session;
mod step;
mod tree;
pub mod variables;
mod words;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use notes::Notes;

use super::Runbook;

/// Reads a document. `file` is its name as the user knows it; the id is the front matter's, else that name without folder
/// and extension.
pub fn parse(file: &str, text: &str) -> Runbook {
    let mut notes = Notes::new(file, text);
    let front = readable::front(&mut notes);
    let front::Read { id, title, front: mut front_matter } = match &front {
        Some(front) if front.is_toml => front::read_toml(&text[front.text.clone()]),
        Some(front) => front::read(front.text.clone(), &mut notes),
        None => front::Read::default(),
    };
    let id = id.unwrap_or_else(|| id_of(file));
    let (readable, containers) = readable::readable(&mut notes, front.as_ref());
    let blocks = blocks::read(text, &readable, &containers);
    let trees = tree::trees(&blocks, front.map_or(0, |front| front.end));
    step::shown(&blocks, &mut notes);
    let (sections, scripts) = outline::sections(&trees, &blocks, &id, &mut notes);
    for (name, variable) in notes.asked_for() {
        front_matter.vars.entry(name).or_insert(variable);
    }
    let title = match trees.title {
        Some(heading) if !trees.lead.title.is_empty() => Some(heading),
        heading => title.or(heading),
    };
    Runbook {
        title: title.unwrap_or_else(|| id.clone()),
        id,
        file: file.to_owned(),
        source: text.into(),
        front: front_matter,
        sections,
        scripts,
        diagnostics: notes.into_diagnostics(),
    }
}

/// The name of a file without its folder, its extension and what an embedded file's name has after it.
fn id_of(file: &str) -> String {
    let file = file.strip_suffix(" (embedded)").unwrap_or(file);
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() { name.to_owned() } else { stem.to_owned() }
}
