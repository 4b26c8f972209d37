//! Every form in which programs print a declared secret.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use indexmap::IndexSet;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::SHORTEST;
use warroom_domain::text::shown;

/// Lengths of values whose base64 is also looked for piece by piece. Shorter ones fit on any line; longer ones are keys, which
/// are known by what they look like.
const WRAPPED: std::ops::RangeInclusive<usize> = 18..=512;
/// The length of a piece: six bytes of the value.
const WINDOW: usize = 8;

/// Every way in which programs print a value: itself, its lines, in JSON, in a URL, quoted for a shell, in base64 and hex.
pub(super) fn of(value: &str) -> Vec<Vec<u8>> {
    let mut forms: IndexSet<Vec<u8>> = IndexSet::new();
    let mut add = |form: Vec<u8>| {
        if form.len() >= SHORTEST {
            forms.insert(form);
        }
    };
    for line in value.lines() {
        add(line.trim().as_bytes().to_vec());
        // What an action prints is made readable before it is masked.
        add(shown(line.trim()).into_owned().into_bytes());
        add(line.replace('\'', r"'\''").into_bytes());
        add(line.replace('\'', "''").into_bytes());
        for special in SPECIAL {
            add(escaped(line, special));
        }
    }
    if let Ok(json) = serde_json::to_string(value) {
        add(json.trim_matches('"').as_bytes().to_vec());
    }
    let percent = percent_encode(value.as_bytes(), NON_ALPHANUMERIC).to_string();
    add(percent.to_lowercase().into_bytes());
    add(percent.into_bytes());
    add(url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().into_bytes());
    let userinfo = url::Url::parse("postgres://u@h").ok().and_then(|mut url| {
        url.set_password(Some(value)).ok()?;
        url.password().map(|text| text.as_bytes().to_vec())
    });
    add(userinfo.unwrap_or_default());
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        // Inside of a longer text (`user:password`) it starts at any of three places in a group of three bytes; only the
        // letters that no neighbour changes are looked for. `echo` adds a line break, which changes only the end.
        for before in 0..3 {
            let mut padded = vec![0; before];
            padded.extend_from_slice(value.as_bytes());
            let whole = padded.len() / 3 * 4;
            let text = engine.encode(&padded);
            let from = [0, 2, 3][before];
            let part = text.get(from..whole).unwrap_or_default();
            if part.len() >= 6 {
                add(part.as_bytes().to_vec());
            }
            // Programs break long base64 into lines, anywhere.
            if WRAPPED.contains(&value.len()) {
                part.as_bytes().windows(WINDOW).for_each(|window| add(window.to_vec()));
            }
        }
    }
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    add(hex.to_uppercase().into_bytes());
    add(hex.into_bytes());
    forms.into_iter().collect()
}

/// Characters that are written with a backslash before them: between `"` in a shell, in `printf %q`, in `repr` of Python.
const SPECIAL: [&str; 3] = ["\"$`\\", " \t'\"\\|&;()<>!{}*[]?^$`,", "'\\"];

fn escaped(text: &str, special: &str) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::mask::Secrets;

    #[test]
    fn a_declared_secret_is_found_in_every_form() {
        let secret = "pä ss'w\"o/rd+1";
        let secrets = Secrets::new([("PW", secret)]);
        for form in of(secret) {
            let text = String::from_utf8(form).unwrap();
            assert_eq!(secrets.mask(&format!("a {text} b")), "a [PW] b", "{text}");
        }
        let basic = STANDARD.encode(format!("alice:{secret}"));
        let seen = secrets.mask(&format!("x {basic} y"));
        assert!(seen.contains("[PW]") && seen.len() < basic.len(), "{basic} → {seen}");
    }

    #[test]
    fn base64_that_is_broken_into_lines_hides_nothing() {
        let secret = "correct horse battery staple, and more of the same until it is long";
        let secrets = Secrets::new([("PW", secret)]);
        for before in ["", "a", "ab", "user:"] {
            let text = STANDARD.encode(format!("{before}{secret}"));
            for width in [20, 33, 64, 76] {
                let wrapped: Vec<String> =
                    text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
                let seen = secrets.mask(&wrapped.join("\n"));
                // At a break, a piece shorter than a window may stay.
                let pieces: Vec<&str> = seen.split("[PW]").flat_map(|rest| rest.split('\n')).collect();
                assert!(seen.contains("[PW]") && pieces.iter().all(|piece| piece.len() < 20), "{width}: {seen}");
            }
        }
    }
}
