//! One state of the index, for reading: entries by key, blocks in order, bodies.
//!
//! A reader holds the gate for its whole life, so that everything it finds belongs together. It does
//! not know filters.

use std::ops::{Bound, Range};

use filedex_query::packed::PackedDocument;
use filedex_query::{Document, DocumentRef};
use parking_lot::RwLockReadGuard;

use crate::block::BlockRef;
use crate::class::Class;
use crate::counts::Counts;
use crate::directory::{BlockCounts, Directories, Start};
use crate::error::{Error, Result};
use crate::layout::{List, ROOM_COUNTS, after_prefix, by_id, list_of_counts};
use crate::record::{self, Body, Place};
use crate::store::Store;
use crate::tree::{Bytes, Tree};

/// A view of the store that no write changes.
pub(crate) struct Reader<'t> {
    tree: &'t Tree,
    directories: &'t Directories,
    _gate: RwLockReadGuard<'t, ()>,
}

/// An entry that was found, with the block it lies in.
pub(crate) struct Found {
    block: Bytes,
    payload_at: Range<usize>,
}

impl Found {
    pub(crate) fn new(block: &Bytes, payload_at: Range<usize>) -> Found {
        Found { block: block.clone(), payload_at }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.block.get(self.payload_at.clone()).unwrap_or_default()
    }
}

/// A record's body: where it lies in its block, or put together from its pieces.
pub(crate) enum Stored {
    InBlock(Found),
    Whole(Vec<u8>),
}

impl Stored {
    /// The record, read in place.
    pub(crate) fn document(&self) -> DocumentRef<'_> {
        self.packed().into()
    }

    /// The record's stored form.
    pub(crate) fn packed(&self) -> PackedDocument<'_> {
        PackedDocument::new(match self {
            Stored::InBlock(found) => found.payload().get(1..).unwrap_or_default(),
            Stored::Whole(body) => body,
        })
    }
}

impl Store {
    /// The record of that `_id`.
    ///
    /// # Errors
    /// `Damaged`, `Io` or `Poisoned` from the disk.
    pub fn get(&self, id: &str) -> Result<Option<Document>> {
        let stored = self.read().by_id(id)?;
        Ok(stored.map(|stored| stored.document().to_document()))
    }
}

impl<'t> Reader<'t> {
    pub(crate) fn new(
        tree: &'t Tree,
        directories: &'t Directories,
        gate: RwLockReadGuard<'t, ()>,
    ) -> Reader<'t> {
        Reader { tree, directories, _gate: gate }
    }

    /// The block of the list in which the record after `offset` matching ones lies. The list's
    /// directory is built if it has none.
    pub(crate) fn start(
        &self,
        list: &List,
        backward: bool,
        offset: u64,
        mut matches: impl FnMut(Class) -> bool,
    ) -> Result<Option<Start>> {
        if let Some(start) = self.directories.start(list, backward, offset, &mut matches) {
            return Ok(Some(start));
        }
        let end = after_prefix(list.bytes()).map_or(Bound::Unbounded, Bound::Excluded);
        let mut blocks = Vec::new();
        for block in self.tree.range(Bound::Included(list.block_key(&[])), end) {
            let (key, bytes) = block?;
            let mut counts = Counts::default();
            BlockRef::read(&bytes)?.counts().for_each(|(class, count)| counts.add(class, count));
            blocks.push(BlockCounts { key: key.to_vec(), counts });
        }
        self.directories.keep(list, blocks);
        Ok(self.directories.start(list, backward, offset, matches))
    }

    /// The record of that id.
    pub(crate) fn by_id(&self, id: &str) -> Result<Option<Stored>> {
        let Some(entry) = self.find(&List::ids(), &by_id(id))? else {
            return Ok(None);
        };
        let place = Place::from_bytes(entry.payload())?;
        self.at(&place).map(Some)
    }

    /// The record at that place.
    pub(crate) fn at(&self, place: &Place) -> Result<Stored> {
        match self.find(&place.list, &place.order)? {
            Some(found) => self.body(found),
            None => Err(Error::damaged("a record is listed but not there")),
        }
    }

    /// The body behind an entry of a room's list.
    pub(crate) fn body(&self, found: Found) -> Result<Stored> {
        match Body::read(found.payload())? {
            Body::Inline(_) => Ok(Stored::InBlock(found)),
            pieces => record::assemble(pieces, |key| self.tree.get(key)).map(Stored::Whole),
        }
    }

    /// How many records of each class the list holds.
    pub(crate) fn counts(&self, list: &List) -> Result<Counts> {
        match self.tree.get(&list.counts_key())? {
            Some(bytes) => Counts::from_bytes(&bytes),
            None => Ok(Counts::default()),
        }
    }

    /// Keys and values between the bounds.
    pub(crate) fn range(
        &self,
        lower: Bound<Vec<u8>>,
        upper: Bound<Vec<u8>>,
    ) -> impl DoubleEndedIterator<Item = Result<(Bytes, Bytes)>> + use<> {
        self.tree.range(lower, upper)
    }

    /// The key of the last block of the list that begins at or before that entry.
    pub(crate) fn block_before(&self, list: &List, key: &[u8]) -> Result<Option<(Bytes, Bytes)>> {
        let lower = Bound::Included(list.block_key(&[]));
        let upper = Bound::Included(list.block_key(key));
        self.tree.range(lower, upper).next_back().transpose()
    }

    /// Class and payload of the entry with that key.
    pub(crate) fn entry(&self, list: &List, key: &[u8]) -> Result<Option<(Class, Vec<u8>)>> {
        let Some((_, block)) = self.block_before(list, key)? else {
            return Ok(None);
        };
        let entry = BlockRef::read(&block)?.find(key);
        Ok(entry.map(|entry| (entry.class, entry.payload.to_vec())))
    }

    /// The first room's list, or the one after that list.
    pub(crate) fn room_after(&self, list: Option<&List>) -> Result<Option<List>> {
        let lower = match list {
            Some(list) => Bound::Excluded(list.counts_key()),
            None => Bound::Included(ROOM_COUNTS.to_vec()),
        };
        let end = after_prefix(ROOM_COUNTS).map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.tree.range(lower, end).next().transpose()?;
        Ok(next.map(|(key, _)| list_of_counts(&key)))
    }

    fn find(&self, list: &List, key: &[u8]) -> Result<Option<Found>> {
        let Some((_, block)) = self.block_before(list, key)? else {
            return Ok(None);
        };
        let entry = BlockRef::read(&block)?.find(key);
        Ok(entry.map(|entry| Found::new(&block, entry.payload_at)))
    }
}
