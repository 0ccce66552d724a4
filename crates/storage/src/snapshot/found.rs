//! An entry that was found, with what it lies in.

use filedex_query::DocumentRef;
use filedex_query::packed::PackedDocument;

use crate::format::{Block, Class, Entry, Place, Standing};
use crate::memtable::Cell;

/// An entry of a list, kept in memory as long as this is.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    InBlock(Block, usize),
    InCell(Cell),
}

/// A record, where it lies as an entry of a room.
#[derive(Clone, Debug)]
pub(crate) struct Stored(Found);

impl Found {
    pub(crate) fn payload(&self) -> &[u8] {
        match self {
            Found::InBlock(block, at) => block.entry(*at).map_or(&[], |entry| entry.payload),
            Found::InCell(cell) => cell.payload(),
        }
    }

    pub(crate) fn entry(&self) -> Option<Entry<'_>> {
        match self {
            Found::InBlock(block, at) => block.entry(*at),
            Found::InCell(cell) => cell.entry(),
        }
    }

    /// The key of the list.
    fn list(&self) -> &[u8] {
        match self {
            Found::InBlock(block, _) => block.list(),
            Found::InCell(cell) => cell.list(),
        }
    }

    /// Where it lies in a block, and as which of its entries.
    pub(crate) fn place(&self) -> Option<(Place, usize)> {
        match self {
            Found::InBlock(block, at) => block.place_of(*at),
            Found::InCell(_) => None,
        }
    }

    /// The record, if this is an entry of a room.
    pub(crate) fn into_record(self) -> Stored {
        Stored(self)
    }
}

impl Stored {
    /// The record that a cell holds.
    pub(crate) fn of_cell(cell: &Cell) -> Stored {
        Stored(Found::InCell(cell.clone()))
    }

    /// The same record out of its block, so that this is not held for its sake.
    pub(crate) fn apart(self) -> Stored {
        match self.0 {
            Found::InBlock(block, at) => Stored(match block.apart(at) {
                Some(alone) => Found::InBlock(alone, 0),
                None => Found::InBlock(block, at),
            }),
            in_cell @ Found::InCell(_) => Stored(in_cell),
        }
    }

    /// The record, read in place.
    pub(crate) fn document(&self) -> DocumentRef<'_> {
        self.packed().into()
    }

    /// The record's stored form.
    pub(crate) fn packed(&self) -> PackedDocument<'_> {
        PackedDocument::new(self.body())
    }

    /// Where it stands: most of that is told by where it lies.
    pub(crate) fn standing(&self) -> Standing {
        match self.0.entry() {
            Some(entry) => Standing::lying(self.0.list(), &entry),
            None => Standing::of(self.document()),
        }
    }

    /// Its class, if it is an entry of a list.
    pub(crate) fn class(&self) -> Option<Class> {
        self.0.entry().map(|entry| entry.class)
    }

    /// The bytes of its stored form.
    pub(crate) fn body(&self) -> &[u8] {
        self.0.payload()
    }

    /// Where it lies in a block, and as which of its entries.
    pub(crate) fn place(&self) -> Option<(Place, usize)> {
        self.0.place()
    }

    /// Its key among all keys, if it is an entry of a list.
    pub(crate) fn key(&self) -> Option<Vec<u8>> {
        Some([self.0.list(), self.0.entry()?.key].concat())
    }

    /// The cell that it lies in, if it lies in one.
    pub(crate) fn cell(&self) -> Option<&Cell> {
        match &self.0 {
            Found::InCell(cell) => Some(cell),
            Found::InBlock(..) => None,
        }
    }
}
