//! The build script: has the crate compiled again when a file is added to `themes` or goes from there. The macro that embeds the folder
//! tells Cargo about the files that it found, not about the folder.

fn main() {
    println!("cargo::rerun-if-changed=../../themes");
}
