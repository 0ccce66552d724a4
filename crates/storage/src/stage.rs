//! The changes of one atomic write, while they are being worked out.
//!
//! What is staged is entries of lists and values beside them; readers see nothing of it. Blocks are none
//! of this file's business: [`crate::edit`] finds them once the write is certain.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use quick_cache::DefaultHashBuilder;

use crate::class::Class;
use crate::directory::Position;
use crate::error::Result;
use crate::layout::{List, compare};
use crate::operation::Operations;
use crate::reader::Reader;

/// Changes not yet made.
pub(crate) struct Stage<'r> {
    reader: &'r Reader<'r>,
    ids: HashMap<Vec<u8>, Renamed, DefaultHashBuilder>,
    lists: HashMap<List, Entries, DefaultHashBuilder>,
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    operations: &'r mut Operations,
}

/// Entries in order of their keys: few, as a rule.
type Entries = Vec<(Vec<u8>, Staging)>;

/// An entry as it will stand; `None` once it is gone.
pub(crate) type Staging<P = Vec<u8>> = Option<(Class, P)>;

/// What a write changes: entries of the id list, those of other lists, and the values beside them.
pub(crate) struct Staged {
    pub(crate) ids: HashMap<Vec<u8>, Renamed, DefaultHashBuilder>,
    pub(crate) lists: Vec<ListChange>,
    pub(crate) values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// An entry of the id list, and the class that the one before it had.
pub(crate) struct Renamed {
    pub(crate) before: Option<Class>,
    pub(crate) after: Staging,
}

/// What becomes of a list.
pub(crate) struct ListChange {
    pub(crate) list: List,
    pub(crate) entries: Entries,
    pub(crate) runs: Vec<Run>,
}

/// Entries that follow each other and lie or belong in one block.
pub(crate) struct Run {
    /// The key of the block, and its place in the list's directory if there is one.
    pub(crate) block: Vec<u8>,
    pub(crate) position: Option<Position>,
    /// Which of the entries they are.
    pub(crate) entries: Range<usize>,
}

impl<'r> Stage<'r> {
    /// A write that notes in `operations` what it does to records.
    pub(crate) fn new(reader: &'r Reader<'r>, operations: &'r mut Operations) -> Stage<'r> {
        operations.clear();
        let (ids, lists, values) = Default::default();
        Stage { reader, ids, lists, values, operations }
    }

    /// The class and payload of the entry with that key.
    pub(crate) fn find(&self, list: &List, key: &[u8]) -> Result<Staging> {
        let staged = self.lists.get(list).and_then(|entries| {
            let at = place(entries, key).ok()?;
            entries.get(at)
        });
        if let Some((_, staged)) = staged {
            return Ok(staged.clone());
        }
        Ok(self.reader.find(list, key)?.map(|found| found.to_entry()))
    }

    /// Puts an entry in its place in the list, in place of one with the same key.
    pub(crate) fn insert(&mut self, list: List, key: Vec<u8>, class: Class, payload: Vec<u8>) {
        self.set(list, key, Some((class, payload)));
    }

    /// Takes the entry out of the list.
    pub(crate) fn remove(&mut self, list: List, key: Vec<u8>) {
        self.set(list, key, None);
    }

    /// The class and payload of the entry of the id list with that key.
    pub(crate) fn named(&self, key: &[u8]) -> Result<Staging> {
        match self.ids.get(key) {
            Some(renamed) => Ok(renamed.after.clone()),
            None => self.reader.named(key),
        }
    }

    /// Sets or removes an entry of the id list. `before` is the class of the one that stood there.
    pub(crate) fn name(&mut self, key: Vec<u8>, before: Option<Class>, after: Staging) {
        match self.ids.get_mut(&key) {
            Some(renamed) => renamed.after = after,
            None => drop(self.ids.insert(key, Renamed { before, after })),
        }
    }

    /// A value outside the lists, as it will stand.
    pub(crate) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.values.get(key) {
            Some(staged) => Ok(staged.clone()),
            None => Ok(self.reader.value(key)?.map(|value| value.to_vec())),
        }
    }

    /// Sets or removes a value outside the lists.
    pub(crate) fn set_value(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.values.insert(key, value);
    }

    /// Notes what the log is told.
    pub(crate) fn operations(&mut self) -> &mut Operations {
        self.operations
    }

    /// All changes; `None` if there are none. The blocks that they belong in were read, so that nothing
    /// damaged is in their way.
    pub(crate) fn finish(self) -> Result<Option<Staged>> {
        let Stage { reader, ids, lists, values, operations } = self;
        if operations.is_empty() {
            return Ok(None);
        }
        let lists = lists.into_iter().map(|(list, entries)| {
            let runs = reader.runs(&list, &entries)?;
            Ok(ListChange { list, entries, runs })
        });
        Ok(Some(Staged { ids, lists: lists.collect::<Result<_>>()?, values }))
    }

    fn set(&mut self, list: List, key: Vec<u8>, staging: Staging) {
        let entries = self.lists.entry(list).or_default();
        match place(entries, &key) {
            Ok(at) => {
                if let Some((_, place)) = entries.get_mut(at) {
                    *place = staging;
                }
            }
            Err(at) => entries.insert(at, (key, staging)),
        }
    }
}

fn place(entries: &Entries, key: &[u8]) -> std::result::Result<usize, usize> {
    entries.binary_search_by(|(other, _)| compare(other, key))
}
