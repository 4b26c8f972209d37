//! What a runbook requires of a program: `jq`, `psql >= 15`, `helm < 3`, `docker compose`.

use std::{cmp::Ordering, fmt};

/// The numbers of a version, the most significant first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(Vec<u64>);

/// A program, and the versions of it that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The program, and its plugin: `psql`, `docker compose`.
    pub name: String,
    /// All of them hold of a version that will do.
    bounds: Vec<(Operator, Version)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
    /// The same but for its last number, which may be higher.
    Tilde,
    /// The same major version, and no lower.
    Caret,
}

const OPERATORS: [char; 5] = ['<', '>', '=', '~', '^'];

impl Version {
    /// `15`, `1.27.3`, `v2.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.strip_prefix('v').unwrap_or(text).split('.').map(|number| number.parse().ok());
        numbers.collect::<Option<Vec<_>>>().map(Version)
    }

    /// The version that a text begins with: `16.4-1` is 16.4.
    pub fn at_start_of(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        Version::parse(text.get(..end)?.trim_end_matches('.'))
    }

    fn major(&self) -> u64 {
        self.0.first().copied().unwrap_or_default()
    }

    /// Compares as many numbers as the bound has: 15.4 is not above 15.
    fn compared(&self, bound: &Version) -> Ordering {
        let own = self.0.iter().copied().chain(std::iter::repeat(0)).take(bound.0.len());
        own.cmp(bound.0.iter().copied())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
    }
}

impl Requirement {
    /// `None` when this is no requirement.
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(OPERATORS).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        let mut words: Vec<&str> = name.split_whitespace().collect();
        let mut bounds = Vec::new();
        // `helm 3`
        if words.len() > 1
            && let Some(version) = words.last().and_then(|last| Version::parse(last))
        {
            words.pop();
            bounds.push((Operator::Equal, version));
        }
        while !rest.trim().is_empty() {
            let (operator, after) = rest.split_at(rest.find(|c| !OPERATORS.contains(&c))?);
            let after = after.trim_start();
            let end = after.find(|c: char| OPERATORS.contains(&c) || c == ',' || c == ' ').unwrap_or(after.len());
            let (version, more) = after.split_at(end);
            bounds.push((Operator::of(operator)?, Version::parse(version)?));
            rest = more.trim_start_matches([',', ' ']);
        }
        let name = words.join(" ");
        (!name.is_empty()).then_some(Requirement { name, bounds })
    }

    /// The program without its plugin.
    pub fn program(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }

    /// True when the version matters.
    pub fn is_bounded(&self) -> bool {
        !self.bounds.is_empty()
    }

    /// Whether this version will do.
    pub fn holds(&self, version: &Version) -> bool {
        self.bounds.iter().all(|(operator, bound)| {
            let compared = version.compared(bound);
            match operator {
                Operator::Less => compared.is_lt(),
                Operator::AtMost => compared.is_le(),
                Operator::Equal => compared.is_eq(),
                Operator::AtLeast => compared.is_ge(),
                Operator::More => compared.is_gt(),
                Operator::Caret => compared.is_ge() && version.major() == bound.major(),
                Operator::Tilde => {
                    let same = bound.0.len().saturating_sub(1).max(1);
                    compared.is_ge() && version.compared(&Version(bound.0.iter().copied().take(same).collect())).is_eq()
                }
            }
        })
    }

    /// The highest major version that will do; `None` when any newer one does.
    pub fn highest_major(&self) -> Option<u64> {
        let highest = self.bounds.iter().filter_map(|(operator, bound)| match operator {
            Operator::Less if bound.0.len() == 1 => Some(bound.major().saturating_sub(1)),
            Operator::AtLeast | Operator::More => None,
            _ => Some(bound.major()),
        });
        highest.min()
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.bounds.iter().try_for_each(|(operator, version)| write!(f, " {} {version}", operator.sign()))
    }
}

impl Operator {
    const ALL: [Operator; 7] = [
        Operator::Less,
        Operator::AtMost,
        Operator::Equal,
        Operator::AtLeast,
        Operator::More,
        Operator::Tilde,
        Operator::Caret,
    ];

    fn sign(self) -> &'static str {
        match self {
            Operator::Less => "<",
            Operator::AtMost => "<=",
            Operator::Equal => "=",
            Operator::AtLeast => ">=",
            Operator::More => ">",
            Operator::Tilde => "~",
            Operator::Caret => "^",
        }
    }

    fn of(sign: &str) -> Option<Self> {
        let sign = if sign == "==" { "=" } else { sign };
        Operator::ALL.into_iter().find(|operator| operator.sign() == sign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_held_against_every_bound_as_exactly_as_that_is_written() {
        for (requirement, right, wrong) in [
            ("kubectl >= 1.27", &["1.27", "1.27.0", "1.30.2", "2"][..], &["1.26.9", "1"][..]),
            ("psql>=15", &["15.4", "16"], &["14.12"]),
            ("psql > 15", &["16.0"], &["15.4"]),
            ("psql >= 15, < 17", &["15", "16.9"], &["17.0", "14"]),
            ("helm < 3", &["2.17"], &["3.0.0"]),
            ("helm <= 3.1", &["3.1.9", "3.0"], &["3.2"]),
            ("helm 3", &["3.14.0"], &["2", "4"]),
            ("helm == v3.14", &["3.14.2"], &["3.15"]),
            ("terraform ~ 1.5", &["1.5.7", "1.6"], &["2.0", "1.4"]),
            ("terraform ~ 1.5.2", &["1.5.7"], &["1.6.0", "1.5.1"]),
            ("terraform ^ 1.5.2", &["1.5.2", "1.9"], &["1.5.1", "2.0"]),
            ("docker compose >= 2", &["2.20.3"], &["1.29.2"]),
            ("jq", &["1.6"], &[]),
        ] {
            let parsed = Requirement::parse(requirement).unwrap();
            let holds = |version: &&str| parsed.holds(&Version::parse(version).unwrap());
            assert!(right.iter().all(holds) && !wrong.iter().any(holds), "{requirement}: {parsed:?}");
        }
        assert_eq!(Requirement::parse("docker  compose>=2").unwrap().to_string(), "docker compose >= 2");
        for wrong in ["", ">= 3", "psql >= ", "psql >= new", "psql >< 3", "psql >= 3 4"] {
            assert_eq!(Requirement::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Version::at_start_of("16.4-1.pgdg").unwrap().to_string(), "16.4");
        assert_eq!(Version::at_start_of("unknown"), None);
    }
}
