//! Compares everything that is kept twice: records, lists, sums, checksums, the index and its manifest.
//!
//! The records in the lists of rooms are the truth. From each of them follows one entry in each of its other
//! lists, and its part of what these add up to; nothing else may be there. Lists are gone through in the order in which
//! they lie, and compared as a whole: which records a list says otherwise is found out for those alone that differ. What
//! the index says of blocks is counted again from the blocks. This file only reads.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use filedex_query::Clock as _;
use filedex_query::packed::PackedDocument;

use super::rooms;
use crate::error::Result;
use crate::format::lists::{ALL_USERS, EVERYTHING, IDS, holds_records};
use crate::format::record::document;
use crate::format::{Block, Entry, List, Place, Standing, Tally};
use crate::index::{Commit, Keyed};
use crate::read::{Stops, Watch};
use crate::snapshot::{Bounds, Overlay, Run, Snapshot, Walk};
use crate::store::{Audit, Store};

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
    /// Reads one state whole and reports every difference; writers go on meanwhile. `progress` is told how
    /// many of how many records have been read.
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
        self.verify_within(&Watch::default(), progress)
    }

    /// The same, ended by what the watch says, but by no limit of queries.
    ///
    /// # Errors
    /// As [`Store::verify`]; `Cancelled`, `Costly`, and `Query` past the watch's time.
    pub fn verify_within(
        &self,
        watch: &Watch,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Report> {
        let Audit { state, commit, chunks } = self.shared().audit();
        let reading = Snapshot::new(&self.shared().pool, &state);
        let expected = reading.tally(&List::everything()).map_or(0, |tally| tally.records());
        let mut check = Check::new(reading, watch.whole());
        check.index(chunks)?;
        check.usage(&commit);
        check.rooms(&mut |done| progress(done, expected))?;
        check.entries()?;
        check.lists()?;
        progress(check.report.records, expected);
        Ok(check.report)
    }
}

struct Check<'r> {
    reading: Snapshot<'r>,
    stops: Stops,
    report: Report,
    /// What lists must hold, by the records.
    expected: Holdings,
    /// Lists that the index has.
    listed: BTreeSet<List>,
    /// Bytes of each file that the index refers to.
    live: BTreeMap<u64, u64>,
    /// The list that is being gone through.
    current: Option<Current>,
}

/// What lists hold, by their keys.
#[derive(Default)]
struct Holdings(BTreeMap<Box<[u8]>, Holding>);

/// What a list holds: what that adds up to, and all entries as one number, whatever their order. Others have hardly ever
/// the same.
#[derive(Default, PartialEq)]
struct Holding {
    tally: Tally,
    entries: u64,
}

/// A list whose chunks are being gone through.
struct Current {
    list: List,
    /// What its first chunk says of the whole.
    total: Option<Arc<Tally>>,
    chunks: u64,
    /// What was found.
    recount: Tally,
    found: u64,
    /// The last key of the block before.
    last: Vec<u8>,
}

