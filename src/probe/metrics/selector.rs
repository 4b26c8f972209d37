//! Which series a PromQL vector selector means.

use promql_parser::{label::Matcher, parser::Expr};

use warroom_domain::platform::promql;

/// `http_requests_total{status=~"5.."}`, ready to match.
#[derive(Debug)]
pub(super) struct Selector {
    source: String,
    name: Option<String>,
    /// Alternatives: all matchers of one of them must match.
    groups: Vec<Vec<Matcher>>,
}

impl Selector {
    /// The error is one sentence.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let expression =
            promql::parse(source).map_err(|error| format!("`{source}` is not a series selector: {error}"))?;
        let Expr::VectorSelector(selector) = expression else {
            return Err(format!("`{source}` is not a series selector: write it without functions and ranges"));
        };
        if selector.offset.is_some() || selector.at.is_some() {
            return Err(format!("`{source}` has an offset, and a page only knows the present"));
        }
        let matchers = selector.matchers;
        let groups = if matchers.or_matchers.is_empty() { vec![matchers.matchers] } else { matchers.or_matchers };
        Ok(Selector { source: source.to_owned(), name: selector.name, groups })
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether series of that name may match.
    pub(super) fn may_match(&self, name: &str) -> bool {
        self.name.as_deref().is_none_or(|own| own == name)
    }

    /// A label that is not there counts as empty, as in PromQL.
    pub(super) fn matches(&self, name: &str, labels: &[(String, String)]) -> bool {
        let value = |label: &str| match label {
            "__name__" => name,
            label => labels.iter().find(|(own, _)| own == label).map_or("", |(_, value)| value),
        };
        self.may_match(name)
            && self.groups.iter().any(|matchers| matchers.iter().all(|matcher| matcher.is_match(value(&matcher.name))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_mean_what_they_mean_in_promql() {
        let labels = [("status".to_owned(), "503".to_owned()), ("path".to_owned(), "/a".to_owned())];
        let cases = [
            (r#"http_total{status=~"5.."}"#, true),
            (r#"http_total{status=~"5"}"#, false),
            (r#"http_total{status!~"5..",path="/a"}"#, false),
            (r#"http_total{status="503",path!="/b"}"#, true),
            (r#"http_total{missing=""}"#, true),
            (r#"http_total{missing="x"}"#, false),
            (r#"{__name__=~"http_.*",path="/a"}"#, true),
            (r#"http_total{status="200" or path="/a"}"#, true),
            ("other_total", false),
        ];
        for (source, expected) in cases {
            assert_eq!(Selector::parse(source).unwrap().matches("http_total", &labels), expected, "{source}");
        }
    }

    #[test]
    fn what_is_not_a_selector_is_refused_in_words() {
        for wrong in ["rate(x[5m])", "x[5m]", "x offset 5m", "x{", ""] {
            assert!(Selector::parse(wrong).is_err(), "{wrong}");
        }
    }
}
