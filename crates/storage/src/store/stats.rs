//! What the store holds, in numbers: read from what lists add up to, not from the records.

use std::collections::BTreeMap;

use filedex_query::Clock as _;

use super::handle::Store;
use super::holders::past;
use crate::error::Result;
use crate::format::List;
use crate::format::keys::after_prefix;
use crate::format::lists::{ALL_ROOMS, ALL_USERS};
use crate::read::{Stops, Watch};
use crate::snapshot::{Snapshot as Reading, Work};

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
    /// What their sizes add up to, in bytes; a size that is no whole number from 0 to 2^53 adds nothing.
    pub type_group_bytes: BTreeMap<String, u64>,
    /// Bytes of the store's files.
    pub disk_bytes: u64,
    /// What executions have cost since the store was opened.
    pub work: Work,
}

impl Store {
    /// Counts what the store holds.
    ///
    /// # Errors
    /// `Damaged`, `Io` or `Poisoned` from the disk.
    pub fn stats(&self) -> Result<Stats> {
        self.stats_within(&Watch::default())
    }

    /// The same, ended by what the watch says: each room and each user is a step.
    ///
    /// # Errors
    /// As [`Store::stats`]; `Cancelled`, `Costly`, and `Query` past the watch's time.
    pub fn stats_within(&self, watch: &Watch) -> Result<Stats> {
        let stops = watch.whole();
        stops.look()?;
        let state = self.shared().state();
        let reading = Reading::new(&self.shared().pool, &state);
        let disk_bytes = self.shared().home.directory.bytes()?;
        let work = self.shared().pool.counters.sums();
        let mut stats = Stats { disk_bytes, work, ..Stats::default() };
        for (class, weight) in reading.tally(&List::everything())?.iter() {
            let (group, count) = (class.type_group(), u64::try_from(weight.count).unwrap_or(0));
            stats.records += count;
            *stats.type_groups.entry(group.to_owned()).or_default() += count;
            let bytes = stats.type_group_bytes.entry(group.to_owned()).or_default();
            *bytes += u64::try_from(weight.bytes).unwrap_or(0);
        }
        stats.rooms = reading.count_lists(ALL_ROOMS, &stops)?;
        stats.users = reading.count_lists(ALL_USERS, &stops)?;
        Ok(stats)
    }
}

/// Lists after which it is looked whether the work may go on.
const LOOK: u64 = 256;

impl Reading<'_> {
    fn count_lists(self, prefix: &[u8], stops: &Stops) -> Result<u64> {
        let end = after_prefix(prefix).unwrap_or_default();
        let (mut lists, mut passed) = (0_u64, prefix.to_vec());
        while let Some((list, _)) = self.next_list(&passed, &end)? {
            passed = past(&list);
            lists += 1;
            if lists.is_multiple_of(LOOK) {
                stops.look()?;
            }
        }
        Ok(lists)
    }

    /// The lists whose keys begin with the prefix and that hold anything, in order.
    pub(crate) fn lists(self, prefix: &[u8]) -> Result<Vec<List>> {
        let end = after_prefix(prefix).unwrap_or_default();
        let (mut lists, mut passed) = (Vec::new(), prefix.to_vec());
        while let Some((list, _)) = self.next_list(&passed, &end)? {
            passed = past(&list);
            lists.push(list);
        }
        Ok(lists)
    }
}
