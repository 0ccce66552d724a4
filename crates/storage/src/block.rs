//! A block: a run of consecutive entries of one list, in one value of the tree.
//!
//! ```text
//! block := checksum u32 | entries u16 | classes u8 | (class u8, count u16)* | entry*
//! entry := key length u16 | key | class u8 | payload length u16 | payload
//! ```
//!
//! Integers are little-endian; the checksum (CRC-32) covers all that follows it. Entries are sorted
//! by key, and no two keys are equal. The counts in front say what a block holds without its entries
//! being read: a deep offset passes over whole blocks by them. This file does not know what keys and
//! payloads mean.

use std::ops::Range;
use std::sync::Arc;

use crate::class::{CLASSES, Class};
use crate::counts::Counts;
use crate::error::{Error, Result};
use crate::layout::compare;
use crate::tree::Bytes;

/// No block is larger than this, but for one of a single entry: a leaf of the tree holds up to twenty,
/// and one of 128 KiB would make sled write a file of its own, which it never syncs.
pub(crate) const MOST_BYTES: usize = 6000;

const HEAD: usize = 7;

/// Bytes by which the memory of a block being changed grows: of a small one by about an entry of a
/// user's list, of others by more than most records take.
const STEPS: (usize, usize) = (256, 1024);

/// A block, shared and not copied: as it is stored, verified, or as it will be.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    Stored(Bytes),
    Draft(Arc<Draft>),
}

/// A block, ready to be read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BlockRef<'a> {
    classes: &'a [[u8; 3]],
    entries: &'a [u8],
    entries_at: usize,
    count: u16,
}

/// One entry of a block.
#[derive(Clone, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) class: Class,
    pub(crate) payload: &'a [u8],
    /// Where the payload lies in the block's bytes.
    pub(crate) payload_at: Range<usize>,
    /// Where the entry lies among the entries' bytes.
    span: Range<usize>,
}

impl Block {
    /// Verifies the checksum and the header.
    pub(crate) fn open(bytes: Bytes) -> Result<Block> {
        let (checksum, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        let intact = crc32fast::hash(rest) == u32::from_le_bytes(*checksum);
        match intact && BlockRef::parse(&bytes).is_some() {
            true => Ok(Block::Stored(bytes)),
            false => Err(damaged()),
        }
    }

    /// The whole block that begins these bytes, if one does: it may end anywhere.
    pub(crate) fn at_start(bytes: &[u8]) -> Option<Block> {
        let &[.., low, high, classes] = bytes.first_chunk::<HEAD>()?;
        let (count, classes) = (u16::from_le_bytes([low, high]), usize::from(classes));
        // Nearly all bytes that begin no block are told by this.
        if classes == 0 || classes > CLASSES || classes > usize::from(count) {
            return None;
        }
        let block = BlockRef::parse(bytes)?;
        if block.counts().map(|(_, count)| count).sum::<u64>() != block.len() {
            return None;
        }
        let last = block.entries().nth(usize::from(count) - 1)?;
        Block::open(Bytes::copy(bytes.get(..last.payload_at.end)?)).ok()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Block::Stored(bytes) => bytes,
            Block::Draft(draft) => &draft.0,
        }
    }

    pub(crate) fn read(&self) -> BlockRef<'_> {
        // The header was read once before.
        BlockRef::parse(self.bytes()).unwrap_or_default()
    }
}

fn damaged() -> Error {
    Error::damaged("a block has a wrong checksum")
}

impl<'a> BlockRef<'a> {
    fn parse(bytes: &'a [u8]) -> Option<BlockRef<'a>> {
        let (&[low, high, classes], rest) = bytes.get(4..)?.split_first_chunk::<3>()?;
        let (classes, entries) = rest.split_at_checked(usize::from(classes) * 3)?;
        let entries_at = bytes.len() - entries.len();
        let count = u16::from_le_bytes([low, high]);
        Some(BlockRef { classes: classes.as_chunks().0, entries, entries_at, count })
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> u64 {
        u64::from(self.count)
    }

    /// How many entries there are of each class.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Class, u64)> + use<'a> {
        self.classes.iter().filter_map(|[class, low, high]| {
            Some((Class::from_byte(*class)?, u64::from(u16::from_le_bytes([*low, *high]))))
        })
    }

    /// The entries in order.
    pub(crate) fn entries(&self) -> Entries<'a> {
        Entries { bytes: self.entries, at: 0, entries_at: self.entries_at }
    }

