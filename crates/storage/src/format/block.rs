//! A block: a run of consecutive entries of one list, as it lies in a block file.
//!
//! ```text
//! frame := checksum u32 | length u32 | whole u32 | block, compressed if `whole` is not 0
//! block := list length u16 | list | count u32 | end u32 * count | entry*
//! entry := class u8 | size | key length | key | payload
//! ```
//!
//! Integers are little-endian; lengths inside an entry and sizes are numbers of variable length. The
//! checksum (CRC-32) covers all that follows it, `length` is that of the whole frame, `whole` that of the
//! block once LZ4 has given it back. `end` is where an entry ends, from the start of the first. Entries are
//! sorted by key, and no two keys are equal. A block is never changed; it names its list, so that a file of
//! blocks can be read without its index. This file does not know what keys and payloads mean.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::Place;
use super::class::Class;
use super::keys::compare;
use super::number;
use super::size::Size;
use super::tally::Tally;

/// Bytes of a frame before its block.
const FRAME: usize = 12;

/// Where the key of a block's list lies.
const LIST_AT: usize = 2;

/// A block that is compressed to more than this part of itself is left as it is.
const WORTH_IT: (usize, usize) = (7, 8);

/// A block that is longer, of one long record, is left as it is: it would be unpacked in one go, and whoever
/// asks must be able to stop within some milliseconds.
const MOST_PACKED: usize = 2 << 20;

/// A frame that says that its block is longer is none.
const MOST_WHOLE: usize = 64 << 20;

/// A block, verified, shared and not copied.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    bytes: Arc<[u8]>,
    /// Where it lies, if it was read from a file.
    place: Option<Place>,
    /// Where the ends of the entries lie.
    ends_at: usize,
    /// Where the entries lie.
    entries_at: usize,
    count: usize,
}

/// One entry of a list, wherever it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) class: Class,
    pub(crate) size: Size,
    pub(crate) payload: &'a [u8],
}

impl Block {
    /// Verifies a frame and reads the block in it.
    pub(crate) fn open(frame: &[u8]) -> Option<Block> {
        let whole = number::fixed(frame, 8)? as usize;
        match Block::is_intact(frame).then_some(whole)? {
            0 => Block::read(frame.get(FRAME..)?.into()),
            whole => Block::read(decompressed(frame.get(FRAME..)?, whole)?),
        }
    }

    /// Whether a frame is what was written.
    pub(crate) fn is_intact(frame: &[u8]) -> bool {
        let Some((checksum, covered)) = frame.split_first_chunk::<4>() else { return false };
        Block::length(frame) == Some(frame.len())
            && crc32fast::hash(covered) == u32::from_le_bytes(*checksum)
    }

    /// How long the frame is that begins these bytes, by what it says.
    pub(crate) fn length(frame: &[u8]) -> Option<usize> {
        Some(number::fixed(frame, 4)? as usize)
    }

    /// Reads the header of a block.
    fn read(bytes: Arc<[u8]>) -> Option<Block> {
        let list = usize::from(u16::from_le_bytes(*bytes.first_chunk()?));
        let ends_at = LIST_AT + list + 4;
        let count = number::fixed(&bytes, ends_at - 4)? as usize;
        let entries_at = count.checked_mul(4)?.checked_add(ends_at)?;
        let is_long_enough = entries_at <= bytes.len();
        is_long_enough.then_some(Block { bytes, place: None, ends_at, entries_at, count })
    }

    /// The block, which lies at that place.
    pub(crate) fn lying_at(self, place: Place) -> Block {
        Block { place: Some(place), ..self }
    }

    /// Where it lies, if it was read from a file.
    pub(crate) fn place(&self) -> Option<Place> {
        self.place
    }

    /// The key of the list.
    pub(crate) fn list(&self) -> &[u8] {
        self.bytes.get(LIST_AT..self.ends_at - 4).unwrap_or_default()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        self.bytes.len()
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The entry of that number.
    pub(crate) fn entry(&self, at: usize) -> Option<Entry<'_>> {
        Entry::read(self.bytes.get(self.span(at)?)?)
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
        self.entries(0..self.count)
    }

    /// The number of the first entry whose key is not less than that one, which may be none.
    pub(crate) fn position(&self, key: &[u8]) -> usize {
        self.position_from(0, key)
    }

    /// The same among the entries from that number on.
    pub(crate) fn position_from(&self, from: usize, key: &[u8]) -> usize {
        let (mut low, mut high) = (from, self.count);
        while low < high {
            let middle = low.midpoint(high);
            let is_less = self.entry(middle).is_some_and(|entry| compare(entry.key, key).is_lt());
            (low, high) = if is_less { (middle + 1, high) } else { (low, middle) };
        }
        low
    }

