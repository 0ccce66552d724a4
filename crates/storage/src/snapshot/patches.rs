//! What memtables change of a view, found out cell by cell: whoever asks again looks at later cells alone.
//!
//! What a cell comes to is for whoever reads to say. This file knows no conditions and no sort: only which of two keys
//! comes first.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::added::{Added, AddedRecords};
use super::state::State;
use crate::cache::selected::Selected;

/// What memtables change of the records of a view that belong to an answer.
#[derive(Debug, Default)]
pub(crate) struct Patches {
    version: u64,
    /// The stamp of the last cell that was looked at.
    upto: u64,
    /// The numbers of records that are there no more, in order.
    gone: Vec<u32>,
    /// Their places in the view, in order, once somebody asked.
    places: OnceLock<Vec<u32>>,
    /// Records that are there beside, in the order of the sort.
    added: AddedRecords,
}

/// What later cells come to.
#[derive(Debug, Default)]
pub(crate) struct Later {
    /// The numbers of records that are there no more.
    pub(crate) gone: Vec<u32>,
    pub(crate) added: Vec<Added>,
    /// The keys of those that were added by cells which others have taken the place of.
    pub(crate) removed: Vec<Box<[u8]>>,
}

/// The view and the conditions, by their numbers, that patches are of.
pub(crate) type PatchesKey = (u64, u64);

/// Patches that are kept, the latest last, within a budget of bytes.
#[derive(Debug)]
pub(crate) struct KeptPatches {
    kept: Mutex<Kept>,
    budget: usize,
}

#[derive(Debug, Default)]
struct Kept {
    /// The newest version, whose memtables they are of.
    version: u64,
    patches: Vec<(PatchesKey, Arc<Patches>)>,
}

/// Views and conditions that patches are kept of.
const MOST_KEPT: usize = 16;

impl Later {
    /// Whether they change nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.added.is_empty() && self.removed.is_empty()
    }
}

impl Patches {
    /// The stamp of the last cell that was looked at.
    pub(crate) fn upto(&self) -> u64 {
        self.upto
    }

    /// Whether the record of that number is there no more.
    pub(crate) fn is_gone(&self, number: usize) -> bool {
        u32::try_from(number).is_ok_and(|number| self.gone.binary_search(&number).is_ok())
    }

    /// How many records are there no more.
    pub(crate) fn gone(&self) -> usize {
        self.gone.len()
    }

    /// How many of them stood before that place in a view of this order.
    pub(crate) fn gone_before(&self, place: usize, order: &[u32]) -> usize {
        let places = self.places.get_or_init(|| places_of(&self.gone, order));
        places.partition_point(|gone| (*gone as usize) < place)
    }

    /// Records that are there beside, in the order of the sort.
    pub(crate) fn added(&self) -> &AddedRecords {
        &self.added
    }

    /// The same with what the later cells of a state come to.
    pub(crate) fn with(&self, later: Later, state: &State) -> Patches {
        let mut gone = [self.gone.as_slice(), &later.gone].concat();
        // Two runs in order, nearly.
        gone.sort();
        Patches {
            version: state.version.number(),
            upto: state.newest(),
            gone,
            places: OnceLock::new(),
            added: self.added.with(later.added, &later.removed),
        }
    }

    /// Bytes of memory that they take.
    fn bytes(&self) -> usize {
        self.gone.len() * 2 * size_of::<u32>() + self.added.bytes()
    }
}

/// The places in a view of the records of these numbers, in order.
fn places_of(numbers: &[u32], order: &[u32]) -> Vec<u32> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let sought = Selected::these(order.len(), numbers.iter().map(|number| *number as usize));
    let places = (0_u32..).zip(order).filter(|(_, number)| sought.has(**number as usize));
    places.map(|(place, _)| place).collect()
}

impl KeptPatches {
    pub(crate) fn new(budget: u64) -> KeptPatches {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        KeptPatches { kept: Mutex::default(), budget }
    }

    /// Those of that view and these conditions, as far as that state has their cells.
    pub(crate) fn get(&self, key: PatchesKey, state: &State) -> Option<Arc<Patches>> {
        let kept = self.kept.lock();
        let (_, patches) = kept.patches.iter().find(|(other, _)| *other == key)?;
        let is_of = patches.version == state.version.number() && patches.upto <= state.newest();
        is_of.then(|| patches.clone())
    }

    /// Keeps patches of a state that others see, in place of those that were kept first.
    pub(crate) fn keep(&self, key: PatchesKey, patches: &Arc<Patches>) {
        let mut kept = self.kept.lock();
        let is_later = |(other, known): &(PatchesKey, Arc<Patches>)| {
            *other == key && known.upto > patches.upto
        };
        if kept.version > patches.version || kept.patches.iter().any(is_later) {
            return;
        }
        let version = patches.version;
        kept.version = version;
        kept.patches.retain(|(other, known)| *other != key && known.version == version);
        kept.patches.push((key, patches.clone()));
        while kept.patches.len() > MOST_KEPT || kept.bytes() > self.budget {
            kept.patches.remove(0);
        }
    }

