//! Backups of an index: made while it is open, restored to a new place.
//!
//! What a backup looks like is the store's.

use std::path::Path;

use filedex_storage::{Backup, Options, Store, Watch};

use crate::{Filedex, Result};

impl Filedex {
    /// Writes every record to a file, all from one moment, with a checksum at the end. Writers and lookups go
    /// on meanwhile. The file is made whole or not at all. `progress` is told how many
    /// records are written, of how many.
    ///
    /// # Errors
    /// `Io` where the file cannot be written; `Damaged`; `Unsupported` where the index lies elsewhere.
    pub fn backup(
        &self,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        self.backup_within(path, &Watch::default(), progress)
    }

    /// The same, ended by what the watch says, which leaves no file; the limits of queries are none of its.
    ///
    /// # Errors
    /// As [`Filedex::backup`]; `Cancelled`, `Costly`, and `Query` past the watch's time.
    pub fn backup_within(
        &self,
        path: impl AsRef<Path>,
        watch: &Watch,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        Ok(self.backend().store("a backup")?.backup_within(path, watch, progress)?)
    }

    /// Makes an index of a backup, at a path where nothing is; then it can be opened there. A restore
    /// that was interrupted goes on. `progress` is told how many records are in, of how many.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    ///
    /// let site = tempfile::tempdir()?;
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("f1")?.with_room("GENERAL"))?;
    /// index.backup(site.path().join("files.jsonl"), &mut |_, _| ())?;
    ///
    /// let path = site.path().join("uploads.filedex");
    /// Filedex::restore(site.path().join("files.jsonl"), &path, &mut |_, _| ())?;
    /// assert_eq!(Filedex::open(&path)?.room("GENERAL").total()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Damaged` for a file that is no whole backup, `NewerFormat`, `Io`.
    pub fn restore(
        backup: impl AsRef<Path>,
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Backup> {
        Ok(Store::restore(backup, path, &Options::default(), progress)?)
    }
}