    /// The entry with that key, and its number.
    pub(crate) fn find(&self, key: &[u8]) -> Option<(usize, Entry<'_>)> {
        let at = self.position(key);
        Some((at, self.entry(at).filter(|entry| entry.key == key)?))
    }

    /// Whether every entry can be read, they are in order, and no bytes are left over.
    pub(crate) fn is_sound(&self) -> bool {
        let keys: Vec<&[u8]> = self.all().map(|(_, entry)| entry.key).collect();
        let end = self
            .count
            .checked_sub(1)
            .map_or(Some(self.entries_at..self.entries_at), |last| self.span(last));
        keys.len() == self.count
            && keys.is_sorted_by(|one, next| one < next)
            && end.is_some_and(|span| span.end == self.bytes.len())
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

    /// Where the entries of those numbers lie.
    fn stretch(&self, range: &Range<usize>) -> Range<usize> {
        let last = range.end.checked_sub(1).filter(|_| !range.is_empty());
        let ends = self.span(range.start).zip(last.and_then(|last| self.span(last)));
        ends.map_or(0..0, |(first, last)| first.start..last.end)
    }

    /// What the entries add up to.
    pub(crate) fn tally(&self) -> Tally {
        self.all().map(|(_, entry)| (entry.class, entry.size)).collect()
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

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8]) -> Option<Entry<'a>> {
        let (class, rest) = bytes.split_first()?;
        let (size, rest) = Size::take(rest)?;
        let (key, payload) = number::take_sized(rest)?;
        Some(Entry { key, class: Class::from_byte(*class)?, size, payload })
    }

    /// Bytes that it takes in a block, at most.
    pub(crate) fn bytes(&self) -> usize {
        self.key.len() + self.payload.len() + 16
    }
}

/// A block being written.
#[derive(Debug, Default)]
pub(crate) struct BlockBuilder {
    ends: Vec<u8>,
    entries: Vec<u8>,
    tally: Tally,
}

impl BlockBuilder {
    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes that the entries take.
    pub(crate) fn bytes(&self) -> usize {
        self.ends.len() + self.entries.len()
    }

    /// Adds an entry behind all others; its key must be the greatest.
    pub(crate) fn push(&mut self, entry: &Entry<'_>) {
        self.entries.push(entry.class.byte());
        entry.size.put(&mut self.entries);
        number::put_sized(&mut self.entries, entry.key);
        self.entries.extend_from_slice(entry.payload);
        // One write has far fewer bytes than 4 GiB, and so has a block.
        self.ends.extend_from_slice(&(self.entries.len() as u32).to_le_bytes());
        self.tally.add(entry.class, entry.size);
    }

    /// Adds the entries of those numbers of another block, as they lie there, behind all others.
    pub(crate) fn copy(&mut self, block: &Block, range: Range<usize>) {
        let stretch = block.stretch(&range);
        // Where the ends are counted from here.
        let shift = self.entries.len().wrapping_sub(stretch.start);
        for at in range {
            let end = block.span(at).map_or(0, |span| span.end).wrapping_add(shift);
            self.ends.extend_from_slice(&(end as u32).to_le_bytes());
            let weight = block.entry(at).map(|entry| (entry.class, entry.size));
            weight.into_iter().for_each(|(class, size)| self.tally.add(class, size));
        }
        self.entries.extend_from_slice(block.bytes.get(stretch).unwrap_or_default());
    }

    /// Appends the block to a file's bytes, in its frame, and begins the next one; says how long the frame is
    /// and what the entries add up to. `packs` compresses it where that pays.
    pub(crate) fn finish(&mut self, list: &[u8], packs: bool, out: &mut Vec<u8>) -> (u32, Tally) {
        let start = out.len();
        out.extend_from_slice(&[0; FRAME]);
        out.extend_from_slice(&(list.len() as u16).to_le_bytes());
        out.extend_from_slice(list);
        out.extend_from_slice(&((self.ends.len() / 4) as u32).to_le_bytes());
        out.extend_from_slice(&self.ends);
        out.extend_from_slice(&self.entries);
        let whole = if packs { compress(out, start + FRAME) } else { 0 };
        let length = (out.len() - start) as u32;
        if let Some((checksum, covered)) =
            out.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut::<4>)
        {
            let head = covered.split_first_chunk_mut::<4>().map(|(head, rest)| {
                *head = length.to_le_bytes();
                rest.first_chunk_mut::<4>()
            });
            head.flatten().into_iter().for_each(|head| *head = whole.to_le_bytes());
            *checksum = crc32fast::hash(covered).to_le_bytes();
        }
        self.ends.clear();
        self.entries.clear();
        (length, std::mem::take(&mut self.tally))
    }
}

