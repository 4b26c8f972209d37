//! Values with a meaning: durations, dates, expressions, patterns, addresses, secret references.

use std::time::Duration;

use jiff::civil::Date;
use toml::de::DeValue;

use super::{
    section::{Section, Text},
    unfilled::placeholder,
};
use crate::platform::{
    Expression, ExpressionError, SecretText,
    period::{parse_duration, parse_long_duration, parse_period},
};

const DURATION_HELP: &str = "write a number with a unit: \"30s\", \"15m\", \"4h\", \"7d\", \"1d12h\"";

impl<'t> Section<'_, 't> {
    /// The id of an entry: required, made of letters, digits, `-`, `_` and `.`.
    pub(super) fn id(&self, key: &'static str) -> Option<Text<'t>> {
        let text = self.required_text(key, "\"a-short-name\"")?;
        self.check_id(&text);
        Some(text)
    }

    pub(super) fn check_id(&self, text: &Text<'_>) {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !text.value.chars().all(allowed) && placeholder(text.value).is_none() {
            let message = format!("`{}` cannot be an id", text.value);
            self.findings.error(text.at.clone(), message, Some("use letters, digits, `-` and `_`".to_owned()));
        }
    }

    pub(super) fn owned(&self, key: &'static str) -> Option<String> {
        self.text(key).map(|text| text.value.to_owned())
    }

    pub(super) fn owned_list(&self, key: &'static str) -> Vec<String> {
        self.texts(key).into_iter().map(|text| text.value.to_owned()).collect()
    }

    pub(super) fn duration(&self, key: &'static str) -> Option<Duration> {
        self.duration_with(key, parse_duration)
    }

    /// A duration of at least a millisecond.
    pub(super) fn positive_duration(&self, key: &'static str) -> Option<Duration> {
        let duration = self.duration(key)?;
        if duration < Duration::from_millis(1) {
            self.findings.error(self.at(key), format!("`{key}` must be longer than nothing"), None);
            return None;
        }
        Some(duration)
    }

    /// A duration in which months and years are allowed.
    pub(super) fn long_duration(&self, key: &'static str) -> Option<Duration> {
        self.duration_with(key, parse_long_duration)
    }

    fn duration_with(&self, key: &'static str, parse: fn(&str) -> Result<Duration, String>) -> Option<Duration> {
        let value = self.get(key)?;
        let DeValue::String(_) = value.get_ref() else {
            return self.wrong_type(key, value, "a duration in quotes such as \"15m\"");
        };
        let text = self.text(key)?;
        if placeholder(text.value).is_some() {
            return None;
        }
        match parse(text.value) {
            Ok(duration) => Some(duration),
            Err(cause) => {
                let message = format!("`{}` is not a duration: {cause}", text.value);
                self.findings.error(text.at, message, Some(DURATION_HELP.to_owned()));
                None
            }
        }
    }

    /// A number of bytes: whole, or in quotes with a unit (`"8 MiB"`, `"500 kB"`).
    pub(super) fn size(&self, key: &'static str, range: std::ops::RangeInclusive<usize>) -> Option<usize> {
        let value = self.get(key)?;
        let (written, bytes) = match value.get_ref() {
            DeValue::Integer(number) => (number.to_string(), number.to_string().parse().ok()),
            DeValue::String(text) if placeholder(text).is_some() => return None,
            DeValue::String(text) => (text.to_string(), parse_size(text)),
            _ => return self.wrong_type(key, value, "a size such as \"8 MiB\""),
        };
        let bytes = bytes.filter(|bytes| range.contains(bytes));
        if bytes.is_none() {
            let message = format!("`{written}` is not a size from {} to {} bytes", range.start(), range.end());
            let help = "write a number with a unit: \"500 kB\", \"8 MiB\"";
            self.findings.error(value.span(), message, Some(help.to_owned()));
        }
        bytes
    }

    /// `weekly`, `quarterly`, … or a duration, kept as it is written.
    pub(super) fn period(&self, key: &'static str) -> Option<Text<'t>> {
        let text = self.text(key)?;
        if placeholder(text.value).is_some() {
            return None;
        }
        if let Err(cause) = parse_period(text.value) {
            let message = format!("`{}` is not a period: {cause}", text.value);
            let help = "write daily, weekly, monthly, quarterly, annually, or a duration such as \"90d\"";
            self.findings.error(text.at, message, Some(help.to_owned()));
            return None;
        }
        Some(text)
    }

    /// A date, bare (`2026-01-15`) or in quotes.
    pub(super) fn date(&self, key: &'static str) -> Option<Date> {
        let value = self.get(key)?;
        let written = match value.get_ref() {
            DeValue::Datetime(datetime) => datetime.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => return self.wrong_type(key, value, "a date such as 2026-01-15"),
        };
        if placeholder(&written).is_some() {
            return None;
        }
        match written.parse() {
            Ok(date) => Some(date),
            Err(_) => {
                let message = format!("`{written}` is not a date");
                self.findings.error(value.span(), message, Some("write year-month-day: 2026-01-15".to_owned()));
                None
            }
        }
    }

    pub(super) fn expression(&self, key: &'static str) -> Option<Expression> {
        let text = self.text(key)?;
        match Expression::compile(text.value) {
            Ok(expression) => Some(expression),
            Err(ExpressionError::Syntax { message, line, column, .. }) => {
                let offset = offset_of(text.value, line, column);
                let at = self.findings.inside(&text.at, offset..offset + 1);
                self.findings.error(at, format!("`{key}` is not a CEL expression: {}", plain(&message)), None);
                None
            }
            Err(error) => {
                self.findings.error(text.at, error.to_string(), None);
                None
            }
        }
    }

    pub(super) fn pattern(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        if let Err(error) = regex::Regex::new(text.value) {
            let cause = match &error {
                regex::Error::Syntax(long) => long.lines().last().unwrap_or_default().trim_start_matches("error: "),
                _ => "it is too big when compiled",
            };
            self.findings.error(text.at, format!("`{key}` is not a regular expression: {cause}"), None);
            return None;
        }
        Some(text.value.to_owned())
    }

    /// `HOST:PORT`, where the port may have to be there.
    pub(super) fn address(&self, text: &Text<'_>, port: Port) {
        if placeholder(text.value).is_some() {
            return;
        }
        if let Err(cause) = check_address(text.value, port) {
            let help = "write HOST:PORT, with an IPv6 address in brackets: \"[::1]:5432\"";
            let message = format!("`{}` is not an address: {cause}", text.value);
            self.findings.error(text.at.clone(), message, Some(help.to_owned()));
        }
    }

    /// A text that may be a reference to a secret. A literal that holds a password is flagged.
    pub(super) fn secret(&self, text: &Text<'_>) -> SecretText {
        let secret = SecretText::parse(text.value);
        match &secret {
            SecretText::Env(name) if name.is_empty() => self.empty_reference(text, "env:NAME"),
            SecretText::File(path) if path.is_empty() => self.empty_reference(text, "file:PATH"),
            SecretText::Command(command) if command.is_empty() => self.empty_reference(text, "cmd:COMMAND"),
            SecretText::Literal(literal) if holds_password(literal) => {
                let help = "take it from the environment (env:NAME), a file (file:PATH) or a command (cmd:COMMAND)";
                self.findings.warning(text.at.clone(), "a password stands in the pack", Some(help.to_owned()));
            }
            _ => {}
        }
        secret
    }

    /// A text that is shown and written down as it is: it may neither hold a password nor refer to one.
    pub(super) fn plain(&self, name: &Text<'_>, text: &Text<'_>) {
        let (message, help) = match SecretText::parse(text.value) {
            SecretText::Literal(literal) if !holds_password(&literal) => return,
            SecretText::Literal(_) => (
                format!("a password stands in `{}`, which is shown and written to the journal", name.value),
                "leave it out: a step has the program's own environment, and a runbook can ask for it (`secret: true`)",
            ),
            SecretText::Env(_) => (
                format!("`{}` is handed on as it is written: nothing is looked up in `vars`", name.value),
                "leave it out: a step has the program's own environment",
            ),
            SecretText::File(_) | SecretText::Command(_) => (
                format!("`{}` is handed on as it is written: nothing is looked up in `vars`", name.value),
                "look it up in the step that needs it",
            ),
        };
        self.findings.warning(text.at.clone(), message, Some(help.to_owned()));
    }

    fn empty_reference(&self, text: &Text<'_>, form: &str) {
        self.findings.error(
            text.at.clone(),
            format!("`{}` refers to nothing", text.value),
            Some(format!("write {form}")),
        );
    }

    pub(super) fn secret_at(&self, key: &'static str) -> Option<SecretText> {
        self.text(key).map(|text| self.secret(&text))
    }

    /// A URL that may be a reference. A literal must have one of the schemes.
    pub(super) fn url(&self, text: &Text<'_>, schemes: &[&str]) -> SecretText {
        let secret = self.secret(text);
        if let SecretText::Literal(literal) = &secret
            && placeholder(literal).is_none()
        {
            self.check_scheme(text, schemes);
        }
        secret
    }

    pub(super) fn required_url(&self, key: &'static str, schemes: &[&str], example: &str) -> Option<SecretText> {
        let text = self.required_text(key, example)?;
        Some(self.url(&text, schemes))
    }

    fn check_scheme(&self, text: &Text<'_>, schemes: &[&str]) {
        let known = schemes.iter().map(|s| format!("{s}://")).collect::<Vec<_>>().join(", ");
        let help = Some(format!("begin with {known}, or refer to it: env:NAME"));
        // The text itself is not repeated: it may hold a password.
        let Some((scheme, rest)) = text.value.split_once("://") else {
            self.findings.error(text.at.clone(), "this is not a URL", help);
            return;
        };
        let scheme = scheme.to_ascii_lowercase();
        // Application settings name their driver: `postgresql+asyncpg://`.
        let base = scheme.split('+').next().filter(|base| base.starts_with("postgres")).unwrap_or(&scheme);
        if !schemes.contains(&base) {
            self.findings.error(text.at.clone(), format!("`{scheme}://` is not a scheme that is used here"), help);
        } else if scheme.starts_with("http")
            && let Err(error) = url::Url::parse(text.value)
        {
            self.findings.error(text.at.clone(), format!("this is not a URL: {error}"), None);
        } else if rest.split('#').next().is_some_and(|rest| rest.chars().any(char::is_whitespace)) {
            self.findings.error(text.at.clone(), "there is a space in this URL", None);
        }
    }
}

