//! The first records of an order that no list has, by zones: how the least key of each block begins says which blocks
//! cannot hold any of them, and these are left unread; of most others the record is read that has it, and no other.
//!
//! This file knows no conditions but classes, which must have told the total.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use filedex_query::Path;

use super::access::{Order, Span};
use super::collector::Collector;
use super::execution::Execution;
use super::here::Here;
use super::part::Part;
use super::window::Window;
use crate::cache::firsts::Firsts;
use crate::columns::{LEADERS, Zone, ZoneReader, Zoned};
use crate::error::{ErrorKind, Result};
use crate::format::Place;
use crate::snapshot::{Lying, Stored};

/// A block is read for so many of those that are left out, or more.
const LEFT_OUT: u64 = 4;

/// Blocks that a page may take for each of its records; of few ones more, as others may have taken the place of many.
const BLOCKS_A_RECORD: usize = 8;
const FEW_BLOCKS: usize = LEADERS;

/// Records that are found beside those that are asked for.
const SPARE: usize = 6;

/// Blocks of which the zones are found out at once.
const NEXT: usize = 64;

/// Zones that are looked at for the price of a step.
const ZONES_A_STEP: usize = 8;

/// Whether a page of so many records, or a block for each, leaves out so much of all that zones are worth a look.
pub(super) fn leaves_out_most(records: usize, all: u64) -> bool {
    (records as u64).saturating_mul(LEFT_OUT) <= all
}

/// The blocks whose least keys begin first, as many as a page may take.
struct First {
    blocks: Vec<(u128, Zoned)>,
    most: usize,
    /// How many blocks there were.
    seen: usize,
    /// What the keys in those begin with at least that are not among them.
    beyond: Option<u128>,
}

/// The same, as they are to be looked at.
struct Chosen {
    /// Those that were not looked at, and the next ones with their zones, the first of them last.
    blocks: Vec<(u128, Zoned)>,
    next: Vec<(Zone, Place)>,
    /// Those of which one record was looked at, by how the least key of the others begins.
    begun: BinaryHeap<Reverse<(u128, Place, usize)>>,
    beyond: Option<u128>,
}

/// What is looked at of a block.
#[derive(Clone, Copy)]
enum Look {
    All,
    /// The record of that number.
    At(usize),
    /// All but that one.
    Beside(usize),
}

impl First {
    fn of(records: usize) -> First {
        let most = First::most(records);
        First { blocks: Vec::with_capacity(2 * most), most, seen: 0, beyond: None }
    }

    /// Bytes that so many records take.
    fn bytes(records: usize) -> usize {
        2 * First::most(records) * size_of::<(u128, Zoned)>()
    }

    /// How many blocks a page of so many records may take.
    fn most(records: usize) -> usize {
        FEW_BLOCKS.max(records * BLOCKS_A_RECORD)
    }

    /// The most that the least key of a block begins with for it to be one of them.
    fn up_to(&self) -> Option<u128> {
        self.beyond.map_or(Some(u128::MAX), |beyond| beyond.checked_sub(1))
    }

    /// Notes that there are so many blocks more, and with what the keys in those at least begin that are not shown.
    fn note(&mut self, (blocks, beyond): (usize, Option<u128>)) {
        self.seen += blocks;
        self.beyond = self.beyond.into_iter().chain(beyond).min();
    }

    /// Adds a block that may be one of them.
    #[inline]
    fn push(&mut self, head: u128, block: Zoned) -> Option<u128> {
        self.blocks.push((head, block));
        if self.blocks.len() >= 2 * self.most {
            self.drop_last();
        }
        self.up_to()
    }

    /// Drops those that are too many.
    fn drop_last(&mut self) {
        if let Some(last) = self.most.checked_sub(1).filter(|_| self.blocks.len() > self.most) {
            let (.., dropped) = self.blocks.select_nth_unstable(last);
            let dropped = dropped.iter().map(|(head, _)| *head);
            self.beyond = dropped.chain(self.beyond).min();
            self.blocks.truncate(self.most);
        }
    }

