//! Warning events of the last hour, the newest few hundred of them.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{cause::plain, objects::EventObject, pods::RECENT, workloads::Owner};

/// Older events say nothing about now.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);
/// A cluster in trouble makes events by the thousand.
const KEPT: usize = 500;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// When it was last seen.
    pub at: Timestamp,
    /// The object it is about, with its kind (`Pod`).
    pub about: Owner,
    /// `BackOff`, `FailedScheduling`, …
    pub reason: Box<str>,
    pub message: Box<str>,
    pub count: u32,
}

/// Keyed by the event's own namespace and name: an event that happens again is updated in place.
#[derive(Debug, Default)]
pub(super) struct Events {
    kept: HashMap<Box<str>, Event>,
}

impl Events {
    /// True when it is new or has changed.
    pub(super) fn keep(&mut self, key: &str, object: &EventObject, now: Timestamp) -> bool {
        let series = object.series.as_ref();
        let Some(at) = series
            .and_then(|series| series.last_observed_time)
            .or(object.last_timestamp)
            .or(object.event_time)
            .or(object.metadata.creation_timestamp)
        else {
            return false;
        };
        if now.duration_since(at) > KEPT_FOR {
            return false;
        }
        let about = &object.involved_object;
        let event = Event {
            at,
            about: Owner::new(&about.namespace, &about.kind, &about.name),
            reason: plain(&object.reason, 60).into(),
            message: plain(&object.message, 200).into(),
            count: series.map(|series| series.count).or(object.count).unwrap_or(1).max(1),
        };
        if self.kept.get(key) == Some(&event) {
            return false;
        }
        self.kept.insert(key.into(), event);
        if self.kept.len() > KEPT {
            self.drop_oldest();
        }
        true
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.kept.iter().min_by_key(|(_, event)| event.at).map(|(key, _)| key.clone()) {
            self.kept.remove(&oldest);
        }
    }

    pub(super) fn forget(&mut self, key: &str) -> bool {
        self.kept.remove(key).is_some()
    }

    /// Controllers that could not make a pod lately, and why (a quota, an admission webhook): Jobs, StatefulSets and custom
    /// ones say it nowhere else.
    pub(super) fn refused(&self, now: Timestamp) -> impl Iterator<Item = (&Owner, &str)> {
        let lately = move |event: &&Event| now.duration_since(event.at) <= RECENT && &*event.reason == "FailedCreate";
        self.kept.values().filter(lately).map(|event| (&event.about, &*event.message))
    }

    /// Of the last hour, newest first.
    pub(super) fn newest(&self, now: Timestamp) -> Vec<&Event> {
        let mut events: Vec<&Event> =
            self.kept.values().filter(|event| now.duration_since(event.at) <= KEPT_FOR).collect();
        events.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.about.name.cmp(&b.about.name)));
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_of_the_last_hour_are_kept() {
        let now: Timestamp = "2026-01-15T03:12:00Z".parse().unwrap();
        let mut events = Events::default();
        for second in 0..5000 {
            let object = EventObject {
                last_timestamp: Some(now - SignedDuration::from_secs(second)),
                reason: format!("R{second}"),
                ..EventObject::default()
            };
            events.keep(&format!("default/e{second}"), &object, now);
        }
        assert!(events.kept.len() <= KEPT);
        let later = now + SignedDuration::from_mins(59);
        assert!(events.newest(later).len() < KEPT, "the hour goes on without news");
        assert!(events.newest(now + SignedDuration::from_hours(2)).is_empty());
    }
}
