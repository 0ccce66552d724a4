//! The handle of an open index, and how one is opened.
//!
//! This file hands records to the backend and starts lookups; what a lookup asks is [`Lookup`]'s.

use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use filedex_query::{Account, Collation, Date, Document, DottedNull, Environment, Found, Limits};
use filedex_storage::{
    Activity, Durability, Holder, Options, Put, Report, Stats, Store, Tally, Watch,
};

use serde::de::DeserializeOwned;

use crate::change::updated;
use crate::file::record;
use crate::{Backend, Change, ErrorKind, File, Lookup, Record, Records, Result, Scope};

/// An open index. Clones are handles of the same index; threads share them freely.
///
/// Calls block: an async host makes them where blocking is allowed. Scans watch a time limit and the
/// [`Cancel`](crate::Cancel) flag of their lookup.
///
/// ```
/// use filedex::{File, Filedex};
///
/// let index = Filedex::temporary()?;
/// index.put(&File::new("f1")?.with_room("GENERAL").with_name("logo.png").with_size(9778))?;
/// let page = index.room("GENERAL").query(r#"{"size": {"$gt": 9000}}"#)?.count(50).page()?;
/// assert_eq!((page.count, page.total), (1, 1));
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone)]
pub struct Filedex {
    backend: Arc<dyn Backend>,
    limits: Limits,
    dotted_null: DottedNull,
    collation: Collation,
}

/// How an index is opened. Made by [`Filedex::options`].
///
/// ```
/// use filedex::{Durability, Filedex};
/// let index = Filedex::options().durability(Durability::Relaxed).cache_bytes(16 << 20).temporary()?;
/// # Ok::<(), filedex::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    options: Options,
    dotted_null: DottedNull,
    collation: Collation,
}

impl OpenOptions {
    /// What a write promises when the call returns.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> OpenOptions {
        self.options.durability = durability;
        self
    }

    /// Bytes of memory for caches (default: 128 MiB).
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> OpenOptions {
        self.options.cache_bytes = bytes;
        self
    }

    /// Declares fields that filters and sorts over many records often ask for, by their paths. Checkpoints write
    /// columns of them beside the records, as they do of `name`, `size`, `type`, `typeGroup`, `extension`,
    /// `uploadedAt`, `identify.size.width` and `identify.size.height`: so the first question need not read every
    /// record. Another opening may declare others; records that are written from then on have these.
    ///
    /// ```
    /// use filedex::Filedex;
    /// let index = Filedex::options().columns(["extension", "identify.size.width"]).temporary()?;
    /// # Ok::<(), filedex::Error>(())
    /// ```
    #[must_use]
    pub fn columns<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> OpenOptions {
        self.options.columns = paths.into_iter().map(Into::into).collect();
        self
    }

    /// Bytes of memory, about, that changes may take before a checkpoint moves them to where they stay
    /// (default: 176 MiB). The more there are, the less is written.
    #[must_use]
    pub fn write_buffer_bytes(mut self, bytes: u64) -> OpenOptions {
        self.options.write_buffer_bytes = bytes;
        self
    }

    /// Bytes of memory, about, that snapshots which the host keeps may hold beside what is current (default:
    /// 64 MiB).
    #[must_use]
    pub fn snapshot_bytes(mut self, bytes: u64) -> OpenOptions {
        self.options.snapshot_bytes = bytes;
        self
    }

    /// From which time on the execution of a query is a slow one (default: 100 ms): it is counted as such in
    /// [`Filedex::stats`], and told at the level `WARN` with the feature `tracing`.
    #[must_use]
    pub fn slow(mut self, time: Duration) -> OpenOptions {
        self.options.slow = time;
        self
    }

    /// Bounds on what one query may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> OpenOptions {
        self.options.limits = limits;
        self
    }

    /// Whether an index is made where there is none (default: yes).
    #[must_use]
    pub fn create(mut self, create: bool) -> OpenOptions {
        self.options.create = create;
        self
    }

    /// Which version of MongoDB decides about `{"a.b": null}` (default: 8).
    #[must_use]
    pub fn dotted_null(mut self, rule: DottedNull) -> OpenOptions {
        self.dotted_null = rule;
        self
    }

    /// How texts compare in lookups that don't say (default: by their bytes). Nothing on disk depends on it.
    #[must_use]
    pub fn collation(mut self, collation: Collation) -> OpenOptions {
        self.collation = collation;
        self
    }

    /// Opens the index in that directory.
    ///
    /// # Errors
    /// `Missing`, `NotAStore`, `AlreadyOpen`, `NewerFormat`, `Damaged`, `Io`.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Filedex> {
        Ok(self.over(Arc::new(Store::open(path, &self.options)?)))
    }

    /// Opens an index in a temporary directory that goes with the last handle.
    ///
    /// # Errors
    /// `Io`.
    pub fn temporary(&self) -> Result<Filedex> {
        Ok(self.over(Arc::new(Store::temporary(&self.options)?)))
    }

    /// An index that stands on that backend. Of the options, those count that say what queries mean and
    /// may cost; how records are kept is the backend's own.
    pub fn over(&self, backend: Arc<dyn Backend>) -> Filedex {
        let limits = self.options.limits.clone();
        let collation = self.collation.clone();
        Filedex { backend, limits, dotted_null: self.dotted_null, collation }
    }
}

