//! The log: every write is appended here before it shows, and read back after a kill.
//!
//! ```text
//! log   := "filedex log\n" generation u64 entry*
//! entry := length u32 | checksum u32 | number u64 | synced u64 | payload
//! ```
//!
//! Integers are little-endian; the length is the payload's, the checksum (CRC-32) covers all that
//! follows it. Entries are numbered from 1 on, without gaps. `synced` is the number of the last entry
//! that was known to be on the disk when this one was written: it tells an entry torn by a power cut,
//! which nobody was promised, from one that was damaged afterwards. A log has one generation; a
//! checkpoint begins the next. This file does not know what a payload means.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::error::{Error, ErrorKind, Result};

const TITLE: &[u8; 12] = b"filedex log\n";
const HEADER: usize = TITLE.len() + 8;
const ENTRY: usize = 24;

/// Entries not yet handed to the operating system are handed over when they take this much.
const MOST_BUFFERED: usize = 256 << 10;

/// A log being written.
pub(crate) struct Log {
    generation: u64,
    path: PathBuf,
    file: File,
    tail: Mutex<Tail>,
    /// Held while the disk works: who waits for it finds the work done.
    syncing: Mutex<()>,
    synced: AtomicU64,
    failed: AtomicBool,
}

/// The end of a log.
struct Tail {
    buffer: Vec<u8>,
    /// Bytes in the file.
    written: u64,
    /// The number of the last entry.
    last: u64,
}

/// What a log held when it was read back.
pub(crate) struct Replay {
    /// The payloads in order.
    pub(crate) payloads: Vec<Vec<u8>>,
    /// Bytes behind the last whole entry: a write that a kill or a power cut tore, and that nobody was
    /// promised.
    pub(crate) torn: u64,
}

/// What a damaged log still held.
#[derive(Default)]
pub(crate) struct Salvaged {
    /// The payloads of its whole entries, in order.
    pub(crate) payloads: Vec<Vec<u8>>,
    /// The bytes between them.
    pub(crate) lost: Vec<Vec<u8>>,
}

impl Log {
    /// The path of the log of that generation.
    pub(crate) fn path(home: &Path, generation: u64) -> PathBuf {
        home.join(format!("log.{generation}"))
    }

    /// Begins an empty log, on the disk before it is given back.
    pub(crate) fn create(home: &Path, generation: u64) -> Result<Log> {
        let path = Log::path(home, generation);
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).open(&path).and_then(|mut file| {
            file.write_all(&[TITLE.as_slice(), &generation.to_le_bytes()].concat())?;
            file.sync_all()?;
            Ok(file)
        });
        let file = file.map_err(|error| {
            // Half a log would be in the way of the next attempt.
            let _half_a_log = fs::remove_file(&path);
            Error::io("create", &path, error)
        })?;
        sync_directory(home)?;
        Ok(Log::over(path, file, generation))
    }

    /// Goes on with a log that holds no entries.
    pub(crate) fn resume(home: &Path, generation: u64) -> Result<Log> {
        let path = Log::path(home, generation);
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| Error::io("open", &path, error))?;
        Ok(Log::over(path, file, generation))
    }

    fn over(path: PathBuf, file: File, generation: u64) -> Log {
        Log {
            generation,
            path,
            file,
            tail: Mutex::new(Tail { buffer: Vec::new(), written: HEADER as u64, last: 0 }),
            syncing: Mutex::new(()),
            synced: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        }
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// How long the log is.
    pub(crate) fn bytes(&self) -> u64 {
        let tail = self.tail.lock();
        tail.written + tail.buffer.len() as u64
    }

    /// Appends an entry and gives its number. The entry is handed to the operating system at once, or
    /// with one of the next. After an error the log is as it was before.
    pub(crate) fn append(&self, payload: &[u8], at_once: bool) -> Result<u64> {
        self.check()?;
        let mut tail = self.tail.lock();
        let before = tail.buffer.len();
        let (number, synced) = (tail.last + 1, self.synced.load(Ordering::Acquire));
        encode(&mut tail.buffer, number, synced, payload)?;
        if (at_once || tail.buffer.len() >= MOST_BUFFERED)
            && let Err(error) = self.hand_over(&mut tail)
        {
            tail.buffer.truncate(before);
            return Err(error);
        }
        tail.last = number;
        Ok(number)
    }

    /// Hands all entries to the operating system: they survive a kill of the process.
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
        let last = self.tail.lock().last;
        self.sync(last)
    }

    /// Whether all entries are on the disk.
    #[cfg(test)]
    pub(crate) fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Acquire) == self.tail.lock().last
    }

    fn check(&self) -> Result<()> {
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
        Ok(())
    }
}

