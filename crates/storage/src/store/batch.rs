//! Several changes as one write, worked out by the host: it reads what it has written, and all of it shows
//! at once or nothing does.

use std::fmt;

use filedex_query::Document;

use super::handle::Store;
use super::snapshots::Snapshot;
use crate::error::{Error, ErrorKind, Result};
use crate::format::Record;
use crate::format::record::document;
use crate::write::{Batch as Writing, Put};

/// Bytes of changes that one write may have, as the log keeps them: it is held in memory several times over
/// until it shows.
const MOST_BYTES: usize = 32 << 20;

/// The changes of a [`Store::write`], while it is worked out.
pub struct Batch<'b, 'w> {
    store: &'b Store,
    writing: &'b mut Writing<'w>,
}

impl Store {
    /// Makes several changes as one write. No other writer comes between what the work reads and what it
    /// writes; readers see all of it or nothing, and so does who opens the store after a crash. After an
    /// error of the work nothing is changed.
    ///
    /// Other writers wait meanwhile. Whatever else the work writes to the same store, past the batch, ends
    /// with an error.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
    /// use filedex::Document;
    /// use filedex::store::{Error, Options, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// store.write(|batch| {
    ///     batch.put(&Document::new().with("_id", "a").with("rid", "r"))?;
    ///     batch.update("a", |record| record.set("rid", "s"))?;
    ///     assert_eq!(batch.get("a")?.unwrap().get_str("rid"), Some("s"));
    ///     assert!(store.get("a")?.is_none());
    ///     Ok::<(), Error>(())
    /// })?;
    /// assert!(store.get("a")?.is_some());
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the work; `Io` and `Poisoned` from the disk; `Unsupported` within another write of this
    /// thread.
    pub fn write<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Batch<'_, '_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.shared().write_for_host(|writing| work(&mut Batch { store: self, writing }))
    }
}

impl Batch<'_, '_> {
    /// The record of that `_id`, as this write has it.
    ///
    /// # Errors
    /// As [`Store::get`].
    pub fn get(&self, id: &str) -> Result<Option<Document>> {
        let body = self.writing.body(id)?;
        Ok(body.map(|body| document(&body).to_document()))
    }

    /// The state that the store would have if the write ended here: for lookups that see what it has
    /// written. It stays as it is when the write goes on, or comes to nothing.
    pub fn snapshot(&mut self) -> Snapshot {
        self.store.snapshot_of(self.writing.state())
    }

    /// Puts a record, as [`Store::put`] does.
    ///
    /// # Errors
    /// `InvalidRecord` for a document that cannot be a record; `TooLarge` where the write has grown past
    /// 32 MiB; `Damaged`, `Io` and `Poisoned` from the disk.
    pub fn put(&mut self, record: &Document) -> Result<Put> {
        let record = Record::new(record, self.store.options().limits.document_depth)?;
        let put = self.writing.put(record)?;
        self.check_size()?;
        Ok(put)
    }

    /// Changes a record. `None` if there is none of that `_id`.
    ///
    /// # Errors
    /// As [`Batch::put`]; `InvalidRecord` also if the change touches `_id`.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut Document)) -> Result<Option<Put>> {
        let Some(mut record) = self.get(id)? else { return Ok(None) };
        change(&mut record);
        if record.get_str("_id") != Some(id) {
            return Err(Error::id_changed());
        }
        self.put(&record).map(Some)
    }

    /// Removes a record; says whether there was one.
    ///
    /// # Errors
    /// `TooLarge`; `Damaged`, `Io` and `Poisoned` from the disk.
    pub fn remove(&mut self, id: &str) -> Result<bool> {
        let was_there = self.writing.remove(id)?;
        self.check_size()?;
        Ok(was_there)
    }

    fn check_size(&self) -> Result<()> {
        if self.writing.bytes() <= MOST_BYTES {
            return Ok(());
        }
        let message = format!("one write takes at most {MOST_BYTES} bytes; make several of it");
        Err(Error::new(ErrorKind::TooLarge, message))
    }
}

impl fmt::Debug for Batch<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}
