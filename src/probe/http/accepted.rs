//! Which HTTP status codes an `http` probe accepts: `2xx`, `any`, `200,204`, `200-299`.

use std::ops::RangeInclusive;

/// The accepted codes, and the text they were written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    text: String,
    ranges: Vec<RangeInclusive<u16>>,
}

impl Accepted {
    /// Reads a list of codes, classes (`2xx`) and ranges (`200-299`) separated by commas. The error is one sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`status` must be like \"2xx\", \"any\", \"200,204\" or \"200-299\", not \"{text}\"");
        let ranges: Option<Vec<_>> = text.split(',').map(|part| range(part.trim())).collect();
        Ok(Accepted { text: text.trim().to_owned(), ranges: ranges.ok_or_else(wrong)? })
    }

    pub(super) fn accepts(&self, code: u16) -> bool {
        self.ranges.iter().any(|range| range.contains(&code))
    }

    /// To stand after "expected".
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let lower = text.to_ascii_lowercase();
    if lower == "any" {
        return Some(100..=999);
    }
    if let Some(class) = lower.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some(class * 100..=class * 100 + 99);
    }
    let code = |text: &str| text.trim().parse::<u16>().ok().filter(|code| (100..=999).contains(code));
    match lower.split_once('-') {
        Some((first, last)) => Some(code(first)?..=code(last)?).filter(|range| !range.is_empty()),
        None => code(&lower).map(|code| code..=code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_classes_ranges_and_lists_are_read() {
        for (text, inside, outside) in [
            ("2xx", vec![200, 204, 299], vec![199, 301, 500]),
            ("any", vec![100, 401, 503], vec![]),
            ("200,204", vec![200, 204], vec![201]),
            ("200-299, 401", vec![250, 401], vec![403]),
            ("2xx,3XX", vec![200, 301], vec![404]),
        ] {
            let accepted = Accepted::parse(text).unwrap();
            assert!(inside.iter().all(|code| accepted.accepts(*code)), "{text}");
            assert!(!outside.iter().any(|code| accepted.accepts(*code)), "{text}");
        }
        for text in ["", "ok", "9xx", "20", "299-200", "200,"] {
            assert!(Accepted::parse(text).is_err(), "{text}");
        }
    }
}
