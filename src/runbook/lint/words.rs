//! The words of a command line without quotes, read by the grammar of its program.

use std::borrow::Cow;

use crate::program::{self, Call, Piece};

impl Piece for Cow<'_, str> {
    fn text(&self) -> Option<&str> {
        Some(self)
    }

    fn start(&self) -> &str {
        self
    }

    fn splits(&self) -> bool {
        false
    }

    fn may_be_option(&self) -> bool {
        false
    }
}

/// A command line. The first word is the program.
pub(super) struct Line {
    /// None for a program without a grammar.
    call: Option<Call<'static>>,
    /// Numbers of the words that are neither options nor their values, from word 1 on.
    operands: Vec<usize>,
}

impl Line {
    pub(super) fn read(program: &str, words: &[Cow<'_, str>]) -> Self {
        let call = program::find(program).map(|grammar| program::read(grammar, words));
        let mut operands: Vec<usize> = match &call {
            Some(call) => call.path.iter().chain(&call.operands).copied().collect(),
            None => plain_operands(words),
        };
        operands.sort_unstable();
        Self { call, operands }
    }

    pub(super) fn operands(&self) -> &[usize] {
        &self.operands
    }

    /// Whether one of these options was given, in any of its spellings.
    pub(super) fn has(&self, words: &[Cow<'_, str>], names: &[&str]) -> bool {
        self.given(words, names).next().is_some()
    }

    /// The values of the options, in their order: the word that holds each, and the value.
    pub(super) fn values<'w>(
        &'w self,
        words: &'w [Cow<'_, str>],
        names: &'w [&str],
    ) -> impl Iterator<Item = (usize, &'w str)> + 'w {
        self.given(words, names).filter_map(|(word, from)| Some((word, words.get(word)?.get(from?..)?)))
    }

    /// Where the first value of the options stands: its word, and from which byte on.
    pub(super) fn value(&self, words: &[Cow<'_, str>], names: &[&str]) -> Option<(usize, usize)> {
        self.given(words, names).find_map(|(word, from)| Some((word, from?)))
    }

    /// Each time one of the options was given: where its value stands, or the option itself without one.
    fn given<'w>(
        &'w self,
        words: &'w [Cow<'_, str>],
        names: &'w [&str],
    ) -> impl Iterator<Item = (usize, Option<usize>)> + 'w {
        let known = self.call.iter().flat_map(move |call| call.given(names)).map(|given| match given.value {
            Some((word, from)) => (word, Some(from)),
            None => (given.word, None),
        });
        // Parameters of an API call, and options that the grammar does not list, are found as they are written.
        let listed = move |name: &str| self.call.as_ref().is_some_and(|call| call.knows(name));
        let written = words.iter().enumerate().skip(1).filter_map(move |(at, word)| {
            let name = names.iter().find(|name| {
                !listed(name) && word.strip_prefix(**name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            })?;
            let from = (word.len() > name.len()).then_some(name.len() + 1);
            let next = || words.get(at + 1).filter(|next| !next.starts_with("--")).map(|_| (at + 1, Some(0)));
            Some(from.map(|from| (at, Some(from))).or_else(next).unwrap_or((at, None)))
        });
        known.chain(written)
    }
}

/// Of a program that nobody described, whatever starts with no dash.
fn plain_operands(words: &[Cow<'_, str>]) -> Vec<usize> {
    let dashes = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let plain =
        |at: &usize| *at > dashes || words.get(*at).is_some_and(|word| !word.starts_with('-') || word.len() == 1);
    (1..words.len()).filter(|at| *at != dashes).filter(plain).collect()
}

/// Options of the AWS command line that stand alone.
pub(super) const AWS_SWITCHES: &[&str] = &[
    "--apply-immediately",
    "--auto-minor-version-upgrade",
    "--copy-tags-to-snapshot",
    "--delete-automated-backups",
    "--deletion-protection",
    "--disable-rollback",
    "--dry-run",
    "--enable",
    "--enable-iam-database-authentication",
    "--evaluate-target-health",
    "--follow",
    "--force",
    "--force-failover",
    "--force-new-deployment",
    "--health-check-enabled",
    "--include-all-instances",
    "--multi-az",
    "--publicly-accessible",
    "--recursive",
    "--skip-final-snapshot",
    "--storage-encrypted",
    "--use-latest-restorable-time",
    "--with-decryption",
    "--no-paginate",
    "--no-cli-pager",
    "--no-sign-request",
    "--debug",
    "--quiet",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Cow<'_, str>> {
        line.split(' ').map(Cow::Borrowed).collect()
    }

    fn has(line: &str, names: &[&str]) -> bool {
        let words = words(line);
        Line::read(words[0].as_ref(), &words).has(&words, names)
    }

    #[test]
    fn flags_are_found_alone_with_a_value_and_in_a_cluster() {
        assert!(has("curl -fsS http://h", &["-f", "--fail"]));
        assert!(has("kubectl exec -it pod", &["-t"]));
        assert!(has("kubectl get pods -nprod", &["-n"]));
        assert!(!has("psql -Upostgres", &["-p"]), "a value is not a cluster");
        assert!(!has("terraform plan -out=x", &["-o"]));
        assert!(has("terraform plan -out=x", &["-out"]));
    }

    #[test]
    fn values_are_found_in_all_four_spellings() {
        for line in ["kubectl get --namespace=a", "kubectl get --namespace a", "kubectl get -n a", "kubectl get -na"] {
            let words = words(line);
            let read = Line::read("kubectl", &words);
            let found: Vec<_> = read.values(&words, &["-n", "--namespace"]).map(|(_, v)| v).collect();
            assert_eq!(found, ["a"], "{line}");
        }
    }

    #[test]
    fn operands_leave_options_and_their_values_out() {
        for (line, operands) in [
            ("kubectl -n prod logs -f deployment/api --tail 5 -- -x", vec!["logs", "deployment/api", "-x"]),
            (
                "aws rds delete-db-instance --db-instance-identifier a --skip-final-snapshot",
                vec!["rds", "delete-db-instance"],
            ),
        ] {
            let words = words(line);
            let read = Line::read(words[0].as_ref(), &words);
            let found: Vec<&str> = read.operands().iter().map(|at| words[*at].as_ref()).collect();
            assert_eq!(found, operands);
        }
    }
}
