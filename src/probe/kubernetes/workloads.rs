//! Workloads: how many pods they want, and how many of those serve.

use jiff::Timestamp;

use super::{
    cause::plain,
    feed::Resource,
    objects::{Meta, WorkloadObject},
};

/// What a pod belongs to.
///
/// A pod of a Deployment is owned by a ReplicaSet. The Deployment's name is the ReplicaSet's without `-HASH`, where HASH is
/// the pod's label `pod-template-hash`: that spares watching all ReplicaSets, old ones included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Owner {
    pub namespace: Box<str>,
    pub kind: Box<str>,
    pub name: Box<str>,
}

impl Owner {
    pub(super) fn new(namespace: &str, kind: &str, name: &str) -> Self {
        Owner { namespace: namespace.into(), kind: kind.into(), name: name.into() }
    }

    /// None for a pod that nothing controls.
    pub(super) fn of_pod(pod: &Meta) -> Option<Owner> {
        let owner = pod.owner_references.iter().find(|owner| owner.controller)?;
        let of_set = (owner.kind == "ReplicaSet").then(|| Owner::of_hash(pod, &owner.name)).flatten();
        Some(of_set.unwrap_or_else(|| Owner::new(&pod.namespace, &owner.kind, &owner.name)))
    }

    /// Who made a ReplicaSet: what controls it, else the name before the hash that Argo Rollouts puts on its sets.
    fn of_set(set: &Meta) -> Option<Owner> {
        let owner = set.owner_references.iter().find(|owner| owner.controller);
        let named = owner.map(|owner| Owner::new(&set.namespace, &owner.kind, &owner.name));
        named.or_else(|| Owner::of_hash(set, &set.name))
    }

    /// The Deployment or Rollout behind a ReplicaSet's name, by the hash that is the end of it.
    fn of_hash(object: &Meta, set: &str) -> Option<Owner> {
        let kinds = [("Deployment", &object.labels.template_hash), ("Rollout", &object.labels.rollout_hash)];
        kinds.into_iter().find_map(|(kind, hash)| {
            let name = set.strip_suffix(hash.as_deref()?)?.strip_suffix('-')?;
            Some(Owner::new(&object.namespace, kind, name))
        })
    }

    /// `deployment/api`
    pub(super) fn label(&self) -> String {
        format!("{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// What the API says of a Deployment, StatefulSet, DaemonSet or ReplicaSet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Workload {
    pub desired: u32,
    pub ready: u32,
    /// Ready for at least `minReadySeconds`.
    pub available: u32,
    /// Why it makes no progress (`exceeded quota …`), when it says so.
    pub message: Option<Box<str>>,
    pub created: Option<Timestamp>,
    /// What it is a part of: a Rollout has a ReplicaSet for each revision.
    pub part_of: Option<Owner>,
    /// The list in which it was last seen.
    pub generation: u32,
}

impl Workload {
    pub(super) fn read(object: &WorkloadObject, resource: Resource) -> Workload {
        let status = &object.status;
        let (desired, ready, available) = match resource {
            Resource::DaemonSets => (status.desired_number_scheduled, status.number_ready, status.number_available),
            Resource::StatefulSets => (
                object.spec.replicas.unwrap_or(1),
                status.ready_replicas,
                // Kubernetes before 1.22 does not count these.
                status.available_replicas.unwrap_or(status.ready_replicas),
            ),
            _ => (
                object.spec.replicas.unwrap_or(1),
                status.ready_replicas,
                status.available_replicas.unwrap_or_default(),
            ),
        };
        let message = status
            .conditions
            .iter()
            .find(|condition| {
                (condition.kind == "ReplicaFailure" && condition.status == "True")
                    || (condition.kind == "Progressing" && condition.status == "False")
            })
            .map(|condition| plain(&condition.message, 200).into_boxed_str());
        let part_of = (resource == Resource::ReplicaSets).then(|| Owner::of_set(&object.metadata)).flatten();
        let created = object.metadata.creation_timestamp;
        Workload { desired, ready, available, message, created, part_of, generation: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::objects::{Labels, OwnerReference};

    fn pod_of(kind: &str, owner: &str, hash: Option<&str>) -> Meta {
        Meta {
            namespace: "production".into(),
            labels: Labels { template_hash: hash.map(str::to_owned), ..Labels::default() },
            owner_references: vec![OwnerReference { kind: kind.into(), name: owner.into(), controller: true }],
            ..Meta::default()
        }
    }

    #[test]
    fn a_deployments_pods_belong_to_the_deployment() {
        let owner = Owner::of_pod(&pod_of("ReplicaSet", "api-v2-7d4b9c", Some("7d4b9c")));
        assert_eq!(owner.map(|owner| owner.label()), Some("deployment/api-v2".to_owned()));
        let bare = Owner::of_pod(&pod_of("ReplicaSet", "legacy", None));
        assert_eq!(bare.map(|owner| owner.label()), Some("replicaset/legacy".to_owned()));
        let mut rollout = pod_of("ReplicaSet", "checkout-6d588fb886", None);
        rollout.labels.rollout_hash = Some("6d588fb886".to_owned());
        assert_eq!(Owner::of_pod(&rollout).map(|owner| owner.label()), Some("rollout/checkout".to_owned()));
        let stateful = Owner::of_pod(&pod_of("StatefulSet", "postgres-primary", None));
        assert_eq!(stateful.map(|owner| owner.label()), Some("statefulset/postgres-primary".to_owned()));
        assert_eq!(Owner::of_pod(&Meta::default()), None);
    }
}
