//! Which versions of the tools a runbook is written for, so that a rule speaks only where it is right.

use std::sync::LazyLock;

use regex::Regex;

use crate::runbook::Runbook;

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
    at_most: Vec<(Tool, u32)>,
}

/// `psql < 13`, `postgresql 11`, `helm = 2`; groups: name, operator, major version.
static REQUIREMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^\s*([a-z][a-z0-9_.-]*)\s*(<=|<|>=|>|==?|~|\^)?\s*v?(\d+)").ok());

impl Versions {
    pub(super) fn of(runbook: &Runbook) -> Self {
        let mut versions = Versions::default();
        for requirement in &runbook.front.requires {
            let Some(found) = REQUIREMENT.as_ref().and_then(|regex| regex.captures(requirement)) else { continue };
            let (Some(name), Some(number)) = (found.get(1), found.get(3)) else { continue };
            let (Some(tool), Ok(major)) = (Tool::named(name.as_str()), number.as_str().parse::<u32>()) else {
                continue;
            };
            let at_most = match found.get(2).map_or("=", |operator| operator.as_str()) {
                "<" => Some(major.saturating_sub(1)),
                "<=" | "=" | "==" | "~" | "^" => Some(major),
                // A lower bound says nothing about what may be met.
                _ => None,
            };
            versions.at_most.extend(at_most.map(|major| (tool, major)));
        }
        versions
    }

    /// Whether the runbook says that it is for versions of the tool before this one.
    pub(super) fn before(&self, tool: Tool, major: u32) -> bool {
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
