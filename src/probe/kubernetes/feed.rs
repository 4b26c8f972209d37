//! One stream of objects that the probe follows: a resource, in one namespace or in the whole cluster.

use std::sync::Arc;

/// The resources that are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Pods,
    Deployments,
    StatefulSets,
    DaemonSets,
    /// Those of other controllers than Deployments (Argo Rollouts, operators), and those that nobody controls.
    ReplicaSets,
    Nodes,
    Events,
}

impl Resource {
    /// Plural name, as roles and URLs write it.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Resource::Pods => "pods",
            Resource::Deployments => "deployments",
            Resource::StatefulSets => "statefulsets",
            Resource::DaemonSets => "daemonsets",
            Resource::ReplicaSets => "replicasets",
            Resource::Nodes => "nodes",
            Resource::Events => "events",
        }
    }

    /// The kind, for workloads.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Resource::Pods => "Pod",
            Resource::Deployments => "Deployment",
            Resource::StatefulSets => "StatefulSet",
            Resource::DaemonSets => "DaemonSet",
            Resource::ReplicaSets => "ReplicaSet",
            Resource::Nodes => "Node",
            Resource::Events => "Event",
        }
    }

    fn group(self) -> &'static str {
        match self {
            Resource::Deployments | Resource::StatefulSets | Resource::DaemonSets | Resource::ReplicaSets => {
                "apis/apps/v1"
            }
            Resource::Pods | Resource::Nodes | Resource::Events => "api/v1",
        }
    }

    /// Only workloads and pods carry the labels that a selector speaks of.
    fn selectable(self) -> bool {
        !matches!(self, Resource::Nodes | Resource::Events)
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Feed {
    /// Place in the picture's list of feeds.
    pub number: usize,
    pub resource: Resource,
    /// None: cluster-wide.
    pub namespace: Option<Arc<str>>,
    pub labels: Option<String>,
}

impl Feed {
    /// The feeds for a choice of namespaces (`*` or nothing: all of them), pods first.
    pub(super) fn plan(namespaces: &[String], selector: Option<&str>) -> Vec<Feed> {
        let all = namespaces.is_empty() || namespaces.iter().any(|namespace| namespace == "*");
        let scopes: Vec<Option<Arc<str>>> =
            if all { vec![None] } else { namespaces.iter().map(|name| Some(Arc::from(name.as_str()))).collect() };
        let mut feeds = Vec::new();
        let mut add = |resource: Resource, namespace: Option<Arc<str>>| {
            let labels = selector.filter(|_| resource.selectable());
            // Every ReplicaSet of a Deployment carries this label, and there are ten old ones for each.
            let labels = match (resource, labels) {
                (Resource::ReplicaSets, Some(labels)) => Some(format!("{labels},!pod-template-hash")),
                (Resource::ReplicaSets, None) => Some("!pod-template-hash".to_owned()),
                (_, labels) => labels.map(str::to_owned),
            };
            feeds.push(Feed { number: feeds.len(), resource, namespace, labels });
        };
        for scope in &scopes {
            add(Resource::Pods, scope.clone());
        }
        for scope in &scopes {
            let workloads =
                [Resource::Deployments, Resource::StatefulSets, Resource::DaemonSets, Resource::ReplicaSets];
            for resource in workloads.into_iter().chain([Resource::Events]) {
                add(resource, scope.clone());
            }
        }
        add(Resource::Nodes, None);
        feeds
    }

    pub(super) fn path(&self) -> String {
        let (group, plural) = (self.resource.group(), self.resource.plural());
        match &self.namespace {
            Some(namespace) => format!("/{group}/namespaces/{namespace}/{plural}"),
            None => format!("/{group}/{plural}"),
        }
    }

    pub(super) fn fields(&self) -> Option<String> {
        (self.resource == Resource::Events).then(|| "type=Warning".to_owned())
    }

    /// `pods in namespace production`, `pods in all namespaces`, `nodes`.
    pub(super) fn phrase(&self) -> String {
        let plural = self.resource.plural();
        match &self.namespace {
            Some(namespace) => format!("{plural} in namespace {namespace}"),
            None if self.resource == Resource::Nodes => plural.to_owned(),
            None => format!("{plural} in all namespaces"),
        }
    }

    /// True when an object of this namespace belongs to the feed.
    pub(super) fn covers(&self, namespace: &str) -> bool {
        self.namespace.as_deref().is_none_or(|own| own == namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_watches_the_whole_cluster_once() {
        let feeds = Feed::plan(&["production".into(), "*".into()], Some("app=api"));
        assert_eq!(feeds.len(), 7);
        assert_eq!(feeds[0].path(), "/api/v1/pods");
        assert_eq!(feeds[0].phrase(), "pods in all namespaces");
        assert_eq!(feeds[4].labels.as_deref(), Some("app=api,!pod-template-hash"));
        assert_eq!(feeds[6].labels, None, "nodes do not carry the labels of pods");
    }

    #[test]
    fn namespaces_are_watched_one_by_one() {
        let feeds = Feed::plan(&["a".into(), "b".into()], None);
        assert_eq!(feeds.len(), 13);
        assert_eq!(feeds[1].path(), "/api/v1/namespaces/b/pods");
        assert_eq!(feeds[2].path(), "/apis/apps/v1/namespaces/a/deployments");
        assert!(feeds.iter().enumerate().all(|(place, feed)| feed.number == place));
    }
}
