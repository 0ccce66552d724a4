//! What is kept in memory within a budget of bytes; blocks: as they are stored, and with their records
//! written out as JSON.
//!
//! A write drops what it changes. This file does not know lists.

use std::hash::Hash;

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
