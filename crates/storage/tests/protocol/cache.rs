//! The real rules of what is kept and forgotten, over caches and segments that are as small as they can be.

#[allow(dead_code, reason = "the real file")]
#[path = "../../src/cache/caches.rs"]
mod caches;
#[allow(dead_code, reason = "the real file")]
#[path = "../../src/cache/columns.rs"]
pub(crate) mod columns;
#[allow(dead_code, reason = "the real file")]
#[path = "../../src/cache/frame.rs"]
mod frame;
#[path = "../../src/cache/newest.rs"]
mod newest;
#[allow(dead_code, reason = "the real file")]
#[path = "../../src/cache/selected.rs"]
mod selected;

pub(crate) use by_key::{ByKey, Fill};
pub(crate) use caches::{Caches, Part};
pub(crate) use newest::Newest;
pub(crate) use seen::Seen;

mod seen {
    //! What was asked for before: nothing.

    #[derive(Debug)]
    pub(crate) struct Seen;

    impl Seen {
        pub(crate) fn new() -> Seen {
            Seen
        }

        pub(crate) fn hash(&self, _thing: &[u8]) -> u64 {
            0
        }

        #[allow(dead_code, reason = "the model's index lies in no list")]
        pub(crate) fn again(&self, _thing: &impl std::hash::Hash) -> bool {
            false
        }
    }
}

mod text {
    //! Texts of records, which the model does not show.

    #[allow(dead_code, reason = "the model's records are no texts")]
    #[derive(Debug)]
    pub(crate) struct Texts;
}

mod by_key {
    //! Things by key; nothing is dropped for want of room.

    use std::hash::Hash;

    use quick_cache::Equivalent;

    use crate::sync::Mutex;

    #[allow(dead_code, reason = "nobody asks how full the model's caches are")]
    #[derive(Default)]
    pub(crate) struct Fill {
        pub(crate) bytes: u64,
        pub(crate) limit: u64,
        pub(crate) hits: u64,
        pub(crate) misses: u64,
    }

    #[derive(Debug)]
    pub(crate) struct ByKey<K, V>(Mutex<Vec<(K, V)>>);

    impl<K: Eq + Hash, V: Clone> ByKey<K, V> {
        pub(crate) fn new(_budget: u64, _usual: u64) -> ByKey<K, V> {
            ByKey(Mutex::new(Vec::new()))
        }

        pub(crate) fn of_few(budget: u64, usual: u64) -> ByKey<K, V> {
            ByKey::new(budget, usual)
        }

        pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
            let kept = self.0.lock();
            kept.iter().find(|(other, _)| key.equivalent(other)).map(|(_, kept)| kept.clone())
        }

        pub(crate) fn is_empty(&self) -> bool {
            self.0.lock().is_empty()
        }

        pub(crate) fn has<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> bool {
            self.get(key).is_some()
        }

        pub(crate) fn keep(&self, key: K, thing: V, _bytes: usize) {
            let mut kept = self.0.lock();
            kept.retain(|(other, _)| *other != key);
            kept.push((key, thing));
        }

        pub(crate) fn clear(&self) {
            self.0.lock().clear();
        }

        #[allow(dead_code, reason = "nobody asks how full the model's caches are")]
        pub(crate) fn fill(&self) -> Fill {
            Fill::default()
        }

        pub(crate) fn forget<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
            self.0.lock().retain(|(other, _)| !key.equivalent(other));
        }
    }
}

pub(crate) mod segment {
    //! What a scan keeps: the values in the blocks of a part of the keys.

    use std::collections::BTreeMap;

    use filedex_query::Path;

    use crate::format::Key;

    pub(crate) const RECORDS: usize = 4;

    #[derive(Clone, Debug)]
    pub(crate) struct Segment {
        pub(crate) version: u64,
        pub(crate) records: BTreeMap<Key, u32>,
    }

    /// The fields that a scan asks for: none.
    pub(crate) struct Wanted {
        pub(crate) keys: Vec<Path>,
    }

    impl Wanted {
        pub(crate) fn paths(&self) -> std::slice::Iter<'_, Path> {
            self.keys.iter()
        }
    }

    impl Segment {
        pub(crate) fn from(&self) -> &[u8] {
            b"L"
        }

        pub(crate) fn upto(&self) -> &[u8] {
            b"M"
        }

        pub(crate) fn version(&self) -> u64 {
            self.version
        }

        pub(crate) fn len(&self) -> usize {
            self.records.len()
        }

        pub(crate) fn bytes(&self) -> u64 {
            1
        }

        pub(crate) fn has(&self, _path: &Path) -> bool {
            false
        }

        pub(crate) fn lacks(&self, _wanted: &Wanted) -> Vec<Path> {
            Vec::new()
        }

        pub(crate) fn use_in(&self, _scan: u64, _paths: std::slice::Iter<'_, Path>) {}

        pub(crate) fn is_used_after(&self, _scan: u64) -> bool {
            true
        }

        pub(crate) fn used_after(&self, _scan: u64) -> Segment {
            self.clone()
        }
    }
}