/// None for what is no number with a unit of bytes.
fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit: usize = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        "gb" => 1_000_000_000,
        "gib" | "g" => 1 << 30,
        _ => return None,
    };
    text[..digits].parse::<usize>().ok()?.checked_mul(unit)
}

/// Whether an address must name a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Required,
    Optional,
}

fn check_address(text: &str, port: Port) -> Result<(), &'static str> {
    if text.contains("://") {
        return Err("it is a URL");
    }
    if text.parse::<std::net::IpAddr>().is_ok() {
        return if port == Port::Optional { Ok(()) } else { Err("it has no port") };
    }
    let (host, number) = match text.rsplit_once(':') {
        Some((host, number)) => (host, Some(number)),
        None => (text, None),
    };
    match number {
        None if port == Port::Required => return Err("it has no port"),
        Some(number) if number.parse::<u16>().map_or(true, |n| n == 0) => {
            return Err("its port is not a number from 1 to 65535");
        }
        _ => {}
    }
    match url::Host::parse(host) {
        Ok(_) if !host.contains('/') => Ok(()),
        _ => Err("its host is not a name or an IP address"),
    }
}

/// A CEL syntax error without its list of everything that could have stood there.
fn plain(message: &str) -> &str {
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_prefix("Syntax error: ").unwrap_or(first);
    let first = first.split(" expecting ").next().unwrap_or(first);
    if first.contains("'<EOF>'") { "it ends too early" } else { first }
}

