//! An index written anew in its place: repaired, or only made small again.
//!
//! Both are for an index that nobody has open. How it is done is the store's.

use std::path::Path;

use filedex_storage::{Compaction, Options, Repair, Store};

use crate::{Filedex, Result};

impl Filedex {
    /// Builds the lists and counts of the index at that path anew from its records, also of one that
    /// does not open any more. What cannot be read is kept in a file `quarantine.<n>` in its directory.
    /// `progress` is told how many records are done, of how many.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    ///
    /// let site = tempfile::tempdir()?;
    /// let path = site.path().join("uploads.filedex");
    /// let index = Filedex::open(&path)?;
    /// index.put(&File::new("f1")?.with_room("GENERAL"))?;
    /// index.close()?;
    ///
    /// let repair = Filedex::repair(&path, &mut |_, _| ())?;
    /// assert!(repair.is_whole());
    /// assert_eq!(Filedex::open(&path)?.room("GENERAL").total()?, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AlreadyOpen`; `Damaged` where only a backup helps; `Missing`, `NotAStore`, `NewerFormat`, `Io`.
    /// The index is as it was then.
    pub fn repair(path: impl AsRef<Path>, progress: &mut dyn FnMut(u64, u64)) -> Result<Repair> {
        Ok(Store::repair(path, &Options::default(), progress)?)
    }

    /// Writes the index at that path anew, so that what changes and removals left behind takes no space.
    /// `progress` is told how many records are done, of how many.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    ///
    /// let site = tempfile::tempdir()?;
    /// let path = site.path().join("uploads.filedex");
    /// let index = Filedex::open(&path)?;
    /// index.put(&File::new("f1")?.with_room("GENERAL"))?;
    /// index.close()?;
    ///
    /// let compaction = Filedex::compact(&path, &mut |_, _| ())?;
    /// assert_eq!(compaction.records, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AlreadyOpen`; `Damaged` where a repair is needed first; `Missing`, `NotAStore`, `NewerFormat`,
    /// `Io`. The index is as it was then.
    pub fn compact(
        path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Compaction> {
        Ok(Store::compact(path, &Options::default(), progress)?)
    }
}
