//! The build script: turns the grammar of commands into what is read fastest.

use std::{env, error::Error, fmt::Write, fs, path::Path};

use toml::{Table, Value};

/// The grammar of commands, for people to write.
const GRAMMAR: &str = "program/data";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={GRAMMAR}");
    grammar(Path::new(&env::var("OUT_DIR")?))
}

/// The keys of a table that are the program's; the others say what it does without a sub-command.
const OF_PROGRAM: [&str; 6] = ["names", "style", "inherit", "bundle", "groups", "help"];

/// `programs.txt`: a program is a line with its keys and a line for each thing that it does, which starts with a tab: the words of the
/// sub-command, none for the program itself, a tab, and its keys, all as JSON. `names.txt`: every name, sorted, with the place of its program
/// there. `NAME.json`: each file that is no list of programs.
fn grammar(out: &Path) -> Result<(), Box<dyn Error>> {
    let (mut text, mut names) = (String::new(), Vec::new());
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
        for program in programs.iter().filter_map(Value::as_table) {
            let start = text.len();
            write_program(&mut text, program.clone())?;
            let own = program.get("names").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            names.extend(own.map(|name| format!("{name}\t{start}\t{}", text.len())));
        }
    }
    // The first that has a name keeps it, and a list that is sorted by its names alone keeps their order.
    names.sort_by(|one, other| one.split('\t').next().cmp(&other.split('\t').next()));
    fs::write(out.join("programs.txt"), text)?;
    fs::write(out.join("names.txt"), names.join("\n"))?;
    Ok(())
}

fn write_program(text: &mut String, mut program: Table) -> Result<(), Box<dyn Error>> {
    let commands = program.remove("command");
    let (own, root): (Table, Table) = program.into_iter().partition(|(key, _)| OF_PROGRAM.contains(&key.as_str()));
    writeln!(text, "{}", serde_json::to_string(&own)?)?;
    writeln!(text, "\t\t{}", serde_json::to_string(&root)?)?;
    for command in commands.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table) {
        let mut command = command.clone();
        let path = command.remove("path").ok_or_else(|| format!("a command of {own} has no path"))?;
        let path = path.as_str().ok_or_else(|| format!("the path of a command of {own} is no text"))?;
        writeln!(text, "\t{path}\t{}", serde_json::to_string(&command)?)?;
    }
    Ok(())
}
