//! Criteria with percentages: what lies between two severities, and what belongs to both.
//!
//! Read are numbers with a percent sign and a comparison (`>50% customers`, `more than 50 % of customers`, `25-50%`). They are
//! compared when they are about the same thing, which is the word after the percent sign, else the two words before.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::platform::{Pack, load::Reading};

pub(super) fn check(pack: &Pack, reading: &Reading<'_, '_>) {
    let mut shares: Vec<Share> = Vec::new();
    for level in &pack.severities {
        for (index, criterion) in level.criteria.iter().enumerate() {
            shares.extend(shares_in(criterion).into_iter().map(|found| Share {
                place: (level.level.as_str(), index),
                text: criterion.get(found.at.clone()).unwrap_or_default(),
                found,
            }));
        }
    }
    while let Some(first) = shares.first() {
        let subject = first.found.subject.clone();
        let (mut same, others): (Vec<_>, Vec<_>) = shares.into_iter().partition(|share| share.found.subject == subject);
        shares = others;
        same.sort_by(|a, b| a.found.low.total_cmp(&b.found.low).then(a.found.high.total_cmp(&b.found.high)));
        neighbours(&same, reading);
    }
}

/// One share of something, as a severity names it.
struct Share<'p> {
    /// Severity, and which of its criteria.
    place: (&'p str, usize),
    /// `>50% customers`.
    text: &'p str,
    found: Found,
}

/// Goes through shares of the same thing from the smallest to the largest.
fn neighbours(shares: &[Share<'_>], reading: &Reading<'_, '_>) {
    let Some((mut widest, rest)) = shares.split_first() else { return };
    for next in rest {
        let (low, high) = (next.found.low, widest.found.high);
        let both = format!("`{}` (`{}`) and `{}` (`{}`)", widest.text, widest.place.0, next.text, next.place.0);
        let problem = if widest.place.0 == next.place.0 {
            None
        } else if low > high {
            Some(format!("between {both} lies {high}% to {low}%, for which there is no severity"))
        } else if low < high && !is_staircase(&widest.found, &next.found) {
            let end = high.min(next.found.high);
            let range = if end.is_finite() { format!("from {low}% to {end}%") } else { format!("above {low}%") };
            Some(format!("{both} both hold {range}"))
        } else {
            None
        };
        if let Some(message) = problem {
            let help = "let one of them begin where the other ends".to_owned();
            reading.findings.warning(place_of_worse(widest, next, reading), message, Some(help));
        }
        if next.found.high > widest.found.high {
            widest = next;
        }
    }
}

/// `>50%`, `>25%`: the worse one counts where both hold, as everybody reads it.
fn is_staircase(a: &Found, b: &Found) -> bool {
    a.high.is_infinite() && b.high.is_infinite() || a.low.is_infinite() && b.low.is_infinite()
}

/// Where the share of the worse severity stands, which is the one that the pack has first.
fn place_of_worse(a: &Share<'_>, b: &Share<'_>, reading: &Reading<'_, '_>) -> std::ops::Range<usize> {
    let place = |share: &Share<'_>| {
        let (level, index) = share.place;
        let criterion = reading.remembered("severities", &format!("{level} {index}"), "criteria");
        reading.findings.inside(&criterion, share.found.at.clone())
    };
    let (a, b) = (place(a), place(b));
    if b.start < a.start { b } else { a }
}

/// One share in a text, in percent. Whether its ends belong to it makes no difference here.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    low: f64,
    high: f64,
    /// Bytes of the text, with the word for what it is a share of.
    at: std::ops::Range<usize>,
    subject: String,
}

const MORE: &str = r">=?|≥|\b(?:more than|over|above|at least)";
const LESS: &str = r"<=?|≤|\b(?:less than|fewer than|under|below|up to|at most)";

static SHARE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = r"\d{1,4}(?:\.\d{1,4})?";
    Regex::new(&format!(
        r"(?ix) (?<from>{number})\s*%?\s*(?:-|–|—|\bto\b)\s*(?<to>{number})\s*%
          | (?:(?<more>{more})|(?<less>{less}))\s*(?<number>{number})\s*%
          | (?<bare>{number})\s*%\s*(?:or\s+(?:(?<ormore>more|above|over)|(?<orless>less|fewer|below|under))\b)",
        more = MORE.replace(' ', r"\s+"),
        less = LESS.replace(' ', r"\s+"),
    ))
    .ok()
});

static AFTER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^\s*(?:of\s+)?(?:(?:all|the|our|its|their)\s+)*(?<word>\p{L}[\p{L}-]*)").ok());

