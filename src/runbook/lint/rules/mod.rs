//! The catalogue: every rule, by family. One file a family; the tests hold a bad and a good example of each.
//!
//! To add a rule: write its [`Rule`] and its function into the family's file, add its examples to `tests/runbooks/rules/`, and
//! write the page again (the test that fails says how).

mod aws;
mod compose;
mod curl;
mod git;
mod hanging;
mod helm;
mod kubectl;
mod labels;
mod nothing;
mod order;
mod placeholders;
mod postgres;
mod promql;
mod rds;
mod recovery;
mod redis_cli;
mod rollout;
pub(super) mod secrets;
mod shell;
mod template;
mod terraform;
mod transactions;

use super::rule::{Family, Rule};

/// Every family, in the order of the page.
pub const FAMILIES: &[Family] = &[
    Family { title: "The document", rules: template::RULES },
    Family { title: "The order of steps", rules: order::RULES },
    Family { title: "Labels and prompts", rules: labels::RULES },
    Family { title: "Placeholders", rules: placeholders::RULES },
    Family { title: "Shell", rules: shell::RULES },
    Family { title: "Commands that wait", rules: hanging::RULES },
    Family { title: "Commands that do nothing and succeed", rules: nothing::RULES },
    Family { title: "Credentials and personal data", rules: secrets::RULES },
    Family { title: "curl", rules: curl::RULES },
    Family { title: "kubectl", rules: kubectl::RULES },
    Family { title: "Rollouts and scaling", rules: rollout::RULES },
    Family { title: "Helm", rules: helm::RULES },
    Family { title: "Docker and Compose", rules: compose::RULES },
    Family { title: "psql and backups", rules: postgres::RULES },
    Family { title: "PostgreSQL servers and SQL", rules: recovery::RULES },
    Family { title: "Transactions", rules: transactions::RULES },
    Family { title: "Redis", rules: redis_cli::RULES },
    Family { title: "AWS", rules: aws::RULES },
    Family { title: "RDS, ElastiCache and Route 53", rules: rds::RULES },
    Family { title: "Terraform", rules: terraform::RULES },
    Family { title: "git and images", rules: git::RULES },
    Family { title: "PromQL", rules: promql::RULES },
];

/// Every rule, in the order of the page.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.rules)
}

/// The rule of this name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.name == name)
}
