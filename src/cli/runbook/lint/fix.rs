//! Writes a document again where a finding has one right form.

use std::{fs, io::Write, path::Path};

use anyhow::{Context, Result};

use crate::UsageError;
use warroom_runbook::lint::{Finding, Fix};

/// Applies the fixes to the text and to its file; says how many there were. Of two at one place the first counts.
pub(super) fn apply(file: &str, text: &mut String, found: &[Finding]) -> Result<usize> {
    let mut fixes: Vec<&Fix> = found.iter().filter_map(|finding| finding.fix.as_ref()).collect();
    fixes.sort_by_key(|fix| fix.span.start);
    fixes.dedup_by(|next, before| next.span.start < before.span.end || next.span == before.span);
    if fixes.is_empty() {
        return Ok(0);
    }
    let path = Path::new(file);
    let Ok(written) = fs::read_to_string(path) else {
        return Err(UsageError(format!("cannot fix {file}: it is no file on disk")).into());
    };
    if written != *text {
        return Err(UsageError(format!("cannot fix {file}: it is not UTF-8, or has just been changed")).into());
    }
    for fix in fixes.iter().rev() {
        text.replace_range(fix.span.clone(), &fix.text);
    }
    replace(path, text).with_context(|| format!("cannot write {file}"))?;
    Ok(fixes.len())
}

/// All of it or nothing: a full disk leaves the file as it was.
fn replace(path: &Path, text: &str) -> Result<()> {
    let path = fs::canonicalize(path)?;
    let mut staged = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    staged.write_all(text.as_bytes())?;
    staged.as_file().sync_all()?;
    fs::set_permissions(staged.path(), fs::metadata(&path)?.permissions())?;
    staged.persist(&path)?;
    Ok(())
}
