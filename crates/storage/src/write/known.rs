//! Which ids the store may hold, so that who puts a new record need not look for what is not there.
//!
//! A Bloom filter in blocks: an id sets one bit in each of the eight words of one block, so that a question looks
//! at one place of memory (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters). It grows by
//! further filters, each of twice the size. An id that was removed stays among those that may be there. Nothing
//! of it is on the disk: of a store that held records when it was opened it is made once it would have served.

use parking_lot::{Mutex, MutexGuard};
use quick_cache::DefaultHashBuilder;

/// What is known of the ids of a store.
#[derive(Debug)]
pub(crate) struct Known(Mutex<State>);

#[derive(Debug)]
struct State {
    ids: Ids,
    stage: Stage,
}

/// What the filter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Every id that the store holds is in it.
    Complete,
    /// Nothing; so many new records were looked for since.
    Unused { missed: u64 },
    /// Those are in it that were put since somebody began to gather the others.
    Gathering,
    /// There are more than there is room for.
    Full,
}

/// Ids, some of which may be told from others.
#[derive(Debug)]
pub(crate) struct Ids {
    hasher: DefaultHashBuilder,
    parts: Vec<Part>,
    /// Blocks that there is room for, those of all parts included.
    most_blocks: usize,
}

/// One filter.
#[derive(Debug)]
struct Part {
    blocks: Box<[Block]>,
    /// Ids that may come in yet.
    left: usize,
}

type Block = [u32; 8];

/// One odd number for each word of a block: from its product with the hash of an id follows a bit.
const SALTS: Block = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];

/// Ids for each block: one of a hundred that are not there is then taken to be.
const IDS_PER_BLOCK: usize = 24;

/// Blocks of the first filter, at most.
const FIRST: usize = 2048;

/// New records that are looked for, at least, and in parts of all that there are, before it is worth gathering
/// the ids.
const LEAST_MISSED: u64 = 2000;
const PART_MISSED: u64 = 16;

impl Known {
    /// Of a store, within so many bytes; `is_empty` says that it holds no record.
    pub(crate) fn new(most_bytes: u64, is_empty: bool) -> Known {
        let stage = if is_empty { Stage::Complete } else { Stage::Unused { missed: 0 } };
        Known(Mutex::new(State { ids: Ids::new(most_bytes), stage }))
    }

    /// Whether the store holds no record of that id, for certain.
    pub(crate) fn is_new(&self, id: &str) -> bool {
        let state = self.0.lock();
        state.stage == Stage::Complete && !state.ids.has(id)
    }

    /// Notes that a new record is put, whether or not anything comes of it.
    pub(crate) fn note(&self, id: &str) {
        let mut state = self.0.lock();
        match state.stage {
            Stage::Unused { missed } => state.stage = Stage::Unused { missed: missed + 1 },
            Stage::Full => {}
            Stage::Complete | Stage::Gathering => {
                if !state.ids.add(id) {
                    state.fill();
                }
            }
        }
    }

    /// Whether so many new records were put that all ids, which are so many, are worth being gathered.
    pub(crate) fn is_worth_gathering(&self, ids: u64) -> bool {
        let Stage::Unused { missed } = self.0.lock().stage else { return false };
        missed >= LEAST_MISSED.max(ids / PART_MISSED)
    }

    /// Begins to gather: gives what the ids are to be put into which the store holds in a state of a later
    /// moment, when no write is under way.
    pub(crate) fn begin(&self) -> Gathering<'_> {
        let mut state = self.0.lock();
        state.stage = Stage::Gathering;
        Gathering { known: self, ids: state.ids.emptied(), is_whole: true }
    }
}

impl State {
    fn fill(&mut self) {
        self.stage = Stage::Full;
        self.ids.parts = Vec::new();
    }
}

/// The ids of one state, being gathered.
#[derive(Debug)]
pub(crate) struct Gathering<'k> {
    known: &'k Known,
    ids: Ids,
    is_whole: bool,
}

impl Gathering<'_> {
    pub(crate) fn add(&mut self, id: &str) {
        self.is_whole = self.is_whole && self.ids.add(id);
    }

    /// Whether there are more than there is room for.
    pub(crate) fn is_full(&self) -> bool {
        !self.is_whole
    }

    /// All of them were added, or as many as there is room for.
    pub(crate) fn finish(mut self) {
        let mut state = self.known.0.lock();
        if state.stage != Stage::Gathering {
            return;
        }
        if !self.is_whole || !state.ids.take_in(&mut self.ids) {
            return state.fill();
        }
        state.stage = Stage::Complete;
    }
}

