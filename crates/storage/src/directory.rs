//! Where the blocks of a list begin and how many records of each class they hold, kept in memory.
//!
//! With it an entry's block, the next block and a deep offset are found without the tree. It is a
//! cache: made from the blocks once a list is asked for often enough, kept in step by every write, and
//! dropped when memory is short. Nothing is lost with it.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::cache::bounded;
use crate::class::Class;
use crate::counts::{BlockCounts, Counts};
use crate::layout::{List, first_bytes};

/// The directories of the lists in use.
pub(crate) struct Directories {
    kept: Cache<List, Arc<Directory>, Bytes>,
    /// How often each list without a directory was asked for.
    asked: Mutex<HashMap<List, u64>>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<List, Arc<Directory>> for Bytes {
    fn weight(&self, list: &List, directory: &Arc<Directory>) -> u64 {
        (list.bytes().len() + directory.bytes + 64) as u64
    }
}

/// The blocks of one list, in order, in chunks that know the sums of their counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    /// How many bytes the keys of the list's blocks share.
    prefix: usize,
    chunks: Vec<Chunk>,
    total: Counts,
    bytes: usize,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    slots: Vec<Slot>,
    sum: Counts,
}

/// One block: the key it lies under, and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    key: Box<[u8]>,
    /// The first bytes of the key behind what the list's keys share: nearly all of a search is done on
    /// these, without the key being touched.
    first: u64,
    counts: BlockCounts,
}

/// A block's place in its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    chunk: usize,
    slot: usize,
}

/// Where a walk that passes over some records begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The block to begin with; none if all records are passed over.
    pub(crate) at: Option<Position>,
    /// How many matching records lie before it.
    pub(crate) matching: u64,
    /// How many blocks lie before it.
    pub(crate) blocks: u64,
}

/// Directories to be ready for.
const EXPECTED: usize = 4096;

/// A longer chunk is cut in two.
const SLOTS_PER_CHUNK: usize = 128;

/// A list of fewer blocks is read through about as fast as one of them is found: they lie in a leaf or
/// two of the tree.
const FEW_BLOCKS: u64 = 13;

/// Lists without a directory that are remembered by how often they were asked for.
const MOST_ASKED: usize = 10_000;

/// Reading this many blocks costs about as much as finding one without a directory.
const BLOCKS_PER_QUESTION: u64 = 24;

impl Directories {
    pub(crate) fn new(budget: u64) -> Directories {
        // One shard: a directory may take a good part of the budget.
        let kept = bounded(budget, EXPECTED, 1, Bytes);
        Directories { kept, asked: Mutex::default() }
    }

    pub(crate) fn get(&self, list: &[u8]) -> Option<Arc<Directory>> {
        self.kept.get(list)
    }

    /// Whether a list of that many records, for which there is no directory, was asked for so often
    /// that one is worth making. A write asks for less than a page: one block.
    pub(crate) fn is_worthwhile(&self, list: &List, records: u64, writes: bool) -> bool {
        let blocks = records / list.records_per_block();
        if blocks < FEW_BLOCKS && !writes {
            return true;
        }
        let mut asked = self.asked.lock();
        if asked.len() >= MOST_ASKED {
            asked.clear();
        }
        let times = asked.entry(list.clone()).or_default();
        *times += 1;
        let worthwhile = *times >= 2 + blocks / BLOCKS_PER_QUESTION;
        if worthwhile {
            asked.remove(list);
        }
        worthwhile
    }

    pub(crate) fn keep(&self, list: &List, directory: Arc<Directory>) {
        self.kept.insert(list.clone(), directory);
    }

    /// Takes a directory out, to be changed and kept again.
    pub(crate) fn take(&self, list: &List) -> Option<Arc<Directory>> {
        self.kept.remove(list.bytes()).map(|(_, directory)| directory)
    }
}

impl Start {
    /// Passes over so many matching records in blocks, unless what is looked for is among them; then says
    /// so.
    fn step(&mut self, offset: u64, matching: u64, blocks: u64) -> bool {
        let is_here = self.matching + matching > offset;
        if !is_here {
            self.matching += matching;
            self.blocks += blocks;
        }
        is_here
    }
}

impl Slot {
    /// The slot of a block whose key begins with `prefix` bytes that all of the list's share.
    pub(crate) fn new(prefix: usize, key: &[u8], counts: BlockCounts) -> Slot {
        let first = first_bytes(key.get(prefix..).unwrap_or_default());
        Slot { key: key.into(), first, counts }
    }

