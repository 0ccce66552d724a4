//! Groups of column files being read in the order of their blocks: of each file the latest one stays.

use std::ops::Range;

use filedex_query::Path;

use super::building::Origin;
use super::file::{ColumnFile, Memory};
use super::head::BlockRows;
use super::rows::{Columnar, Rows, RowsBuilder};
use super::values::Values;
use crate::format::{Class, Place};

/// The columns of consecutive blocks of a file.
#[derive(Debug)]
pub(crate) struct Group {
    blocks: Box<[BlockRows]>,
    rows: Rows,
}

/// Of each file the group that was read last.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    latest: Vec<Latest>,
    memory: Memory,
}

/// A group by its file and its number there; none if it cannot be read.
#[derive(Debug)]
struct Latest {
    file: u64,
    number: usize,
    group: Option<Group>,
}

/// The records of blocks that follow one another in a group.
#[derive(Debug)]
pub(crate) struct Run {
    origin: Origin,
    rows: Range<usize>,
    /// The number of the block behind them.
    next: usize,
}

/// Bytes that the groups at hand may take before they are dropped. A group has a thousand records; one of each file
/// takes some 100 KiB, unless all values are long.
const MOST_BYTES: usize = 4 << 20;

impl Group {
    pub(super) fn new(blocks: Box<[BlockRows]>, rows: Rows) -> Group {
        Group { blocks, rows }
    }

    pub(super) fn with_ids(mut self, ids: Box<[u32]>) -> Group {
        self.rows.marks.ids = ids;
        self
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.marks.len()
    }

    /// Where the record of that row lies, in the file of that number: its block, and which of the records there it is.
    pub(crate) fn place_of(&self, row: usize, file: u64) -> Option<(Place, usize)> {
        let number = self.blocks.partition_point(|block| block.end as usize <= row);
        let block = self.blocks.get(number)?;
        Some((block.place(file), row - self.first_row(number)))
    }

    /// The row of a record by the offset of its block and its number there.
    pub(crate) fn row_of(&self, offset: u64, at: usize) -> Option<usize> {
        let (_, rows) = self.block_at(offset)?;
        Some(rows.start + at).filter(|row| rows.contains(row))
    }

    /// The rows of the records of those of its blocks that begin at these offsets, which are in order.
    pub(crate) fn rows_of_all(&self, mut offsets: &[u64]) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        self.blocks.iter().filter_map(move |block| {
            let rows = std::mem::replace(&mut start, block.end as usize)..block.end as usize;
            // Others are of blocks that hold no records.
            let before = offsets.iter().take_while(|offset| **offset < block.offset).count();
            offsets = offsets.get(before..).unwrap_or_default();
            (offsets.first() == Some(&block.offset)).then_some(rows)
        })
    }

    /// Bytes of memory that it takes.
    fn memory(&self) -> usize {
        size_of_val(&*self.blocks) + self.rows.memory()
    }

    fn first_row(&self, block: usize) -> usize {
        let before = block.checked_sub(1).and_then(|before| self.blocks.get(before));
        before.map_or(0, |before| before.end as usize)
    }

    /// The block at that offset, by its number, and which of the records are its own.
    fn block_at(&self, offset: u64) -> Option<(usize, Range<usize>)> {
        let at = self.blocks.binary_search_by_key(&offset, |block| block.offset).ok()?;
        Some((at, self.first_row(at)..self.blocks.get(at)?.end as usize))
    }
}

impl Columnar for Group {
    fn classes(&self) -> &[Class] {
        self.rows.marks.classes()
    }

    fn values(&self, path: &Path) -> Option<&Values> {
        self.rows.values(path)
    }
}

impl Run {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl Groups {
    /// The records of the block at that place, of whose file these are the columns, in a group that has those of these
    /// paths.
    pub(crate) fn find(
        &mut self,
        columns: &ColumnFile,
        place: Place,
        paths: &[Path],
    ) -> Option<Run> {
        let number = columns.group_of(place.offset)?;
        let known = self.latest.iter().position(|latest| latest.file == place.file);
        let latest = match known {
            Some(at) if self.latest.get(at).is_some_and(|latest| latest.is(number, paths)) => at,
            known => self.read(columns, (place.file, number), paths, known),
        };
        let (at, rows) = self.latest.get(latest)?.group.as_ref()?.block_at(place.offset)?;
        Some(Run { origin: (place.file, number), rows, next: at + 1 })
    }

    /// Lets a run that was found last of its file go on with the block at that place, if that is the next one; says
    /// whether it is.
    pub(crate) fn go_on(&self, run: &mut Run, place: Place) -> bool {
        let group = self.group_of(run).filter(|_| place.file == run.origin.0);
        let next = group.and_then(|group| group.blocks.get(run.next));
        let Some(next) = next.filter(|next| next.offset == place.offset) else {
            return false;
        };
        run.rows.end = next.end as usize;
        run.next += 1;
        true
    }

    /// Adds the records of a run that was found last of its file.
    pub(crate) fn copy(&self, run: &Run, rows: &mut RowsBuilder) {
        if let Some(group) = self.group_of(run) {
            let values = |path: &Path| group.rows.values(path);
            rows.copy(&group.rows.marks, values, run.rows.clone(), Some(run.origin));
        }
    }

