//! `backup-overdue`: a backup is taken, and restored to see that it is one.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::stage::{DotMac, Part, PortalDatabase, Run};

const WHOLE: &str = "The newest dump is younger than the RPO, and whole";

fn backup(dotmac: &DotMac) -> Run<'_> {
    dotmac
        .run("backup-overdue")
        .var("DB_SERVER", dotmac.db_server())
        .var("BACKUP_DIR", dotmac.at("backups"))
        .var("MINIMUM_CUSTOMERS", "40")
}

/// What would be taken for a backup.
fn dumps(dotmac: &DotMac) -> Vec<PathBuf> {
    let entries = fs::read_dir(dotmac.path("backups")).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "dump")).collect()
}

#[test]
fn a_backup_is_taken_that_brings_back_every_row() {
    let Some(dotmac) = DotMac::start(&[Part::Database]) else { return };
    fs::create_dir(dotmac.path("backups")).unwrap();
    backup(&dotmac).go().completed();
    let [dump] = &dumps(&dotmac)[..] else { panic!("{:?}", dumps(&dotmac)) };
    assert_eq!(fs::metadata(dump).unwrap().permissions().mode() & 0o777, 0o600, "nobody else reads it");
    assert_eq!(dotmac.databases(), ["portal"], "the scratch database is gone");
    dotmac.server().sql("CREATE DATABASE again");
    let again: PortalDatabase = dotmac.database("again");
    again.restore(dump);
    assert!(again.rows() == dotmac.database("portal").rows());
}

#[test]
fn a_backup_that_is_none_is_noticed() {
    let Some(dotmac) = DotMac::start(&[Part::Database]) else { return };
    backup(&dotmac).go().failed_at("What is there, and why the last one is missing");
    fs::create_dir(dotmac.path("backups")).unwrap();
    let newest = || dumps(&dotmac).pop().expect("a dump was taken");
    let two_days = Duration::from_secs(2 * 86_400);
    let date = |at: SystemTime| fs::File::options().write(true).open(newest()).unwrap().set_modified(at).unwrap();
    let dated = || fs::metadata(newest()).unwrap().modified().unwrap();
    let done = backup(&dotmac)
        .meanwhile("Repair the job", || date(dated() - two_days))
        .meanwhile(WHOLE, || {
            date(dated() + two_days);
            let mut bytes = fs::read(newest()).unwrap();
            bytes[100] ^= 1;
            fs::write(newest(), bytes).unwrap();
        })
        .decide(WHOLE, "r")
        .go();
    done.failed_at(WHOLE).says(": FAILED");
    fs::remove_file(newest()).unwrap();
    backup(&dotmac).var("MINIMUM_CUSTOMERS", "41").go().failed_at("It holds the customers");

    fs::remove_file(newest()).unwrap();
    dotmac.tool("pg_dump", "#!/bin/sh\nPATH=${PATH#*:} pg_dump \"$@\"\nexit 1\n");
    backup(&dotmac).go().failed_at("Take a backup now");
    assert!(dumps(&dotmac).is_empty(), "half a dump does not count as one");
    fs::remove_file(dotmac.path("bin/pg_dump")).unwrap();

    // Can be dumped and not restored: the function finds no table without the search path, which a dump leaves empty.
    dotmac.database("portal").sql(
        "CREATE FUNCTION known(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT count(*) > 0 FROM customers WHERE id = $1';
         ALTER TABLE tickets ADD CHECK (known(customer))",
    );
    let restore = "Restore it into a scratch database";
    let done = backup(&dotmac).decide(restore, "u").go();
    done.says(&format!("{restore} failed.")).says("relation \"customers\" does not exist");
    assert_eq!(dotmac.databases(), ["portal"], "its own undo has removed the scratch database");
}
