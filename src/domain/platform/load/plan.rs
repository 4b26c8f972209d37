//! The parts of a pack that are about the platform: document, environments, components, links.

use indexmap::IndexMap;
use toml::de::DeValue;

use super::{Due, PackFiles, Reading, names::Noun, section::Section};
use crate::platform::{
    BackupPolicy, Component, Document, Environment, Link,
    period::{next_due, parse_period},
};

/// `[platform]`: name, title and document.
pub(super) fn platform(
    section: Section<'_, '_>,
    files: &PackFiles,
    reading: &Reading<'_, '_>,
) -> (Option<String>, Option<String>, Option<Document>) {
    let name = section.id("name");
    if let Some(name) = name.as_ref().filter(|name| !files.folder.is_empty() && files.folder != name.value) {
        let message = format!("the pack is named `{}` but lies in the folder `{}`", name.value, files.folder);
        // `--pack` and the settings find packs by their folders.
        let help = format!("it is chosen by the folder's name: rename one of them, or use --pack {}", files.folder);
        section.findings.warning(name.at.clone(), message, Some(help));
    }
    let name = name.map(|text| text.value.to_owned());
    let title = section.owned("title");
    let document = section.table("document").map(|s| document(s, reading));
    section.finish();
    (name, title, document)
}

fn document(mut section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Document {
    section.name = "[platform.document]".to_owned();
    let reviewed = section.date("reviewed");
    let every = section.period("review_every");
    if let (Some(last), Some(every)) = (reviewed, &every)
        && let Some(on) = parse_period(every.value).ok().and_then(|span| next_due(last, &span))
    {
        let at = section.findings.position(section.at("reviewed"));
        reading.due.borrow_mut().push(Due { what: "the review of the document".to_owned(), on, position: at });
    }
    let document = Document {
        version: section.owned("version"),
        owner: section.owned("owner"),
        classification: section.owned("classification"),
        reviewed,
        review_every: every.map(|e| e.value.to_owned()),
    };
    section.finish();
    document
}

/// `[environments.NAME]`.
pub(super) fn environments(root: &Section<'_, '_>) -> IndexMap<String, Environment> {
    let mut environments = IndexMap::new();
    for (name, value) in root.members("environments") {
        root.check_id(&name);
        let DeValue::Table(table) = value.get_ref() else {
            root.wrong_type::<()>(name.value, value, &format!("a table: [environments.{}]", name.value));
            continue;
        };
        let title = format!("[environments.{}]", name.value);
        let section = Section::new(title, table, value.span(), root.findings);
        let environment = Environment {
            title: section.owned("title"),
            protected: section.boolean("protected").unwrap_or(false),
            kube_context: section.owned("kube_context"),
            vars: variables(&section),
            probes: IndexMap::new(),
        };
        // Read when the probes are known.
        section.allow("probes");
        section.finish();
        environments.insert(name.value.to_owned(), environment);
    }
    environments
}

/// The variables of an environment. Steps and probes are given them as they are written, and people see them.
fn variables(section: &Section<'_, '_>) -> IndexMap<String, String> {
    let members = section.text_members("vars");
    for (name, value) in &members {
        section.plain(name, value);
    }
    members.into_iter().map(|(name, value)| (name.value.to_owned(), value.value.to_owned())).collect()
}

pub(super) fn component(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<Component> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Component, id);
        for key in ["rto", "rpo", "depends_on"] {
            reading.remember("components", id.value, key, section.at(key));
        }
    }
    let depends_on = section.texts("depends_on");
    for other in &depends_on {
        reading.names.refer(&[Noun::Component], other);
    }
    let title = section.owned("title");
    let tier = section.whole("tier", 0..=9).and_then(|n| u8::try_from(n).ok());
    let (rto, rpo) = (section.duration("rto"), section.duration("rpo"));
    section.finish();
    let id = id?.value.to_owned();
    let depends_on = depends_on.iter().map(|t| t.value.to_owned()).collect();
    Some(Component { title: title.unwrap_or_else(|| id.clone()), id, tier, rto, rpo, depends_on })
}

pub(super) fn link(section: Section<'_, '_>) -> Option<Link> {
    let title = section.required_text("title", "\"Grafana\"");
    let url = section.required_text("url", "\"https://…\"");
    if let Some(url) = &url {
        // Links are opened by people; a reference to a secret makes no sense here.
        section.url(url, &["http", "https"]);
    }
    section.finish();
    Some(Link { title: title?.value.to_owned(), url: url?.value.to_owned() })
}

pub(super) fn backup(section: Section<'_, '_>, reading: &Reading<'_, '_>) -> Option<BackupPolicy> {
    let id = section.id("id");
    if let Some(id) = &id {
        reading.names.define(Noun::Backup, id);
        reading.remember("backups", id.value, "schedule", section.at("schedule"));
    }
    let component = section.text("component");
    if let Some(component) = &component {
        reading.names.refer(&[Noun::Component], component);
    }
    let timezone = section.text("timezone");
    if let Some(zone) = &timezone
        && !matches!(zone.value, "UTC" | "Etc/UTC")
        && let Err(_unknown) = jiff::tz::TimeZone::get(zone.value)
    {
        let message = format!("`{}` is not a time zone", zone.value);
        section.findings.error(
            zone.at.clone(),
            message,
            Some("write a name such as \"UTC\" or \"Europe/Berlin\"".to_owned()),
        );
    }
    let schedule = section.text("schedule");
    if let Some(schedule) = &schedule
        && super::unfilled::placeholder(schedule.value).is_none()
        && let Err(error) = super::objectives::schedule(schedule.value)
    {
        let message = format!("`{}` is not a cron schedule: {}", schedule.value, error);
        let help = "write minute, hour, day, month and weekday: \"0 3 * * *\" is every day at 03:00";
        section.findings.error(schedule.at.clone(), message, Some(help.to_owned()));
    }
    let checks = section.texts("checks");
    for check in &checks {
        reading.names.refer(&[Noun::Probe], check);
    }
    let policy = BackupPolicy {
        id: id.map(|t| t.value.to_owned()).unwrap_or_default(),
        component: component.map(|t| t.value.to_owned()),
        schedule: schedule.map(|t| t.value.to_owned()),
        timezone: timezone.map(|t| t.value.to_owned()),
        retention: section.long_duration("retention"),
        location: section.owned("location"),
        checks: checks.iter().map(|t| t.value.to_owned()).collect(),
    };
    section.finish();
    (!policy.id.is_empty()).then_some(policy)
}
