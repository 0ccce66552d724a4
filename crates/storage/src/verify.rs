//! Compares everything that is kept twice: records, lists, counts, checksums.
//!
//! The records in the lists of rooms are the truth. From each of them follows one entry in the id
//! list, one in its user's list if it has a user, and its part of three counts; nothing else may be
//! there. This file only reads.

use std::collections::{BTreeMap, BTreeSet};

use crate::block::{Block, Entry};
use crate::class::Class;
use crate::counts::Counts;
use crate::error::Result;
use crate::layout::{
    ALL_COUNTS, ALL_PIECES, ALL_ROOMS, ALL_USERS, List, by_id, list_of_counts, piece_key,
};
use crate::merge::Lying;
use crate::reader::{Found, Reader, Stored};
use crate::record::{Body, Place, user_of};
use crate::store::Store;

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Report {
    /// Records that could be read.
    pub records: u64,
    /// Blocks that were read.
    pub blocks: u64,
    /// What is wrong, one sentence each; at most a thousand.
    pub problems: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

const MOST_PROBLEMS: usize = 1000;

impl Store {
    /// Reads everything and reports every difference. `progress` is told how many of how many
    /// records have been read; a write to this store is refused in it (`Busy`).
    ///
    /// ```
    /// # use filedex_storage::{Options, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// let report = store.verify(&mut |done, of| eprintln!("{done} of {of}"))?;
    /// assert!(report.is_clean());
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// Only where the files cannot be read at all; what is wrong with their content is in the report.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        let progress = &mut |done, all| self.call(|| progress(done, all));
        let reader = self.read();
        let expected = reader.stored_counts(&List::ids()).map_or(0, |counts| counts.total());
        let mut check = Check {
            reader: &reader,
            report: Report::default(),
            counts: BTreeMap::new(),
            pieces: BTreeSet::new(),
            expected,
        };
        check.rooms(progress)?;
        check.pointers(ALL_USERS, "user", 0)?;
        check.pointers(List::ids().bytes(), "id", check.waiting()?)?;
        check.counts()?;
        check.pieces()?;
        progress(check.report.records, expected);
        Ok(check.report)
    }
}

struct Check<'r> {
    reader: &'r Reader<'r>,
    report: Report,
    /// What the counts must be, by the records.
    counts: BTreeMap<List, Counts>,
    /// The pieces that must be there.
    pieces: BTreeSet<Vec<u8>>,
    expected: u64,
}

