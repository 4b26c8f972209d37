//! The `backup` probe on real files, real archives and listings.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use warroom::{
    health::{Reading, Status},
    host::clock,
    platform::{BackupSource, BackupVerify, ProbeTarget},
};

use crate::{
    lab::{self, Postgres},
    look,
    look::expect,
    looking::Looking,
};

const HOUR: u64 = 3600;

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, hours_old: u64, content: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, content).unwrap();
        aged(&path, hours_old);
        path
    }

    fn pattern(&self) -> String {
        self.0.path().join("*").display().to_string()
    }

    async fn look(&self, verify: BackupVerify) -> Reading {
        look::at(target(&self.pattern(), verify)).await
    }
}

fn aged(path: &Path, hours: u64) {
    let time = SystemTime::from(clock::now()) - Duration::from_secs(hours * HOUR + 60);
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

fn target(pattern: &str, verify: BackupVerify) -> ProbeTarget {
    ProbeTarget::Backup {
        source: BackupSource::Path(pattern.to_owned()),
        verify,
        max_age: Some(Duration::from_secs(24 * HOUR)),
        keep: None,
    }
}

fn listing(command: &str) -> ProbeTarget {
    ProbeTarget::Backup {
        source: BackupSource::Command(command.to_owned()),
        verify: BackupVerify::Checksum,
        max_age: Some(Duration::from_secs(24 * HOUR)),
        keep: Some(2),
    }
}

fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn age_and_size_are_measured_against_the_limit_and_the_backup_before() {
    let folder = Folder::new();
    expect(&folder.look(BackupVerify::None).await, Status::Down, "no backups: no file matches");
    folder.write("a.bin", 26, &[7; 1000]);
    expect(&folder.look(BackupVerify::None).await, Status::Warn, "26h01m old, 1 kB, older than 24h");
    folder.write("b.bin", 2, &[7; 1100]);
    let reading = folder.look(BackupVerify::None).await;
    expect(&reading, Status::Ok, "2h01m old, 1.1 kB");
    assert_eq!(reading.details["newest"]["change_percent"], 10.0);
    let exposure = reading.exposure.unwrap();
    assert_eq!((exposure.source.as_str(), exposure.loss.as_secs() / HOUR), ("backup b.bin (not verified)", 2));
    folder.write("c.bin", 1, &[7; 500]);
    expect(&folder.look(BackupVerify::None).await, Status::Warn, "shrank by 54 %");
    folder.write("c.bin", 1, &[7; 2000]);
    expect(&folder.look(BackupVerify::None).await, Status::Warn, "grew by 82 %");
    folder.write("d.bin", 0, b"");
    let reading = folder.look(BackupVerify::Checksum).await;
    expect(&reading, Status::Down, "d.bin is empty");
    assert_eq!(reading.exposure.unwrap().source, "backup c.bin (not verified)");
    let missing = format!("{}/no/such/*", folder.0.path().display());
    expect(&look::at(target(&missing, BackupVerify::None)).await, Status::Unknown, "it does not exist");
}

#[tokio::test]
async fn checksums_that_are_missing_right_and_wrong_are_told_apart() {
    let folder = Folder::new();
    let content = vec![42; 3_000_000];
    folder.write("db.bin", 3, &content);
    expect(&folder.look(BackupVerify::Checksum).await, Status::Warn, "no checksum file");
    folder.write("db.bin.sha256", 3, format!("{}  db.bin\n", sha256(&content)).as_bytes());
    let reading = folder.look(BackupVerify::Checksum).await;
    expect(&reading, Status::Ok, "checksum matches");
    assert_eq!(reading.exposure.unwrap().source, "backup db.bin");
    folder.write("db.bin.sha256", 3, sha256(b"another").as_bytes());
    let reading = folder.look(BackupVerify::Checksum).await;
    expect(&reading, Status::Down, "checksum differs: the backup is damaged");
    assert!(reading.exposure.is_none(), "a damaged backup covers nothing");
    fs::remove_file(folder.0.path().join("db.bin.sha256")).unwrap();
    folder.write("SHA256SUMS", 3, format!("{} *other\n{} *db.bin\n", sha256(b"x"), sha256(&content)).as_bytes());
    expect(&folder.look(BackupVerify::Checksum).await, Status::Ok, "checksum matches");
}

#[tokio::test]
async fn when_the_newest_is_damaged_the_one_before_it_is_what_is_left() {
    let folder = Folder::new();
    for (name, hours) in [("old.bin", 27), ("new.bin", 3)] {
        folder.write(name, hours, name.as_bytes());
        folder.write(&format!("{name}.sha256"), hours, sha256(b"old.bin").as_bytes());
    }
    let reading = folder.look(BackupVerify::Checksum).await;
    expect(&reading, Status::Down, "checksum differs");
    let exposure = reading.exposure.unwrap();
    assert_eq!((exposure.source.as_str(), exposure.loss.as_secs() / HOUR), ("backup old.bin", 27));
}

#[tokio::test]
async fn the_newest_verified_backup_is_the_restore_point() {
    #[rustfmt::skip]
    let cases = [
        // Backups (hours old, whether a checksum vouches for it): the source, its age in hours, verified.
        (&[(3, true), (27, true)][..], "backup 3.bin", 3, true),
        (&[(3, false), (27, true)], "backup 27.bin", 27, true),
        (&[(3, false), (4, false), (27, true)], "backup 27.bin", 27, true),
        (&[(3, false), (27, false)], "backup 3.bin (not verified)", 3, false),
    ];
    for (backups, source, hours, verified) in cases {
        let folder = Folder::new();
        for (hours, verified) in backups {
            let name = format!("{hours}.bin");
            folder.write(&name, *hours, &[7; 1000]);
            if *verified {
                folder.write(&format!("{name}.sha256"), *hours, sha256(&[7; 1000]).as_bytes());
            }
        }
        let exposure = folder.look(BackupVerify::Checksum).await.exposure.unwrap();
        let found = (exposure.source.as_str(), exposure.loss.as_secs() / HOUR, exposure.verified);
        assert_eq!(found, (source, hours, verified), "{backups:?}");
    }
}

#[tokio::test]
async fn a_gzip_file_is_read_to_its_end() {
    let folder = Folder::new();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    for number in 0..50_000 {
        writeln!(packed, "INSERT INTO t VALUES ({number}, {});", number * 7919).unwrap();
    }
    let packed = packed.finish().unwrap();
    folder.write("db.sql.gz", 1, &packed);
    expect(&folder.look(BackupVerify::PgRestore).await, Status::Ok, "unpacks to the end");
    folder.write("db.sql.gz", 1, &packed[..packed.len() / 2]);
    expect(&folder.look(BackupVerify::Checksum).await, Status::Down, "truncated: the archive ends too early");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_dump_is_found_although_its_table_of_contents_is_whole() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS x FROM generate_series(1, 60000) i");
    let folder = Folder::new();
    let dump = |options: &[&str], name: &str| {
        let path = folder.0.path().join(name);
        let status = Command::new("pg_dump").args(options).arg("-f").arg(&path).arg(server.url()).status().unwrap();
        assert!(status.success());
        aged(&path, 1);
        let whole = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        whole
    };
    for (options, name, words) in [
        (["-Fc"], "db.dump", "pg_restore reads it to the end"),
        (["-Ft"], "db.tar", "pg_restore reads it to the end"),
        (["-Fp"], "db.sql", "complete to its last line"),
    ] {
        let whole = dump(&options, name);
        let path = folder.write(name, 1, &whole);
        expect(&folder.look(BackupVerify::PgRestore).await, Status::Ok, words);
        folder.write(name, 1, &whole[..whole.len() * 3 / 4]);
        if name == "db.dump" {
            let list = Command::new("pg_restore").arg("--list").arg(&path).output().unwrap();
            assert!(list.status.success(), "the trap: --list is happy with a truncated file");
        }
        expect(&folder.look(BackupVerify::PgRestore).await, Status::Down, "truncated");
        fs::remove_file(path).unwrap();
    }
}

#[tokio::test]
async fn a_file_is_read_once_and_again_when_it_has_changed() {
    let folder = Folder::new();
    let path = folder.write("db.bin", 3, &[1; 1000]);
    folder.write("db.bin.sha256", 3, sha256(&[1; 1000]).as_bytes());
    let looking = Looking::at(target(&folder.pattern(), BackupVerify::Checksum));
    assert_eq!(looking.look().await.verdict, Status::Ok);
    // Damaged without a trace in size or time: the kept result stands. With a trace it is read again.
    fs::write(&path, [2; 1000]).unwrap();
    aged(&path, 2);
    let seen = looking.look().await;
    assert_eq!(seen.verdict, Status::Down, "{}", seen.summary);
}

#[tokio::test]
async fn a_backup_that_is_being_written_does_not_count_yet() {
    let folder = Folder::new();
    folder.write("a.bin", 20, &[1; 1000]);
    fs::write(folder.0.path().join("b.bin"), [1; 10]).unwrap();
    let reading = folder.look(BackupVerify::None).await;
    expect(&reading, Status::Ok, "20h01m old");
    assert!(reading.details["being_written"].as_str().unwrap().ends_with("b.bin"));
}

/// What docker-postgres-backup-local leaves: last/ with a symbolic link, daily/ and weekly/ as hard links.
#[tokio::test]
async fn the_names_of_one_file_are_one_backup() {
    let folder = Folder::new();
    for name in ["last", "daily", "weekly"] {
        fs::create_dir(folder.0.path().join(name)).unwrap();
    }
    for (day, hours, size) in [(27, 49, 1_000_000), (28, 25, 1_010_000), (29, 1, 60_000)] {
        let path = folder.write(&format!("last/shop-{day}.sql.gz"), hours, &vec![7; size]);
        fs::hard_link(&path, folder.0.path().join(format!("daily/shop-{day}.sql.gz"))).unwrap();
    }
    let newest = folder.0.path().join("last/shop-29.sql.gz");
    fs::hard_link(&newest, folder.0.path().join("weekly/shop-48.sql.gz")).unwrap();
    std::os::unix::fs::symlink("shop-29.sql.gz", folder.0.path().join("last/shop-latest.sql.gz")).unwrap();
    for pattern in ["last/shop-2*", "last/*", "*/shop-*"] {
        let pattern = folder.0.path().join(pattern).display().to_string();
        let reading = look::at(target(&pattern, BackupVerify::None)).await;
        expect(&reading, Status::Warn, "60 kB, shrank by 94 %");
        assert_eq!(reading.details["count"], 3, "{pattern}");
        assert!(!reading.details["newest"]["path"].as_str().unwrap().contains("latest"), "its own name");
    }
}

/// Each state of a folder of backups: what is in it, with hours of age, and what is said.
#[tokio::test]
async fn what_is_no_backup_yet_or_any_more_does_not_count() {
    type Files = &'static [(&'static str, u64, usize)];
    #[rustfmt::skip]
    let cases: [(Files, Status, &str); 5] = [
        (&[("a.dump", 3, 1000)], Status::Ok, "3h01m old, 1 kB"),
        // rclone was killed.
        (&[("a.dump", 72, 1000), ("b.dump.8f2c11aa.partial", 0, 960)], Status::Down, "older than 24h"),
        (&[("a.dump", 3, 1000), ("b.dump", 1, 0)], Status::Down, "b.dump is empty, 3h01m old, 1 kB"),
        (&[("b.dump", 3, 1000), ("a.dump", 30, 0)], Status::Ok, "3h01m old, 1 kB"),
        (&[("a.dump", 1, 0)], Status::Down, "a.dump is empty"),
    ];
    for (files, status, words) in cases {
        let folder = Folder::new();
        for (name, hours, size) in files {
            folder.write(name, *hours, &vec![7; *size]);
        }
        let reading = folder.look(BackupVerify::None).await;
        expect(&reading, status, words);
    }
    let folder = Folder::new();
    let path = folder.write("shop.dump", 0, &[7; 1000]);
    let later = SystemTime::from(clock::now()) + Duration::from_secs(1000 * HOUR);
    File::options().append(true).open(&path).unwrap().set_modified(later).unwrap();
    let reading = folder.look(BackupVerify::None).await;
    expect(&reading, Status::Unknown, "shop.dump is dated ");
    assert!(reading.value.is_none() && reading.exposure.is_none(), "{reading:#?}");
    let plain = folder.0.path().display().to_string();
    expect(&look::at(target(&plain, BackupVerify::None)).await, Status::Unknown, "shop.dump is dated ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_in_a_folder_is_one_backup_and_is_read_like_a_file() {
    lab::require!(lab::POSTGRES);
    let server = Postgres::start();
    server.sql("CREATE TABLE t AS SELECT i, md5(i::text) AS x FROM generate_series(1, 60000) i");
    let folder = Folder::new();
    let path = folder.0.path().join("shop-29");
    let done = Command::new("pg_dump").arg("-Fd").arg("-f").arg(&path).arg(server.url()).status().unwrap();
    assert!(done.success());
    for entry in fs::read_dir(&path).unwrap() {
        aged(&entry.unwrap().path(), 2);
    }
    fs::create_dir(folder.0.path().join("lost+found")).unwrap();
    let reading = folder.look(BackupVerify::PgRestore).await;
    expect(&reading, Status::Ok, "pg_restore reads it to the end");
    assert_eq!((reading.details["count"].as_u64(), reading.value.unwrap().floor() as u64 / HOUR), (Some(1), 2));
    assert!(reading.details["newest"]["size_bytes"].as_u64().unwrap() > 100_000, "{:?}", reading.details);
    let itself = path.display().to_string();
    expect(&look::at(target(&itself, BackupVerify::PgRestore)).await, Status::Ok, "pg_restore reads it to the end");
    let data = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|e| e == "gz"));
    let data = data.unwrap();
    let whole = fs::read(&data).unwrap();
    fs::write(&data, &whole[..whole.len() / 2]).unwrap();
    aged(&data, 1);
    expect(&folder.look(BackupVerify::PgRestore).await, Status::Down, "truncated or damaged");
}

