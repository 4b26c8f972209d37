//! `[[probes]]` and `[[alerts]]`: what is looked at, and what is worth a call.

use indexmap::IndexMap;
use toml::de::DeValue;

use super::{
    Reading, conditions,
    names::Noun,
    section::{Section, Text},
    targets,
};
use crate::platform::{
    AlertRule, Environment, Expression, Members, OnTimeout, ProbeSpec,
    kinds::{KINDS, Kind, kind_named},
    nearest::suggestion,
};

/// One of `[[probes]]`.
pub(super) fn probe(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<ProbeSpec> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Probe, id);
    }
    let kind = kind_of(&section);
    let Some(kind) = kind else {
        // Which keys are valid depends on the kind: without it they cannot be judged.
        return None;
    };
    let spec = spec(&section, id.map(|text| text.value).unwrap_or_default(), kind, reading);
    section.finish();
    spec.filter(|spec| !spec.id.is_empty())
}

/// What the kind is called and how often it looks is known: the rest of the probe. `None` when its target is missing or
/// wrong; that is reported.
fn spec(section: &Section<'_, '_>, id: &str, kind: &Kind, reading: &Reading<'_, '_>) -> Option<ProbeSpec> {
    let title = section.owned("title");
    let panel = section.text("panel");
    if let Some(panel) = &panel {
        section.check_id(panel);
    }
    let panel = panel.map_or(kind.panel, |p| p.value).to_owned();
    reading.names.add(Noun::Panel, &panel);
    let component = section.text("component");
    if let Some(component) = &component {
        reading.names.refer(&[Noun::Component], component);
    }
    let every = section.positive_duration("every").unwrap_or(kind.every);
    // A longer interval than the kind's own does not make an answer slower, a shorter one leaves less time for it.
    let timeout = section.positive_duration("timeout").unwrap_or_else(|| kind.timeout.min(every));
    let connect_timeout = section.positive_duration("connect_timeout").unwrap_or(kind.connect_timeout).min(timeout);
    if timeout > every && section.has("timeout") {
        let help = "looks never overlap: raise `every` or lower `timeout`";
        section.findings.warning(
            section.at_own(&["timeout", "every"]),
            "`timeout` is longer than `every`",
            Some(help.to_owned()),
        );
    }
    let threshold = |key: &'static str, default: Option<&str>| {
        if section.has(key) {
            let written =
                section.text(key).filter(|t| !t.value.trim().is_empty()).and_then(|_| section.expression(key));
            written.iter().for_each(|condition| conditions::check(section, key, condition, kind));
            return written;
        }
        default.and_then(|source| Expression::compile(source).ok()).map(Expression::optional)
    };
    let (warn, down) = (threshold("warn", kind.warn), threshold("down", kind.down));
    let on_timeout = section.choice("on_timeout", &[("unknown", OnTimeout::Unknown), ("down", OnTimeout::Down)]);
    let confirm = section.whole("confirm", 1..=100).and_then(|n| u32::try_from(n).ok());
    let target = targets::read(kind.word, section, &reading.names);
    Some(ProbeSpec {
        title: title.unwrap_or_else(|| id.to_owned()),
        id: id.to_owned(),
        panel,
        component: component.map(|c| c.value.to_owned()),
        target: target?,
        every,
        timeout,
        connect_timeout,
        warn,
        down,
        on_timeout: on_timeout.unwrap_or_default(),
        confirm: confirm.unwrap_or(DEFAULT_CONFIRM),
    })
}

/// What `[environments.NAME.probes.ID]` makes of the probes: for every environment those that differ there, merged and
/// validated like any other.
pub(super) fn of_environments(
    root: &Section<'_, '_>,
    environments: &mut IndexMap<String, Environment>,
    reading: &Reading<'_, '_>,
) {
    for (name, environment) in root.members("environments") {
        let DeValue::Table(table) = environment.get_ref() else { continue };
        let section = Section::new(format!("[environments.{}]", name.value), table, environment.span(), root.findings);
        let Some(value) = section.get("probes") else { continue };
        let DeValue::Table(_) = value.get_ref() else {
            let expected = format!("tables: [environments.{}.probes.ID]", name.value);
            section.wrong_type::<()>("probes", value, &expected);
            continue;
        };
        for (id, value) in section.members("probes") {
            let title = format!("[environments.{}.probes.{}]", name.value, id.value);
            let DeValue::Table(own) = value.get_ref() else {
                section.wrong_type::<()>(id.value, value, &format!("a table: {title}"));
                continue;
            };
            reading.names.refer(&[Noun::Probe], &id);
            let merged = differing(root, &id, |base| base.overlaid(title, own, value.span()), reading);
            if let (Some(merged), Some(environment)) = (merged, environments.get_mut(name.value)) {
                environment.probes.insert(merged.id.clone(), merged);
            }
        }
    }
}

