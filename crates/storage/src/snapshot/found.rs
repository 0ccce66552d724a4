//! An entry that was found, with what it lies in.

use filedex_query::DocumentRef;
use filedex_query::packed::PackedDocument;

use crate::format::{Block, Entry, Place};
use crate::memtable::Cell;

/// An entry of a list, kept in memory as long as this is.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    InBlock(Block, usize),
    InCell(Cell),
}

/// A record.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    /// Where it lies, as an entry of a room.
    Lying(Found),
    /// Its body alone.
    Apart(Box<[u8]>),
}

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

    /// Where it lies in a block, and as which of its entries.
    pub(crate) fn place(&self) -> Option<(Place, usize)> {
        match self {
            Found::InBlock(block, at) => block.place_of(*at),
            Found::InCell(_) => None,
        }
    }

    /// The record, if this is an entry of a room.
    pub(crate) fn into_record(self) -> Stored {
        Stored::Lying(self)
    }
}

impl Stored {
    /// The record that a cell holds.
    pub(crate) fn of_cell(cell: &Cell) -> Stored {
        Stored::Lying(Found::InCell(cell.clone()))
    }

    /// The record, read in place.
    pub(crate) fn document(&self) -> DocumentRef<'_> {
        self.packed().into()
    }

    /// The record's stored form.
    pub(crate) fn packed(&self) -> PackedDocument<'_> {
        PackedDocument::new(self.body())
    }

    /// The bytes of its stored form.
    pub(crate) fn body(&self) -> &[u8] {
        match self {
            Stored::Lying(found) => found.payload(),
            Stored::Apart(body) => body,
        }
    }

    /// Where it lies in a block, and as which of its entries.
    pub(crate) fn place(&self) -> Option<(Place, usize)> {
        match self {
            Stored::Lying(found) => found.place(),
            Stored::Apart(_) => None,
        }
    }

    /// The cell that it lies in, if it lies in one.
    pub(crate) fn cell(&self) -> Option<&Cell> {
        match self {
            Stored::Lying(Found::InCell(cell)) => Some(cell),
            _ => None,
        }
    }
}
