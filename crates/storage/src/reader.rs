//! One state of the index, for reading: entries by key, blocks in order, bodies.
//!
//! A reader holds the gate for its whole life, so that everything it finds belongs together. It does
//! not know filters.

use std::ops::{Bound, Range};
use std::sync::Arc;

use filedex_query::ejson::{self, Form};
use filedex_query::packed::PackedDocument;
use filedex_query::{Document, DocumentRef};
use parking_lot::RwLockReadGuard;

use crate::arrivals::Arrivals;
use crate::block::{Block, Draft, Entry};
use crate::class::Class;
use crate::columns::Columns;
use crate::counts::Counts;
use crate::directory::{Directory, Slot};
use crate::error::{Error, Result};
use crate::layout::{List, ROOM_COUNTS, after_prefix, by_id, list_of_counts};
use crate::merge::{Direction, Lying, Merged};
use crate::pending::{Change, Pending};
use crate::pool::Pool;
use crate::record::{self, Body, Place};
use crate::stage::{Run, Staging};
use crate::store::Store;
use crate::tree::Bytes;

/// A view of the store that no write changes.
pub(crate) struct Reader<'s> {
    pool: &'s Pool,
    pending: State<'s>,
}

/// The changes that a reader sees: kept in place by it, or by its caller.
enum State<'s> {
    Locked(RwLockReadGuard<'s, Pending>),
    Borrowed(&'s Pending),
}

impl std::ops::Deref for State<'_> {
    type Target = Pending;

    fn deref(&self) -> &Pending {
        match self {
            State::Locked(pending) => pending,
            State::Borrowed(pending) => pending,
        }
    }
}

/// An entry that was found, with the block it lies in.
pub(crate) struct Found {
    block: Block,
    class: Class,
    payload_at: Range<usize>,
}

impl Found {
    pub(crate) fn new(block: &Block, entry: &Entry<'_>) -> Found {
        let payload_at = entry.payload_at.clone();
        Found { block: block.clone(), class: entry.class, payload_at }
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.block.bytes().get(self.payload_at.clone()).unwrap_or_default()
    }

    /// Class and payload, copied.
    pub(crate) fn to_entry(&self) -> (Class, Vec<u8>) {
        (self.class, self.payload().to_vec())
    }
}

/// A record's body: where it lies in its block, or put together from its pieces.
pub(crate) enum Stored {
    InBlock(Found),
    Whole(Vec<u8>),
}

/// A record as the JSON text of a reply.
pub(crate) enum Text {
    InBlock(Found),
    Whole(Vec<u8>),
}

impl Text {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Text::InBlock(found) => found.payload(),
            Text::Whole(text) => text,
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Text::Whole(text) => text,
            text => text.bytes().to_vec(),
        }
    }
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

    /// The record of that `_id` as the JSON text of a reply.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn get_text(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let (reader, key) = (self.read(), by_id(id));
        if let Some(text) = reader.pool.records.get(&key) {
            return Ok(Some(text.to_vec()));
        }
        let Some(place) = reader.place(id)? else {
            return Ok(None);
        };
        let text = reader.text_at(place.list.bytes(), &place.order)?.into_bytes();
        reader.pool.records.keep(&key, text.as_slice().into());
        Ok(Some(text))
    }
}

/// The record as the JSON text of a reply.
pub(crate) fn text_of(record: DocumentRef<'_>) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    ejson::write_document(record, Form::Plain, &mut text);
    text
}