/// Every share in a text. Two that are joined (`>25% and <50%`) are one.
fn shares_in(text: &str) -> Vec<Found> {
    let Some(pattern) = SHARE.as_ref() else { return Vec::new() };
    let mut found: Vec<Found> = Vec::new();
    // Where the last one ends, when no word of its own follows it.
    let mut open = None;
    for captures in pattern.captures_iter(text) {
        let Some((whole, (low, high))) = captures.get(0).zip(bounds(&captures)) else { continue };
        let (subject, end) = subject(text, whole.range());
        let next = Found { low, high, at: whole.start()..end, subject };
        let joint = open.is_some_and(|open| is_joint(text.get(open..whole.start())));
        open = (end == whole.end()).then_some(end);
        match found.last_mut() {
            Some(last) if joint && last.low.max(low) < last.high.min(high) => {
                let low = last.low.max(low);
                *last = Found { low, high: last.high.min(high), at: last.at.start..next.at.end, subject: next.subject };
            }
            _ => found.push(next),
        }
    }
    found.retain(|share| !share.subject.is_empty());
    found
}

fn is_joint(between: Option<&str>) -> bool {
    matches!(between.map(|text| text.trim().to_lowercase()).as_deref(), Some("and" | "but" | "," | "&" | "&&" | ""))
}

/// Lower and upper end of a share.
fn bounds(captures: &Captures<'_>) -> Option<(f64, f64)> {
    let number = |name: &str| captures.name(name)?.as_str().parse::<f64>().ok();
    if let Some(from) = number("from") {
        return number("to").filter(|to| from < *to).map(|to| (from, to));
    }
    let at = number("number").or_else(|| number("bare"))?;
    let more = captures.name("more").or_else(|| captures.name("ormore")).is_some();
    Some(if more { (at, f64::INFINITY) } else { (f64::NEG_INFINITY, at) })
}

/// What a share is a share of, and where it ends with that word. Empty when there is no word.
fn subject(text: &str, share: std::ops::Range<usize>) -> (String, usize) {
    const NO_SUBJECT: [&str; 13] =
        ["for", "over", "in", "during", "within", "per", "at", "and", "or", "on", "but", "when", "while"];
    const FILLERS: [&str; 12] =
        ["is", "are", "of", "at", "was", "by", "stay", "rise", "between", "than", "affecting", "to"];
    let after = AFTER.as_ref().and_then(|pattern| pattern.captures(text.get(share.end..)?)?.name("word"));
    if let Some(word) = after
        && !NO_SUBJECT.contains(&word.as_str().to_lowercase().as_str())
    {
        return (one(word.as_str()), share.end + word.end());
    }
    let before = text.get(..share.start).unwrap_or_default();
    let words = before.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(one).filter(|word| !FILLERS.contains(&word.as_str())).collect();
    let last = words.get(words.len().saturating_sub(2)..).unwrap_or_default();
    (last.join(" "), share.end)
}

/// A word as it is compared: `Customers` and `customer` are the same thing.
fn one(word: &str) -> String {
    let word = word.to_lowercase();
    word.strip_suffix('s').filter(|short| short.len() > 3 && !short.ends_with('s')).unwrap_or(&word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_in_every_form_that_people_write() {
        const MOST: f64 = f64::INFINITY;
        const LEAST: f64 = f64::NEG_INFINITY;
        for (text, low, high, subject, written) in [
            ("Degradation affecting >50% customers", 50.0, MOST, "customer", ">50% customers"),
            ("less than 25 % of all Customers", LEAST, 25.0, "customer", "less than 25 % of all Customers"),
            ("25-50% of users", 25.0, 50.0, "user", "25-50% of users"),
            ("from 25% to 50% of users", 25.0, 50.0, "user", "25% to 50% of users"),
            (">= 0.5% and < 5% requests fail", 0.5, 5.0, "request", ">= 0.5% and < 5% requests"),
            ("50% or more of customers", 50.0, MOST, "customer", "50% or more of customers"),
            ("Error rate is above 5% for 10 minutes", 5.0, MOST, "error rate", "above 5%"),
            ("The error rate stays ≤5%", LEAST, 5.0, "error rate", "≤5%"),
        ] {
            let found = shares_in(text);
            let [share] = found.as_slice() else { panic!("{text}: {found:?}") };
            assert_eq!((share.low, share.high, share.subject.as_str()), (low, high, subject), "{text}");
            assert_eq!(&text[share.at.clone()], written);
        }
        let subjects: Vec<_> = shares_in(">5% orders and <50% users").into_iter().map(|found| found.subject).collect();
        assert_eq!(subjects, ["order", "user"]);
        for text in
            ["Nobody can log in", "50% of customers", ">50", ">50%", "50-25% of users", "100% CPU", "rollover 50% done"]
        {
            assert_eq!(shares_in(text), [], "{text}");
        }
    }
}
