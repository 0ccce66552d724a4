//! How many records of each class a block or a list holds.

use crate::class::{CLASSES, Class};
use crate::error::{Error, Result};

/// Counts by class; classes that do not occur are left out. Sorted by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts(Vec<(Class, u64)>);

/// The counts of one block, kept small.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlockCounts(Box<[(Class, u16)]>);

/// By how much counts change.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    added: Counts,
    taken: Counts,
}

impl Difference {
    /// A record of one class stands where there was one of the other.
    pub(crate) fn replace(&mut self, before: Option<Class>, after: Option<Class>) {
        if before != after {
            before.into_iter().for_each(|class| self.taken.add(class, 1));
            after.into_iter().for_each(|class| self.added.add(class, 1));
        }
    }
}

impl BlockCounts {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Class, u64)> {
        self.0.iter().map(|(class, count)| (*class, u64::from(*count)))
    }

    /// How much memory the counts take.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// Counts one record more.
    pub(crate) fn add(&mut self, class: Class) {
        match self.0.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => self.0.iter_mut().skip(at).take(1).for_each(|(_, count)| *count += 1),
            Err(at) => {
                let mut counts = std::mem::take(&mut self.0).into_vec();
                counts.insert(at, (class, 1));
                self.0 = counts.into();
            }
        }
    }
}

impl FromIterator<(Class, u64)> for BlockCounts {
    fn from_iter<I: IntoIterator<Item = (Class, u64)>>(counted: I) -> BlockCounts {
        // A block counts in two bytes.
        BlockCounts(counted.into_iter().map(|(class, count)| (class, count as u16)).collect())
    }
}

impl Counts {
    /// Records of all classes.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Class, u64)> {
        self.0.iter().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, class: Class, more: u64) {
        match self.0.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => {
                if let Some((_, count)) = self.0.get_mut(at) {
                    *count += more;
                }
            }
            Err(at) => self.0.insert(at, (class, more)),
        }
    }

    pub(crate) fn add_all(&mut self, more: impl Iterator<Item = (Class, u64)>) {
        more.for_each(|(class, count)| self.add(class, count));
    }

    /// Takes out what was added before.
    pub(crate) fn take_all(&mut self, fewer: impl Iterator<Item = (Class, u64)>) {
        for (class, count) in fewer {
            if let Ok(at) = self.0.binary_search_by_key(&class, |(class, _)| *class)
                && let Some((_, kept)) = self.0.get_mut(at)
            {
                *kept = kept.saturating_sub(count);
            }
        }
        self.0.retain(|(_, count)| *count > 0);
    }

    /// The counts after a change. One that would be lower than nothing means damage.
    pub(crate) fn changed(mut self, difference: &Difference) -> Result<Counts> {
        self.add_all(difference.added.iter());
        for (class, count) in difference.taken.iter() {
            let at = self.0.binary_search_by_key(&class, |(class, _)| *class);
            let kept = at.ok().and_then(|at| self.0.get_mut(at));
            let (_, kept) = kept
                .filter(|(_, kept)| *kept >= count)
                .ok_or_else(|| Error::damaged("a count is lower than its records"))?;
            *kept -= count;
        }
        self.0.retain(|(_, count)| *count > 0);
        Ok(self)
    }

    /// `class` and a little-endian `u64`, nine bytes a class.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(9 * self.0.len());
        for (class, count) in self.iter() {
            bytes.push(class.byte());
            bytes.extend_from_slice(&count.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Counts> {
        let mut counts = Counts::default();
        let (whole, rest) = bytes.as_chunks::<9>();
        for [class, count @ ..] in whole {
            let class = Class::from_byte(*class).ok_or_else(malformed)?;
            counts.add(class, u64::from_le_bytes(*count));
        }
        let intact = rest.is_empty() && whole.len() <= CLASSES;
        if intact { Ok(counts) } else { Err(malformed()) }
    }
}

impl FromIterator<(Class, u64)> for Counts {
    fn from_iter<I: IntoIterator<Item = (Class, u64)>>(counted: I) -> Counts {
        let mut counts = Counts::default();
        counted.into_iter().for_each(|(class, count)| counts.add(class, count));
        counts
    }
}

fn malformed() -> Error {
    Error::damaged("a list's counts are malformed")
}
