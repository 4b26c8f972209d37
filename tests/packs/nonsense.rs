//! Any text at all: the loader answers with diagnostics whose places are in the text, and never panics.

use proptest::prelude::*;
use warroom::platform::{self, PackFiles, Scenario, ScenarioFile};

const VALID: &str = include_str!("../../runbooks/dotmac/platform.toml");

fn holds(text: &str) -> Result<(), TestCaseError> {
    let files = PackFiles {
        folder: "shop".into(),
        paths: vec!["a.md".into()],
        scenarios: vec![ScenarioFile { id: "a".into(), file: "drills/a.toml".into(), text: text.to_owned() }],
        ..PackFiles::default()
    };
    let loaded = platform::parse("platform.toml", text, &files);
    for diagnostic in &loaded.diagnostics {
        prop_assert!(!diagnostic.message.is_empty());
        prop_assert!(!diagnostic.message.contains('\n'), "{}", diagnostic.message);
        if let Some(at) = &diagnostic.position {
            prop_assert!(text.get(at.span.clone()).is_some(), "{diagnostic:?}");
            prop_assert!(at.line <= text.lines().count().max(1) + 1, "{diagnostic:?}");
        }
    }
    let _ = loaded.overdue(jiff::civil::Date::MAX);
    let _ = Scenario::parse("a", text);
    Ok(())
}

/// Pieces of packs, to be put together in any order.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("[[probes]]\n".to_owned()),
        Just("[[alerts]]\n".to_owned()),
        Just("[[components]]\n".to_owned()),
        Just("[[backups]]\n".to_owned()),
        Just("[[drills]]\n".to_owned()),
        Just("[platform]\nname = \"x\"\n".to_owned()),
        Just("[environments.a]\n".to_owned()),
        ("(id|kind|url|every|timeout|when|warn|rto|rpo|after|schedule|retention|reviewed|matches|query|address|path|argv|tier|depends_on|component|severity|vars|headers|expect)", value())
            .prop_map(|(key, value)| format!("{key} = {value}\n")),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "\"[ -!#-\\[\\]-~]{0,20}\"",
        "'[ -&(-~]{0,20}'",
        "\"(postgres|tcp|http|kubernetes|backup|metrics|dns|command|P9999999999Y|9999999999999d|0 0 31 2 \\*|[0-9*/, -]{1,12})\"",
        "-?[0-9]{1,25}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        Just("[\"a\", 1, {}]".to_owned()),
        Just("{ a = \"b\", c = 1 }".to_owned()),
        Just("true".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        holds(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn packs_put_together_at_random_are_survived(pieces in proptest::collection::vec(piece(), 0..30)) {
        holds(&pieces.concat())?;
    }

    #[test]
    fn a_valid_pack_with_anything_written_over_a_part_is_survived(
        at in 0..VALID.len(),
        length in 0usize..60,
        put in "\\PC{0,20}",
    ) {
        let floor = |mut at: usize| { while !VALID.is_char_boundary(at) { at -= 1 } at };
        let (start, end) = (floor(at), floor((at + length).min(VALID.len())));
        holds(&format!("{}{put}{}", &VALID[..start], &VALID[end..]))?;
    }
}
