//! The first records of an order that no list has, by zones: how the least key of each block begins says which blocks
//! cannot hold any of them, and these are left unread.
//!
//! This file knows no conditions but classes, which must have told the total.

use std::collections::HashSet;

use filedex_query::Path;

use super::access::Span;
use super::collector::Collector;
use super::execution::{Execution, Sorting};
use super::here::Here;
use super::part::Part;
use crate::columns::{ZoneReader, Zoned};
use crate::error::{ErrorKind, Result};
use crate::format::Place;
use crate::format::lists::ALL_ROOMS;
use crate::memtable::Cell;
use crate::snapshot::{Bounds, Overlay, Run, Walk};

/// A block is read for so many of those that are left out, or more.
const LEFT_OUT: usize = 4;

/// Blocks that a page may take for each of its records.
const BLOCKS_A_RECORD: usize = 8;

/// A longer page is found by looking at all records.
const MOST_RECORDS: usize = 4096;

/// Cells past which too many blocks have some.
const MOST_CELLS: usize = 1024;

/// Zones that are looked at for the price of a step.
const ZONES_A_STEP: usize = 8;

/// The blocks of which the zones are the least, as many as a page may take.
struct First {
    zones: Vec<Zoned>,
    most: usize,
    /// How many blocks there were, and the greatest zone that still counts.
    blocks: usize,
    last: u128,
}

impl First {
    fn of(records: usize) -> First {
        let most = records * BLOCKS_A_RECORD;
        First { zones: Vec::with_capacity(2 * most), most, blocks: 0, last: u128::MAX }
    }

    /// Bytes that so many records take.
    fn bytes(records: usize) -> usize {
        2 * records * BLOCKS_A_RECORD * size_of::<Zoned>()
    }

    fn push(&mut self, zoned: Zoned) {
        self.blocks += 1;
        if zoned.0 > self.last {
            return;
        }
        self.zones.push(zoned);
        if self.zones.len() == 2 * self.most {
            self.cut();
        }
    }

    /// Keeps the first of them.
    fn cut(&mut self) {
        if self.most < self.zones.len() {
            self.zones.select_nth_unstable(self.most);
            self.zones.truncate(self.most);
            self.last = self.zones.iter().map(|(zone, _)| *zone).max().unwrap_or(self.last);
        }
    }

    /// Puts them in order, if so many of the first records lie in few blocks: as a rule each of the first has one of
    /// them.
    fn in_order(mut self, records: usize) -> Option<First> {
        self.cut();
        self.zones.sort_unstable();
        let reaches_far = self.zones.get(records).is_some_and(|(zone, _)| *zone < self.last);
        let leaves_out_most = records.saturating_mul(LEFT_OUT) <= self.blocks;
        (leaves_out_most && (reaches_far || self.are_all())).then_some(self)
    }

    /// Whether there are no other blocks.
    fn are_all(&self) -> bool {
        self.zones.len() == self.blocks
    }
}

impl<'e> Execution<'e> {
    /// Keeps the first records of the order; false where zones do not tell well enough where they are.
    pub(super) fn walk_zones(&mut self, collector: &mut Collector<'_>) -> Result<bool> {
        let Collector::Heap { window, place: None, .. } = collector else { return Ok(false) };
        let (records, held) = (window.end(), self.running.account().held());
        let first = records.map(|records| self.first_blocks(records)).transpose()?.flatten();
        let is_found = match first {
            Some((part, first)) => self.take_first(&part, &first, collector)?,
            None => false,
        };
        if is_found {
            self.sorting = Sorting::Zones;
            self.columns = self.zoned_by().iter().map(|(path, _)| path.text().to_owned()).collect();
        } else {
            collector.begin_anew(self.plan);
        }
        self.running.account().release_to(held + collector.best_held());
        Ok(is_found)
    }

    /// The path and the direction that decide first, if there may be zones by them.
    pub(super) fn zoned_by(&self) -> Option<(&'e Path, bool)> {
        let written = self.snapshot.pool.columns.written();
        self.plan.sort().lead().filter(|(path, _)| path.is_among(written))
    }

