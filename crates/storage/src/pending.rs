//! What changed since the last checkpoint: keys with their new values, in memory.
//!
//! The log holds the same changes as writes, so that nothing here is lost with the process. Readers
//! look here first and in the tree behind.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::checkpoint::Change;
use crate::tree::Bytes;

/// Changes that the tree does not hold yet.
#[derive(Default)]
pub(crate) struct Pending {
    changes: BTreeMap<Vec<u8>, Option<Bytes>>,
    bytes: usize,
}

/// What an entry takes beside its key and value.
const OVERHEAD: usize = 64;

impl Pending {
    /// The new value of that key; `Some(None)` if the key is removed, `None` if it is unchanged.
    pub(crate) fn get(&self, key: &[u8]) -> Option<Option<&Bytes>> {
        if self.changes.is_empty() {
            return None;
        }
        self.changes.get(key).map(Option::as_ref)
    }

    pub(crate) fn range<'p>(
        &'p self,
        lower: Bound<&[u8]>,
        upper: Bound<&[u8]>,
    ) -> impl DoubleEndedIterator<Item = (&'p [u8], Option<&'p Bytes>)> + use<'p> {
        let range = self.changes.range::<[u8], _>((lower, upper));
        range.map(|(key, value)| (key.as_slice(), value.as_ref()))
    }

    /// All changes, in order of their keys.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> + Clone {
        self.changes.iter().map(|(key, value)| (key.clone().into(), value.clone()))
    }

    pub(crate) fn set(&mut self, key: Vec<u8>, value: Option<Bytes>) {
        self.bytes += key.len() + length(value.as_ref()) + OVERHEAD;
        let added = key.len() + OVERHEAD;
        if let Some(old) = self.changes.insert(key, value) {
            self.bytes -= added + length(old.as_ref());
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How much memory the changes take, about.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn length(value: Option<&Bytes>) -> usize {
    value.map_or(0, |value| value.len())
}