    fn bytes(&self) -> usize {
        self.key.len() + self.counts.bytes() + size_of::<Slot>()
    }
}

impl Directory {
    /// The directory of the list's blocks, which are in order.
    pub(crate) fn of(list: &List, slots: impl IntoIterator<Item = Slot>) -> Directory {
        let mut directory = Directory { prefix: list.bytes().len(), ..Directory::default() };
        for slot in slots {
            directory.bytes += slot.bytes();
            directory.total.add_all(slot.counts.iter());
            match directory.chunks.last_mut() {
                Some(chunk) if chunk.slots.len() < SLOTS_PER_CHUNK * 3 / 4 => chunk.push(slot),
                _ => directory.chunks.push(Chunk::of(slot)),
            }
        }
        directory
    }

    /// How many records of each class the list holds.
    pub(crate) fn total(&self) -> &Counts {
        &self.total
    }

    /// The last block that begins at or before the entry of that order.
    pub(crate) fn find(&self, order: &[u8]) -> Option<Position> {
        let first = first_bytes(order);
        let starts = |slot: &Slot| match slot.first.cmp(&first) {
            Ordering::Equal => slot.key.get(self.prefix..).unwrap_or_default() <= order,
            different => different.is_lt(),
        };
        let chunks = self.chunks.partition_point(|chunk| chunk.slots.first().is_some_and(starts));
        let chunk = chunks.checked_sub(1)?;
        let slot = self.chunks.get(chunk)?.slots.partition_point(starts).checked_sub(1)?;
        Some(Position { chunk, slot })
    }

    pub(crate) fn first(&self) -> Option<Position> {
        (!self.chunks.is_empty()).then_some(Position { chunk: 0, slot: 0 })
    }

    pub(crate) fn last(&self) -> Option<Position> {
        let chunk = self.chunks.len().checked_sub(1)?;
        Some(Position { chunk, slot: self.chunks.get(chunk)?.slots.len().checked_sub(1)? })
    }

    pub(crate) fn next(&self, at: Position) -> Option<Position> {
        if at.slot + 1 < self.chunks.get(at.chunk)?.slots.len() {
            return Some(Position { slot: at.slot + 1, ..at });
        }
        (at.chunk + 1 < self.chunks.len()).then_some(Position { chunk: at.chunk + 1, slot: 0 })
    }

    pub(crate) fn previous(&self, at: Position) -> Option<Position> {
        if let Some(slot) = at.slot.checked_sub(1) {
            return Some(Position { slot, ..at });
        }
        let chunk = at.chunk.checked_sub(1)?;
        Some(Position { chunk, slot: self.chunks.get(chunk)?.slots.len().checked_sub(1)? })
    }

    pub(crate) fn key(&self, at: Position) -> &[u8] {
        self.slot(at).map_or(&[], |slot| &slot.key)
    }

    fn slot(&self, at: Position) -> Option<&Slot> {
        self.chunks.get(at.chunk)?.slots.get(at.slot)
    }

    /// The first block, from the front or from the back, that holds the record after `offset` matching
    /// ones. It is looked for from the end that is nearer.
    pub(crate) fn start(
        &self,
        backward: bool,
        offset: u64,
        mut matches: impl FnMut(Class) -> bool,
    ) -> Start {
        let mut matching = |counts: &mut dyn Iterator<Item = (Class, u64)>| -> u64 {
            counts.filter(|(class, _)| matches(*class)).map(|(_, count)| count).sum()
        };
        let total = matching(&mut self.total.iter());
        if offset < total / 2 {
            return self.pass(backward, offset, &mut matching);
        }
        let blocks = self.chunks.iter().map(|chunk| chunk.slots.len() as u64).sum();
        let Some(behind) = total.checked_sub(offset + 1) else {
            return Start { at: None, matching: total, blocks };
        };
        let behind = self.pass(!backward, behind, &mut matching);
        let slot = behind.at.and_then(|at| self.slot(at));
        let here = slot.map_or(0, |slot| matching(&mut slot.counts.iter()));
        let (matching, blocks) = (total - behind.matching - here, blocks - behind.blocks - 1);
        Start { at: behind.at, matching, blocks }
    }

