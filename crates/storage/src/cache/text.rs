//! Records as JSON texts with marks of where their fields end, so that a reply may leave some of them out.
//!
//! A text lies before its marks; the length of it comes last, in four bytes. This file does not know what is shown.

use std::sync::Arc;

use filedex_query::ejson::{Marked, write_marked_within};
use filedex_query::{Account, DocumentRef};

use crate::error::Result;
use crate::format::Class;

/// A record as the JSON text of a reply, with its marks.
#[derive(Debug)]
pub(crate) enum Text {
    Kept(Arc<[u8]>),
    Whole(Vec<u8>),
}

/// The texts of the records of a stretch, or of the first ones of it, in order, with their marks and their classes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    classes: Vec<Class>,
    /// A bit for each class that occurs.
    occurring: u64,
}

/// Bytes that most texts have at most.
const USUAL: usize = 1024;

impl Text {
    /// The text of a record; the account is told of the work.
    pub(crate) fn of(record: DocumentRef<'_>, account: &Account) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(USUAL);
        write(record, &mut bytes, account)?;
        Ok(bytes)
    }

    pub(crate) fn marked(&self) -> Marked<'_> {
        match self {
            Text::Kept(bytes) => marked(bytes),
            Text::Whole(bytes) => marked(bytes),
        }
    }
}

impl Texts {
    /// Adds the text of the next record; the account is told of the work.
    pub(crate) fn push(
        &mut self,
        class: Class,
        record: DocumentRef<'_>,
        account: &Account,
    ) -> Result<()> {
        write(record, &mut self.bytes, account)?;
        self.classes.push(class);
        self.occurring |= 1 << class.byte();
        // A block has far fewer bytes than 4 GiB.
        self.ends.push(self.bytes.len() as u32);
        Ok(())
    }

    /// None yet, with room for so many of the usual length.
    pub(crate) fn with_room_for(texts: usize) -> Texts {
        Texts { bytes: Vec::with_capacity(texts * USUAL), ..Texts::default() }
    }

    pub(crate) fn get(&self, at: usize) -> Marked<'_> {
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        let bytes = self.bytes.get(at.checked_sub(1).map_or(0, end)..end(at));
        marked(bytes.unwrap_or_default())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The classes that occur.
    pub(crate) fn occurring(&self) -> impl Iterator<Item = Class> {
        let mut left = self.occurring;
        std::iter::from_fn(move || {
            let class = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            Class::from_byte(class as u8)
        })
    }

    /// The class of that record.
    pub(crate) fn class(&self, at: usize) -> Option<Class> {
        self.classes.get(at).copied()
    }

    /// Bytes of memory that they take.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.len() + 5 * self.ends.len()
    }

    /// Gives back memory that is not used.
    pub(crate) fn shrink(mut self) -> Texts {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.classes.shrink_to_fit();
        self
    }
}

/// Adds a text, its marks and its length. Whoever shows it has a bound of his own.
fn write(record: DocumentRef<'_>, out: &mut Vec<u8>, account: &Account) -> Result<()> {
    let (start, mut marks) = (out.len(), Vec::with_capacity(64));
    write_marked_within(record, (out, &mut marks), usize::MAX, account)?;
    // A record has far fewer bytes than 4 GiB.
    let length = (out.len() - start) as u32;
    out.extend_from_slice(&marks);
    out.extend_from_slice(&length.to_le_bytes());
    Ok(())
}

fn marked(bytes: &[u8]) -> Marked<'_> {
    let parts = bytes
        .split_last_chunk::<4>()
        .and_then(|(parts, length)| parts.split_at_checked(u32::from_le_bytes(*length) as usize));
    let (text, marks) = parts.unwrap_or_default();
    Marked::new(text, marks)
}
