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

/// The rows that a query keeps, best first; in their own order when there is no query. `rows` are names and further words: all
/// rows whose name has the letters come before those that only have a word of the query among the others.
pub fn rank<'a>(query: &str, rows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<Found> {
    if query.trim().is_empty() {
        return rows.enumerate().map(|(index, _)| Found { index, matched: Vec::new() }).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let mut found: Vec<(u32, Found)> = Vec::new();
    let mut letters = Vec::new();
    for (index, (name, others)) in rows.enumerate() {
        let mut matched = Vec::new();
        let in_name = pattern.indices(Utf32Str::new(name, &mut letters), &mut matcher, &mut matched);
        let score = in_name.map(|score| score.saturating_add(1)).or_else(|| {
            matched.clear();
            let others = others.to_lowercase();
            words.iter().all(|word| others.contains(word)).then_some(0)
        });
        if let Some(score) = score {
            matched.sort_unstable();
            matched.dedup();
            found.push((score, Found { index, matched }));
        }
    }
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, found)| found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(query: &str) -> Vec<usize> {
        let rows = [("Database recovery", "postgres primary-down"), ("Redis is full", "cache"), ("Rotate keys", "")];
        rank(query, rows.into_iter()).iter().map(|found| found.index).collect()
    }

    #[test]
    fn names_come_before_other_words_and_no_query_keeps_the_order() {
        assert_eq!(names(""), [0, 1, 2]);
        assert_eq!(names("dbrec"), [0]);
        assert_eq!(names("cache"), [1]);
        assert_eq!(names("primary-down"), [0]);
        assert!(names("zzz").is_empty());
        let rows = [("Notes", "recovery of keys"), ("Recovery", "")];
        assert_eq!(rank("recovery", rows.into_iter())[0].index, 1);
    }
}
