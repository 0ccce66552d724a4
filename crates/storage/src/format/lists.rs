//! The table of lists: in which of them a record stands, in what order, and what an entry holds.
//!
//! | list | key of the list | order of its entries | payload |
//! |---|---|---|---|
//! | ids | `02` | by `_id` | where the record lies: `list` behind its length, and the moment of its order |
//! | rooms | `03`, the key of `rid` | newest first, then the greatest `_id` | the record |
//! | users | `04`, the key of `userId` | newest first, then the greatest `_id` | `list` of the record's room |
//! | everything | `05` | newest first, then the greatest `_id` | `list` of the record's room |
//!
//! A missing `rid` is null. A record whose `rid`, `userId` or `uploadedAt` is an array has no single
//! place in a room or of a user: it lies in the list of loose records, `03 ff`.

use filedex_query::{ValueRef, key};

use super::keys::after_prefix;

const ROOMS: u8 = 3;
const USERS: u8 = 4;

/// The key of the list of all records by `_id`.
pub(crate) const IDS: &[u8] = &[2];

/// The key of the list of all records, newest first.
pub(crate) const EVERYTHING: &[u8] = &[5];

/// The key of the list of loose records. No value's key begins with its second byte.
const LOOSE: &[u8] = &[ROOMS, 0xff];

/// What the keys of all rooms begin with.
pub(crate) const ALL_ROOMS: &[u8] = &[ROOMS];

/// What the keys of all users begin with.
pub(crate) const ALL_USERS: &[u8] = &[USERS];

/// Bytes of a block that holds records: seven or eight of them, of which one is read for a lookup.
const RECORD_BLOCK: usize = 6000;

/// Bytes of a block of any other list: some fifty entries.
const POINTER_BLOCK: usize = 4000;

/// One ordered list, by its key: what the keys of its blocks begin with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct List(Vec<u8>);

impl List {
    /// Every record, by `_id`.
    pub(crate) fn ids() -> List {
        List(IDS.to_vec())
    }

    /// Every record, newest first.
    pub(crate) fn everything() -> List {
        List(EVERYTHING.to_vec())
    }

    /// The records whose `rid` is that value; a missing one is null.
    pub(crate) fn room(rid: ValueRef<'_>) -> List {
        List::named(ROOMS, rid)
    }

    /// The records without a single place.
    pub(crate) fn loose() -> List {
        List(LOOSE.to_vec())
    }

    pub(crate) fn is_loose(&self) -> bool {
        self.0 == LOOSE
    }

    /// The records whose `userId` is that value.
    pub(crate) fn user(id: ValueRef<'_>) -> List {
        List::named(USERS, id)
    }

    fn named(kind: u8, value: ValueRef<'_>) -> List {
        let mut bytes = Vec::with_capacity(32);
        bytes.push(kind);
        key::append(&mut bytes, value);
        List(bytes)
    }

    /// The list again from the bytes that [`List::bytes`] gave.
    pub(crate) fn from_bytes(bytes: &[u8]) -> List {
        List(bytes.to_vec())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The first key past all keys of the list.
    pub(crate) fn end(&self) -> Vec<u8> {
        after_prefix(&self.0).unwrap_or_default()
    }

    /// A key of the list among all keys: its own behind that of the list.
    pub(crate) fn key(&self, order: &[u8]) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.0.len() + order.len());
        key.extend_from_slice(&self.0);
        key.extend_from_slice(order);
        key
    }
}

/// What the entries of a list hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The records themselves.
    Records,
    /// Where the record of an id lies.
    Ids,
    /// The room in which the record lies, under the same key.
    Pointers,
}

/// What the entries of the list of that key hold.
pub(crate) fn kind(list: &[u8]) -> Kind {
    match list {
        [ROOMS, ..] => Kind::Records,
        IDS => Kind::Ids,
        _ => Kind::Pointers,
    }
}

/// Whether the entries of the list of that key hold the records themselves.
pub(crate) fn holds_records(list: &[u8]) -> bool {
    kind(list) == Kind::Records
}

/// Bytes that a block of the list of that key may take; one of a single entry may take more.
pub(crate) fn most_block_bytes(list: &[u8]) -> usize {
    if holds_records(list) { RECORD_BLOCK } else { POINTER_BLOCK }
}
