//! The ids of the store being gathered for who puts new records, beside readers and writers.

use std::time::Duration;

use super::shared::Shared;
use crate::blocks::Ahead;
use crate::error::Result;
use crate::format::List;
use crate::format::keys::id_of;
use crate::memtable::Direction;
use crate::snapshot::{Snapshot, Walk};
use crate::write::{Gathering, Known};

/// How long it is waited for the writers' turn. A host may keep it for as long as it likes.
const PATIENCE: Duration = Duration::from_millis(20);

/// What is known of the ids of a store that was just opened, within so many bytes: all of them, where there are
/// none in blocks.
pub(super) fn known_at_open(reading: Snapshot<'_>, most_bytes: u64) -> Result<Known> {
    let ids = List::ids();
    let is_empty = reading.pool.index.total(&reading.state.version, &ids)?.records() == 0;
    let known = Known::new(most_bytes, is_empty);
    let cells = reading.state.active.cells_from(ids.bytes());
    let cells = cells.take_while(|cell| cell.list() == ids.bytes());
    cells.filter_map(|cell| id_of(cell.order())).for_each(|id| known.note(&id));
    Ok(known)
}

impl Shared {
    /// Gathers the ids of the store if it is worth it, as long as that is wanted.
    pub(super) fn gather_ids(&self, is_wanted: impl Fn() -> bool) -> Result<()> {
        let records = Snapshot::new(&self.pool, &self.state()).tally(&List::ids())?.records();
        if !self.known.is_worth_gathering(records) {
            return Ok(());
        }
        let mut gathering = self.known.begin();
        let Some(state) = self.settled_state(PATIENCE) else { return Ok(()) };
        if each_id(Snapshot::new(&self.pool, &state), &mut gathering, is_wanted)? {
            gathering.finish();
        }
        Ok(())
    }
}

/// Adds the ids of a state; says whether these are all, or more than there is room for.
fn each_id(
    reading: Snapshot<'_>,
    gathering: &mut Gathering<'_>,
    is_wanted: impl Fn() -> bool,
) -> Result<bool> {
    let (ids, mut ahead) = (List::ids(), Ahead::default());
    for run in Walk::list(reading, &ids, &[], None, Direction::Forward)? {
        if !is_wanted() || gathering.is_full() {
            return Ok(gathering.is_full());
        }
        let run = run?;
        let place = run.item().map(|item| item.place);
        let block = place.map(|place| reading.block_by_the_way(place, ids.bytes(), &mut ahead));
        run.each_entry(reading, block.transpose()?.as_ref(), &mut |_, entry| {
            id_of(entry.key).iter().for_each(|id| gathering.add(id));
            Ok(())
        })?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use filedex_query::Document;

    use super::*;
    use crate::options::Options;
    use crate::store::Store;
    use crate::write::{Put, Tally};

    fn files(numbers: std::ops::Range<u32>, name: &str) -> impl Iterator<Item = Document> {
        let name = name.to_owned();
        numbers.map(move |number| {
            Document::new().with("_id", format!("f{number}")).with("name", name.clone())
        })
    }

    fn tally(inserted: u64, replaced: u64) -> Tally {
        let mut tally = Tally::default();
        (0..inserted).for_each(|_| tally.add(Put::Inserted));
        (0..replaced).for_each(|_| tally.add(Put::Replaced));
        tally
    }

    #[test]
    fn ids_are_told_apart_in_a_store_that_was_opened_with_records_in_blocks_and_in_its_log() {
        let site = tempfile::tempdir().unwrap();
        let (path, options) = (site.path().join("store"), Options::default());
        let store = Store::open(&path, &options).unwrap();
        assert_eq!(store.put_many(files(0..3000, "a")).unwrap(), tally(3000, 0));
        assert_eq!(store.put_many(files(2000..4000, "b")).unwrap(), tally(1000, 1000));
        store.close().unwrap();
        let store = Store::open(&path, &options).unwrap();
        assert_eq!(store.put_many(files(3500..6500, "c")).unwrap(), tally(2500, 500));
        // By now the store may gather them by itself, too, and has its turn while it does.
        let (shared, patience) = (store.shared(), Instant::now() + Duration::from_secs(10));
        while !shared.known.is_new("another") && Instant::now() < patience {
            shared.gather_ids(|| true).unwrap();
        }
        assert!(shared.known.is_new("another"));
        assert_eq!(store.put_many(files(0..7000, "d")).unwrap(), tally(500, 6500));
        assert!(store.remove("f6999").unwrap() && !store.remove("f6999").unwrap());
        assert_eq!(store.put_many(files(6998..7001, "e")).unwrap(), tally(2, 1));
        assert!(store.verify(&mut |_, _| ()).unwrap().is_clean());
        assert_eq!(store.stats().unwrap().records, 7001);
    }

    #[test]
    fn what_an_empty_store_has_in_its_log_is_known_when_it_is_opened() {
        let store = Store::temporary(&Options::default()).unwrap();
        store.put_many(files(0..10, "a")).unwrap();
        let state = store.shared().state();
        let reading = Snapshot::new(&store.shared().pool, &state);
        let known = known_at_open(reading, 1 << 20).unwrap();
        assert!(
            known.is_new("another") && (0..10).all(|number| !known.is_new(&format!("f{number}")))
        );
    }
}