    /// Passes over blocks from one end.
    fn pass(
        &self,
        backward: bool,
        offset: u64,
        matching: &mut impl FnMut(&mut dyn Iterator<Item = (Class, u64)>) -> u64,
    ) -> Start {
        let mut passed = Start { at: None, matching: 0, blocks: 0 };
        let found = either_way(&self.chunks, backward).find(|(_, place)| {
            let here = matching(&mut place.sum.iter());
            passed.step(offset, here, place.slots.len() as u64)
        });
        let Some((chunk, place)) = found else { return passed };
        let found = either_way(&place.slots, backward).find(|(_, place)| {
            let here = matching(&mut place.counts.iter());
            passed.step(offset, here, 1)
        });
        passed.at = found.map(|(slot, _)| Position { chunk, slot });
        passed
    }

    /// Counts one record more in that block.
    pub(crate) fn add(&mut self, at: Position, class: Class) {
        let Some(chunk) = self.chunks.get_mut(at.chunk) else { return };
        let Some(slot) = chunk.slots.get_mut(at.slot) else { return };
        self.bytes -= slot.bytes();
        slot.counts.add(class);
        self.bytes += slot.bytes();
        chunk.sum.add(class, 1);
        self.total.add(class, 1);
    }

    /// Follows the change of a block; without counts the block is gone.
    pub(crate) fn follow(&mut self, key: &[u8], counts: Option<BlockCounts>) {
        let found = self.find(key.get(self.prefix..).unwrap_or_default());
        let found = found.filter(|at| self.key(*at) == key);
        match (found, counts) {
            (Some(at), Some(counts)) => self.replace(at, counts),
            (Some(at), None) => self.remove(at),
            (None, Some(counts)) => self.insert(Slot::new(self.prefix, key, counts)),
            (None, None) => {}
        }
    }

    fn replace(&mut self, at: Position, counts: BlockCounts) {
        let Some(chunk) = self.chunks.get_mut(at.chunk) else { return };
        let Some(slot) = chunk.slots.get_mut(at.slot) else { return };
        self.bytes -= slot.bytes();
        for sum in [&mut chunk.sum, &mut self.total] {
            sum.take_all(slot.counts.iter());
            sum.add_all(counts.iter());
        }
        slot.counts = counts;
        self.bytes += slot.bytes();
    }

    fn remove(&mut self, at: Position) {
        let Some(chunk) = self.chunks.get_mut(at.chunk) else { return };
        let slot = chunk.slots.remove(at.slot);
        chunk.sum.take_all(slot.counts.iter());
        self.total.take_all(slot.counts.iter());
        self.bytes -= slot.bytes();
        if chunk.slots.is_empty() {
            self.chunks.remove(at.chunk);
        }
    }

    fn insert(&mut self, slot: Slot) {
        self.bytes += slot.bytes();
        self.total.add_all(slot.counts.iter());
        let before = self.chunks.partition_point(|chunk| *chunk.first_key() <= *slot.key);
        let at = before.saturating_sub(1);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(Chunk::of(slot));
            return;
        };
        chunk.insert(slot);
        if chunk.slots.len() > SLOTS_PER_CHUNK {
            let later = chunk.split();
            self.chunks.insert(at + 1, later);
        }
    }
}

impl Chunk {
    fn of(slot: Slot) -> Chunk {
        let mut chunk = Chunk::default();
        chunk.push(slot);
        chunk
    }

    fn first_key(&self) -> &[u8] {
        self.slots.first().map_or(&[], |slot| &slot.key)
    }

    fn push(&mut self, slot: Slot) {
        self.sum.add_all(slot.counts.iter());
        self.slots.push(slot);
    }

    fn insert(&mut self, slot: Slot) {
        self.sum.add_all(slot.counts.iter());
        let at = self.slots.partition_point(|other| *other.key <= *slot.key);
        self.slots.insert(at, slot);
    }

    fn split(&mut self) -> Chunk {
        let mut later = Chunk::default();
        for slot in self.slots.split_off(self.slots.len() / 2) {
            self.sum.take_all(slot.counts.iter());
            later.push(slot);
        }
        later
    }
}

