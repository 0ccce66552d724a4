//! What was written since a checkpoint, and by how much it changes what all records add up to.

use std::collections::BTreeMap;

use crate::format::Key;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) before: Option<u32>,
    pub(crate) after: Option<u32>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Memtable {
    pub(crate) cells: BTreeMap<Key, Cell>,
    pub(crate) sum: i64,
}

impl Memtable {
    pub(crate) fn set(&mut self, key: Key, cell: Cell) {
        let value = |value: Option<u32>| value.map_or(0, i64::from);
        self.sum += value(cell.after) - value(cell.before);
        self.cells.insert(key, cell);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}
