//! `warroom config show`: every setting with its value and the layer that gave it.

use anyhow::Result;
use serde_json::json;

use crate::{
    output::Output,
    table::{self, Cell},
};
use warroom_room::settings::Origin;

pub(super) fn run(origins: &[Origin], json: bool, output: &Output) -> Result<()> {
    if json {
        let all: Vec<_> = origins
            .iter()
            .map(|o| json!({"key": o.key, "value": masked(&o.value), "from": o.layer.to_string()}))
            .collect();
        return Ok(output.json(&(serde_json::to_string(&all)? + "\n"))?);
    }
    let mut rows = table::new(output, &["SETTING", "VALUE", "FROM"]);
    for origin in origins {
        rows.add_row([Cell::new(&origin.key), Cell::new(masked(&origin.value)), Cell::new(&origin.layer)]);
    }
    Ok(output.paint(&table::text(rows))?)
}

/// A value without the password of a URL in it.
fn masked(value: &str) -> String {
    match url::Url::parse(value) {
        Ok(mut url) if url.password().is_some() => match url.set_password(Some("****")) {
            Ok(()) => url.to_string(),
            Err(()) => "****".to_owned(),
        },
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_masked() {
        assert_eq!(masked("https://u:secret@h/p"), "https://u:****@h/p");
        assert_eq!(masked("dark"), "dark");
    }
}
