//! The index: where the blocks of each list lie, in memory as far as that has room for all of it, and in sled. The
//! only folder that names it.
//!
//! Gives out: [`Index`] (chunks by list and key, as of a version), [`Version`] (one state of it),
//! [`Edit`] (by what a checkpoint changes it), [`Listing`] (all chunks, in memory), [`Outline`] (the chunks
//! of a long list), [`Following`] (chunks in order).
//!
//! # Invariants
//! 1. The manifest is the truth, sled is derived from it: a tree that is lost, damaged, or was open when the
//!    power went is made anew, and equals the one that was kept.
//! 2. An edit counts once its commit is on the disk in the manifest; then, and only then, sled learns of it.
//! 3. A version is never changed: what an edit changes is kept beside sled, from before sled is changed, for
//!    as long as somebody reads the version before.
//! 4. What is kept in memory is what the newest version says. Nothing is taken into memory while an edit
//!    goes into sled.
//! 5. Where there is memory for all chunks nobody asks sled: it is opened when the first edit comes, and
//!    follows. An index that has outgrown its memory goes on in sled, which has followed by then.
//! 6. When sled fails, the index is read back from the manifest into memory, and goes on there until the
//!    store is opened again.

mod cache;
mod edit;
mod following;
mod listing;
mod manifest;
mod outline;
mod tree;
mod version;

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;

pub(crate) use edit::{Commit, Edit};
pub(crate) use following::Following;
pub(crate) use listing::Listing;
pub(crate) use manifest::Manifest;
pub(crate) use outline::Outline;
pub(crate) use version::Version;

use cache::IndexCache;
use tree::Tree;

use crate::cache::Fill;
use crate::disk::Directory;
use crate::error::{Error, Result};
use crate::format::{Chunk, List, Slice, Tally};

/// A key past those of all chunks.
const PAST_ALL: &[u8] = &[0xff];

/// Chunks that are read from the tree at once.
const MOST_AT_ONCE: usize = 64;

/// The index of a store.
#[derive(Debug)]
pub(crate) struct Index {
    tree: Tree,
    cache: IndexCache,
}

/// A chunk with its key, shared and not copied.
#[derive(Clone, Debug)]
pub(crate) struct Keyed(Arc<KeyedChunk>);

/// What it is that is shared.
#[derive(Debug)]
pub(crate) struct KeyedChunk {
    /// The key of its list and its first fence.
    pub(crate) key: Slice,
    pub(crate) chunk: Chunk,
}

impl Deref for Keyed {
    type Target = KeyedChunk;

    fn deref(&self) -> &KeyedChunk {
        &self.0
    }
}

impl Keyed {
    fn new(key: impl Into<Slice>, chunk: Chunk) -> Keyed {
        Keyed(Arc::new(KeyedChunk { key: key.into(), chunk }))
    }

    /// What was stored under that key.
    fn read(key: Slice, bytes: Slice) -> Result<Keyed> {
        let chunk = Chunk::open(bytes).filter(|chunk| chunk.list_length() <= key.len());
        let chunk = chunk.ok_or_else(|| Error::damaged("a chunk of the index is malformed"))?;
        Ok(Keyed::new(key, chunk))
    }

    /// The key of the list.
    pub(crate) fn list(&self) -> &[u8] {
        self.key.get(..self.chunk.list_length()).unwrap_or_default()
    }
}

