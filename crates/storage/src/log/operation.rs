//! What an entry of the log says: the records that one atomic write put and removed.
//!
//! ```text
//! payload   := operation*
//! operation := 01 | record | stood          a record that was put
//!            | 02 | _id | stood             a record that was removed
//! stood     := 00 | 01 | where the record of that `_id` stood before
//! ```
//!
//! Records and ids stand behind their lengths. An operation says where the record stood, so that doing it
//! again needs no look at what is there.

use filedex_query::ValueRef;

use crate::error::{Error, Result};
use crate::format::record::document;
use crate::format::{Record, Standing, number};

const PUT: u8 = 1;
const REMOVE: u8 = 2;

/// Bytes of memory that are kept from one write to the next.
const MOST_KEPT: usize = 1 << 20;

/// One change of one record.
pub(crate) enum Operation {
    Put { record: Record, before: Option<Standing> },
    Remove { before: Standing },
}

/// The operations of one write, as the log keeps them.
#[derive(Debug, Default)]
pub(crate) struct Operations(Vec<u8>);

impl Operations {
    pub(crate) fn put(&mut self, body: &[u8], before: Option<&Standing>) {
        self.0.push(PUT);
        number::put_sized(&mut self.0, body);
        self.stood(before);
    }

    pub(crate) fn remove(&mut self, before: &Standing) {
        self.0.push(REMOVE);
        number::put_sized(&mut self.0, before.id.as_bytes());
        self.stood(Some(before));
    }

    /// Forgets the write before. Its memory serves the next one, unless it was an unusually large one.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
        self.0.shrink_to(MOST_KEPT);
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.0
    }

    fn stood(&mut self, before: Option<&Standing>) {
        self.0.push(u8::from(before.is_some()));
        before.into_iter().for_each(|before| before.put(&mut self.0));
    }
}

/// Reads a payload back.
pub(crate) fn operations(payload: &[u8]) -> impl Iterator<Item = Result<Operation>> {
    let mut rest = payload;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((operation, behind)) = parse(rest) else {
            rest = &[];
            return Some(Err(Error::damaged("an entry of the log is malformed")));
        };
        rest = behind;
        Some(Ok(operation))
    })
}

fn parse(bytes: &[u8]) -> Option<(Operation, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (bytes, rest) = number::take_sized(rest)?;
    match *kind {
        PUT => {
            let record = Record::stored(bytes)?;
            let id = document(bytes).get("_id").and_then(ValueRef::as_text)?;
            let (before, rest) = stood(id, rest)?;
            Some((Operation::Put { record, before }, rest))
        }
        REMOVE => {
            let (before, rest) = stood(std::str::from_utf8(bytes).ok()?, rest)?;
            Some((Operation::Remove { before: before? }, rest))
        }
        _ => None,
    }
}

fn stood<'b>(id: &str, bytes: &'b [u8]) -> Option<(Option<Standing>, &'b [u8])> {
    match bytes.split_first()? {
        (0, rest) => Some((None, rest)),
        (1, rest) => {
            let (standing, rest) = Standing::read(id, rest)?;
            Some((Some(standing), rest))
        }
        _ => None,
    }
}
