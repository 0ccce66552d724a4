//! Where everything lies: the keys of the tree.
//!
//! ```text
//! 01 name                       what the store is (version), and how far its tree is (generation)
//! 02 fence                      the id list: every record by `_id`
//! 03 room fence                 a room's list: its records, newest first; bodies lie here
//! 04 user fence                 a user's list: its records, newest first
//! 05 list                       counts of the list whose keys begin with `list`
//! 06 id piece                   a piece of a body too long for a block
//! ```
//!
//! `room` and `user` are the order-preserving keys of the values of `rid` and `userId`
//! ([`filedex_query::key`]), which end themselves. `fence` is a lower bound of the entries in a
//! block; the first block of a list has an empty one. docs/format.md draws the bytes.

use std::cmp::Ordering;

use filedex_query::{Value, ValueRef, key};

const META: u8 = 1;
const IDS: u8 = 2;
const ROOMS: u8 = 3;
const USERS: u8 = 4;
const COUNTS: u8 = 5;
const PIECES: u8 = 6;

/// The key of the version record.
pub(crate) const VERSION_KEY: &[u8] = &[META, b'v'];

/// The key of the generation of the first log that is not in the tree.
pub(crate) const GENERATION_KEY: &[u8] = &[META, b'g'];

/// Stands where the key of a room would: records that no single place in the lists is right for,
/// because `rid`, `userId` or `uploadedAt` is an array. No value's key begins with this byte.
const LOOSE_ROOM: u8 = 0xff;

/// One ordered list: the prefix that the keys of its blocks share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct List(Vec<u8>);

impl List {
    /// Every record, by `_id`.
    pub(crate) fn ids() -> List {
        List(vec![IDS])
    }

    /// The records whose `rid` is that value; a missing one is null.
    pub(crate) fn room(rid: ValueRef<'_>) -> List {
        List::named(ROOMS, rid)
    }

    /// The records without a single place.
    pub(crate) fn loose() -> List {
        List(vec![ROOMS, LOOSE_ROOM])
    }

    /// The records whose `userId` is that value.
    pub(crate) fn user(id: ValueRef<'_>) -> List {
        List::named(USERS, id)
    }

    fn named(kind: u8, value: ValueRef<'_>) -> List {
        let mut prefix = Vec::with_capacity(32);
        prefix.push(kind);
        key::append(&mut prefix, value);
        List(prefix)
    }

    /// Whether its entries hold the records themselves.
    pub(crate) fn holds_records(&self) -> bool {
        self.0.first() == Some(&ROOMS)
    }

    /// How many records a block of it holds, about.
    pub(crate) fn records_per_block(&self) -> u64 {
        if self.holds_records() { 7 } else { 48 }
    }

    /// The list again from the bytes that [`List::bytes`] gave.
    pub(crate) fn from_bytes(bytes: &[u8]) -> List {
        List(bytes.to_vec())
    }

    /// What the keys of the list's blocks begin with.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key of the block with that fence.
    pub(crate) fn block_key(&self, fence: &[u8]) -> Vec<u8> {
        [self.0.as_slice(), fence].concat()
    }

    /// The key of the list's counts.
    pub(crate) fn counts_key(&self) -> Vec<u8> {
        [&[COUNTS], self.0.as_slice()].concat()
    }
}

impl std::borrow::Borrow<[u8]> for List {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

/// What the keys of the blocks of all rooms begin with.
pub(crate) const ALL_ROOMS: &[u8] = &[ROOMS];

/// What the keys of the blocks of all users begin with.
pub(crate) const ALL_USERS: &[u8] = &[USERS];

/// What the keys of all counts begin with.
pub(crate) const ALL_COUNTS: &[u8] = &[COUNTS];

/// What the keys of the counts of all rooms begin with.
pub(crate) const ROOM_COUNTS: &[u8] = &[COUNTS, ROOMS];

/// What the keys of the counts of all users begin with.
pub(crate) const USER_COUNTS: &[u8] = &[COUNTS, USERS];

/// What the keys of all pieces begin with.
pub(crate) const ALL_PIECES: &[u8] = &[PIECES];

/// The list whose counts lie under that key.
pub(crate) fn list_of_counts(key: &[u8]) -> List {
    List(key.get(1..).unwrap_or_default().to_vec())
}

/// The order of the lists of rooms and users: newest first, then the greatest id. The reverse of
/// the list is the order of `{uploadedAt: 1, _id: 1}`.
pub(crate) fn newest_first(uploaded: ValueRef<'_>, id: &str) -> Vec<u8> {
    let mut order = Vec::with_capacity(id.len() + 16);
    key::append_descending(&mut order, uploaded);
    append_id_descending(&mut order, id);
    order
}

/// Adds what such an order ends with.
pub(crate) fn append_id_descending(order: &mut Vec<u8>, id: &str) {
    key::append_descending(order, ValueRef::String(id));
}

/// The order of the id list.
pub(crate) fn by_id(id: &str) -> Vec<u8> {
    let mut order = Vec::with_capacity(id.len() + 3);
    key::append(&mut order, ValueRef::String(id));
    order
}

/// The key of that piece of the record's body.
pub(crate) fn piece_key(id: &str, piece: u32) -> Vec<u8> {
    [&[PIECES], by_id(id).as_slice(), &piece.to_be_bytes()].concat()
}

/// The order of two keys. Nearly all differ in their first eight bytes, which are compared at once.
#[inline]
pub(crate) fn compare(one: &[u8], other: &[u8]) -> Ordering {
    match (one.first_chunk::<8>(), other.first_chunk::<8>()) {
        (Some(first), Some(second)) if first != second => {
            u64::from_be_bytes(*first).cmp(&u64::from_be_bytes(*second))
        }
        _ => one.cmp(other),
    }
}

/// The first bytes of a key as a number. Those of two keys are in the order of the keys, or equal.
#[inline]
pub(crate) fn first_bytes(key: &[u8]) -> u64 {
    match key.first_chunk::<8>() {
        Some(first) => u64::from_be_bytes(*first),
        None => key
            .iter()
            .fold(0, |first, byte| first << 8 | u64::from(*byte))
            .checked_shl(8 * (8 - key.len() as u32))
            .unwrap_or(0),
    }
}

/// The first key past all keys that begin with the prefix; `None` if there is none.
pub(crate) fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut after = prefix.get(..=kept)?.to_vec();
    *after.last_mut()? += 1;
    Some(after)
}

/// A missing field stands in the lists as null.
pub(crate) fn or_null(value: Option<&Value>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, Value::view)
}
