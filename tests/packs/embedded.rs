//! The packs that are part of the program.

use warroom::{
    host::packs::{self, MANIFEST, Place},
    platform::{self, DiagnosticSeverity},
};

#[test]
fn every_embedded_pack_is_usable_and_named_like_its_folder() {
    let embedded: Vec<_> = packs::list(&[]).into_iter().filter(|pack| pack.place == Place::Embedded).collect();
    assert!(!embedded.is_empty());
    for folder in embedded {
        let loaded = platform::parse(MANIFEST, &folder.read(MANIFEST).unwrap(), &folder.files());
        let errors: Vec<String> = loaded
            .diagnostics
            .iter()
            .filter(|d| d.severity == DiagnosticSeverity::Error)
            .map(ToString::to_string)
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", folder.name);
        assert_eq!(loaded.pack.unwrap().name, folder.name);
    }
}

#[test]
fn an_embedded_pack_and_its_folder_on_disk_are_the_same() {
    for embedded in packs::list(&[]) {
        let on_disk = packs::PackFolder::on_disk(&std::path::Path::new("runbooks").join(&embedded.name)).unwrap();
        assert_eq!(embedded.read(MANIFEST).unwrap(), on_disk.read(MANIFEST).unwrap());
        assert_eq!(embedded.files().paths, on_disk.files().paths);
    }
}
