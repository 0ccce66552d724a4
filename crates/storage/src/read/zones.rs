//! The first records of an order that no list has, by zones: how the least key of each block begins says which blocks
//! cannot hold any of them, and these are left unread; of most others the record is read that has it, and no other.
//!
//! This file knows no conditions but classes, which must have told the total.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use filedex_query::Path;

use super::access::{Order, Span};
use super::collector::Collector;
use super::execution::{Execution, Sorting};
use super::here::Here;
use super::part::Part;
use super::window::Window;
use crate::cache::firsts::{Firsts, FirstsKey};
use crate::columns::{Zone, ZoneReader};
use crate::error::{ErrorKind, Result};
use crate::format::Place;
use crate::memtable::Cell;
use crate::snapshot::{Found, Lying, Stored};

/// A block is read for so many of those that are left out, or more.
const LEFT_OUT: usize = 4;

/// Blocks that a page may take for each of its records.
const BLOCKS_A_RECORD: usize = 8;

/// Records from the first on that are found by zones, and those beside them.
const MOST_RECORDS: usize = 256;
const SPARE: usize = 6;

/// Cells past which too many blocks have some.
const MOST_CELLS: usize = 1024;

/// Zones that are looked at for the price of a step.
const ZONES_A_STEP: usize = 8;

/// A part of a block that may hold some of the first records, all the sooner the less the bound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    /// No key in it begins with less.
    bound: u128,
    place: Place,
    look: Look,
}

/// What is looked at of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    All,
    /// The record of that number; with what the keys of the others begin at least.
    At(u8, u128),
    /// All but that one.
    Beside(u8),
}

/// The blocks of which the zones are the least, as many as a page may take.
struct First {
    steps: BinaryHeap<Step>,
    most: usize,
    /// How many blocks there were.
    blocks: usize,
}

/// The same, as they are to be looked at.
struct Chosen {
    steps: BinaryHeap<Reverse<Step>>,
    /// Blocks that are not among them begin with that at least; where there are no others, none.
    beyond: Option<u128>,
}

impl Step {
    fn of((zone, place): (Zone, Place)) -> Step {
        let look = zone.first.map_or(Look::All, |first| Look::At(first, zone.rest));
        Step { bound: zone.head, place, look }
    }
}

impl First {
    fn of(records: usize) -> First {
        let most = records * BLOCKS_A_RECORD;
        First { steps: BinaryHeap::with_capacity(most), most, blocks: 0 }
    }

    /// Bytes that so many records take.
    fn bytes(records: usize) -> usize {
        records * BLOCKS_A_RECORD * size_of::<Step>()
    }

    #[inline]
    fn push(&mut self, head: u128, tell: impl FnOnce() -> Option<(Zone, Place)>) {
        self.blocks += 1;
        if self.steps.len() < self.most {
            self.steps.extend(tell().map(Step::of));
        } else if self.steps.peek().is_some_and(|last| head < last.bound)
            && let (Some(zoned), Some(mut last)) = (tell(), self.steps.peek_mut())
        {
            *last = Step::of(zoned);
        }
    }

    /// Chooses them, if so many of the first records lie in few blocks: as a rule each of the first has one of them.
    fn choose(self, records: usize) -> Option<Chosen> {
        let last = self.steps.peek()?.bound;
        let beyond = (self.steps.len() < self.blocks).then_some(last);
        let leaves_out_most = records.saturating_mul(LEFT_OUT) <= self.blocks;
        if !leaves_out_most || records >= self.steps.len() {
            return None;
        }
        let mut steps = self.steps.into_vec();
        let (_, step, _) = steps.select_nth_unstable(records);
        let is_told = step.bound < last;
        is_told.then(|| Chosen { steps: steps.into_iter().map(Reverse).collect(), beyond })
    }
}

