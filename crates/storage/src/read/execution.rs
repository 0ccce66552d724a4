//! Runs a plan: walks the runs of its access path once, for the page and the total together.
//!
//! The path is chosen in [`super::access`], records are judged by [`super::residual`] and kept in
//! [`super::collector`]; this file is the walk between them. Whole blocks are passed over by their counts
//! where the classes of their records decide; where conditions were asked before, [`super::scan`] judges
//! records by what is kept of them in memory.

use filedex_query::{Account, DocumentRef, Plan};

use super::access::{Access, Order, Path, Span};
use super::collector::Collector;
use super::counts::Counts;
use super::here::Here;
use super::residual::{Conditions, Verdict};
use super::second::{MANY_RECORDS, Second};
use super::watch::Running;
use crate::blocks::Ahead;
use crate::error::Result;
use crate::format::lists::{ALL_ROOMS, holds_records};
use crate::format::record::document;
use crate::format::{Block, List};
use crate::memtable::Direction;
use crate::snapshot::{Bounds, Entries, Lying, Run, Snapshot, Stored, Walk};

/// Whether a walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Done,
}

/// How an order comes about that no list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sorting {
    /// All records are looked at, and the best are kept.
    Heap,
    /// The blocks that may hold one of the first.
    Zones,
    /// It is kept in memory.
    View,
}

/// A plan being run.
pub(crate) struct Execution<'e> {
    pub(super) snapshot: Snapshot<'e>,
    pub(super) plan: &'e Plan,
    pub(super) access: &'e Access,
    /// Asks what the path leaves open.
    pub(super) open: Conditions<'e>,
    /// Asks everything, where the path proves nothing.
    all: Conditions<'e>,
    pub(super) running: Running,
    pub(super) matched: u64,
    pub(super) counted: bool,
    /// Whether the list of everything told the total, though the walk goes elsewhere.
    pub(super) dated: bool,
    pub(super) blocks: u64,
    pub(super) passed: u64,
    pub(super) decoded: u64,
    /// Records judged by columns.
    pub(super) judged: u64,
    pub(super) ahead: Ahead,
    /// The paths of the columns that were used.
    pub(super) columns: Vec<String>,
    /// How the order comes about, where no list has it.
    pub(super) sorting: Sorting,
    /// Whether somebody waits for what comes of it.
    pub(super) is_asked: bool,
}