/// The elements with their places, from the front or from the back.
fn either_way<T>(slice: &[T], backward: bool) -> impl Iterator<Item = (usize, &T)> {
    let length = slice.len();
    (0..length).filter_map(move |step| {
        let place = if backward { length - 1 - step } else { step };
        Some((place, slice.get(place)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use filedex_query::ValueRef;
    use proptest::prelude::*;

    fn counts(records: u64) -> BlockCounts {
        [(Class::from_byte(1).unwrap(), records)].into_iter().collect()
    }

    fn key(number: u16) -> Vec<u8> {
        list("A").block_key(&number.to_be_bytes())
    }

    fn slot(number: u16, records: u64) -> Slot {
        Slot::new(list("A").bytes().len(), &key(number), counts(records))
    }

    fn list(name: &str) -> List {
        List::room(ValueRef::String(name))
    }

    #[test]
    fn an_offset_is_found_from_either_end() {
        let directory = Directory::of(&list("A"), (0..1000).map(|number| slot(number, 10)));
        let found = |backward, offset| {
            let start = directory.start(backward, offset, |_| true);
            (start.at.map(|at| directory.key(at).to_vec()), start.matching, start.blocks)
        };
        assert_eq!(found(false, 0), (Some(key(0)), 0, 0));
        assert_eq!(found(false, 6_035), (Some(key(603)), 6_030, 603));
        assert_eq!(found(true, 6_035), (Some(key(396)), 6_030, 603));
        assert_eq!(found(false, 10_000), (None, 10_000, 1000));
        let odd =
            Directory::of(&list("A"), (0..999).map(|number| slot(number, u64::from(number % 7))));
        let mut matching =
            |counts: &mut dyn Iterator<Item = (Class, u64)>| counts.map(|(_, n)| n).sum();
        for (backward, offset) in (0..3000).flat_map(|offset| [(false, offset), (true, offset)]) {
            let all_passed = odd.pass(backward, offset, &mut matching);
            assert_eq!(odd.start(backward, offset, |_| true), all_passed, "{offset}");
        }
    }

    #[test]
    fn a_large_list_is_worth_a_directory_only_when_it_is_asked_for_often() {
        let directories = Directories::new(1 << 20);
        assert!(directories.is_worthwhile(&list("small"), 50, false));
        assert!(!directories.is_worthwhile(&list("middling"), 100, false));
        assert!(directories.is_worthwhile(&list("middling"), 100, false));
        assert!(!directories.is_worthwhile(&list("written"), 50, true));
        assert!(directories.is_worthwhile(&list("written"), 50, true));
        let times = (1..).find(|_| directories.is_worthwhile(&list("large"), 100_000, false));
        assert_eq!(times, Some(2 + 100_000 / 7 / BLOCKS_PER_QUESTION));
    }

    #[test]
    fn memory_stays_within_the_budget() {
        let directories = Directories::new(200 << 10);
        for number in 0..100 {
            let directory = Directory::of(&list("A"), (0..200).map(|number| slot(number, 1)));
            directories.keep(&list(&number.to_string()), Arc::new(directory));
        }
        assert!(directories.kept.weight() <= 200 << 10);
        assert!(!directories.kept.is_empty());
    }

    proptest! {
        #[test]
        fn after_any_changes_it_is_the_directory_of_the_blocks(
            changes in proptest::collection::vec((0..400u16, proptest::option::of(1..9u64)), 0..600),
            offset in 0..2_000u64,
        ) {
            let mut kept = Directory::of(&list("A"), []);
            let mut model = std::collections::BTreeMap::new();
            for (number, records) in changes {
                match records {
                    Some(records) => drop(model.insert(number, records)),
                    None => drop(model.remove(&number)),
                }
                let counts = records.map(counts);
                kept.follow(&key(number), counts);
            }
            let fresh = Directory::of(&list("A"), model.iter().map(|(number, records)| slot(*number, *records)));
            prop_assert_eq!(kept.total(), fresh.total());
            let walk = |directory: &Directory| {
                let steps = std::iter::successors(directory.first(), |at| directory.next(*at));
                let keys = steps.map(|at| directory.key(at).to_vec());
                keys.collect::<Vec<_>>()
            };
            prop_assert_eq!(walk(&kept), walk(&fresh));
            for backward in [false, true] {
                let start = |directory: &Directory| {
                    let start = directory.start(backward, offset, |_| true);
                    (start.at.map(|at| directory.key(at).to_vec()), start.matching, start.blocks)
                };
                prop_assert_eq!(start(&kept), start(&fresh));
            }
        }
    }
}
