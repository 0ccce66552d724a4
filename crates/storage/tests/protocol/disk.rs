//! What a kill leaves: logs, the manifest and block files, and what the next open makes of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::format::{Block, Chunk, KEYS, Key, Place, chunk_key};
use crate::index::{Commit, Edit};
use crate::sync;

pub(crate) type Values = BTreeMap<Key, u32>;
/// What a write sets: a value, or none.
pub(crate) type Changes = Vec<(Key, Option<u32>)>;

/// A write in a log, with its number.
type Entry = (u64, Changes);

/// The disk. What is done to it is one step each.
#[derive(Debug, Default)]
pub(crate) struct Disk(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    logs: BTreeMap<u64, Vec<Entry>>,
    /// What the manifest says.
    chunks: BTreeMap<Vec<u8>, Vec<u8>>,
    commit: Commit,
    files: BTreeMap<u64, Vec<u32>>,
}

/// A log being written.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) generation: u64,
    tail: sync::Mutex<Tail>,
    disk: Arc<Disk>,
}

/// The end of a log: the number of its last entry, and those that are not on the disk yet.
#[derive(Debug)]
struct Tail {
    last: u64,
    held: Vec<Entry>,
}

impl Disk {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn commit(&self) -> Commit {
        self.kept().commit.clone()
    }

    pub(crate) fn append(&self, edit: &Edit, commit: &Commit) {
        let mut kept = self.kept();
        for (key, chunk) in edit.changes() {
            match chunk {
                Some(chunk) => kept.chunks.insert(key.to_vec(), chunk.to_vec()),
                None => kept.chunks.remove(key),
            };
        }
        kept.commit = commit.clone();
    }

    pub(crate) fn chunks(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.kept().chunks.clone()
    }

    pub(crate) fn write_file(&self, number: u64, blocks: Vec<u32>) {
        self.kept().files.insert(number, blocks);
    }

    pub(crate) fn remove_file(&self, number: u64) {
        self.kept().files.remove(&number);
    }

    pub(crate) fn files(&self) -> Vec<u64> {
        self.kept().files.keys().copied().collect()
    }

    pub(crate) fn block(&self, place: Place) -> Option<Block> {
        let kept = self.kept();
        kept.files
            .get(&place.file)
            .and_then(|file| file.get(place.offset as usize))
            .copied()
            .map(Block)
    }

    pub(crate) fn remove_logs_before(&self, generation: u64) {
        self.kept().logs.retain(|log, _| *log >= generation);
    }

    /// What is there after a kill, and how many writes that is: in logs, those that follow one another.
    pub(crate) fn recovered(&self) -> (Values, u64) {
        let kept = self.kept();
        let mut values = Values::new();
        for key in 0..KEYS {
            if let Some(chunk) = kept.chunks.get(&chunk_key(key)) {
                let place = Chunk::open(chunk).place();
                let file =
                    kept.files.get(&place.file).expect("a file that the manifest names is there");
                values.insert(key, file[place.offset as usize]);
            }
        }
        let (current, mut last) = (kept.logs.range(kept.commit.log..), kept.commit.entry);
        for (expected, (generation, entries)) in (kept.commit.log..).zip(current) {
            assert_eq!(expected, *generation, "a log is missing");
            for (number, changes) in entries {
                if *number == last + 1 {
                    changes.iter().for_each(|(key, value)| set(&mut values, *key, *value));
                    last = *number;
                }
            }
        }
        (values, last)
    }
}

impl Log {
    pub(crate) fn create(disk: &Arc<Disk>, generation: u64, last: u64) -> Log {
        disk.kept().logs.insert(generation, Vec::new());
        let tail = Tail { last, held: Vec::new() };
        Log { generation, tail: sync::Mutex::new(tail), disk: disk.clone() }
    }

    /// Appends an entry and gives its number. It goes to the disk at once, or with one of the next.
    pub(crate) fn append(&self, changes: &Changes, at_once: bool) -> u64 {
        let mut tail = self.tail.lock();
        tail.last += 1;
        let number = tail.last;
        tail.held.push((number, changes.clone()));
        if at_once {
            self.hand_over(&mut tail);
        }
        number
    }

    pub(crate) fn flush(&self) {
        self.hand_over(&mut self.tail.lock());
    }

    pub(crate) fn last(&self) -> u64 {
        self.tail.lock().last
    }

    /// What goes into a log that was removed is lost.
    fn hand_over(&self, tail: &mut Tail) {
        let mut kept = self.disk.kept();
        if let Some(log) = kept.logs.get_mut(&self.generation) {
            log.append(&mut tail.held);
        }
    }
}

pub(crate) fn set(values: &mut Values, key: Key, value: Option<u32>) {
    match value {
        Some(value) => values.insert(key, value),
        None => values.remove(&key),
    };
}