impl<'e> Execution<'e> {
    pub(crate) fn new(
        snapshot: Snapshot<'e>,
        plan: &'e Plan,
        access: &'e Access,
        running: Running,
    ) -> Execution<'e> {
        let (open, all) = (Conditions::new(plan, &access.proven), Conditions::of_all(plan));
        Execution {
            snapshot,
            plan,
            access,
            open,
            all,
            running,
            matched: 0,
            counted: false,
            dated: false,
            blocks: 0,
            passed: 0,
            decoded: 0,
            judged: 0,
            ahead: Ahead::default(),
            columns: Vec::new(),
            sorting: Sorting::Heap,
            is_asked: true,
        }
    }

    /// Walks the whole path; afterwards `matched` is the exact total.
    pub(crate) fn run<'v>(&mut self, mut collector: Collector<'v>) -> Result<Collector<'v>> {
        self.running.account().look()?;
        let mut total = self.total_by_counts()?;
        self.counted = total.is_some();
        if total.is_none() {
            total = self.total_by_dates()?;
            self.dated = total.is_some();
        }
        if !(total.is_some() && collector.is_full()) {
            self.walk(&mut collector)?;
        }
        self.matched = total.unwrap_or(self.matched);
        Ok(collector)
    }

    /// What the execution has used.
    pub(crate) fn account(&self) -> &Account {
        self.running.account()
    }

    /// How many records were looked at.
    pub(crate) fn examined(&self) -> u64 {
        self.running.examined()
    }

    /// How many records matched.
    pub(crate) fn matched(&self) -> u64 {
        self.matched
    }

    /// The records of one part of a list, in order, until the collector is full.
    pub(crate) fn part(&mut self, span: &Span, collector: &mut Collector<'_>) -> Result<()> {
        self.running.account().look()?;
        self.counted = true;
        self.span(span, collector).map(drop)
    }

    /// The total, if the classes of the records decide it.
    pub(super) fn total_by_counts(&mut self) -> Result<Option<u64>> {
        let access = self.access;
        let spans = match &access.path {
            Path::Ids(_) => return Ok(None),
            Path::Everything => {
                let tally = self.snapshot.tally(&List::everything())?;
                return Ok(self.matching(tally.counts(), None));
            }
            Path::Listed(span) => std::slice::from_ref(span),
            Path::Rooms(spans) | Path::Users(spans) => spans,
        };
        let mut total = 0;
        for span in spans {
            // Whether classes decide shows in the list as a whole, which is known without a look into it.
            let tally = span.tally(self.snapshot)?;
            let Some(whole) = self.matching(tally.counts(), Some(span)) else { return Ok(None) };
            total += match span.is_whole() || whole == 0 {
                true => whole,
                false => {
                    let counts = Counts::of_span(self.snapshot, span)?;
                    self.matching(counts.iter(), Some(span)).unwrap_or(0)
                }
            };
        }
        Ok(Some(total))
    }

    /// The total of a walk through all rooms, if only dates bound the answer, and the classes of the records
    /// decide all else: the list of everything has them between two keys.
    fn total_by_dates(&mut self) -> Result<Option<u64>> {
        let Path::Everything = self.access.path else { return Ok(None) };
        let Some((span, listed)) = Access::by_dates(self.snapshot, self.plan)? else {
            return Ok(None);
        };
        let mut conditions = Conditions::new(self.plan, &listed.proven);
        let (all, mut total) = (span.tally(self.snapshot)?, 0);
        if all.counts().any(|(class, _)| conditions.verdict(class) == Verdict::Ask) {
            return Ok(None);
        }
        for (class, count) in Counts::of_span(self.snapshot, &span)?.iter() {
            total += if conditions.verdict(class) == Verdict::Yes { count } else { 0 };
        }
        Ok(Some(total))
    }

    pub(super) fn walk(&mut self, collector: &mut Collector<'_>) -> Result<()> {
        let access = self.access;
        if self.walk_firsts(collector)? || self.walk_view(collector)? {
            return Ok(());
        }
        match &access.path {
            Path::Ids(ids) => self.ids(ids, collector),
            Path::Everything => self.everything(collector),
            Path::Listed(span) => self.span(span, collector).map(drop),
            Path::Rooms(spans) | Path::Users(spans) => {
                for span in spans {
                    if self.span(span, collector)? == Flow::Done {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    fn ids(&mut self, ids: &[String], collector: &mut Collector<'_>) -> Result<()> {
        for id in ids {
            self.running.examine()?;
            let Some(stored) = self.snapshot.by_id(id)? else {
                continue;
            };
            self.decoded += 1;
            let account = self.running.account();
            if self.open.accepts(stored.document(), account)? {
                if collector.passes(self.matched) == 0 {
                    self.keep(stored, collector)?;
                }
                self.matched += 1;
            }
        }
        Ok(())
    }

    fn everything(&mut self, collector: &mut Collector<'_>) -> Result<()> {
        if self.scan_all(collector)?.is_some() {
            return Ok(());
        }
        let records = self.snapshot.tally(&List::everything())?.records();
        let is_long = !self.counted && records >= MANY_RECORDS;
        if let Some(second) = is_long.then(Second::take).flatten()
            && self.everything_with(second, collector)?
        {
            return Ok(());
        }
        let bounds = Bounds::of_prefix(ALL_ROOMS);
        for run in Walk::lists(self.snapshot, ALL_ROOMS, bounds)? {
            if self.step(&run?, None, collector)? == Flow::Done {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn span(&mut self, span: &Span, collector: &mut Collector<'_>) -> Result<Flow> {
        if span.is_empty() {
            return Ok(Flow::On);
        }
        if holds_records(span.list.bytes())
            && let Some(flow) = self.scan_room(span, collector)?
        {
            return Ok(flow);
        }
        let (list, to) = (&span.list, span.to.as_deref());
        let mut walk = Walk::list(self.snapshot, list, &span.from, to, self.direction())?;
        self.skip(span, &mut walk, collector)?;
        for run in walk {
            if self.step(&run?, Some(span), collector)? == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(self.flow(collector))
    }

    pub(super) fn direction(&self) -> Direction {
        match self.access.order {
            Order::Backward => Direction::Backward,
            Order::Forward | Order::Other => Direction::Forward,
        }
    }

    /// Goes through one run, or passes over it.
    pub(super) fn step(
        &mut self,
        run: &Run,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        self.step_with(run, None, span, collector)
    }

    /// The same, where the block of the run may have been read.
    pub(super) fn step_with(
        &mut self,
        run: &Run,
        block: Option<Block>,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        self.running.read_block()?;
        let inside = run.is_inside || span.is_none_or(Span::is_whole);
        // Texts lie as the records do; where nothing is asked, they are all it takes.
        let texts = collector.shows_texts() && self.counted;
        let nothing_to_pass = texts && collector.passes(self.matched) == 0;
        if inside && self.take_run(run, span, collector)? {
            self.passed += 1;
            return Ok(Flow::On);
        }
        if inside && !nothing_to_pass && self.pass_over(run, span, collector) {
            self.passed += 1;
            return Ok(self.flow(collector));
        }
        self.blocks += 1;
        if texts {
            return self.show_run(run, inside, span, collector);
        }
        let list = run.list();
        let block = match (block, run.item()) {
            (None, Some(item)) => {
                let is_long = span.is_none();
                Some(self.snapshot.block_of(item.place, list, is_long, &mut self.ahead)?)
            }
            (block, _) => block,
        };
        let block = block.as_ref();
        let here = Here { list, block, span, inside };
        match &run.cells {
            None => self.whole_block(here, collector),
            Some(bounds) => {
                let bounds = self.skip_cells(run, bounds, block, here, collector)?;
                let entries = Entries::new(self.snapshot, block, &bounds, self.direction());
                self.entries(here, entries, collector)
            }
        }
    }

    fn whole_block(&mut self, here: Here<'_>, collector: &mut Collector<'_>) -> Result<Flow> {
        let Some(block) = here.block else { return Ok(Flow::On) };
        let in_block = |(at, entry)| Lying::InBlock(at, entry);
        match self.direction() {
            Direction::Forward => self.entries(here, block.all().map(in_block), collector),
            Direction::Backward => self.entries(here, block.all().rev().map(in_block), collector),
        }
    }

    pub(super) fn entries<'b>(
        &mut self,
        here: Here<'_>,
        entries: impl Iterator<Item = Lying<'b>>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        for entry in entries {
            if here.inside || here.span.is_none_or(|span| span.holds(entry.entry().key)) {
                self.entry(here, &entry, collector)?;
            }
            if self.flow(collector) == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// A walk whose total is known ends once nothing more is kept.
    pub(super) fn flow(&self, collector: &Collector<'_>) -> Flow {
        let is_told = self.counted || self.dated;
        if is_told && collector.is_full() { Flow::Done } else { Flow::On }
    }

    /// Counts a run without looking at its entries, if its classes decide and none is kept.
    fn pass_over(&mut self, run: &Run, span: Option<&Span>, collector: &Collector<'_>) -> bool {
        let passes = collector.passes(self.matched);
        let matching = match (&run.cells, run.item()) {
            (None, Some(item)) => self.matching(item.counts(), span),
            _ => self.matching(run.tally(self.snapshot).counts(), span),
        };
        let passed = matching.filter(|matching| *matching <= passes);
        self.matched += passed.unwrap_or(0);
        passed.is_some()
    }

    /// How many of so many records of each class match; `None` where classes do not decide.
    pub(super) fn matching(
        &mut self,
        counts: impl Iterator<Item = (crate::format::Class, u64)>,
        span: Option<&Span>,
    ) -> Option<u64> {
        let (conditions, mut matching) = (self.conditions(span), 0);
        for (class, count) in counts {
            match conditions.verdict(class) {
                Verdict::Yes => matching += count,
                Verdict::No => {}
                Verdict::Ask => return None,
            }
        }
        Some(matching)
    }

    pub(super) fn entry(
        &mut self,
        here: Here<'_>,
        entry: &Lying<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        self.running.examine()?;
        match self.conditions(here.span).verdict(entry.entry().class) {
            Verdict::No => return Ok(()),
            Verdict::Yes if collector.passes(self.matched) > 0 => {}
            Verdict::Yes if !self.may_be_kept(here, entry, collector) => {}
            Verdict::Yes => self.keep(self.stored(here, entry)?, collector)?,
            Verdict::Ask if !self.ask(here, entry, collector)? => return Ok(()),
            Verdict::Ask => {}
        }
        self.matched += 1;
        Ok(())
    }

    /// Whether the record may be among the best, by how its key begins.
    fn may_be_kept(&self, here: Here<'_>, entry: &Lying<'_>, collector: &Collector<'_>) -> bool {
        !collector.refuses(|| {
            let record = here.holds_records(entry).then(|| document(entry.entry().payload))?;
            self.plan.sort().least_head(record)
        })
    }

    /// Whether a record matches whose class does not tell. Such a record is kept at once.
    pub(super) fn ask(
        &mut self,
        here: Here<'_>,
        entry: &Lying<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        self.decoded += 1;
        let is_kept = collector.passes(self.matched) == 0;
        // Most are refused: nothing is made of a record that lies here before it is accepted.
        if here.holds_records(entry) {
            let is_accepted = self.accepts(here.span, document(entry.entry().payload))?;
            if is_accepted && is_kept {
                self.keep(self.stored(here, entry)?, collector)?;
            }
            return Ok(is_accepted);
        }
        let stored = self.stored(here, entry)?;
        let is_accepted = self.accepts(here.span, stored.document())?;
        if is_accepted && is_kept {
            self.keep(stored, collector)?;
        }
        Ok(is_accepted)
    }

    fn accepts(&mut self, span: Option<&Span>, record: DocumentRef<'_>) -> Result<bool> {
        let conditions = match span {
            Some(span) if !span.proves => &mut self.all,
            _ => &mut self.open,
        };
        conditions.accepts(record, self.running.account())
    }

    pub(super) fn keep(&self, stored: Stored, collector: &mut Collector<'_>) -> Result<()> {
        let account = self.running.account();
        if collector.shows_texts()
            && let Some(text) = self.text_to_keep(&stored)?
            && collector.show(text.marked(), account)?
        {
            return Ok(());
        }
        collector.keep(self.plan, stored, account)
    }

    /// The record behind an entry.
    pub(super) fn stored(&self, here: Here<'_>, entry: &Lying<'_>) -> Result<Stored> {
        let found = entry.found(here.block).ok_or_else(crate::snapshot::unlisted)?;
        self.snapshot.resolve(here.list_of(entry), found)
    }

    pub(super) fn conditions(&mut self, span: Option<&Span>) -> &mut Conditions<'e> {
        match span {
            Some(span) if !span.proves => &mut self.all,
            _ => &mut self.open,
        }
    }
}
