//! What changed since the last checkpoint: keys with what they hold now, in memory.
//!
//! The log holds the same changes as writes, so that nothing here is lost with the process. Readers
//! look here first and in the tree behind.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use quick_cache::DefaultHashBuilder;

use crate::arrivals::Arrivals;
use crate::block::{Block, Draft};
use crate::checkpoint;
use crate::error::Result;
use crate::tree::Bytes;

/// Changes that the tree does not hold yet.
#[derive(Default)]
pub(crate) struct Pending {
    changes: HashMap<Key, Change, DefaultHashBuilder>,
    /// The keys of all changes, in order.
    keys: BTreeSet<Key>,
    bytes: usize,
    /// Entries of the id list that are not in their blocks yet.
    pub(crate) arrivals: Arrivals,
}

/// A key, shared by both.
type Key = Arc<[u8]>;

/// What a key holds now.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Block(Arc<Draft>),
    Value(Bytes),
    Removed,
}

/// What an entry takes beside its key and value.
const OVERHEAD: usize = 96;

impl Pending {
    /// What that key holds, if it changed.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Change> {
        if self.changes.is_empty() { None } else { self.changes.get(key) }
    }

    pub(crate) fn range<'p>(
        &'p self,
        lower: Bound<&[u8]>,
        upper: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'p [u8], &'p Change)> + use<'p> {
        let keys = self.keys.range::<[u8], _>((lower, upper));
        keys.filter_map(|key| Some((&**key, self.changes.get(key)?)))
    }

    /// All changes as the tree will hold them, in order of their keys. Each is sealed when it comes.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = checkpoint::Change> {
        let mut buffer = Vec::new();
        self.range(Bound::Unbounded, Bound::Unbounded).map(move |(key, change)| {
            let value = match change {
                Change::Block(draft) => Some(draft.seal(&mut buffer)),
                Change::Value(value) => Some(value.clone()),
                Change::Removed => None,
            };
            (Bytes::copy(key), value)
        })
    }

    pub(crate) fn set(&mut self, key: &[u8], change: Change) {
        self.bytes += length(&change);
        if let Some(place) = self.changes.get_mut(key) {
            self.bytes -= length(place);
            *place = change;
            return;
        }
        self.bytes += key.len() + OVERHEAD;
        let key = Key::from(key);
        self.keys.insert(key.clone());
        self.changes.insert(key, change);
    }

    /// Changes the block under that key in place. `stored` gives the tree's, if it did not change before.
    pub(crate) fn edit<T>(
        &mut self,
        key: &[u8],
        stored: impl FnOnce() -> Result<Option<Block>>,
        edit: impl FnOnce(&mut Draft) -> Result<T>,
    ) -> Result<T> {
        let mut draft = match self.changes.get_mut(key) {
            Some(Change::Block(draft)) => {
                let before = draft.memory();
                // Copied only if a reader still holds it.
                let draft = Arc::make_mut(draft);
                let done = edit(draft);
                self.bytes = self.bytes + draft.memory() - before;
                return done;
            }
            Some(Change::Value(_) | Change::Removed) => Draft::default(),
            None => stored()?.map(|block| Draft::of(&block)).unwrap_or_default(),
        };
        let done = edit(&mut draft);
        self.set(key, Change::Block(Arc::new(draft)));
        done
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How much memory the changes take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes + self.arrivals.memory()
    }
}

fn length(change: &Change) -> usize {
    match change {
        Change::Block(draft) => draft.memory(),
        Change::Value(value) => value.len(),
        Change::Removed => 0,
    }
}
