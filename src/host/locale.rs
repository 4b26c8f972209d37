//! Whether this terminal's locale shows Unicode.

/// True when the character set of the locale is UTF-8: `LC_ALL`, else `LC_CTYPE`, else `LANG`, as POSIX orders them.
pub fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
