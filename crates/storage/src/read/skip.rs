//! Deep offsets: what comes before a window is passed over without being read, by what chunks of the index
//! and parts of memtables add up to.

use super::access::Span;
use super::collector::Collector;
use super::counts::Counts;
use super::execution::Execution;
use super::here::Here;
use super::residual::Verdict;
use crate::error::Result;
use crate::format::{Block, Class};
use crate::index::Outline;
use crate::memtable::{Direction, Memtable};
use crate::snapshot::{Bounds, Run, State, Walk};

/// An offset from which on chunks are worth passing over as a whole.
const DEEP: u64 = 256;

/// Cells of a run from which on a place among them is looked for.
const MANY_CELLS: usize = 256;

impl Execution<'_> {
    /// Lets the walk begin at the last chunk before which nothing is kept.
    pub(super) fn skip(
        &mut self,
        span: &Span,
        walk: &mut Walk<'_>,
        collector: &Collector<'_>,
    ) -> Result<()> {
        let passes = collector.passes(self.matched);
        if !self.counted || collector.is_full() || passes < DEEP {
            return Ok(());
        }
        let (index, version) = (&self.snapshot.pool.index, &self.snapshot.state.version);
        let Some(outline) = index.outline(version, &span.list, true)? else { return Ok(()) };
        let Some((start, inside)) = self.matching_in(span)? else { return Ok(()) };
        let end = start + inside;
        let before = |this: &mut Self, at| this.matching_before(&outline, at, span);
        // Chunks that begin outside of the part are none to begin with.
        let mut low = if span.from.is_empty() { 0 } else { outline.place(&span.from) + 1 };
        let mut high = span.to.as_ref().map_or(outline.len(), |to| outline.place(to) + 1);
        let first = low;
        // Forward: the last chunk before which not more match than are passed over. Backward: the first one
        // behind which not more do.
        while low < high {
            let middle = low.midpoint(high);
            let goes_on = match self.direction() {
                Direction::Forward => before(self, middle).saturating_sub(start) <= passes,
                Direction::Backward => end.saturating_sub(before(self, middle + 1)) > passes,
            };
            (low, high) = if goes_on { (middle + 1, high) } else { (low, middle) };
        }
        let (at, matching) = match self.direction() {
            Direction::Forward if low <= first => return Ok(()),
            Direction::Forward => (low - 1, before(self, low - 1).saturating_sub(start)),
            Direction::Backward if low + 1 >= outline.len() => return Ok(()),
            Direction::Backward => (low, end.saturating_sub(before(self, low + 1))),
        };
        // Past the end of the part nothing is walked over backward.
        if span.to.as_deref().is_some_and(|to| outline.key(at + 1) > span.list.key(to)) {
            return Ok(());
        }
        let Some(chunk) = index.exact(version, &outline.key(at))? else { return Ok(()) };
        let backward = self.direction() == Direction::Backward;
        walk.jump(chunk, backward.then(|| outline.key(at + 1)).as_deref());
        self.matched += matching;
        self.passed += if backward { outline.blocks_behind(at) } else { outline.blocks_before(at) };
        Ok(())
    }

    /// How many records that match lie in the list before the part, and in it; `None` where classes do not
    /// decide.
    fn matching_in(&mut self, span: &Span) -> Result<Option<(u64, u64)>> {
        if span.is_whole() {
            let tally = span.tally(self.snapshot)?;
            return Ok(self.matching(tally.counts(), Some(span)).map(|inside| (0, inside)));
        }
        let (before, inside) =
            (Counts::before_span(self.snapshot, span)?, Counts::of_span(self.snapshot, span)?);
        let (before, inside) =
            (self.matching(before.iter(), Some(span)), self.matching(inside.iter(), Some(span)));
        Ok(before.zip(inside))
    }

    /// How many records that match lie before the chunk of that number.
    fn matching_before(&mut self, outline: &Outline, at: usize, span: &Span) -> u64 {
        let state = self.snapshot.state;
        let conditions = self.conditions(Some(span));
        let mut is_match = |class: Class| conditions.verdict(class) == Verdict::Yes;
        if at >= outline.len() {
            return u64::MAX;
        }
        let mut matching = outline.before(at, &mut is_match) as i64;
        matching += difference(state, span.list.bytes(), &outline.key(at), &mut is_match);
        u64::try_from(matching).unwrap_or(0)
    }

    /// The part of a run of many cells that is left when what comes before a window is passed over.
    pub(super) fn skip_cells(
        &mut self,
        run: &Run,
        bounds: &Bounds,
        block: Option<&Block>,
        here: Here<'_>,
        collector: &Collector<'_>,
    ) -> Result<Bounds> {
        let passes = collector.passes(self.matched);
        if passes < DEEP || !here.inside {
            return Ok(bounds.clone());
        }
        // Places are looked for among the cells of the memtable that has the more.
        let state = self.snapshot.state;
        let cells_of = |memtable: &Memtable| memtable.sum(&bounds.from, &bounds.to).cells;
        let memtables =
            [&state.active, &state.frozen].map(|memtable| (cells_of(memtable), memtable));
        let Some((cells, memtable)) = memtables.into_iter().max_by_key(|(cells, _)| *cells) else {
            return Ok(bounds.clone());
        };
        let all = self.matching(run.tally(self.snapshot).counts(), here.span);
        let Some(all) = all.filter(|_| cells >= MANY_CELLS) else { return Ok(bounds.clone()) };
        let (mut left, mut passed) = (bounds.clone(), 0);
        let (mut low, mut high) = (0, cells);
        while low < high {
            let middle = low.midpoint(high);
            let Some(cell) = memtable.nth_from(&bounds.from, middle) else { break };
            let before = self.matching_upto(&bounds.from, cell.key(), block, here);
            let goes_on = match self.direction() {
                Direction::Forward if before <= passes => {
                    (left.from, passed) = (cell.key().to_vec(), before);
                    true
                }
                Direction::Backward if all.saturating_sub(before) <= passes => {
                    (left.to, passed) = (cell.key().to_vec(), all.saturating_sub(before));
                    false
                }
                direction => direction == Direction::Backward,
            };
            (low, high) = if goes_on { (middle + 1, high) } else { (low, middle) };
        }
        self.matched += passed;
        self.passed += u64::from(passed > 0);
        Ok(left)
    }

    /// How many records that match lie in a run before that key.
    fn matching_upto(
        &mut self,
        from: &[u8],
        key: &[u8],
        block: Option<&Block>,
        here: Here<'_>,
    ) -> u64 {
        let state = self.snapshot.state;
        let conditions = self.conditions(here.span);
        let mut is_match = |class: Class| conditions.verdict(class) == Verdict::Yes;
        let before = block.map_or(0, |block| match key.strip_prefix(block.list()) {
            Some(order) => block.position(order),
            None => block.len(),
        });
        let entries = block.into_iter().flat_map(|block| block.entries(0..before));
        let mut matching = entries.filter(|(_, entry)| is_match(entry.class)).count() as i64;
        matching += difference(state, from, key, &mut is_match);
        u64::try_from(matching).unwrap_or(0)
    }
}

/// By how many records that match the memtables change what lies between two keys.
fn difference(
    state: &State,
    from: &[u8],
    to: &[u8],
    is_match: &mut impl FnMut(Class) -> bool,
) -> i64 {
    let change = state.change(from, to);
    change.iter().filter(|(class, _)| is_match(*class)).map(|(_, weight)| weight.count).sum()
}
