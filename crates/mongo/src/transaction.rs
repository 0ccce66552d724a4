//! Several changes as one write: a transaction, worked out by the host while it is open, and begun anew
//! where another write came in between.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use filedex::{Document, Error, ErrorKind, Put, Records, Result, Writing};
use mongodb::ClientSession;
use mongodb::bson::doc;
use mongodb::error::{Error as DriverError, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use mongodb::options::ReturnDocument;

use crate::Mongo;
use crate::connection::{Connection, Servers, Shared};
use crate::counts::Changes;
use crate::error::Failure;
use crate::moment::{Kept, Moment};
use crate::record;
use crate::write::{Outgoing, jitter, put_of};

type Driven<T> = std::result::Result<T, DriverError>;
type Outcome<T> = std::result::Result<T, Failure>;

/// The work of one write, which may be asked for more than once.
type Work<'w> = dyn FnMut(&mut dyn Writing) -> Result<()> + 'w;

/// What one write may change, as on one machine.
const BYTES: usize = 32 << 20;

/// Pauses before a write that another one came between is begun anew.
const PAUSE: Duration = Duration::from_millis(3);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

const WANTS_TRANSACTIONS: &str = "several changes as one write want transactions, and these servers \
    have none: replica sets and sharded clusters do";

/// Does the work in a transaction.
pub(crate) fn write(connection: &Shared, work: &mut Work<'_>) -> Result<()> {
    connection.check_changeable()?;
    if !connection.servers.has_transactions {
        return Err(Error::new(ErrorKind::Unsupported, WANTS_TRANSACTIONS));
    }
    connection.try_again(|servers| async move { prepare(&servers).await })?;
    let (_entered, started, mut pause) = (Entered::new(connection)?, Instant::now(), PAUSE);
    loop {
        match write_once(connection, work) {
            Ok(()) => return Ok(()),
            Err(Failure::Transient(error)) if started.elapsed() > connection.time => {
                let message = "another write came between each time that this one was begun";
                return Err(Error::new(ErrorKind::Io, message).caused_by(error));
            }
            Err(Failure::Transient(_)) => {
                // Of two that are in each other's way one is to be first.
                thread::sleep(pause.mul_f64(jitter()));
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(failure) => return Err(failure.into_error()),
        }
    }
}

fn write_once(connection: &Shared, work: &mut Work<'_>) -> Outcome<()> {
    let session = connection.call(|servers| async move { begin(&servers).await })??;
    let kept = Kept::new(session);
    let connection = Arc::clone(connection);
    let mut open = Open { connection, kept: kept.clone(), bytes: 0, changes: Changes::default() };
    let done = work(&mut open).and_then(|()| open.count());
    kept.end();
    let connection = &open.connection;
    match done {
        Ok(()) => commit(connection, &kept),
        Err(error) => {
            let abort = |_: Servers| async move {
                let _ = kept.lock().await.abort_transaction().await;
                kept
            };
            let kept = connection.call(abort)?;
            match kept.is_broken() {
                true => Err(Failure::Transient(error)),
                false => Err(Failure::Final(error)),
            }
        }
    }
}

/// Ends the transaction; where nobody knows whether it did, it is asked again.
fn commit(connection: &Connection, kept: &Kept) -> Outcome<()> {
    let started = Instant::now();
    loop {
        let kept = kept.clone();
        let committed =
            connection.call(|_| async move { kept.lock().await.commit_transaction().await })?;
        match committed {
            Err(error)
                if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT)
                    && started.elapsed() < connection.time => {}
            committed => return Ok(committed?),
        }
    }
}

/// Where writes of several changes meet, so that none comes between what another reads and what it writes. It
/// is there before the first of them: it can't be made within a transaction everywhere.
async fn prepare(servers: &Servers) -> Driven<()> {
    let (this, fresh) = (doc! { "_id": "write" }, doc! { "$setOnInsert": { "turn": 0_i64 } });
    if servers.beside("turns").find_one(this.clone()).await?.is_none() {
        servers.beside("turns").update_one(this, fresh).upsert(true).await?;
    }
    Ok(())
}

async fn begin(servers: &Servers) -> Driven<ClientSession> {
    let mut session = servers.moment().await?;
    let next = doc! { "$inc": { "turn": 1_i64 } };
    servers.beside("turns").update_one(doc! { "_id": "write" }, next).session(&mut session).await?;
    Ok(session)
}

/// A write that is being worked out.
struct Open {
    connection: Shared,
    kept: Kept,
    bytes: usize,
    /// What it changes of counts that are kept.
    changes: Changes,
}

impl Writing for Open {
    fn get(&mut self, id: &str) -> Result<Option<Document>> {
        let now = Moment::Within(self.kept.now());
        let found = self.connection.find(&now, doc! { "_id": id })?;
        found.map(|raw| record::read(&raw)).transpose()
    }

    fn put(&mut self, record: &Document) -> Result<Put> {
        let outgoing = Outgoing::of(record)?;
        self.grow(outgoing.bytes.as_bytes().len())?;
        let (kept, after) = (self.kept.clone(), outgoing.bytes.clone());
        let before = self.change(|servers| async move {
            let id = doc! { "_id": outgoing.id };
            let replaced = servers.records.find_one_and_replace(id, outgoing.bytes).upsert(true);
            let replaced = replaced.return_document(ReturnDocument::Before);
            replaced.session(&mut *kept.lock().await).await
        })?;
        self.changes.add(before.as_deref(), Some(&after))?;
        put_of(before.as_deref(), &after)
    }

    fn remove(&mut self, id: &str) -> Result<bool> {
        self.grow(id.len())?;
        let (kept, id) = (self.kept.clone(), doc! { "_id": id });
        let gone = self.change(|servers| async move {
            servers.records.find_one_and_delete(id).session(&mut *kept.lock().await).await
        })?;
        self.changes.add(gone.as_deref(), None)?;
        Ok(gone.is_some())
    }

    fn records(&mut self) -> Result<Arc<dyn Records>> {
        let moment = Moment::Within(self.kept.now());
        Ok(Arc::new(Mongo::of(Arc::clone(&self.connection), moment)))
    }
}

impl Open {
    /// Brings counts up to what was changed.
    fn count(&mut self) -> Result<()> {
        if !self.connection.servers.has_counts() {
            return Ok(());
        }
        let (kept, changes) = (self.kept.clone(), std::mem::take(&mut self.changes));
        self.change(|servers| async move { servers.count(&changes, &mut *kept.lock().await).await })
    }

    /// Changes something. Once something has failed, nothing of the write is left to go on with.
    fn change<T, F>(&self, work: impl FnOnce(Servers) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Driven<T>> + Send + 'static,
    {
        self.kept.changed();
        let moment = Moment::Within(self.kept.now());
        self.connection.call(work)?.map_err(|error| moment.judge(Failure::from(error)).into_error())
    }

    fn grow(&mut self, bytes: usize) -> Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > BYTES {
            true => {
                let message = format!("a write of more than {} MiB; make several", BYTES >> 20);
                Err(Error::new(ErrorKind::TooLarge, message))
            }
            false => Ok(()),
        }
    }
}

/// A thread in the middle of a write: its other changes would wait for that, which waits for them.
struct Entered<'c>(&'c Connection);

impl Entered<'_> {
    fn new(connection: &Connection) -> Result<Entered<'_>> {
        connection.lock_writing().insert(thread::current().id());
        Ok(Entered(connection))
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.lock_writing().remove(&thread::current().id());
    }
}
