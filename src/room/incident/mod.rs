//! Incidents: declared, driven and read by both front ends, through the journal and nothing else.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`mod@access`] | who may read the incidents of a data directory |
//! | [`verb`] | what people do, checked and turned into events |
//! | [`desk`] | an incident that somebody works on: what was read of it, and the own log |
//! | [`export`] | an incident as a document or an archive |
//! | [`mod@list`] | which incidents there are |
//! | [`proposal`] | what a declaration is filled in with, and which roles are missing |
//! | [`when`] | times as people type them |
//! | [`recorder`] | who of all that watch writes down what happens by itself |
//! | [`mod@watch`] | looking at a platform, and recording it, without a console |
//! | [`sweeps`] | sweeps that are recorded |
//! | [`station`] | where one console works on an incident |
//! | [`history`] | the events of an incident's runs, in its journal |

pub mod access;
pub mod desk;
pub mod export;
pub mod history;
pub mod list;
pub mod proposal;
pub mod recorder;
pub mod station;
pub mod sweeps;
pub mod verb;
pub mod watch;
pub mod when;

pub use access::access;
pub use desk::{IncidentDesk, View};
pub use history::IncidentHistory;
pub use list::{List, Listed, choose, list, open_here};
pub use recorder::Recorder;
pub use station::{Station, StationOptions};
pub use sweeps::Sweeps;
pub use verb::{Declaration, Verb};
pub use watch::Watch;
