//! Variables of the run: their values.

use super::{Driver, Outcome};
use crate::{
    room::run::{command::Value, variables},
    runbook::run::EventKind,
};

impl Driver {
    pub(super) fn set_variable(&mut self, name: String, Value(value): Value) -> Outcome {
        let open = self.unended()?;
        let variable =
            open.document.front.vars.get(&name).ok_or_else(|| format!("this runbook has no variable {name}"))?.clone();
        let printed = open.choices.get(&name).cloned().unwrap_or_default();
        let choices = if variable.choices.is_empty() { printed } else { variable.choices.clone() };
        let value = variables::checked(&name, &variable, &choices, &value)?;
        self.begin()?;
        self.open()?.values.insert(name.clone(), (value.clone().into(), variable.secret));
        self.record(EventKind::VariableSet { name, value: (!variable.secret).then_some(value) })
    }
}
