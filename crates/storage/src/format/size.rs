//! What a record's `size` adds to a sum, as an entry keeps it.
//!
//! MongoDB's `$sum` passes over what is no number, so that a missing size adds nothing. A size that is
//! no whole number from 0 to 2^53 could not be added up exactly; a sum that would have to hold one is not
//! kept, and has to be worked out from the records.

use filedex_query::{DocumentRef, ValueRef};

use super::number;

/// The part of one record in a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Size(u64);

/// Stands for a size that cannot be added up exactly.
const UNSUMMED: u64 = 1;

/// Whole numbers up to here are exact as a double, too.
const MOST: u64 = 1 << 53;

impl Size {
    /// The size of that record.
    pub(crate) fn of(record: DocumentRef<'_>) -> Size {
        let bytes = match record.get("size") {
            Some(ValueRef::Int(size)) => u64::try_from(size).ok(),
            Some(ValueRef::Long(size)) => u64::try_from(size).ok(),
            Some(ValueRef::Double(size)) if size >= 0.0 && size.fract() == 0.0 => Some(size as u64),
            Some(ValueRef::Double(_) | ValueRef::Decimal(_)) => None,
            _ => return Size::default(),
        };
        Size(bytes.filter(|bytes| *bytes <= MOST).map_or(UNSUMMED, |bytes| bytes + 2))
    }

    /// What is to be added; `None` if that cannot be kept exactly.
    pub(crate) fn bytes(self) -> Option<u64> {
        match self.0 {
            UNSUMMED => None,
            size => Some(size.saturating_sub(2)),
        }
    }

    /// The size as a number, from which [`Size::from_number`] makes it again.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    pub(crate) fn from_number(number: u64) -> Size {
        Size(number)
    }

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        number::put(out, self.0);
    }

    #[inline]
    pub(crate) fn take(bytes: &[u8]) -> Option<(Size, &[u8])> {
        let (size, rest) = number::take(bytes)?;
        Some((Size(size), rest))
    }
}