impl Replay {
    /// Reads a log back.
    ///
    /// # Errors
    /// `Damaged` where an entry that was once on the disk cannot be read any more.
    pub(crate) fn read(home: &Path, generation: u64) -> Result<Replay> {
        let path = Log::path(home, generation);
        let bytes = fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
        let entries = match bytes.split_at_checked(HEADER) {
            Some((header, entries))
                if header == [TITLE.as_slice(), &generation.to_le_bytes()].concat() =>
            {
                entries
            }
            _ => return Err(damaged(&path)),
        };
        let (mut payloads, mut rest) = (Vec::new(), entries);
        while let Some((entry, behind)) = Entry::read(rest)
            && entry.number == payloads.len() as u64 + 1
        {
            payloads.push(entry.payload.to_vec());
            rest = behind;
        }
        let read = payloads.len() as u64;
        if promised_behind(rest, read) {
            return Err(damaged(&path));
        }
        Ok(Replay { payloads, torn: rest.len() as u64 })
    }

    /// Reads what can be read of a log that is damaged.
    pub(crate) fn salvage(home: &Path, generation: u64) -> Result<Salvaged> {
        let path = Log::path(home, generation);
        let bytes = fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
        let (mut salvaged, mut last) = (Salvaged::default(), 0);
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        while let Some((at, entry, behind)) = next_entry(rest, last) {
            let lost = rest.get(..at).filter(|lost| !lost.is_empty());
            salvaged.lost.extend(lost.map(<[u8]>::to_vec));
            salvaged.payloads.push(entry.payload.to_vec());
            (rest, last) = (behind, entry.number);
        }
        salvaged.lost.extend((!rest.is_empty()).then(|| rest.to_vec()));
        Ok(salvaged)
    }

    /// Removes a log that was only being begun when a kill or a power cut came, so that it can hold no
    /// entry; says whether it was one.
    pub(crate) fn remove_unbegun(home: &Path, generation: u64) -> bool {
        Replay::is_unbegun(home, generation) && fs::remove_file(Log::path(home, generation)).is_ok()
    }

    /// Whether that file begins as a log does.
    pub(crate) fn is_log(path: &Path) -> bool {
        let mut title = [0; TITLE.len()];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut title));
        read.is_ok() && title == *TITLE
    }

    /// Whether a log is too short to hold an entry.
    pub(crate) fn is_unbegun(home: &Path, generation: u64) -> bool {
        let length = fs::metadata(Log::path(home, generation)).map(|log| log.len());
        length.is_ok_and(|length| length <= HEADER as u64)
    }
}

fn damaged(path: &Path) -> Error {
    Error::damaged(format_args!("{} is not what was written", path.display()))
}

struct Entry<'a> {
    number: u64,
    synced: u64,
    payload: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The entry at the start of the bytes, and the bytes behind it.
    fn read(bytes: &'a [u8]) -> Option<(Entry<'a>, &'a [u8])> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (checksum, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (covered, behind) = rest.split_at_checked(length.checked_add(ENTRY - 8)?)?;
        if crc32fast::hash(covered) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let (number, covered) = covered.split_first_chunk::<8>()?;
        let (synced, payload) = covered.split_first_chunk::<8>()?;
        let (number, synced) = (u64::from_le_bytes(*number), u64::from_le_bytes(*synced));
        Some((Entry { number, synced, payload }, behind))
    }
}

/// Whether a later entry tells that more than `read` entries were on the disk.
fn promised_behind(mut bytes: &[u8], read: u64) -> bool {
    while let Some((_, entry, behind)) = next_entry(bytes, read) {
        if entry.synced > read {
            return true;
        }
        bytes = behind;
    }
    false
}

