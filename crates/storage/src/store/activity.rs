//! What an open store holds in memory and how its caches have done: for a host's figures, not for its
//! decisions.

use std::sync::Weak;

use super::handle::Store;
use crate::cache::Fill;

/// What an open store holds in memory, and what it did since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// The caches; docs say what each holds (ARCHITECTURE.md, "What lies where in memory").
    pub caches: Vec<CacheActivity>,
    /// Bytes written since the last checkpoint, in memory and in logs.
    pub memtable_bytes: u64,
    /// Checkpoints made since the store was made.
    pub checkpoints: u64,
    /// What the last checkpoint failed with, until one succeeds.
    pub checkpoint_failure: Option<String>,
    /// Snapshots that a host keeps.
    pub snapshots: u64,
}

/// One cache of an open store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheActivity {
    /// `chunks`, `outlines`, `blocks`, `texts`, `records`, `written`, `places` or `columns`.
    pub name: &'static str,
    /// Bytes that it holds.
    pub bytes: u64,
    /// Bytes that it may hold.
    pub limit_bytes: u64,
    /// How often something was found in it.
    pub hits: u64,
    /// How often something was not.
    pub misses: u64,
}

impl Store {
    /// What the store holds in memory and how its caches have done.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
    /// use filedex::Document;
    /// use filedex::store::{Options, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// store.put(&Document::new().with("_id", "a"))?;
    /// assert!(store.activity().memtable_bytes > 0);
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    pub fn activity(&self) -> Activity {
        let shared = self.shared();
        let state = shared.state();
        let (index, pool) = (shared.pool.index.fill(), &shared.pool);
        let caches = index.into_iter().chain(pool.caches.fill());
        let caches = caches.chain([("columns", pool.columns.fill())]);
        let pinned = shared.pinned.lock();
        Activity {
            caches: caches.map(|(name, fill)| CacheActivity::new(name, fill)).collect(),
            memtable_bytes: (state.active.bytes() + state.frozen.bytes()) as u64,
            checkpoints: state.version.number(),
            checkpoint_failure: shared.checkpoints.failure(),
            snapshots: pinned.iter().filter_map(Weak::upgrade).count() as u64,
        }
    }
}

impl CacheActivity {
    fn new(name: &'static str, fill: Fill) -> CacheActivity {
        let Fill { bytes, limit, hits, misses } = fill;
        CacheActivity { name, bytes, limit_bytes: limit, hits, misses }
    }
}
