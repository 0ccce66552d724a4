//! How many records of each class there are, and what their sizes add up to: of a block, of a list, or
//! by how much that changes.

use super::class::{CLASSES, Class};
use super::number;
use super::size::Size;

/// Records of one class. In a difference each number may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// How many records.
    pub(crate) count: i64,
    /// What their sizes add up to, in bytes.
    pub(crate) bytes: i128,
    /// How many have a size that cannot be added up exactly.
    pub(crate) unsummed: i64,
}

impl Weight {
    /// The weight of one record.
    pub(crate) fn one(size: Size) -> Weight {
        match size.bytes() {
            Some(bytes) => Weight { count: 1, bytes: i128::from(bytes), unsummed: 0 },
            None => Weight { count: 1, bytes: 0, unsummed: 1 },
        }
    }

    fn is_nothing(self) -> bool {
        self == Weight::default()
    }

    fn add(&mut self, more: Weight, times: i64) {
        self.count += more.count * times;
        self.bytes += more.bytes * i128::from(times);
        self.unsummed += more.unsummed * times;
    }
}

/// Weights by class; classes that do not occur are left out. Sorted by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally(Vec<(Class, Weight)>);

impl Tally {
    /// Records of all classes.
    pub(crate) fn records(&self) -> u64 {
        self.0.iter().map(|(_, weight)| u64::try_from(weight.count).unwrap_or(0)).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Class, Weight)> + use<'_> {
        self.0.iter().copied()
    }

    /// How many records there are of each class.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Class, u64)> + use<'_> {
        self.iter().map(|(class, weight)| (class, u64::try_from(weight.count).unwrap_or(0)))
    }

    /// Whether it changes nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a number is negative, which no account of records is.
    pub(crate) fn is_absurd(&self) -> bool {
        self.0.iter().any(|(_, weight)| weight.count < 0 || weight.unsummed < 0 || weight.bytes < 0)
    }

    /// One record more.
    pub(crate) fn add(&mut self, class: Class, size: Size) {
        self.change(class, Weight::one(size), 1);
    }

    /// One record fewer.
    pub(crate) fn take(&mut self, class: Class, size: Size) {
        self.change(class, Weight::one(size), -1);
    }

    pub(crate) fn add_all(&mut self, more: &Tally) {
        more.iter().for_each(|(class, weight)| self.change(class, weight, 1));
    }

    pub(crate) fn take_all(&mut self, fewer: &Tally) {
        fewer.iter().for_each(|(class, weight)| self.change(class, weight, -1));
    }

    fn change(&mut self, class: Class, weight: Weight, times: i64) {
        match self.0.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => {
                if let Some((_, kept)) = self.0.get_mut(at) {
                    kept.add(weight, times);
                    if kept.is_nothing() {
                        self.0.remove(at);
                    }
                }
            }
            Err(at) => {
                let mut kept = Weight::default();
                kept.add(weight, times);
                if !kept.is_nothing() {
                    self.0.insert(at, (class, kept));
                }
            }
        }
    }

    /// Bytes of memory that one of so many classes takes with itself.
    pub(crate) fn memory_of(classes: usize) -> usize {
        size_of::<Tally>() + classes * size_of::<(Class, Weight)>()
    }

    /// Appends an account of records, in which nothing is negative.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        for (class, weight) in self.iter() {
            out.push(class.byte());
            number::put(out, u64::try_from(weight.count).unwrap_or(0));
            number::put_large(out, u128::try_from(weight.bytes).unwrap_or(0));
            number::put(out, u64::try_from(weight.unsummed).unwrap_or(0));
        }
    }

    /// The account at the start of the bytes, and the bytes behind it.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Tally, &[u8])> {
        let mut weights = Weights::read(bytes)?;
        let read: Vec<(Class, Weight)> = weights.by_ref().collect();
        let is_whole = weights.left == 0 && read.is_sorted_by(|(one, _), (next, _)| one < next);
        is_whole.then_some((Tally(read), weights.bytes))
    }

    /// The bytes behind the account at the start of the bytes.
    pub(crate) fn skip(bytes: &[u8]) -> Option<&[u8]> {
        let mut weights = Weights::read(bytes)?;
        let is_sorted =
            weights.by_ref().map(|(class, _)| class).is_sorted_by(|one, next| one < next);
        (is_sorted && weights.left == 0).then_some(weights.bytes)
    }
}

/// The weights of an account that is read in place.
#[derive(Clone, Debug)]
pub(crate) struct Weights<'a> {
    bytes: &'a [u8],
    left: u8,
}

impl<'a> Weights<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Weights<'a>> {
        let (classes, bytes) = bytes.split_first()?;
        (usize::from(*classes) <= CLASSES).then_some(Weights { bytes, left: *classes })
    }

    /// How many records there are of each class.
    pub(crate) fn counts(self) -> impl Iterator<Item = (Class, u64)> + use<'a> {
        self.map(|(class, weight)| (class, u64::try_from(weight.count).unwrap_or(0)))
    }
}

impl Iterator for Weights<'_> {
    type Item = (Class, Weight);

    fn next(&mut self) -> Option<(Class, Weight)> {
        let left = self.left.checked_sub(1)?;
        let (class, rest) = self.bytes.split_first()?;
        let (count, rest) = number::take(rest)?;
        let (bytes, rest) = number::take_large(rest)?;
        let (unsummed, rest) = number::take(rest)?;
        let weight = Weight {
            count: i64::try_from(count).ok()?,
            bytes: i128::try_from(bytes).ok()?,
            unsummed: i64::try_from(unsummed).ok()?,
        };
        (self.left, self.bytes) = (left, rest);
        Some((Class::from_byte(*class)?, weight))
    }
}

impl FromIterator<(Class, Size)> for Tally {
    fn from_iter<I: IntoIterator<Item = (Class, Size)>>(records: I) -> Tally {
        let mut tally = Tally::default();
        records.into_iter().for_each(|(class, size)| tally.add(class, size));
        tally
    }
}
