//! The build script: has the program compiled again when a file is added to, or goes from, what is embedded in it.

fn main() {
    // The macros that embed these folders tell Cargo about the files that they found, not about the folders.
    for folder in ["runbooks", "themes"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
