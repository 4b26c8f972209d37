//! An incident whose every text wants to do harm stays harmless in each format.

use super::*;

const HOSTILE: &str = "a | b `c` <script>alert(1)</script>\n=cmd()|'/C calc'!A0 \\| [x](javascript:alert(1)) ![i](http://e/i.png) \
    **b** &lt; \u{1b}[31mred\u{1b}]0;owned\u{7} \u{202e}gpj.exe\u{202c} \u{9b}2J ``` | \\";

/// Every text of it is hostile.
fn incident() -> Journal {
    let mut journal = Journal::default();
    let by = "mallory|<b>@`x`";
    let text = || HOSTILE.to_owned();
    let IncidentEvent::Declared { platform: _, mode, detected_at, exposures, .. } = declared("") else {
        unreachable!()
    };
    let hostile = IncidentEvent::Declared {
        platform: text(),
        environment: text(),
        mode,
        title: text(),
        severity: text(),
        components: vec![text()],
        detected_at,
        alert: Some(text()),
        criteria: vec![text()],
        exposures,
    };
    journal.say(14 * 60, by, hostile);
    journal.say(15 * 60, by, IncidentEvent::RoleTaken { role: text(), who: text() });
    let note = IncidentEvent::Noted { kind: NoteKind::Finding, text: text(), about: None, author: Some(text()) };
    let of = journal.say(16 * 60, by, note);
    journal.say(17 * 60, by, IncidentEvent::Corrected { of, text: Some(text()) });
    journal.note(17 * 60 + 1, NoteKind::Decision, "=HYPERLINK(\"http://evil\")");
    journal.note(17 * 60 + 2, NoteKind::Note, "- - nested\n# heading\n1. one");
    journal.probe(18 * 60, HOSTILE, Status::Ok, Status::Down, HOSTILE);
    journal.say(19 * 60, by, IncidentEvent::ImpactSet { field: ImpactField::UsersAffected, value: text() });
    journal.say(20 * 60, by, IncidentEvent::UpdateSent { audience: text(), channel: Some(text()), text: text() });
    let escalated = IncidentEvent::Escalated { to: text(), after_seconds: 60, dismissed_because: Some(text()) };
    journal.say(20 * 60, by, escalated);
    let item = IncidentEvent::ActionItemAdded { id: text(), text: text(), owner: Some(text()), due: None };
    journal.say(21 * 60, by, item);
    let started = EventKind::RunStarted {
        runbook: text(),
        title: text(),
        file: text(),
        digest: text(),
        environment: text(),
        mode: Mode::Live,
        steps: Vec::new(),
        estimate_seconds: None,
        rto_seconds: None,
    };
    journal.run(22 * 60, by, started);
    let action = ActionId(text());
    let confirmation = Confirmation::Override { of: text(), reason: text() };
    journal.run(22 * 60, by, EventKind::Confirmed { action: action.clone(), attempt: 1, confirmation });
    let intended = EventKind::ActionIntended {
        action,
        attempt: 1,
        risk: Risk::Destructive,
        lowered: None,
        external: true,
        command: text(),
        place: vec![text()],
        job: text(),
    };
    journal.run(23 * 60, by, intended);
    journal.act(24 * 60, HOSTILE, 3, Ending::NotStarted { why: text() }, HOSTILE);
    journal.run(25 * 60, by, EventKind::RunEnded { outcome: RunOutcome::Failed, reason: Some(text()) });
    journal
}

fn assert_no_deception(text: &str) {
    let bad = |c: &char| warroom_domain::text::is_hidden(*c) && !matches!(c, '\n' | '\r');
    assert_eq!(text.chars().find(bad), None);
}

#[test]
fn markdown_has_no_markup_of_theirs() {
    for text in [incident().with(None, markdown), incident().with(Some(&pack()), postmortem)] {
        assert_no_deception(&text);
        let rendered = Rendered::of(&text);
        assert_eq!(rendered.html, Vec::<String>::new());
        assert_eq!(rendered.links, 0);
        for table in &rendered.tables {
            assert!(table.iter().all(|row| row.len() == table[0].len()), "{table:?}");
        }
        let timeline = rendered.table(&["Time (UTC)", "Who", "Kind", "What"]);
        let whole = "a | b `c` <script>alert(1)</script> ⏎ =cmd()|'/C calc'!A0 \\| [x](javascript:alert(1)) \
            ![i](http://e/i.png) **b** &lt; \\e[31mred\\e]0;owned\\x07 \\u{202e}gpj.exe";
        assert!(timeline.iter().any(|row| row[3].contains(whole)), "they read as they were written: {timeline:?}");
        assert!(!rendered.headings.iter().any(|heading| heading == "heading"));
    }
    let text = incident().with(None, markdown);
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with('|')).collect();
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    let head = lines.iter().position(|line| line.starts_with("| Time (UTC) | Who | Kind")).unwrap();
    assert!(lines[head..head + 5].iter().all(|line| bars(line) == 5), "the simplest renderer counts the same cells");
}

#[test]
fn the_page_has_no_element_of_theirs() {
    let page = incident().with(None, html).unwrap();
    assert_no_deception(&page);
    for theirs in ["<script", "<b>@", "javascript:alert(1)\"", "<i.png"] {
        assert!(!page.contains(theirs), "{theirs}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"));
    // It is well-formed but for the elements that have no end, so that nothing of theirs closed one of ours.
    let mut open = Vec::new();
    let tags =
        regex::Regex::new(r#"<(/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z][A-Za-z0-9:-]*="[^"<>]*")*)\s*(/?)>"#).unwrap();
    let style = page.find("</style>").unwrap();
    for tag in tags.captures_iter(&page[style..]) {
        let name = tag[2].to_owned();
        if &tag[1] == "/" {
            if name != "style" && name != "head" && name != "html" {
                assert_eq!(open.pop(), Some(name));
            }
        } else if &tag[4] != "/" {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    let signs = page[style..].matches('<').count();
    assert_eq!(signs, tags.find_iter(&page[style..]).count(), "every `<` is a tag of the template");
}

#[test]
fn the_csv_holds_no_formula() {
    let text = incident().with(None, csv);
    assert_no_deception(&text);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    for record in reader.records().map(Result::unwrap) {
        for cell in &record {
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
        }
    }
    assert!(text.contains("'=HYPERLINK"), "{text}");
}

#[test]
fn the_json_means_the_same_and_can_be_printed_on_a_terminal() {
    incident().with(None, |source| {
        let text = json(source);
        assert_no_deception(&text);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["summary"]["title"], HOSTILE);
        for (event, item) in value["events"].as_array().unwrap().iter().zip(source.items) {
            assert_eq!(event["event"], item.entry.value());
        }
    });
}
