//! A memtable on its way into blocks: the blocks that its cells fall into are written anew into one block
//! file, and with them those of files that are to be cleared.
//!
//! Works through the lists in the order of their keys, so that what is read and written lies in order.

use super::chunks::{Chunks, Item, refreshed};
use super::refill::Refill;
use crate::blocks::{BlockFile, BlockWriter};
use crate::error::{Error, Result};
use crate::format::{Block, Chunk, List, Place, Tally, chunk};
use crate::index::{Edit, Index, Keyed, Version};
use crate::memtable::{Cell, Memtable};
use std::collections::BTreeSet;

/// A merge under way.
pub(crate) struct Merge<'m> {
    index: &'m Index,
    version: &'m Version,
    writer: BlockWriter,
    /// Files whose blocks go over into the new one.
    clear: BTreeSet<u64>,
    /// Whether blocks are filled up with what follows them.
    packs: bool,
    edit: Edit,
    freed: Vec<Place>,
    /// Bytes of the blocks that were written and are listed.
    live: u64,
}

/// What a merge comes to.
pub(crate) struct Merged {
    pub(crate) edit: Edit,
    /// The new file, unless nothing is left to be in it.
    pub(crate) file: Option<BlockFile>,
    /// Bytes of it that are in use.
    pub(crate) live: u64,
    /// Blocks that nothing refers to once the edit is made.
    pub(crate) freed: Vec<Place>,
}

