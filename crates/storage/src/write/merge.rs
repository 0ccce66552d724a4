//! A memtable on its way into blocks: the blocks that its cells fall into are written anew into a new block
//! file, and with them those of files that are to be cleared.
//!
//! Where there are many ids, which come in no order, their blocks are written into a file of their own: nearly all of
//! them are written anew by the next merge, and in a file with others they would leave it half unused.
//!
//! Works through the lists in the order of their keys, so that what is read and written lies in order.

use super::chunks::{Chunks, Item, refreshed};
use super::refill::{Output, Refill};
use crate::blocks::{Ahead, BlockFile, BlockWriter};
use crate::error::{Error, Result};
use crate::format::{Block, Chunk, List, Place, Tally, chunk};
use crate::index::{Edit, Index, Keyed, Version};
use crate::memtable::{Cell, Memtable};
use std::collections::{BTreeMap, BTreeSet};

/// A merge under way.
pub(crate) struct Merge<'m> {
    index: &'m Index,
    version: &'m Version,
    out: Output,
    /// For the list of ids, if that has a file of its own.
    of_ids: Option<Output>,
    /// Files whose blocks go over into the new ones, and bytes of them that are in use yet.
    clear: BTreeMap<u64, u64>,
    /// Whether blocks are filled up with what follows them.
    packs: bool,
    edit: Edit,
    freed: Vec<Place>,
    /// What is read of files, in which blocks lie in the order of their keys, too.
    ahead: Ahead,
}

/// What a merge comes to.
pub(crate) struct Merged {
    pub(crate) edit: Edit,
    /// The new files, none that nothing is left to be in, and bytes of each that are in use.
    pub(crate) files: Vec<(BlockFile, u64)>,
    /// Blocks that nothing refers to once the edit is made.
    pub(crate) freed: Vec<Place>,
}

impl<'m> Merge<'m> {
    /// Over that version, into these files, of which the second is for ids. `clear` says which files are to be
    /// cleared and how many bytes of each are in use; `packs` also fills blocks up.
    pub(crate) fn new(
        index: &'m Index,
        version: &'m Version,
        (writer, of_ids): (BlockWriter, Option<BlockWriter>),
        clear: BTreeMap<u64, u64>,
        packs: bool,
    ) -> Merge<'m> {
        let (out, of_ids) = (Output::new(writer), of_ids.map(Output::new));
        let (edit, freed, ahead) = (Edit::default(), Vec::new(), Ahead::default());
        Merge { index, version, out, of_ids, clear, packs, edit, freed, ahead }
    }

    /// Whether cells fall into so many blocks of ids that these should have a file of their own.
    pub(crate) fn scatters_ids(
        index: &Index,
        version: &Version,
        memtable: &Memtable,
    ) -> Result<bool> {
        let ids = List::ids();
        let first = index.exact(version, ids.bytes())?;
        let Some(first) = first.filter(|first| !first.chunk.is_only()) else { return Ok(false) };
        let cells = memtable.sum(ids.bytes(), &ids.end()).cells as u64;
        Ok(cells >= first.chunk.chunks().saturating_mul(SCATTERED))
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
        let files = Output::finish(std::iter::once(self.out).chain(self.of_ids))?;
        Ok(Merged { edit: self.edit, files, freed: self.freed })
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
            let mut refill = Refill::of(cells.len());
            refill.add(None, cells);
            refill.write(list, &[], self.out(list), &mut items)?;
            return Ok(items);
        };
        let mut at = 0;
        while let Some(item) = chunk.item(at) {
            let (mine, rest) = cells_of(chunk, at, cells);
            cells = rest;
            at += 1;
            if mine.is_empty() && !self.packs {
                items.push(self.keep(list, &item)?);
                continue;
            }
            let (mut blocks, mut parts) = (vec![self.read(item.place, list)?], vec![mine]);
            loop {
                let refill = refilled(&blocks, &parts);
                let next = chunk.item(at).filter(|_| self.joins(list, blocks.len(), &refill));
                let Some(next) = next else {
                    refill.write(list, item.fence, self.out(list), &mut items)?;
                    break;
                };
                let (mine, rest) = cells_of(chunk, at, cells);
                blocks.push(self.read(next.place, list)?);
                parts.push(mine);
                (cells, at) = (rest, at + 1);
            }
        }
        Ok(items)
    }

    /// Whether so many blocks, which come to that, are joined with one more.
    fn joins(&self, list: &[u8], blocks: usize, refill: &Refill<'_>) -> bool {
        if self.packs { blocks < PACKED_AT_ONCE } else { refill.is_sparse(list) }
    }

    /// A block that stays as it is, perhaps in another file.
    fn keep(&mut self, list: &[u8], item: &chunk::Item<'_>) -> Result<Item> {
        let mut place = item.place;
        if self.clear.contains_key(&place.file) {
            self.free(place);
            let file = self.version.file(place)?;
            place = file.frame(place, |frame| self.out(list).copy(frame))??;
        }
        Ok(Item { fence: item.fence.to_vec(), place, tally: item.tally() })
    }

    /// Reads a block that nothing will refer to any more.
    fn read(&mut self, place: Place, list: &[u8]) -> Result<Block> {
        self.free(place);
        self.ahead.read(self.version.file(place)?, place, list)
    }

    fn free(&mut self, place: Place) {
        self.freed.push(place);
        if let Some(left) = self.clear.get_mut(&place.file) {
            *left = left.saturating_sub(u64::from(place.length));
        }
    }

    /// Where blocks of the list are written to.
    fn out(&mut self, list: &[u8]) -> &mut Output {
        let of_ids = self.of_ids.as_mut().filter(|_| list == List::ids().bytes());
        of_ids.unwrap_or(&mut self.out)
    }

    /// Carries the blocks over that lie in files to be cleared and were not come by.
    fn clear_the_rest(&mut self) -> Result<()> {
        let mut chunks = BTreeSet::new();
        let (index, version, edit) = (self.index, self.version, &self.edit);
        let left = self.clear.iter().filter(|(_, left)| **left > 0);
        for file in left.filter_map(|(file, _)| version.files().get(file)) {
            file.each(&mut |offset, block| {
                let list = List::from_bytes(block.list());
                let Some((_, first)) = block.all().next() else { return Ok(()) };
                let Some(chunk) = index.find(version, &list, first.key)? else { return Ok(()) };
                let place = chunk.chunk.item(chunk.chunk.find(first.key)).map(|item| item.place);
                let is_live = place
                    .is_some_and(|place| (place.file, place.offset) == (file.number(), offset));
                if is_live && !edit.has(&chunk.key) {
                    chunks.insert(chunk.key.to_vec());
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

/// Cells for each chunk of ids from which on its blocks are mostly written anew.
const SCATTERED: u64 = 16;

/// The cells that fall into that block of a chunk, and those behind it.
fn cells_of<'c>(chunk: &Chunk, at: usize, cells: &'c [Cell]) -> (&'c [Cell], &'c [Cell]) {
    let here = chunk
        .item(at + 1)
        .map_or(cells.len(), |next| cells.partition_point(|cell| cell.order() < next.fence));
    cells.split_at_checked(here).unwrap_or((cells, &[]))
}

fn refilled<'r>(blocks: &'r [Block], parts: &[&'r [Cell]]) -> Refill<'r> {
    let mut refill = Refill::of(2 * parts.iter().map(|cells| cells.len() + 1).sum::<usize>());
    blocks.iter().zip(parts).for_each(|(block, cells)| refill.add(Some(block), cells));
    refill
}
