//! Platform packs as people write them: every mistake is told with its place, and no input brings the loader down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod dotmac;
mod embedded;
mod environments;
mod mistakes;
mod nonsense;
