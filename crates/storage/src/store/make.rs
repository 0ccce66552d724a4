//! The directory of a store: told apart from any other, locked, and made where there is none.
//!
//! The marker is written last: a store whose marker is empty, or not what was to be written though nothing was written
//! but a log without entries, was only being made, and is made again. Who makes it holds the lock on it, so that of
//! processes that make one at once one does.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::disk::directory::{self, Directory};
use crate::disk::names::{LOST_AND_FOUND, MARKER, Numbered, OPENED, RESTORING, TREE};
use crate::disk::{lock, swap};
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Commit, Manifest};
use crate::log::{Log, Replay};

/// The format that this version writes and reads.
pub(crate) const MARKER_FORMAT: u32 = 2;

const TITLE: &str = "Filedex store";

/// A store's directory, kept from everyone else for as long as this lives.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) directory: Arc<Directory>,
    /// What was interrupted and had to be ended.
    pub(crate) recovery: Option<&'static str>,
    _lock: File,
}

impl Home {
    /// The store at that path, made if asked.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Home> {
        let home = Home::claim(path, create)?;
        match home.marker()? {
            Marker::Written => Ok(home),
            Marker::Unwritten(reason) if !home.is_half_made()? => Err(reason),
            Marker::Unwritten(_) if create => home.make(),
            Marker::Unwritten(_) => Err(missing(path)),
        }
    }

    /// The store at that path, though its marker may be damaged or gone, if it has files of ours.
    pub(crate) fn adopt(path: &Path) -> Result<Home> {
        match Home::open(path, false) {
            Err(refused) if matches!(refused.kind(), ErrorKind::NotAStore | ErrorKind::Damaged) => {
                if !path.is_dir() || !has_files_of_a_store(&Directory::open(path)?)? {
                    return Err(refused);
                }
                Home::lock(path)
            }
            opened => opened,
        }
    }

    /// Writes the marker over what stands there: the lock is on the file that is there. On the disk when this returns is
    /// also what was made before to get here, by whoever it was.
    pub(crate) fn mark(&self) -> Result<()> {
        let path = self.directory.at(MARKER);
        let text = marker();
        let file = directory::private().write(true).create(true).truncate(false).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)?;
            file.sync_all()
        });
        written.map_err(|error| Error::io("write", &path, error))?;
        self.directory.sync()?;
        directory::sync_above(self.directory.path())
    }

    /// Goes in and locks, where a store is or may be made.
    fn claim(path: &Path, create: bool) -> Result<Home> {
        match fs::metadata(path) {
            Ok(found) if !found.is_dir() => return Err(not_a_store(path, "it is a file")),
            Ok(_) if path.join(MARKER).exists() => return Home::lock(path),
            Ok(_) => refuse_foreign(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(Error::io("open", path, error)),
        }
        if !create {
            return Err(missing(path));
        }
        directory::make(path)?;
        directory::make_private(path)?;
        Home::lock(path)
    }

    fn lock(path: &Path) -> Result<Home> {
        let directory = Arc::new(Directory::open(path)?);
        // There must be a file for the lock.
        let marker = directory.at(MARKER);
        let marked = directory::private().append(true).create(true).open(&marker);
        marked.map_err(|error| Error::io("open", &marker, error))?;
        let lock = lock::take(&directory.at(MARKER))?;
        // Whoever was here before may have moved it meanwhile.
        directory.check()?;
        let recovery = swap::settle(&directory)?;
        Ok(Home { directory, recovery, _lock: lock })
    }

    fn marker(&self) -> Result<Marker> {
        let text = self.directory.read(MARKER)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines();
        match lines.next() {
            None => return Ok(Marker::Unwritten(Error::damaged("its marker file is empty"))),
            Some(TITLE) => {}
            Some(_) => {
                let reason = "its marker file is another program's";
                return Ok(Marker::Unwritten(not_a_store(self.directory.path(), reason)));
            }
        }
        let format =
            lines.next().and_then(|line| line.strip_prefix("format ")?.parse::<u32>().ok());
        match format {
            Some(MARKER_FORMAT) => Ok(Marker::Written),
            Some(newer) if newer > MARKER_FORMAT => Err(Error::new(
                ErrorKind::NewerFormat,
                format!(
                    "the store has format {newer}, this Filedex reads {MARKER_FORMAT}; use a newer one"
                ),
            )),
            Some(older @ 1..) => Err(Error::new(
                ErrorKind::OlderFormat,
                format!(
                    "the store has format {older}, this Filedex reads {MARKER_FORMAT}; write a backup \
                     with the version that wrote it, and restore that with this one"
                ),
            )),
            _ => {
                let reason = Error::damaged("its marker file names no known format");
                Ok(Marker::Unwritten(reason))
            }
        }
    }

    /// Whether nobody ever had this store open: it was only being made.
    fn is_half_made(&self) -> Result<bool> {
        if !self.directory.numbers(Numbered::Blocks)?.is_empty() {
            return Ok(false);
        }
        let marked = self.directory.read(MARKER)?.unwrap_or_default().len();
        match self.directory.numbers(Numbered::Log)?.as_slice() {
            [] => Ok(marked == 0),
            [only] => {
                let log = self.directory.read(&Numbered::Log.name(*only))?.unwrap_or_default();
                // The log was on the disk before the first byte of a marker was written.
                let is_first = marked == 0 || Replay::is_log(&log) && marked <= marker().len();
                Ok(is_first && !Replay::may_have_entries(&log))
            }
            _ => Ok(false),
        }
    }

    /// Makes an empty store.
    fn make(self) -> Result<Home> {
        for name in self.directory.names()? {
            let is_ours =
                [Numbered::Log, Numbered::Manifest].iter().any(|kind| kind.number(&name).is_some());
            if is_ours || name == OPENED {
                self.directory.remove(&name)?;
            }
        }
        self.directory.remove_directory(TREE)?;
        drop(Log::create(&self.directory, 1)?);
        let commit = Commit { log: 1, next_file: 1, ..Commit::default() };
        drop(Manifest::create(&self.directory, 1, commit)?);
        self.mark()?;
        Ok(self)
    }
}