crate::scope::lookups!(Filedex, Lookup);

impl Filedex {
    /// Opens the index in that directory, making it if there is none.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Filedex> {
        Filedex::options().open(path)
    }

    /// Opens an index in a temporary directory that goes with the last handle.
    ///
    /// # Errors
    /// `Io`.
    pub fn temporary() -> Result<Filedex> {
        Filedex::options().temporary()
    }

    /// Everything that can be chosen about opening.
    pub fn options() -> OpenOptions {
        OpenOptions::default()
    }

    /// What an earlier end had left behind and opening put right, one sentence each. Nothing that was
    /// promised is lost by it; a host may want to log it.
    pub fn recoveries(&self) -> &[String] {
        self.backend.recoveries()
    }

    /// Puts a record in, in place of the one with its `_id`: a struct of the host, a [`File`], a
    /// [`Document`] or any other [`Record`]. Known fields take their types.
    ///
    /// # Errors
    /// `InvalidRecord` for a record without a text `_id`, too large, or with a known field that has not its
    /// type; `Io`.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn put(&self, record: &impl Record) -> Result<Put> {
        let record = record.record()?;
        self.backend.put(record.as_ref())
    }

    /// Puts in a record whose known fields have their types.
    #[cfg(feature = "tokio")]
    pub(crate) fn put_typed(&self, record: &Document) -> Result<Put> {
        self.backend.put(record)
    }

    /// Puts many records in, in batches of which each goes in whole or not at all.
    ///
    /// # Errors
    /// As [`Filedex::put`]. Of a record that can't be one, [`Error::failed_record`](crate::Error::failed_record)
    /// tells which it is: those before it are in, none behind it.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn put_many<R: Record>(&self, records: impl IntoIterator<Item = R>) -> Result<Tally> {
        let (mut fault, mut given, mut last) = (None, 0, None);
        let mut sound = records.into_iter().map_while(|record| match record.into_record() {
            Ok(document) => {
                given += 1;
                last = document.get_str("_id").map(str::to_owned);
                Some(document)
            }
            Err(error) => {
                fault = Some(error);
                None
            }
        });
        let put = self.backend.put_many(&mut sound);
        match (fault, put) {
            (_, Err(error)) if error.kind() == ErrorKind::InvalidRecord => {
                Err(error.at_position(given - 1, last.as_deref()))
            }
            (Some(error), Ok(_)) => Err(error.at_position(given, None)),
            (_, put) => put,
        }
    }

    /// Changes the record of that id. `None` if there is none.
    ///
    /// # Errors
    /// `InvalidRecord` if the change leaves no valid record, another `_id`, or gives a known field what has
    /// not its type; `Io`. The record then stays as it was.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn update(&self, id: &str, mut change: impl FnMut(&mut Document)) -> Result<Option<Put>> {
        let mut fault = None;
        let updated = self.backend.update(id, &mut |document| {
            let before = document.clone();
            change(document);
            fault = record::retype(&before, document).err();
            if fault.is_some() {
                *document = before;
            }
        });
        match fault {
            Some(error) => Err(error),
            None => updated,
        }
    }

    /// Changes the record of that id by MongoDB's update language: a text, or a [`Change`] with what goes
    /// beside it. `None` if there is no record, and none is made.
    ///
    /// ```
    /// use filedex::{Change, File, Filedex};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_name("a.png"))?;
    /// index.update_with("a", r#"{"$set": {"name": "b.png"}, "$push": {"seenBy": "rocket.cat"}}"#)?;
    /// let seen = Change::new(r#"{"$set": {"seenBy.$[who]": "rocket"}}"#)
    ///     .array_filters(r#"[{"who": {"$regex": "^rocket"}}]"#);
    /// index.update_with("a", &seen)?;
    /// let json = r#"{"_id":"a","name":"b.png","seenBy":["rocket"]}"#;
    /// assert_eq!(index.get_json("a")?.as_deref(), Some(json.as_bytes()));
    ///
    /// assert!(index.update_with("b", r#"{"$set": {"name": "b.png"}}"#)?.is_none());
    /// let error = index.update_with("a", r#"{"$inc": {"name": 1}}"#).unwrap_err();
    /// assert_eq!(error.query().unwrap().code().0, 14);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Query` for an update that can't be read, or that the record does not allow, with MongoDB's code;
    /// those of [`Filedex::update`] and, for an upsert, of [`Filedex::write`]. The record then stays as it
    /// was.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn update_with(&self, id: &str, change: impl Into<Change>) -> Result<Option<Put>> {
        let change = change.into();
        if change.is_upsert() {
            return self.write(|batch| batch.update_with(id, &change));
        }
        let environment = self.watched_environment();
        let (update, mut fault) = (change.read(&environment)?, None);
        let updated = self.update(id, |record| {
            let after = updated(&update, record, Found::default(), &environment.account);
            fault = after.map(|after| *record = after).err();
        })?;
        match fault {
            Some(error) => Err(error.into()),
            None => Ok(updated),
        }
    }

    /// Takes the record of that id out. False if there is none.
    ///
    /// # Errors
    /// `Io`.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn remove(&self, id: &str) -> Result<bool> {
        self.backend.remove(id)
    }

    /// Takes the records of those ids out and says how many there were.
    ///
    /// # Errors
    /// `Io`; batches before the one that failed are out.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn remove_many<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> Result<u64> {
        self.backend.remove_many(&mut ids.into_iter().map(Into::into))
    }

    /// The record of that id, with its types.
    ///
    /// # Errors
    /// `InvalidRecord` if it was put in as a document and a known field is of another kind: ask
    /// [`Filedex::get_document`] then.
    pub fn get(&self, id: &str) -> Result<Option<File>> {
        self.get_document(id)?.map(File::from_document).transpose()
    }

    /// The record of that id, as it was put in.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn get_document(&self, id: &str) -> Result<Option<Document>> {
        self.backend.get(id)
    }

    /// The record of that id as a type of the host, as [`Document::into_typed`] says.
    ///
    /// ```
    /// use filedex::{Date, Filedex};
    /// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Upload {
    ///     #[serde(rename = "_id")]
    ///     id: String,
    ///     size: u64,
    ///     uploaded_at: Date,
    /// }
    /// let index = Filedex::temporary()?;
    /// let mine = Upload { id: "a".into(), size: 78_441, uploaded_at: Date::now() };
    /// index.put(&mine)?;
    /// assert_eq!(index.get_as::<Upload>("a")?, Some(mine));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidRecord`, naming record and field, if the record does not have that shape; `Damaged`, `Io`.
    pub fn get_as<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>> {
        self.get_document(id)?.map(|record| record::read_as(record, 0)).transpose()
    }

    /// The record of that id as the JSON text of a reply, as [`Lookup::json`] writes it.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_size(7))?;
    /// assert_eq!(index.get_json("a")?.as_deref(), Some(br#"{"_id":"a","size":7}"#.as_slice()));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn get_json(&self, id: &str) -> Result<Option<Vec<u8>>> {
        self.backend.get_text(id)
    }

    /// Starts a lookup under a scope.
    pub fn lookup(&self, scope: Scope) -> Lookup {
        Lookup::new(self.clone(), scope)
    }

    /// The rooms that records name, in the order of their ids, each with the number and bytes of its records:
    /// from counts that are kept, one step a room.
    ///
    /// ```
    /// use filedex::{File, Filedex, Watch};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_room("GENERAL").with_size(7))?;
    /// let rooms: Result<Vec<_>, _> = index.rooms(&Watch::default())?.collect();
    /// assert_eq!(rooms?.first().map(|room| (room.records, room.bytes)), Some((1, 7)));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Unsupported` where the index does not lie on this machine. With an element: `Query` past the index's
    /// limit on time, `Cancelled`, `Costly`, `Damaged`, `Io`.
    pub fn rooms(
        &self,
        watch: &Watch,
    ) -> Result<impl Iterator<Item = Result<Holder>> + Send + use<>> {
        let rooms = self.backend.store("a list of rooms")?.rooms(watch);
        Ok(rooms.map(|room| Ok(room?)))
    }

    /// The users that records name; as [`Filedex::rooms`].
    ///
    /// # Errors
    /// As [`Filedex::rooms`].
    pub fn users(
        &self,
        watch: &Watch,
    ) -> Result<impl Iterator<Item = Result<Holder>> + Send + use<>> {
        let users = self.backend.store("a list of users")?.users(watch);
        Ok(users.map(|user| Ok(user?)))
    }

    /// What the index holds, counted.
    ///
    /// # Errors
    /// `Damaged`, `Io`.
    pub fn stats(&self) -> Result<Stats> {
        self.stats_within(&Watch::default())
    }

    /// The same, ended by what the watch says: of many thousand rooms and users it takes a while to count them.
    ///
    /// # Errors
    /// As [`Filedex::stats`]; `Cancelled`, `Costly`, and `Query` past the watch's time.
    pub fn stats_within(&self, watch: &Watch) -> Result<Stats> {
        self.backend.stats(watch)
    }

    /// What the index holds in memory, and how its caches have done: for a host's figures.
    ///
    /// ```
    /// use filedex::{File, Filedex};
    /// let index = Filedex::temporary()?;
    /// index.put(&File::new("a")?.with_size(7))?;
    /// let activity = index.activity();
    /// assert!(activity.memtable_bytes > 0 && activity.checkpoint_failure.is_none());
    /// assert!(activity.caches.iter().all(|cache| cache.bytes <= cache.limit_bytes));
    /// # Ok::<(), filedex::Error>(())
    /// ```
    pub fn activity(&self) -> Activity {
        self.backend.activity()
    }

    /// Recounts every list from the records and reports what differs. `progress` is told how many
    /// records are done, of how many.
    ///
    /// # Errors
    /// `Io`. Damage is in the report.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Report> {
        self.verify_within(&Watch::default(), progress)
    }

    /// The same, ended by what the watch says, for as long as somebody wants to know; the limits of queries are
    /// none of its.
    ///
    /// ```
    /// use filedex::{Cancel, ErrorKind, Filedex, Watch};
    /// let index = Filedex::temporary()?;
    /// let (mut watch, cancel) = (Watch::default(), Cancel::default());
    /// watch.cancel = Some(cancel.clone());
    /// assert!(index.verify_within(&watch, &mut |_, _| ())?.is_clean());
    /// cancel.cancel(); // from any thread
    /// let error = index.verify_within(&watch, &mut |_, _| ()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Cancelled);
    /// # Ok::<(), filedex::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Filedex::verify`]; `Cancelled`, `Costly`, and `Query` past the watch's time.
    pub fn verify_within(
        &self,
        watch: &Watch,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Report> {
        self.backend.verify(watch, progress)
    }

    /// Returns when every write before the call is on the disk.
    ///
    /// # Errors
    /// `Io`.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(level = "debug", skip_all, err(level = "debug"))
    )]
    pub fn flush(&self) -> Result<()> {
        self.backend.flush()
    }

    /// Writes everything out and lets go of the directory, if this is the last handle.
    ///
    /// # Errors
    /// `Io`.
    pub fn close(self) -> Result<()> {
        self.backend.close()
    }

    /// Bounds on what one query may cost.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(crate) fn records(&self) -> &dyn Records {
        &*self.backend
    }

    /// The same for work that begins now, within the time of the limits.
    pub(crate) fn watched_environment(&self) -> Environment {
        let account = Arc::new(Watch::default().account(&self.limits));
        Environment { account, ..self.environment() }
    }

    /// What queries are compiled under: this moment's clock, a fresh seed.
    pub(crate) fn environment(&self) -> Environment {
        Environment {
            limits: self.limits.clone(),
            now: Date::now(),
            // The standard hasher's keys are the process's own source of randomness.
            seed: std::hash::RandomState::new().build_hasher().finish(),
            dotted_null: self.dotted_null,
            collation: self.collation.clone(),
            account: Arc::new(Account::new(&self.limits)),
        }
    }
}

impl std::fmt::Debug for Filedex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filedex").finish_non_exhaustive()
    }
}
