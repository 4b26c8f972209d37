//! Getting in to PostgreSQL as libpq would: what a connection string says, TLS, and a plain way to open a connection.

pub mod open;
pub mod target;
pub mod tls;
