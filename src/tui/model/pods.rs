//! The pods table: all pods of a cluster, filtered and sorted once a change, so that a frame only slices.

use super::{Cursor, Fetch, Input, Sort};
use warroom_domain::health::details::Table;

/// The pods of one Kubernetes probe.
#[derive(Debug, Clone, Default)]
pub struct Pods {
    pub table: Table,
    /// Indices into the table's rows: what is shown, in order.
    pub order: Vec<usize>,
    /// Columns that the widest cell of each column takes.
    pub widths: Vec<usize>,
    pub cursor: Cursor,
    pub fetch: Fetch,
}

impl Pods {
    /// Takes a new table and keeps the selection on the same pod.
    pub fn replace(&mut self, table: Table, filter: &Input, sort: Option<&Sort>) {
        let selected = self.selected();
        self.table = table;
        self.widths = crate::table::widths(&self.table);
        self.arrange(filter, sort);
        if let Some(pod) = selected
            && let Some(index) = (0..self.order.len()).find(|i| self.pod(*i).as_ref() == Some(&pod))
        {
            self.cursor.selected = index;
        }
    }

    /// Filters and sorts again.
    pub fn arrange(&mut self, filter: &Input, sort: Option<&Sort>) {
        self.order = crate::table::arrange(&self.table, filter, sort);
        self.cursor.step(0, self.order.len());
    }

    /// Namespace and name of the selected pod.
    pub fn selected(&self) -> Option<(String, String)> {
        self.pod(self.cursor.selected)
    }

    /// Namespace and name of the pod shown at `index`.
    fn pod(&self, index: usize) -> Option<(String, String)> {
        let row = self.table.rows.get(*self.order.get(index)?)?;
        let cell = |title: &str| {
            let column = self.table.columns.iter().position(|column| column.title == title)?;
            Some(row[column].text.clone())
        };
        Some((cell("namespace")?, cell("name")?))
    }
}