    /// The entry with that key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Entry<'a>> {
        self.entries()
            .find(|entry| compare(entry.key, key).is_ge())
            .filter(|entry| entry.key == key)
    }
}

/// A walk over the entries of a block.
#[derive(Clone, Debug)]
pub(crate) struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
    entries_at: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let start = self.at;
        let (key, rest) = sized(self.bytes.get(start..)?)?;
        let (&class, rest) = rest.split_first()?;
        let (payload, rest) = sized(rest)?;
        self.at = self.bytes.len() - rest.len();
        let payload_end = self.entries_at + self.at;
        Some(Entry {
            key,
            class: Class::from_byte(class)?,
            payload,
            payload_at: payload_end - payload.len()..payload_end,
            span: start..self.at,
        })
    }
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

/// A block being changed: its bytes as they will be stored, without the checksum.
#[derive(Clone, Debug)]
pub(crate) struct Draft(Vec<u8>);

impl Default for Draft {
    fn default() -> Draft {
        Draft(vec![0; HEAD])
    }
}

impl Draft {
    /// A copy of a block, to be changed.
    pub(crate) fn of(block: &Block) -> Draft {
        let mut bytes = buffer(block.bytes().len());
        bytes.extend_from_slice(block.bytes());
        Draft(bytes)
    }

    /// The bytes to be stored; the buffer serves many.
    pub(crate) fn seal(&self, buffer: &mut Vec<u8>) -> Bytes {
        buffer.clear();
        buffer.extend_from_slice(&self.0);
        if let Some((checksum, rest)) = buffer.split_first_chunk_mut::<4>() {
            *checksum = crc32fast::hash(rest).to_le_bytes();
        }
        Bytes::copy(buffer)
    }

