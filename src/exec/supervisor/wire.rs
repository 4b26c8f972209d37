//! How a console and a supervisor talk: an order one way, `ready` or a sentence the other; then, when the action has the
//! person's terminal, keys one way and the screen (plain bytes) the other.

use std::io::{self, Read, Write};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::order::Order;

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
    // Exactly so much: what follows belongs to the terminal.
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

/// Reads the line that `answer` wrote; an empty sentence means that the supervisor ended without one.
pub fn read_answer(line: &str) -> Result<(), String> {
    if line == "ready\n" { Ok(()) } else { Err(line.trim_end().to_owned()) }
}

/// What the person's side sends while an interactive action runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    Typed(Vec<u8>),
    Size { columns: u16, rows: u16 },
}

impl Frame {
    /// A kind, two bytes of length, and the content.
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Frame::Typed(bytes) => bytes
                .chunks(usize::from(u16::MAX))
                .flat_map(|part| {
                    let length = u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes();
                    [b"k", length.as_slice(), part].concat()
                })
                .collect(),
            Frame::Size { columns, rows } => {
                [&[b's', 0, 4], columns.to_be_bytes().as_slice(), &rows.to_be_bytes()].concat()
            }
        }
    }

    /// The next one; an error when the other side is gone.
    pub async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Frame> {
        let kind = from.read_u8().await?;
        let mut content = vec![0; usize::from(from.read_u16().await?)];
        from.read_exact(&mut content).await?;
        match (kind, content.as_slice()) {
            (b'k', _) => Ok(Frame::Typed(content)),
            (b's', [c0, c1, r0, r1]) => {
                Ok(Frame::Size { columns: u16::from_be_bytes([*c0, *c1]), rows: u16::from_be_bytes([*r0, *r1]) })
            }
            _ => Err(io::Error::other("a frame of no known kind")),
        }
    }
}
