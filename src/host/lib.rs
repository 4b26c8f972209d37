//! This machine, as the program sees it: clock, environment, locale, files, job control, secrets, and how connection strings are read here.

pub mod bounded;
pub mod browser;
pub mod clock;
pub mod discovery;
pub mod group;
pub mod identity;
pub mod job;
pub mod locale;
pub mod log;
pub mod mask;
pub mod pack_copy;
pub mod packs;
pub mod plain;
pub mod plain_file;
pub mod postgres;
pub mod private;
pub mod process;
pub mod programs;
pub mod reaper;
pub mod secret;
pub mod shared;
pub mod terminal_guard;
pub mod verifier;
