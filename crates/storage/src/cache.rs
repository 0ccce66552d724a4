//! Blocks kept in memory: as they are stored, and with their records written out as JSON.
//!
//! Both are caches with a budget in bytes; a write drops what it changes. This file does not know
//! lists.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::block::Block;

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
        let items = usize::try_from(budget / 4096).unwrap_or(usize::MAX);
        let mut options = OptionsBuilder::new();
        options.shards(4).estimated_items_capacity(items).weight_capacity(budget);
        Blocks(match options.build() {
            Ok(options) => {
                let lifecycle = DefaultLifecycle::default();
                Cache::with_options(options, Bytes, DefaultHashBuilder::default(), lifecycle)
            }
            Err(_) => Cache::with_weighter(items, budget, Bytes),
        })
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
        self.0.remove(key);
    }
}