impl<'e> Execution<'e> {
    /// Keeps the first records of the order; false where zones do not tell well enough where they are.
    pub(super) fn walk_zones(&mut self, collector: &mut Collector<'_>) -> Result<bool> {
        let Collector::Heap { window, place: None, .. } = collector else { return Ok(false) };
        let (window, held) = (*window, self.running.account().held());
        let found = match window.end() {
            Some(records) => self.firsts_of(records)?,
            None => None,
        };
        let is_found = match &found {
            Some((firsts, cells)) => self.take_firsts(firsts, cells, collector)?,
            None => false,
        };
        if is_found {
            self.sorting = Sorting::Zones;
            self.columns = self.zoned_by().iter().map(|(path, _)| path.text().to_owned()).collect();
        } else {
            collector.begin_anew(self.plan);
            self.running.account().release_to(held);
        }
        Ok(is_found)
    }

    /// The path and the direction that decide first, if there may be zones by them.
    fn zoned_by(&self) -> Option<(&'e Path, bool)> {
        let written = self.snapshot.pool.columns.written();
        self.plan.sort().lead().filter(|(path, _)| path.is_among(written))
    }

    /// So many of the first records among those in blocks, and some more, with the cells of the part.
    fn firsts_of(&mut self, records: usize) -> Result<Option<(Arc<Firsts>, Vec<&'e Cell>)>> {
        if !self.counted || records > MOST_RECORDS || self.zoned_by().is_none() {
            return Ok(None);
        }
        let Some(part) = self.part_of_view()? else { return Ok(None) };
        if records.saturating_mul(LEFT_OUT) as u64 > part.records {
            return Ok(None);
        }
        let Some(cells) = self.cells_of(&part, MOST_CELLS) else { return Ok(None) };
        let (pool, version) = (self.snapshot.pool, self.snapshot.state.version.number());
        let (view, name) = (self.view_key_of(&part), self.open.name());
        let key = name.map(|name| FirstsKey { view, conditions: name.into() });
        if let Some(kept) = key.as_ref().and_then(|key| pool.firsts.get(key))
            && kept.tell(records)
            && pool.columns.are_alike(&part.from, &part.to, (kept.version, version))
        {
            return Ok(Some((kept, cells)));
        }
        let firsts = Arc::new(self.find_firsts(&part, records)?);
        key.into_iter().for_each(|key| pool.firsts.keep(key, &firsts));
        Ok(Some((firsts, cells)))
    }

    /// Keeps the first records of blocks and cells together; false where they are not known.
    fn take_firsts(
        &mut self,
        firsts: &Firsts,
        cells: &[&Cell],
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let Some(places) = &firsts.places else { return Ok(false) };
        match collector {
            Collector::Heap { window, .. } if cells.is_empty() => {
                *collector = self.window_of(places, *window)?;
                Ok(true)
            }
            _ => Ok(self.take_best(places, cells, collector)? || firsts.are_all),
        }
    }

