//! Where things stood in the last frame. Drawing gives it back; clicks and paging read it.

use ratatui::layout::{Position, Rect};

use super::{Pane, Tab};
use crate::action::Action;

/// Something that can be clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Pane(Pane),
    /// A row of the Health pane.
    Panel(usize),
    /// A row of the Activity pane, or of the Timeline pane.
    Event(usize),
    /// The text of the details.
    Details,
    Tab(Tab),
    /// A probe in the details, by id.
    Probe(String),
    /// A row of the pods table.
    Pod(usize),
    /// A column's title in a table, by name.
    Column(String),
    /// The body of an overlay that scrolls.
    Overlay,
    /// A row of the palette.
    Item(usize),
    /// A row of the checklist.
    Row(usize),
    /// The text or the output below the checklist.
    Lower,
    /// A hint of the footer.
    Act(Action),
}

/// The layout of a frame, as far as keys and clicks depend on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Later ones lie over earlier ones.
    targets: Vec<(Rect, Target)>,
    /// Rows that the part with the keyboard shows at once.
    pub page: usize,
    /// The furthest that the part with the keyboard can be scrolled.
    pub max_scroll: usize,
    /// First rows of the lists.
    pub health_offset: usize,
    pub activity_offset: usize,
    pub pods_offset: usize,
    pub palette_offset: usize,
    pub picker_offset: usize,
    pub checklist_offset: usize,
    /// Columns and rows that the output of a step has; zero when it is not on the screen.
    pub output_size: (usize, usize),
    /// The same for the output that an entry of the timeline refers to.
    pub evidence_size: (usize, usize),
    /// The furthest that the text of a step can be scrolled.
    pub step_scroll: usize,
    /// True when panes are shown one at a time.
    pub tabbed: bool,
}

impl Drawn {
    /// What the next frame starts from: lists scroll on from where they were.
    pub fn next(&self) -> Drawn {
        Drawn {
            health_offset: self.health_offset,
            activity_offset: self.activity_offset,
            pods_offset: self.pods_offset,
            palette_offset: self.palette_offset,
            picker_offset: self.picker_offset,
            checklist_offset: self.checklist_offset,
            ..Drawn::default()
        }
    }

    pub fn target(&mut self, area: Rect, target: Target) {
        self.targets.push((area, target));
    }

    /// What lies uppermost at a place.
    pub fn at(&self, column: u16, row: u16) -> Option<&Target> {
        let place = Position::new(column, row);
        self.targets.iter().rev().find(|(area, _)| area.contains(place)).map(|(_, target)| target)
    }

    /// Where a target was drawn.
    pub fn area_of(&self, target: &Target) -> Option<Rect> {
        self.targets.iter().rev().find(|(_, t)| t == target).map(|(area, _)| *area)
    }
}
