//! The run that an execution is in: what its records are reached by, and which of them belong to the way.

use super::access::Span;
use crate::format::Block;
use crate::format::lists::holds_records;
use crate::snapshot::Lying;

/// A run being walked through.
#[derive(Clone, Copy)]
pub(super) struct Here<'b> {
    /// The key of the list, unless the run is of several.
    pub(super) list: &'b [u8],
    pub(super) block: Option<&'b Block>,
    /// The part of a list that the run belongs to, if it isn't any list.
    pub(super) span: Option<&'b Span>,
    /// Whether all entries lie in the part.
    pub(super) inside: bool,
}

impl<'b> Here<'b> {
    /// Cells beside all blocks.
    pub(super) fn in_cells() -> Here<'b> {
        Here { list: &[], block: None, span: None, inside: true }
    }

    /// A block in which no cell lies, with all its entries in the part.
    pub(super) fn in_block(block: &'b Block, span: Option<&'b Span>) -> Here<'b> {
        Here { list: block.list(), block: Some(block), span, inside: true }
    }

    /// The key of the list that an entry is of.
    pub(super) fn list_of<'r>(&self, entry: &Lying<'r>) -> &'r [u8]
    where
        'b: 'r,
    {
        match entry {
            Lying::InBlock(..) => self.list,
            Lying::InCell(cell, _) => cell.list(),
        }
    }

    /// Whether the entry is a record.
    pub(super) fn holds_records(&self, entry: &Lying<'_>) -> bool {
        match entry {
            Lying::InBlock(..) => holds_records(self.list),
            Lying::InCell(cell, _) => holds_records(cell.list()),
        }
    }
}
