//! This machine, as the program sees it: clock, environment, files, secrets.

pub mod clock;
pub mod secret;