    /// Chooses them, if so many of the first records lie in few blocks: as a rule each of the first has one of them.
    fn choose(mut self, records: usize) -> Option<Chosen> {
        self.drop_last();
        if !leaves_out_most(records, self.seen as u64) || records >= self.blocks.len() {
            return None;
        }
        let (_, (nth, _), behind) = self.blocks.select_nth_unstable(records);
        let last = behind.len().checked_sub(1).map(|last| last.min(records * BLOCKS_A_RECORD));
        let last = last.map(|last| behind.select_nth_unstable(last).1.0);
        let is_told = *nth < last.into_iter().chain(self.beyond).min()?;
        let (blocks, beyond) = (self.blocks, self.beyond);
        is_told.then(|| Chosen { blocks, next: Vec::new(), begun: BinaryHeap::new(), beyond })
    }
}

impl Chosen {
    /// Takes so many of the next blocks to be told their zones, in the order in which these lie.
    fn take_next(&mut self, blocks: usize) -> Vec<(u128, Zoned)> {
        let left = self.blocks.len().saturating_sub(blocks);
        if left > 0 {
            self.blocks.select_nth_unstable_by(left, |one, other| other.cmp(one));
        }
        let mut next = self.blocks.split_off(left);
        next.sort_unstable_by_key(|(_, block)| *block);
        next
    }

    /// Takes what comes next: what the keys in it begin with at least, where it lies and what of it is looked at, which
    /// of a block is at first the record that has the least key, if it is known which.
    fn pop(&mut self) -> Option<(u128, Place, Look)> {
        let head = self.next.last().map(|(zone, _)| zone.head);
        let rest = self.begun.peek().map(|Reverse((rest, ..))| *rest);
        if head.is_none() || rest.is_some_and(|rest| Some(rest) < head) {
            let Reverse((rest, place, first)) = self.begun.pop()?;
            return Some((rest, place, Look::Beside(first)));
        }
        let (Zone { head, rest, first }, place) = self.next.pop()?;
        let Some(first) = first.map(usize::from) else { return Some((head, place, Look::All)) };
        self.begun.push(Reverse((rest, place, first)));
        Some((head, place, Look::At(first)))
    }
}

impl<'e> Execution<'e> {
    /// The path and the direction that decide first, if there may be zones by them.
    pub(super) fn zoned_by(&self) -> Option<(&'e Path, bool)> {
        let written = self.snapshot.pool.columns.written();
        self.plan.sort().lead().filter(|(path, _)| path.is_among(written))
    }

