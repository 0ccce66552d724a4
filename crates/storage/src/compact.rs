//! A compaction: a store is written anew, so that what changes left behind takes no space any more.
//!
//! How a store is written anew is [`crate::rebuild`]'s.

use std::path::Path;

use serde::Serialize;

use crate::error::Result;
use crate::home::{self, Home};
use crate::options::Options;
use crate::rebuild::rebuild;
use crate::store::Store;

/// What a compaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Compaction {
    /// Records that went over, which are all.
    pub records: u64,
    /// Bytes of all files before.
    pub bytes_before: u64,
    /// Bytes of all files after.
    pub bytes_after: u64,
}

impl Store {
    /// Writes the store at that path anew, as small as it can be. `progress` is told how many of how
    /// many records went over.
    ///
    /// There must be room for it once more. A compaction that is interrupted changed nothing, or is ended
    /// by the next open.
    ///
    /// ```
    /// # use filedex_query::Document;
    /// # use filedex_storage::{Options, Store};
    /// let site = tempfile::tempdir()?;
    /// let path = site.path().join("store");
    /// let store = Store::open(&path, &Options::default())?;
    /// store.put(&Document::new().with("_id", "a"))?;
    /// store.close()?;
    ///
    /// let compaction = Store::compact(&path, &Options::default(), &mut |_, _| ())?;
    /// assert_eq!(compaction.records, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AlreadyOpen` while anybody has the store open; `Damaged` where not all of it can be read, so
    /// that a repair is needed first; `Missing`, `NotAStore`, `NewerFormat` or `Io`. The store is as it
    /// was then.
    pub fn compact(
        path: impl AsRef<Path>,
        options: &Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Compaction> {
        let home = Home::open(path.as_ref(), false)?;
        let bytes_before = home::disk_bytes(home.path())?;
        let (stats, _) = rebuild(&home, options, None, progress)?;
        let bytes_after = home::disk_bytes(home.path())?;
        Ok(Compaction { records: stats.records, bytes_before, bytes_after })
    }
}
