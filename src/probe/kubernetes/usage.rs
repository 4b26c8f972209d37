//! What containers and nodes use, from the metrics API (`metrics.k8s.io`), where a cluster has one.

use std::{collections::HashMap, time::Duration};

use futures::{AsyncReadExt, future::join_all};
use kube::{api::ListParams, core::Request};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    access::Access,
    feed::{Feed, Resource},
};

const API: &str = "/apis/metrics.k8s.io/v1beta1";
/// metrics-server scrapes every 15 seconds by default; what it says is no news more often than that.
pub(super) const EVERY: Duration = Duration::from_secs(30);
/// An aggregated API that hangs must not hold up what is known of the pods.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bound on one list: 5,000 pods are about 3 MB.
const LIST_BYTES: u64 = 16 << 20;
/// Containers that are kept, the largest.
const KEPT: usize = 50;

#[derive(Debug)]
pub(super) struct Usage {
    /// By memory, the largest first.
    pub containers: Vec<Container>,
    pub nodes: HashMap<String, Used>,
}

#[derive(Debug)]
pub(super) struct Container {
    pub namespace: String,
    pub pod: String,
    pub name: String,
    pub used: Used,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Used {
    /// Thousandths of a core.
    pub millicores: f64,
    pub memory_bytes: f64,
}

/// What is used by the pods of these feeds, and by the nodes. None where the cluster does not serve that API, or our role may not read it.
pub(super) async fn read(access: &Access, feeds: &[Feed]) -> Option<Usage> {
    let pods = feeds.iter().filter(|feed| feed.resource == Resource::Pods);
    let pods = pods.map(|feed| {
        let scope = feed.namespace.as_deref().map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
        list::<PodMetrics>(access, format!("{API}{scope}/pods"), feed.labels.clone())
    });
    let nodes = list::<NodeMetrics>(access, format!("{API}/nodes"), None);
    let (pods, nodes) = tokio::time::timeout(PATIENCE, async { tokio::join!(join_all(pods), nodes) }).await.ok()?;
    let mut containers = Vec::new();
    for pod in pods.into_iter().flatten().flatten() {
        for ContainerMetrics { name, usage } in pod.containers {
            let (namespace, pod) = (pod.metadata.namespace.clone(), pod.metadata.name.clone());
            containers.extend(usage.used().map(|used| Container { namespace, pod, name, used }));
        }
    }
    containers.sort_by(|a, b| b.used.memory_bytes.total_cmp(&a.used.memory_bytes));
    containers.truncate(KEPT);
    let nodes = nodes.unwrap_or_default().into_iter();
    let nodes: HashMap<_, _> = nodes.filter_map(|node| Some((node.metadata.name, node.usage.used()?))).collect();
    (!containers.is_empty() || !nodes.is_empty()).then_some(Usage { containers, nodes })
}

async fn list<T: DeserializeOwned>(access: &Access, path: String, labels: Option<String>) -> Option<Vec<T>> {
    let request = Request::new(path).list(&ListParams { label_selector: labels, ..ListParams::default() }).ok()?;
    let body = access.client.request_stream(request).await.ok()?;
    let mut bytes = Vec::new();
    body.take(LIST_BYTES).read_to_end(&mut bytes).await.ok()?;
    Some(serde_json::from_slice::<List<T>>(&bytes).ok()?.items)
}

#[derive(Deserialize)]
struct List<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Deserialize)]
struct PodMetrics {
    metadata: Name,
    containers: Vec<ContainerMetrics>,
}

#[derive(Deserialize)]
struct ContainerMetrics {
    name: String,
    usage: Quantities,
}

#[derive(Deserialize)]
struct NodeMetrics {
    metadata: Name,
    usage: Quantities,
}

#[derive(Deserialize)]
struct Quantities {
    cpu: String,
    memory: String,
}

impl Quantities {
    fn used(&self) -> Option<Used> {
        Some(Used { millicores: quantity(&self.cpu)? * 1000.0, memory_bytes: quantity(&self.memory)? })
    }
}

/// A number with a suffix, as `k8s.io/apimachinery/pkg/api/resource` writes it.
fn quantity(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let factor = match &text[digits..] {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(text[..digits].parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_the_suffixes_of_kubernetes() {
        for (text, value) in
            [("12500000n", 0.0125), ("250m", 0.25), ("2", 2.0), ("1.5Gi", 1_610_612_736.0), ("3k", 3e3)]
        {
            assert!((quantity(text).unwrap() - value).abs() < 1e-9, "{text}");
        }
        for wrong in ["", "m", "1e3x", "-1"] {
            assert_eq!(quantity(wrong), None, "{wrong}");
        }
    }
}
