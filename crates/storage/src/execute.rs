//! Runs a plan: walks the blocks of its access path once, for the page and the total together.
//!
//! The path is chosen in [`crate::access`], a record is judged in [`crate::judge`] and kept in
//! [`crate::sink`]; this file is the walk between them. Whole blocks are passed over by their counts
//! where the classes of their records decide.

use filedex_query::{DocumentRef, Filter, Plan};

use crate::access::{Access, Order, Path, Span};
use crate::block::{Block, BlockRef, Entry};
use crate::error::Result;
use crate::explain::Explain;
use crate::judge::{Judge, Verdict};
use crate::layout::{ALL_ROOMS, List};
use crate::merge::Direction;
use crate::page::{Page, Window};
use crate::reader::{Found, Reader, Stored, text_of};
use crate::record::Place;
use crate::sink::Sink;
use crate::store::Store;
use crate::walk::{Step, Walk};
use crate::watch::{Running, Watch};

impl Store {
    /// The records of a window of the plan's answer, and the exact total. Both from one state.
    ///
    /// # Errors
    /// `Query` past a limit or where an expression fails on a record; `Cancelled`; `Damaged`, `Io` or
    /// `Poisoned` from the disk.
    pub fn page(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Page> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let mut execution = self.execution(&reader, plan, &access, watch);
        let records = execution.run(Sink::new(plan, access.order, window))?.into_records();
        let mut documents = Vec::with_capacity(records.len());
        execution.show(&records, &mut |record| documents.push(record.to_document()))?;
        let explain = execution.explain(records.len());
        Ok(Page { documents, total: explain.matched, explain })
    }

