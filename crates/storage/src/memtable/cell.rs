//! A cell: what becomes of one key of one list.
//!
//! ```text
//! cell := list end u32 | key end u32 | stamp u64 | before | after | list | key | payload
//! before, after := class u8, `ff` where there is nothing | size u64
//! ```
//!
//! All of it lies in one piece of memory: a memtable has hundreds of thousands.

use std::sync::Arc;

use crate::format::{Class, Entry, Size, number};

/// What becomes of a key. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Cell(Arc<[u8]>);

const KEY_END: usize = 4;
const STAMP: usize = 8;
const BEFORE: usize = 16;
const AFTER: usize = BEFORE + WEIGHT;
const HEAD: usize = AFTER + WEIGHT;

/// Bytes of a class and a size.
const WEIGHT: usize = 9;

/// Stands for the class of what is not there.
const NOTHING: u8 = 0xff;

/// Bytes of memory that a cell takes beside its own, by and large: the allocator's and its place in a node.
const OVERHEAD: usize = 72;

/// What a key had or has: the class and the size of the record.
pub(crate) type Beneath = Option<(Class, Size)>;

impl Cell {
    /// An entry that lies there now. `scratch` is memory that serves many.
    pub(crate) fn put(
        scratch: &mut Vec<u8>,
        list: &[u8],
        entry: &Entry<'_>,
        before: Beneath,
        stamp: u64,
    ) -> Cell {
        let after = Some((entry.class, entry.size));
        Cell::new(scratch, [list, entry.key, entry.payload], before, after, stamp)
    }

    /// An entry that is gone.
    pub(crate) fn removed(
        scratch: &mut Vec<u8>,
        list: &[u8],
        key: &[u8],
        before: Beneath,
        stamp: u64,
    ) -> Cell {
        Cell::new(scratch, [list, key, &[]], before, None, stamp)
    }

    fn new(
        scratch: &mut Vec<u8>,
        [list, key, payload]: [&[u8]; 3],
        before: Beneath,
        after: Beneath,
        stamp: u64,
    ) -> Cell {
        let list_end = HEAD + list.len();
        scratch.clear();
        // Keys and records are far below 4 GiB.
        scratch.extend_from_slice(&(list_end as u32).to_le_bytes());
        scratch.extend_from_slice(&((list_end + key.len()) as u32).to_le_bytes());
        scratch.extend_from_slice(&stamp.to_le_bytes());
        scratch.extend_from_slice(&weight_bytes(before));
        scratch.extend_from_slice(&weight_bytes(after));
        [list, key, payload].iter().for_each(|part| scratch.extend_from_slice(part));
        Cell(scratch.as_slice().into())
    }

    /// The key of the list.
    pub(crate) fn list(&self) -> &[u8] {
        self.0.get(HEAD..self.list_end()).unwrap_or_default()
    }

    /// The key among all keys: that of the list and the key there.
    pub(crate) fn key(&self) -> &[u8] {
        self.0.get(HEAD..self.key_end()).unwrap_or_default()
    }

    /// The key in its list.
    pub(crate) fn order(&self) -> &[u8] {
        self.0.get(self.list_end()..self.key_end()).unwrap_or_default()
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.0.get(self.key_end()..).unwrap_or_default()
    }

    /// What lies there now.
    pub(crate) fn entry(&self) -> Option<Entry<'_>> {
        let (class, size) = self.after()?;
        Some(Entry { key: self.order(), class, size, payload: self.payload() })
    }

    /// What lies under the key beneath this memtable.
    pub(crate) fn before(&self) -> Beneath {
        self.weight(BEFORE)
    }

    /// What lies there now; `None` where it was removed.
    pub(crate) fn after(&self) -> Beneath {
        self.weight(AFTER)
    }

    /// A number that no other cell has.
    pub(crate) fn stamp(&self) -> u64 {
        let stamp = self.0.get(STAMP..).and_then(|stamp| stamp.first_chunk());
        stamp.map_or(0, |stamp| u64::from_le_bytes(*stamp))
    }

    /// Takes the place of another cell of its key: what lies beneath is the same. Nobody else has it yet.
    pub(super) fn replace(&mut self, other: &Cell) {
        let place = Arc::get_mut(&mut self.0).and_then(|bytes| bytes.get_mut(BEFORE..AFTER));
        place.into_iter().for_each(|place| place.copy_from_slice(&weight_bytes(other.before())));
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        self.0.len() + OVERHEAD
    }

    fn list_end(&self) -> usize {
        number::fixed(&self.0, 0).map_or(0, |end| end as usize)
    }

    fn key_end(&self) -> usize {
        number::fixed(&self.0, KEY_END).map_or(0, |end| end as usize)
    }

    fn weight(&self, at: usize) -> Beneath {
        let (class, size) = self.0.get(at..at + WEIGHT)?.split_first()?;
        let size = u64::from_le_bytes(*size.first_chunk()?);
        Some((Class::from_byte(*class)?, Size::from_number(size)))
    }
}

fn weight_bytes(weight: Beneath) -> [u8; WEIGHT] {
    let (class, size) = match weight {
        Some((class, size)) => (class.byte(), size.number()),
        None => (NOTHING, 0),
    };
    let mut bytes = [class; WEIGHT];
    bytes.iter_mut().skip(1).zip(size.to_le_bytes()).for_each(|(place, byte)| *place = byte);
    bytes
}
