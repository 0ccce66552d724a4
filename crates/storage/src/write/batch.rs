//! One atomic write, while it is being worked out: which cells it sets, and what the log is told.

use std::collections::HashMap;
use std::sync::Arc;

use quick_cache::DefaultHashBuilder;

use super::happened::Happened;
use super::known::Known;
use crate::error::Result;
use crate::format::lists::holds_records;
use crate::format::{Class, Entry, Place, Record, Size, Standing};
use crate::log::{Operation, Operations};
use crate::memtable::{CellBuilder, Memtable, Sorted};
use crate::snapshot::{Snapshot, State, Stored};

/// What a put did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
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
#[non_exhaustive]
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

/// Changes not yet made.
pub(crate) struct Batch<'b> {
    snapshot: Snapshot<'b>,
    known: &'b Known,
    operations: &'b mut Operations,
    changes: Setting,
    /// Records that this write changes, as they will stand.
    changed: HashMap<String, Option<Arc<Record>>, DefaultHashBuilder>,
    /// Whether a record may be asked for that this write has changed.
    reads_itself: bool,
    /// The state with the first so many cells in it, once it was asked for.
    shown: Option<(State, usize)>,
    /// What becomes of records, if somebody watches.
    happened: Option<Happened>,
}

/// The cells that a write sets.
pub(crate) struct Changes {
    cells: Sorted,
    /// Where the records lie that some of them stand for: the stamp of the cell, the block, and which of its
    /// entries it is.
    places: Vec<(u64, Place, usize)>,
    /// That of the last one.
    stamp: u64,
}

/// Cells being put together.
#[derive(Default)]
struct Setting {
    cells: CellBuilder,
    places: Vec<(u64, Place, usize)>,
    stamp: u64,
}

impl<'b> Batch<'b> {
    /// A write over that state, whose cells are stamped from there on. `reads_itself` is false for a write
    /// of one change.
    pub(crate) fn new(
        snapshot: Snapshot<'b>,
        known: &'b Known,
        operations: &'b mut Operations,
        stamp: u64,
        reads_itself: bool,
    ) -> Batch<'b> {
        operations.clear();
        let changes = Setting { stamp, ..Setting::default() };
        let changed = HashMap::default();
        let (shown, happened) = (None, None);
        Batch { snapshot, known, operations, changes, changed, reads_itself, shown, happened }
    }

    /// The same write, which notes what becomes of records.
    pub(crate) fn noting(mut self, notes: bool) -> Batch<'b> {
        self.happened = notes.then(Happened::default);
        self
    }

    pub(crate) fn put(&mut self, record: Record) -> Result<Put> {
        let old = self.old(&record.standing.id)?;
        Ok(self.put_over(old, record))
    }

    /// Puts the record in place of one that is known to stand there, or where none does.
    fn put_over(&mut self, old: Option<Old>, record: Record) -> Put {
        if old.as_ref().is_some_and(|old| old.body() == record.body) {
            return Put::Unchanged;
        }
        if let Some(happened) = &mut self.happened {
            happened.note(&record.standing.id, old.as_ref().map(Old::body), Some(&record.body));
        }
        let place = old.as_ref().and_then(Old::place);
        let old = old.map(|old| old.standing());
        self.operations.put(&record.body, old.as_ref());
        let stamp = self.changes.put(&record, old.as_ref());
        let places = stamp.zip(place).map(|(stamp, (place, at))| (stamp, place, at));
        self.changes.places.extend(places);
        let put = if old.is_some() { Put::Replaced } else { Put::Inserted };
        if put == Put::Inserted {
            self.known.note(&record.standing.id);
        }
        if self.reads_itself {
            self.changed.insert(record.standing.id.clone(), Some(Arc::new(record)));
        }
        put
    }

    /// Puts the record in place of that one, unless another write came between.
    pub(crate) fn replace(&mut self, before: &[u8], record: Record) -> Result<Option<Put>> {
        match self.old(&record.standing.id)? {
            Some(old) if old.body() == before => self.put(record).map(Some),
            _ => Ok(None),
        }
    }

    /// Puts the record in place of that one, which is known to stand there.
    pub(crate) fn replace_known(&mut self, before: Stored, record: Record) -> Put {
        self.put_over(Some(Old::Stored(before)), record)
    }

    /// Removes a record; says whether there was one.
    pub(crate) fn remove(&mut self, id: &str) -> Result<bool> {
        let Some(old) = self.old(id)? else { return Ok(false) };
        self.remove_old(&old);
        Ok(true)
    }

    /// Removes a record that is known to stand there.
    pub(crate) fn remove_known(&mut self, record: Stored) {
        self.remove_old(&Old::Stored(record));
    }

    fn remove_old(&mut self, old: &Old) {
        let standing = old.standing();
        if let Some(happened) = &mut self.happened {
            happened.note(&standing.id, Some(old.body()), None);
        }
        self.operations.remove(&standing);
        self.changes.remove(&standing);
        if self.reads_itself {
            self.changed.insert(standing.id, None);
        }
    }

    /// The stored form of the record of that id, as it stands in this write.
    pub(crate) fn body(&self, id: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.old(id)?.map(|old| old.body().to_vec()))
    }

    /// The record of that id, as it stood before this write.
    pub(crate) fn stored(&self, id: &str) -> Result<Option<Stored>> {
        self.snapshot.by_id(id)
    }

    /// The state with what this write has changed so far. It shows to nobody else.
    pub(crate) fn state(&mut self) -> State {
        let (mut state, shown) =
            self.shown.take().unwrap_or_else(|| (self.snapshot.state.clone(), 0));
        let cells = self.changes.cells.so_far();
        let new = cells.get(shown..).unwrap_or_default();
        state.active.insert_all(Sorted::new(new.to_vec()));
        state.is_draft = true;
        self.shown = Some((state.clone(), cells.len()));
        state
    }

    /// Bytes that the log will have of it.
    pub(crate) fn bytes(&self) -> usize {
        self.operations.payload().len()
    }

    /// The stamp of the last cell so far.
    pub(crate) fn stamp(&self) -> u64 {
        self.changes.stamp
    }

    /// The cells to be set, none if nothing changes; and what becomes of records, if that was to be noted.
    pub(crate) fn finish(self) -> (Changes, Option<Happened>) {
        (self.changes.finish(), self.happened)
    }

    /// The record of that id, as it stands in this write.
    fn old(&self, id: &str) -> Result<Option<Old>> {
        match self.changed.get(id) {
            Some(None) => Ok(None),
            Some(Some(kept)) => Ok(Some(Old::Written(kept.clone()))),
            None if self.known.is_new(id) => Ok(None),
            None => Ok(self.snapshot.by_id(id)?.map(Old::Stored)),
        }
    }
}

