//! The real versions, edits and cache of the index, over a tree that changes one chunk at a time.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

#[allow(dead_code, reason = "the real file")]
#[path = "../../src/index/cache.rs"]
mod cache;
#[allow(dead_code, reason = "the real file")]
#[path = "../../src/index/edit.rs"]
mod edit;
#[allow(dead_code, reason = "the real file")]
#[path = "../../src/index/version.rs"]
mod version;

pub(crate) use edit::{Commit, Edit};
pub(crate) use version::Version;

use cache::IndexCache;
use outline::Outline;

use crate::fault::Fault;
use crate::format::{Chunk, List};
use crate::sync::{AtomicU64, Ordering, RwLock};

mod outline {
    //! The keys of the chunks of a list, and what each adds up to.

    use std::sync::Arc;

    #[derive(Debug, Default)]
    pub(crate) struct Outline(pub(crate) Vec<(Arc<[u8]>, i64)>);

    impl Outline {
        pub(crate) fn bytes(&self) -> usize {
            self.0.len()
        }
    }
}

/// The index, asked in the order in which the engine asks.
#[derive(Debug)]
pub(crate) struct Index {
    tree: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
    cache: IndexCache,
    /// The newest version, for a fault.
    begun: AtomicU64,
    fault: Option<Fault>,
}

/// A chunk with its key.
#[derive(Clone, Debug)]
pub(crate) struct Keyed {
    pub(crate) key: Arc<[u8]>,
    pub(crate) chunk: Chunk,
}

impl Keyed {
    pub(crate) fn new(key: Arc<[u8]>, chunk: Chunk) -> Keyed {
        Keyed { key, chunk }
    }
}

impl Index {
    pub(crate) fn new(fault: Option<Fault>) -> Index {
        let (tree, begun) = (RwLock::default(), AtomicU64::new(0));
        Index { tree, cache: IndexCache::new(1 << 20, 0), begun, fault }
    }

    /// The chunk under exactly that key.
    pub(crate) fn exact(&self, version: &Version, key: &[u8]) -> Option<Keyed> {
        if let Some(kept) = self.cache.chunk(key) {
            return version.as_it_was(key).unwrap_or(Some(kept));
        }
        if self.fault == Some(Fault::AsksTheChainFirst) {
            let earlier = version.as_it_was(key);
            return earlier.unwrap_or_else(|| self.stored(key));
        }
        let found = self.stored(key);
        match version.as_it_was(key) {
            Some(earlier) => earlier,
            None => found.inspect(|found| self.keep(version, found)),
        }
    }

    /// The first chunk past that key and before the end.
    pub(crate) fn next(&self, version: &Version, key: &[u8], end: &[u8]) -> Option<Keyed> {
        let mut after = key.to_vec();
        loop {
            let stored = self.stored_after(&after, end);
            let Some(found) =
                version.after(&after, end, stored.as_ref().map(|stored| &*stored.key))
            else {
                return stored.inspect(|stored| self.keep(version, stored));
            };
            match found {
                (_, Some(chunk)) => return Some(chunk),
                (key, None) => after = key,
            }
        }
    }

    /// The last chunk before that key and from the start on.
    pub(crate) fn previous(&self, version: &Version, start: &[u8], key: &[u8]) -> Option<Keyed> {
        let mut upto = key.to_vec();
        loop {
            let stored = self.stored_before(start, &upto);
            let stored_key = stored.as_ref().map(|stored| &*stored.key);
            let Some(found) = version.before(start, &upto, false, stored_key) else {
                return stored.inspect(|stored| self.keep(version, stored));
            };
            match found {
                (_, Some(chunk)) => return Some(chunk),
                (key, None) => upto = key,
            }
        }
    }

