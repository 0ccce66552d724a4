//! A write being made: staged entries find their blocks, and blocks are kept sorted, neither too big nor
//! too small, with the counts of their lists right.
//!
//! Runs while no reader is at work, on what is pending; the directories follow. What entries mean is
//! [`crate::writer`]'s business.

use std::ops::Bound;
use std::sync::Arc;

use crate::arrivals::Arrival;
use crate::block::{Draft, MOST_BYTES};
use crate::class::Class;
use crate::counts::{Counts, Difference};
use crate::directory::{Directory, Position};
use crate::error::Result;
use crate::layout::{List, after_prefix};
use crate::merge::Direction;
use crate::pending::{Change, Pending};
use crate::pool::Pool;
use crate::reader::Reader;
use crate::stage::{ListChange, Renamed, Run, Staged, Staging};

/// Makes the changes. An error can only come from the disk; then some of them are made.
pub(crate) fn apply(pool: &Pool, pending: &mut Pending, staged: Staged) -> Result<()> {
    name(pool, pending, staged.ids)?;
    for ListChange { list, entries, runs } in staged.lists {
        let counts = match change(pool, pending, &list, &entries, runs)? {
            (_, Some(known)) => known,
            (difference, None) => counts(pool, pending, &list, &difference)?,
        };
        set_counts(pending, &list, &counts);
    }
    for (key, value) in staged.values {
        pending.set(&key, value.map_or(Change::Removed, |value| Change::Value(value.into())));
    }
    Ok(())
}

/// Sorts entries of the id list that wait into their blocks. They were counted when they came, and say
/// the same where they wait until all of them are dropped there.
pub(crate) fn settle(pool: &Pool, pending: &mut Pending, sorted: &[Arrival]) -> Result<()> {
    let arrivals = std::mem::take(&mut pending.arrivals);
    let entries: Vec<_> = sorted.iter().map(|arrival| arrivals.entry(arrival)).collect();
    let runs = Reader::of(pool, pending).runs(&List::ids(), &entries);
    let settled = runs.and_then(|runs| change(pool, pending, &List::ids(), &entries, runs));
    pending.arrivals = arrivals;
    settled.map(drop)
}

/// Lets entries of the id list wait for a checkpoint. They count from now on.
fn name(
    pool: &Pool,
    pending: &mut Pending,
    entries: impl IntoIterator<Item = (Vec<u8>, Renamed)>,
) -> Result<()> {
    let mut difference = Difference::default();
    for (key, Renamed { before, after }) in entries {
        pool.records.forget(&key);
        difference.replace(before, after.as_ref().map(|(class, _)| *class));
        let after = after.as_ref().map(|(class, payload)| (*class, payload.as_slice()));
        pending.arrivals.put(&key, after);
    }
    let list = List::ids();
    let counts = counts(pool, pending, &list, &difference)?;
    set_counts(pending, &list, &counts);
    Ok(())
}

/// Changes the blocks of a list; tells how its counts change by it, and what they are then if its
/// directory knows.
fn change<K: AsRef<[u8]>, P: AsRef<[u8]>>(
    pool: &Pool,
    pending: &mut Pending,
    list: &List,
    entries: &[(K, Staging<P>)],
    runs: Vec<Run>,
) -> Result<(Difference, Option<Counts>)> {
    let (directory, difference) = (pool.directories.take(list), Difference::default());
    let mut edit = Edit { pool, pending, list, directory, difference };
    // From the last to the first: a block may take in the one after it, which is done with by then.
    let edited = runs.into_iter().rev().try_for_each(|run| edit.run(run, entries));
    let Edit { directory, difference, .. } = edit;
    let counts = directory.as_ref().map(|directory| directory.total().clone());
    if let Some(directory) = directory {
        pool.directories.keep(list, directory);
    }
    edited.map(|()| (difference, counts))
}

/// The counts of a list after a change.
fn counts(pool: &Pool, pending: &Pending, list: &List, change: &Difference) -> Result<Counts> {
    Reader::of(pool, pending).stored_counts(list)?.changed(change)
}

fn set_counts(pending: &mut Pending, list: &List, counts: &Counts) {
    let stored = match counts.is_empty() {
        true => Change::Removed,
        false => Change::Value(counts.to_bytes().into()),
    };
    pending.set(&list.counts_key(), stored);
}

/// A list being changed.
struct Edit<'e> {
    pool: &'e Pool,
    pending: &'e mut Pending,
    list: &'e List,
    directory: Option<Arc<Directory>>,
    difference: Difference,
}

/// What became of a block.
struct Filled {
    /// How many of the entries were come to.
    taken: usize,
    /// What was cut off it, and where that begins.
    cut: Option<(Vec<u8>, Draft)>,
    /// Whether entries were taken out.
    shrunk: bool,
    /// Whether there is more to it than new entries.
    is_rewritten: bool,
    entries: u64,
    size: usize,
}

