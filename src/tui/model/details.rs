//! The details of one panel: which probe, which tab, what is filtered and how it is sorted.

use serde_json::Value;

use super::{Input, Pods};
use warroom_domain::{
    health::{ProbeHealth, Reading},
    platform::ProbeTarget,
};

/// A part of the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// What the latest reading says.
    #[default]
    Overview,
    /// All pods, for Kubernetes.
    Pods,
    /// The readings of the last minutes.
    History,
}

impl Tab {
    pub fn title(self) -> &'static str {
        match self {
            Tab::Overview => "Overview",
            Tab::Pods => "Pods",
            Tab::History => "History",
        }
    }

    /// The tabs that a probe has. A simulated cluster is known by what its readings hold.
    pub fn of(probe: &ProbeHealth) -> &'static [Tab] {
        let counts_pods = |reading: &Reading| reading.details.get("pods").is_some_and(Value::is_object);
        let cluster = match probe.spec.target {
            ProbeTarget::Kubernetes { .. } => true,
            ProbeTarget::Simulated { .. } => probe.last_good().is_some_and(counts_pods),
            _ => false,
        };
        if cluster { &[Tab::Overview, Tab::Pods, Tab::History] } else { &[Tab::Overview, Tab::History] }
    }
}

/// By which column rows are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    /// Title of the column.
    pub column: String,
    pub descending: bool,
}

/// The state of the details.
#[derive(Debug, Clone, Default)]
pub struct Details {
    pub panel: String,
    /// The probe that is shown.
    pub probe: String,
    pub tab: Tab,
    pub filter: Input,
    pub sort: Option<Sort>,
    /// First line on the screen, where there is no cursor.
    pub scroll: usize,
    pub pods: Pods,
}

impl Details {
    pub fn new(panel: &str, probe: &str) -> Self {
        Details { panel: panel.to_owned(), probe: probe.to_owned(), ..Details::default() }
    }

    /// Shows another probe from the top.
    pub fn show(&mut self, probe: &ProbeHealth) {
        let tab = if Tab::of(probe).contains(&self.tab) { self.tab } else { Tab::Overview };
        *self = Details { tab, ..Details::new(&self.panel, &probe.spec.id) };
    }
}
