//! What is kept in memory within a budget of bytes: blocks, as they are stored and with their records
//! written out as JSON, and single records written out.
//!
//! A write drops what it changes. This file does not know lists.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// What a cache keeps.
pub(crate) trait Kept: Clone {
    /// Bytes that one usually takes.
    const USUAL: u64;

    fn length(&self) -> usize;
}

impl Kept for Block {
    const USUAL: u64 = MOST_BYTES as u64;

    fn length(&self) -> usize {
        self.bytes().len()
    }
}

/// A text.
impl Kept for Arc<[u8]> {
    const USUAL: u64 = 768;

    fn length(&self) -> usize {
        self.len()
    }
}

/// Things by the keys of the tree that they belong to.
pub(crate) struct ByKey<T> {
    cache: Cache<Box<[u8]>, T, Bytes>,
    /// Whether there ever was anything to forget: while records are loaded there often is not.
    used: AtomicBool,
}

/// Blocks by the keys they lie under.
pub(crate) type Blocks = ByKey<Block>;

/// Records as JSON texts, by their keys in the id list.
pub(crate) type Records = ByKey<Arc<[u8]>>;

#[derive(Clone)]
struct Bytes;

impl<T: Kept> Weighter<Box<[u8]>, T> for Bytes {
    fn weight(&self, key: &Box<[u8]>, kept: &T) -> u64 {
        (key.len() + kept.length() + 128) as u64
    }
}

impl<T: Kept> ByKey<T> {
    pub(crate) fn new(budget: u64) -> ByKey<T> {
        let items = usize::try_from(budget / T::USUAL).unwrap_or(usize::MAX);
        ByKey { cache: bounded(budget, items, 4, Bytes), used: AtomicBool::new(false) }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<T> {
        self.cache.get(key)
    }

    pub(crate) fn keep(&self, key: &[u8], kept: T) {
        self.used.store(true, Ordering::Relaxed);
        self.cache.insert(key.into(), kept);
    }

    pub(crate) fn take(&self, key: &[u8]) -> Option<T> {
        if !self.used.load(Ordering::Relaxed) {
            return None;
        }
        self.cache.remove(key).map(|(_, kept)| kept)
    }

    pub(crate) fn forget(&self, key: &[u8]) {
        self.take(key);
    }
}
