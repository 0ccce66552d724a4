//! Snapshots that a host keeps: the same calls on one state, for as long as the budget allows.

use std::fmt;
use std::sync::Arc;

use filedex_query::Limits;
use parking_lot::RwLock;

use super::handle::Store;
use super::shared::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::snapshot::{Snapshot as Reading, State};

/// One state of a store, which no write changes. Clones are of the same state.
///
/// What it keeps from being forgotten takes memory and disk: past `snapshot_bytes` of the options the oldest
/// snapshot ends, and says so.
///
/// ```
/// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
/// use filedex::Document;
/// use filedex::store::{Options, Store};
/// let store = Store::temporary(&Options::default())?;
/// store.put(&Document::new().with("_id", "a"))?;
/// let snapshot = store.snapshot();
/// store.remove("a")?;
/// assert!(store.get("a")?.is_none());
/// assert!(snapshot.get("a")?.is_some());
/// # Ok::<(), filedex_storage::Error>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    store: Store,
    pinned: Arc<Pinned>,
}

/// A state that is kept.
#[derive(Debug)]
pub(crate) struct Pinned(RwLock<Option<State>>);

impl Store {
    /// The state that the store has now.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_of(self.shared().state())
    }

    pub(super) fn snapshot_of(&self, state: State) -> Snapshot {
        let pinned = Arc::new(Pinned(RwLock::new(Some(state))));
        self.shared().pinned.lock().push(Arc::downgrade(&pinned));
        Snapshot { store: self.clone(), pinned }
    }
}

impl Snapshot {
    /// The store that this is a state of.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The state, unless it was ended.
    pub(crate) fn state(&self) -> Result<State> {
        let state = self.pinned.0.read().clone();
        state.ok_or_else(|| {
            let message = "the snapshot has ended: what it kept took more than `snapshot_bytes`; take a new \
                           one, or give snapshots more";
            Error::new(ErrorKind::SnapshotEnded, message)
        })
    }

    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(Reading<'_>, &Limits) -> Result<T>,
    ) -> Result<T> {
        let (shared, state) = (self.store.shared(), self.state()?);
        work(Reading::new(&shared.pool, &state), &shared.options.limits)
    }
}

impl Shared {
    /// Ends the oldest snapshots while all of them keep more than they may.
    pub(super) fn end_old_snapshots(&self) {
        let newest = self.state().version.number();
        let mut pinned = self.pinned.lock();
        pinned.retain(|pinned| pinned.strong_count() > 0);
        let alive: Vec<Arc<Pinned>> = pinned.iter().filter_map(std::sync::Weak::upgrade).collect();
        let mut held: u64 = alive.iter().map(|pinned| pinned.held_bytes(newest)).sum();
        for oldest in alive {
            if held <= self.options.snapshot_bytes {
                return;
            }
            held -= oldest.held_bytes(newest).min(held);
            *oldest.0.write() = None;
        }
    }
}

impl Pinned {
    /// Bytes of memory that are kept for it alone, about.
    fn held_bytes(&self, newest: u64) -> u64 {
        match &*self.0.read() {
            Some(state) if state.version.number() < newest => {
                let memtables = state.active.bytes() + state.frozen.bytes();
                memtables as u64 + state.version.held_bytes()
            }
            _ => 0,
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
