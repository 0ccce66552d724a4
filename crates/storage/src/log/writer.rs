//! A log being written. It does not know what a payload means.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::entry::{Entry, HEADER, Header};
use super::reader::Replay;
use crate::disk::Directory;
use crate::disk::names::Numbered;
use crate::error::{Error, ErrorKind, Result};

/// Entries not yet handed to the operating system are handed over when they take this much.
const MOST_BUFFERED: usize = 256 << 10;

/// A log being written.
#[derive(Debug)]
pub(crate) struct Log {
    header: Header,
    path: PathBuf,
    file: File,
    tail: Mutex<Tail>,
    /// Held while the disk works: who waits for it finds the work done.
    syncing: Mutex<()>,
    synced: AtomicU64,
    failed: AtomicBool,
    /// The log before this one, until it is on the disk: nothing may be there that comes after what is not.
    previous: Mutex<Option<Arc<Log>>>,
}

/// The end of a log.
#[derive(Debug)]
struct Tail {
    buffer: Vec<u8>,
    /// Bytes in the file.
    written: u64,
    /// The number of the last entry.
    last: u64,
}

impl Log {
    /// Begins an empty log, on the disk before it is given back. After an error there is no file of it.
    pub(crate) fn create(directory: &Directory, generation: u64) -> Result<Log> {
        let (header, name) = (Header::new(generation), Numbered::Log.name(generation));
        let file = directory.create_with(&name, &header.to_bytes())?;
        if let Err(error) = directory.sync() {
            let _nameless = directory.remove(&name);
            return Err(error);
        }
        Ok(Log::over(header, directory.at(&name), file))
    }

    /// Goes on with a log that was read back and holds no entries.
    pub(crate) fn resume(directory: &Directory, replay: &Replay) -> Result<Log> {
        let header = replay.header();
        let name = Numbered::Log.name(header.generation);
        Ok(Log::over(header, directory.at(&name), directory.file(&name)?))
    }

    fn over(header: Header, path: PathBuf, file: File) -> Log {
        Log {
            header,
            path,
            file,
            tail: Mutex::new(Tail { buffer: Vec::new(), written: HEADER as u64, last: 0 }),
            syncing: Mutex::new(()),
            synced: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            previous: Mutex::new(None),
        }
    }

    /// Counts on from the last entry of all before this log, which are on the disk.
    pub(crate) fn count_from(&self, number: u64) {
        self.tail.lock().last = number;
        self.synced.store(number, Ordering::Release);
    }

    /// Counts on from another log, which gets no more entries and has handed over those that it has.
    pub(crate) fn follow(&self, previous: Arc<Log>) {
        self.tail.lock().last = previous.last();
        self.synced.store(previous.synced.load(Ordering::Acquire), Ordering::Release);
        *self.previous.lock() = Some(previous);
    }

    pub(crate) fn generation(&self) -> u64 {
        self.header.generation
    }

    /// The number of the last entry of this log and all before it.
    pub(crate) fn last(&self) -> u64 {
        self.tail.lock().last
    }

    /// Appends an entry and gives its number. The entry is handed to the operating system at once, or
    /// with one of the next. After an error the log is as it was before.
    pub(crate) fn append(&self, payload: &[u8], at_once: bool) -> Result<u64> {
        self.check()?;
        if u32::try_from(payload.len()).is_err() {
            return Err(Error::invalid(
                "one write takes more than 4 GiB; put fewer records at once",
            ));
        }
        let mut tail = self.tail.lock();
        let before = tail.buffer.len();
        let (number, synced) = (tail.last + 1, self.synced.load(Ordering::Acquire));
        self.header.encode(&mut tail.buffer, &Entry { number, synced, payload });
        if (at_once || tail.buffer.len() >= MOST_BUFFERED)
            && let Err(error) = self.hand_over(&mut tail)
        {
            tail.buffer.truncate(before);
            return Err(error);
        }
        tail.last = number;
        Ok(number)
    }

    /// Hands all entries to the operating system: they survive a kill of the process. Those of the logs before
    /// this one were handed over before it began.
    pub(crate) fn flush(&self) -> Result<()> {
        self.check()?;
        self.hand_over(&mut self.tail.lock())
    }

    /// Returns once the entry of that number is on the disk. Of callers at once, one works for all.
    pub(crate) fn sync(&self, number: u64) -> Result<()> {
        let _syncing = self.syncing.lock();
        self.check()?;
        if self.synced.load(Ordering::Acquire) >= number {
            return Ok(());
        }
        let previous = self.previous.lock().clone();
        if let Some(previous) = previous {
            let synced = previous.sync_all();
            synced.inspect_err(|_| self.failed.store(true, Ordering::Release))?;
            *self.previous.lock() = None;
        }
        let last = {
            let mut tail = self.tail.lock();
            self.hand_over(&mut tail)?;
            tail.last
        };
        if let Err(error) = self.file.sync_data() {
            // What the disk holds now is unknown, and asking again would not tell.
            self.failed.store(true, Ordering::Release);
            return Err(Error::io("sync", &self.path, error));
        }
        self.synced.store(last, Ordering::Release);
        Ok(())
    }

    /// Returns once all entries are on the disk.
    pub(crate) fn sync_all(&self) -> Result<()> {
        self.sync(self.last())
    }

    /// Whether all entries are on the disk.
    #[cfg(test)]
    pub(crate) fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire) == self.last()
    }

    /// An error if an earlier failure left what is on the disk unknown.
    pub(crate) fn check(&self) -> Result<()> {
        if self.failed.load(Ordering::Acquire) {
            let message = "the log failed earlier; close every handle and reopen the store";
            return Err(Error::new(ErrorKind::Poisoned, message));
        }
        Ok(())
    }

    /// Writes the buffer out. A write that fails halfway is taken back, so that a disk may fill up and
    /// be emptied again; if it cannot be, the log is given up.
    fn hand_over(&self, tail: &mut Tail) -> Result<()> {
        if tail.buffer.is_empty() {
            return Ok(());
        }
        if let Err(error) = (&self.file).write_all(&tail.buffer) {
            if self.file.set_len(tail.written).is_err() {
                self.failed.store(true, Ordering::Release);
            }
            return Err(Error::io("write", &self.path, error));
        }
        tail.written += tail.buffer.len() as u64;
        tail.buffer.clear();
        // One large write is not kept in memory for ever.
        tail.buffer.shrink_to(MOST_BUFFERED);
        Ok(())
    }
}
