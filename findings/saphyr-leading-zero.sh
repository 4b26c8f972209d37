#!/usr/bin/env bash
# serde-saphyr 2.2.0 (crates.io), the YAML reader that kube 5 uses, against PyYAML 6.0.2 (YAML 1.1) and yaml 2.8.1 (npm, 1.2).
#
# Expected: `defaultMode: 0644` is 420 (octal, as in PyYAML and YAML 1.1) or 644 (as in YAML 1.2), an integer in both cases, and a
# reader that does not use YAML 1.1 octal follows YAML 1.2 elsewhere.
# Actual, when serde-saphyr reads a document without a known type (serde_json::Value):
#   0644    the float 644.0. Written as JSON it stays 644.0, which does not fit an int32 field, and it is neither the file mode
#           (420) nor the text. A short commit hash such as 0123456 becomes 123456.0.
#   0o644   the integer 420
#   on      the boolean true, as in YAML 1.1. In YAML 1.2 it is the string "on".
#   "8080"  a string, but the number 8080 if the type is u32: quotes do not make it a string
# As a u32, 0644 is an error. As a String it is "0644".
#
# Why it matters: tools read front matter and manifests without a type first, to find out what they are. An unquoted file mode,
# hash or incident number changes its value or type, and there is no error. Keep the source text of scalars, or require quotes.
#
# Seen:
#   0644: serde-saphyr 644.0, u32 error, String "0644"; PyYAML 420; yaml 644
#   0123456: serde-saphyr 123456.0, u32 error, String "0123456"; PyYAML 42798; yaml 123456
#   0o644: serde-saphyr 420, u32 420, String "0o644"; PyYAML "0o644"; yaml 420
#   on: serde-saphyr true, u32 error, String "on"; PyYAML true; yaml "on"
#   "8080": serde-saphyr "8080", u32 8080, String "8080"; PyYAML "8080"; yaml "8080"
set -euo pipefail

script=$(realpath "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip install --quiet --root-user-action ignore --no-compile --no-cache-dir --target py pyyaml==6.0.2 2>/dev/null
npm install --silent --no-save --no-audit --no-fund --cache "$folder/npm" --prefix "$folder" yaml@2.8.1 >/dev/null
mkdir src
cat >Cargo.toml <<'END'
[package]
name = "ask"
version = "0.1.0"
edition = "2024"
[dependencies]
serde-saphyr = "=2.2.0"
serde_json = "=1.0.154"
[profile.dev]
debug = false
END
cat >src/main.rs <<'END'
fn main() {
    for text in std::env::args().skip(1) {
        let free: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        let whole = serde_saphyr::from_str::<u32>(&text).map_or("error".to_owned(), |number| number.to_string());
        let string: String = serde_saphyr::from_str(&text).unwrap();
        println!("{text}: serde-saphyr {free}, u32 {whole}, String {string:?}");
    }
}
END
values=(0644 0123456 0o644 on '"8080"')
CARGO_TARGET_DIR=$folder/target cargo build --quiet
target/debug/ask "${values[@]}" >rust
PYTHONPATH=$folder/py python3 -c '
import json, sys, yaml
for text in sys.argv[1:]:
    print("PyYAML", json.dumps(yaml.safe_load(text)))' "${values[@]}" >python
node -e '
const yaml = require("yaml");
for (const text of process.argv.slice(1)) console.log("yaml", JSON.stringify(yaml.parse(text)));' "${values[@]}" >node
paste -d ';' rust python node | sed 's/;/; /g' | tee seen
sed -n '/^# Seen:/,/^set /s/^#   //p' "$script" | cmp - seen