impl Index {
    /// How full its caches are.
    pub(crate) fn fill(&self) -> [(&'static str, Fill); 2] {
        self.cache.fill()
    }

    /// Whether all of it lies in memory.
    #[cfg(test)]
    pub(crate) fn is_in_memory(&self) -> bool {
        self.tree.is_listed()
    }

    /// Opens the index that the manifest says, of which all chunks are in memory already if there was room for
    /// them. Tells what was put right.
    pub(crate) fn open(
        directory: &Arc<Directory>,
        manifest: &Manifest,
        listing: Option<Listing>,
        tree_bytes: u64,
        cache_bytes: u64,
    ) -> Result<(Index, Vec<String>)> {
        let (tree, recoveries) = Tree::open(directory, manifest, listing, tree_bytes)?;
        let cache = IndexCache::new(cache_bytes, manifest.commit().number);
        Ok((Index { tree, cache }, recoveries))
    }

    /// What the list adds up to.
    pub(crate) fn total(&self, version: &Version, list: &List) -> Result<Arc<Tally>> {
        let first = self.exact(version, list.bytes())?;
        Ok(first.and_then(|first| first.chunk.total().cloned()).unwrap_or_default())
    }

    /// The chunk under exactly that key.
    pub(crate) fn exact(&self, version: &Version, key: &[u8]) -> Result<Option<Keyed>> {
        if let Some(kept) = self.cache.chunk(key) {
            return Ok(version.as_it_was(key).unwrap_or(Some(kept)));
        }
        let is_listed = self.tree.is_listed();
        if !is_listed && self.cache.is_absent(key) {
            return Ok(version.as_it_was(key).unwrap_or(None));
        }
        let found = self.tree.get(key)?;
        // Whether the tree has moved on is asked after it was read.
        if let Some(earlier) = version.as_it_was(key) {
            return Ok(earlier);
        }
        // What lies in memory is as near as it can be to who asks for it once.
        match &found {
            Some(found) if !is_listed || self.cache.is_asked_again(key) => {
                self.cache.keep_chunk(version, found);
            }
            None if !is_listed => self.cache.keep_absent(version, key),
            _ => {}
        }
        Ok(found)
    }

    /// The chunk of the list in which that key lies or belongs; `None` for a list without blocks.
    pub(crate) fn find(&self, version: &Version, list: &List, key: &[u8]) -> Result<Option<Keyed>> {
        // Most lists have one chunk, which lies under the key of the list.
        let first = self.exact(version, list.bytes())?;
        if first.as_ref().is_none_or(|first| first.chunk.is_only()) {
            return Ok(first);
        }
        if let Some(outline) = self.outline(version, list, false)? {
            return self.exact(version, &outline.find(key));
        }
        self.cache.asked(list);
        let key = list.key(key);
        self.last(version, list.bytes(), &key, true)
    }

    /// The first chunk past that key and before the end.
    pub(crate) fn next(&self, version: &Version, key: &[u8], end: &[u8]) -> Result<Option<Keyed>> {
        Following::new(key, end).next(self, version)
    }

    /// The last chunk up to that key and from the start on.
    pub(crate) fn at_or_before(
        &self,
        version: &Version,
        start: &[u8],
        key: &[u8],
    ) -> Result<Option<Keyed>> {
        self.last(version, start, key, true)
    }

    /// The last chunk before that key and from the start on.
    pub(crate) fn previous(
        &self,
        version: &Version,
        start: &[u8],
        key: &[u8],
    ) -> Result<Option<Keyed>> {
        self.last(version, start, key, false)
    }

    /// The chunks of a list that has several, if they are known or it is worth finding them out.
    pub(crate) fn outline(
        &self,
        version: &Version,
        list: &List,
        now: bool,
    ) -> Result<Option<Arc<Outline>>> {
        if let Some(outline) = self.kept_outline(version, list) {
            return Ok(Some(outline));
        }
        let Some(first) = self.exact(version, list.bytes())? else { return Ok(None) };
        // One that would not be kept is made only if there is no way without.
        let is_worthwhile =
            || self.cache.is_outline_worthwhile(version, list, first.chunk.chunks());
        if first.chunk.is_only() || !(now || is_worthwhile()) {
            return Ok(None);
        }
        let mut outline = Outline::default();
        self.each(version, list, &mut |chunk| {
            outline.push(chunk);
            Ok(())
        })?;
        let outline = Arc::new(outline);
        self.cache.keep_outline(version, list, &outline);
        Ok(Some(outline))
    }

    /// Shows the chunks of a list in order.
    pub(crate) fn each(
        &self,
        version: &Version,
        list: &List,
        show: &mut dyn FnMut(&Keyed) -> Result<()>,
    ) -> Result<()> {
        let Some(first) = self.exact(version, list.bytes())? else { return Ok(()) };
        show(&first)?;
        if first.chunk.is_only() {
            return Ok(());
        }
        let mut rest = Following::new(list.bytes(), &list.end());
        while let Some(next) = rest.next(self, version)? {
            show(&next)?;
        }
        Ok(())
    }

    /// Lets an edit, whose commit is on the disk, be what the index says: what `version` says becomes what
    /// `next` does.
    pub(crate) fn apply(
        &self,
        version: &Version,
        edit: &Edit,
        commit: &Commit,
        manifest: &Manifest,
        next: &Version,
    ) -> Result<()> {
        self.cache.begin_change(commit.number);
        version.follow(edit.undo(), next);
        let lies_elsewhere = self.tree.apply(edit, commit, manifest)?;
        self.cache.forget(edit);
        if lies_elsewhere {
            self.cache.forget_chunks();
        }
        Ok(())
    }

    /// All chunks of the newest version, in order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>)>> + '_ {
        let (mut last, mut stored) = (Vec::new(), VecDeque::new());
        std::iter::from_fn(move || {
            if stored.is_empty() {
                stored = match self.tree.after(&last, PAST_ALL, MOST_AT_ONCE) {
                    Ok(stored) => stored,
                    Err(error) => return Some(Err(error)),
                };
            }
            let chunk = stored.pop_front()?;
            last = chunk.key.to_vec();
            Some(Ok((last.clone(), chunk.chunk.bytes().to_vec())))
        })
    }

