//! The one file that knows sled: ordered keys and values, atomic batches, flushing.
//!
//! It does not know what keys and values mean. Guards against what sled 0.34.7 leaves open stand
//! here: leftovers of an interrupted snapshot, a flush that is no sync, panics while opening.

use std::fs::{self, File};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::lock;

/// Ordered keys and values on disk.
pub(crate) struct Tree {
    sled: sled::Db,
    directory: PathBuf,
    poisoned: AtomicBool,
}

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
        remove_unfinished_snapshots(directory)?;
        let sled = lock::patiently(|| open_sled(directory, cache_bytes))?;
        let (directory, poisoned) = (directory.to_owned(), AtomicBool::new(false));
        Ok(Tree { sled, directory, poisoned })
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

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        self.check()?;
        self.sled.get(key).map(|value| value.map(Bytes)).map_err(|error| self.fault(error))
    }

    /// The keys and values between the bounds, in order; from either end.
    pub(crate) fn range(
        &self,
        lower: Bound<Vec<u8>>,
        upper: Bound<Vec<u8>>,
    ) -> impl DoubleEndedIterator<Item = Result<(Bytes, Bytes)>> + Send + 'static + use<> {
        let range = self.sled.range::<Vec<u8>, _>((lower, upper));
        range.map(|entry| match entry {
            Ok((key, value)) => Ok((Bytes(key), Bytes(value))),
            Err(error) => Err(translate(error)),
        })
    }

    /// Applies the changes. After an error the handle is poisoned: memory may hold half of them.
    pub(crate) fn apply(&self, changes: Changes) -> Result<()> {
        self.check()?;
        self.sled.apply_batch(changes.0).map_err(|error| self.fault(error))
    }

    /// Hands all changes to the operating system: they survive a kill of the process.
    pub(crate) fn flush(&self) -> Result<()> {
        self.check()?;
        self.sled.flush().map(|_| ()).map_err(|error| self.fault(error))
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
        self.poisoned.store(true, Ordering::Release);
    }

    fn check(&self) -> Result<()> {
        if self.poisoned.load(Ordering::Acquire) {
            let message = "the store failed earlier; close every handle and reopen it";
            return Err(Error::new(ErrorKind::Poisoned, message));
        }
        Ok(())
    }

    fn fault(&self, error: sled::Error) -> Error {
        self.poison();
        translate(error)
    }
}

/// The file in which all of a tree lies.
pub(crate) fn log_of(directory: &Path) -> PathBuf {
    directory.join("db")
}

/// A killed process may leave a half-written snapshot, which sled would take for the newest and
/// refuse to open. Snapshots are a cache of the log, so nothing is lost with it.
fn remove_unfinished_snapshots(directory: &Path) -> Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", directory, error)),
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            let path = entry.path();
            fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
        }
    }
    Ok(())
}

fn open_sled(directory: &Path, cache_bytes: u64) -> Result<sled::Db> {
    let config = sled::Config::new()
        .path(directory)
        .cache_capacity(cache_bytes)
        // The tree is written by checkpoints alone, and these flush for themselves.
        .flush_every_ms(None)
        .print_profile_on_drop(false);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(opened) => opened.map_err(translate),
        Err(_) => Err(Error::damaged("its log cannot be read back")),
    }
}

fn translate(error: sled::Error) -> Error {
    let text = error.to_string();
    let translated = match &error {
        sled::Error::Corruption { .. } => Error::damaged("a page of its log has a wrong checksum"),
        sled::Error::Unsupported(_) => Error::damaged("the configuration of its tree is malformed"),
        // sled reports a taken lock as an error of kind `Other`; only the text tells.
        sled::Error::Io(_) if text.contains("could not acquire lock") => lock::already_open(),
        _ => Error::new(ErrorKind::Io, format!("the store's files failed: {text}")),
    };
    translated.caused_by(error)
}
