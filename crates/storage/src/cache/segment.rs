//! What is kept in memory of a run of blocks, so that most of its records can be judged without being
//! read: the class of each record, columns of its values, and which records conditions were found to hold
//! for.
//!
//! A segment says of which blocks it is, so that what it has of them serves when others beside them have
//! changed. Columns come and go: the same run with others shares what does not depend on them. This file does not
//! know conditions.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use filedex_query::{Account, Path};
use parking_lot::Mutex;

use super::selected::Selected;
use crate::columns::{ColumnFile, Columnar, Groups, Marks, RowsBuilder, Run, Values};
use crate::error::Result;
use crate::format::{Block, Class, Place};

/// A run of blocks with columns.
#[derive(Debug)]
pub(crate) struct Segment {
    layout: Arc<Layout>,
    columns: Vec<Arc<Column>>,
}

/// What there is of a run of blocks whatever columns it has.
#[derive(Debug)]
struct Layout {
    from: Box<[u8]>,
    upto: Box<[u8]>,
    /// The version of the index that it was made of.
    version: u64,
    /// The keys of the blocks, one behind the other.
    keys: Box<[u8]>,
    blocks: Box<[Placed]>,
    marks: Marks,
    /// Which records the conditions of that number hold for, the latest last.
    selected: Mutex<Vec<(u64, Arc<Selected>)>>,
    /// The last scan that made use of it.
    used: AtomicU64,
}

/// A column.
#[derive(Debug)]
struct Column {
    values: Values,
    /// The last scan that asked for it.
    used: AtomicU64,
}

/// Where a block and its key and records lie; the records begin where those before it end.
#[derive(Clone, Copy, Debug)]
struct Placed {
    key: u32,
    key_end: u32,
    list_length: u32,
    rows_end: u32,
    place: Place,
}

/// The columns that a scan asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Those that keys are drawn from.
    pub(crate) keys: Vec<Path>,
    /// Others that conditions are asked of, where it was not found out for which records they hold.
    pub(crate) asked: Vec<Path>,
    /// The number of the conditions, if what was found out of them is kept.
    pub(crate) conditions: Option<u64>,
}

impl Wanted {
    pub(crate) fn new<'p>(
        keys: impl Iterator<Item = &'p Path>,
        asked: impl Iterator<Item = &'p Path>,
        conditions: Option<u64>,
    ) -> Wanted {
        let mut wanted = Wanted { conditions, ..Wanted::default() };
        keys.for_each(|path| add(path, &mut wanted.keys));
        let others = asked.filter(|path| !path.is_among(&wanted.keys));
        others.for_each(|path| add(path, &mut wanted.asked));
        wanted
    }

    /// All of them.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> + Clone {
        self.keys.iter().chain(&self.asked)
    }
}

fn add(path: &Path, paths: &mut Vec<Path>) {
    if !path.is_among(paths) {
        paths.push(path.clone());
    }
}

/// Conditions whose answers a segment keeps.
const MOST_SELECTED: usize = 8;

/// What reading a record costs, for all columns together.
const STEPS_A_RECORD: u64 = 10;
/// Bytes of a record that are read for the price of one more.
const BYTES_A_STEP: usize = 512;

/// Records whose columns are copied for the price of a step.
const COPIED_A_STEP: u64 = 4;

/// A segment that has this many records takes in no further block.
pub(crate) const RECORDS: usize = 1024;

/// Bytes that there is room for at first in keys of blocks, and those that a key usually takes: of small rooms, whose blocks
/// have a few records each.
const ROOM_FOR_KEYS: usize = 12 << 10;
const BYTES_A_KEY: usize = 48;

impl Segment {
    /// The key before which no block of the segment lies.
    pub(crate) fn from(&self) -> &[u8] {
        &self.layout.from
    }

    /// The first key past the segment: every block whose key lies before it belongs to the segment.
    pub(crate) fn upto(&self) -> &[u8] {
        &self.layout.upto
    }

    /// The version of the index that it was made of.
    pub(crate) fn version(&self) -> u64 {
        self.layout.version
    }

