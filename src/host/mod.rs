//! This machine, as the program sees it: clock, environment, locale, files, job control, secrets, and how connection strings are read here.

pub mod clock;
pub mod discovery;
pub mod group;
pub mod identity;
pub mod job;
pub mod locale;
pub mod log;
pub mod pack_copy;
pub mod packs;
pub mod plain;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod reaper;
pub mod secret;
pub mod shared;
pub mod verifier;
