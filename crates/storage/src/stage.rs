//! The changes of one atomic write, while they are being worked out.
//!
//! Blocks are read through from the tree, changed in memory and written together. Readers see
//! nothing of it before the commit. This file keeps the blocks of a list sorted, neither too big nor
//! too small, and its counts right; what entries mean is [`crate::writer`]'s business.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::block::{Draft, FEW_BYTES, MOST_BYTES};
use crate::class::Class;
use crate::counts::Counts;
use crate::directory::BlockChange;
use crate::error::Result;
use crate::layout::{List, after_prefix};
use crate::merge::Direction;
use crate::operation::Operations;
use crate::reader::Reader;
use crate::tree::Bytes;

/// Changes not yet written.
pub(crate) struct Stage<'r> {
    reader: &'r Reader<'r>,
    /// What the log is told.
    pub(crate) operations: Operations,
    blocks: BTreeMap<Vec<u8>, Staged>,
    counts: BTreeMap<List, Counts>,
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// A block as it will stand; `None` once it is gone.
struct Staged {
    list: List,
    block: Option<Draft>,
    changed: bool,
}

/// What a write changes: the values in the tree, the blocks among them, and what it did to records.
pub(crate) struct Finished {
    pub(crate) changes: Vec<(Vec<u8>, Option<Bytes>)>,
    pub(crate) blocks: Vec<BlockChange>,
    pub(crate) operations: Operations,
}