/// Where the next whole entry with a number above that one begins, the entry, and the bytes behind it.
fn next_entry(bytes: &[u8], above: u64) -> Option<(usize, Entry<'_>, &[u8])> {
    let most = above.saturating_add(bytes.len() as u64);
    bytes.windows(ENTRY).enumerate().find_map(|(at, head)| {
        // Bytes that can be no number are most of them, and cheaper to tell than a checksum.
        let number = head.get(8..)?.first_chunk().map(|number| u64::from_le_bytes(*number))?;
        let is_number = number > above && number <= most;
        let (entry, behind) = is_number.then(|| Entry::read(bytes.get(at..)?)).flatten()?;
        Some((at, entry, behind))
    })
}

fn encode(out: &mut Vec<u8>, number: u64, synced: u64, payload: &[u8]) -> Result<()> {
    let length = u32::try_from(payload.len()).map_err(|_| {
        Error::invalid("one write takes more than 4 GiB; put fewer records at once")
    })?;
    out.extend_from_slice(&length.to_le_bytes());
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&synced.to_le_bytes());
    out.extend_from_slice(payload);
    let (head, covered) = out.split_at_mut(at + 4);
    if let Some(checksum) = head.last_chunk_mut::<4>() {
        *checksum = crc32fast::hash(covered).to_le_bytes();
    }
    Ok(())
}

/// Makes the names in a directory durable.
pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|directory| directory.sync_all());
    synced.map_err(|error| Error::io("sync", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(home: &Path, payloads: &[&[u8]], synced_after: usize) -> Vec<u8> {
        let log = Log::create(home, 1).unwrap();
        for (number, payload) in payloads.iter().enumerate() {
            log.append(payload, true).unwrap();
            if number + 1 == synced_after {
                log.sync_all().unwrap();
            }
        }
        fs::read(Log::path(home, 1)).unwrap()
    }

    fn read_back(home: &Path, bytes: &[u8]) -> Result<Replay> {
        fs::write(Log::path(home, 1), bytes).unwrap();
        Replay::read(home, 1)
    }

    #[test]
    fn entries_come_back_in_order() {
        let home = tempfile::tempdir().unwrap();
        let bytes = log_of(home.path(), &[b"one", b"", b"three"], 2);
        let replay = read_back(home.path(), &bytes).unwrap();
        assert_eq!(replay.payloads, [b"one".to_vec(), b"".to_vec(), b"three".to_vec()]);
        assert_eq!(replay.torn, 0);
    }

    #[test]
    fn a_log_cut_anywhere_gives_a_prefix() {
        let home = tempfile::tempdir().unwrap();
        let bytes = log_of(home.path(), &[b"one", b"two", b"three"], 0);
        for end in HEADER..bytes.len() {
            let replay = read_back(home.path(), &bytes[..end]).unwrap();
            assert!(replay.payloads.len() < 3);
            assert_eq!(replay.torn > 0, (end - HEADER) != replay.payloads.len() * (ENTRY + 3));
        }
    }

    #[test]
    fn a_hole_before_what_was_synced_is_damage_and_one_behind_it_a_torn_end() {
        let home = tempfile::tempdir().unwrap();
        let bytes = log_of(home.path(), &[b"one", b"two", b"three", b"four"], 2);
        let flipped = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            bytes
        };
        let first = HEADER + ENTRY;
        assert_eq!(
            read_back(home.path(), &flipped(first)).err().map(|error| error.kind()),
            Some(ErrorKind::Damaged)
        );
        let third = HEADER + 2 * (ENTRY + 3) + ENTRY;
        assert_eq!(read_back(home.path(), &flipped(third)).unwrap().payloads.len(), 2);
    }

    #[test]
    fn a_log_of_another_generation_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        log_of(home.path(), &[b"one"], 0);
        fs::rename(Log::path(home.path(), 1), Log::path(home.path(), 2)).unwrap();
        assert!(Replay::read(home.path(), 2).is_err());
    }
}