    /// Whether there is a column of that path.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.values(path).is_some()
    }

    /// The columns of these that it lacks: those that conditions are asked of are not missed where it is known which
    /// records these hold for.
    pub(crate) fn lacks(&self, wanted: &Wanted) -> Vec<Path> {
        let is_judged = wanted.conditions.is_some_and(|number| self.selected(number).is_some());
        let asked = wanted.asked.iter().filter(|_| !is_judged);
        let lacking = |path: &&Path| !self.has(path);
        wanted.keys.iter().chain(asked).filter(lacking).cloned().collect()
    }

    /// Adds the paths of its columns.
    pub(crate) fn add_paths(&self, paths: &mut Vec<Path>) {
        self.columns.iter().for_each(|column| add(column.values.path(), paths));
    }

    /// The same run with the columns of another segment of it as well.
    pub(crate) fn with(&self, other: Segment) -> Segment {
        let columns = self.columns.iter().cloned().chain(other.columns).collect();
        Segment { layout: self.layout.clone(), columns }
    }

    /// The same run without the columns of these paths.
    pub(crate) fn without(&self, paths: &[Path]) -> Segment {
        self.retaining(|column| !column.values.path().is_among(paths))
    }

    fn retaining(&self, keeps: impl Fn(&Column) -> bool) -> Segment {
        let columns = self.columns.iter().filter(|column| keeps(column)).cloned().collect();
        Segment { layout: self.layout.clone(), columns }
    }

    /// Which records the conditions of that number hold for, if that was found out.
    pub(crate) fn selected(&self, number: u64) -> Option<Arc<Selected>> {
        let selected = self.layout.selected.lock();
        let found = selected.iter().find(|(other, _)| *other == number);
        found.map(|(_, selected)| selected.clone())
    }

    /// Keeps which records the conditions of that number hold for.
    pub(crate) fn keep_selected(&self, number: u64, selected: &Arc<Selected>) {
        let mut kept = self.layout.selected.lock();
        kept.retain(|(other, _)| *other != number);
        if kept.len() >= MOST_SELECTED {
            kept.remove(0);
        }
        kept.push((number, selected.clone()));
    }

    /// The blocks in order, each with its key, how much of that is its list's, and its place.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = KeyedBlock<'_>> {
        let keyed =
            |placed: &Placed| (self.key_of(placed), placed.list_length as usize, placed.place);
        self.layout.blocks.iter().map(keyed)
    }

    /// The blocks from that key on and before the other.
    pub(crate) fn blocks_between(&self, from: &[u8], to: &[u8]) -> Range<usize> {
        let before = |key| self.layout.blocks.partition_point(|placed| self.key_of(placed) < key);
        let start = before(from);
        start..before(to).max(start)
    }

    /// The block in which that key lies or belongs, if it is one of these.
    pub(crate) fn block_of(&self, key: &[u8]) -> Option<usize> {
        self.layout.blocks.partition_point(|placed| self.key_of(placed) <= key).checked_sub(1)
    }

    /// The key of that block; past the last one, where the segment ends.
    pub(crate) fn key(&self, block: usize) -> &[u8] {
        self.layout.blocks.get(block).map_or(&self.layout.upto, |placed| self.key_of(placed))
    }

    /// Where that block lies, and the key of its list.
    pub(crate) fn place(&self, block: usize) -> Option<(Place, &[u8])> {
        let placed = self.layout.blocks.get(block)?;
        Some((placed.place, self.key_of(placed).get(..placed.list_length as usize)?))
    }

    /// The records of those blocks.
    pub(crate) fn rows(&self, blocks: Range<usize>) -> Range<usize> {
        self.first_row(blocks.start)..self.first_row(blocks.end)
    }

    /// The block in which that record lies, and which of the block's records it is.
    pub(crate) fn place_of(&self, row: usize) -> (usize, usize) {
        let block = self.layout.blocks.partition_point(|placed| placed.rows_end as usize <= row);
        (block, row.saturating_sub(self.first_row(block)))
    }

    /// The class of that record.
    pub(crate) fn class(&self, row: usize) -> Option<Class> {
        self.layout.marks.class(row)
    }

    /// How the `_id` of that record begins: of two that differ here the lesser `_id` has the lesser number.
    pub(crate) fn id_begin(&self, row: usize) -> Option<u32> {
        self.layout.marks.id_begin(row)
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.layout.marks.len()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let layout = &self.layout;
        let marks = layout.marks.memory() + MOST_SELECTED * Selected::memory(self.len());
        let keys = layout.keys.len() + size_of_val(&*layout.blocks) + 2 * layout.from.len();
        let bytes = |column: &Arc<Column>| size_of::<Column>() + column.values.memory();
        let columns: usize = self.columns.iter().map(bytes).sum();
        (size_of::<Segment>() + size_of::<Layout>() + marks + keys + layout.upto.len() + columns)
            as u64
    }

    /// Notes that this scan makes use of it, and of columns of these paths.
    pub(crate) fn use_in<'p>(&self, scan: u64, paths: impl Iterator<Item = &'p Path> + Clone) {
        self.layout.used.fetch_max(scan, Ordering::Relaxed);
        let is_asked = |column: &Column| paths.clone().any(|path| column.values.is_of(path));
        for column in self.columns.iter().filter(|column| is_asked(column)) {
            column.used.fetch_max(scan, Ordering::Relaxed);
        }
    }

    /// Whether a scan after that one made use of it.
    pub(crate) fn is_used_after(&self, scan: u64) -> bool {
        self.layout.used.load(Ordering::Relaxed) > scan
    }

    /// The same run with the columns that scans after that one asked for.
    pub(crate) fn used_after(&self, scan: u64) -> Segment {
        self.retaining(|column| column.used.load(Ordering::Relaxed) > scan)
    }

    fn key_of(&self, placed: &Placed) -> &[u8] {
        self.layout.keys.get(placed.key as usize..placed.key_end as usize).unwrap_or_default()
    }

    fn first_row(&self, block: usize) -> usize {
        let before = block.checked_sub(1).and_then(|before| self.layout.blocks.get(before));
        before.map_or(0, |before| before.rows_end as usize)
    }

    /// The block at that place.
    fn block_at(&self, place: Place) -> Option<usize> {
        self.layout.blocks.iter().position(|placed| placed.place == place)
    }
}

