//! A write being made: staged entries find their blocks, and blocks are kept sorted, neither too big nor
//! too small, with the counts of their lists right.
//!
//! Runs while no reader is at work, on what is pending; the directories follow. What entries mean is
//! [`crate::writer`]'s business.

use std::ops::Bound;
use std::sync::Arc;

use crate::block::{Draft, FEW_BYTES, MOST_BYTES};
use crate::class::Class;
use crate::counts::Counts;
use crate::directory::{Directory, Position};
use crate::error::Result;
use crate::layout::{List, after_prefix};
use crate::merge::Direction;
use crate::pending::{Change, Pending};
use crate::pool::Pool;
use crate::reader::Reader;
use crate::stage::{Staged, Staging};

/// Makes the changes. An error can only come from the disk; then some of them are made.
pub(crate) fn apply(pool: &Pool, pending: &mut Pending, staged: Staged) -> Result<()> {
    for (list, entries) in staged.lists {
        if list == List::ids() {
            // Every record that changes is entered here anew, or taken out.
            pool.records.forget_all(entries.keys());
        }
        let directory = pool.directories.take(&list);
        let counts = match &directory {
            Some(directory) => directory.total().clone(),
            None => Reader::of(pool, pending).stored_counts(&list)?,
        };
        let mut edit = Edit { pool, pending, list: &list, counts, directory };
        let edited = entries.into_iter().try_for_each(|(key, staging)| edit.entry(&key, staging));
        let Edit { counts, directory, .. } = edit;
        if let Some(directory) = directory {
            pool.directories.keep(&list, directory);
        }
        edited?;
        let stored = match counts.is_empty() {
            true => Change::Removed,
            false => Change::Value(counts.to_bytes().into()),
        };
        pending.set(&list.counts_key(), stored);
    }
    for (key, value) in staged.values {
        pending.set(&key, value.map_or(Change::Removed, |value| Change::Value(value.into())));
    }
    Ok(())
}

/// The key of a block, and its place in the list's directory if both are there.
type Place = (Vec<u8>, Option<Position>);

/// A list being changed.
struct Edit<'e> {
    pool: &'e Pool,
    pending: &'e mut Pending,
    list: &'e List,
    counts: Counts,
    directory: Option<Arc<Directory>>,
}

impl Edit<'_> {
    fn entry(&mut self, key: &[u8], staging: Staging) -> Result<()> {
        let at = self.block_for(key)?;
        match staging {
            Some((class, payload)) => self.insert(at, key, class, &payload),
            None => self.remove(at.0, key),
        }
    }

    fn insert(&mut self, at: Place, key: &[u8], class: Class, payload: &[u8]) -> Result<()> {
        let (at, position) = at;
        let (replaced, split) = self.change(&at, |draft, directory| {
            let replaced = draft.insert(key, class, payload)?;
            let split = if draft.size() > MOST_BYTES { draft.split(key) } else { None };
            match (directory, position) {
                // Nearly all writes are this one.
                (Some(directory), Some(position)) if replaced.is_none() && split.is_none() => {
                    Arc::make_mut(directory).add(position, class);
                }
                (directory, _) => follow(directory, &at, Some(draft)),
            }
            Ok((replaced, split))
        })?;
        if let Some((fence, later)) = split {
            let key = self.list.block_key(&fence);
            self.follow(&key, Some(&later));
            self.pending.set(&key, Change::Block(Arc::new(later)));
        }
        if let Some(replaced) = replaced {
            self.counts.take(replaced)?;
        }
        self.counts.add(class, 1);
        Ok(())
    }

    fn remove(&mut self, at: Vec<u8>, key: &[u8]) -> Result<()> {
        let (removed, entries, size) = self.change(&at, |draft, directory| {
            let removed = draft.remove(key)?;
            follow(directory, &at, Some(draft));
            Ok((removed, draft.read().len(), draft.size()))
        })?;
        if let Some(class) = removed {
            self.counts.take(class)?;
        }
        match (entries, size) {
            (0, _) => self.discard(at),
            (_, size) if size < FEW_BYTES => self.merge_with_next(&at)?,
            _ => {}
        }
        Ok(())
    }

    /// Changes the block under that key; `edit` lets the directory follow.
    fn change<T>(
        &mut self,
        at: &[u8],
        edit: impl FnOnce(&mut Draft, &mut Option<Arc<Directory>>) -> Result<T>,
    ) -> Result<T> {
        let (pool, directory) = (self.pool, &mut self.directory);
        pool.forget_forms(at);
        let stored = || {
            // What is pending is never looked for in the cache.
            let kept = pool.blocks.take(at);
            if kept.is_some() { Ok(kept) } else { pool.stored_block(at) }
        };
        self.pending.edit(at, stored, |draft| edit(draft, directory))
    }

    fn discard(&mut self, at: Vec<u8>) {
        self.pool.forget_forms(&at);
        self.pool.blocks.forget(&at);
        self.follow(&at, None);
        self.pending.set(&at, Change::Removed);
    }

    fn merge_with_next(&mut self, at: &[u8]) -> Result<()> {
        let Some(next) = self.block_after(at)? else {
            return Ok(());
        };
        let following = Reader::of(self.pool, self.pending).listed_block(&next)?;
        let merged = self.change(at, |draft, directory| {
            let fits = draft.size() + following.bytes().len() <= MOST_BYTES * 3 / 4;
            if fits {
                draft.append(following.read())?;
                follow(directory, at, Some(draft));
            }
            Ok(fits)
        })?;
        if merged {
            self.discard(next);
        }
        Ok(())
    }

    /// The block in which that entry lies or belongs.
    fn block_for(&self, key: &[u8]) -> Result<Place> {
        let Some(directory) = &self.directory else {
            let reader = Reader::of(self.pool, self.pending);
            return Ok((reader.block_key_for(self.list, key)?, None));
        };
        let found = directory.find(key).map(|at| (directory.key(at).to_vec(), Some(at)));
        Ok(found.unwrap_or_else(|| (self.list.block_key(&[]), None)))
    }

    fn block_after(&self, at: &[u8]) -> Result<Option<Vec<u8>>> {
        if let Some(directory) = &self.directory {
            let order = at.get(self.list.bytes().len()..).unwrap_or_default();
            let next = directory.find(order).and_then(|at| directory.next(at));
            return Ok(next.map(|at| directory.key(at).to_vec()));
        }
        let end = after_prefix(self.list.bytes());
        let upper = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let reader = Reader::of(self.pool, self.pending);
        let next = reader.range(Bound::Excluded(at), upper, Direction::Forward).next();
        Ok(next.transpose()?.map(|(key, _)| key.to_vec()))
    }

    fn follow(&mut self, at: &[u8], draft: Option<&Draft>) {
        follow(&mut self.directory, at, draft);
    }
}

fn follow(directory: &mut Option<Arc<Directory>>, at: &[u8], draft: Option<&Draft>) {
    if let Some(directory) = directory {
        let counts = draft.filter(|draft| draft.read().len() > 0);
        Arc::make_mut(directory).follow(at, counts.map(|draft| draft.read().counts().collect()));
    }
}