    fn group_of(&self, run: &Run) -> Option<&Group> {
        let latest = self.latest.iter().find(|latest| latest.file == run.origin.0)?;
        latest.group.as_ref().filter(|_| latest.number == run.origin.1)
    }

    /// Reads a group in the place of the one that is known of its file; gives where it is.
    fn read(
        &mut self,
        columns: &ColumnFile,
        (file, number): Origin,
        paths: &[Path],
        known: Option<usize>,
    ) -> usize {
        known.into_iter().for_each(|at| drop(self.latest.swap_remove(at)));
        let bytes = self.latest.iter().filter_map(|latest| latest.group.as_ref());
        if bytes.map(Group::memory).sum::<usize>() > MOST_BYTES {
            self.latest.clear();
        }
        let group = columns.group_with_ids(number, paths, &mut self.memory);
        self.latest.push(Latest { file, number, group });
        self.latest.len() - 1
    }
}

impl Latest {
    /// Whether it is the group of that number, with these columns.
    fn is(&self, number: usize, paths: &[Path]) -> bool {
        self.number == number && self.group.as_ref().is_none_or(|group| group.rows.has(paths))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use filedex_query::packed::pack;
    use filedex_query::{Date, Document, Limits};
    use proptest::prelude::*;

    use super::super::ColumnWriter;
    use super::*;
    use crate::disk::Directory;

    fn paths(texts: &[&str]) -> Vec<Path> {
        texts.iter().map(|text| Path::parse(text, &Limits::default()).unwrap()).collect()
    }

    fn record(seed: u32) -> (Class, Vec<u8>) {
        let record = Document::new().with("_id", format!("{seed:x}"));
        let record = record.with("at", Date(i64::from(seed))).with("type", (seed % 3) as i32);
        let record = match seed % 4 {
            0 => record.with("name", "n".repeat(seed as usize % 300)),
            _ => record.with("name", format!("name {}", seed % 7)),
        };
        (Class::from_byte((seed % 7) as u8).unwrap(), pack(&record))
    }

    /// What columns say of a record.
    fn said(rows: &Rows, row: usize, paths: &[Path]) -> impl PartialEq + std::fmt::Debug {
        let value = |path| {
            let values = rows.values(path)?;
            Some(values.code(row).map(|code| values.value(code).to_vec()))
        };
        let values: Vec<Option<Option<Vec<u8>>>> = paths.iter().map(value).collect();
        (rows.marks.class(row), rows.marks.id_begin(row), values)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_column_file_says_of_each_block_what_its_records_say(
            blocks in prop::collection::vec((prop::collection::vec(any::<u32>(), 1..40), 1..9000_u64), 1..150),
            asked in any::<prop::sample::Index>(),
        ) {
            let site = tempfile::tempdir().unwrap();
            let directory = Arc::new(Directory::open(site.path()).unwrap());
            let written = paths(&["at", "name", "type", "missing"]);
            let mut writer = ColumnWriter::new(&directory, 7, &written.as_slice().into());
            let (mut placed, mut offset) = (Vec::new(), 29);
            for (seeds, gap) in &blocks {
                let records: Vec<(Class, Vec<u8>)> = seeds.iter().copied().map(record).collect();
                writer.block((offset, 1), records.iter().map(|(class, record)| (*class, &**record)));
                placed.push((offset, records));
                offset += gap;
            }
            writer.finish();
            drop(writer);

            let columns = ColumnFile::open(&directory, 7).unwrap();
            prop_assert!(columns.has(written.iter()) && !columns.has(paths(&["name", "other"]).iter()));
            let mut groups = Groups::default();
            let some = &written[asked.index(written.len())..];
            // In order, and then from the end.
            for (at, (offset, records)) in placed.iter().enumerate().chain(placed.iter().enumerate().rev()) {
                let asked = if at % 5 == 0 { some } else { &written };
                let place = Place { file: 7, offset: *offset, length: 1 };
                let mut run = groups.find(&columns, place, asked).unwrap();
                let (mut copied, mut expected) = (RowsBuilder::new(asked), RowsBuilder::new(asked));
                records.iter().for_each(|(class, record)| expected.add(*class, record));
                let before = run.len();
                if let Some((offset, records)) = placed.get(at + 1)
                    && groups.go_on(&mut run, Place { offset: *offset, ..place })
                {
                    prop_assert_eq!(run.len() - before, records.len());
                    records.iter().for_each(|(class, record)| expected.add(*class, record));
                }
                groups.copy(&run, &mut copied);
                let (copied, expected) = (copied.finish(), expected.finish());
                prop_assert_eq!((run.len(), copied.marks.len()), (expected.marks.len(), expected.marks.len()));
                for row in 0..expected.marks.len() {
                    prop_assert_eq!(said(&copied, row, asked), said(&expected, row, asked));
                }
                prop_assert!(!groups.go_on(&mut run, place));
                let between = Place { offset: offset + 1, ..place };
                let is_there = placed.iter().any(|(other, _)| *other == offset + 1);
                prop_assert_eq!(groups.find(&columns, between, asked).is_some(), is_there);
            }
            let before = Place { file: 7, offset: 28, length: 1 };
            prop_assert!(groups.find(&columns, before, &written).is_none());
        }
    }
}
