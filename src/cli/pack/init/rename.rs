//! Sets the name in the text of a `platform.toml`, and changes nothing else in it.

use toml_edit::{Document, Item};

use warroom_domain::platform::bounds;

/// The text with another `[platform] name`. An error is the reason why it has no place for one.
pub(super) fn renamed(text: &str, name: &str) -> Result<String, String> {
    bounds::document(text).map_err(|(excess, _)| format!("it is {excess}"))?;
    let document = Document::parse(text)
        .map_err(|error| format!("it is not TOML: {}", error.message().lines().collect::<Vec<_>>().join(", ")))?;
    let written = document.get("platform").and_then(Item::as_table_like).and_then(|table| table.get("name"));
    let written = written.ok_or("it has no [platform] with a name")?;
    if written.as_str() == Some(name) {
        return Ok(text.to_owned());
    }
    // Only the value is exchanged: writing the document out again would settle line ends, too.
    let around = written.span().and_then(|at| Some((text.get(..at.start)?, text.get(at.end..)?)));
    let (before, after) = around.ok_or("its name has no place")?;
    Ok(format!("{before}{}{after}", toml_edit::Value::from(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_is_another_one() {
        for (text, expected) in [
            ("# a\r\n[platform]\r\nname   = 'old' # why\r\n", "# a\r\n[platform]\r\nname   = \"new\" # why\r\n"),
            ("platform = { title = \"é\", name=\"old\" }", "platform = { title = \"é\", name=\"new\" }"),
            ("platform.name = \"old\"\n[x]\nname = \"old\"", "platform.name = \"new\"\n[x]\nname = \"old\""),
            ("[platform]\nname = 'new'", "[platform]\nname = 'new'"),
        ] {
            assert_eq!(renamed(text, "new").unwrap(), expected);
        }
        assert!(renamed("[[", "new").is_err());
        assert!(renamed("[platform]\ntitle = \"A\"", "new").is_err());
    }
}
