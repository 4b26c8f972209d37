//! Status pages of hosting services other than Atlassian's: Instatus, Better Stack, incident.io, and Cachet, which people host
//! themselves.

use serde_json::Value;

use super::{
    page::{Component, Incident, Lists, Page, first, list, state, text},
    vendors::listed,
};
use warroom_domain::health::Status;

/// Reads the page of whichever of them it is.
pub(super) fn page(json: &Value) -> Option<Page> {
    [instatus, better_stack, incident_io, cachet].into_iter().find_map(|read| read(json))
}

/// Instatus (<https://instatus.com/help/api/status-pages>): `/summary.json`, which names no components, and `/v2/components.json`.
fn instatus(json: &Value) -> Option<Page> {
    let mut components = Vec::new();
    for component in list(json, "components") {
        let group = component.pointer("/group/name").map(|name| text(Some(name)));
        let component = named(component, "name", "status")?;
        components.push(Component { group, status: spaced(&component.status), ..component });
    }
    let word = text(json.pointer("/page/status"));
    let status = match (state(&word), components.iter().map(|component| component.state).max()) {
        (None, None) => return None,
        (page, components) => page.max(components)?,
    };
    let incident = |json: &Value| Incident {
        started_at: first(json, &["started", "start"]),
        url: text(json.get("url")),
        ..Incident::new(
            text(json.get("name")),
            spaced(&text(json.get("impact"))),
            text(json.get("status")).to_lowercase(),
        )
    };
    let going_on = |maintenance: &Incident| matches!(maintenance.status.as_str(), "inprogress" | "verifying");
    let page =
        listed(&text(json.pointer("/page/name")), "instatus", list(json, "activeIncidents").map(incident).collect());
    let maintenances = list(json, "activeMaintenances").map(incident).filter(going_on).collect();
    let lists = if components.is_empty() { Lists::Nothing } else { Lists::All };
    let page = Page { status: page.status.max(status), components, lists, maintenances, ..page };
    Some(Page { indicator: word.to_lowercase(), description: sentence(&page), ..page })
}

