//! What DotMac's runbooks act on, and the person who runs them.
#![allow(dead_code, unreachable_pub, reason = "each test uses its own part of the stage")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod cluster;
mod database;
mod maintenance;
mod person;
mod platform;
mod portal;
mod saturation;
mod sessions;
mod stand_ins;
mod tls_front;
mod vendors;

pub use cluster::DotMacCluster;
pub use database::{PortalDatabase, seal, server};
pub use maintenance::Maintenance;
pub use person::Run;
pub use platform::{DotMac, Part, minutes_ago};
pub use saturation::Saturation;
pub use sessions::Session;
pub use stand_ins::{Helm, Terraform, calls};
pub use tls_front::TlsFront;
