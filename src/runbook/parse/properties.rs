//! What holds for every document, however odd.

use std::{collections::HashMap, ops::Range};

use proptest::prelude::*;

use super::{
    blocks::{self, Kind},
    language::Use,
    notes::Notes,
    parse, readable,
};
use crate::{Expectation, Runbook};

/// Pieces of Markdown that mean something here, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "# Title\n",
        "## Steps\n",
        "## Verification\n",
        "### 1. One\n",
        "#### Deep\n",
        "### Option A: x\n",
        "### Option B – y\n",
        "**Option A: x**\n",
        "**Option B: y**\n\n",
        "### Rollback\n",
        "**Rollback:**\n",
        "**Expected Output:**\n",
        "**Expected Output:** fine\n",
        "**If it fails:**\n",
        "- item\n",
        "- [ ] check\n",
        "1. **Bold** name\n",
        "   ",
        "\t",
        "  - ",
        "> ",
        "```bash\n",
        "```\n",
        "```sql {write}\n",
        "```bash {retry=3 expect=\"a\" capture=X}\n",
        "```console\n",
        "$ ls\n",
        "# 1. first\n",
        "# 2. second\n",
        "# Step 1: a\n",
        "cat <<EOF\n",
        "EOF\n",
        "echo 'open\n",
        "ls -l\n",
        "\\`\\`\\`bash\n",
        "\\`\\`\\`\n",
        "~~~sh\n",
        "~~~\n",
        "---\n",
        "id: x\n",
        "vars:\n  A: {default: b}\n",
        "\r\n",
        "\n",
        "\n\n",
        "é ",
        "\u{feff}",
        "\0",
        "<details>\n",
        "</details>\n",
        "<summary>x</summary>\n",
        "<Tabs>\n",
        "</Tabs>\n",
        "<TabItem value=\"é\">\n",
        "</TabItem>\n",
        "<Odd>\n",
        "</Odd>\n",
        "{{< tabs >}}\n",
        "{{% tab name=\"a\" %}}\n",
        "{{% /tab %}}\n",
        "{{< /tabs >}}\n",
        "=== \"Linux\"\n",
        "    ```bash\n",
        "    ```\n",
        "::::{tab-set}\n",
        ":::{tab-item} a\n",
        ":::{code-block} bash\n",
        ":::\n",
        "::::\n",
        "kubectl get pod <pod-name> -n \"<ns>\"\n",
        "```{code-block} bash\n:linenos:\n\n",
        "```{.bash .numberLines}\n",
        "% ls\n",
        ">\n",
        "<!-- c -->\n",
        "| a | b |\n|---|---|\n| c | d |\n",
        "    indented\n",
        "text **bold** text\n",
        "text  \n",
    ]);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

/// What must hold of a runbook and the text it was read from.
fn holds(text: &str, runbook: &Runbook) -> Result<(), TestCaseError> {
    prop_assert_eq!(&*runbook.source, text);
    let slice = |span: &Range<usize>| text.get(span.clone());
    let mut owner: HashMap<usize, &str> = HashMap::new();
    let mut ids = std::collections::HashSet::new();
    let mut expected_at = Vec::new();
    for section in &runbook.sections {
        prop_assert!(slice(&section.body).is_some(), "{:?}", section.body);
    }
    for step in runbook.steps() {
        prop_assert!(ids.insert(step.id.0.clone()), "{} twice", step.id);
        prop_assert!(slice(&step.body).is_some(), "{:?}", step.body);
        prop_assert!(step.if_it_fails.as_ref().is_none_or(|span| slice(span).is_some()));
        for action in step.all_actions() {
            prop_assert!(ids.insert(action.id.0.clone()), "{} twice", action.id);
            let written: Option<String> = action.spans.iter().map(slice).collect();
            let mut code = action.code.clone();
            for filled in action.filled.iter().rev() {
                code.replace_range(filled.span.clone(), &filled.written);
            }
            prop_assert_eq!(written.as_deref(), Some(code.as_str()));
            for byte in action.spans.iter().flat_map(Clone::clone) {
                prop_assert!(owner.insert(byte, &action.id.0).is_none(), "byte {} is in two actions", byte);
            }
            expected_at.extend(action.expected.iter().filter_map(|expected| match expected {
                Expectation::Text { line, .. } => Some(*line),
                _ => None,
            }));
        }
    }
    for finding in &runbook.diagnostics {
        let at = finding.position.as_ref().expect("a place");
        prop_assert!(at.line >= 1 && slice(&at.span).is_some(), "{finding}");
    }
    // Every byte of an executable fence is in an action, unless the fence is what an action is expected to print, or a
    // console, of which only what follows a prompt is run.
    let mut notes = Notes::new("x.md", text);
    let front = readable::front(&mut notes);
    let (readable, containers) = readable::readable(&mut notes, front.as_ref());
    prop_assert_eq!(readable.len(), text.len());
    for block in blocks::read(text, &readable, &containers) {
        let Kind::Fence(fence) = &block.kind else { continue };
        let line = fence.code.first().map_or(0, |span| notes.text.line(span.start));
        let covered = fence.code.iter().flat_map(Clone::clone).filter(|byte| owner.contains_key(byte)).count();
        let length: usize = fence.code.iter().map(Range::len).sum();
        match fence.what {
            Use::Run(_) | Use::Unlabelled => {
                let is_expected =
                    covered == 0 && (expected_at.contains(&line) || text[..block.span.start].contains("Expected"));
                let code: String = fence.code.iter().filter_map(slice).collect();
                let is_cut = code.lines().any(|line| line.trim() == ">");
                prop_assert!(covered == length || is_expected || is_cut, "{covered} of {length} bytes of line {line}");
            }
            Use::Session { .. } => prop_assert!(covered <= length),
            Use::Show => prop_assert_eq!(covered, 0),
        }
        for span in &fence.code {
            owner.retain(|byte, _| !span.contains(byte));
        }
    }
    prop_assert!(owner.is_empty(), "text outside of fences is run: {owner:?}");
    Ok(())
}

proptest! {
    #[test]
    fn any_soup_of_markdown_is_read(text in soup()) {
        holds(&text, &parse("x.md", &text))?;
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        holds(&text, &parse("x.md", &text))?;
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b"`~#*-[]{}$>\\ \t\r\n\"'=|<".to_vec())], 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        holds(&text, &parse("x.md", &text))?;
    }

    #[test]
    fn any_words_in_braces_are_read(words in "[a-z=\"'\\\\ {},:/-]{0,60}") {
        let text = format!("```bash {{{words}\nls\n```\n");
        holds(&text, &parse("x.md", &text))?;
    }
}