/// The byte offset of a line and column, both from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(offset, _)| offset)
}

/// True for a URL with a password in it, and for libpq's `password=…`.
fn holds_password(text: &str) -> bool {
    let in_url = text.split_once("://").is_some_and(|(_, rest)| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        user.split_once(':').is_some_and(|(_, password)| !password.is_empty() && placeholder(password).is_none())
    });
    in_url || text.split([' ', '?', '&']).any(|part| part.strip_prefix("password=").is_some_and(|p| !p.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_a_host_and_where_asked_a_port() {
        for good in ["localhost:5432", "10.0.0.1:6379", "[::1]:443", "db.internal:1"] {
            assert_eq!(check_address(good, Port::Required), Ok(()), "{good}");
        }
        for wrong in ["localhost", "localhost:", "localhost:0", "localhost:99999", "::1", "http://a:80", "a b:1", ":80"]
        {
            assert!(check_address(wrong, Port::Required).is_err(), "{wrong}");
        }
        assert_eq!(check_address("::1", Port::Optional), Ok(()));
        assert_eq!(check_address("1.1.1.1", Port::Optional), Ok(()));
    }

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in [("7", 7), ("500 kB", 500_000), ("8MiB", 8 << 20), ("2 m", 2 << 20), ("1GiB", 1 << 30)] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for wrong in ["", "MiB", "1.5 MiB", "-1", "8 MiBs", "99999999999999999999"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn passwords_are_seen_in_every_form_of_url() {
        for text in ["postgres://u:p@h/db", "redis://:p@h", "postgres://u@h/db?password=p", "host=h password=p"] {
            assert!(holds_password(text), "{text}");
        }
        for text in ["postgres://u@h/db", "redis://h:6379", "http://h/a:b@c", "postgres://u:@h"] {
            assert!(!holds_password(text), "{text}");
        }
    }
}
