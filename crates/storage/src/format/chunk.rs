//! A chunk of the index: where up to some 64 consecutive blocks of a list lie, and what they hold.
//!
//! ```text
//! chunk := list length u16 | total | count u32 | end u32 * count | item*
//! total := in the first chunk of a list what the whole list adds up to, and how many chunks it has;
//!          in others `ff`
//! item  := fence length | fence | file | offset | length | tally
//! ```
//!
//! Fixed integers are little-endian, others of variable length. `fence` is a lower bound of the keys in a
//! block, an upper one for those of the block before; the first block of a list has an empty one. A chunk
//! lies under its list and its first fence. It is read in place.

use std::sync::{Arc, OnceLock};

use super::keys::place_among;
use super::number;
use super::slice::Slice;
use super::tally::{Tally, Weights};

/// Stands for the total that only the first chunk of a list has.
const NO_TOTAL: u8 = 0xff;

/// Where the total stands, behind the list's length.
const TOTAL_AT: usize = 2;

/// Blocks after which a chunk is cut in two.
pub(crate) const MOST_BLOCKS: usize = 64;

/// Where a block lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) file: u64,
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

/// A chunk as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Chunk {
    bytes: Slice,
    list: u16,
    /// Whether this is the first chunk of its list, and what that adds up to, once somebody asked.
    is_first: bool,
    total: OnceLock<Arc<Tally>>,
    /// How many chunks the list has, if this is its first.
    chunks: u64,
    ends_at: usize,
    items_at: usize,
    count: usize,
}

/// What a chunk says of a block.
#[derive(Clone, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) place: Place,
    pub(crate) fence: &'a [u8],
    tally: &'a [u8],
}

impl<'a> Item<'a> {
    /// How many entries there are of each class.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (super::Class, u64)> + use<'a> {
        Weights::read(self.tally).into_iter().flat_map(Weights::counts)
    }

    pub(crate) fn tally(&self) -> Tally {
        Tally::read(self.tally).map(|(tally, _)| tally).unwrap_or_default()
    }

    fn read(bytes: &'a [u8]) -> Option<Item<'a>> {
        let (fence, rest) = number::take_sized(bytes)?;
        let (file, rest) = number::take(rest)?;
        let (offset, rest) = number::take(rest)?;
        let (length, tally) = number::take(rest)?;
        let place = Place { file, offset, length: u32::try_from(length).ok()? };
        Some(Item { place, fence, tally })
    }
}

impl Chunk {
    /// Reads the header; `None` for bytes that are no chunk.
    pub(crate) fn open(bytes: Slice) -> Option<Chunk> {
        let (list, rest) = bytes.split_first_chunk::<TOTAL_AT>()?;
        let (is_first, chunks, rest) = match rest.split_first()? {
            (&NO_TOTAL, rest) => (false, 0, rest),
            _ => {
                let (chunks, rest) = number::take(Tally::skip(rest)?)?;
                (true, chunks, rest)
            }
        };
        let ends_at = bytes.len() - rest.len() + 4;
        let count = number::fixed(rest, 0)? as usize;
        let items_at = count.checked_mul(4)?.checked_add(ends_at)?;
        let list = u16::from_le_bytes(*list);
        let (total, is_long_enough) = (OnceLock::new(), items_at <= bytes.len());
        let chunk = Chunk { bytes, list, is_first, total, chunks, ends_at, items_at, count };
        is_long_enough.then_some(chunk)
    }

    /// As it is stored.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How long the key of its list is, with which its own begins.
    pub(crate) fn list_length(&self) -> usize {
        usize::from(self.list)
    }

    /// What the whole list adds up to, if this is its first chunk.
    pub(crate) fn total(&self) -> Option<&Arc<Tally>> {
        let read = || Tally::read(self.bytes.get(TOTAL_AT..)?).map(|(total, _)| total);
        self.is_first.then(|| self.total.get_or_init(|| read().unwrap_or_default().into()))
    }

    /// Bytes of memory that it takes beside itself.
    pub(crate) fn memory(&self) -> usize {
        let classes = self.bytes.get(TOTAL_AT).filter(|_| self.is_first);
        let total = classes.map_or(0, |classes| Tally::memory_of(usize::from(*classes)));
        self.bytes.memory() + total
    }

    /// How many chunks the list has, if this is its first.
    pub(crate) fn chunks(&self) -> u64 {
        self.chunks
    }

