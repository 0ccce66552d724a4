//! The columns of consecutive records: the class of each, how its `_id` begins, and its values under some paths.
//!
//! This file does not know where the records lie, nor conditions.

use std::ops::Range;

use filedex_query::packed::PackedDocument;
use filedex_query::{Path, ValueRef};

use super::building::{BuildingValues, Origin};
use super::values::Values;
use super::zones::Zone;
use crate::format::Class;

/// What records are judged by.
pub(crate) trait Columnar {
    /// The classes of all records.
    fn classes(&self) -> &[Class];

    /// The column of that path.
    fn values(&self, path: &Path) -> Option<&Values>;
}

/// The columns of some records.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) marks: Marks,
    pub(crate) values: Vec<Values>,
}

/// What is known of each record whatever columns there are.
#[derive(Debug)]
pub(crate) struct Marks {
    pub(super) classes: Box<[Class]>,
    /// How the `_id` of each record begins, by which nearly all are told apart that a sort has side by side; nothing where
    /// nobody asks.
    pub(super) ids: Box<[u32]>,
}

/// Columns that records are added to.
#[derive(Debug)]
pub(crate) struct RowsBuilder {
    classes: Vec<Class>,
    ids: Vec<u32>,
    values: Vec<BuildingValues>,
}

/// Records that there is room for at first: a thousand, and those of a last block.
const ROOM: usize = 1024 + 64;

impl Rows {
    /// Whether there are columns of all these paths.
    pub(super) fn has(&self, paths: &[Path]) -> bool {
        paths.iter().all(|path| self.values(path).is_some())
    }

    /// The column of that path.
    pub(super) fn values(&self, path: &Path) -> Option<&Values> {
        self.values.iter().find(|values| values.is_of(path))
    }

    /// Bytes of memory that they take.
    pub(super) fn memory(&self) -> usize {
        self.marks.memory() + self.values.iter().map(Values::memory).sum::<usize>()
    }
}

impl Marks {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    /// The class of that record.
    pub(crate) fn class(&self, row: usize) -> Option<Class> {
        self.classes.get(row).copied()
    }

    /// The classes of all records.
    pub(crate) fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// How the `_id` of that record begins: of two that differ here the lesser `_id` has the lesser number.
    pub(crate) fn id_begin(&self, row: usize) -> Option<u32> {
        self.ids.get(row).copied()
    }

    /// Bytes of memory that they take.
    pub(crate) fn memory(&self) -> usize {
        (size_of::<Class>() + size_of::<u32>()) * self.len()
    }
}

impl RowsBuilder {
    /// Columns of these paths.
    pub(crate) fn new(paths: &[Path]) -> RowsBuilder {
        let values = paths.iter().map(|path| BuildingValues::new(path, ROOM)).collect();
        RowsBuilder { classes: Vec::with_capacity(ROOM), ids: Vec::with_capacity(ROOM), values }
    }

    /// How many records there are so far.
    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    /// Adds a record of that class.
    pub(crate) fn add(&mut self, class: Class, record: &[u8]) {
        let record = PackedDocument::new(record);
        self.classes.push(class);
        self.ids.push(id_begin(record));
        self.values.iter_mut().for_each(|values| values.add(record));
    }

    /// Adds those records of others, which have all of these columns, and may say where they are from.
    pub(crate) fn copy<'r>(
        &mut self,
        marks: &Marks,
        values: impl Fn(&Path) -> Option<&'r Values>,
        rows: Range<usize>,
        origin: Option<Origin>,
    ) {
        self.classes.extend_from_slice(marks.classes.get(rows.clone()).unwrap_or_default());
        self.ids.extend_from_slice(marks.ids.get(rows.clone()).unwrap_or_default());
        for own in &mut self.values {
            values(own.path()).into_iter().for_each(|other| own.copy(other, rows.clone(), origin));
        }
    }

    /// The zone of these records, by each path in either direction.
    pub(super) fn zones(&self, rows: Range<usize>) -> impl Iterator<Item = Zone> {
        self.values.iter().flat_map(move |values| values.zones(rows.clone()))
    }

    pub(crate) fn finish(self) -> Rows {
        let marks = Marks { classes: self.classes.into(), ids: self.ids.into() };
        Rows { marks, values: self.values.into_iter().map(BuildingValues::into_values).collect() }
    }
}

/// The first bytes of a record's `_id`.
fn id_begin(record: PackedDocument<'_>) -> u32 {
    let mut begin = [0; 4];
    if let Some(ValueRef::String(id)) = record.get("_id") {
        begin.iter_mut().zip(id.bytes()).for_each(|(place, byte)| *place = byte);
    }
    u32::from_be_bytes(begin)
}