    /// The records of the window out of these.
    fn window_of<'v>(
        &mut self,
        places: &[(Place, usize)],
        window: Window,
    ) -> Result<Collector<'v>> {
        let (mut kept, mut skip) = (Collector::Window { window, kept: Vec::new() }, window.offset);
        for (place, at) in places {
            self.take_one(&mut skip, &mut kept, |this| this.record_in(*place, *at))?;
        }
        Ok(kept)
    }

    /// Keeps the best of these records and of those that memtables have; false where records behind these may be better
    /// than some.
    fn take_best(
        &mut self,
        places: &[(Place, usize)],
        cells: &[&Cell],
        collector: &mut Collector<'_>,
    ) -> Result<bool> {
        let mut last = None;
        for (place, at) in places {
            let record = self.record_in(*place, *at)?;
            if record.key().is_some_and(|key| self.snapshot.cell(&key).is_none()) {
                self.keep(record.clone(), collector)?;
            }
            last = Some(record);
        }
        for cell in cells {
            if let Some(entry) = cell.entry() {
                self.judge_cell(cell, entry, collector)?;
            }
        }
        let last = last.map(|record| self.key_of(&record)).transpose()?;
        Ok(last.is_some_and(|last| collector.has_all_before(&last)))
    }

    /// The record that lies there in blocks.
    fn record_in(&mut self, place: Place, at: usize) -> Result<Stored> {
        let (block, at) = self.snapshot.nth(place, at)?;
        Ok(Found::InBlock(block, at).into_record())
    }

    /// The first blocks of the part, where so many of the first records lie in few of them.
    fn first_blocks(&self, part: &Part<'_>, records: usize) -> Result<Option<Chosen>> {
        let Some((path, descending)) = self.zoned_by() else { return Ok(None) };
        self.running.account().hold(First::bytes(records))?;
        let (mut first, mut reader) = (First::of(records), ZoneReader::new(path, descending));
        let are_known = match part.span {
            Some(span) => self.zones_of(span, &mut reader, &mut first)?,
            None => self.all_zones(&mut reader, &mut first)?,
        };
        Ok(if are_known { first.choose(records) } else { None })
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
                zone.into_iter()
                    .for_each(|zone| first.push(zone.head, || Some((zone, item.place))));
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
            if !reader.all(*number, columns, &mut |head, tell| first.push(head, tell)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// So many of the first records of the part, block by block, if zones tell where they are and all blocks can be read.
    fn find_firsts(&mut self, part: &Part<'_>, asked: usize) -> Result<Firsts> {
        let version = self.snapshot.state.version.number();
        let mut firsts = Firsts { version, asked, places: None, are_all: false };
        let held = self.running.account().held();
        // More than are asked for: memtables may have others in the place of some.
        let records = asked + SPARE;
        if let Some(first) = self.first_blocks(part, records)? {
            let window = Window { offset: 0, count: Some(records as u64) };
            let mut best = Collector::new(self.plan, Order::Other, window);
            if let Some(are_all) = self.take_first(part, first, &mut best)? {
                firsts.places = best.into_records().iter().map(Stored::place).collect();
                firsts.are_all = are_all;
            }
        }
        self.running.account().release_to(held);
        Ok(firsts)
    }

    /// Keeps the first records of these blocks, and says whether there are no others; nothing where that is not known.
    fn take_first(
        &mut self,
        part: &Part<'_>,
        Chosen { mut steps, beyond }: Chosen,
        best: &mut Collector<'_>,
    ) -> Result<Option<bool>> {
        while let Some(Reverse(step)) = steps.pop() {
            if beyond.is_some_and(|beyond| step.bound > beyond) {
                break;
            }
            if best.refuses(|| Some(step.bound)) {
                return Ok(Some(false));
            }
            match self.take_step(part, &step, best) {
                // It need not be a block that the index still lists.
                Err(error) if error.kind() == ErrorKind::Damaged => return Ok(None),
                taken => taken?,
            }
            if let Look::At(at, rest) = step.look {
                steps.push(Reverse(Step { bound: rest, look: Look::Beside(at), ..step }));
            }
        }
        Ok(match beyond {
            None => Some(best.last_head().is_none()),
            Some(beyond) => best.refuses(|| Some(beyond)).then_some(false),
        })
    }

    /// Keeps the records that a step leads to, if the index lists the block.
    fn take_step(&mut self, part: &Part<'_>, step: &Step, best: &mut Collector<'_>) -> Result<()> {
        self.running.read_block()?;
        let (block, first) = match step.look {
            Look::At(at, _) => self.snapshot.nth(step.place, usize::from(at))?,
            Look::All | Look::Beside(_) => (self.snapshot.block_of_any(step.place)?, 0),
        };
        // Of a room they were found in the index.
        if part.span.is_none() && !self.snapshot.is_listed(&block)? {
            return Ok(());
        }
        self.blocks += 1;
        let entries = block.all().filter(|(at, _)| match step.look {
            Look::All => true,
            Look::At(..) => *at == first,
            Look::Beside(other) => *at != usize::from(other),
        });
        let entries = entries.map(|(at, entry)| Lying::InBlock(at, entry));
        self.entries(Here::in_block(&block, part.span), entries, best).map(drop)
    }
}
