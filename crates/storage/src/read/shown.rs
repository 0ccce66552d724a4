//! Records that go on as the texts of a reply: of some entries of a block, as they were written out once, or
//! one by one.

use std::ops::Range;
use std::sync::Arc;

use super::access::Span;
use super::collector::Collector;
use super::execution::{Execution, Flow};
use super::here::Here;
use super::residual::Verdict;
use crate::cache::Texts;
use crate::error::Result;
use crate::format::lists::holds_records;
use crate::format::{Block, Place};
use crate::memtable::Direction;
use crate::snapshot::{Found, Lying, Run, STRETCH, Source, stretch_from};

/// Texts that an execution has at hand, of entries from that number on in the block at that place; or that
/// there are none.
type AtHand = (Place, usize, Option<Arc<Texts>>);

/// The texts that were shown last.
#[derive(Debug, Default)]
pub(super) struct Shown(Option<AtHand>);

impl Execution<'_> {
    /// Shows the texts of a block in which no cell lies, and whose classes decide.
    pub(super) fn show_block(
        &mut self,
        run: &Run,
        place: Place,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let entries = run.item().map_or(0, |item| item.counts().map(|(_, count)| count).sum());
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        let mut source = Source::new(place, run.list(), None);
        let backward = self.direction() == Direction::Backward;
        let stretches = entries.div_ceil(STRETCH);
        for number in 0..stretches {
            let number = if backward { stretches - 1 - number } else { number };
            let flow =
                self.show_stretch(&mut source, number * STRETCH, entries, span, collector)?;
            if flow == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    fn show_stretch(
        &mut self,
        source: &mut Source<'_>,
        start: usize,
        entries: usize,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let mut left = stretch_from(start, entries);
        while !left.is_empty() {
            let Some(texts) = self.texts_for(source, start, &left, collector)? else {
                return self.show_entries(source, left, span, collector);
            };
            let from = left.start - start;
            if self.show_texts(source, start, from, &texts, span, collector)? == Flow::Done {
                return Ok(Flow::Done);
            }
            left.start = start + texts.len().max(from + 1);
        }
        Ok(Flow::On)
    }

    /// Texts of what is left of the stretch that begins there; none where they would be written out for nothing.
    fn texts_for(
        &mut self,
        source: &mut Source<'_>,
        start: usize,
        left: &Range<usize>,
        collector: &Collector<'_>,
    ) -> Result<Option<Arc<Texts>>> {
        // What is passed over as a whole is not written out for that.
        if collector.passes(self.matched) >= STRETCH as u64 {
            let kept = self.snapshot.kept_texts(source, start);
            return Ok(kept.filter(|texts| start + texts.len() >= left.end));
        }
        // Who goes forward has seen enough with as many as he wants, where all are shown; else they are all written.
        let is_first = left.start == start && self.direction() == Direction::Forward;
        let wanted = if is_first { collector.wants(self.matched).max(1) } else { usize::MAX };
        let end = left.start.saturating_add(wanted).min(left.end);
        let account = self.running.account();
        self.snapshot.texts(source, start..end, &mut self.ahead, account)
    }

    /// Shows records of a block one by one.
    fn show_entries(
        &mut self,
        source: &mut Source<'_>,
        range: Range<usize>,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let block = source.block(self.snapshot, &mut self.ahead)?;
        let here = Here::in_block(&block, span);
        let lying = block.entries(range).map(|(at, entry)| Lying::InBlock(at, entry));
        match self.direction() {
            Direction::Forward => self.entries(here, lying, collector),
            Direction::Backward => self.entries(here, lying.rev(), collector),
        }
    }

    /// Shows texts of the stretch that begins there, from that one on; backward, all of them.
    fn show_texts(
        &mut self,
        source: &mut Source<'_>,
        start: usize,
        from: usize,
        texts: &Texts,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let mut at = from;
        while at < texts.len() {
            let mut run = self.belonging(texts, at, span);
            let passed = collector.passes(self.matched).min(run.len() as u64);
            self.matched += passed;
            run.start += passed as usize;
            run.end = run.end.min(run.start.saturating_add(collector.wants(self.matched)));
            self.running.examine_each((run.end - at) as u64)?;
            at = run.end;
            self.matched += run.len() as u64;
            self.show_run(source, start, run, texts, collector)?;
            if self.flow(collector) == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// The next texts that belong to the answer, from that one on, as many as follow one another in the order of
    /// the walk.
    fn belonging(&mut self, texts: &Texts, from: usize, span: Option<&Span>) -> Range<usize> {
        let (backward, end) = (self.direction() == Direction::Backward, texts.len());
        let conditions = self.conditions(span);
        let mut belongs = |at: usize| {
            let class = texts.class(if backward { end - 1 - at } else { at });
            class.is_some_and(|class| conditions.verdict(class) == Verdict::Yes)
        };
        let first = (from..end).find(|at| belongs(*at)).unwrap_or(end);
        let behind = (first..end).find(|at| !belongs(*at)).unwrap_or(end);
        first..behind
    }

    /// Shows texts that follow one another of the stretch that begins there.
    fn show_run(
        &mut self,
        source: &mut Source<'_>,
        start: usize,
        run: Range<usize>,
        texts: &Texts,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let backward = self.direction() == Direction::Backward;
        if !backward && collector.show_run(texts, run.clone(), self.running.account())? {
            return Ok(());
        }
        for at in run {
            let at = if backward { texts.len() - 1 - at } else { at };
            if !collector.show(texts.get(at), self.running.account())? {
                self.show_entry(source, start + at, collector)?;
            }
        }
        Ok(())
    }

    /// Shows the record of an entry of a block, of which its text does not tell what shows.
    fn show_entry(
        &mut self,
        source: &mut Source<'_>,
        at: usize,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let block = source.block(self.snapshot, &mut self.ahead)?;
        let found = Found::InBlock(block.clone(), at);
        let record = self.snapshot.resolve(block.list(), found)?;
        collector.keep(self.plan, record, self.running.account())
    }

    /// Shows the text of an entry's record: as it was written out with those beside it, or as it is written now.
    pub(super) fn show_text(
        &mut self,
        here: Here<'_>,
        entry: &Lying<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        if let (true, Some(block), Lying::InBlock(at, _)) = (here.texts, here.block, entry)
            && let Some(texts) = self.texts_around(here.list_of(entry), block, *at)?
            && collector.show(texts.get(at % STRETCH), self.running.account())?
        {
            return Ok(());
        }
        self.keep(self.stored(here, entry)?, collector)
    }

    /// The texts of the stretch in which that entry of a block lies, beside which there may be cells.
    fn texts_around(
        &mut self,
        list: &[u8],
        block: &Block,
        at: usize,
    ) -> Result<Option<Arc<Texts>>> {
        let (Some((place, _)), start) = (block.place_of(0), at - at % STRETCH) else {
            return Ok(None);
        };
        if let Some((of, from, texts)) = &self.shown.0
            && (*of, *from) == (place, start)
        {
            return Ok(texts.clone());
        }
        let mut texts = None;
        if holds_records(list) || self.snapshot.is_clean(block, start) {
            let mut source = Source::new(place, list, Some(block.clone()));
            let account = self.running.account();
            let range = stretch_from(start, block.len());
            texts = self.snapshot.texts(&mut source, range, &mut self.ahead, account)?;
        }
        self.shown = Shown(Some((place, start, texts.clone())));
        Ok(texts)
    }
}
