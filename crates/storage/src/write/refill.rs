//! Blocks being filled anew: entries of consecutive blocks, with changes, into blocks of the right size.

use super::chunks::Item;
use crate::blocks::BlockWriter;
use crate::error::Result;
use crate::format::lists::most_block_bytes;
use crate::format::{Block, BlockBuilder, Entry};
use crate::memtable::Cell;

/// A block that is fuller than one part in so many is left alone.
const SPARSE: usize = 4;

/// What consecutive blocks hold with some changes, in order.
#[derive(Default)]
pub(super) struct Refill<'r> {
    entries: Vec<Entry<'r>>,
    bytes: usize,
}

impl<'r> Refill<'r> {
    /// Adds what a block holds, with these cells put in, which are all of its part of the keys.
    pub(super) fn add(&mut self, block: Option<&'r Block>, cells: &'r [Cell]) {
        let mut cells = cells.iter().peekable();
        for (_, entry) in block.into_iter().flat_map(Block::all) {
            while let Some(cell) = cells.next_if(|cell| cell.order() < entry.key) {
                self.push(cell.entry());
            }
            match cells.next_if(|cell| cell.order() == entry.key) {
                Some(cell) => self.push(cell.entry()),
                None => self.push(Some(entry)),
            }
        }
        cells.for_each(|cell| self.push(cell.entry()));
    }

    /// Whether it would make a block that is nearly empty.
    pub(super) fn is_sparse(&self, list: &[u8]) -> bool {
        self.bytes < most_block_bytes(list) / SPARSE
    }

    /// Writes the blocks; the first begins at that fence. Of a list that grows at its front the first block
    /// takes what the others, which are full, leave over; elsewhere all are alike.
    pub(super) fn write(
        &self,
        list: &[u8],
        fence: &[u8],
        writer: &mut BlockWriter,
        items: &mut Vec<Item>,
    ) -> Result<()> {
        let most = most_block_bytes(list);
        let blocks = self.bytes.div_ceil(most).max(1);
        // So that a last entry does not make a block of its own.
        let even = self.bytes.div_ceil(blocks) + self.bytes / (2 * self.entries.len().max(1));
        let (mut full, others) = match fence.is_empty() {
            true => (self.bytes - (blocks - 1) * most, most),
            false => (even, even),
        };
        let (mut builder, mut fence) = (BlockBuilder::default(), fence);
        for entry in &self.entries {
            if !builder.is_empty() && builder.bytes() + entry.bytes() > full {
                items.push(Item::write(list, fence, &mut builder, writer)?);
                (fence, full) = (entry.key, others);
            }
            builder.push(entry);
        }
        if !builder.is_empty() {
            items.push(Item::write(list, fence, &mut builder, writer)?);
        }
        Ok(())
    }

    fn push(&mut self, entry: Option<Entry<'r>>) {
        if let Some(entry) = entry {
            self.bytes += entry.bytes();
            self.entries.push(entry);
        }
    }
}
