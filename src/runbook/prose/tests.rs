//! Tests of Markdown as lines.

use proptest::prelude::*;

use super::*;

fn plain(markdown: &str, width: usize) -> String {
    render(markdown, width).iter().map(|line| line.text() + "\n").collect()
}

#[test]
fn a_document_reads_well_at_forty_columns() {
    let markdown = "\
---
id: x
---
# Restore the *primary* database

Read [the manual](https://example.org/m) before you
start; `psql` **must** be there.

- first item that is too long for one line of the screen
  - nested
    1. deeper
- [ ] open
- [x] done
  ```bash
  kubectl get pods
  ```

> A warning that has to be wrapped at the bar too, of course.

```sql
SELECT 1;

SELECT a_long_column, another_long_column FROM t;
```

---
<!-- not for readers -->
End.<br>Really.
";
    let expected = "\
Restore the primary database

Read the manual (https://example.org/m)
before you start; psql must be there.

• first item that is too long for one
  line of the screen
  ◦ nested
    1. deeper
☐ open
☑ done
    kubectl get pods

│ A warning that has to be wrapped at
│ the bar too, of course.

  SELECT 1;

  SELECT a_long_column, another_long_c
  ↪ olumn FROM t;

────────────────────────────────────────

End.
Really.
";
    assert_eq!(plain(markdown, 40), expected);
}

#[test]
fn a_table_fits_the_width() {
    let table = "| Phase | Duration | What |\n|:--|--:|---|\n| Detection | 5 min | Somebody looks at every panel in turn |\n| **Total** | 120 min | |\n";
    let expected = "\
Phase     │ Duration │ What
──────────┼──────────┼───────────────────
Detection │    5 min │ Somebody looks at
          │          │ every panel in
          │          │ turn
Total     │  120 min │
";
    assert_eq!(plain(table, 41), expected);
    let narrow = plain(
        "| a | b | c | d | e |\n|---|---|---|---|---|\n| alphabet | betatron | gammaray | deltawing | epsilon |\n",
        20,
    );
    assert_eq!(narrow, "a: alphabet\nb: betatron\nc: gammaray\nd: deltawing\ne: epsilon\n");
}

#[test]
fn styles_say_what_text_is() {
    let lines = render("## Two\n\n**bold *both*** ~~gone~~ `code` <https://a.b>\n\n- [x] done\n", 80);
    assert_eq!(lines[0].spans[0].style.role, Role::Heading(2));
    let of = |text: &str| {
        let spans = lines.iter().flat_map(|line| &line.spans);
        spans.into_iter().find(|span| span.text.contains(text)).map(|span| span.style).unwrap()
    };
    assert!(of("bold").bold && of("both").italic && of("gone").struck);
    assert_eq!((of("code").role, of("https://a.b").role, of("☑").role), (Role::Code, Role::Link, Role::Done));
}

#[test]
fn lines_of_code_say_where_they_stand() {
    let markdown = "x\n\n- y\n\n  ```bash\r\n  one\r\n\r\n  two\r\n  ```\n";
    let lines = render(markdown, 80);
    let code: Vec<&str> =
        lines.iter().filter_map(|line| line.code_at).map(|at| markdown[at..].lines().next().unwrap()).collect();
    assert_eq!(code, ["one", "", "two"]);
}

#[test]
fn escaped_fences_and_control_characters_are_made_readable() {
    assert_eq!(plain("\\`\\`\\`bash\nls # a\n\\`\\`\\`\n", 80), "  ls # a\n");
    assert_eq!(plain("a\u{1b}]0;title\u{7}b `c\u{202e}d`\n", 80), "a\\e]0;title\\x07b c\\u{202e}d\n");
    assert_eq!(plain("```\na\tb\n```\n", 80), "  a   b\n");
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_width(text in "[a-z*_`#>|\\[\\]() 0-9.\n\t-]{0,300}", width in 20usize..100) {
        for line in render(&text, width) {
            // Deep nesting leaves at least ten columns, however narrow the screen.
            let indent = line.text().chars().take_while(|c| !c.is_alphanumeric()).count();
            prop_assert!(line.width() <= width || indent + 12 >= width, "{:?}", line.text());
            prop_assert!(!line.text().chars().any(char::is_control));
        }
    }

    #[test]
    fn any_text_is_drawn(text in any::<String>(), width in 0usize..60) {
        render(&text, width);
    }
}

#[test]
fn marks_of_tabs_are_not_shown_and_their_titles_are() {
    let tabs = plain("<Tabs>\n<TabItem value=\"k\" label=\"With kubectl\">\n\nText.\n\n</TabItem>\n</Tabs>\n", 40);
    assert_eq!(tabs.split_whitespace().collect::<Vec<_>>(), ["With", "kubectl", "Text."]);
    // A step's part of the document may end outside of the tabs that it begins in.
    assert_eq!(plain("Text.\n\n{{% /tab %}}\n{{< /tabs >}}\n</TabItem>\n", 40), "Text.\n");
}
