//! What memtables change of a view: records that are there no more, and such as are there beside. Only cells that were
//! written since somebody asked last are looked at.

use std::cmp::Ordering;
use std::sync::Arc;

use super::execution::Execution;
use super::frame::Frame;
use super::part::Part;
use super::ranked::Sorted;
use super::residual::Verdict;
use super::scan::Scan;
use crate::cache::views::{STRIDE, View, ViewKey};
use crate::error::Result;
use crate::memtable::Cell;
use crate::snapshot::{Added, Later, Overlay, Patches, Stored};

impl<'e> Execution<'e> {
    /// What memtables change of the view for the open conditions.
    pub(super) fn patches(
        &mut self,
        scan: &Scan<'e>,
        part: &Part<'_>,
        frame: &Frame,
        view: &View,
    ) -> Result<Arc<Patches>> {
        let (kept, state) = (&self.snapshot.pool.patches, self.snapshot.state);
        if self.snapshot.is_settled() {
            return Ok(Arc::default());
        }
        let key = self.conditions_of(scan).map(|conditions| (view.number, conditions));
        let known = key.and_then(|key| kept.get(key, state)).unwrap_or_default();
        if known.upto() == state.newest() {
            return Ok(known);
        }
        let later = self.later(part, frame, &known)?;
        if later.is_empty() {
            return Ok(known);
        }
        self.running.account().work(known.added().len() as u64 / CARRIED_A_STEP)?;
        let patches = Arc::new(known.with(later, state));
        if let (Some(key), false) = (key, state.is_draft) {
            kept.keep(key, &patches);
        }
        Ok(patches)
    }

    /// The number of the open conditions, if what they say is the same each time: of classes alone, too.
    pub(super) fn conditions_of(&self, scan: &Scan<'e>) -> Option<u64> {
        let by_class = || self.open.name().filter(|_| self.counted);
        scan.conditions()
            .or_else(|| by_class().map(|name| self.snapshot.pool.views.number_of(&name)))
    }

    /// Whether there is a view of that key, and it is known what these cells of the part change of it, but for so few that to
    /// find that out takes no longer than a look at all of them. Only where classes decide.
    pub(super) fn knows_most_of(&self, cells: &[&Cell], part: &Part<'_>, key: &ViewKey) -> bool {
        let most = cells.len() / LOOKS_A_PATCH;
        let (pool, state) = (self.snapshot.pool, self.snapshot.state);
        let Some(view) = self.known_view(key).filter(|_| most > 0) else { return false };
        let Some(name) = self.open.name() else { return false };
        let known = pool.patches.get((view.number, pool.views.number_of(&name)), state);
        known.is_some_and(|known| {
            let later = Overlay::since(state, &part.from, known.upto());
            let later = later.take_while(|cell| cell.key() < part.end.as_slice());
            later.take(most + 1).count() <= most
        })
    }

    /// What cells come to that were written later than what is known.
    fn later(&mut self, part: &Part<'_>, frame: &Frame, known: &Patches) -> Result<Later> {
        let mut later = Later::default();
        let cells = Overlay::since(self.snapshot.state, &part.from, known.upto());
        for cell in cells.take_while(|cell| cell.key() < part.end.as_slice()) {
            self.running.account().hold(2 * size_of::<Added>())?;
            match known.added().of_cell(cell.key()) {
                // What blocks hold under that key is known to be gone.
                Some(earlier) => later.removed.push(earlier.key.clone()),
                None => {
                    let gone = self.gone_by(frame, cell)?;
                    later.gone.extend(gone.filter(|gone| !known.is_gone(*gone as usize)));
                }
            }
            if let Some(key) = self.key_in(cell)? {
                self.running.account().hold(key.len())?;
                later.added.push(Added { key, cell: cell.clone() });
            }
        }
        Ok(later)
    }

    /// The number of the record that a cell takes the place of, if there is one and it belongs to the answer.
    fn gone_by(&mut self, frame: &Frame, cell: &Cell) -> Result<Option<u32>> {
        let Some(number) = self.replaced(frame, cell)? else { return Ok(None) };
        Ok(self.belongs(frame, number)?.then_some(number as u32))
    }

