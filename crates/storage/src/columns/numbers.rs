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
pub(super) struct Numbers<B> {
    /// All bytes of them, with what comes before the first.
    bytes: B,
    count: usize,
    /// How many bytes of a number are its own, a mask of these, and how many bits lie behind them.
    width: usize,
    own: u128,
    shift: u32,
    /// What all have in common.
    common: u128,
}

/// Bytes before those of the numbers: a whole number can be read up to where each ends.
const HEADER: usize = 4 + 1 + 1 + WIDTH;

const WIDTH: usize = size_of::<u128>();

/// Bytes of a number that are looked at first.
const LEAD: usize = size_of::<u64>();

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

impl<'b> Numbers<&'b [u8]> {
    /// Reads numbers, and gives what comes behind them.
    pub(super) fn read(bytes: &'b [u8]) -> Option<(Numbers<&'b [u8]>, &'b [u8])> {
        let header = bytes.get(..HEADER)?;
        let count = number::fixed(header, 0)? as usize;
        let [from, to] = *header.get(4..)?.first_chunk()?;
        let width = usize::from(to.checked_sub(from)?);
        let shift = 8 * (WIDTH as u32).checked_sub(to.into())?;
        if width == 0 {
            return None;
        }
        let behind = u128::MAX.checked_shr(8 * u32::from(from)).unwrap_or(0);
        let common = u128::from_be_bytes(*header.last_chunk()?) & !behind;
        let (own, length) = (behind >> shift, count.checked_mul(width)?.checked_add(HEADER)?);
        let (bytes, rest) = bytes.split_at_checked(length)?;
        Some((Numbers { bytes, count, width, own, shift, common }, rest))
    }

    /// The same in memory of their own.
    pub(super) fn kept(self) -> Numbers<Box<[u8]>> {
        let Numbers { bytes, count, width, own, shift, common } = self;
        Numbers { bytes: bytes.into(), count, width, own, shift, common }
    }
}

impl<B: AsRef<[u8]>> Numbers<B> {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The number of that place.
    pub(super) fn get(&self, at: usize) -> Option<u128> {
        let bytes = self.bytes.as_ref().get(..HEADER + (at + 1) * self.width)?;
        let own = u128::from_be_bytes(*bytes.last_chunk()?) & self.own;
        Some(self.common | own << self.shift)
    }

    /// Shows in order, each with its place, those that are at most so much: from each on as much as comes back of it, which
    /// is never more than before.
    pub(super) fn each_up_to(
        &self,
        mut most: Option<u128>,
        mut show: impl FnMut(usize, u128) -> Option<u128>,
    ) {
        let behind = self.shift + 8 * self.width.saturating_sub(LEAD) as u32;
        let lead_of = |most: Option<u128>| {
            let lead = most?.checked_sub(self.common)? >> behind;
            Some(u64::try_from(lead).unwrap_or(u64::MAX))
        };
        let Some(mut lead_most) = lead_of(most) else { return };
        for (at, lead) in self.leads().enumerate() {
            if lead <= lead_most
                && let Some(number) = self.get(at).filter(|number| Some(*number) <= most)
            {
                most = show(at, number);
                let Some(lead) = lead_of(most) else { return };
                lead_most = lead;
            }
        }
    }

    /// How what is their own begins, by which nearly all are told to be too great.
    fn leads(&self) -> impl Iterator<Item = u64> {
        let start = HEADER - LEAD.saturating_sub(self.width);
        let mut rest = self.bytes.as_ref().get(start..).unwrap_or_default();
        let own = u64::MAX >> (8 * LEAD.saturating_sub(self.width));
        std::iter::from_fn(move || {
            let lead = u64::from_be_bytes(*rest.first_chunk()?) & own;
            rest = rest.get(self.width..).unwrap_or_default();
            Some(lead)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Bounds about numbers, each with how many that are at most so much are shown of them.
    fn bounds(numbers: &[u128]) -> Vec<(usize, Option<u128>)> {
        let about = |number: &u128| [number.checked_sub(1), Some(*number), number.checked_add(1)];
        let bounds = numbers.iter().flat_map(about).chain([None, Some(0), Some(u128::MAX)]);
        let times = [1, 2, usize::MAX];
        bounds.flat_map(|bound| times.map(|times| (times, bound))).collect()
    }

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
            put(numbers.iter().copied(), &mut bytes);
            let width = kept.count_ones().max(8) as usize / 8;
            prop_assert!(bytes.len() <= HEADER + numbers.len() * width);
            bytes.push(7);
            let (read, rest) = Numbers::read(&bytes).unwrap();
            prop_assert_eq!(rest, [7]);
            let read = read.kept();
            prop_assert_eq!(read.get(read.len()), None);
            prop_assert_eq!((0..read.len()).filter_map(|at| read.get(at)).collect::<Vec<_>>(), numbers.clone());
            for (at, most) in bounds(&numbers) {
                let (mut shown, mut left) = (Vec::new(), at);
                read.each_up_to(most, |place, number| {
                    shown.push((place, number));
                    left -= 1;
                    most.filter(|_| left > 0)
                });
                let small = numbers.iter().copied().enumerate().filter(|(_, number)| Some(*number) <= most);
                prop_assert_eq!(shown, small.take(at).collect::<Vec<_>>());
            }
        }

        #[test]
        fn no_bytes_make_numbers_that_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), count in 0..5_u8) {
            let bytes = [&[count, 0, 0, 0], bytes.as_slice()].concat();
            if let Some((numbers, _)) = Numbers::read(&bytes) {
                let mut sum = 0;
                numbers.each_up_to(Some(u128::MAX), |_, number| {
                    sum ^= number;
                    Some(u128::MAX)
                });
            }
        }
    }
}