    /// Where the chunks of the list begin, in order.
    pub(crate) fn outline(&self, version: &Version, list: &List) -> Arc<Outline> {
        if let Some(kept) = self.cache.outline(list)
            && !version.has_changed_since(list.bytes(), &list.end())
        {
            return kept;
        }
        let mut outline = Outline::default();
        let mut chunk = self.exact(version, list.bytes());
        while let Some(next) = chunk {
            chunk = self.next(version, &next.key, &list.end());
            outline.0.push((next.key, next.chunk.sum()));
        }
        let outline = Arc::new(outline);
        self.cache.keep_outline(&self.taken_for(version), list, &outline);
        outline
    }

    /// Lets an edit be what the index says.
    pub(crate) fn apply(&self, version: &Version, edit: &Edit, commit: &Commit, next: &Version) {
        self.begun.store(commit.number, Ordering::Release);
        if self.fault == Some(Fault::ForgetsBeforeItBegins) {
            self.cache.forget(edit);
            self.cache.begin_change(commit.number);
            version.follow(edit.undo(), next);
            return self.change_tree(edit);
        }
        self.cache.begin_change(commit.number);
        if self.fault == Some(Fault::LinksAfterTheTree) {
            self.change_tree(edit);
            version.follow(edit.undo(), next);
        } else {
            version.follow(edit.undo(), next);
            self.change_tree(edit);
        }
        self.cache.forget(edit);
    }

    /// Once all has ended: what is in the tree is that, and so is what is kept.
    pub(crate) fn check(&self, chunks: &BTreeMap<Vec<u8>, Vec<u8>>) {
        assert_eq!(&*self.tree.read(), chunks, "the tree is what the manifest says");
        let is_so = |keyed: &Keyed| {
            chunks.get(&*keyed.key).is_some_and(|chunk| *chunk == keyed.chunk.bytes())
        };
        let mut keys: Vec<Vec<u8>> =
            (0..crate::format::KEYS).map(crate::format::chunk_key).collect();
        keys.push(b"L".to_vec());
        let kept: Vec<Keyed> = keys.iter().filter_map(|key| self.cache.chunk(key)).collect();
        assert!(
            kept.iter().all(is_so),
            "a chunk that is kept is not of the newest version: {kept:?}"
        );
        if let Some(outline) = self.cache.outline(&List::records()) {
            let sums =
                chunks.iter().map(|(key, chunk)| (key.as_slice().into(), Chunk::open(chunk).sum()));
            assert_eq!(outline.0, sums.collect::<Vec<_>>(), "an old outline is kept");
        }
    }

    fn keep(&self, version: &Version, chunk: &Keyed) {
        self.cache.keep_chunk(&self.taken_for(version), chunk);
    }

    /// The version that what is kept is said to be of.
    fn taken_for(&self, version: &Version) -> Version {
        let number = match self.fault {
            Some(Fault::KeepsOfAnyVersion) => self.begun.load(Ordering::Acquire),
            _ => version.number(),
        };
        Version::new(&Commit { number, ..Commit::default() }, BTreeMap::new())
    }

    fn change_tree(&self, edit: &Edit) {
        for (key, chunk) in edit.changes() {
            match chunk {
                Some(chunk) => self.tree.write().insert(key.to_vec(), chunk.to_vec()),
                None => self.tree.write().remove(key),
            };
        }
    }

    fn stored(&self, key: &[u8]) -> Option<Keyed> {
        self.tree.read().get_key_value(key).map(keyed)
    }

    fn stored_after(&self, key: &[u8], end: &[u8]) -> Option<Keyed> {
        let bounds = (Bound::Excluded(key), Bound::Excluded(end));
        self.tree.read().range::<[u8], _>(bounds).next().map(keyed)
    }

    fn stored_before(&self, start: &[u8], key: &[u8]) -> Option<Keyed> {
        let bounds = (Bound::Included(start), Bound::Excluded(key));
        self.tree.read().range::<[u8], _>(bounds).next_back().map(keyed)
    }
}

fn keyed((key, chunk): (&Vec<u8>, &Vec<u8>)) -> Keyed {
    Keyed { key: key.as_slice().into(), chunk: Chunk::open(chunk) }
}
