//! A block: a run of consecutive entries of one list, in memory.
//!
//! ```text
//! block := list length u16 | list | count u32 | end u32 * count | entry*
//! entry := class u8 | size | key length | key | payload
//! ```
//!
//! Fixed integers are little-endian; lengths inside an entry and sizes are numbers of variable length. `end` is
//! where an entry ends, from the start of the first. Entries are sorted by key, and no two keys are equal. A
//! block is never changed; it names its list, so that a file of blocks can be read without its index. How it
//! lies in a file is [`super::frame`]'s business; this file does not know what keys and payloads mean.

use std::ops::{Deref, Range};
use std::sync::Arc;

use super::chunk::Place;
use super::class::Class;
use super::frame::Frame;
use super::keys::compare;
use super::number;
use super::size::Size;
use super::tally::Tally;

/// Where the key of a block's list lies.
const LIST_AT: usize = 2;

/// A block, or a part of one, shared and not copied.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    table: Table<Arc<[u8]>>,
    /// Where it lies, if it was read from a file.
    place: Option<Place>,
    /// How many entries of the block there lie before those that are here.
    before: usize,
}

/// The bytes of a block, read in place.
#[derive(Clone, Debug)]
pub(super) struct Table<B> {
    bytes: B,
    /// Where the ends of the entries lie.
    ends_at: usize,
    /// Where the entries lie.
    entries_at: usize,
    count: usize,
}

/// One entry of a list, wherever it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) class: Class,
    pub(crate) size: Size,
    pub(crate) payload: &'a [u8],
}

impl Block {
    /// Verifies a frame and reads the block in it.
    pub(crate) fn open(frame: &[u8]) -> Option<Block> {
        Frame::open(frame)?.block()
    }

    /// The block of these bytes, of which so many entries are left out before the first.
    pub(super) fn read(bytes: Arc<[u8]>, before: usize) -> Option<Block> {
        Some(Block { table: Table::read(bytes)?, place: None, before })
    }

    /// A block of one entry of the list, before which there are so many in the block that it is taken out of.
    pub(crate) fn alone(list: &[u8], entry: &Entry<'_>, before: usize) -> Option<Block> {
        let mut bytes = Vec::with_capacity(list.len() + entry.bytes() + LIST_AT + 8);
        put_head(list, 1, &mut bytes);
        let end_at = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        entry.put(&mut bytes);
        let end = u32::try_from(bytes.len() - end_at - 4).ok()?;
        bytes.get_mut(end_at..)?.first_chunk_mut().map(|place| *place = end.to_le_bytes())?;
        Block::read(bytes.into(), before)
    }

    /// One entry of the block, which holds nothing of the others.
    pub(crate) fn apart(&self, at: usize) -> Option<Block> {
        let entry = self.entry(at)?;
        let block = Block::alone(self.list(), &entry, self.before + at)?;
        Some(Block { place: self.place, ..block })
    }

    /// The block, which lies at that place.
    pub(crate) fn lying_at(self, place: Place) -> Block {
        Block { place: Some(place), ..self }
    }

    /// Where an entry lies, if it was read from a file: the block, and as which of the entries there.
    pub(crate) fn place_of(&self, at: usize) -> Option<(Place, usize)> {
        Some((self.place?, self.before + at))
    }

    /// The key of the list.
    pub(crate) fn list(&self) -> &[u8] {
        self.table.list()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        self.table.bytes.len()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.table.count
    }

