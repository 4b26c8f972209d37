//! JSON from a peer, with a bound on the memory that it becomes.
//!
//! A document that is nothing but brackets takes a hundred times its own size as a value, so a bound on its bytes says little.
//! What it will take is estimated from its text first.

use serde::de::DeserializeOwned;

/// Most bytes of memory that one document may become.
pub const MEMORY: usize = 32 << 20;

/// One value in a list that the parser makes room for (four at first).
const LIST: usize = 320;
/// The same for an object, with its index and its names.
const OBJECT: usize = 640;
/// Any other element.
const ELEMENT: usize = 100;

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    #[error("the JSON has too many values")]
    TooMuch,
    #[error("{0}")]
    Syntax(#[from] serde_json::Error),
}

/// Reads a document.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    if estimate(bytes) > MEMORY {
        return Err(JsonError::TooMuch);
    }
    Ok(serde_json::from_slice(bytes)?)
}

/// About how many bytes of memory a document becomes; never much less than it really takes.
fn estimate(bytes: &[u8]) -> usize {
    let mut sum = bytes.len();
    let mut quoted = false;
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match (quoted, byte) {
            (true, b'\\') => {
                bytes.next();
            }
            (_, b'"') => quoted = !quoted,
            (false, b'[') => sum += LIST,
            (false, b'{') => sum += OBJECT,
            (false, b',') => sum += ELEMENT,
            _ => {}
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn documents_of_nothing_but_structure_are_refused() {
        for part in ["[0],", "{},", "{\"a\":[]},", "0,"] {
            let many = format!("[{}0]", part.repeat(MEMORY / ELEMENT + 1));
            assert!(matches!(read::<Value>(many.as_bytes()), Err(JsonError::TooMuch)), "{part}");
            let few = format!("[{}0]", part.repeat(1000));
            assert!(read::<Value>(few.as_bytes()).is_ok(), "{part}");
        }
    }

    #[test]
    fn what_stands_in_texts_does_not_count() {
        let text = format!("[\"{}\\\"{}\"]", "[".repeat(200_000), "{".repeat(200_000));
        assert!(read::<Value>(text.as_bytes()).is_ok());
        assert!(matches!(read::<Value>(b"nonsense"), Err(JsonError::Syntax(_))));
    }
}
