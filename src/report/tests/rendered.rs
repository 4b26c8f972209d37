//! A Markdown document as a reader sees it.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The cells of every table of a Markdown document, as they are read after rendering, and the text of all else.
pub(super) struct Rendered {
    pub(super) tables: Vec<Vec<Vec<String>>>,
    pub(super) text: String,
    pub(super) html: Vec<String>,
    pub(super) headings: Vec<String>,
    pub(super) links: usize,
}

impl Rendered {
    pub(super) fn of(markdown: &str) -> Self {
        let mut rendered = Rendered { tables: vec![], text: String::new(), html: vec![], headings: vec![], links: 0 };
        let (mut cell, mut heading) = (None::<String>, None::<String>);
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Start(Tag::Table(_)) => rendered.tables.push(vec![]),
                Event::Start(Tag::TableHead | Tag::TableRow) => rendered.tables.last_mut().unwrap().push(vec![]),
                Event::Start(Tag::TableCell) => cell = Some(String::new()),
                Event::End(TagEnd::TableCell) => {
                    let row = rendered.tables.last_mut().unwrap().last_mut().unwrap();
                    row.push(cell.take().unwrap());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => rendered.headings.extend(heading.take()),
                Event::Start(Tag::Link { .. } | Tag::Image { .. }) => rendered.links += 1,
                Event::Text(text) | Event::Code(text) => {
                    if let Some(cell) = &mut cell {
                        cell.push_str(&text);
                    }
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                    rendered.text.push_str(&text);
                }
                Event::Html(html) | Event::InlineHtml(html) => rendered.html.push(html.to_string()),
                Event::SoftBreak | Event::HardBreak | Event::End(_) => rendered.text.push('\n'),
                _ => {}
            }
        }
        rendered
    }

    /// The rows of the table with this head.
    pub(super) fn table(&self, head: &[&str]) -> &[Vec<String>] {
        let found = self.tables.iter().find(|table| table[0] == head);
        &found.unwrap_or_else(|| panic!("no table {head:?} among {:?}", self.tables.iter().map(|t| &t[0])))[1..]
    }
}
