//! Records being put, changed and removed: acknowledged by a majority of the servers.

use std::collections::HashMap;
use std::time::Duration;

use filedex::{Document, Error, ErrorKind, Limits, Put, Result, Tally, check_record};
use futures_util::TryStreamExt as _;
use mongodb::ClientSession;
use mongodb::bson::raw::cstr;
use mongodb::bson::{Document as Command, RawArrayBuf, RawDocument, RawDocumentBuf, doc};
use mongodb::error::Error as DriverError;
use mongodb::options::ReturnDocument;

use crate::connection::{Connection, Servers};
use crate::counts::{Changes, shown};
use crate::error::{Failure, WriteRefused};
use crate::moment::Moment;
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
pub(crate) struct Outgoing {
    pub(crate) id: String,
    pub(crate) bytes: RawDocumentBuf,
}

impl Outgoing {
    pub(crate) fn of(record: &Document) -> Result<Outgoing> {
        check_record(record, &Limits::default())?;
        let id = record.get_str("_id").unwrap_or_default().to_owned();
        Ok(Outgoing { id, bytes: record::write(record)? })
    }
}

impl Connection {
    pub(crate) fn put(&self, record: &Document) -> Result<Put> {
        self.check_changeable()?;
        let outgoing = Outgoing::of(record)?;
        let before = self.try_again(|servers| replace(servers, outgoing.clone()))?;
        put_of(before.as_deref(), &outgoing.bytes)
    }

    pub(crate) fn put_many(&self, records: &mut dyn Iterator<Item = Document>) -> Result<Tally> {
        self.check_changeable()?;
        let (mut tally, mut batch, mut bytes) = (Tally::default(), Vec::new(), 0);
        loop {
            let next = records.next().map(|record| Outgoing::of(&record)).transpose();
            if !matches!(next, Ok(Some(_))) || batch.len() >= RECORDS || bytes >= BYTES {
                self.put_batch(std::mem::take(&mut batch), &mut tally)?;
                bytes = 0;
            }
            // What came before one that can't be a record stands.
            let Some(outgoing) = next? else { return Ok(tally) };
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
            tally.add(put_of(standing.get(&id).map(|before| &**before), &bytes)?);
            standing.insert(id, bytes);
        }
        Ok(())
    }

