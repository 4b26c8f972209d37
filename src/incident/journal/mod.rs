//! The journal of an incident: what is on disk, how it gets there, how it is read and checked.
//!
//! An incident is a folder (see [`folder`]). Each process of a responder appends to a log of its own ([`append`]); nobody writes
//! into another one's. A log is lines of JSON in a chain of digests ([`mod@line`] says how to check one by hand); the timeline is the
//! union of the logs in the order of a hybrid logical clock ([`union`], [`hlc`]), which [`follow`] keeps up to date while others
//! write. [`mod@verify`] finds what was changed or cut.
//!
//! Events are opaque here: JSON objects with a `type` and a `version`.

pub mod access;
pub mod append;
pub mod chain;
mod digest;
mod events;
mod finding;
pub mod folder;
pub mod follow;
pub mod hlc;
pub mod line;
mod lines;
mod name;
mod own;
pub mod read;
pub mod union;
pub mod verify;

pub use access::{Access, cause, open_plain};
pub use append::{AppendError, Appended, Now, Writer, WriterState};
pub use chain::Chain;
pub use digest::{Digest, NotADigest};
pub use events::{Checkpoint, JournalEvent, NotACheckpoint};
pub use finding::{Finding, Wrong};
pub use folder::{FolderError, IncidentFolder, IncidentId, Incidents};
pub use follow::Follower;
pub use hlc::Hlc;
pub use line::Entry;
pub use name::LogName;
pub use own::{Notice, Place, is_alive};
pub use read::{Batch, Found, LogFolder, LogReader, Source, set_aside};
pub use union::{Change, Item, Union};
pub use verify::{Report, verify};

#[cfg(test)]
mod tests;
