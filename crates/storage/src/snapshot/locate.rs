//! Entries by key, and what lists add up to.

use std::sync::Arc;

use super::found::{Found, Stored};
use super::state::Snapshot;
use crate::blocks::Ahead;
use crate::error::{Error, Result};
use crate::format::keys::{by_id, id_of};
use crate::format::lists::{Kind, kind};
use crate::format::{Block, List, Place, Standing, Tally};
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
        let Some(chunk) = self.pool.index.find(&self.state.version, list, key)? else {
            return Ok(None);
        };
        let chunk = &chunk.chunk;
        let Some(item) = chunk.item(chunk.find(key)) else { return Ok(None) };
        let block = self.block_for_one(item.place, list.bytes())?;
        let at = block.find(key).map(|(at, _)| at);
        Ok(at.map(|at| Found::InBlock(block, at)))
    }

    /// The block at that place, from wherever it is nearest.
    pub(crate) fn block(self, place: Place, list: &[u8]) -> Result<Block> {
        if let Some(block) = self.pool.caches.blocks.get(&place) {
            return Ok(block);
        }
        let block = self.state.version.block(place, list)?;
        self.pool.caches.blocks.keep(place, block.clone(), block.memory());
        Ok(block)
    }

    /// The same for the sake of one of its entries: it is kept from the second time on.
    fn block_for_one(self, place: Place, list: &[u8]) -> Result<Block> {
        let caches = &self.pool.caches;
        if let Some(block) = caches.blocks.get(&place) {
            return Ok(block);
        }
        match caches.seen.again(&place) {
            true => self.block(place, list),
            false => self.state.version.block(place, list),
        }
    }

    /// The same for who comes by many blocks once, in order: it is not kept.
    pub(crate) fn block_by_the_way(
        self,
        place: Place,
        list: &[u8],
        ahead: &mut Ahead,
    ) -> Result<Block> {
        match self.pool.caches.blocks.get(&place) {
            Some(block) => Ok(block),
            None => ahead.read(self.state.version.file(place)?, place, list),
        }
    }

    /// The record of that id.
    pub(crate) fn by_id(self, id: &str) -> Result<Option<Stored>> {
        let Some(pointer) = self.find(&List::ids(), &by_id(id))? else { return Ok(None) };
        self.follow(pointer.payload(), id).map(Some)
    }

    /// The record that an entry of the id list points to.
    pub(crate) fn follow(self, pointer: &[u8], id: &str) -> Result<Stored> {
        let place = Standing::follow(pointer, id);
        let (room, order) =
            place.ok_or_else(|| Error::damaged("an entry of the id list is malformed"))?;
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

    /// The record of that order in the room whose list has that key.
    pub(crate) fn record(self, room: &[u8], order: &[u8]) -> Result<Stored> {
        let found = self.find(&List::from_bytes(room), order)?;
        found.map(Found::into_record).ok_or_else(unlisted)
    }
}

pub(crate) fn unlisted() -> Error {
    Error::damaged("a record is listed but not there")
}
