//! Readers: each answer is what the state says, whatever goes on meanwhile.

use std::sync::Arc;

use filedex_query::Path;

use crate::cache::columns::Columns;
use crate::cache::segment::Segment;
use crate::cache::{Caches, Part};
use crate::disk::{Values, set};
use crate::fault::Fault;
use crate::format::{Block, KEYS, Key, List, Place, chunk_key};
use crate::index::{Index, Keyed, Version};
use crate::memtable::Memtable;

/// One state of the store.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) active: Memtable,
    pub(crate) frozen: Memtable,
    pub(crate) mark: Option<(u64, u64)>,
    pub(crate) version: Arc<Version>,
    /// What it says, as the check knows it.
    pub(crate) truth: Arc<Values>,
}

/// What all states are read through.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) index: Index,
    pub(crate) caches: Caches,
    pub(crate) columns: Columns,
    pub(crate) fault: Option<Fault>,
}

/// A state, being read.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'s> {
    pub(crate) pool: &'s Pool,
    pub(crate) state: &'s State,
}

impl Pool {
    pub(crate) fn new(fault: Option<Fault>) -> Pool {
        let columns = Columns::new(1 << 20, Vec::<Path>::new());
        Pool { index: Index::new(fault), caches: Caches::new(1 << 20, 0), columns, fault }
    }
}

impl Reading<'_> {
    /// Asks some question, and compares.
    pub(crate) fn check(self, question: u32, key: Key) {
        let truth = &*self.state.truth;
        match question % 6 {
            0 => assert_eq!(self.value(key), truth.get(&key).copied(), "value of {key}"),
            1 => assert_eq!(self.text(key), truth.get(&key).copied(), "text of {key}"),
            2 => assert_eq!(
                self.total(),
                truth.values().copied().map(i64::from).sum::<i64>(),
                "total"
            ),
            3 => assert_eq!(self.with_cells(self.forward()), *truth, "forward"),
            4 => assert_eq!(self.with_cells(self.backward()), *truth, "backward"),
            _ => assert_eq!(self.with_cells(self.scanned()), *truth, "columns"),
        }
    }

    pub(crate) fn value(self, key: Key) -> Option<u32> {
        match self.cell(key) {
            Some(after) => after,
            None => self.value_in_blocks(key),
        }
    }

    pub(crate) fn value_in_blocks(self, key: Key) -> Option<u32> {
        let chunk = self.pool.index.exact(&self.state.version, &chunk_key(key))?;
        Some(self.block(chunk.chunk.place()))
    }

    /// The value by way of the cache of records.
    fn text(self, key: Key) -> Option<u32> {
        if let Some(after) = self.cell(key) {
            return after;
        }
        let id = key.to_string();
        let version = self.state.version.number();
        let newer = match self.pool.fault {
            Some(Fault::GivesRecordsToAnyVersion) => version + 64,
            _ => version,
        };
        let kept = (version..=newer).find_map(|version| self.pool.caches.record(version, &id));
        if let Some(text) = kept {
            return Some(u32::from_le_bytes(*text.first_chunk().unwrap()));
        }
        let value = self.value_in_blocks(key)?;
        let text: Arc<[u8]> = value.to_le_bytes().into();
        self.pool.caches.keep_record(self.state.version.number(), &id, &text);
        Some(value)
    }

    fn total(self) -> i64 {
        let list = List::records();
        let stored = self.pool.index.exact(&self.state.version, list.bytes());
        stored.map_or(0, |first| first.chunk.sum()) + self.state.frozen.sum + self.state.active.sum
    }

    fn forward(self) -> Values {
        let list = List::records();
        let (index, version) = (&self.pool.index, &self.state.version);
        let outline = index.outline(version, &list);
        let chunks = outline.0.iter().map(|(key, _)| index.exact(version, key));
        chunks
            .map(|chunk| chunk.expect("a chunk of an outline is there"))
            .filter_map(|chunk| self.entry(&chunk))
            .collect()
    }

    fn backward(self) -> Values {
        let list = List::records();
        let (mut values, mut upto) = (Values::new(), list.end());
        while let Some(chunk) = self.pool.index.previous(&self.state.version, list.bytes(), &upto) {
            values.extend(self.entry(&chunk));
            upto = chunk.key.to_vec();
        }
        values
    }

    /// The values in blocks by way of columns.
    fn scanned(self) -> Values {
        let (columns, list, version) = (&self.pool.columns, List::records(), &self.state.version);
        let scan = columns.number_scan();
        if let Some((segment, true)) = columns.find(list.bytes(), version.number()) {
            return segment.records.clone();
        }
        let (mut values, mut after) = (Values::new(), list.bytes().to_vec());
        while let Some(chunk) = self.pool.index.next(version, &after, &list.end()) {
            values.extend(self.entry(&chunk));
            after = chunk.key.to_vec();
        }
        columns
            .keep(&Arc::new(Segment { version: version.number(), records: values.clone() }), scan);
        values
    }

    fn with_cells(self, mut values: Values) -> Values {
        for memtable in [&self.state.frozen, &self.state.active] {
            memtable.cells.iter().for_each(|(key, cell)| set(&mut values, *key, cell.after));
        }
        values
    }

    /// The record behind a chunk, if it is that of a record.
    fn entry(self, keyed: &Keyed) -> Option<(Key, u32)> {
        let [_, key] = *keyed.key else { return None };
        Some((key, self.block(keyed.chunk.place())))
    }

    fn block(self, place: Place) -> u32 {
        if let Some(block) = self.pool.caches.blocks.get(&Part::whole(place)) {
            return block.0;
        }
        let Block(value) =
            self.state.version.block(place, b"L").expect("a block that is listed is there");
        self.pool.caches.blocks.keep(Part::whole(place), Block(value), 4);
        value
    }

    fn cell(self, key: Key) -> Option<Option<u32>> {
        let (active, frozen) = (&self.state.active.cells, &self.state.frozen.cells);
        active.get(&key).or_else(|| frozen.get(&key)).map(|cell| cell.after)
    }

    /// All questions at once.
    pub(crate) fn check_all(self) {
        (0..KEYS).for_each(|key| (0..2).for_each(|question| self.check(question, key)));
        (2..6).for_each(|question| self.check(question, 0));
    }
}