    pub(crate) fn read(&self) -> BlockRef<'_> {
        BlockRef::parse(&self.0).unwrap_or_default()
    }

    /// How many bytes the stored block takes.
    pub(crate) fn size(&self) -> usize {
        self.0.len()
    }

    /// How many bytes of memory it takes.
    pub(crate) fn memory(&self) -> usize {
        self.0.capacity()
    }

    /// Adds an entry behind all others; its key must be the greatest.
    pub(crate) fn push(&mut self, key: &[u8], class: Class, payload: &[u8]) -> Result<()> {
        let end = self.0.len();
        place(&mut self.0, end..end, key, class, payload)?;
        self.count(class, 1)
    }

    /// Puts the entry in its place, replacing one with the same key; gives the class of that one. `from`
    /// is where to look for the place: behind it lie all entries of greater keys. It becomes the place.
    pub(crate) fn insert(
        &mut self,
        from: &mut usize,
        key: &[u8],
        class: Class,
        payload: &[u8],
    ) -> Result<Option<Class>> {
        let block = self.read();
        let mut entries = Entries { at: *from, ..block.entries() };
        let (span, replaced) = match entries.find(|entry| compare(entry.key, key).is_ge()) {
            Some(found) if found.key == key => (found.span, Some(found.class)),
            Some(after) => (after.span.start..after.span.start, None),
            None => (block.entries.len()..block.entries.len(), None),
        };
        let at = block.entries_at;
        *from = span.start;
        place(&mut self.0, at + span.start..at + span.end, key, class, payload)?;
        if let Some(replaced) = replaced {
            self.count(replaced, -1)?;
        }
        self.count(class, 1)?;
        Ok(replaced)
    }

    /// Takes the entry out; gives its class.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Result<Option<Class>> {
        let block = self.read();
        let Some(Entry { span, class, .. }) = block.find(key) else {
            return Ok(None);
        };
        let at = block.entries_at;
        self.0.drain(at + span.start..at + span.end);
        self.count(class, -1)?;
        Ok(Some(class))
    }

    /// Moves the later part of an overfull block into a new one; gives that one's first key with it.
    ///
    /// `grown` is the key whose entry was added. Lists grow at their front (a room's newest record)
    /// or at their end; there the new entry goes on alone and the full run behind it stays full.
    pub(crate) fn split(&mut self, grown: &[u8]) -> Option<(Vec<u8>, Draft)> {
        let block = self.read();
        let first_grew = block.entries().next().is_some_and(|entry| entry.key == grown);
        let last = block.entries().last().filter(|entry| entry.key == grown);
        let half = if first_grew { 0 } else { block.entries.len() / 2 };
        let middle = last.or_else(|| block.entries().skip(1).find(|entry| entry.span.end > half));
        let middle = middle.filter(|middle| middle.span.start > 0)?;
        let (earlier, later) = block.entries.split_at(middle.span.start);
        let (earlier, later) = (Draft::over(earlier), Draft::over(later));
        let fence = middle.key.to_vec();
        *self = earlier;
        Some((fence, later))
    }

    /// A block of those entries.
    fn over(entries: &[u8]) -> Draft {
        let mut counts = Counts::default();
        Entries { bytes: entries, at: 0, entries_at: 0 }
            .for_each(|entry| counts.add(entry.class, 1));
        let mut bytes = buffer(entries.len());
        bytes.extend_from_slice(&[0; 4]);
        // A block holds far fewer than 65,536 entries.
        bytes.extend_from_slice(&(counts.total() as u16).to_le_bytes());
        bytes.push(counts.iter().count() as u8);
        for (class, count) in counts.iter() {
            let [low, high] = (count as u16).to_le_bytes();
            bytes.extend_from_slice(&[class.byte(), low, high]);
        }
        bytes.extend_from_slice(entries);
        Draft(bytes)
    }

    /// Appends all entries of the block that follows.
    pub(crate) fn append(&mut self, next: BlockRef<'_>) -> Result<()> {
        self.0.extend_from_slice(next.entries);
        next.counts().try_for_each(|(class, count)| self.count(class, count as i32))
    }

    /// Changes the counts in front by that many entries of the class.
    fn count(&mut self, class: Class, change: i32) -> Result<()> {
        let total = add(self.0.get(4..6), change)?;
        let place = self.read().classes.binary_search_by_key(&class.byte(), |[class, ..]| *class);
        let (Ok(at) | Err(at)) = place.map(|at| HEAD + 3 * at).map_err(|at| HEAD + 3 * at);
        let kept = if place.is_ok() { at..at + 3 } else { at..at };
        let count = add(place.ok().and_then(|_| self.0.get(at + 1..at + 3)), change)?;
        let [low, high] = count.to_le_bytes();
        let counted: &[u8] = if count == 0 { &[] } else { &[class.byte(), low, high] };
        let classes = self.read().classes.len() - kept.len() / 3 + counted.len() / 3;
        replace(&mut self.0, kept, counted);
        if let Some(head) = self.0.get_mut(4..HEAD) {
            let [low, high] = total.to_le_bytes();
            head.copy_from_slice(&[low, high, classes as u8]);
        }
        Ok(())
    }
}

/// Memory for that many bytes and an entry more.
fn buffer(bytes: usize) -> Vec<u8> {
    Vec::with_capacity(room_for(bytes + STEPS.0))
}

/// Memory in steps: a buffer that doubles would leave half of what is pending unused.
fn room_for(bytes: usize) -> usize {
    let (few, many) = STEPS;
    bytes.next_multiple_of(if bytes <= many { few } else { many })
}

/// Puts bytes in place of others.
fn replace(bytes: &mut Vec<u8>, old: Range<usize>, new: &[u8]) {
    gap(bytes, old, new.len()).copy_from_slice(new);
}

/// Puts an entry in place of others.
fn place(
    bytes: &mut Vec<u8>,
    old: Range<usize>,
    key: &[u8],
    class: Class,
    payload: &[u8],
) -> Result<()> {
    let too_long = |_| Error::invalid("an entry of a list is longer than 65,535 bytes");
    let key_length = u16::try_from(key.len()).map_err(too_long)?.to_le_bytes();
    let payload_length = u16::try_from(payload.len()).map_err(too_long)?.to_le_bytes();
    let parts = [&key_length[..], key, &[class.byte()], &payload_length, payload];
    let mut gap = gap(bytes, old, parts.iter().map(|part| part.len()).sum());
    for part in parts {
        if let Some(place) = gap.split_off_mut(..part.len()) {
            place.copy_from_slice(part);
        }
    }
    Ok(())
}

/// Makes room for so many bytes in place of others. (`splice` would go byte by byte.)
fn gap(bytes: &mut Vec<u8>, old: Range<usize>, length: usize) -> &mut [u8] {
    let (before, grown) = (bytes.len(), length.saturating_sub(old.len()));
    if before + grown > bytes.capacity() {
        bytes.reserve_exact(room_for(before + grown) - before);
    }
    bytes.resize(before + grown, 0);
    bytes.copy_within(old.end..before, old.start + length);
    bytes.truncate(before + length - old.len());
    bytes.get_mut(old.start..old.start + length).unwrap_or_default()
}

