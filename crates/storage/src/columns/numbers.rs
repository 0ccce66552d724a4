//! Large numbers side by side, of each the bytes alone by which they differ: many begin alike, or end in zeros.
//!
//! ```text
//! numbers := count u32 | from u8 | to u8 | the first number u128 | (bytes from..to of a number) * count
//! ```
//!
//! The first number is big-endian, and so are the bytes. This file does not know what the numbers stand for.

use crate::format::number;

/// Numbers as they lie in a file.
#[derive(Debug)]
pub(super) struct Numbers {
    count: usize,
    /// Which bytes of a number are its own, and a mask of these.
    from: u32,
    width: usize,
    own: u128,
    /// What all have in common.
    common: u128,
    /// Those of the numbers, and so many behind them that a whole number can be read from each place.
    bytes: Box<[u8]>,
}

/// Bytes before those of the numbers.
const HEADER: usize = 4 + 1 + 1 + WIDTH;

const WIDTH: usize = size_of::<u128>();

impl Numbers {
    /// Appends these numbers.
    pub(super) fn put(numbers: impl Iterator<Item = u128> + Clone, out: &mut Vec<u8>) {
        let first = numbers.clone().next().unwrap_or(0);
        let all = |(all, differing), number| (all | number, differing | (number ^ first));
        let (all, differing) = numbers.clone().fold((0, 0), all);
        // Of numbers that are all the same there is still a byte.
        let to = (WIDTH - all.trailing_zeros() as usize / 8).max(1);
        let from = (differing.leading_zeros() as usize / 8).min(to - 1);
        out.extend_from_slice(&(numbers.clone().count() as u32).to_le_bytes());
        out.extend_from_slice(&[from as u8, to as u8]);
        out.extend_from_slice(&first.to_be_bytes());
        for number in numbers {
            out.extend_from_slice(number.to_be_bytes().get(from..to).unwrap_or_default());
        }
    }

    /// Reads numbers, and gives what comes behind them.
    pub(super) fn read(bytes: &[u8]) -> Option<(Numbers, &[u8])> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let count = number::fixed(header, 0)? as usize;
        let [from, to] = *header.get(4..)?.first_chunk()?;
        let width = usize::from(to.checked_sub(from)?);
        if width == 0 || usize::from(to) > WIDTH {
            return None;
        }
        let behind = |byte: u8| u128::MAX.checked_shr(8 * u32::from(byte)).unwrap_or(0);
        let (from_there, behind_it) = (behind(from), behind(to));
        let first = u128::from_be_bytes(*header.last_chunk()?);
        let (bytes, rest) = rest.split_at_checked(count.checked_mul(width)?)?;
        let bytes = [bytes, &[0; WIDTH]].concat().into();
        let (own, common) = (from_there & !behind_it, first & !from_there);
        Some((Numbers { count, from: from.into(), width, own, common, bytes }, rest))
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The number of that place.
    pub(super) fn get(&self, at: usize) -> Option<u128> {
        let bytes = self.bytes.get(at * self.width..).filter(|_| at < self.count)?;
        bytes.first_chunk().map(|bytes| self.number(bytes))
    }

    /// All of them in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u128> {
        let starts = (0..self.count).map(|at| at * self.width);
        starts.map_while(|start| Some(self.number(self.bytes.get(start..)?.first_chunk()?)))
    }

    /// The number that begins there; what follows is another one's.
    #[inline]
    fn number(&self, bytes: &[u8; WIDTH]) -> u128 {
        self.common | u128::from_be_bytes(*bytes) >> (8 * self.from) & self.own
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(
            numbers in prop::collection::vec(any::<u128>(), 0..20),
            (low, high) in (0..17_u32, 0..17_u32),
            common in any::<u128>(),
        ) {
            // They differ in some bytes in the middle, or in none.
            let kept = u128::MAX.checked_shr(8 * low).unwrap_or(0) & u128::MAX.checked_shl(8 * high).unwrap_or(0);
            let above = !u128::MAX.checked_shr(8 * low).unwrap_or(0);
            let numbers: Vec<u128> = numbers.iter().map(|number| number & kept | common & above).collect();
            let mut bytes = Vec::new();
            Numbers::put(numbers.iter().copied(), &mut bytes);
            let width = kept.count_ones().max(8) as usize / 8;
            prop_assert!(bytes.len() <= HEADER + numbers.len() * width);
            bytes.push(7);
            let (read, rest) = Numbers::read(&bytes).unwrap();
            prop_assert_eq!(read.get(read.len()), None);
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), numbers);
            prop_assert_eq!(rest, [7]);
        }

        #[test]
        fn no_bytes_make_numbers_that_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), count in 0..5_u8) {
            let bytes = [&[count, 0, 0, 0], bytes.as_slice()].concat();
            if let Some((numbers, _)) = Numbers::read(&bytes) {
                let _numbers = numbers.iter().fold(0, |sum, number| sum ^ number);
            }
        }
    }
}
