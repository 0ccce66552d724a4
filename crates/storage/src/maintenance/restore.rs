//! A backup becomes a store: checked first, and made inside of the directory at its path, which is no store
//! before it is whole.
//!
//! ```text
//! uploads.filedex/
//!   restoring/
//!     source     the trailer of the backup that is being restored
//!     store/     what has been restored of it
//!     whole/     all of it, on its way to where it stays
//! ```
//!
//! A restore that is interrupted goes on where it was: records go in in the order of the lines, so that
//! the store itself tells how many are in. What is whole is moved file by file, the marker last: a directory
//! without it is no store. So a store can be restored to a new path, and to an empty directory, which may
//! be a file system of its own. What a line looks like is [`super::backup`]'s.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use data_encoding::HEXLOWER;
use filedex_query::{Document, ejson};
use sha2::{Digest as _, Sha256};

use super::backup::{self, Backup, Trailer, from_stored_form, no_backup};
use crate::disk::directory::{self, Directory};
use crate::disk::names::{LOST_AND_FOUND, MARKER, RESTORING};
use crate::error::{Error, ErrorKind, Result};
use crate::options::{Durability, Options};
use crate::store::Store;

/// Bytes of one line: a record of the greatest size, however its values are written.
const MOST_LINE_BYTES: u64 = 1 << 29;

/// Records of one write, and bytes of their lines after which no more come in.
const RECORDS_PER_WRITE: usize = 100;
const BYTES_PER_WRITE: usize = 4 << 20;

const SOURCE: &str = "source";
const STORE: &str = "store";
const WHOLE: &str = "whole";

/// Where a store is being made.
struct Site {
    /// The directory at the path of the store.
    home: Directory,
    /// That in which the store is made.
    making: Directory,
}

impl Store {
    /// Makes a store of a backup, at a new path or in an empty directory. A restore of the same backup that
    /// was interrupted goes on. `progress` is told how many of how many records are in.
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
        if let Some(site) = Site::open(path, &backup)? {
            if !site.making.at(WHOLE).exists() {
                fill(source, &backup, &site.making.at(STORE), options, progress)?;
            }
            site.finish()?;
        }
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
        return Err(Error::new(ErrorKind::NewerFormat, message));
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
    let (mut line, mut waiting, mut bytes) = (Vec::new(), Vec::new(), 0);
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
        bytes += line.len();
        let is_full = waiting.len() == RECORDS_PER_WRITE || bytes >= BYTES_PER_WRITE;
        if is_full || number == backup.records {
            store.put_many(std::mem::take(&mut waiting))?;
            bytes = 0;
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
    /// The site at that path, with what is there if it is of the same backup; `None` where an earlier
    /// restore had done all but to clean up.
    fn open(path: &Path, backup: &Backup) -> Result<Option<Site>> {
        directory::make(path)?;
        let home = Directory::open(path)?;
        let is_of_this = is_of(&home, backup);
        if home.at(MARKER).exists() {
            if is_of_this && !home.at(RESTORING).join(STORE).exists() {
                home.remove_directory(RESTORING)?;
                return Ok(None);
            }
            return Err(taken(path));
        }
        let is_begun = home.at(RESTORING).exists();
        let is_ours = |name: &String| name == RESTORING || name == LOST_AND_FOUND;
        // What is whole moves file by file, so that others may stand here.
        let is_moving = is_of_this && home.at(RESTORING).join(WHOLE).exists();
        if !is_moving && !home.names()?.iter().all(is_ours) {
            return Err(taken(path));
        }
        if is_begun && !is_of_this {
            home.remove_directory(RESTORING)?;
        }
        directory::make_private(path)?;
        directory::make(&home.at(RESTORING))?;
        let making = Directory::open(&home.at(RESTORING))?;
        if !is_of_this {
            let text = serde_json::to_vec(backup)
                .map_err(|error| Error::io("write", making.path(), error.into()))?;
            making.create_with(SOURCE, &text)?;
            making.sync()?;
        }
        Ok(Some(Site { home, making }))
    }

    /// Moves the store to its path.
    fn finish(&self) -> Result<()> {
        let whole = self.making.at(WHOLE);
        if !whole.exists() {
            rename(&self.making.at(STORE), &whole)?;
            self.making.sync()?;
        }
        let whole = Directory::open(&whole)?;
        let mut names = whole.names()?;
        names.retain(|name| name != MARKER);
        for name in &names {
            rename(&whole.at(name), &self.home.at(name))?;
        }
        self.home.sync()?;
        if whole.at(MARKER).exists() {
            rename(&whole.at(MARKER), &self.home.at(MARKER))?;
            self.home.sync()?;
        }
        self.home.remove_directory(RESTORING)?;
        self.home.sync()
    }
}

/// Whether what is being restored there is that backup.
fn is_of(home: &Directory, backup: &Backup) -> bool {
    let source = fs::read(home.at(RESTORING).join(SOURCE)).ok();
    let source = source.and_then(|source| serde_json::from_slice::<Backup>(&source).ok());
    source.is_some_and(|source| source == *backup)
}

fn taken(path: &Path) -> Error {
    let error = io::Error::new(io::ErrorKind::AlreadyExists, "something is there already");
    Error::io("restore to", path, error)
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|error| Error::io("move", from, error))
}
