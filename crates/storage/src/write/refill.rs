//! Blocks being filled anew: entries of consecutive blocks, with changes, into blocks of the right size.

use super::chunks::Item;
use crate::blocks::{BlockFile, BlockWriter};
use crate::error::Result;
use crate::format::lists::most_block_bytes;
use crate::format::{Block, BlockBuilder, Entry, Place};
use crate::memtable::Cell;
use std::ops::Range;

/// A block that is fuller than one part in so many is left alone.
const SPARSE: usize = 4;

/// A new block file, and the block that is being filled.
pub(super) struct Output {
    writer: BlockWriter,
    builder: BlockBuilder,
    /// Bytes of the blocks in it.
    live: u64,
}

/// What consecutive blocks hold with some changes, in order.
pub(super) struct Refill<'r> {
    parts: Vec<Part<'r>>,
    entries: usize,
    bytes: usize,
}

/// What comes next.
enum Part<'r> {
    /// The entries of these numbers, as they lie in a block.
    Kept(&'r Block, Range<usize>),
    New(Entry<'r>),
}

impl Output {
    pub(super) fn new(writer: BlockWriter) -> Output {
        Output { writer, builder: BlockBuilder::default(), live: 0 }
    }

    /// Copies a block as it lay in another file, in its frame.
    pub(super) fn copy(&mut self, frame: &[u8]) -> Result<Place> {
        let place = self.writer.copy(frame)?;
        self.live += u64::from(place.length);
        Ok(place)
    }

    /// Ends the block that was filled.
    fn end_block(&mut self, list: &[u8], fence: &[u8]) -> Result<Item> {
        let (place, tally) = self.writer.block(list, &mut self.builder)?;
        self.live += u64::from(place.length);
        Ok(Item { fence: fence.to_vec(), place, tally })
    }

    /// Hands files to the disk, but for those without blocks; says how many bytes of each are in use.
    pub(super) fn finish(outputs: impl Iterator<Item = Output>) -> Result<Vec<(BlockFile, u64)>> {
        let filled = outputs.filter(|output| output.live > 0);
        let (writers, live): (Vec<_>, Vec<_>) =
            filled.map(|output| (output.writer, output.live)).unzip();
        Ok(BlockWriter::finish(writers)?.into_iter().zip(live).collect())
    }
}

impl<'r> Refill<'r> {
    /// One of so many parts, about.
    pub(super) fn of(parts: usize) -> Refill<'r> {
        Refill { parts: Vec::with_capacity(parts), entries: 0, bytes: 0 }
    }

    /// Adds what a block holds, with these cells put in, which are all of its part of the keys.
    pub(super) fn add(&mut self, block: Option<&'r Block>, cells: &'r [Cell]) {
        let Some(block) = block else {
            return cells.iter().for_each(|cell| self.push(cell));
        };
        let mut kept = 0;
        for cell in cells {
            let at = block.position_from(kept, cell.order());
            self.keep(block, kept..at);
            let is_its_own = block.entry(at).is_some_and(|entry| entry.key == cell.order());
            kept = at + usize::from(is_its_own);
            self.push(cell);
        }
        self.keep(block, kept..block.len());
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
        out: &mut Output,
        items: &mut Vec<Item>,
    ) -> Result<()> {
        let most = most_block_bytes(list);
        let blocks = self.bytes.div_ceil(most).max(1);
        // So that a last entry does not make a block of its own.
        let even = self.bytes.div_ceil(blocks) + self.bytes / (2 * self.entries.max(1));
        let (mut full, others) = match fence.is_empty() {
            true => (self.bytes - (blocks - 1) * most, most),
            false => (even, even),
        };
        let mut fence = fence;
        for part in &self.parts {
            let mut left = part.entries();
            while !left.is_empty() {
                let room = full.saturating_sub(out.builder.bytes());
                let fitting = part.fitting(&left, room).max(usize::from(out.builder.is_empty()));
                part.copy(left.start..left.start + fitting, &mut out.builder);
                left.start += fitting;
                if !left.is_empty() {
                    items.push(out.end_block(list, fence)?);
                    (fence, full) = (part.key(left.start), others);
                }
            }
        }
        if !out.builder.is_empty() {
            items.push(out.end_block(list, fence)?);
        }
        Ok(())
    }

    fn keep(&mut self, block: &'r Block, range: Range<usize>) {
        if !range.is_empty() {
            self.bytes += block.bytes_of(&range);
            self.entries += range.len();
            self.parts.push(Part::Kept(block, range));
        }
    }

    fn push(&mut self, cell: &'r Cell) {
        if let Some(entry) = cell.entry() {
            self.bytes += entry.bytes();
            self.entries += 1;
            self.parts.push(Part::New(entry));
        }
    }
}

impl<'r> Part<'r> {
    /// The numbers of its entries.
    fn entries(&self) -> Range<usize> {
        match self {
            Part::Kept(_, range) => range.clone(),
            Part::New(_) => 0..1,
        }
    }

    /// How many of the entries of these numbers find room in so many bytes.
    fn fitting(&self, left: &Range<usize>, room: usize) -> usize {
        match self {
            Part::Kept(block, _) => block.fitting(left, room),
            Part::New(entry) => usize::from(entry.bytes() <= room),
        }
    }

    fn copy(&self, entries: Range<usize>, builder: &mut BlockBuilder) {
        match self {
            Part::Kept(block, _) => builder.copy(block, entries),
            Part::New(entry) => entries.for_each(|_| builder.push(entry)),
        }
    }

    fn key(&self, at: usize) -> &'r [u8] {
        match self {
            Part::Kept(block, _) => block.entry(at).map_or(&[], |entry| entry.key),
            Part::New(entry) => entry.key,
        }
    }
}
