//! Where counts are kept: a collection beside the records, changed in the transaction in which a record
//! changes.
//!
//! They are kept once a host says so; every connection learns that when it is made.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use filedex::{Document, Error, ErrorKind, Result};
use futures_util::TryStreamExt as _;
use mongodb::bson::{Document as Command, RawArrayBuf, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::CollectionOptions;
use mongodb::{ClientSession, Collection};

use crate::connection::{Connection, Servers, majority};
use crate::counts::{Changes, name_of, number, shown};
use crate::write::updates;
use crate::{error, record};

type Driven<T> = std::result::Result<T, DriverError>;

/// Counts that are written at once when all are made.
const PORTION: usize = 1000;

impl Servers {
    /// A collection that belongs to the records.
    pub(crate) fn beside(&self, what: &str) -> Collection<Command> {
        let options = CollectionOptions::builder().write_concern(majority()).build();
        self.database.collection_with_options(&format!("{}.{what}", self.name()), options)
    }

    /// Whether counts are kept beside the records.
    pub(crate) fn has_counts(&self) -> bool {
        self.has_counts.load(Ordering::Relaxed)
    }

    /// Changes counts as records were changed in the same session.
    pub(crate) async fn count(&self, changes: &Changes, session: &mut ClientSession) -> Driven<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let mut each = RawArrayBuf::new();
        for (name, by) in changes.iter() {
            let update =
                doc! { "q": { "_id": name }, "u": { "$inc": { "n": by } }, "upsert": true };
            each.push(RawDocumentBuf::try_from(&update)?);
        }
        updates(self, &format!("{}.counts", self.name()), each, Some(session)).await
    }

    /// The counts of those names.
    pub(crate) async fn counters(
        &self,
        names: &[String],
        session: &mut ClientSession,
    ) -> Driven<Vec<RawDocumentBuf>> {
        let counters = self.beside("counts").clone_with_type::<RawDocumentBuf>();
        let mut cursor =
            counters.find(doc! { "_id": { "$in": names } }).session(&mut *session).await?;
        cursor.stream(session).try_collect().await
    }

    /// Looks whether somebody has said that counts are to be kept.
    pub(crate) async fn learn(&self) -> Driven<()> {
        match self.beside("turns").find_one(doc! { "_id": "counts" }).await {
            // Who may not read that may not write either, so that nobody misses what he counts.
            Err(error) if error::code(&error) == Some(13) => Ok(()),
            said => {
                self.has_counts.store(said?.is_some(), Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

impl Connection {
    /// Counts all records, and has counts kept from now on.
    pub(crate) fn keep_counts(&self) -> Result<()> {
        self.check_changeable()?;
        if !self.servers.has_transactions {
            return Err(Error::new(ErrorKind::Unsupported, WANTS_TRANSACTIONS));
        }
        self.try_again(|servers| async move { count_all(&servers).await })
    }

    /// Which of the counts that are kept are others than these, one sentence each. None where none are kept.
    pub(crate) fn wrong_counts(&self, mut counts: BTreeMap<String, u64>) -> Result<Vec<String>> {
        if !self.servers.has_counts() {
            return Ok(Vec::new());
        }
        let kept: Vec<RawDocumentBuf> = self.try_again(|servers| async move {
            let counters = servers.beside("counts").clone_with_type::<RawDocumentBuf>();
            counters.find(doc! {}).await?.try_collect().await
        })?;
        let mut wrong = Vec::new();
        for counter in &kept {
            let name = counter.get_str("_id").unwrap_or("?");
            let (kept, counted) = (number(counter), counts.remove(name).unwrap_or_default());
            if kept != Some(counted) {
                wrong.push(format!("the count `{name}` is {kept:?} where there are {counted}"));
            }
        }
        let missing =
            counts.iter().map(|(name, n)| format!("the count `{name}` of {n} is missing"));
        wrong.extend(missing);
        Ok(wrong)
    }

    /// Refuses to change records where nothing may be written, past counts that are kept, and where an id would
    /// not name one record.
    pub(crate) fn check_changeable(&self) -> Result<()> {
        self.check_writable()?;
        let reason = match &self.servers {
            servers if servers.has_counts() && !servers.has_transactions => WANTS_TRANSACTIONS,
            servers if servers.is_spread => IS_SPREAD,
            _ => return Ok(()),
        };
        Err(Error::new(ErrorKind::Unsupported, reason))
    }
}

const WANTS_TRANSACTIONS: &str = "counts kept beside the records want transactions";

const IS_SPREAD: &str = "this collection is sharded by another key than `_id`: an id is one record's \
    within a shard only, and records are written by their ids; it can be read";

async fn count_all(servers: &Servers) -> Driven<()> {
    let (turns, counts) = (servers.beside("turns"), servers.beside("counts"));
    turns.delete_one(doc! { "_id": "counts" }).await?;
    counts.delete_many(doc! {}).await?;
    let mut names = BTreeMap::<String, i64>::new();
    let mut records = servers.records.find(doc! {}).projection(shown()).await?;
    while let Some(raw) = records.try_next().await? {
        let record = record::read(&raw).unwrap_or_else(|_| Document::new());
        *names.entry(name_of(record.view())).or_default() += 1;
    }
    let all: Vec<Command> =
        names.into_iter().map(|(name, n)| doc! { "_id": name, "n": n }).collect();
    for portion in all.chunks(PORTION) {
        counts.insert_many(portion).await?;
    }
    turns.insert_one(doc! { "_id": "counts" }).await?;
    servers.has_counts.store(true, Ordering::Relaxed);
    Ok(())
}
