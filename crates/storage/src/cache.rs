//! What is kept in memory within a budget of bytes: blocks, as they are stored and with their records
//! written out as JSON, and single records written out.
//!
//! A write drops what it changes. This file does not know lists.

use std::hash::Hash;
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::block::{Block, MOST_BYTES};

/// A cache of that many bytes, as the weigher counts them, and about so many items, cut into `shards` of
/// equal size, of which none takes what is larger than itself.
pub(crate) fn bounded<K, V, W>(
    bytes: u64,
    items: usize,
    shards: usize,
    weigher: W,
) -> Cache<K, V, W>
where
    K: Eq + Hash,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    let mut options = OptionsBuilder::new();
    options.shards(shards).estimated_items_capacity(items).weight_capacity(bytes);
    match options.build() {
        Ok(options) => {
            let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
            Cache::with_options(options, weigher, hasher, lifecycle)
        }
        Err(_) => Cache::with_weighter(items, bytes, weigher),
    }
}

/// Records as JSON texts, by their keys in the id list.
pub(crate) struct Records(Cache<Box<[u8]>, Arc<[u8]>, TextBytes>);

#[derive(Clone)]
struct TextBytes;

impl Weighter<Box<[u8]>, Arc<[u8]>> for TextBytes {
    fn weight(&self, key: &Box<[u8]>, text: &Arc<[u8]>) -> u64 {
        (key.len() + text.len() + 128) as u64
    }
}

/// A record and what it takes to keep it, about.
const RECORD_BYTES: u64 = 768;

impl Records {
    pub(crate) fn new(budget: u64) -> Records {
        let items = usize::try_from(budget / RECORD_BYTES).unwrap_or(usize::MAX);
        Records(bounded(budget, items, 4, TextBytes))
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<Arc<[u8]>> {
        self.0.get(key)
    }

    pub(crate) fn keep(&self, key: Vec<u8>, text: &[u8]) {
        self.0.insert(key.into(), text.into());
    }

    /// Drops the records of these keys.
    pub(crate) fn forget<'k>(&self, keys: impl Iterator<Item = &'k Vec<u8>>) {
        if !self.0.is_empty() {
            keys.for_each(|key| drop(self.0.remove(key.as_slice())));
        }
    }
}

/// Blocks by the keys they lie under.
pub(crate) struct Blocks(Cache<Box<[u8]>, Block, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<Box<[u8]>, Block> for Bytes {
    fn weight(&self, key: &Box<[u8]>, block: &Block) -> u64 {
        (key.len() + block.bytes().len() + 128) as u64
    }
}

impl Blocks {
    pub(crate) fn new(budget: u64) -> Blocks {
        let items = usize::try_from(budget / MOST_BYTES as u64).unwrap_or(usize::MAX);
        Blocks(bounded(budget, items, 4, Bytes))
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<Block> {
        self.0.get(key)
    }

    pub(crate) fn keep(&self, key: &[u8], block: &Block) {
        self.0.insert(key.into(), block.clone());
    }

    pub(crate) fn take(&self, key: &[u8]) -> Option<Block> {
        self.0.remove(key).map(|(_, block)| block)
    }

    pub(crate) fn forget(&self, key: &[u8]) {
        self.take(key);
    }
}
