//! What is kept in memory of a run of blocks, so that most of its records can be judged without being
//! read: the class of each record, and columns of its values and of the beginnings of its sort keys.
//!
//! A column holds each different value once, and a number of one for each record: a condition is asked
//! once for each of them. A segment is right as long as none of its blocks changes; to drop it then is
//! [`crate::columns`]' business. This file does not know conditions.

use std::collections::HashMap;
use std::ops::{Bound, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use filedex_query::packed::PackedDocument;
use filedex_query::{Account, Path, Sort};

use crate::block::Block;
use crate::class::Class;
use crate::error::Result;
use crate::layout::first_bytes;
use crate::merge::Direction;
use crate::reader::Reader;

/// A run of blocks.
pub(crate) struct Segment {
    from: Box<[u8]>,
    upto: Box<[u8]>,
    /// The keys of the blocks, one behind the other.
    keys: Box<[u8]>,
    blocks: Box<[Placed]>,
    classes: Box<[Class]>,
    values: Vec<Values>,
    firsts: Option<Firsts>,
    /// The last scan that made use of it.
    used: AtomicU64,
}

/// Where the key and the records of a block lie; the records begin where those before it end.
#[derive(Clone, Copy)]
struct Placed {
    key: u32,
    key_end: u32,
    rows_end: u32,
}

/// A column of what conditions on a path look at.
pub(crate) struct Values {
    path: Path,
    /// Of each record, which of the values is its own, or [`TOO_LONG`].
    codes: Box<[u16]>,
    /// The different values: their ends in the bytes.
    ends: Box<[u32]>,
    bytes: Box<[u8]>,
}

/// A column of the first bytes of sort keys: enough to tell that most do not belong to a page.
struct Firsts {
    sort: Arc<str>,
    firsts: Box<[u64]>,
}

/// The columns that a scan asks for.
pub(crate) struct Wanted<'w> {
    pub(crate) paths: Vec<&'w Path>,
    /// The sort, with its text as a name for the column.
    pub(crate) sort: Option<(&'w Sort, Arc<str>)>,
}

impl<'w> Wanted<'w> {
    /// Adds the columns of these paths.
    pub(crate) fn add(&mut self, paths: impl IntoIterator<Item = &'w Path>) {
        for path in paths {
            if !self.paths.iter().any(|known| known.text() == path.text()) {
                self.paths.push(path);
            }
        }
    }
}

/// Longer values are not kept: records that have them are asked themselves.
const MOST_VALUE_BYTES: usize = 256;

/// Stands in place of the number of a value that is not kept.
const TOO_LONG: u16 = u16::MAX;

/// What reading a record costs, for all columns together.
const STEPS_A_RECORD: u64 = 10;

/// A segment that has this many records takes in no further block.
pub(crate) const RECORDS: usize = 1024;

impl Segment {
    /// Reads the blocks from the key `from` on, which is the key of a block or lies before all blocks
    /// of its list, and before `end`; fewer, if they hold many records.
    pub(crate) fn read(
        reader: &Reader<'_>,
        from: &[u8],
        end: &[u8],
        wanted: &Wanted<'_>,
        account: &Account,
    ) -> Result<Segment> {
        let mut building = Building::new(wanted);
        let mut upto = end.into();
        let (lower, upper) = (Bound::Included(from), Bound::Excluded(end));
        for block in reader.range(lower, upper, Direction::Forward) {
            let (key, lying) = block?;
            if building.classes.len() >= RECORDS {
                upto = (*key).into();
                break;
            }
            building.add(reader, &key, &reader.open(&key, lying)?, account)?;
        }
        Ok(building.into_segment(from.into(), upto))
    }

    /// The key before which no block of the segment lies.
    pub(crate) fn from(&self) -> &[u8] {
        &self.from
    }

    /// The first key past the segment: every block whose key lies before it belongs to the segment.
    pub(crate) fn upto(&self) -> &[u8] {
        &self.upto
    }

    /// Whether it has these columns.
    pub(crate) fn has(&self, wanted: &Wanted<'_>) -> bool {
        let has_order = |(_, text): &(&Sort, Arc<str>)| self.firsts_of(text).is_some();
        wanted.paths.iter().all(|path| self.values(path).is_some())
            && wanted.sort.as_ref().is_none_or(has_order)
    }

    /// The paths of its columns.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.values.iter().map(|values| &values.path)
    }

    /// The column of that path.
    pub(crate) fn values(&self, path: &Path) -> Option<&Values> {
        self.values.iter().find(|values| values.path.text() == path.text())
    }

    /// The beginnings of the sort keys of all records, in the order of that sort.
    pub(crate) fn firsts_of(&self, sort: &str) -> Option<&[u64]> {
        let column = self.firsts.as_ref().filter(|column| *column.sort == *sort)?;
        Some(&column.firsts)
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The blocks from that key on and before the other.
    pub(crate) fn blocks_between(&self, from: &[u8], to: &[u8]) -> Range<usize> {
        let before = |key| self.blocks.partition_point(|placed| self.key_of(placed) < key);
        let start = before(from);
        start..before(to).max(start)
    }

    /// The key of that block; past the last one, where the segment ends.
    pub(crate) fn key(&self, block: usize) -> &[u8] {
        self.blocks.get(block).map_or(&self.upto, |placed| self.key_of(placed))
    }

    /// The records of those blocks.
    pub(crate) fn rows(&self, blocks: Range<usize>) -> Range<usize> {
        self.first_row(blocks.start)..self.first_row(blocks.end)
    }

    /// The key of the block in which that record lies, and which of the block's records it is.
    pub(crate) fn place_of(&self, row: usize) -> (&[u8], usize) {
        let block = self.blocks.partition_point(|placed| placed.rows_end as usize <= row);
        (self.key(block), row.saturating_sub(self.first_row(block)))
    }

    /// The class of that record.
    pub(crate) fn class(&self, row: usize) -> Option<Class> {
        self.classes.get(row).copied()
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    /// Bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let values = self.values.iter().map(|values| {
            size_of_val(&*values.codes) + size_of_val(&*values.ends) + values.bytes.len()
        });
        let firsts = self.firsts.iter().map(|firsts| size_of_val(&*firsts.firsts));
        let columns: usize = values.chain(firsts).map(|bytes| bytes + size_of::<Values>()).sum();
        let keys = self.keys.len() + size_of_val(&*self.blocks) + 2 * self.from.len();
        (size_of::<Segment>() + columns + keys + self.upto.len() + self.classes.len()) as u64
    }

    /// Notes that this scan makes use of it.
    pub(crate) fn use_in(&self, scan: u64) {
        self.used.fetch_max(scan, Ordering::Relaxed);
    }

    /// The last scan that made use of it.
    pub(crate) fn used_in(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn key_of(&self, placed: &Placed) -> &[u8] {
        self.keys.get(placed.key as usize..placed.key_end as usize).unwrap_or_default()
    }

    fn first_row(&self, block: usize) -> usize {
        let before = block.checked_sub(1).and_then(|before| self.blocks.get(before));
        before.map_or(0, |before| before.rows_end as usize)
    }
}

