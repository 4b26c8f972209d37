//! Filling in the variables of a runbook.

use crate::{
    effect::Effect,
    model::{Field, Form, Listing, Model, Overlay, Preparing},
    text::clean,
};
use warroom_room::run::{Command as Wish, Value, variables};
use warroom_runbook::{ActionId, Variable};

fn form(model: &mut Model) -> Option<&mut Form> {
    match model.overlays.last_mut() {
        Some(Overlay::Form(form)) => Some(form),
        _ => None,
    }
}

/// Opens the form, at the first variable that has no value.
pub(in crate::update) fn open(model: &mut Model) {
    open_before(model, None);
}

/// Opens the form, and runs the action once every value is given.
pub(super) fn open_before(model: &mut Model, then: Option<ActionId>) {
    let Some(opened) = &model.runbooks.open else { return };
    let values = &opened.state.variables;
    let field = |(name, variable): (&String, &Variable)| {
        let pinned = variables::pinned(&model.facts.place, name, variable).and_then(Result::ok);
        let given = values.get(name).cloned().or_else(|| pinned.map(|value| (!variable.secret).then_some(value)));
        Field::new(name, variable, given.as_ref().and_then(Option::as_deref), matches!(given, Some(None)))
    };
    let fields: Vec<Field> = opened.document.front.vars.iter().map(field).collect();
    if fields.is_empty() {
        model.say("this runbook has no variables");
        return;
    }
    let missing = opened.missing(&model.facts.place);
    let mut form = Form::new(format!("Variables of {}", clean(&opened.document.title)), fields);
    form.then = then;
    form.at = form.fields.iter().position(|field| missing.contains(&field.name)).unwrap_or(0);
    model.overlays.push(Overlay::Form(Box::new(form)));
}

/// Checks the field and goes to another one.
pub(in crate::update) fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    if let Some(form) = form(model) {
        if let Some(field) = form.field_mut() {
            field.problem = check(field).err();
        }
        form.step(by);
    }
    vec![]
}

/// Another choice, or another field where there are no choices.
pub(in crate::update) fn step_choice(model: &mut Model, by: isize) {
    let Some(form) = form(model) else { return };
    match form.field_mut() {
        Some(field) if !field.choices.is_empty() => field.step_choice(by),
        _ => {
            let _ = step(model, by);
        }
    }
}

/// Enter: the next field; after the last one all values are given, when every one will do.
pub(in crate::update) fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(form) = form(model) else { return vec![] };
    if let Some(field) = form.field_mut() {
        field.problem = check(field).err();
        if field.problem.is_some() {
            return vec![];
        }
    }
    if !form.is_last() {
        form.step(1);
        return vec![];
    }
    let mut wishes = Vec::new();
    for index in 0..form.fields.len() {
        match check(&form.fields[index]) {
            Ok(Some(value)) => {
                let name = form.fields[index].name.clone();
                wishes.push(Effect::Run(Wish::SetVariable { name, value: Value(value) }));
            }
            Ok(None) => {}
            Err(problem) => {
                form.fields[index].problem = Some(problem);
                form.at = index;
                return vec![];
            }
        }
    }
    let then = form.then.take();
    model.overlays.pop();
    if let (Some(action), Some(opened)) = (then, &mut model.runbooks.open) {
        // The values are set by the time it is prepared: wishes are carried out in their order.
        opened.preparing = Some(Preparing::since(model.now));
        wishes.push(Effect::Run(Wish::Run(action)));
    }
    wishes
}

/// The value as it will be kept; `None` where what was given before stays.
fn check(field: &Field) -> Result<Option<String>, String> {
    if field.kept && field.input.is_empty() {
        return Ok(None);
    }
    variables::checked(&field.name, &field.variable, &field.choices, field.input.text()).map(Some)
}

/// Runs the command that lists what can be chosen.
pub(in crate::update) fn list(model: &mut Model) -> Vec<Effect> {
    let Some(field) = form(model).and_then(Form::field_mut) else { return vec![] };
    if field.variable.from.is_none() || field.listing == Listing::UnderWay {
        return vec![];
    }
    field.listing = Listing::UnderWay;
    vec![Effect::Run(Wish::ListChoices(field.name.clone()))]
}

/// The choices of a variable came.
pub(super) fn listed(model: &mut Model, name: &str, result: Result<Vec<String>, String>) {
    let field = model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::Form(form) => form.fields.iter_mut().find(|field| field.name == name),
        _ => None,
    });
    if let Some(field) = field {
        field.listed(result.map_err(|why| clean(&why)));
    }
}
