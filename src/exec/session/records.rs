//! The form in which variables go into bash and come out of it: fields that end in NUL, never evaluated by anybody.
//!
//! Into: the umask (or nothing), then variables. Out: the working directory, the umask, then variables, then a mark that all
//! of it is there. A variable is its name, its attributes as `${NAME@a}` has them, a count, and then values: for an array a
//! key and a value `count` times; for anything else one value, or none when it is to be unset.

/// A variable as bash knows it. Values may be any bytes but NUL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) attributes: String,
    pub(super) value: RecordValue,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordValue {
    Unset,
    Plain(Vec<u8>),
    /// Keys and values, of an indexed or an associative array.
    Array(Vec<(Vec<u8>, Vec<u8>)>),
}

/// What a shell left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) folder: Vec<u8>,
    pub(super) umask: String,
    pub(super) variables: Vec<Record>,
}

/// The last record of a whole dump.
const WHOLE: &[u8] = b"__warroom_whole";

/// Fields for bash to take over.
pub(super) fn write(umask: &str, variables: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut field = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        out.push(0);
    };
    field(umask.as_bytes());
    for variable in variables {
        field(variable.name.as_bytes());
        field(variable.attributes.as_bytes());
        match &variable.value {
            RecordValue::Unset => field(b"0"),
            RecordValue::Plain(value) => {
                field(b"1");
                field(value);
            }
            RecordValue::Array(entries) => {
                field(entries.len().to_string().as_bytes());
                for (key, value) in entries {
                    field(key);
                    field(value);
                }
            }
        }
    }
    out
}

/// Reads what bash handed on; `None` when it is not whole.
pub(super) fn read(bytes: &[u8]) -> Option<Left> {
    let mut fields = bytes.split(|byte| *byte == 0);
    let folder = fields.next()?.to_vec();
    let umask = text(fields.next()?)?.trim().to_owned();
    let mut variables = Vec::new();
    loop {
        let name = fields.next()?;
        let attributes = text(fields.next()?)?;
        let count: usize = text(fields.next()?)?.parse().ok()?;
        if name == WHOLE {
            return Some(Left { folder, umask, variables });
        }
        let value = if attributes.contains(['a', 'A']) {
            let mut entries = Vec::new();
            for _ in 0..count {
                entries.push((fields.next()?.to_vec(), fields.next()?.to_vec()));
            }
            RecordValue::Array(entries)
        } else {
            RecordValue::Plain(fields.next()?.to_vec())
        };
        variables.push(Record { name: text(name)?, attributes, value });
    }
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_that_was_cut_is_not_taken_for_a_whole_one() {
        let whole = b"/tmp\x000022\n\0A\0x\x001\0value\0L\0a\x002\x000\0zero\x005\0five\0__warroom_whole\0\x000\0";
        let left = read(whole).unwrap();
        assert_eq!((left.folder.as_slice(), left.umask.as_str()), (b"/tmp".as_slice(), "0022"));
        assert_eq!(left.variables[0].value, RecordValue::Plain(b"value".to_vec()));
        assert_eq!(
            left.variables[1].value,
            RecordValue::Array(vec![(b"0".to_vec(), b"zero".to_vec()), (b"5".to_vec(), b"five".to_vec())])
        );
        for end in 0..whole.len() - 3 {
            assert_eq!(read(&whole[..end]), None, "{end}");
        }
    }
}