impl Columnar for Segment {
    fn classes(&self) -> &[Class] {
        self.layout.marks.classes()
    }

    fn values(&self, path: &Path) -> Option<&Values> {
        self.columns.iter().map(|column| &column.values).find(|values| values.is_of(path))
    }
}

/// A block: its key, how much of that is its list's, and where it lies.
pub(crate) type KeyedBlock<'k> = (&'k [u8], usize, Place);

/// Records that are copied together.
enum Copying {
    /// Of a group of a column file.
    Group(Run),
    /// Of the earlier segment.
    Earlier(Range<usize>),
}

/// A segment that blocks are added to.
pub(crate) struct SegmentBuilder<'w> {
    paths: &'w [Path],
    keys: Vec<u8>,
    blocks: Vec<Placed>,
    rows: RowsBuilder,
    /// The last records, whose columns are copied once nothing follows them where they lie.
    run: Option<Copying>,
    /// A segment that may have some of the blocks already.
    earlier: Option<Arc<Segment>>,
}

impl<'w> SegmentBuilder<'w> {
    /// A segment with these columns; what an earlier one with all of them has of a block is taken over.
    pub(crate) fn new(paths: &'w [Path], earlier: Option<Arc<Segment>>) -> SegmentBuilder<'w> {
        let has_all = |earlier: &Segment| paths.iter().all(|path| earlier.values(path).is_some());
        SegmentBuilder {
            paths,
            keys: Vec::with_capacity(ROOM_FOR_KEYS),
            blocks: Vec::with_capacity(ROOM_FOR_KEYS / BYTES_A_KEY),
            rows: RowsBuilder::new(paths),
            run: None,
            earlier: earlier.filter(|earlier| has_all(earlier)),
        }
    }

    /// Whether it takes in no further block.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= RECORDS
    }

