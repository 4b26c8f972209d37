//! Which versions of the tools a runbook is written for, so that a rule speaks only where it is right.

use crate::{Requirement, Runbook};

/// A tool whose versions differ in what a runbook has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Postgres,
    Helm,
    Compose,
    Aws,
}

/// What the front matter and the prerequisites say; a tool that nothing is said of is taken to be today's.
#[derive(Debug, Clone, Default)]
pub(super) struct Versions {
    /// The highest major version that may be met.
    at_most: Vec<(Tool, u64)>,
}

impl Versions {
    pub(super) fn of(runbook: &Runbook) -> Self {
        let required = runbook.front.requires.iter().filter_map(|requirement| Requirement::parse(requirement));
        let at_most = required.filter_map(|one| Some((Tool::named(&one.name)?, one.highest_major()?)));
        Versions { at_most: at_most.collect() }
    }

    /// Whether the runbook says that it is for versions of the tool before this one.
    pub(super) fn before(&self, tool: Tool, major: u64) -> bool {
        self.at_most.iter().any(|(other, at_most)| *other == tool && *at_most < major)
    }
}

impl Tool {
    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "psql" | "postgres" | "postgresql" | "pg_restore" | "pg_dump" | "pg_ctl" => Some(Tool::Postgres),
            "helm" => Some(Tool::Helm),
            "docker-compose" | "compose" => Some(Tool::Compose),
            "aws" | "awscli" | "aws-cli" => Some(Tool::Aws),
            _ => None,
        }
    }
}
