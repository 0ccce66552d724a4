//! The changes of one atomic write, while they are being worked out.
//!
//! Blocks are read through from the tree, changed in memory and written together. Readers see
//! nothing of it before the commit. This file keeps the blocks of a list sorted, neither too big nor
//! too small, and its counts right; what entries mean is [`crate::writer`]'s business.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::block::{Block, BlockRef, FEW_BYTES, MOST_BYTES};
use crate::class::Class;
use crate::counts::Counts;
use crate::directory::BlockChange;
use crate::error::Result;
use crate::layout::{List, after_prefix};
use crate::tree::{Changes, Tree};

/// Changes not yet written.
pub(crate) struct Stage<'t> {
    tree: &'t Tree,
    blocks: BTreeMap<Vec<u8>, Staged>,
    counts: BTreeMap<List, Counts>,
    values: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

/// A block as it will stand; `None` once it is gone.
struct Staged {
    list: List,
    block: Option<Block>,
    changed: bool,
}

/// What a write changes: the values in the tree, and the blocks among them.
pub(crate) struct Finished {
    pub(crate) changes: Changes,
    pub(crate) blocks: Vec<BlockChange>,
}

impl<'t> Stage<'t> {
    pub(crate) fn new(tree: &'t Tree) -> Stage<'t> {
        let (blocks, counts, values) = Default::default();
        Stage { tree, blocks, counts, values }
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
            None => Ok(self.tree.get(key)?.map(|value| value.to_vec())),
        }
    }

    /// Sets or removes a value outside the lists.
    pub(crate) fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.values.insert(key, value);
    }

    /// Everything as one set of changes; `None` if nothing changed.
    pub(crate) fn finish(self) -> Option<Finished> {
        let (mut changes, mut blocks) = (Changes::default(), Vec::new());
        for (key, staged) in self.blocks.into_iter().filter(|(_, staged)| staged.changed) {
            let block = staged.block.filter(|block| !block.is_empty());
            write(&mut changes, &key, block.as_ref().map(Block::to_bytes));
            let counts = block.map(|block| block.counts().clone());
            blocks.push(BlockChange { list: staged.list, key, counts });
        }
        if blocks.is_empty() && self.values.is_empty() {
            return None;
        }
        for (list, counts) in self.counts {
            let counts = (!counts.is_empty()).then(|| counts.to_bytes());
            write(&mut changes, &list.counts_key(), counts);
        }
        self.values.into_iter().for_each(|(key, value)| write(&mut changes, &key, value));
        Some(Finished { changes, blocks })
    }

    /// The key of the block in which that entry lies or belongs.
    fn block_for(&self, list: &List, key: &[u8]) -> Result<Vec<u8>> {
        let (first, last) = (list.block_key(&[]), list.block_key(key));
        let found = self.last_block(Bound::Included(first.clone()), Bound::Included(last))?;
        Ok(found.unwrap_or(first))
    }

    fn last_block(&self, lower: Bound<Vec<u8>>, upper: Bound<Vec<u8>>) -> Result<Option<Vec<u8>>> {
        let staged = self.blocks.range((lower.clone(), upper.clone())).rev();
        let staged = staged.filter(|(_, staged)| staged.block.is_some()).map(|(key, _)| key).next();
        for stored in self.tree.range(lower, upper).rev() {
            let key = stored?.0;
            if !self.blocks.contains_key(&*key) {
                return Ok(Some(key.to_vec()).max(staged.cloned()));
            }
        }
        Ok(staged.cloned())
    }

    fn first_block(&self, lower: Bound<Vec<u8>>, upper: Bound<Vec<u8>>) -> Result<Option<Vec<u8>>> {
        let mut staged = self.blocks.range((lower.clone(), upper.clone()));
        let staged = staged.find(|(_, staged)| staged.block.is_some()).map(|(key, _)| key);
        for stored in self.tree.range(lower, upper) {
            let key = stored?.0;
            if !self.blocks.contains_key(&*key) {
                let key = key.to_vec();
                return Ok(Some(staged.map_or(key.clone(), |staged| key.min(staged.clone()))));
            }
        }
        Ok(staged.cloned())
    }

    fn load(&mut self, list: &List, key: &[u8]) -> Result<&mut Block> {
        Ok(self.staged(list, key)?.block.get_or_insert_default())
    }

    fn change(&mut self, list: &List, key: &[u8]) -> Result<&mut Block> {
        let staged = self.staged(list, key)?;
        staged.changed = true;
        Ok(staged.block.get_or_insert_default())
    }

    /// The block under that key, read from the tree at its first use.
    fn staged(&mut self, list: &List, key: &[u8]) -> Result<&mut Staged> {
        let block = match self.blocks.contains_key(key) {
            true => None,
            false => match self.tree.get(key)? {
                Some(bytes) => Some(Block::from_ref(BlockRef::read(&bytes)?)),
                None => None,
            },
        };
        let staged = self.blocks.entry(key.to_vec());
        Ok(staged.or_insert_with(|| Staged { list: list.clone(), block, changed: false }))
    }

    fn replace(&mut self, list: &List, key: Vec<u8>, block: Option<Block>) {
        self.blocks.insert(key, Staged { list: list.clone(), block, changed: true });
    }

    fn counts_of(&mut self, list: &List) -> Result<&mut Counts> {
        if !self.counts.contains_key(list) {
            let counts = match self.tree.get(&list.counts_key())? {
                Some(bytes) => Counts::from_bytes(&bytes)?,
                None => Counts::default(),
            };
            self.counts.insert(list.clone(), counts);
        }
        Ok(self.counts.entry(list.clone()).or_default())
    }

    fn merge_with_next(&mut self, list: &List, at: &[u8]) -> Result<()> {
        let end = after_prefix(list.bytes()).map_or(Bound::Unbounded, Bound::Excluded);
        let Some(next) = self.first_block(Bound::Excluded(at.to_vec()), end)? else {
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

fn write(changes: &mut Changes, key: &[u8], value: Option<Vec<u8>>) {
    match value {
        Some(value) => changes.insert(key, value),
        None => changes.remove(key),
    }
}
