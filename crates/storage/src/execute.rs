//! Runs a plan: walks the blocks of its access path once, for the page and the total together.
//!
//! The path is chosen in [`crate::access`], a record is judged in [`crate::judge`] and kept in
//! [`crate::sink`]; this file is the walk between them. Whole blocks are passed over by their counts
//! where the classes of their records decide.

use std::ops::Bound;

use filedex_query::{DocumentRef, Filter, Plan};

use crate::access::{Access, Order, Path, Span};
use crate::block::{BlockRef, Entry};
use crate::error::Result;
use crate::explain::Explain;
use crate::judge::{Judge, Verdict};
use crate::layout::{ALL_ROOMS, List, after_prefix};
use crate::page::{Page, Window};
use crate::reader::{Found, Reader, Stored};
use crate::record::Place;
use crate::sink::Sink;
use crate::store::Store;
use crate::tree::Bytes;
use crate::watch::{Running, Watch};

impl Store {
    /// The records of a window of the plan's answer, and the exact total. Both from one state.
    ///
    /// # Errors
    /// `Query` past a limit or where an expression fails on a record; `Cancelled`; `Damaged`, `Io` or
    /// `Poisoned` from the disk.
    pub fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Page> {
        let mut documents = Vec::new();
        let explain = self.visit(plan, window, watch, &mut |record| {
            documents.push(record.to_document());
        })?;
        Ok(Page { documents, total: explain.matched, explain })
    }

    /// Shows the records of a window to the visitor, one by one, in order: what a page is made of,
    /// without records being built. The visitor must not write to this store: it would wait for
    /// itself.
    ///
    /// # Errors
    /// As [`Store::page`]; those of a projection after the records before it were shown.
    pub fn visit(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(DocumentRef<'_>),
    ) -> Result<Explain> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let running = Running::start(watch, &self.options().limits);
        let mut execution = Execution::new(&reader, plan, &access, running);
        let records = execution.run(Sink::new(plan, access.order, window))?.into_records();
        execution.show(&records, visitor)?;
        Ok(execution.explain(records.len()))
    }

    /// How many records match.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let running = Running::start(watch, &self.options().limits);
        let mut execution = Execution::new(&reader, plan, &access, running);
        execution.run(Sink::Total)?;
        Ok(execution.matched)
    }

    /// Executes the plan for that window and says how, without the records.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        self.visit(plan, window, watch, &mut |_| ())
    }
}

/// Whether a walk goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Done,
}

/// A plan being run.
pub(crate) struct Execution<'e> {
    reader: &'e Reader<'e>,
    plan: &'e Plan,
    access: &'e Access,
    /// Asks what the path leaves open.
    open: Judge<'e>,
    /// Asks everything, where the path proves nothing.
    all: Judge<'e>,
    running: Running,
    matched: u64,
    counted: bool,
    blocks: u64,
    passed: u64,
    decoded: u64,
}

/// An offset from which on a directory is worth more than reading the blocks before it.
const DEEP: u64 = 256;