/// A record as it stood before a change.
enum Old {
    Stored(Stored),
    Written(Arc<Record>),
}

impl Old {
    fn body(&self) -> &[u8] {
        match self {
            Old::Stored(stored) => stored.body(),
            Old::Written(record) => &record.body,
        }
    }

    fn place(&self) -> Option<(Place, usize)> {
        match self {
            Old::Stored(stored) => stored.place(),
            Old::Written(_) => None,
        }
    }

    fn standing(&self) -> Standing {
        match self {
            Old::Stored(stored) => stored.standing(),
            Old::Written(record) => record.standing.clone(),
        }
    }
}

impl Changes {
    /// The changes that an entry of the log says.
    pub(crate) fn again(operation: Operation, stamp: u64) -> Changes {
        let mut changes = Setting { stamp, ..Setting::default() };
        match operation {
            Operation::Put { record, before } => {
                changes.put(&record, before.as_ref());
            }
            Operation::Remove { before } => changes.remove(&before),
        }
        changes.finish()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The stamp of the next cell of all.
    pub(crate) fn next_stamp(&self) -> u64 {
        self.stamp
    }

    /// Where the records lie that cells stand for: the stamp of the cell, the block, and which of its
    /// entries it is.
    pub(crate) fn places(&self) -> &[(u64, Place, usize)] {
        &self.places
    }

    pub(crate) fn apply(self, memtable: &mut Memtable) {
        memtable.insert_all(self.cells);
    }
}

impl Setting {
    fn finish(self) -> Changes {
        let cells = Sorted::new(self.cells.finish());
        Changes { cells, places: self.places, stamp: self.stamp }
    }

    /// Enters a record into its lists, and takes the one that stood there out of those where it stood
    /// elsewhere. Gives the stamp of the cell that stands for an earlier record of that place.
    fn put(&mut self, record: &Record, old: Option<&Standing>) -> Option<u64> {
        let mut replaces = None;
        let mut left: Vec<_> = old.into_iter().flat_map(|old| old.entries(&[])).flatten().collect();
        let before = old.map(weight);
        for new in record.standing.entries(&record.body).into_iter().flatten() {
            let same = left.iter().position(|old| old.list == new.list && old.key == new.key);
            let beneath = same.and(before);
            same.into_iter().for_each(|same| drop(left.swap_remove(same)));
            let entry = Entry {
                key: &new.key,
                class: record.standing.class,
                size: record.standing.size,
                payload: &new.payload,
            };
            let stamp = self.next();
            if beneath.is_some() && holds_records(new.list) {
                replaces = Some(stamp);
            }
            self.cells.put(new.list, &entry, beneath, stamp);
        }
        for old in left {
            let stamp = self.next();
            self.cells.removed(old.list, &old.key, before, stamp);
        }
        replaces
    }

    fn remove(&mut self, old: &Standing) {
        let before = Some(weight(old));
        for entry in old.entries(&[]).into_iter().flatten() {
            let stamp = self.next();
            self.cells.removed(entry.list, &entry.key, before, stamp);
        }
    }

    fn next(&mut self) -> u64 {
        self.stamp += 1;
        self.stamp
    }
}

fn weight(standing: &Standing) -> (Class, Size) {
    (standing.class, standing.size)
}
