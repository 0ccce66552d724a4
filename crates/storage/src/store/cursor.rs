//! All records of an answer, one after the other, without holding them all: from one state.

use std::collections::VecDeque;
use std::fmt;

use filedex_query::{Document, Plan};

use super::handle::Store;
use super::snapshots::Snapshot;
use super::walker::{CHUNK, Walker};
use crate::error::Result;
use crate::read::Watch;
use crate::snapshot::Snapshot as Reading;

/// An iterator over the records of an answer. Ends after its first error.
pub struct Cursor {
    snapshot: Snapshot,
    walker: Walker,
    ready: VecDeque<Document>,
    done: bool,
}

impl Store {
    /// Walks over all records that match in the state of now, in the plan's order. A sort that no list
    /// serves is worked out first, within the limits of a sort; any other answer is streamed. The time of
    /// the watch is that of the whole walk, whoever spends it; the store's own limit is on the work for one
    /// chunk of records.
    ///
    /// # Errors
    /// As [`Store::page`]; later ones come as an item.
    pub fn cursor(&self, plan: &Plan, watch: &Watch) -> Result<Cursor> {
        self.snapshot().cursor(plan, watch)
    }
}

impl Snapshot {
    /// As [`Store::cursor`], of this state.
    ///
    /// # Errors
    /// As [`Store::page`], and `SnapshotEnded`.
    pub fn cursor(&self, plan: &Plan, watch: &Watch) -> Result<Cursor> {
        let walker = self.read(|reading, limits| Walker::new(reading, plan, watch, limits))?;
        let snapshot = self.clone();
        Ok(Cursor { snapshot, walker, ready: VecDeque::new(), done: false })
    }
}

impl Iterator for Cursor {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Result<Document>> {
        match self.take() {
            Ok(next) => next.map(Ok),
            Err(error) => {
                self.done = true;
                self.ready.clear();
                Some(Err(error))
            }
        }
    }
}

impl Cursor {
    fn take(&mut self) -> Result<Option<Document>> {
        if self.done {
            return Ok(None);
        }
        // Also a walk whose next records are ready ends when it is told to.
        self.walker.look()?;
        if self.ready.is_empty() {
            self.refill()?;
        }
        Ok(self.ready.pop_front())
    }

    fn refill(&mut self) -> Result<()> {
        let state = self.snapshot.state()?;
        let reading = Reading::new(&self.snapshot.store().shared().pool, &state);
        let ready = &mut self.ready;
        let some = self.walker.chunk(reading, CHUNK, &mut |execution, record| {
            ready.push_back(execution.show_one(&record)?);
            Ok(())
        })?;
        self.done = !some;
        Ok(())
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("done", &self.done).finish_non_exhaustive()
    }
}
