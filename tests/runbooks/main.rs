//! Runbooks as people write them: what the parser makes of them, and what the linter says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bash;
mod corpus;
mod dialects;
mod documents;
mod grammar;
mod lint;
mod show;
