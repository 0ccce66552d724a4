//! The columns of consecutive records: the class of each, how its `_id` begins, and its values under some paths.
//!
//! This file does not know where the records lie, nor conditions.

use std::ops::Range;

use filedex_query::packed::PackedDocument;
use filedex_query::{Path, ValueRef};

use super::values::{BuildingValues, Origin, Values};
use super::zones::Zone;
use crate::format::Class;

/// The columns of some records.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(super) classes: Box<[Class]>,
    /// How the `_id` of each record begins, by which nearly all are told apart that a sort has side by side.
    pub(super) ids: Box<[u32]>,
    pub(super) values: Vec<Values>,
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
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    /// The paths that there are columns of.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.values.iter().map(Values::path)
    }

    /// Whether there are columns of all these paths.
    pub(crate) fn has(&self, paths: &[Path]) -> bool {
        paths.iter().all(|path| self.values(path).is_some())
    }

    /// The column of that path.
    pub(crate) fn values(&self, path: &Path) -> Option<&Values> {
        self.values.iter().find(|values| values.path().text() == path.text())
    }

    /// The class of that record.
    pub(crate) fn class(&self, row: usize) -> Option<Class> {
        self.classes.get(row).copied()
    }

    /// How the `_id` of that record begins: of two that differ here the lesser `_id` has the lesser number.
    pub(crate) fn id_begin(&self, row: usize) -> Option<u32> {
        self.ids.get(row).copied()
    }

    /// Bytes of memory that they take.
    pub(crate) fn memory(&self) -> usize {
        let values: usize = self.values.iter().map(Values::memory).sum();
        values + 5 * self.classes.len()
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
    pub(crate) fn copy(&mut self, others: &Rows, rows: Range<usize>, origin: Option<Origin>) {
        self.classes.extend_from_slice(others.classes.get(rows.clone()).unwrap_or_default());
        self.ids.extend_from_slice(others.ids.get(rows.clone()).unwrap_or_default());
        for values in &mut self.values {
            let column = others.values(values.path());
            column.into_iter().for_each(|column| values.copy(column, rows.clone(), origin));
        }
    }

    /// The zone of these records, by each path in either direction.
    pub(super) fn zones(&self, rows: Range<usize>) -> impl Iterator<Item = Zone> {
        self.values.iter().flat_map(move |values| values.zones(rows.clone()))
    }

    pub(crate) fn finish(self) -> Rows {
        Rows {
            classes: self.classes.into(),
            ids: self.ids.into(),
            values: self.values.into_iter().map(BuildingValues::into_values).collect(),
        }
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