impl<'r> Check<'r> {
    fn new(reading: Snapshot<'r>, stops: Stops) -> Check<'r> {
        let (report, expected, listed) = (Report::default(), Holdings::default(), BTreeSet::new());
        Check { reading, stops, report, expected, listed, live: BTreeMap::new(), current: None }
    }

    fn problem(&mut self, problem: String) {
        if self.report.problems.len() < MOST_PROBLEMS && !self.report.problems.contains(&problem) {
            self.report.problems.push(problem);
        }
    }

    /// Goes through the index, which must be what the manifest says.
    fn index(&mut self, manifest: Result<BTreeMap<Vec<u8>, u32>>) -> Result<()> {
        let mut manifest = match manifest {
            Ok(chunks) => Some(chunks),
            Err(error) => {
                self.problem(format!("the manifest: {error}"));
                None
            }
        };
        let (index, version) = (&self.reading.pool.index, &self.reading.state.version);
        let mut key = Vec::new();
        loop {
            self.stops.look()?;
            match index.next(version, &key, &[0xff]) {
                Ok(Some(chunk)) => {
                    key = chunk.key.to_vec();
                    let checksum = Some(crc32fast::hash(chunk.chunk.bytes()));
                    if manifest.as_mut().is_some_and(|chunks| chunks.remove(&key) != checksum) {
                        self.problem(format!("chunk {}: the manifest says otherwise", name(&key)));
                    }
                    self.chunk(&chunk);
                }
                Ok(None) => break,
                Err(error) => {
                    self.problem(format!("the index behind {}: {error}", name(&key)));
                    break;
                }
            }
        }
        self.end_list();
        for key in manifest.into_iter().flatten().map(|(key, _)| key) {
            self.problem(format!("chunk {}: the manifest has it, the index has not", name(&key)));
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: &Keyed) {
        let (list, is_first) = (chunk.list(), chunk.chunk.total().is_some());
        if self.current.as_ref().is_none_or(|current| current.list.bytes() != list) {
            self.end_list();
            let list = List::from_bytes(list);
            self.listed.insert(list.clone());
            let (total, chunks) = (chunk.chunk.total().cloned(), chunk.chunk.chunks());
            let (recount, last) = (Tally::default(), Vec::new());
            self.current = Some(Current { list, total, chunks, recount, found: 0, last });
        }
        let fence = chunk.key.get(list.len()..).unwrap_or_default();
        let first = chunk.chunk.item(0).map(|item| item.fence.to_vec());
        if !chunk.chunk.is_sound()
            || first.as_deref() != Some(fence)
            || is_first != fence.is_empty()
        {
            self.problem(format!("chunk {}: it is not what was written", name(&chunk.key)));
        }
        for item in chunk.chunk.items() {
            self.listed_block(list, item.fence, item.place, &item.tally());
        }
        self.current.iter_mut().for_each(|current| current.found += 1);
    }

    /// Reads a block and compares it with what the index says of it.
    fn listed_block(&mut self, list: &[u8], fence: &[u8], place: Place, tally: &Tally) {
        self.report.blocks += 1;
        *self.live.entry(place.file).or_default() += u64::from(place.length);
        let key = || name(&[list, fence].concat());
        let freed = self.reading.state.version.usage().freed(place.file).unwrap_or_default();
        if freed.binary_search(&place.offset).is_ok() {
            self.problem(format!("block {}: the manifest says that nothing refers to it", key()));
        }
        let block = match self.reading.state.version.block(place, list) {
            Ok(block) => block,
            Err(error) => return self.problem(format!("block {}: {error}", key())),
        };
        let recount = block.tally();
        if !block.is_sound() {
            self.problem(format!("block {}: its entries are out of order", key()));
        }
        if recount != *tally {
            let (kept, found) = (tally.records(), recount.records());
            self.problem(format!(
                "block {}: {kept} entries kept, {found} recounted, or of others",
                key()
            ));
        }
        let ends = ends_of(&block);
        let Some(current) = &mut self.current else { return };
        current.recount.add_all(&recount);
        let is_empty_fence = current.last.is_empty() && fence.is_empty();
        let is_apart = is_empty_fence || current.last.as_slice() < fence;
        let is_within = ends.as_ref().is_some_and(|(first, _)| first.as_slice() >= fence);
        current.last = ends.map(|(_, last)| last).unwrap_or_default();
        if !is_apart || !is_within {
            self.problem(format!("block {}: it has entries outside of its fences", key()));
        }
    }

    /// Compares a list with what its first chunk says.
    fn end_list(&mut self) {
        let Some(current) = self.current.take() else { return };
        let list = name(current.list.bytes());
        if current.total.as_deref() != Some(&current.recount) {
            let kept = current.total.map_or(0, |total| total.records());
            let found = current.recount.records();
            self.problem(format!(
                "sums of list {list}: {kept} kept, {found} recounted, or of others"
            ));
        }
        if current.chunks != current.found {
            let (kept, found) = (current.chunks, current.found);
            self.problem(format!("list {list}: {kept} chunks kept, {found} recounted"));
        }
    }

    /// Compares what files are in use for with the blocks that are listed.
    fn usage(&mut self, commit: &Commit) {
        if commit.number != self.reading.state.version.number() {
            return self.problem(
                "the manifest has a checkpoint that the index could not follow".to_owned(),
            );
        }
        let mut live = std::mem::take(&mut self.live);
        for (file, usage) in commit.usage.iter() {
            let recount = live.remove(&file).unwrap_or_default();
            if recount != usage.live {
                let kept = usage.live;
                self.problem(format!(
                    "blocks.{file}: {kept} bytes kept in use, {recount} recounted"
                ));
            }
        }
        for file in live.into_keys() {
            self.problem(format!("blocks.{file}: the manifest does not know it"));
        }
    }

    fn rooms(&mut self, progress: &mut dyn FnMut(u64)) -> Result<()> {
        for run in rooms::runs(self.reading)? {
            self.each_entry(run, &mut |check, list, entry| {
                check.record(list, entry);
                if check.report.records.is_multiple_of(rooms::TOLD_EVERY) {
                    progress(check.report.records);
                }
            })?;
        }
        Ok(())
    }

    /// Shows the entries of a run. What cannot be read was told when the index was gone through.
    fn each_entry(
        &mut self,
        run: Result<Run>,
        show: &mut dyn FnMut(&mut Self, &[u8], &Entry<'_>),
    ) -> Result<()> {
        self.stops.look()?;
        let Ok(run) = run else { return Ok(()) };
        let block = rooms::block_of(self.reading, &run).ok().flatten();
        run.each_entry(self.reading, block.as_ref(), &mut |list, entry| {
            show(self, list, entry);
            Ok(())
        })
    }

    /// Checks that a record lies where its fields say, and notes what its lists must hold for it.
    fn record(&mut self, list: &[u8], entry: &Entry<'_>) {
        if !PackedDocument::new(entry.payload).check() {
            return self.problem(format!("list {}: a record cannot be read", name(list)));
        }
        self.report.records += 1;
        let standing = Standing::of(document(entry.payload));
        let id = &standing.id;
        let agrees = standing.room.bytes() == list
            && standing.order == entry.key
            && (standing.class, standing.size) == (entry.class, entry.size);
        if !agrees {
            self.problem(format!("record `{id}`: its entry does not agree with its fields"));
        }
        for listed in standing.entries(entry.payload).into_iter().flatten() {
            self.expected.add(listed.list, &listed.entry(entry));
        }
    }

    /// Compares the entries of the other lists with those that the records have.
    fn entries(&mut self) -> Result<()> {
        let mut found = Holdings::default();
        for kind in [IDS, ALL_USERS, EVERYTHING] {
            for run in Walk::lists(self.reading, kind, Bounds::of_prefix(kind))? {
                self.each_entry(run, &mut |_, list, entry| found.add(list, entry))?;
            }
        }
        let others = self.expected.others(&found);
        if others.is_empty() {
            return Ok(());
        }
        for run in rooms::runs(self.reading)? {
            self.each_entry(run, &mut |check, _, entry| check.look_up(entry, &others))?;
        }
        for list in &others {
            let list = name(list);
            self.problem(format!("list {list}: its entries are not those of its records"));
        }
        Ok(())
    }

    /// Asks those of the lists of a record that are among these for its entry.
    fn look_up(&mut self, entry: &Entry<'_>, lists: &BTreeSet<Box<[u8]>>) {
        if !PackedDocument::new(entry.payload).check() {
            return;
        }
        let standing = Standing::of(document(entry.payload));
        let listed = standing.entries(entry.payload).into_iter().flatten();
        for listed in listed.filter(|listed| lists.contains(listed.list)) {
            let found = self.reading.find(&List::from_bytes(listed.list), &listed.key);
            let expected = listed.entry(entry);
            let said = found.map(|found| {
                found.map(|found| found.entry().is_some_and(|found| found == expected))
            });
            self.said(&standing.id, listed.list, said);
        }
    }

    /// What a list says of a record: that it is as expected or other, or nothing.
    fn said(&mut self, id: &str, list: &[u8], said: Result<Option<bool>>) {
        let what = || format!("record `{id}`: the list {}", name(list));
        match said {
            Ok(Some(true)) => {}
            Ok(Some(false)) => self.problem(format!("{} says otherwise", what())),
            Ok(None) => self.problem(format!("{} does not know it", what())),
            Err(error) => self.problem(format!("{}: {error}", what())),
        }
    }

    /// Compares what lists add up to, memtables included, with the records.
    fn lists(&mut self) -> Result<()> {
        let mut lists = std::mem::take(&mut self.listed);
        let cells = Overlay::from(self.reading.state, &[]);
        let mut last: &[u8] = &[];
        for cell in cells {
            if cell.list() != last {
                last = cell.list();
                lists.insert(List::from_bytes(last));
            }
        }
        let mut expected = std::mem::take(&mut self.expected.0);
        lists.extend(expected.keys().map(|list| List::from_bytes(list)));
        for list in lists {
            self.stops.look()?;
            let (kept, recount) = (
                self.reading.tally(&list),
                expected.remove(list.bytes()).unwrap_or_default().tally,
            );
            match kept {
                Ok(kept) if *kept == recount => {}
                Ok(kept) => self.problem(format!(
                    "list {}: {} entries kept, {} records recounted, or of others",
                    name(list.bytes()),
                    kept.records(),
                    recount.records()
                )),
                Err(error) => self.problem(format!("list {}: {error}", name(list.bytes()))),
            }
        }
        Ok(())
    }
}

impl Holdings {
    fn add(&mut self, list: &[u8], entry: &Entry<'_>) {
        let holding = match self.0.get_mut(list) {
            Some(holding) => holding,
            None => self.0.entry(list.into()).or_default(),
        };
        holding.tally.add(entry.class, entry.size);
        holding.entries = holding.entries.wrapping_add(number_of(entry));
    }

    /// The lists of which the others say something else, but for those of rooms.
    fn others(&self, others: &Holdings) -> BTreeSet<Box<[u8]>> {
        let lists = self.0.keys().chain(others.0.keys()).filter(|list| !holds_records(list));
        lists.filter(|list| self.0.get(*list) != others.0.get(*list)).cloned().collect()
    }
}

fn number_of(entry: &Entry<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    entry.hash(&mut hasher);
    hasher.finish()
}

/// The first and the last key of a block.
fn ends_of(block: &Block) -> Option<(Vec<u8>, Vec<u8>)> {
    let first = block.entry(0)?.key.to_vec();
    Some((first, block.entry(block.len() - 1)?.key.to_vec()))
}

/// A key, printed so that it can be searched for.
fn name(key: &[u8]) -> String {
    key.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Class, Size};

    fn holdings(entries: &[(&[u8], &str, &str)]) -> Holdings {
        let mut holdings = Holdings::default();
        for (list, key, payload) in entries {
            let (class, size) = (Class::from_byte(1).unwrap(), Size::default());
            let (key, payload) = (key.as_bytes(), payload.as_bytes());
            holdings.add(list, &Entry { key, class, size, payload });
        }
        holdings
    }

    #[test]
    fn lists_differ_by_any_of_their_entries_and_not_by_their_order() {
        let users = [[ALL_USERS, b"a"].concat(), [ALL_USERS, b"b"].concat()];
        let [one, other] = users.each_ref().map(Vec::as_slice);
        let whole = [(one, "k", "1"), (one, "l", "2"), (other, "k", "1"), (IDS, "k", "1")];
        let others = |entries: &[(&[u8], &str, &str)]| {
            let others = holdings(&whole).others(&holdings(entries));
            others.into_iter().map(Vec::from).collect::<Vec<_>>()
        };
        let [a, b, c, d] = whole;
        assert!(others(&[d, b, c, a]).is_empty());
        assert_eq!(others(&[a, (one, "l", "1"), c, d]), [one]);
        assert_eq!(others(&[a, (one, "m", "2"), c, d]), [one]);
        assert_eq!(others(&[a, (other, "l", "2"), c, d]), [one, other]);
        assert_eq!(others(&[a, b, d]), [other]);
        assert_eq!(others(&[a, b, c, d, (EVERYTHING, "k", "1")]), [EVERYTHING]);
    }
}