impl<'r> Stage<'r> {
    pub(crate) fn new(reader: &'r Reader<'r>) -> Stage<'r> {
        let (operations, blocks, counts, values) = Default::default();
        Stage { reader, operations, blocks, counts, values }
    }

    /// The class and payload of the entry with that key.
    pub(crate) fn find(&mut self, list: &List, key: &[u8]) -> Result<Option<(Class, Vec<u8>)>> {
        let at = self.block_for(list, key)?;
        let found = self.load(list, &at)?.entries().find(|entry| entry.key == key);
        Ok(found.map(|entry| (entry.class, entry.payload.to_vec())))
    }

    /// Puts an entry in its place in the list, replacing one with the same key.
    pub(crate) fn insert(
        &mut self,
        list: &List,
        key: &[u8],
        class: Class,
        payload: &[u8],
    ) -> Result<()> {
        let at = self.block_for(list, key)?;
        let block = self.change(list, &at)?;
        let replaced = block.insert(key, class, payload)?;
        let split = if block.size() > MOST_BYTES { block.split(key) } else { None };
        if let Some((fence, later)) = split {
            self.replace(list, list.block_key(&fence), Some(later));
        }
        let counts = self.counts_of(list)?;
        if let Some(replaced) = replaced {
            counts.take(replaced)?;
        }
        counts.add(class, 1);
        Ok(())
    }

    /// Takes the entry out of the list; says whether it was there.
    pub(crate) fn remove(&mut self, list: &List, key: &[u8]) -> Result<bool> {
        let at = self.block_for(list, key)?;
        let block = self.change(list, &at)?;
        let Some(class) = block.remove(key)? else {
            return Ok(false);
        };
        let (empty, small) = (block.is_empty(), block.size() < FEW_BYTES);
        if empty {
            self.replace(list, at, None);
        } else if small {
            self.merge_with_next(list, &at)?;
        }
        self.counts_of(list)?.take(class)?;
        Ok(true)
    }

    /// A value outside the lists, as it will stand.
    pub(crate) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.values.get(key) {
            Some(staged) => Ok(staged.clone()),
            None => Ok(self.reader.value(key)?.map(|value| value.to_vec())),
        }
    }

    /// Sets or removes a value outside the lists.
    pub(crate) fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.values.insert(key, value);
    }

    /// Everything as one set of changes; `None` if nothing changed.
    pub(crate) fn finish(self) -> Option<Finished> {
        let (mut changes, mut blocks, mut buffer) = (Vec::new(), Vec::new(), Vec::new());
        for (key, staged) in self.blocks.into_iter().filter(|(_, staged)| staged.changed) {
            let draft = staged.block.filter(|draft| !draft.is_empty());
            let block = draft.as_ref().map(|draft| draft.write(&mut buffer).bytes().clone());
            changes.push((key.clone(), block));
            let counts = draft.map(|draft| draft.counts().clone());
            blocks.push(BlockChange { list: staged.list, key, counts });
        }
        if blocks.is_empty() && self.values.is_empty() {
            return None;
        }
        for (list, counts) in self.counts {
            let counts = (!counts.is_empty()).then(|| counts.to_bytes().into());
            changes.push((list.counts_key(), counts));
        }
        let values = self.values.into_iter();
        changes.extend(values.map(|(key, value)| (key, value.map(Bytes::from))));
        Some(Finished { changes, blocks, operations: self.operations })
    }

    /// The key of the block in which that entry lies or belongs.
    fn block_for(&self, list: &List, key: &[u8]) -> Result<Vec<u8>> {
        let (first, last) = (list.block_key(&[]), list.block_key(key));
        let mut staged = self.blocks.range::<[u8], _>((
            Bound::Included(first.as_slice()),
            Bound::Included(last.as_slice()),
        ));
        let staged = staged.rfind(|(_, staged)| staged.block.is_some()).map(|(key, _)| key);
        let stored = self.last_stored(list, key)?;
        Ok(stored.max(staged.cloned()).unwrap_or(first))
    }

    /// Of the stored blocks at or before that entry which this write leaves in place, the last.
    fn last_stored(&self, list: &List, key: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(directory) = self.reader.directory(list.bytes())? {
            let mut at = directory.find(key);
            while let Some(found) = at.filter(|at| self.is_gone(directory.key(*at))) {
                at = directory.previous(found);
            }
            return Ok(at.map(|at| directory.key(at).to_vec()));
        }
        let (lower, upper) = (list.block_key(&[]), list.block_key(key));
        let (lower, upper) = (Bound::Included(&*lower), Bound::Included(&*upper));
        for stored in self.reader.range(lower, upper, Direction::Backward) {
            let key = stored?.0;
            if !self.is_gone(&key) {
                return Ok(Some(key.to_vec()));
            }
        }
        Ok(None)
    }

    /// The first block of the list behind that key, as the list will stand.
    fn block_after(&self, list: &List, at: &[u8]) -> Result<Option<Vec<u8>>> {
        let end = after_prefix(list.bytes());
        let (lower, upper) =
            (Bound::Excluded(at), end.as_deref().map_or(Bound::Unbounded, Bound::Excluded));
        let mut staged = self.blocks.range::<[u8], _>((lower, upper));
        let staged = staged.find(|(_, staged)| staged.block.is_some()).map(|(key, _)| key.clone());
        for stored in self.reader.range(lower, upper, Direction::Forward) {
            let key = stored?.0;
            if !self.is_gone(&key) {
                let key = key.to_vec();
                return Ok(Some(staged.map_or(key.clone(), |staged| key.min(staged))));
            }
        }
        Ok(staged)
    }

    fn is_gone(&self, key: &[u8]) -> bool {
        self.blocks.get(key).is_some_and(|staged| staged.block.is_none())
    }

    fn load(&mut self, list: &List, key: &[u8]) -> Result<&mut Draft> {
        Ok(self.staged(list, key)?.block.get_or_insert_default())
    }

    fn change(&mut self, list: &List, key: &[u8]) -> Result<&mut Draft> {
        let staged = self.staged(list, key)?;
        staged.changed = true;
        Ok(staged.block.get_or_insert_default())
    }

    /// The block under that key, copied at its first use.
    fn staged(&mut self, list: &List, key: &[u8]) -> Result<&mut Staged> {
        let block = match self.blocks.contains_key(key) {
            true => None,
            false => self.reader.block(key)?.map(|block| Draft::of(block.read())),
        };
        let staged = self.blocks.entry(key.to_vec());
        Ok(staged.or_insert_with(|| Staged { list: list.clone(), block, changed: false }))
    }

    fn replace(&mut self, list: &List, key: Vec<u8>, block: Option<Draft>) {
        self.blocks.insert(key, Staged { list: list.clone(), block, changed: true });
    }

    fn counts_of(&mut self, list: &List) -> Result<&mut Counts> {
        if !self.counts.contains_key(list) {
            self.counts.insert(list.clone(), self.reader.counts(list)?);
        }
        Ok(self.counts.entry(list.clone()).or_default())
    }

    fn merge_with_next(&mut self, list: &List, at: &[u8]) -> Result<()> {
        let Some(next) = self.block_after(list, at)? else {
            return Ok(());
        };
        let following = self.load(list, &next)?.clone();
        let block = self.load(list, at)?;
        if block.size() + following.size() > MOST_BYTES * 3 / 4 {
            return Ok(());
        }
        block.append(&following);
        self.replace(list, next, None);
        Ok(())
    }
}