    /// Leaves the tree so that the next open can trust it, whatever happens in between.
    pub(crate) fn close(&self, directory: &Directory) -> Result<()> {
        self.tree.close(directory)
    }

    fn kept_outline(&self, version: &Version, list: &List) -> Option<Arc<Outline>> {
        let outline = self.cache.outline(list)?;
        (!version.has_changed_since(list.bytes(), &list.end())).then_some(outline)
    }

    /// Keeps a chunk that was come by, unless it is no further away where it was found.
    fn keep(&self, version: &Version, chunk: &Keyed) {
        if !self.tree.is_listed() {
            self.cache.keep_chunk(version, chunk);
        }
    }

    /// The last chunk from the start on and up to that key, itself included or not.
    fn last(
        &self,
        version: &Version,
        start: &[u8],
        key: &[u8],
        included: bool,
    ) -> Result<Option<Keyed>> {
        let (mut upto, mut included) = (key.to_vec(), included);
        loop {
            let stored = self.tree.before(start, &upto, included)?;
            let stored_key = stored.as_ref().map(|stored| &*stored.key);
            let Some(found) = version.before(start, &upto, included, stored_key) else {
                return Ok(stored.inspect(|stored| self.keep(version, stored)));
            };
            match found {
                (_, Some(chunk)) => return Ok(Some(chunk)),
                (key, None) => (upto, included) = (key, false),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_outline_that_was_dropped_is_not_made_again_for_whoever_asks_next() {
        let commit = Commit { number: 1, ..Commit::default() };
        let (version, list) = (Version::new(&commit, BTreeMap::new()), List::ids());
        let cache = IndexCache::new(1 << 20, 1);
        for _ in 0..2 {
            assert!(!cache.is_outline_worthwhile(&version, &list, 100));
            (0..40).for_each(|_| cache.asked(&list));
            assert!(cache.is_outline_worthwhile(&version, &list, 100));
            cache.keep_outline(&version, &list, &Arc::new(Outline::default()));
        }
    }
}
