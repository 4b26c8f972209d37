//! What a pack says of its platform, for people to read: document, environments, components, backups, people, links.

use jiff::civil::Date;

use warroom_domain::platform::{
    AlertRule, BackupPolicy, Component, Document, Environment, Pack, Role,
    period::{in_words, next_due, parse_period},
};

/// One line: `database`, `Customer portal database, tier 1, RTO 4h`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CardLine {
    pub name: String,
    pub value: String,
}

/// Lines under a heading.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CardSection {
    pub title: &'static str,
    pub lines: Vec<CardLine>,
}

/// Everything, without the sections that have nothing to say.
pub fn card(pack: &Pack, today: Date) -> Vec<CardSection> {
    let sections = [
        ("Document", pack.document.as_ref().map(|of| document(of, today)).unwrap_or_default()),
        ("Environments", pack.environments.iter().map(|(name, of)| line(name, environment(of))).collect()),
        ("Components", components(pack)),
        ("Alerts", pack.alerts.iter().map(|rule| line(&rule.id, alert(rule))).collect()),
        ("Backups", pack.backups.iter().map(|policy| line(&policy.id, backup(policy))).collect()),
        ("Roles", pack.roles.iter().map(|one| line(&one.id, role(one, pack))).collect()),
        ("Links", pack.links.iter().map(|link| line(&link.title, vec![link.url.clone()])).collect()),
    ];
    let sections = sections.into_iter().map(|(title, lines): (_, Vec<CardLine>)| CardSection { title, lines });
    sections.filter(|section| !section.lines.is_empty()).collect()
}

fn line(name: &str, parts: Vec<String>) -> CardLine {
    CardLine { name: name.to_owned(), value: parts.join(", ") }
}

fn document(document: &Document, today: Date) -> Vec<CardLine> {
    let due = document.reviewed.zip(document.review_every.as_ref()).and_then(|(last, every)| {
        let on = next_due(last, &parse_period(every).ok()?)?;
        Some(if on < today { format!("{on}, OVERDUE") } else { on.to_string() })
    });
    let lines = [
        ("version", document.version.clone()),
        ("owner", document.owner.clone()),
        ("classification", document.classification.clone()),
        ("reviewed", document.reviewed.map(|day| day.to_string())),
        ("review every", document.review_every.clone()),
        ("next review", due),
    ];
    lines.into_iter().filter_map(|(name, value)| Some(line(name, vec![value?]))).collect()
}

fn environment(environment: &Environment) -> Vec<String> {
    let mut parts: Vec<String> = environment.title.iter().cloned().collect();
    parts.extend(environment.protected.then(|| "protected".to_owned()));
    parts.extend(environment.kube_context.as_ref().map(|context| format!("kube context {context}")));
    parts
}

fn components(pack: &Pack) -> Vec<CardLine> {
    let mut lines: Vec<_> = pack.components.iter().map(|one| line(&one.id, component(one))).collect();
    if pack.components.iter().any(|component| !component.depends_on.is_empty()) {
        let order: Vec<&str> = pack.restart_order(|_| true).map(|component| component.id.as_str()).collect();
        lines.push(line("restart order", vec![order.join(" → ")]));
    }
    lines
}

fn component(component: &Component) -> Vec<String> {
    let mut parts = vec![component.title.clone()];
    parts.extend(component.tier.map(|tier| format!("tier {tier}")));
    parts.extend(component.rto.map(|rto| format!("RTO {}", in_words(rto))));
    parts.extend(component.rpo.map(|rpo| format!("RPO {}", in_words(rpo))));
    if !component.depends_on.is_empty() {
        parts.push(format!("depends on {}", component.depends_on.join(" and ")));
    }
    parts
}

fn alert(rule: &AlertRule) -> Vec<String> {
    let mut parts = vec![rule.severity.clone(), rule.title.clone()];
    parts.extend(rule.respond_within.map(|within| format!("respond within {}", in_words(within))));
    parts.extend(rule.runbook.as_ref().map(|runbook| format!("runbook {runbook}")));
    parts
}

fn backup(policy: &BackupPolicy) -> Vec<String> {
    let mut parts: Vec<String> = policy.component.iter().map(|component| format!("of {component}")).collect();
    let zone = policy.timezone.as_deref().unwrap_or("UTC");
    parts.extend(policy.schedule.as_ref().map(|schedule| format!("schedule {schedule} ({zone})")));
    parts.extend(policy.retention.map(|retention| format!("kept {}", in_words(retention))));
    parts.extend(policy.location.as_ref().map(|location| format!("location {location}")));
    if !policy.checks.is_empty() {
        parts.push(format!("checked by {}", policy.checks.join(" and ")));
    }
    parts
}

fn role(role: &Role, pack: &Pack) -> Vec<String> {
    let mut parts = vec![role.title.clone()];
    let holders = [("primary", &role.primary), ("backup", &role.backup)];
    parts.extend(holders.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", pack.person(id.as_deref()?)))));
    if !role.duties.is_empty() {
        parts.push(format!("duties: {}", role.duties.join("; ")));
    }
    parts
}
