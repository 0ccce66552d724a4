//! By what a checkpoint changes the index.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Keyed;
use crate::blocks::{FileUse, Usage};
use crate::format::{Chunk, number};

/// Chunks that a checkpoint sets or removes, with what they were.
#[derive(Debug, Default)]
pub(crate) struct Edit(BTreeMap<Arc<[u8]>, Changed>);

#[derive(Debug)]
struct Changed {
    before: Option<Chunk>,
    after: Option<Arc<[u8]>>,
}

/// What else a checkpoint says: the state that the store has with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The number of the checkpoint.
    pub(crate) number: u64,
    /// The first log that holds writes which are not in block files.
    pub(crate) log: u64,
    /// The number of the last entry of the logs before.
    pub(crate) entry: u64,
    /// The number of the next block file.
    pub(crate) next_file: u64,
    pub(crate) usage: Usage,
}

/// The chunks of an earlier version, under the keys at which a later one has others or none.
pub(super) type Undo = BTreeMap<Arc<[u8]>, Option<Keyed>>;

impl Edit {
    pub(crate) fn set(&mut self, key: &[u8], before: Option<Chunk>, after: Vec<u8>) {
        self.0.insert(key.into(), Changed { before, after: Some(after.into()) });
    }

    pub(crate) fn remove(&mut self, key: &[u8], before: Chunk) {
        self.0.insert(key.into(), Changed { before: Some(before), after: None });
    }

    /// Whether the chunk under that key changes.
    pub(crate) fn has(&self, key: &[u8]) -> bool {
        self.0.contains_key(key)
    }

    /// Keys in order, with their new chunks; `None` where one is removed.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.0.iter().map(|(key, changed)| (&**key, changed.after.as_deref()))
    }

    pub(super) fn undo(&self) -> Undo {
        let before = self.0.iter().map(|(key, changed)| {
            let chunk = changed.before.clone();
            (key.clone(), chunk.map(|chunk| Keyed::new(key.clone(), chunk)))
        });
        before.collect()
    }
}

impl Commit {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        number::put(out, self.number);
        number::put(out, self.log);
        number::put(out, self.entry);
        number::put(out, self.next_file);
        number::put(out, self.usage.iter().count() as u64);
        for (file, usage) in self.usage.iter() {
            number::put(out, file);
            number::put(out, usage.length);
            number::put(out, usage.live);
        }
        self.usage.iter().for_each(|(_, usage)| put_freed(usage.freed.as_deref(), out));
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Commit> {
        let (number, rest) = number::take(bytes)?;
        let (log, rest) = number::take(rest)?;
        let (entry, rest) = number::take(rest)?;
        let (next_file, rest) = number::take(rest)?;
        let (files, mut rest) = number::take(rest)?;
        let mut usage = Usage::default();
        for _ in 0..files {
            let (file, behind) = number::take(rest)?;
            let (length, behind) = number::take(behind)?;
            let (live, behind) = number::take(behind)?;
            usage.insert(file, FileUse { length, live, freed: None });
            rest = behind;
        }
        // Commits ended here once.
        if !rest.is_empty() {
            for usage in usage.iter_mut() {
                (usage.freed, rest) = take_freed(rest)?;
            }
        }
        rest.is_empty().then_some(Commit { number, log, entry, next_file, usage })
    }
}

/// Appends where blocks begin that nothing refers to: one more than how many there are, and how far each lies behind the
/// one before.
fn put_freed(freed: Option<&[u64]>, out: &mut Vec<u8>) {
    number::put(out, freed.map_or(0, |freed| freed.len() as u64 + 1));
    let mut before = 0;
    for offset in freed.unwrap_or_default() {
        number::put(out, offset - before);
        before = *offset;
    }
}

/// Where blocks begin, if that is said, and what comes behind.
fn take_freed(bytes: &[u8]) -> Option<(Option<Vec<u64>>, &[u8])> {
    let (count, mut rest) = number::take(bytes)?;
    let Some(count) = count.checked_sub(1) else { return Some((None, rest)) };
    let (mut freed, mut offset) = (Vec::new(), 0_u64);
    for _ in 0..count {
        let gap;
        (gap, rest) = number::take(rest)?;
        offset = offset.checked_add(gap)?;
        freed.push(offset);
    }
    Some((Some(freed), rest))
}