impl<'e> Execution<'e> {
    pub(crate) fn new(
        reader: &'e Reader<'e>,
        plan: &'e Plan,
        access: &'e Access,
        running: Running,
    ) -> Execution<'e> {
        let (open, all) = (Judge::new(plan, &access.proven), Judge::of_all(plan));
        Execution {
            reader,
            plan,
            access,
            open,
            all,
            running,
            matched: 0,
            counted: false,
            blocks: 0,
            passed: 0,
            decoded: 0,
        }
    }

    /// Walks the whole path; afterwards `matched` is the exact total.
    pub(crate) fn run(&mut self, mut sink: Sink) -> Result<Sink> {
        let total = self.total_by_counts()?;
        self.counted = total.is_some();
        if !(self.counted && sink.is_full()) {
            self.walk(&mut sink)?;
        }
        self.matched = total.unwrap_or(self.matched);
        Ok(sink)
    }

    /// Shows the records to the visitor as the projection does.
    pub(crate) fn show(
        &mut self,
        records: &[Stored],
        visitor: &mut dyn FnMut(DocumentRef<'_>),
    ) -> Result<()> {
        self.decoded += records.len() as u64;
        let projection = self.plan.projection();
        for record in records {
            let record = record.document();
            if projection.is_everything() {
                visitor(record);
                continue;
            }
            let found = match projection.needs_position() {
                true => self.plan.matcher().find(record)?,
                false => None,
            };
            visitor(projection.apply(record, found)?.view());
        }
        Ok(())
    }

    /// The records of one part of a list, in order, until the sink is full.
    pub(crate) fn part(&mut self, span: &Span, users: bool, sink: &mut Sink) -> Result<()> {
        self.counted = true;
        self.span(span, users, sink)?;
        Ok(())
    }

    /// The total, if the classes of the records decide it.
    fn total_by_counts(&mut self) -> Result<Option<u64>> {
        let reader = self.reader;
        let whole = match &self.access.path {
            Path::Ids(_) => return Ok(None),
            Path::Everything => return decided(&mut self.open, reader, &List::ids()),
            Path::Rooms(spans) | Path::Users(spans) => spans,
        };
        let mut total = 0;
        for span in whole {
            let judge = if span.proves { &mut self.open } else { &mut self.all };
            match decided(judge, reader, &span.list)? {
                Some(count) if span.is_whole() => total += count,
                _ => return Ok(None),
            }
        }
        Ok(Some(total))
    }

    fn walk(&mut self, sink: &mut Sink) -> Result<()> {
        let access = self.access;
        match &access.path {
            Path::Ids(ids) => self.ids(ids, sink),
            Path::Everything => self.everything(sink),
            Path::Rooms(spans) => self.spans(spans, false, sink),
            Path::Users(spans) => self.spans(spans, true, sink),
        }
    }

    fn ids(&mut self, ids: &[String], sink: &mut Sink) -> Result<()> {
        for id in ids {
            self.running.examine()?;
            let Some(stored) = self.reader.by_id(id)? else {
                continue;
            };
            self.decoded += 1;
            if self.open.accepts(stored.document())? {
                self.accept(sink, || Ok(stored))?;
            }
        }
        Ok(())
    }

    fn everything(&mut self, sink: &mut Sink) -> Result<()> {
        let end = after_prefix(ALL_ROOMS).map_or(Bound::Unbounded, Bound::Excluded);
        for block in self.reader.range(Bound::Included(ALL_ROOMS.to_vec()), end) {
            if self.block(&block?.1, None, false, sink)? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    fn spans(&mut self, spans: &[Span], users: bool, sink: &mut Sink) -> Result<()> {
        for span in spans {
            // Loose records lie in a room's list, by whichever path they are looked for.
            if self.span(span, users && span.proves, sink)? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    fn span(&mut self, span: &Span, users: bool, sink: &mut Sink) -> Result<Flow> {
        let list = &span.list;
        if span.is_empty() {
            return Ok(Flow::On);
        }
        let mut first = match self.reader.block_before(list, &span.from)? {
            Some((key, _)) => key.to_vec(),
            None => list.block_key(&[]),
        };
        let mut end = match &span.to {
            Some(to) => Bound::Excluded(list.block_key(to)),
            None => after_prefix(list.bytes()).map_or(Bound::Unbounded, Bound::Excluded),
        };
        match self.jump(span, sink)? {
            Some(None) => return Ok(self.flow(sink)),
            Some(Some(key)) if self.access.order == Order::Backward => end = Bound::Included(key),
            Some(Some(key)) => first = key,
            None => {}
        }
        let mut blocks = self.reader.range(Bound::Included(first), end);
        while let Some(block) = match self.access.order {
            Order::Backward => blocks.next_back(),
            Order::Forward | Order::Other => blocks.next(),
        } {
            if self.block(&block?.1, Some(span), users, sink)? == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// Passes over the blocks before a deep offset without reading them: the key of the block to go
    /// on with, if any is left. `None` where the offset is not deep or classes do not decide.
    fn jump(&mut self, span: &Span, sink: &Sink) -> Result<Option<Option<Vec<u8>>>> {
        let passes = sink.passes(self.matched);
        if !self.counted || !span.is_whole() || sink.is_full() || passes < DEEP {
            return Ok(None);
        }
        let (reader, backward) = (self.reader, self.access.order == Order::Backward);
        let judge = self.judge(Some(span));
        let matches = |class| judge.verdict(class) == Verdict::Yes;
        let start = reader.start(&span.list, backward, passes, matches)?;
        Ok(start.map(|start| {
            self.matched += start.matching;
            self.passed += start.blocks;
            start.key
        }))
    }

    fn block(
        &mut self,
        bytes: &Bytes,
        span: Option<&Span>,
        users: bool,
        sink: &mut Sink,
    ) -> Result<Flow> {
        self.blocks += 1;
        self.running.look()?;
        let block = BlockRef::read(bytes)?;
        let inside = span.is_none_or(|span| lies_inside(&block, span));
        if inside && self.pass_over(&block, span, sink) {
            return Ok(self.flow(sink));
        }
        let mut entries: Vec<Entry<'_>> = block.entries().collect();
        if self.access.order == Order::Backward {
            entries.reverse();
        }
        for entry in entries {
            if span.is_none_or(|span| span.holds(entry.key)) {
                self.entry(bytes, &entry, span, users, sink)?;
            }
            if self.flow(sink) == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// A walk whose total is known ends once nothing more is kept.
    fn flow(&self, sink: &Sink) -> Flow {
        if self.counted && sink.is_full() { Flow::Done } else { Flow::On }
    }

    /// Counts a block without looking at its entries, if its classes decide and none is kept.
    fn pass_over(&mut self, block: &BlockRef<'_>, span: Option<&Span>, sink: &Sink) -> bool {
        let judge = self.judge(span);
        let mut matching = 0;
        for (class, count) in block.counts() {
            match judge.verdict(class) {
                Verdict::Yes => matching += count,
                Verdict::No => {}
                Verdict::Ask => return false,
            }
        }
        let passed = matching <= sink.passes(self.matched);
        if passed {
            self.matched += matching;
        }
        passed
    }

    fn entry(
        &mut self,
        block: &Bytes,
        entry: &Entry<'_>,
        span: Option<&Span>,
        users: bool,
        sink: &mut Sink,
    ) -> Result<()> {
        self.running.examine()?;
        let reader = self.reader;
        let stored = || {
            let found = Found::new(block, entry.payload_at.clone());
            match users {
                true => {
                    let list = List::from_bytes(entry.payload);
                    reader.at(&Place { list, order: entry.key.to_vec() })
                }
                false => reader.body(found),
            }
        };
        match self.judge(span).verdict(entry.class) {
            Verdict::No => Ok(()),
            Verdict::Yes => self.accept(sink, stored),
            Verdict::Ask => {
                let stored = stored()?;
                self.decoded += 1;
                if self.judge(span).accepts(stored.document())? {
                    self.accept(sink, || Ok(stored))?;
                }
                Ok(())
            }
        }
    }

    fn accept(&mut self, sink: &mut Sink, stored: impl FnOnce() -> Result<Stored>) -> Result<()> {
        if sink.passes(self.matched) == 0 {
            sink.keep(self.plan, stored()?)?;
        }
        self.matched += 1;
        Ok(())
    }

    fn judge(&mut self, span: Option<&Span>) -> &mut Judge<'e> {
        match span {
            Some(span) if !span.proves => &mut self.all,
            _ => &mut self.open,
        }
    }

    fn explain(&self, returned: usize) -> Explain {
        let (lists, path) = match &self.access.path {
            Path::Ids(ids) => (ids.len() as u64, &self.access.path),
            Path::Rooms(spans) | Path::Users(spans) => (spans.len() as u64, &self.access.path),
            Path::Everything => (1, &self.access.path),
        };
        let proven = self.plan.conjuncts().iter().zip(&self.access.proven);
        let proven = proven.filter(|(_, proven)| **proven);
        let residual: Vec<Filter> =
            self.open.conjuncts().iter().map(|conjunct| conjunct.filter().clone()).collect();
        Explain {
            access_path: path.name(),
            lists,
            bounds: proven
                .filter_map(|(conjunct, _)| Some(conjunct.bound()?.to_string()))
                .collect(),
            residual: (!residual.is_empty()).then(|| Filter::and(residual).to_string()),
            sort: match self.access.order {
                _ if self.plan.sort().is_none() => "none",
                Order::Forward | Order::Backward => "list",
                Order::Other => "heap",
            },
            total: if self.counted { "counts" } else { "examined" },
            blocks_read: self.blocks,
            blocks_passed: self.passed,
            records_examined: self.running.examined(),
            records_decoded: self.decoded,
            matched: self.matched,
            returned: returned as u64,
            nanoseconds: u64::try_from(self.running.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

/// How many records of the list belong to the answer, if their classes decide.
fn decided(judge: &mut Judge<'_>, reader: &Reader<'_>, list: &List) -> Result<Option<u64>> {
    let mut total = 0;
    for (class, count) in reader.counts(list)?.iter() {
        match judge.verdict(class) {
            Verdict::Yes => total += count,
            Verdict::No => {}
            Verdict::Ask => return Ok(None),
        }
    }
    Ok(Some(total))
}

/// Whether every entry of the block lies in the part.
fn lies_inside(block: &BlockRef<'_>, span: &Span) -> bool {
    if span.is_whole() {
        return true;
    }
    let mut entries = block.entries();
    let first = entries.next();
    let last = entries.last().or_else(|| first.clone());
    [first, last].iter().flatten().all(|entry| span.holds(entry.key))
}
