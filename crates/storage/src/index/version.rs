//! A version: what the index says between two checkpoints.
//!
//! By what each version differs from the one before hangs on a chain: who reads an older one finds there what
//! sled no longer says. What nobody reads any more goes by itself.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::Keyed;
use super::edit::{Commit, Undo};
use crate::blocks::{BlockFile, Usage};
use crate::error::{Error, Result};
use crate::format::{Block, Place};
use crate::sync::OnceLock;

/// One state of the index, and the block files that it refers to.
#[derive(Debug)]
pub(crate) struct Version {
    number: u64,
    files: BTreeMap<u64, Arc<BlockFile>>,
    usage: Usage,
    link: Arc<Link>,
}

/// What comes after a version. It keeps no files: those of later versions are theirs.
#[derive(Debug, Default)]
struct Link {
    next: OnceLock<Step>,
}

/// What the next version changed, as it was, and what comes after that.
#[derive(Debug)]
struct Step {
    undo: Undo,
    link: Arc<Link>,
}

impl Version {
    /// The version of that commit, over these files.
    pub(crate) fn new(commit: &Commit, files: BTreeMap<u64, Arc<BlockFile>>) -> Version {
        let Commit { number, usage, .. } = commit;
        Version { number: *number, files, usage: usage.clone(), link: Arc::default() }
    }

    /// The number of the checkpoint that made it.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn files(&self) -> &BTreeMap<u64, Arc<BlockFile>> {
        &self.files
    }

    /// How much of them is in use.
    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Reads the block of a list.
    pub(crate) fn block(&self, place: Place, list: &[u8]) -> Result<Block> {
        self.file(place)?.read(place, list)
    }

    /// The file in which that place is.
    pub(crate) fn file(&self, place: Place) -> Result<&BlockFile> {
        let file = self.files.get(&place.file);
        file.map(|file| &**file)
            .ok_or_else(|| Error::damaged("a block is listed in a file that is not there"))
    }

    /// Links the version that comes next, before the tree is changed.
    pub(super) fn follow(&self, undo: Undo, next: &Version) {
        let _linked_once = self.link.next.set(Step { undo, link: next.link.clone() });
    }

    /// The chunk under that key where the tree may say otherwise by now; `None` where it says the same.
    pub(super) fn as_it_was(&self, key: &[u8]) -> Option<Option<Keyed>> {
        self.steps().find_map(|undo| undo.get(key).cloned())
    }

    /// Whether chunks between these keys have changed since.
    pub(super) fn has_changed_since(&self, from: &[u8], to: &[u8]) -> bool {
        self.steps().any(|undo| between(undo, from, to).next().is_some())
    }

    /// Of the keys past that one and before the end, the first that has changed since, unless the stored
    /// one comes before it; with its chunk as it was.
    pub(super) fn after(
        &self,
        key: &[u8],
        end: &[u8],
        stored: Option<&[u8]>,
    ) -> Option<(Vec<u8>, Option<Keyed>)> {
        let bounds = (Bound::Excluded(key), Bound::Excluded(end));
        let changed = |undo: &Undo| match key < end {
            true => undo.range::<[u8], _>(bounds).next().map(|(key, _)| key.clone()),
            false => None,
        };
        let first = self.steps().filter_map(changed).min()?;
        let is_first = stored.is_none_or(|stored| *first <= *stored);
        is_first.then(|| (first.to_vec(), self.as_it_was(&first).flatten()))
    }

    /// The same from the other end: the last key from the start on and up to that one.
    pub(super) fn before(
        &self,
        start: &[u8],
        key: &[u8],
        included: bool,
        stored: Option<&[u8]>,
    ) -> Option<(Vec<u8>, Option<Keyed>)> {
        let upper = if included { Bound::Included(key) } else { Bound::Excluded(key) };
        let bounds = (Bound::Included(start), upper);
        let changed = |undo: &Undo| match start < key || (included && start == key) {
            true => undo.range::<[u8], _>(bounds).next_back().map(|(key, _)| key.clone()),
            false => None,
        };
        let last = self.steps().filter_map(changed).max()?;
        let is_last = stored.is_none_or(|stored| *last >= *stored);
        is_last.then(|| (last.to_vec(), self.as_it_was(&last).flatten()))
    }

    /// What has changed since, one version after the other.
    fn steps(&self) -> impl Iterator<Item = &Undo> {
        let mut next = self.link.next.get();
        std::iter::from_fn(move || {
            let step = next?;
            next = step.link.next.get();
            Some(&step.undo)
        })
    }

    /// Bytes of memory that what has changed since takes.
    pub(crate) fn held_bytes(&self) -> u64 {
        let chunks = self.steps().flat_map(|undo| undo.iter());
        chunks
            .map(|(key, chunk)| {
                let chunk = chunk.as_ref().map_or(0, |keyed| keyed.chunk.bytes().len());
                (key.len() + chunk + 64) as u64
            })
            .sum()
    }
}

fn between<'u>(undo: &'u Undo, from: &[u8], to: &[u8]) -> impl Iterator<Item = &'u Arc<[u8]>> {
    let bounds = (Bound::Included(from), Bound::Excluded(to));
    (from < to).then(|| undo.range::<[u8], _>(bounds)).into_iter().flatten().map(|(key, _)| key)
}

impl Drop for Link {
    /// A long chain goes link by link, not each inside the one before.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(step) = next {
            next = Arc::into_inner(step.link).and_then(|mut link| link.next.take());
        }
    }
}
