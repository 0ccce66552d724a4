//! The one file that knows sled: ordered keys and values, atomic batches, flushing.
//!
//! It does not know what keys and values mean. Guards against what sled 0.34.7 leaves open stand
//! here: a flush that is no sync, and panics, which become errors. What sled would do to its own files
//! while opening is [`crate::guard`]'s.

use std::fs::File;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind, LAST_ADVICE, Result, advice_on};
use crate::guard;
use crate::lock;

/// Ordered keys and values on disk.
pub(crate) struct Tree {
    sled: sled::Db,
    directory: PathBuf,
    health: Health,
    recoveries: Vec<String>,
}

/// Whether sled may be asked. Shared with what walks through the tree.
#[derive(Clone, Default)]
struct Health(Arc<AtomicBool>);

/// A key or value: shared, not copied.
#[derive(Clone, Debug)]
pub(crate) struct Bytes(sled::IVec);

impl Bytes {
    pub(crate) fn copy(bytes: &[u8]) -> Bytes {
        Bytes(bytes.into())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        Bytes(bytes.into())
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Changes that are applied together or not at all.
#[derive(Default)]
pub(crate) struct Changes(sled::Batch);

impl Changes {
    pub(crate) fn insert(&mut self, key: &[u8], value: Bytes) {
        self.0.insert(key, value.0);
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        self.0.remove(key);
    }
}

impl Tree {
    /// Opens or makes the tree in that directory.
    pub(crate) fn open(directory: &Path, cache_bytes: u64) -> Result<Tree> {
        let recoveries = guard::prepare(directory)?;
        let sled = lock::patiently(|| open_sled(directory, cache_bytes))?;
        let (directory, health) = (directory.to_owned(), Health::default());
        Ok(Tree { sled, directory, health, recoveries })
    }

    /// Closes the tree; when this returns nothing of sled holds its files any more.
    pub(crate) fn close(self) -> Result<()> {
        let Tree { sled, directory, .. } = self;
        drop(sled);
        Tree::wait_closed(&directory)
    }

    /// Waits until a tree that was dropped is let go: threads of sled may hold it a little longer.
    pub(crate) fn wait_closed(directory: &Path) -> Result<()> {
        lock::take(&log_of(directory)).map(drop)
    }

    /// What had to be put right before the tree could be opened, one sentence each.
    pub(crate) fn recoveries(&self) -> &[String] {
        &self.recoveries
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.health.ask(|| self.sled.get(key)).map(|value| value.map(Bytes))
    }

    /// The keys and values between the bounds, in order; from either end.
    pub(crate) fn range(
        &self,
        lower: Bound<Vec<u8>>,
        upper: Bound<Vec<u8>>,
    ) -> impl DoubleEndedIterator<Item = Result<(Bytes, Bytes)>> + Send + 'static + use<> {
        let range = self.sled.range::<Vec<u8>, _>((lower, upper));
        Range { range, health: self.health.clone() }
    }

    /// Applies the changes. After an error the handle is poisoned: memory may hold half of them.
    pub(crate) fn apply(&self, changes: Changes) -> Result<()> {
        self.health.ask(|| self.sled.apply_batch(changes.0)).inspect_err(|_| self.poison())
    }

    /// Hands all changes to the operating system: they survive a kill of the process.
    pub(crate) fn flush(&self) -> Result<()> {
        self.health.ask(|| self.sled.flush()).map(|_| ()).inspect_err(|_| self.poison())
    }

    /// Hands all changes to the disk: they survive a power cut. sled's flush alone does not sync its
    /// log on Linux, so the log is synced here.
    pub(crate) fn sync(&self) -> Result<()> {
        self.flush()?;
        let log = log_of(&self.directory);
        let synced = File::open(&log).and_then(|log| log.sync_data());
        synced.map_err(|error| {
            self.poison();
            Error::io("sync", &log, error)
        })
    }

    /// Gives the tree up: nothing is read from it or written to it any more.
    pub(crate) fn poison(&self) {
        self.health.poison();
    }
}

/// The file in which all of a tree lies.
pub(crate) fn log_of(directory: &Path) -> PathBuf {
    directory.join("db")
}

impl Health {
    fn poison(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Asks sled. A panic inside it becomes an error, after which it is not asked again: what it holds
    /// in memory may be half of something. An error of a read says no more than that this was not read.
    fn ask<T>(&self, question: impl FnOnce() -> sled::Result<T>) -> Result<T> {
        if self.0.load(Ordering::Acquire) {
            let message = "the store failed earlier; close every handle and reopen it";
            return Err(Error::new(ErrorKind::Poisoned, message));
        }
        match catch_unwind(AssertUnwindSafe(question)) {
            Ok(answer) => answer.map_err(translate),
            Err(_) => {
                self.poison();
                Err(Error::damaged("its tree cannot be read back"))
            }
        }
    }
}

/// Keys and values one after the other.
struct Range {
    range: sled::Iter,
    health: Health,
}

impl Range {
    fn step(
        &mut self,
        step: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> Option<Result<(Bytes, Bytes)>> {
        let entry = self.health.ask(|| step(&mut self.range).transpose()).transpose()?;
        Some(entry.map(|(key, value)| (Bytes(key), Bytes(value))))
    }
}

impl Iterator for Range {
    type Item = Result<(Bytes, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Range {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

fn open_sled(directory: &Path, cache_bytes: u64) -> Result<sled::Db> {
    let config = sled::Config::new()
        .path(directory)
        .cache_capacity(cache_bytes)
        // The tree is written by checkpoints alone, and these flush for themselves.
        .flush_every_ms(None)
        .print_profile_on_drop(false);
    Health::default().ask(|| config.open())
}

fn translate(error: sled::Error) -> Error {
    let text = error.to_string();
    let translated = match &error {
        sled::Error::Corruption { .. } => Error::damaged("a page of its log has a wrong checksum"),
        sled::Error::Unsupported(_) => Error::damaged("the configuration of its tree is malformed"),
        // sled reports a taken lock as an error of kind `Other`; only the text tells.
        sled::Error::Io(_) if text.contains("could not acquire lock") => lock::already_open(),
        sled::Error::Io(cause) => {
            let advice = advice_on(cause);
            Error::new(ErrorKind::Io, format!("the files of the tree failed: {cause}; {advice}"))
        }
        _ => Error::new(ErrorKind::Io, format!("the tree failed: {text}; {LAST_ADVICE}")),
    };
    translated.caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_sled_is_an_error_and_poisons_the_tree() {
        let directory = tempfile::tempdir().unwrap();
        let tree = Tree::open(directory.path(), 1 << 20).unwrap();
        let (one, two) = (Bytes::copy(b"one"), Bytes::copy(b"two"));
        let mut changes = Changes::default();
        changes.insert(b"1", one);
        changes.insert(b"2", two);
        tree.apply(changes).unwrap();
        let mut range = tree.range(Bound::Unbounded, Bound::Unbounded);
        assert!(range.next().is_some_and(|entry| entry.is_ok()));

        let panicked = tree.health.ask::<()>(|| panic!("as sled does over what it never wrote"));
        assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Damaged);
        let poisoned = [
            tree.get(b"1").err(),
            tree.flush().err(),
            tree.sync().err(),
            tree.apply(Changes::default()).err(),
            range.next().and_then(|entry| entry.err()),
        ];
        for error in poisoned {
            assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Poisoned));
        }
    }
}
