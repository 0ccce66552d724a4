//! A walk over all records of an answer, some at a time: what cursors and sweeps go along.
//!
//! It knows how far it has come, not which state it is in: whoever walks brings that along.

use std::collections::VecDeque;
use std::time::Instant;

use filedex_query::{Limits, Plan};

use crate::error::Result;
use crate::format::Standing;
use crate::format::lists::ALL_ROOMS;
use crate::read::{Access, Collector, Execution, Order, Path, Running, Span, Watch, Window};
use crate::snapshot::{Snapshot, Stored};

/// Records of one chunk at most.
pub(super) const CHUNK: usize = 256;

/// A walk that is under way.
pub(super) struct Walker {
    plan: Plan,
    access: Access,
    /// The parts that are still to be read, the current one first. Unused where records are sorted.
    parts: VecDeque<Span>,
    /// Where records are sorted, those that are still to be shown, in order.
    sorted: VecDeque<Stored>,
    watch: Watch,
    limits: Limits,
    started: Instant,
}

impl Walker {
    /// A walk through that state. A sort that no list serves is worked out now.
    pub(super) fn new(
        reading: Snapshot<'_>,
        plan: &Plan,
        watch: &Watch,
        limits: &Limits,
    ) -> Result<Walker> {
        let mut access = Access::stream(reading, plan)?;
        let is_sorted = access.order == Order::Other || matches!(access.path, Path::Ids(_));
        let parts = if is_sorted { VecDeque::new() } else { parts(reading, &mut access.path)? };
        let mut walker = Walker {
            plan: plan.clone(),
            access,
            parts,
            sorted: VecDeque::new(),
            watch: watch.clone(),
            limits: limits.clone(),
            started: Instant::now(),
        };
        if is_sorted {
            walker.sort(reading)?;
        }
        Ok(walker)
    }

    /// Whether the walk may go on.
    pub(super) fn look(&self) -> Result<()> {
        self.left().look(&self.limits)
    }

    /// Hands the records of the next chunk over, one by one, so many at most; none at the end, and false
    /// then. The state is that which the walk began with.
    pub(super) fn chunk(
        &mut self,
        reading: Snapshot<'_>,
        most: usize,
        take: &mut dyn FnMut(&mut Execution<'_>, Stored) -> Result<()>,
    ) -> Result<bool> {
        while !self.parts.is_empty() {
            if self.part(reading, most, take)? {
                return Ok(true);
            }
        }
        let running = self.running();
        let mut execution = Execution::new(reading, &self.plan, &self.access, running);
        let chunk = self.sorted.len().min(most);
        for record in self.sorted.drain(..chunk) {
            take(&mut execution, record)?;
        }
        Ok(chunk > 0)
    }

    /// Reads the next chunk of the current part, and moves on once that is exhausted; says whether there
    /// were any records.
    fn part(
        &mut self,
        reading: Snapshot<'_>,
        most: usize,
        take: &mut dyn FnMut(&mut Execution<'_>, Stored) -> Result<()>,
    ) -> Result<bool> {
        let running = self.running();
        let Some(span) = self.parts.front_mut() else { return Ok(false) };
        let mut execution = Execution::new(reading, &self.plan, &self.access, running);
        let window = Window { offset: 0, count: Some(most as u64) };
        let mut collector = Collector::Window { window, kept: Vec::new() };
        execution.part(span, &mut collector)?;
        let full = collector.is_full();
        let records = collector.into_records();
        let (some, last) = (!records.is_empty(), records.last().map(Stored::standing));
        for record in records {
            take(&mut execution, record)?;
        }
        if let Some(left) = &mut self.watch.documents_examined {
            *left = left.saturating_sub(execution.examined());
        }
        match last.filter(|_| full) {
            Some(last) => resume(span, self.access.order, &last),
            None => drop(self.parts.pop_front()),
        }
        Ok(some)
    }

    /// Finds all records and keeps them in order.
    fn sort(&mut self, reading: Snapshot<'_>) -> Result<()> {
        let mut execution = Execution::new(reading, &self.plan, &self.access, self.running());
        let collector = Collector::new(&self.plan, self.access.order, Window::all());
        let found = execution.run(collector)?;
        self.watch.held += execution.account().held();
        self.sorted = found.into_records().into();
        Ok(())
    }

    /// What is left of the watch.
    fn left(&self) -> Watch {
        let time = self.watch.time.map(|time| time.saturating_sub(self.started.elapsed()));
        Watch { time, ..self.watch.clone() }
    }

    fn running(&self) -> Running {
        Running::start(&self.left(), &self.limits)
    }
}

/// The parts of lists that are walked through, one after the other.
fn parts(reading: Snapshot<'_>, path: &mut Path) -> Result<VecDeque<Span>> {
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
