//! Records being put, changed and removed: acknowledged by a majority of the servers.

use std::collections::HashMap;
use std::time::Duration;

use filedex::{Document, Error, ErrorKind, Limits, Put, Result, Tally, check_record};
use mongodb::ClientSession;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document as Command, RawArrayBuf, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::ReturnDocument;

use crate::connection::{Connection, Servers};
use crate::error::Failure;
use crate::record;

/// Records of one atomic write, and bytes of them after which no more come in.
const RECORDS: usize = 1000;
const BYTES: usize = 4 << 20;

/// How often a write is tried where the servers say that it may be, and the pause before that.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(20);

type Driven<T> = std::result::Result<T, DriverError>;

/// A record on its way.
#[derive(Clone)]
struct Outgoing {
    id: String,
    bytes: RawDocumentBuf,
}

impl Outgoing {
    fn of(record: &Document) -> Result<Outgoing> {
        check_record(record, &Limits::default())?;
        let id = record.get_str("_id").unwrap_or_default().to_owned();
        Ok(Outgoing { id, bytes: record::write(record)? })
    }
}

impl Connection {
    pub(crate) fn put(&self, record: &Document) -> Result<Put> {
        self.check_writable()?;
        let outgoing = Outgoing::of(record)?;
        let before = self.try_again(|servers| replace(servers, outgoing.clone()))?;
        Ok(match before {
            None => Put::Inserted,
            Some(before) => match record::read(&before)? == record::read(&outgoing.bytes)? {
                true => Put::Unchanged,
                false => Put::Replaced,
            },
        })
    }

