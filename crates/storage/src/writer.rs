//! Puts, updates and removes: from a document to the entries of three lists, in one atomic write.
//!
//! One write at a time is worked out on a [`Stage`]; readers are kept out only while the finished
//! changes are applied. This file does not know blocks.

use filedex_query::{Document, DocumentRef};

use crate::class::Class;
use crate::error::{Error, Result};
use crate::layout::{by_id, piece_key};
use crate::operation::{self, Operation};
use crate::options::Durability;
use crate::record::{self, Body, PIECE_BYTES, Place, Record, user_of};
use crate::stage::Stage;
use crate::store::Store;

/// What a put did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Put {
    /// There was no record of that `_id`.
    Inserted,
    /// The record of that `_id` was another.
    Replaced,
    /// The record stood there already, to the byte; nothing was written.
    Unchanged,
}

/// What many puts did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Records that were new.
    pub inserted: u64,
    /// Records that replaced another.
    pub replaced: u64,
    /// Records that stood there already.
    pub unchanged: u64,
}

impl Tally {
    /// Counts one more put.
    pub fn add(&mut self, put: Put) {
        match put {
            Put::Inserted => self.inserted += 1,
            Put::Replaced => self.replaced += 1,
            Put::Unchanged => self.unchanged += 1,
        }
    }
}

/// Records of one atomic write of [`Store::put_many`]. A larger write holds more memory than it saves
/// work.
const RECORDS_PER_WRITE: usize = 1000;