impl Drop for Gathering<'_> {
    /// What was not finished is begun anew one day.
    fn drop(&mut self) {
        let mut state: MutexGuard<'_, State> = self.known.0.lock();
        if state.stage == Stage::Gathering {
            state.stage = Stage::Unused { missed: 0 };
            state.ids.parts = Vec::new();
        }
    }
}

impl Ids {
    fn new(most_bytes: u64) -> Ids {
        let blocks = usize::try_from(most_bytes).unwrap_or(usize::MAX) / size_of::<Block>();
        Ids { hasher: DefaultHashBuilder::default(), parts: Vec::new(), most_blocks: blocks }
    }

    /// None of them, with the same room for others.
    fn emptied(&mut self) -> Ids {
        self.parts = Vec::new();
        let (hasher, most_blocks) = (self.hasher.clone(), self.most_blocks);
        Ids { hasher, parts: Vec::new(), most_blocks }
    }

    fn has(&self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        self.parts.iter().any(|part| part.has(hash))
    }

    /// False if there is no room.
    fn add(&mut self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        if self.parts.last().is_none_or(|last| last.left == 0) {
            let left = self.most_blocks.saturating_sub(self.blocks());
            let next = self.parts.last().map_or(FIRST, |last| 2 * last.blocks.len()).min(left);
            if next == 0 {
                return false;
            }
            self.parts.push(Part::of(next));
        }
        self.parts.iter_mut().next_back().into_iter().for_each(|last| last.add(hash));
        true
    }

    /// Takes others in beside its own; false if there is no room for them.
    fn take_in(&mut self, others: &mut Ids) -> bool {
        self.parts.append(&mut others.parts);
        // The one that is filled further is the last.
        self.parts.sort_by_key(|part| part.left > 0);
        self.blocks() <= self.most_blocks
    }

    fn blocks(&self) -> usize {
        self.parts.iter().map(|part| part.blocks.len()).sum()
    }
}

impl Part {
    fn of(blocks: usize) -> Part {
        Part { blocks: vec![[0; 8]; blocks].into(), left: blocks * IDS_PER_BLOCK }
    }

    fn has(&self, hash: u64) -> bool {
        let block = self.blocks.get(place(hash, self.blocks.len()));
        block.is_some_and(|block| block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0))
    }

    fn add(&mut self, hash: u64) {
        let place = place(hash, self.blocks.len());
        if let Some(block) = self.blocks.get_mut(place) {
            block.iter_mut().zip(bits(hash)).for_each(|(word, bit)| *word |= bit);
        }
        self.left = self.left.saturating_sub(1);
    }
}

/// The number of a block, by the upper half of a hash.
fn place(hash: u64, blocks: usize) -> usize {
    ((u128::from(hash >> 32) * blocks as u128) >> 32) as usize
}

/// A bit of each word, by the lower half of a hash.
fn bits(hash: u64) -> impl Iterator<Item = u32> {
    SALTS.iter().map(move |salt| 1 << ((hash as u32).wrapping_mul(*salt) >> 27))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> String {
        format!("f{number}")
    }

    #[test]
    fn an_id_that_was_put_is_never_taken_for_a_new_one_and_few_others_are_taken_for_old() {
        let known = Known::new(1 << 20, true);
        assert!(known.is_new(&id(0)));
        (0..300_000).for_each(|number| known.note(&id(number)));
        assert!((0..300_000).all(|number| !known.is_new(&id(number))));
        let old = (300_000..400_000).filter(|number| !known.is_new(&id(*number))).count();
        assert!(old < 5_000, "{old}");
    }

    #[test]
    fn ids_past_the_room_for_them_make_none_be_taken_for_new() {
        let known = Known::new(200, true);
        (0..1000).for_each(|number| known.note(&id(number)));
        assert!(!known.is_new("another"));
        assert!(!known.is_worth_gathering(1000));
    }

    #[test]
    fn ids_of_a_store_with_records_are_known_once_all_were_gathered() {
        let known = Known::new(1 << 20, false);
        assert!(!known.is_new("another"));
        (0..LEAST_MISSED as usize).for_each(|number| known.note(&id(number)));
        assert!(known.is_worth_gathering(100) && !known.is_worth_gathering(100_000));
        drop(known.begin());
        assert!(!known.is_new("another") && !known.is_worth_gathering(100));
        let mut gathering = known.begin();
        known.note("meanwhile");
        assert!(!known.is_new("another"), "not all of them are known yet");
        (0..3000).for_each(|number| gathering.add(&id(number)));
        assert!(!gathering.is_full());
        gathering.finish();
        known.note("later");
        let mut put = (0..3000).map(id).chain(["meanwhile".to_owned(), "later".to_owned()]);
        assert!(put.all(|id| !known.is_new(&id)));
        assert!(known.is_new("another"));
    }
}
