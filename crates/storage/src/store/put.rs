//! Puts, updates and removes.

use filedex_query::Document;

use super::handle::Store;
use crate::error::{Error, Result};
use crate::format::Record;
use crate::options::Durability;
use crate::write::{Put, Tally};

/// Records of one atomic write of [`Store::put_many`], and bytes of them after which no more come in. A
/// larger write holds more memory than it saves work.
pub(super) const RECORDS_PER_WRITE: usize = 1000;
pub(super) const BYTES_PER_WRITE: usize = 4 << 20;

impl Store {
    /// Puts a record: a new one, or in place of the one with the same `_id`.
    ///
    /// ```
    /// # mod filedex { pub use filedex_query::*; pub use filedex_query as language; pub mod store { pub use filedex_storage::*; } }
    /// use filedex::Document;
    /// use filedex::store::{Options, Put, Store};
    /// let store = Store::temporary(&Options::default())?;
    /// let file = Document::new().with("_id", "a").with("rid", "GENERAL");
    /// assert_eq!(store.put(&file)?, Put::Inserted);
    /// assert_eq!(store.put(&file)?, Put::Unchanged);
    /// # Ok::<(), filedex_storage::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidRecord` for a document that cannot be a record; `Io` and `Poisoned` from the disk.
    pub fn put(&self, record: &Document) -> Result<Put> {
        self.put_with(record, self.options().durability)
    }

    /// Puts a record with a promise of its own.
    ///
    /// # Errors
    /// As [`Store::put`].
    pub fn put_with(&self, record: &Document, durability: Durability) -> Result<Put> {
        let record = Record::new(record, self.options().limits.document_depth)?;
        self.shared().write(durability, false, |batch| batch.put(record))
    }

    /// Puts many records, up to 1,000 or some 4 MiB of them in one atomic write. The order of the records is
    /// kept: of two with one `_id` the later stays.
    ///
    /// # Errors
    /// As [`Store::put`]. Records before one that cannot be a record are in, none behind it; where the disk
    /// fails, the writes before the failing one stand. Both are as durable as the options say.
    pub fn put_many(&self, records: impl IntoIterator<Item = Document>) -> Result<Tally> {
        let depth = self.options().limits.document_depth;
        let mut tally = Tally::default();
        let put =
            self.put_all(records.into_iter().map(|record| Record::new(&record, depth)), &mut tally);
        // Also of a run of writes that ends with an error, those before are as durable as was promised.
        let durable = self.shared().make_durable(self.options().durability);
        put.and(durable).map(|()| tally)
    }

    fn put_all(
        &self,
        mut records: impl Iterator<Item = Result<Record>>,
        tally: &mut Tally,
    ) -> Result<()> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            // Each document goes as soon as its record is made, while it is near at hand.
            let next = match records.next().transpose() {
                Ok(next) => next,
                Err(error) => return self.put_batch(batch, tally).and(Err(error)),
            };
            if next.is_none() || batch.len() >= RECORDS_PER_WRITE || bytes >= BYTES_PER_WRITE {
                self.put_batch(std::mem::take(&mut batch), tally)?;
                bytes = 0;
            }
            let Some(record) = next else { return Ok(()) };
            bytes += record.body.len();
            batch.push(record);
        }
    }

    /// Puts records in one write; the last write of a run of puts makes all of them durable.
    pub(crate) fn put_batch(&self, batch: Vec<Record>, tally: &mut Tally) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let puts = self.shared().write(Durability::Relaxed, true, |write| {
            batch.into_iter().map(|record| write.put(record)).collect::<Result<Vec<Put>>>()
        })?;
        puts.into_iter().for_each(|put| tally.add(put));
        Ok(())
    }

    /// Changes a record. `None` if there is none of that `_id`. The change is worked out on a copy
    /// and may be asked for again if another write came between.
    ///
    /// # Errors
    /// As [`Store::put`]; `InvalidRecord` also if the change touches `_id`.
    pub fn update(&self, id: &str, mut change: impl FnMut(&mut Document)) -> Result<Option<Put>> {
        loop {
            let Some(before) = self.get(id)? else {
                return Ok(None);
            };
            let mut after = before.clone();
            change(&mut after);
            if after.get("_id") != before.get("_id") {
                return Err(Error::id_changed());
            }
            let depth = self.options().limits.document_depth;
            let (before, after) = (Record::new(&before, depth)?, Record::new(&after, depth)?);
            let put = self.shared().write(self.options().durability, false, |write| {
                write.replace(&before.body, after)
            })?;
            if put.is_some() {
                return Ok(put);
            }
        }
    }

    /// Removes a record; says whether there was one.
    ///
    /// # Errors
    /// `Io`, `Damaged` and `Poisoned` from the disk.
    pub fn remove(&self, id: &str) -> Result<bool> {
        self.shared().write(self.options().durability, false, |write| write.remove(id))
    }

    /// Removes many records, up to 1,000 in one atomic write; says how many there were.
    ///
    /// # Errors
    /// As [`Store::remove`]. The writes before the failing one stand, as durable as the options say.
    pub fn remove_many(&self, ids: impl IntoIterator<Item = String>) -> Result<u64> {
        let (mut removed, mut ids) = (0, ids.into_iter());
        let all = self.remove_batches(&mut ids, &mut removed);
        let durable = self.shared().make_durable(self.options().durability);
        all.and(durable).map(|()| removed)
    }

    fn remove_batches(
        &self,
        ids: &mut impl Iterator<Item = String>,
        removed: &mut u64,
    ) -> Result<()> {
        loop {
            let batch: Vec<String> = ids.by_ref().take(RECORDS_PER_WRITE).collect();
            if batch.is_empty() {
                return Ok(());
            }
            let found = self.shared().write(Durability::Relaxed, true, |write| {
                batch.iter().map(|id| write.remove(id)).collect::<Result<Vec<bool>>>()
            })?;
            *removed += found.into_iter().filter(|found| *found).count() as u64;
        }
    }
}