impl Store {
    /// Puts a record: a new one, or in place of the one with the same `_id`.
    ///
    /// ```
    /// use filedex_query::Document;
    /// use filedex_storage::{Options, Put, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// let file = Document::new().with("_id", "a").with("rid", "GENERAL");
    /// assert_eq!(store.put(&file)?, Put::Inserted);
    /// assert_eq!(store.put(&file)?, Put::Unchanged);
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidRecord` for a document that cannot be a record; `Io` and `Poisoned` from the disk.
    pub fn put(&self, record: &Document) -> Result<Put> {
        self.put_with(record, self.options().durability)
    }

    /// Puts a record with a promise of its own.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub fn put_with(&self, record: &Document, durability: Durability) -> Result<Put> {
        let record = Record::new(record, self.options().limits.document_depth)?;
        self.write(durability, |stage| put(stage, record))
    }

    /// Puts many records, up to 1,000 in one atomic write. The order of the records is kept:
    /// of two with one `_id` the later stays.
    ///
    /// # Errors
    /// As [`Store::put`]. The writes before the failing one stand; none of the failing one does.
    pub fn put_many(&self, records: impl IntoIterator<Item = Document>) -> Result<Tally> {
        let depth = self.options().limits.document_depth;
        let mut tally = Tally::default();
        let mut records = records.into_iter();
        let mut batch = Vec::new();
        loop {
            // Each document goes as soon as its record is made, while it is near at hand.
            for document in records.by_ref().take(RECORDS_PER_WRITE) {
                batch.push(Record::new(&document, depth)?);
            }
            if batch.is_empty() {
                self.make_durable(self.options().durability)?;
                return Ok(tally);
            }
            self.put_batch(&mut batch, &mut tally)?;
        }
    }

    /// Puts records in one write and empties the batch; the last write of a run of puts makes all of them
    /// durable.
    pub(crate) fn put_batch(&self, batch: &mut Vec<Record>, tally: &mut Tally) -> Result<()> {
        let bytes = batch.iter().map(|record| record.body().len()).sum();
        let puts = self.write(Durability::Relaxed, |stage| {
            stage.operations().reserve(batch.len(), bytes);
            batch.drain(..).map(|record| put(stage, record)).collect::<Result<Vec<Put>>>()
        })?;
        puts.into_iter().for_each(|put| tally.add(put));
        Ok(())
    }

    /// Changes a record. `None` if there is none of that `_id`. The change is worked out on a copy
    /// and may be asked for again if another write came between.
    ///
    /// # Errors
    /// As [`Store::put`]; `InvalidRecord` also if the change touches `_id`.
    pub fn update(&self, id: &str, mut change: impl FnMut(&mut Document)) -> Result<Option<Put>> {
        loop {
            let Some(before) = self.get(id)? else {
                return Ok(None);
            };
            let mut after = before.clone();
            change(&mut after);
            if after.get("_id") != before.get("_id") {
                return Err(Error::invalid("an update cannot change `_id`; put a new record"));
            }
            let depth = self.options().limits.document_depth;
            let (before, after) = (Record::new(&before, depth)?, Record::new(&after, depth)?);
            let put = self.write(self.options().durability, |stage| {
                match stored(stage, id, &by_id(id))? {
                    Some(old) if old.body == before.body() => put(stage, after).map(Some),
                    _ => Ok(None),
                }
            })?;
            if put.is_some() {
                return Ok(put);
            }
        }
    }

    /// Removes a record; says whether there was one.
    ///
    /// # Errors
    /// `Io`, `Damaged` and `Poisoned` from the disk.
    pub fn remove(&self, id: &str) -> Result<bool> {
        self.write(self.options().durability, |stage| remove(stage, id))
    }

    /// Removes many records, up to 1,000 in one atomic write; says how many there were.
    ///
    /// # Errors
    /// As [`Store::remove`].
    pub fn remove_many(&self, ids: impl IntoIterator<Item = String>) -> Result<u64> {
        let mut removed = 0;
        let mut ids = ids.into_iter();
        loop {
            let batch: Vec<String> = ids.by_ref().take(RECORDS_PER_WRITE).collect();
            if batch.is_empty() {
                self.make_durable(self.options().durability)?;
                return Ok(removed);
            }
            let found = self.write(Durability::Relaxed, |stage| {
                batch.iter().map(|id| remove(stage, id)).collect::<Result<Vec<bool>>>()
            })?;
            removed += found.into_iter().filter(|found| *found).count() as u64;
        }
    }
}

/// Does again what an entry of the log says.
pub(crate) fn replay(stage: &mut Stage<'_>, payload: &[u8]) -> Result<()> {
    for operation in operation::read(payload)? {
        match operation {
            Operation::Put(body) => {
                let document = DocumentRef::from(body).to_document();
                // It was within the limits of the day when it was put.
                put(stage, Record::new(&document, usize::MAX)?)?;
            }
            Operation::Remove(id) => drop(remove(stage, id)?),
        }
    }
    Ok(())
}

fn put(stage: &mut Stage<'_>, record: Record) -> Result<Put> {
    let key = by_id(&record.id);
    let old = stored(stage, &record.id, &key)?;
    if old.as_ref().is_some_and(|old| old.body == record.body()) {
        return Ok(Put::Unchanged);
    }
    if let Some(old) = &old {
        unlink(stage, &record.id, old)?;
    }
    stage.operations().put(record.body());
    let before = old.as_ref().map(|old| old.class);
    stage.name(key, before, Some((record.class, record.place.to_bytes(&record.id))));
    link(stage, record);
    Ok(if old.is_some() { Put::Replaced } else { Put::Inserted })
}

fn remove(stage: &mut Stage<'_>, id: &str) -> Result<bool> {
    let key = by_id(id);
    let Some(old) = stored(stage, id, &key)? else {
        return Ok(false);
    };
    unlink(stage, id, &old)?;
    stage.name(key, Some(old.class), None);
    stage.operations().remove(id);
    Ok(true)
}

/// Enters a record into all lists but the id list.
fn link(stage: &mut Stage<'_>, mut record: Record) {
    let (place, class) = (&record.place, record.class);
    if record.is_in_pieces() {
        for (piece, bytes) in (0..).zip(record.body().chunks(PIECE_BYTES)) {
            stage.set_value(piece_key(&record.id, piece), Some(bytes.to_vec()));
        }
    }
    if let Some(user) = record.user.take() {
        stage.insert(user, place.order.clone(), class, place.list.bytes().to_vec());
    }
    let (place, payload) = record.into_entry();
    stage.insert(place.list, place.order, class, payload);
}

/// Takes a record out of all lists but the id list.
fn unlink(stage: &mut Stage<'_>, id: &str, old: &Old) -> Result<()> {
    let place = &old.place;
    if let Some((_, payload)) = stage.find(&place.list, &place.order)? {
        let pieces = Body::read(&payload)?.pieces();
        (0..pieces).for_each(|piece| stage.set_value(piece_key(id, piece), None));
    }
    if let Some(user) = user_of(record::document(&old.body)) {
        stage.remove(user, place.order.clone());
    }
    stage.remove(place.list.clone(), place.order.clone());
    Ok(())
}

/// A record as it stood before a change.
struct Old {
    class: Class,
    place: Place,
    body: Vec<u8>,
}

/// The record of that id, under that key of the id list, as it will stand.
fn stored(stage: &Stage<'_>, id: &str, key: &[u8]) -> Result<Option<Old>> {
    let Some((class, place)) = stage.named(key)? else {
        return Ok(None);
    };
    let place = Place::from_bytes(&place, id)?;
    let Some((_, payload)) = stage.find(&place.list, &place.order)? else {
        return Err(Error::damaged(format_args!("record `{id}` is listed but not there")));
    };
    let body = record::assemble(Body::read(&payload)?, |key| stage.value(key))?;
    Ok(Some(Old { class, place, body }))
}
