//! The files of a tree as records, and what was left out on the way.
//!
//! This file knows directories and kinds of files. It does not know the store.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use filedex_query::Document;
use walkdir::{DirEntry, WalkDir};

use super::record::{self, Owners};

/// Gives a record for each regular file; counts the rest.
pub(crate) struct Walk<P> {
    entries: Box<dyn Iterator<Item = walkdir::Result<DirEntry>>>,
    owners: Owners,
    /// Is told how many files there have been.
    progress: P,
    walked: Walked,
}

/// What a walk met.
#[derive(Default)]
pub(crate) struct Walked {
    /// The `_id` of every record given.
    pub(crate) met: HashSet<String>,
    /// Symbolic links, which are not followed.
    pub(crate) links: u64,
    /// Sockets, pipes and devices.
    pub(crate) special: u64,
    /// Where something could not be read, and why, in the order of the walk.
    pub(crate) unreadable: Vec<(String, String)>,
}

impl<P: FnMut(u64)> Walk<P> {
    /// All of `root`, except for the directory `store`.
    pub(crate) fn new(root: &Path, store: &Path, progress: P) -> Walk<P> {
        let store: PathBuf = store.to_owned();
        // A directory's files before its directories: the files of a room come together.
        let walk = WalkDir::new(root).sort_by(|a, b| {
            let by_kind = a.file_type().is_dir().cmp(&b.file_type().is_dir());
            by_kind.then_with(|| a.file_name().cmp(b.file_name()))
        });
        Walk {
            entries: Box::new(walk.into_iter().filter_entry(move |entry| entry.path() != store)),
            owners: Owners::default(),
            progress,
            walked: Walked::default(),
        }
    }

    /// What was met.
    pub(crate) fn end(self) -> Walked {
        self.walked
    }

    fn take(&mut self, entry: &DirEntry) -> Option<Document> {
        let kind = entry.file_type();
        if kind.is_file() {
            return self.take_file(entry);
        }
        self.walked.links += u64::from(kind.is_symlink());
        self.walked.special += u64::from(!kind.is_symlink() && !kind.is_dir());
        None
    }

    fn take_file(&mut self, entry: &DirEntry) -> Option<Document> {
        let made = match entry.metadata() {
            Ok(metadata) => record::of_file(entry.path(), &metadata, &mut self.owners),
            Err(error) if is_gone(&error) => return None,
            Err(error) => Err(reason(&error)),
        };
        match made {
            Ok(record) => {
                self.walked.met.extend(record.get_str("_id").map(str::to_owned));
                (self.progress)(self.walked.met.len() as u64);
                Some(record)
            }
            Err(reason) => {
                self.leave_out(entry.path(), &reason);
                None
            }
        }
    }

    fn leave_out(&mut self, path: &Path, reason: &str) {
        self.walked.unreadable.push((record::place(path), reason.to_owned()));
    }
}

impl<P: FnMut(u64)> Iterator for Walk<P> {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        loop {
            match self.entries.next()? {
                Ok(entry) => {
                    if let Some(record) = self.take(&entry) {
                        return Some(record);
                    }
                }
                Err(error) if is_gone(&error) => {}
                Err(error) => {
                    let path = error.path().map(Path::to_owned).unwrap_or_default();
                    self.leave_out(&path, &reason(&error));
                }
            }
        }
    }
}

/// Whether the file was removed while the scan went on, which is nothing to report.
fn is_gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// The cause without the path, which is told beside it.
fn reason(error: &walkdir::Error) -> String {
    error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
}
