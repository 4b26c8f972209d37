//! Pure: what the layers speak about. Time comes in as a value; nothing here reads a file, a clock or the network.

pub mod health;
pub mod platform;
pub mod text;
