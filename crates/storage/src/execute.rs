//! Runs a plan: walks the blocks of its access path once, for the page and the total together.
//!
//! The path is chosen in [`crate::access`], a record is judged in [`crate::judge`] and kept in
//! [`crate::sink`]; this file is the walk between them. Whole blocks are passed over by their counts
//! where the classes of their records decide; where conditions were asked before, [`scan`] judges records
//! by what is kept of them in memory.

mod scan;

use filedex_query::{Account, Document, DocumentRef, Filter, Plan};

use crate::access::{Access, Order, Path, Span};
use crate::block::{Block, BlockRef, Entry};
use crate::error::{Error, Result};
use crate::explain::Explain;
use crate::judge::{Judge, Verdict};
use crate::layout::{ALL_ROOMS, List};
use crate::merge::Direction;
use crate::reader::{Reader, Stored};
use crate::record::{self, Body};
use crate::reply::Reply;
use crate::sink::Sink;
use crate::walk::{Step, Walk};
use crate::watch::Running;

/// Whether a walk goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Done,
}

/// A block being walked through.
#[derive(Clone, Copy)]
struct Here<'b> {
    key: &'b [u8],
    block: &'b Block,
    /// Whether the block holds the records' texts in place of their bodies.
    texts: bool,
    /// The part of a list that the block belongs to, if it isn't any list.
    span: Option<&'b Span>,
    /// Whether the entries point into rooms.
    users: bool,
    /// Whether all entries lie in the part.
    inside: bool,
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
    /// Records judged by columns.
    judged: u64,
}