    /// Forgets those of versions before that one, and with them the cells that they hold.
    pub(crate) fn begin(&self, version: u64) {
        let mut kept = self.kept.lock();
        kept.version = kept.version.max(version);
        let gone = std::mem::take(&mut kept.patches);
        drop(kept);
        drop(gone);
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.patches.iter().map(|(_, patches)| patches.bytes()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::format::{Class, Entry, Size};
    use crate::index::{Commit, Version};
    use crate::memtable::{Cell, CellBuilder, Memtable, Sorted};

    /// A state of that version with one cell of that stamp.
    fn state(version: u64, stamp: u64) -> State {
        let commit = Commit { number: version, ..Commit::default() };
        let version = Arc::new(Version::new(&commit, BTreeMap::new()));
        let (mut active, frozen) = (Memtable::default(), Memtable::default());
        active.insert_all(Sorted::new(vec![cell(b"key", stamp)]));
        State { active, frozen, mark: None, version, is_draft: false }
    }

    fn cell(key: &[u8], stamp: u64) -> Cell {
        let class = Class::from_byte(0).unwrap();
        let entry = Entry { key, class, size: Size::default(), payload: b"record" };
        let mut cells = CellBuilder::default();
        cells.put(b"list", &entry, None, stamp);
        cells.finish().remove(0)
    }

    fn added(key: u8) -> Added {
        Added { key: [key].into(), cell: cell(&[key], 1) }
    }

    proptest! {
        #[test]
        fn later_cells_change_what_was_known_as_they_change_sets(
            rounds in proptest::collection::vec(
                (
                    proptest::collection::btree_set(0..50_u8, 0..9),
                    proptest::collection::btree_set(0..50_u8, 0..9),
                    proptest::collection::btree_set(0..60_u32, 0..9),
                ),
                0..90,
            ),
            order in Just((0..60_u32).collect::<Vec<u32>>()).prop_shuffle(),
            place in 0..61_usize,
        ) {
            let (mut patches, mut there, mut gone) =
                (Patches::default(), BTreeSet::new(), BTreeSet::new());
            for (stamp, (add, remove, go)) in (1..).zip(rounds) {
                let remove: BTreeSet<u8> = remove.intersection(&there).copied().collect();
                let kept = &there - &remove;
                let add = &add - &kept;
                let go = &go - &gone;
                let later = Later {
                    gone: go.iter().rev().copied().collect(),
                    added: add.iter().rev().map(|key| added(*key)).collect(),
                    removed: remove.iter().rev().map(|key| [*key].into()).collect(),
                };
                patches = patches.with(later, &state(1, stamp));
                (there, gone) = (&kept | &add, &gone | &go);
            }
            let all = 0..patches.added().len();
            let keys: Vec<u8> = patches.added().range(all).map(|added| added.key[0]).collect();
            prop_assert_eq!(&keys, &there.iter().copied().collect::<Vec<u8>>());
            prop_assert!((0..50).all(|key| patches.added().before(&[key]) == there.range(..key).count()));
            for key in 0..50 {
                let of_cell = patches.added().of_cell(&[b"list".as_slice(), &[key]].concat());
                prop_assert_eq!(of_cell.map(|added| added.key[0]), there.get(&key).copied());
            }
            prop_assert_eq!(patches.gone(), gone.len());
            prop_assert!((0..60).all(|number| patches.is_gone(number) == gone.contains(&(number as u32))));
            let before = order.iter().take(place).filter(|number| gone.contains(number)).count();
            prop_assert_eq!(patches.gone_before(place, &order), before);
        }
    }

    #[test]
    fn patches_are_of_the_newest_version_and_hold_nothing_of_those_before() {
        let kept = KeptPatches::new(1 << 20);
        let of = |version, stamp| {
            let state = state(version, stamp);
            (Arc::new(Patches::default().with(Later::default(), &state)), state)
        };
        let (first, then) = of(1, 5);
        kept.keep((1, 1), &first);
        assert!(kept.get((1, 1), &then).is_some() && kept.get((1, 2), &then).is_none());
        assert!(kept.get((1, 1), &of(1, 4).1).is_none());
        kept.keep((1, 1), &of(1, 3).0);
        assert_eq!(kept.get((1, 1), &then).unwrap().upto(), 5);
        kept.begin(2);
        assert_eq!(Arc::strong_count(&first), 1);
        kept.keep((1, 1), &first);
        assert_eq!(Arc::strong_count(&first), 1);
    }

    #[test]
    fn patches_that_have_no_room_are_not_kept_and_those_kept_first_give_way() {
        let kept = KeptPatches::new(200);
        let state = state(1, 5);
        let of = |count| {
            let later = Later { added: (0..count).map(added).collect(), ..Later::default() };
            Arc::new(Patches::default().with(later, &state))
        };
        kept.keep((1, 1), &of(2));
        kept.keep((2, 1), &of(2));
        assert!(kept.get((1, 1), &state).is_none() && kept.get((2, 1), &state).is_some());
        kept.keep((3, 1), &of(50));
        assert!(kept.get((3, 1), &state).is_none());
    }
}
