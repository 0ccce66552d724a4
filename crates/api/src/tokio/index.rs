//! The handle of an index whose calls are futures.
//!
//! Each call is that of [`crate::Filedex`] of the same name; where it runs is [`super::places`]'s.

use std::path::Path;

use filedex_query::Document;
use filedex_storage::{Backup, Put, Report, Stats, Tally, Watch};
use serde::de::DeserializeOwned;

use super::Lookup;
use super::places::Places;
use crate::file::record;
use crate::{Batch, Change, Date, File, Record, Result, Scope};

/// An open index whose calls are futures. Clones are handles of the same index and share its places.
#[derive(Clone, Debug)]
pub struct Filedex {
    pub(super) index: crate::Filedex,
    pub(super) places: Places,
}

/// Calls at a time for each core: most wait for memory or the disk now and then.
const PLACES_A_CORE: usize = 2;

crate::scope::lookups!(Filedex, Lookup);

impl Filedex {
    /// The index with two places for each core: so many calls run at a time, others wait.
    pub fn new(index: crate::Filedex) -> Filedex {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Filedex::with_places(index, PLACES_A_CORE * cores)
    }

    /// The index with that many places, at least one.
    pub fn with_places(index: crate::Filedex, places: usize) -> Filedex {
        Filedex { index, places: Places::new(places) }
    }

    /// Opens the index in that directory, making it if there is none.
    ///
    /// # Errors
    /// As [`crate::Filedex::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Filedex> {
        let path = path.as_ref().to_owned();
        let open = Places::new(1).run(|| crate::Filedex::open(path)).await?;
        Ok(Filedex::new(open))
    }

    /// The index itself, whose calls block.
    pub fn index(&self) -> &crate::Filedex {
        &self.index
    }

    /// Runs anything with the index where blocking is allowed, once there is a place. Once it has begun it is
    /// done, also if the future is dropped.
    ///
    /// # Errors
    /// Those of the work; `Cancelled` where the runtime shuts down.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crate::Filedex) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let index = self.index.clone();
        self.places.run(move || work(&index)).await
    }

    /// Puts a record in.
    ///
    /// # Errors
    /// As [`crate::Filedex::put`].
    pub async fn put(&self, record: &impl Record) -> Result<Put> {
        let record = record.record()?.into_owned();
        self.run(move |index| index.put_typed(&record)).await
    }

    /// Puts many records in, in batches.
    ///
    /// # Errors
    /// As [`crate::Filedex::put_many`].
    pub async fn put_many<R: Record + 'static>(
        &self,
        records: impl IntoIterator<Item = R> + Send + 'static,
    ) -> Result<Tally> {
        self.run(move |index| index.put_many(records)).await
    }

    /// Changes the record of that id.
    ///
    /// # Errors
    /// As [`crate::Filedex::update`].
    pub async fn update(
        &self,
        id: &str,
        change: impl FnMut(&mut Document) + Send + 'static,
    ) -> Result<Option<Put>> {
        let id = id.to_owned();
        self.run(move |index| index.update(&id, change)).await
    }

    /// Changes the record of that id by MongoDB's update language.
    ///
    /// # Errors
    /// As [`crate::Filedex::update_with`].
    pub async fn update_with(&self, id: &str, change: impl Into<Change>) -> Result<Option<Put>> {
        let (id, change) = (id.to_owned(), change.into());
        self.run(move |index| index.update_with(&id, &change)).await
    }

    /// Makes several changes as one write. Once it has begun it is done, also if the future is dropped.
    ///
    /// # Errors
    /// As [`crate::Filedex::write`].
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Batch<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run(|index| index.write(work)).await
    }

    /// Takes out all records whose date in that field is not after `now`.
    ///
    /// # Errors
    /// As [`crate::Filedex::expire`].
    pub async fn expire(&self, field: &str, now: Date) -> Result<u64> {
        let field = field.to_owned();
        self.run(move |index| index.expire(&field, now)).await
    }

    /// Takes the record of that id out.
    ///
    /// # Errors
    /// As [`crate::Filedex::remove`].
    pub async fn remove(&self, id: &str) -> Result<bool> {
        let id = id.to_owned();
        self.run(move |index| index.remove(&id)).await
    }

    /// Takes the records of those ids out.
    ///
    /// # Errors
    /// As [`crate::Filedex::remove_many`].
    pub async fn remove_many<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<u64> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        self.run(move |index| index.remove_many(ids)).await
    }

    /// The record of that id, with its types.
    ///
    /// # Errors
    /// As [`crate::Filedex::get`].
    pub async fn get(&self, id: &str) -> Result<Option<File>> {
        self.get_document(id).await?.map(File::from_document).transpose()
    }

    /// The record of that id as a type of the host.
    ///
    /// # Errors
    /// As [`crate::Filedex::get_as`].
    pub async fn get_as<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>> {
        self.get_document(id).await?.map(|record| record::read_as(record, 0)).transpose()
    }

    /// The record of that id, as it was put in.
    ///
    /// # Errors
    /// As [`crate::Filedex::get_document`].
    pub async fn get_document(&self, id: &str) -> Result<Option<Document>> {
        let id = id.to_owned();
        self.run(move |index| index.get_document(&id)).await
    }

    /// The record of that id as the JSON text of a reply.
    ///
    /// # Errors
    /// As [`crate::Filedex::get_json`].
    pub async fn get_json(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let id = id.to_owned();
        self.run(move |index| index.get_json(&id)).await
    }

    /// Starts a lookup under a scope.
    pub fn lookup(&self, scope: Scope) -> Lookup {
        Lookup::new(self.index.lookup(scope), self.places.clone())
    }

    /// What the index holds, counted.
    ///
    /// # Errors
    /// As [`crate::Filedex::stats`].
    pub async fn stats(&self) -> Result<Stats> {
        self.watched(|index, watch| index.stats_within(watch)).await
    }

    /// Recounts every list from the records and reports what differs.
    ///
    /// # Errors
    /// As [`crate::Filedex::verify`].
    pub async fn verify(&self) -> Result<Report> {
        self.watched(|index, watch| index.verify_within(watch, &mut |_, _| ())).await
    }

    /// Writes every record to a file, all from one moment. A future that is dropped leaves no file.
    ///
    /// # Errors
    /// As [`crate::Filedex::backup`].
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<Backup> {
        let path = path.as_ref().to_owned();
        self.watched(move |index, watch| index.backup_within(path, watch, &mut |_, _| ())).await
    }

    /// Ready when every write before the call is on the disk.
    ///
    /// # Errors
    /// As [`crate::Filedex::flush`].
    pub async fn flush(&self) -> Result<()> {
        self.run(|index| index.flush()).await
    }

    /// Writes everything out and lets go of the directory, if this is the last handle.
    ///
    /// # Errors
    /// As [`crate::Filedex::close`].
    pub async fn close(self) -> Result<()> {
        let Filedex { index, places } = self;
        places.run(move || index.close()).await
    }

    /// Runs work that ends when its future is dropped.
    async fn watched<T: Send + 'static>(
        &self,
        work: impl FnOnce(&crate::Filedex, &Watch) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let index = self.index.clone();
        let watched =
            move |cancel| work(&index, &Watch { cancel: Some(cancel), ..Watch::default() });
        self.places.run_watched(watched).await
    }
}
