//! Which records of a segment belong to an answer: a bit for each.

use std::ops::Range;

/// A bit for each of some records.
#[derive(Clone, Debug)]
pub(crate) struct Bits(Box<[u64]>);

/// The records of a segment that conditions hold for.
#[derive(Debug)]
pub(crate) struct Selected {
    bits: Bits,
    rows: usize,
    count: u64,
}

impl Bits {
    /// Those of all that the function is true of.
    pub(crate) fn of<T>(all: &[T], is_one: impl Fn(&T) -> bool) -> Bits {
        let word = |some: &[T]| {
            (0..).zip(some).fold(0, |word, (bit, one)| word | u64::from(is_one(one)) << bit)
        };
        Bits(all.chunks(64).map(word).collect())
    }

    /// All of so many records.
    pub(crate) fn all(rows: usize) -> Bits {
        Bits((0..rows.div_ceil(64)).map(|word| below(rows - 64 * word)).collect())
    }

    /// Of so many records none.
    pub(crate) fn none(rows: usize) -> Bits {
        Bits(vec![0; rows.div_ceil(64)].into())
    }

    /// Whether it is one of them.
    #[inline]
    pub(crate) fn has(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    #[inline]
    pub(crate) fn add(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    /// Takes out those of these records that are among them.
    pub(crate) fn remove(&mut self, rows: Range<usize>) {
        let (first, end) = (rows.start / 64, rows.end.div_ceil(64));
        for (number, word) in self.0.iter_mut().enumerate().take(end).skip(first) {
            let from = rows.start.saturating_sub(64 * number);
            *word &= below(from) | !below(rows.end - 64 * number);
        }
    }

    /// Leaves those of them that the function is true of.
    #[inline]
    pub(crate) fn retain<E>(
        &mut self,
        mut keeps: impl FnMut(usize) -> Result<bool, E>,
    ) -> Result<(), E> {
        for (number, word) in self.0.iter_mut().enumerate() {
            for row in ones((number, *word)) {
                if !keeps(row)? {
                    *word &= !(1 << (row % 64));
                }
            }
        }
        Ok(())
    }

    /// Moves those of them that are among the others there.
    pub(crate) fn split_off(&mut self, others: &Bits) -> Bits {
        let both = self.0.iter().zip(&others.0).map(|(word, other)| word & other).collect();
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word &= !other);
        Bits(both)
    }

    /// Adds all of those.
    pub(crate) fn add_all(&mut self, others: &Bits) {
        self.0.iter_mut().zip(&others.0).for_each(|(word, other)| *word |= other);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied().enumerate().flat_map(ones)
    }

    /// Those of these records that are among them.
    fn rows(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        let (first, end) = (rows.start / 64, rows.end.div_ceil(64));
        let words = (first..end).zip(self.0.iter().skip(first).copied());
        words.flat_map(ones).filter(move |row| rows.contains(row))
    }
}

impl Selected {
    /// Of so many records, these.
    pub(crate) fn new(bits: Bits, rows: usize) -> Selected {
        let count = u64::from(bits.count());
        Selected { bits, rows, count }
    }

    /// The same, one after the other.
    pub(crate) fn these(rows: usize, these: impl Iterator<Item = usize>) -> Selected {
        let mut bits = Bits::none(rows);
        these.for_each(|row| bits.add(row));
        Selected::new(bits, rows)
    }

    /// Whether the record is one of them.
    #[inline]
    pub(crate) fn has(&self, row: usize) -> bool {
        self.bits.has(row)
    }

    /// All of them.
    pub(crate) fn bits(&self) -> &Bits {
        &self.bits
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Those of these records that are.
    pub(crate) fn rows(&self, rows: Range<usize>) -> impl Iterator<Item = usize> {
        self.bits.rows(rows)
    }

    /// How many of these records are. Of all of them that is known.
    pub(crate) fn count_in(&self, rows: Range<usize>) -> u64 {
        match rows.len() == self.rows {
            true => self.count,
            false => rows.filter(|row| self.has(*row)).count() as u64,
        }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        Selected::memory(self.rows)
    }

    /// Bytes of memory that it takes for so many records.
    pub(crate) fn memory(rows: usize) -> usize {
        rows / 8 + 64
    }
}

/// Bits before that one of a word.
fn below(bit: usize) -> u64 {
    u32::try_from(bit).ok().and_then(|bit| 1_u64.checked_shl(bit)).map_or(u64::MAX, |next| next - 1)
}

/// The numbers of the bits that are set in the word of that number.
fn ones((number, word): (usize, u64)) -> impl Iterator<Item = usize> {
    let mut left = word;
    std::iter::from_fn(move || {
        let bit = left.trailing_zeros() as usize;
        left &= left.wrapping_sub(1);
        (bit < 64).then_some(64 * number + bit)
    })
}
