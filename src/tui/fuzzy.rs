//! Finding rows by a few of their letters.

use nucleo_matcher::{
    Config, Matcher, Utf32Str,
    pattern::{CaseMatching, Normalization, Pattern},
};

/// A row that the query keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which of the rows.
    pub index: usize,
    /// Which characters of its name the query matched, ascending.
    pub matched: Vec<u32>,
}

/// A row that can be found.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub name: &'a str,
    /// Further words that find it.
    pub words: &'a str,
    /// Choosing it does something that is felt: it is offered only to who wrote whole words or a piece of its name, never
    /// because its name happens to have the letters.
    pub acts: bool,
}

/// How well a row fits, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The letters are somewhere in the name, in their order.
    Scattered,
    /// Every word of the query stands among the further words.
    Words,
    /// Every word of the query stands in the name.
    Name,
}

/// The rows that a query keeps, best first; in their own order when there is no query.
pub fn rank<'a>(query: &str, rows: impl Iterator<Item = Row<'a>>) -> Vec<Found> {
    if query.trim().is_empty() {
        return rows.enumerate().map(|(index, _)| Found { index, matched: Vec::new() }).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let holds_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let mut found: Vec<((Fit, u32), Found)> = Vec::new();
    let mut letters = Vec::new();
    for (index, row) in rows.enumerate() {
        let mut matched = Vec::new();
        let score = pattern.indices(Utf32Str::new(row.name, &mut letters), &mut matcher, &mut matched);
        let fit = match score {
            Some(_) if holds_all(row.name) => Fit::Name,
            _ if holds_all(row.words) => Fit::Words,
            Some(_) if !row.acts => Fit::Scattered,
            _ => continue,
        };
        if fit == Fit::Words {
            matched.clear();
        }
        matched.sort_unstable();
        matched.dedup();
        found.push(((fit, score.unwrap_or(0)), Found { index, matched }));
    }
    found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    found.into_iter().map(|(_, found)| found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Vec<usize> {
        let rows = [("Database recovery", "postgres primary-down"), ("Redis is full", "cache"), ("Rotate keys", "")];
        rank(query, rows.into_iter().map(looks)).iter().map(|found| found.index).collect()
    }

    fn looks<'a>((name, words): (&'a str, &'a str)) -> Row<'a> {
        Row { name, words, acts: false }
    }

    #[test]
    fn names_come_before_other_words_and_no_query_keeps_the_order() {
        assert_eq!(names(""), [0, 1, 2]);
        assert_eq!(names("dbrec"), [0]);
        assert_eq!(names("cache"), [1]);
        assert_eq!(names("primary-down"), [0]);
        assert!(names("zzz").is_empty());
        let rows = [("Notes", "recovery of keys"), ("Recovery", "")];
        assert_eq!(rank("recovery", rows.into_iter().map(looks))[0].index, 1);
    }

    #[test]
    fn what_acts_is_never_offered_on_scattered_letters() {
        let rows =
            [("Undo the step", "run its rollback"), ("Next theme", "colours"), ("Write down", "note a sentence")];
        let acts = |(name, words)| Row { name, words, acts: name != "Next theme" };
        let names = |query: &str| -> Vec<&str> {
            rank(query, rows.into_iter().map(acts)).iter().map(|found| rows[found.index].0).collect()
        };
        assert_eq!(names("note"), ["Write down"]);
        assert_eq!(names("nth"), ["Next theme"]);
        assert_eq!(names("undo"), ["Undo the step"]);
        assert_eq!(names("the step"), ["Undo the step"]);
        assert_eq!(names("rollback"), ["Undo the step"]);
    }
}
