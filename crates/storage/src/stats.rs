//! What the store holds, in numbers: read from the kept counts, not from the records.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::layout::{List, ROOM_COUNTS, USER_COUNTS};
use crate::reader::Reader;
use crate::store::Store;

/// Numbers of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Stats {
    /// Records in the store.
    pub records: u64,
    /// Values of `rid` among them; records without one count as one room.
    pub rooms: u64,
    /// Values of `userId` among them.
    pub users: u64,
    /// Records by `typeGroup`; `(none)` without one, `(other)` outside the usual ones.
    pub type_groups: BTreeMap<String, u64>,
    /// Bytes of the store's files.
    pub disk_bytes: u64,
}

impl Store {
    /// Counts what the store holds.
    ///
    /// # Errors
    /// `Damaged`, `Io` or `Poisoned` from the disk.
    pub fn stats(&self) -> Result<Stats> {
        let reader = self.read();
        let mut stats = Stats { disk_bytes: self.disk_bytes()?, ..Stats::default() };
        for (class, count) in reader.counts(&List::ids())?.iter() {
            stats.records += count;
            *stats.type_groups.entry(class.type_group().to_owned()).or_default() += count;
        }
        stats.rooms = keys(&reader, ROOM_COUNTS)?;
        stats.users = keys(&reader, USER_COUNTS)?;
        Ok(stats)
    }
}

fn keys(reader: &Reader<'_>, prefix: &[u8]) -> Result<u64> {
    let mut keys = 0;
    for entry in reader.all(prefix) {
        entry?;
        keys += 1;
    }
    Ok(keys)
}
