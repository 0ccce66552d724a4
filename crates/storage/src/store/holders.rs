//! Rooms and users, with what the records of each add up to: read from what lists add up to, not from the
//! records.

use std::fmt;

use filedex_query::{Account, Value, ValueRef, key};

use super::handle::Store;
use crate::error::Result;
use crate::format::keys::{after_prefix, by_id, id_of, or_null};
use crate::format::lists::{ALL_ROOMS, ALL_USERS};
use crate::format::{Block, List, Tally};
use crate::memtable::Direction;
use crate::read::Watch;
use crate::snapshot::{Entries, Found, Run, Snapshot as Reading, State, Walk};

/// A room or a user, and what its records add up to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Holder {
    /// The value of `rid` or `userId`; null for the room of records that have none.
    pub id: Value,
    /// Its records.
    pub records: u64,
    /// What their sizes add up to, in bytes.
    pub bytes: u64,
    /// Records among them whose size is no whole number from 0 to 2^53, and is not in `bytes`.
    pub unsummed: u64,
}

/// The rooms or the users of one state, in the order of their ids. Ends after its first error.
pub struct Holders {
    store: Store,
    state: State,
    field: &'static str,
    /// No list up to here is to come.
    passed: Vec<u8>,
    end: Vec<u8>,
    account: Account,
    is_done: bool,
}

/// What finding a list costs, in steps of the account.
const STEPS_A_LIST: u64 = 20;

impl Store {
    /// The rooms that records name, each with its counts. A record whose room, user or time is an array stands
    /// in none.
    ///
    /// ```
    /// # use filedex_query::Document;
    /// # use filedex_storage::{Options, Store, Watch};
    /// # let store = Store::temporary(&Options::default())?;
    /// store.put(&Document::new().with("_id", "a").with("rid", "GENERAL").with("size", 7))?;
    /// let room = store.rooms(&Watch::default()).next().unwrap()?;
    /// assert_eq!((room.id, room.records, room.bytes), ("GENERAL".into(), 1, 7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn rooms(&self, watch: &Watch) -> Holders {
        self.holders(ALL_ROOMS, "rid", watch)
    }

    /// The users that records name, each with its counts; as [`Store::rooms`]. A record without one has none.
    pub fn users(&self, watch: &Watch) -> Holders {
        self.holders(ALL_USERS, "userId", watch)
    }

    fn holders(&self, lists: &[u8], field: &'static str, watch: &Watch) -> Holders {
        Holders {
            store: self.clone(),
            state: self.shared().state(),
            field,
            passed: lists.to_vec(),
            end: after_prefix(lists).unwrap_or_default(),
            account: watch.account(&self.options().limits),
            is_done: false,
        }
    }
}

impl Holders {
    fn take(&mut self) -> Result<Option<Holder>> {
        loop {
            self.account.work(STEPS_A_LIST)?;
            let reading = Reading::new(&self.store.shared().pool, &self.state);
            let Some((list, tally)) = reading.next_list(&self.passed, &self.end)? else {
                return Ok(None);
            };
            self.passed = past(&list);
            if list == List::loose() {
                continue;
            }
            let id = match text_of(list.bytes()) {
                Some(id) => id,
                None => reading.id_in(&list, self.field)?,
            };
            return Ok(Some(holder(id, &tally)));
        }
    }
}

impl Iterator for Holders {
    type Item = Result<Holder>;

    fn next(&mut self) -> Option<Result<Holder>> {
        if self.is_done {
            return None;
        }
        let next = self.take().transpose();
        self.is_done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl fmt::Debug for Holders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holders").field("field", &self.field).finish_non_exhaustive()
    }
}

impl Reading<'_> {
    /// The first list past `passed` and before `end` that holds anything, and what it adds up to.
    pub(crate) fn next_list(self, passed: &[u8], end: &[u8]) -> Result<Option<(List, Tally)>> {
        let mut passed = passed.to_vec();
        loop {
            let chunk = self.pool.index.next(&self.state.version, &passed, end)?;
            let in_cells = [&self.state.frozen, &self.state.active].into_iter();
            let in_cells = in_cells
                .filter_map(|memtable| memtable.cells_from(&passed).next())
                .map(|cell| cell.list())
                .filter(|list| *list < end)
                .min();
            let in_blocks = chunk.as_ref().map(|chunk| chunk.list());
            let Some(bytes) = in_blocks.into_iter().chain(in_cells).min() else { return Ok(None) };
            let list = List::from_bytes(bytes);
            let of_blocks = chunk.as_ref().filter(|chunk| chunk.list() == list.bytes());
            let total = of_blocks.and_then(|first| first.chunk.total());
            let mut tally = total.map_or_else(Tally::default, |total| Tally::clone(total));
            tally.add_all(&self.written(&list));
            if tally.records() > 0 {
                return Ok(Some((list, tally)));
            }
            passed = past(&list);
        }
    }

    /// The value of the field that all records of the list share.
    fn id_in(self, list: &List, field: &str) -> Result<Value> {
        for run in Walk::list(self, list, &[], None, Direction::Forward)? {
            let run = run?;
            let block = run.item().map(|item| self.block(item.place, run.list())).transpose()?;
            if let Some(found) = first(self, &run, block.as_ref()) {
                let record = self.resolve(list.bytes(), found)?;
                let id = record.document().get(field).map(ValueRef::to_value);
                return Ok(or_null(id.as_ref()).to_value());
            }
        }
        Ok(Value::Null)
    }
}

/// The first entry of a run.
fn first(reading: Reading<'_>, run: &Run, block: Option<&Block>) -> Option<Found> {
    match &run.cells {
        None => block.filter(|block| block.len() > 0).map(|block| Found::InBlock(block.clone(), 0)),
        Some(bounds) => {
            Entries::new(reading, block, bounds, Direction::Forward).next()?.found(block)
        }
    }
}

/// A key past all keys of the list and before those of the next one: no key in a list begins with that byte.
pub(crate) fn past(list: &List) -> Vec<u8> {
    list.key(&[0xff])
}

/// The text that the key of the list is made of; `None` for any other value.
fn text_of(list: &[u8]) -> Option<Value> {
    let (_, id) = list.split_first()?;
    let mut null = Vec::new();
    key::append(&mut null, ValueRef::Null);
    if id == null {
        return Some(Value::Null);
    }
    let is_text = id.first() == by_id("").first();
    is_text.then(|| id_of(id).map(|id| Value::from(&*id)))?
}

fn holder(id: Value, tally: &Tally) -> Holder {
    let (mut bytes, mut unsummed) = (0_i128, 0);
    for (_, weight) in tally.iter() {
        bytes += weight.bytes;
        unsummed += u64::try_from(weight.unsummed).unwrap_or(0);
    }
    let bytes = u64::try_from(bytes.max(0)).unwrap_or(u64::MAX);
    Holder { id, records: tally.records(), bytes, unsummed }
}
