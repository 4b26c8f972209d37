//! A runbook as JSON, by the contract of `runbook show --json`.

use serde_json::{Map, Value, json};

use warroom_runbook::{Action, Attributes, Expectation, Language, Runbook, Step, StepKind, Variable, VariableKind};

/// `{"id","title","sections":[…],"vars":{…},"diagnostics":[…]}`. Lengths of time are in milliseconds and say so in their names.
pub(super) fn document(runbook: &Runbook) -> Value {
    let front = &runbook.front;
    let text = |span: &std::ops::Range<usize>| runbook.source.get(span.clone()).unwrap_or_default().trim().to_owned();
    let sections = runbook.sections.iter().map(|section| {
        json!({
            "title": section.title,
            "kind": section.kind,
            "line": section.line,
            "text": text(&section.body),
            "steps": section.steps.iter().map(|step| self::step(step, runbook)).collect::<Vec<_>>(),
        })
    });
    let diagnostics = runbook.diagnostics.iter().map(|found| {
        json!({
            "severity": found.severity,
            "line": found.position.as_ref().map(|at| at.line),
            "column": found.position.as_ref().map(|at| at.column),
            "message": found.message,
            "help": found.help,
        })
    });
    json!({
        "id": runbook.id,
        "title": runbook.title,
        "file": runbook.file,
        "components": front.components,
        "severity": front.severity,
        "rto_ms": front.rto.map(milliseconds),
        "rpo_ms": front.rpo.map(milliseconds),
        "estimated_ms": front.estimated.map(milliseconds),
        "requires": front.requires,
        "roles": front.roles,
        "triggers": front.triggers,
        "sections": sections.collect::<Vec<_>>(),
        "vars": front.vars.iter().map(|(name, variable)| (name.clone(), self::variable(variable))).collect::<Map<_, _>>(),
        "diagnostics": diagnostics.collect::<Vec<_>>(),
    })
}

fn step(step: &Step, runbook: &Runbook) -> Value {
    let kind = match step.kind() {
        StepKind::Manual => "manual",
        StepKind::Executable => "executable",
    };
    let checks = step
        .checks
        .iter()
        .map(|check| json!({"text": check.text, "about": check.about, "ticked": check.ticked, "line": check.line}));
    let fails = step.if_it_fails.as_ref().and_then(|span| runbook.source.get(span.clone()));
    json!({
        "id": step.id,
        "number": step.number,
        "title": step.title,
        "kind": kind,
        "risk": step.risk(),
        "option": step.option.as_ref().map(|option| json!({"group": option.group, "key": option.key, "title": option.title})),
        "line": step.line,
        "checks": checks.collect::<Vec<_>>(),
        "actions": step.actions.iter().map(action).collect::<Vec<_>>(),
        "if_it_fails": fails.map(str::trim),
        "remedies": step.remedies.iter().map(action).collect::<Vec<_>>(),
        "undo": step.undo.iter().map(action).collect::<Vec<_>>(),
    })
}

fn action(action: &Action) -> Value {
    let assessment = &action.assessment;
    json!({
        "id": action.id,
        "name": action.name,
        "language": language(action.language),
        "code": action.code,
        "risk": assessment.risk,
        "asks": action.asks,
        "lowered": assessment.lowered(),
        "external": assessment.external,
        "reasons": assessment.reasons.iter().map(|reason| &reason.text).collect::<Vec<_>>(),
        "targets": assessment.targets,
        "line": action.line,
        "expected": action.expected.iter().map(expected).collect::<Vec<_>>(),
        "attributes": attributes(&action.attributes),
    })
}

/// The word for a language.
pub(super) fn language(language: Language) -> &'static str {
    match language {
        Language::Bash => "bash",
        Language::Sql => "sql",
    }
}

fn expected(expected: &Expectation) -> Value {
    match expected {
        Expectation::Text { text, line } => json!({"kind": "text", "value": text, "line": line}),
        Expectation::Regex { pattern, line } => json!({"kind": "regex", "value": pattern, "line": line}),
        Expectation::Contains { text, line } => json!({"kind": "contains", "value": text, "line": line}),
        Expectation::Json { condition, line } => json!({"kind": "json", "value": condition.source(), "line": line}),
    }
}

/// Those that the document sets; the expectations among them stand under `expected`.
fn attributes(attributes: &Attributes) -> Map<String, Value> {
    let mut set = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            set.insert(name.to_owned(), value);
        }
    };
    let flag = |on: bool| on.then_some(Value::Bool(true));
    put("timeout_ms", attributes.timeout.map(|timeout| milliseconds(timeout).into()));
    put("risk", attributes.risk.map(|risk| risk.word().into()));
    put("because", attributes.because.clone().map(Value::from));
    put("tty", flag(attributes.tty));
    put("interactive", flag(attributes.interactive));
    put("db", attributes.db.clone().map(Value::from));
    put("database", attributes.database.clone().map(Value::from));
    put("write", flag(attributes.write));
    put(
        "capture",
        attributes.capture.as_ref().map(|capture| json!({"variable": capture.variable, "pointer": capture.pointer})),
    );
    put("retry", attributes.poll.map(|poll| poll.retries.into()));
    put("every_ms", attributes.poll.map(|poll| milliseconds(poll.every).into()));
    put("parallel", flag(attributes.parallel));
    put("context", attributes.context.clone().map(Value::from));
    put("gate", attributes.gate.as_ref().map(|gate| gate.source().into()));
    put("evidence", flag(attributes.evidence));
    set
}

fn variable(variable: &Variable) -> Value {
    let kind = match variable.kind {
        VariableKind::Text => "text",
        VariableKind::Integer => "integer",
        VariableKind::Time => "time",
        VariableKind::File => "file",
    };
    json!({
        "prompt": variable.prompt,
        // A secret stays one also where somebody wrote it into the document.
        "default": variable.default.as_ref().filter(|_| !variable.secret),
        "type": kind,
        "pattern": variable.pattern,
        "choices": variable.choices,
        "secret": variable.secret,
        "from": variable.from,
        "required": variable.required,
        "line": variable.line,
    })
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