impl Edit<'_> {
    /// Changes entries of one block, and of those that are cut off it meanwhile.
    fn run<K: AsRef<[u8]>, P: AsRef<[u8]>>(
        &mut self,
        run: Run,
        entries: &[(K, Staging<P>)],
    ) -> Result<()> {
        let mut entries = entries.get(run.entries).unwrap_or_default();
        let mut blocks = vec![(run.block, None::<Vec<u8>>)];
        let mut position = run.position;
        while let Some((at, upto)) = blocks.pop() {
            let is_here =
                |(key, _): &(K, _)| upto.as_deref().is_none_or(|upto| key.as_ref() < upto);
            let (here, _) = entries.split_at(entries.partition_point(is_here));
            if here.is_empty() {
                continue;
            }
            let mut filled = self.fill(&at, position.take(), here)?;
            entries = entries.get(filled.taken..).unwrap_or_default();
            match filled.cut.take() {
                Some((fence, later)) => {
                    blocks.push((self.begin(&fence, later), upto));
                    blocks.push((at, Some(fence)));
                }
                // What was cut off may be still to be filled: it must not be taken in.
                None => self.tidy(&at, &filled, blocks.is_empty())?,
            }
        }
        Ok(())
    }

    /// Changes entries of that block, up to one that makes it too big.
    fn fill<K: AsRef<[u8]>, P: AsRef<[u8]>>(
        &mut self,
        at: &[u8],
        found: Option<Position>,
        entries: &[(K, Staging<P>)],
    ) -> Result<Filled> {
        let (position, most_bytes) = (self.position(at, found), most_bytes(self.list));
        self.change(at, |draft, difference, directory| {
            let mut add = |class| {
                if let (Some(directory), Some(position)) = (&mut *directory, position) {
                    Arc::make_mut(directory).add(position, class);
                }
            };
            let filled = fill(draft, most_bytes, entries, difference, &mut add)?;
            if position.is_none() || filled.is_rewritten {
                follow(directory, at, Some(draft));
            }
            Ok(filled)
        })
    }

    /// Keeps a block from being empty, or too small for good.
    fn tidy(&mut self, at: &[u8], filled: &Filled, may_merge: bool) -> Result<()> {
        if filled.entries == 0 {
            self.discard(at);
        } else if may_merge && filled.shrunk && filled.size < most_bytes(self.list) / 4 {
            self.merge_with_next(at)?;
        }
        Ok(())
    }

    /// The block's place in the directory: where it was found, if it is still there.
    fn position(&self, at: &[u8], found: Option<Position>) -> Option<Position> {
        let directory = self.directory.as_ref()?;
        let is_there = |position: &Position| directory.key(*position) == at;
        let order = at.get(self.list.bytes().len()..).unwrap_or_default();
        found.filter(is_there).or_else(|| directory.find(order).filter(is_there))
    }

    /// Changes the block under that key.
    fn change<T>(
        &mut self,
        at: &[u8],
        edit: impl FnOnce(&mut Draft, &mut Difference, &mut Option<Arc<Directory>>) -> Result<T>,
    ) -> Result<T> {
        let (pool, directory, difference) = (self.pool, &mut self.directory, &mut self.difference);
        pool.forget_forms(at);
        let stored = || {
            // What is pending is never looked for in the cache.
            let kept = pool.blocks.take(at);
            if kept.is_some() { Ok(kept) } else { pool.stored_block(at) }
        };
        self.pending.edit(at, stored, |draft| edit(draft, difference, directory))
    }

    /// Adds a block; gives its key.
    fn begin(&mut self, fence: &[u8], block: Draft) -> Vec<u8> {
        let key = self.list.block_key(fence);
        self.follow(&key, Some(&block));
        self.pending.set(&key, Change::Block(Arc::new(block)));
        key
    }

    fn discard(&mut self, at: &[u8]) {
        self.pool.forget_forms(at);
        self.pool.blocks.forget(at);
        self.follow(at, None);
        self.pending.set(at, Change::Removed);
    }

    fn merge_with_next(&mut self, at: &[u8]) -> Result<()> {
        let Some(next) = self.block_after(at)? else {
            return Ok(());
        };
        let following = Reader::of(self.pool, self.pending).listed_block(&next)?;
        let most_bytes = most_bytes(self.list) * 3 / 4;
        let merged = self.change(at, |draft, _, directory| {
            let fits = draft.size() + following.bytes().len() <= most_bytes;
            if fits {
                draft.append(following.read())?;
                follow(directory, at, Some(draft));
            }
            Ok(fits)
        })?;
        if merged {
            self.discard(&next);
        }
        Ok(())
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

/// Changes entries of a block, up to one that makes it too big. The class of each entry that is new is
/// told.
fn fill<K: AsRef<[u8]>, P: AsRef<[u8]>>(
    draft: &mut Draft,
    most_bytes: usize,
    entries: &[(K, Staging<P>)],
    difference: &mut Difference,
    added: &mut impl FnMut(Class),
) -> Result<Filled> {
    let (mut taken, mut cut, mut shrunk, mut replaced, mut from) = (0, None, false, false, 0);
    for (key, staging) in entries {
        let (key, after) = (key.as_ref(), staging.as_ref().map(|(class, _)| *class));
        let before = match staging {
            Some((class, payload)) => draft.insert(&mut from, key, *class, payload.as_ref())?,
            None => draft.remove(key)?,
        };
        taken += 1;
        difference.replace(before, after);
        match (before, after) {
            // Nearly all changes are this one.
            (None, Some(class)) => added(class),
            (Some(_), Some(_)) => replaced = true,
            (_, None) => shrunk = true,
        }
        if draft.size() > most_bytes {
            cut = draft.split(key);
        }
        if cut.is_some() {
            break;
        }
    }
    let is_rewritten = cut.is_some() || shrunk || replaced;
    let (entries, size) = (draft.read().len(), draft.size());
    Ok(Filled { taken, cut, shrunk, is_rewritten, entries, size })
}

/// A block of the list that grows past this is split. Entries of other lists than a room's are looked for
/// one by one, and less is read for one of a smaller block.
fn most_bytes(list: &List) -> usize {
    if list.holds_records() { MOST_BYTES } else { MOST_BYTES * 2 / 3 }
}

fn follow(directory: &mut Option<Arc<Directory>>, at: &[u8], draft: Option<&Draft>) {
    if let Some(directory) = directory {
        let counts = draft.filter(|draft| draft.read().len() > 0);
        Arc::make_mut(directory).follow(at, counts.map(|draft| draft.read().counts().collect()));
    }
}