    /// The entry of that number.
    pub(crate) fn entry(&self, at: usize) -> Option<Entry<'_>> {
        self.table.entry(at)
    }

    /// The entries of those numbers, in order; from either end.
    pub(crate) fn entries(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (usize, Entry<'_>)> {
        range.filter_map(|at| Some((at, self.entry(at)?)))
    }

    /// All entries in order.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = (usize, Entry<'_>)> {
        self.entries(0..self.len())
    }

    /// The number of the first entry whose key is not less than that one, which may be none.
    pub(crate) fn position(&self, key: &[u8]) -> usize {
        self.table.position_from(0, key)
    }

    /// The same among the entries from that number on.
    pub(crate) fn position_from(&self, from: usize, key: &[u8]) -> usize {
        self.table.position_from(from, key)
    }

    /// The entry with that key, and its number.
    pub(crate) fn find(&self, key: &[u8]) -> Option<(usize, Entry<'_>)> {
        let at = self.table.find(key)?;
        Some((at, self.entry(at)?))
    }

    /// Whether every entry can be read, they are in order, and no bytes are left over.
    pub(crate) fn is_sound(&self) -> bool {
        let Table { bytes, entries_at, count, .. } = &self.table;
        let keys: Vec<&[u8]> = self.all().map(|(_, entry)| entry.key).collect();
        let end = count
            .checked_sub(1)
            .map_or(Some(*entries_at..*entries_at), |last| self.table.span(last));
        keys.len() == *count
            && keys.is_sorted_by(|one, next| one < next)
            && end.is_some_and(|span| span.end == bytes.len())
    }

    /// Bytes that the entries of those numbers take in a block.
    pub(crate) fn bytes_of(&self, range: &Range<usize>) -> usize {
        self.stretch(range).len() + 4 * range.len()
    }

    /// How many of the entries of those numbers, from the first one on, take so many bytes at most.
    pub(crate) fn fitting(&self, range: &Range<usize>, room: usize) -> usize {
        let (mut low, mut high) = (0, range.len());
        while low < high {
            let middle = (low + high).div_ceil(2);
            let fits = self.bytes_of(&(range.start..range.start + middle)) <= room;
            (low, high) = if fits { (middle, high) } else { (low, middle - 1) };
        }
        low
    }

    /// The bytes of the entries of those numbers, and where they lie.
    pub(super) fn lying(&self, range: &Range<usize>) -> (&[u8], usize) {
        let stretch = self.stretch(range);
        (self.table.bytes.get(stretch.clone()).unwrap_or_default(), stretch.start)
    }

    /// Where the entry of that number ends.
    pub(super) fn end_of(&self, at: usize) -> usize {
        self.table.span(at).map_or(0, |span| span.end)
    }

    /// Where the entries of those numbers lie.
    fn stretch(&self, range: &Range<usize>) -> Range<usize> {
        let last = range.end.checked_sub(1).filter(|_| !range.is_empty());
        let ends = self.table.span(range.start).zip(last.and_then(|last| self.table.span(last)));
        ends.map_or(0..0, |(first, last)| first.start..last.end)
    }

    /// What the entries add up to.
    pub(crate) fn tally(&self) -> Tally {
        self.all().map(|(_, entry)| (entry.class, entry.size)).collect()
    }
}

impl<'b> Table<&'b [u8]> {
    /// The entry of that number, with its bytes.
    pub(super) fn entry_of_frame(&self, at: usize) -> Option<(&'b [u8], Entry<'b>)> {
        let bytes: &'b [u8] = self.bytes;
        let bytes = bytes.get(self.span(at)?)?;
        Some((bytes, Entry::read(bytes)?))
    }
}

impl<B: Deref<Target = [u8]>> Table<B> {
    /// Reads the head of a block.
    pub(super) fn read(bytes: B) -> Option<Table<B>> {
        let list = usize::from(u16::from_le_bytes(*bytes.first_chunk()?));
        let ends_at = LIST_AT + list + 4;
        let count = number::fixed(&bytes, ends_at - 4)? as usize;
        let entries_at = count.checked_mul(4)?.checked_add(ends_at)?;
        let is_long_enough = entries_at <= bytes.len();
        is_long_enough.then_some(Table { bytes, ends_at, entries_at, count })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn list(&self) -> &[u8] {
        self.bytes.get(LIST_AT..self.ends_at - 4).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn entry(&self, at: usize) -> Option<Entry<'_>> {
        Entry::read(self.bytes.get(self.span(at)?)?)
    }

    /// The number of the entry with that key.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let at = self.position_from(0, key);
        self.entry(at).is_some_and(|entry| entry.key == key).then_some(at)
    }

    fn position_from(&self, from: usize, key: &[u8]) -> usize {
        let (mut low, mut high) = (from, self.count);
        while low < high {
            let middle = low.midpoint(high);
            let is_less = self.entry(middle).is_some_and(|entry| compare(entry.key, key).is_lt());
            (low, high) = if is_less { (middle + 1, high) } else { (low, middle) };
        }
        low
    }

    fn span(&self, at: usize) -> Option<Range<usize>> {
        if at >= self.count {
            return None;
        }
        let end = |at: usize| {
            Some(self.entries_at + number::fixed(&self.bytes, self.ends_at + 4 * at)? as usize)
        };
        let start = at.checked_sub(1).map_or(Some(self.entries_at), end)?;
        Some(start..end(at)?)
    }
}

/// Begins a block of so many entries, up to where their ends lie. Keys of lists have a bound, and a block has far
/// fewer entries than there are numbers for.
pub(super) fn put_head(list: &[u8], entries: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(list.len() as u16).to_le_bytes());
    out.extend_from_slice(list);
    out.extend_from_slice(&(entries as u32).to_le_bytes());
}

impl<'a> Entry<'a> {
    #[inline]
    fn read(bytes: &'a [u8]) -> Option<Entry<'a>> {
        let (class, rest) = bytes.split_first()?;
        let (size, rest) = Size::take(rest)?;
        let (key, payload) = number::take_sized(rest)?;
        Some(Entry { key, class: Class::from_byte(*class)?, size, payload })
    }

    /// Appends it as a block has it.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.put_head(out);
        out.extend_from_slice(self.payload);
    }

    /// Appends what stands before its payload.
    pub(super) fn put_head(&self, out: &mut Vec<u8>) {
        out.push(self.class.byte());
        self.size.put(out);
        number::put_sized(out, self.key);
    }

    /// Bytes that it takes in a block, at most.
    pub(crate) fn bytes(&self) -> usize {
        self.key.len() + self.payload.len() + 16
    }
}