impl Values {
    /// How many different values there are.
    pub(crate) fn different(&self) -> usize {
        self.ends.len()
    }

    /// Which of the values is that record's; `None` if it is too long to be kept.
    pub(crate) fn code(&self, row: usize) -> Option<usize> {
        self.codes.get(row).filter(|code| **code != TOO_LONG).map(|code| usize::from(*code))
    }

    /// The value of that number, as [`Path::narrow`] gave it.
    pub(crate) fn value(&self, code: usize) -> &[u8] {
        let start = code.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |start| *start as usize);
        let end = self.ends.get(code).map_or(start, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// A segment that blocks are added to.
struct Building<'w> {
    sort: Option<(&'w Sort, Arc<str>)>,
    keys: Vec<u8>,
    blocks: Vec<Placed>,
    classes: Vec<Class>,
    values: Vec<BuildingValues<'w>>,
    firsts: Vec<u64>,
}

struct BuildingValues<'w> {
    path: &'w Path,
    codes: Vec<u16>,
    known: HashMap<Box<[u8]>, u16>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl<'w> Building<'w> {
    fn new(wanted: &Wanted<'w>) -> Building<'w> {
        Building {
            sort: wanted.sort.clone(),
            keys: Vec::new(),
            blocks: Vec::new(),
            classes: Vec::new(),
            values: wanted.paths.iter().map(|path| BuildingValues::new(path)).collect(),
            firsts: Vec::new(),
        }
    }

    fn add(
        &mut self,
        reader: &Reader<'_>,
        key: &[u8],
        block: &Block,
        account: &Account,
    ) -> Result<()> {
        for entry in block.read().entries() {
            account.work(STEPS_A_RECORD)?;
            let stored = reader.record(block, &entry, false)?;
            let record = stored.packed();
            self.classes.push(entry.class);
            self.values.iter_mut().for_each(|values| values.add(record));
            if let Some((sort, _)) = &self.sort {
                // A key that cannot be made is an error where the record matches, and only there: it
                // begins like one that belongs to every page.
                let held = account.held();
                let first = match sort.key_within(record.into(), account) {
                    Ok(key) => first_bytes(&key),
                    // But for what ends the request, not the sort.
                    Err(_) => account.look().map(|()| 0)?,
                };
                account.release_to(held);
                self.firsts.push(first);
            }
        }
        let (start, rows_end) = (self.keys.len() as u32, self.classes.len() as u32);
        self.keys.extend_from_slice(key);
        self.blocks.push(Placed { key: start, key_end: self.keys.len() as u32, rows_end });
        Ok(())
    }

    fn into_segment(self, from: Box<[u8]>, upto: Box<[u8]>) -> Segment {
        let firsts = self.sort.map(|(_, sort)| Firsts { sort, firsts: self.firsts.into() });
        Segment {
            from,
            upto,
            keys: self.keys.into(),
            blocks: self.blocks.into(),
            classes: self.classes.into(),
            values: self.values.into_iter().map(BuildingValues::into_values).collect(),
            firsts,
            used: AtomicU64::new(0),
        }
    }
}

impl<'w> BuildingValues<'w> {
    fn new(path: &'w Path) -> BuildingValues<'w> {
        let (codes, ends, bytes) = (Vec::new(), Vec::new(), Vec::new());
        BuildingValues { path, codes, known: HashMap::new(), ends, bytes }
    }

    fn add(&mut self, record: PackedDocument<'_>) {
        let start = self.bytes.len();
        self.path.narrow(record, &mut self.bytes);
        let value = self.bytes.get(start..).unwrap_or_default();
        let known = match value.len() {
            0..=MOST_VALUE_BYTES => self.known.get(value).copied(),
            _ => Some(TOO_LONG),
        };
        if let Some(code) = known {
            self.codes.push(code);
            self.bytes.truncate(start);
            return;
        }
        // A block has at most some 800 records, so that a segment has far fewer than can be numbered.
        let code = self.ends.len() as u16;
        self.known.insert(value.into(), code);
        self.codes.push(code);
        self.ends.push(self.bytes.len() as u32);
    }

    fn into_values(self) -> Values {
        let (codes, ends, bytes) = (self.codes.into(), self.ends.into(), self.bytes.into());
        Values { path: self.path.clone(), codes, ends, bytes }
    }
}
