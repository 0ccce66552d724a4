//! Which records of a segment belong to an answer: a bit for each.

use std::ops::Range;

/// The records of a segment that conditions hold for.
#[derive(Debug)]
pub(crate) struct Selected {
    bits: Box<[u64]>,
    rows: usize,
    count: u64,
}

impl Selected {
    /// Of so many records, those that the function is true of.
    pub(crate) fn of<E>(
        rows: usize,
        mut holds: impl FnMut(usize) -> Result<bool, E>,
    ) -> Result<Selected, E> {
        let mut bits = vec![0_u64; rows.div_ceil(64)].into_boxed_slice();
        for (word, start) in bits.iter_mut().zip((0..rows).step_by(64)) {
            for row in start..rows.min(start + 64) {
                *word |= u64::from(holds(row)?) << (row - start);
            }
        }
        Ok(Selected::new(bits, rows))
    }

    /// Of so many records, these.
    pub(crate) fn these(rows: usize, these: impl Iterator<Item = usize>) -> Selected {
        let mut bits = vec![0_u64; rows.div_ceil(64)].into_boxed_slice();
        for row in these {
            bits.get_mut(row / 64).into_iter().for_each(|word| *word |= 1 << (row % 64));
        }
        Selected::new(bits, rows)
    }

    fn new(bits: Box<[u64]>, rows: usize) -> Selected {
        let count = bits.iter().map(|word| u64::from(word.count_ones())).sum();
        Selected { bits, rows, count }
    }

    /// Whether the record is one of them.
    #[inline]
    pub(crate) fn has(&self, row: usize) -> bool {
        self.bits.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Those of these records that are.
    pub(crate) fn rows(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        let (first, end) = (rows.start / 64, rows.end.div_ceil(64));
        let words = (first..end).zip(self.bits.iter().skip(first));
        words.flat_map(ones).filter(move |row| rows.contains(row))
    }

    /// How many of these records are. Of all of them that is known.
    pub(crate) fn count_in(&self, rows: Range<usize>) -> u64 {
        match rows.len() == self.rows {
            true => self.count,
            false => rows.filter(|row| self.has(*row)).count() as u64,
        }
    }

    pub(super) fn memory(rows: usize) -> usize {
        rows / 8 + 64
    }
}

/// The numbers of the bits that are set in the word of that number.
fn ones((number, word): (usize, &u64)) -> impl Iterator<Item = usize> {
    let mut left = *word;
    std::iter::from_fn(move || {
        let bit = left.trailing_zeros() as usize;
        left &= left.wrapping_sub(1);
        (bit < 64).then_some(64 * number + bit)
    })
}