/// Compresses what lies behind that place, if that pays; gives its length before, or 0.
fn compress(out: &mut Vec<u8>, start: usize) -> u32 {
    let Some(block) = out.get(start..) else { return 0 };
    let whole = block.len();
    if whole > MOST_PACKED {
        return 0;
    }
    let packed = lz4_flex::block::compress(block);
    let (part, of) = WORTH_IT;
    if packed.len() * of > whole * part {
        return 0;
    }
    out.truncate(start);
    out.extend_from_slice(&packed);
    whole as u32
}

fn decompressed(packed: &[u8], whole: usize) -> Option<Arc<[u8]>> {
    if whole > MOST_WHOLE {
        return None;
    }
    let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, whole).collect();
    let written = lz4_flex::block::decompress_into(packed, Arc::get_mut(&mut bytes)?).ok()?;
    (written == whole).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn built(entries: &BTreeMap<Vec<u8>, (u8, Vec<u8>)>, packs: bool) -> (Vec<u8>, Tally) {
        let (mut builder, mut out) = (BlockBuilder::default(), Vec::new());
        for (key, (class, payload)) in entries {
            let class = Class::from_byte(class % 64).unwrap();
            builder.push(&Entry { key, class, size: Size::default(), payload });
        }
        let (length, tally) = builder.finish(b"list", packs, &mut out);
        assert_eq!(length as usize, out.len());
        (out, tally)
    }

    #[test]
    fn a_block_is_packed_up_to_the_length_that_is_unpacked_soon() {
        for (length, is_packed) in [(MOST_PACKED - 100, true), (MOST_PACKED + 1, false)] {
            let (bytes, _) = built(&[(b"a".to_vec(), (1, vec![7; length]))].into(), true);
            assert_eq!(bytes.len() < length, is_packed, "{length}");
            assert_eq!(Block::open(&bytes).unwrap().entry(0).unwrap().payload.len(), length);
        }
    }

    proptest! {
        #[test]
        fn a_block_holds_what_was_put_in_and_its_tally_is_a_recount(
            entries in proptest::collection::btree_map(
                proptest::collection::vec(any::<u8>(), 1..12),
                (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..300)),
                0..60,
            ),
            other in proptest::collection::vec(any::<u8>(), 1..12),
            packs in any::<bool>(),
        ) {
            let (bytes, tally) = built(&entries, packs);
            let block = Block::open(&bytes).unwrap();
            prop_assert!(block.is_sound());
            prop_assert_eq!(block.list(), b"list");
            prop_assert_eq!(block.len(), entries.len());
            prop_assert_eq!(block.tally(), tally);
            for (at, (key, (_, payload))) in entries.iter().enumerate() {
                let (found, entry) = block.find(key).unwrap();
                prop_assert_eq!((found, entry.payload), (at, payload.as_slice()));
            }
            prop_assert_eq!(block.position(&other), entries.range(..other.clone()).count());
            // Taken apart and put together again it is the same.
            let (mut again, mut out, at) = (BlockBuilder::default(), Vec::new(), block.position(&other));
            again.copy(&block, 0..at);
            prop_assert_eq!(again.bytes(), block.bytes_of(&(0..at)));
            prop_assert_eq!(block.fitting(&(0..block.len()), again.bytes()), at);
            again.copy(&block, at..block.len());
            prop_assert_eq!((again.finish(b"list", packs, &mut out).1, out), (block.tally(), bytes));
            prop_assert_eq!(block.find(&other).is_some(), entries.contains_key(&other));
        }

        #[test]
        fn no_bytes_make_a_block_panic_and_a_changed_one_is_refused(
            at in any::<prop::sample::Index>(),
            flip in 1..=u8::MAX,
            garbage in proptest::collection::vec(any::<u8>(), 0..200),
            packs in any::<bool>(),
        ) {
            let entries = [(b"a".to_vec(), (1, b"one".to_vec())), (b"b".to_vec(), (2, vec![9; 100]))];
            let (mut bytes, _) = built(&entries.into(), packs);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(Block::open(&bytes).is_none());
            prop_assert!(Block::open(&garbage).is_none());
            // With a right checksum, whatever it covers.
            let mut forged = garbage;
            forged.splice(0..0, [0; 8]);
            let length = (forged.len() as u32).to_le_bytes();
            forged[4..8].copy_from_slice(&length);
            let checksum = crc32fast::hash(&forged[4..]).to_le_bytes();
            forged[..4].copy_from_slice(&checksum);
            if let Some(block) = Block::open(&forged) {
                let (_sound, _tally, _found) = (block.is_sound(), block.tally(), block.find(b"a").is_some());
                let _list = block.list();
            }
        }
    }
}
