//! Several changes as one write, worked out by the host.
//!
//! This file gives known fields their types on the way; what makes it one write is the backend's.

use std::fmt;
use std::sync::Arc;

use filedex_query::{Document, Filter, Found, Value};
use filedex_storage::Put;

use crate::backend::Writing;
use crate::change::updated;
use crate::file::record;
use crate::{Change, Error, ErrorKind, File, Filedex, Lookup, Record, Records, Result, Scope};

/// The changes of a [`Filedex::write`], while it is worked out. What it is asked, it answers as if they were
/// done.
pub struct Batch<'b> {
    index: &'b Filedex,
    writing: &'b mut dyn Writing,
}

impl Filedex {
    /// Makes several changes as one write: whoever reads, or opens the index after a crash, sees all of it or
    /// nothing, and no other writer comes between what it reads and what it writes. If the work ends with an
    /// error, of its own or one of ours, nothing is changed.
    ///
    /// Other writers wait meanwhile. The work changes the index through the batch alone: calls of the index
    /// itself that write end with `Unsupported` there. It may be asked for anew if the index stands on a
    /// backend that others write to.
    ///
    /// ```
    /// use filedex::{File, Filedex, Value};
    /// let index = Filedex::temporary()?;
    /// let upload = |id: &str, size| -> Result<bool, filedex::Error> {
    ///     index.write(|batch| {
    ///         let file = File::new(id)?.with_user("ada").with_size(size);
    ///         batch.put(&file)?;
    ///         // The user's quota holds, however many upload at once.
    ///         let used = batch.user("ada")?.sum("size")?;
    ///         if matches!(used, Value::Int(used) if used > 1000) {
    ///             batch.remove(id)?;
    ///             return Ok(false);
    ///         }
    ///         Ok(true)
    ///     })
    /// };
    /// assert!(upload("a", 700)? && !upload("b", 400)? && upload("c", 300)?);
    /// assert_eq!(index.user("ada").total()?, 2);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of the work; `Io`; `Unsupported` within another write.
    pub fn write<T, E: From<Error>>(
        &self,
        mut work: impl FnMut(&mut Batch<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut answer = None;
        let written =
            self.backend().write(&mut |writing| match work(&mut Batch { index: self, writing }) {
                Ok(value) => {
                    answer = Some(Ok(value));
                    Ok(())
                }
                Err(error) => {
                    answer = Some(Err(error));
                    Err(Error::new(ErrorKind::Cancelled, "the work of a write ended with an error"))
                }
            });
        match (written, answer) {
            (Ok(()), Some(answer)) | (Err(_), Some(answer @ Err(_))) => answer,
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => {
                Err(Error::new(ErrorKind::Unsupported, "the backend asked for no work").into())
            }
        }
    }
}

impl Batch<'_> {
    /// As [`Filedex::get`].
    ///
    /// # Errors
    /// As [`Filedex::get`].
    pub fn get(&mut self, id: &str) -> Result<Option<File>> {
        self.get_document(id)?.map(File::from_document).transpose()
    }

    /// As [`Filedex::get_document`].
    ///
    /// # Errors
    /// As [`Filedex::get_document`].
    pub fn get_document(&mut self, id: &str) -> Result<Option<Document>> {
        self.writing.get(id)
    }

    /// As [`Filedex::put`].
    ///
    /// # Errors
    /// As [`Filedex::put`]; `TooLarge` where the write has grown past 32 MiB.
    pub fn put(&mut self, record: &impl Record) -> Result<Put> {
        self.writing.put(record.record()?.as_ref())
    }

    /// As [`Filedex::update`].
    ///
    /// # Errors
    /// As [`Filedex::update`], and `TooLarge`.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut Document)) -> Result<Option<Put>> {
        let Some(before) = self.get_document(id)? else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after);
        self.replace(&before, after).map(Some)
    }

    /// As [`Filedex::update_with`].
    ///
    /// # Errors
    /// As [`Filedex::update_with`], and `TooLarge`.
    pub fn update_with(&mut self, id: &str, change: impl Into<Change>) -> Result<Option<Put>> {
        let change = change.into();
        let environment = self.index.watched_environment();
        let (update, account) = (change.read(&environment)?, &*environment.account);
        match self.get_document(id)? {
            Some(before) => {
                let after = updated(&update, &before, Found::default(), account)?;
                self.replace(&before, after).map(Some)
            }
            None if change.is_upsert() => {
                let filter = Filter::eq("_id", id)?;
                let record = update.insert_within(&filter, || Value::from(id), account)?;
                self.put(&record).map(Some)
            }
            None => Ok(None),
        }
    }

    /// As [`Filedex::remove`].
    ///
    /// # Errors
    /// As [`Filedex::remove`], and `TooLarge`.
    pub fn remove(&mut self, id: &str) -> Result<bool> {
        self.writing.remove(id)
    }

    /// A lookup among the records of that room, as this write has them now. It stays with what it saw when it
    /// was begun.
    ///
    /// # Errors
    /// `Unsupported`.
    pub fn room(&mut self, id: &str) -> Result<Lookup> {
        self.lookup(Scope::everything().room(id))
    }

    /// A lookup among the records of that user, as [`Batch::room`].
    ///
    /// # Errors
    /// As [`Batch::room`].
    pub fn user(&mut self, id: &str) -> Result<Lookup> {
        self.lookup(Scope::everything().user(id))
    }

    /// A lookup among all records, as [`Batch::room`].
    ///
    /// # Errors
    /// As [`Batch::room`].
    pub fn all(&mut self) -> Result<Lookup> {
        self.lookup(Scope::everything())
    }

    /// A lookup under a scope, as [`Batch::room`].
    ///
    /// # Errors
    /// As [`Batch::room`].
    pub fn lookup(&mut self, scope: Scope) -> Result<Lookup> {
        Ok(self.index.lookup(scope).of_state(self.records()?))
    }

    pub(crate) fn records(&mut self) -> Result<Arc<dyn Records>> {
        self.writing.records()
    }

    fn replace(&mut self, before: &Document, mut after: Document) -> Result<Put> {
        record::retype(before, &mut after)?;
        if after.get("_id") != before.get("_id") {
            return Err(Error::record("an update cannot change `_id`; put a new record"));
        }
        self.writing.put(&after)
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}
