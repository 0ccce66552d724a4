//! What the store holds, in numbers: read from what lists add up to, not from the records.

use std::collections::{BTreeMap, BTreeSet};

use super::handle::Store;
use crate::error::Result;
use crate::format::List;
use crate::format::keys::after_prefix;
use crate::format::lists::{ALL_ROOMS, ALL_USERS};
use crate::snapshot::Snapshot as Reading;

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
        let state = self.shared().state();
        let reading = Reading::new(&self.shared().pool, &state);
        let disk_bytes = self.shared().home.directory.bytes()?;
        let mut stats = Stats { disk_bytes, ..Stats::default() };
        for (class, count) in reading.tally(&List::everything())?.counts() {
            stats.records += count;
            *stats.type_groups.entry(class.type_group().to_owned()).or_default() += count;
        }
        stats.rooms = reading.lists(ALL_ROOMS)?.len() as u64;
        stats.users = reading.lists(ALL_USERS)?.len() as u64;
        Ok(stats)
    }
}

impl Reading<'_> {
    /// The lists whose keys begin with the prefix and that hold anything.
    pub(crate) fn lists(self, prefix: &[u8]) -> Result<BTreeSet<List>> {
        let end = after_prefix(prefix).unwrap_or_default();
        let (mut lists, mut last) = (BTreeSet::new(), prefix.to_vec());
        while let Some(chunk) = self.pool.index.next(&self.state.version, &last, &end)? {
            if chunk.key.len() == chunk.chunk.list_length() {
                lists.insert(List::from_bytes(&chunk.key));
            }
            // What else the list has lies before the next one.
            last = chunk.key.to_vec();
        }
        for memtable in [&self.state.frozen, &self.state.active] {
            let mut from = prefix.to_vec();
            while let Some(cell) =
                memtable.cells_from(&from).next().filter(|cell| cell.key() < &*end)
            {
                let list = List::from_bytes(cell.list());
                from = list.end();
                match self.tally(&list)?.records() {
                    0 => drop(lists.remove(&list)),
                    _ => drop(lists.insert(list)),
                }
            }
        }
        Ok(lists)
    }
}