impl<'s> Reader<'s> {
    pub(crate) fn new(pool: &'s Pool, pending: RwLockReadGuard<'s, Pending>) -> Reader<'s> {
        Reader { pool, pending: State::Locked(pending) }
    }

    /// A reader for who is about to change these.
    pub(crate) fn of(pool: &'s Pool, pending: &'s Pending) -> Reader<'s> {
        Reader { pool, pending: State::Borrowed(pending) }
    }

    /// Entries of the id list that are not in its blocks yet.
    pub(crate) fn arrivals(&self) -> &Arrivals {
        &self.pending.arrivals
    }

    /// The columns kept in memory.
    pub(crate) fn columns(&self) -> &'s Columns {
        &self.pool.columns
    }

    /// The block under that key, from wherever it is nearest.
    pub(crate) fn block(&self, key: &[u8]) -> Result<Option<Block>> {
        match self.pending.get(key) {
            Some(Change::Block(draft)) => return Ok(Some(Block::Draft(draft.clone()))),
            Some(_) => return Ok(None),
            None => {}
        }
        if let Some(block) = self.pool.blocks.get(key) {
            return Ok(Some(block));
        }
        let bytes = self.pool.tree.get(key)?;
        bytes.map(|bytes| self.verify(key, bytes)).transpose()
    }

    /// The block that lies under that key. What is kept was verified before.
    pub(crate) fn open(&self, key: &[u8], lying: Lying) -> Result<Block> {
        match lying {
            Lying::Block(block) => Ok(block),
            Lying::Stored(bytes) => match self.pool.blocks.get(key) {
                Some(block) => Ok(block),
                None => self.verify(key, bytes),
            },
        }
    }

    fn verify(&self, key: &[u8], bytes: Bytes) -> Result<Block> {
        let block = Block::open(bytes)?;
        self.pool.blocks.keep(key, block.clone());
        Ok(block)
    }

    /// The block under a key that a directory named.
    pub(crate) fn listed_block(&self, key: &[u8]) -> Result<Block> {
        self.block(key)?.ok_or_else(|| Error::damaged("a block is listed but not there"))
    }

    /// The block of a room or user under that key with the text of each record in place of what it
    /// holds. The text of a record too long for a block is empty.
    pub(crate) fn texts(&self, key: &[u8], users: bool) -> Result<Block> {
        if let Some(texts) = self.pool.texts.get(key) {
            return Ok(texts);
        }
        let block = self.listed_block(key)?;
        let mut texts = Draft::default();
        for entry in block.read().entries() {
            let text = text_of(self.record(&block, &entry, users)?.document());
            let fits = u16::try_from(text.len()).is_ok();
            texts.push(entry.key, entry.class, if fits { &text } else { &[] })?;
        }
        let texts = Block::Draft(Arc::new(texts));
        self.pool.texts.keep(key, texts.clone());
        Ok(texts)
    }

    /// A value outside the lists.
    pub(crate) fn value(&self, key: &[u8]) -> Result<Option<Bytes>> {
        match self.pending.get(key) {
            Some(Change::Value(value)) => Ok(Some(value.clone())),
            Some(_) => Ok(None),
            None => self.pool.tree.get(key),
        }
    }

    /// Keys and values between the bounds.
    pub(crate) fn range(
        &self,
        lower: Bound<&[u8]>,
        upper: Bound<&[u8]>,
        direction: Direction,
    ) -> Merged<'_> {
        Merged::new(&self.pool.tree, &self.pending, lower, upper, direction)
    }

    /// Keys and values that begin with the prefix, in order.
    pub(crate) fn all(&self, prefix: &[u8]) -> Merged<'_> {
        let end = after_prefix(prefix);
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.range(Bound::Included(prefix), upper, Direction::Forward)
    }

    /// The list's directory, if there is one or the list is asked for so often that it is worth one.
    pub(crate) fn directory(&self, list: &[u8]) -> Result<Option<Arc<Directory>>> {
        self.directory_for(list, false)
    }

    fn directory_for(&self, list: &[u8], writes: bool) -> Result<Option<Arc<Directory>>> {
        if let Some(directory) = self.pool.directories.get(list) {
            return Ok(Some(directory));
        }
        let list = List::from_bytes(list);
        let records = self.stored_counts(&list)?.total();
        if records == 0 && list != List::ids() {
            return Ok(Some(self.keep_directory(&list, [])));
        }
        match self.pool.directories.is_worthwhile(&list, records, writes) {
            true => self.build_directory(&list).map(Some),
            false => Ok(None),
        }
    }

    /// The list's directory, made now if there is none.
    pub(crate) fn build_directory(&self, list: &List) -> Result<Arc<Directory>> {
        if let Some(directory) = self.pool.directories.get(list.bytes()) {
            return Ok(directory);
        }
        let mut slots = Vec::new();
        for block in self.all(list.bytes()) {
            let (key, lying) = block?;
            let counts = lying.block()?.read().counts().collect();
            slots.push(Slot::new(list.bytes().len(), &key, counts));
        }
        Ok(self.keep_directory(list, slots))
    }

    fn keep_directory(&self, list: &List, slots: impl IntoIterator<Item = Slot>) -> Arc<Directory> {
        let directory = Arc::new(Directory::of(list, slots));
        self.pool.directories.keep(list, directory.clone());
        directory
    }

    /// The record of that id.
    pub(crate) fn by_id(&self, id: &str) -> Result<Option<Stored>> {
        self.place(id)?.map(|place| self.at(place.list.bytes(), &place.order)).transpose()
    }

    /// Where the record of that id lies.
    pub(crate) fn place(&self, id: &str) -> Result<Option<Place>> {
        let named = self.named(&by_id(id))?;
        named.map(|(_, place)| Place::from_bytes(&place, id)).transpose()
    }

    /// The record of that order in the list whose keys begin with these bytes.
    pub(crate) fn at(&self, list: &[u8], order: &[u8]) -> Result<Stored> {
        let list = List::from_bytes(list);
        match self.find(&list, order)? {
            Some(found) => self.body(found),
            None => Err(unlisted()),
        }
    }

    /// The text of that record: as its block was written out, if it was, else written now.
    pub(crate) fn text_at(&self, list: &[u8], order: &[u8]) -> Result<Text> {
        if let Some(directory) = self.directory(list)? {
            let key = directory.find(order).map(|at| directory.key(at)).ok_or_else(unlisted)?;
            if let Some(texts) = self.pool.texts.get(key) {
                let entry = texts.read().find(order).ok_or_else(unlisted)?;
                if !entry.payload.is_empty() {
                    return Ok(Text::InBlock(Found::new(&texts, &entry)));
                }
            }
            return self.text_beneath(key, order, false);
        }
        Ok(Text::Whole(text_of(self.at(list, order)?.document())))
    }

    /// The text of the record of that order in a block of a room or user.
    pub(crate) fn text_beneath(&self, block: &[u8], order: &[u8], users: bool) -> Result<Text> {
        let block = self.listed_block(block)?;
        let entry = block.read().find(order).ok_or_else(unlisted)?;
        Ok(Text::Whole(text_of(self.record(&block, &entry, users)?.document())))
    }

    /// The record of an entry in a block of a room, or of a user.
    pub(crate) fn record(&self, block: &Block, entry: &Entry<'_>, users: bool) -> Result<Stored> {
        match users {
            true => self.at(entry.payload, entry.key),
            false => self.body(Found::new(block, entry)),
        }
    }

    /// The body behind an entry of a room's list.
    pub(crate) fn body(&self, found: Found) -> Result<Stored> {
        match Body::read(found.payload())? {
            Body::Inline(_) => Ok(Stored::InBlock(found)),
            pieces => record::assemble(pieces, |key| self.value(key)).map(Stored::Whole),
        }
    }

    /// How many records of each class the list holds.
    pub(crate) fn counts(&self, list: &List) -> Result<Counts> {
        match self.pool.directories.get(list.bytes()) {
            // That of the id list does not know what waits to be sorted into its blocks.
            Some(directory) if *list != List::ids() => Ok(directory.total().clone()),
            _ => self.stored_counts(list),
        }
    }

    /// How many records of each class the list holds, as it is written.
    pub(crate) fn stored_counts(&self, list: &List) -> Result<Counts> {
        match self.value(&list.counts_key())? {
            Some(bytes) => Counts::from_bytes(&bytes),
            None => Ok(Counts::default()),
        }
    }

    /// The last block of the list that begins at or before that entry, by its key, along the tree.
    pub(crate) fn block_before(&self, list: &List, key: &[u8]) -> Result<Option<(Bytes, Lying)>> {
        let (lower, upper) = (list.block_key(&[]), list.block_key(key));
        let (lower, upper) = (Bound::Included(&*lower), Bound::Included(&*upper));
        self.range(lower, upper, Direction::Backward).next().transpose()
    }

    /// The key of the block in which that entry lies or belongs; of the first one, if there is none yet.
    pub(crate) fn block_key_for(&self, list: &List, key: &[u8]) -> Result<Vec<u8>> {
        let found = self.block_before(list, key)?;
        Ok(found.map_or_else(|| list.block_key(&[]), |(key, _)| key.to_vec()))
    }

    /// Class and payload of the entry with that key.
    pub(crate) fn entry(&self, list: &List, key: &[u8]) -> Result<Option<(Class, Vec<u8>)>> {
        let Some((_, lying)) = self.block_before(list, key)? else {
            return Ok(None);
        };
        let block = lying.block()?;
        let entry = block.read().find(key);
        Ok(entry.map(|entry| (entry.class, entry.payload.to_vec())))
    }

    /// The first room's list, or the one after that list.
    pub(crate) fn room_after(&self, list: Option<&List>) -> Result<Option<List>> {
        let after = list.map(List::counts_key);
        let lower = after.as_deref().map_or(Bound::Included(ROOM_COUNTS), Bound::Excluded);
        let end = after_prefix(ROOM_COUNTS);
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.range(lower, upper, Direction::Forward).next().transpose()?;
        Ok(next.map(|(key, _)| list_of_counts(&key)))
    }

    /// The block in which that entry lies or belongs; none if the list is empty.
    pub(crate) fn block_for(&self, list: &List, key: &[u8]) -> Result<Option<Block>> {
        match self.directory(list.bytes())? {
            Some(directory) => {
                let at = directory.find(key);
                at.map(|at| self.listed_block(directory.key(at))).transpose()
            }
            None => {
                let found = self.block_before(list, key)?;
                found.map(|(key, lying)| self.open(&key, lying)).transpose()
            }
        }
    }

    /// The entries, which are in order, by the blocks in which they lie or belong. Each block is read.
    pub(crate) fn runs<K: AsRef<[u8]>, P>(
        &self,
        list: &List,
        entries: &[(K, Staging<P>)],
    ) -> Result<Vec<Run>> {
        let directory = self.directory_for(list.bytes(), true)?;
        let mut runs: Vec<Run> = Vec::new();
        for (at, (key, _)) in entries.iter().enumerate() {
            let key = key.as_ref();
            let position = directory.as_ref().and_then(|directory| directory.find(key));
            let block = match (runs.last_mut(), &directory, position) {
                (Some(run), _, Some(_)) if run.position == position => {
                    run.entries.end = at + 1;
                    continue;
                }
                (_, Some(directory), Some(at)) => {
                    self.listed_block(directory.key(at))?;
                    directory.key(at).to_vec()
                }
                // Before all blocks of the list, if it has any.
                (_, Some(_), None) => list.block_key(&[]),
                (_, None, _) => self.block_read_for(list, key)?,
            };
            match runs.last_mut() {
                Some(run) if run.block == block => run.entries.end = at + 1,
                _ => runs.push(Run { block, position, entries: at..at + 1 }),
            }
        }
        Ok(runs)
    }

    /// Class and payload of the entry of the id list with that key.
    pub(crate) fn named(&self, key: &[u8]) -> Result<Staging> {
        match self.arrived(key) {
            Some(arrived) => Ok(arrived),
            None => Ok(self.find(&List::ids(), key)?.map(|found| found.to_entry())),
        }
    }

    /// The same, if it waits to be sorted into its block.
    pub(crate) fn arrived(&self, key: &[u8]) -> Option<Staging> {
        let arrived = self.pending.arrivals.get(key)?;
        Some(arrived.map(|(class, payload)| (class, payload.to_vec())))
    }

    /// The entry of that key.
    pub(crate) fn find(&self, list: &List, key: &[u8]) -> Result<Option<Found>> {
        let Some(block) = self.block_for(list, key)? else {
            return Ok(None);
        };
        let entry = block.read().find(key);
        Ok(entry.map(|entry| Found::new(&block, &entry)))
    }

    /// The key of the block in which that entry lies or belongs, along the tree. The block is read.
    fn block_read_for(&self, list: &List, key: &[u8]) -> Result<Vec<u8>> {
        match self.block_before(list, key)? {
            Some((block, lying)) => self.open(&block, lying).map(|_| block.to_vec()),
            None => Ok(list.block_key(&[])),
        }
    }
}

fn unlisted() -> Error {
    Error::damaged("a record is listed but not there")
}