    /// Adds a block under that key, of which the earlier segment knows all; says whether it does.
    pub(crate) fn take_over(
        &mut self,
        placed: KeyedBlock<'_>,
        groups: &Groups,
        account: &Account,
    ) -> Result<bool> {
        let Some(earlier) = &self.earlier else { return Ok(false) };
        let Some(block) = earlier.block_at(placed.2) else { return Ok(false) };
        let rows = earlier.rows(block..block + 1);
        account.work(1 + rows.len() as u64 / COPIED_A_STEP)?;
        match &mut self.run {
            Some(Copying::Earlier(run)) if run.end == rows.start => run.end = rows.end,
            _ => {
                self.end_run(groups);
                self.run = Some(Copying::Earlier(rows));
            }
        }
        self.place(placed);
        Ok(true)
    }

    /// Adds a block under that key, if these columns beside its file have it; says whether they do.
    pub(crate) fn copy(
        &mut self,
        placed: KeyedBlock<'_>,
        columns: &ColumnFile,
        groups: &mut Groups,
        account: &Account,
    ) -> Result<bool> {
        let before = self.len();
        let goes_on = match &mut self.run {
            Some(Copying::Group(run)) => groups.go_on(run, placed.2),
            _ => false,
        };
        if !goes_on {
            self.end_run(groups);
            self.run = groups.find(columns, placed.2, self.paths).map(Copying::Group);
            if self.run.is_none() {
                return Ok(false);
            }
        }
        account.work(1 + (self.len() - before) as u64 / COPIED_A_STEP)?;
        self.place(placed);
        Ok(true)
    }

    /// Adds a block under that key, whose entries hold records.
    pub(crate) fn add(
        &mut self,
        key: &[u8],
        place: Place,
        block: &Block,
        groups: &Groups,
        account: &Account,
    ) -> Result<()> {
        self.end_run(groups);
        for (_, entry) in block.all() {
            // Of a long record a value may be copied that is then too long to be kept.
            let read = (entry.payload.len() / BYTES_A_STEP) as u64;
            account.work(STEPS_A_RECORD.saturating_add(read))?;
            self.rows.add(entry.class, entry.payload);
        }
        self.place((key, block.list().len(), place));
        Ok(())
    }

    /// The segment from that key on and up to the other, as of that version.
    pub(crate) fn finish(
        mut self,
        groups: &Groups,
        (from, upto): (&[u8], &[u8]),
        version: u64,
    ) -> Segment {
        self.end_run(groups);
        let rows = self.rows.finish();
        let column = |values| Arc::new(Column { values, used: AtomicU64::new(0) });
        let layout = Layout {
            from: from.into(),
            upto: upto.into(),
            version,
            keys: self.keys.into(),
            blocks: self.blocks.into(),
            marks: rows.marks,
            selected: Mutex::default(),
            used: AtomicU64::new(0),
        };
        Segment { layout: Arc::new(layout), columns: rows.values.into_iter().map(column).collect() }
    }

    /// How many records there are so far.
    fn len(&self) -> usize {
        self.rows.len()
            + match &self.run {
                Some(Copying::Group(run)) => run.len(),
                Some(Copying::Earlier(rows)) => rows.len(),
                None => 0,
            }
    }

    /// Copies what is to be copied yet.
    fn end_run(&mut self, groups: &Groups) {
        match (self.run.take(), &self.earlier) {
            (Some(Copying::Group(run)), _) => groups.copy(&run, &mut self.rows),
            (Some(Copying::Earlier(rows)), Some(earlier)) => {
                self.rows.copy(&earlier.layout.marks, |path| earlier.values(path), rows, None);
            }
            _ => {}
        }
    }

    fn place(&mut self, (key, list_length, place): KeyedBlock<'_>) {
        let (start, rows_end) = (self.keys.len() as u32, self.len() as u32);
        self.keys.extend_from_slice(key);
        self.blocks.push(Placed {
            key: start,
            key_end: self.keys.len() as u32,
            list_length: list_length as u32,
            rows_end,
            place,
        });
    }
}
