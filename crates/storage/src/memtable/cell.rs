//! A cell: what becomes of one key of one list.
//!
//! ```text
//! cell := list end u32 | key end u32 | end u32 | stamp u64 | before | after | list | key | payload
//! before, after := class u8, `ff` where there is nothing | size u64
//! ```
//!
//! All ends are from the start of the cell. A memtable has hundreds of thousands: those of one write lie
//! behind each other in the same pieces of memory, which go when none of their cells is left.

use std::sync::Arc;

use crate::format::{Class, Entry, Size, number};

/// What becomes of a key. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    /// What it lies in, with others of its write.
    piece: Arc<Box<[u8]>>,
    start: u32,
}

/// The cells of one write, being put together.
#[derive(Debug, Default)]
pub(crate) struct CellBuilder {
    cells: Vec<Cell>,
    /// The piece of memory that is being filled, and where cells begin in it.
    bytes: Vec<u8>,
    starts: Vec<u32>,
}

/// Bytes after which a piece of memory takes in no further cell.
const PIECE: usize = 32 << 10;

/// Bytes that the cells of one record usually take.
const USUAL: usize = 2 << 10;

const KEY_END: usize = 4;
const END: usize = 8;
const STAMP: usize = 12;
const BEFORE: usize = 20;
const AFTER: usize = BEFORE + WEIGHT;
const HEAD: usize = AFTER + WEIGHT;

/// Bytes of a class and a size.
const WEIGHT: usize = 9;

/// Stands for the class of what is not there.
const NOTHING: u8 = 0xff;

/// Bytes of memory that a cell takes beside its own, by and large: its place in a node, and its part of
/// what is left over in a piece.
const OVERHEAD: usize = 56;

/// What a key had or has: the class and the size of the record.
pub(crate) type Beneath = Option<(Class, Size)>;

impl CellBuilder {
    /// An entry that lies there now.
    pub(crate) fn put(&mut self, list: &[u8], entry: &Entry<'_>, before: Beneath, stamp: u64) {
        let after = Some((entry.class, entry.size));
        self.push([list, entry.key, entry.payload], before, after, stamp);
    }

    /// An entry that is gone.
    pub(crate) fn removed(&mut self, list: &[u8], key: &[u8], before: Beneath, stamp: u64) {
        self.push([list, key, &[]], before, None, stamp);
    }

    /// The cells that were added so far, in their order.
    pub(crate) fn so_far(&mut self) -> &[Cell] {
        if !self.starts.is_empty() {
            self.end_piece();
        }
        &self.cells
    }

    /// The cells, in the order in which they were added.
    pub(crate) fn finish(mut self) -> Vec<Cell> {
        self.end_piece();
        self.cells
    }

    fn push(
        &mut self,
        [list, key, payload]: [&[u8]; 3],
        before: Beneath,
        after: Beneath,
        stamp: u64,
    ) {
        let list_end = HEAD + list.len();
        let key_end = list_end + key.len();
        let bytes = &mut self.bytes;
        if bytes.capacity() == 0 {
            bytes.reserve(USUAL);
        }
        self.starts.push(bytes.len() as u32);
        // Keys and records are far below 4 GiB.
        for end in [list_end, key_end, key_end + payload.len()] {
            bytes.extend_from_slice(&(end as u32).to_le_bytes());
        }
        bytes.extend_from_slice(&stamp.to_le_bytes());
        bytes.extend_from_slice(&weight_bytes(before));
        bytes.extend_from_slice(&weight_bytes(after));
        [list, key, payload].iter().for_each(|part| bytes.extend_from_slice(part));
        if bytes.len() >= PIECE {
            self.end_piece();
        }
    }

    fn end_piece(&mut self) {
        let piece: Arc<Box<[u8]>> = Arc::new(self.bytes.as_slice().into());
        self.bytes.clear();
        let cells = self.starts.drain(..).map(|start| Cell { piece: piece.clone(), start });
        self.cells.extend(cells);
    }
}

impl Cell {
    /// The key of the list.
    pub(crate) fn list(&self) -> &[u8] {
        self.bytes().get(HEAD..self.list_end()).unwrap_or_default()
    }

    /// The key among all keys: that of the list and the key there.
    pub(crate) fn key(&self) -> &[u8] {
        self.bytes().get(HEAD..self.key_end()).unwrap_or_default()
    }

    /// The key in its list.
    pub(crate) fn order(&self) -> &[u8] {
        self.bytes().get(self.list_end()..self.key_end()).unwrap_or_default()
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.bytes().get(self.key_end()..self.end()).unwrap_or_default()
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
        let stamp = self.bytes().get(STAMP..).and_then(|stamp| stamp.first_chunk());
        stamp.map_or(0, |stamp| u64::from_le_bytes(*stamp))
    }

    /// Takes the place of another cell of its key: what lies beneath is the same.
    pub(super) fn replace(&mut self, other: &Cell) {
        if self.before() != other.before() {
            let mut bytes: Box<[u8]> = self.bytes().get(..self.end()).unwrap_or_default().into();
            let place = bytes.get_mut(BEFORE..AFTER);
            place
                .into_iter()
                .for_each(|place| place.copy_from_slice(&weight_bytes(other.before())));
            (self.piece, self.start) = (Arc::new(bytes), 0);
        }
    }

    /// Bytes of memory that it takes.
    pub(crate) fn memory(&self) -> usize {
        self.end() + OVERHEAD
    }

    /// The cell and what comes behind it.
    fn bytes(&self) -> &[u8] {
        self.piece.get(self.start as usize..).unwrap_or_default()
    }

    fn list_end(&self) -> usize {
        number::fixed(self.bytes(), 0).map_or(0, |end| end as usize)
    }

    fn key_end(&self) -> usize {
        number::fixed(self.bytes(), KEY_END).map_or(0, |end| end as usize)
    }

    fn end(&self) -> usize {
        number::fixed(self.bytes(), END).map_or(0, |end| end as usize)
    }

    fn weight(&self, at: usize) -> Beneath {
        let (class, size) = self.bytes().get(at..at + WEIGHT)?.split_first()?;
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
