//! The known word that a mistyped one was probably meant to be.

/// Words less alike than this (Jaro-Winkler, 0 to 1) are not suggested: a wrong hint is worse than none.
const ALIKE: f64 = 0.75;

/// The known word most like `written`, when one is like it: alike on the whole, or one slip away in each three letters
/// (swapped letters count once), which short words need.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let slips = written.chars().count() / 3;
    known
        .into_iter()
        .map(|word| (word.to_lowercase(), word))
        .map(|(lower, word)| (strsim::jaro_winkler(&lower, &written), strsim::osa_distance(&lower, &written), word))
        .filter(|(likeness, distance, _)| *likeness > ALIKE || *distance <= slips)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, _, word)| word)
}

/// Help for a word that is not known: the nearest one, else all of them when they are few.
pub fn suggestion(written: &str, known: &[&str]) -> Option<String> {
    match nearest(written, known.iter().copied()) {
        Some(word) => Some(format!("did you mean `{word}`?")),
        None if known.is_empty() || known.len() > 20 => None,
        None => Some(format!("known: {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let known = ["timeout", "every", "title"];
        assert_eq!(nearest("timout", known), Some("timeout"));
        assert_eq!(nearest("Every", known), Some("every"));
        assert_eq!(nearest("rot", ["rpo", "rto", "id"]), Some("rto"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(suggestion("zzz", &known).unwrap(), "known: timeout, every, title");
    }
}