/// A count of two bytes, which is none if it is missing, changed.
fn add(count: Option<&[u8]>, change: i32) -> Result<u16> {
    let count =
        count.and_then(|bytes| bytes.first_chunk()).map_or(0, |two| u16::from_le_bytes(*two));
    let changed = u16::try_from(i32::from(count) + change);
    changed.map_err(|_| Error::damaged("a block's counts are not those of its entries"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn class(byte: u8) -> Class {
        Class::from_byte(byte % 64).unwrap()
    }

    /// Reads everything there is to read.
    fn walk(bytes: &[u8]) -> Option<u64> {
        let block = Block::open(bytes.to_vec().into()).ok()?;
        let block = block.read();
        let found = block.entries().filter(|entry| block.find(entry.key).is_some()).count();
        Some(block.counts().map(|(_, count)| count).sum::<u64>() + found as u64)
    }

    proptest! {
        #[test]
        fn a_block_holds_what_was_put_in_and_its_counts_are_a_recount(
            changes in proptest::collection::vec(("[ab]{1,3}", 0..70u8, any::<bool>()), 0..60),
        ) {
            let (mut block, mut model) = (Draft::default(), BTreeMap::new());
            for (key, byte, insert) in changes {
                let old = match insert {
                    true => {
                        let old = block.insert(&mut 0, key.as_bytes(), class(byte), &[byte; 40]).unwrap();
                        prop_assert_eq!(old, model.insert(key, byte).map(class));
                        continue;
                    }
                    false => block.remove(key.as_bytes()).unwrap(),
                };
                prop_assert_eq!(old, model.remove(&key).map(class));
            }
            let stored = Block::open(block.seal(&mut Vec::new())).unwrap();
            prop_assert_eq!(stored.bytes().len(), block.size());
            let stored = stored.read();
            prop_assert_eq!(stored.len(), model.len() as u64);
            let entries = stored.entries().map(|entry| (entry.key, entry.class, entry.payload[0]));
            let wanted = model.iter().map(|(key, byte)| (key.as_bytes(), class(*byte), *byte));
            prop_assert!(entries.eq(wanted));
            let mut recount = Counts::default();
            model.values().for_each(|byte| recount.add(class(*byte), 1));
            prop_assert!(recount.iter().eq(stored.counts()));
        }

        #[test]
        fn a_split_loses_nothing_and_parts_at_the_fence(
            keys in proptest::collection::btree_set("[a-f]{1,6}", 2..60),
            grown in any::<proptest::sample::Index>(),
        ) {
            let mut block = Draft::default();
            for key in &keys {
                block.insert(&mut 0, key.as_bytes(), class(1), b"x").unwrap();
            }
            let grown = keys.iter().nth(grown.index(keys.len())).unwrap();
            let (fence, mut later) = block.split(grown.as_bytes()).unwrap();
            prop_assert!(block.read().len() > 0 && later.read().len() > 0);
            prop_assert!(block.read().entries().all(|entry| entry.key < fence.as_slice()));
            prop_assert!(later.read().entries().all(|entry| entry.key >= fence.as_slice()));
            std::mem::swap(&mut block, &mut later);
            later.append(block.read()).unwrap();
            prop_assert_eq!(later.read().len(), keys.len() as u64);
            prop_assert!(later.read().entries().map(|entry| entry.key).eq(keys.iter().map(String::as_bytes)));
        }

        #[test]
        fn no_bytes_can_panic_a_reader_even_under_a_right_checksum(
            rest in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            walk(&rest);
            let signed = [&crc32fast::hash(&rest).to_le_bytes()[..], &rest].concat();
            walk(&signed);
        }

        #[test]
        fn a_flipped_bit_is_found(position in any::<proptest::sample::Index>(), bit in 0..8u8) {
            let mut block = Draft::default();
            for key in [b"a", b"b", b"c"] {
                block.insert(&mut 0, key, class(1), b"payload").unwrap();
            }
            let mut bytes = block.seal(&mut Vec::new()).to_vec();
            let at = position.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(Block::open(bytes.into()).is_err());
        }
    }
}
