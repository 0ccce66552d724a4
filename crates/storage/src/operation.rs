//! What an entry of the log says: the records that one atomic write put and removed.
//!
//! ```text
//! payload   := operation*
//! operation := 01 | length u32 | the record's body
//!            | 02 | length u32 | the bytes of its `_id`
//! ```
//!
//! Doing them again in order, on the state before them, gives the state after them.

use filedex_query::packed::PackedDocument;
use filedex_query::{DocumentRef, ValueRef};

use crate::error::{Error, Result};

const PUT: u8 = 1;
const REMOVE: u8 = 2;

/// Bytes before the body.
const HEAD: usize = 5;

/// Bytes of memory that are kept from one write to the next.
const MOST_KEPT: usize = 1 << 20;

/// One change of one record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation<'a> {
    Put(PackedDocument<'a>),
    Remove(&'a str),
}

impl<'a> Operation<'a> {
    /// The `_id` of the record.
    pub(crate) fn id(self) -> &'a str {
        match self {
            Operation::Remove(id) => id,
            Operation::Put(body) => {
                let id = DocumentRef::from(body).get("_id");
                id.and_then(ValueRef::as_text).unwrap_or_default()
            }
        }
    }
}

/// The operations of one write, as the log keeps them.
#[derive(Debug, Default)]
pub(crate) struct Operations(Vec<u8>);

impl Operations {
    pub(crate) fn put(&mut self, body: &[u8]) {
        self.push(PUT, body);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.push(REMOVE, id.as_bytes());
    }

    /// Forgets the write before. Its memory serves the next one, unless it was an unusually large one.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
        self.0.shrink_to(MOST_KEPT);
    }

    /// Makes room for that many bytes of bodies, of so many records.
    pub(crate) fn reserve(&mut self, records: usize, bytes: usize) {
        self.0.reserve(records * HEAD + bytes);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.0
    }

    fn push(&mut self, kind: u8, bytes: &[u8]) {
        self.0.push(kind);
        // A record is far below 4 GiB.
        self.0.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }
}

/// Reads a payload back.
pub(crate) fn read(payload: &[u8]) -> Result<Vec<Operation<'_>>> {
    let (mut operations, mut rest) = (Vec::new(), payload);
    while !rest.is_empty() {
        let (operation, behind) =
            parse(rest).ok_or_else(|| Error::damaged("an entry of the log is malformed"))?;
        operations.push(operation);
        rest = behind;
    }
    Ok(operations)
}

fn parse(bytes: &[u8]) -> Option<(Operation<'_>, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let operation = match *kind {
        PUT if PackedDocument::new(bytes).check() => Operation::Put(PackedDocument::new(bytes)),
        REMOVE => Operation::Remove(std::str::from_utf8(bytes).ok()?),
        _ => return None,
    };
    Some((operation, rest))
}