/// The probe with another table's keys laid over its own.
fn differing<'f, 't>(
    root: &Section<'f, 't>,
    id: &Text<'_>,
    overlaid: impl FnOnce(&Section<'f, 't>) -> Section<'f, 't>,
    reading: &Reading<'_, '_>,
) -> Option<ProbeSpec> {
    let bases = root.tables("probes");
    let base = bases.iter().find(|base| base.text("id").is_some_and(|other| other.value == id.value))?;
    // A kind that does not exist has been reported where it stands.
    let kind = kind_named(base.text("kind")?.value)?;
    let section = overlaid(base);
    for key in ["id", "kind"] {
        if let Some((_, value)) = section.all().into_iter().find(|(own, _)| own.value == key) {
            let message = format!("`{key}` is the same in every environment");
            let help = "alert rules and runbooks read what the probe of this id and kind sees: add another probe";
            section.findings.error(value.span(), message, Some(help.to_owned()));
            return None;
        }
    }
    let spec = spec(&section, id.value, kind, reading);
    section.finish();
    spec
}

/// A probe must agree with itself twice before its status is taken to have changed.
const DEFAULT_CONFIRM: u32 = 2;

fn kind_of(section: &Section<'_, '_>) -> Option<&'static Kind> {
    let text = section.required_text("kind", "\"http\"")?;
    let kind = kind_named(text.value);
    if kind.is_none() {
        let known = KINDS.map(|kind| kind.word);
        let message = format!("there is no probe kind `{}`", text.value);
        section.findings.error(text.at, message, suggestion(text.value, &known));
    }
    kind
}

pub(super) fn alert(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<AlertRule> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Alert, id);
        reading.remember("alerts", id.value, "respond_within", section.at("respond_within"));
    }
    let when = section.required_text("when", "'probes.primary.status == \"down\"'");
    let expression = when.as_ref().and_then(|_| section.expression("when"));
    if let (Some(text), Some(expression)) = (&when, &expression) {
        check_condition(&section, reading, text, expression);
    }
    let hold = section.duration("for").unwrap_or_default();
    let severity = section.required_text("severity", "\"P1\"");
    if let Some(severity) = &severity {
        reading.names.refer(&[Noun::Severity], severity);
    }
    let respond_within = section.duration("respond_within");
    let runbook = section.text("runbook");
    if let Some(runbook) = &runbook {
        reading.names.mention(&[Noun::Runbook], runbook);
    }
    let title = section.owned("title");
    section.finish();
    let id = id?.value.to_owned();
    Some(AlertRule {
        title: title.unwrap_or_else(|| id.clone()),
        id,
        when: expression?,
        hold,
        severity: severity?.value.to_owned(),
        respond_within,
        runbook: runbook.map(|r| r.value.to_owned()),
    })
}

/// What a condition may read: `probes`, `panels` and `components`, by ids that exist.
fn check_condition(section: &Section<'_, '_>, reading: &Reading<'_, '_>, text: &Text<'_>, condition: &Expression) {
    const VARIABLES: [(&str, &[Noun]); 3] =
        [("probes", &[Noun::Probe]), ("panels", &[Noun::Panel]), ("components", &[Noun::Component])];
    for variable in condition.variables() {
        if !VARIABLES.iter().any(|(name, _)| *name == variable) {
            let at = place_of(section, text, &variable);
            let help = suggestion(&variable, &VARIABLES.map(|(name, _)| name));
            section.findings.error(at, format!("a condition cannot read `{variable}`"), help);
        }
    }
    for (variable, nouns) in VARIABLES {
        let Members { named, .. } = condition.members_of(variable);
        for id in named {
            let at = place_of(section, text, &id);
            reading.names.push(nouns, &id, at, true);
        }
    }
}

/// Where a name stands in a text, as a whole word.
fn place_of(section: &Section<'_, '_>, text: &Text<'_>, name: &str) -> std::ops::Range<usize> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let found = text.value.match_indices(name).map(|(start, _)| start..start + name.len()).find(|found| {
        !text.value[..found.start].ends_with(part_of_word) && !text.value[found.end..].starts_with(part_of_word)
    });
    found.map_or_else(|| text.at.clone(), |found| section.findings.inside(&text.at, found))
}
