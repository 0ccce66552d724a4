//! Records that cells hold, in the order of a sort: with each asking some come and some go. They lie in batches as they came
//! and are told by where they lie there, so that who adds a few copies numbers of all others and touches none of them.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

use crate::memtable::Cell;

/// A record that a cell holds, by its key in the order of a sort.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(crate) key: Box<[u8]>,
    pub(crate) cell: Cell,
}

/// Such records, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddedRecords {
    batches: Vec<Arc<[Added]>>,
    order: Vec<At>,
    /// By what the keys of their cells come to.
    by_cell: Vec<(u64, At)>,
    /// Bytes that keys in the batches take.
    keys: usize,
}

/// Where a record lies: its batch, and its place there.
type At = (u32, u32);

/// Batches, and times as many records as belong to the list, past which all that do are put into one.
const MOST_BATCHES: usize = 64;
const MOST_TIMES: usize = 2;

impl AddedRecords {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The record at that place in the order.
    pub(crate) fn get(&self, place: usize) -> Option<&Added> {
        self.order.get(place).and_then(|at| self.at(*at))
    }

    /// The records at these places in the order.
    pub(crate) fn range(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = &Added> {
        let order = self.order.get(places).unwrap_or_default();
        order.iter().filter_map(|at| self.at(*at))
    }

    /// How many of them come first for which that is true.
    pub(crate) fn partition_point(&self, is_before: impl Fn(&Added) -> bool) -> usize {
        self.order.partition_point(|at| self.at(*at).is_some_and(&is_before))
    }

    /// How many of them come before that key.
    pub(crate) fn before(&self, key: &[u8]) -> usize {
        self.partition_point(|added| &*added.key < key)
    }

    /// The one that a cell of that key holds.
    pub(crate) fn of_cell(&self, key: &[u8]) -> Option<&Added> {
        let sought = hash(key);
        let first = self.by_cell.partition_point(|(hash, _)| *hash < sought);
        let alike = self.by_cell.iter().skip(first).take_while(|(hash, _)| *hash == sought);
        let mut alike = alike.filter_map(|(_, at)| self.at(*at));
        alike.find(|added| added.cell.key() == key)
    }

    /// The same without those of some keys, and with some more.
    pub(super) fn with(&self, mut added: Vec<Added>, removed: &[Box<[u8]>]) -> AddedRecords {
        added.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        let gathered = self.is_scattered().then(|| self.gathered());
        let known = gathered.as_ref().unwrap_or(self);
        let mut removed: Vec<usize> =
            removed.iter().filter_map(|key| known.place_of(key)).collect();
        removed.sort_unstable();
        let (order, by_cell) =
            (known.order_with(&added, &removed), known.cells_with(&added, &removed));
        let keys = known.keys + keys_of(&added);
        let mut batches = known.batches.clone();
        batches.push(added.into());
        AddedRecords { batches, order, by_cell, keys }
    }

    /// Bytes of memory that they take.
    pub(super) fn bytes(&self) -> usize {
        let records: usize = self.batches.iter().map(|batch| size_of_val(&**batch)).sum();
        size_of_val(&*self.order) + size_of_val(&*self.by_cell) + records + self.keys
    }

    fn at(&self, (batch, place): At) -> Option<&Added> {
        self.batches.get(batch as usize)?.get(place as usize)
    }

    fn place_of(&self, key: &[u8]) -> Option<usize> {
        let place = self.before(key);
        self.get(place).filter(|added| &*added.key == key).map(|_| place)
    }

    /// The order without what is removed, and with what the next batch adds.
    fn order_with(&self, added: &[Added], removed: &[usize]) -> Vec<At> {
        let mut order = Vec::with_capacity(self.len() + added.len());
        let (mut removed, mut left) = (removed.iter().copied().peekable(), 0);
        let mut take_upto = |end: usize, order: &mut Vec<At>| {
            while let Some(gone) = removed.next_if(|gone| *gone < end) {
                order.extend_from_slice(self.order.get(left..gone).unwrap_or_default());
                left = gone + 1;
            }
            order.extend_from_slice(self.order.get(left..end).unwrap_or_default());
            left = left.max(end);
        };
        for (added, at) in added.iter().zip(self.next_batch()) {
            take_upto(self.before(&added.key), &mut order);
            order.push(at);
        }
        take_upto(self.len(), &mut order);
        order
    }

    /// The same by cells.
    fn cells_with(&self, added: &[Added], removed: &[usize]) -> Vec<(u64, At)> {
        let mut removed: Vec<At> =
            removed.iter().filter_map(|place| self.order.get(*place).copied()).collect();
        removed.sort_unstable();
        let mut by_cell = self.by_cell.clone();
        if !removed.is_empty() {
            by_cell.retain(|(_, at)| removed.binary_search(at).is_err());
        }
        let later = added.iter().zip(self.next_batch());
        by_cell.extend(later.map(|(added, at)| (hash(added.cell.key()), at)));
        // Two runs, the first of them in order.
        by_cell.sort();
        by_cell
    }

    /// Where the records of the next batch will lie.
    fn next_batch(&self) -> impl Iterator<Item = At> {
        let batch = self.batches.len() as u32;
        (0..).map(move |place| (batch, place))
    }

    fn is_scattered(&self) -> bool {
        let all: usize = self.batches.iter().map(|batch| batch.len()).sum();
        self.batches.len() >= MOST_BATCHES || all > MOST_TIMES * self.len().max(MOST_BATCHES)
    }

    /// The same in one batch.
    fn gathered(&self) -> AddedRecords {
        let all: Vec<Added> = self.range(0..self.len()).cloned().collect();
        AddedRecords::default().with(all, &[])
    }
}

/// What the key of a cell comes to.
fn hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn keys_of(added: &[Added]) -> usize {
    added.iter().map(|added| added.key.len()).sum()
}
