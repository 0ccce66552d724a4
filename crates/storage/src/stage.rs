//! The changes of one atomic write, while they are being worked out.
//!
//! What is staged is entries of lists and values beside them; readers see nothing of it. Blocks are none
//! of this file's business: [`crate::edit`] finds them once the write is certain.

use std::collections::BTreeMap;

use crate::class::Class;
use crate::error::Result;
use crate::layout::List;
use crate::operation::Operations;
use crate::reader::Reader;

/// Changes not yet made.
pub(crate) struct Stage<'r> {
    reader: &'r Reader<'r>,
    staged: Staged,
}

/// What a write changes: the entries of lists, the values beside them, and what it did to records.
#[derive(Default)]
pub(crate) struct Staged {
    pub(crate) lists: BTreeMap<List, BTreeMap<Vec<u8>, Staging>>,
    pub(crate) values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pub(crate) operations: Operations,
}

/// An entry as it will stand; `None` once it is gone.
pub(crate) type Staging = Option<(Class, Vec<u8>)>;

impl<'r> Stage<'r> {
    pub(crate) fn new(reader: &'r Reader<'r>) -> Stage<'r> {
        Stage { reader, staged: Staged::default() }
    }

    /// The class and payload of the entry with that key.
    pub(crate) fn find(&self, list: &List, key: &[u8]) -> Result<Staging> {
        if let Some(staged) = self.staged.lists.get(list).and_then(|entries| entries.get(key)) {
            return Ok(staged.clone());
        }
        let found = self.reader.find(list, key)?;
        Ok(found.map(|found| (found.class(), found.payload().to_vec())))
    }

    /// Puts an entry in its place in the list, in place of one with the same key.
    pub(crate) fn insert(&mut self, list: List, key: Vec<u8>, class: Class, payload: Vec<u8>) {
        self.set(list, key, Some((class, payload)));
    }

    /// Takes the entry out of the list.
    pub(crate) fn remove(&mut self, list: List, key: Vec<u8>) {
        self.set(list, key, None);
    }

    /// A value outside the lists, as it will stand.
    pub(crate) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.staged.values.get(key) {
            Some(staged) => Ok(staged.clone()),
            None => Ok(self.reader.value(key)?.map(|value| value.to_vec())),
        }
    }

    /// Sets or removes a value outside the lists.
    pub(crate) fn set_value(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.staged.values.insert(key, value);
    }

    /// Notes what the log is told.
    pub(crate) fn operations(&mut self) -> &mut Operations {
        &mut self.staged.operations
    }

    /// All changes; `None` if there are none. The blocks that they belong in were read, so that nothing
    /// damaged is in their way.
    pub(crate) fn finish(self) -> Result<Option<Staged>> {
        for (list, entries) in &self.staged.lists {
            // Entries of the id list were looked for before they were changed.
            if *list != List::ids() {
                self.reader.read_blocks(list, entries.keys())?;
            }
        }
        Ok((!self.staged.operations.is_empty()).then_some(self.staged))
    }

    fn set(&mut self, list: List, key: Vec<u8>, staging: Staging) {
        self.staged.lists.entry(list).or_default().insert(key, staging);
    }
}
