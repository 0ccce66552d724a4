//! All records of an answer, one after the other, without holding them all: from one state.

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use filedex_query::{Document, Plan};

use super::handle::Store;
use super::snapshots::Snapshot;
use crate::error::Result;
use crate::format::Standing;
use crate::format::lists::ALL_ROOMS;
use crate::read::{Access, Collector, Execution, Order, Path, Running, Span, Watch, Window};
use crate::snapshot::{Snapshot as Reading, Stored};

/// Records of one chunk.
const CHUNK: u64 = 256;

/// An iterator over the records of an answer. Ends after its first error.
pub struct Cursor {
    snapshot: Snapshot,
    plan: Plan,
    access: Access,
    /// The parts that are still to be read, the current one first. Unused where records are sorted.
    parts: VecDeque<Span>,
    /// Where records are sorted, those that are still to be shown, in order.
    sorted: VecDeque<Stored>,
    ready: VecDeque<Document>,
    watch: Watch,
    started: Instant,
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
        let state = self.state()?;
        let reading = Reading::new(&self.store().shared().pool, &state);
        let mut access = Access::stream(reading, plan)?;
        let is_sorted = access.order == Order::Other || matches!(access.path, Path::Ids(_));
        let parts = if is_sorted { VecDeque::new() } else { parts(reading, &mut access.path)? };
        let mut cursor = Cursor {
            snapshot: self.clone(),
            plan: plan.clone(),
            access,
            parts,
            sorted: VecDeque::new(),
            ready: VecDeque::new(),
            watch: watch.clone(),
            started: Instant::now(),
            done: false,
        };
        if is_sorted {
            cursor.sort(reading)?;
        }
        Ok(cursor)
    }
}

/// The parts of lists that are walked through, one after the other.
fn parts(reading: Reading<'_>, path: &mut Path) -> Result<VecDeque<Span>> {
    match path {
        Path::Rooms(spans) | Path::Users(spans) => Ok(std::mem::take(spans).into()),
        Path::Listed(span) => {
            let whole = Span::whole(span.list.clone(), span.proves);
            Ok(VecDeque::from([std::mem::replace(span, whole)]))
        }
        Path::Everything => {
            let rooms = reading.lists(ALL_ROOMS)?.into_iter();
            Ok(rooms.map(|list| Span::whole(list, true)).collect())
        }
        Path::Ids(_) => Ok(VecDeque::new()),
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
        self.left().look(&self.snapshot.store().options().limits)?;
        while self.ready.is_empty() && !self.done {
            self.refill()?;
        }
        Ok(self.ready.pop_front())
    }

    /// Finds all records and keeps them in order.
    fn sort(&mut self, reading: Reading<'_>) -> Result<()> {
        let mut execution = Execution::new(reading, &self.plan, &self.access, self.running());
        let collector = Collector::new(&self.plan, self.access.order, Window::all());
        let found = execution.run(collector)?;
        self.watch.held += execution.account().held();
        self.sorted = found.into_records().into();
        Ok(())
    }

    /// Reads the next chunk of the current part, and moves on once it is exhausted.
    fn refill(&mut self) -> Result<()> {
        let state = self.snapshot.state()?;
        let reading = Reading::new(&self.snapshot.store().shared().pool, &state);
        let running = self.running();
        let mut execution = Execution::new(reading, &self.plan, &self.access, running);
        let Some(span) = self.parts.front_mut() else {
            let chunk = self.sorted.len().min(CHUNK as usize);
            for record in self.sorted.drain(..chunk) {
                self.ready.push_back(execution.show_one(&record)?);
            }
            self.done = self.ready.is_empty();
            return Ok(());
        };
        let window = Window { offset: 0, count: Some(CHUNK) };
        let mut collector = Collector::Window { window, kept: Vec::new() };
        execution.part(span, &mut collector)?;
        let full = collector.is_full();
        let records = collector.into_records();
        for record in &records {
            self.ready.push_back(execution.show_one(record)?);
        }
        if let Some(left) = &mut self.watch.documents_examined {
            *left = left.saturating_sub(execution.examined());
        }
        match records.last().filter(|_| full) {
            Some(last) => resume(span, self.access.order, &Standing::of(last.document())),
            None => {
                self.parts.pop_front();
                self.done = self.parts.is_empty() && self.ready.is_empty();
            }
        }
        Ok(())
    }

    /// What is left of the watch.
    fn left(&self) -> Watch {
        let time = self.watch.time.map(|time| time.saturating_sub(self.started.elapsed()));
        Watch { time, ..self.watch.clone() }
    }

    fn running(&self) -> Running {
        Running::start(&self.left(), &self.snapshot.store().options().limits)
    }
}

/// Cuts off what has been read.
fn resume(span: &mut Span, order: Order, last: &Standing) {
    let key = last.key_in(&span.list);
    match order {
        Order::Backward => span.to = Some(key),
        Order::Forward | Order::Other => {
            span.from = key;
            // The least key greater than the last one.
            span.from.push(0);
        }
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("done", &self.done).finish_non_exhaustive()
    }
}
