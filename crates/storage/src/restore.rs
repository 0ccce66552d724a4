//! A backup becomes a store: checked first, made beside its path, and moved there once it is whole.
//!
//! ```text
//! uploads.filedex.restoring/
//!   source       the trailer of the backup that is being restored
//!   store/       what has been restored of it
//! ```
//!
//! A restore that is interrupted goes on where it was: records go in in the order of the lines, so that
//! the store itself tells how many are in. What a line looks like is [`crate::backup`]'s.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use filedex_query::{Document, ejson};
use sha2::{Digest as _, Sha256};

use crate::backup::{self, Backup, Trailer, from_stored_form, no_backup};
use crate::error::{Error, Result};
use crate::home::{MARKER, parent_of};
use crate::log::sync_directory;
use crate::options::{Durability, Options};
use crate::store::Store;

/// Bytes of one line: a record of the greatest size, however its values are written.
const MOST_LINE_BYTES: u64 = 1 << 29;

/// Records of one write.
const RECORDS_PER_WRITE: usize = 100;

/// Where a store is being made.
struct Site {
    directory: PathBuf,
    path: PathBuf,
}

impl Store {
    /// Makes a store of a backup, at a path where none is. A restore of the same backup that was
    /// interrupted goes on. `progress` is told how many of how many records are in.
    ///
    /// # Errors
    /// `Damaged` for a file that is no whole backup: nothing is made of it. `NewerFormat` for one by a
    /// newer version. `Io` where something is at the path already, or the disk refuses.
    /// `InvalidRecord` where a record passes the limits of these options.
    pub fn restore(
        backup: impl AsRef<Path>,
        path: impl AsRef<Path>,
        options: &Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        let (source, path) = (backup.as_ref(), path.as_ref());
        let backup = check(source)?;
        let site = Site::new(path);
        if site.is_done(&backup)? {
            site.remove()?;
            return Ok(backup);
        }
        site.refuse_taken()?;
        site.prepare(&backup)?;
        fill(source, &backup, &site.store(), options, progress)?;
        site.finish()?;
        Ok(backup)
    }
}

/// Reads a backup from end to end: its checksum and the number of its lines are what its trailer
/// says.
fn check(path: &Path) -> Result<Backup> {
    let failed = |error: io::Error| Error::io("read", path, error);
    let mut lines = BufReader::with_capacity(1 << 20, File::open(path).map_err(failed)?);
    let (mut checksum, mut records) = (Sha256::new(), 0);
    // The last line is the trailer, which is not covered: each is taken in when the next is there.
    let (mut line, mut next) = (Vec::new(), Vec::new());
    while read_line(&mut lines, &mut next).map_err(failed)? {
        if !line.is_empty() {
            checksum.update(&line);
            records += 1;
        }
        std::mem::swap(&mut line, &mut next);
        if line.last() != Some(&b'\n') {
            return Err(no_backup(path, "its last line is not whole"));
        }
    }
    let trailer: Trailer =
        serde_json::from_slice(&line).map_err(|_| no_backup(path, "its trailer is missing"))?;
    let backup = trailer.backup;
    if backup.format > backup::FORMAT {
        let (newer, known) = (backup.format, backup::FORMAT);
        let message = format!("the backup has format {newer}, this Filedex reads {known}");
        return Err(Error::new(crate::ErrorKind::NewerFormat, message));
    }
    if records != backup.records {
        return Err(no_backup(path, format_args!("{records} of {} records", backup.records)));
    }
    if HEXLOWER.encode(&checksum.finalize()) != backup.sha256 {
        return Err(no_backup(path, "its checksum is not that of its lines"));
    }
    Ok(backup)
}

/// The next line with its end; false at the end of the file.
fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    lines.take(MOST_LINE_BYTES).read_until(b'\n', line)?;
    Ok(!line.is_empty())
}

/// Puts in what is not in yet.
fn fill(
    source: &Path,
    backup: &Backup,
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<()> {
    let failed = |error: io::Error| Error::io("read", source, error);
    let mut options = options.clone();
    (options.create, options.durability) = (true, Durability::Relaxed);
    let store = Store::open(path, &options)?;
    let mut lines = BufReader::with_capacity(1 << 20, File::open(source).map_err(failed)?);
    let (mut line, mut waiting) = (Vec::new(), Vec::new());
    let already = store.stats()?.records;
    for number in 1..=backup.records {
        read_line(&mut lines, &mut line).map_err(failed)?;
        if number <= already {
            continue;
        }
        let record = record_of(&line, options.limits.document_depth);
        let record = record.map_err(|reason| {
            no_backup(source, format_args!("line {number} is no record: {reason}"))
        })?;
        waiting.push(record);
        if waiting.len() == RECORDS_PER_WRITE || number == backup.records {
            store.put_many(std::mem::take(&mut waiting))?;
            progress(number, backup.records);
        }
    }
    let (records, due) = (store.stats()?.records, backup.records);
    if records != due {
        let reason = format_args!("{due} lines are {records} different records");
        return Err(no_backup(source, reason));
    }
    store.close()
}

fn record_of(line: &[u8], levels: usize) -> std::result::Result<Document, String> {
    let text = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let limits = backup::limits(line.len(), levels);
    let line = ejson::read_document(text, &limits).map_err(|error| error.to_string())?;
    Ok(from_stored_form(&line).unwrap_or(line))
}

impl Site {
    fn new(path: &Path) -> Site {
        let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
        name.push(".restoring");
        Site { directory: path.with_file_name(name), path: path.to_owned() }
    }

    fn source(&self) -> PathBuf {
        self.directory.join("source")
    }

    fn store(&self) -> PathBuf {
        self.directory.join("store")
    }

    /// Whether this site is of that backup.
    fn is_of(&self, backup: &Backup) -> bool {
        let source = fs::read(self.source()).ok();
        let source = source.and_then(|source| serde_json::from_slice::<Backup>(&source).ok());
        source.is_some_and(|source| source == *backup)
    }

    /// Whether an earlier restore came so far that only this site is left to be removed.
    fn is_done(&self, backup: &Backup) -> Result<bool> {
        Ok(self.is_of(backup) && self.path.join(MARKER).is_file() && !self.store().exists())
    }

    fn refuse_taken(&self) -> Result<()> {
        let taken = match fs::read_dir(&self.path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        if !taken {
            return Ok(());
        }
        let error = io::Error::new(io::ErrorKind::AlreadyExists, "something is there already");
        Err(Error::io("restore to", &self.path, error))
    }

    /// Makes the site ready, with what is there if it is of the same backup.
    fn prepare(&self, backup: &Backup) -> Result<()> {
        if self.is_of(backup) {
            return Ok(());
        }
        self.remove()?;
        let failed = |error: io::Error| Error::io("write", &self.directory, error);
        fs::create_dir_all(&self.directory).map_err(failed)?;
        let text = serde_json::to_vec(backup).map_err(|error| failed(error.into()))?;
        fs::write(self.source(), text).map_err(failed)
    }

    /// Moves the store to its path.
    fn finish(&self) -> Result<()> {
        let moved = fs::rename(self.store(), &self.path);
        moved.map_err(|error| Error::io("restore to", &self.path, error))?;
        sync_directory(parent_of(&self.path))?;
        self.remove()
    }

    fn remove(&self) -> Result<()> {
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.directory, error))
            }
            _ => Ok(()),
        }
    }
}