/// What showing a record costs, beside what is done with its fields.
const STEPS_A_RECORD: u64 = 4;

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
            judged: 0,
        }
    }

    /// Walks the whole path; afterwards `matched` is the exact total.
    pub(crate) fn run<'v>(&mut self, mut sink: Sink<'v>) -> Result<Sink<'v>> {
        self.running.account().look()?;
        let total = self.total_by_counts()?;
        self.counted = total.is_some();
        if !(self.counted && sink.is_full()) {
            self.walk(&mut sink)?;
        }
        self.matched = total.unwrap_or(self.matched);
        Ok(sink)
    }

    /// Adds the records to a reply as the projection shows them.
    pub(crate) fn show(&mut self, records: &[Stored], reply: &mut Reply<'_>) -> Result<()> {
        let account = self.running.account();
        for record in records {
            self.decoded += 1;
            account.work(STEPS_A_RECORD)?;
            let record = record.document();
            if self.plan.projection().is_everything() {
                reply.add(record, account)?;
                continue;
            }
            let held = account.held();
            reply.add(self.shown(record)?.view(), account)?;
            account.release_to(held);
        }
        Ok(())
    }

    /// The record as the projection shows it. It is held from then on.
    pub(crate) fn show_one(&mut self, record: &Stored) -> Result<Document> {
        self.decoded += 1;
        self.running.account().work(STEPS_A_RECORD)?;
        self.shown(record.document())
    }

    fn shown(&self, record: DocumentRef<'_>) -> Result<Document> {
        let (projection, account) = (self.plan.projection(), self.running.account());
        let found = match projection.needs_position() {
            true => self.plan.matcher().find_within(record, account)?,
            false => None,
        };
        Ok(projection.apply_within(record, found, account)?)
    }

    /// What the execution has used.
    pub(crate) fn account(&self) -> &Account {
        self.running.account()
    }

    /// How many records matched.
    pub(crate) fn matched(&self) -> u64 {
        self.matched
    }

    /// The records of one part of a list, in order, until the sink is full.
    pub(crate) fn part(&mut self, span: &Span, users: bool, sink: &mut Sink<'_>) -> Result<()> {
        self.running.account().look()?;
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

    fn walk(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        let access = self.access;
        match &access.path {
            Path::Ids(ids) => self.ids(ids, sink),
            Path::Everything => self.everything(sink),
            Path::Rooms(spans) => self.spans(spans, false, sink),
            Path::Users(spans) => self.spans(spans, true, sink),
        }
    }

    fn ids(&mut self, ids: &[String], sink: &mut Sink<'_>) -> Result<()> {
        for id in ids {
            self.running.examine()?;
            let Some(stored) = self.reader.by_id(id)? else {
                continue;
            };
            self.decoded += 1;
            let account = self.running.account();
            if self.open.accepts(stored.document(), account)? {
                if sink.passes(self.matched) == 0 {
                    sink.keep(self.plan, stored, account)?;
                }
                self.matched += 1;
            }
        }
        Ok(())
    }

    fn everything(&mut self, sink: &mut Sink<'_>) -> Result<()> {
        if self.scan_all(sink)?.is_some() {
            return Ok(());
        }
        for step in Walk::everything(self.reader, ALL_ROOMS) {
            if self.block(&step?, None, false, sink)? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    fn spans(&mut self, spans: &[Span], users: bool, sink: &mut Sink<'_>) -> Result<()> {
        for span in spans {
            // Loose records lie in a room's list, by whichever path they are looked for.
            if self.span(span, users && span.proves, sink)? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    fn span(&mut self, span: &Span, users: bool, sink: &mut Sink<'_>) -> Result<Flow> {
        if span.is_empty() {
            return Ok(Flow::On);
        }
        if !users && let Some(flow) = self.scan_room(span, sink)? {
            return Ok(flow);
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
            if self.block(&step?, Some(span), users, sink)? == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(self.flow(sink))
    }

    /// Passes over the blocks before a deep offset without reading them: the walk to go on with. `None`
    /// where the offset is not deep or classes do not decide.
    fn jump(
        &mut self,
        span: &Span,
        direction: Direction,
        sink: &Sink<'_>,
    ) -> Result<Option<Walk<'e>>> {
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
        step: &Step,
        span: Option<&Span>,
        users: bool,
        sink: &mut Sink<'_>,
    ) -> Result<Flow> {
        self.blocks += 1;
        self.running.read_block()?;
        // Texts lie as the records do; where nothing is passed over or asked, they are all it takes.
        let texts = sink.shows_texts() && self.counted;
        let mut inside = span.is_none_or(Span::is_whole);
        let mut read = None;
        if !(texts && inside && sink.passes(self.matched) == 0) {
            let block = step.block(self.reader)?;
            inside = inside || span.is_none_or(|span| lies_inside(&block.read(), span));
            if inside && self.pass_over(&block.read(), span, sink) {
                return Ok(self.flow(sink));
            }
            read = Some(block);
        }
        let block = match read.filter(|_| !texts) {
            Some(block) => block,
            None => self.reader.texts(&step.key, users)?,
        };
        let here = Here { key: &step.key, block: &block, texts, span, users, inside };
        match self.access.order {
            Order::Backward => {
                let mut entries: Vec<Entry<'_>> = block.read().entries().collect();
                entries.reverse();
                self.entries(here, entries.into_iter(), sink)
            }
            Order::Forward | Order::Other => self.entries(here, block.read().entries(), sink),
        }
    }

    fn entries<'b>(
        &mut self,
        here: Here<'_>,
        entries: impl Iterator<Item = Entry<'b>>,
        sink: &mut Sink<'_>,
    ) -> Result<Flow> {
        for entry in entries {
            if here.inside || here.span.is_none_or(|span| span.holds(entry.key)) {
                self.entry(here, &entry, sink)?;
            }
            if self.flow(sink) == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// A walk whose total is known ends once nothing more is kept.
    fn flow(&self, sink: &Sink<'_>) -> Flow {
        if self.counted && sink.is_full() { Flow::Done } else { Flow::On }
    }

    /// Counts a block without looking at its entries, if its classes decide and none is kept.
    fn pass_over(&mut self, block: &BlockRef<'_>, span: Option<&Span>, sink: &Sink<'_>) -> bool {
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

    fn entry(&mut self, here: Here<'_>, entry: &Entry<'_>, sink: &mut Sink<'_>) -> Result<()> {
        self.running.examine()?;
        match self.judge(here.span).verdict(entry.class) {
            Verdict::No => return Ok(()),
            Verdict::Yes if sink.passes(self.matched) > 0 => {}
            Verdict::Yes if sink.shows_texts() => self.show_text(here, entry, sink)?,
            Verdict::Yes => self.keep(here.stored(self.reader, entry)?, sink)?,
            Verdict::Ask if !self.ask(here, entry, sink)? => return Ok(()),
            Verdict::Ask => {}
        }
        self.matched += 1;
        Ok(())
    }

    /// Whether a record matches whose class does not tell. Such a record is kept at once.
    fn ask(&mut self, here: Here<'_>, entry: &Entry<'_>, sink: &mut Sink<'_>) -> Result<bool> {
        self.decoded += 1;
        // Most are refused: nothing is made of a body before it is accepted.
        if let Some(body) = here.body(entry)
            && !self.accepts(here.span, record::document(body))?
        {
            return Ok(false);
        }
        let stored = here.stored(self.reader, entry)?;
        if here.body(entry).is_none() && !self.accepts(here.span, stored.document())? {
            return Ok(false);
        }
        if sink.passes(self.matched) == 0 {
            self.keep(stored, sink)?;
        }
        Ok(true)
    }

    fn accepts(&mut self, span: Option<&Span>, record: DocumentRef<'_>) -> Result<bool> {
        let judge = match span {
            Some(span) if !span.proves => &mut self.all,
            _ => &mut self.open,
        };
        judge.accepts(record, self.running.account())
    }

    fn keep(&self, stored: Stored, sink: &mut Sink<'_>) -> Result<()> {
        sink.keep(self.plan, stored, self.running.account())
    }

    /// Shows the text that lies in a block of texts; of a record too long for one, it is written now.
    fn show_text(&self, here: Here<'_>, entry: &Entry<'_>, sink: &mut Sink<'_>) -> Result<()> {
        if here.texts && !entry.payload.is_empty() {
            return sink.show(entry.payload, self.running.account());
        }
        let block = self.reader.listed_block(here.key)?;
        let beneath = block.read().find(entry.key);
        let beneath = beneath.ok_or_else(|| Error::damaged("a record is listed but not there"))?;
        self.keep(self.reader.record(&block, &beneath, here.users)?, sink)
    }

    fn judge(&mut self, span: Option<&Span>) -> &mut Judge<'e> {
        match span {
            Some(span) if !span.proves => &mut self.all,
            _ => &mut self.open,
        }
    }

    /// How many records were looked at.
    pub(crate) fn examined(&self) -> u64 {
        self.running.examined()
    }

    pub(crate) fn explain(&self, returned: usize) -> Explain {
        let (lists, path) = match &self.access.path {
            Path::Ids(ids) => (ids.len() as u64, &self.access.path),
            Path::Rooms(spans) | Path::Users(spans) => (spans.len() as u64, &self.access.path),
            Path::Everything => (1, &self.access.path),
        };
        let proven = self.plan.conjuncts().iter().zip(&self.access.proven);
        let proven = proven.filter(|(_, proven)| **proven);
        let residual: Vec<Filter> =
            self.open.conjuncts().map(|conjunct| conjunct.filter().clone()).collect();
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
            records_in_columns: self.judged,
            matched: self.matched,
            returned: returned as u64,
            nanoseconds: u64::try_from(self.running.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

impl Here<'_> {
    /// The body of that entry's record, if it lies here.
    fn body<'e>(&self, entry: &Entry<'e>) -> Option<&'e [u8]> {
        match Body::read(entry.payload) {
            Ok(Body::Inline(body)) if !self.users => Some(body),
            _ => None,
        }
    }

    /// The record of that entry.
    fn stored(&self, reader: &Reader<'_>, entry: &Entry<'_>) -> Result<Stored> {
        reader.record(self.block, entry, self.users)
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
