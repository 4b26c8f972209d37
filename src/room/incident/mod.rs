//! Incidents: declared, driven and read by both front ends, through the journal and nothing else.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`access`](mod@access) | who may read the incidents of a data directory |
//! | [`verb`] | what people do, checked and turned into events |
//! | [`desk`] | an incident that somebody works on: what was read of it, and the own log |
//! | [`list`] | which incidents there are |
//! | [`when`] | times as people type them |
//! | [`station`] | where one console works on an incident |
//! | [`history`] | the events of an incident's runs, in its journal |

pub mod access;
pub mod desk;
pub mod history;
pub mod list;
pub mod station;
pub mod verb;
pub mod when;

pub use access::access;
pub use desk::{IncidentDesk, View};
pub use history::IncidentHistory;
pub use list::{List, Listed, choose, list};
pub use station::{Station, StationOptions};
pub use verb::{Declaration, Verb};
