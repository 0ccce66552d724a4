//! What a state is made of, and what is needed to read it.

use std::sync::Arc;

use super::Counters;
use super::patches::KeptPatches;
use crate::cache::Caches;
use crate::cache::columns::Columns;
use crate::cache::firsts::KeptFirsts;
use crate::cache::views::Views;
use crate::cache::wanted::WantedViews;
use crate::format::Tally;
use crate::index::{Index, Version};
use crate::memtable::Memtable;

/// One state of the store.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// What was written since the last checkpoint began.
    pub(crate) active: Memtable,
    /// What the checkpoint under way is writing to block files; empty where there is none.
    pub(crate) frozen: Memtable,
    /// Where in the logs the frozen memtable ends.
    pub(crate) mark: Option<Mark>,
    pub(crate) version: Arc<Version>,
    /// Whether there are cells in it of a write that is being worked out, and may come to nothing.
    pub(crate) is_draft: bool,
}

impl State {
    /// The stamp after which no cell was written.
    pub(crate) fn newest(&self) -> u64 {
        self.active.newest().max(self.frozen.newest())
    }

    /// By how much the memtables change what lies between two keys.
    pub(crate) fn change(&self, from: &[u8], to: &[u8]) -> Tally {
        let mut change = self.active.sum(from, to).tally;
        if !self.frozen.is_empty() {
            change.add_all(&self.frozen.sum(from, to).tally);
        }
        change
    }
}

/// A place in the logs: what comes before it, a memtable has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The first log behind it.
    pub(crate) log: u64,
    /// The number of the last entry before it.
    pub(crate) entry: u64,
}

/// The index, and what of it and of block files is kept in memory.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) index: Index,
    pub(crate) caches: Caches,
    pub(crate) columns: Columns,
    pub(crate) views: Views,
    pub(crate) wanted: WantedViews,
    pub(crate) firsts: KeptFirsts,
    pub(crate) patches: KeptPatches,
    pub(crate) counters: Counters,
}

/// A state, being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot<'s> {
    pub(crate) pool: &'s Pool,
    pub(crate) state: &'s State,
}

impl<'s> Snapshot<'s> {
    pub(crate) fn new(pool: &'s Pool, state: &'s State) -> Snapshot<'s> {
        Snapshot { pool, state }
    }

    /// Whether everything is in block files.
    pub(crate) fn is_settled(self) -> bool {
        self.state.active.is_empty() && self.state.frozen.is_empty()
    }
}
