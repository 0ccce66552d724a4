//! The first few of many, kept in a heap of bounded size.
//!
//! This file knows keys as bytes and items as opaque. It does not know what they were drawn from.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::{Error, Limits, Result};

/// Keeps the `limit` items with the smallest keys; all of them without a limit. Items with one key
/// stay in the order they came in.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; }
/// use filedex::language::TopK;
/// use filedex::Limits;
/// let mut top = TopK::new(Some(2), &Limits::default());
/// for size in [30_u8, 10, 20] {
///     top.push(vec![size], size, 0).unwrap();
/// }
/// assert_eq!(top.into_sorted(), [10, 20]);
/// ```
#[derive(Debug)]
pub struct TopK<T> {
    heap: BinaryHeap<Entry<T>>,
    limit: Option<usize>,
    arrived: u64,
    bytes: usize,
    /// Bytes of the items besides.
    weight: usize,
    allowed: usize,
}

#[derive(Debug)]
struct Entry<T> {
    key: Vec<u8>,
    arrival: u64,
    item: T,
    weight: usize,
}

impl<T> TopK<T> {
    /// An empty heap. `limit` is a number of items; the bytes held are bounded by
    /// [`Limits::sort_bytes`].
    pub fn new(limit: Option<usize>, limits: &Limits) -> TopK<T> {
        let allowed = limits.sort_bytes;
        TopK { heap: BinaryHeap::new(), limit, arrived: 0, bytes: 0, weight: 0, allowed }
    }

    /// Offers an item that holds so many bytes. It is dropped if the heap is full and its key is not
    /// among the smallest.
    ///
    /// # Errors
    /// The limit `sort_bytes`.
    pub fn push(&mut self, key: Vec<u8>, item: T, weight: usize) -> Result<()> {
        let entry = Entry { key, arrival: self.arrived, item, weight };
        self.arrived += 1;
        if self.limit.is_some_and(|limit| self.heap.len() >= limit) {
            self.replace_last(entry);
        } else {
            self.bytes += entry.size();
            self.weight += weight;
            self.heap.push(entry);
        }
        if self.bytes > self.allowed {
            return Err(Error::limit("sort_bytes", self.allowed));
        }
        Ok(())
    }

    /// The greatest key kept, once there is no place for more items: greater ones are dropped.
    pub fn last_key(&self) -> Option<&[u8]> {
        let full = self.limit.is_some_and(|limit| self.heap.len() >= limit);
        self.heap.peek().filter(|_| full).map(|entry| entry.key.as_slice())
    }

    /// Bytes of keys and items that are held, and of room for as many more.
    pub fn held(&self) -> usize {
        self.bytes + self.weight + self.heap.len() * size_of::<Entry<T>>()
    }

    /// How many items are kept.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The items, smallest key first.
    pub fn into_sorted(self) -> Vec<T> {
        self.heap.into_sorted_vec().into_iter().map(|entry| entry.item).collect()
    }

    fn replace_last(&mut self, entry: Entry<T>) {
        let Some(mut last) = self.heap.peek_mut() else { return };
        if entry < *last {
            self.bytes = self.bytes + entry.size() - last.size();
            self.weight = self.weight + entry.weight - last.weight;
            *last = entry;
        }
    }
}

impl<T> Entry<T> {
    fn size(&self) -> usize {
        self.key.capacity() + size_of::<Entry<T>>()
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key).then(self.arrival.cmp(&other.arrival))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}
