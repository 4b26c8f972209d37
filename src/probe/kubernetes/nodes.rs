//! Nodes: ready, under pressure, cordoned, and the zone they stand in.

use jiff::Timestamp;

use super::{cause::plain, objects::NodeObject};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub ready: bool,
    /// `MemoryPressure`, `DiskPressure`, `PIDPressure`, `NetworkUnavailable`: what the node reports now.
    pub pressure: Vec<Box<str>>,
    pub cordoned: bool,
    pub zone: Option<Box<str>>,
    /// Why it is not ready.
    pub message: Option<Box<str>>,
    pub created: Option<Timestamp>,
    pub generation: u32,
}

impl Node {
    pub(super) fn read(object: &NodeObject) -> Node {
        let conditions = &object.status.conditions;
        let ready = conditions.iter().find(|condition| condition.kind == "Ready");
        let labels = &object.metadata.labels;
        Node {
            ready: ready.is_some_and(|condition| condition.status == "True"),
            pressure: conditions
                .iter()
                .filter(|condition| condition.status == "True")
                .filter(|condition| condition.kind.ends_with("Pressure") || condition.kind == "NetworkUnavailable")
                .map(|condition| condition.kind.as_str().into())
                .collect(),
            cordoned: object.spec.unschedulable,
            zone: labels.zone.as_deref().or(labels.old_zone.as_deref()).map(Into::into),
            message: ready
                .filter(|condition| condition.status != "True")
                .map(|condition| plain(&condition.message, 200).into_boxed_str()),
            created: object.metadata.creation_timestamp,
            generation: 0,
        }
    }

    /// As `kubectl get nodes` writes it, with the pressure: `NotReady`, `Ready,SchedulingDisabled`, `MemoryPressure`.
    pub(super) fn status(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        if !self.ready {
            words.push("NotReady");
        } else if self.pressure.is_empty() {
            words.push("Ready");
        }
        words.extend(self.pressure.iter().map(|word| &**word));
        if self.cordoned {
            words.push("SchedulingDisabled");
        }
        words.join(",")
    }
}