    /// The first blocks of the part, where so many of the first records lie in few of them.
    fn first_blocks(
        &self,
        part: &Part<'_>,
        records: usize,
        reader: &mut ZoneReader<'_>,
    ) -> Result<Option<Chosen>> {
        self.running.account().hold(First::bytes(records))?;
        let mut first = First::of(records);
        let are_known = match part.span {
            Some(span) => self.zones_of(span, reader, &mut first)?,
            None => self.first_zones(reader, &mut first)?,
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
        let mut most = first.up_to();
        index.each(version, &span.list, &mut |chunk| {
            account.work(chunk.chunk.len().div_ceil(ZONES_A_STEP) as u64)?;
            for item in chunk.chunk.items() {
                let file = version.file(item.place)?;
                let zone = reader.head(item.place, || file.columns());
                are_known &= zone.is_some();
                first.seen += 1;
                if let Some((head, block)) = zone.filter(|(head, _)| Some(*head) <= most) {
                    most = first.push(head, block);
                }
            }
            Ok(())
        })?;
        Ok(are_known)
    }

    /// Looks at the zones of the first blocks of each file, some of which may be no more; false where some are not known.
    fn first_zones(&self, reader: &mut ZoneReader<'_>, first: &mut First) -> Result<bool> {
        for (number, file) in self.snapshot.state.version.files() {
            let Some(columns) = file.columns() else { return Ok(false) };
            self.running.account().work(LEADERS.div_ceil(ZONES_A_STEP) as u64)?;
            let most = first.up_to();
            let push = &mut |head, block| first.push(head, block);
            let Some(told) = reader.first(*number, columns, most, push) else { return Ok(false) };
            first.note(told);
        }
        Ok(true)
    }

    /// So many of the first records of the part, block by block, if zones tell where they are and all blocks can be read.
    pub(super) fn find_firsts(&mut self, part: &Part<'_>, asked: usize) -> Result<Firsts> {
        let version = self.snapshot.state.version.number();
        let mut firsts = Firsts { version, asked, ..Firsts::default() };
        let held = self.running.account().held();
        // More than are asked for: memtables may have others in the place of some.
        let records = asked + SPARE;
        let Some((path, descending)) = self.zoned_by() else { return Ok(firsts) };
        let mut reader = ZoneReader::new(path, descending);
        if let Some(first) = self.first_blocks(part, records, &mut reader)? {
            let window = Window { offset: 0, count: Some(records as u64) };
            let mut best = Collector::new(self.plan, Order::Other, window);
            if let Some(are_all) = self.take_first(part, first, &mut reader, &mut best)? {
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
        mut chosen: Chosen,
        reader: &mut ZoneReader<'_>,
        best: &mut Collector<'_>,
    ) -> Result<Option<bool>> {
        loop {
            if chosen.next.is_empty() && !self.tell_next(&mut chosen, reader) {
                return Ok(None);
            }
            let Some((bound, place, look)) = chosen.pop() else { break };
            if chosen.beyond.is_some_and(|beyond| bound > beyond) {
                break;
            }
            if best.refuses(|| Some(bound)) {
                return Ok(Some(false));
            }
            match self.look(part, place, look, best) {
                // It need not be a block that the index still lists.
                Err(error) if error.kind() == ErrorKind::Damaged => return Ok(None),
                looked => looked?,
            }
        }
        Ok(match chosen.beyond {
            None => Some(best.last_head().is_none()),
            Some(beyond) => best.refuses(|| Some(beyond)).then_some(false),
        })
    }

    /// Finds out the zones of the next blocks; false where one is not known.
    fn tell_next(&self, chosen: &mut Chosen, reader: &mut ZoneReader<'_>) -> bool {
        let files = self.snapshot.state.version.files();
        for (head, block) in chosen.take_next(NEXT) {
            let columns = files.get(&block.file).and_then(|file| file.columns());
            let zone = columns.and_then(|columns| reader.zone(block, head, columns));
            let Some(zone) = zone else { return false };
            chosen.next.push(zone);
        }
        chosen.next.sort_unstable_by_key(|(zone, _)| Reverse(zone.head));
        true
    }

    /// Keeps records of a block, if the index lists it.
    fn look(
        &mut self,
        part: &Part<'_>,
        place: Place,
        look: Look,
        best: &mut Collector<'_>,
    ) -> Result<()> {
        self.running.read_block()?;
        let (block, first) = match look {
            Look::At(at) => self.snapshot.nth(place, at)?,
            Look::All | Look::Beside(_) => (self.snapshot.block_of_any(place)?, 0),
        };
        // Of a room they were found in the index.
        if part.span.is_none() && !self.snapshot.is_listed(&block)? {
            return Ok(());
        }
        self.blocks += 1;
        let entries = block.all().filter(|(at, _)| match look {
            Look::All => true,
            Look::At(_) => *at == first,
            Look::Beside(other) => *at != other,
        });
        let entries = entries.map(|(at, entry)| Lying::InBlock(at, entry));
        self.entries(Here::in_block(&block, part.span), entries, best).map(drop)
    }
}