/// Seen with PostgreSQL 17 and pg_restore: one flipped bit in the data of an lz4 or zstd archive is restored with exit code 0.
/// The programs zstd and xz put a checksum into what they pack, lz4 1.9 too; `--no-check` and pg_dump's own packing do not.
#[tokio::test]
async fn packed_files_are_unpacked_to_the_end_and_need_a_checksum_inside_or_beside() {
    lab::require!(lab::PACKERS);
    for (program, options, status, words) in [
        ("zstd", &["-q"][..], Status::Ok, "unpacks to the end"),
        ("zstd", &["-q", "--no-check"], Status::Warn, "zstd without a checksum hides damage, add a .sha256 file"),
        ("lz4", &["-q"], Status::Ok, "unpacks to the end"),
        ("lz4", &["-q", "--no-frame-crc"], Status::Warn, "lz4 without a checksum hides damage, add a .sha256 file"),
        ("xz", &["-q"], Status::Ok, "unpacks to the end"),
        ("xz", &["-q", "--check=none"], Status::Warn, "xz without a checksum hides damage, add a .sha256 file"),
        ("bzip2", &["-q"], Status::Ok, "unpacks to the end"),
    ] {
        let folder = Folder::new();
        let rows: String = (0..20_000).map(|number| format!("{number}\t{}\n", number * 7919)).collect();
        let source = tempfile::NamedTempFile::new().unwrap();
        fs::write(source.path(), rows).unwrap();
        let packed = Command::new(program).args(options).arg("-c").arg(source.path()).output().unwrap().stdout;
        folder.write("db.packed", 1, &packed);
        expect(&folder.look(BackupVerify::PgRestore).await, status, words);
        folder.write("db.packed.sha256", 1, sha256(&packed).as_bytes());
        expect(&folder.look(BackupVerify::PgRestore).await, Status::Ok, "");
        fs::remove_file(folder.0.path().join("db.packed.sha256")).unwrap();
        folder.write("db.packed", 1, &packed[..packed.len() / 2]);
        expect(&folder.look(BackupVerify::PgRestore).await, Status::Down, "truncated or damaged");
    }
}

