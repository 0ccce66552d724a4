//! Entries by key, and what lists add up to.

use std::borrow::Cow;
use std::sync::Arc;

use filedex_query::Path;

use super::found::{Found, Stored};
use super::state::Snapshot;
use crate::blocks::Ahead;
use crate::cache::Part;
use crate::columns::ColumnFile;
use crate::error::{Error, Result};
use crate::format::keys::{by_id, id_of};
use crate::format::lists::{Kind, holds_records, kind};
use crate::format::{Block, Entry, List, Place, Standing, Tally};
use crate::memtable::Cell;

impl<'s> Snapshot<'s> {
    /// What the list adds up to.
    pub(crate) fn tally(self, list: &List) -> Result<Arc<Tally>> {
        let mut tally = self.pool.index.total(&self.state.version, list)?;
        let written = self.written(list);
        if !written.is_nothing() {
            Arc::make_mut(&mut tally).add_all(&written);
        }
        Ok(tally)
    }

    /// By how much the memtables change what the list adds up to.
    pub(crate) fn written(self, list: &List) -> Tally {
        match self.is_settled() {
            true => Tally::default(),
            false => self.state.change(list.bytes(), &list.end()),
        }
    }

    /// The cell of a key among all keys.
    pub(crate) fn cell(self, key: &[u8]) -> Option<&'s Cell> {
        self.state.active.get(key).or_else(|| self.state.frozen.get(key))
    }

    /// The entry of that key in the list.
    pub(crate) fn find(self, list: &List, key: &[u8]) -> Result<Option<Found>> {
        if !self.is_settled()
            && let Some(cell) = self.cell(&list.key(key))
        {
            return Ok(cell.after().map(|_| Found::InCell(cell.clone())));
        }
        self.find_in_blocks(list, key)
    }

    /// The same, memtables left aside.
    pub(crate) fn find_in_blocks(self, list: &List, key: &[u8]) -> Result<Option<Found>> {
        let Some(place) = self.place_of(list, key)? else { return Ok(None) };
        let Some(block) = self.block_for_one(place, list.bytes(), key)? else {
            return Ok(None);
        };
        let at = block.find(key).map(|(at, _)| at);
        Ok(at.map(|at| Found::InBlock(block, at)))
    }

    /// Where the block of the list lies in which that key lies or belongs; nowhere for a list without blocks.
    pub(crate) fn place_of(self, list: &List, key: &[u8]) -> Result<Option<Place>> {
        let chunk = self.pool.index.find(&self.state.version, list, key)?;
        let item = chunk.as_ref().and_then(|chunk| chunk.chunk.item(chunk.chunk.find(key)));
        Ok(item.map(|item| item.place))
    }

    /// The columns beside the file of the block at that place, if there are some of all these paths.
    pub(crate) fn columns(self, place: Place, paths: &[Path]) -> Result<Option<&'s ColumnFile>> {
        let columns = self.state.version.file(place)?.columns();
        Ok(columns.filter(|columns| columns.has(paths.iter())))
    }

    /// The block at that place, from wherever it is nearest.
    pub(crate) fn block(self, place: Place, list: &[u8]) -> Result<Block> {
        self.kept_or(place, || self.state.version.block(place, list))
    }

    /// The same of whatever list it is one.
    pub(crate) fn block_of_any(self, place: Place) -> Result<Block> {
        self.kept_or(place, || self.state.version.file(place)?.read_any(place))
    }

    /// A block with the entry of that number in the block at that place, of whatever list, and its number there: all of
    /// it if it is at hand, else that entry alone.
    pub(crate) fn nth(self, place: Place, at: usize) -> Result<(Block, usize)> {
        let (caches, part) = (&self.pool.caches, Part::nth(place, at));
        if let Some(block) = caches.blocks.get(&Part::whole(place)) {
            return Ok((block, at));
        }
        let kept = caches.blocks.get(&part);
        if let Some(alone) = kept.filter(|alone| alone.place_of(0) == Some((place, at))) {
            return Ok((alone, 0));
        }
        let alone = self.state.version.file(place)?.nth(place, at)?;
        caches.blocks.keep(part, alone.clone(), alone.memory());
        Ok((alone, 0))
    }

    fn kept_or(self, place: Place, read: impl FnOnce() -> Result<Block>) -> Result<Block> {
        let (caches, whole) = (&self.pool.caches, Part::whole(place));
        if let Some(block) = caches.blocks.get(&whole) {
            return Ok(block);
        }
        let block = read()?;
        caches.blocks.keep(whole, block.clone(), block.memory());
        Ok(block)
    }

    /// Whether the index lists a block where it lies: none has taken its place.
    pub(crate) fn is_listed(self, block: &Block) -> Result<bool> {
        let Some(((place, _), first)) = block.place_of(0).zip(block.entry(0)) else {
            return Ok(false);
        };
        let listed = self.place_of(&List::from_bytes(block.list()), first.key)?;
        Ok(listed == Some(place))
    }

    /// The same for the sake of one of its entries, of records that one alone, which may be none: it is kept
    /// from the second time on.
    fn block_for_one(self, place: Place, list: &[u8], key: &[u8]) -> Result<Option<Block>> {
        let (caches, whole) = (&self.pool.caches, Part::whole(place));
        if let Some(block) = caches.blocks.get(&whole) {
            return Ok(Some(block));
        }
        if !holds_records(list) {
            return match caches.seen.again(&whole) {
                true => self.block(place, list).map(Some),
                false => self.state.version.block(place, list).map(Some),
            };
        }
        let part = caches.part(place, key);
        // Of two keys with the same hash one is kept.
        if let Some(block) = caches.blocks.get(&part)
            && block.find(key).is_some()
        {
            return Ok(Some(block));
        }
        let file = self.state.version.file(place)?;
        let block = file.entry(place, list, key, |at, entry| Block::alone(list, entry, at))?;
        let Some(block) = block.flatten().map(|block| block.lying_at(place)) else {
            return Ok(None);
        };
        if caches.seen.again(&part) {
            caches.blocks.keep(part, block.clone(), block.memory());
        }
        Ok(Some(block))
    }

    /// The same for who comes by many blocks once, in order: it is not kept.
    pub(crate) fn block_by_the_way(
        self,
        place: Place,
        list: &[u8],
        ahead: &mut Ahead,
    ) -> Result<Block> {
        match self.pool.caches.blocks.get(&Part::whole(place)) {
            Some(block) => Ok(block),
            None => ahead.read(self.state.version.file(place)?, place, list),
        }
    }

    /// The same for who goes through some of the list, or through so much that not all of it could be kept.
    pub(crate) fn block_of(
        self,
        place: Place,
        list: &[u8],
        is_long: bool,
        ahead: &mut Ahead,
    ) -> Result<Block> {
        match is_long {
            true => self.block_by_the_way(place, list, ahead),
            false => self.block(place, list),
        }
    }

    /// The record of that id.
    pub(crate) fn by_id(self, id: &str) -> Result<Option<Stored>> {
        let Some(pointer) = self.find(&List::ids(), &by_id(id))? else { return Ok(None) };
        self.follow(pointer.payload(), id).map(Some)
    }

    /// The record that an entry of the id list points to.
    pub(crate) fn follow(self, pointer: &[u8], id: &str) -> Result<Stored> {
        let (room, order) = followed(pointer, id)?;
        self.record(room, &order)
    }

    /// The record behind an entry of the list of that key.
    pub(crate) fn resolve(self, list: &[u8], found: Found) -> Result<Stored> {
        match kind(list) {
            Kind::Records => Ok(found.into_record()),
            Kind::Ids => {
                let entry = found.entry();
                let id = entry.as_ref().and_then(|entry| id_of(entry.key));
                self.follow(found.payload(), &id.ok_or_else(unlisted)?)
            }
            Kind::Pointers => {
                let entry = found.entry().ok_or_else(unlisted)?;
                self.record(entry.payload, entry.key)
            }
        }
    }

    /// Shows the body of the record behind an entry of the list of that key, as blocks have both, to who keeps what he
    /// makes of it.
    pub(super) fn show_in_blocks<T>(
        self,
        list: &[u8],
        entry: &Entry<'_>,
        show: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        let id;
        let (room, order) = match kind(list) {
            Kind::Ids => {
                id = id_of(entry.key).ok_or_else(unlisted)?;
                let (room, order) = followed(entry.payload, &id)?;
                (room, Cow::Owned(order))
            }
            Kind::Pointers => (entry.payload, Cow::Borrowed(entry.key)),
            Kind::Records => return show(entry.payload),
        };
        let room = List::from_bytes(room);
        let place = self.place_of(&room, &order)?.ok_or_else(unlisted)?;
        let (file, list) = (self.state.version.file(place)?, room.bytes());
        let shown = file.entry(place, list, &order, |_, entry| show(entry.payload))?;
        shown.ok_or_else(unlisted)?
    }

    /// The record of that order in the room whose list has that key.
    pub(crate) fn record(self, room: &[u8], order: &[u8]) -> Result<Stored> {
        let found = self.find(&List::from_bytes(room), order)?;
        found.map(Found::into_record).ok_or_else(unlisted)
    }
}

/// The list and the key there that an entry of the id list points to.
fn followed<'p>(pointer: &'p [u8], id: &str) -> Result<(&'p [u8], Vec<u8>)> {
    let place = Standing::follow(pointer, id);
    place.ok_or_else(|| Error::damaged("an entry of the id list is malformed"))
}

pub(crate) fn unlisted() -> Error {
    Error::damaged("a record is listed but not there")
}
