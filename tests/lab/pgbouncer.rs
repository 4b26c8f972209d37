//! PgBouncer, the connection pooler, before a PostgreSQL.

use std::fs;

use super::{
    Folder, PASSWORD_ROLE, Port, Postgres, Process, closed_port, need,
    postgres::{as_postgres, give_to_postgres},
};

/// A pooler that knows the lab's password role, and the databases `postgres` and `dead` (behind which nothing listens).
#[derive(Debug)]
pub struct PgBouncer {
    port: Port,
    _process: Process,
    _folder: Folder,
}

impl PgBouncer {
    /// `settings` are further lines of its `[pgbouncer]` section.
    pub fn before(server: &Postgres, settings: &str) -> PgBouncer {
        let (folder, port, dead) = (Folder::new(), Port::free(), closed_port());
        let (role, password) = PASSWORD_ROLE;
        let users = folder.path().join("users.txt");
        fs::write(&users, format!("\"{role}\" \"{password}\"\n")).unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\npostgres = host=127.0.0.1 port={}\ndead = host=127.0.0.1 port={}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\nunix_socket_dir =\nauth_type = scram-sha-256\n\
             auth_file = {}\n{settings}\n",
            server.port(),
            dead.number(),
            port.number(),
            users.display(),
        );
        fs::write(&file, text).unwrap();
        give_to_postgres(&users);
        give_to_postgres(&file);
        let mut command = as_postgres(need::find("pgbouncer").unwrap());
        command.arg(&file).current_dir(folder.path());
        let mut process = Process::spawn("pgbouncer", command, folder.path());
        process.ready(|| std::net::TcpStream::connect(("127.0.0.1", port.number())).is_ok());
        PgBouncer { port, _process: process, _folder: folder }
    }

    /// For a user, a password and a database.
    pub fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgresql://{user}:{password}@127.0.0.1:{}/{database}", self.port.number())
    }
}