    /// The key of the record of a cell, if there is one and it belongs to the answer.
    fn key_in(&mut self, cell: &Cell) -> Result<Option<Box<[u8]>>> {
        let Some(entry) = cell.entry() else { return Ok(None) };
        self.running.examine()?;
        let record = Stored::of_cell(cell);
        let belongs = match self.open.verdict(entry.class) {
            Verdict::No => false,
            Verdict::Yes => true,
            Verdict::Ask => {
                self.decoded += 1;
                self.open.accepts(record.document(), self.running.account())?
            }
        };
        let key = belongs.then(|| self.key_of(&record)).transpose()?;
        Ok(key.map(Vec::into_boxed_slice))
    }

    /// How many records of the answer come before a place of the view, of which so many that blocks hold; and how many of
    /// those that were added.
    fn before(
        &mut self,
        sorted: &Sorted<'e>,
        place: usize,
        in_blocks: u64,
    ) -> Result<(u64, usize)> {
        let Sorted { view, patches, .. } = sorted;
        let added = match view.order.get(place) {
            Some(number) => self.added_before(sorted, *number as usize)?,
            None => patches.added().len(),
        };
        let gone = self.gone_before(sorted, place)?;
        Ok(((in_blocks + added as u64).saturating_sub(gone), added))
    }

    /// How many records of the answer that are there no more stood before that place of the view.
    pub(super) fn gone_before(&self, sorted: &Sorted<'e>, place: usize) -> Result<u64> {
        let Sorted { view, patches, .. } = sorted;
        self.running.account().work(match patches.gone() {
            0 => 0,
            _ => view.order.len() as u64 / PASSED_A_STEP,
        })?;
        Ok(patches.gone_before(place, &view.order) as u64)
    }

    /// How many of those that were added come before the record of that number.
    fn added_before(&mut self, sorted: &Sorted<'e>, number: usize) -> Result<usize> {
        let (frame, added) = (&sorted.frame, sorted.patches.added());
        let mut key = Vec::new();
        if added.is_empty() {
            return Ok(0);
        }
        if self.append_key_of(frame.find(number), &mut key)? {
            let order = |added: &Added| added.key.get(..key.len()).unwrap_or(&added.key).cmp(&key);
            let start = added.partition_point(|added| order(added) == Ordering::Less);
            let is_alike = added.get(start).is_some_and(|added| order(added) == Ordering::Equal);
            if !is_alike {
                return Ok(start);
            }
        }
        let key = self.whole_key(frame, number)?;
        Ok(added.before(&key))
    }

    /// The place of the view to begin at for that offset, how many of those that were added come before it, and how many
    /// records are left to be passed over from there.
    pub(super) fn start_for(
        &mut self,
        sorted: &Sorted<'e>,
        offset: u64,
    ) -> Result<(usize, usize, u64)> {
        let Some(counts) = self.counts_of(sorted, offset)? else { return Ok((0, 0, offset)) };
        self.running.account().work(counts.len() as u64 / 16)?;
        let sums: Vec<u64> = counts
            .iter()
            .scan(0, |sum, count| Some(std::mem::replace(sum, *sum + u64::from(*count))))
            .collect();
        // The last stride before which no more come.
        let (mut low, mut high) = (0, sums.len().saturating_sub(1));
        let mut start = (0, 0, offset);
        while low < high {
            let middle = (low + high).div_ceil(2);
            let sum = sums.get(middle).copied().unwrap_or_default();
            let (before, added) = self.before(sorted, middle * STRIDE, sum)?;
            if before <= offset {
                (low, start) = (middle, (middle * STRIDE, added, offset - before));
            } else {
                high = middle - 1;
            }
        }
        Ok(start)
    }
}

/// Records of a view that are passed for the price of a step.
const PASSED_A_STEP: u64 = 1024;

/// Cells that are looked at in the time that it takes to find out what one changes of a view.
const LOOKS_A_PATCH: usize = 32;

/// Records that were added earlier and are carried over for the price of a step.
const CARRIED_A_STEP: u64 = 64;