/// `MAJOROUTAGE` as people write it.
fn spaced(word: &str) -> String {
    let ends = ["outage", "performance", "maintenance"];
    let spaced = ends.iter().fold(word.to_lowercase(), |word, end| word.replace(end, &format!(" {end}")));
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Better Stack (<https://betterstack.com/docs/uptime/status-page-json/>): `/index.json`, a JSON:API document.
fn better_stack(json: &Value) -> Option<Page> {
    let attributes = json.pointer("/data/attributes")?;
    let word = text(attributes.get("aggregate_state"));
    let status = state(&word)?;
    let of = |kind: &'static str| {
        let is_kind = move |entry: &&Value| entry.get("type").and_then(Value::as_str) == Some(kind);
        list(json, "included")
            .filter(is_kind)
            .filter_map(|entry| Some((text(entry.get("id")), entry.get("attributes")?)))
    };
    let sections: Vec<(String, String)> = of("status_page_section").map(|(id, s)| (id, text(s.get("name")))).collect();
    let components: Vec<Component> = of("status_page_resource")
        .map(|(_, resource)| {
            let section = text(resource.get("status_page_section_id"));
            let group = sections.iter().find(|(id, _)| *id == section).map(|(_, name)| name.clone());
            let component = Component::new(text(resource.get("public_name")), &text(resource.get("status")));
            Component { group, ..component }
        })
        .collect();
    let open = of("status_report").map(|(_, report)| report).filter(|report| {
        report.get("ends_at").is_none_or(Value::is_null) && text(report.get("aggregate_state")) != "resolved"
    });
    let (maintenances, reports): (Vec<&Value>, Vec<&Value>) =
        open.partition(|report| text(report.get("report_type")) == "maintenance");
    let incident = |report: &Value| Incident {
        started_at: text(report.get("starts_at")),
        ..Incident::new(text(report.get("title")), text(report.get("aggregate_state")), "open".to_owned())
    };
    let page =
        listed(&text(attributes.get("company_name")), "betterstack", reports.into_iter().map(incident).collect());
    // A maintenance that is planned is listed as well, and is no state yet.
    let maintenances =
        if word == "maintenance" { maintenances.into_iter().map(incident).collect() } else { Vec::new() };
    let lists = if components.is_empty() { Lists::Nothing } else { Lists::All };
    let updated_at = text(attributes.get("updated_at"));
    let page = Page { status, components, lists, maintenances, updated_at, ..page };
    Some(Page { indicator: word, description: sentence(&page), ..page })
}

/// A page that names its components says by them what is wrong.
fn sentence(page: &Page) -> String {
    if page.status == Status::Ok { page.description.clone() } else { String::new() }
}

/// incident.io's widget (<https://docs.incident.io/status-pages/widget-api>): `/api/v1/summary`, which names what is affected.
fn incident_io(json: &Value) -> Option<Page> {
    json.get("ongoing_incidents")?.as_array()?;
    let incident = |json: &Value| {
        let names = list(json, "affected_components")
            .flat_map(|component| [text(component.get("name")), text(component.get("group_name"))]);
        Incident {
            about: names.filter(|name| !name.is_empty()).collect(),
            started_at: first(json, &["started_at", "created_at"]),
            url: text(json.get("url")),
            ..Incident::new(text(json.get("name")), impact(json), text(json.get("status")))
        }
    };
    let mut page =
        listed(&text(json.get("page_title")), "incident.io", list(json, "ongoing_incidents").map(incident).collect());
    page.maintenances = list(json, "in_progress_maintenances").map(incident).collect();
    for open in ["ongoing_incidents", "in_progress_maintenances"].iter().flat_map(|name| list(json, name)) {
        for component in list(open, "affected_components").filter_map(|c| named(c, "name", "current_status")) {
            if !page.components.contains(&component) {
                page.components.push(component);
            }
        }
    }
    Some(page)
}

fn impact(incident: &Value) -> String {
    text(incident.get("current_worst_impact")).replace('_', " ")
}

/// Cachet's `/api/components`: version 3 wraps its numbers in JSON:API, version 2 (`/api/v1/components`) does not.
fn cachet(json: &Value) -> Option<Page> {
    let all = json.get("data")?.as_array()?;
    let mut components = Vec::new();
    for component in all {
        let attributes = component.get("attributes").unwrap_or(component);
        let number = attributes.pointer("/status/value").or_else(|| attributes.get("status"))?.as_i64()?;
        if attributes.get("enabled").and_then(Value::as_bool) == Some(false) {
            continue;
        }
        // `ComponentStatusEnum` of Cachet 3; version 2 ends at 4.
        let status = match number {
            1 => "operational",
            2 => "performance issues",
            3 => "partial outage",
            4 => "major outage",
            6 => "under maintenance",
            _ => "unknown",
        };
        components.push(Component::new(text(attributes.get("name")), status));
    }
    let worst = components.iter().max_by_key(|component| component.state)?;
    let (status, indicator) = (worst.state, worst.status.clone());
    let mut page = Page { status, indicator, lists: Lists::All, ..listed("", "cachet", Vec::new()) };
    let number = |name: &str| json.pointer(&format!("/meta/{name}")).and_then(Value::as_u64);
    let pages = number("pagination/total_pages").or_else(|| number("last_page")).unwrap_or(1);
    page.description = match status {
        Status::Ok => "all components operational".to_owned(),
        Status::Unknown => format!("{} is \"{}\"", worst.name, worst.status),
        _ => String::new(),
    };
    if pages > 1 && page.status < Status::Unknown {
        page.status = Status::Unknown;
        page.description = format!("only page 1 of {pages} was read: add ?per_page=100 to the URL");
    }
    Some(Page { components, ..page })
}

/// None when it has no name or no state.
fn named(json: &Value, name: &str, status: &str) -> Option<Component> {
    let (name, status) = (text(json.get(name)), json.get(status)?.as_str()?);
    (!name.is_empty()).then(|| Component::new(name, status))
}