    pub(crate) fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        self.check_writable()?;
        let (mut tally, mut batch, mut bytes) = (Tally::default(), Vec::new(), 0);
        loop {
            let next = records.next().map(|record| Outgoing::of(&record)).transpose()?;
            if next.is_none() || batch.len() >= RECORDS || bytes >= BYTES {
                self.put_batch(std::mem::take(&mut batch), &mut tally)?;
                bytes = 0;
            }
            let Some(outgoing) = next else { return Ok(tally) };
            bytes += outgoing.bytes.as_bytes().len();
            batch.push(outgoing);
        }
    }

    /// Puts records in one transaction, where the servers have them.
    fn put_batch(&self, batch: Vec<Outgoing>, tally: &mut Tally) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let before = self.try_again(|servers| replace_all(servers, batch.clone()))?;
        let mut standing: HashMap<String, RawDocumentBuf> = HashMap::new();
        for record in before {
            let id = record.get_str("_id").unwrap_or_default().to_owned();
            standing.insert(id, record);
        }
        for Outgoing { id, bytes } in batch {
            let put = match standing.get(&id) {
                None => Put::Inserted,
                Some(before) if record::read(before)? == record::read(&bytes)? => Put::Unchanged,
                Some(_) => Put::Replaced,
            };
            tally.add(put);
            standing.insert(id, bytes);
        }
        Ok(())
    }

    pub(crate) fn update(
        &self,
        id: &str,
        change: &mut dyn FnMut(&mut Document),
    ) -> Result<Option<Put>> {
        self.check_writable()?;
        loop {
            let Some(raw) = self.find(id)? else { return Ok(None) };
            let before = record::read(&raw)?;
            let mut after = before.clone();
            change(&mut after);
            if after.get("_id") != before.get("_id") {
                let message = "an update cannot change `_id`; put a new record";
                return Err(Error::new(ErrorKind::InvalidRecord, message));
            }
            let outgoing = Outgoing::of(&after)?;
            if after == before {
                return Ok(Some(Put::Unchanged));
            }
            let (before, after) = (raw, outgoing.bytes);
            if self.try_again(|servers| swap(servers, before.clone(), after.clone()))? {
                return Ok(Some(Put::Replaced));
            }
        }
    }

    pub(crate) fn remove(&self, ids: Vec<String>) -> Result<u64> {
        self.check_writable()?;
        self.try_again(|servers| {
            let ids = ids.clone();
            async move {
                let gone = servers.records.delete_many(doc! { "_id": { "$in": ids } }).await?;
                Driven::Ok(gone.deleted_count)
            }
        })
    }

    pub(crate) fn remove_many(&self, ids: &mut dyn Iterator<Item = String>) -> Result<u64> {
        let mut removed = 0;
        loop {
            let batch: Vec<String> = ids.take(RECORDS).collect();
            if batch.is_empty() {
                return Ok(removed);
            }
            removed += self.remove(batch)?;
        }
    }

    /// The record of that id, as the servers have it.
    pub(crate) fn find(&self, id: &str) -> Result<Option<RawDocumentBuf>> {
        let id = id.to_owned();
        self.try_again(|servers| {
            let id = id.clone();
            async move { servers.records.find_one(doc! { "_id": id }).await }
        })
    }

    /// Does something that may be done again where the servers say so.
    pub(crate) fn try_again<T, F>(&self, work: impl Fn(Servers) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Driven<T>> + Send + 'static,
    {
        let mut attempts = 1;
        loop {
            match self.call(&work)?.map_err(Failure::from) {
                Ok(done) => return Ok(done),
                Err(Failure::Transient(_)) if attempts < ATTEMPTS => {
                    attempts += 1;
                    self.call(|_| async { tokio::time::sleep(PAUSE).await })?;
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }
}

/// Puts a record in the place of the one of its id, and gives that.
async fn replace(servers: Servers, record: Outgoing) -> Driven<Option<RawDocumentBuf>> {
    let replaced = servers.records.find_one_and_replace(doc! { "_id": record.id }, record.bytes);
    replaced.upsert(true).return_document(ReturnDocument::Before).await
}

/// Puts a record in the place of the very one that was read; false if that is gone.
async fn swap(servers: Servers, before: RawDocumentBuf, after: RawDocumentBuf) -> Driven<bool> {
    let id = before.get_str("_id").unwrap_or_default().to_owned();
    let same = doc! { "$eq": ["$$ROOT", { "$literal": Command::try_from(before.as_ref())? }] };
    let swapped = servers.records.replace_one(doc! { "_id": id, "$expr": same }, after).await?;
    Ok(swapped.matched_count > 0)
}

/// Puts all of them, in one transaction where there are such, and gives what stood in their places.
async fn replace_all(servers: Servers, batch: Vec<Outgoing>) -> Driven<Vec<RawDocumentBuf>> {
    if !servers.has_transactions {
        return exchange(&servers, None, &batch).await;
    }
    let mut session = servers.moment().await?;
    let exchanged = exchange(&servers, Some(&mut session), &batch).await;
    match exchanged {
        Ok(before) => {
            session.commit_transaction().await?;
            Ok(before)
        }
        Err(error) => {
            let _ = session.abort_transaction().await;
            Err(error)
        }
    }
}

async fn exchange(
    servers: &Servers,
    mut session: Option<&mut ClientSession>,
    batch: &[Outgoing],
) -> Driven<Vec<RawDocumentBuf>> {
    use futures_util::TryStreamExt as _;
    let ids: Vec<&str> = batch.iter().map(|outgoing| outgoing.id.as_str()).collect();
    let found = servers.records.find(doc! { "_id": { "$in": ids } });
    let before: Vec<RawDocumentBuf> = match session.as_deref_mut() {
        None => found.await?.try_collect().await?,
        Some(session) => {
            let mut cursor = found.session(&mut *session).await?;
            cursor.stream(session).try_collect().await?
        }
    };
    let command =
        servers.database.run_raw_command(update_command(servers, batch, session.is_some()));
    let reply = match session {
        None => command.await?,
        Some(session) => command.session(session).await?,
    };
    refused(&reply).map_or(Ok(before), Err)
}

/// One command that puts all of the records, in their order.
fn update_command(servers: &Servers, batch: &[Outgoing], within: bool) -> RawDocumentBuf {
    let mut updates = RawArrayBuf::new();
    for Outgoing { id, bytes } in batch {
        let mut update = RawDocumentBuf::new();
        let mut place = RawDocumentBuf::new();
        place.append(cstr!("_id"), id.as_str());
        update.append(cstr!("q"), place);
        update.append(cstr!("u"), bytes.clone());
        update.append(cstr!("upsert"), true);
        updates.push(update);
    }
    let mut command = RawDocumentBuf::new();
    command.append(cstr!("update"), servers.name());
    command.append(cstr!("updates"), updates);
    command.append(cstr!("ordered"), true);
    if !within {
        let mut concern = RawDocumentBuf::new();
        concern.append(cstr!("w"), "majority");
        command.append(cstr!("writeConcern"), concern);
    }
    command
}

/// What the reply says went wrong.
fn refused(reply: &Command) -> Option<DriverError> {
    let errors = reply.get_array("writeErrors").ok()?;
    let first = errors.first()?.as_document()?;
    let code = first.get_i32("code").unwrap_or_default();
    Some(DriverError::custom(format!("a record was refused, with code {code}")))
}