    /// Shows the records of a window to the visitor as JSON texts, one by one, in order, and gives the
    /// total: the shortest way from the index to a reply. The visitor must not write to this store: it
    /// would wait for itself.
    ///
    /// ```
    /// # use filedex_query::{Document, Environment, Filter, Plan, Projection, Sort};
    /// # use filedex_storage::{Options, Store, Watch, Window};
    /// # let store = Store::temporary(&Options::default())?;
    /// store.put(&Document::new().with("_id", "a").with("rid", "GENERAL"))?;
    /// # let environment = Environment::default();
    /// # let (all, everything) = (Filter::all(), Projection::everything());
    /// let plan = Plan::compile(all, everything, Sort::none(), &environment)?;
    /// let mut reply = Vec::new();
    /// let total = store.texts(&plan, Window::all(), &Watch::default(), &mut |text| {
    ///     reply.extend_from_slice(text);
    /// })?;
    /// assert_eq!((total, reply.as_slice()), (1, br#"{"_id":"a","rid":"GENERAL"}"#.as_slice()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Store::page`]; those of a projection after the records before it were shown.
    pub fn texts(
        &self,
        plan: &Plan,
        window: Window,
        watch: &Watch,
        visitor: &mut dyn FnMut(&[u8]),
    ) -> Result<u64> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let mut execution = self.execution(&reader, plan, &access, watch);
        execution.as_texts = plan.projection().is_everything();
        let records = execution.run(Sink::new(plan, access.order, window))?.into_records();
        execution.show_texts(&records, visitor)?;
        Ok(execution.matched)
    }

    /// How many records match.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn total(&self, plan: &Plan, watch: &Watch) -> Result<u64> {
        let reader = self.read();
        let access = Access::choose(&reader, plan)?;
        let mut execution = self.execution(&reader, plan, &access, watch);
        execution.run(Sink::Total)?;
        Ok(execution.matched)
    }

    /// Executes the plan for that window and says how, without the records.
    ///
    /// # Errors
    /// As [`Store::page`].
    pub fn explain(&self, plan: &Plan, window: Window, watch: &Watch) -> Result<Explain> {
        Ok(self.page(plan, window, watch)?.explain)
    }

    fn execution<'e>(
        &self,
        reader: &'e Reader<'e>,
        plan: &'e Plan,
        access: &'e Access,
        watch: &Watch,
    ) -> Execution<'e> {
        Execution::new(reader, plan, access, Running::start(watch, &self.options().limits))
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
    /// Whether whole records are wanted, as texts.
    as_texts: bool,
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
            as_texts: false,
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

    /// Shows the records to the visitor as JSON texts.
    fn show_texts(&mut self, records: &[Stored], visitor: &mut dyn FnMut(&[u8])) -> Result<()> {
        for record in records {
            match record.text() {
                Some(text) => visitor(text),
                None => self.show(std::slice::from_ref(record), &mut |record| {
                    visitor(&text_of(record));
                })?,
            }
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
        for step in Walk::everything(self.reader, ALL_ROOMS) {
            if self.block(step?, None, false, sink)? == Flow::Done {
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
        if span.is_empty() {
            return Ok(Flow::On);
        }
        let direction = match self.access.order {
            Order::Backward => Direction::Backward,
            Order::Forward | Order::Other => Direction::Forward,
        };
        let walk = match self.jump(span, direction, sink)? {
            Some(walk) => walk,
            None => Walk::new(self.reader, &span.list, &span.from, span.to.as_deref(), direction)?,
        };
        for step in walk {
            if self.block(step?, Some(span), users, sink)? == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(self.flow(sink))
    }

    /// Passes over the blocks before a deep offset without reading them: the walk to go on with. `None`
    /// where the offset is not deep or classes do not decide.
    fn jump(&mut self, span: &Span, direction: Direction, sink: &Sink) -> Result<Option<Walk<'e>>> {
        let passes = sink.passes(self.matched);
        if !self.counted || !span.is_whole() || sink.is_full() || passes < DEEP {
            return Ok(None);
        }
        let directory = self.reader.build_directory(&span.list)?;
        let judge = self.judge(Some(span));
        let matches = |class| judge.verdict(class) == Verdict::Yes;
        let start = directory.start(direction == Direction::Backward, passes, matches);
        self.matched += start.matching;
        self.passed += start.blocks;
        Ok(Some(Walk::from(directory, start.at, direction)))
    }

    fn block(
        &mut self,
        step: Step,
        span: Option<&Span>,
        users: bool,
        sink: &mut Sink,
    ) -> Result<Flow> {
        self.blocks += 1;
        self.running.look()?;
        // Texts lie as the records do; where none is passed over or asked, nothing else is needed.
        let as_texts = self.as_texts && self.counted && !users;
        let mut block = match as_texts && sink.passes(self.matched) == 0 {
            true => self.reader.texts(&step.key)?,
            false => step.block(self.reader)?,
        };
        let inside = span.is_none_or(|span| lies_inside(&block.read(), span));
        if inside && self.pass_over(&block.read(), span, sink) {
            return Ok(self.flow(sink));
        }
        if as_texts {
            block = self.reader.texts(&step.key)?;
        }
        let (block, read) = ((&*step.key, &block), block.read());
        match self.access.order {
            Order::Backward => {
                let mut entries: Vec<Entry<'_>> = read.entries().collect();
                entries.reverse();
                self.entries(block, entries.into_iter(), span, users, sink)
            }
            Order::Forward | Order::Other => self.entries(block, read.entries(), span, users, sink),
        }
    }

    fn entries<'b>(
        &mut self,
        block: (&[u8], &Block),
        entries: impl Iterator<Item = Entry<'b>>,
        span: Option<&Span>,
        users: bool,
        sink: &mut Sink,
    ) -> Result<Flow> {
        for entry in entries {
            if span.is_none_or(|span| span.holds(entry.key)) {
                self.entry(block, &entry, span, users, sink)?;
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
        (key, block): (&[u8], &Block),
        entry: &Entry<'_>,
        span: Option<&Span>,
        users: bool,
        sink: &mut Sink,
    ) -> Result<()> {
        self.running.examine()?;
        let reader = self.reader;
        let as_texts = self.as_texts && self.counted;
        let stored = || {
            if users {
                let list = List::from_bytes(entry.payload);
                let place = Place { list, order: entry.key.to_vec() };
                return if as_texts { reader.text_at(&place) } else { reader.at(&place) };
            }
            let found = Found::new(block, entry.payload_at.clone());
            match as_texts {
                true if entry.payload.is_empty() => reader.beneath(key, entry.key),
                true => Ok(Stored::Text(found)),
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
