//! How a console and a supervisor talk: an order one way, `ready` or a sentence the other.

use std::io::{self, Read, Write};

use crate::exec::order::Order;

/// An order is a length (4 bytes, big endian) and that many bytes of JSON.
pub fn order_bytes(order: &Order) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(order)?;
    let length = u32::try_from(body.len()).map_err(|_| io::Error::other("it is larger than 4 GiB"))?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

pub(super) fn read_order(from: &mut impl Read) -> io::Result<Order> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut body = Vec::new();
    from.take(u32::from_be_bytes(length).into()).read_to_end(&mut body)?;
    // The error of the JSON reader could quote what it read.
    serde_json::from_slice(&body).map_err(|_| io::Error::other("it is not one of this version's"))
}

pub(super) fn answer(to: &mut impl Write, answer: Result<(), &str>) -> io::Result<()> {
    match answer {
        Ok(()) => writeln!(to, "ready")?,
        Err(sentence) => writeln!(to, "{}", sentence.replace('\n', " "))?,
    }
    to.flush()
}

/// Reads the line that [`answer`] wrote; an empty sentence means that the supervisor ended without one.
pub fn read_answer(line: &str) -> Result<(), String> {
    if line == "ready\n" { Ok(()) } else { Err(line.trim_end().to_owned()) }
}