impl Check<'_> {
    fn problem(&mut self, problem: String) {
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(problem);
        }
    }

    fn rooms(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
        for block in self.reader.all(ALL_ROOMS) {
            let (key, lying) = block?;
            let Some(block) = self.block(&key, lying) else {
                continue;
            };
            for entry in block.read().entries() {
                self.record(&key, &block, &entry);
            }
            progress(self.report.records, self.expected);
        }
        Ok(())
    }

    /// Reads a block and checks what it says of itself.
    fn block(&mut self, key: &[u8], lying: Lying) -> Option<Block> {
        self.report.blocks += 1;
        let opened = match lying.block() {
            Ok(block) => block,
            Err(error) => {
                self.problem(format!("block {}: {error}", name(key)));
                return None;
            }
        };
        let block = opened.read();
        let mut counts = Counts::default();
        block.entries().for_each(|entry| counts.add(entry.class, 1));
        if !counts.iter().eq(block.counts()) || counts.total() != block.len() {
            self.problem(format!("block {}: its counts are not those of its entries", name(key)));
        }
        let keys: Vec<&[u8]> = block.entries().map(|entry| entry.key).collect();
        if !keys.is_sorted_by(|one, next| one < next) {
            self.problem(format!("block {}: its entries are out of order", name(key)));
        }
        Some(opened)
    }

    /// Checks that a record lies where its fields say, and that the other lists know it.
    fn record(&mut self, block_key: &[u8], block: &Block, entry: &Entry<'_>) {
        let found = Found::new(block, entry);
        let stored = match self.reader.body(found) {
            Ok(stored) => stored,
            Err(error) => return self.problem(format!("block {}: {error}", name(block_key))),
        };
        if !stored.is_intact() {
            return self.problem(format!("block {}: a record cannot be read", name(block_key)));
        }
        self.report.records += 1;
        let record = stored.document();
        let place = Place::of_stored(record);
        let id = record.get("_id").and_then(|id| id.as_text()).unwrap_or_default().to_owned();
        if place.order != entry.key || Class::of(record) != entry.class {
            self.problem(format!("record `{id}`: its entry does not agree with its fields"));
        }
        self.place(block_key, &place, &id);
        self.note_pieces(&id, entry.payload);
        let user = user_of(record);
        let key = by_id(&id);
        let named = match self.reader.arrived(&key) {
            Some(arrived) => Ok(arrived),
            None => self.reader.entry(&List::ids(), &key),
        };
        self.pointer(
            named,
            &place.to_bytes(&id),
            entry.class,
            &format!("record `{id}`: the id list"),
        );
        if let Some(user) = &user {
            let named = self.reader.entry(user, &place.order);
            let what = format!("record `{id}`: its user's list");
            self.pointer(named, place.list.bytes(), entry.class, &what);
        }
        for list in [Some(place.list), Some(List::ids()), user].into_iter().flatten() {
            self.counts.entry(list).or_default().add(entry.class, 1);
        }
    }

    fn place(&mut self, block_key: &[u8], place: &Place, id: &str) {
        let fence = block_key.strip_prefix(place.list.bytes());
        let holds = fence.is_some_and(|fence| fence <= place.order.as_slice());
        let found = self.reader.block_before(&place.list, &place.order);
        let reached = found.is_ok_and(|found| found.is_some_and(|(key, _)| *key == *block_key));
        if !holds || !reached {
            self.problem(format!("record `{id}`: it lies in a block where it cannot be found"));
        }
    }

    fn note_pieces(&mut self, id: &str, payload: &[u8]) {
        let pieces = Body::read(payload).map_or(0, Body::pieces);
        self.pieces.extend((0..pieces).map(|piece| piece_key(id, piece)));
    }

    fn pointer(
        &mut self,
        found: Result<Option<(Class, Vec<u8>)>>,
        payload: &[u8],
        class: Class,
        what: &str,
    ) {
        match found {
            Ok(Some(found)) if found.0 == class && found.1 == payload => {}
            Ok(Some(_)) => self.problem(format!("{what} says otherwise")),
            Ok(None) => self.problem(format!("{what} does not know it")),
            Err(error) => self.problem(format!("{what}: {error}")),
        }
    }

    /// Checks the blocks of a kind of list whose entries point at records. That there are as many
    /// entries as records is seen by the counts; that each record has its own, above. `waiting` is how
    /// many more there are than in the blocks.
    fn pointers(&mut self, prefix: &[u8], kind: &str, waiting: i64) -> Result<()> {
        let (mut entries, mut expected) = (0, 0);
        for block in self.reader.all(prefix) {
            let (key, lying) = block?;
            if let Some(block) = self.block(&key, lying) {
                entries += block.read().len();
            }
        }
        for (list, counts) in &self.counts {
            if list.bytes().starts_with(prefix) {
                expected += counts.total();
            }
        }
        let entries = entries.saturating_add_signed(waiting);
        if entries != expected {
            self.problem(format!("{kind} lists: {entries} entries for {expected} records"));
        }
        Ok(())
    }

    /// How many more entries the id list has than its blocks, by what waits to be sorted into them.
    fn waiting(&self) -> Result<i64> {
        let arrivals = self.reader.arrivals();
        arrivals.sorted().iter().try_fold(0, |more, arrival| {
            let (key, entry) = arrivals.entry(arrival);
            let lies_there = self.reader.entry(&List::ids(), key)?.is_some();
            Ok(more + i64::from(entry.is_some()) - i64::from(lies_there))
        })
    }

    fn counts(&mut self) -> Result<()> {
        let mut expected = std::mem::take(&mut self.counts);
        for kept in self.reader.all(ALL_COUNTS) {
            let (key, lying) = kept?;
            let list = list_of_counts(&key);
            let recount = expected.remove(&list).unwrap_or_default();
            match Counts::from_bytes(lying.bytes()) {
                Ok(counts) if counts == recount => {}
                Ok(counts) => self.problem(format!(
                    "counts of list {}: {} kept, {} recounted",
                    name(list.bytes()),
                    counts.total(),
                    recount.total()
                )),
                Err(error) => self.problem(format!("counts of {}: {error}", name(list.bytes()))),
            }
        }
        for list in expected.into_keys() {
            self.problem(format!("counts of list {}: missing", name(list.bytes())));
        }
        Ok(())
    }

    fn pieces(&mut self) -> Result<()> {
        let mut stray: u64 = 0;
        for piece in self.reader.all(ALL_PIECES) {
            if !self.pieces.contains(&*piece?.0) {
                stray += 1;
            }
        }
        if stray > 0 {
            self.problem(format!("{stray} pieces of bodies belong to no record"));
        }
        Ok(())
    }
}

impl Stored {
    /// Whether the whole record can be read back.
    fn is_intact(&self) -> bool {
        self.packed().check()
    }
}

/// A key, printed so that it can be searched for.
fn name(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}
