//! Things by key, within a budget of bytes: what was not used for long goes first.

use std::fmt;
use std::hash::Hash;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter};

/// Bytes that keeping one thing takes beside its own, by and large.
const OVERHEAD: u64 = 96;

/// A cache.
pub(crate) struct ByKey<K, V> {
    cache: Cache<K, Weighed<V>, Weigher>,
}

/// How full a cache is, and how it has done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fill {
    pub(crate) bytes: u64,
    pub(crate) limit: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

#[derive(Clone)]
struct Weighed<V> {
    kept: V,
    bytes: u32,
}

#[derive(Clone)]
struct Weigher;

impl<K, V> Weighter<K, Weighed<V>> for Weigher {
    fn weight(&self, _: &K, kept: &Weighed<V>) -> u64 {
        u64::from(kept.bytes) + OVERHEAD
    }
}

/// Parts of equal size that a cache is cut into; none takes what is larger than itself.
const SHARDS: usize = 4;

impl<K: Eq + Hash, V: Clone> ByKey<K, V> {
    /// A cache of that many bytes, for things that usually take so many.
    pub(crate) fn new(budget: u64, usual: u64) -> ByKey<K, V> {
        ByKey::of_shards(budget, usual, SHARDS)
    }

    /// The same for a few things, of which one may take all of it.
    pub(crate) fn of_few(budget: u64, usual: u64) -> ByKey<K, V> {
        ByKey::of_shards(budget, usual, 1)
    }

    fn of_shards(budget: u64, usual: u64, shards: usize) -> ByKey<K, V> {
        let items = usize::try_from(budget / (usual + OVERHEAD)).unwrap_or(usize::MAX);
        let mut options = OptionsBuilder::new();
        options.shards(shards).estimated_items_capacity(items).weight_capacity(budget);
        let cache = match options.build() {
            Ok(options) => {
                let hasher = DefaultHashBuilder::default();
                Cache::with_options(options, Weigher, hasher, DefaultLifecycle::default())
            }
            Err(_) => Cache::with_weighter(items, budget, Weigher),
        };
        ByKey { cache }
    }

    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.cache.get(key).map(|weighed| weighed.kept)
    }

    /// Whether nothing is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Whether a thing is kept.
    pub(crate) fn has<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
        self.cache.contains_key(key)
    }

    /// Keeps a thing that takes so many bytes.
    pub(crate) fn keep(&self, key: K, kept: V, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.cache.insert(key, Weighed { kept, bytes });
    }

    /// Keeps nothing any more.
    pub(crate) fn clear(&self) {
        self.cache.clear();
    }

    pub(crate) fn fill(&self) -> Fill {
        let Self { cache } = self;
        let (hits, misses) = (cache.hits(), cache.misses());
        Fill { bytes: cache.weight(), limit: cache.capacity(), hits, misses }
    }

    pub(crate) fn forget<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.cache.remove(key);
    }
}

impl<K, V> fmt::Debug for ByKey<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByKey").finish_non_exhaustive()
    }
}