impl<'m> Merge<'m> {
    /// Over that version, into that file. `packs` also fills blocks up.
    pub(crate) fn new(
        index: &'m Index,
        version: &'m Version,
        writer: BlockWriter,
        clear: &[u64],
        packs: bool,
    ) -> Merge<'m> {
        let (edit, freed, live) = (Edit::default(), Vec::new(), 0);
        let clear = clear.iter().copied().collect();
        Merge { index, version, writer, clear, packs, edit, freed, live }
    }

    /// Writes what becomes of the blocks.
    pub(crate) fn run(mut self, memtable: &Memtable) -> Result<Merged> {
        let mut cells: Vec<Cell> = Vec::new();
        for cell in memtable.cells_from(&[]) {
            if cells.first().is_some_and(|first| first.list() != cell.list()) {
                self.list(&cells)?;
                cells.clear();
            }
            cells.push(cell.clone());
        }
        self.list(&cells)?;
        self.clear_the_rest()?;
        let (edit, freed, live) = (self.edit, self.freed, self.live);
        let file = if live > 0 { Some(self.writer.finish()?) } else { None };
        Ok(Merged { edit, file, live, freed })
    }

    /// Merges the cells of one list.
    fn list(&mut self, cells: &[Cell]) -> Result<()> {
        let Some(list) = cells.first().map(|cell| List::from_bytes(cell.list())) else {
            return Ok(());
        };
        let first = self.index.exact(self.version, list.bytes())?;
        let total = first.as_ref().and_then(|first| first.chunk.total());
        let mut total = total.map_or_else(Tally::default, |total| Tally::clone(total));
        for cell in cells {
            cell.before().into_iter().for_each(|(class, size)| total.take(class, size));
            cell.after().into_iter().for_each(|(class, size)| total.add(class, size));
        }
        if total.is_absurd() {
            return Err(Error::damaged("a list has fewer records than were taken out of it"));
        }
        let chunks = first.as_ref().map_or(0, |first| first.chunk.chunks());
        let replaced = self.replaced(&list, first, cells)?;
        let mut written = Chunks::new(list.bytes(), chunks, total, &mut self.edit);
        replaced.into_iter().for_each(|(old, items)| written.replace(old, items));
        written.finish();
        Ok(())
    }

    /// The first chunk and those that cells fall into, each with the blocks that it is to have.
    fn replaced(
        &mut self,
        list: &List,
        first: Option<Keyed>,
        cells: &[Cell],
    ) -> Result<Vec<(Option<Keyed>, Vec<Item>)>> {
        let (mut items, mut next, mut rest) = self.chunk_and_rest(list, first.as_ref(), cells)?;
        let mut emptied = Vec::new();
        // A first chunk without blocks takes those of the one after it.
        while items.is_empty()
            && let Some(chunk) = next
        {
            (items, next, rest) = self.chunk_and_rest(list, Some(&chunk), rest)?;
            emptied.push((Some(chunk), Vec::new()));
        }
        let mut replaced = vec![(first, items)];
        replaced.append(&mut emptied);
        while let Some(cell) = rest.first() {
            let chunk = self.index.find(self.version, list, cell.order())?;
            let (items, _, behind) = self.chunk_and_rest(list, chunk.as_ref(), rest)?;
            replaced.push((chunk, items));
            rest = behind;
        }
        Ok(replaced)
    }

    /// What becomes of a chunk, the chunk after it, and the cells behind it.
    fn chunk_and_rest<'c>(
        &mut self,
        list: &List,
        chunk: Option<&Keyed>,
        cells: &'c [Cell],
    ) -> Result<(Vec<Item>, Option<Keyed>, &'c [Cell])> {
        let next = match chunk {
            Some(chunk) if !chunk.chunk.is_only() => {
                self.index.next(self.version, &chunk.key, &list.end())?
            }
            _ => None,
        };
        let here = next
            .as_ref()
            .map_or(cells.len(), |next| cells.partition_point(|cell| *cell.key() < *next.key));
        let (mine, rest) = cells.split_at_checked(here).unwrap_or((cells, &[]));
        Ok((self.chunk(list.bytes(), chunk.map(|keyed| &keyed.chunk), mine)?, next, rest))
    }

    /// What becomes of the blocks of a chunk, with the cells that fall into it.
    fn chunk(
        &mut self,
        list: &[u8],
        chunk: Option<&Chunk>,
        mut cells: &[Cell],
    ) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let Some(chunk) = chunk else {
            let mut refill = Refill::default();
            refill.add(None, cells);
            self.write(&refill, list, &[], &mut items)?;
            return Ok(items);
        };
        let mut at = 0;
        while let Some(item) = chunk.item(at) {
            let (mine, rest) = cells_of(chunk, at, cells);
            cells = rest;
            at += 1;
            if mine.is_empty() && !self.packs {
                items.push(self.keep(&item)?);
                continue;
            }
            let (mut blocks, mut parts) = (vec![self.read(item.place, list)?], vec![mine]);
            while let Some(next) = chunk.item(at) {
                if blocks.len() >= self.most_joined(list, &blocks, &parts) {
                    break;
                }
                let (mine, rest) = cells_of(chunk, at, cells);
                blocks.push(self.read(next.place, list)?);
                parts.push(mine);
                (cells, at) = (rest, at + 1);
            }
            let refill = refilled(&blocks, &parts);
            self.write(&refill, list, item.fence, &mut items)?;
        }
        Ok(items)
    }

    /// How many blocks are joined, beginning with these: one more where they would be nearly empty.
    fn most_joined(&self, list: &[u8], blocks: &[Block], parts: &[&[Cell]]) -> usize {
        if self.packs {
            PACKED_AT_ONCE
        } else {
            blocks.len() + usize::from(refilled(blocks, parts).is_sparse(list))
        }
    }

    /// A block that stays as it is, perhaps in another file.
    fn keep(&mut self, item: &chunk::Item<'_>) -> Result<Item> {
        let mut place = item.place;
        if self.clear.contains(&place.file) {
            self.freed.push(place);
            let file = self.version.file(place)?;
            place = file.frame(place, |frame| self.writer.copy(frame))??;
            self.live += u64::from(place.length);
        }
        Ok(Item { fence: item.fence.to_vec(), place, tally: item.tally() })
    }

    /// Reads a block that nothing will refer to any more.
    fn read(&mut self, place: Place, list: &[u8]) -> Result<Block> {
        self.freed.push(place);
        self.version.block(place, list)
    }

    fn write(
        &mut self,
        refill: &Refill<'_>,
        list: &[u8],
        fence: &[u8],
        items: &mut Vec<Item>,
    ) -> Result<()> {
        let before = items.len();
        refill.write(list, fence, &mut self.writer, items)?;
        let written = items.iter().skip(before);
        self.live += written.map(|item| u64::from(item.place.length)).sum::<u64>();
        Ok(())
    }

    /// Carries the blocks over that lie in files to be cleared and were not come by.
    fn clear_the_rest(&mut self) -> Result<()> {
        let mut chunks = BTreeSet::new();
        let (index, version, edit) = (self.index, self.version, &self.edit);
        for file in self.clear.iter().filter_map(|file| version.files().get(file)) {
            file.each(&mut |offset, block| {
                let list = List::from_bytes(block.list());
                let Some((_, first)) = block.all().next() else { return Ok(()) };
                let Some(chunk) = index.find(version, &list, first.key)? else { return Ok(()) };
                let place = chunk.chunk.item(chunk.chunk.find(first.key)).map(|item| item.place);
                let is_live = place
                    .is_some_and(|place| (place.file, place.offset) == (file.number(), offset));
                if is_live && !edit.has(&chunk.key) {
                    chunks.insert(chunk.key.clone());
                }
                Ok(())
            })?;
        }
        for key in chunks {
            let Some(old) = self.index.exact(self.version, &key)? else { continue };
            let items = self.chunk(old.list(), Some(&old.chunk), &[])?;
            self.edit.set(&key, Some(old.chunk.clone()), refreshed(&old.chunk, &items));
        }
        Ok(())
    }
}

/// Blocks of a chunk that are put together at once.
const PACKED_AT_ONCE: usize = 8;

/// The cells that fall into that block of a chunk, and those behind it.
fn cells_of<'c>(chunk: &Chunk, at: usize, cells: &'c [Cell]) -> (&'c [Cell], &'c [Cell]) {
    let here = chunk
        .item(at + 1)
        .map_or(cells.len(), |next| cells.partition_point(|cell| cell.order() < next.fence));
    cells.split_at_checked(here).unwrap_or((cells, &[]))
}

fn refilled<'r>(blocks: &'r [Block], parts: &[&'r [Cell]]) -> Refill<'r> {
    let mut refill = Refill::default();
    blocks.iter().zip(parts).for_each(|(block, cells)| refill.add(Some(block), cells));
    refill
}
