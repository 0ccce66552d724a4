//! The newest page of matches that come in any order, for peers that must find it by hand.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::page::COUNT;

/// The greatest keys seen so far, as many as fit on a page. A key starts with the time and the id.
pub(crate) struct Newest<K>(BinaryHeap<Reverse<K>>);

impl<K: Ord> Newest<K> {
    pub(crate) fn new() -> Newest<K> {
        Newest(BinaryHeap::with_capacity(COUNT + 1))
    }

    pub(crate) fn push(&mut self, key: K) {
        if self.0.len() < COUNT {
            self.0.push(Reverse(key));
        } else if let Some(mut oldest) = self.0.peek_mut()
            && oldest.0 < key
        {
            *oldest = Reverse(key);
        }
    }

    /// Newest first.
    pub(crate) fn into_sorted(self) -> impl Iterator<Item = K> {
        self.0.into_sorted_vec().into_iter().map(|Reverse(key)| key)
    }
}
