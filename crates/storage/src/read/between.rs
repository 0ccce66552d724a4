//! What memtables say between the records of a segment: each cell in its place among them.

use super::collector::Collector;
use super::execution::Execution;
use super::here::Here;
use super::part::Part;
use crate::cache::segment::Segment;
use crate::error::Result;
use crate::format::{Entry, List, Place};
use crate::memtable::{Cell, Memtable};
use crate::snapshot::{Lying, Overlay};

/// A cell in its place among the records of a segment.
pub(super) struct Between<'s> {
    /// The record that it comes before, or stands for.
    pub(super) row: usize,
    pub(super) replaces: bool,
    pub(super) cell: &'s Cell,
}

impl<'e> Execution<'e> {
    /// The cells of a whole room, or of all, in order; nothing where there are more than that.
    pub(super) fn cells_of(&self, part: &Part<'_>, most: usize) -> Option<Vec<&'e Cell>> {
        if self.snapshot.is_settled() {
            return Some(Vec::new());
        }
        let state = self.snapshot.state;
        let count = |memtable: &Memtable| memtable.sum(&part.from, &part.end).cells;
        if count(&state.active).max(count(&state.frozen)) > most {
            return None;
        }
        let cells = Overlay::from(state, &part.from);
        let cells = cells.take_while(|cell| cell.key() < part.end.as_slice()).take(most + 1);
        Some(cells.collect()).filter(|cells: &Vec<&Cell>| cells.len() <= most)
    }

    /// The cells between these keys, in order, each with its place among the records.
    pub(super) fn cells_between(
        &self,
        segment: &Segment,
        first: usize,
        from: &[u8],
        to: &[u8],
    ) -> Result<Vec<Between<'e>>> {
        if self.snapshot.is_settled() {
            return Ok(Vec::new());
        }
        let cells = Overlay::from(self.snapshot.state, from);
        let cells = cells.take_while(|cell| cell.key() < to);
        let placed = cells.map(|cell| {
            let (row, replaces) = self.row_of(segment, cell)?.unwrap_or((first, false));
            Ok(Between { row: row.max(first), replaces, cell })
        });
        placed.collect()
    }

    /// The record of the segment that the cell comes before, and whether it stands for that one; `None` for a
    /// cell before all blocks of the segment.
    pub(super) fn row_of(&self, segment: &Segment, cell: &Cell) -> Result<Option<(usize, bool)>> {
        let Some(number) = segment.block_of(cell.key()) else { return Ok(None) };
        let Some((place, list)) = segment.place(number) else { return Ok(None) };
        let rows = segment.rows(number..number + 1);
        if list != cell.list() {
            return Ok(Some((rows.end, false)));
        }
        let (at, is_its_own) = self.place_in(cell, place)?;
        Ok(Some((rows.start + at, is_its_own)))
    }

    /// Which of the entries of a block the cell comes before, and whether it stands for that one.
    fn place_in(&self, cell: &Cell, place: Place) -> Result<(usize, bool)> {
        let caches = &self.snapshot.pool.caches;
        if let Some((_, at)) = caches.places.get(&cell.stamp()).filter(|(of, _)| *of == place) {
            return Ok((at, true));
        }
        let block = self.snapshot.block(place, cell.list())?;
        let at = block.position(cell.order());
        let is_its_own = block.entry(at).is_some_and(|entry| entry.key == cell.order());
        if is_its_own {
            caches.keep_place(cell.stamp(), place, at);
        }
        Ok((at, is_its_own))
    }

    /// Where the record of blocks lies that the cell stands for, if there is one.
    pub(super) fn replaced_in_blocks(&self, cell: &Cell) -> Result<Option<(Place, usize)>> {
        // What a cell says that there was before, a frozen memtable may have, and not blocks.
        if cell.before().is_none() && self.snapshot.state.frozen.is_empty() {
            return Ok(None);
        }
        let list = List::from_bytes(cell.list());
        let Some(place) = self.snapshot.place_of(&list, cell.order())? else { return Ok(None) };
        let (at, is_its_own) = self.place_in(cell, place)?;
        Ok(is_its_own.then_some((place, at)))
    }

    pub(super) fn judge_cell(
        &mut self,
        cell: &Cell,
        entry: Entry<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<()> {
        let here = Here::in_cells();
        self.entry(here, &Lying::InCell(cell, entry), collector)
    }
}
