//! The shop's Kubernetes: a whole cluster where a `kube-lab` script is given, else a plain API server.

use std::{env, path::PathBuf};

use super::{KUBERNETES, Kubernetes, WholeCluster, Workloads, missing};

/// Either kind, with the shop's workloads on it.
pub(super) enum ShopCluster {
    Plain(Box<Kubernetes>, Workloads),
    Whole(Box<WholeCluster>),
}

impl ShopCluster {
    /// `None`, with a word on standard error, when neither is there.
    pub(super) fn start() -> Option<ShopCluster> {
        if let Some(script) = env::var_os("WARROOM_KUBE_LAB") {
            return Some(ShopCluster::Whole(Box::new(WholeCluster::start(&PathBuf::from(script)))));
        }
        if let Some(reason) = missing(&[KUBERNETES]) {
            eprintln!("the lab goes without Kubernetes: {reason}");
            return None;
        }
        let api = Kubernetes::start();
        let workloads = Workloads::create(&api);
        Some(ShopCluster::Plain(Box::new(api), workloads))
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        match self {
            ShopCluster::Plain(api, _) => api.kubeconfig(),
            ShopCluster::Whole(cluster) => cluster.kubeconfig(),
        }
    }

    /// Takes the API server away.
    pub(super) fn stop(&mut self) {
        match self {
            ShopCluster::Plain(api, _) => api.stop(),
            ShopCluster::Whole(cluster) => cluster.stop(),
        }
    }

    pub(super) fn run(&mut self) {
        match self {
            ShopCluster::Plain(api, _) => api.run(),
            ShopCluster::Whole(cluster) => cluster.run(),
        }
    }

    /// Lets a container crash again and again.
    pub(super) fn crash(&self) {
        match self {
            ShopCluster::Plain(api, workloads) => workloads.crash(api),
            ShopCluster::Whole(cluster) => cluster.crash(),
        }
    }

    pub(super) fn recover(&self) {
        match self {
            ShopCluster::Plain(api, workloads) => workloads.recover(api),
            ShopCluster::Whole(cluster) => cluster.recover(),
        }
    }
}
