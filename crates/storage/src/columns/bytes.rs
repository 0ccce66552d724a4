//! The bytes of a column's values, one behind the other: whole, or of values of one length what they differ in.
//!
//! ```text
//! even := length | from | to | byte * length | (byte * (to - from)) * different
//! ```
//!
//! The first value lies there whole, and of each the bytes in which they differ. Who asks for a few values puts these
//! together, and not all.

use std::ops::Range;
use std::sync::OnceLock;

use crate::format::number;

/// The values, one behind the other.
#[derive(Debug)]
pub(super) enum Bytes {
    Whole(Box<[u8]>),
    /// Of values of one length the first one, and of each what lies there: put together once many are asked for.
    Differing {
        first: Box<[u8]>,
        places: Range<usize>,
        own: Box<[u8]>,
        count: usize,
        whole: OnceLock<Box<[u8]>>,
    },
}

/// Longer values are not kept: records that have them are asked themselves.
pub(crate) const MOST_VALUE_BYTES: usize = 256;

/// Values of so many bytes are put together one by one where few are asked for.
pub(super) const FEW_BYTES: usize = 32;

/// A column whose values come to more bytes is none.
const MOST_TOGETHER: usize = 16 << 20;

impl Bytes {
    pub(super) fn whole(&self) -> &[u8] {
        match self {
            Bytes::Whole(bytes) => bytes,
            Bytes::Differing { first, places, own, count, whole } => whole.get_or_init(|| {
                let mut values = first.repeat(*count);
                let differing = own.chunks_exact(places.len().max(1));
                for (value, own) in values.chunks_exact_mut(first.len().max(1)).zip(differing) {
                    put_at(value, places, own);
                }
                values.into()
            }),
        }
    }

    /// The value of that number put together here, where it is a short one of which there is nothing but what is its own.
    pub(super) fn put_together<'r>(
        &self,
        code: usize,
        room: &'r mut [u8; FEW_BYTES],
    ) -> Option<&'r [u8]> {
        let Bytes::Differing { first, places, own, whole, .. } = self else { return None };
        let value = room.get_mut(..first.len()).filter(|_| whole.get().is_none())?;
        value.copy_from_slice(first);
        let start = code.checked_mul(places.len())?;
        put_at(value, places, own.get(start..start + places.len())?);
        Some(value)
    }

    /// Bytes of memory that they take.
    pub(super) fn memory(&self) -> usize {
        match self {
            Bytes::Whole(bytes) => bytes.len(),
            Bytes::Differing { first, own, whole, .. } => {
                first.len() + own.len() + whole.get().map_or(0, |whole| whole.len())
            }
        }
    }

    /// So many values of one length, and that length.
    pub(super) fn read_even(different: usize, bytes: &[u8]) -> Option<(usize, Bytes)> {
        let (length, rest) = number::take(bytes)?;
        let (from, rest) = number::take(rest)?;
        let (to, rest) = number::take(rest)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= MOST_VALUE_BYTES)?;
        let places = usize::try_from(from).ok()?..usize::try_from(to).ok()?;
        let (first, own) = rest.split_at_checked(length)?;
        first.get(places.clone())?;
        let is_whole = own.len() == different.checked_mul(places.len())?
            && different.checked_mul(length)? <= MOST_TOGETHER;
        let (first, own, count, whole) = (first.into(), own.into(), different, OnceLock::new());
        is_whole.then(|| (length, Bytes::Differing { first, places, own, count, whole }))
    }

    /// Appends values of that length: the first one, and of each the bytes in which they differ.
    pub(super) fn put_even(&self, length: usize, out: &mut Vec<u8>) {
        let bytes = self.whole();
        let first = bytes.get(..length).unwrap_or_default();
        let values = || bytes.chunks_exact(length.max(1));
        let differs = |at: &usize| values().any(|value| value.get(*at) != first.get(*at));
        let from = (0..first.len()).find(differs).unwrap_or(0);
        let to = (0..first.len()).rev().find(differs).map_or(0, |last| last + 1);
        [length, from, to].iter().for_each(|number| number::put(out, *number as u64));
        out.extend_from_slice(first);
        values().for_each(|value| out.extend_from_slice(value.get(from..to).unwrap_or_default()));
    }
}

/// Puts bytes at places of a value.
fn put_at(value: &mut [u8], places: &Range<usize>, bytes: &[u8]) {
    let places = value.get_mut(places.clone()).filter(|places| places.len() == bytes.len());
    places.into_iter().for_each(|places| places.copy_from_slice(bytes));
}
