//! The portal's database, its dumps, and what is in it row by row.

use std::{fs, path::Path, process::Command, time::Duration};

use crate::lab::{Postgres, PostgresOptions};

/// A server with the portal's database.
pub fn server() -> Postgres {
    server_with(PostgresOptions::default())
}

pub(super) fn server_with(options: PostgresOptions) -> Postgres {
    let server = options.max_connections(40).start();
    server.sql("CREATE ROLE portal_owner");
    server.sql("CREATE DATABASE portal OWNER portal_owner");
    let database = PortalDatabase::of(&server, "portal");
    database.sql(
        "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, deleted_at timestamptz);
         CREATE TABLE invoices (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, cents bigint NOT NULL);
         CREATE TABLE tickets (id bigint PRIMARY KEY, customer bigint NOT NULL REFERENCES customers, text text NOT NULL);
         INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 40) n;
         INSERT INTO invoices SELECT n, n, n * 100 FROM generate_series(1, 40) n;
         INSERT INTO tickets SELECT n, n, E'line one\\nline \\\\. of ' || n FROM generate_series(1, 40) n;",
    );
    server
}

/// One database of a server.
pub struct PortalDatabase {
    port: u16,
    name: String,
}

impl PortalDatabase {
    pub fn of(server: &Postgres, name: &str) -> PortalDatabase {
        PortalDatabase { port: server.port(), name: name.to_owned() }
    }

    pub fn url(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{}", self.port, self.name)
    }

    /// What `psql -At` prints.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        self.tool("psql", &["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql])
    }

    /// Every row of every table that customers see, in order: to compare row by row.
    #[track_caller]
    pub fn rows(&self) -> Vec<String> {
        let tables = ["customers", "invoices", "tickets"];
        let of = |table: &&str| self.sql(&format!("SELECT '{table}', to_jsonb(t) FROM {table} t ORDER BY id"));
        tables.iter().flat_map(|table| of(table).lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// A dump in custom format with its digest beside it, as the daily backup makes them, of a modification time `minutes` ago.
    #[track_caller]
    pub fn back_up(&self, file: &Path, minutes: u64) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let path = file.to_str().unwrap();
        self.tool("pg_dump", &["-Fc", "-f", path]);
        seal(file);
        let then = Duration::from_secs(minutes * 60);
        let modified = fs::metadata(file).unwrap().modified().unwrap() - then;
        fs::File::options().write(true).open(file).unwrap().set_modified(modified).unwrap();
    }

    /// Fills an empty database from a dump.
    #[track_caller]
    pub fn restore(&self, file: &Path) {
        self.tool("pg_restore", &["--exit-on-error", file.to_str().unwrap()]);
    }

    #[track_caller]
    fn tool(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).args(["-d", &self.url()]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

/// Writes a dump's digest beside it, as `sha256sum` does.
pub fn seal(file: &Path) {
    let digest =
        Command::new("sha256sum").arg(file.file_name().unwrap()).current_dir(file.parent().unwrap()).output().unwrap();
    fs::write(format!("{}.sha256", file.display()), digest.stdout).unwrap();
}