    pub(crate) fn update(
        &self,
        id: &str,
        change: &mut dyn FnMut(&mut Document),
    ) -> Result<Option<Put>> {
        self.check_changeable()?;
        loop {
            let Some(raw) = self.find(&Moment::Now, doc! { "_id": id })? else { return Ok(None) };
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
        self.check_changeable()?;
        self.try_again(|servers| delete(servers, ids.clone()))
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

    /// The first record that the filter finds.
    pub(crate) fn find(&self, moment: &Moment, filter: Command) -> Result<Option<RawDocumentBuf>> {
        moment.check()?;
        if moment.is_kept() {
            let asked = self.call(|servers| moment.clone().one(servers, filter))?;
            return asked.map_err(|error| moment.judge(Failure::from(error)).into_error());
        }
        self.try_again(|servers| moment.clone().one(servers, filter.clone()))
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
                    // Of those that are in each other's way some wait longer.
                    let pause = PAUSE.mul_f64(jitter() * f64::from(attempts.min(5)));
                    attempts += 1;
                    self.call(|_| async move { tokio::time::sleep(pause).await })?;
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }
}

/// Between 0.5 and 1.5.
pub(crate) fn jitter() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    0.5 + (RandomState::new().hash_one(0_u8) >> 12) as f64 / (1_u64 << 52) as f64
}

/// What putting a record in the place of another one did.
pub(crate) fn put_of(before: Option<&RawDocument>, after: &RawDocument) -> Result<Put> {
    Ok(match before {
        None => Put::Inserted,
        Some(before) if record::read(before)? == record::read(after)? => Put::Unchanged,
        Some(_) => Put::Replaced,
    })
}

/// Puts a record in the place of the one of its id, and gives that.
async fn replace(servers: Servers, record: Outgoing) -> Driven<Option<RawDocumentBuf>> {
    if servers.has_counts() {
        return Ok(replace_all(servers, vec![record]).await?.pop());
    }
    let replaced = servers.records.find_one_and_replace(doc! { "_id": record.id }, record.bytes);
    replaced.upsert(true).return_document(ReturnDocument::Before).await
}

/// Puts a record in the place of the very one that was read; false if that is gone.
async fn swap(servers: Servers, before: RawDocumentBuf, after: RawDocumentBuf) -> Driven<bool> {
    let id = before.get_str("_id").unwrap_or_default().to_owned();
    let same = doc! { "$eq": ["$$ROOT", { "$literal": Command::try_from(before.as_ref())? }] };
    let this = doc! { "_id": id, "$expr": same };
    if !servers.has_counts() {
        return Ok(servers.records.replace_one(this, after).await?.matched_count > 0);
    }
    let mut session = servers.moment().await?;
    let changes = changes([(Some(&*before), Some(&*after))])?;
    let swapped = servers.records.replace_one(this, after).session(&mut session).await?;
    if swapped.matched_count > 0 {
        servers.count(&changes, &mut session).await?;
    }
    session.commit_transaction().await?;
    Ok(swapped.matched_count > 0)
}

/// Takes records out, and says how many there were.
async fn delete(servers: Servers, ids: Vec<String>) -> Driven<u64> {
    let these = doc! { "_id": { "$in": ids } };
    if !servers.has_counts() {
        return Ok(servers.records.delete_many(these).await?.deleted_count);
    }
    let mut session = servers.moment().await?;
    let found = servers.records.find(these.clone()).projection(shown());
    let mut cursor = found.session(&mut session).await?;
    let before: Vec<RawDocumentBuf> = cursor.stream(&mut session).try_collect().await?;
    let gone = servers.records.delete_many(these).session(&mut session).await?;
    servers.count(&changes(before.iter().map(|raw| (Some(&**raw), None)))?, &mut session).await?;
    session.commit_transaction().await?;
    Ok(gone.deleted_count)
}

/// What becomes of counts where records were and are these.
fn changes<'r>(
    fates: impl IntoIterator<Item = (Option<&'r RawDocument>, Option<&'r RawDocument>)>,
) -> Driven<Changes> {
    let mut changes = Changes::default();
    for (before, after) in fates {
        changes.add(before, after).map_err(DriverError::custom)?;
    }
    Ok(changes)
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
    let ids: Vec<&str> = batch.iter().map(|outgoing| outgoing.id.as_str()).collect();
    let found = servers.records.find(doc! { "_id": { "$in": ids } });
    let before: Vec<RawDocumentBuf> = match session.as_deref_mut() {
        None => found.await?.try_collect().await?,
        Some(session) => {
            let mut cursor = found.session(&mut *session).await?;
            cursor.stream(session).try_collect().await?
        }
    };
    updates(servers, servers.name(), replacements(batch), session.as_deref_mut()).await?;
    if let Some(session) = session.filter(|_| servers.has_counts()) {
        // Of several with one id the last one stays.
        let after: HashMap<&str, &RawDocument> =
            batch.iter().map(|one| (one.id.as_str(), &*one.bytes)).collect();
        let gone = before.iter().map(|raw| (Some(&**raw), None));
        let come = after.into_values().map(|raw| (None, Some(raw)));
        servers.count(&changes(gone.chain(come))?, session).await?;
    }
    Ok(before)
}

/// Each record in the place of the one of its id.
fn replacements(batch: &[Outgoing]) -> RawArrayBuf {
    let mut replacements = RawArrayBuf::new();
    for Outgoing { id, bytes } in batch {
        let mut replacement = RawDocumentBuf::new();
        let mut place = RawDocumentBuf::new();
        place.append(cstr!("_id"), id.as_str());
        replacement.append(cstr!("q"), place);
        replacement.append(cstr!("u"), bytes.clone());
        replacement.append(cstr!("upsert"), true);
        replacements.push(replacement);
    }
    replacements
}

/// Makes all of the updates of a collection in one command, in their order.
pub(crate) async fn updates(
    servers: &Servers,
    collection: &str,
    updates: RawArrayBuf,
    session: Option<&mut ClientSession>,
) -> Driven<()> {
    let mut command = RawDocumentBuf::new();
    command.append(cstr!("update"), collection);
    command.append(cstr!("updates"), updates);
    command.append(cstr!("ordered"), true);
    if session.is_none() {
        let mut concern = RawDocumentBuf::new();
        concern.append(cstr!("w"), "majority");
        command.append(cstr!("writeConcern"), concern);
    }
    let command = servers.database.run_raw_command(command);
    let reply = match session {
        None => command.await?,
        Some(session) => command.session(session).await?,
    };
    refused(&reply).map_or(Ok(()), Err)
}

/// What the reply says went wrong.
fn refused(reply: &Command) -> Option<DriverError> {
    let errors = reply.get_array("writeErrors").ok()?;
    let first = errors.first()?.as_document()?;
    Some(DriverError::custom(WriteRefused(first.get_i32("code").unwrap_or_default())))
}