/// `restic backup /etc /srv` with /srv away ends with 0 and saves /etc only (restic up to 0.16; later versions end with 3).
#[tokio::test]
async fn what_backup_programs_list_is_read_and_a_path_that_is_no_longer_saved_is_said() {
    let snapshots = |newest: &str| {
        format!(
            r#"printf '[{{"time":"%s","paths":["/etc","/srv"],"hostname":"a","id":"1","short_id":"1"}},{{"time":"%s","paths":%s,"hostname":"a","id":"2","short_id":"2"}}]' "$(date -d '-26 hours' '+%FT%T%:z')" "$(date -d '-2 hours' '+%FT%T%:z')" '{newest}'"#
        )
    };
    let reading = look::at(listing(&snapshots(r#"["/etc","/srv"]"#))).await;
    expect(&reading, Status::Ok, "2h old");
    assert_eq!(reading.details["newest"]["path"], "2");
    let reading = look::at(listing(&snapshots(r#"["/etc"]"#))).await;
    expect(&reading, Status::Warn, "without /srv, which the one before has");
    let failed = r#"echo '[{"name":"main","status":{"code":1,"message":"missing stanza path"},"backup":[]}]'"#;
    expect(&look::at(listing(failed)).await, Status::Unknown, "cannot see its stanza main: missing stanza path");
    expect(&look::at(listing("echo null")).await, Status::Down, "no backups: the listing is empty");
}

#[tokio::test]
async fn listings_of_object_stores_are_read_and_their_failures_said() {
    let lines = "printf '%s       1000 daily/b.dump\\n%s 900 daily/a.dump\\n' \
                 \"$(date -d '-3 hours' '+%F %T')\" \"$(date -d '-27 hours' '+%F %T')\"";
    let reading = look::at(listing(lines)).await;
    expect(&reading, Status::Ok, "3h old, 1 kB");
    assert_eq!(reading.details["newest"]["path"], "daily/b.dump");
    let one = "printf 'a\\t5\\t%s\\n' \"$(date -u '+%FT%TZ')\"";
    expect(&look::at(listing(one)).await, Status::Warn, "1 of 2 backups kept");
    expect(&look::at(listing("true")).await, Status::Down, "no backups: the listing is empty");
    expect(&look::at(listing("exit 1")).await, Status::Down, "no backups");
    let denied = look::at(listing("echo 'An error occurred (AccessDenied)' >&2; exit 254")).await;
    expect(&denied, Status::Unknown, "cannot be listed: exit code 254: An error occurred (AccessDenied)");
    expect(&look::at(listing("echo hello world")).await, Status::Unknown, "cannot read this line of the listing");
}
