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
use crate::format::Block;
use crate::memtable::Direction;
use crate::snapshot::{Entries, Found, Lying, Piece, Run, STRETCH, Source, stretch_from};

impl Execution<'_> {
    /// Shows the records of a run whose classes decide, and which lies in the part as a whole or not.
    pub(super) fn show_run(
        &mut self,
        run: &Run,
        inside: bool,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let Some(item) = run.item() else {
            let here = Here { list: run.list(), block: None, span, inside };
            return self.show_pieces(run, here, None, collector);
        };
        let mut source = Source::new(item.place, run.list());
        if inside && run.cells.is_none() {
            // The texts are all it takes, where there are some.
            let entries = item.counts().map(|(_, count)| count).sum::<u64>();
            let entries = usize::try_from(entries).unwrap_or(usize::MAX);
            return self.show_part(&mut source, 0..entries, entries, span, collector);
        }
        let block = source.block(self.snapshot, &mut self.ahead)?;
        if run.cells.is_none() {
            let part = part_of(&block, span);
            return self.show_part(&mut source, part, block.len(), span, collector);
        }
        let here = Here { list: run.list(), block: Some(&block), span, inside };
        self.show_pieces(run, here, Some(source), collector)
    }

    /// Shows cells, and what lies between them.
    fn show_pieces(
        &mut self,
        run: &Run,
        here: Here<'_>,
        mut source: Option<Source<'_>>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let Some(bounds) = &run.cells else { return Ok(Flow::On) };
        let bounds = self.skip_cells(run, bounds, here.block, here, collector)?;
        let mut entries = Entries::new(self.snapshot, here.block, &bounds, self.direction());
        while let Some(piece) = entries.piece() {
            let flow = match (piece, &mut source, here.block) {
                (Piece::Cell(cell, entry), ..) => {
                    let lying = Lying::InCell(cell, entry);
                    self.entries(here, std::iter::once(lying), collector)?
                }
                (Piece::Block(part), Some(source), Some(block)) => {
                    self.show_part(source, part, block.len(), here.span, collector)?
                }
                (Piece::Block(_), ..) => Flow::On,
            };
            if flow == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// Shows a part of a block of so many entries in which no cell lies.
    fn show_part(
        &mut self,
        source: &mut Source<'_>,
        part: Range<usize>,
        entries: usize,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let (first, last) = (part.start / STRETCH, part.end.div_ceil(STRETCH));
        for number in first..last {
            let backward = self.direction() == Direction::Backward;
            let number = if backward { first + (last - 1 - number) } else { number };
            let Range { start, end } = stretch_from(number * STRETCH, entries);
            let left = part.start.max(start)..part.end.min(end);
            if self.show_stretch(source, start, left, span, collector)? == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// Shows what is left of the stretch that begins there.
    fn show_stretch(
        &mut self,
        source: &mut Source<'_>,
        start: usize,
        mut left: Range<usize>,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        while !left.is_empty() {
            let Some(texts) = self.texts_for(source, start, &left, collector)? else {
                return self.show_entries(source, left, span, collector);
            };
            let shown = left.start - start..texts.len().min(left.end - start);
            left.start = (start + shown.end).max(left.start + 1);
            if self.show_texts(source, start, shown, &texts, span, collector)? == Flow::Done {
                return Ok(Flow::Done);
            }
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

    /// Shows these texts of the stretch that begins there.
    fn show_texts(
        &mut self,
        source: &mut Source<'_>,
        start: usize,
        shown: Range<usize>,
        texts: &Texts,
        span: Option<&Span>,
        collector: &mut Collector<'_>,
    ) -> Result<Flow> {
        let mut at = 0;
        while at < shown.len() {
            let mut run = self.belonging(texts, &shown, at, span);
            let passed = collector.passes(self.matched).min(run.len() as u64);
            self.matched += passed;
            run.start += passed as usize;
            run.end = run.end.min(run.start.saturating_add(collector.wants(self.matched)));
            self.running.examine_each((run.end - at) as u64)?;
            at = run.end;
            self.matched += run.len() as u64;
            let run = match self.direction() {
                Direction::Forward => shown.start + run.start..shown.start + run.end,
                Direction::Backward => shown.end - run.end..shown.end - run.start,
            };
            self.show_joined(source, start, run, texts, collector)?;
            if self.flow(collector) == Flow::Done {
                return Ok(Flow::Done);
            }
        }
        Ok(Flow::On)
    }

    /// The next of these texts that belong to the answer, from that one on in the order of the walk, as many as follow one
    /// another there.
    fn belonging(
        &mut self,
        texts: &Texts,
        shown: &Range<usize>,
        from: usize,
        span: Option<&Span>,
    ) -> Range<usize> {
        let (backward, end) = (self.direction() == Direction::Backward, shown.len());
        let conditions = self.conditions(span);
        let mut belongs = |at: usize| {
            let class = texts.class(if backward { shown.end - 1 - at } else { shown.start + at });
            class.is_some_and(|class| conditions.verdict(class) == Verdict::Yes)
        };
        let first = (from..end).find(|at| belongs(*at)).unwrap_or(end);
        let behind = (first..end).find(|at| !belongs(*at)).unwrap_or(end);
        first..behind
    }

    /// Shows texts that follow one another of the stretch that begins there.
    fn show_joined(
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
        for at in 0..run.len() {
            let at = if backward { run.end - 1 - at } else { run.start + at };
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
}

/// The entries of a block that belong to a part of its list.
fn part_of(block: &Block, span: Option<&Span>) -> Range<usize> {
    let start = span.map_or(0, |span| block.position(&span.from));
    let to = span.and_then(|span| span.to.as_deref());
    start..to.map_or(block.len(), |to| block.position(to)).max(start)
}
