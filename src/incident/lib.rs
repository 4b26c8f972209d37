//! What happened, written down: the one way to write history, and the state that it means.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`arrivals`] | what its journal lacks of what happens by itself |
//! | [`clocks`] | what runs out, and when |
//! | [`event`] | the events of an incident |
//! | [`journal`] | the logs that hold them: durable, chained, one for each responder |
//! | `log` | the log of a run that belongs to no incident |
//! | [`objective`] | what its objectives are judged by |
//! | [`state`] | where an incident stands: the fold of its events |
//! | [`timeline`] | its events as people read them |

pub mod arrivals;
pub mod clocks;
pub mod event;
pub mod journal;
mod log;
pub mod objective;
pub mod state;
#[doc(hidden)]
pub mod testing;
pub mod timeline;

pub use event::{EventRef, Exposure, ImpactField, IncidentEvent, NoteKind, Phase, Versioned};
pub use log::{EventLog, FileLog, LogError, MemoryLog, Recorded};
pub use state::IncidentState;
