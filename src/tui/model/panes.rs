//! The three panes: which has the focus, and where their cursors are.

/// A part of the main screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pane {
    #[default]
    Health,
    Activity,
    Runbook,
}

impl Pane {
    pub const ALL: [Pane; 3] = [Pane::Health, Pane::Activity, Pane::Runbook];

    pub fn title(self) -> &'static str {
        match self {
            Pane::Health => "Health",
            Pane::Activity => "Activity",
            Pane::Runbook => "Runbook",
        }
    }

    /// The pane `step` places further, round and round.
    pub fn step(self, step: isize) -> Pane {
        let count = Pane::ALL.len() as isize;
        Pane::ALL[(self as isize + step).rem_euclid(count) as usize]
    }
}

/// The state of the panes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panes {
    pub focus: Pane,
    /// The focused pane has the whole screen.
    pub zoomed: bool,
    pub health: Cursor,
    pub activity: Cursor,
}

/// The selected row of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cursor {
    pub selected: usize,
}

impl Cursor {
    /// Moves by rows and stays inside a list of `len`.
    pub fn step(&mut self, by: isize, len: usize) {
        self.selected = self.selected.saturating_add_signed(by).min(len.saturating_sub(1));
    }

    /// The first row to show, so that the selected one is seen: as near to `before` as possible.
    pub fn offset(&self, before: usize, height: usize, len: usize) -> usize {
        let selected = self.selected.min(len.saturating_sub(1));
        let lowest = (selected + 1).saturating_sub(height.max(1));
        before.min(len.saturating_sub(height)).clamp(lowest, selected.max(lowest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_seen_and_the_list_moves_no_more_than_it_must() {
        let at = |selected| Cursor { selected };
        assert_eq!(at(0).offset(5, 10, 100), 0);
        assert_eq!(at(7).offset(5, 10, 100), 5);
        assert_eq!(at(15).offset(5, 10, 100), 6);
        assert_eq!(at(3).offset(50, 10, 5), 0);
        assert_eq!(at(9).offset(0, 0, 100), 9);
    }
}
