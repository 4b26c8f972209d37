//! The build script: has the program compiled again when a file is added to, or goes from, what is embedded in it, and turns the grammar
//! of commands into what is read fastest.

use std::{env, error::Error, fmt::Write, fs, path::Path};

use toml::{Table, Value};

/// The grammar of commands, for people to write.
const GRAMMAR: &str = "src/runbook/program/data";

fn main() -> Result<(), Box<dyn Error>> {
    // The macros that embed these folders tell Cargo about the files that they found, not about the folders.
    for folder in ["runbooks", "themes", GRAMMAR] {
        println!("cargo::rerun-if-changed={folder}");
    }
    grammar(Path::new(&env::var("OUT_DIR")?))
}

/// `programs.jsonl`: a program a line. `programs.txt`: its names on the line of the same number, between tabs. `NAME.json`: each file
/// that is no list of programs.
fn grammar(out: &Path) -> Result<(), Box<dyn Error>> {
    let (mut lines, mut names) = (String::new(), String::new());
    let mut files =
        fs::read_dir(GRAMMAR)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let table: Table =
            toml::from_str(&fs::read_to_string(file)?).map_err(|error| format!("{}: {error}", file.display()))?;
        let Some(programs) = table.get("program").and_then(Value::as_array) else {
            let name = file.with_extension("json");
            fs::write(out.join(name.file_name().unwrap_or_default()), serde_json::to_string(&table)?)?;
            continue;
        };
        for program in programs {
            let own = program.get("names").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            writeln!(names, "{}", own.collect::<Vec<_>>().join("\t"))?;
            writeln!(lines, "{}", serde_json::to_string(program)?)?;
        }
    }
    fs::write(out.join("programs.jsonl"), lines)?;
    fs::write(out.join("programs.txt"), names)?;
    Ok(())
}