    /// Whether the list has no other chunk.
    pub(crate) fn is_only(&self) -> bool {
        self.chunks == 1
    }

    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// What it says of the block of that number.
    pub(crate) fn item(&self, at: usize) -> Option<Item<'_>> {
        Item::read(self.item_bytes(at)?)
    }

    fn item_bytes(&self, at: usize) -> Option<&[u8]> {
        if at >= self.count {
            return None;
        }
        let end = |at: usize| {
            Some(self.items_at + number::fixed(&self.bytes, self.ends_at + 4 * at)? as usize)
        };
        let start = at.checked_sub(1).map_or(Some(self.items_at), end)?;
        self.bytes.get(start..end(at)?)
    }

    /// The fence of the block of that number.
    pub(crate) fn fence(&self, at: usize) -> Option<&[u8]> {
        Some(number::take_sized(self.item_bytes(at)?)?.0)
    }

    pub(crate) fn items(&self) -> impl DoubleEndedIterator<Item = Item<'_>> {
        (0..self.count).filter_map(|at| self.item(at))
    }

    /// The number of the last block whose fence is not greater than the key; the first, if there is none.
    pub(crate) fn find(&self, key: &[u8]) -> usize {
        place_among(self.count, |at| self.fence(at), key)
    }

    /// Whether every item can be read and the fences are in order.
    pub(crate) fn is_sound(&self) -> bool {
        let fences: Vec<&[u8]> = self.items().map(|item| item.fence).collect();
        let tallies = (0..self.count)
            .all(|at| self.item(at).is_some_and(|item| Tally::read(item.tally).is_some()));
        tallies && fences.len() == self.count && fences.is_sorted_by(|one, next| one < next)
    }
}

/// A chunk being written.
#[derive(Debug, Default)]
pub(crate) struct ChunkBuilder {
    ends: Vec<u8>,
    items: Vec<u8>,
}

impl ChunkBuilder {
    /// How many blocks there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len() / 4
    }

    /// Adds the next block.
    pub(crate) fn push(&mut self, fence: &[u8], place: Place, tally: &Tally) {
        number::put_sized(&mut self.items, fence);
        number::put(&mut self.items, place.file);
        number::put(&mut self.items, place.offset);
        number::put(&mut self.items, u64::from(place.length));
        tally.put(&mut self.items);
        self.ends.extend_from_slice(&(self.items.len() as u32).to_le_bytes());
    }

    /// The chunk, of a list whose key has that length; with what the list adds up to, and how many chunks
    /// it has, if it is the first.
    pub(crate) fn finish(&self, list_length: usize, total: Option<(&Tally, usize)>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.ends.len() + self.items.len() + 64);
        bytes.extend_from_slice(&(list_length as u16).to_le_bytes());
        match total {
            Some((total, chunks)) => {
                total.put(&mut bytes);
                number::put(&mut bytes, chunks as u64);
            }
            None => bytes.push(NO_TOTAL),
        }
        bytes.extend_from_slice(&(self.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&self.ends);
        bytes.extend_from_slice(&self.items);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Class, Size};
    use super::*;

    fn tally(classes: &[u8]) -> Tally {
        classes
            .iter()
            .map(|class| (Class::from_byte(class % 64).unwrap(), Size::default()))
            .collect()
    }

    proptest! {
        #[test]
        fn a_chunk_says_what_was_put_in(
            fences in proptest::collection::btree_set(proptest::collection::vec(any::<u8>(), 1..9), 0..70),
            classes in proptest::collection::vec(any::<u8>(), 0..9),
            is_first in any::<bool>(),
        ) {
            let (total, mut builder) = (tally(&classes), ChunkBuilder::default());
            for (at, fence) in (0_u64..).zip(&fences) {
                builder.push(fence, Place { file: at * 300, offset: at << 33, length: 6000 }, &total);
            }
            let bytes = builder.finish(4, is_first.then_some((&total, 3)));
            let chunk = Chunk::open(bytes.into()).unwrap();
            prop_assert!(chunk.is_sound());
            prop_assert_eq!(chunk.total().map(|total| &**total), is_first.then_some(&total));
            prop_assert_eq!(chunk.len(), fences.len());
            for (at, fence) in fences.iter().enumerate() {
                let item = chunk.item(at).unwrap();
                prop_assert_eq!(item.fence, fence.as_slice());
                prop_assert_eq!(item.place.offset, (at as u64) << 33);
                prop_assert_eq!(item.tally(), total.clone());
                prop_assert_eq!(chunk.find(fence), at);
            }
        }

        #[test]
        fn no_bytes_make_a_chunk_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(chunk) = Chunk::open(bytes.into()) {
                let (_total, _found, _sound) = (chunk.total(), chunk.find(b"a"), chunk.is_sound());
            }
        }
    }
}
