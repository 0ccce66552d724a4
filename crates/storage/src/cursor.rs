//! All records of an answer, one after the other, without holding them all.
//!
//! Each chunk comes from one state of the index; writes between two chunks may show in the later. A
//! record that is not written meanwhile comes exactly once.

use std::collections::VecDeque;

use filedex_query::{Document, Plan};

use crate::access::{Access, Order, Path, Span};
use crate::error::Result;
use crate::execute::Execution;
use crate::layout::List;
use crate::page::Window;
use crate::reader::Reader;
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
    ready: VecDeque<Document>,
    done: bool,
}

impl Store {
    /// Walks over all records that match, in the plan's order. A sort that no list serves is worked
    /// out first, within the limits of a sort; any other answer is streamed.
    ///
    /// # Errors
    /// As [`Store::page`]; later ones come as an item.
    pub fn cursor(&self, plan: &Plan) -> Result<Cursor> {
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
        drop(reader);
        let (store, plan, ready) = (self.clone(), plan.clone(), VecDeque::new());
        let mut cursor = Cursor { store, plan, access, parts, ready, done: false };
        if cursor.parts.is_empty() {
            let all = self.page(&cursor.plan, Window::all(), &Watch::default())?;
            cursor.ready = all.documents.into();
        }
        Ok(cursor)
    }
}

impl Iterator for Cursor {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Result<Document>> {
        while self.ready.is_empty() && !self.done {
            match self.refill() {
                Ok(()) => {}
                Err(error) => {
                    self.done = true;
                    return Some(Err(error));
                }
            }
        }
        self.ready.pop_front().map(Ok)
    }
}

impl Cursor {
    /// Reads the next chunk of the current part, and moves on once it is exhausted.
    fn refill(&mut self) -> Result<()> {
        let Some(span) = self.parts.front_mut() else {
            self.done = true;
            return Ok(());
        };
        let reader = self.store.read();
        let running = Running::start(&Watch::default(), &self.store.options().limits);
        let mut execution = Execution::new(&reader, &self.plan, &self.access, running);
        let window = Window { offset: 0, count: Some(CHUNK) };
        let mut sink = Sink::Window { window, kept: Vec::new() };
        let users = matches!(self.access.path, Path::Users(_)) && span.proves;
        execution.part(span, users, &mut sink)?;
        let full = sink.is_full();
        let records = sink.into_records();
        let last = records.last().map(|record| Place::of_stored(record.document()));
        let ready = &mut self.ready;
        execution.show(&records, &mut |record| ready.push_back(record.to_document()))?;
        match last.filter(|_| full) {
            Some(last) => resume(span, self.access.order, last.order),
            None => {
                let finished = self.parts.pop_front();
                if let (Path::Everything, Some(span)) = (&self.access.path, finished) {
                    self.parts.extend(next_room(&reader, &span)?);
                }
            }
        }
        Ok(())
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
