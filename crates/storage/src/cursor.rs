//! All records of an answer, one after the other, without holding them all.
//!
//! Each chunk comes from one state of the index; writes between two chunks may show in the later. A
//! record that is not written meanwhile comes exactly once.

use std::collections::VecDeque;
use std::time::Instant;

use filedex_query::{Document, Plan};

use crate::access::{Access, Order, Path, Span};
use crate::error::Result;
use crate::execute::Execution;
use crate::layout::List;
use crate::page::Window;
use crate::reader::{Reader, Stored};
use crate::record::Place;
use crate::sink::Sink;
use crate::store::Store;
use crate::watch::{Running, Watch};

/// Records of one chunk.
const CHUNK: u64 = 256;

/// An iterator over the records of an answer. Ends after its first error.
pub struct Cursor {
    store: Store,
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
    /// Walks over all records that match, in the plan's order. A sort that no list serves is worked
    /// out first, within the limits of a sort; any other answer is streamed. The time of the watch is
    /// that of the whole walk, whoever spends it; the store's own limit is on the work for one chunk of
    /// records.
    ///
    /// # Errors
    /// As [`Store::page`]; later ones come as an item.
    pub fn cursor(&self, plan: &Plan, watch: &Watch) -> Result<Cursor> {
        let reader = self.read();
        let mut access = Access::choose(&reader, plan)?;
        let parts = match &mut access.path {
            Path::Rooms(spans) | Path::Users(spans) if access.order != Order::Other => {
                std::mem::take(spans).into()
            }
            Path::Everything if access.order != Order::Other => {
                let first = reader.room_after(None)?;
                first.map(|list| Span::whole(list, true)).into_iter().collect()
            }
            _ => VecDeque::new(),
        };
        let mut cursor = Cursor {
            store: self.clone(),
            plan: plan.clone(),
            access,
            parts,
            sorted: VecDeque::new(),
            ready: VecDeque::new(),
            watch: watch.clone(),
            started: Instant::now(),
            done: false,
        };
        if cursor.parts.is_empty() {
            cursor.sort(&reader)?;
        }
        Ok(cursor)
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
        self.left().look(&self.store.options().limits)?;
        while self.ready.is_empty() && !self.done {
            self.refill()?;
        }
        Ok(self.ready.pop_front())
    }

    /// Finds all records and keeps them in order.
    fn sort(&mut self, reader: &Reader<'_>) -> Result<()> {
        let mut execution = Execution::new(reader, &self.plan, &self.access, self.running());
        let sink = Sink::new(&self.plan, self.access.order, Window::all());
        let found = execution.run(sink)?;
        self.watch.held += execution.account().held();
        self.sorted = found.into_records().into();
        Ok(())
    }

    /// Reads the next chunk of the current part, and moves on once it is exhausted.
    fn refill(&mut self) -> Result<()> {
        let reader = self.store.read();
        let running = self.running();
        let mut execution = Execution::new(&reader, &self.plan, &self.access, running);
        let Some(span) = self.parts.front_mut() else {
            let chunk = self.sorted.len().min(CHUNK as usize);
            for record in self.sorted.drain(..chunk) {
                self.ready.push_back(execution.show_one(&record)?);
            }
            self.done = self.ready.is_empty();
            return Ok(());
        };
        let window = Window { offset: 0, count: Some(CHUNK) };
        let mut sink = Sink::Window { window, kept: Vec::new() };
        let users = matches!(self.access.path, Path::Users(_)) && span.proves;
        execution.part(span, users, &mut sink)?;
        let full = sink.is_full();
        let records = sink.into_records();
        let last = records.last().map(|record| Place::of_stored(record.document()));
        for record in &records {
            self.ready.push_back(execution.show_one(record)?);
        }
        if let Some(left) = &mut self.watch.documents_examined {
            *left = left.saturating_sub(execution.examined());
        }
        match last.filter(|_| full) {
            Some(last) => resume(span, self.access.order, last.order),
            None => {
                let finished = self.parts.pop_front();
                if let (Path::Everything, Some(span)) = (&self.access.path, finished) {
                    self.parts.extend(next_room(&reader, &span)?);
                }
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
        Running::start(&self.left(), &self.store.options().limits)
    }
}

/// Cuts off what has been read.
fn resume(span: &mut Span, order: Order, last: Vec<u8>) {
    match order {
        Order::Backward => span.to = Some(last),
        Order::Forward | Order::Other => {
            span.from = last;
            // The least key greater than the last one.
            span.from.push(0);
        }
    }
}

fn next_room(reader: &Reader<'_>, span: &Span) -> Result<Option<Span>> {
    let next = reader.room_after(Some(&span.list))?;
    Ok(next.map(|list: List| Span::whole(list, true)))
}