enum Marker {
    Written,
    /// It is not what a marker is, for that reason.
    Unwritten(Error),
}

/// What stands in a marker file.
fn marker() -> String {
    format!("{TITLE}\nformat {MARKER_FORMAT}\n")
}

/// Refuses a directory in which there is something that is not ours.
fn refuse_foreign(path: &Path) -> Result<()> {
    let directory = Directory::open(path)?;
    let names = directory.names()?;
    // Somebody else may be making a store here: the marker is the first of its files.
    if directory.at(MARKER).exists() || is_at_most_begun(&directory, &names)? {
        return Ok(());
    }
    let path_text = path.display();
    if names.iter().any(|name| name == RESTORING) {
        let message =
            format!("{path_text} is being restored; restore the same backup again to end it");
        return Err(Error::new(ErrorKind::NotAStore, message));
    }
    if has_files_of_a_store(&directory)? {
        let message = format!("{path_text} has lost its file `{MARKER}`; run a repair");
        return Err(Error::new(ErrorKind::NotAStore, message));
    }
    Err(not_a_store(path, "it holds other files"))
}

/// Whether there is nothing, or only the log that a store begins with and no entry in it: a power cut may leave that of one
/// that was being made, though the marker was there before.
fn is_at_most_begun(directory: &Directory, names: &[String]) -> Result<bool> {
    let log = Numbered::Log.name(1);
    if !names.iter().all(|name| name == LOST_AND_FOUND || *name == log) {
        return Ok(false);
    }
    Ok(!Replay::may_have_entries(&directory.read(&log)?.unwrap_or_default()))
}

fn has_files_of_a_store(directory: &Directory) -> Result<bool> {
    let has_blocks = !directory.numbers(Numbered::Blocks)?.is_empty();
    let logs = directory.numbers(Numbered::Log)?;
    let is_restored = directory.at(RESTORING).exists() && !directory.at(MARKER).exists();
    let is_log = |log: &u64| {
        let bytes = directory.read(&Numbered::Log.name(*log)).ok().flatten();
        bytes.is_some_and(|bytes| Replay::is_log(&bytes))
    };
    Ok(!is_restored && (has_blocks || logs.iter().any(is_log)))
}

fn missing(path: &Path) -> Error {
    Error::new(ErrorKind::Missing, format!("there is no store at {}", path.display()))
}

fn not_a_store(path: &Path, reason: &str) -> Error {
    let message = format!(
        "{} is no Filedex store: {reason}; name a store, an empty directory or a new path",
        path.display()
    );
    Error::new(ErrorKind::NotAStore, message)
}
