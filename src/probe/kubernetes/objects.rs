//! What is read of the API's objects. Everything else an object carries is skipped while it is parsed, so that memory
//! does not grow with what is not shown.

use jiff::Timestamp;
use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};

/// Objects of one page that are read, whatever the server was asked for.
pub(super) const MOST_ITEMS: usize = 1000;
/// Members of a list inside an object that are kept: containers, conditions, owners.
const MOST_MEMBERS: usize = 64;
/// Bytes of a name that are kept: the API allows 253.
const MOST_NAME: usize = 253;

/// One page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<T> {
    pub metadata: PageMeta,
    // An empty list of Go is `null`.
    #[serde(default = "Vec::new", deserialize_with = "items")]
    pub items: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageMeta {
    #[serde(default)]
    pub resource_version: String,
    #[serde(default, rename = "continue")]
    pub next: String,
}

fn items<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = List { most: MOST_ITEMS, of: PhantomData };
    let Some((kept, left_out)) = deserializer.deserialize_option(list)? else { return Ok(Vec::new()) };
    if left_out { Err(D::Error::custom("more objects than were asked for")) } else { Ok(kept) }
}

/// The first members of a list; `null` is an empty one.
fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let list = List { most: MOST_MEMBERS, of: PhantomData };
    Ok(deserializer.deserialize_option(list)?.map(|(kept, _)| kept).unwrap_or_default())
}

/// A name, cut to what the API allows.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(cut(String::deserialize(deserializer)?))
}

fn cut(name: String) -> String {
    if name.len() <= MOST_NAME {
        return name;
    }
    let end = (0..=MOST_NAME).rev().find(|at| name.is_char_boundary(*at)).unwrap_or_default();
    name[..end].to_owned()
}

fn optional_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(cut))
}

/// Reads a list up to a bound, and whether there was more; the rest is skipped.
struct List<T> {
    most: usize,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = Option<(Vec<T>, bool)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < self.most {
            match list.next_element()? {
                Some(member) => kept.push(member),
                None => return Ok(Some((kept, false))),
            }
        }
        let mut left_out = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            left_out = true;
        }
        Ok(Some((kept, left_out)))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Meta {
    #[serde(deserialize_with = "name")]
    pub name: String,
    #[serde(deserialize_with = "name")]
    pub namespace: String,
    #[serde(deserialize_with = "name")]
    pub resource_version: String,
    pub creation_timestamp: Option<Timestamp>,
    /// When a pod that is being deleted will be killed: the request plus its grace period.
    pub deletion_timestamp: Option<Timestamp>,
    pub labels: Labels,
    #[serde(deserialize_with = "null_is_empty")]
    pub owner_references: Vec<OwnerReference>,
}

/// The few labels that carry meaning for everybody.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Labels {
    #[serde(rename = "pod-template-hash", deserialize_with = "optional_name")]
    pub template_hash: Option<String>,
    /// The same, on what Argo Rollouts makes.
    #[serde(rename = "rollouts-pod-template-hash", deserialize_with = "optional_name")]
    pub rollout_hash: Option<String>,
    #[serde(rename = "topology.kubernetes.io/zone", deserialize_with = "optional_name")]
    pub zone: Option<String>,
    /// The zone's label before Kubernetes 1.17.
    #[serde(rename = "failure-domain.beta.kubernetes.io/zone", deserialize_with = "optional_name")]
    pub old_zone: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct OwnerReference {
    #[serde(deserialize_with = "name")]
    pub kind: String,
    #[serde(deserialize_with = "name")]
    pub name: String,
    pub controller: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
    pub last_transition_time: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct PodObject {
    pub metadata: Meta,
    pub spec: PodSpec,
    pub status: PodStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodSpec {
    #[serde(deserialize_with = "optional_name")]
    pub node_name: Option<String>,
    pub restart_policy: String,
    /// Only how many.
    #[serde(deserialize_with = "null_is_empty")]
    pub containers: Vec<IgnoredAny>,
    #[serde(deserialize_with = "null_is_empty")]
    pub init_containers: Vec<InitContainer>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct InitContainer {
    pub name: String,
    /// `Always` makes it a sidecar.
    pub restart_policy: Option<String>,
}

impl InitContainer {
    pub(super) fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PodStatus {
    pub phase: String,
    pub reason: String,
    pub message: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "null_is_empty")]
    pub init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_is_empty")]
    pub container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ContainerStatus {
    pub name: String,
    pub ready: bool,
    pub started: Option<bool>,
    pub restart_count: u32,
    pub state: ContainerState,
    pub last_state: ContainerState,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContainerState {
    pub waiting: Option<Waiting>,
    pub running: Option<IgnoredAny>,
    pub terminated: Option<Terminated>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Waiting {
    pub reason: String,
    pub message: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Terminated {
    pub reason: String,
    pub message: String,
    pub exit_code: i32,
    pub signal: i32,
    pub finished_at: Option<Timestamp>,
}

/// A Deployment, a StatefulSet, a DaemonSet or a ReplicaSet: their members do not clash.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WorkloadObject {
    pub metadata: Meta,
    pub spec: WorkloadSpec,
    pub status: WorkloadStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct WorkloadSpec {
    pub replicas: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WorkloadStatus {
    pub ready_replicas: u32,
    pub available_replicas: Option<u32>,
    pub desired_number_scheduled: u32,
    pub number_ready: u32,
    pub number_available: u32,
    #[serde(deserialize_with = "null_is_empty")]
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeObject {
    pub metadata: Meta,
    pub spec: NodeSpec,
    pub status: NodeStatus,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeSpec {
    pub unschedulable: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeStatus {
    #[serde(deserialize_with = "null_is_empty")]
    pub conditions: Vec<Condition>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventObject {
    pub metadata: Meta,
    pub involved_object: InvolvedObject,
    pub reason: String,
    pub message: String,
    pub count: Option<u32>,
    pub last_timestamp: Option<Timestamp>,
    pub event_time: Option<Timestamp>,
    pub series: Option<EventSeries>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct InvolvedObject {
    #[serde(deserialize_with = "name")]
    pub kind: String,
    #[serde(deserialize_with = "name")]
    pub namespace: String,
    #[serde(deserialize_with = "name")]
    pub name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventSeries {
    pub count: u32,
    pub last_observed_time: Option<Timestamp>,
}
