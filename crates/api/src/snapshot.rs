//! One state of an index, kept: the same lookups, whatever is written meanwhile.

use std::fmt;
use std::sync::Arc;

use filedex_query::Document;

use crate::{File, Filedex, Lookup, Records, Result, Scope};

/// An index as it was at one moment. Clones are of the same moment.
///
/// ```
/// use filedex::{File, Filedex};
/// let index = Filedex::temporary()?;
/// index.put(&File::new("a")?.with_room("GENERAL"))?;
/// let snapshot = index.snapshot()?;
/// index.remove("a")?;
/// index.put(&File::new("b")?.with_room("GENERAL"))?;
/// assert_eq!(snapshot.room("GENERAL").page()?.files[0].get_str("_id"), Some("a"));
/// assert!(snapshot.get("b")?.is_none());
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone)]
pub struct Snapshot {
    index: Filedex,
    records: Arc<dyn Records>,
}

impl Filedex {
    /// The index as it is now, for as long as it is kept. It takes memory as others write: past
    /// [`OpenOptions::snapshot_bytes`](crate::OpenOptions::snapshot_bytes) the oldest snapshot ends, and its
    /// calls say `SnapshotEnded`.
    ///
    /// # Errors
    /// `Unsupported`.
    pub fn snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot { index: self.clone(), records: self.backend().snapshot()? })
    }

    /// Moves what was written from the log to where it stays, without waiting until that is due; writers and
    /// readers go on meanwhile. After a load, say, so that what is asked next is found there.
    ///
    /// # Errors
    /// `Io`; everything is as it was then. `Unsupported` within [`Filedex::write`].
    pub fn checkpoint(&self) -> Result<()> {
        self.backend().checkpoint()
    }
}

crate::scope::lookups!(Snapshot, Lookup);

impl Snapshot {
    /// As [`Filedex::get`].
    ///
    /// # Errors
    /// As [`Filedex::get`], and `SnapshotEnded`.
    pub fn get(&self, id: &str) -> Result<Option<File>> {
        self.get_document(id)?.map(File::from_document).transpose()
    }

    /// As [`Filedex::get_document`].
    ///
    /// # Errors
    /// As [`Filedex::get_document`], and `SnapshotEnded`.
    pub fn get_document(&self, id: &str) -> Result<Option<Document>> {
        self.records.get(id)
    }

    /// As [`Filedex::get_json`].
    ///
    /// # Errors
    /// As [`Filedex::get_json`], and `SnapshotEnded`.
    pub fn get_json(&self, id: &str) -> Result<Option<Vec<u8>>> {
        self.records.get_text(id)
    }

    /// Starts a lookup under a scope.
    pub fn lookup(&self, scope: Scope) -> Lookup {
        self.index.lookup(scope).of_state(Arc::clone(&self.records))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