    /// The part that the answer lies in and its first blocks, where so many of the first records lie in few of them.
    fn first_blocks(&self, records: usize) -> Result<Option<(Part<'e>, First)>> {
        let Some((path, descending)) = self.zoned_by() else { return Ok(None) };
        let Some(part) = self.part_of_view()?.filter(|_| self.counted) else { return Ok(None) };
        if records > MOST_RECORDS || records.saturating_mul(LEFT_OUT) as u64 > part.records {
            return Ok(None);
        }
        self.running.account().hold(First::bytes(records))?;
        let (mut first, mut reader) = (First::of(records), ZoneReader::new(path, descending));
        let are_known = match part.span {
            Some(span) => self.zones_of(span, &mut reader, &mut first)?,
            None => self.all_zones(&mut reader, &mut first)?,
        };
        let first = if are_known { first.in_order(records) } else { None };
        Ok(first.map(|first| (part, first)))
    }

    /// Looks at the zones of a list; false where some are not known.
    fn zones_of(
        &self,
        span: &Span,
        reader: &mut ZoneReader<'_>,
        first: &mut First,
    ) -> Result<bool> {
        let (index, version) = (&self.snapshot.pool.index, &self.snapshot.state.version);
        let (account, mut are_known) = (self.running.account(), true);
        index.each(version, &span.list, &mut |chunk| {
            account.work(chunk.chunk.len().div_ceil(ZONES_A_STEP) as u64)?;
            for item in chunk.chunk.items() {
                let file = version.file(item.place)?;
                let zone = reader.zone(item.place, || file.columns());
                are_known &= zone.is_some();
                zone.into_iter().for_each(|zone| first.push((zone, item.place)));
            }
            Ok(())
        })?;
        Ok(are_known)
    }

    /// Looks at the zones of all blocks of records, and of some that are no more; false where some are not known.
    fn all_zones(&self, reader: &mut ZoneReader<'_>, first: &mut First) -> Result<bool> {
        for (number, file) in self.snapshot.state.version.files() {
            let Some(columns) = file.columns() else { return Ok(false) };
            self.running.account().work(columns.most_zones().div_ceil(ZONES_A_STEP) as u64)?;
            if !reader.all(*number, columns, &mut |zoned| first.push(zoned)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps the first records of the part, block by block; false where some cannot be read that way, or lie further
    /// behind.
    fn take_first(
        &mut self,
        part: &Part<'_>,
        first: &First,
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let Some(taken) = self.take_cells(part, collector)? else { return Ok(false) };
        for (zone, place) in &first.zones {
            if collector.last_head().is_some_and(|last| *zone > last) {
                return Ok(true);
            }
            if taken.contains(place) {
                continue;
            }
            self.running.read_block()?;
            match self.snapshot.block_listed(*place) {
                Ok(Some(block)) => {
                    self.blocks += 1;
                    self.whole_block(Here::in_block(&block, part.span), collector)?;
                }
                Ok(None) => {}
                // It need not be one that the index still lists.
                Err(error) if error.kind() == ErrorKind::Damaged => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(first.are_all())
    }

    /// Keeps the records of what memtables have cells in; gives the blocks there, or nothing if there is too much.
    fn take_cells(
        &mut self,
        part: &Part<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<Option<HashSet<Place>>> {
        let mut taken = HashSet::new();
        if self.snapshot.is_settled() {
            return Ok(Some(taken));
        }
        let cells = Overlay::from(self.snapshot.state, &part.from);
        let cells = cells.take_while(|cell| cell.key() < part.to.as_slice()).take(MOST_CELLS + 1);
        let cells: Vec<&Cell> = cells.collect();
        if cells.len() > MOST_CELLS {
            return Ok(None);
        }
        let mut upto = Vec::new();
        for cell in cells {
            if cell.key() < upto.as_slice() {
                continue;
            }
            let Some(run) = self.run_of(cell.key(), part)? else { continue };
            taken.extend(run.item().map(|item| item.place));
            self.step(&run, part.span, collector)?;
            upto = run.cells.map_or(upto, |cells| cells.to);
        }
        Ok(Some(taken))
    }

    /// The run that a key lies in.
    fn run_of(&self, key: &[u8], part: &Part<'_>) -> Result<Option<Run>> {
        let run = |from: &[u8]| {
            let bounds = Bounds { from: from.to_vec(), to: part.to.clone() };
            Walk::lists(self.snapshot, ALL_ROOMS, bounds)?.next().transpose()
        };
        let Some(found) = run(key)? else { return Ok(None) };
        let begin = if found.item().is_some() { found.key() } else { part.from.clone() };
        run(&begin)
    }
}
