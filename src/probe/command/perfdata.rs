//! Performance data of monitoring plugins: `'label'=value[UOM];[warn];[crit];[min];[max]`, separated by blanks.
//!
//! After the Monitoring Plugins Development Guidelines, "Performance data".

use serde_json::{Map, Value};

use warroom_domain::health::Unit;

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Perfdatum {
    pub(super) label: String,
    /// None: the plugin could not determine it (`U`).
    pub(super) value: Option<f64>,
    pub(super) unit: String,
    pub(super) warn: Option<String>,
    pub(super) crit: Option<String>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Perfdatum {
    /// Value and unit as readings have them.
    pub(super) fn quantity(&self) -> Option<(f64, Unit)> {
        let value = self.value?;
        Some(match self.unit.as_str() {
            "us" => (value / 1000.0, Unit::Milliseconds),
            // A counter: a bare number.
            "c" => (value, Unit::Of(String::new())),
            unit => (value, Unit::parse(unit)),
        })
    }

    pub(super) fn row(&self) -> Value {
        let mut row = Map::new();
        let mut put = |name: &str, value: Value| row.insert(name.to_owned(), value);
        put("label", self.label.as_str().into());
        put("value", self.value.into());
        put("unit", self.unit.as_str().into());
        put("warn", self.warn.as_deref().into());
        put("crit", self.crit.as_deref().into());
        put("min", self.min.into());
        put("max", self.max.into());
        Value::Object(row)
    }
}

/// Reads what follows the `|`. What is not performance data is passed over.
pub(super) fn parse(text: &str) -> Vec<Perfdatum> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some((label, after)) = label(rest) else { break };
        let (measured, next) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
        found.extend(datum(label, measured));
        rest = next.trim_start();
    }
    found
}

/// The label, and what follows its equals sign. Quotes may hold blanks; a doubled quote is one.
fn label(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let (label, after) = text.split_once('=')?;
        // A word without an equals sign before the next label.
        let label = label.rsplit(char::is_whitespace).next().unwrap_or(label);
        return Some((label.to_owned(), after));
    };
    let mut label = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('\'')?;
        label.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                label.push('\'');
                rest = more;
            }
            None => return Some((label, after.trim_start().strip_prefix('=')?)),
        }
    }
}

fn datum(label: String, text: &str) -> Option<Perfdatum> {
    let mut fields = text.split(';');
    let measured = fields.next()?.trim();
    let digits = measured.find(|c: char| !matches!(c, '0'..='9' | '.' | ',' | '-' | '+')).unwrap_or(measured.len());
    // 1.5e-05s
    let digits = match measured[digits..].strip_prefix(['e', 'E']) {
        Some(exponent) if exponent.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => {
            let signed = exponent.trim_start_matches(['-', '+']);
            let length = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
            measured.len() - signed.len() + length
        }
        _ => digits,
    };
    let (value, unit) = measured.split_at(digits);
    let (value, unit) = if measured == "U" { (None, "") } else { (Some(number(value)?), unit) };
    let mut text = || fields.next().map(str::trim).filter(|field| !field.is_empty()).map(str::to_owned);
    let (warn, crit) = (text(), text());
    let mut bound = || text().as_deref().and_then(number);
    let (min, max) = (bound(), bound());
    Some(Perfdatum { label, value, unit: unit.to_owned(), warn, crit, min, max })
}

/// Some plugins write their locale's decimal comma.
fn number(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn short(text: &str) -> Vec<(String, Option<f64>, String)> {
        parse(text).into_iter().map(|datum| (datum.label, datum.value, datum.unit)).collect()
    }

    #[test]
    fn what_common_plugins_print_is_understood() {
        let disk = &parse("/=2643MB;5948;5958;0;5968")[0];
        assert_eq!((disk.label.as_str(), disk.value, disk.unit.as_str()), ("/", Some(2643.0), "MB"));
        assert_eq!((disk.warn.as_deref(), disk.crit.as_deref()), (Some("5948"), Some("5958")));
        assert_eq!((disk.min, disk.max), (Some(0.0), Some(5968.0)));
        assert_eq!(
            short("rta=0.080000ms;100.000000;500.000000;0.000000 pl=0%;20;60;0"),
            [("rta".into(), Some(0.08), "ms".into()), ("pl".into(), Some(0.0), "%".into())]
        );
        assert_eq!(
            short("'it''s hot'=21,5C;;@10:20 time=1.5e-05s x=U 'open files'=12"),
            [
                ("it's hot".into(), Some(21.5), "C".into()),
                ("time".into(), Some(1.5e-5), "s".into()),
                ("x".into(), None, String::new()),
                ("open files".into(), Some(12.0), String::new()),
            ]
        );
        assert_eq!(short("nothing here"), []);
        assert_eq!(
            short("=3 a= b=1"),
            [(String::new(), Some(3.0), String::new()), ("b".into(), Some(1.0), String::new())]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_trouble(text in ".{0,200}") {
            for datum in parse(&text) {
                prop_assert!(datum.value.is_none_or(f64::is_finite));
            }
        }

        #[test]
        fn what_is_written_is_read_back(label in "[a-z' =]{1,12}", value in -1e6..1e6f64, unit in "(s|ms|%|MB|c|)") {
            let written = format!("'{}'={value}{unit};1;2;0;9 next=1", label.replace('\'', "''"));
            let read = parse(&written);
            prop_assert_eq!(read.len(), 2);
            prop_assert_eq!(&read[0].label, &label);
            prop_assert_eq!(read[0].value, Some(value));
            prop_assert_eq!(&read[0].unit, &unit);
        }
    }
}
